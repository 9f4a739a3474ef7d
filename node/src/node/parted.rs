//! A trail in which somebody who held a party's key has said something.
//!
//! Guarantees that nobody here goes on in it as if the other party had said that: what follows would name an event that
//! the other one never had, and wait for ever. Leaves to the trail what is here: it stays, and stays readable. [KEY-33]

use uput_core::{
    event::Statement,
    id::{EventId, KeyRecordId},
    rejection::Rejection,
};

use super::{Node, put_back::KnowsMore, trails::Loaded};

impl Node {
    /// Whether it holds events of the other party by a key that counts no more, which that party has not made its own since.
    pub(super) fn is_parted(&self, loaded: &Loaded) -> bool {
        let other = loaded.other(&self.me.organisation);
        let (Some(side), Some(chain)) = (loaded.trail.side(&other), self.chain_of(&other)) else { return false };
        let is_own = |record: &KeyRecordId| chain.signing_key_of(record).is_some() && !self.is_disowned(&other, record);
        // A head whose last event has not come yet may count whatever is here.
        let is_here = |last: &Option<EventId>| last.is_none_or(|last| loaded.trail.event(&last).is_some());
        let heads = loaded.heads_of(&other).filter(|head| is_own(&head.key)).map(|head| head.own_last);
        let heads: Vec<Option<EventId>> = heads.collect();
        let heard = !heads.is_empty() && heads.iter().all(is_here);
        let counts = |record: &KeyRecordId| is_own(record) || !heard && chain.signing_key_of(record).is_some();
        !loaded.trail.unclaimed(side, counts, heads.into_iter().flatten()).is_empty()
    }

    /// What is destroyed for her, or kept under a law, is said all the same: it stands here, and in what is exported.
    pub(super) fn demand_whole(&self, loaded: &Loaded, statement: &Statement) -> Result<(), Rejection> {
        let for_her = matches!(statement, Statement::Purged(_) | Statement::Retained { .. } | Statement::Withdrawn);
        if !for_her && self.is_parted(loaded) { Err(Rejection::TrailParted) } else { Ok(()) }
    }

    /// Why an event is not taken that has seen more of us than is here: where somebody may have had a key of ours, it may
    /// have seen what that one said, which never comes. [KEY-34]
    pub(super) fn name_parted(&self, refused: Rejection, more: Option<KnowsMore>) -> Rejection {
        let stolen = more.is_some() && self.me.incarnation == 0 && self.may_be_robbed();
        if stolen && refused == Rejection::MissingPredecessor { Rejection::TrailParted } else { refused }
    }
}
