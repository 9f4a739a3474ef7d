//! What a trail amounts to, from pointers and kinds alone: what the invariants compare the evaluation with.
//!
//! A set of events is a number with a bit for each place in the chains. All of them are effective.

use uput_core::state::{Kind, Side};

use crate::chains::Chains;

impl Chains {
    pub(crate) fn all(&self) -> u64 {
        (1 << self.nodes.len()) - 1
    }

    /// Those of these kinds among these events.
    pub(crate) fn of(&self, kinds: &[Kind], among: u64) -> u64 {
        self.those(among, |place| kinds.contains(&self.nodes[place].kind))
    }

    pub(crate) fn by(&self, side: Side, among: u64) -> u64 {
        self.those(among, |place| self.nodes[place].side == side)
    }

    /// What is in the past of any of these.
    pub(crate) fn pasts_of(&self, events: u64) -> u64 {
        places(events).fold(0, |past, place| past | self.pasts[place])
    }

    /// Those of these kinds that no reopening has seen.
    fn standing(&self, kinds: &[Kind], among: u64) -> u64 {
        self.of(kinds, among) & !self.pasts_of(self.of(&[Kind::Reopened], among))
    }

    pub(crate) fn under_law(&self) -> bool {
        self.of(&[Kind::Opened2], self.all()) != 0
    }

    pub(crate) fn stops(&self, among: u64) -> u64 {
        let stops = self.standing(&[Kind::Revoked, Kind::Misdirected, Kind::ChosenElsewhere], among);
        if self.under_law() { stops } else { stops | self.standing(&[Kind::Withdrawn], among) }
    }

    pub(crate) fn world(&self, among: u64) -> u64 {
        self.standing(
            &[Kind::ContactMade, Kind::CouldNotReach, Kind::Started, Kind::Provided, Kind::Visited, Kind::VisitedNo],
            among,
        )
    }

    /// What discloses values: reopening, the sender says again what it has said.
    pub(crate) fn values(&self, among: u64) -> u64 {
        let said =
            [Kind::Opened1, Kind::Opened2, Kind::Need, Kind::Identity, Kind::Corrected, Kind::Minutes, Kind::Plan];
        self.of(&said, among) | self.restated(&said, among)
    }

    /// What states the need.
    pub(crate) fn questions(&self, among: u64) -> u64 {
        self.of(&[Kind::Opened1, Kind::Opened2, Kind::Need], among)
            | self.restated(
                &[Kind::Opened1, Kind::Opened2, Kind::Need, Kind::Identity, Kind::Corrected, Kind::Minutes, Kind::Plan],
                among,
            )
    }

    fn restated(&self, said: &[Kind], among: u64) -> u64 {
        let reopened = self.by(Side::Opener, self.of(&[Kind::Reopened], among));
        self.those(reopened, |place| self.of(said, self.pasts[place]) != 0)
    }

    /// What the receiver still has.
    pub(crate) fn outstanding(&self, among: u64) -> u64 {
        self.values(among) & !self.pasts_of(self.of(&[Kind::Purged, Kind::Retained], among))
    }

    /// The longest sequence of reopenings, each having seen the one before.
    pub(crate) fn epoch(&self, among: u64) -> u32 {
        let reopened = self.of(&[Kind::Reopened], among);
        places(reopened).map(|place| 1 + self.epoch(self.pasts[place])).max().unwrap_or(0)
    }

    fn epoch_of(&self, place: usize) -> u32 {
        self.epoch(self.pasts[place]) + u32::from(self.nodes[place].kind == Kind::Reopened)
    }

    /// The decisions that grant, but for those that one which refuses has seen.
    pub(crate) fn grounds(&self, among: u64) -> u64 {
        self.of(&[Kind::Decision], among) & !self.pasts_of(self.of(&[Kind::DecisionNo], among))
    }

    /// Whether the newest answer of the epoch is a yes of one who had seen all that states the need.
    pub(crate) fn covering(&self, among: u64) -> bool {
        use Kind::*;
        let epoch = self.epoch(among);
        let answers = self.of(&[Held, Accepted, PartlyAccepted, Waitlisted, Declined, Redirected], among);
        let now = self.those(answers, |place| self.epoch_of(place) == epoch);
        let newest = now & !self.pasts_of(now);
        let covers = |place: usize| {
            let yes = matches!(self.nodes[place].kind, Accepted | PartlyAccepted);
            yes && self.questions(among) & !self.pasts[place] == 0
        };
        newest != 0 && places(newest).all(covers)
    }

    fn those(&self, among: u64, is: impl Fn(usize) -> bool) -> u64 {
        places(among).filter(|place| is(*place)).fold(0, |those, place| those | 1 << place)
    }

    /// The set of these IDs.
    pub(crate) fn set<'a>(&self, ids: impl IntoIterator<Item = &'a uput_core::id::EventId>) -> u64 {
        ids.into_iter().fold(0, |set, id| set | 1 << self.place(*id))
    }
}

/// The places of a set, ascending.
pub(crate) fn places(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(place)
    })
}
