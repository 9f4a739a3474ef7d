//! Each basis: whatever it must carry is missed by sender, receiver and auditor, and so is what shows that it does not hold.

use uput_core::{
    agreement::{Agreement, Code, Judgement, Occasion, Refused, Request, Told},
    catalogue::{Field, Label},
    legal_basis::{Basis, is_heard},
    rejection::Rejection,
    slot::{Disclosed, Extent, open},
    time::Seconds,
    wire::{Act, LegalBasis, ServiceType},
};

use crate::{
    formula::Event,
    scene::{demonstration, field, now, opening, organisation, terms},
};

/// What each basis carries when all is well. The trail is the demonstration's: to a shelter, or to the centre.
const CARRIED: [(LegalBasis, &[(Label, &str)]); 6] = [
    (
        LegalBasis::ExplicitConsent,
        &[
            (Label::ConsentGivenBy, "herself"),
            (Label::ConsentForm, "oral_witnessed"),
            (Label::ConsentLanguage, "sq"),
            (Label::ConsentPurpose, "A bed for tonight"),
            (Label::ConsentUntil, "2026-11-22+00:00"),
        ],
    ),
    (
        LegalBasis::GuardianConsent,
        &[
            (Label::GuardianClass, "other_parent"),
            (Label::GuardianAuthority, "04-1/2026"),
            (Label::ChildAssent, "assents"),
            (Label::ConsentForm, "written"),
            (Label::ConsentLanguage, "sq"),
            (Label::ConsentPurpose, "A bed for tonight"),
            (Label::ConsentUntil, "2026-11-22+00:00"),
        ],
    ),
    (
        LegalBasis::ChildBestInterests,
        &[
            (Label::BestInterestsReason, "caregiver_suspected"),
            (Label::Supervisor, "b2"),
            (Label::AuthorityInformed, "before"),
        ],
    ),
    (LegalBasis::LegalDuty, &[(Label::ClientTold, "told"), (Label::ClientToldOn, "2026-11-21")]),
    (
        LegalBasis::VitalInterests,
        &[
            (Label::Danger, "life"),
            (Label::BasisUntil, "2026-11-22T20:00Z"),
            (Label::ReviewBy, "2026-11-22T20:00Z"),
            (Label::Supervisor, "b2"),
        ],
    ),
    (
        LegalBasis::PublicTaskDecision,
        &[
            (Label::DecisionReference, "04-123/2026"),
            (Label::DecisionIssuer, "An Invented Centre"),
            (Label::DecisionDate, "2026-11-20"),
            (Label::DecisionUntil, "2026-11-22+00:00"),
        ],
    ),
];

const MANDATE: [(Label, &str); 4] = [
    (Label::DelegateClass, "case_worker"),
    (Label::MandateReference, "7/2026"),
    (Label::MandateScope, "health shelter"),
    (Label::MandateUntil, "2026-11-22T08:00Z"),
];

/// 22 November 2026, at so many seconds of the day, UTC.
fn at(second: u64) -> Seconds {
    Seconds::new(now().get() + second).unwrap()
}

fn carried(basis: LegalBasis) -> Vec<Field> {
    let row = CARRIED.iter().find(|row| row.0 == basis).unwrap();
    fields(row.1)
}

fn fields(of: &[(Label, &str)]) -> Vec<Field> {
    of.iter().map(|(label, value)| field(*label, value)).collect()
}

/// The same fields with other values for some labels, or more labels.
fn but(mut all: Vec<Field>, other: &[(Label, &str)]) -> Vec<Field> {
    all.retain(|kept| other.iter().all(|(label, _)| kept.label() != *label));
    all.extend(fields(other));
    all
}

fn disclosed(of: &[Field], values: bool) -> Disclosed {
    let mut slots: Vec<_> = of.iter().map(|f| (f.label().name().to_owned(), f.value().expose().clone())).collect();
    slots.resize(16, (String::new(), String::new()));
    let (label_secret, value_secret, nonce) = ([1; 32], [2; 32], [9; 32]);
    let event = Event { label_secret, value_secret, nonce, author: organisation("hotline"), fields: slots };
    let all = open(&event.whole(), &event.slots(), &nonce, &event.author).unwrap();
    let id = uput_core::id::Id::of(b"event").into();
    if values {
        return all;
    }
    let labels = all.disclose(&id, &Extent::LABELS).unwrap();
    open(&labels, &event.slots(), &nonce, &event.author).unwrap()
}

/// What the three guards say of fields under a basis, said at that time.
struct Said {
    sender: Option<Refused>,
    receiver: Option<Refused>,
    auditor: Judgement,
    /// Who sees labels and no value.
    without_values: Judgement,
}

fn say(agreement: &Agreement, basis: LegalBasis, time: Seconds, of: &[Field]) -> Said {
    let hotline = organisation("hotline");
    let law = Basis::of(basis).unwrap().is_law();
    let shelter = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let centre = opening("centre", Act::Notification, ServiceType::SocialWork);
    let (opening, rule) = if law { (&centre, 2) } else { (&shelter, 1) };
    let terms = terms(1, rule, basis, u32::from(basis == LegalBasis::LegalDuty));
    let request = Request { opener: &hotline, opening, terms, occasion: Occasion::Later, kind: None, time };
    Said {
        sender: agreement.permit(&request).unwrap().minimise(of.to_vec()).err(),
        receiver: agreement.strip(&request, &disclosed(of, true)).lowered,
        auditor: agreement.judge_labels(&request, Some(&disclosed(of, true)), 16),
        without_values: agreement.judge_labels(&request, Some(&disclosed(of, false)), 16),
    }
}

fn holds(said: &Said) -> bool {
    said.sender.is_none() && said.receiver.is_none() && said.auditor == Judgement::Yes
}

/// All three name these labels and the code.
fn refused(said: &Said, labels: &[Label]) {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    let refused = Refused { rejection: Rejection::BasisNotAllowed, labels };
    assert_eq!(said.sender.as_ref(), Some(&refused));
    assert_eq!(said.receiver.as_ref(), Some(&refused));
    assert_eq!(said.auditor, Judgement::No(refused));
}

/// [BAS-1]
#[test]
fn each_label_that_a_basis_must_carry_is_missed_by_all_three() {
    let agreement = demonstration();
    let mut left_out = 0;
    for (basis, _) in CARRIED {
        let all = carried(basis);
        let said = say(&agreement, basis, at(0), &all);
        assert!(holds(&said), "{basis:?}");
        assert_eq!(said.without_values, Judgement::Yes, "{basis:?}");
        for label in Basis::of(basis).unwrap().must {
            let without: Vec<Field> = all.iter().filter(|field| field.label() != *label).cloned().collect();
            assert_eq!(without.len() + 1, all.len());
            let said = say(&agreement, basis, at(0), &without);
            refused(&said, &[*label]);
            // Who sees the labels alone misses it too.
            assert_eq!(said.without_values, said.auditor);
            left_out += 1;
        }
    }
    assert_eq!(left_out, 5 + 7 + 3 + 2 + 4 + 4);
}

/// [BAS-6]
#[test]
fn each_basis_that_ends_counts_until_its_last_second_and_not_a_minute_longer() {
    let agreement = demonstration();
    let midnight = 24 * 60 * 60;
    let ends = [
        (LegalBasis::ExplicitConsent, Label::ConsentUntil, midnight),
        (LegalBasis::GuardianConsent, Label::ConsentUntil, midnight),
        (LegalBasis::VitalInterests, Label::BasisUntil, 20 * 60 * 60 + 60),
        (LegalBasis::PublicTaskDecision, Label::DecisionUntil, midnight),
    ];
    for (basis, label, end) in ends {
        let fields = but(
            carried(basis),
            if label == Label::BasisUntil { &[(Label::ReviewBy, "2026-11-22T21:00Z")] } else { &[] },
        );
        assert!(holds(&say(&agreement, basis, at(end - 1), &fields)), "{basis:?}");
        refused(&say(&agreement, basis, at(end), &fields), &[label]);
    }
    for basis in [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent] {
        let fields = but(carried(basis), &MANDATE);
        let end = 8 * 60 * 60 + 60;
        assert!(holds(&say(&agreement, basis, at(end - 1), &fields)), "{basis:?}");
        refused(&say(&agreement, basis, at(end), &fields), &[Label::MandateUntil]);
    }
}

/// [BAS-10]
#[test]
fn danger_to_life_lasts_a_day_and_is_reviewed_within_it() {
    let (agreement, basis) = (demonstration(), LegalBasis::VitalInterests);
    let of = |until: &str, review: &str| but(carried(basis), &[(Label::BasisUntil, until), (Label::ReviewBy, review)]);
    let noon = 12 * 60 * 60;
    let said = |until: &str, review: &str| say(&agreement, basis, at(noon), &of(until, review));
    assert!(holds(&said("2026-11-23T12:00Z", "2026-11-23T12:00Z")));
    refused(&said("2026-11-23T12:01Z", "2026-11-23T12:00Z"), &[Label::BasisUntil]);
    refused(&said("2026-11-23T12:00Z", "2026-11-23T12:01Z"), &[Label::ReviewBy]);
    refused(&said("2026-11-23T12:00Z", "2026-11-22T11:59Z"), &[Label::ReviewBy]);
}

/// [BAS-9]
#[test]
fn a_mandate_is_whole_and_reaches_no_further_than_it_says() {
    let agreement = demonstration();
    for basis in [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent] {
        let all = but(carried(basis), &MANDATE);
        assert!(holds(&say(&agreement, basis, at(0), &all)));
        for (label, _) in MANDATE {
            let without: Vec<Field> = all.iter().filter(|field| field.label() != label).cloned().collect();
            let said = say(&agreement, basis, at(0), &without);
            refused(&said, &[label]);
            assert_eq!(said.without_values, said.auditor);
        }
        let elsewhere = but(all, &[(Label::MandateScope, "health school")]);
        let said = say(&agreement, basis, at(0), &elsewhere);
        refused(&said, &[Label::MandateScope]);
        assert_eq!(said.without_values, Judgement::Yes, "a scope that is closed says nothing");
    }
    let delegate = but(carried(LegalBasis::ExplicitConsent), &[(Label::ConsentGivenBy, "delegate")]);
    refused(&say(&agreement, LegalBasis::ExplicitConsent, at(0), &delegate), &MANDATE.map(|(label, _)| label));
    assert!(holds(&say(&agreement, LegalBasis::ExplicitConsent, at(0), &but(delegate, &MANDATE))));
}

/// [BAS-8]
#[test]
fn whoever_is_suspected_consents_to_nothing_and_a_small_child_not_alone() {
    let agreement = demonstration();
    let (guardian, herself) = (LegalBasis::GuardianConsent, LegalBasis::ExplicitConsent);
    let (suspect, class, age, assent) =
        (Label::PerpetratorRelationship, Label::GuardianClass, Label::AgeBand, Label::ChildAssent);
    let best = LegalBasis::ChildBestInterests; // [BAS-40]
    let never: [(LegalBasis, &[(Label, &str)]); 10] = [
        (guardian, &[(suspect, "parent"), (class, "parent")]),
        (guardian, &[(suspect, "sibling"), (class, "relative")]),
        (guardian, &[(suspect, "other_family"), (class, "relative")]),
        (guardian, &[(age, "12_14"), (assent, "too_young")]),
        (guardian, &[(age, "30_59"), (assent, "too_young")]),
        (herself, &[(age, "0_5")]),
        (herself, &[(age, "6_11")]),
        (best, &[(age, "18_29")]),
        (best, &[(age, "30_59")]),
        (best, &[(age, "60_plus")]),
    ];
    for (basis, values) in never {
        let said = say(&agreement, basis, at(0), &but(carried(basis), values));
        let labels: Vec<Label> = values.iter().map(|(label, _)| *label).collect();
        refused(&said, &labels);
        assert_eq!(said.without_values, Judgement::Yes);
    }
    let may: [(LegalBasis, &[(Label, &str)]); 8] = [
        (guardian, &[(suspect, "parent"), (class, "other_parent")]),
        (guardian, &[(suspect, "parent"), (class, "appointed_guardian")]),
        (guardian, &[(suspect, "other_family"), (class, "other_relative")]),
        (guardian, &[(suspect, "stranger"), (class, "parent")]),
        (guardian, &[(age, "6_11"), (assent, "too_young")]),
        (guardian, &[(age, "30_59"), (assent, "cannot_say")]),
        (herself, &[(age, "12_14")]),
        (herself, &[(suspect, "parent"), (age, "15_17")]),
    ];
    for (basis, values) in may {
        assert!(holds(&say(&agreement, basis, at(0), &but(carried(basis), values))), "{values:?}");
    }
    // What the best interests of the child demand goes on.
    let child = but(carried(LegalBasis::ChildBestInterests), &[(suspect, "parent"), (age, "6_11")]);
    assert!(holds(&say(&agreement, LegalBasis::ChildBestInterests, at(0), &child)));
}

/// [BAS-11]
#[test]
fn a_decision_does_not_end_before_it_is_made() {
    let (agreement, basis) = (demonstration(), LegalBasis::PublicTaskDecision);
    let said = |made: &str| say(&agreement, basis, at(0), &but(carried(basis), &[(Label::DecisionDate, made)]));
    assert!(holds(&said("2026-11-22")));
    refused(&said("2026-11-23"), &[Label::DecisionUntil]);
}

/// [LET-20] What waits goes no more once its basis is over, and not before; what never held has not lapsed.
#[test]
fn a_basis_lapses_after_its_last_moment_and_not_before() {
    let agreement = demonstration();
    let hotline = organisation("hotline");
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let day = 24 * 60 * 60;
    let lapsed = |basis, of: &[Field], said: u64, now: u64| {
        let terms = terms(1, 1, basis, 0);
        let request = Request {
            opener: &hotline,
            opening: &opening,
            terms,
            occasion: Occasion::Later,
            kind: None,
            time: at(said),
        };
        agreement.has_lapsed(&request, &disclosed(of, true), at(now))
    };
    let consent = carried(LegalBasis::ExplicitConsent);
    assert!(!lapsed(LegalBasis::ExplicitConsent, &consent, 0, day - 1), "the last second of its last day");
    assert!(lapsed(LegalBasis::ExplicitConsent, &consent, 0, day));
    assert!(!lapsed(LegalBasis::ExplicitConsent, &consent, day, 2 * day), "it was never a basis");
    let danger = carried(LegalBasis::VitalInterests);
    assert!(!lapsed(LegalBasis::VitalInterests, &danger, 0, 20 * 3600));
    assert!(lapsed(LegalBasis::VitalInterests, &danger, 0, 20 * 3600 + 60));
}

/// [BAS-22]
#[test]
fn what_was_told_before_is_heard_under_a_consent_and_in_a_childs_best_interests() {
    let hears: Vec<LegalBasis> =
        LegalBasis::every().filter(|code| Basis::of(*code).is_some_and(Basis::hears)).collect();
    let heard = [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent, LegalBasis::ChildBestInterests];
    assert!(hears.len() == heard.len() && heard.iter().all(|code| hears.contains(code)), "{hears:?}");
    let labels: Vec<Label> = Label::ALL.iter().copied().filter(|label| is_heard(*label)).collect();
    assert_eq!(labels.len(), 2, "{labels:?}");
    assert!(labels.contains(&Label::AgeBand) && labels.contains(&Label::PerpetratorRelationship));
}

/// [BAS-45] [BAS-46]
#[test]
fn a_last_day_ends_by_its_own_clock_and_without_one_the_guards_take_the_first_end_and_the_auditor_the_last() {
    let agreement = demonstration();
    let (midnight, hour) = (24 * 60 * 60, 60 * 60);
    let ends = [
        (LegalBasis::ExplicitConsent, Label::ConsentUntil),
        (LegalBasis::GuardianConsent, Label::ConsentUntil),
        (LegalBasis::PublicTaskDecision, Label::DecisionUntil),
    ];
    for (basis, label) in ends {
        let said = |value: &str, time| say(&agreement, basis, at(time), &but(carried(basis), &[(label, value)]));
        for (value, end) in [("2026-11-22+01:00", midnight - hour), ("2026-11-22-03:30", midnight + 3 * hour + 1800)] {
            assert!(holds(&said(value, end - 1)), "{value}");
            refused(&said(value, end), &[label]);
        }
        let open = "2026-11-22";
        assert!(holds(&said(open, midnight - 14 * hour - 1)));
        for time in [midnight - 14 * hour, midnight, midnight + 12 * hour - 1] {
            let said = said(open, time);
            let refused = Some(Refused { rejection: Rejection::BasisNotAllowed, labels: vec![label] });
            assert_eq!((&said.sender, &said.receiver), (&refused, &refused), "her consent is not stretched");
            assert_eq!(said.auditor, Judgement::EndUnknown);
        }
        refused(&said(open, midnight + 12 * hour), &[label]);
    }
}

/// [BAS-44]
#[test]
fn whoever_is_suspected_comes_in_nobodys_place() {
    let agreement = demonstration();
    let (suspect, class) = (Label::PerpetratorRelationship, Label::DelegateClass);
    for basis in [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent] {
        let said = |relationship: &str, delegate: &str| {
            let fields = but(carried(basis), &[&MANDATE[1..], &[(suspect, relationship), (class, delegate)]].concat());
            say(&agreement, basis, at(0), &fields)
        };
        for relative in ["partner", "former_partner", "parent", "child", "sibling", "other_family"] {
            let told = said(relative, "relative");
            refused(&told, &[suspect, class]);
            assert_eq!(told.without_values, Judgement::Yes, "a relationship that is closed says nothing");
            assert!(holds(&said(relative, "other_relative")), "her grandmother's signature is not lost");
            assert!(holds(&said(relative, "case_worker")));
        }
        for other in ["employer", "acquaintance", "stranger", "unknown"] {
            assert!(holds(&said(other, "relative")), "{other}");
        }
    }
}

/// [BAS-22] [DIS-14] A slot that is closed could say it anew, or hold what is missing.
#[test]
fn what_was_told_before_is_held_against_a_basis_by_all_three_and_not_while_a_slot_is_closed() {
    let (agreement, hotline, basis) = (demonstration(), organisation("hotline"), LegalBasis::GuardianConsent);
    let opening = opening("shelter-jasen", Act::Referral, ServiceType::Shelter);
    let terms = terms(1, 1, basis, 0);
    let request =
        Request { opener: &hotline, opening: &opening, terms, occasion: Occasion::Later, kind: None, time: at(0) };
    let told = || {
        let mut told = Told::default();
        told.add(fields(&[(Label::PerpetratorRelationship, "parent")]));
        told
    };
    let judged =
        |of: &[Field], slots| agreement.judge_labels_after(&request, Some(&disclosed(of, true)), slots, told());
    let refused = |labels: &[Label]| Refused { rejection: Rejection::BasisNotAllowed, labels: labels.to_vec() };
    let mut against = [Label::GuardianClass, Label::PerpetratorRelationship];
    against.sort_unstable();
    let (parent, other) = (but(carried(basis), &[(Label::GuardianClass, "parent")]), but(carried(basis), &[]));
    let sender = agreement.permit(&request).unwrap().after(told()).minimise(parent.clone());
    assert_eq!(sender.err(), Some(refused(&against)));
    let receiver = agreement.strip_after(&request, &disclosed(&parent, true), told());
    assert_eq!(receiver.lowered, Some(refused(&against)));
    assert!(receiver.kept.iter().all(|field| field.label() != Label::GuardianClass), "stage 0 is kept");
    assert_eq!(judged(&parent, 16), Judgement::No(refused(&against)));
    assert_eq!(judged(&parent, 17), Judgement::NotCheckable);
    assert_eq!(judged(&other, 16), Judgement::Yes);
    let anew = but(parent, &[(Label::PerpetratorRelationship, "stranger")]);
    assert_eq!(judged(&anew, 16), Judgement::Yes, "the newest word counts");
    let without: Vec<Field> = other.into_iter().filter(|field| field.label() != Label::ChildAssent).collect();
    assert_eq!(judged(&without, 16), Judgement::No(refused(&[Label::ChildAssent])));
    assert_eq!(judged(&without, 17), Judgement::NotCheckable);
}
