//! Other organisations: their key chains, what this node calls them, and invitations.
//!
//! Guarantees that a chain here has verified, and that nobody counts as confirmed whose safety number people did not
//! compare. Leaves to others writing it to the journal before it is taken in.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use uput_core::{
    id::OrgId,
    key::{KeyChain, SafetyNumber, safety_number},
    rejection::Rejection,
    time::Seconds,
};

use crate::peer::{Contact, Difficulty, PeerCard, PeerState, Skew};

/// What is known of other organisations.
#[derive(Default)]
pub(super) struct Directory {
    state: RwLock<State>,
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
    /// How far its clock is from ours, and when that was measured.
    pub skew: Option<(Skew, Instant)>,
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

impl Peer {
    /// The more exact of two measurements is kept, and an old one not at all. [TIM-40]
    fn measured(&mut self, skew: Skew) {
        let worse = |(known, since): &(Skew, Instant)| skew.bound <= known.bound || since.elapsed() > FRESH;
        if self.skew.as_ref().is_none_or(worse) {
            self.skew = Some((skew, Instant::now()));
        }
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
                skew: None,
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
        self.read().peers.values().any(|peer| peer.name == name && Some(&peer.organisation) != by_other_than)
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
        safety_number(us, them)
    }

    /// How a connection is doing.
    pub(super) fn contact(&self, organisation: &OrgId, what: Contact, now: Seconds) {
        if let Some(peer) = self.write().peers.get_mut(organisation) {
            match what {
                Contact::Connected => {
                    (peer.connected, peer.last_contact, peer.difficulty, peer.skew) = (true, Some(now), None, None);
                }
                Contact::Heard => peer.last_contact = Some(now),
                Contact::Clock(skew) => peer.measured(skew),
                Contact::Failed(difficulty) => (peer.connected, peer.difficulty) = (false, Some(difficulty)),
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
