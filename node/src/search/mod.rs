//! Finding one's own cases by words that are kept nowhere.
//!
//! Guarantees that a word becomes a keyed digest before it is kept, that the index over digests is in memory only, and
//! that what is erased is found no more. Leaves to others: which words a value has (`uput_core::words`), where the digests
//! of a case are sealed, and who may see which case.

mod index;

pub use index::{Index, Source};

use ring::hmac;
use uput_core::words::Words;

/// Bytes of a word's digest.
pub const DIGEST: usize = 8;
/// Most digests of one source: a case's record, or the values of one event. [CAS-63]
pub const MOST: usize = 2048;

/// A keyed digest of a word.
pub type Digest = [u8; DIGEST];

/// The key under which words become digests. Whoever has it can try words.
pub struct SearchKey(hmac::Key);

impl SearchKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The digest of a word: the first eight bytes of HMAC-SHA256 over the word. [CAS-61]
    #[must_use]
    pub fn digest(&self, word: &str) -> Digest {
        let mac = hmac::sign(&self.0, word.as_bytes());
        mac.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The digests of words, ascending, each once.
    #[must_use]
    pub fn digests(&self, words: &Words) -> Vec<Digest> {
        let mut digests: Vec<Digest> = words.iter().map(|word| self.digest(word)).collect();
        digests.sort_unstable();
        digests.dedup();
        digests.truncate(MOST);
        digests
    }
}

/// Digests one after the other, as they are sealed.
#[must_use]
pub fn pack(digests: &[Digest]) -> Vec<u8> {
    digests.concat()
}

/// Digests as they were sealed; what is left over at the end is none.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Vec<Digest> {
    bytes.as_chunks::<DIGEST>().0.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::{sensitive::Sensitive, words};

    /// [CAS-61]
    #[test]
    fn a_digest_depends_on_the_key_and_says_nothing_without_it() {
        let (one, other) = (SearchKey::new(&[1; 32]), SearchKey::new(&[2; 32]));
        assert_eq!(one.digest("milica"), SearchKey::new(&[1; 32]).digest("milica"));
        assert_ne!(one.digest("milica"), other.digest("milica"));
        assert_ne!(one.digest("milica"), one.digest("milic"));
    }

    #[test]
    fn digests_are_packed_and_bounded() {
        let key = SearchKey::new(&[3; 32]);
        let words = words::of_text(&Sensitive::new("Izmisljeno Ime, +38269123456".to_owned()));
        let digests = key.digests(&words);
        assert_eq!(unpack(&pack(&digests)), digests);
        assert!(digests.is_sorted() && unpack(&[1, 2, 3]).is_empty());
        let many: String = (0..4 * MOST).map(|n| format!("w{n:05} ")).collect();
        assert_eq!(key.digests(&words::of_text(&Sensitive::new(many))).len(), MOST);
    }
}
