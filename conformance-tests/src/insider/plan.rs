//! What is drawn for a case before it is made: every choice follows from the seed.

use std::collections::BTreeSet;

use super::oracle::Who;
use crate::random::Draw;

/// The choices.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// It is opened here, by whoever takes calls; nothing is disclosed in it.
    pub(super) ours: bool,
    /// Its values are sealed to staff.
    pub(super) sealed: bool,
    /// Who she is is sealed to the worker alone. [STF-14]
    pub(super) to_one: bool,
    pub(super) stage: u64,
    pub(super) answered: bool,
    pub(super) holders: BTreeSet<Who>,
    pub(super) team: bool,
    /// In the end nobody has it.
    pub(super) nobody: bool,
    /// Whom she names herself.
    pub(super) named: BTreeSet<Who>,
    pub(super) by_hand: BTreeSet<Who>,
    pub(super) file_number: bool,
    pub(super) record: bool,
    pub(super) words: bool,
    pub(super) follow_up: bool,
    pub(super) glass: bool,
    pub(super) purged: bool,
    pub(super) closed: bool,
    pub(super) guardian: bool,
    /// The sender keeps more than is disclosed.
    pub(super) kept_back: bool,
    /// It becomes a part of the case before.
    pub(super) joins: bool,
}

const HOLDERS: [Who; 5] = [Who::Worker, Who::Excluded, Who::ExcludedSupervisor, Who::Supervisor, Who::Machine];
const EXCLUDED: [Who; 2] = [Who::Excluded, Who::ExcludedSupervisor];

impl Plan {
    /// Draws it. The first twelve cases have what each rule is about, so that a short run meets every rule.
    pub(super) fn draw(draw: &mut Draw, number: u64) -> Self {
        let stage = [0, 1, 2, 2].get(draw.below(4) as usize).copied().unwrap_or_default();
        let mut plan = Self {
            ours: draw.once_in(10),
            sealed: draw.once_in(5),
            to_one: draw.once_in(3),
            stage,
            answered: stage > 0 || draw.once_in(2),
            holders: some(&HOLDERS, 3, draw),
            team: draw.once_in(3),
            nobody: draw.once_in(5),
            named: some(&EXCLUDED, 3, draw),
            by_hand: some(&EXCLUDED, 3, draw),
            file_number: draw.once_in(2),
            record: draw.once_in(2),
            words: draw.once_in(2),
            follow_up: draw.once_in(3),
            glass: draw.once_in(5),
            purged: draw.once_in(6),
            closed: draw.once_in(6),
            guardian: draw.once_in(4),
            kept_back: draw.once_in(2),
            joins: false,
        };
        plan.demand(number);
        plan.agree();
        plan
    }

    fn demand(&mut self, number: u64) {
        let only = |who| BTreeSet::from([who]);
        if number < 12 {
            (self.ours, self.sealed, self.purged, self.nobody) = (false, false, false, false);
            (self.stage, self.answered) = (2, true);
        }
        match number {
            0 => (self.named, self.file_number, self.record, self.words) = (EXCLUDED.into(), true, true, true),
            1 => {
                (self.team, self.holders, self.kept_back) = (true, only(Who::Supervisor), true);
                (self.glass, self.named) = (true, only(Who::ExcludedSupervisor));
            }
            2 => (self.stage, self.answered) = (0, false),
            3 => (self.sealed, self.to_one, self.named) = (true, false, only(Who::Excluded)),
            5 => self.glass = true,
            6 => {
                (self.nobody, self.file_number, self.record, self.words) = (true, true, true, true);
                self.named = EXCLUDED.into();
            }
            7 => (self.purged, self.record, self.follow_up) = (true, false, true),
            8 => (self.ours, self.holders, self.nobody) = (true, only(Who::Worker), false),
            9 => (self.sealed, self.to_one, self.holders) = (true, true, only(Who::Worker)),
            10 => (self.holders, self.by_hand) = (BTreeSet::from([Who::Machine, Who::Excluded]), only(EXCLUDED[1])),
            _ => {}
        }
        if matches!(number, 0 | 3) {
            self.holders.insert(Who::Worker);
        }
        // Two that will be one.
        if matches!(number % 10, 4 | 5) {
            (self.ours, self.nobody, self.answered) = (false, false, true);
            self.holders.insert(if number % 10 == 4 { Who::Worker } else { Who::Supervisor });
            self.joins = number % 10 == 5;
        }
    }

    /// Takes back what cannot be beside what was drawn.
    fn agree(&mut self) {
        if self.ours {
            (self.stage, self.answered, self.sealed, self.kept_back) = (0, false, false, false);
            (self.record, self.follow_up, self.team) = (false, false, false);
            self.holders.remove(&Who::Supervisor);
            self.holders.insert(Who::Worker);
        }
        let read = self.answered || self.ours;
        self.nobody &= !self.ours;
        self.glass &= self.answered;
        if self.stage < 2 {
            self.named.clear();
        }
        if !read {
            self.by_hand.clear();
        }
        self.record &= self.answered && !self.joins && !self.sealed;
        self.file_number &= read && !self.joins;
        self.words &= read;
        self.follow_up &= self.answered;
        self.closed &= read && !self.joins;
        self.purged &= self.stage > 0;
        self.to_one &= self.sealed && self.stage == 2 && self.holders.contains(&Who::Worker) && !self.nobody;
    }
}

fn some(all: &[Who], one_in: u64, draw: &mut Draw) -> BTreeSet<Who> {
    all.iter().copied().filter(|_| draw.once_in(one_in)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_every_choice() {
        let of = |seed, number| format!("{:?}", Plan::draw(&mut Draw::new(seed).part(number), number));
        assert_eq!(of(1, 40), of(1, 40));
        let different: BTreeSet<String> = (12..112).map(|number| of(1, number)).collect();
        assert!(different.len() > 95);
    }
}
