//! Letters that somebody carries by hand: there is no connection that shows whose they are, so they say it themselves.
//!
//! Guarantees that the content of a letter which [`check`] passes is what its author sealed for this recipient, whole.
//! Leaves to others: whether that author is a peer, and how many of a pack arrived.

use ring::digest;

use crate::{
    codec,
    envelope::{Envelope, MediaType, verify_one},
    id::{KeyRecordId, OrgId},
    key::{KeyChain, SigningKey},
    rejection::Rejection,
    time::Seconds,
    wire,
};

const CONTEXT: &[u8] = b"uput/v1/carriage";
/// Length of the name of a pack, in bytes.
pub const PACK_LENGTH: usize = 16;

/// Whose letter it is, and to which pack it belongs. [CAR-2]
#[derive(Clone, PartialEq)]
pub struct Carriage {
    /// Who sealed it.
    pub author: OrgId,
    /// The key record whose signing key signs this.
    pub key_record: KeyRecordId,
    /// For whom.
    pub recipient: OrgId,
    /// The pack.
    pub pack: [u8; PACK_LENGTH],
    /// Which of its letters, from 1.
    pub number: u32,
    /// How many it has.
    pub count: u32,
    /// Digest of the content.
    pub content: [u8; 32],
    /// When, as its author claims.
    pub time: Seconds,
    /// The author's key records, or none.
    pub key_records: Vec<wire::Envelope>,
}

impl Carriage {
    /// Reads the body of a carriage.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let carriage: wire::Carriage = codec::decode(bytes)?;
        if carriage.number == 0 || carriage.number > carriage.count {
            return Err(Rejection::Malformed);
        }
        Ok(Self {
            author: OrgId::parse(&carriage.author)?,
            key_record: KeyRecordId::parse(&carriage.key_record)?,
            recipient: OrgId::parse(&carriage.recipient)?,
            pack: carriage.pack.try_into().map_err(|_| Rejection::Malformed)?,
            number: carriage.number,
            count: carriage.count,
            content: carriage.content.try_into().map_err(|_| Rejection::Malformed)?,
            time: Seconds::new(carriage.time).ok_or(Rejection::Malformed)?,
            key_records: carriage.key_records,
        })
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&wire::Carriage {
            author: self.author.to_vec(),
            key_record: self.key_record.to_vec(),
            recipient: self.recipient.to_vec(),
            pack: self.pack.to_vec(),
            number: self.number,
            count: self.count,
            content: self.content.to_vec(),
            time: self.time.get(),
            key_records: self.key_records.clone(),
        })
    }

    /// Puts itself into the content that it is about.
    ///
    /// # Errors
    /// What [`Carriage::parse`] would refuse.
    pub fn seal_into(self, content: &mut wire::LetterContent, key: &SigningKey) -> Result<(), Rejection> {
        content.carriage = None;
        let body = Self { content: digest_of(content), ..self }.encode();
        Self::parse(&body)?;
        content.carriage = Some(Envelope::sign(MediaType::CARRIAGE, body, &[key])?.to_wire());
        Ok(())
    }

    /// What a letter says of itself, not verified: to find the chain that must have signed it.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if it says nothing, what [`Carriage::parse`] refuses, and [`Rejection::WrongRecipient`].
    pub fn named_by(content: &wire::LetterContent, us: &OrgId) -> Result<Self, Rejection> {
        let envelope = content.carriage.as_ref().ok_or(Rejection::Malformed)?;
        let named = Self::parse(&envelope.body)?;
        if named.recipient == *us { Ok(named) } else { Err(Rejection::WrongRecipient) }
    }
}

/// Verifies whose a letter is, takes the carriage out, and holds the rest against it. [CAR-10]
///
/// # Errors
/// [`Rejection::UnknownSigner`] if the chain is not the author's or has no such record, [`Rejection::BadSignature`] also
/// for another content than the one that was signed, [`Rejection::Malformed`] for what does not travel so [CAR-3], and
/// what [`Carriage::named_by`] refuses.
pub fn check(content: &mut wire::LetterContent, us: &OrgId, chain: &KeyChain) -> Result<Carriage, Rejection> {
    let named = Carriage::named_by(content, us)?;
    let key = chain.signing_key_of(&named.key_record).filter(|_| chain.organisation() == named.author);
    let key = key.ok_or(Rejection::UnknownSigner)?;
    let envelope = Envelope::from_wire(content.carriage.take().ok_or(Rejection::Malformed)?)?;
    let carriage = verify_one(envelope, MediaType::CARRIAGE, key, Carriage::parse)?;
    if carriage.content != digest_of(content) {
        return Err(Rejection::BadSignature);
    }
    if !may_go(content) {
        return Err(Rejection::Malformed);
    }
    Ok(Carriage::clone(&carriage))
}

/// Whether a content holds nothing that is said on a connection only: questions, and what goes through a witness. [CAR-3]
#[must_use]
pub fn may_go(content: &wire::LetterContent) -> bool {
    content.head_requests.is_empty()
        && content.lost.is_empty()
        && content.challenges.is_empty()
        && content.put_challenges.is_empty()
        && content.put_answers.is_empty()
}

fn digest_of(content: &wire::LetterContent) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(CONTEXT);
    context.update(&zeroize::Zeroizing::new(codec::encode(content)));
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests;
