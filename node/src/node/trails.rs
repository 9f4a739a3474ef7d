//! Trails as this node holds them: read from the journal, kept in memory while they are used.
//!
//! Guarantees that a trail in memory is what the journal says: each event is verified again when it is read back, and a
//! trail whose commit failed is forgotten and read anew. One task at a time works on a trail.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex as StdMutex, PoisonError},
};

use prost::Message;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uput_core::{
    agreement::{Agreement, Request},
    codec,
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Event, EventPrefix, Statement},
    id::{EventId, Id, KeyRecordId, OrgId, TrailId},
    key::{KeyChain, PublicKey},
    rejection::Rejection,
    slot::{self, Disclosed},
    time::Seconds,
    trail::Trail,
    wire,
};
use zeroize::Zeroizing;

use super::staff_boxes::StaffBox;
use crate::{
    record::{self, EventRecord, Evidence},
    seal,
    storage::{KeyKind, NewTrailKeys, Position, TrailKeys},
};

/// How many trails stay in memory at most, those in use aside: the newer half always does.
const KEPT: usize = 4096;

/// The trails in memory.
#[derive(Default)]
pub(super) struct Trails {
    kept: StdMutex<Kept>,
}

/// Where a trail is kept: the same place for all who ask.
type Place = Arc<Mutex<Option<Loaded>>>;

/// Places, the ones used lately apart from the older ones.
#[derive(Default)]
struct Kept {
    newer: HashMap<TrailId, Place>,
    older: HashMap<TrailId, Place>,
}

/// One trail with what this node knows beside its events.
pub(super) struct Loaded {
    /// Its events.
    pub(super) trail: Trail,
    /// The agreement that it is pinned to.
    pub(super) agreement: Arc<Agreement>,
    /// What is known beside each event.
    pub(super) beside: BTreeMap<EventId, Beside>,
    /// Heads of either party, newest last.
    pub(super) heads: Vec<Envelope>,
    /// When they were stored, as far as it is known.
    pub(super) head_times: BTreeMap<Id, Seconds>,
    /// Those of ours that went to the peer.
    pub(super) told: BTreeSet<Id>,
    /// Its keys, as far as they are not destroyed; after each erasure of values comes a new generation.
    pub(super) keys: Vec<TrailKeys>,
    /// How many of them are over for values, though not destroyed yet. [BAK-55]
    pub(super) ended: usize,
    /// To what its values are sealed, the newest last; empty: to no staff.
    pub(super) boxes: Vec<StaffBox>,
}

/// Values of an event as its record keeps them.
#[derive(Default)]
pub(super) struct KeptValues {
    /// Under the value key.
    pub(super) values: Vec<u8>,
    /// Which value key.
    pub(super) generation: u32,
    /// To which box, inside; 0: none.
    pub(super) sealed_to: u32,
    /// For the way.
    pub(super) dispatch: Vec<u8>,
}

/// What this node knows beside an event.
#[derive(Clone)]
pub(super) struct Beside {
    /// Where its record is.
    pub(super) position: Position,
    /// When it was stored.
    pub(super) stored: u64,
    /// The clock of this computer had been set, and nobody had confirmed it. [TIM-91]
    pub(super) clock_set: bool,
    /// Labels that were dropped unread.
    pub(super) stripped: Vec<String>,
    /// Why nothing beyond stage 0 was kept, if that is so.
    pub(super) lowered: Option<Rejection>,
    /// The event of another trail that it cites.
    pub(super) cited: Option<Envelope>,
    /// Labels whose words were let pass knowingly. [NST-11]
    pub(super) knowingly: Vec<String>,
}

/// A trail that nobody else works on meanwhile.
pub(super) type Held = OwnedMutexGuard<Option<Loaded>>;

impl Trails {
    /// Waits for a trail to be free. It is `None` until it is read or opened.
    pub(super) async fn hold(&self, id: &TrailId) -> Held {
        self.place(id).lock_owned().await
    }

    fn place(&self, id: &TrailId) -> Place {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.newer.get(id) {
            return place.clone();
        }
        if kept.newer.len() >= KEPT / 2 {
            kept.forget();
        }
        let place = kept.older.remove(id).unwrap_or_default();
        kept.newer.insert(*id, place.clone());
        place
    }
}

impl Kept {
    /// Drops the older ones; what was newer is older now.
    fn forget(&mut self) {
        let older = std::mem::replace(&mut self.older, std::mem::take(&mut self.newer));
        // Only what nobody holds may go: two places for one trail would be two truths.
        self.newer = older.into_iter().filter(|(_, place)| Arc::strong_count(place) > 1).collect();
    }
}

impl Loaded {
    /// A trail that begins.
    pub(super) fn begin(
        opening: Verified<Event>,
        agreement: Arc<Agreement>,
        keys: TrailKeys,
    ) -> Result<Self, Rejection> {
        let opened_at = agreement.effective_stage(&opening);
        let trail = Trail::open(opening, opened_at)?;
        Ok(Self {
            trail,
            agreement,
            beside: BTreeMap::new(),
            heads: Vec::new(),
            head_times: BTreeMap::new(),
            told: BTreeSet::new(),
            keys: vec![keys],
            ended: 0,
            boxes: Vec::new(),
        })
    }

    /// The other party.
    pub(super) fn other(&self, us: &OrgId) -> OrgId {
        use uput_core::state::Side::{Opener, Peer};
        let opener = self.trail.party(Opener);
        if opener == *us { self.trail.party(Peer) } else { opener }
    }

    /// The number of the next record.
    pub(super) fn ordinal(&self) -> u32 {
        u32::try_from(self.beside.len()).unwrap_or(u32::MAX)
    }

    /// When the other party's machine said that it has an event, as it claims.
    pub(super) fn delivered(&self, id: &EventId) -> Option<Seconds> {
        self.trail.events().find(|event| event.statement == Statement::Delivered(*id)).map(|event| event.time)
    }

    /// The question that the agreement is asked about an event's slots.
    pub(super) fn request<'a>(&'a self, event: &Event) -> Option<Request<'a>> {
        Request::of(self.trail.opening_event().ok()?, event)
    }

    /// Opens a disclosure of an event of this trail.
    pub(super) fn open(&self, event: &Event, disclosure: &wire::Disclosure) -> Result<Disclosed, Rejection> {
        slot::open(disclosure, &event.slots, &self.trail.opening()?.nonce, &event.author)
    }

    /// Opens the values that a record kept of an event's slots; none if they are gone, or sealed to staff. For whoever
    /// asked for values.
    pub(super) fn values(&self, event: &Event, record: &EventRecord) -> Option<Disclosed> {
        if record.sealed_to != 0 {
            return None;
        }
        let values = self.unseal(&record.values, KeyKind::Value, record.generation, b"values").ok()?;
        self.disclosed(event, &values)
    }

    /// Opens the labels that a record kept of an event's slots. They outlive the values, and come without their key.
    /// [NOD-24]
    pub(super) fn labels(&self, event: &Event, record: &EventRecord) -> Option<Disclosed> {
        let labels = Zeroizing::new(self.evidence(record).ok()?.labels);
        if labels.is_empty() { None } else { self.disclosed(event, &labels) }
    }

    /// Values as they are sealed to a box; none if they are gone, or were never sealed so. [STF-15]
    pub(super) fn sealed(&self, event: &Event, record: &EventRecord) -> Option<wire::SealedValues> {
        if record.sealed_to == 0 {
            return None;
        }
        let values = self.unseal(&record.values, KeyKind::Value, record.generation, b"values").ok()?;
        let event = event_envelope(self, event)?;
        Some(wire::SealedValues { r#box: record.sealed_to, values: values.to_vec(), event })
    }

    fn disclosed(&self, event: &Event, bytes: &[u8]) -> Option<Disclosed> {
        let disclosure = wire::Disclosure::decode(bytes).ok()?;
        self.open(event, &disclosure).ok()
    }

    /// The part of a record that outlives its values.
    pub(super) fn evidence(&self, record: &EventRecord) -> Result<Evidence, Rejection> {
        let bytes = self.unseal(&record.evidence, KeyKind::Evidence, 0, b"evidence")?;
        Evidence::decode(bytes.as_slice()).map_err(|_| Rejection::Malformed)
    }

    /// Opens what is sealed under one of the trail's keys.
    pub(super) fn unseal(
        &self,
        sealed: &[u8],
        kind: KeyKind,
        generation: u32,
        part: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejection> {
        let place = usize::try_from(generation).unwrap_or(usize::MAX);
        let keys = self.keys.get(place).ok_or(Rejection::NoSuchTrail)?;
        unseal(keys, &self.trail.id(), sealed, kind, part)
    }

    /// Seals under the trail's evidence key.
    pub(super) fn seal_evidence(&self, plain: &[u8], part: &[u8]) -> Result<Vec<u8>, Rejection> {
        let keys = self.keys.first().ok_or(Rejection::NoSuchTrail)?;
        seal(keys, &self.trail.id(), plain, KeyKind::Evidence, part)
    }

    /// Seals under the newest value key; tells which that is.
    pub(super) fn seal_values(&self, plain: &[u8]) -> Result<(Vec<u8>, u32), Rejection> {
        let keys = self.keys.last().ok_or(Rejection::NoSuchTrail)?;
        let generation = u32::try_from(self.keys.len().saturating_sub(1)).unwrap_or(u32::MAX);
        Ok((seal(keys, &self.trail.id(), plain, KeyKind::Value, b"values")?, generation))
    }

    /// Values as they are kept: under the newest value key, and inside it to the newest box, if there is one; with a key
    /// for the way, once more under that. [STF-10] [STF-12]
    pub(super) fn keep_values(
        &self,
        event: &EventId,
        plain: &[u8],
        dispatch: Option<&NewTrailKeys>,
    ) -> Result<KeptValues, Rejection> {
        let Some(newest) = self.boxes.last() else {
            let (values, generation) = self.seal_values(plain)?;
            return Ok(KeptValues { values, generation, ..KeptValues::default() });
        };
        let (values, generation) = self.seal_values(&newest.seal(event, plain)?)?;
        let dispatch = match dispatch {
            // The key seals what is sent to the peer, and is destroyed when that has arrived.
            Some(key) => {
                let sealed = seal::seal(key.value.expose(), &key.trail, plain);
                self.seal_values(&sealed.map_err(|_| Rejection::Malformed)?)?.0
            }
            None => Vec::new(),
        };
        Ok(KeptValues { values, generation, sealed_to: newest.number, dispatch })
    }

    /// Seals the digests of words under the newest value key.
    pub(super) fn seal_words(&self, plain: &[u8]) -> Result<Vec<u8>, Rejection> {
        let keys = self.keys.last().ok_or(Rejection::NoSuchTrail)?;
        seal(keys, &self.trail.id(), plain, KeyKind::Value, b"words")
    }

    /// After an erasure: keys for values that come now. To be committed with them. [NOD-23]
    pub(super) fn renew(&mut self) -> Result<Option<NewTrailKeys>, Rejection> {
        if self.keys.len() > self.ended && self.keys.last().is_some_and(|keys| keys.value.is_some()) {
            return Ok(None);
        }
        let generation = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let (new, keys) = new_keys(&self.trail.id(), generation)?;
        self.keys.push(keys);
        Ok(Some(new))
    }
}

/// An event of a trail as it was signed.
fn event_envelope(loaded: &Loaded, event: &Event) -> Option<Vec<u8>> {
    Some(loaded.trail.event(&event.id)?.envelope().to_bytes())
}

/// Opens what is sealed under one of a trail's keys.
pub(super) fn unseal(
    keys: &TrailKeys,
    trail: &TrailId,
    sealed: &[u8],
    kind: KeyKind,
    part: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let key = key(keys, kind).ok_or(Rejection::NoSuchTrail)?;
    // The key opens what is read from the journal.
    seal::open(key.expose(), &record::trail_aad(trail, part), sealed).map_err(|_| Rejection::Malformed)
}

/// Seals under one of a trail's keys.
fn seal(keys: &TrailKeys, trail: &TrailId, plain: &[u8], kind: KeyKind, part: &[u8]) -> Result<Vec<u8>, Rejection> {
    let key = key(keys, kind).ok_or(Rejection::StepNotAllowed)?;
    // The key seals what is written to the journal.
    seal::seal(key.expose(), &record::trail_aad(trail, part), plain).map_err(|_| Rejection::Malformed)
}

const fn key(keys: &TrailKeys, kind: KeyKind) -> Option<&crate::storage::TrailKey> {
    match kind {
        KeyKind::Value => keys.value.as_ref(),
        KeyKind::Evidence => keys.evidence.as_ref(),
        KeyKind::Whole => None,
    }
}

/// The keys of a new trail, for its first commit and for use.
pub(super) fn new_keys(trail: &TrailId, generation: u32) -> Result<(NewTrailKeys, TrailKeys), Rejection> {
    let new = NewTrailKeys::generate(record::key_name(trail, generation)).map_err(|_| Rejection::Malformed)?;
    let keys = TrailKeys { value: Some(new.value.clone()), evidence: Some(new.evidence.clone()) };
    Ok((new, keys))
}

/// An event that was admitted here: where its author's chain has the record no more, because another branch was decided to
/// count, by the key that had signed it then. What a trail holds stays readable. [NOD-89]
pub(super) fn verify_kept(
    evidence: &Evidence,
    chain_of: impl Fn(&OrgId) -> Option<Arc<KeyChain>>,
) -> Result<Verified<Event>, Rejection> {
    let envelope = Envelope::parse(&evidence.envelope)?;
    let id = envelope.id();
    match (verify_event(envelope.clone(), chain_of), PublicKey::parse(&evidence.signing_key)) {
        (Err(Rejection::UnknownSigner), Ok(key)) => {
            verify_one(envelope, MediaType::EVENT, &key, |body| Event::parse(id, body))
        }
        (verified, _) => verified,
    }
}

/// An event whose one signature verifies under the key that its author's record names. [EVT-18]
pub(super) fn verify_event(
    envelope: Envelope,
    chain_of: impl Fn(&OrgId) -> Option<Arc<KeyChain>>,
) -> Result<Verified<Event>, Rejection> {
    if !envelope.is(MediaType::EVENT) {
        // What will never be an event is not waited for.
        let event = EventPrefix::version(envelope.media_type()).is_some();
        return Err(if event { Rejection::NeedsUpgrade } else { Rejection::WrongType });
    }
    // Author and key are read before the signature verifies, to know which key must verify it, and used for no more.
    let prefix: wire::EventBody = codec::decode(envelope.body())?;
    let author = OrgId::parse(&prefix.author)?;
    let key = KeyRecordId::parse(&prefix.key)?;
    let chain = chain_of(&author).ok_or(Rejection::UnknownSigner)?;
    let key = chain.signing_key_of(&key).ok_or(Rejection::UnknownSigner)?;
    let id = envelope.id();
    verify_one(envelope, MediaType::EVENT, key, |body| Event::parse(id, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::id::Id;

    #[tokio::test]
    async fn a_trail_in_use_keeps_its_place_and_old_ones_are_forgotten() {
        let trails = Trails::default();
        let id = |n: usize| TrailId::from(Id::of(&n.to_be_bytes()));
        let _held = trails.hold(&id(0)).await;
        for n in 1..2 * KEPT {
            drop(trails.hold(&id(n)).await);
        }
        assert!(trails.place(&id(0)).try_lock().is_err());
        let kept = trails.kept.lock().unwrap();
        assert!(kept.newer.len() + kept.older.len() <= KEPT);
    }
}
