//! The list of retentions.
//!
//! Guarantees that nobody reads of a trail that they do not see. [RET-5]

use uput_core::{
    id::{OrgId, TrailId},
    time::Seconds,
    wire::{self, CheckLevel, RetentionPart, RetentionState},
};

use super::{ErasureRecord, Node, Resting};
use crate::{account::Caller, case::Sight, node::report::check};

/// What ends when, as somebody sees it.
pub struct ListedRetentions {
    /// What ends first before; what was erased last.
    pub rows: Vec<wire::RetentionEntry>,
    /// How many trails live, in which nothing was said for longer than values are kept. [RET-4]
    pub left_open: usize,
}

impl Node {
    /// What ends soon, what is held, what was erased.
    #[must_use]
    pub fn list_retentions(&self, caller: &Caller, now: Seconds) -> ListedRetentions {
        let viewer = self.viewer(caller);
        self.retentions_seen(now, &|trail| self.cases.sight_of_trail(&viewer, trail) >= Sight::Outline)
    }

    fn retentions_seen(&self, now: Seconds, seen: &dyn Fn(&TrailId) -> bool) -> ListedRetentions {
        let (resting, erased) = {
            let state = self.retentions.lock();
            let resting = state.resting.iter().map(|(trail, (_, resting))| (*trail, *resting));
            (resting.collect::<Vec<_>>(), state.erased.clone())
        };
        let resting: Vec<_> = resting.into_iter().filter(|(trail, _)| seen(trail)).collect();
        let open = |resting: &Resting| match (resting.begins, Seconds::new(resting.changed)) {
            (None, Some(changed)) => changed.after(resting.values) < now,
            _ => false,
        };
        let left_open = resting.iter().filter(|(_, resting)| open(resting)).count();
        let parts = [RetentionPart::Values, RetentionPart::Evidence];
        let ends = resting.iter().flat_map(|(trail, resting)| parts.map(|part| (trail, resting, part)));
        let mut rows: Vec<_> =
            ends.filter_map(|(trail, resting, part)| self.retention_row(trail, resting, part, now)).collect();
        rows.sort_by(|a, b| (a.due, &a.trail, a.part).cmp(&(b.due, &b.trail, b.part)));
        let mut gone: Vec<_> = erased.iter().filter(|(trail, _)| seen(trail)).flat_map(|(_, kept)| kept).collect();
        gone.sort_by(|a, b| (b.time, &a.trail).cmp(&(a.time, &b.trail)));
        rows.extend(gone.into_iter().map(|erased| self.erased_row(erased)));
        ListedRetentions { rows, left_open }
    }

    fn retention_row(
        &self,
        trail: &TrailId,
        resting: &Resting,
        part: RetentionPart,
        now: Seconds,
    ) -> Option<wire::RetentionEntry> {
        let due = resting.due(part).filter(|due| now >= self.told_from(*due, resting))?;
        if !self.is_left(trail, part) {
            return None;
        }
        let noted = self.noted(trail, part, due);
        let held = self.is_on_hold(trail);
        if noted.is_none() && !held {
            return None;
        }
        let state = if held { RetentionState::Held } else { RetentionState::Noted };
        let days = noted.as_ref().map_or(0, |noted| self.days_left(noted, resting, now));
        Some(wire::RetentionEntry {
            trail: trail.to_vec(),
            peer: self.row(trail, now).ok().flatten().map(|row| row.peer).unwrap_or_default(),
            part: part.into(),
            state: state.into(),
            due: due.get(),
            noted: noted.map_or(0, |noted| noted.noted),
            days_left: u32::try_from(days).unwrap_or(u32::MAX),
            ..wire::RetentionEntry::default()
        })
    }

    fn erased_row(&self, erased: &ErasureRecord) -> wire::RetentionEntry {
        wire::RetentionEntry {
            trail: erased.trail.clone(),
            peer: OrgId::parse(&erased.other).map(|other| self.directory.name(&other)).unwrap_or_default(),
            part: erased.part,
            state: RetentionState::Erased.into(),
            due: erased.due,
            erased: erased.time,
            reason: erased.reason,
            ..wire::RetentionEntry::default()
        }
    }

    /// What people are told of retentions, if there is anything to tell. [RET-5]
    pub(in crate::node) fn check_retention(
        &self,
        now: Seconds,
        seen: &dyn Fn(&TrailId) -> bool,
    ) -> Option<wire::Check> {
        let ListedRetentions { rows, left_open } = self.retentions_seen(now, seen);
        let count = |state: RetentionState, part: Option<RetentionPart>| {
            let fits = |row: &&wire::RetentionEntry| row.state() == state && part.is_none_or(|part| row.part() == part);
            rows.iter().filter(fits).count()
        };
        let values = count(RetentionState::Noted, Some(RetentionPart::Values));
        let evidence = count(RetentionState::Noted, Some(RetentionPart::Evidence));
        let held = count(RetentionState::Held, None);
        if values + evidence + held + left_open == 0 {
            return None;
        }
        let finding = format!(
            "within the warning the values of {values} trails are erased, and all of {evidence}; {held} ends are held; \
             {left_open} trails are left open for longer than values are kept"
        );
        let remedy =
            "look at `uput retention list`; what must be kept takes `uput hold set`, what is over `uput close`";
        Some(check("retention", CheckLevel::Warning, &finding, remedy))
    }
}
