//! Words of reasons: sealed under a key of their case, until what is held about her there is erased.
//!
//! Guarantees that a chain holds only their hash, so that it stays whole when the key is destroyed, and that none are kept
//! after that. Leaves to others when it is erased.

use uput_core::{access_log::commit_words, id::WordsTag, rejection::Rejection, sensitive::Sensitive};
use zeroize::Zeroizing;

use crate::{
    case::{Case, CaseId},
    clock::SystemEntropy,
    node::Node,
    record::{AccessRecord, access_aad, access_key_name},
    seal,
    storage::{NewTrailKeys, TrailKey},
};

/// Words of a reason on their way to the journal.
pub(super) struct SealedWords {
    /// The key of the case's accesses, if these are its first words.
    pub(super) key: Option<NewTrailKeys>,
    /// Salt and words; empty where they are kept no more.
    pub(super) sealed: Vec<u8>,
    /// What the entry says of them.
    pub(super) tag: WordsTag,
}

impl Node {
    /// Seals words under the key of the case's accesses, which is made with the first. Hold the chain. [ACL-6]
    pub(super) fn seal_words(
        &self,
        case: &Case,
        number: u64,
        words: &Sensitive<String>,
    ) -> Result<Option<SealedWords>, Rejection> {
        // Looked at to see whether there are any; they go on sealed.
        if words.expose().trim().is_empty() {
            return Ok(None);
        }
        let salt: [u8; 32] = SystemEntropy.bytes();
        let tag = commit_words(&salt, words.expose());
        // [CAS-48] What was held about her here is erased: nothing new about her is kept either.
        let (key, value) = if case.erased == 0 { self.words_key(&case.id)? } else { (None, None) };
        let Some(value) = value else { return Ok(Some(SealedWords { key, sealed: Vec::new(), tag })) };
        let plain = Zeroizing::new([salt.as_slice(), words.expose().as_bytes()].concat());
        let sealed = seal::seal(value.expose(), &access_aad(&case.id, number), &plain);
        Ok(Some(SealedWords { key, sealed: sealed.map_err(|_| Rejection::Malformed)?, tag }))
    }

    /// The key of words, new if there was none; nothing if it was destroyed: then nothing is kept any more.
    fn words_key(&self, case: &CaseId) -> Result<(Option<NewTrailKeys>, Option<TrailKey>), Rejection> {
        let name = access_key_name(case);
        if let Some(keys) = self.storage.trail_keys(&name) {
            return Ok((None, keys.value));
        }
        let new = NewTrailKeys::generate(name).map_err(|_| Rejection::Malformed)?;
        let value = new.value.clone();
        Ok((Some(new), Some(value)))
    }

    /// Salt and words of a reason; none if there are none, or their key was destroyed.
    pub(super) fn open_words(&self, record: &AccessRecord) -> Option<([u8; 32], Sensitive<String>)> {
        let case = CaseId::parse(&record.case)?;
        let key = self.storage.trail_keys(&access_key_name(&case))?.value?;
        // The key opens them for whoever sees values of the case.
        let plain = seal::open(key.expose(), &access_aad(&case, record.entry()?.number), &record.words).ok()?;
        let (salt, words) = plain.split_first_chunk::<32>()?;
        Some((*salt, Sensitive::new(String::from_utf8(words.to_vec()).ok()?)))
    }
}
