//! Power is cut after every acknowledgement, and between them: nothing acknowledged may be missing.
//!
//! The campaign must bite: it is run against disks that drop the journal's syncs and the head, and
//! must find the loss there.

use super::faulty::{Fault, FaultyDisk};
use super::workload::{Acknowledged, Erasures, History, Loss, run};
use super::*;
use crate::disk::PowerLoss;

/// Acknowledgements in one run; a campaign is many runs, each with its own seed.
const RUN: usize = 50;
/// The same in a long campaign: short runs, because each point is replayed from the beginning.
const SHORT: usize = 9;

struct Run {
    disk: SimulatedDisk,
    history: History,
    seed: u64,
}

impl Run {
    fn new(seed: u64, erasures: Erasures, files: &'static str, fault: Fault) -> Self {
        Self::of(RUN, seed, erasures, files, fault)
    }

    fn of(commits: usize, seed: u64, erasures: Erasures, files: &'static str, fault: Fault) -> Self {
        let disk = made();
        let through = FaultyDisk::new(&disk, files, fault);
        let history = run(&disk, through, commits, erasures, seed);
        Self { disk, history, seed }
    }

    /// After each acknowledgement, and at one random operation between two of them.
    fn points(&self) -> Vec<usize> {
        let mut dice = Dice(self.seed ^ 0xA5);
        let mut points = Vec::new();
        for pair in self.history.commits.windows(2) {
            points.push(pair[0].at);
            points.push(pair[0].at + dice.below(pair[1].at - pair[0].at));
        }
        points.extend(self.history.commits.last().map(|last| last.at));
        points
    }

    fn losses(&self, model: PowerLoss) -> Vec<Loss> {
        let check = |point: usize| {
            let found = self.disk.after(point, model, self.seed ^ point as u64);
            self.history.check(found, point).err()
        };
        self.points().into_iter().filter_map(check).collect()
    }
}

/// Cuts the power at so many points, each under one model, and says how many there were and what was lost. [STO-32]
pub(crate) fn campaign(seed: u64, wanted: usize) -> (usize, Vec<String>) {
    let (mut points, mut lost) = (0, Vec::new());
    for seed in seed.. {
        // Every sixteenth run is long enough to fill segments; the others are short.
        let commits = if seed % 16 == 0 { RUN } else { SHORT };
        let run = Run::of(commits, seed, Erasures::Some, "none", Fault::None);
        for model in PowerLoss::ALL {
            lost.extend(run.losses(model).into_iter().map(|loss| format!("seed {seed}, {model:?}: {loss:?}")));
            points += run.points().len();
            if points >= wanted {
                return (points, lost);
            }
        }
    }
    (points, lost)
}

/// [STO-32]
#[test]
fn a_power_loss_takes_nothing_that_was_acknowledged() {
    let (points, lost) = campaign(rounds("UPUT_SEED", 0) as u64, rounds("UPUT_POWER_POINTS", 20_000));
    assert!(lost.is_empty(), "{} of {points} points: {:?}", lost.len(), &lost[..lost.len().min(5)]);
    println!("{points} points in {} models, 0 lost", PowerLoss::ALL.len());
}

#[test]
fn a_second_power_loss_while_the_first_is_repaired_takes_nothing_either() {
    let run = Run::new(77, Erasures::Some, "none", Fault::None);
    let mut dice = Dice(77);
    for model in PowerLoss::ALL {
        for point in run.points() {
            let once = run.disk.after(point, model, point as u64);
            let before = once.operations();
            drop(open(once.clone()));
            let second = before + dice.below(once.operations() - before + 1);
            let twice = once.after(second, model, dice.roll());
            assert_eq!(run.history.check(twice, point), Ok(()), "{model:?} at {point}, then {second}");
        }
    }
}

#[test]
fn after_a_power_loss_the_journal_goes_on_where_it_was() {
    let run = Run::new(5, Erasures::Some, "none", Fault::None);
    for point in run.points().into_iter().step_by(9) {
        let found = run.disk.after(point, PowerLoss::Reordered, point as u64);
        let storage = open(found.clone()).unwrap();
        let known = storage.records(Position::START).count() as u64;
        assert_eq!(commit(&storage, &[b"next"], vec![]), [Position::new(known)]);
        drop(storage);
        let cut = found.after(found.operations(), PowerLoss::Unsynced, 0);
        let reopened = open(cut).unwrap();
        assert_eq!(reopened.read(Position::new(known)).unwrap().payload.as_slice(), b"next");
    }
}

#[test]
fn commits_that_share_a_sync_are_each_there_when_they_were_acknowledged() {
    let disk = made();
    let storage = Arc::new(open(disk.clone()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let write = |writer: u8| {
        let (storage, disk) = (Arc::clone(&storage), disk.clone());
        async move {
            let mut acknowledged = Vec::new();
            for number in 0..20u8 {
                let payload = vec![writer, number, 7];
                let commit = Commit { keys: vec![], records: vec![draft(&payload)] };
                let places = storage.commit(commit).await.unwrap().into_inner();
                acknowledged.push((disk.operations(), places[0], payload));
            }
            acknowledged
        }
    };
    let writers: Vec<_> = (0..16).map(|writer| runtime.spawn(write(writer))).collect();
    let acknowledged: Vec<_> = writers.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();
    for model in PowerLoss::ALL {
        for (point, ..) in acknowledged.iter().step_by(7) {
            let found = open(disk.after(*point, model, *point as u64)).unwrap();
            for (_, place, payload) in acknowledged.iter().filter(|(at, ..)| at <= point) {
                assert_eq!(found.read(*place).unwrap().payload.as_slice(), payload.as_slice(), "{model:?}");
            }
        }
    }
}

#[test]
fn a_journal_that_is_not_synced_is_found_out() {
    let run = Run::new(1, Erasures::Some, "journal", Fault::NoSync);
    for model in [PowerLoss::Unsynced, PowerLoss::Torn, PowerLoss::Reordered] {
        assert!(!run.losses(model).is_empty(), "{model:?}");
    }
}

#[test]
fn a_key_book_that_is_not_synced_is_found_out() {
    let run = Run::new(1, Erasures::Some, "keybook", Fault::NoSync);
    assert!(!run.losses(PowerLoss::Unsynced).is_empty());
}

/// A drive that said "synced" and lost its last sectors: with a head this is damage, without one it
/// looks like a torn tail, and acknowledged records are gone without a word.
#[test]
fn a_drive_that_lies_is_found_out_by_the_head_and_only_by_it() {
    let silent = |run: &Run| {
        let lost = |commit: &Acknowledged| {
            let found = run.disk.after(commit.at, PowerLoss::Unsynced, 0);
            !matches!(run.history.check(lie(&found), commit.at), Ok(()) | Err(Loss::NotOpened(_)))
        };
        run.history.commits.iter().filter(|commit| lost(commit)).count()
    };
    assert_eq!(silent(&Run::new(3, Erasures::None, "none", Fault::None)), 0);
    assert!(silent(&Run::new(3, Erasures::None, "head", Fault::NoWrite)) > RUN / 2);
}

/// The same disk without the last written sector of its journal.
fn lie(disk: &SimulatedDisk) -> SimulatedDisk {
    let mut files = disk.snapshot();
    let last = files.range_mut("journal/".to_owned().."journal0".to_owned()).next_back();
    if let Some((_, bytes)) = last {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes[end.saturating_sub(100).max(120)..].fill(0);
    }
    SimulatedDisk::from_snapshot(files)
}
