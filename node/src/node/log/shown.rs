//! Proofs of others: that what we share stands in their log. [LOG-98]
//!
//! Guarantees that nothing is kept that does not hold, and that a checkpoint which contradicts one that is here convicts.
//! Leaves to the verdict what a cosignature is worth.

use std::collections::BTreeMap;

use prost::Message;
use uput_core::{
    id::{Id, OrgId},
    key::KeyChain,
    log::{Contradiction, EntryKind, LogProof, SignedCheckpoint, Tick},
    rejection::Rejection,
    wire,
};

use super::{super::Node, proving::named_in};
use crate::record::{self, ShownRecord};

impl Node {
    /// Takes the proofs of a letter in.
    pub(in crate::node) async fn take_proofs(
        &self,
        from: &OrgId,
        proofs: &[wire::LogProof],
        notes: &[Vec<u8>],
    ) -> Result<(), Rejection> {
        if proofs.is_empty() && notes.is_empty() {
            return Ok(());
        }
        let chain = self.directory.chain(from).ok_or(Rejection::UnknownSigner)?;
        let mut checkpoints: BTreeMap<Id, SignedCheckpoint> = BTreeMap::new();
        for bytes in notes {
            let note = checkpoint_of(&chain, bytes)?;
            self.hold_against(from, &note, checkpoints.values()).await?;
            checkpoints.insert(note.claimed().id(), note);
        }
        for wire in proofs {
            let proof = LogProof::parse(wire)?;
            let under = checkpoints.get(&proof.checkpoint()).ok_or(Rejection::BadProof)?;
            let index = proof.check(Tick(chain.first().log_base_tick()), under.claimed())?;
            if proof.shown().iter().any(|one| !is_shared(one.entry.kind)) {
                return Err(Rejection::NotKept);
            }
            let of_it = |note: &&SignedCheckpoint| note.claimed().origin == under.claimed().origin;
            // [BUN-74] The one of its very size says nothing, and may have come with the tick before.
            let before = checkpoints.values().filter(of_it).filter(|note| note.claimed().size < index);
            let before = before.max_by_key(|note| note.claimed().size);
            self.keep_shown(&proof, under, before).await?;
        }
        Ok(())
    }

    /// Keeps what is shown and was not before: of each thing the first proof counts.
    async fn keep_shown(
        &self,
        proof: &LogProof,
        under: &SignedCheckpoint,
        before: Option<&SignedCheckpoint>,
    ) -> Result<(), Rejection> {
        let of = proof.party();
        let thing = |kind: EntryKind, id: &Id| record::logged_key(u32::from(kind.number()), id.as_bytes());
        let things = proof.shown().iter().map(|one| thing(one.entry.kind, &one.entry.id));
        let things: Vec<Vec<u8>> = things.filter(|thing| !self.is_kept(&of, thing)).collect();
        if things.is_empty() {
            return Ok(());
        }
        let record = ShownRecord {
            organisation: of.to_vec(),
            proof: proof.to_wire().encode_to_vec(),
            notes: std::iter::once(under).chain(before).map(SignedCheckpoint::to_bytes).collect(),
            incarnation: under.claimed().origin.incarnation,
            size: under.claimed().size,
            things,
        };
        self.keep(&record).await?;
        for one in proof.shown() {
            self.look_at_opening(one.entry.id);
        }
        Ok(())
    }

    /// Whether a proof is here that something stands in somebody's log.
    pub(in crate::node) fn is_shown(&self, of: &OrgId, kind: EntryKind, id: &Id) -> bool {
        self.is_kept(of, &record::logged_key(u32::from(kind.number()), id.as_bytes()))
    }

    fn is_kept(&self, of: &OrgId, thing: &[u8]) -> bool {
        self.indexed(record::SHOWN, &[of.as_bytes().as_slice(), thing].concat()).is_some()
    }

    /// Holds a checkpoint against those of the same log that are here, and those that came with it. [LOG-95]
    async fn hold_against(
        &self,
        from: &OrgId,
        note: &SignedCheckpoint,
        beside: impl Iterator<Item = &SignedCheckpoint>,
    ) -> Result<(), Rejection> {
        let claimed = note.claimed();
        let key = record::checkpoint_key(from.as_bytes(), claimed.origin.incarnation, claimed.size);
        let kept = self.indexed(record::CHECKPOINTS, &key).map(|at| self.at::<ShownRecord>(at)).transpose()?;
        let kept = kept.and_then(|kept| SignedCheckpoint::parse(kept.notes.first()?).ok());
        let known: Vec<SignedCheckpoint> = beside.cloned().chain(kept).chain(self.held(from)?).collect();
        for known in known {
            // A path is not here: two of one size are held against each other.
            if let Some(found) = Contradiction::between(&known, note, &[]) {
                self.keep_contradiction(&found).await;
                return Err(Rejection::LogContradiction);
            }
        }
        Ok(())
    }
}

/// A checkpoint that this organisation's log has signed, with the lines of witnesses that its key records name. [LOG-40]
fn checkpoint_of(chain: &KeyChain, bytes: &[u8]) -> Result<SignedCheckpoint, Rejection> {
    let note = SignedCheckpoint::parse(bytes)?;
    let key = chain.records().map(|record| record.signing_key()).find(|key| note.names(key));
    let said = note.verify(key.ok_or(Rejection::UnknownSigner)?)?;
    if said.origin.organisation != chain.organisation() {
        return Err(Rejection::WrongSigners);
    }
    Ok(note.with_only(&named_in(chain)))
}

/// What two parties share: accesses and agreements are nobody else's business.
const fn is_shared(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::OwnEvent | EntryKind::ReceivedEvent | EntryKind::Head | EntryKind::KeyRecord)
}
