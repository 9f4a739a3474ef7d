//! What an exporter says that it erased of a trail.
//!
//! Guarantees the form. Leaves to `verdict` whether it fits the rest of the bundle; that it is true is the exporter's word.

use std::collections::BTreeSet;

use crate::{event::known, id::EventId, rejection::Rejection, time::Seconds, wire};

/// Values that were erased at one time for one reason. [RET-20]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// When, as the exporter claims.
    pub time: Seconds,
    /// Why.
    pub reason: wire::ErasureReason,
    /// The events whose values it had: one or more.
    pub events: BTreeSet<EventId>,
}

impl Erasure {
    /// # Errors
    /// [`Rejection::Malformed`].
    pub(super) fn parse(said: &wire::Erasure) -> Result<Self, Rejection> {
        let named: Vec<EventId> = said.events.iter().map(|id| EventId::parse(id)).collect::<Result<_, _>>()?;
        let ascends = named.iter().zip(named.iter().skip(1)).all(|(before, after)| before < after);
        let time = Seconds::new(said.time).ok_or(Rejection::Malformed)?;
        if named.is_empty() || !ascends {
            return Err(Rejection::Malformed);
        }
        Ok(Self { time, reason: known(said.reason())?, events: named.into_iter().collect() })
    }

    /// What they are ordered by.
    pub(super) const fn place(&self) -> (Seconds, i32) {
        (self.time, self.reason as i32)
    }

    pub(super) fn to_wire(&self) -> wire::Erasure {
        let events = self.events.iter().map(|id| id.to_vec()).collect();
        wire::Erasure { time: self.time.get(), reason: self.reason.into(), events }
    }
}
