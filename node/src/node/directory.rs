//! Other organisations: their key chains, what this node calls them, and invitations.
//!
//! Guarantees that a chain here has verified, and that nobody counts as confirmed whose safety number people did not
//! compare. Leaves to others writing it to the journal before it is taken in.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use uput_core::{
    id::OrgId,
    key::{KeyChain, SafetyHalf, SafetyNumber},
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    words,
};

use super::{clocks::is_off, report::AHEAD};
use crate::{
    clock,
    peer::{Contact, Difficulty, PeerCard, PeerState, Skew},
};

/// What is known of other organisations.
#[derive(Default)]
pub(super) struct Directory {
    state: RwLock<State>,
    /// What was asked for once: each half takes milliseconds.
    halves: Mutex<BTreeMap<OrgId, SafetyHalf>>,
}

#[derive(Default)]
struct State {
    chains: BTreeMap<OrgId, Arc<KeyChain>>,
    peers: BTreeMap<OrgId, Peer>,
    invitations: BTreeMap<Vec<u8>, Invitation>,
    by_tls_key: HashMap<[u8; 32], OrgId>,
    /// Whose letter brought a chain first, if it was not its own organisation.
    brought: BTreeMap<OrgId, OrgId>,
}

/// An organisation that was introduced.
#[derive(Clone)]
pub struct Peer {
    /// Who.
    pub organisation: OrgId,
    /// What this node calls it.
    pub name: String,
    /// The safety number was compared.
    pub confirmed: bool,
    /// A connection stands.
    pub connected: bool,
    /// When something was last heard.
    pub last_contact: Option<Seconds>,
    /// Why no connection stands, if that is so.
    pub difficulty: Option<Difficulty>,
    /// How far its clock is from ours.
    pub(super) measured: Option<Measured>,
}

/// An invitation that was made here.
#[derive(Clone)]
pub struct Invitation {
    /// What its user will be called.
    pub name: String,
    /// Until when it can be used.
    pub until: Seconds,
    /// It was used.
    pub used: bool,
}

/// How long a measurement of a clock counts as better than one that is less exact.
const FRESH: Duration = Duration::from_secs(600);

/// How a peer's clock stood to ours, and when that was.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    pub(super) skew: Skew,
    since: Instant,
    /// What our clock showed.
    wall: Seconds,
    /// The same by the counter, which counts sleep too.
    counted: Duration,
}

impl Measured {
    fn now(skew: Skew) -> Self {
        Self { skew, since: Instant::now(), wall: clock::system(), counted: clock::counter() }
    }

    /// Whether that peer's clock, carried on by the counter, shows a time too. [TIM-91]
    pub(super) fn shows(&self, time: Seconds) -> bool {
        let passed = clock::counter().saturating_sub(self.counted).as_secs();
        let theirs = self.wall.get().saturating_add_signed(self.skew.ahead / 1000).saturating_add(passed);
        theirs.abs_diff(time.get()).saturating_add(self.skew.bound / 1000) <= AHEAD.0
    }

    /// Whether our clock was set to another time since: it shows one that is further off than what has passed by the counter
    /// that runs while the computer does. Then this says nothing any more. [TIM-43]
    pub(super) fn is_outrun(&self, now: Seconds) -> bool {
        let expected = self.wall.after(Span(self.since.elapsed().as_secs()));
        now.get().abs_diff(expected.get()) > AHEAD.0
    }

    /// The more exact of two measurements is kept, and an old one not at all. [TIM-40]
    fn gives_way_to(&self, skew: Skew, now: Seconds) -> bool {
        skew.bound <= self.skew.bound || self.since.elapsed() > FRESH || self.is_outrun(now)
    }

    /// Whether it is a reason to end nothing by our clock.
    fn speaks_against_us(&self, now: Seconds) -> bool {
        is_off(&self.skew) || self.is_outrun(now)
    }
}

impl Peer {
    fn measure(&mut self, skew: Skew) {
        let now = clock::system();
        if self.measured.is_none_or(|known| known.gives_way_to(skew, now)) {
            self.measured = Some(Measured::now(skew));
        }
    }

    /// Beyond its connection no clock speaks for ours; that one spoke against it is not forgotten before the next. [TIM-40]
    fn fail(&mut self, difficulty: Difficulty) {
        let now = clock::system();
        self.measured = self.measured.filter(|measured| measured.speaks_against_us(now));
        (self.connected, self.difficulty) = (false, Some(difficulty));
    }
}

impl Directory {
    /// Takes in a chain that has verified; tells whether it is longer than what was here, or forks.
    pub(super) fn set_chain(&self, chain: KeyChain) {
        let mut state = self.write();
        for record in chain.records() {
            state.by_tls_key.insert(*record.tls_key().as_bytes(), chain.organisation());
        }
        state.chains.insert(chain.organisation(), Arc::new(chain));
    }

    /// Notes whose letter brought a chain first.
    pub(super) fn set_brought(&self, organisation: OrgId, from: OrgId) {
        self.write().brought.insert(organisation, from);
    }

    /// Whose letter brought a chain first.
    pub(super) fn bringer(&self, organisation: &OrgId) -> Option<OrgId> {
        self.read().brought.get(organisation).copied()
    }

    /// The organisations whose chains a peer brought.
    pub(super) fn brought_by(&self, from: &OrgId) -> Vec<OrgId> {
        let state = self.read();
        state.brought.iter().filter(|(_, by)| *by == from).map(|(organisation, _)| *organisation).collect()
    }

    /// The chain of an organisation.
    pub(super) fn chain(&self, organisation: &OrgId) -> Option<Arc<KeyChain>> {
        self.read().chains.get(organisation).cloned()
    }

    /// Every chain.
    pub(super) fn chains(&self) -> Vec<Arc<KeyChain>> {
        self.read().chains.values().cloned().collect()
    }

    /// Takes in what this node calls an organisation.
    pub(super) fn set_peer(&self, organisation: OrgId, name: String, confirmed: bool) {
        let mut state = self.write();
        let known = state.peers.get(&organisation).cloned();
        let peer = match known {
            Some(peer) => Peer { name, confirmed, ..peer },
            None => Peer {
                organisation,
                name,
                confirmed,
                connected: false,
                last_contact: None,
                difficulty: None,
                measured: None,
            },
        };
        state.peers.insert(organisation, peer);
    }

    /// An organisation by its local name or its OrgId in hexadecimal.
    pub(super) fn find(&self, name: &str) -> Result<Peer, Rejection> {
        let state = self.read();
        let by_id = OrgId::from_hex(name).ok().and_then(|id| state.peers.get(&id));
        by_id.or_else(|| state.peers.values().find(|peer| peer.name == name)).cloned().ok_or(Rejection::NoSuchPeer)
    }

    /// An organisation that was introduced.
    pub(super) fn peer(&self, organisation: &OrgId) -> Option<Peer> {
        self.read().peers.get(organisation).cloned()
    }

    /// All of them by name.
    pub(super) fn peers(&self) -> Vec<Peer> {
        let mut peers: Vec<Peer> = self.read().peers.values().cloned().collect();
        peers.sort_by(|a, b| a.name.cmp(&b.name));
        peers
    }

    /// What this node calls an organisation; the beginning of its OrgId if it has no name here.
    pub(super) fn name(&self, organisation: &OrgId) -> String {
        let short = || organisation.to_string().chars().take(8).collect();
        self.peer(organisation).map_or_else(short, |peer| peer.name)
    }

    /// Whether a local name is taken by another organisation.
    pub(super) fn name_is_taken(&self, name: &str, by_other_than: Option<&OrgId>) -> bool {
        let looks = looks(name);
        self.read().peers.values().any(|peer| {
            Some(&peer.organisation) != by_other_than && (peer.name == name || self::looks(&peer.name) == looks)
        })
    }

    /// Takes in an invitation.
    pub(super) fn set_invitation(&self, digest: Vec<u8>, invitation: Invitation) {
        self.write().invitations.insert(digest, invitation);
    }

    /// An invitation that can be used now.
    pub(super) fn invitation(&self, digest: &[u8], now: Seconds) -> Option<Invitation> {
        let found = self.read().invitations.get(digest).cloned();
        found.filter(|invitation| !invitation.used && now <= invitation.until)
    }

    /// Names of invitations that were not used, and can be.
    pub(super) fn invited(&self, now: Seconds) -> Vec<String> {
        let state = self.read();
        let open = state.invitations.values().filter(|invitation| !invitation.used && now <= invitation.until);
        open.map(|invitation| invitation.name.clone()).collect()
    }

    /// How far two organisations have come.
    pub(super) fn state_of(&self, organisation: &OrgId) -> Option<PeerState> {
        let state = self.read();
        let (peer, chain) = (state.peers.get(organisation)?, state.chains.get(organisation)?);
        // A stranger does not become a partner by forking its own keys.
        Some(match (chain.is_forked(), peer.confirmed) {
            (true, true) => PeerState::Frozen,
            (false, true) => PeerState::Confirmed,
            (_, false) => PeerState::Introduced,
        })
    }

    /// What the transport may know of an organisation.
    pub(super) fn card(&self, organisation: &OrgId) -> Option<PeerCard> {
        let state = self.state_of(organisation)?;
        let chain = self.chain(organisation)?;
        let newest = chain.newest();
        Some(PeerCard {
            organisation: *organisation,
            key_record: chain.newest_id(),
            key_records: newest.number().saturating_add(1),
            tls_key: *newest.tls_key().as_bytes(),
            door_key: newest.door_key().map(|key| *key.as_bytes()),
            endpoints: newest.endpoints().iter().map(ToString::to_string).collect(),
            state,
        })
    }

    /// Who names a TLS key in any of its records.
    pub(super) fn by_tls_key(&self, tls_key: &[u8; 32]) -> Option<OrgId> {
        self.read().by_tls_key.get(tls_key).copied()
    }

    /// The number that people compare.
    pub(super) fn safety_number(&self, us: &OrgId, them: &OrgId) -> SafetyNumber {
        self.half(us).with(&self.half(them))
    }

    fn half(&self, organisation: &OrgId) -> SafetyHalf {
        let kept = self.halves.lock().unwrap_or_else(PoisonError::into_inner).get(organisation).cloned();
        kept.unwrap_or_else(|| {
            let made = SafetyHalf::of(organisation);
            self.halves.lock().unwrap_or_else(PoisonError::into_inner).insert(*organisation, made.clone());
            made
        })
    }

    /// How a connection is doing.
    pub(super) fn contact(&self, organisation: &OrgId, what: Contact, now: Seconds) {
        if let Some(peer) = self.write().peers.get_mut(organisation) {
            match what {
                Contact::Connected => {
                    (peer.connected, peer.last_contact, peer.difficulty, peer.measured) = (true, Some(now), None, None);
                }
                Contact::Heard => peer.last_contact = Some(now),
                Contact::Clock(skew) => peer.measure(skew),
                Contact::Failed(difficulty) => peer.fail(difficulty),
            }
        }
    }

    // A panic while the lock was held leaves the maps whole: each change is one insertion.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a name is to a hurried reader: without case, marks, script and signs, as words are found. [NOD-61] [CAS-62]
fn looks(name: &str) -> String {
    let folded = words::folded(&Sensitive::new(name.to_owned()));
    // The name of an organisation is no personal data.
    folded.expose().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Skew = Skew { ahead: 700_000, bound: 1 };
    const NEAR: Skew = Skew { ahead: 1000, bound: 1 };

    /// [NOD-61]
    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in
            [("Shelter A", "shelter  a"), ("Sigurna kuća", "SIGURNA KUCA"), ("Kuća", "Кућа"), ("A\u{a0}1", "A-1")]
        {
            assert_eq!(looks(one), looks(other), "{one}");
        }
        assert_ne!(looks("Shelter A"), looks("Shelter B"));
    }

    /// [TIM-43]
    #[test]
    fn a_measurement_says_nothing_after_our_clock_was_set() {
        let measured = Measured::now(NEAR);
        let at = |seconds: i64| Seconds::new(measured.wall.get().saturating_add_signed(seconds)).unwrap();
        for (later, outrun) in [(0, false), (599, false), (-599, false), (700, true), (-700, true), (86_400 * 3, true)]
        {
            assert_eq!(measured.is_outrun(at(later)), outrun, "{later}");
            assert_eq!(measured.speaks_against_us(at(later)), outrun, "{later}");
            let less_exact = Skew { bound: 50, ..NEAR };
            assert_eq!(measured.gives_way_to(less_exact, at(later)), outrun, "{later}");
        }
        let by_the_counter = Measured { since: measured.since.checked_sub(FRESH * 2).unwrap(), ..measured };
        assert!(!by_the_counter.is_outrun(at(1200)), "so much time has passed");
        assert!(by_the_counter.is_outrun(at(0)), "and the clock must show it");
        assert!(Measured::now(FAR).speaks_against_us(clock::system()));
    }

    /// [TIM-40] [TIM-43]
    #[test]
    fn beyond_its_connection_no_clock_speaks_for_ours() {
        let (directory, them) = (Directory::default(), OrgId::parse(&[7; 32]).unwrap());
        directory.set_peer(them, "shelter".to_owned(), true);
        let now = clock::system();
        for (skew, kept) in [(NEAR, false), (FAR, true)] {
            directory.contact(&them, Contact::Connected, now);
            directory.contact(&them, Contact::Clock(skew), now);
            assert!(directory.peer(&them).unwrap().measured.is_some());
            directory.contact(&them, Contact::Failed(Difficulty::Unreachable), now);
            assert_eq!(directory.peer(&them).unwrap().measured.is_some(), kept, "{skew:?}");
        }
        directory.contact(&them, Contact::Connected, now);
        assert!(directory.peer(&them).unwrap().measured.is_none());
    }
}
