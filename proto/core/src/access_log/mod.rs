//! Her part of an organisation's access log: who looked at her case, when and why, as a chain that shows a gap.
//!
//! Guarantees that an [`AccessLog`] is within its bounds and holds well-formed entries; [`verify`] says, offline and in
//! words, what it proves and what not, and no input makes it panic. It holds no value of a trail and no name.

mod demand;
mod entry;
mod examination;
mod report;

pub use entry::{AccessEntry, case_tag, commit_words, pseudonym};
pub use examination::verify;
pub use report::{Access, ChainShown, Report, SCHEMA};

use crate::{
    catalogue::is_line,
    codec,
    envelope::{Envelope, MAX_ACCESS_LOG, MediaType},
    id::{AccessId, CaseTag, KeyRecordId, OrgId},
    key::SigningKey,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Seconds,
    wire,
};

/// Most entries of a document. [ACL-20]
pub const MAX_ENTRIES: usize = 65_536;
/// Most chains of a document. [ACL-20]
pub const MAX_CHAINS: usize = 64;
/// Longest words of a reason, in characters. [ACL-6]
pub const MAX_WORDS: usize = 200;

/// The accesses to one case, as an organisation says they were; nothing in it is verified. [ACL-20]
#[derive(Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// Whose log it is.
    pub organisation: OrgId,
    /// Its newest key record.
    pub key: KeyRecordId,
    /// When it was made.
    pub time: Seconds,
    /// What the asker wants to see in it.
    pub nonce: Option<[u8; 32]>,
    /// Its key records.
    pub records: Vec<Envelope>,
    /// The case's own chain, then those of cases that were joined into it, ascending by tag.
    pub chains: Vec<AccessChain>,
    /// Words that are opened.
    pub words: Vec<OpenedWords>,
}

/// The accesses to one case in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessChain {
    /// Which case.
    pub tag: CaseTag,
    /// From the first to the newest, each with the ID of its bytes.
    pub entries: Vec<(AccessId, AccessEntry)>,
}

/// The words of one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedWords {
    /// Of which access.
    pub access: AccessId,
    /// The salt of the commitment.
    pub salt: [u8; 32],
    /// The words.
    pub words: Sensitive<String>,
}

impl AccessLog {
    /// Reads a document file, with the envelope that was signed.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::WrongType`], [`Rejection::Malformed`], [`Rejection::NotCanonical`].
    pub fn read(bytes: &[u8]) -> Result<(Self, Envelope), Rejection> {
        // [ACL-20] Bounded before anything is decoded; the signature and its frame take less than the rest.
        if bytes.len() > MAX_ACCESS_LOG + 1024 {
            return Err(Rejection::TooLarge);
        }
        let envelope = Envelope::parse(bytes)?;
        if !envelope.is(MediaType::ACCESS_LOG) {
            return Err(Rejection::WrongType);
        }
        Ok((Self::parse(envelope.body())?, envelope))
    }

    /// Reads the body of a document.
    ///
    /// # Errors
    /// As [`AccessLog::read`].
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let log: wire::AccessLog = codec::decode(body)?;
        let count: usize = log.chains.iter().map(|chain| chain.entries.len()).sum();
        if log.chains.len() > MAX_CHAINS || count > MAX_ENTRIES || log.words.len() > count {
            return Err(Rejection::TooLarge);
        }
        let records = log.chain.ok_or(Rejection::Malformed)?.records;
        let parsed = Self {
            organisation: OrgId::parse(&log.organisation)?,
            key: KeyRecordId::parse(&log.key)?,
            time: Seconds::new(log.time).ok_or(Rejection::Malformed)?,
            nonce: nonce(&log.nonce)?,
            records: records.into_iter().map(Envelope::from_wire).collect::<Result<_, _>>()?,
            chains: log.chains.into_iter().map(AccessChain::from_wire).collect::<Result<_, _>>()?,
            words: log.words.into_iter().map(OpenedWords::from_wire).collect::<Result<_, _>>()?,
        };
        parsed.check_order().map(|()| parsed)
    }

    /// Signs it.
    ///
    /// # Errors
    /// What [`AccessLog::parse`] would refuse.
    pub fn sign(&self, key: &SigningKey) -> Result<Envelope, Rejection> {
        let body = self.encode();
        Self::parse(&body)?;
        Envelope::sign(MediaType::ACCESS_LOG, body, &[key])
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let chain = |chain: &AccessChain| wire::AccessChain {
            case_tag: chain.tag.to_vec(),
            entries: chain.entries.iter().map(|(_, entry)| entry.encode()).collect(),
        };
        let opened = |opened: &OpenedWords| wire::OpenedWords {
            access: opened.access.to_vec(),
            salt: opened.salt.to_vec(),
            // The exporter may open it, and said that it shall be in the document.
            words: opened.words.expose().clone(),
        };
        codec::encode(&wire::AccessLog {
            organisation: self.organisation.to_vec(),
            key: self.key.to_vec(),
            time: self.time.get(),
            nonce: self.nonce.map(|nonce| nonce.to_vec()).unwrap_or_default(),
            chain: Some(wire::KeyChain { records: self.records.iter().map(Envelope::to_wire).collect() }),
            chains: self.chains.iter().map(chain).collect(),
            words: self.words.iter().map(opened).collect(),
        })
    }

    /// Every entry with its ID, chain by chain.
    pub fn entries(&self) -> impl Iterator<Item = &(AccessId, AccessEntry)> {
        self.chains.iter().flat_map(|chain| &chain.entries)
    }

    /// [ACL-20] The case's own chain is first, the others ascend; nothing stands twice; words follow the entries.
    fn check_order(&self) -> Result<(), Rejection> {
        let (own, joined) = self.chains.split_first().ok_or(Rejection::Malformed)?;
        let ascend = joined.is_sorted_by(|a, b| a.tag < b.tag) && joined.iter().all(|chain| chain.tag != own.tag);
        let mut rest = self.entries();
        let follow = self.words.iter().all(|opened| rest.any(|(id, _)| *id == opened.access));
        if ascend && follow { Ok(()) } else { Err(Rejection::NotCanonical) }
    }
}

impl AccessChain {
    fn from_wire(chain: wire::AccessChain) -> Result<Self, Rejection> {
        let read = |bytes: &Vec<u8>| Ok((AccessEntry::id_of(bytes), AccessEntry::parse(bytes)?));
        let entries: Vec<_> = chain.entries.iter().map(read).collect::<Result<_, Rejection>>()?;
        if entries.is_empty() {
            Err(Rejection::Malformed)
        } else {
            Ok(Self { tag: CaseTag::parse(&chain.case_tag)?, entries })
        }
    }
}

impl OpenedWords {
    fn from_wire(opened: wire::OpenedWords) -> Result<Self, Rejection> {
        let salt = opened.salt.as_slice().try_into().map_err(|_| Rejection::Malformed)?;
        // [ACL-6]
        if !is_line(&opened.words, MAX_WORDS) {
            return Err(Rejection::Malformed);
        }
        Ok(Self { access: AccessId::parse(&opened.access)?, salt, words: Sensitive::new(opened.words) })
    }
}

/// Empty, or 32 bytes that are not all zero.
fn nonce(bytes: &[u8]) -> Result<Option<[u8; 32]>, Rejection> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let nonce: [u8; 32] = bytes.try_into().map_err(|_| Rejection::Malformed)?;
    if nonce == [0; 32] { Err(Rejection::Malformed) } else { Ok(Some(nonce)) }
}
