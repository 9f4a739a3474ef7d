//! What a party may say next, and how it says it.
//!
//! Guarantees that an event made here continues its author's chain, has seen everything that the trail holds, is signed,
//! and would not be void. Leaves to others which labels may be disclosed (`agreement`), and to the shell that nothing is
//! sent before it is on disk.

use crate::{
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Event, Opening, Statement, Terms},
    id::{EventId, Id, KeyRecordId, OrgId},
    key::SigningKey,
    rejection::Rejection,
    state::{Side, VoidReason},
    time::Seconds,
    trail::Trail,
};

/// Who writes, with which key.
pub struct Author<'a> {
    /// The organisation.
    pub organisation: OrgId,
    /// Its newest key record.
    pub key_record: KeyRecordId,
    /// The signing key that the record names.
    pub signing: &'a SigningKey,
    /// Incarnation of its node.
    pub incarnation: u32,
}

/// What shall be said.
pub struct Draft {
    /// Kind and codes.
    pub statement: Statement,
    /// Rule and basis; needed with slots and in openings.
    pub terms: Option<Terms>,
    /// Commitments of the slots.
    pub slots: Vec<u8>,
    /// When, already rounded to the agreement's grain.
    pub time: Seconds,
    /// When it happened, likewise.
    pub occurred: Option<Seconds>,
}

/// Why nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The trail's state does not allow it; the condition that fails.
    #[error("the trail's state does not allow this step now: {0}")]
    Void(VoidReason),
    /// Another reason.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Refused {
    /// The row of the table of rejections.
    #[must_use]
    pub const fn rejection(&self) -> Rejection {
        match self {
            Self::Void(_) => Rejection::StepNotAllowed,
            Self::Rejected(rejection) => *rejection,
        }
    }
}

/// Opens a trail.
///
/// # Errors
/// [`Rejection::Malformed`] if the draft is no opening or lacks terms.
pub fn open(author: &Author<'_>, opening: Opening, draft: Draft) -> Result<Verified<Event>, Rejection> {
    sign(author, Place::default(), Draft { statement: Statement::Opening(opening), ..draft })
}

/// Adds the author's next event to a trail. [EVT-22]
///
/// # Errors
/// [`Refused::Void`] if it would have no effect, [`Rejection::WrongTrail`] if the author is no party of the trail.
pub fn append(trail: &Trail, author: &Author<'_>, draft: Draft) -> Result<Verified<Event>, Refused> {
    let side = trail.side(&author.organisation).ok_or(Rejection::WrongTrail)?;
    may(trail, side, &draft.statement)?;
    Ok(sign(author, Place::next(trail, side), draft)?)
}

/// Whether a statement would have effect if it were said now.
///
/// # Errors
/// [`Refused::Void`] with the condition that fails.
pub fn may(trail: &Trail, side: Side, statement: &Statement) -> Result<(), Refused> {
    if matches!(statement, Statement::Opening(_)) {
        return Err(Rejection::WrongTrail.into());
    }
    trail.may(side, statement).map_err(Refused::Void)
}

/// Where an event stands in its trail.
#[derive(Default)]
struct Place {
    trail: Option<crate::id::TrailId>,
    seq: u64,
    prev: Option<EventId>,
    seen: Option<EventId>,
}

impl Place {
    /// After everything that the trail holds. [EVT-6]
    fn next(trail: &Trail, side: Side) -> Self {
        Self { trail: Some(trail.id()), seq: trail.count(side), prev: trail.last(side), seen: trail.last(side.other()) }
    }
}

fn sign(author: &Author<'_>, place: Place, draft: Draft) -> Result<Verified<Event>, Rejection> {
    // The ID covers the body, so the body is made with any ID and read back with its own.
    let unnamed = EventId::from(Id::of(b""));
    let event = Event {
        id: unnamed,
        trail: place.trail.unwrap_or(unnamed.opened_trail()),
        author: author.organisation,
        key: author.key_record,
        incarnation: author.incarnation,
        seq: place.seq,
        prev: place.prev,
        seen: place.seen,
        time: draft.time,
        occurred: draft.occurred,
        slots: draft.slots,
        terms: draft.terms,
        statement: draft.statement,
    };
    let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[author.signing])?;
    let id = envelope.id();
    // A fault in signing must not reach the journal as if it were evidence.
    verify_one(envelope, MediaType::EVENT, author.signing.public(), |body| Event::parse(id, body))
}
