//! Values against the types of their labels.

use uput_core::{
    catalogue::{Field, Label},
    sensitive::Sensitive,
};

use super::{Outcome, Vector, file::escaped, ok_or_code, run};

const BAD: &str = "BAD_VALUE";

#[rustfmt::skip]
fn cases() -> Vec<Vector> {
    [
        ("a-name-with-letters-of-the-region", "ok", "name", "Mila Šćekić-Đorđević"),
        ("a-name-in-cyrillic", "ok", "name", "Ђурђа Ђ."),
        ("a-name-with-decomposed-letters-is-not-one-byte-string", BAD, "name", "Mila S\u{30c}c\u{301}ekic\u{301}"),
        ("a-name-is-not-empty", BAD, "name", ""),
        ("a-name-does-not-begin-with-a-space", BAD, "name", " Mila"),
        ("a-name-does-not-turn-the-direction-of-text", BAD, "name", "Mila \u{202e}aliM"),
        ("a-name-has-no-invisible-space", BAD, "name", "Mila\u{200b}"),
        ("a-name-has-no-line-break", BAD, "name", "Mila\u{a}Invented"),
        ("a-name-has-no-signs-of-markup", BAD, "name", "<b>Mila</b>"),
        ("names-are-separated-by-semicolon-and-space", "ok", "children_names", "Ana; Luka"),
        ("names-are-not-separated-by-comma", BAD, "children_names", "Ana, Luka"),
        ("a-day-of-a-leap-year", "ok", "date_of_birth", "2000-02-29"),
        ("a-day-that-the-calendar-does-not-have", BAD, "date_of_birth", "1999-02-29"),
        ("a-day-written-in-another-order", BAD, "date_of_birth", "29.02.2000"),
        ("a-count", "ok", "adults", "0"),
        ("a-count-has-no-leading-zero", BAD, "adults", "01"),
        ("a-count-has-no-sign", BAD, "adults", "+1"),
        ("a-count-above-its-bound", BAD, "adults", "21"),
        ("a-count-in-other-digits", BAD, "adults", "\u{661}"),
        ("a-window-of-two-minutes", "ok", "needed_when", "2026-11-22T22:15Z/2026-11-23T06:00Z"),
        ("a-window-that-ends-before-it-begins", BAD, "needed_when", "2026-11-23T06:00Z/2026-11-22T22:15Z"),
        ("a-window-without-zone", BAD, "needed_when", "2026-11-22T22:15/2026-11-23T06:00"),
        ("hours-may-pass-midnight", "ok", "safe_contact_hours", "22:00/01:30"),
        ("hours-that-are-one-moment", BAD, "safe_contact_hours", "22:00/22:00"),
        ("hours-past-the-day", BAD, "safe_contact_hours", "22:00/24:00"),
        ("a-code-of-the-list", "ok", "risk_level", "extreme"),
        ("a-code-in-capitals", BAD, "risk_level", "Extreme"),
        ("codes-ascending", "ok", "access_needs", "cot step_free"),
        ("codes-out-of-order", BAD, "access_needs", "step_free cot"),
        ("a-code-twice", BAD, "access_needs", "cot cot"),
        ("codes-of-an-empty-list", BAD, "access_needs", ""),
        ("a-telephone-number-with-its-region", "ok", "safe_contact_telephone", "+38220000000"),
        ("a-telephone-number-without-its-region", BAD, "safe_contact_telephone", "020000000"),
        ("a-telephone-number-with-spaces", BAD, "safe_contact_telephone", "+382 20 000 000"),
        ("a-language-with-script-and-region", "ok", "language", "sr-Latn-ME"),
        ("a-language-by-its-english-name", BAD, "language", "serbian"),
        ("a-language-in-capitals", BAD, "language", "SR"),
        ("a-language-that-nobody-has", BAD, "language", "qq"),
        ("a-language-by-three-letters-that-has-two", BAD, "language", "srp"),
        ("a-language-of-the-region-with-three-letters", "ok", "language", "cnr-Cyrl-ME"),
        ("a-language-in-a-script-that-there-is-not", BAD, "language", "sr-Xyzw"),
        ("a-municipality", "ok", "competent_municipality", "ME-16"),
        ("a-municipality-by-its-name", BAD, "competent_municipality", "Podgorica"),
        ("municipalities-ascending", "ok", "municipalities_to_avoid", "ME-05 ME-16"),
        ("municipalities-with-a-comma", BAD, "municipalities_to_avoid", "ME-05,ME-16"),
        ("a-need-in-words", "ok", "need_statement", "A room on the ground floor; she has slept badly."),
        ("a-need-of-501-characters", BAD, "need_statement", "5"),
        ("a-need-with-two-spaces-in-a-row", BAD, "need_statement", "A room  tonight"),
        ("a-need-with-a-space-at-its-end", BAD, "need_statement", "A room "),
        ("a-need-with-a-space-that-does-not-break", BAD, "need_statement", "A\u{a0}room"),
        ("a-need-with-a-soft-hyphen", BAD, "need_statement", "A ro\u{ad}om"),
        ("a-need-with-an-isolate", BAD, "need_statement", "A \u{2066}room"),
        ("a-need-with-a-mark-of-byte-order", BAD, "need_statement", "A \u{feff}room"),
        ("a-need-with-a-letter-that-fills", BAD, "need_statement", "A \u{3164}room"),
        ("a-need-with-a-private-character", BAD, "need_statement", "A \u{e000}room"),
        ("a-need-with-a-tag", BAD, "need_statement", "A room\u{e0041}"),
        ("a-need-with-a-joiner", "ok", "need_statement", "می\u{200c}خواهم"),
        ("a-name-of-marks-alone", BAD, "name", "- . '"),
        ("a-minute", "ok", "basis_until", "2026-11-22T20:00Z"),
        ("a-minute-with-seconds", BAD, "basis_until", "2026-11-22T20:00:00Z"),
        ("a-region", "ok", "nationality", "XK"),
        ("a-region-that-there-is-not", BAD, "nationality", "ZZ"),
        ("a-grouping-of-regions", BAD, "nationality", "EU"),
        ("a-region-in-small-letters", BAD, "nationality", "xk"),
        ("a-day-in-another-century", BAD, "date_of_birth", "1899-12-31"),
        ("a-pseudonym-of-33-characters", BAD, "actor", "worker-77777777777777777777777777"),
        ("the-number-of-a-decision", "ok", "decision_reference", "04-123/2026"),
        ("the-number-of-a-decision-is-not-an-address-of-the-web", BAD, "decision_reference", "https://example.org/?id=1"),
        ("the-number-of-a-decision-in-cyrillic", "ok", "decision_reference", "Решение бр. 10-1204/3"),
        ("the-number-of-a-decision-without-a-digit", BAD, "decision_reference", "Mila Invented"),
        ("the-number-of-a-decision-with-a-long-word", BAD, "decision_reference", "17/26 Inventedinven"),
        ("the-number-of-a-decision-with-twelve-letters-in-a-row", "ok", "decision_reference", "17/26 Inventedinve"),
        ("the-number-of-a-decision-with-a-sentence", BAD, "decision_reference", "She went to the centre in May, 17"),
        ("the-number-of-a-decision-with-25-letters", BAD, "decision_reference", "Invented Invented Invented 1 A"),
        ("the-number-of-a-decision-with-24-letters", "ok", "decision_reference", "Invented Invented Invented 1"),
        ("a-last-day-without-a-clock", "ok", "consent_until", "2026-12-31"),
        ("a-last-day-by-a-clock-ahead-of-utc", "ok", "consent_until", "2026-12-31+01:00"),
        ("a-last-day-by-a-clock-behind-utc", "ok", "decision_until", "2026-12-31-12:00"),
        ("a-last-day-by-utc", "ok", "consent_until", "2026-12-31+00:00"),
        ("a-last-day-by-utc-written-otherwise", BAD, "consent_until", "2026-12-31-00:00"),
        ("a-last-day-by-utc-with-a-letter", BAD, "consent_until", "2026-12-31Z"),
        ("a-last-day-by-a-clock-that-nobody-has", BAD, "consent_until", "2026-12-31+14:01"),
        ("a-day-on-which-something-was-has-no-clock", BAD, "decision_date", "2026-12-31+01:00"),
        ("a-pseudonym-of-staff", "ok", "actor", "worker-7"),
        ("a-pseudonym-is-not-a-name", BAD, "actor", "Mila"),
        ("a-machine-that-acts-for-itself", "ok", "actor_role", "machine"),
        ("a-role-that-sees-no-trail-acts-in-none", BAD, "actor_role", "administrator"),
        ("a-second-person-by-name", BAD, "supervisor", "Ana Invented"),
        ("ticked-labels-are-labels", "ok", "consent_ticked", "need_statement substance_use"),
        ("ticked-labels-that-the-catalogue-does-not-have", BAD, "consent_ticked", "narrative"),
        ("a-digest-in-small-letters", "ok", "attachment", "0000000000000000000000000000000000000000000000000000000000000abc"),
        ("a-digest-in-capitals", BAD, "attachment", "0000000000000000000000000000000000000000000000000000000000000ABC"),
        ("a-shelters-address-has-no-label", "UNKNOWN_LABEL", "shelter_address", "Invented street 1"),
        ("a-narrative-has-no-label", "UNKNOWN_LABEL", "narrative", "It began"),
        ("a-label-in-capitals-is-no-label", "UNKNOWN_LABEL", "Name", "Mila"),
        ("the-label-of-an-empty-slot-is-no-label-of-a-field", "UNKNOWN_LABEL", "", ""),
    ]
    .into_iter()
    .map(|(name, expect, label, value)| {
        let value = if value == "5" { "5".repeat(501) } else { value.to_owned() };
        Vector::new(name, expect).with("label", format!("\"{label}\"")).with("value", escaped(&value))
    })
    .collect()
}

fn outcome(vector: &Vector) -> Outcome {
    let label = Label::parse(&vector.unescaped("label"));
    let field = label.and_then(|label| Field::new(label, Sensitive::new(vector.unescaped("value"))));
    (ok_or_code(&field), Vec::new())
}

/// [DIS-1] [DIS-7] [DIS-8] [DIS-9]
#[test]
fn values_are_accepted_as_the_vectors_say() {
    run("value", cases(), outcome);
}
