//! From when on a request counts as sent, where witnesses show it, and what that moves.
//!
//! Guarantees that a list, a trail and whoever is woken go by one time. Leaves the rule to the core, and to the log who shows what.

use uput_core::{
    agreement::name_of,
    event::{Event, Statement},
    id::{AgreementId, OrgId, TrailId},
    time::Seconds,
    wire::{self, TimerKind},
};

use super::{Node, log::Witnessed, trails::Loaded};

/// By how much a timer moves that runs from the sending.
pub(super) struct Moved {
    from: Seconds,
    to: Seconds,
}

impl Moved {
    /// A time that was counted from what the author claims.
    pub(super) fn moves(&self, due: Seconds) -> Seconds {
        match due.since(self.from) {
            Some(span) => self.to.after(span),
            None => due,
        }
    }
}

impl Node {
    /// Puts *deliver* of a row, and what counts from it, where witnesses show that it begins. [TIM-84]
    pub(super) fn run_from_what_is_shown(&self, row: &mut wire::Trail, other: &OrgId, id: &TrailId) {
        let (ours, timer) = (row.ours, name_of(TimerKind::Deliver));
        let Some(place) = row.deadlines.iter().position(|deadline| deadline.timer == timer) else { return };
        let Some(found) = self.opening_witnessed(&row.agreement, other, id, ours) else { return };
        let Some(deadline) = row.deadlines.get_mut(place) else { return };
        let Some(from) = Seconds::new(deadline.from) else { return };
        let moved = Moved { from, to: found.shown.sent(from) };
        let move_it = |time: &mut u64| {
            if let Some(due) = Seconds::new(*time) {
                *time = moved.moves(due).get();
            }
        };
        (deadline.from, deadline.proven) = (moved.to.get(), found.shown.by.get());
        move_it(&mut deadline.due);
        // What is missing of our own is the delivery: nothing else has begun.
        if deadline.met == 0 && ours {
            move_it(&mut row.telephone_due);
            if let Some(next) = &mut row.escalation {
                move_it(&mut next.due);
            }
        }
        row.deadlines.sort_by_key(|deadline| deadline.due);
    }

    fn opening_witnessed(&self, agreement: &[u8], other: &OrgId, id: &TrailId, ours: bool) -> Option<Witnessed> {
        let agreement = AgreementId::parse(agreement).ok().and_then(|id| self.agreements.get(&id))?.agreement;
        self.witnessed(&agreement, other, uput_core::id::Id::from(*id).into(), ours)
    }

    /// The same for whoever is woken, of a request of ours that nobody says to have got. [TIM-84] [ONC-30]
    pub(super) fn sent_again(&self, loaded: &Loaded) -> Option<Moved> {
        let opened = loaded.trail.opening_event().ok()?;
        let us = self.me.organisation;
        let delivered = loaded.trail.events().any(|event| event.statement == Statement::Delivered(opened.id));
        if opened.author != us || delivered {
            return None;
        }
        let found = self.witnessed(&loaded.agreement, &loaded.other(&us), opened.id, true)?;
        Some(Moved { from: opened.time, to: found.shown.sent(opened.time) })
    }

    /// Says of an event by when witnesses show it, and who. [TIM-86]
    pub(super) fn add_proven(&self, shown: &mut wire::TrailEvent, loaded: &Loaded, event: &Event) {
        let us = self.me.organisation;
        let found = self.witnessed(&loaded.agreement, &loaded.other(&us), event.id, event.author == us);
        if let Some(found) = found {
            shown.proven = found.shown.by.get();
            shown.witnesses = found.by.iter().map(|by| self.directory.name(by)).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [TIM-84]
    #[test]
    fn what_counts_from_the_sending_moves_with_it() {
        let at = |time| Seconds::new(time).unwrap();
        let later = Moved { from: at(1_000), to: at(1_500) };
        assert_eq!(later.moves(at(4_600)), at(5_100));
        let earlier = Moved { from: at(90_000), to: at(1_000) };
        assert_eq!(earlier.moves(at(93_600)), at(4_600), "a clock that was ahead puts no call off");
        assert_eq!(later.moves(at(900)), at(900), "what was due before does not hang on it");
    }
}
