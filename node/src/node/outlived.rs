//! A disclosure that was signed later than it claims, after the end of its basis, at whoever received it.
//!
//! Guarantees that nothing is said of it but by what this node itself can show: what witnesses cosigned, or what it wrote itself before by
//! a clock that others vouch for. Leaves the event as it is, and whatever is done about it to people.

use uput_core::{agreement::Agreement, event::Event, rejection::Rejection, time::Seconds};

use super::{Node, report::AHEAD, trails::Loaded};
use crate::record::EventRecord;

impl Node {
    /// Whether the basis of what the other party disclosed had ended when it was signed, as this node can show. [TIM-93]
    pub(super) fn had_outlived(&self, loaded: &Loaded, event: &Event) -> Result<bool, Rejection> {
        if event.author == self.me.organisation || event.slots.is_empty() {
            return Ok(false);
        }
        // Values are opened only if something contradicts the time that it claims.
        let Some(after) = self.signed_after(loaded, event).filter(|after| *after > event.time) else {
            return Ok(false);
        };
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::Malformed)?;
        let kept: EventRecord = self.at(beside.position)?;
        let (Some(request), Some(disclosed)) = (loaded.request(event), loaded.values(event, &kept)) else {
            return Ok(false);
        };
        let lasts = Agreement::lasts(&request, &disclosed);
        // What claims a time after the end was read so when it came. What was here before the end was signed before it.
        Ok(lasts.is_some_and(|lasts| {
            event.time <= lasts.at_least && lasts.at_most < after && lasts.at_most.get() < beside.stored
        }))
    }

    /// The latest time after which this node can show that an event of the other party was signed.
    fn signed_after(&self, loaded: &Loaded, event: &Event) -> Option<Seconds> {
        let found = self.witnessed(&loaded.agreement, &event.author, event.id, false);
        let witnessed = found.and_then(|found| found.shown.not_yet());
        witnessed.max(self.written_before(loaded, event))
    }

    /// When the newest event of ours that it had seen was written here, less what two clocks may differ by, if others vouch for
    /// ours.
    fn written_before(&self, loaded: &Loaded, event: &Event) -> Option<Seconds> {
        let own = loaded.trail.events().filter(|said| said.author == self.me.organisation);
        let known = own.filter_map(|said| {
            let beside = loaded.beside.get(&said.id).filter(|beside| !beside.clock_set)?;
            let written = Seconds::new(beside.stored.saturating_sub(AHEAD.0))?;
            Some((said.id, written)).filter(|_| written > event.time)
        });
        let later: Vec<_> = known.collect();
        if later.is_empty() || !self.is_clock_vouched_for() {
            return None;
        }
        let history = loaded.trail.history();
        later.into_iter().filter(|(said, _)| history.has_seen(event.id, *said)).map(|(_, time)| time).max()
    }
}
