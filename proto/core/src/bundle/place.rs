//! Where a part of a bundle stands in the file, so that a failure can say where.

use prost::{Message, encoding::encoded_len_varint};

use crate::wire;

/// The lists of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Key chains.
    Chains,
    /// Agreements.
    Agreements,
    /// Events.
    Events,
    /// Heads.
    Heads,
    /// Challenges.
    Challenges,
    /// Disclosures.
    Disclosures,
    /// Log proofs.
    Proofs,
    /// Checkpoints.
    Checkpoints,
    /// Evidence.
    Evidence,
    /// Erasures.
    Erasures,
}

/// One part of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which list.
    pub list: List,
    /// Position in the list, from 0.
    pub index: usize,
    /// Bytes of the file before it.
    pub offset: u64,
}

/// Where each part starts.
#[derive(Clone)]
pub(super) struct Starts([Vec<u64>; 10]);

impl List {
    const ALL: [Self; 10] = [
        Self::Chains,
        Self::Agreements,
        Self::Events,
        Self::Heads,
        Self::Challenges,
        Self::Disclosures,
        Self::Proofs,
        Self::Checkpoints,
        Self::Evidence,
        Self::Erasures,
    ];

    /// Its name in the schema.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chains => "chains",
            Self::Agreements => "agreements",
            Self::Events => "events",
            Self::Heads => "heads",
            Self::Challenges => "challenges",
            Self::Disclosures => "disclosures",
            Self::Proofs => "proofs",
            Self::Checkpoints => "checkpoints",
            Self::Evidence => "evidence",
            Self::Erasures => "erasures",
        }
    }
}

impl Starts {
    /// Counts through a canonical bundle: every field number is below 16, so that each tag is one byte.
    pub(super) fn of(bundle: &wire::Bundle, type_length: usize, body_length: usize) -> Self {
        let before = field(type_length) + 1 + encoded_len_varint(body_length as u64);
        let scalars = [bundle.trail.len(), bundle.exporter.len(), bundle.key.len()].map(field).iter().sum::<usize>()
            + 1
            + encoded_len_varint(u64::try_from(bundle.purpose).unwrap_or_default())
            + 1
            + encoded_len_varint(bundle.time);
        let mut next = (before + scalars) as u64;
        let lengths = [
            bundle.chains.iter().map(Message::encoded_len).collect(),
            bundle.agreements.iter().map(Message::encoded_len).collect(),
            bundle.events.iter().map(Message::encoded_len).collect(),
            bundle.heads.iter().map(Message::encoded_len).collect(),
            bundle.challenges.iter().map(Message::encoded_len).collect(),
            bundle.disclosures.iter().map(Message::encoded_len).collect(),
            bundle.proofs.iter().map(Message::encoded_len).collect(),
            bundle.checkpoints.iter().map(Vec::len).collect(),
            bundle.evidence.iter().map(Message::encoded_len).collect(),
            bundle.erasures.iter().map(Message::encoded_len).collect::<Vec<_>>(),
        ];
        Self(lengths.map(|lengths| {
            let start = |length| {
                let start = next;
                next += field(length) as u64;
                start
            };
            lengths.into_iter().map(start).collect()
        }))
    }

    pub(super) fn place(&self, list: List, index: usize) -> Place {
        let starts = List::ALL.iter().zip(&self.0).find(|(of, _)| **of == list).map(|(_, starts)| starts);
        let offset = starts.and_then(|starts| starts.get(index)).copied().unwrap_or_default();
        Place { list, index, offset }
    }
}

/// Bytes of a field with a length: tag, length, content.
fn field(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}
