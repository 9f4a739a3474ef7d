//! Verifying every bundle of a folder: each by itself, and what they amount to together.
//!
//! Guarantees that a bundle is in memory only while it is verified, one for each core, and that the order of the answer
//! is that of the names. Leaves the verdict to the core.

mod files;
mod row;
mod tally;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use indicatif::ProgressBar;
use serde::Serialize;
use uput_core::envelope::{MAX_BODY, MAX_BUNDLE};
use uput_core::trust::TrustFile;
use uput_core::verdict;

use self::files::Files;
use self::row::Row;
use self::tally::{Tally, Totals};
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::progress;
use crate::reading;

/// What is said of a folder.
#[derive(Serialize)]
struct Verified {
    trust: Trust,
    bundles: Vec<Row>,
    totals: Totals,
}

/// By whose word.
#[derive(Serialize)]
struct Trust {
    made_by: String,
    digest: String,
}

/// Verifies what ends in `.uput`, in subfolders too. [CLI-74]
pub(super) fn verify(folder: &Path, trust: &TrustFile, options: &Options) -> Result<Answer, Failure> {
    let files = files::find(folder)?;
    let bar = progress::bar(options, files.bundles.len() as u64, "verifying");
    let (rows, tally) = verify_all(&files, trust, &bar);
    bar.finish_and_clear();
    let exit = row::strongest(&rows);
    let totals = tally.totals(files.others);
    let mut page = Page::default();
    write(&rows, &totals, exit, &mut page);
    let trust = Trust { made_by: trust.made_by.clone(), digest: trust.digest() };
    Ok(Answer::ending(exit, &Verified { trust, bundles: rows, totals }, page)?
        .if_lost("nothing was changed: verify the folder again"))
}

/// On all cores; what a bundle comes to is kept, and the bundle is not.
fn verify_all(files: &Files, trust: &TrustFile, bar: &ProgressBar) -> (Vec<Row>, Tally) {
    let (next, workers) = (AtomicUsize::new(0), thread::available_parallelism().map_or(1, usize::from));
    let mut found = Vec::with_capacity(files.bundles.len());
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(workers);
        for _ in 0..workers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || work(files, trust, next, &sender));
        }
        drop(sender);
        for (at, row, of_one) in receiver {
            tally.add(of_one);
            found.push((at, row));
            bar.inc(1);
        }
    });
    found.sort_by_key(|(at, _)| *at);
    (found.into_iter().map(|(_, row)| row).collect(), tally)
}

/// Takes one after the other until there is none, or nobody listens.
fn work(files: &Files, trust: &TrustFile, next: &AtomicUsize, sender: &SyncSender<(usize, Row, Tally)>) {
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = files.bundles.get(at) else { return };
        let (row, tally) = verify_one(path, files.name(path), trust);
        if sender.send((at, row, tally)).is_err() {
            return;
        }
    }
}

fn verify_one(path: &Path, name: String, trust: &TrustFile) -> (Row, Tally) {
    match reading::at_most(path, MAX_BUNDLE + MAX_BODY) {
        Ok(bytes) => {
            let report = verdict::verify(&bytes, trust);
            (Row::of(name, &report), Tally::of(&report))
        }
        Err(failure) => (Row::unread(name, &failure), Tally::unread()),
    }
}

fn write(rows: &[Row], totals: &Totals, exit: Exit, page: &mut Page) {
    row::write(rows, page);
    tally::write(totals, page);
    page.line("");
    page.line(format!("exit code {}: the strongest of all, {}", exit.code(), exit.meaning()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_never_a_bundle_that_holds() {
        // [CLI-74] It went away after the folder was listed.
        let trust = TrustFile::parse(
            "format = \"uput trust file 1\"\nmade_by = \"a test\"\norganisation = []\nagreement = []\n",
        )
        .unwrap();
        let (row, tally) = verify_one(Path::new("nowhere/gone.uput"), "gone.uput".to_owned(), &trust);
        assert_eq!(row::strongest(std::slice::from_ref(&row)), Exit::Failed);
        let totals = serde_json::to_value(tally.totals(0)).unwrap();
        assert_eq!(totals["by_exit_code"][0]["exit_code"], 1);
    }
}
