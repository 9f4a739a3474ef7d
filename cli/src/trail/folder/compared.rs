//! Bundles of one trail in a folder, held against each other.
//!
//! Guarantees that no two of them contradict each other in silence; that of each trail only two are in memory at once, for
//! each core; and that where there are too many to hold each against each, that is said and counts. [CLI-129] Leaves the
//! comparison to the core.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;
use uput_core::trust::TrustFile;
use uput_core::verdict::{self, Comparison, Uncomparable, Why, YesNo};

use super::files::Files;
use super::on_all_cores;
use super::row::{self, Row};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Page;
use crate::reading;

/// Of one trail so many are held against each other: the work grows with the square.
const MOST: usize = 16;

/// What two bundles of one trail say that neither says alone.
#[derive(Serialize)]
pub(super) struct Compared {
    trail: String,
    files: Vec<String>,
    #[serde(rename = "exit_code", serialize_with = "row::code")]
    exit: Exit,
    /// In words.
    sentences: Vec<String>,
}

/// Two bundles of one trail, and what they come to alone.
struct Pair<'a> {
    trail: &'a str,
    paths: [&'a PathBuf; 2],
    names: [String; 2],
    alone: [Exit; 2],
}

/// Every two that are of one trail and not the same bytes.
pub(super) fn all(files: &Files, rows: &[Row], trust: &TrustFile, bar: &ProgressBar) -> Vec<Compared> {
    let mut trails: BTreeMap<&str, Vec<(&PathBuf, &Row)>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for (path, row) in files.bundles.iter().zip(rows) {
        // A copy says nothing that the bundle does not.
        if let Some((trail, _)) = row.comparable().filter(|(_, digest)| known.insert(*digest)) {
            trails.entry(trail).or_default().push((path, row));
        }
    }
    let mut pairs = Vec::new();
    let mut found: Vec<Compared> = Vec::new();
    for (trail, bundles) in &trails {
        found.extend(too_many(trail, bundles.len()));
        let some = bundles.iter().take(MOST).enumerate();
        pairs.extend(some.flat_map(|(at, one)| {
            bundles.iter().take(MOST).skip(at + 1).map(move |two| Pair {
                trail,
                paths: [one.0, two.0],
                names: [one, two].map(|(path, _)| files.name(path)),
                alone: [one.1.exit(), two.1.exit()],
            })
        }));
    }
    bar.inc_length(pairs.len() as u64);
    let compared = on_all_cores(
        &pairs,
        |pair| pair.compare(trust),
        |compared| {
            bar.inc(1);
            compared
        },
    );
    found.extend(compared.into_iter().flatten());
    found
}

/// What was not looked at is no evidence that nothing contradicts it.
fn too_many(trail: &str, count: usize) -> Option<Compared> {
    let short: String = trail.chars().take(8).collect();
    (count > MOST).then(|| Compared {
        trail: trail.to_owned(),
        files: Vec::new(),
        exit: Exit::Incomplete,
        sentences: vec![format!(
            "{count} different bundles are of the trail {short}: the first {MOST} by name were held against each other, and the others NOT"
        )],
    })
}

impl Pair<'_> {
    /// What the two say together; nothing, if that is no more than each says alone.
    fn compare(&self, trust: &TrustFile) -> Option<Compared> {
        let read = |path: &Path| reading::bundle(path);
        let [one, two] = self.paths;
        let (exit, sentences) = match read(one).and_then(|one| Ok((one, read(two)?))) {
            Ok((one, two)) => self.judge(verdict::compare(&one, &two, trust))?,
            Err(failure) => unread(&failure),
        };
        Some(Compared { trail: self.trail.to_owned(), files: self.names.to_vec(), exit, sentences })
    }

    fn judge(&self, comparison: Result<Comparison, Uncomparable>) -> Option<(Exit, Vec<String>)> {
        let Ok(comparison) = comparison else {
            return Some((Exit::Failed, vec!["they changed while they were read: verify the folder again".to_owned()]));
        };
        let exit = Exit::from(comparison.exit);
        let breaches = comparison.together.breaches.iter();
        let mut said: Vec<String> =
            breaches.map(|one| format!("BREACH by {} ({}): {}", one.by.name, one.requirement, one.sentence)).collect();
        // Who did not sign the whole of a bundle left nothing out of it.
        let signed = comparison.bundles.iter().filter(|side| side.authentic == YesNo::Yes);
        let lacks = signed.flat_map(|side| &side.lacks);
        said.extend(lacks.filter(|lacking| lacking.why != Why::Unknown).map(|lacking| lacking.sentence.clone()));
        if said.is_empty() && exit == row::strongest(self.alone) {
            return None;
        }
        said.push(format!("together: exit code {}, {}", exit.code(), exit.meaning()));
        Some((exit, said))
    }
}

fn unread(failure: &Failure) -> (Exit, Vec<String>) {
    (Exit::Failed, vec![format!("NOT READ again: {}", failure.why)])
}

impl Compared {
    /// What the exit code of all follows from.
    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }
}

/// As sentences.
pub(super) fn sentences(all: &[Compared]) -> Vec<String> {
    let said = |one: &Compared| {
        let files = if one.files.is_empty() { String::new() } else { format!("{}: ", one.files.join(" and ")) };
        one.sentences.iter().map(|sentence| format!("{files}{sentence}")).collect::<Vec<_>>()
    };
    all.iter().flat_map(said).collect()
}

/// Writes them.
pub(super) fn write(all: &[Compared], page: &mut Page) {
    if all.is_empty() {
        return;
    }
    page.line("");
    page.line("Bundles of one trail, held against each other");
    sentences(all).iter().for_each(|sentence| page.line(format!("  {sentence}")));
}
