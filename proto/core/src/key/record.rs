//! Key records: an organisation's signed statement of its current keys.
//!
//! Guarantees: a [`KeyRecord`] is within its bounds and was signed by every Ed25519 key that it names.
//! Leaves to the chain: that the previous organisation key signed too, and that the record continues the one before.

use crate::codec;
use crate::envelope::{Envelope, MediaType};
use crate::id::{Id, KeyId, KeyRecordId, OrgId};
use crate::key::{Disowned, Endpoint, PublicKey, SealingPublic, SigningKey};
use crate::rejection::Rejection;
use crate::time::{Grain, LATEST, Seconds};
use crate::wire;

/// The one suite of this version. [KEY-5]
pub const SUITE: u32 = 1;
/// Most sealing keys, and most endpoints.
const MAX_KEYS: usize = 4;
/// Most witnesses, and most keys of a recovery set.
const MAX_ORGANISATIONS: usize = 16;
/// Seconds of a log tick.
const TICK: u64 = 600;

/// What one record says.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    id: KeyRecordId,
    organisation: OrgId,
    number: u32,
    previous: Option<KeyRecordId>,
    content: Content,
}

/// The fields that an organisation chooses.
#[derive(Clone, PartialEq, Eq)]
struct Content {
    organisation_key: PublicKey,
    signing_key: PublicKey,
    tls_key: PublicKey,
    sealing_keys: Vec<SealingPublic>,
    endpoints: Vec<Endpoint>,
    witnesses: Vec<OrgId>,
    recovery: Option<Recovery>,
    log_base_tick: u64,
    time: Seconds,
    end: Seconds,
    disowned: Option<Disowned>,
    door_key: Option<PublicKey>,
}

/// Who may together replace a lost organisation key. [KEY-26]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// How many of them are needed.
    pub threshold: u32,
    /// Ascending; of people and of other organisations.
    pub keys: Vec<PublicKey>,
}

impl KeyRecord {
    /// Parses a record; signatures are not looked at. Keys that `before` names too were admitted with it.
    pub(super) fn parse(envelope: &Envelope, before: Option<&Self>) -> Result<Self, Rejection> {
        if !envelope.is(MediaType::KEY_RECORD) {
            return Err(Rejection::WrongType);
        }
        let record: wire::KeyRecord = codec::decode(envelope.body())?;
        let (id, previous) = (envelope.id().into(), KeyRecordId::parse_optional(&record.previous)?);
        let organisation = parse_place(envelope.id(), &record, previous)?;
        let content = Content::parse(&record, before.map(|before| &before.content))?;
        content.check_others(organisation, record.number)?;
        Ok(Self { id, organisation, number: record.number, previous, content })
    }

    /// Its ID.
    #[must_use]
    pub const fn id(&self) -> KeyRecordId {
        self.id
    }

    /// Whose it is; of a first record, its own ID.
    #[must_use]
    pub const fn organisation(&self) -> OrgId {
        self.organisation
    }

    /// Position in the chain, from 0.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The record before.
    #[must_use]
    pub const fn previous(&self) -> Option<KeyRecordId> {
        self.previous
    }

    /// Signs key records and agreements.
    #[must_use]
    pub const fn organisation_key(&self) -> &PublicKey {
        &self.content.organisation_key
    }

    /// Signs events, heads, bundles, checkpoints and cosignatures.
    #[must_use]
    pub const fn signing_key(&self) -> &PublicKey {
        &self.content.signing_key
    }

    /// The key of the node's TLS certificate.
    #[must_use]
    pub const fn tls_key(&self) -> &PublicKey {
        &self.content.tls_key
    }

    /// SHA-256 of the TLS key's SubjectPublicKeyInfo. [KEY-15]
    #[must_use]
    pub fn tls_pin(&self) -> [u8; 32] {
        self.content.tls_key.tls_pin()
    }

    /// One to four, newest first; letters are sealed to the first.
    #[must_use]
    pub fn sealing_keys(&self) -> &[SealingPublic] {
        &self.content.sealing_keys
    }

    /// Where the node can be reached; none if it only dials out.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.content.endpoints
    }

    /// Ascending.
    #[must_use]
    pub fn witnesses(&self) -> &[OrgId] {
        &self.content.witnesses
    }

    /// Who may replace a lost organisation key.
    #[must_use]
    pub const fn recovery(&self) -> Option<&Recovery> {
        self.content.recovery.as_ref()
    }

    /// Number of the log's first tick.
    #[must_use]
    pub const fn log_base_tick(&self) -> u64 {
        self.content.log_base_tick
    }

    /// When it was made, claimed.
    #[must_use]
    pub const fn time(&self) -> Seconds {
        self.content.time
    }

    /// From when on it warns; it never stops a running trail.
    #[must_use]
    pub const fn end(&self) -> Seconds {
        self.content.end
    }

    /// The stolen key, and up to where it counts. [KEY-31]
    #[must_use]
    pub const fn disowned(&self) -> Option<&Disowned> {
        self.content.disowned.as_ref()
    }

    /// What the node shows while it is locked; nothing that is said by it counts. [KEY-40]
    #[must_use]
    pub const fn door_key(&self) -> Option<&PublicKey> {
        self.content.door_key.as_ref()
    }

    /// Whether a TLS key or sealing key of the record before stays in use. [KEY-32]
    pub(super) fn keeps_keys_of(&self, before: &Self) -> bool {
        self.tls_key() == before.tls_key() || self.sealing_keys().iter().any(|key| before.sealing_keys().contains(key))
    }

    /// Whether it names a key for anything that is signed. [KEY-32]
    pub(super) fn names(&self, key: &KeyId) -> bool {
        let own = [self.organisation_key(), self.signing_key(), self.tls_key()];
        let recovery = self.recovery().into_iter().flat_map(|recovery| &recovery.keys);
        own.into_iter().chain(recovery).chain(self.door_key()).any(|named| named.id() == *key)
    }
}

/// What is needed to write a record; [`sign_key_record`] checks it.
pub struct KeyRecordDraft {
    /// The organisation and the record before; absent for a first record.
    pub after: Option<(OrgId, KeyRecordId)>,
    /// Position in the chain, from 0.
    pub number: u32,
    /// Newest first, one to four.
    pub sealing_keys: Vec<SealingPublic>,
    /// None to four.
    pub endpoints: Vec<Endpoint>,
    /// In any order.
    pub witnesses: Vec<OrgId>,
    /// Who may replace a lost organisation key.
    pub recovery: Option<Recovery>,
    /// Number of the log's first tick.
    pub log_base_tick: u64,
    /// Now; the seconds are cut off.
    pub time: Seconds,
    /// From when on the record warns.
    pub end: Seconds,
    /// A stolen signing key of an earlier record.
    pub disowned: Option<Disowned>,
    /// What the node shows while it is locked.
    pub door_key: Option<PublicKey>,
}

impl KeyRecordDraft {
    /// The record that would follow `newest` without changing anything but the time.
    #[must_use]
    pub fn after(newest: &KeyRecord, time: Seconds, end: Seconds) -> Self {
        Self {
            after: Some((newest.organisation, newest.id)),
            number: newest.number.saturating_add(1),
            sealing_keys: newest.content.sealing_keys.clone(),
            endpoints: newest.content.endpoints.clone(),
            witnesses: newest.content.witnesses.clone(),
            recovery: newest.content.recovery.clone(),
            log_base_tick: newest.content.log_base_tick,
            time,
            end,
            disowned: None,
            door_key: newest.content.door_key,
        }
    }
}

/// Signs a record with every key that it names, and with the organisation key that it replaces. [KEY-12]
///
/// # Errors
/// What [`KeyChain::verify`](crate::key::KeyChain::verify) would refuse of this record alone.
pub fn sign_key_record(
    draft: KeyRecordDraft,
    organisation: &SigningKey,
    signing: &SigningKey,
    tls: &SigningKey,
    previous_organisation: Option<&SigningKey>,
) -> Result<Envelope, Rejection> {
    let previous: Vec<&SigningKey> = previous_organisation.into_iter().collect();
    sign_recovered_record(draft, organisation, signing, tls, &previous)
}

/// Signs a record with every key that it names, and with keys of the recovery set of the record before. [KEY-27]
///
/// # Errors
/// As [`sign_key_record`].
pub fn sign_recovered_record(
    draft: KeyRecordDraft,
    organisation: &SigningKey,
    signing: &SigningKey,
    tls: &SigningKey,
    approving: &[&SigningKey],
) -> Result<Envelope, Rejection> {
    let body = codec::encode(&draft.into_wire(organisation.public(), signing.public(), tls.public()));
    let mut keys = vec![organisation, signing, tls];
    keys.extend(approving.iter().filter(|key| key.public() != organisation.public()));
    let envelope = Envelope::sign(MediaType::KEY_RECORD, body, &keys)?;
    KeyRecord::parse(&envelope, None)?;
    Ok(envelope)
}

impl KeyRecordDraft {
    pub(super) fn into_wire(
        mut self,
        organisation: &PublicKey,
        signing: &PublicKey,
        tls: &PublicKey,
    ) -> wire::KeyRecord {
        self.witnesses.sort_unstable();
        let recovery = self.recovery.map(|mut recovery| {
            recovery.keys.sort_unstable_by_key(|key| *key.as_bytes());
            let keys = recovery.keys.iter().map(|key| key.as_bytes().to_vec()).collect();
            wire::Recovery { threshold: recovery.threshold, keys }
        });
        wire::KeyRecord {
            organisation: self.after.map(|(organisation, _)| organisation.to_vec()).unwrap_or_default(),
            number: self.number,
            previous: self.after.map(|(_, previous)| previous.to_vec()).unwrap_or_default(),
            suite: SUITE,
            organisation_key: organisation.as_bytes().to_vec(),
            signing_key: signing.as_bytes().to_vec(),
            tls_key: tls.as_bytes().to_vec(),
            sealing_keys: self.sealing_keys.iter().map(SealingPublic::to_vec).collect(),
            endpoints: self.endpoints.iter().map(Endpoint::to_string).collect(),
            witnesses: self.witnesses.iter().map(OrgId::to_vec).collect(),
            recovery,
            log_base_tick: self.log_base_tick,
            time: self.time.floor(Grain::Minute).get(),
            end: self.end.floor(Grain::Minute).get(),
            disowned: self.disowned.map(|disowned| disowned.to_wire()),
            door_key: self.door_key.map(|key| key.as_bytes().to_vec()).unwrap_or_default(),
        }
    }
}

/// Number, previous and organisation fit together. [KEY-6]
fn parse_place(id: Id, record: &wire::KeyRecord, previous: Option<KeyRecordId>) -> Result<OrgId, Rejection> {
    match (OrgId::parse_optional(&record.organisation)?, record.number, previous) {
        (None, 0, None) => Ok(id.into()),
        (Some(organisation), 1.., Some(_)) => Ok(organisation),
        _ => Err(Rejection::Malformed),
    }
}

impl Content {
    fn parse(record: &wire::KeyRecord, before: Option<&Self>) -> Result<Self, Rejection> {
        if record.suite != SUITE {
            return Err(if record.suite > SUITE { Rejection::NeedsUpgrade } else { Rejection::Malformed }); // [KEY-5]
        }
        let admitted = before.map(|before| [before.organisation_key, before.signing_key, before.tls_key]);
        let admit =
            |bytes: &[u8]| PublicKey::parse_beside(bytes, admitted.as_ref().map_or(&[], |keys| keys.as_slice()));
        let content = Self {
            organisation_key: admit(&record.organisation_key)?,
            signing_key: admit(&record.signing_key)?,
            tls_key: admit(&record.tls_key)?,
            sealing_keys: parse_sealing_keys(&record.sealing_keys)?,
            endpoints: parse_endpoints(&record.endpoints)?,
            witnesses: parse_organisations(&record.witnesses)?,
            recovery: record.recovery.as_ref().map(|recovery| parse_recovery(recovery, before)).transpose()?,
            log_base_tick: record.log_base_tick,
            time: Seconds::new(record.time).ok_or(Rejection::Malformed)?,
            end: Seconds::new(record.end).ok_or(Rejection::Malformed)?,
            disowned: record.disowned.as_ref().map(Disowned::parse).transpose()?,
            door_key: match record.door_key.as_slice() {
                [] => None,
                key => Some(PublicKey::parse_beside(key, before.and_then(|before| before.door_key).as_slice())?),
            },
        };
        content.check_keys()?;
        content.check_times()?;
        Ok(content)
    }

    /// One key, one use. [KEY-7] [KEY-26] [KEY-40]
    fn check_keys(&self) -> Result<(), Rejection> {
        let (organisation, signing, tls) = (self.organisation_key, self.signing_key, self.tls_key);
        let mut recovery = self.recovery.iter().flat_map(|recovery| &recovery.keys);
        let distinct = organisation != signing
            && organisation != tls
            && signing != tls
            && self.door_key.is_none_or(|door| ![organisation, signing, tls].contains(&door))
            && recovery.all(|key| ![organisation, signing, tls].contains(key) && self.door_key != Some(*key));
        if distinct { Ok(()) } else { Err(Rejection::Malformed) }
    }

    /// Whole minutes, the end after the time, a tick that a calendar reaches. [KEY-10]
    fn check_times(&self) -> Result<(), Rejection> {
        let whole = self.time.fits(Grain::Minute) && self.end.fits(Grain::Minute);
        let ordered = self.time < self.end && self.log_base_tick <= LATEST / TICK;
        if whole && ordered { Ok(()) } else { Err(Rejection::Malformed) }
    }

    /// Other organisations come from the second record on, and nobody witnesses itself; nothing was stolen before the first.
    /// [KEY-9] [KEY-31]
    fn check_others(&self, organisation: OrgId, number: u32) -> Result<(), Rejection> {
        let names_itself = self.witnesses.contains(&organisation);
        let too_early = number == 0 && (!self.witnesses.is_empty() || self.disowned.is_some());
        if names_itself || too_early { Err(Rejection::Malformed) } else { Ok(()) }
    }
}

/// One to four, no key twice. [KEY-8]
fn parse_sealing_keys(keys: &[Vec<u8>]) -> Result<Vec<SealingPublic>, Rejection> {
    if !(1..=MAX_KEYS).contains(&keys.len()) {
        return Err(Rejection::Malformed);
    }
    let keys = keys.iter().map(|key| SealingPublic::parse(key)).collect::<Result<Vec<_>, _>>()?;
    if has_duplicate(&keys) { Err(Rejection::Malformed) } else { Ok(keys) }
}

/// None to four, none twice. [KEY-11]
fn parse_endpoints(endpoints: &[String]) -> Result<Vec<Endpoint>, Rejection> {
    if endpoints.len() > MAX_KEYS {
        return Err(Rejection::Malformed);
    }
    let endpoints = endpoints.iter().map(|text| Endpoint::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if has_duplicate(&endpoints) { Err(Rejection::Malformed) } else { Ok(endpoints) }
}

/// Strictly ascending, sixteen at most. [KEY-9]
fn parse_organisations(organisations: &[Vec<u8>]) -> Result<Vec<OrgId>, Rejection> {
    let parsed = organisations.iter().map(|bytes| OrgId::parse(bytes)).collect::<Result<Vec<_>, _>>()?;
    let ascending = parsed.is_sorted_by(|a, b| a < b) && parsed.len() <= MAX_ORGANISATIONS;
    if ascending { Ok(parsed) } else { Err(Rejection::Malformed) }
}

/// Strictly ascending, sixteen at most, as many as are needed. Keys that the record before has too were admitted with it.
/// [KEY-26]
fn parse_recovery(recovery: &wire::Recovery, before: Option<&Content>) -> Result<Recovery, Rejection> {
    let admitted = before.and_then(|before| before.recovery.as_ref()).map_or(&[][..], |recovery| &recovery.keys);
    let keys = recovery.keys.iter().map(|key| PublicKey::parse_beside(key, admitted)).collect::<Result<Vec<_>, _>>()?;
    let needed = usize::try_from(recovery.threshold).map_err(|_| Rejection::Malformed)?;
    let ascending = keys.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()) && keys.len() <= MAX_ORGANISATIONS;
    if ascending && (1..=keys.len()).contains(&needed) {
        Ok(Recovery { threshold: recovery.threshold, keys })
    } else {
        Err(Rejection::Malformed)
    }
}

fn has_duplicate<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(index, item)| items.iter().skip(index + 1).any(|other| other == item))
}
