//! What bundles of a folder cite of each other: decisions, and trails that an opening is about.
//!
//! Guarantees that what is cited and stands in no bundle here is said to be missing, and never assumed; and that of what is
//! here it is said whether its bundle is authentic, and whether it has effect there, was taken away there, or had ended.
//! [CLI-101] [CLI-130]

use std::collections::BTreeMap;

use serde::Serialize;
use uput_core::verdict::{Entry, Report, YesNo};

use crate::moment;
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
    /// `here`, `taken_away`, `ended`, `void_there`, `not_authentic_there`, `missing`.
    standing: &'static str,
    /// In which bundle it stands.
    found: Option<String>,
    /// When a decision ends, if it says so.
    expiry: Option<u64>,
    /// The latest time that what rests on it here claims.
    #[serde(skip)]
    used: u64,
    /// What took it away.
    taken_away: Option<Taking>,
}

/// A refusal that took away what a decision had granted. [STA-70]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Taking {
    event: String,
    time: u64,
    by: String,
    file: String,
}

/// How an event that may be cited stands in its own bundle.
#[derive(Clone)]
struct Stands {
    file: String,
    authentic: bool,
    void: bool,
    taken: Option<Taking>,
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
            let taken = taking(file, report, entry).filter(|_| authentic);
            let stands = Stands { file: file.to_owned(), authentic, void: entry.void.is_some(), taken };
            cited.here.insert(entry.event.clone(), stands);
            if let Some(named) = &entry.names {
                cited.citations.push(Citation {
                    cited: named.clone(),
                    what,
                    by: entry.author.name.clone(),
                    file: file.to_owned(),
                    standing: "missing",
                    found: None,
                    expiry: entry.decided.as_ref().and_then(|decided| decided.expiry),
                    used: used(report, entry),
                    taken_away: None,
                });
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
            // What one bundle shows taken away, another one does not give back by leaving that out.
            let taken = own.taken.iter().chain(&stands.taken).min().cloned();
            if rank(&stands) < rank(own) {
                *own = stands;
            }
            own.taken = taken;
        }
    }

    /// Each with where it stands.
    pub(super) fn rows(self) -> Vec<Citation> {
        let mut rows = self.citations;
        for row in &mut rows {
            let Some(stands) = self.here.get(&row.cited) else { continue };
            row.found = Some(stands.file.clone());
            row.taken_away.clone_from(&stands.taken);
            row.standing = match (stands.authentic, stands.void) {
                (false, _) => "not_authentic_there",
                (true, true) => "void_there",
                (true, false) if stands.taken.is_some() => "taken_away",
                (true, false) if row.expiry.is_some_and(|end| end < row.used) => "ended",
                (true, false) => "here",
            };
        }
        rows.sort_by(|one, two| (&one.file, &one.cited).cmp(&(&two.file, &two.cited)));
        rows
    }
}

/// What took a decision away in its own trail. [BUN-122]
fn taking(file: &str, report: &Report, decision: &Entry) -> Option<Taking> {
    let event = decision.decided.as_ref()?.taken_away.as_ref()?;
    let entry = report.timeline.iter().find(|entry| entry.event == *event)?;
    let (by, file) = (entry.author.name.clone(), file.to_owned());
    Some(Taking { event: event.clone(), time: entry.time, by, file })
}

/// When a decision was used: by whoever cites it, and for each identity that is told after that. [EVT-31]
fn used(report: &Report, citing: &Entry) -> u64 {
    let after = report.timeline.iter().skip_while(|entry| entry.event != citing.event);
    let told = after.filter(|entry| entry.kind == "identity" && entry.void.is_none()).map(|entry| entry.time);
    told.fold(citing.time, u64::max)
}

impl Citation {
    fn sentence(&self) -> String {
        let short: String = self.cited.chars().take(8).collect();
        let what = if self.what == "trail" { "is about the trail" } else { "cites the decision" };
        let said = |time: u64| moment::utc(time).unwrap_or_default();
        let stands = match (self.standing, &self.found) {
            ("taken_away", Some(found)) => {
                let taken = self.taken_away.as_ref();
                let (by, at, file) = taken.map_or(("", 0, found), |taken| (taken.by.as_str(), taken.time, &taken.file));
                format!("it stands in {found}; {by} TOOK IT AWAY at {}, on its word, as {file} shows", said(at))
            }
            ("ended", Some(found)) => {
                let (end, used) = (said(self.expiry.unwrap_or_default()), said(self.used));
                format!(
                    "it stands in {found}, and HAD ENDED at {end} when it was used, at {used} on the word of whoever did"
                )
            }
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
