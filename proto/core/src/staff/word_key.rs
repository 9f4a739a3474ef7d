//! The key under which words become digests that a node cannot make.
//!
//! Guarantees that whoever has a digest and not the secret can neither read the word nor try words. Leaves to others which
//! words there are (`words`), and who has the secret.

use ring::hmac;

use crate::key::SealingSecret;

/// Before what is made a key of.
const PURPOSE: &[u8] = b"uput/v1/staff/words";

/// The key of words of one organisation: the secret of the box of words. [CAS-68]
pub struct WordKey(hmac::Key);

impl WordKey {
    /// Of the secret of the box: HMAC-SHA256 of the purpose under the seed.
    #[must_use]
    pub fn of(secret: &SealingSecret) -> Self {
        // Exposed to be made the key of a search, which opens nothing.
        let seed = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_seed());
        Self(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&seed, PURPOSE).as_ref()))
    }

    /// The digest of a word: the first eight bytes of HMAC-SHA256 over it.
    #[must_use]
    pub fn digest(&self, word: &str) -> [u8; 8] {
        hmac::sign(&self.0, word.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_another_digest_under_another_secret() {
        let key = |byte| WordKey::of(&SealingSecret::from_seed(&[byte; 32]));
        assert_eq!(key(1).digest("ana"), key(1).digest("ana"));
        assert_ne!(key(1).digest("ana"), key(2).digest("ana"));
        assert_ne!(key(1).digest("ana"), key(1).digest("anka"));
    }
}
