//! What two parties can still see of a pair of chains, and when two pairs are one.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use uput_core::state::{Kind, Reading, Side};

use crate::chains::Chains;
use crate::kinds::like;

/// Every view that a party can still take, by how much of the other chain it has; the last one is the whole.
pub(crate) struct Views {
    pub(crate) opener: Vec<Reading>,
    pub(crate) peer: Vec<Reading>,
    pub(crate) full: Reading,
    from: [u8; 2],
}

impl Views {
    /// `from`: how many of the other chain the newest event of each party has seen.
    pub(crate) fn of(chains: &Chains, from: [u8; 2]) -> Self {
        let views = |side: Side, from: u8| {
            let others: Vec<_> = chains.own(side.other()).map(|node| node.id).collect();
            let own = chains.last(side);
            let cuts = usize::from(from)..others.len();
            let ids = move |cut: usize| {
                own.into_iter().chain(cut.checked_sub(1).map(|last| others[last])).collect::<Vec<_>>()
            };
            cuts.map(|cut| chains.history.reading_at(&ids(cut)).expect("a view has its opening")).collect::<Vec<_>>()
        };
        let full = chains.history.reading().expect("a pair has its opening");
        Self { opener: views(Side::Opener, from[0]), peer: views(Side::Peer, from[1]), full, from }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Reading> {
        self.opener.iter().chain(&self.peer)
    }

    /// Equal for two pairs from which the same can follow: the same views, and the same kinds of what one party has not
    /// seen, as these decide what is shown of a crossing.
    pub(crate) fn key(&self, chains: &Chains) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.from.hash(&mut hasher);
        self.all().chain([&self.full]).for_each(|view| essence(view, &mut hasher));
        for (side, seen) in [(Side::Peer, self.from[0]), (Side::Opener, self.from[1])] {
            let unseen = chains.own(side).skip(usize::from(seen)).map(|node| like(node.kind));
            unseen.for_each(|kind| kind.hash(&mut hasher));
            side.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Equal for two wholes of which the same is read, up to like kinds.
    pub(crate) fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        essence(&self.full, &mut hasher);
        hasher.finish()
    }
}

/// All of a reading that anything later can depend on.
fn essence(reading: &Reading, hasher: &mut DefaultHasher) {
    let mut ever = [false; 5];
    for (id, event) in &reading.events {
        let asks = matches!(event.kind, Kind::Need | Kind::Reopened | Kind::Opened1 | Kind::Opened2);
        if asks && event.side == Side::Opener {
            (id, event.epoch, event.kind == Kind::Reopened).hash(hasher);
        }
        let [met, misdirected, decided, valued, phoned] = &mut ever;
        *met |= matches!(event.kind, Kind::ContactMade | Kind::Started | Kind::Provided)
            || (event.kind == Kind::Visited && event.side == Side::Peer);
        *misdirected |= event.kind == Kind::Misdirected;
        *decided |= event.kind == Kind::Decision;
        *valued |= matches!(
            event.kind,
            Kind::Opened1 | Kind::Opened2 | Kind::Need | Kind::Identity | Kind::Minutes | Kind::Plan
        );
        *phoned |= event.kind == Kind::Phoned && event.epoch == reading.epoch;
    }
    let kind = |id| reading.events.get(id).map(|event| event.kind);
    let answer = reading.answer.map(|answer| like(answer.kind));
    let now = (reading.live, reading.covering, reading.under_law, reading.stage, reading.epoch, answer);
    (ever, now, reading.offer, reading.responsible).hash(hasher);
    reading.outstanding.iter().for_each(|id| (id, kind(id) == Some(Kind::Corrected)).hash(hasher));
    reading.stops.iter().for_each(|id| (id, kind(id) == Some(Kind::Withdrawn)).hash(hasher));
    let services = reading.world_now.iter().filter(|id| matches!(kind(id), Some(Kind::Started | Kind::Provided)));
    services.for_each(|id| id.hash(hasher));
    (&reading.closings, &reading.owed).hash(hasher);
}
