//! Verifying every bundle of a folder: each by itself, and what they amount to together.
//!
//! Guarantees that a bundle is in memory only while it is verified, one for each core, or held against another one of its
//! trail, and that the order of the answer is that of the names. Leaves the verdict to the core.

mod answers;
mod cited;
mod compared;
mod files;
mod page;
mod row;
mod tally;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use indicatif::ProgressBar;
use serde::Serialize;
use uput_core::trust::TrustFile;
use uput_core::verdict;

use self::answers::{Answer as Waited, Answers};
use self::cited::{Citation, Cited};
use self::compared::Compared;
use self::files::Files;
use self::row::Row;
use self::tally::{Tally, Totals};
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::offline;
use crate::output::{Answer, Page};
use crate::progress;
use crate::reading;

/// What is said of a folder.
#[derive(Serialize)]
struct Verified {
    trust: Trust,
    bundles: Vec<Row>,
    totals: Totals,
    answers: Vec<Waited>,
    citations: Vec<Citation>,
    compared: Vec<Compared>,
}

/// What is kept of bundles that were verified.
#[derive(Default)]
struct Kept {
    tally: Tally,
    answers: Answers,
    cited: Cited,
}

/// By whose word.
#[derive(Serialize)]
struct Trust {
    made_by: String,
    digest: String,
}

/// Verifies what ends in `.uput`, in subfolders too, and writes a page of it if one is wanted. [CLI-74] [CLI-100]
pub(super) fn verify(
    folder: &Path,
    trust: &TrustFile,
    html: Option<&Path>,
    options: &Options,
) -> Result<Answer, Failure> {
    let files = files::find(folder)?;
    let bar = progress::bar(options, files.bundles.len() as u64, "verifying");
    let (bundles, kept) = verify_all(&files, trust, &bar);
    let compared = compared::all(&files, &bundles, trust, &bar);
    bar.finish_and_clear();
    let exit = row::strongest(bundles.iter().map(Row::exit).chain(compared.iter().map(Compared::exit)));
    let trust = Trust { made_by: trust.made_by.clone(), digest: trust.digest() };
    let totals = kept.tally.totals(files.others);
    let (answers, citations) = (kept.answers.rows(), kept.cited.rows());
    let all = Verified { trust, bundles, totals, answers, citations, compared };
    let mut page = Page::default();
    write(&all, exit, &mut page);
    if let Some(to) = html {
        page::write(&all, exit, to)?;
    }
    Ok(offline::answer(&all, exit, page)?.if_lost("nothing was changed: verify the folder again"))
}

/// What a bundle comes to is kept, and the bundle is not.
fn verify_all(files: &Files, trust: &TrustFile, bar: &ProgressBar) -> (Vec<Row>, Kept) {
    let mut kept = Kept::default();
    let one = |path: &PathBuf| verify_one(path, files.name(path), trust);
    let rows = on_all_cores(&files.bundles, one, |(row, of_one)| {
        kept.add(of_one);
        bar.inc(1);
        row
    });
    (rows, kept)
}

/// One after the other on each core, the answers in the order of what was asked.
fn on_all_cores<T: Sync, A: Send, K>(all: &[T], one: impl Fn(&T) -> A + Sync, mut keep: impl FnMut(A) -> K) -> Vec<K> {
    let (next, workers) = (AtomicUsize::new(0), thread::available_parallelism().map_or(1, usize::from));
    let mut found = Vec::with_capacity(all.len());
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(workers);
        for _ in 0..workers {
            let (sender, next, one) = (sender.clone(), &next, &one);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = all.get(at) else { return };
                    // Nobody listens any more.
                    if sender.send((at, one(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        found.extend(receiver.into_iter().map(|(at, answer)| (at, keep(answer))));
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, kept)| kept).collect()
}

fn verify_one(path: &Path, name: String, trust: &TrustFile) -> (Row, Kept) {
    match reading::bundle(path) {
        Ok(bytes) => {
            let report = verdict::verify(&bytes, trust);
            let kept = Kept {
                tally: Tally::of(&report),
                answers: Answers::of(&name, &report),
                cited: Cited::of(&name, &report),
            };
            (Row::of(name, &report, &bytes), kept)
        }
        Err(failure) => (Row::unread(name, &failure), Kept { tally: Tally::unread(), ..Kept::default() }),
    }
}

impl Kept {
    fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        self.answers.add(other.answers);
        self.cited.add(other.cited);
    }
}

fn write(all: &Verified, exit: Exit, page: &mut Page) {
    row::write(&all.bundles, page);
    answers::write(&all.answers, page);
    cited::write(&all.citations, page);
    compared::write(&all.compared, page);
    tally::write(&all.totals, page);
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
        let (row, kept) = verify_one(Path::new("nowhere/gone.uput"), "gone.uput".to_owned(), &trust);
        assert_eq!(row::strongest([row.exit()]), Exit::Failed);
        let totals = serde_json::to_value(kept.tally.totals(0)).unwrap();
        assert_eq!(totals["by_exit_code"][0]["exit_code"], 1);
    }
}
