//! Letters over a node in between: between whom this node relays, and whom it reaches over another.
//!
//! Guarantees that nothing is relayed, left or fetched which the operators did not allow. Leaves to `mailbox` what lies here
//! for others, and to the outbox what waits: a relay's word takes nothing from it. [RLY-1] [RLY-2] [RLY-6]

mod fetching;
mod keeping;
mod leaving;
mod left;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use uput_core::{id::OrgId, rejection::Rejection, time::Seconds, wire};

use super::{
    Node, OpenError,
    journal::{all, with_positions},
};
use crate::{
    account::AccountId,
    mailbox::{Heap, Quota},
    peer::PeerState,
    record::{self, ConsentRecord, LeftRecord, RouteRecord},
    storage::{Position, StorageError},
};
pub(super) use leaving::ENOUGH;
use left::Left;

/// What a consent says unless it says otherwise, and at most. [RLY-1]
const USUAL: Quota = Quota { letters: 256, bytes: 16 << 20, days: 14 };
const MOST: Quota = Quota { letters: 65_536, bytes: 4 << 30, days: 30 };
/// For how long something lies at a relay before it is worth a warning: a day. [RLY-16]
const LONG: u64 = 86_400;

/// Two organisations, the smaller first.
type Pair = (OrgId, OrgId);

/// What this node relays, and what it leaves with relays.
#[derive(Default)]
pub(super) struct Relays {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    consents: BTreeMap<Pair, Quota>,
    routes: HashMap<OrgId, Route>,
    left: HashMap<OrgId, Left>,
    next_ticket: u64,
    /// To whom each letter is that waits for a relay's receipt.
    flying: HashMap<u64, OrgId>,
    /// Of how many letters each depositor was told on which day that they are gone. [RLY-18]
    told: HashMap<OrgId, (u64, usize)>,
}

/// Over whom a peer is reached.
#[derive(Clone, Copy)]
struct Route {
    relay: OrgId,
    /// What was left before it was chosen counts no more. [RLY-5]
    chosen: Position,
}

impl Relays {
    /// Over whom a peer is reached.
    fn over(&self, peer: &OrgId) -> Option<OrgId> {
        self.lock().routes.get(peer).map(|route| route.relay)
    }

    /// Who is reached over a relay.
    fn beyond(&self, relay: &OrgId) -> Vec<OrgId> {
        let state = self.lock();
        let beyond = state.routes.iter().filter(|(_, route)| route.relay == *relay);
        let mut beyond: Vec<OrgId> = beyond.map(|(peer, _)| *peer).collect();
        beyond.sort_unstable();
        beyond
    }

    fn quota(&self, one: &OrgId, other: &OrgId) -> Option<Quota> {
        self.lock().consents.get(&pair(*one, *other)).copied().filter(|quota| quota.letters > 0)
    }

    // A panic while the lock was held could at worst leave something at a relay twice, which is harmless.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pair(one: OrgId, other: OrgId) -> Pair {
    if one < other { (one, other) } else { (other, one) }
}

impl Node {
    /// Reads what the operators chose, and what lies where.
    pub(super) fn read_relays(&self) -> Result<(), OpenError> {
        let parse = |bytes: &[u8]| OrgId::parse(bytes).map_err(OpenError::Unreadable);
        let mut state = self.relays.lock();
        for kept in all::<ConsentRecord>(&self.storage, record::CONSENTS)? {
            let quota = Quota { letters: kept.letters, bytes: kept.bytes, days: kept.days };
            state.consents.insert((parse(&kept.first)?, parse(&kept.second)?), quota);
        }
        for (chosen, kept) in with_positions::<RouteRecord>(&self.storage, record::ROUTES)? {
            if let Some(relay) = OrgId::parse_optional(&kept.relay).map_err(OpenError::Unreadable)? {
                state.routes.insert(parse(&kept.organisation)?, Route { relay, chosen });
            }
        }
        for entry in self.storage.index().with_prefix(record::LEFT, b"") {
            let (key, value) = entry.map_err(StorageError::from)?;
            let unreadable = || OpenError::Unreadable(Rejection::Malformed);
            let (to, item) = record::parse_queue_key(&key).ok_or_else(unreadable)?;
            let at = record::position(&value).ok_or_else(unreadable)?;
            let kept: LeftRecord = super::journal::read_at(&self.storage, at)?;
            // One that an earlier relay still answered for was kept after another was chosen.
            let is_of = |route: &Route| route.chosen < at && kept.relay == route.relay.to_vec();
            if state.routes.get(&to).is_some_and(is_of) {
                state.left.entry(to).or_default().restore(item, &kept).ok_or_else(unreadable)?;
            }
        }
        Ok(())
    }

    /// Lets this node relay between two peers; without a quota it takes nothing in any more. [RLY-1]
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`], [`Rejection::PeerNotConfirmed`], [`Rejection::BadValue`] for one organisation twice or more
    /// than a consent may say.
    pub async fn allow_relay(
        &self,
        by: &AccountId,
        peers: [&str; 2],
        quota: Option<Quota>,
    ) -> Result<wire::RelayConsent, Rejection> {
        let [first, second] = peers.map(|name| self.relay_end(name));
        let (first, second) = pair(first?, second?);
        let before = self.relays.lock().consents.get(&(first, second)).copied().unwrap_or(USUAL);
        let quota = match quota {
            Some(quota) => completed(quota),
            None => Quota { letters: 0, ..before },
        };
        let too_much = quota.letters > MOST.letters || quota.bytes > MOST.bytes || quota.days > MOST.days;
        if first == second || too_much {
            return Err(Rejection::BadValue);
        }
        let _alone = self.changing.lock().await;
        let record = ConsentRecord {
            first: first.to_vec(),
            second: second.to_vec(),
            letters: quota.letters,
            bytes: quota.bytes,
            days: quota.days,
            account: by.to_vec(),
        };
        self.keep(&record).await?;
        self.relays.lock().consents.insert((first, second), quota);
        Ok(self.shown_consent(&(first, second), quota, crate::clock::now()))
    }

    /// Chooses the relay over which a peer is reached, or none. [RLY-2]
    ///
    /// # Errors
    /// As [`Node::allow_relay`].
    pub async fn use_relay(
        &self,
        by: &AccountId,
        peer: &str,
        relay: Option<&str>,
    ) -> Result<wire::RelayRoute, Rejection> {
        let peer = self.relay_end(peer)?;
        let relay = relay.map(|name| self.relay_end(name)).transpose()?;
        if relay == Some(peer) {
            return Err(Rejection::BadValue);
        }
        let _alone = self.changing.lock().await;
        let record = RouteRecord {
            organisation: peer.to_vec(),
            relay: relay.map(|relay| relay.to_vec()).unwrap_or_default(),
            account: by.to_vec(),
        };
        let chosen = self.keep(&record).await?;
        let mut state = self.relays.lock();
        // [RLY-5] From now on nothing lies anywhere: it is left again, also with the same one.
        state.left.entry(peer).or_default().begin_anew();
        match relay {
            Some(relay) => state.routes.insert(peer, Route { relay, chosen }),
            None => state.routes.remove(&peer),
        };
        drop(state);
        self.relays.changed.notify_waiters();
        Ok(self.shown_route(&peer, crate::clock::now()))
    }

    fn relay_end(&self, name: &str) -> Result<OrgId, Rejection> {
        let peer = self.directory.find(name)?.organisation;
        if self.is_confirmed(&peer) { Ok(peer) } else { Err(Rejection::PeerNotConfirmed) }
    }

    /// What waits for a peer, or is on its way to it.
    fn waiting_for(&self, peer: &OrgId) -> HashSet<Position> {
        self.outbox.queue(peer).all().into_iter().map(|(position, ..)| position).collect()
    }

    fn is_confirmed(&self, peer: &OrgId) -> bool {
        matches!(self.directory.state_of(peer), Some(PeerState::Confirmed | PeerState::Frozen))
    }

    /// Between whom this node relays, and over whom it reaches others. [RLY-15]
    #[must_use]
    pub fn relays(&self, now: Seconds) -> wire::ListRelaysResponse {
        let state = self.relays.lock();
        let (consents, mut peers) = (state.consents.clone(), state.routes.keys().copied().collect::<Vec<_>>());
        drop(state);
        peers.sort_unstable();
        let consents = consents.iter().map(|(pair, quota)| self.shown_consent(pair, *quota, now)).collect();
        let routes = peers.iter().map(|peer| self.shown_route(peer, now)).collect();
        wire::ListRelaysResponse { consents, routes }
    }

    /// Over whom a peer is reached while there is no line; none if over nobody. [RLY-19]
    #[must_use]
    pub fn relay_to(&self, peer: &OrgId, now: Seconds) -> Option<wire::RelayRoute> {
        self.relays.over(peer).map(|_| self.shown_route(peer, now))
    }

    fn shown_consent(&self, (first, second): &Pair, quota: Quota, now: Seconds) -> wire::RelayConsent {
        wire::RelayConsent {
            first: self.directory.name(first),
            second: self.directory.name(second),
            letters: quota.letters,
            bytes: quota.bytes,
            days: quota.days,
            for_first: Some(shown_heap(self.mailbox.heap(second, first), now)),
            for_second: Some(shown_heap(self.mailbox.heap(first, second), now)),
        }
    }

    fn shown_route(&self, peer: &OrgId, now: Seconds) -> wire::RelayRoute {
        let waiting = self.waiting_for(peer);
        let state = self.relays.lock();
        let relay = state.routes.get(peer).map(|route| route.relay);
        let stands = |left: &Left| left.standing(|item| waiting.contains(item));
        let (items, oldest, code) = state.left.get(peer).map(stands).unwrap_or_default();
        drop(state);
        wire::RelayRoute {
            peer: self.directory.name(peer),
            relay: relay.map(|relay| self.directory.name(&relay)).unwrap_or_default(),
            items,
            oldest_seconds: age(oldest, now),
            code,
        }
    }

    /// What lies at relays and nobody says to have, and relays that take nothing. [RLY-16]
    pub(super) fn check_relays(&self, now: Seconds) -> Option<wire::Check> {
        let routes = self.relays(now).routes;
        let old = routes.iter().filter(|route| route.oldest_seconds >= LONG).max_by_key(|route| route.oldest_seconds);
        if let Some(route) = old {
            let hours = route.oldest_seconds / 3600;
            return Some(warning(
                format!(
                    "what lies at {} for {} since {hours} hours has no word of {}: it does not come for it, or the relay withholds it",
                    route.relay, route.peer, route.peer
                ),
                "telephone both; another relay takes it too (`uput relay use`), and so does a stick (`uput peer carry --out`)",
            ));
        }
        let refused = routes.iter().find(|route| route.code != 0)?;
        let code = Rejection::ALL.iter().find(|known| known.number() == refused.code).map_or("-", |known| known.code());
        Some(warning(
            format!("{} does not take letters for {}: {code}", refused.relay, refused.peer),
            "ask its operator whether `uput relay allow` is said for the two of you, and how full it is; what waits is not lost",
        ))
    }
}

fn warning(finding: String, remedy: &str) -> wire::Check {
    wire::Check {
        name: "relay".to_owned(),
        level: wire::CheckLevel::Warning.into(),
        finding,
        remedy: remedy.to_owned(),
    }
}

fn completed(quota: Quota) -> Quota {
    Quota {
        letters: if quota.letters == 0 { USUAL.letters } else { quota.letters },
        bytes: if quota.bytes == 0 { USUAL.bytes } else { quota.bytes },
        days: if quota.days == 0 { USUAL.days } else { quota.days },
    }
}

fn shown_heap(heap: Heap, now: Seconds) -> wire::RelayHeap {
    wire::RelayHeap { letters: heap.letters, bytes: heap.bytes, oldest_seconds: age(heap.oldest, now) }
}

/// How old something is, in seconds; what there is none of has no age.
fn age(since: u64, now: Seconds) -> u64 {
    if since == 0 { 0 } else { now.get().saturating_sub(since) }
}
