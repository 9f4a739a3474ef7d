//! A mailroom in memory: a plain queue per peer, and key records that nobody signs. What a test waits for, it waits for
//! by looking at this state, never by sleeping.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use uput_core::id::{Id, KeyRecordId, OrgId};
use uput_core::key::SigningKey;
use uput_core::rejection::Rejection;
use uput_core::wire::{Envelope, KeyChain, ReceiptOutcome};
use uput_node::peer::{Contact, Copied, Letters, Mailroom, Outgoing, PeerCard, PeerState};

/// Long enough for a slow machine, short enough to notice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The only secret that this mailroom takes.
pub(crate) const SECRET: [u8; 16] = [7; 16];

/// An invented organisation with its TLS keys, one per key record.
#[derive(Clone)]
pub(crate) struct Organisation {
    pub(crate) id: OrgId,
    pub(crate) keys: Vec<[u8; 32]>,
    pub(crate) endpoints: Vec<String>,
    /// What its node shows while it is locked.
    pub(crate) door_key: Option<[u8; 32]>,
}

impl Organisation {
    pub(crate) fn new(name: &str) -> Self {
        let id = OrgId::from(Id::of(name.as_bytes()));
        Self {
            id,
            keys: vec![*Id::of(format!("{name} key 0").as_bytes()).as_bytes()],
            endpoints: Vec::new(),
            door_key: None,
        }
    }

    pub(crate) fn rotate(&mut self) {
        let next = format!("{} key {}", self.id, self.keys.len());
        self.keys.push(*Id::of(next.as_bytes()).as_bytes());
    }

    pub(crate) fn tls_key(&self) -> SigningKey {
        SigningKey::from_seed(self.keys.last().unwrap())
    }

    pub(crate) fn records(&self) -> Vec<Envelope> {
        let record = |(number, seed): (usize, &[u8; 32])| {
            let mut body = self.id.to_vec();
            body.push(u8::try_from(number).unwrap());
            body.extend_from_slice(SigningKey::from_seed(seed).public().as_bytes());
            Envelope { r#type: "invented".into(), body, signatures: Vec::new() }
        };
        self.keys.iter().enumerate().map(record).collect()
    }

    pub(crate) fn newest(&self) -> KeyRecordId {
        Id::of(&self.records().last().unwrap().body).into()
    }
}

struct Known {
    organisation: OrgId,
    records: Vec<Envelope>,
    endpoints: Vec<String>,
    door_key: Option<[u8; 32]>,
    state: PeerState,
}

impl Known {
    fn tls_keys(&self) -> impl Iterator<Item = [u8; 32]> {
        self.records.iter().map(|record| record.body[33..].try_into().unwrap())
    }

    fn card(&self) -> PeerCard {
        PeerCard {
            organisation: self.organisation,
            key_record: Id::of(&self.records.last().unwrap().body).into(),
            key_records: u32::try_from(self.records.len()).unwrap(),
            tls_key: self.tls_keys().last().unwrap(),
            door_key: self.door_key,
            endpoints: self.endpoints.clone(),
            state: self.state,
        }
    }
}

#[derive(Default)]
pub(crate) struct State {
    known: HashMap<OrgId, Known>,
    queued: HashMap<OrgId, VecDeque<(u64, Vec<u8>)>>,
    in_flight: HashMap<u64, Vec<u8>>,
    tickets: u64,
    workers: HashMap<OrgId, usize>,
    /// Letters in the order in which they came.
    pub(crate) received: Vec<Vec<u8>>,
    pub(crate) settled: Vec<(u64, ReceiptOutcome, u32)>,
    pub(crate) disconnections: Vec<Vec<u64>>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) introduced: Vec<[u8; 32]>,
    letters: Letters,
}

/// The mailroom of one organisation.
pub(crate) struct Post {
    pub(crate) us: Organisation,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    /// While false, letters wait before they are on this memory's disk.
    pub(crate) open: watch::Sender<bool>,
}

impl Post {
    pub(crate) fn new(us: Organisation) -> Self {
        Self { us, state: Mutex::default(), changed: watch::channel(()).0, open: watch::channel(true).0 }
    }

    pub(crate) fn meet(&self, other: &Organisation) {
        let (records, endpoints) = (other.records(), other.endpoints.clone());
        let (organisation, door_key) = (other.id, other.door_key);
        let known = Known { organisation, records, endpoints, door_key, state: PeerState::Confirmed };
        self.change(|state| state.known.insert(other.id, known));
    }

    /// How far the two have come, as this side sees it.
    pub(crate) fn stand(&self, with: &OrgId, how: PeerState) {
        self.change(|state| state.known.get_mut(with).unwrap().state = how);
    }

    /// How letters fare from now on.
    pub(crate) fn fare(&self, letters: Letters) {
        self.change(|state| state.letters = letters);
    }

    pub(crate) fn send(&self, to: &OrgId, letter: &[u8]) -> u64 {
        self.change(|state| {
            state.tickets += 1;
            let ticket = state.tickets;
            state.queued.entry(*to).or_default().push_back((ticket, letter.to_vec()));
            ticket
        })
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap())
    }

    /// Waits until `reached`.
    pub(crate) async fn until(&self, what: &str, reached: impl Fn(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        let wait = async {
            while !self.look(&reached) {
                changes.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        let seen = self.look(|state| format!("{:?}, {} letters", state.contacts, state.received.len()));
        waited.unwrap_or_else(|_| panic!("not reached: {what}; contacts {seen}"));
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock().unwrap());
        self.changed.send_replace(());
        result
    }
}

impl Mailroom for Post {
    fn organisation(&self) -> OrgId {
        self.us.id
    }

    fn own_chain(&self) -> KeyChain {
        KeyChain { records: self.us.records() }
    }

    fn newest_key_record(&self) -> KeyRecordId {
        self.us.newest()
    }

    fn key_records_from(&self, known: u32) -> Vec<Envelope> {
        self.us.records().into_iter().skip(known as usize).collect()
    }

    fn record_id(&self, record: &Envelope) -> Option<KeyRecordId> {
        Some(Id::of(&record.body).into())
    }

    fn peer_by_tls_key(&self, tls_key: &[u8; 32]) -> Option<PeerCard> {
        let names = |known: &&Known| known.tls_keys().any(|key| key == *tls_key);
        self.look(|state| state.known.values().find(names).map(Known::card))
    }

    fn peer(&self, organisation: &OrgId) -> Option<PeerCard> {
        self.look(|state| state.known.get(organisation).map(Known::card))
    }

    fn peers(&self) -> Vec<PeerCard> {
        self.look(|state| state.known.values().map(Known::card).collect())
    }

    async fn introduce(&self, secret: &[u8], tls_key: [u8; 32], chain: KeyChain) -> Result<KeyChain, Rejection> {
        if secret != SECRET {
            return Err(Rejection::BadInvitation);
        }
        let organisation = OrgId::parse(&chain.records[0].body[..32])?;
        let state = PeerState::Confirmed;
        let known = Known { organisation, records: chain.records, endpoints: Vec::new(), door_key: None, state };
        self.change(|state| {
            state.introduced.push(tls_key);
            state.known.insert(organisation, known);
        });
        Ok(self.own_chain())
    }

    async fn learn(&self, organisation: &OrgId, records: Vec<Envelope>) -> Result<(), Rejection> {
        if records.iter().any(|record| !record.body.starts_with(organisation.as_bytes())) {
            return Err(Rejection::BrokenChain);
        }
        self.change(|state| {
            let known = state.known.get_mut(organisation).ok_or(Rejection::UnknownSigner)?;
            // Nobody signs these records: another one with a number that is taken is a stranger's.
            let other = |record: &Envelope| {
                known.records.iter().any(|here| here.body[32] == record.body[32] && here.body != record.body)
            };
            if records.iter().any(other) {
                return Err(Rejection::BrokenChain);
            }
            for record in records {
                if !known.records.iter().any(|here| here.body == record.body) {
                    known.records.push(record);
                }
            }
            Ok(())
        })
    }

    async fn receive(&self, from: &OrgId, letter: Vec<u8>) -> (ReceiptOutcome, u32) {
        if letter.starts_with(b"poison") {
            return (ReceiptOutcome::Refused, Rejection::Malformed.number());
        }
        if letter.starts_with(b"stale") {
            return (ReceiptOutcome::StaleKey, Rejection::StaleKey.number());
        }
        assert!(self.peer(from).is_some());
        self.change(|state| state.received.push(letter));
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        (ReceiptOutcome::Stored, 0)
    }

    async fn next_letter(&self, to: &OrgId) -> Outgoing {
        let mut changes = self.changed.subscribe();
        loop {
            let next = {
                let mut state = self.state.lock().unwrap();
                let next = state.queued.get_mut(to).and_then(VecDeque::pop_front);
                if let Some((ticket, letter)) = &next {
                    state.in_flight.insert(*ticket, letter.clone());
                }
                next
            };
            match next {
                Some((ticket, letter)) => return Outgoing { ticket, letter },
                None => changes.changed().await.unwrap(),
            }
        }
    }

    /// What waits, behind a ticket.
    async fn next_copy(&self, to: &OrgId, behind: Option<u64>) -> Copied {
        let mut changes = self.changed.subscribe();
        loop {
            let next = self.look(|state| {
                let mut queued = state.queued.get(to).into_iter().flatten();
                queued.find(|(ticket, _)| Some(*ticket) > behind).cloned()
            });
            match next {
                Some((upto, letter)) => return Copied { upto, letter },
                None => changes.changed().await.unwrap(),
            }
        }
    }

    async fn settle(&self, to: &OrgId, ticket: u64, outcome: ReceiptOutcome, code: u32) {
        self.change(|state| {
            let letter = state.in_flight.remove(&ticket).expect("settled once");
            state.settled.push((ticket, outcome, code));
            if outcome == ReceiptOutcome::StaleKey {
                // Sealed anew, as far as this memory can.
                let anew = [b"anew ".as_slice(), &letter].concat();
                state.queued.entry(*to).or_default().push_front((ticket, anew));
            }
        });
    }

    fn disconnected(&self, to: &OrgId, unsettled: Vec<u64>) {
        self.change(|state| {
            *state.workers.get_mut(to).unwrap() -= 1;
            for ticket in &unsettled {
                let letter = state.in_flight.remove(ticket).expect("in flight");
                state.queued.entry(*to).or_default().push_back((*ticket, letter));
            }
            state.disconnections.push(unsettled);
        });
    }

    fn letters(&self, _: &OrgId) -> Letters {
        self.look(|state| state.letters)
    }

    fn contact(&self, organisation: &OrgId, what: Contact) {
        self.change(|state| {
            if what == Contact::Connected {
                let workers = state.workers.entry(*organisation).or_default();
                *workers += 1;
                assert_eq!(*workers, 1, "one worker per organisation");
            }
            state.contacts.push(what);
        });
    }
}
