//! Where planted values must not be once a node has stopped: its folder as anybody finds it, and with its storage key.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use super::CONTROL;
use super::encoding::shapes;
use super::folder::{self, AGREEMENT, Folder, Record};
use super::place::{Parts, Place, Scans};
use super::scan::Scan;
use super::story::Story;
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::tally::Tally;

/// A kind of record that no version has.
const UNKNOWN: u16 = 0x7ea5;

/// Every file of a stopped node: its name and its bytes, with a control in every shape among them.
pub(super) fn files(side: &Organisation) -> Outcome<[Place; 2]> {
    let control = side.folder().join(CONTROL);
    std::fs::write(&control, all_shapes())?;
    let (mut names, mut contents) = (Parts::new(), Parts::new());
    let mut folders = vec![side.folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            names.push(path.as_os_str().as_bytes().to_vec());
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            // The reserve is large, and holds nothing.
            if bytes.iter().any(|byte| *byte != 0) {
                contents.push(bytes);
            }
        }
    }
    std::fs::remove_file(control)?;
    Ok([Place::new("names of files", names).without_labels(), Place::new("files", contents).without_labels()])
}

/// The same folder, opened with its storage key and with no key of a trail. Its control is what the node itself wrote
/// there: the name of an invitation.
pub(super) fn opened(side: &Organisation, scans: &Scans, tally: &mut Tally) -> Outcome<Vec<Place>> {
    let folder = Folder::open(&side.folder(), &all_shapes())?;
    tally.add("records opened with the storage key", folder.records.len() as u64);
    let (agreements, others) = folder.records.iter().partition::<Vec<_>, _>(|record| record.kind == AGREEMENT);
    let payloads = |records: Vec<&Record>| records.into_iter().map(|record| record.payload.clone()).collect::<Parts>();
    let agreements = [payloads(agreements), vec![CONTROL.as_bytes().to_vec()]].concat();
    let entries = folder.entries().iter().cloned().chain([CONTROL.as_bytes().to_vec()]).collect();
    under_trail_keys(&folder, scans, tally)?;
    Ok(vec![
        Place::new("journal, opened", payloads(others)).without_labels().without_secrets(),
        // An agreement names labels: that is what it is for.
        Place::new("agreements of the journal, opened", agreements).without_secrets(),
        Place::new("index, opened", folder.index).without_labels().without_secrets(),
        Place::new("key book, opened", entries).without_labels().without_secrets(),
    ])
}

/// With the trails' keys everything is there, and each half under its own key: so the search looked in the right place.
fn under_trail_keys(folder: &Folder, scans: &Scans, tally: &mut Tally) -> Outcome<()> {
    let (evidence, values) = folder.under_trail_keys()?;
    tally.add("events opened with their evidence keys", evidence.len() as u64);
    tally.add("events opened with their value keys", values.len() as u64);
    let found = |parts: &[Vec<u8>]| parts.iter().flat_map(|part| scans.values.find(part)).collect::<BTreeSet<_>>();
    let (leaked, there) = (found(&evidence), found(&values));
    if !leaked.is_empty() {
        tally.violated(format!("evidence that outlives the values holds {leaked:?}"));
    }
    let absent = missed(&scans.values, &there);
    if !absent.is_empty() {
        tally.violated(format!("not even the value keys show {absent:?}"));
    }
    let labels = evidence.iter().flat_map(|part| scans.labels.find(part)).collect::<BTreeSet<_>>();
    tally.add("labels found under evidence keys", labels.len() as u64);
    Ok(())
}

/// A node that leaks is found out: one record with every planted value, one with every label, sealed like any other.
pub(super) fn leaking(story: &Story<'_>, side: &Organisation, scans: &Scans, tally: &mut Tally) -> Outcome<()> {
    let said = |text: &dyn Fn(&super::canary::Canary) -> String| {
        let lines = story.canaries.made.iter().map(|canary| format!("{}\n", text(canary)));
        Record { kind: UNKNOWN, payload: lines.collect::<String>().into_bytes() }
    };
    folder::plant(&side.folder(), &said(&|canary| format!("{} = {}", canary.label, canary.value)))?;
    folder::plant(&side.folder(), &said(&|canary| canary.label.clone()))?;
    let records = Folder::open(&side.folder(), &[])?.records;
    let [.., values, labels] = records.as_slice() else { return Err(Failed::because("the journal has no records")) };
    let found = (scans.values.find(&values.payload), scans.labels.find(&labels.payload));
    tally.add("values found in a record that leaks", found.0.len() as u64);
    tally.add("labels found in a record that leaks", found.1.len() as u64);
    let missed = (missed(&scans.values, &found.0), missed(&scans.labels, &found.1));
    if !missed.0.is_empty() || !missed.1.is_empty() {
        tally.violated(format!("a record that leaks was not found out: {missed:?}"));
    }
    Ok(())
}

/// What a search for planted texts did not find.
fn missed<'a>(scan: &'a Scan, found: &BTreeSet<&str>) -> Vec<&'a str> {
    scan.names().filter(|name| *name != "CONTROL" && !found.contains(name)).collect()
}

fn all_shapes() -> Vec<u8> {
    shapes(CONTROL).into_iter().collect::<Vec<_>>().concat()
}
