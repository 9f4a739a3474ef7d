//! Randomness as an argument.
//!
//! Guarantees nothing about the bytes: the caller brings them. Who can foresee them reads every letter sealed with them.

/// A source of random bytes.
///
/// An implementation promises that every call fills the whole buffer with bytes that nobody can predict, and that no
/// copy of the source ever gives the same bytes again. Tests and vectors break the promise on purpose.
pub trait Entropy {
    /// Fills the whole buffer.
    fn fill(&mut self, buffer: &mut [u8]);
}

/// The same source, as the sealing library asks for it.
pub(crate) struct Source<'a, E: Entropy>(pub(crate) &'a mut E);

impl<E: Entropy> hpke::rand_core::TryRng for Source<'_, E> {
    type Error = hpke::rand_core::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut word = [0; 4];
        self.0.fill(&mut word);
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut word = [0; 8];
        self.0.fill(&mut word);
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(buffer);
        Ok(())
    }
}

impl<E: Entropy> hpke::rand_core::TryCryptoRng for Source<'_, E> {}
