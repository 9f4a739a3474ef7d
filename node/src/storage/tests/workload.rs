//! Commits and erasures as a node makes them, what of them was acknowledged when, and whether a
//! reopened folder still holds it.

use super::*;
use crate::storage::KeyKind;
use std::collections::BTreeMap;

/// What one commit recorded, and after which operation of the disk it was acknowledged.
pub(super) struct Acknowledged {
    pub(super) at: usize,
    payloads: Vec<Vec<u8>>,
}

/// When a trail's keys were asked for, acknowledged, and erased.
struct Trail {
    added_at: usize,
    keys: [[u8; 32]; 2],
    erase_asked: [Option<usize>; 2],
    erased_at: [Option<usize>; 2],
}

/// All that a run did.
#[derive(Default)]
pub(super) struct History {
    pub(super) commits: Vec<Acknowledged>,
    trails: BTreeMap<[u8; 32], Trail>,
}

/// What a reopened folder lacks or has wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Loss {
    NotOpened(String),
    Records { acknowledged: usize, found: usize },
    HalfACommit,
    WrongBytes,
    Keys,
    NotErased,
    Index,
}

/// Whether a run erases keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Erasures {
    None,
    Some,
}

/// Runs `commits` commits on a folder that lies on `disk`; `through` is how the storage sees it.
pub(super) fn run(
    disk: &SimulatedDisk,
    through: impl Disk + 'static,
    commits: usize,
    erasures: Erasures,
    seed: u64,
) -> History {
    let storage = open(through).unwrap();
    let mut history = History::default();
    let mut dice = Dice(seed);
    for number in 0..commits {
        let payloads = (0..1 + dice.below(3)).map(|_| payload(&mut dice, number)).collect::<Vec<_>>();
        let keys = if dice.below(4) == 0 { history.add_trail(&mut dice) } else { vec![] };
        let added = keys.first().map(|new: &NewTrailKeys| new.trail);
        commit(&storage, &payloads.iter().map(Vec::as_slice).collect::<Vec<_>>(), keys);
        let at = disk.operations();
        history.commits.push(Acknowledged { at, payloads });
        if let Some(trail) = added.and_then(|trail| history.trails.get_mut(&trail)) {
            trail.added_at = at;
        }
        if erasures == Erasures::Some && dice.below(16) == 0 {
            history.erase_one(&storage, disk, &mut dice);
        }
    }
    history
}

fn payload(dice: &mut Dice, number: usize) -> Vec<u8> {
    let mut payload = format!("invented record of commit {number} ").into_bytes();
    payload.resize(payload.len() + dice.below(600), dice.roll() as u8);
    payload
}

impl History {
    fn add_trail(&mut self, dice: &mut Dice) -> Vec<NewTrailKeys> {
        let new = NewTrailKeys::generate([dice.roll() as u8; 32]).unwrap();
        if self.trails.contains_key(&new.trail) {
            return vec![];
        }
        let keys = [*new.value.expose(), *new.evidence.expose()];
        let (erase_asked, erased_at) = ([None; 2], [None; 2]);
        self.trails.insert(new.trail, Trail { added_at: usize::MAX, keys, erase_asked, erased_at });
        vec![new]
    }

    fn erase_one(&mut self, storage: &Storage, disk: &SimulatedDisk, dice: &mut Dice) {
        let chosen = dice.below(self.trails.len());
        let which = dice.below(2);
        let Some((id, trail)) = self.trails.iter_mut().nth(chosen) else { return };
        trail.erase_asked[which].get_or_insert(disk.operations());
        storage.erase(id, [KeyKind::Value, KeyKind::Evidence][which]).unwrap();
        trail.erased_at[which].get_or_insert(disk.operations());
    }

    /// Opens `disk`, found after `operations` of the run, and compares.
    pub(super) fn check(&self, disk: impl Disk + 'static, operations: usize) -> Result<(), Loss> {
        let storage = open(disk).map_err(|error| Loss::NotOpened(error.to_string()))?;
        self.check_open(&storage, operations)
    }

    pub(super) fn check_open(&self, storage: &Storage, operations: usize) -> Result<(), Loss> {
        let acknowledged = self.commits.iter().filter(|commit| commit.at <= operations).count();
        let mut records = storage.records(Position::START);
        let mut whole = 0;
        'commits: for commit in &self.commits {
            for (index, payload) in commit.payloads.iter().enumerate() {
                match records.next() {
                    Some(Ok(record)) if record.payload.as_slice() == payload => {
                        let key = record.position.number().to_be_bytes();
                        let indexed = storage.index().get(TREE, &key);
                        if !indexed.is_ok_and(|value| value.is_some_and(|value| payload.starts_with(&value))) {
                            return Err(Loss::Index);
                        }
                    }
                    Some(_) => return Err(Loss::WrongBytes),
                    None if index == 0 => break 'commits,
                    None => return Err(Loss::HalfACommit),
                }
            }
            whole += 1;
        }
        if whole < acknowledged {
            return Err(Loss::Records { acknowledged, found: whole });
        }
        self.trails.iter().try_for_each(|(id, trail)| trail.check(storage, id, operations))
    }
}

impl Trail {
    fn check(&self, storage: &Storage, id: &[u8; 32], operations: usize) -> Result<(), Loss> {
        let found = storage.trail_keys(id);
        if found.is_none() {
            return if self.added_at <= operations { Err(Loss::Keys) } else { Ok(()) };
        }
        let held = found.map(|keys| [keys.value, keys.evidence]).unwrap();
        for (which, key) in held.iter().enumerate() {
            let erased = self.erased_at[which].is_some_and(|at| at <= operations);
            let asked = self.erase_asked[which].is_some_and(|at| at <= operations);
            match key {
                Some(_) if erased => return Err(Loss::NotErased),
                Some(key) if key.expose() != &self.keys[which] => return Err(Loss::Keys),
                None if !asked => return Err(Loss::Keys),
                _ => {}
            }
        }
        Ok(())
    }
}
