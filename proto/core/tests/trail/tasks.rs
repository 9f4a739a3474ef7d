//! Whose the tasks of a plan are, what their owner's word does, and what is due. [EVT-34] [EVT-35] [EVT-36]

use uput_core::{
    catalogue::{Field, Label},
    event::Statement,
    id::EventId,
    sensitive::Sensitive,
    state::Side,
    status::What,
    task,
    trail::Trail,
    wire::{Act, ClosureReason, ServiceType, TaskStatus},
};

use crate::{Party, agreement, opening_with, parties, say};

/// The end of 31 January, of 28 February and of 31 March 2026.
const DAYS: [u64; 3] = [1_769_903_999, 1_772_323_199, 1_775_001_599];

fn plan_of(tasks: &str) -> Vec<Field> {
    vec![Field::new(Label::PlanTasks, Sensitive::new(tasks.to_owned())).unwrap()]
}

fn planned(opener: &Party, peer: &Party) -> (Trail, EventId) {
    let opening = opening_with(opener, peer, 1, |opening| opening.act = Act::Conference);
    let mut trail = Trail::open(opening, 1).unwrap();
    say(&mut trail, peer, Statement::Accepted);
    let plan = say(&mut trail, opener, Statement::Plan);
    say(&mut trail, peer, Statement::Acknowledged);
    (trail, plan)
}

/// [EVT-34]
#[test]
fn a_task_is_of_whoever_gives_that_service_and_of_the_convenor_for_everybody_else() {
    let (opener, peer) = parties();
    let (agreement, (trail, _)) = (agreement(&opener, &peer), planned(&opener, &peer));
    let opened = trail.opening_event().unwrap();
    let of = |who| task::owner(&agreement, opened, who);
    assert_eq!(of(Some(ServiceType::Shelter)), Side::Peer, "what the opening asks for");
    assert_eq!([of(None), of(Some(ServiceType::Justice))], [Side::Opener; 2], "herself, and who is no party");
    let gives = |organisation| agreement.party(organisation).unwrap().services.clone();
    for service in gives(&opener.organisation) {
        let asked = opened.opening().unwrap().service_type == service;
        assert_eq!(of(Some(service)), if asked { Side::Peer } else { Side::Opener });
    }
    let elsewhere = opening_with(&opener, &peer, 1, |opening| opening.service_type = ServiceType::SocialWork);
    assert_eq!(task::owner(&agreement, &elsewhere, Some(ServiceType::Shelter)), Side::Peer, "what else the peer gives");
}

/// [EVT-35] [EVT-36]
#[test]
fn what_is_due_of_each_side_is_open_until_its_owner_says_otherwise() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let (mut trail, plan) = planned(&opener, &peer);
    let fields =
        plan_of("1 safety_plan shelter 2026-03-31; 2 monitor herself 2026-02-28; 3 housing shelter 2026-01-31");
    let due = |trail: &Trail| -> Vec<(Side, u64)> {
        let due = task::due(trail, &agreement, plan, &fields);
        assert!(due.iter().all(|one| one.what == What::Task && one.event == plan));
        due.iter().map(|one| (one.side, one.until.get())).collect()
    };
    let says = |trail: &mut Trail, by: &Party, number, status| {
        let said = say(trail, by, Statement::Task { plan, number, status });
        task::is_of_the_other(trail, &agreement, trail.event(&said).unwrap(), &fields)
    };
    let both = [(Side::Opener, DAYS[1]), (Side::Peer, DAYS[0])];
    assert_eq!(due(&trail), both);
    assert!(!says(&mut trail, &peer, 3, TaskStatus::Begun));
    assert_eq!(due(&trail), both, "what is begun is not done");
    assert!(says(&mut trail, &opener, 3, TaskStatus::Done), "it is the shelter's");
    assert_eq!(due(&trail), both, "the word of the other counts for nothing");
    assert!(!says(&mut trail, &peer, 3, TaskStatus::CannotBeDone));
    assert_eq!(due(&trail), [(Side::Opener, DAYS[1]), (Side::Peer, DAYS[2])]);
    assert!(!says(&mut trail, &opener, 2, TaskStatus::NotNeeded));
    assert!(!says(&mut trail, &peer, 1, TaskStatus::Done));
    assert_eq!(due(&trail), []);
    assert!(!says(&mut trail, &peer, 3, TaskStatus::Begun));
    assert_eq!(due(&trail), [(Side::Peer, DAYS[0])], "the newest word counts");
    assert!(!says(&mut trail, &opener, 9, TaskStatus::Done), "what no plan has is nobody's");
}

/// [EVT-36]
#[test]
fn the_newest_plan_stands_after_a_closing_and_not_after_a_stop() {
    let (opener, peer) = parties();
    let (mut trail, first) = planned(&opener, &peer);
    let stands = |trail: &Trail| task::plan(trail, &trail.reading().unwrap()).map(|plan| plan.id);
    assert_eq!(stands(&trail), Some(first));
    let second = say(&mut trail, &opener, Statement::Plan);
    assert_eq!(stands(&trail), Some(second));
    say(&mut trail, &opener, Statement::Closed(ClosureReason::Done));
    assert_eq!(stands(&trail), Some(second), "what was promised at a table outlives it");
    say(&mut trail, &opener, Statement::Withdrawn);
    assert_eq!(stands(&trail), None);
}
