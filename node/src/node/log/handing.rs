//! Proofs on their way to the other party of each trail: that what we share stands in our log, and since when. [LOG-97]
//!
//! Guarantees that each tick is handed out once, in letters of the queue, and that nobody is shown what is of others.

use std::collections::BTreeSet;

use prost::Message;
use uput_core::{
    id::OrgId,
    log::{EntryKind, SignedCheckpoint},
    rejection::Rejection,
    wire::{self, LetterContent},
};

use super::super::{Node, outbox::Waiting};
use crate::{
    clock,
    peer::PeerState,
    record::{self, KeptEntry, ProofRecord},
    storage::Commit,
};

/// Entries in one proof, so that it leaves room for more in its letter.
const TOGETHER: usize = 64;

impl Node {
    /// Hands out what is cosigned and was not handed out yet. What fails is tried again with the next tick. [LOG-97]
    pub async fn hand_proofs(&self) {
        if let Err(rejection) = self.hand_cosigned().await {
            tracing::warn!(%rejection, "proofs were not handed out; it is tried again");
        }
    }

    async fn hand_cosigned(&self) -> Result<(), Rejection> {
        let mut handed = self.witnessing.handed.lock().await;
        let mut index = match *handed {
            Some(size) => size,
            None => self.handed()?,
        };
        let until = self.cosigned_by_all();
        while index < until {
            // A tick that cannot be read keeps the others back from nobody.
            let records = self.proofs_of(index).unwrap_or_else(|rejection| {
                tracing::error!(%rejection, index, "a tick of the log could not be shown");
                Vec::new()
            });
            self.queue_proofs(records).await?;
            index = index.saturating_add(1);
            *handed = Some(index);
        }
        Ok(())
    }

    /// How many ticks are handed out, as the journal says.
    fn handed(&self) -> Result<u64, Rejection> {
        let kept = self.storage.index().get(record::HANDED, b"handed").map_err(|_| Rejection::ReadFailed)?;
        let Some(kept) = kept else { return Ok(0) };
        Ok(u64::from_be_bytes(kept.as_slice().try_into().map_err(|_| Rejection::ReadFailed)?))
    }

    /// How many ticks every witness that our key record names has cosigned, but for those that are behind by more than one
    /// tick: nobody waits for them. Lines of others are carried nowhere. [LOG-40]
    fn cosigned_by_all(&self) -> u64 {
        let chain = self.me.chain();
        let sizes: Vec<u64> = chain.newest().witnesses().iter().map(|by| self.witnesses.standing(by).size).collect();
        let newest = sizes.iter().copied().max().unwrap_or(0);
        let soon = newest.saturating_sub(1);
        if sizes.contains(&soon) { soon } else { newest }
    }

    /// What one tick shows to each other party.
    fn proofs_of(&self, index: u64) -> Result<Vec<ProofRecord>, Rejection> {
        let tick = self.log.base().saturating_add(index);
        let Some((from, end)) = self.log.span(tick) else { return Ok(Vec::new()) };
        let kept = self.entries_between(from, end)?;
        let own: BTreeSet<Vec<u8>> = self.me.chain().envelopes().map(|own| own.id().as_bytes().to_vec()).collect();
        let own_keys =
            |kept: &KeptEntry| kept.kind == u32::from(EntryKind::KeyRecord.number()) && own.contains(&kept.id);
        let keys = kept.iter().any(own_keys);
        let peers = self.directory.peers().into_iter().map(|peer| peer.organisation);
        let shares = |peer: &OrgId| keys || kept.iter().any(|entry| entry.other == peer.as_bytes());
        let to: Vec<OrgId> =
            peers.filter(|peer| self.directory.state_of(peer) == Some(PeerState::Confirmed) && shares(peer)).collect();
        if to.is_empty() {
            return Ok(Vec::new());
        }
        let Some(over) = self.note_over(index)? else { return Ok(Vec::new()) };
        let notes: Vec<Vec<u8>> =
            std::iter::once(&over).chain(&self.note_before(index)?).map(SignedCheckpoint::to_bytes).collect();
        let mut records = Vec::new();
        for to in to {
            let wanted = |kept: &KeptEntry| kept.other == to.as_bytes() || own_keys(kept);
            for proof in self.shows(tick, &wanted, TOGETHER, over.claimed())? {
                let (proof, notes) = (proof.to_wire().encode_to_vec(), notes.clone());
                let (size, stored) = (index.saturating_add(1), clock::now().get());
                records.push(ProofRecord { to: to.to_vec(), proof, notes, size, stored });
            }
        }
        Ok(records)
    }

    /// All of a tick at once, so that none is handed out twice.
    async fn queue_proofs(&self, records: Vec<ProofRecord>) -> Result<(), Rejection> {
        if records.is_empty() {
            return Ok(());
        }
        let drafts = records.iter().map(record::draft).collect();
        let positions = self.commit(Commit { keys: Vec::new(), records: drafts }).await?.into_inner();
        for (kept, position) in records.iter().zip(positions) {
            let waiting = Waiting { trail: None, event: false, since: kept.stored };
            self.outbox.queue(&OrgId::parse(&kept.to)?).push([(position, waiting)]);
        }
        Ok(())
    }

    /// Puts a proof into a letter, with the checkpoints that are not in it yet.
    pub(in crate::node) fn enclose_proof(content: &mut LetterContent, kept: &ProofRecord) -> Result<(), Rejection> {
        content.proofs.push(wire::LogProof::decode(kept.proof.as_slice()).map_err(|_| Rejection::Malformed)?);
        for note in &kept.notes {
            if !content.checkpoints.contains(note) {
                content.checkpoints.push(note.clone());
            }
        }
        Ok(())
    }
}
