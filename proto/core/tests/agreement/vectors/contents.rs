//! What an act has to say. [STA-73] [AGR-69] [AGR-70]
//!
//! The template between two parties, with a rule for each of five acts under one profile that has the labels they need:
//! rule 3 asks for information, 4 tells of a risk, 5 invites to a conference, 6 tells of a decision, and 7 asks a second
//! time for information, of a service that may have one of its labels only with her tick.

use uput_core::{
    codec,
    wire::{self, Act, LegalBasis, Profile, Rule, ServiceType},
};

use super::{
    Vector,
    agreement::{CONSENT, Trail, Under, body, question},
};
use crate::scene::two_party;

const NONE: &str = "none_needed_nonpersonal";
const WITHOUT: &str = "WITHOUT_CONTENT";
const ASKS: Trail = ["self", "partner", "information_request", "shelter"];
const RISK: Trail = ["self", "partner", "risk_update", "shelter"];
const MEETING: Trail = ["self", "partner", "conference", "shelter"];
const DECIDED: Trail = ["self", "partner", "decision_notice", "shelter"];
const LAWYER: Trail = ["self", "partner", "risk_update", "legal_aid"];

pub(super) fn cases() -> Vec<Vector> {
    [openings(), later(), bodies()].into_iter().flatten().collect()
}

fn asked(name: &str, expect: &str, trail: Trail, under: Under, kind: &str, fields: &[&[&str]]) -> Vector {
    let mut vector = question(name, expect, trail, under, fields);
    vector.lines.retain(|(key, _)| key != "agreement");
    let vector = if kind.is_empty() { vector } else { vector.with("kind", kind) };
    vector.with_runs("document", &codec::encode(&document()))
}

fn openings() -> Vec<Vector> {
    let (labels, purpose) = ("information_asked = risk_level", "request_purpose = plan_care");
    let consent = "explicit_consent";
    vec![
        asked("a-request-that-says-what-is-asked", "ok", ASKS, ("opening", 0, 3, NONE, 0), "", &[&[labels, purpose]]),
        asked("a-request-that-does-not-say-why", WITHOUT, ASKS, ("opening", 0, 3, NONE, 0), "", &[&[labels]]),
        asked("a-request-that-asks-nothing", WITHOUT, ASKS, ("opening", 0, 3, NONE, 0), "", &[]),
        asked(
            "a-request-with-a-need-that-asks-nothing",
            WITHOUT,
            ASKS,
            ("opening", 1, 3, consent, 0),
            "",
            &[CONSENT, &["age_band = 30_59"]],
        ),
        asked("a-change-of-risk-before-it-is-said", "ok", RISK, ("opening", 0, 4, NONE, 0), "", &[]),
        asked(
            "a-change-of-risk-at-once",
            "ok",
            RISK,
            ("opening", 1, 4, consent, 0),
            "",
            &[CONSENT, &["risk_change = released"]],
        ),
        asked(
            "a-change-of-risk-at-once-that-says-none",
            WITHOUT,
            RISK,
            ("opening", 1, 4, consent, 0),
            "",
            &[CONSENT, &["age_band = 30_59"]],
        ),
        asked(
            "a-decision-told-without-its-number",
            WITHOUT,
            DECIDED,
            ("opening", 1, 6, consent, 0),
            "",
            &[CONSENT, &["decision_issuer = Invented Centre", "decision_date = 2026-11-20"]],
        ),
        asked(
            "a-decision-told-with-its-number",
            "ok",
            DECIDED,
            ("opening", 1, 6, consent, 0),
            "",
            &[CONSENT, &["decision_reference = 7/2026", "decision_issuer = Centre", "decision_date = 2026-11-20"]],
        ),
    ]
}

fn later() -> Vec<Vector> {
    let consent = "explicit_consent";
    let need: Under = ("later", 1, 4, consent, 0);
    let meeting: Under = ("later", 1, 5, consent, 0);
    let lawyer = |stage| ("later", stage, 7, consent, 0);
    let tasks = "plan_tasks = 1 safety_plan shelter 2026-12-31";
    vec![
        asked("a-need-that-says-what-changed", "ok", RISK, need, "need", &[CONSENT, &["risk_change = weapon"]]),
        asked("a-need-that-does-not-say-what-changed", WITHOUT, RISK, need, "need", &[CONSENT, &["age_band = 30_59"]]),
        asked("a-correction-repeats-no-change", "ok", RISK, need, "", &[CONSENT, &["age_band = 30_59"]]),
        asked("a-plan-with-its-tasks", "ok", MEETING, meeting, "plan", &[CONSENT, &[tasks]]),
        asked("a-plan-that-has-no-tasks", WITHOUT, MEETING, meeting, "plan", &[CONSENT, &["age_band = 30_59"]]),
        asked(
            "a-plan-that-could-not-have-tasks",
            WITHOUT,
            MEETING,
            ("later", 0, 5, NONE, 0),
            "plan",
            &[&["adults = 1"]],
        ),
        asked(
            "minutes-that-do-not-say-who-was-there",
            WITHOUT,
            MEETING,
            meeting,
            "minutes",
            &[CONSENT, &["decisions_taken = plan_agreed"]],
        ),
        asked("a-change-that-she-did-not-tick", "ok", LAWYER, lawyer(2), "identity", &[CONSENT, &["age_band = 30_59"]]),
        asked(
            "a-need-before-the-change-may-be-told",
            "ok",
            LAWYER,
            lawyer(1),
            "need",
            &[CONSENT, &["age_band = 30_59"]],
        ),
        asked(
            "a-decision-by-its-number",
            "ok",
            RISK,
            ("reply", 1, 4, consent, 0),
            "decision",
            &[&["decision_reference = 7"]],
        ),
        asked(
            "a-decision-without-its-number",
            WITHOUT,
            RISK,
            ("reply", 1, 4, consent, 0),
            "decision",
            &[&["decision_issuer = Invented Centre"]],
        ),
        asked("a-decision-on-no-basis", "ok", RISK, ("reply", 0, 4, NONE, 0), "decision", &[&["actor_role = intake"]]),
    ]
}

fn bodies() -> Vec<Vector> {
    vec![
        body("five-acts-that-can-say-what-they-are-for", "ok", |a| *a = document()),
        body("an-act-that-cannot-say-what-it-asks", "MALFORMED", |a| {
            *a = document();
            drop_label(a, "information_asked");
        }),
        body("a-change-of-risk-that-cannot-be-said", "MALFORMED", |a| {
            *a = document();
            drop_label(a, "risk_change");
        }),
        body("a-conference-without-a-word-for-tasks", "ok", |a| {
            *a = document();
            drop_label(a, "plan_tasks");
        }),
    ]
}

fn drop_label(document: &mut wire::Agreement, label: &str) {
    document.profiles.iter_mut().for_each(|profile| {
        for list in [&mut profile.enquiry, &mut profile.need, &mut profile.identity, &mut profile.ticked] {
            list.retain(|of| of != label);
        }
    });
}

fn document() -> wire::Agreement {
    let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
    let partner = document.parties.iter_mut().find(|party| party.services.contains(&ServiceType::Shelter.into()));
    let services = &mut partner.unwrap().services;
    services.push(ServiceType::LegalAid.into());
    services.sort_unstable();
    let rule = |number, act: Act, receiver: ServiceType, profile: &str| Rule {
        number,
        act: act.into(),
        sender: "asking".into(),
        receiver: receiver.into(),
        profile: profile.into(),
        bases: vec![LegalBasis::ExplicitConsent.into()],
        ..Rule::default()
    };
    let shelter = ServiceType::Shelter;
    document.rules.extend([
        rule(3, Act::InformationRequest, shelter, "saying"),
        rule(4, Act::RiskUpdate, shelter, "saying"),
        rule(5, Act::Conference, shelter, "saying"),
        rule(6, Act::DecisionNotice, shelter, "saying"),
        rule(7, Act::RiskUpdate, ServiceType::LegalAid, "counsel"),
    ]);
    document.profiles.extend([saying(), counsel()]);
    document.profiles.sort_by(|a, b| a.name.cmp(&b.name));
    document
}

fn labels(all: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = all.iter().map(|label| (*label).to_owned()).collect();
    all.sort_unstable();
    all
}

fn saying() -> Profile {
    Profile {
        name: "saying".into(),
        enquiry: labels(&["adults", "agenda", "information_asked", "meeting_when", "request_purpose"]),
        need: labels(&[
            "age_band",
            "attended",
            "decision_date",
            "decision_issuer",
            "decision_reference",
            "decisions_taken",
            "plan_tasks",
            "risk_change",
        ]),
        reply: labels(&["decision_issuer", "decision_reference"]),
        ..Profile::default()
    }
}

/// The change of risk goes to lawyers with her tick alone.
fn counsel() -> Profile {
    Profile {
        name: "counsel".into(),
        need: labels(&["age_band"]),
        identity: labels(&["risk_change"]),
        ticked: labels(&["risk_change"]),
        ..Profile::default()
    }
}
