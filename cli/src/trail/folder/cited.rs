//! What bundles of a folder cite of each other: decisions, and trails that an opening is about.
//!
//! Guarantees that what is cited and stands in no bundle here is said to be missing, and never assumed; and that of what is
//! here it is said whether its bundle is authentic, and whether it has effect there. [CLI-101]

use std::collections::BTreeMap;

use serde::Serialize;
use uput_core::verdict::{Report, YesNo};

use crate::output::Page;

/// Something that a bundle cites.
#[derive(Clone, Serialize)]
pub(super) struct Citation {
    /// The event that is cited: a decision, or the opening of the trail that another one is about.
    cited: String,
    /// `decision` or `trail`.
    what: &'static str,
    /// By whom, in which bundle.
    by: String,
    file: String,
    /// `here`, `void_there`, `not_authentic_there`, `missing`.
    standing: &'static str,
    /// In which bundle it stands.
    found: Option<String>,
}

/// How an event that may be cited stands in its own bundle.
#[derive(Clone)]
struct Stands {
    file: String,
    authentic: bool,
    void: bool,
}

/// What one bundle, or many, cite, and hold.
#[derive(Default)]
pub(super) struct Cited {
    citations: Vec<Citation>,
    here: BTreeMap<String, Stands>,
}

impl Cited {
    /// Of one report.
    pub(super) fn of(file: &str, report: &Report) -> Self {
        let mut cited = Self::default();
        let authentic = report.authentic == YesNo::Yes;
        for entry in &report.timeline {
            let what = match entry.kind.as_str() {
                "decision" => "decision",
                "opened" => "trail",
                _ => continue,
            };
            let stands = Stands { file: file.to_owned(), authentic, void: entry.void.is_some() };
            cited.here.insert(entry.event.clone(), stands);
            if let Some(named) = &entry.names {
                let (by, file) = (entry.author.name.clone(), file.to_owned());
                let cited_id = named.clone();
                cited.citations.push(Citation { cited: cited_id, what, by, file, standing: "missing", found: None });
            }
        }
        cited
    }

    /// Takes those of another bundle; of two that hold the same, one that is authentic, and then the first by name.
    pub(super) fn add(&mut self, other: Self) {
        self.citations.extend(other.citations);
        for (id, stands) in other.here {
            let rank = |one: &Stands| (!one.authentic, one.void, one.file.clone());
            let own = self.here.entry(id).or_insert_with(|| stands.clone());
            if rank(&stands) < rank(own) {
                *own = stands;
            }
        }
    }

    /// Each with where it stands.
    pub(super) fn rows(self) -> Vec<Citation> {
        let mut rows = self.citations;
        for row in &mut rows {
            let Some(stands) = self.here.get(&row.cited) else { continue };
            row.found = Some(stands.file.clone());
            row.standing = match (stands.authentic, stands.void) {
                (false, _) => "not_authentic_there",
                (true, true) => "void_there",
                (true, false) => "here",
            };
        }
        rows.sort_by(|one, two| (&one.file, &one.cited).cmp(&(&two.file, &two.cited)));
        rows
    }
}

impl Citation {
    fn sentence(&self) -> String {
        let short: String = self.cited.chars().take(8).collect();
        let what = if self.what == "trail" { "is about the trail" } else { "cites the decision" };
        let stands = match (self.standing, &self.found) {
            ("here", Some(found)) => format!("it stands in {found}, with effect"),
            ("void_there", Some(found)) => format!("IT HAS NO EFFECT in {found}"),
            ("not_authentic_there", Some(found)) => format!("it stands in {found}, which is NOT AUTHENTIC"),
            _ => "its trail is NOT HERE: what became of it nothing in this folder shows".to_owned(),
        };
        format!("{}: {} {what} {short}: {stands}", self.file, self.by)
    }
}

/// As sentences.
pub(super) fn sentences(rows: &[Citation]) -> Vec<String> {
    rows.iter().map(Citation::sentence).collect()
}

/// Writes them.
pub(super) fn write(rows: &[Citation], page: &mut Page) {
    if rows.is_empty() {
        return;
    }
    page.line("");
    page.line("What bundles cite of other trails");
    sentences(rows).iter().for_each(|sentence| page.line(format!("  {sentence}")));
}
