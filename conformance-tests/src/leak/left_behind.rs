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
