//! Heads: one party's signed word on where a trail stands for it, and the challenges that ask for one.
//!
//! Guarantees that a [`Head`] is well formed, and that a verified one was signed by the key of the record that it names
//! in its author's chain. Leaves to others whether it is true (`verdict`), and whether that record still counts.

mod challenge;
mod countersignature;

pub use challenge::Challenge;
pub use countersignature::Countersignature;

use crate::{
    codec,
    envelope::{Envelope, MediaType, Verified, verify_one},
    id::{EventId, Id, KeyRecordId, OrgId, TrailId},
    key::{KeyChain, SigningKey},
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// Where a trail stands for one party. [BUN-10]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The trail.
    pub trail: TrailId,
    /// Whose word it is.
    pub author: OrgId,
    /// The author's newest key record.
    pub key: KeyRecordId,
    /// Incarnation of the author's node.
    pub incarnation: u32,
    /// How many events the author has written in the trail.
    pub own_count: u64,
    /// The last of them.
    pub own_last: Option<EventId>,
    /// How many events of the other party the author has admitted.
    pub seen_count: u64,
    /// The last of them.
    pub seen_last: Option<EventId>,
    /// The newest key record of the other party that the author knows.
    pub peer_key: KeyRecordId,
    /// Closes an older incarnation of the other party.
    pub closes: Option<ClosedIncarnation>,
    /// When, as the author claims.
    pub time: Seconds,
    /// What was asked with: a number drawn for this once, or that of [`Head::nonce_for`].
    pub nonce: Option<[u8; 32]>,
    /// The withdrawal whose time is over for the author. [CAS-103]
    pub settled: Option<EventId>,
}

/// Where an older incarnation of the other party ended. [BUN-12]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedIncarnation {
    /// Which.
    pub incarnation: u32,
    /// How many events of it, and of those before it, were admitted.
    pub count: u64,
}

impl Head {
    /// What a head of one trail carries to answer the nonce of a trust file, so that who is asked in two trails, or two
    /// who are asked in one each, see nothing that is equal. [BUN-66]
    #[must_use]
    pub fn nonce_for(trust: &[u8; 32], trail: &TrailId) -> [u8; 32] {
        *Id::of(&[&b"uput/v1/head"[..], trust, trail.as_bytes()].concat()).as_bytes()
    }

    /// Reads the body of a head.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let head: wire::Head = codec::decode(bytes)?;
        let parsed = Self {
            trail: TrailId::parse(&head.trail)?,
            author: OrgId::parse(&head.author)?,
            key: KeyRecordId::parse(&head.key)?,
            incarnation: head.incarnation,
            own_count: head.own_count,
            own_last: EventId::parse_optional(&head.own_last)?,
            seen_count: head.seen_count,
            seen_last: EventId::parse_optional(&head.seen_last)?,
            peer_key: KeyRecordId::parse(&head.peer_key)?,
            closes: head.closes.map(|c| ClosedIncarnation { incarnation: c.incarnation, count: c.count }),
            time: Seconds::new(head.time).ok_or(Rejection::Malformed)?,
            nonce: parse_nonce(&head.nonce)?,
            settled: EventId::parse_optional(&head.settled)?,
        };
        parsed.check_counts()?;
        Ok(parsed)
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&wire::Head {
            trail: self.trail.to_vec(),
            author: self.author.to_vec(),
            key: self.key.to_vec(),
            incarnation: self.incarnation,
            own_count: self.own_count,
            own_last: self.own_last.map(|id| id.to_vec()).unwrap_or_default(),
            seen_count: self.seen_count,
            seen_last: self.seen_last.map(|id| id.to_vec()).unwrap_or_default(),
            peer_key: self.peer_key.to_vec(),
            closes: self.closes.map(|c| wire::ClosedIncarnation { incarnation: c.incarnation, count: c.count }),
            time: self.time.get(),
            nonce: self.nonce.map(|nonce| nonce.to_vec()).unwrap_or_default(),
            settled: self.settled.map(|id| id.to_vec()).unwrap_or_default(),
        })
    }

    /// Signs it.
    ///
    /// # Errors
    /// What [`Head::parse`] would refuse.
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, Rejection> {
        let body = self.encode();
        Self::parse(&body)?;
        Envelope::sign(MediaType::HEAD, body, &[key])
    }

    /// Verifies a head against its author's chain. [BUN-11]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if the chain is not the author's or has no such record, [`Rejection::WrongType`],
    /// [`Rejection::WrongSigners`], [`Rejection::BadSignature`], or what [`Head::parse`] refuses.
    pub fn verify(envelope: Envelope, chain: &KeyChain) -> Result<Verified<Self>, Rejection> {
        if !envelope.is(MediaType::HEAD) {
            return Err(Rejection::WrongType);
        }
        // Read before it is verified only to find the key that must have signed it.
        let named = Self::parse(envelope.body())?;
        let key = chain.signing_key_of(&named.key).filter(|_| chain.organisation() == named.author);
        verify_one(envelope, MediaType::HEAD, key.ok_or(Rejection::UnknownSigner)?, Self::parse)
    }

    /// [BUN-10] A count and the last event that it counts come together.
    fn check_counts(&self) -> Result<(), Rejection> {
        let own = (self.own_count == 0) == self.own_last.is_none();
        let seen = (self.seen_count == 0) == self.seen_last.is_none();
        if own && seen { Ok(()) } else { Err(Rejection::Malformed) }
    }
}

/// Empty, or 32 bytes that are not all zero.
fn parse_nonce(bytes: &[u8]) -> Result<Option<[u8; 32]>, Rejection> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let nonce: [u8; 32] = bytes.try_into().map_err(|_| Rejection::Malformed)?;
    if nonce == [0; 32] { Err(Rejection::Malformed) } else { Ok(Some(nonce)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::hex;

    fn head() -> Head {
        let id = |name: &str| Id::of(name.as_bytes());
        Head {
            trail: id("trail").into(),
            author: id("author").into(),
            key: id("key").into(),
            incarnation: 1,
            own_count: 3,
            own_last: Some(id("own").into()),
            seen_count: 2,
            seen_last: Some(id("seen").into()),
            peer_key: id("peer key").into(),
            closes: Some(ClosedIncarnation { incarnation: 0, count: 2 }),
            time: Seconds::new(600).unwrap(),
            nonce: Some([7; 32]),
            settled: Some(id("withdrawal").into()),
        }
    }

    #[test]
    fn a_head_is_what_it_encodes() {
        assert_eq!(Head::parse(&head().encode()).unwrap(), head());
        let empty = Head { own_count: 0, own_last: None, seen_count: 0, seen_last: None, closes: None, ..head() };
        let empty = Head { nonce: None, settled: None, ..empty };
        assert_eq!(Head::parse(&empty.encode()).unwrap(), empty);
    }

    #[test]
    fn a_count_without_its_last_event_is_refused() {
        let last = head().own_last;
        for misshapen in [
            Head { own_count: 0, ..head() },
            Head { own_last: None, ..head() },
            Head { seen_count: 0, ..head() },
            Head { seen_last: None, ..head() },
            Head { own_count: 0, own_last: last, ..head() },
        ] {
            assert_eq!(Head::parse(&misshapen.encode()).err(), Some(Rejection::Malformed));
        }
    }

    /// [BUN-66]
    #[test]
    fn each_trail_has_a_nonce_of_its_own() {
        let trail = "481fe7e60119d281d211b3590d9f855def7655ba523275fb9fa5a2c5c5529fb7";
        let nonce = Head::nonce_for(&[7; 32], &TrailId::from_hex(trail).unwrap());
        assert_eq!(hex(&nonce), "dec3a62289d9d06524fc9807207845d678afab5f09d1db4d2f4b9f3f48914277");
        assert_ne!(nonce, Head::nonce_for(&[7; 32], &head().trail));
    }

    #[test]
    fn a_nonce_of_zeros_is_refused() {
        let zeros = Head { nonce: Some([0; 32]), ..head() };
        assert_eq!(Head::parse(&zeros.encode()).err(), Some(Rejection::Malformed));
    }
}
