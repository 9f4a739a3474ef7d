//! What really happened: a fault or a transition that never came up was not tested. [SIM-12]

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::liar::{ALL, Lie};

/// Faults that every campaign must have met.
pub const FAULTS: [&str; 16] = [
    "power: unsynced bytes lost",
    "power: sectors torn",
    "power: operations reordered",
    "power: names lost",
    "power: what was under way was cut off",
    "disk: a flipped bit",
    "line: cut",
    "line: cut one way",
    "line: slow",
    "line: both dialled",
    "frames: lost",
    "receipts: lost",
    "letters: lost, and sent again",
    "letters: doubled",
    "letters: overtaken",
    "answer to a person lost",
];

/// What people must have said, and how a trail must have stood.
pub const SAID: [&str; 14] = [
    "opened",
    "need",
    "identity",
    "withdrawn",
    "closed",
    "reopened",
    "acknowledged",
    "held",
    "accepted",
    "declined",
    "contact_made",
    "started",
    "provided",
    "crossed",
];

/// Counts by name.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
    /// It happened.
    pub fn note(&self, what: &str) {
        self.add(what, 1);
    }

    /// It happened so often.
    pub fn add(&self, what: &str, often: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.to_owned()).or_default() += often;
    }

    /// All counts.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in the counts of another.
    pub fn join(&self, other: &Self) {
        other.counts().iter().for_each(|(what, often)| self.add(what, *often));
    }

    /// What should have happened and did not; with a liar, each kind of lie. [SIM-23]
    pub fn missing(&self, liar: bool) -> Vec<&'static str> {
        let counts = self.counts();
        let lies = ALL.into_iter().filter(|_| liar).map(Lie::counted);
        FAULTS.into_iter().chain(SAID).chain(lies).filter(|what| !counts.contains_key(*what)).collect()
    }
}
