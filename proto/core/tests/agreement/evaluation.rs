//! Sender, receiver and auditor get the same answer of an agreement.

use uput_core::{
    agreement::{Judgement, Occasion, Refused},
    catalogue::{Field, Label},
    event::Statement,
    id::OrgId,
    rejection::Rejection,
    sensitive::Sensitive,
    slot::{Disclosed, Extent, SlotSecrets, commit, open},
    wire::{Act, LegalBasis, ServiceType},
};

use crate::{
    formula::Event,
    scene::{consent, demonstration, field, opening, organisation, request, terms, with},
};

const ENQUIRY: LegalBasis = LegalBasis::NoneNeededNonpersonal;
const CONSENT: LegalBasis = LegalBasis::ExplicitConsent;

fn hotline() -> OrgId {
    organisation("hotline")
}

/// Disclosed slots as a lying peer would make them: nothing asks whether it may.
pub(crate) fn disclosed(fields: &[Field]) -> Disclosed {
    let mut fields: Vec<_> = fields.iter().map(|f| (f.label().name().to_owned(), f.value().expose().clone())).collect();
    fields.resize(16, (String::new(), String::new()));
    raw(fields).1
}

fn raw(fields: Vec<(String, String)>) -> (Vec<u8>, Disclosed) {
    let event = Event { label_secret: [1; 32], value_secret: [2; 32], nonce: [9; 32], author: hotline(), fields };
    let slots = event.slots();
    let disclosed = open(&event.whole(), &slots, &event.nonce, &event.author).unwrap();
    (slots, disclosed)
}

/// The same slots with labels opened only, or with values of some.
pub(crate) fn narrowed(disclosed: &Disclosed, slots: &[u8], extent: &Extent) -> Option<Disclosed> {
    let some = disclosed.disclose(&event_id(), extent)?;
    Some(open(&some, slots, &[9; 32], &hotline()).unwrap())
}

fn event_id() -> uput_core::id::EventId {
    uput_core::id::Id::of(b"event").into()
}

pub(crate) fn slots_of(fields: &[Field]) -> Vec<u8> {
    let mut fields: Vec<_> = fields.iter().map(|f| (f.label().name().to_owned(), f.value().expose().clone())).collect();
    fields.resize(16, (String::new(), String::new()));
    raw(fields).0
}

#[test]
fn what_passes_minimisation_opens_again_and_is_kept_and_judged_right() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(1, 1, CONSENT, 0), Occasion::Later);
    let fields = with(consent(), vec![field(Label::AgeBand, "30_59"), field(Label::Language, "sr-Latn-ME")]);
    let minimised = agreement.permit(&request).unwrap().minimise(fields.clone()).unwrap();
    let secrets = SlotSecrets { labels: Sensitive::new([3; 32]), values: Sensitive::new([4; 32]) };
    let (slots, made) = commit(minimised, &opening.nonce, &hotline, secrets, &Sensitive::new([5; 32])).unwrap();
    assert_eq!(slots.len(), 8 * 32);
    let whole = made.disclose(&event_id(), &Extent::VALUES).unwrap();
    let disclosed = open(&whole, &slots, &opening.nonce, &hotline).unwrap();
    let stripped = agreement.strip(&request, &disclosed);
    assert_eq!((stripped.stripped, stripped.foreign, stripped.lowered), (vec![], 0, None));
    let mut kept = stripped.kept;
    kept.sort_by_key(Field::label);
    let mut sent = fields;
    sent.sort_by_key(Field::label);
    assert_eq!(kept, sent);
    assert_eq!(agreement.judge_labels(&request, Some(&disclosed), 8), Judgement::Yes);
    let labels = made.disclose(&event_id(), &Extent::LABELS).unwrap();
    let labels = open(&labels, &slots, &opening.nonce, &hotline).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&labels), 8), Judgement::Yes);
    assert_eq!(agreement.judge_labels(&request, None, 8), Judgement::NotCheckable);
    assert!(made.disclose(&event_id(), &Extent::NOTHING).is_none());
}

#[test]
fn one_label_too_much_is_refused_stripped_and_judged() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(1, 1, CONSENT, 0), Occasion::Later);
    let fields = with(consent(), vec![field(Label::AgeBand, "30_59"), field(Label::Name, "Mila Invented")]);
    let refused = Refused { rejection: Rejection::OutsideProfile, labels: vec![Label::Name] };
    assert_eq!(agreement.permit(&request).unwrap().minimise(fields.clone()).unwrap_err(), refused);
    let (slots, disclosed) = (slots_of(&fields), disclosed(&fields));
    let stripped = agreement.strip(&request, &disclosed);
    assert_eq!((stripped.stripped, stripped.kept.len(), stripped.lowered), (vec![Label::Name], 6, None));
    assert_eq!(agreement.judge_labels(&request, Some(&disclosed), 16), Judgement::No(refused.clone()));
    let labels = narrowed(&disclosed, &slots, &Extent::LABELS).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&labels), 16), Judgement::No(refused.clone()));
    let one = narrowed(&disclosed, &slots, &Extent::chosen([Label::Name])).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&one), 16), Judgement::No(refused));
    let other = narrowed(&disclosed, &slots, &Extent::chosen([Label::AgeBand])).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&other), 16), Judgement::NotCheckable);
}

#[test]
fn a_basis_without_what_it_must_carry_leaves_the_enquiry_standing() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(1, 1, CONSENT, 0), Occasion::Opening);
    let fields = vec![field(Label::Places, "2"), field(Label::AgeBand, "30_59")];
    let refused = agreement.permit(&request).unwrap().minimise(fields.clone()).unwrap_err();
    assert_eq!(refused.rejection, Rejection::BasisNotAllowed);
    assert!(refused.to_string().contains("consent_given_by, consent_form"), "{refused}");
    let stripped = agreement.strip(&request, &disclosed(&fields));
    assert_eq!(stripped.kept, vec![field(Label::Places, "2")]);
    assert_eq!((stripped.stripped, stripped.lowered), (vec![Label::AgeBand], Some(refused.clone())));
    assert_eq!(agreement.judge_labels(&request, Some(&disclosed(&fields)), 16), Judgement::No(refused));
}

#[test]
fn a_consent_that_has_ended_carries_nothing() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(1, 1, CONSENT, 0), Occasion::Later);
    let mut fields = with(consent(), vec![field(Label::AgeBand, "30_59")]);
    fields[4] = field(Label::ConsentUntil, "2026-11-21+00:00");
    let refused = Refused { rejection: Rejection::BasisNotAllowed, labels: vec![Label::ConsentUntil] };
    assert_eq!(agreement.permit(&request).unwrap().minimise(fields.clone()).unwrap_err(), refused);
    assert!(agreement.strip(&request, &disclosed(&fields)).kept.is_empty());
    assert_eq!(agreement.judge_labels(&request, Some(&disclosed(&fields)), 16), Judgement::No(refused));
    fields[4] = field(Label::ConsentUntil, "2026-11-22+00:00");
    assert!(agreement.permit(&request).unwrap().minimise(fields).is_ok());
}

#[test]
fn a_tick_is_hers_and_an_auditor_who_cannot_see_it_says_so() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(2, 1, CONSENT, 0), Occasion::Later);
    let permitted = agreement.permit(&request).unwrap();
    let ticked = field(Label::ConsentTicked, "need_statement");
    let need = field(Label::NeedStatement, "A quiet room");
    let use_of = field(Label::SubstanceUse, "in_treatment");
    let refused = Refused { rejection: Rejection::OutsideProfile, labels: vec![Label::NeedStatement] };
    assert_eq!(permitted.minimise(with(consent(), vec![need.clone()])).unwrap_err(), refused);
    let unticked = disclosed(&with(consent(), vec![need.clone()]));
    assert_eq!(agreement.strip(&request, &unticked).stripped, vec![Label::NeedStatement]);
    assert_eq!(agreement.judge_labels(&request, Some(&unticked), 16), Judgement::No(refused));
    let fields = with(consent(), vec![ticked.clone(), need]);
    let all = disclosed(&fields);
    assert!(permitted.minimise(fields.clone()).is_ok());
    assert_eq!(agreement.judge_labels(&request, Some(&all), 16), Judgement::Yes);
    let labels = narrowed(&all, &slots_of(&fields), &Extent::LABELS).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&labels), 16), Judgement::NotCheckable);
    let refused = permitted.minimise(with(consent(), vec![ticked, use_of])).unwrap_err();
    assert_eq!(refused.labels, vec![Label::SubstanceUse]);
}

#[test]
fn no_basis_in_law_stands_for_a_tick() {
    let (agreement, centre) = (demonstration(), organisation("centre"));
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let basis = LegalBasis::PublicTaskDecision;
    let permitted = agreement.permit(&request(&centre, &opening, terms(2, 5, basis, 0), Occasion::Later)).unwrap();
    assert!(permitted.labels().contains(&Label::Name));
    assert!(!permitted.labels().contains(&Label::NeedStatement));
}

#[test]
fn only_danger_to_life_lets_her_location_travel_and_only_law_the_reporter() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("centre", Act::Notification, ServiceType::SocialWork);
    let labels = |basis, article| {
        let request = request(&hotline, &opening, terms(2, 2, basis, article), Occasion::Opening);
        agreement.permit(&request).unwrap().labels().clone()
    };
    let (duty, danger) = (labels(LegalBasis::LegalDuty, 1), labels(LegalBasis::VitalInterests, 0));
    assert!(danger.contains(&Label::CurrentLocation) && !duty.contains(&Label::CurrentLocation));
    assert!(duty.contains(&Label::ReporterName) && !danger.contains(&Label::ReporterName));
}

#[test]
fn what_a_peer_invents_is_dropped_unread() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(0, 1, ENQUIRY, 0), Occasion::Opening);
    let mut fields = vec![
        ("shelter_address".into(), "Invented street 1".into()),
        ("places".into(), "two".into()),
        ("adults".into(), "1".into()),
    ];
    fields.resize(8, (String::new(), String::new()));
    let (_, disclosed) = raw(fields);
    let stripped = agreement.strip(&request, &disclosed);
    assert_eq!((stripped.kept, stripped.foreign), (vec![field(Label::Adults, "1")], 2));
    assert!(matches!(agreement.judge_labels(&request, Some(&disclosed), 8), Judgement::No(_)));
    assert!(disclosed.disclose(&event_id(), &Extent::VALUES).is_some());
}

#[test]
fn replies_carry_the_labels_of_replies_and_nothing_about_her_without_a_basis() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let labels =
        |terms| agreement.permit(&request(&hotline, &opening, terms, Occasion::Reply)).unwrap().labels().clone();
    let enquiry = labels(terms(0, 1, ENQUIRY, 0));
    assert!(enquiry.contains(&Label::Actor) && enquiry.iter().all(|label| label.is_nonpersonal()));
    let need = labels(terms(1, 1, CONSENT, 0));
    assert!(need.contains(&Label::ReasonInWords) && !need.contains(&Label::Name));
}

#[test]
fn an_agreement_past_its_end_still_lets_answers_pass() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    for (occasion, expected) in [
        (Occasion::Opening, Some(Rejection::AgreementNotInForce)),
        (Occasion::Later, Some(Rejection::AgreementNotInForce)),
        (Occasion::Reply, None),
    ] {
        let mut request = request(&hotline, &opening, terms(1, 1, CONSENT, 0), occasion);
        request.time = agreement.valid_until();
        assert_eq!(agreement.permit(&request).err(), expected);
    }
    // A reopening that restates nothing says who acted, and no more.
    let mut reopened = request(&hotline, &opening, terms(0, 1, ENQUIRY, 0), Occasion::Later);
    reopened.time = agreement.valid_until();
    assert!(agreement.permit(&reopened).is_ok());
}

/// [DIS-15]
#[test]
fn a_second_person_who_is_the_first_one_is_none() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(0, 1, ENQUIRY, 0), Occasion::Reply);
    let staff = |second| vec![field(Label::Actor, "a1"), field(Label::Supervisor, second)];
    let permitted = agreement.permit(&request).unwrap();
    assert!(permitted.minimise(staff("b2")).is_ok());
    let refused = Refused { rejection: Rejection::OutsideProfile, labels: vec![Label::Supervisor] };
    assert_eq!(permitted.minimise(staff("a1")).unwrap_err(), refused);
    let (slots, alone) = (slots_of(&staff("a1")), disclosed(&staff("a1")));
    let stripped = agreement.strip(&request, &alone);
    assert_eq!((stripped.kept, stripped.stripped), (vec![field(Label::Actor, "a1")], vec![Label::Supervisor]));
    assert_eq!(agreement.judge_labels(&request, Some(&alone), 16), Judgement::No(refused));
    let labels = narrowed(&alone, &slots, &Extent::LABELS).unwrap();
    assert_eq!(agreement.judge_labels(&request, Some(&labels), 16), Judgement::Yes, "labels alone do not tell");
}

/// [DIS-15] [BAS-1]
#[test]
fn a_child_is_not_disclosed_on_the_word_of_one_person() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(1, 1, LegalBasis::ChildBestInterests, 0), Occasion::Later);
    let permitted = agreement.permit(&request).unwrap();
    let fields = |second| {
        vec![
            field(Label::BestInterestsReason, "caregiver_suspected"),
            field(Label::AuthorityInformed, "before"),
            field(Label::Actor, "a1"),
            field(Label::Supervisor, second),
        ]
    };
    assert!(permitted.minimise(fields("b2")).is_ok());
    let stripped = agreement.strip(&request, &disclosed(&fields("a1")));
    let refused = Refused { rejection: Rejection::BasisNotAllowed, labels: vec![Label::Supervisor] };
    assert_eq!(stripped.lowered, Some(refused));
}

/// [BAS-21]
#[test]
fn danger_to_life_is_never_told_on_the_word_of_one_person() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("centre", Act::Notification, ServiceType::SocialWork);
    let request = request(&hotline, &opening, terms(2, 2, LegalBasis::VitalInterests, 0), Occasion::Opening);
    let permitted = agreement.permit(&request).unwrap();
    let fields = |second: Option<&str>| {
        let mut all = vec![
            field(Label::Danger, "life"),
            field(Label::BasisUntil, "2026-11-22T20:00Z"),
            field(Label::ReviewBy, "2026-11-22T20:00Z"),
            field(Label::Actor, "a1"),
            field(Label::Name, "Mila Invented"),
        ];
        all.extend(second.map(|second| field(Label::Supervisor, second)));
        all
    };
    assert!(permitted.minimise(fields(Some("b2"))).is_ok());
    let refused = Refused { rejection: Rejection::BasisNotAllowed, labels: vec![Label::Supervisor] };
    assert_eq!(permitted.minimise(fields(None)).unwrap_err(), refused);
    for second in [None, Some("a1")] {
        let stripped = agreement.strip(&request, &disclosed(&fields(second)));
        assert_eq!(stripped.lowered.as_ref(), Some(&refused));
        // Rule 2 is a notification, which says nothing without a basis.
        assert!(stripped.kept.iter().all(|field| field.label() != Label::Name));
    }
    assert_eq!(agreement.judge_labels(&request, Some(&disclosed(&fields(None))), 16), Judgement::No(refused));
}

#[test]
fn the_occasion_follows_from_what_is_said_and_by_whom() {
    assert_eq!(Occasion::of(&Statement::Need, true), Occasion::Later);
    assert_eq!(Occasion::of(&Statement::Reopened, true), Occasion::Later);
    assert_eq!(Occasion::of(&Statement::Reopened, false), Occasion::Reply);
    assert_eq!(Occasion::of(&Statement::Withdrawn, true), Occasion::Reply);
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    assert_eq!(Occasion::of(&Statement::Opening(opening), true), Occasion::Opening);
}

#[test]
fn the_order_of_slots_depends_on_entropy_alone_and_every_place_is_reached() {
    let (agreement, hotline) = (demonstration(), hotline());
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let request = request(&hotline, &opening, terms(0, 1, ENQUIRY, 0), Occasion::Opening);
    let mut places = [0_u32; 8];
    for seed in 0..=255 {
        let minimised = agreement.permit(&request).unwrap().minimise(vec![field(Label::Adults, "1")]).unwrap();
        let secrets = SlotSecrets { labels: Sensitive::new([3; 32]), values: Sensitive::new([4; 32]) };
        let entropy = Sensitive::new([seed; 32]);
        let (_, disclosed) = commit(minimised, &opening.nonce, &hotline, secrets, &entropy).unwrap();
        let at = disclosed.slots().iter().position(|slot| slot.has_value()).unwrap();
        places[at] += 1;
    }
    assert!(places.iter().all(|count| (10..60).contains(count)), "{places:?}");
}
