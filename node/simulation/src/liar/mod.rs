//! A house that lies: its keys are valid, its node is a node, and what it says besides is not true. [SIM-21]
//!
//! Guarantees that a lie is told with what such a house has: its own keys, what reached it, and what it sent. Leaves to
//! `check` what has to hold for the others.

mod forging;
mod lie;
pub mod overheard;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, sleep};
use uput_core::{
    id::OrgId,
    key::{KeyChain, SealingSecret},
    wire::peer_frame::Frame,
};
use uput_node::{node::Post, peer::Mailroom};

pub use self::lie::{ALL, Lie};
use self::{forging::Forger, overheard::Overheard};
use crate::{Broken, dice::Dice, house::House, town::Town};

/// The liar of a run.
pub struct Liar {
    /// Which house.
    pub house: usize,
    id: OrgId,
    forger: Forger,
    habits: Mutex<Habits>,
    overheard: Mutex<Overheard>,
}

/// What it does to everything on its lines.
#[derive(Clone, Copy, Default)]
struct Habits {
    withholds_receipts: bool,
    reads_slowly: bool,
    rambles: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Liar {
    /// That house lies from now on.
    ///
    /// # Errors
    /// [`Broken`] if its keys do not make a chain.
    pub fn new(number: usize, house: &House) -> Result<Self, Broken> {
        let running = house.running.as_ref().ok_or_else(|| Broken::new("the liar does not run".to_owned()))?;
        let chain: KeyChain = running.node.me().chain().as_ref().clone();
        Ok(Self {
            house: number,
            id: house.id,
            forger: Forger::new(house, chain),
            habits: Mutex::default(),
            overheard: Mutex::new(Overheard::new(house.id, house.name.clone())),
        })
    }

    /// Who it is.
    pub const fn id(&self) -> OrgId {
        self.id
    }

    /// A letter leaves it or comes to it.
    pub fn hears(&self, ends: (usize, usize), letter: &[u8], sealed_to: (OrgId, SealingSecret)) {
        lock(&self.overheard).letter(ends.0 == self.house, ends, letter, sealed_to);
    }

    /// What reached it and should not have.
    pub fn disclosed_to_it(&self) -> Option<String> {
        lock(&self.overheard).leaked.clone()
    }

    /// Identities that reached it: in which trail, by which event.
    pub fn identities(&self) -> Vec<overheard::Reached> {
        lock(&self.overheard).identities.clone()
    }

    /// Whether it keeps a frame of its own node to itself.
    pub fn withholds(&self, frame: &Frame) -> bool {
        lock(&self.habits).withholds_receipts && matches!(frame, Frame::Receipt(_))
    }

    /// Whether it takes minutes for a frame.
    pub fn reads_slowly(&self) -> bool {
        lock(&self.habits).reads_slowly
    }

    /// Whether it says beside what its node says what nobody asked.
    pub fn is_rambling(&self) -> bool {
        lock(&self.habits).rambles
    }

    /// What it says beside what its node said.
    pub fn rambles(&self, dice: &Dice) -> Option<Frame> {
        lock(&self.habits).rambles.then(|| forging::nonsense(dice))
    }
}

/// It tells a lie, if it knows enough for it.
pub fn lies(town: &Arc<Town>, liar: &Liar, dice: &Dice) {
    let lie = ALL[dice.below(ALL.len())];
    town.story.fails(&format!("{} {}", town.name(liar.house), lie.sentence()));
    match lie {
        Lie::WithholdsReceipts => toggle(&liar.habits, |habits| &mut habits.withholds_receipts),
        Lie::ReadsSlowly => toggle(&liar.habits, |habits| &mut habits.reads_slowly),
        Lie::Rambles => toggle(&liar.habits, |habits| &mut habits.rambles),
        Lie::RollsBack => town.rolls_back(liar.house, dice),
        _ => {
            let others: Vec<usize> = (0..town.houses()).filter(|house| *house != liar.house).collect();
            let to = others[dice.below(others.len())];
            let letters = lock(&liar.overheard).clone();
            let letters = liar.forger.letters(lie, dice, town, to, &letters);
            if let Some(forged) = letters {
                lock(&liar.overheard).said(forged.said);
                forged.letters.into_iter().for_each(|(to, letter)| deliver(town, liar.id, lie, to, letter));
            }
        }
    }
}

fn toggle(habits: &Mutex<Habits>, which: impl Fn(&mut Habits) -> &mut bool) {
    let mut habits = lock(habits);
    let habit = which(&mut habits);
    *habit = !*habit;
}

/// A lie happened once somebody answered it.
fn deliver(town: &Arc<Town>, from: OrgId, lie: Lie, to: usize, letter: Vec<u8>) {
    let Some(running) = town.running(to) else { return };
    let town = Arc::clone(town);
    tokio::spawn(async move {
        sleep(Duration::from_millis(20)).await;
        let (outcome, code) = Post(Arc::clone(&running.node)).receive(&from, letter).await;
        if town.tells(to, &running) {
            town.tally.note(lie.counted());
            town.tally.note(&format!("{}: {} ({code})", lie.counted(), outcome.as_str_name()));
        }
    });
}
