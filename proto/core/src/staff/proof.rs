//! Showing that one holds a staff key: what a node drew and sealed to it, said back for one key that is to count.
//!
//! Guarantees: what is said back for one key says nothing for another, nor what was drawn.

use ring::digest;
use zeroize::Zeroizing;

use crate::id::KeyId;
use crate::rejection::Rejection;

/// Bytes of what is drawn, and of what is said back.
pub const PROOF_LENGTH: usize = 32;

/// What a node drew for a staff key, and its holder alone opens. [STF-25]
pub struct Drawn(Zeroizing<[u8; PROOF_LENGTH]>);

impl Drawn {
    /// From 32 bytes.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for another length.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        bytes.try_into().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| Rejection::Malformed)
    }

    /// The bytes, to be sealed to the key. Each use must say why it may.
    #[must_use]
    pub fn expose(&self) -> &[u8; PROOF_LENGTH] {
        &self.0
    }

    /// What the holder says back, for a key that is to count or to be shared. [STF-25]
    #[must_use]
    pub fn proof(&self, of: &KeyId) -> [u8; PROOF_LENGTH] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"uput/v1/staff/proof");
        // Exposed to be digested.
        context.update(self.expose());
        context.update(of.as_bytes());
        let mut proof = [0; PROOF_LENGTH];
        proof.copy_from_slice(context.finish().as_ref());
        proof
    }
}
