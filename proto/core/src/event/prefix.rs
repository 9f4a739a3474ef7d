//! What every event begins with, whatever its version: enough to chain and verify it.
//!
//! Guarantees that fields 1 to 10 stand canonically at the beginning and that fields 1 to 9 are well formed. Leaves the
//! rest to whoever knows the version.

use prost::{Message, bytes::Bytes};

use crate::{
    codec,
    id::{EventId, Id, KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// The beginning of an event of any version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPrefix {
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
    /// The author's event before.
    pub prev: Option<EventId>,
    /// The newest event of the other party that the author had admitted.
    pub seen: Option<EventId>,
    /// When, as the author claims.
    pub time: Seconds,
}

impl EventPrefix {
    /// Reads the beginning of an event's body. [EVT-20]
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::NotCanonical`].
    pub fn parse(id: Id, bytes: &[u8]) -> Result<Self, Rejection> {
        let prefix = wire::EventPrefix::decode(Bytes::copy_from_slice(bytes)).map_err(|_| Rejection::Malformed)?;
        // [BUN-24] What follows is unknown, so only equality with the beginning shows that nothing was read past.
        if !bytes.starts_with(&codec::encode(&prefix)) {
            return Err(Rejection::NotCanonical);
        }
        let id = EventId::from(id);
        let trail = TrailId::parse_optional(&prefix.trail)?;
        super::parse_occurred(prefix.occurred)?;
        let parsed = Self {
            id,
            trail: trail.unwrap_or(id.opened_trail()),
            author: OrgId::parse(&prefix.author)?,
            key: KeyRecordId::parse(&prefix.key)?,
            incarnation: prefix.incarnation,
            seq: prefix.seq,
            prev: EventId::parse_optional(&prefix.prev)?,
            seen: EventId::parse_optional(&prefix.seen)?,
            time: Seconds::new(prefix.time).ok_or(Rejection::Malformed)?,
        };
        super::check_links(trail.is_none(), parsed.seq, parsed.prev, parsed.seen)?;
        Ok(parsed)
    }

    /// The version that a media type names, if it is one of an event.
    #[must_use]
    pub fn version(media_type: &str) -> Option<u32> {
        let number = media_type.strip_prefix("application/vnd.uput.event.v")?.strip_suffix("+protobuf")?;
        // No sign and no leading zero: one text for one version.
        number.parse().ok().filter(|_| number.starts_with(|digit| ('1'..='9').contains(&digit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> wire::EventPrefix {
        wire::EventPrefix {
            trail: vec![1; 32],
            author: vec![2; 32],
            key: vec![3; 32],
            incarnation: 0,
            seq: 4,
            prev: vec![5; 32],
            seen: Vec::new(),
            time: 60,
            occurred: 0,
            slots: Vec::new(),
        }
    }

    #[test]
    fn an_event_of_a_later_version_can_be_chained() {
        let mut bytes = codec::encode(&prefix());
        bytes.extend_from_slice(&[0xd2, 0x05, 0x01, 0x07]); // field 90, of which nothing is known here
        let read = EventPrefix::parse(Id::of(b"an event"), &bytes).unwrap();
        assert_eq!((read.seq, read.time.get()), (4, 60));
    }

    #[test]
    fn a_second_author_after_the_first_is_not_canonical() {
        let mut bytes = codec::encode(&prefix());
        bytes.extend_from_slice(&codec::encode(&wire::EventPrefix { author: vec![9; 32], ..Default::default() }));
        assert_eq!(EventPrefix::parse(Id::of(b"an event"), &bytes).err(), Some(Rejection::NotCanonical));
    }

    #[test]
    fn a_version_is_a_plain_number() {
        assert_eq!(EventPrefix::version("application/vnd.uput.event.v2+protobuf"), Some(2));
        for other in ["application/vnd.uput.event.v02+protobuf", "application/vnd.uput.head.v1+protobuf"] {
            assert_eq!(EventPrefix::version(other), None);
        }
    }
}
