//! What an opening is about, and what a task is of.
//!
//! Guarantees that a trail is opened with the stage and the earlier trail that its act allows, and that a task is one of a
//! plan that is there. Leaves to the reader what becomes of those that name something else.

use uput_core::{
    act,
    catalogue::Label,
    event::Statement,
    id::{OrgId, TrailId},
    rejection::Rejection,
    task,
};

use super::{NewEvent, NewTrail};
use crate::{
    case::{CaseId, Sight},
    clock,
    node::{Node, refusal::Refused, trails::Loaded},
};

impl Node {
    /// In which case an opening is: that of the trail which it is about, so that what is noted there and whom she excluded
    /// hold for it. One that is erased holds nothing. [CAS-110]
    pub(in crate::node) fn case_of_opening(&self, new: &NewTrail) -> Result<Option<CaseId>, Refused> {
        let Some(about) = &new.about else { return Ok(new.case) };
        self.demand(&new.by, about, Sight::Outline)?;
        let earlier = self.cases.of(about).filter(|case| case.erased == 0).map(|case| case.id);
        let named = new.case.map(|id| self.case(&id).map_or(id, |case| case.id));
        match (named, earlier) {
            (Some(named), Some(earlier)) if named != earlier => Err(Refused::OtherCase),
            _ => Ok(named.or(earlier)),
        }
    }

    /// What an opening is about: as its act says, and between the same two organisations. [EVT-27]
    pub(super) async fn check_about(&self, new: &NewTrail, peer: &OrgId) -> Result<(), Rejection> {
        let row = act::row(new.act).ok_or(Rejection::NoRule)?;
        // A stage above the highest would be no event at all. [STA-40]
        if !row.about.allows(new.about.is_some()) || new.stage > row.stage {
            return Err(Rejection::NotOfThisAct);
        }
        let Some(about) = &new.about else { return Ok(()) };
        self.demand(&new.by, about, Sight::Outline)?;
        let mut held = self.trails.hold(about).await;
        self.ensure_loaded(&mut held, about)?;
        let other = held.as_ref().map(|loaded| loaded.other(&self.me.organisation));
        if other == Some(*peer) { Ok(()) } else { Err(Rejection::WrongTrail) }
    }

    /// Whether a trail that a request opened asks the same organisation for the same. [NOD-38]
    pub(super) fn asks_that(&self, opened: &TrailId, new: &NewTrail) -> bool {
        // What cannot be read any more contradicts nothing.
        let Ok(Some(row)) = self.row(opened, clock::now()) else { return true };
        let same = self.directory.find(&new.peer).is_ok_and(|peer| peer.name == row.peer);
        same && row.act() == new.act && row.service_type() == new.service_type
    }

    /// A task is one of a plan of this trail that has effect; its number is in the plan, and it is ours, as far as whoever says
    /// it may read that. [EVT-28] [EVT-35]
    pub(super) fn check_task(&self, new: &NewEvent, loaded: &Loaded) -> Result<(), Refused> {
        let Statement::Task { plan, number, .. } = &new.statement else { return Ok(()) };
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let plan = loaded.trail.event(plan).filter(|event| reading.plans.contains(&event.id)).ok_or(Refused::NoPlan)?;
        let case = self.cases.of(&new.trail).ok_or(Rejection::NoSuchTrail)?;
        if self.sight(&new.by, &case.id) != Sight::Values {
            return Ok(());
        }
        let fields = self.readable(loaded, plan)?;
        if fields.iter().all(|field| field.label() != Label::PlanTasks) {
            return Ok(());
        }
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        match task::is_of(side, &loaded.trail, &loaded.agreement, *number, &fields) {
            Some(true) => Ok(()),
            Some(false) => Err(Rejection::NotTheOwner.into()),
            None => Err(Refused::NoTask(*number)),
        }
    }
}
