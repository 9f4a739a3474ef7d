//! What a report says of a bundle must be so: whose events, up to where, under which name, by which branch of keys.

use uput_core::{
    bundle::BundleDraft,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    id::Id,
    trust::TrustFile,
    verdict::{Exit, Outcome, Report, verify},
    wire::{ClosureReason, WarningCode},
};

use crate::{
    case::{changed, exported},
    content::newer,
    sample::World,
};

fn fails(report: &Report, requirement: &str) -> bool {
    report.checks.iter().any(|check| check.requirement == requirement && check.outcome == Outcome::Failed)
}

/// [BUN-41]
#[test]
fn complete_up_to_a_head_is_said_only_where_it_is_so() {
    let world = World::pair();
    let story = world.enquiry();
    let report = verify(&changed(&story, |draft| draft.events.truncate(2)), &world.trust());
    assert_eq!(report.exit, Exit::Incomplete);
    let jasen = &report.completeness.parties[1].sentence;
    assert!(jasen.starts_with("Not complete up to shelter-jasen's head (number 2"), "{jasen}");
    assert!(report.completeness.parties[0].sentence.starts_with("Complete up to hotline's head (number 1"));
}

/// Nothing of another trail is shown as this one's, although the opening that would tell is not here. [BUN-31]
#[test]
fn events_of_another_trail_are_refused_without_the_opening_too() {
    let world = World::pair();
    let other = world.another();
    let splice = |draft: &mut BundleDraft| {
        draft.events = other.trail.events().map(|event| event.envelope().clone()).collect();
        draft.heads.clear();
        draft.disclosures.clear();
    };
    let report = verify(&changed(&world.enquiry(), splice), &world.trust());
    assert!(report.exit == Exit::NotAuthentic && fails(&report, "BUN-31"));
    assert!(report.timeline.is_empty());
}

/// What cannot be read yet is of this trail and by one of its parties all the same. [BUN-24] [BUN-31]
#[test]
fn an_event_that_is_not_read_is_of_this_trail_and_by_a_party() {
    let world = World::invented();
    let story = world.enquiry();
    let lipa = &world.others[0];
    let stray = newer(&world.another().next(&world.jasen, Statement::Acknowledged, |_| {}), &world);
    let mut foreign = Event::clone(&story.next(&world.jasen, Statement::Acknowledged, |_| {}));
    (foreign.author, foreign.key) = (lipa.id, lipa.newest());
    let foreign = newer(&foreign, &world);
    for event in [stray, foreign] {
        let report = verify(&changed(&story, |draft| draft.events.push(event)), &world.trust());
        assert!(report.exit == Exit::NotAuthentic && fails(&report, "BUN-31"));
        assert!(report.timeline.iter().all(|entry| entry.kind != "needs_upgrade"));
    }
}

/// An agreement calls a party as the trust file calls another: no report shows two under one name. [BUN-81]
#[test]
fn an_agreement_lends_nobody_a_name_of_the_trust_file() {
    let world = World::pair();
    let shelter = "The organisation that gives shelter";
    let mut trust = world.trust();
    trust.organisations.retain(|entry| entry.organisation == world.hotline.id);
    let report = verify(&exported(&world.enquiry()), &trust);
    assert_eq!(report.completeness.parties[1].party.name, shelter);
    trust.organisations[0].name = String::from(shelter);
    let report = verify(&exported(&world.enquiry()), &trust);
    let names: Vec<&str> = report.completeness.parties.iter().map(|party| party.party.name.as_str()).collect();
    assert_eq!(names[0], shelter);
    assert!(world.jasen.id.to_string().starts_with(names[1]), "{names:?}");
}

/// The trust file says on which branch the organisation is: the other branch is a thief's. [BUN-25] [BUN-62]
#[test]
fn a_trust_file_decides_between_two_branches_of_keys() {
    let world = World::pair();
    let story = world.enquiry();
    let fork = world.hotline.fork();
    let thief = world.hotline.key_of_the_fork();
    let demanding = |minimum: Id| {
        let mut trust = world.trust();
        let own = trust.organisations.iter_mut().find(|entry| entry.organisation == world.hotline.id);
        own.unwrap().minimum = minimum.into();
        trust
    };
    let forked = |draft: &mut BundleDraft, first: bool| {
        let own = world.hotline.records[0].id();
        let chain = draft.chains.iter_mut().find(|chain| chain[0].id() == own).unwrap();
        chain.insert(if first { 1 } else { 2 }, fork.clone());
    };
    let stolen = |draft: &mut BundleDraft, first: bool| {
        forked(draft, first);
        let warned = Statement::Warned(WarningCode::RiskChanged);
        let mut event = Event::clone(&story.next(&world.hotline, warned, |_| {}));
        event.key = fork.id().into();
        draft.events.push(Envelope::sign(MediaType::EVENT, event.encode(), &[&thief]).unwrap());
    };
    let exit = |bundle: &[u8], trust: &TrustFile| verify(bundle, trust).exit;
    for first in [true, false] {
        let honest = changed(&story, |draft| forked(draft, first));
        let theft = changed(&story, |draft| stolen(draft, first));
        let (none, true_branch) = (world.trust(), demanding(world.hotline.records[1].id()));
        assert_eq!(exit(&honest, &true_branch), Exit::Equivocation, "{first}");
        assert_eq!(exit(&theft, &none), Exit::Equivocation, "{first}");
        let report = verify(&theft, &true_branch);
        assert_eq!(report.exit, Exit::UnknownSigner, "{first}");
        assert!(fails(&report, "BUN-25") && fails(&report, "BUN-30") && report.timeline.len() == story.trail.len());
        // By the other branch, the exporter itself has a key that was never its own.
        assert_eq!(exit(&honest, &demanding(fork.id())), Exit::UnknownSigner, "{first}");
    }
}

/// Many events with one number are proven by each with the first: the report grows with them, not with their pairs.
/// [BUN-33]
#[test]
fn every_twin_is_proven_once() {
    let world = World::pair();
    let mut story = world.enquiry();
    let first = story.trail.events().next().unwrap().id;
    for second in 0..40 {
        story.force(&world.hotline, Statement::Warned(WarningCode::RiskChanged), |event| {
            event.seq = 1;
            event.prev = Some(first);
            event.time = world.at(10 + second);
        });
    }
    let report = verify(&exported(&story), &world.trust());
    assert_eq!((report.exit, report.breaches.len()), (Exit::Equivocation, 39));
}

/// What it costs is measured by the example `verify_bench`.
#[test]
fn a_trail_that_was_reopened_often_is_read_like_any_other() {
    let world = World::pair();
    let mut story = world.enquiry();
    for said in [Statement::Closed(ClosureReason::Done), Statement::Reopened].iter().cycle().take(200) {
        story.force(&world.hotline, said.clone(), |_| {});
    }
    let report = verify(&exported(&story), &world.trust());
    assert_eq!((report.exit, report.timeline.len()), (Exit::Valid, story.trail.len()));
}
