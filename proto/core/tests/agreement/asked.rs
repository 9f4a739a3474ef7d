//! What an agreement, and a legal basis, answer when they are asked for one thing.

use uput_core::{
    agreement::{Judgement, Occasion, Refused, Request},
    catalogue::Label,
    event::{Event, Statement},
    id::Id,
    legal_basis::Basis,
    rejection::Rejection,
    slot::{Choice, Extent},
    time::Seconds,
    wire::{Act, DecisionType, LegalBasis, PhoneAnswer, ServiceType, TimerKind},
};

use crate::{
    evaluation::{disclosed, narrowed, slots_of},
    scene::{
        DEMONSTRATION, TWO_PARTY, compiled, consent, demonstration, field, now, opening, organisation, request, terms,
        with,
    },
};

/// [AGR-15] [AGR-24]
#[test]
fn a_timer_and_the_issuers_of_a_decision_are_those_that_were_asked_for() {
    let agreement = demonstration();
    let mut listed = 0;
    for act in (1..).map_while(|number| Act::try_from(number).ok()) {
        for kind in (1..).map_while(|number| TimerKind::try_from(number).ok()) {
            let mut timers = agreement.timers().iter().filter(|timer| timer.act == act && timer.kind == kind);
            let span = timers.next().map(|timer| timer.span);
            listed += usize::from(span.is_some());
            assert_eq!(agreement.timer(act, kind), span, "{act:?} {kind:?}");
        }
    }
    assert_eq!(listed, agreement.timers().len());
    let issuers = |kind| agreement.issuers(kind).map(|services| services.iter().copied().collect::<Vec<_>>());
    assert_eq!(issuers(DecisionType::Placement), Some(vec![ServiceType::SocialWork]));
    assert_eq!(issuers(DecisionType::Guardianship), Some(vec![ServiceType::ChildProtection]));
    assert_eq!(issuers(DecisionType::Unspecified), None);
}

/// [AGR-5]
#[test]
fn only_a_demonstration_says_that_it_is_one() {
    assert!(demonstration().is_demonstration());
    let between_two = compiled(TWO_PARTY).agreement;
    assert!(!between_two.is_demonstration());
    let names: Vec<&str> = between_two.profiles().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["bed", "support"]);
}

/// [STF-1]
#[test]
fn the_rules_of_a_profile_for_staff_only_are_and_others_are_not() {
    let agreement =
        compiled(&DEMONSTRATION.replacen("[profile.bed]\n", "[profile.bed]\nstaff_only = true\n", 1)).agreement;
    assert_eq!([1, 2, 3, 4, 5, 99].map(|rule| agreement.is_staff_only(rule)), [true, false, false, false, true, false]);
    assert!(agreement.asks_for_staff() && !demonstration().asks_for_staff());
}

/// [AGR-22]
#[test]
fn the_opener_discloses_by_six_kinds_and_answers_by_every_other() {
    let later = [
        Statement::Need,
        Statement::Identity,
        Statement::Corrected,
        Statement::Reopened,
        Statement::Minutes,
        Statement::Plan,
    ];
    for statement in later {
        assert_eq!(Occasion::of(&statement, true), Occasion::Later);
        assert_eq!(Occasion::of(&statement, false), Occasion::Reply);
    }
    for statement in [Statement::PurgeAsked, Statement::Phoned(PhoneAnswer::Yes), Statement::TransferOffered] {
        assert_eq!(Occasion::of(&statement, true), Occasion::Reply);
    }
}

/// The opening of the hotline to a shelter at that stage, and an event after it.
fn events(stage: u32, statement: Statement) -> [Event; 2] {
    let by = |author: &str, statement| Event {
        id: Id::of(b"event").into(),
        trail: uput_core::id::EventId::from(Id::of(b"event")).opened_trail(),
        author: organisation(author),
        key: Id::of(b"key record").into(),
        incarnation: 0,
        seq: 0,
        prev: None,
        seen: None,
        time: now(),
        occurred: None,
        slots: Vec::new(),
        terms: Some(terms(stage, 1, LegalBasis::ExplicitConsent, 0)),
        statement,
    };
    let opened = Statement::Opening(opening("shelter-jasen", Act::Referral, ServiceType::Shelter));
    [by("hotline", opened), by("hotline", statement)]
}

/// [EVT-13] [STA-25]
#[test]
fn a_trail_opens_at_the_stage_that_its_terms_may_have_and_else_at_0() {
    let agreement = demonstration();
    let [mut opening, _] = events(1, Statement::Need);
    assert_eq!(agreement.effective_stage(&opening), 1);
    // Who she is waits for the answer.
    opening.terms = Some(terms(2, 1, LegalBasis::ExplicitConsent, 0));
    assert_eq!(agreement.effective_stage(&opening), 0);
    opening.terms = None;
    assert_eq!(agreement.effective_stage(&opening), 0);
    let [mut duty, _] = events(2, Statement::Need);
    duty.statement = Statement::Opening(self::opening("centre", Act::Notification, ServiceType::SocialWork));
    duty.terms = Some(terms(2, 2, LegalBasis::LegalDuty, 1));
    assert_eq!(agreement.effective_stage(&duty), 2);
}

/// [AGR-22]
#[test]
fn an_event_stands_for_what_its_author_asks() {
    let [opening, mut event] = events(1, Statement::Need);
    let occasion = |event: &Event| Request::of(&opening, event).map(|request| request.occasion);
    assert_eq!(occasion(&opening), Some(Occasion::Opening));
    assert_eq!(occasion(&event), Some(Occasion::Later));
    event.author = organisation("shelter-jasen");
    assert_eq!(occasion(&event), Some(Occasion::Reply));
    assert!(Request::of(&event, &opening).is_none(), "a need opens nothing");
    event.terms = None;
    assert_eq!(occasion(&event), None);
}

/// [AGR-23] [BAS-5]
#[test]
fn a_reply_carries_no_basis_and_what_a_basis_demands_needs_no_tick() {
    let (agreement, hotline) = (demonstration(), organisation("hotline"));
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let of = |occasion, basis| agreement.permit(&request(&hotline, &opening, terms(1, 1, basis, 0), occasion)).unwrap();
    for basis in [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent] {
        let permitted = of(Occasion::Later, basis);
        assert!(
            permitted.must().iter().eq(Basis::of(basis)
                .unwrap()
                .must
                .iter()
                .collect::<std::collections::BTreeSet<_>>())
        );
        assert!(permitted.ticked().is_subset(permitted.labels()) && permitted.ticked().is_disjoint(permitted.must()));
        assert!(of(Occasion::Reply, basis).must().is_empty());
    }
    // [BAS-5] A guardian ticks too.
    let identity = terms(2, 1, LegalBasis::GuardianConsent, 0);
    let permitted = agreement.permit(&request(&hotline, &opening, identity, Occasion::Later)).unwrap();
    assert!(permitted.labels().contains(&Label::NeedStatement) && permitted.ticked().contains(&Label::NeedStatement));
}

/// [DIS-13]
#[test]
fn where_the_agreement_has_no_article_an_enquiry_is_kept_all_the_same() {
    let (agreement, us) = (compiled(TWO_PARTY).agreement, organisation("self"));
    assert_eq!(agreement.articles().count(), 0);
    let opening = opening("partner", Act::Referral, ServiceType::Shelter);
    let request = request(&us, &opening, terms(1, 1, LegalBasis::LegalDuty, 1), Occasion::Opening);
    let stripped = agreement.strip(&request, &disclosed(&[field(Label::Adults, "1"), field(Label::AgeBand, "30_59")]));
    assert_eq!((stripped.kept, stripped.stripped), (vec![field(Label::Adults, "1")], vec![Label::AgeBand]));
}

/// [DIS-14] [BAS-5]
#[test]
fn whether_she_ticked_is_not_known_by_who_sees_other_values() {
    let (agreement, hotline) = (demonstration(), organisation("hotline"));
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(2, 1, LegalBasis::ExplicitConsent, 0), Occasion::Later);
    let ticked = field(Label::ConsentTicked, "need_statement");
    let fields =
        with(consent(), vec![ticked, field(Label::NeedStatement, "A quiet room"), field(Label::AgeBand, "30_59")]);
    let all = disclosed(&fields);
    let values = Choice::Only([Label::AgeBand, Label::NeedStatement].into());
    let some = narrowed(&all, &slots_of(&fields), &Extent { labels: Choice::All, values }).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&some), 16), Judgement::NotCheckable);
}

/// [BAS-3]
#[test]
fn no_basis_serves_an_act_that_is_none() {
    assert!(Basis::all().iter().all(|basis| !basis.serves(Act::Unspecified)));
    assert!(Basis::all().iter().all(|basis| basis.serves(Act::Transfer) == (basis.code != LegalBasis::Unspecified)));
}

/// [BAS-4]
#[test]
fn authorities_are_told_at_once_by_law_and_in_danger_whoever_heals_too() {
    use ServiceType::{ChildProtection, Health, Police, Psychosocial, Shelter, SocialWork};
    let services = [Police, SocialWork, ChildProtection, Health, Shelter, Psychosocial];
    let collapses = |basis| services.map(|service| Basis::of(basis).unwrap().collapses(service));
    let by_law = [true, true, true, false, false, false];
    assert_eq!(collapses(LegalBasis::LegalDuty), by_law);
    assert_eq!(collapses(LegalBasis::PublicTaskDecision), by_law);
    assert_eq!(collapses(LegalBasis::VitalInterests), [true, true, true, true, false, false]);
    assert_eq!(collapses(LegalBasis::ExplicitConsent), [false; 6]);
}

/// [BAS-1]
#[test]
fn that_she_was_told_may_stand_beside_each_basis_without_her_word() {
    let told = [Label::ClientTold, Label::ClientToldOn];
    for basis in Basis::all() {
        let without_her_word =
            [LegalBasis::LegalDuty, LegalBasis::VitalInterests, LegalBasis::PublicTaskDecision].contains(&basis.code);
        assert_eq!(told.map(|label| basis.carries(label)), [without_her_word; 2], "{:?}", basis.code);
    }
}

/// [BAS-20]
#[test]
fn a_basis_for_hours_is_given_its_end_where_nobody_gave_one_and_no_other_basis_is() {
    let vital = Basis::of(LegalBasis::VitalInterests).unwrap();
    let given = |fields: &[_]| vital.hours(now(), fields).iter().map(|field| field.label()).collect::<Vec<_>>();
    assert_eq!(given(&[]), [Label::BasisUntil, Label::ReviewBy]);
    let end = field(Label::BasisUntil, "2026-11-22T08:00Z");
    assert_eq!(given(std::slice::from_ref(&end)), [Label::ReviewBy]);
    assert_eq!(given(&[end, field(Label::ReviewBy, "2026-11-22T09:00Z")]), []);
    assert_eq!(vital.hours(now(), &[])[0], field(Label::BasisUntil, "2026-11-23T00:00Z"));
    assert!(Basis::of(LegalBasis::ExplicitConsent).unwrap().hours(now(), &[]).is_empty());
}

/// [BAS-6] [BAS-10]
#[test]
fn faults_are_named_once_and_in_the_order_of_the_catalogue() {
    let guardian = Basis::of(LegalBasis::GuardianConsent).unwrap();
    let fields = [
        field(Label::ConsentUntil, "2026-11-21+00:00"),
        field(Label::PerpetratorRelationship, "parent"),
        field(Label::GuardianClass, "parent"),
    ];
    let faults = guardian.faults(ServiceType::Shelter, now(), &fields);
    assert!(faults.len() == 3 && faults.is_sorted(), "{faults:?}");
    let vital = Basis::of(LegalBasis::VitalInterests).unwrap();
    let ended = [field(Label::BasisUntil, "2026-11-20T08:00Z"), field(Label::ReviewBy, "2026-11-22T09:00Z")];
    assert_eq!(vital.faults(ServiceType::Shelter, now(), &ended), [Label::BasisUntil]);
    // A minute that begins within the day of it, and ends a second after.
    let last = Seconds::new(now().get() + 59).unwrap();
    let review = |value| [field(Label::BasisUntil, "2026-11-22T08:00Z"), field(Label::ReviewBy, value)];
    assert_eq!(vital.faults(ServiceType::Shelter, now(), &review("2026-11-23T00:00Z")), []);
    assert_eq!(vital.faults(ServiceType::Shelter, last, &review("2026-11-23T00:01Z")), [Label::ReviewBy]);
}

/// [BAS-8]
#[test]
fn nobody_of_an_age_to_speak_is_too_young_to_assent() {
    let guardian = Basis::of(LegalBasis::GuardianConsent).unwrap();
    for (age, contradicts) in [
        ("0_5", false),
        ("6_11", false),
        ("12_14", true),
        ("15_17", true),
        ("18_29", true),
        ("30_59", true),
        ("60_plus", true),
    ] {
        let fields = [field(Label::AgeBand, age), field(Label::ChildAssent, "too_young")];
        assert_eq!(!guardian.faults(ServiceType::Shelter, now(), &fields).is_empty(), contradicts, "{age}");
    }
}

/// [AGR-23] [DIS-12]
#[test]
fn a_refusal_says_why_and_which_labels_are_the_reason() {
    let refused = |labels| Refused { rejection: Rejection::OutsideProfile, labels }.to_string();
    assert_eq!(refused(vec![]), Rejection::OutsideProfile.to_string());
    let named = format!("{}: name, language", Rejection::OutsideProfile);
    assert_eq!(refused(vec![Label::Name, Label::Language]), named);
}
