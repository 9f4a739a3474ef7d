//! Whether anybody has what it was not sent.

use std::collections::BTreeSet;

use super::row::{NAME, Row};
use super::told::{Planted, What};
use crate::failed::Outcome;
use crate::leak::left_behind::with_every_key;
use crate::leak::received::Letters;
use crate::leak::scan::Scan;
use crate::tally::Tally;

/// Searches what each has and was sent: the stopped node's folder with every key in it, its log, the letters that it can
/// open. What it was told must be found in the folder, so that the search is one.
pub(super) fn run(row: &Row, letters: &[Letters], tally: &mut Tally) -> Outcome<()> {
    let all: BTreeSet<&str> = row.told.0.iter().map(|planted| planted.name.as_str()).collect();
    tally.add("texts and numbers planted", all.len() as u64);
    let scan = scan_of(row.told.0.iter());
    for (at, member) in row.members.iter().enumerate() {
        let theirs = |planted: &&Planted| planted.whose.contains(&at);
        let own: BTreeSet<&str> = row.told.0.iter().filter(theirs).map(|planted| planted.name.as_str()).collect();
        let in_folder = found_in(&scan, &with_every_key(&member.folder())?, tally);
        let opened = letters.get(at).map(|letters| letters.opened.as_slice()).unwrap_or_default();
        tally.add("letters opened", opened.len() as u64);
        let in_letters = found_in(&scan, opened, tally);
        for (place, found) in [("folder", &in_folder), ("letters", &in_letters)] {
            let strange: Vec<&&str> = found.difference(&own).collect();
            if !strange.is_empty() {
                tally.violated(format!("the {place} of {at} holds {strange:?}"));
            }
        }
        let lost: Vec<&&str> = own.difference(&in_folder).collect();
        if !lost.is_empty() {
            tally.violated(format!("the search does not find {lost:?} in the folder of {at}"));
        }
        says_nothing(row, at, letters, tally)?;
    }
    Ok(())
}

/// A log, and the frames as they passed inside TLS, hold no value: of nobody, and nobody's.
fn says_nothing(row: &Row, at: usize, letters: &[Letters], tally: &mut Tally) -> Outcome<()> {
    let values = scan_of(row.told.0.iter().filter(|planted| matches!(planted.what, What::Text(_))));
    let cases = scan_of(row.told.0.iter().filter(|planted| planted.name.starts_with("case")));
    let log = std::fs::read(row.at(at)?.log())?;
    let frames = letters.get(at).map(|letters| letters.frames.as_slice()).unwrap_or_default();
    for (place, parts) in [("log", std::slice::from_ref(&log)), ("frames", frames)] {
        let found = found_in(&values, parts, tally);
        let shown = if place == "frames" { found_in(&cases, parts, tally) } else { BTreeSet::new() };
        for found in [found, shown].into_iter().filter(|found| !found.is_empty()) {
            tally.violated(format!("the {place} of {at} hold {found:?}"));
        }
    }
    if log.is_empty() || frames.is_empty() {
        tally.violated(format!("there is no log or no frame of {at} to search"));
    }
    Ok(())
}

/// Whoever purged has nothing of her name.
pub(super) fn nothing_is_left(row: &Row, at: usize, tally: &mut Tally) -> Outcome<()> {
    let mut scan = Scan::default();
    scan.plant_whole("name", NAME);
    let found = found_in(&scan, &with_every_key(&row.at(at)?.folder())?, tally);
    tally.add("folders searched after a purge", 1);
    if !found.is_empty() {
        tally.violated(format!("{at} has purged, and its folder still tells who she is"));
    }
    Ok(())
}

fn scan_of<'a>(planted: impl Iterator<Item = &'a Planted>) -> Scan {
    let (mut scan, mut names) = (Scan::default(), BTreeSet::new());
    for planted in planted.filter(|planted| names.insert(planted.name.clone() + &key(planted))) {
        match &planted.what {
            What::Text(text) => scan.plant_whole(&planted.name, text),
            What::Bytes(bytes) => scan.plant_bytes(&planted.name, bytes),
        };
    }
    scan
}

/// What tells two of one name apart.
fn key(planted: &Planted) -> String {
    match &planted.what {
        What::Text(text) => text.clone(),
        What::Bytes(bytes) => format!("{bytes:?}"),
    }
}

fn found_in<'a>(scan: &'a Scan, parts: &[Vec<u8>], tally: &mut Tally) -> BTreeSet<&'a str> {
    tally.add("bytes searched", parts.iter().map(|part| part.len() as u64).sum());
    parts.iter().flat_map(|part| scan.find(part)).collect()
}
