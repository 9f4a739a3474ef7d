//! What convicts an organisation of showing two histories.
//!
//! Guarantees that nothing is kept that convicts nobody: each record verifies by itself, offline. [LOG-95]

use uput_core::{id::OrgId, log::Contradiction, rejection::Rejection, wire};

use super::super::Node;
use crate::{
    clock,
    record::{self, ContradictionRecord},
};

/// So many of one organisation are proof enough.
const ENOUGH: usize = 16;
/// Bytes of evidence in one answer; whoever needs more asks for one organisation.
const LARGEST: usize = 3 << 20;

impl Node {
    /// Keeps two checkpoints that cannot both be, and the keys that signed them.
    pub(super) async fn keep_contradiction(&self, found: &Contradiction) {
        let of = found.organisation();
        let kept = self.positions(record::CONTRADICTIONS, of.as_bytes()).map_or(0, |kept| kept.len());
        let Some(chain) = self.chain_of(&of).filter(|_| kept < ENOUGH) else { return };
        tracing::error!("two checkpoints of one log cannot both be; both are kept");
        let (organisation, evidence) = (of.to_vec(), found.to_bytes(&chain));
        let record = ContradictionRecord { organisation, evidence, time: clock::now().get() };
        if let Err(rejection) = self.keep(&record).await {
            tracing::error!(%rejection, "what convicts somebody was not kept");
        }
    }

    /// What is kept, of one organisation or of all; of that many bytes at most, so that it fits into an answer.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`]; [`Rejection::ReadFailed`].
    pub fn list_evidence(&self, peer: &str) -> Result<Vec<wire::LogEvidence>, Rejection> {
        let of = match peer {
            "" => Vec::new(),
            own if own == self.me.organisation.to_string() => self.me.organisation.to_vec(),
            peer => self.directory.find(peer)?.organisation.to_vec(),
        };
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for position in self.positions(record::CONTRADICTIONS, &of)? {
            let ContradictionRecord { organisation, evidence: file, time } = self.at(position)?;
            bytes = bytes.saturating_add(file.len());
            if bytes > LARGEST {
                break;
            }
            let name = OrgId::parse(&organisation).map(|of| self.directory.name(&of)).unwrap_or_default();
            found.push(wire::LogEvidence { organisation, name, time, file });
        }
        Ok(found)
    }

    /// How many pieces are kept.
    pub(super) fn evidence_count(&self) -> usize {
        self.positions(record::CONTRADICTIONS, b"").map_or(0, |found| found.len())
    }

    /// Whose logs contradict themselves, by name.
    pub(super) fn convicted(&self) -> Vec<String> {
        let positions = self.positions(record::CONTRADICTIONS, b"").unwrap_or_default();
        let kept = positions.into_iter().filter_map(|position| self.at::<ContradictionRecord>(position).ok());
        let mut names: Vec<String> = kept
            .filter_map(|kept| OrgId::parse(&kept.organisation).ok())
            .map(|of| if of == self.me.organisation { "our own".to_owned() } else { self.directory.name(&of) })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
