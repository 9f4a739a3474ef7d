//! Events: one signed statement in a trail.
//!
//! Guarantees that an [`Event`] is well formed: every ID has its length, every code is known, times and counts are in
//! bounds, slots and terms come together. Leaves to others whether its signature verifies (`envelope`), whether it
//! continues its author's chain (`trail`), and what it means (`state`).

mod body;
mod prefix;
mod statement;

pub(crate) use body::known;
pub use body::{Opening, Terms};
pub use prefix::EventPrefix;
pub use statement::{Decision, Statement};

use crate::{
    act, codec,
    id::{EventId, Id, KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// Counts of slots that an event may have. [EVT-7]
pub const SLOT_COUNTS: [usize; 5] = [0, 8, 16, 32, 64];

/// The newest event version that this crate reads.
pub const EVENT_VERSION: u32 = 1;

/// A well-formed event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its ID.
    pub id: EventId,
    /// The trail that it belongs to; its own ID for an opening.
    pub trail: TrailId,
    /// Who says it.
    pub author: OrgId,
    /// The author's newest key record when it was said.
    pub key: KeyRecordId,
    /// Incarnation of the author's node.
    pub incarnation: u32,
    /// Number in the author's chain, from 0.
    pub seq: u64,
    /// The author's event before; none at 0.
    pub prev: Option<EventId>,
    /// The newest event of the other party that the author had admitted.
    pub seen: Option<EventId>,
    /// When, as the author claims.
    pub time: Seconds,
    /// When it happened, if given.
    pub occurred: Option<Seconds>,
    /// Commitments, 32 bytes each.
    pub slots: Vec<u8>,
    /// Rule and basis of the slots; always there in an opening.
    pub terms: Option<Terms>,
    /// What is said.
    pub statement: Statement,
}

impl Event {
    /// Reads the body of an event of version 1. [EVT-1] [EVT-2]
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(id: Id, bytes: &[u8]) -> Result<Self, Rejection> {
        let body: wire::EventBody = codec::decode(bytes)?;
        let id = EventId::from(id);
        let trail = TrailId::parse_optional(&body.trail)?;
        let statement = Statement::parse(body.kind.ok_or(Rejection::Malformed)?)?;
        let event = Self {
            id,
            trail: trail.unwrap_or(id.opened_trail()),
            author: OrgId::parse(&body.author)?,
            key: KeyRecordId::parse(&body.key)?,
            incarnation: body.incarnation,
            seq: body.seq,
            prev: EventId::parse_optional(&body.prev)?,
            seen: EventId::parse_optional(&body.seen)?,
            time: Seconds::new(body.time).ok_or(Rejection::Malformed)?,
            occurred: parse_occurred(body.occurred)?,
            terms: body.terms.map(Terms::parse).transpose()?,
            slots: body.slots,
            statement,
        };
        event.check_opening(trail.is_none())?;
        event.check_slots()?;
        Ok(event)
    }

    /// The body, canonically encoded.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let opens = matches!(self.statement, Statement::Opening(_));
        codec::encode(&wire::EventBody {
            trail: if opens { Vec::new() } else { self.trail.to_vec() },
            author: self.author.to_vec(),
            key: self.key.to_vec(),
            incarnation: self.incarnation,
            seq: self.seq,
            prev: self.prev.map(|id| id.to_vec()).unwrap_or_default(),
            seen: self.seen.map(|id| id.to_vec()).unwrap_or_default(),
            time: self.time.get(),
            occurred: self.occurred.map(Seconds::get).unwrap_or_default(),
            slots: self.slots.clone(),
            terms: self.terms.map(Terms::to_wire),
            kind: Some(self.statement.to_wire()),
        })
    }

    /// What an opening says, if this is one.
    #[must_use]
    pub const fn opening(&self) -> Option<&Opening> {
        match &self.statement {
            Statement::Opening(opening) => Some(opening),
            _ => None,
        }
    }

    /// Whether a `delivered` is due for it: openings and events with slots. [EVT-12]
    #[must_use]
    pub const fn wants_delivered(&self) -> bool {
        matches!(self.statement, Statement::Opening(_)) || !self.slots.is_empty()
    }

    /// Whether `cited` is the decision that this one cites: made in another trail, by whoever signed it, and the same.
    /// That it is about this case is the author's word. [EVT-15]
    #[must_use]
    pub fn is_proved_by(&self, cited: &Self) -> bool {
        let (Statement::Decision(here), Statement::Decision(made)) = (&self.statement, &cited.statement) else {
            return false;
        };
        here.evidence == Some(cited.id) && *made == Decision { evidence: None, ..*here } && cited.trail != self.trail
    }

    /// [EVT-3] An opening has no trail; nothing else lacks one.
    fn check_opening(&self, without_trail: bool) -> Result<(), Rejection> {
        ensure(self.opening().is_some() == without_trail)?;
        check_links(without_trail, self.seq, self.prev, self.seen)?;
        // [EVT-4] Nobody opens a trail with itself.
        ensure(self.opening().is_none_or(|opening| opening.peer != self.author))
    }

    /// [EVT-7] [EVT-8] Slots come in few counts; terms stand beside slots and in openings, nowhere else.
    fn check_slots(&self) -> Result<(), Rejection> {
        ensure(self.slots.len().is_multiple_of(32) && SLOT_COUNTS.contains(&(self.slots.len() / 32)))?;
        ensure(self.terms.is_some() == self.wants_delivered())?;
        ensure(self.slots.is_empty() || !matches!(self.statement, Statement::Delivered(_)))?;
        let stage = self.terms.as_ref().map(|terms| terms.stage);
        match &self.statement {
            // [STA-40] No act opens above its highest stage.
            Statement::Opening(opening) => {
                let highest = act::row(opening.act).map_or(0, |row| row.stage);
                ensure(stage.is_none_or(|stage| stage <= highest))
            }
            Statement::Need => ensure(stage.is_none_or(|stage| stage == 1)),
            Statement::Identity => ensure(stage.is_none_or(|stage| stage == 2)),
            _ => Ok(()),
        }
    }
}

/// [EVT-3] [EVT-5] An opening comes first and has seen nothing; the first event of a chain has no predecessor, every other
/// has one.
fn check_links(opens: bool, seq: u64, prev: Option<EventId>, seen: Option<EventId>) -> Result<(), Rejection> {
    ensure(!opens || (seq == 0 && seen.is_none()))?;
    ensure((seq == 0) == prev.is_none())?;
    // [EVT-6] The recipient's first event has seen at least the opening.
    ensure(seq > 0 || opens || seen.is_some())
}

/// A time that may be 0: not given. [EVT-10]
fn parse_occurred(seconds: u64) -> Result<Option<Seconds>, Rejection> {
    if seconds == 0 { Ok(None) } else { Seconds::new(seconds).map(Some).ok_or(Rejection::Malformed) }
}

pub(crate) const fn ensure(holds: bool) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(Rejection::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> Id {
        Id::of(&[byte])
    }

    fn opening() -> Event {
        Event {
            id: id(0).into(),
            trail: EventId::from(id(0)).opened_trail(),
            author: id(1).into(),
            key: id(2).into(),
            incarnation: 0,
            seq: 0,
            prev: None,
            seen: None,
            time: Seconds::new(60).unwrap(),
            occurred: None,
            slots: vec![7; 32 * 8],
            terms: Some(Terms { stage: 0, rule: 1, basis: wire::LegalBasis::NoneNeededNonpersonal, article: 0 }),
            statement: Statement::Opening(Opening {
                peer: id(3).into(),
                peer_key: id(4).into(),
                agreement: id(5).into(),
                act: wire::Act::Referral,
                service_type: wire::ServiceType::Shelter,
                nonce: [9; 32],
                event_version: 1,
                expiry: None,
                about: None,
            }),
        }
    }

    fn answer(statement: Statement) -> Event {
        let first = opening();
        Event {
            id: id(10).into(),
            author: id(3).into(),
            seen: Some(first.id),
            slots: Vec::new(),
            terms: None,
            statement,
            ..first
        }
    }

    fn parse(event: &Event) -> Result<Event, Rejection> {
        Event::parse((event.id).into(), &event.encode())
    }

    #[test]
    fn an_event_is_what_it_encodes() {
        assert_eq!(parse(&opening()).unwrap(), opening());
        for statement in statement::examples() {
            let event = answer(statement);
            assert_eq!(parse(&event).unwrap(), event);
        }
    }

    #[test]
    fn every_misshapen_event_is_refused() {
        type Change = fn(&mut Event);
        let opening_changes: [Change; 9] = [
            |e| e.seq = 1,
            |e| e.seen = Some(e.id),
            |e| e.terms = None,
            |e| e.slots.truncate(31),
            |e| e.slots.truncate(32 * 7),
            |e| e.slots.resize(32 * 128, 1),
            |e| e.terms.as_mut().unwrap().stage = 3,
            |e| e.terms.as_mut().unwrap().rule = 0,
            |e| {
                if let Statement::Opening(opening) = &mut e.statement {
                    opening.peer = e.author;
                }
            },
        ];
        for (n, change) in opening_changes.iter().enumerate() {
            let mut event = opening();
            change(&mut event);
            assert!(parse(&event).is_err(), "opening change {n}");
        }
        let answer_changes: [Change; 5] = [
            |e| e.seen = None,
            |e| e.prev = Some(e.id),
            |e| e.seq = 1,
            |e| e.terms = opening().terms,
            |e| e.slots = vec![1; 256],
        ];
        for (n, change) in answer_changes.iter().enumerate() {
            let mut event = answer(Statement::Accepted);
            change(&mut event);
            assert!(parse(&event).is_err(), "answer change {n}");
        }
    }

    #[test]
    fn the_stage_of_a_need_is_one() {
        let mut event = answer(Statement::Need);
        event.slots = vec![1; 256];
        event.terms = Some(Terms { stage: 2, ..opening().terms.unwrap() });
        assert!(parse(&event).is_err());
    }

    #[test]
    fn an_unknown_code_is_refused() {
        let mut body: wire::EventBody = codec::decode(&answer(Statement::Accepted).encode()).unwrap();
        body.kind = Some(wire::event_body::Kind::Declined(wire::Declined { reason: 99 }));
        assert_eq!(Event::parse(id(1), &codec::encode(&body)).err(), Some(Rejection::Malformed));
    }

    #[test]
    fn an_event_without_kind_is_refused() {
        let mut body: wire::EventBody = codec::decode(&answer(Statement::Accepted).encode()).unwrap();
        body.kind = None;
        assert_eq!(Event::parse(id(1), &codec::encode(&body)).err(), Some(Rejection::Malformed));
    }
}
