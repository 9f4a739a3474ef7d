//! An attacker who has every key that is left, and all that was ever copied or recorded. [RET-27]
//!
//! Every label of the catalogue is said. Then the retention of values ends, and that of evidence, by the nodes' own doing.
//! The attacker has: the folders as they are in the end with every key in them; earlier copies of the whole folders, past
//! their bound (RET-26: without what opens their key book) and with the newest key book in its place; what passed between the
//! nodes, out of TLS; every bundle that was exported after. It reads all of it with the readers of this crate. The same
//! readers find every planted value in a copy within its bound, and in the letters with a sealing key that is not
//! destroyed yet: so they look in the right places. That sealing keys are destroyed after their grace (KEY-24) is shown
//! elsewhere: here the attacker has none.
//!
//! The spans pass by the nodes' wall clocks, both of which are as much ahead after each copy (so no node doubts its own).
//! Where no such clock can be had the spans are short, and are waited for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use prost::Message;
use tempfile::TempDir;
use uput_wire::v1 as wire;
use wire::retention_service_client::RetentionServiceClient;
use wire::statement::Kind;

use super::canary::Catalogue;
use super::folder::Folder;
use super::scan::Scan;
use super::story::Story;
use super::{agreement, bundle, letters, places, scans, verified};
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{Pair, Setting};
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::{Request, shown};
use crate::tally::Tally;
use crate::wrong_clock::WrongClock;

/// How long values are kept after the end, and evidence, where the clock is set: long enough for any machine.
const SPANS: [&str; 2] = ["60 min", "180 min"];
/// By how many seconds the clock is ahead when each has passed.
const AHEAD: [i64; 2] = [61 * 60, 181 * 60];
/// The spans where they are waited for: long enough for a copy in between.
const SHORT: [&str; 2] = ["30 s", "150 s"];
/// Days of the warning, which are seconds here. [RET-9]
const WARNING: i64 = 2;
/// How long it is waited for what ends.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(500);

/// Runs it.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, seed: u64) -> Outcome<Tally> {
    let clock = WrongClock::make()?.ok();
    let [values, evidence] = if clock.is_some() { SPANS } else { SHORT };
    let source = agreement::source(&Catalogue::read()?)?;
    let source = source.replace("\"30 d\"", &format!("{values:?}")).replace("\"3650 d\"", &format!("{evidence:?}"));
    let pair = Pair::found(programs, &Setting { log: "warn", open_wire: true, agreement: source }).await?;
    let mut story = Story::new(&pair, seed)?;
    story.tell().await?;
    story.hear_who_acted().await?;
    let mut tally = Tally::default();
    let values = scans(&story, &mut tally)?.values;
    let home = tempfile::tempdir()?;
    let mut copies = Copies { home, clock, number: 0, made: Vec::new() };
    copies.copy(&pair, 0).await?;
    let within = copies.made.clone();
    let before = bundles(&pair, &story).await?;
    close(&pair, &story, seed).await?;
    copies.copy(&pair, AHEAD[0]).await?;
    ended(&pair, wire::RetentionPart::Values, story.trails.len()).await?;
    let after = bundles(&pair, &story).await?;
    verified::verify(&pair, &after, &mut tally).await?;
    copies.copy(&pair, AHEAD[1]).await?;
    ended(&pair, wire::RetentionPart::Evidence, story.trails.len()).await?;
    let wire = places::wire(&pair, &mut tally).await?;
    let nodes = [pair.hotline.secrets()?, pair.shelter.secrets()?];
    let opened = wire.letters.iter().filter_map(|letter| letters::open(letter, &nodes));
    all_of_them("letters, with a sealing key that is left", &values, opened, &mut tally);
    let frames: Vec<Vec<u8>> = wire.everything();
    for side in pair.both() {
        side.stop().await?;
    }
    for (at, side) in pair.both().into_iter().enumerate() {
        let copied = within.iter().filter(|(of, _)| *of == at);
        for (_, copy) in copied {
            let parts = read(copy, copy)?;
            all_of_them("copies within their bound", &values, parts, &mut tally);
        }
        none_of_them("the folder in the end", &values, read(&side.folder(), &side.folder())?, &mut tally);
        for (_, copy) in copies.made.iter().filter(|(of, _)| *of == at) {
            past_its_bound(copy)?;
            none_of_them("copies past their bound", &values, read(copy, &side.folder())?, &mut tally);
        }
    }
    none_of_them("what passed between the nodes", &values, frames, &mut tally);
    if found(&values, before).is_empty() {
        tally.violated("the readers find nothing in bundles that open values");
    }
    none_of_them("bundles from after", &values, after.clone(), &mut tally);
    said_why(&after, &mut tally)?;
    Ok(tally)
}

/// Copies of the folders of both sides, each with whose it is.
struct Copies {
    home: TempDir,
    clock: Option<WrongClock>,
    number: usize,
    made: Vec<(usize, PathBuf)>,
}

impl Copies {
    /// Both nodes stop for it, and go on, with clocks that are ahead by so many seconds.
    async fn copy(&mut self, pair: &Pair, ahead: i64) -> Outcome<()> {
        pair.settled().await?;
        for (at, side) in pair.both().into_iter().enumerate() {
            side.stop().await?;
            self.number += 1;
            let copy = self.home.path().join(self.number.to_string());
            copy_all(&side.folder(), &copy)?;
            self.made.push((at, copy));
            // How long people are told before is shown elsewhere.
            side.configure("warn_days", WARNING)?;
        }
        for side in pair.both() {
            match &self.clock {
                Some(clock) => clock.start(side, ahead).await?,
                None => side.start().await?,
            }
        }
        Ok(())
    }
}

/// What opened its key book is gone. [RET-26]
fn past_its_bound(copy: &Path) -> Outcome<()> {
    for entry in std::fs::read_dir(copy.join("keybook"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|name| name == "key") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// All that somebody reads in a folder: the files as they are, and what opens with the keys of a folder's key book.
fn read(path: &Path, book_of: &Path) -> Outcome<Vec<Vec<u8>>> {
    let folder = Folder::open_with(path, book_of, &[])?;
    let mut parts: Vec<Vec<u8>> = folder.records.iter().map(|record| record.payload.clone()).collect();
    parts.extend([folder.entries().to_vec(), folder.left()?, folder.on_the_way()?.0].concat());
    parts.extend([folder.under_case_keys()?, folder.under_access_keys()?, folder.under_approval_keys()?].concat());
    parts.extend(folder.index.clone());
    files(path, &mut parts)?;
    Ok(parts)
}

fn files(folder: &Path, parts: &mut Vec<Vec<u8>>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, parts)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        // The reserve is large, and holds nothing.
        if bytes.iter().any(|byte| *byte != 0) {
            parts.push(bytes);
        }
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_all(&entry.path(), &to)?,
            false => drop(std::fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

fn planted(values: &Scan) -> BTreeSet<&str> {
    values.names().filter(|name| *name != "CONTROL").collect()
}

fn found(values: &Scan, parts: impl IntoIterator<Item = Vec<u8>>) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = parts.into_iter().flat_map(|part| values.find(&part)).collect();
    found.remove("CONTROL");
    found
}

/// The attacker's readers work: there they find everything.
fn all_of_them(place: &str, values: &Scan, parts: impl IntoIterator<Item = Vec<u8>>, tally: &mut Tally) {
    let found = found(values, parts);
    tally.add("planted values found before", found.len() as u64);
    tally.add("places that hold them before", 1);
    let missed: Vec<&str> = planted(values).difference(&found).copied().collect();
    if !missed.is_empty() {
        tally.violated(format!("{place}: the readers do not find {missed:?}"));
    }
}

fn none_of_them(place: &str, values: &Scan, parts: impl IntoIterator<Item = Vec<u8>>, tally: &mut Tally) {
    let found = found(values, parts);
    tally.add("planted values found after", found.len() as u64);
    tally.add("places searched after", 1);
    if !found.is_empty() {
        tally.violated(format!("{place}: {found:?}"));
    }
}

async fn bundles(pair: &Pair, story: &Story<'_>) -> Outcome<Vec<Vec<u8>>> {
    let mut taken = Vec::new();
    for side in pair.both() {
        // Whoever takes values of many trails is asked for a second person: of the others labels do.
        for (number, trail) in story.trails.iter().enumerate() {
            let scope = if number < 3 { wire::DisclosureScope::Values } else { wire::DisclosureScope::Labels };
            taken.push(bundle(side, trail, scope).await?);
        }
    }
    Ok(taken)
}

/// Every bundle from after says what was erased, when and why. [RET-20]
fn said_why(bundles: &[Vec<u8>], tally: &mut Tally) -> Outcome<()> {
    let unread = |_| Failed::because("a bundle does not parse");
    for bytes in bundles {
        let envelope = wire::Envelope::decode(bytes.as_slice()).map_err(unread)?;
        let bundle = wire::Bundle::decode(envelope.body.as_slice()).map_err(unread)?;
        let why = |erasure: &wire::Erasure| erasure.reason() == wire::ErasureReason::Retention && erasure.time > 0;
        tally.add("bundles that say what was erased", 1);
        if bundle.erasures.is_empty() || !bundle.erasures.iter().all(why) {
            tally.violated("a bundle does not say what was erased, when and why");
        }
    }
    Ok(())
}

/// Whoever opened a trail closes it.
async fn close(pair: &Pair, story: &Story<'_>, seed: u64) -> Outcome<()> {
    let mut draw = Draw::new(seed.wrapping_add(1));
    for side in pair.both() {
        for trail in &story.trails {
            if shown(side, trail, false).await?.is_some_and(|trail| trail.ours) {
                let reason = wire::ClosureReason::Done.into();
                let said = Kind::Closed(wire::Closed { reason });
                Request::event(draw.request_id(), trail, said, &[]).ask(side).await?;
            }
        }
    }
    pair.settled().await
}

/// Waits until both nodes have erased so much of so many trails.
async fn ended(pair: &Pair, part: wire::RetentionPart, trails: usize) -> Outcome<()> {
    let begun = Instant::now();
    for side in pair.both() {
        while erased(side, part).await? < trails {
            if begun.elapsed() > PATIENCE {
                return Err(Failed::because("a retention did not end"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

async fn erased(side: &Organisation, part: wire::RetentionPart) -> Outcome<usize> {
    let answer = side.ask(|access| async move {
        let mut retentions = RetentionServiceClient::new(access.channel());
        let request = wire::ListRetentionsRequest { page_size: 500, page_token: String::new() };
        Ok(retentions.list_retentions(access.request(request)).await?.into_inner().retentions)
    });
    let is_erased = |row: &&wire::RetentionEntry| row.part() == part && row.erased > 0;
    Ok(answer.await?.value.iter().filter(is_erased).count())
}
