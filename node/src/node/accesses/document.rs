//! Her part of the access log, as a document that verifies without us.

use uput_core::{
    access_log::{AccessChain, AccessLog, OpenedWords, case_tag},
    rejection::Rejection,
    wire::{AccessKind, Role},
};

use super::Of;
use crate::{
    access::Why,
    account::Caller,
    case::{CaseId, Sight},
    clock,
    node::{Node, me::Keys},
    record::AccessRecord,
};

/// A document that was made.
pub struct AccessDocument {
    /// Canonical bytes of its envelope.
    pub bytes: Vec<u8>,
    /// How many accesses it lists.
    pub count: usize,
}

impl Node {
    /// Makes the signed document of every access to a case; the making is the last one in it. [ACL-8]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::NotPermitted`] to a case worker who does not
    /// have it; [`Rejection::TooLarge`]; what refuses to keep the access.
    pub async fn export_accesses(
        &self,
        caller: &Caller,
        case: &CaseId,
        nonce: Option<[u8; 32]>,
        words: bool,
        why: &Why,
    ) -> Result<AccessDocument, Rejection> {
        let kept = self.demand_case(caller, case, Sight::Values)?;
        let viewer = self.viewer(caller);
        if viewer.role != Role::Supervisor && !kept.has(&viewer) {
            return Err(Rejection::NotPermitted);
        }
        self.keep_access(caller, Of::Case(*case), AccessKind::LogExported, why).await?;
        let mut chains = Vec::new();
        let mut opened = Vec::new();
        for id in self.chains_of(case) {
            let own = self.accesses_of(&id)?;
            if own.is_empty() {
                continue;
            }
            let entries: Vec<_> = own.iter().map(|(_, entry)| (entry.id(), entry.clone())).collect();
            let said = own.iter().filter_map(|(record, entry)| self.opened(record, entry.id()));
            opened.push(if words { said.collect() } else { Vec::new() });
            chains.push(AccessChain { tag: case_tag(id.bytes()), entries });
        }
        let keys = self.me.keys();
        let log = self.access_log(&keys, chains, opened, nonce);
        let count = log.entries().count();
        Ok(AccessDocument { bytes: log.sign(&keys.signing)?.to_bytes(), count })
    }

    fn opened(&self, record: &AccessRecord, access: uput_core::id::AccessId) -> Option<OpenedWords> {
        if record.words.is_empty() {
            return None;
        }
        let (salt, words) = self.open_words(record)?;
        Some(OpenedWords { access, salt, words })
    }

    /// [ACL-20] The case's own chain first, then the others by their tags, the words in the order of the accesses.
    fn access_log(
        &self,
        keys: &Keys,
        chains: Vec<AccessChain>,
        opened: Vec<Vec<OpenedWords>>,
        nonce: Option<[u8; 32]>,
    ) -> AccessLog {
        let mut parts: Vec<(AccessChain, Vec<OpenedWords>)> = chains.into_iter().zip(opened).collect();
        if let Some((_, joined)) = parts.split_first_mut() {
            joined.sort_by_key(|(chain, _)| chain.tag);
        }
        let (chains, words): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let last = chains.iter().flat_map(|chain| &chain.entries).map(|(_, entry)| entry.time).max();
        let (now, own) = (clock::now(), &keys.chain);
        AccessLog {
            organisation: self.me.organisation,
            key: own.newest_id(),
            time: last.map_or(now, |last| last.max(now)),
            nonce,
            records: own.envelopes().cloned().collect(),
            chains,
            words: words.into_iter().flatten().collect(),
        }
    }
}
