//! Countersignatures: a witness's word that a challenge was put to a party, and whether an answer came.
//!
//! Guarantees that a [`Countersignature`] is well formed. Leaves to others whose witness it is, and what silence is
//! worth (`verdict`).

use crate::{
    codec,
    envelope::{Envelope, MediaType},
    id::{Id, KeyRecordId, OrgId},
    key::SigningKey,
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// What a witness says of a challenge. [BUN-109]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countersignature {
    /// Which challenge.
    pub challenge: Id,
    /// Who shall answer.
    pub to: OrgId,
    /// Whose word it is.
    pub witness: OrgId,
    /// The witness's newest key record.
    pub key: KeyRecordId,
    /// When that party's machine had the challenge.
    pub put: Seconds,
    /// When the answer came, or until when none had come.
    pub until: Seconds,
    /// The head that the party named as its answer.
    pub head: Option<Id>,
}

impl Countersignature {
    /// Reads the body of a countersignature.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let said: wire::Countersignature = codec::decode(bytes)?;
        let parsed = Self {
            challenge: Id::parse(&said.challenge)?,
            to: OrgId::parse(&said.to)?,
            witness: OrgId::parse(&said.witness)?,
            key: KeyRecordId::parse(&said.key)?,
            put: Seconds::new(said.put).ok_or(Rejection::Malformed)?,
            until: Seconds::new(said.until).ok_or(Rejection::Malformed)?,
            head: if said.head.is_empty() { None } else { Some(Id::parse(&said.head)?) },
        };
        if parsed.put <= parsed.until { Ok(parsed) } else { Err(Rejection::Malformed) }
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&wire::Countersignature {
            challenge: self.challenge.as_bytes().to_vec(),
            to: self.to.to_vec(),
            witness: self.witness.to_vec(),
            key: self.key.to_vec(),
            put: self.put.get(),
            until: self.until.get(),
            head: self.head.map(|head| head.as_bytes().to_vec()).unwrap_or_default(),
        })
    }

    /// Signs it.
    ///
    /// # Errors
    /// What [`Countersignature::parse`] would refuse.
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, Rejection> {
        let body = self.encode();
        Self::parse(&body)?;
        Envelope::sign(MediaType::COUNTERSIGNATURE, body, &[key])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [BUN-109]
    #[test]
    fn a_countersignature_is_what_it_encodes_and_ends_no_sooner_than_it_begins() {
        let id = |name: &str| Id::of(name.as_bytes());
        let said = Countersignature {
            challenge: id("challenge"),
            to: id("party").into(),
            witness: id("witness").into(),
            key: id("key").into(),
            put: Seconds::new(600).unwrap(),
            until: Seconds::new(600).unwrap(),
            head: None,
        };
        assert_eq!(Countersignature::parse(&said.encode()).unwrap(), said);
        let answered = Countersignature { head: Some(id("head")), ..said.clone() };
        assert_eq!(Countersignature::parse(&answered.encode()).unwrap(), answered);
        let backwards = Countersignature { until: Seconds::new(599).unwrap(), ..said };
        assert_eq!(Countersignature::parse(&backwards.encode()).err(), Some(Rejection::Malformed));
    }
}
