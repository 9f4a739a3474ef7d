//! Tasks of a plan: whose each is, by which day, and what its owner last said of it.
//!
//! Guarantees that two who read the same plan under the same agreement name the same owner. Leaves to others whether a plan
//! may be read, and whether what is said of a task is true.

use crate::{
    agreement::Agreement,
    catalogue::{Field, PlanTask},
    event::{Event, Statement},
    id::EventId,
    state::{Reading, Side},
    status::{Ending, What},
    trail::Trail,
    wire::{ServiceType, TaskStatus},
};

/// Whose a task is: of the two parties the one that gives that service, the peer before the opener if it is what the opening
/// asks for; the opener, who convened, for her and for whoever is no party. [EVT-34]
#[must_use]
pub fn owner(agreement: &Agreement, opened: &Event, who: Option<ServiceType>) -> Side {
    let (Some(opening), Some(service)) = (opened.opening(), who) else { return Side::Opener };
    let gives = |organisation| agreement.party(organisation).is_some_and(|party| party.services.contains(&service));
    let asked = opening.service_type == service;
    if asked || (!gives(&opened.author) && gives(&opening.peer)) { Side::Peer } else { Side::Opener }
}

/// Whether an event says what became of a task that is the other party's, by the fields of the plan that it names. [EVT-35]
#[must_use]
pub fn is_of_the_other(trail: &Trail, agreement: &Agreement, event: &Event, of_plan: &[Field]) -> bool {
    let Statement::Task { number, .. } = event.statement else { return false };
    let Ok(opened) = trail.opening_event() else { return false };
    let task = tasks(of_plan).into_iter().find(|task| task.number == number);
    task.is_some_and(|task| trail.side(&event.author) != Some(owner(agreement, opened, task.who)))
}

/// The same for what a party would say now.
#[must_use]
pub fn is_of(side: Side, trail: &Trail, agreement: &Agreement, number: u32, of_plan: &[Field]) -> Option<bool> {
    let opened = trail.opening_event().ok()?;
    let task = tasks(of_plan).into_iter().find(|task| task.number == number)?;
    Some(owner(agreement, opened, task.who) == side)
}

/// The plan that stands: the newest of those that count, while its values are anybody's and no stop stands. [EVT-36]
#[must_use]
pub fn plan<'a>(trail: &'a Trail, reading: &Reading) -> Option<&'a Event> {
    let order = trail.settled().into_iter();
    let newest = order.rev().find(|event| reading.plans.contains(&event.id)).filter(|_| reading.stops.is_empty())?;
    reading.outstanding.contains(&newest.id).then_some(&**newest)
}

/// What is due of a plan: of each party the open task whose day is the earliest. What is begun is open; the word of the
/// other party counts for nothing. [EVT-36]
#[must_use]
pub fn due(trail: &Trail, agreement: &Agreement, plan: EventId, of_plan: &[Field]) -> Vec<Ending> {
    let Ok(opened) = trail.opening_event() else { return Vec::new() };
    let said = trail.settled();
    let is_open = |number: u32, side: Side| {
        let last = said.iter().rev().find_map(|event| match event.statement {
            Statement::Task { plan: of, number: at, status }
                if of == plan && at == number && trail.side(&event.author) == Some(side) =>
            {
                Some(status)
            }
            _ => None,
        });
        last.is_none_or(|status| status == TaskStatus::Begun)
    };
    let of_side = |side: Side| {
        let own = tasks(of_plan).into_iter().filter(|task| owner(agreement, opened, task.who) == side);
        let open = own.filter(|task| is_open(task.number, side));
        open.map(|task| Ending { what: What::Task, until: task.until, event: plan, side }).min_by_key(|one| one.until)
    };
    [Side::Opener, Side::Peer].into_iter().filter_map(of_side).collect()
}

fn tasks(of_plan: &[Field]) -> Vec<PlanTask> {
    of_plan.iter().flat_map(Field::tasks).collect()
}
