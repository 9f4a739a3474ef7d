//! `kill -9` of a process that records under load, again and again in one folder.
//!
//! The process says what was acknowledged to it after it was; whoever killed it then opens the folder. It cannot show what
//! a power cut does: the system keeps what a killed process wrote ([`super::power`] shows that).

use super::*;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const CHILD: &str = "UPUT_TEST_KILLED";
const NAME: &str = "storage::tests::killed::what_was_acknowledged_survives_kill_9_once";
const WRITERS: u64 = 8;
/// Kills in one folder, before it is left for a fresh one.
const TURNS: usize = 15;
/// Segments that some turns share, and each turn begins one.
const OPTIONS: Options = Options { reserve: 4096, segment: 1 << 15, group: 1024, knows: |_| true };

/// What a folder holds: how often each number is there.
type Found = BTreeMap<u64, usize>;

/// [STO-33] [DEL-1]
#[test]
fn what_was_acknowledged_survives_kill_9_once() {
    if let Ok(folder) = std::env::var(CHILD) {
        return write_until_killed(Path::new(&folder));
    }
    let kills = rounds("UPUT_KILLS", 500);
    let mut dice = Dice(rounds("UPUT_SEED", 7) as u64);
    let (mut done, mut acknowledged) = (0, 0);
    while done < kills {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        Storage::create(&dir, &key(), OPTIONS).unwrap();
        let mut promised = Found::new();
        for _ in 0..TURNS.min(kills - done) {
            let heard = kill_one(&dir, &mut dice);
            acknowledged += heard.len();
            promised.extend(heard.into_iter().map(|number| (number, 1)));
            let found = found_in(&dir);
            let lost = promised.keys().filter(|number| !found.contains_key(number)).count();
            let doubled = found.values().filter(|times| **times > 1).count();
            assert_eq!((lost, doubled), (0, 0), "after {done} kills");
            done += 1;
        }
    }
    assert!(acknowledged > kills, "{acknowledged} commits in {kills} kills are no load");
    println!("{done} kills, {acknowledged} commits acknowledged, 0 lost, 0 doubled");
}

fn kill_one(dir: &Path, dice: &mut Dice) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut heard = said.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix("did ")?.parse().ok());
    let mut numbers: Vec<u64> = heard.by_ref().take(1 + dice.below(12)).collect();
    let moment = Duration::from_micros(dice.below(4000) as u64);
    let killer = std::thread::spawn(move || end(child, moment));
    // What it had said before it died counts too.
    numbers.extend(heard);
    killer.join().unwrap();
    numbers
}

fn end(mut child: Child, after: Duration) {
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn found_in(dir: &Path) -> Found {
    let disk = Arc::new(crate::disk::RealDisk::new(dir));
    let storage = Storage::open_on(disk, IndexHome::Memory, &key(), OPTIONS, project).unwrap();
    let mut found = Found::new();
    for record in storage.records(Position::START) {
        *found.entry(number_in(&record.unwrap())).or_default() += 1;
    }
    found
}

fn number_in(record: &Record) -> u64 {
    u64::from_be_bytes(record.payload[..8].try_into().unwrap())
}

/// Writers who each record one number after the other, beginning behind all that is there, and say so.
fn write_until_killed(dir: &Path) {
    let storage = Arc::new(Storage::open(dir, &key(), OPTIONS, project).unwrap());
    let newest = storage.records(Position::START).map(|record| number_in(&record.unwrap())).max();
    let from = newest.map_or(0, |newest| newest / WRITERS + 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let write = |writer: u64| {
        let storage = Arc::clone(&storage);
        async move {
            for turn in from.. {
                let number = turn * WRITERS + writer;
                let mut payload = number.to_be_bytes().to_vec();
                payload.resize(300, 7);
                let commit = Commit { keys: vec![], records: vec![draft(&payload)] };
                storage.commit(commit).await.unwrap();
                // Past the runner's capture, in one write.
                std::io::stdout().write_all(format!("did {number}\n").as_bytes()).unwrap();
            }
        }
    };
    let writers: Vec<_> = (0..WRITERS).map(|writer| runtime.spawn(write(writer))).collect();
    writers.into_iter().for_each(|writer| runtime.block_on(writer).unwrap());
}
