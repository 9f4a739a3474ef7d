//! What contradicts a basis. [BAS-6] [BAS-8] [BAS-9] [BAS-10] [BAS-11] [BAS-22]

use super::{
    Vector,
    agreement::{BED, CONSENT, DANGER, DECIDED, NOTICE, SECOND, Under, question},
};

const GUARDIAN: &[&str] = &["guardian_authority = 04-1/2026", "child_assent = assents"];
const MANDATE: &[&str] = &["delegate_class = case_worker", "mandate_reference = 7/2026"];

const LASTING: &[&str] = &["mandate_scope = shelter", "mandate_until = 2026-11-22T00:00Z"];

const BEST_INTERESTS: &[&str] = &["best_interests_reason = no_caregiver", SECOND, "authority_informed = before"];

pub(super) fn cases() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let (herself, guardian) = (need("explicit_consent"), need("guardian_consent"));
    let (report, decided) = (opening("vital_interests"), opening("public_task_decision"));
    let forms = &CONSENT[1..];
    let suspected: &[&str] = &["perpetrator_relationship = parent"];
    let lasting: &[&str] = &["mandate_until = 2026-11-22T00:00Z"];
    let of = |name, expect, under, fields: &[&[&str]]| question(name, expect, BED, under, fields);
    let of_one = vec![
        of(
            "a-child-by-the-parent-who-is-suspected",
            NO,
            guardian,
            &[GUARDIAN, forms, suspected, &["guardian_class = parent"]],
        ),
        of(
            "a-child-by-the-other-parent",
            "ok",
            guardian,
            &[GUARDIAN, forms, suspected, &["guardian_class = other_parent"]],
        ),
        of("a-small-child-who-consents-alone", NO, herself, &[CONSENT, &["age_band = 6_11"]]),
        of("a-youth-who-consents-alone", "ok", herself, &[CONSENT, &["age_band = 15_17"]]),
        of(
            "a-grown-woman-in-the-best-interests-of-a-child",
            NO,
            need("child_best_interests"),
            &[BEST_INTERESTS, &["age_band = 30_59"]],
        ),
        of(
            "a-child-in-its-best-interests",
            "ok",
            need("child_best_interests"),
            &[BEST_INTERESTS, &["age_band = 15_17"]],
        ),
        of("a-delegate-without-a-mandate", NO, herself, &[&["consent_given_by = delegate"], forms]),
        of("a-mandate-in-part", NO, herself, &[CONSENT, MANDATE, lasting]),
        of(
            "a-mandate-in-its-last-minute",
            "ok",
            herself,
            &[CONSENT, MANDATE, lasting, &["mandate_scope = health shelter"]],
        ),
        of(
            "a-mandate-that-ended-a-minute-ago",
            NO,
            herself,
            &[CONSENT, MANDATE, &["mandate_scope = shelter", "mandate_until = 2026-11-21T23:59Z"]],
        ),
        of(
            "a-mandate-for-another-kind-of-service",
            NO,
            herself,
            &[CONSENT, MANDATE, lasting, &["mandate_scope = health"]],
        ),
        of(
            "a-mandate-of-a-relative-where-a-relative-is-suspected",
            NO,
            herself,
            &[CONSENT, &MANDATE[1..], LASTING, &["delegate_class = relative", "perpetrator_relationship = sibling"]],
        ),
        of(
            "a-mandate-of-another-relative-than-the-one-who-is-suspected",
            "ok",
            herself,
            &[
                CONSENT,
                &MANDATE[1..],
                LASTING,
                &["delegate_class = other_relative", "perpetrator_relationship = sibling"],
            ],
        ),
        question(
            "danger-to-life-for-a-day",
            "ok",
            NOTICE,
            report,
            &[&DANGER[..2], &["basis_until = 2026-11-23T00:00Z", "review_by = 2026-11-23T00:00Z"]],
        ),
        question(
            "danger-to-life-for-a-day-and-a-minute",
            NO,
            NOTICE,
            report,
            &[&DANGER[..2], &["basis_until = 2026-11-23T00:01Z", "review_by = 2026-11-23T00:00Z"]],
        ),
        question(
            "a-review-that-is-due-too-late",
            NO,
            NOTICE,
            report,
            &[&DANGER[..3], &["review_by = 2026-11-23T00:01Z"]],
        ),
        question(
            "a-review-that-was-due-before",
            NO,
            NOTICE,
            report,
            &[&DANGER[..3], &["review_by = 2026-11-21T23:59Z"]],
        ),
        question(
            "a-decision-that-ends-before-it-is-made",
            NO,
            NOTICE,
            decided,
            &[&DECIDED[..2], &["decision_date = 2026-12-21", "decision_until = 2026-12-20"]],
        ),
    ];
    [of_one, told_before()].into_iter().flatten().collect()
}

/// [BAS-22]
fn told_before() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let (herself, guardian, forms) = (need("explicit_consent"), need("guardian_consent"), &CONSENT[1..]);
    let told = |name, expect, under, fields: &[&[&str]], told: &str| {
        question(name, expect, BED, under, fields).with("told", told)
    };
    let (parent, other): (&[&str], &[&str]) = (&["guardian_class = parent"], &["guardian_class = other_parent"]);
    let (suspected, young) = ("perpetrator_relationship = parent", &["child_assent = too_young"][..]);
    let stranger: &[&str] = &["perpetrator_relationship = stranger"];
    vec![
        told("a-parent-who-was-suspected-before", NO, guardian, &[GUARDIAN, forms, parent], suspected),
        told("the-other-parent-where-one-was-suspected-before", "ok", guardian, &[GUARDIAN, forms, other], suspected),
        told(
            "a-parent-who-was-suspected-before-and-is-no-more",
            "ok",
            guardian,
            &[GUARDIAN, forms, parent, stranger],
            suspected,
        ),
        told(
            "a-mandate-of-a-relative-where-one-was-suspected-before",
            NO,
            herself,
            &[CONSENT, &MANDATE[1..], LASTING, &["delegate_class = relative"]],
            suspected,
        ),
        told(
            "a-mandate-of-another-relative-where-one-was-suspected-before",
            "ok",
            herself,
            &[CONSENT, &MANDATE[1..], LASTING, &["delegate_class = other_relative"]],
            suspected,
        ),
        told("a-small-child-by-what-was-told-before", NO, herself, &[CONSENT], "age_band = 6_11"),
        told("a-youth-by-what-was-told-before", "ok", herself, &[CONSENT], "age_band = 15_17"),
        told(
            "somebody-who-is-not-too-young-by-what-was-told-before",
            NO,
            guardian,
            &[&GUARDIAN[..1], young, forms, other],
            "age_band = 15_17",
        ),
    ]
}

const fn need(basis: &'static str) -> Under {
    ("later", 1, 1, basis, 0)
}

const fn opening(basis: &'static str) -> Under {
    ("opening", 2, 2, basis, 0)
}
