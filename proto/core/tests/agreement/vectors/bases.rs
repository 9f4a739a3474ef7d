//! What contradicts a basis. [BAS-6] [BAS-8] [BAS-9] [BAS-10] [BAS-11]

use super::{
    Vector,
    agreement::{BED, CONSENT, DANGER, DECIDED, NOTICE, Under, question},
};

const GUARDIAN: &[&str] = &["guardian_authority = 04-1/2026", "child_assent = assents"];
const MANDATE: &[&str] = &["delegate_class = case_worker", "mandate_reference = 7/2026"];

pub(super) fn cases() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let (herself, guardian) = (need("explicit_consent"), need("guardian_consent"));
    let (report, decided) = (opening("vital_interests"), opening("public_task_decision"));
    let forms = &CONSENT[1..];
    let suspected: &[&str] = &["perpetrator_relationship = parent"];
    let lasting: &[&str] = &["mandate_until = 2026-11-22T00:00Z"];
    let of = |name, expect, under, fields: &[&[&str]]| question(name, expect, BED, under, fields);
    vec![
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
        question(
            "danger-to-life-for-a-day",
            "ok",
            NOTICE,
            report,
            &[&DANGER[..1], &["basis_until = 2026-11-23T00:00Z", "review_by = 2026-11-23T00:00Z"]],
        ),
        question(
            "danger-to-life-for-a-day-and-a-minute",
            NO,
            NOTICE,
            report,
            &[&DANGER[..1], &["basis_until = 2026-11-23T00:01Z", "review_by = 2026-11-23T00:00Z"]],
        ),
        question(
            "a-review-that-is-due-too-late",
            NO,
            NOTICE,
            report,
            &[&DANGER[..2], &["review_by = 2026-11-23T00:01Z"]],
        ),
        question(
            "a-review-that-was-due-before",
            NO,
            NOTICE,
            report,
            &[&DANGER[..2], &["review_by = 2026-11-21T23:59Z"]],
        ),
        question(
            "a-decision-that-ends-before-it-is-made",
            NO,
            NOTICE,
            decided,
            &[&DECIDED[..2], &["decision_date = 2026-12-21", "decision_until = 2026-12-20"]],
        ),
    ]
}

const fn need(basis: &'static str) -> Under {
    ("later", 1, 1, basis, 0)
}

const fn opening(basis: &'static str) -> Under {
    ("opening", 2, 2, basis, 0)
}
