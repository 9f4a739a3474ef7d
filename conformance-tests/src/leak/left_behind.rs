//! What programs leave behind in a folder, nodes among it, when all of them have ended.

use std::collections::BTreeSet;
use std::path::Path;

use super::encoding::shapes;
use super::folder::Folder;
use super::scan::Scan;
use crate::failed::Outcome;
use crate::tally::Tally;

/// Searches every file below a folder for values, and every node's folder again with its storage key. With the trails'
/// keys all of them must be there: else they were never said.
///
/// # Errors
/// If a file cannot be read, or a node's folder does not open.
pub fn search(home: &Path, values: &[&str]) -> Outcome<Tally> {
    let (mut scan, mut tally) = (Scan::default(), Tally::default());
    for value in values {
        scan.plant_whole(value, value);
    }
    let (mut said, mut folders) = (BTreeSet::new(), vec![home.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                holds_none(&path, &std::fs::read(&path)?, &scan, &mut tally);
            }
        }
        if folder.join("FORMAT").is_file() {
            said.extend(search_node(&folder, &scan, &mut tally)?);
        }
    }
    for value in values.iter().filter(|value| !said.contains(**value)) {
        tally.violated(format!("{value} was never said"));
    }
    Ok(tally)
}

/// Returns what the value keys show.
fn search_node(path: &Path, scan: &Scan, tally: &mut Tally) -> Outcome<BTreeSet<String>> {
    let folder = Folder::open(path, &shapes(super::CONTROL).into_iter().collect::<Vec<_>>().concat())?;
    tally.add("nodes opened", 1);
    let payloads = folder.records.iter().map(|record| &record.payload);
    let (evidence, values) = folder.under_trail_keys()?;
    for part in payloads.chain(folder.entries()).chain(&folder.index).chain(&evidence) {
        holds_none(path, part, scan, tally);
    }
    Ok(values.iter().flat_map(|part| scan.find(part)).map(str::to_owned).collect())
}

fn holds_none(path: &Path, bytes: &[u8], scan: &Scan, tally: &mut Tally) {
    tally.add("parts searched", 1);
    let found = scan.find(bytes);
    if !found.is_empty() {
        tally.violated(format!("{}: {found:?}", path.display()));
    }
}

/// What somebody reads of these values who has a stopped node's folder, its `node.key`, and so every key in the key book:
/// in the files as they are, in what the storage key opens, and in what every key of every trail opens.
///
/// # Errors
/// If a file cannot be read, or the folder does not open.
pub fn readable(path: &Path, values: &[&str]) -> Outcome<BTreeSet<String>> {
    let mut scan = Scan::default();
    for value in values {
        scan.plant_whole(value, value);
    }
    Ok(with_every_key(path)?.iter().flat_map(|part| scan.find(part)).map(str::to_owned).collect())
}

/// All bytes that somebody has who has a stopped node's folder with every key in it: the files as they are, and what opens.
///
/// # Errors
/// If a file cannot be read, or the folder does not open.
pub fn with_every_key(path: &Path) -> Outcome<Vec<Vec<u8>>> {
    let folder = Folder::open(path, &shapes(super::CONTROL).into_iter().collect::<Vec<_>>().concat())?;
    let (evidence, opened) = folder.under_trail_keys()?;
    let (on_the_way, _) = folder.on_the_way()?;
    let payloads = folder.records.iter().map(|record| &record.payload);
    let mut parts: Vec<Vec<u8>> = payloads.chain(folder.entries()).chain(&folder.index).cloned().collect();
    parts.extend([evidence, opened, on_the_way, folder.under_case_keys()?].concat());
    parts.extend([folder.under_access_keys()?, folder.under_approval_keys()?].concat());
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut bytes = std::fs::read(&path)?;
                // What was laid out for later: a zero less or more is nothing to find.
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                bytes.truncate(end);
                parts.push(bytes);
            }
        }
    }
    Ok(parts)
}

/// How many pieces that were on their way, sealed to staff, no key of a stopped node's folder opens any more.
///
/// # Errors
/// If the folder does not open.
pub fn closed_for_good(path: &Path) -> Outcome<u64> {
    let folder = Folder::open(path, &shapes(super::CONTROL).into_iter().collect::<Vec<_>>().concat())?;
    Ok(folder.on_the_way()?.1)
}
