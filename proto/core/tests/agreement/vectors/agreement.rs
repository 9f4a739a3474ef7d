//! Questions to the demonstration agreement, and bodies of agreements.

use uput_core::{
    agreement::{Agreement, Code, Occasion, Request, Told},
    catalogue::{Field, Label},
    codec,
    envelope::{MediaType, pae},
    event::Terms,
    id::Id,
    rejection::Rejection,
    sensitive::Sensitive,
    state::Kind,
    time::Seconds,
    wire::{self, Act, LegalBasis, ServiceType},
};

use super::{Outcome, Vector, ok_or_code, run};
use crate::scene::{demonstration, opening, organisation, two_party};

/// 22 November 2026, 00:00 UTC.
const NOW: &str = "1795305600";

pub(super) const CONSENT: &[&str] = &[
    "consent_given_by = herself",
    "consent_form = oral_witnessed",
    "consent_language = sr-Latn-ME",
    "consent_purpose = A place in a shelter for the coming days",
    "consent_until = 2026-12-31",
];
pub(super) const DUTY: &[&str] = &["client_told = told", "client_told_on = 2026-11-21"];
pub(super) const DANGER: &[&str] =
    &["danger = life", SECOND, "basis_until = 2026-11-22T20:00Z", "review_by = 2026-11-22T20:00Z"];
/// Who approved.
pub(super) const SECOND: &str = "supervisor = f0e1d2c3b4a5968778695a4b3c2d1e0f";
pub(super) const DECIDED: &[&str] = &[
    "decision_reference = 04-123/2026",
    "decision_issuer = Centre for Social Work Vrbovac",
    "decision_date = 2026-11-20",
    "decision_until = 2026-12-20",
];

/// Who asks whom for what: opener, peer, act, service.
pub(super) type Trail = [&'static str; 4];
pub(super) const BED: Trail = ["hotline", "shelter-jasen", "referral", "shelter"];
pub(super) const NOTICE: Trail = ["hotline", "centre", "notification", "social_work"];

/// Under which terms: occasion, stage, rule, basis, article.
pub(super) type Under = (&'static str, u32, u32, &'static str, u32);
const ENQUIRY: Under = ("opening", 0, 1, "none_needed_nonpersonal", 0);
const NEED: Under = ("later", 1, 1, "explicit_consent", 0);
const IDENTITY: Under = ("later", 2, 1, "explicit_consent", 0);
const REPORT: Under = ("opening", 2, 2, "legal_duty", 1);

pub(super) fn question(name: &str, expect: &str, trail: Trail, under: Under, fields: &[&[&str]]) -> Vector {
    at(name, expect, trail, under, NOW, fields)
}

fn at(
    name: &str,
    expect: &str,
    [opener, peer, act, service]: Trail,
    under: Under,
    time: &str,
    fields: &[&[&str]],
) -> Vector {
    let (occasion, stage, rule, basis, article) = under;
    let vector = Vector::new(name, expect)
        .with("agreement", "demonstration")
        .with("opener", opener)
        .with("peer", peer)
        .with("act", act)
        .with("service", service)
        .with("occasion", occasion)
        .with("stage", stage.to_string())
        .with("rule", rule.to_string())
        .with("basis", basis)
        .with("article", article.to_string())
        .with("time", time);
    fields.concat().iter().fold(vector, |vector, field| vector.with("field", *field))
}

fn cases() -> Vec<Vector> {
    [
        allowed(),
        no_rule(),
        no_basis(),
        outside(),
        bodies(),
        super::document::cases(),
        staff(),
        in_force(),
        last_days(),
        super::health::cases(),
        super::bases::cases(),
        super::contents::cases(),
        super::large::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn allowed() -> Vec<Vector> {
    let beds: &[&str] = &["places = 2", "adults = 1", "children = 1", "access_needs = cot step_free"];
    vec![
        question("an-enquiry-for-a-bed", "ok", BED, ENQUIRY, &[beds]),
        question("a-need-under-her-consent", "ok", BED, NEED, &[CONSENT, &["age_band = 30_59", "risk_level = high"]]),
        question("her-name-with-the-identity", "ok", BED, IDENTITY, &[CONSENT, &["name = Mila Invented"]]),
        question(
            "a-label-that-she-ticked",
            "ok",
            BED,
            IDENTITY,
            &[CONSENT, &["consent_ticked = need_statement", "need_statement = A quiet room"]],
        ),
        question("a-report-to-the-centre-in-one-message", "ok", NOTICE, REPORT, &[DUTY, &["name = Mila Invented"]]),
        question(
            "her-location-in-danger-to-life",
            "ok",
            NOTICE,
            ("opening", 2, 2, "vital_interests", 0),
            &[DANGER, &["current_location = At the bus station"]],
        ),
        question("a-decision-in-a-reply", "ok", NOTICE, ("reply", 2, 2, "public_task_decision", 0), &[DECIDED]),
        question(
            "who-answered-an-enquiry",
            "ok",
            BED,
            ("reply", 0, 1, "none_needed_nonpersonal", 0),
            &[&["actor = worker-7"]],
        ),
        at(
            "an-answer-after-the-end-of-the-agreement",
            "ok",
            BED,
            ("reply", 1, 1, "explicit_consent", 0),
            "4102444800",
            &[&["reason_in_words = No room on the ground floor"]],
        ),
    ]
}

fn no_rule() -> Vec<Vector> {
    const NO: &str = "NO_RULE";
    let one: &[&[&str]] = &[&["adults = 1"]];
    let trail = |opener, peer, act, service| [opener, peer, act, service];
    let force = "AGREEMENT_NOT_IN_FORCE";
    vec![
        question(
            "a-shelter-asks-a-shelter",
            NO,
            trail("shelter-lipa", "shelter-jasen", "referral", "shelter"),
            ENQUIRY,
            one,
        ),
        question("a-stranger-asks", NO, trail("stranger", "shelter-jasen", "referral", "shelter"), ENQUIRY, one),
        question("a-party-asks-a-stranger", NO, trail("hotline", "stranger", "referral", "shelter"), ENQUIRY, one),
        question(
            "a-service-that-the-recipient-does-not-give",
            NO,
            trail("hotline", "centre", "referral", "shelter"),
            ENQUIRY,
            one,
        ),
        question(
            "another-service-than-the-rules",
            NO,
            trail("hotline", "centre", "referral", "social_work"),
            ENQUIRY,
            one,
        ),
        question(
            "another-act-than-the-rules",
            NO,
            trail("hotline", "shelter-jasen", "notification", "shelter"),
            ENQUIRY,
            one,
        ),
        question("a-rule-of-somebody-else", NO, BED, ("opening", 0, 5, "none_needed_nonpersonal", 0), one),
        question("a-rule-that-does-not-exist", NO, BED, ("opening", 0, 99, "none_needed_nonpersonal", 0), one),
        at("an-opening-before-the-beginning", force, BED, ENQUIRY, "1577836799", one),
        at("an-opening-at-the-end", force, BED, ENQUIRY, "4102444800", one),
        at("a-need-after-the-end", force, BED, NEED, "4102444800", &[CONSENT]),
    ]
}

/// [DIS-15] Who acted stands in every event of a person, whatever the profile lists.
fn staff() -> Vec<Vector> {
    const NO: &str = "OUTSIDE_PROFILE";
    let who: &[&str] = &["actor = 0f1e2d3c4b5a69788796a5b4c3d2e1f0", "actor_role = intake"];
    let second: &[&str] = &[SECOND];
    let danger = ("opening", 2, 2, "vital_interests", 0);
    let alone: &[&str] = &["supervisor = 0f1e2d3c4b5a69788796a5b4c3d2e1f0"];
    let child: &[&str] = &["best_interests_reason = no_caregiver", "authority_informed = before"];
    let reply = |rule| ("reply", 0, rule, "none_needed_nonpersonal", 0);
    let later = |rule| ("later", 0, rule, "none_needed_nonpersonal", 0);
    let interests = ("later", 1, 1, "child_best_interests", 0);
    vec![
        question("who-asked-for-a-bed", "ok", BED, ENQUIRY, &[&["adults = 1"], who]),
        question("who-reported-and-who-approved", "ok", NOTICE, REPORT, &[DUTY, who, second]),
        question("who-answered-a-notification", "ok", NOTICE, reply(2), &[who, second]),
        question("who-reopened-a-notification", "ok", NOTICE, later(2), &[who]),
        at("who-reopened-after-the-end-of-the-agreement", "ok", BED, later(1), "4102444800", &[who]),
        question("a-child-on-the-word-of-two", "ok", BED, interests, &[child, who, second]),
        question("a-child-on-the-word-of-one", "BASIS_NOT_ALLOWED", BED, interests, &[child, who]),
        question("a-child-on-the-word-of-one-who-signs-twice", NO, BED, interests, &[child, who, alone]),
        question("danger-to-life-on-the-word-of-two", "ok", NOTICE, danger, &[DANGER, who]),
        question(
            "danger-to-life-on-the-word-of-one",
            "BASIS_NOT_ALLOWED",
            NOTICE,
            danger,
            &[&DANGER[..1], &DANGER[2..], who],
        ),
        question(
            "danger-to-life-on-the-word-of-one-who-signs-twice",
            NO,
            NOTICE,
            danger,
            &[&DANGER[..1], &DANGER[2..], who, alone],
        ),
        question("a-second-person-who-is-the-first-one", NO, BED, reply(1), &[who, alone]),
        question("who-answered-under-two-names", NO, BED, reply(1), &[who, &["actor = 0f"]]),
        question("who-answered-by-a-rule-that-does-not-exist", "NO_RULE", BED, reply(99), &[who]),
    ]
}

/// [AGR-20] The first and the last second.
fn in_force() -> Vec<Vector> {
    let one: &[&[&str]] = &[&["adults = 1"]];
    let consent = [&CONSENT[..4], &["consent_until = 2099-12-31+00:00"]].concat();
    vec![
        at("an-opening-in-the-first-second", "ok", BED, ENQUIRY, "1577836800", one),
        at("an-opening-in-the-last-second", "ok", BED, ENQUIRY, "4102444799", one),
        at("a-need-in-the-first-second", "ok", BED, NEED, "1577836800", &[CONSENT]),
        at("a-need-in-the-last-second", "ok", BED, NEED, "4102444799", &[&consent]),
        at("a-need-before-the-beginning", "AGREEMENT_NOT_IN_FORCE", BED, NEED, "1577836799", &[CONSENT]),
    ]
}

/// [BAS-45] [BAS-46] The last second that a sender may claim, and the one after it.
fn last_days() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let until = |value: &'static str| [&CONSENT[..4], &[value]].concat();
    let (clocked, behind) = (until("consent_until = 2026-11-22+01:00"), until("consent_until = 2026-11-22-03:30"));
    let unnamed = until("consent_until = 2026-11-22");
    vec![
        at("a-consent-in-its-last-second-by-its-clock", "ok", BED, NEED, "1795388399", &[&clocked]),
        at("a-consent-a-second-after-its-last-day-by-its-clock", NO, BED, NEED, "1795388400", &[&clocked]),
        at("a-consent-in-its-last-second-by-a-clock-behind-utc", "ok", BED, NEED, "1795404599", &[&behind]),
        at("a-consent-a-second-after-its-last-day-by-a-clock-behind-utc", NO, BED, NEED, "1795404600", &[&behind]),
        at("a-consent-while-its-last-day-lasts-by-every-clock", "ok", BED, NEED, "1795341599", &[&unnamed]),
        at("a-consent-whose-last-day-is-over-by-some-clock", NO, BED, NEED, "1795341600", &[&unnamed]),
    ]
}

fn no_basis() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let late: Vec<&str> = [&CONSENT[..4], &["consent_until = 2026-11-21+00:00"]].concat();
    let with = |stage, basis, article| ("opening", stage, 2, basis, article);
    vec![
        question(
            "a-need-without-a-basis",
            NO,
            BED,
            ("later", 1, 1, "none_needed_nonpersonal", 0),
            &[&["age_band = 30_59"]],
        ),
        question("an-enquiry-with-a-basis", NO, BED, ("opening", 0, 1, "explicit_consent", 0), &[CONSENT]),
        question(
            "a-basis-that-the-rule-does-not-list",
            NO,
            BED,
            ("later", 1, 1, "public_task_decision", 0),
            &[DECIDED],
        ),
        question(
            "identity-in-the-opening-of-a-referral",
            NO,
            BED,
            ("opening", 2, 1, "explicit_consent", 0),
            &[CONSENT],
        ),
        question("a-report-that-names-no-article", NO, NOTICE, with(2, "legal_duty", 0), &[DUTY]),
        question("a-report-that-names-an-article-that-is-not-listed", NO, NOTICE, with(2, "legal_duty", 9), &[DUTY]),
        question("a-report-without-a-word-on-what-she-was-told", NO, NOTICE, REPORT, &[&["name = Mila Invented"]]),
        question(
            "a-notification-needs-a-basis-even-at-stage-0",
            NO,
            NOTICE,
            ("opening", 0, 2, "none_needed_nonpersonal", 0),
            &[],
        ),
        question("a-consent-without-its-form", NO, BED, NEED, &[&CONSENT[..1], &CONSENT[2..]]),
        question("a-consent-that-ended-yesterday", NO, BED, NEED, &[&late]),
        question("danger-to-life-without-a-review", NO, NOTICE, with(2, "vital_interests", 0), &[&DANGER[..3]]),
    ]
}

fn outside() -> Vec<Vector> {
    const NO: &str = "OUTSIDE_PROFILE";
    vec![
        question("an-age-in-an-enquiry", NO, BED, ENQUIRY, &[&["age_band = 30_59"]]),
        question("her-name-before-the-yes", NO, BED, NEED, &[CONSENT, &["name = Mila Invented"]]),
        question("a-label-that-she-did-not-tick", NO, BED, IDENTITY, &[CONSENT, &["need_statement = A quiet room"]]),
        question(
            "a-label-that-was-ticked-among-others",
            NO,
            BED,
            IDENTITY,
            &[CONSENT, &["consent_ticked = substance_use", "need_statement = A quiet room"]],
        ),
        question("a-label-outside-the-profile", NO, BED, IDENTITY, &[CONSENT, &["date_of_birth = 1990-01-01"]]),
        question(
            "her-location-under-a-duty-to-report",
            NO,
            NOTICE,
            REPORT,
            &[DUTY, &["current_location = At the bus station"]],
        ),
        question(
            "the-reporter-without-a-duty-to-report",
            NO,
            NOTICE,
            ("opening", 2, 2, "vital_interests", 0),
            &[DANGER, &["reporter_name = Ana Invented"]],
        ),
        question("labels-of-another-basis", NO, NOTICE, REPORT, &[DUTY, &["consent_form = written"]]),
        question("one-label-twice", NO, BED, ENQUIRY, &[&["adults = 1", "adults = 2"]]),
        question(
            "a-reason-in-words-without-a-basis",
            NO,
            BED,
            ("reply", 0, 1, "none_needed_nonpersonal", 0),
            &[&["reason_in_words = No room"]],
        ),
        question("her-name-in-a-reply", NO, BED, ("reply", 2, 1, "explicit_consent", 0), &[&["name = Mila Invented"]]),
    ]
}

/// The template between two parties, as `change` leaves it.
/// The template with a change.
pub(super) fn body(name: &str, expect: &str, change: fn(&mut wire::Agreement)) -> Vector {
    changed(name, expect, change)
}

/// The same with a change that carries something.
pub(super) fn changed(name: &str, expect: &str, change: impl FnOnce(&mut wire::Agreement)) -> Vector {
    let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
    change(&mut document);
    bytes(name, expect, &codec::encode(&document))
}

fn bytes(name: &str, expect: &str, body: &[u8]) -> Vector {
    let id = Id::of(&pae(MediaType::AGREEMENT.as_str(), body));
    let id = uput_core::id::AgreementId::from(id).to_string();
    Vector::new(name, expect).with("id", id).with_runs("body", body)
}

fn bodies() -> Vec<Vector> {
    const BAD: &str = "MALFORMED";
    let whole = two_party();
    let mut unknown = whole.clone();
    unknown.extend_from_slice(&[0xf8, 0x07, 0x01]);
    vec![
        body("the-template-between-two-parties", "ok", |_| {}),
        body("a-profile-that-is-sealed-to-staff", "ok", |a| a.profiles[0].staff_only = true),
        bytes("an-agreement-with-an-unknown-field", "NOT_CANONICAL", &unknown),
        bytes("an-agreement-cut-short", BAD, &whole[..whole.len() - 1]),
        body("an-agreement-with-itself", BAD, |a| drop(a.parties.pop())),
        body("parties-out-of-order", BAD, |a| a.parties.reverse()),
        body("one-party-twice", BAD, |a| a.parties[1].organisation = a.parties[0].organisation.clone()),
        body("seconds-outside-a-demonstration", BAD, |a| a.grain = 1),
        body("an-end-before-the-beginning", BAD, |a| a.valid_until = a.valid_from),
        body("a-second-version-that-names-no-first", BAD, |a| a.version = 2),
        body("labels-out-of-order", BAD, |a| a.profiles[0].need.reverse()),
        body("a-label-of-no-catalogue", BAD, |a| a.profiles[0].identity.push("shelter_address".into())),
        body("her-name-at-stage-1", BAD, |a| {
            a.profiles[0].identity.retain(|label| label != "name");
            a.profiles[0].need.push("name".into());
            a.profiles[0].need.sort();
        }),
        body("a-rule-without-its-profile", BAD, |a| a.rules[0].profile = "none".into()),
        body("a-rule-of-an-unknown-act", BAD, |a| a.rules[0].act = 99),
        body("half-of-the-parties-may-amend", BAD, |a| a.amendment = Some(wire::Amendment { threshold: 1 })),
        body("values-outlive-the-evidence", BAD, |a| {
            a.retention = Some(wire::Retention { values: 2, evidence: 1, ..wire::Retention::default() })
        }),
        body("no-retention-at-all", BAD, |a| a.retention = None),
        body("a-title-that-turns-the-direction-of-text", BAD, |a| a.title.push('\u{202e}')),
    ]
}

fn outcome(vector: &Vector) -> Outcome {
    let result = if vector.all("body").is_empty() { answer(vector) } else { read(vector) };
    (ok_or_code(&result), Vec::new())
}

fn read(vector: &Vector) -> Result<(), Rejection> {
    let body = vector.bytes("body");
    let id = Id::of(&pae(MediaType::AGREEMENT.as_str(), &body));
    assert_eq!(uput_core::id::AgreementId::from(id).to_string(), vector.one("id"));
    Agreement::parse(id, &body).map(drop)
}

fn kind(word: &str) -> Kind {
    *Kind::ALL.iter().find(|kind| kind.word() == word).unwrap()
}

fn answer(vector: &Vector) -> Result<(), Rejection> {
    let number = |key| vector.one(key).parse::<u32>().unwrap();
    let (act, service) =
        (Act::from_word(&vector.one("act")).unwrap(), ServiceType::from_word(&vector.one("service")).unwrap());
    let basis = LegalBasis::from_word(&vector.one("basis")).unwrap();
    let request = Request {
        opener: &organisation(&vector.one("opener")),
        opening: &opening(&vector.one("peer"), act, service),
        terms: Terms { stage: number("stage"), rule: number("rule"), basis, article: number("article") },
        occasion: match vector.one("occasion").as_str() {
            "opening" => Occasion::Opening,
            "later" => Occasion::Later,
            "reply" => Occasion::Reply,
            other => panic!("{other}"),
        },
        kind: vector.all("kind").first().map(|word| kind(word)),
        time: Seconds::new(vector.one("time").parse().unwrap()).unwrap(),
    };
    let fields = vector.all("field").iter().map(|line| read_field(line)).collect();
    let agreement = match vector.bytes("document") {
        none if none.is_empty() => demonstration(),
        body => Agreement::parse(Id::of(&pae(MediaType::AGREEMENT.as_str(), &body)), &body).unwrap(),
    };
    let mut told = Told::default();
    told.add(vector.all("told").iter().map(|line| read_field(line)).collect());
    agreement.permit(&request)?.after(told).minimise(fields).map(drop).map_err(|refused| refused.rejection)
}

fn read_field(line: &str) -> Field {
    let (label, value) = line.split_once(" = ").unwrap();
    Field::new(Label::parse(label).unwrap(), Sensitive::new(value.into())).unwrap_or_else(|_| panic!("{line}"))
}

/// [AGR-20] [AGR-21] [AGR-22] [AGR-23] [BAS-2] [BAS-3] [BAS-4] [BAS-5] [BAS-6] [DIS-12]
#[test]
fn the_demonstration_answers_as_the_vectors_say() {
    run("agreement", cases(), outcome);
}
