//! Reading the node's memory back from the journal when it starts, and writing to it.

use std::sync::{Arc, OnceLock};

use prost::Message;
use uput_core::{
    codec,
    envelope::Envelope,
    event::Event,
    id::{AgreementId, KeyId, OrgId, TrailId},
    key::KeyChain,
    log::EntryKind,
    rejection::Rejection,
    time::Seconds,
    wire,
};

use super::{
    Node, Secrets,
    accesses::Accesses,
    agreements::{Agreements, Held},
    approvals::Approvals,
    case_list::CaseList,
    challenge::{Lately, Putting},
    changes::Changes,
    directory::{Directory, Invitation},
    endings::Endings,
    head::HeadClock,
    log::{Logged, Witnessing, is_logged, logged},
    me::{Keys, Me, Retired},
    on_call::OnCall,
    outbox::{Outbox, Refused, Waiting},
    outlines::Outlines,
    overrides::Overrides,
    retention::Retentions,
    search::Found,
    staff_boxes::StaffBox,
    staff_dispatch::Arrived,
    trails::{Beside, Loaded, Trails, unseal, verify_kept},
};
use crate::{
    case::Cases,
    log::{Log, Witnesses},
    mailbox::Mailbox,
    record::{
        self, AgreementRecord, ChainRecord, ChallengeRecord, EntriesRecord, EventRecord, Evidence, HeadRecord,
        InvitationRecord, Kept, OwnRecord, PeerRecord, ProofRecord, PutBackRecord, PutRecord, RetiredKey,
        SettledRecord,
    },
    staff::StaffRegister,
    storage::{Commit, CommitError, Draft, Durable, KeyKind, Position, Record, Storage, StorageError, TrailKeys},
    store::Tree,
};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The folder was made, and nobody was founded in it.
    #[error("the data folder holds no organisation; make a new one with `uputd init`")]
    NotFounded,
    /// Something in it is not what this program wrote.
    #[error("a record of the journal does not read as what it is: {0}; restore the folder from a backup")]
    Unreadable(Rejection),
    /// A new incarnation could not be begun.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Key file and folder do not belong together.
    #[error("the key file belongs to another node: it does not hold the keys that the newest key record names")]
    WrongKeys,
}

impl Node {
    /// Writes the first record of a new folder: who the organisation is.
    ///
    /// # Errors
    /// [`CommitError`].
    pub async fn found(storage: &Storage, chain: &KeyChain) -> Result<(), CommitError> {
        Self::found_again(storage, chain, 0).await
    }

    /// The same for an organisation that had a node before, of which nothing is left. It asks its peers for what it lost.
    /// [BAK-63]
    ///
    /// # Errors
    /// [`CommitError`].
    pub async fn found_again(storage: &Storage, chain: &KeyChain, incarnation: u32) -> Result<(), CommitError> {
        let record = OwnRecord { chain: encode_chain(chain), incarnation, ..OwnRecord::default() };
        let entries = logged(chain.envelopes().map(|own| Logged::new(EntryKind::KeyRecord, own.id())));
        let records = std::iter::once(record::draft(&record)).chain(entries).collect();
        storage.commit(Commit { keys: Vec::new(), records }).await?;
        Ok(())
    }

    /// Own key records in a folder, to tell which secrets belong to it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn own_chain(storage: &Storage) -> Result<KeyChain, OpenError> {
        let own: OwnRecord = newest(storage, record::OWN, b"own")?.ok_or(OpenError::NotFounded)?;
        decode_chain(&own.chain).map_err(OpenError::Unreadable)
    }

    /// Reads a node from its folder.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(storage: Storage, secrets: Secrets) -> Result<Self, OpenError> {
        let own: OwnRecord = newest(&storage, record::OWN, b"own")?.ok_or(OpenError::NotFounded)?;
        let chain = Arc::new(decode_chain(&own.chain).map_err(OpenError::Unreadable)?);
        let retired = retired(&own.retired).map_err(OpenError::Unreadable)?;
        let keys = Keys { chain, signing: secrets.signing, sealing: secrets.sealing, retired };
        if !keys.are_whole() {
            return Err(OpenError::WrongKeys);
        }
        let me = Me::new(keys, own.incarnation);
        let (directory, agreements) = (Directory::default(), Agreements::default());
        // [BAK-53] Nothing is sent twice.
        let (trails, outbox) = (Trails::default(), Outbox::new(own.incarnation > 0));
        let changing = tokio::sync::Mutex::default();
        let accesses = Accesses::default();
        let cascades = super::cascades::Cascades::default();
        let withdrawals = super::withdrawals::Withdrawals::default();
        let (accounts, cases, outlines) = (Arc::default(), Cases::default(), Outlines::default());
        let found = Found::default();
        let approvals = Approvals::default();
        let changes = Changes::default();
        let mailbox = Arc::new(Mailbox::open(storage.letters()).map_err(StorageError::io("reading the mailbox"))?);
        let log = Log::new(me.chain().first().log_base_tick());
        let (staff, arrived) = (StaffRegister::default(), Arrived::default());
        let node = Self {
            storage,
            me,
            directory,
            agreements,
            trails,
            outbox,
            outlines,
            case_list: CaseList::default(),
            changes,
            accounts,
            approvals,
            overrides: Overrides::default(),
            cascades,
            withdrawals,
            cases,
            accesses,
            promised: super::places::Promised::default(),
            staff,
            arrived,
            on_call: OnCall::default(),
            found,
            endings: Endings::default(),
            retentions: Retentions::default(),
            key_place: OnceLock::new(),
            log,
            witnesses: Witnesses::default(),
            witnessing: Witnessing::default(),
            head_clock: HeadClock::default(),
            putting: Putting::default(),
            relays: super::relay::Relays::default(),
            mailbox,
            put_back: super::put_back::PutBack::default(),
            challenged: Lately::default(),
            changing,
        };
        node.read_put_back()?;
        node.read_directory()?;
        node.read_agreements()?;
        // Before any trail is read.
        node.read_retentions()?;
        node.destroy_returned()?;
        node.read_outlines()?;
        node.read_queue()?;
        node.read_relays()?;
        node.read_accounts()?;
        node.read_cases()?;
        node.read_accesses()?;
        node.read_staff()?;
        node.destroy_left_over()?;
        node.read_on_call()?;
        node.finish_erasures()?;
        node.read_words()?;
        node.read_approvals()?;
        node.destroy_words_of_returned()?;
        node.read_places()?;
        node.read_overrides()?;
        node.read_withdrawals()?;
        node.read_log()?;
        node.read_witnesses()?;
        node.read_put().map_err(OpenError::Unreadable)?;
        Ok(node)
    }

    fn read_put_back(&self) -> Result<(), OpenError> {
        let shown = all::<PutBackRecord>(&self.storage, record::PUT_BACK)?;
        shown.iter().try_for_each(|kept| self.set_put_back(kept).map_err(OpenError::Unreadable))
    }

    fn read_directory(&self) -> Result<(), OpenError> {
        for chain in all::<ChainRecord>(&self.storage, record::CHAINS)? {
            let verified = decode_chain(&chain.chain).map_err(OpenError::Unreadable)?;
            if let Some(from) = OrgId::parse_optional(&chain.from).map_err(OpenError::Unreadable)? {
                self.directory.set_brought(verified.organisation(), from);
            }
            match verified.organisation() == self.me.organisation {
                true => self.me.set_shown(verified),
                false => self.directory.set_chain(verified),
            }
        }
        for peer in all::<PeerRecord>(&self.storage, record::PEERS)? {
            let organisation = OrgId::parse(&peer.organisation).map_err(OpenError::Unreadable)?;
            self.directory.set_peer(organisation, peer.name, peer.confirmed);
        }
        for made in all::<InvitationRecord>(&self.storage, record::INVITATIONS)? {
            let until = Seconds::new(made.until).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            self.directory.set_invitation(made.digest, Invitation { name: made.name, until, used: made.used });
        }
        Ok(())
    }

    fn read_agreements(&self) -> Result<(), OpenError> {
        let chains = self.all_chains();
        for kept in all::<AgreementRecord>(&self.storage, record::AGREEMENTS)? {
            let envelope = Envelope::parse(&kept.envelope).map_err(OpenError::Unreadable)?;
            let held = Held::new(envelope, &chains).map_err(OpenError::Unreadable)?;
            let brought_by = OrgId::parse_optional(&kept.from).map_err(OpenError::Unreadable)?;
            self.agreements.set(Held { brought_by, ..held });
        }
        Ok(())
    }

    fn read_queue(&self) -> Result<(), OpenError> {
        for entry in self.storage.index().with_prefix(record::QUEUE, b"") {
            let (key, _) = entry.map_err(StorageError::from)?;
            let unreadable = OpenError::Unreadable(Rejection::Malformed);
            let (to, position) = record::parse_queue_key(&key).ok_or(unreadable)?;
            let record = self.storage.read(position)?;
            let (queue, item) = (self.outbox.queue(&to), (position, waiting(&record)));
            match record::read::<ChallengeRecord>(&record) {
                // [BAK-51] A witness has nothing of the trail, and says nothing on it.
                Some(_) => queue.give([item]),
                None => queue.push([item]),
            }
        }
        self.read_refused()
    }

    /// What was refused for good, and holds back what follows it. [NOD-34]
    fn read_refused(&self) -> Result<(), OpenError> {
        for entry in self.storage.index().with_prefix(record::REFUSED, b"") {
            let (key, value) = entry.map_err(StorageError::from)?;
            let unreadable = || OpenError::Unreadable(Rejection::Malformed);
            let (to, position) = record::parse_queue_key(&key).ok_or_else(unreadable)?;
            let settled: SettledRecord = read_at(&self.storage, record::position(&value).ok_or_else(unreadable)?)?;
            let item = waiting(&self.storage.read(position)?);
            let refused = Refused { item, code: settled.refused, unsent: settled.unsent, time: settled.time };
            self.broken_off(&refused);
            self.outbox.queue(&to).set_refused([(position, refused)]);
        }
        Ok(())
    }

    /// Commits records, and with the first of a trail its keys.
    pub(super) async fn commit(&self, commit: Commit) -> Result<Durable<Vec<Position>>, Rejection> {
        if !is_logged(&commit) {
            // [LOG-60] A fault of this program, and no reason to refuse anybody for good.
            tracing::error!("a commit keeps something that the log does not tell, and was not made");
            return Err(Rejection::ReadFailed);
        }
        if commit.records.iter().any(|draft| draft.kind == EntriesRecord::KIND) {
            // [LOG-62] What is done now stands in no tick that has passed. If that fails `checks` says so, and it stands in
            // the tick that is open: nobody's work waits for the log. [LOG-100]
            let _ = self.close_ticks(crate::clock::now()).await;
        }
        let committed = self.storage.commit(commit).await;
        self.ring();
        committed.map_err(|error| {
            // The error names files and causes, never content.
            tracing::error!(%error, "a commit was refused");
            Rejection::DiskFull
        })
    }

    /// Commits one record that the log tells of.
    pub(super) async fn keep_logged<K: Kept>(&self, kept: &K, entries: Option<Draft>) -> Result<Position, Rejection> {
        let records = std::iter::once(record::draft(kept)).chain(entries).collect();
        let positions = self.commit(Commit { keys: Vec::new(), records }).await?;
        positions.get().first().copied().ok_or(Rejection::DiskFull)
    }

    /// Commits one record.
    pub(super) async fn keep<K: Kept>(&self, kept: &K) -> Result<Position, Rejection> {
        let positions = self.commit(Commit { keys: Vec::new(), records: vec![record::draft(kept)] }).await?;
        positions.get().first().copied().ok_or(Rejection::DiskFull)
    }

    /// The record at a position, if it is of that kind. That this node cannot read its own records is no peer's fault,
    /// and refuses nobody for good.
    pub(super) fn at<K: Kept>(&self, position: Position) -> Result<K, Rejection> {
        let record = self.storage.read(position).map_err(|error| {
            tracing::error!(%error, "a record could not be read");
            Rejection::ReadFailed
        })?;
        record::read(&record).ok_or(Rejection::ReadFailed)
    }

    /// The position that the index gives for a key.
    pub(super) fn indexed(&self, tree: Tree, key: &[u8]) -> Option<Position> {
        self.storage.index().get(tree, key).ok().flatten().and_then(|value| record::position(&value))
    }

    /// Every position under a prefix, in order of the keys.
    pub(super) fn positions(&self, tree: Tree, prefix: &[u8]) -> Result<Vec<Position>, Rejection> {
        let entries = self.storage.index().with_prefix(tree, prefix);
        entries
            .map(|entry| entry.ok().and_then(|(_, value)| record::position(&value)).ok_or(Rejection::ReadFailed))
            .collect()
    }

    /// Reads a trail from the journal; `None` if there is none of that ID.
    ///
    /// # Errors
    /// [`Rejection::RetentionOver`] if nothing of it is kept any more; [`Rejection::ReadFailed`].
    pub(super) fn load(&self, id: &TrailId) -> Result<Option<Loaded>, Rejection> {
        if self.retentions.gone(id).is_some() {
            return Err(Rejection::RetentionOver);
        }
        self.read_trail(id).map_err(|rejection| {
            tracing::error!(%rejection, "a trail could not be read");
            Rejection::ReadFailed
        })
    }

    fn read_trail(&self, id: &TrailId) -> Result<Option<Loaded>, Rejection> {
        let positions = self.positions(record::EVENTS, id.as_bytes())?;
        let Some(keys) = self.storage.trail_keys(id.as_bytes()).filter(|_| !positions.is_empty()) else {
            return Ok(None);
        };
        let mut loaded: Option<Loaded> = None;
        for position in positions {
            let kept: EventRecord = self.at(position)?;
            let evidence = unseal(&keys, id, &kept.evidence, KeyKind::Evidence, b"evidence")?;
            let evidence = Evidence::decode(evidence.as_slice()).map_err(|_| Rejection::Malformed)?;
            let event = verify_kept(&evidence, |org| self.chain_of(org))?;
            let event_id = event.id;
            match &mut loaded {
                Some(loaded) => {
                    loaded.trail.admit(event)?;
                }
                None => {
                    let pinned = event.opening().ok_or(Rejection::WrongTrail)?.agreement;
                    let mut begun = Loaded::begin(event, self.agreement(&pinned)?, keys.clone())?;
                    begun.keys.extend(self.later_keys(id));
                    loaded = Some(begun);
                }
            }
            let beside = beside(position, &kept, evidence)?;
            if let Some(loaded) = &mut loaded {
                loaded.beside.insert(event_id, beside);
            }
        }
        if let Some(loaded) = &mut loaded {
            self.load_heads(loaded)?;
            loaded.boxes = self.boxes_of(id.as_bytes())?.iter().map(StaffBox::of).collect::<Result<_, _>>()?;
        }
        Ok(loaded)
    }

    /// Keys of the generations after the first.
    fn later_keys(&self, id: &TrailId) -> impl Iterator<Item = TrailKeys> {
        (1..).map_while(|generation| self.storage.trail_keys(&record::key_name(id, generation)))
    }

    fn load_heads(&self, loaded: &mut Loaded) -> Result<(), Rejection> {
        for position in self.positions(record::HEADS, loaded.trail.id().as_bytes())? {
            let kept: HeadRecord = self.at(position)?;
            let bytes = loaded.unseal(&kept.envelope, KeyKind::Evidence, 0, b"head")?;
            let envelope = Envelope::parse(&bytes)?;
            if !kept.to.is_empty() {
                loaded.told.insert(envelope.id());
            }
            // An earlier program kept none.
            let stored = Seconds::new(kept.stored).filter(|_| kept.stored > 0);
            loaded.head_times.extend(stored.map(|stored| (envelope.id(), stored)));
            loaded.heads.push(envelope);
        }
        Ok(())
    }

    /// The agreement that a trail is pinned to, signed or not any more in force.
    pub(super) fn agreement(&self, id: &AgreementId) -> Result<Arc<uput_core::agreement::Agreement>, Rejection> {
        Ok(self.agreements.get(id).ok_or(Rejection::UnknownAgreement)?.agreement)
    }

    /// The key that an event was verified by, for its record.
    pub(super) fn key_of(&self, event: &Event) -> Vec<u8> {
        let chain = self.chain_of(&event.author);
        let key = chain.as_ref().and_then(|chain| chain.signing_key_of(&event.key));
        key.map(|key| key.as_bytes().to_vec()).unwrap_or_default()
    }

    /// The key chain of an organisation, ours too.
    pub(super) fn chain_of(&self, organisation: &OrgId) -> Option<Arc<KeyChain>> {
        if *organisation == self.me.organisation { Some(self.me.chain()) } else { self.directory.chain(organisation) }
    }
}

/// What is known beside an event, from its record.
pub(super) fn beside(position: Position, kept: &EventRecord, evidence: Evidence) -> Result<Beside, Rejection> {
    let cited = if evidence.cited.is_empty() { None } else { Some(Envelope::parse(&evidence.cited)?) };
    let lowered = Rejection::from_number(evidence.lowered);
    Ok(Beside {
        position,
        stored: kept.stored,
        clock_set: kept.clock_shown != 0,
        stripped: evidence.stripped,
        lowered,
        cited,
        knowingly: evidence.knowingly,
    })
}

/// A chain as bytes.
pub(super) fn encode_chain(chain: &KeyChain) -> Vec<u8> {
    codec::encode(&chain_to_wire(chain))
}

/// A chain as a message.
pub(super) fn chain_to_wire(chain: &KeyChain) -> wire::KeyChain {
    wire::KeyChain { records: chain.envelopes().map(Envelope::to_wire).collect() }
}

/// A chain that verifies, from bytes.
pub(super) fn decode_chain(bytes: &[u8]) -> Result<KeyChain, Rejection> {
    chain_from_wire(codec::decode(bytes)?)
}

/// A chain that verifies, from a message.
pub(super) fn chain_from_wire(chain: wire::KeyChain) -> Result<KeyChain, Rejection> {
    let envelopes: Vec<Envelope> = chain.records.into_iter().map(Envelope::from_wire).collect::<Result<_, _>>()?;
    KeyChain::verify(&envelopes)
}

/// How a record waits in a queue, and since when: the start of the node makes nothing younger. [DEL-8]
fn waiting(record: &Record) -> Waiting {
    let event = record::read::<EventRecord>(record);
    let is_event = event.is_some();
    let kept = event.map(|event| (event.trail, event.stored));
    let kept = kept.or_else(|| record::read::<HeadRecord>(record).map(|head| (head.trail, head.stored)));
    let kept = kept.or_else(|| record::read::<ChallengeRecord>(record).map(|asked| (asked.trail, asked.stored)));
    let beside = || {
        let agreement = record::read::<AgreementRecord>(record).map(|agreement| agreement.stored);
        let proof = || record::read::<ProofRecord>(record).map(|proof| proof.stored);
        agreement.or_else(proof).or_else(|| record::read::<PutRecord>(record).map(|put| put.stored))
    };
    let (trail, stored) = kept.unwrap_or_else(|| (Vec::new(), beside().unwrap_or(0)));
    // What an earlier program queued without a word on when, waits since now at least.
    let since = if stored == 0 { crate::clock::now().get() } else { stored };
    Waiting { trail: TrailId::parse(&trail).ok(), event: is_event, since }
}

fn retired(kept: &[RetiredKey]) -> Result<Vec<Retired>, Rejection> {
    kept.iter().map(|one| Ok(Retired { key: KeyId::parse(&one.key)?, until: one.until })).collect()
}

pub(super) fn newest<K: Kept>(storage: &Storage, tree: Tree, key: &[u8]) -> Result<Option<K>, OpenError> {
    let value = storage.index().get(tree, key).map_err(StorageError::from)?;
    let Some(position) = value.and_then(|value| record::position(&value)) else { return Ok(None) };
    read_at(storage, position).map(Some)
}

pub(super) fn all<K: Kept>(storage: &Storage, tree: Tree) -> Result<Vec<K>, OpenError> {
    Ok(with_positions(storage, tree)?.into_iter().map(|(_, kept)| kept).collect())
}

/// The same, and where each stands.
pub(super) fn with_positions<K: Kept>(storage: &Storage, tree: Tree) -> Result<Vec<(Position, K)>, OpenError> {
    let entries = storage.index().with_prefix(tree, b"");
    entries
        .map(|entry| {
            let (_, value) = entry.map_err(StorageError::from)?;
            let position = record::position(&value).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            Ok((position, read_at(storage, position)?))
        })
        .collect()
}

pub(super) fn read_at<K: Kept>(storage: &Storage, position: Position) -> Result<K, OpenError> {
    record::read(&storage.read(position)?).ok_or(OpenError::Unreadable(Rejection::Malformed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [DEL-8]
    #[test]
    fn nothing_that_waits_is_younger_after_a_start() {
        fn since<K: Kept>(kept: &K) -> u64 {
            let Draft { kind, payload } = record::draft(kept);
            waiting(&Record { position: Position::new(1), kind, payload }).since
        }
        let stored = 1_700_000_000;
        let ages = [
            since(&EventRecord { stored, ..EventRecord::default() }),
            since(&HeadRecord { stored, ..HeadRecord::default() }),
            since(&AgreementRecord { stored, ..AgreementRecord::default() }),
            since(&ProofRecord { stored, ..ProofRecord::default() }),
            since(&ChallengeRecord { stored, ..ChallengeRecord::default() }),
            since(&PutRecord { stored, ..PutRecord::default() }),
        ];
        assert_eq!(ages, [stored; 6]);
        assert!(since(&AgreementRecord::default()) > stored, "an earlier program did not say when");
    }
}
