//! Asking witnesses to cosign our checkpoints. [LOG-72]

use uput_core::{
    id::OrgId,
    log::{Checkpoint, Contradiction, Hash, Origin, SignedCheckpoint},
    rejection::Rejection,
    wire::{WitnessOutcome, WitnessQuery, WitnessReply},
};

use super::super::Node;
use crate::{
    log::{Asked, Held},
    record::CosignedRecord,
};

impl Node {
    /// Waits until a peer is our witness and something is there that it has not cosigned.
    pub(in crate::node) async fn next_query(&self, to: &OrgId) -> WitnessQuery {
        let mut size = self.log.watch();
        loop {
            let changed = self.witnesses.changed();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            size.borrow_and_update();
            if let Some(query) = self.query_for(to) {
                return query;
            }
            tokio::select! {
                () = changed => (),
                // cannot fail: the sender lives in this node.
                _ = size.changed() => (),
            }
        }
    }

    fn query_for(&self, to: &OrgId) -> Option<WitnessQuery> {
        // [STO-41] A checkpoint of a log that went back contradicts what was signed before.
        if !self.witnesses().contains_key(to) || self.refuse_put_back(to).is_err() {
            return None;
        }
        let Asked { size, known, lost } = self.witnesses.next(to, self.log.size())?;
        let path = match known {
            0 => Vec::new(),
            // [LOG-34]
            _ if lost => Vec::new(),
            known => self.log.in_tree(|tree| tree.consistency(known, size))?,
        };
        let checkpoint = self.own_checkpoint(size)?.to_bytes();
        Some(WitnessQuery { checkpoint, known, path: path.iter().map(Hash::to_vec).collect() })
    }

    /// Our checkpoint at a size that the log has or had. [LOG-70]
    pub(super) fn own_checkpoint(&self, size: u64) -> Option<SignedCheckpoint> {
        let root = self.log.in_tree(|tree| tree.root_at(size))?;
        (size > 0).then(|| Checkpoint { origin: self.own_origin(), size, root }.sign(&self.me.keys().signing))
    }

    pub(super) fn own_origin(&self) -> Origin {
        Origin { organisation: self.me.organisation, incarnation: self.me.incarnation }
    }

    /// Takes in what a witness answered. [LOG-74]
    pub(in crate::node) async fn take_reply(&self, by: &OrgId, reply: WitnessReply) {
        let Some(asked) = self.witnesses.asked(by) else { return };
        let taken = match reply.outcome() {
            WitnessOutcome::Cosigned => self.take_cosigned(by, asked, &reply.checkpoint).await,
            WitnessOutcome::Stale => self.take_stale(by, &reply.checkpoint).await,
            WitnessOutcome::Refused | WitnessOutcome::Unspecified => {
                let _ = self.take_held(by, &reply.checkpoint).await;
                Err(Rejection::from_number(reply.code).unwrap_or(Rejection::Malformed))
            }
        };
        if let Err(rejection) = taken {
            tracing::warn!(code = rejection.number(), "a witness did not cosign");
            self.witnesses.refused(by, rejection.number());
        }
    }

    async fn take_cosigned(&self, by: &OrgId, asked: Asked, note: &[u8]) -> Result<(), Rejection> {
        let mut own = self.own_checkpoint(asked.size).ok_or(Rejection::Malformed)?;
        let said = SignedCheckpoint::parse(note)?;
        if said.claimed() != own.claimed() {
            return Err(Rejection::LogContradiction);
        }
        let chain = self.directory.chain(by).ok_or(Rejection::UnknownSigner)?;
        let line = said.cosignatures().find(|line| line.witness == *by).ok_or(Rejection::WrongSigners)?;
        let time = line.verify(chain.newest().signing_key())?.get();
        own.add(line.line())?;
        let kept = CosignedRecord { witness: by.to_vec(), size: asked.size, note: own.to_bytes(), time };
        self.keep(&kept).await?;
        let before = self.witnesses.standing(by).size;
        self.witnesses.cosigned(by, asked.size, time);
        self.look_at_witnessed(before..asked.size);
        self.hand_proofs().await;
        Ok(())
    }

    /// The witness holds another size: it is asked from there, if that is a checkpoint of ours.
    async fn take_stale(&self, by: &OrgId, note: &[u8]) -> Result<(), Rejection> {
        let holds = self.take_held(by, note).await?;
        self.witnesses.stale(by, holds, Rejection::LogContradiction.number());
        Ok(())
    }

    /// What a witness holds of an older incarnation of ours: a path leads on from there if every leaf is here. [LOG-34]
    pub(super) fn held_before(&self, said: &Checkpoint) -> Held {
        let root = self.log.in_tree(|tree| tree.root_at(said.size));
        Held { size: said.size, lost: root != Some(said.root) }
    }

    /// What a witness holds of our log: how many ticks. If it is signed by us and not ours, somebody else signs, or this folder was
    /// put back to an earlier state: that is kept. [LOG-96]
    async fn take_held(&self, by: &OrgId, note: &[u8]) -> Result<Held, Rejection> {
        if note.is_empty() {
            return Ok(Held::default());
        }
        let held = SignedCheckpoint::parse(note)?;
        let chain = self.me.chain();
        // Also by a key that was replaced since.
        let record = chain.records().find(|record| held.names(record.signing_key())).ok_or(Rejection::UnknownSigner)?;
        let said = held.verify(record.signing_key())?;
        let own = self.own_origin();
        if said.origin.organisation != own.organisation {
            return Err(Rejection::Malformed);
        }
        if said.origin.incarnation < own.incarnation {
            // [LOG-34]
            return Ok(self.held_before(&said));
        }
        if said.origin.incarnation > own.incarnation {
            tracing::error!(
                "a witness holds a log of a later incarnation: this folder was put back to an earlier state"
            );
            self.witnesses.ahead(by, said.size);
            self.take_proof_of_more(by, record.id()).await;
            return Err(Rejection::LogContradiction);
        }
        match self.own_checkpoint(said.size) {
            Some(own) if own.claimed().root != said.root => {
                tracing::error!("a witness holds a checkpoint of our log that this node did not make");
                if let Some(found) = Contradiction::between(&own, &held, &[]) {
                    self.keep_contradiction(&found).await;
                }
                self.take_proof_of_more(by, record.id()).await;
                Err(Rejection::LogContradiction)
            }
            Some(_) => Ok(Held { size: said.size, lost: false }),
            None => {
                tracing::error!("a witness holds a longer log of ours: this folder was put back to an earlier state");
                self.witnesses.ahead(by, said.size);
                self.take_proof_of_more(by, record.id()).await;
                Err(Rejection::LogContradiction)
            }
        }
    }
}
