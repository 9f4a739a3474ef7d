//! The state of a part of a trail: what one party knew when it spoke, or all there is.
//!
//! Guarantees that every answer is a function of the effective events in the part, whatever order they came in. Leaves
//! to others: which events are effective (`history`), what is shown (`reading`).

use super::fact::Fact;
use super::history::History;
use super::kind::Kind;
use super::reading::Headline;
use super::set::Set;

/// A part of a trail that is closed under causal past.
pub(super) struct View<'a> {
    history: &'a History,
    within: Set,
    epoch: u32,
    set_aside: Set,
}

impl<'a> View<'a> {
    pub(super) fn new(history: &'a History, within: Set) -> Self {
        let reopenings = history.with(Fact::Epoch).and(&within);
        let epoch = reopenings.iter().map(|place| history.epoch(place)).max().unwrap_or(0); // [STA-10]
        let set_aside = history.pasts(&reopenings); // [STA-12]
        Self { history, within, epoch, set_aside }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.within.is_empty()
    }

    pub(super) const fn within(&self) -> &Set {
        &self.within
    }

    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The events that carry a fact.
    pub(super) fn with(&self, fact: Fact) -> Set {
        self.history.with(fact).and(&self.within)
    }

    /// Those of the newest epoch. // [STA-11]
    pub(super) fn now(&self, fact: Fact) -> Set {
        let mut now = Set::default();
        let all = self.with(fact);
        all.iter().filter(|place| self.history.epoch(*place) == self.epoch).for_each(|place| now.insert(place));
        now
    }

    /// Those that no reopening has set aside. // [STA-12]
    pub(super) fn standing(&self, fact: Fact) -> Set {
        self.with(fact).minus(&self.set_aside)
    }

    pub(super) fn under_law(&self) -> bool {
        !self.with(Fact::Law).is_empty()
    }

    /// The effective stops. // [STA-13]
    pub(super) fn stops(&self) -> Set {
        let mut stops = self.standing(Fact::Stop);
        if !self.under_law() {
            stops.join(&self.standing(Fact::Withdrawal));
        }
        stops
    }

    pub(super) fn live(&self) -> bool {
        !self.with(Fact::Open).is_empty() && self.stops().is_empty() && self.now(Fact::End).is_empty()
    }

    pub(super) fn ended(&self) -> bool {
        !self.with(Fact::Open).is_empty() && !self.live()
    }

    /// The highest stage of the epoch.
    pub(super) fn stage(&self) -> u8 {
        let reached = |fact: Fact| !self.now(fact).is_empty();
        if reached(Fact::Stage2) { 2 } else { u8::from(reached(Fact::Stage1)) }
    }

    /// Whether the receiver says yes before it was told anything. // [STA-71]
    pub(super) fn yes_at_stage0(&self) -> bool {
        self.history.act().is_some_and(|act| act.yes == 0)
    }

    /// The causally newest answers of the epoch; more than one only after a fork. // [STA-14]
    pub(super) fn answers(&self) -> Set {
        let answers = self.now(Fact::Answer);
        answers.minus(&self.history.pasts(&answers))
    }

    /// The one that counts: the most cautious of the newest, and of equals the one with the lowest ID. // [STA-14]
    pub(super) fn answer(&self) -> Option<usize> {
        let caution = |place: &usize| (Headline::of(self.history.kind(*place)), self.history.id(*place));
        self.answers().iter().min_by_key(caution)
    }

    pub(super) fn answered_later(&self) -> bool {
        let answer = self.answer().map(|place| self.history.kind(place));
        matches!(answer, Some(Kind::Held | Kind::Waitlisted))
    }

    pub(super) fn refused(&self) -> bool {
        self.answer().is_some_and(|place| self.history.with(Fact::Refusal).contains(place))
    }

    /// Whether every newest answer is an acceptance that has every statement of the need in its past. // [STA-15]
    pub(super) fn covered(&self) -> bool {
        let questions = self.with(Fact::Question);
        let accepts = |place| matches!(self.history.kind(place), Kind::Accepted | Kind::PartlyAccepted);
        let covers = |place| questions.minus(self.history.past(place)).is_empty();
        let answers = self.answers();
        !answers.is_empty() && answers.iter().all(|place| accepts(place) && covers(place))
    }

    /// The decisions that grant, but for those that a later one of their type takes away. // [STA-70]
    pub(super) fn grounds(&self) -> Set {
        let mut grounds = self.with(Fact::Grounds);
        for [granted, refused] in self.history.decisions() {
            grounds = grounds.minus(&granted.and(&self.history.pasts(&refused.and(&self.within))));
        }
        grounds
    }

    /// The disclosures whose values the receiver still holds, for all that is known. // [STA-16]
    pub(super) fn outstanding(&self) -> Set {
        self.with(Fact::Values).minus(&self.history.pasts(&self.with(Fact::Cover)))
    }

    /// What is in the past of a request to purge.
    pub(super) fn asked(&self) -> Set {
        self.history.pasts(&self.with(Fact::Ask))
    }

    /// The outstanding disclosures of which no original remains. // [STA-17]
    pub(super) fn orphaned(&self) -> Set {
        let corrections = self.outstanding().and(self.history.with(Fact::Correction));
        let originals = self.outstanding().minus(&corrections);
        if originals.is_empty() { corrections } else { Set::default() }
    }

    /// The outstanding originals that the receiver had not seen when it closed in this epoch. // [STA-17]
    pub(super) fn unseen_at_close(&self) -> Set {
        let originals = self.outstanding().minus(self.history.with(Fact::Correction));
        let mut unseen = Set::default();
        for end in self.now(Fact::End).iter().filter(|place| self.history.by_peer(*place)) {
            unseen.join(&originals.minus(self.history.past(end)));
        }
        unseen
    }

    /// Whether everything outstanding is owed: a stop, or a no. // [STA-17]
    pub(super) fn all_owed(&self) -> bool {
        !self.stops().is_empty() || self.refused()
    }

    /// What the receiver must purge or keep under law. // [STA-17]
    pub(super) fn owed(&self) -> Set {
        let outstanding = self.outstanding();
        if outstanding.is_empty() || self.all_owed() {
            return outstanding;
        }
        let mut owed = outstanding.and(&self.asked());
        owed.join(&self.unseen_at_close());
        owed.join(&self.orphaned());
        owed
    }

    /// The offers that are neither recalled nor completed. // [STA-18]
    pub(super) fn offers(&self) -> Set {
        if self.with(Fact::Complete).is_empty() { self.unrecalled() } else { Set::default() }
    }

    /// The offers taken among those that stand. // [STA-18]
    pub(super) fn taken(&self) -> Set {
        let mut taken = Set::default();
        let named = self.with(Fact::Take);
        named.iter().filter_map(|place| self.history.named(place)).for_each(|offer| taken.insert(offer));
        taken.and(&self.offers())
    }

    fn unrecalled(&self) -> Set {
        self.with(Fact::Offer).minus(&self.history.pasts(&self.with(Fact::Recall)))
    }
}
