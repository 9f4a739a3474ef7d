//! What a trail shows of the telephone beside it.
//!
//! Guarantees that both parties are shown the same, each for its part. Leaves what it is to the core.

use uput_core::{
    id::EventId,
    state::Reading,
    telephone::{self, Agreed, Standing},
    time::Seconds,
    wire,
};

use super::trails::Loaded;

/// What an outline keeps: a function of the events.
pub(super) struct Beside {
    /// From when on the next step is a telephone; 0: it is not.
    pub(super) due: u64,
    /// Answers by telephone that the receiver has not signed.
    pub(super) unconfirmed: u32,
}

impl Beside {
    /// Of a trail. [ONC-30] [ONC-31]
    pub(super) fn of(loaded: &Loaded, reading: &Reading) -> Self {
        let open = |agreed: &Agreed| agreed.standing == Standing::Unconfirmed;
        let unconfirmed = telephone::agreed(&loaded.trail, reading).iter().filter(|agreed| open(agreed)).count();
        let due = telephone::due(&loaded.trail, reading, loaded.agreement.timers());
        // What has ended is confirmed by nobody any more.
        let unconfirmed = if reading.live { u32::try_from(unconfirmed).unwrap_or(u32::MAX) } else { 0 };
        Self { due: due.map_or(0, Seconds::get), unconfirmed }
    }
}

/// What stands beside the headline.
pub(super) fn notes(trail: &wire::Trail, now: Seconds) -> Vec<String> {
    let confirm = match (trail.unconfirmed, trail.ours) {
        (0, _) => None,
        (_, true) => Some("what they said by telephone is on our word until they sign it"),
        (_, false) => Some("they recorded an answer by telephone: confirm it, or say what holds"),
    };
    let call = match (is_now(trail, now), trail.ours) {
        (false, _) => None,
        (true, true) => Some("telephone now: they have not acknowledged it"),
        (true, false) => Some("telephone now: nobody here has acknowledged it"),
    };
    call.into_iter().chain(confirm).map(str::to_owned).collect()
}

/// Whether the next step is a telephone.
pub(super) const fn is_now(trail: &wire::Trail, now: Seconds) -> bool {
    trail.telephone_due != 0 && trail.telephone_due < now.get()
}

/// What became of one answer by telephone, in a word, and the event that says so.
pub(super) fn standing(agreed: &[Agreed], event: &EventId) -> (String, Vec<u8>) {
    let (word, by) = match agreed.iter().find(|agreed| agreed.event == *event).map(|agreed| agreed.standing) {
        None => ("", None),
        Some(Standing::Unconfirmed) => ("unconfirmed", None),
        Some(Standing::Confirmed(by)) => ("confirmed", Some(by)),
        Some(Standing::Contradicted(by)) => ("contradicted", Some(by)),
        Some(Standing::Replaced(by)) => ("replaced", Some(by)),
    };
    (word.to_owned(), by.map(|by| by.to_vec()).unwrap_or_default())
}
