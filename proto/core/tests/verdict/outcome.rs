//! What every case comes to.

use uput_core::{
    event::{Decision, Statement},
    slot::Extent,
    state::Side,
    verdict::{Conformance, Exit, Outcome, Report, YesNo, verify},
    wire::{ClosureReason, DecisionType},
};

use crate::{
    case::{Case, changed, exported},
    content, dated, form,
    sample::{Story, World, placement},
};

fn failed(report: &Report) -> Vec<String> {
    let failed = report.checks.iter().filter(|check| !check.problems.is_empty());
    let say = |requirement: &str, sentence: &str| format!("{requirement}: {sentence}");
    failed.flat_map(|check| check.problems.iter().map(|problem| say(check.requirement, &problem.sentence))).collect()
}

fn check(case: &Case) {
    let report = verify(&case.bundle, &case.trust);
    let failed = failed(&report);
    assert_eq!(report.exit, case.exit, "{}: {failed:?}", case.name);
    let expected = failed.iter().any(|line| line.starts_with(&format!("{}:", case.requirement)));
    assert!(expected || (case.requirement.is_empty() && failed.is_empty()), "{}: {failed:?}", case.name);
    // What is not known is not valid.
    assert_eq!(report.exit == Exit::Valid, report.conformant.verdict == Conformance::Yes && failed.is_empty());
}

/// Every case of two organisations.
pub(crate) fn cases(world: &World) -> Vec<Case> {
    let makers: [fn(&World) -> Vec<Case>; 8] = [
        form::of_the_file,
        form::of_keys,
        form::of_heads,
        content::of_events,
        content::of_agreements,
        content::of_disclosures,
        content::of_timers,
        dated::of_dates,
    ];
    makers.iter().flat_map(|maker| maker(world)).collect()
}

#[test]
fn every_case_comes_to_what_its_name_says() {
    cases(&World::pair()).iter().for_each(check);
}

#[test]
fn a_night_that_kept_everything_is_valid() {
    let world = World::invented();
    check(&Case::new("a night that kept everything", Exit::Valid, "", &world, exported(&world.night())));
}

#[test]
fn a_third_party_does_not_export() {
    let world = World::invented();
    let lipa = &world.others[0];
    let bundle = world.night().draft(lipa, &Extent::VALUES).build(lipa.signing()).unwrap();
    check(&Case::new("a third party", Exit::NotAuthentic, "BUN-5", &world, bundle));
}

#[test]
fn a_third_party_has_no_head_here() {
    let world = World::invented();
    let night = world.night();
    let lipa = &world.others[0];
    let bundle = changed(&night, |draft| {
        let head = uput_core::head::Head { author: lipa.id, key: lipa.newest(), ..night.head(&world.jasen) };
        draft.heads.push(head.sign(lipa.signing()).unwrap());
    });
    check(&Case::new("a third party's head", Exit::NotAuthentic, "BUN-6", &world, bundle));
}

/// A decision of this trail proves nothing about itself. [EVT-15]
#[test]
fn a_decision_is_no_evidence_in_its_own_trail() {
    let world = World::invented();
    let mut notice = world.decision(&world.hotline);
    let made = notice.trail.last(Side::Peer).unwrap();
    let Statement::Decision(decision) = notice.trail.event(&made).unwrap().statement else { panic!("no decision") };
    let citing = Decision { evidence: Some(made), ..decision };
    notice.say(&world.hotline, Statement::Decision(citing));
    notice.evidence = notice.trail.event(&made).map(|event| event.envelope().clone());
    let report = verify(&exported(&notice), &world.trust());
    let failed = failed(&report);
    assert!(report.exit == Exit::NotAuthentic && failed.iter().any(|line| line.starts_with("BUN-6:")), "{failed:?}");
    assert!(failed.iter().any(|line| line.starts_with("BUN-52:")), "{failed:?}");
}

#[test]
fn key_records_of_a_stranger_are_not_carried() {
    let (world, pair) = (World::invented(), World::pair());
    let bundle = changed(&pair.enquiry(), |draft| draft.chains.push(world.centre().records.clone()));
    check(&Case::new("a stranger's key records", Exit::NotAuthentic, "BUN-6", &pair, bundle));
}

#[test]
fn a_cited_decision_must_be_here_as_it_was_made_and_by_whom_the_agreement_lets_make_it() {
    let world = World::invented();
    let night = world.night();
    let dropped = changed(&night, |draft| draft.evidence.clear());
    check(&Case::new("no evidence", Exit::Incomplete, "BUN-51", &world, dropped));
    let altered = changed(&night, |draft| {
        let mut wire = draft.evidence[0].to_wire();
        wire.signatures[0].signature[9] ^= 1;
        draft.evidence = vec![uput_core::envelope::Envelope::from_wire(wire).unwrap()];
    });
    check(&Case::new("forged evidence", Exit::NotAuthentic, "BUN-51", &world, altered));
    let surplus = changed(&world.enquiry(), |draft| draft.evidence.extend(night.evidence.clone()));
    check(&Case::new("evidence that nobody names", Exit::NotAuthentic, "BUN-6", &world, surplus));
    let mut other = world.enquiry();
    let decision = night.trail.events().find_map(|event| match event.statement {
        Statement::Decision(decision) => Some(decision),
        _ => None,
    });
    let mut decision = decision.unwrap();
    decision.kind = DecisionType::Court;
    other.say(&world.hotline, Statement::Decision(decision));
    other.evidence = night.evidence.clone();
    check(&Case::new("cited as another decision", Exit::NotConformant, "BUN-52", &world, exported(&other)));
    decision.evidence = None;
    let mut own = world.enquiry();
    own.say(&world.hotline, Statement::Decision(decision));
    check(&Case::new("decided by a hotline", Exit::NotConformant, "BUN-52", &world, exported(&own)));
}

/// Who cites a decision does not make it: its issuer must be one that the agreement lets decide. [BUN-52]
#[test]
fn a_cited_decision_of_somebody_who_may_not_make_it_is_broken() {
    let world = World::invented();
    let mut source = world.another();
    let made = source.say(&world.jasen, Statement::Decision(placement()));
    let mut night = world.enquiry();
    night.say(&world.hotline, Statement::Decision(Decision { evidence: Some(made), ..placement() }));
    night.evidence = source.trail.event(&made).map(|event| event.envelope().clone());
    check(&Case::new("decided by a shelter", Exit::NotConformant, "BUN-52", &world, exported(&night)));
}

/// A sender that only says that something was decided may not say who she is: the trail reaches stage 2, the receiver
/// reads nothing, and the verdict names the decision and what rests on it. [BUN-52]
#[test]
fn identity_on_a_decision_of_the_senders_own_making_is_broken() {
    let world = World::pair();
    // A yes to what was asked before is no yes to what is asked now. [STA-15]
    for yes in [None, Some(Statement::Accepted)] {
        names_the_self_made(&content::self_decided(&world, yes));
    }
}

fn names_the_self_made(story: &Story<'_>) {
    let decision = story.trail.events().find(|event| matches!(event.statement, Statement::Decision(_))).unwrap();
    let report = verify(&exported(story), &story.world.trust());
    assert_eq!((report.exit, report.standing.unwrap().stage), (Exit::NotConformant, 2));
    let broken = report.conformant.reasons.iter().filter(|reason| reason.requirement == "BUN-52");
    let broken: Vec<_> = broken.filter_map(|reason| reason.event.clone()).collect();
    let identity = story.trail.last(Side::Opener).unwrap();
    assert_eq!(broken, [decision.id.to_string(), identity.to_string()]);
}

#[test]
fn a_delay_counts_against_a_party_only_by_its_own_clock() {
    let world = World::pair();
    let cases = content::of_timers(&world);
    let verdict = |name: &str| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let report = verify(&case.bundle, &case.trust);
        let timers = report.checks.iter().find(|check| check.requirement == "BUN-59").unwrap();
        let failed = timers.outcome == Outcome::Failed;
        assert_eq!(failed, report.conformant.verdict == Conformance::No, "{name}: {:?}", timers.outcome);
        assert!(
            report.deadlines.iter().all(|due| due.verdict.is_none_or(|verdict| verdict == report.conformant.verdict))
        );
        report.conformant.verdict
    };
    assert_eq!(verdict("an answer too late by the receiver's own clock"), Conformance::No);
    assert_eq!(verdict("no answer by the receiver's own head"), Conformance::No);
    assert_eq!(verdict("delivered too late by two clocks"), Conformance::NotCheckable);
}

/// Under law a withdrawal stops nothing, so an authority cannot end its own deadline with one. [EVT-21] [STA-13]
#[test]
fn an_objection_ends_no_deadline() {
    let world = World::invented();
    let mut notice = world.notified(&world.hotline);
    notice.delivered_and(Statement::Withdrawn);
    notice.clock += 60;
    let report = verify(&exported(&notice), &world.trust());
    let decision = report.deadlines.iter().find(|deadline| deadline.timer == "decision").unwrap();
    assert!(decision.late.is_some() && decision.met.is_none(), "{}", decision.sentence);
    assert_eq!(report.conformant.verdict, Conformance::No);
}

/// Nor does its own closing, nor that it calls it not its own. [EVT-33]
#[test]
fn an_authority_ends_no_deadline_by_closing() {
    let world = World::invented();
    for own in [Statement::Closed(ClosureReason::Done), Statement::Misdirected] {
        let mut notice = world.notified(&world.hotline);
        notice.delivered_and(own);
        notice.clock += 60;
        let report = verify(&exported(&notice), &world.trust());
        for timer in ["acknowledge", "decision"] {
            let deadline = report.deadlines.iter().find(|deadline| deadline.timer == timer).unwrap();
            assert!(deadline.late.is_some() && deadline.met.is_none(), "{}", deadline.sentence);
        }
        assert_eq!(report.conformant.verdict, Conformance::No);
    }
    let mut notice = world.notified(&world.hotline);
    notice.say(&world.hotline, Statement::Closed(ClosureReason::NoLongerNeeded));
    notice.clock += 60;
    let report = verify(&exported(&notice), &world.trust());
    assert!(
        report.deadlines.iter().filter(|deadline| deadline.timer != "deliver").all(|deadline| deadline.late.is_none())
    );
}

#[test]
fn silence_without_the_silent_partys_head_is_the_exporters_word() {
    let world = World::pair();
    let mut story = world.asked();
    story.clock += 30 * 60;
    let report = verify(&changed(&story, |draft| draft.heads.pop().map_or((), drop)), &world.trust());
    assert_eq!(report.exit, Exit::Incomplete);
    assert!(report.deadlines.iter().any(|deadline| deadline.sentence.contains("no answer, on hotline's word")));
    assert_ne!(report.conformant.verdict, Conformance::No);
}

#[test]
fn an_equivocation_is_authentic_and_a_breach_by_its_author() {
    let world = World::pair();
    let case = content::of_events(&world).into_iter().find(|case| case.name == "two events with one number").unwrap();
    let report = verify(&case.bundle, &case.trust);
    assert_eq!((report.authentic, report.exit), (YesNo::Yes, Exit::Equivocation));
    let breach = &report.breaches[0];
    assert_eq!((breach.by.name.as_str(), breach.proof.len()), ("shelter-jasen", 2));
}

#[test]
fn a_value_shows_in_the_json_and_not_in_debug() {
    let world = World::invented();
    let report = verify(&exported(&world.night()), &world.trust());
    assert!(serde_json::to_string(&report).unwrap().contains("Mila Invented"));
    assert!(!format!("{report:?}").contains("Mila"));
}

/// What no code says stands in words, always. [BUN-7] [BUN-41] [BUN-42] [BUN-70]
#[test]
fn a_report_says_in_words_what_rests_on_whom() {
    let world = World::pair();
    let mut story = world.enquiry();
    let early = story.signed_head(&world.jasen);
    story.say(&world.hotline, Statement::ChosenElsewhere);
    let hotline = world.hotline.id;
    let bundle = changed(&story, |draft| {
        draft.heads.retain(|head| uput_core::head::Head::parse(head.body()).unwrap().author == hotline);
        draft.heads.push(early);
    });
    let report = verify(&bundle, &world.trust());
    assert_eq!(report.exit, Exit::Valid);
    for words in [
        "Complete up to hotline's head (number 2, 2026-11-22T00:05:00Z). 1 events of hotline rest on hotline's word: \
         nothing that shelter-jasen signed here has seen them.",
        "Complete up to shelter-jasen's head (number 2, 2026-11-22T00:04:00Z).",
        "purpose and time are hotline's word.",
        "Not witnessed: every time is its author's word.",
        "which of them counted when is shelter-jasen's own word.",
    ] {
        assert!(report.words.iter().any(|word| word.contains(words)), "{words}: {:?}", report.words);
    }
    assert_eq!(report.completeness.parties[0].unseen, vec![story.trail.last(Side::Opener).unwrap().to_string()]);
    assert!(!report.timeline.last().unwrap().seen_by_other);
}

/// An opening that the agreement does not allow is read at stage 0, whatever it claims. [EVT-13]
#[test]
fn an_opening_without_right_opens_at_stage_0() {
    let world = World::pair();
    let report = verify(&exported(&world.overreaching()), &world.trust());
    assert_eq!(report.standing.as_ref().unwrap().stage, 0);
    assert_eq!((report.exit, report.conformant.verdict), (Exit::NotConformant, Conformance::No));
}

#[test]
fn a_flipped_event_is_named_with_its_place_in_the_file() {
    let world = World::pair();
    let mut bundle = exported(&world.enquiry());
    let event = world.enquiry().trail.events().last().unwrap().envelope().body().to_vec();
    let at = bundle.windows(event.len()).position(|window| window == event).unwrap();
    bundle[at + event.len() - 1] ^= 1;
    let report = verify(&bundle, &world.trust());
    let check = report.checks.iter().find(|check| check.requirement == "BUN-30").unwrap();
    let place = &check.problems[0].place;
    assert_eq!(report.exit, Exit::NotAuthentic);
    assert!(place.part.as_ref().unwrap().starts_with("events["));
    let offset = usize::try_from(place.offset.unwrap()).unwrap();
    assert!(offset < at && at - offset < 64, "{offset} is not just before {at}");
}
