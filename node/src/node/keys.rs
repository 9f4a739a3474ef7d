//! Keys of this organisation over time: a key record is prepared here, signed elsewhere with the organisation key, and
//! installed here while the node runs.
//!
//! Guarantees that a record counts here only with the secrets of every key that it names, that it is on disk before
//! anything is signed under it, and that a sealing key no record names is destroyed when its grace ends. Leaves to the
//! transport that peers hear of it.

use std::{collections::BTreeSet, sync::Arc};

use uput_core::{
    entropy::Entropy,
    id::{KeyId, OrgId},
    key::{
        Change, Disowned, Endpoint, KeyChain, KeyRecord, KeyRecordDraft, Proposal, PublicKey, Recovery, SealingSecret,
        SigningKey,
    },
    keyfile::NodeSecrets,
    rejection::Rejection,
    time::{Seconds, Span},
    wire,
};
use zeroize::Zeroizing;

use super::{
    Node,
    journal::encode_chain,
    me::{Keys, Retired},
};
use crate::{
    account::AccountId,
    clock::{self, SystemEntropy},
    locked::DoorKey,
    node_key::{self, KeyPlace},
    record::{OwnRecord, RetiredKey},
};

/// How long a record is good for if nothing is said: two years.
const VALID: Span = Span(730 * 86_400);
/// Most sealing keys that a key file holds. [KEY-20]
const MOST_SEALING: usize = 16;

/// What a key record is to say that the newest one does not.
#[derive(Default)]
pub struct NewKeys {
    /// A new signing key.
    pub signing: bool,
    /// A new TLS key.
    pub tls: bool,
    /// A new sealing key.
    pub sealing: bool,
    /// Another organisation key.
    pub organisation: Option<PublicKey>,
    /// Other endpoints.
    pub endpoints: Option<Vec<Endpoint>>,
    /// Other witnesses.
    pub witnesses: Option<Vec<OrgId>>,
    /// Others who may together replace a lost organisation key, or nobody. [NOD-87]
    pub recovery: Option<Option<Recovery>>,
    /// Whether it names a key for the time in which the node is locked; none: as before. [RST-31]
    pub door: Option<bool>,
    /// A signing key that was stolen. [NOD-88]
    pub stolen: Option<Stolen>,
    /// After how long it warns.
    pub valid: Option<Span>,
}

/// Which signing key was stolen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stolen {
    /// That of the newest record: every key of the node is replaced.
    Current,
    /// One that was replaced before it was known.
    Older(KeyId),
}

/// A record that was installed.
pub struct Installed {
    /// Own key records, this one the newest.
    pub chain: Arc<KeyChain>,
    /// For the connections with peers.
    pub tls: SigningKey,
    /// When the oldest key that is still kept is destroyed, seconds since 1970; 0: none is kept.
    pub until: u64,
}

impl Node {
    /// Makes a record that lacks the signature of the organisation key, and keeps the secrets of its new keys beside those in
    /// use. One that was prepared before and not installed is forgotten. [NOD-80]
    ///
    /// # Errors
    /// What of it is out of bounds; [`Rejection::TooMany`] if too many sealing keys wait for their end;
    /// [`Rejection::KeysNotHere`] if this node's key file cannot be read or written.
    pub async fn prepare_keys(&self, mut new: NewKeys) -> Result<Vec<u8>, Rejection> {
        let _alone = self.changing.lock().await;
        let (place, now) = (self.key_place()?, clock::now());
        if new.stolen == Some(Stolen::Current) {
            // What lies in one file was stolen together. [KEY-32]
            (new.signing, new.tls, new.sealing) = (true, true, true);
        }
        let secrets = renewed(place.read().map_err(not_here)?, &new)?;
        let before = self.me.chain();
        let mut draft = KeyRecordDraft::after(before.newest(), now, now.after(new.valid.unwrap_or(VALID)));
        if new.sealing {
            // The newest alone: what was sealed to an older one is opened as long as its grace lasts.
            draft.sealing_keys = secrets.sealing.iter().take(1).map(|secret| secret.public().clone()).collect();
        }
        draft.endpoints = new.endpoints.unwrap_or(draft.endpoints);
        draft.witnesses = new.witnesses.unwrap_or(draft.witnesses);
        draft.recovery = new.recovery.unwrap_or(draft.recovery);
        // It follows from the TLS key, and changes with it. [RST-31]
        let names_door = new.door.unwrap_or(draft.door_key.is_some());
        draft.door_key = names_door.then(|| *DoorKey::of(&secrets.tls).public());
        if let Some(stolen) = new.stolen {
            draft.disowned = Some(self.disowned(stolen, now).await?);
        }
        let organisation = new.organisation.unwrap_or(*before.newest().organisation_key());
        let proposal = Proposal::new(&before, draft, &organisation, &secrets.signing, &secrets.tls)?;
        if new.signing || new.tls || new.sealing {
            place.write_next(&secrets).map_err(not_written)?;
        }
        Ok(proposal.to_bytes())
    }

    /// The stolen key, and the log as far as it is closed: up to there it counts. [NOD-88]
    async fn disowned(&self, stolen: Stolen, now: Seconds) -> Result<Disowned, Rejection> {
        self.close_ticks(now).await?;
        let key = match stolen {
            Stolen::Current => self.me.chain().newest().signing_key().id(),
            Stolen::Older(key) => key,
        };
        let until = self.log.in_tree(|tree| Some(tree.size()).filter(|size| *size > 0).map(|size| (size, tree.root())));
        Ok(Disowned { key, incarnation: self.me.incarnation, until })
    }

    /// Puts a record in that the organisation key has signed: from now on its keys sign, and old sealing keys open letters
    /// for `grace`. Put in before, nothing changes. [NOD-81] [NOD-82]
    ///
    /// # Errors
    /// Why it does not follow the newest record; [`Rejection::KeysNotHere`] if this node does not hold its secrets;
    /// [`Rejection::TooMany`] if this node does not come to rest, [`Rejection::DiskFull`].
    pub async fn install_keys(&self, by: &AccountId, bytes: &[u8], grace: Span) -> Result<Installed, Rejection> {
        let _alone = self.changing.lock().await;
        let place = self.key_place()?;
        let proposal = Proposal::parse(bytes)?;
        let mut chain = KeyChain::clone(&self.me.chain());
        match chain.extend(proposal.envelope())? {
            Change::Extended => {}
            Change::Known if chain.newest_id() == proposal.record().id() => {
                let tls = place.read().map_err(not_here)?.tls;
                return Ok(self.installed(tls));
            }
            _ => return Err(Rejection::BrokenChain),
        }
        let (secrets, prepared) = secrets_of(place, proposal.record())?;
        let (now, own) = (clock::now(), self.me.keys());
        let retired = retire(&own, proposal.record(), now.after(grace));
        let silent = self.me.fall_silent().await.ok_or(Rejection::TooMany)?;
        let entries = self.logged_keys(&chain);
        self.keep_logged(&self.own_record(&chain, &retired, Some(by)), entries).await?;
        if prepared && let Err(error) = place.take_next() {
            // The record counts; at the next start the secrets take their place.
            tracing::error!(%error, "the new key file did not take the place of the old one");
        }
        place.show_door(&secrets.tls, proposal.record());
        let tls = SigningKey::from_seed(secrets.tls.expose_seed());
        let (signing, sealing) = (secrets.signing, secrets.sealing);
        self.me.set_keys(Keys { chain: Arc::new(chain), signing, sealing, retired });
        drop(silent);
        self.destroy_retired_now(place, now).await?;
        self.affirm_disowned().await;
        tracing::info!("a new key record of this organisation counts");
        Ok(self.installed(tls))
    }

    /// Destroys the sealing keys whose grace has ended, in the key file and in memory; tells how many. [NOD-82]
    ///
    /// # Errors
    /// [`Rejection::KeysNotHere`] if the key file cannot be written, [`Rejection::DiskFull`]; it is tried again.
    pub async fn destroy_retired(&self, now: Seconds) -> Result<usize, Rejection> {
        let _alone = self.changing.lock().await;
        let over = |one: &Retired| one.until <= now.get();
        if !self.me.keys().retired.iter().any(over) {
            return Ok(0);
        }
        self.destroy_retired_now(self.key_place()?, now).await
    }

    async fn destroy_retired_now(&self, place: &KeyPlace, now: Seconds) -> Result<usize, Rejection> {
        let own = self.me.keys();
        let (over, kept): (Vec<Retired>, Vec<Retired>) = own.retired.iter().partition(|one| one.until <= now.get());
        if over.is_empty() {
            return Ok(0);
        }
        let mut secrets = place.read().map_err(not_here)?;
        secrets.sealing.retain(|secret| over.iter().all(|one| one.key != secret.id()));
        // The secret goes first: a record that says so while it is still there would be a lie after a crash.
        place.replace(&secrets).map_err(not_written)?;
        forget_prepared(place, &over)?;
        self.keep(&self.own_record(&own.chain, &kept, None)).await?;
        let (signing, sealing) = (secrets.signing, secrets.sealing);
        self.me.set_keys(Keys { chain: Arc::clone(&own.chain), signing, sealing, retired: kept });
        tracing::info!(count = over.len(), "old sealing keys were destroyed");
        Ok(over.len())
    }

    /// How the keys stand.
    #[must_use]
    pub fn view_keys(&self) -> wire::GetKeysResponse {
        let keys = self.me.keys();
        let retired = keys.retired.iter();
        wire::GetKeysResponse {
            key_chain: encode_chain(&keys.chain),
            retired: retired.map(|one| wire::RetiredSealingKey { key: one.key.to_vec(), until: one.until }).collect(),
            prepared: self.key_place().is_ok_and(KeyPlace::is_next_there),
        }
    }

    /// The organisation that a key record is to name as witness: a peer, whose safety number people compared.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`], [`Rejection::PeerNotConfirmed`].
    pub fn witness_named(&self, name: &str) -> Result<OrgId, Rejection> {
        let peer = self.directory.find(name)?;
        if peer.confirmed { Ok(peer.organisation) } else { Err(Rejection::PeerNotConfirmed) }
    }

    fn installed(&self, tls: SigningKey) -> Installed {
        let keys = self.me.keys();
        let until = keys.retired.iter().map(|one| one.until).max().unwrap_or_default();
        Installed { chain: Arc::clone(&keys.chain), tls, until }
    }

    fn own_record(&self, chain: &KeyChain, retired: &[Retired], by: Option<&AccountId>) -> OwnRecord {
        let retired = retired.iter().map(|one| RetiredKey { key: one.key.to_vec(), until: one.until });
        OwnRecord {
            chain: encode_chain(chain),
            incarnation: self.me.incarnation,
            retired: retired.collect(),
            account: by.map(|by| by.to_vec()).unwrap_or_default(),
        }
    }

    fn key_place(&self) -> Result<&KeyPlace, Rejection> {
        self.key_place.get().ok_or(Rejection::KeysNotHere)
    }
}

/// The secrets of the next record: new ones where they are asked for, and the sealing keys of before behind the new one.
fn renewed(now: NodeSecrets, new: &NewKeys) -> Result<NodeSecrets, Rejection> {
    let mut sealing = now.sealing;
    if new.sealing {
        if sealing.len() >= MOST_SEALING {
            return Err(Rejection::TooMany);
        }
        sealing.insert(0, SealingSecret::from_seed(&drawn()));
    }
    Ok(NodeSecrets {
        signing: if new.signing { SigningKey::from_seed(&drawn()) } else { now.signing },
        tls: if new.tls { SigningKey::from_seed(&drawn()) } else { now.tls },
        sealing,
        storage: now.storage,
    })
}

/// Those in use if it names no other, or those that were prepared for it; and which.
fn secrets_of(place: &KeyPlace, record: &KeyRecord) -> Result<(NodeSecrets, bool), Rejection> {
    let now = place.read().map_err(not_here)?;
    if node_key::fits(&now, record) {
        return Ok((now, false));
    }
    let next = place.read_next().map_err(not_here)?.filter(|next| node_key::fits(next, record));
    next.map(|next| (next, true)).ok_or(Rejection::KeysNotHere)
}

/// What was prepared holds them too.
fn forget_prepared(place: &KeyPlace, over: &[Retired]) -> Result<(), Rejection> {
    let Some(mut next) = place.read_next().map_err(not_here)? else { return Ok(()) };
    next.sealing.retain(|secret| over.iter().all(|one| one.key != secret.id()));
    place.write_next(&next).map_err(not_written)
}

/// The sealing keys that `record` names no more, each with its end: that of before, if it had one.
fn retire(own: &Keys, record: &KeyRecord, until: Seconds) -> Vec<Retired> {
    let named: BTreeSet<_> = record.sealing_keys().iter().map(|key| key.id()).collect();
    let before = |key| own.retired.iter().find(|one| one.key == key).copied();
    let old = own.sealing.iter().map(SealingSecret::id).filter(|key| !named.contains(key));
    old.map(|key| before(key).unwrap_or(Retired { key, until: until.get() })).collect()
}

fn drawn() -> Zeroizing<[u8; 32]> {
    let mut seed = Zeroizing::new([0; 32]);
    SystemEntropy.fill(seed.as_mut_slice());
    seed
}

fn not_here(failure: crate::exit::Failure) -> Rejection {
    tracing::error!(%failure, "the node's key file was not read");
    Rejection::KeysNotHere
}

fn not_written(error: std::io::Error) -> Rejection {
    tracing::error!(%error, "the node's key file was not written");
    Rejection::KeysNotHere
}
