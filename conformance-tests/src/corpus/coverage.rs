//! Which requirements have an entry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{COVERED, EXCEPTED, Entry};
use crate::failed::Outcome;
use crate::tally::Tally;

/// What a verifier of bundles can be asked stands in these documents.
const DOCUMENTS: [&str; 13] = [
    "envelope.md",
    "identity.md",
    "events.md",
    "state.md",
    "timers.md",
    "disclosure.md",
    "legal-basis.md",
    "onward.md",
    "agreement.md",
    "bundle.md",
    "proven.md",
    "log.md",
    "retention.md",
];
/// Requirements that no bundle can break, each with the reason.
const EXCEPTIONS: &str = "no-bundle-breaks.tsv";

/// Counts what is covered, and says what is not: a requirement of the documents, and a check of the report that no entry
/// fails first of all.
pub(super) fn hold(
    entries: &[Entry],
    checks: Vec<String>,
    corpus: &Path,
    specs: &Path,
    tally: &mut Tally,
) -> Outcome<()> {
    let broken: BTreeSet<&str> =
        entries.iter().flat_map(|entry| entry.expected.breaks.iter().map(String::as_str)).collect();
    let first: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.expected.requirement.as_deref()).collect();
    let excepted = exceptions(&corpus.join(EXCEPTIONS), tally)?;
    let mut defined = BTreeSet::new();
    for document in DOCUMENTS {
        defined.extend(requirements(&std::fs::read_to_string(specs.join(document))?));
    }
    for requirement in &defined {
        match (broken.contains(requirement.as_str()), excepted.contains_key(requirement)) {
            (true, false) => tally.add(COVERED, 1),
            (false, true) => tally.add(EXCEPTED, 1),
            (false, false) => tally.violated(format!("{requirement} has no entry that breaks it")),
            (true, true) => tally.violated(format!("{requirement} has an entry, and a line in {EXCEPTIONS}")),
        }
    }
    for unknown in broken.iter().copied().chain(excepted.keys().map(String::as_str)).filter(|id| !defined.contains(*id))
    {
        tally.violated(format!("{unknown} stands in none of the documents"));
    }
    let unasked = |check: &&String| !first.contains(check.as_str()) && !excepted.contains_key(check.as_str());
    for check in checks.iter().filter(unasked) {
        tally.violated(format!("{check} is a check of the report, and no entry fails it"));
    }
    Ok(())
}

/// What a document defines: `**[ABC-1]**`.
fn requirements(text: &str) -> Vec<String> {
    let found = text.split("**[").skip(1).filter_map(|rest| rest.split_once("]**"));
    let shaped = |id: &&str| id.split_once('-').is_some_and(|(_, number)| number.parse::<u32>().is_ok());
    found.map(|(id, _)| id).filter(shaped).map(str::to_owned).collect()
}

fn exceptions(path: &Path, tally: &mut Tally) -> Outcome<BTreeMap<String, String>> {
    let mut exceptions = BTreeMap::new();
    for line in std::fs::read_to_string(path)?.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once('\t') {
            Some((id, reason)) if !reason.trim().is_empty() => {
                drop(exceptions.insert(id.to_owned(), reason.to_owned()))
            }
            _ => tally.violated(format!("{EXCEPTIONS}: no reason in {line:?}")),
        }
    }
    Ok(exceptions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_found_where_they_are_defined() {
        let text = "**[BUN-1]** One. See [BUN-2] and **this**. **[DIS-10]** Ten. **[word]**";
        assert_eq!(requirements(text), ["BUN-1", "DIS-10"]);
    }
}
