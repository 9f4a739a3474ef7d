//! Challenges: the question that a head answers, kept so that an answer that never came can be shown.
//!
//! Guarantees that a [`Challenge`] is well formed. Leaves to others whether it was ever put to that party: only a witness
//! can say so.

use super::parse_nonce;
use crate::{
    codec,
    envelope::{Envelope, MediaType},
    id::{OrgId, TrailId},
    key::SigningKey,
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// Asks one party for its head. [BUN-13]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The trail.
    pub trail: TrailId,
    /// Who shall answer.
    pub to: OrgId,
    /// What the answer must carry.
    pub nonce: [u8; 32],
    /// When, as its author claims.
    pub time: Seconds,
}

impl Challenge {
    /// Reads the body of a challenge.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let challenge: wire::Challenge = codec::decode(bytes)?;
        Ok(Self {
            trail: TrailId::parse(&challenge.trail)?,
            to: OrgId::parse(&challenge.to)?,
            nonce: parse_nonce(&challenge.nonce)?.ok_or(Rejection::Malformed)?,
            time: Seconds::new(challenge.time).ok_or(Rejection::Malformed)?,
        })
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&wire::Challenge {
            trail: self.trail.to_vec(),
            to: self.to.to_vec(),
            nonce: self.nonce.to_vec(),
            time: self.time.get(),
        })
    }

    /// Signs it.
    ///
    /// # Errors
    /// What [`Challenge::parse`] would refuse.
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, Rejection> {
        let body = self.encode();
        Self::parse(&body)?;
        Envelope::sign(MediaType::CHALLENGE, body, &[key])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn a_challenge_is_what_it_encodes_and_has_a_nonce() {
        let challenge = Challenge {
            trail: Id::of(b"trail").into(),
            to: Id::of(b"party").into(),
            nonce: [3; 32],
            time: Seconds::new(600).unwrap(),
        };
        assert_eq!(Challenge::parse(&challenge.encode()).unwrap(), challenge);
        let zeros = Challenge { nonce: [0; 32], ..challenge };
        assert_eq!(Challenge::parse(&zeros.encode()).err(), Some(Rejection::Malformed));
    }
}
