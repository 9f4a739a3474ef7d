//! Bundles: one file with a trail and all that is needed to verify it offline.
//!
//! Guarantees that a [`Bundle`] is within its bounds, holds well-formed envelopes in the one canonical order, and that
//! the same content always makes the same bytes. Leaves to others whether anything in it is true (`verdict`).

mod draft;
mod erasure;
mod order;
mod place;

pub use draft::BundleDraft;
pub use erasure::Erasure;
pub use place::{List, Place};

use std::ops::Deref;

use crate::{
    codec,
    envelope::{Envelope, MediaType},
    event::{EventPrefix, known},
    id::{KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire,
};
use place::Starts;

/// A bundle as its exporter signed it; nothing in it is verified.
#[derive(Clone)]
pub struct Bundle {
    envelope: Envelope,
    content: BundleDraft,
    /// Who exported it with the exporter, where two bundles are taken as one.
    beside: Option<OrgId>,
    /// What every event begins with, or why it does not.
    prefixes: Vec<Result<EventPrefix, Rejection>>,
    starts: Starts,
}

/// Why a bundle cannot be read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Why.
    pub rejection: Rejection,
    /// Which part, if it is one.
    pub place: Option<Place>,
}

impl Bundle {
    /// Reads a bundle file.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::WrongType`], [`Rejection::Malformed`], [`Rejection::NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let bundle = Self::read(bytes).map_err(|unreadable| unreadable.rejection)?;
        if bundle.disorder().is_some() { Err(Rejection::NotCanonical) } else { Ok(bundle) }
    }

    /// Reads a bundle file whose parts may be in another order than they must.
    ///
    /// # Errors
    /// As [`Bundle::parse`], with the part that cannot be read.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let envelope = Envelope::parse(bytes)?;
        if !envelope.is(MediaType::BUNDLE) {
            return Err(Rejection::WrongType.into()); // [BUN-1]
        }
        let wire: wire::Bundle = codec::decode(envelope.body())?;
        check_counts(&wire)?;
        let starts = Starts::of(&wire, envelope.media_type().len(), envelope.body().len());
        let content = BundleDraft {
            trail: TrailId::parse(&wire.trail)?,
            exporter: OrgId::parse(&wire.exporter)?,
            key: KeyRecordId::parse(&wire.key)?,
            purpose: known(wire.purpose())?,
            time: Seconds::new(wire.time).ok_or(Rejection::Malformed)?,
            chains: read_chains(wire.chains, &starts)?,
            agreements: read_list(List::Agreements, wire.agreements, &starts)?,
            events: read_list(List::Events, wire.events, &starts)?,
            heads: read_list(List::Heads, wire.heads, &starts)?,
            challenges: read_list(List::Challenges, wire.challenges, &starts)?,
            disclosures: wire.disclosures,
            proofs: wire.proofs,
            checkpoints: wire.checkpoints,
            evidence: read_list(List::Evidence, wire.evidence, &starts)?,
            erasures: read_erasures(&wire.erasures, &starts)?,
        };
        let prefix = |event: &Envelope| EventPrefix::parse(event.id(), event.body());
        let prefixes = content.events.iter().map(prefix).collect();
        Ok(Self { envelope, content, beside: None, prefixes, starts })
    }

    /// What two bundles of one trail hold together, under the envelope of the first, whose signature does not cover it.
    pub(crate) fn together(&self, other: &Self) -> Self {
        let mut content = self.content.clone();
        content.take_in(&other.content);
        // [RET-20] Each is the word of one exporter on what it opens itself.
        content.erasures.clear();
        let prefix = |event: &Envelope| EventPrefix::parse(event.id(), event.body());
        let prefixes = content.events.iter().map(prefix).collect();
        let (envelope, starts) = (self.envelope.clone(), self.starts.clone());
        Self { envelope, content, beside: Some(other.exporter), prefixes, starts }
    }

    /// The envelope that the exporter signed.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The first part that does not stand where it must. [BUN-3]
    pub(crate) fn disorder(&self) -> Option<Place> {
        order::disorder(&self.content, &self.prefixes).map(|(list, index)| self.place(list, index))
    }

    /// The events, each with what it begins with, or why it does not. Nothing of it is verified.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&Envelope, Result<&EventPrefix, Rejection>)> {
        let prefixes = self.prefixes.iter().map(|prefix| prefix.as_ref().map_err(|rejection| *rejection));
        self.content.events.iter().zip(prefixes)
    }

    /// Whoever chose what is here: its exporter, or those of both that are taken as one.
    pub(crate) fn chose(&self, organisation: &OrgId) -> bool {
        self.content.exporter == *organisation || self.beside == Some(*organisation)
    }

    /// Where a part stands in the file.
    pub(crate) fn place(&self, list: List, index: usize) -> Place {
        self.starts.place(list, index)
    }
}

impl Deref for Bundle {
    type Target = BundleDraft;

    fn deref(&self) -> &BundleDraft {
        &self.content
    }
}

impl From<Rejection> for Unreadable {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, place: None }
    }
}

/// Most parts of each list. [BUN-2]
const fn most(list: List) -> usize {
    match list {
        List::Chains | List::Heads | List::Challenges | List::Evidence | List::Erasures => 256,
        List::Agreements => 16,
        List::Events | List::Disclosures => 65_536,
        List::Proofs | List::Checkpoints => 131_072,
    }
}

fn check_counts(bundle: &wire::Bundle) -> Result<(), Unreadable> {
    let lists = [
        (List::Chains, bundle.chains.len()),
        (List::Agreements, bundle.agreements.len()),
        (List::Events, bundle.events.len()),
        (List::Heads, bundle.heads.len()),
        (List::Challenges, bundle.challenges.len()),
        (List::Disclosures, bundle.disclosures.len()),
        (List::Proofs, bundle.proofs.len()),
        (List::Checkpoints, bundle.checkpoints.len()),
        (List::Evidence, bundle.evidence.len()),
        (List::Erasures, bundle.erasures.len()),
    ];
    if lists.iter().all(|(list, count)| *count <= most(*list)) { Ok(()) } else { Err(Rejection::TooLarge.into()) }
}

fn read_list(list: List, parts: Vec<wire::Envelope>, starts: &Starts) -> Result<Vec<Envelope>, Unreadable> {
    let read = |(index, part)| {
        Envelope::from_wire(part).map_err(|rejection| Unreadable { rejection, place: Some(starts.place(list, index)) })
    };
    parts.into_iter().enumerate().map(read).collect()
}

fn read_erasures(parts: &[wire::Erasure], starts: &Starts) -> Result<Vec<Erasure>, Unreadable> {
    let read = |(index, part)| {
        Erasure::parse(part)
            .map_err(|rejection| Unreadable { rejection, place: Some(starts.place(List::Erasures, index)) })
    };
    parts.iter().enumerate().map(read).collect()
}

fn read_chains(chains: Vec<wire::KeyChain>, starts: &Starts) -> Result<Vec<Vec<Envelope>>, Unreadable> {
    let read = |(index, chain): (usize, wire::KeyChain)| {
        let at = |rejection| Unreadable { rejection, place: Some(starts.place(List::Chains, index)) };
        // An empty chain says nothing and has no organisation to be ordered by.
        if chain.records.is_empty() {
            return Err(at(Rejection::Malformed));
        }
        chain.records.into_iter().map(|record| Envelope::from_wire(record).map_err(at)).collect()
    };
    chains.into_iter().enumerate().map(read).collect()
}
