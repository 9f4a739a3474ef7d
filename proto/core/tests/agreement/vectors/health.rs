//! Who she is in a first message to health: in danger to life, and under no other basis. [BAS-4]
//!
//! The template between two parties, whose second one gives health too. Rule 1 is a referral to it, rule 3 a notification;
//! both say *collapsed*, and there is one article.

use uput_core::{
    codec,
    wire::{self, Act, Article, LegalBasis, Rule, ServiceType},
};

use super::{
    Vector,
    agreement::{DANGER, DECIDED, DUTY, Trail, Under, body, question},
};
use crate::scene::two_party;

const CARE: Trail = ["self", "partner", "referral", "health"];
const NOTICE: Trail = ["self", "partner", "notification", "health"];

pub(super) fn cases() -> Vec<Vector> {
    const NO: &str = "BASIS_NOT_ALLOWED";
    let vital: Under = ("opening", 2, 1, "vital_interests", 0);
    let asked = |name, expect, trail, under, fields: &[&str], collapsed| {
        let mut vector = question(name, expect, trail, under, &[fields]);
        vector.lines.retain(|(key, _)| key != "agreement");
        vector.with_runs("document", &codec::encode(&document(collapsed)))
    };
    vec![
        asked("to-health-in-danger-to-life", "ok", CARE, vital, DANGER, true),
        asked("to-health-in-danger-to-life-by-a-rule-that-does-not-collapse", NO, CARE, vital, DANGER, false),
        asked("to-health-by-decision", NO, CARE, ("opening", 2, 1, "public_task_decision", 0), DECIDED, true),
        asked("to-health-by-decision-later", "ok", CARE, ("later", 2, 1, "public_task_decision", 0), DECIDED, true),
        asked("to-health-under-a-duty-to-report", NO, NOTICE, ("opening", 2, 3, "legal_duty", 1), DUTY, true),
        asked(
            "a-notice-to-health-in-danger-to-life",
            "ok",
            NOTICE,
            ("opening", 2, 3, "vital_interests", 0),
            DANGER,
            true,
        ),
        body("a-collapsed-rule-for-health-in-danger-to-life", "ok", |a| {
            *a = document(true);
            a.rules[0].bases = vec![LegalBasis::VitalInterests.into()];
        }),
        body("a-collapsed-rule-for-health-by-decision-alone", "MALFORMED", |a| {
            *a = document(true);
            a.rules[0].bases = vec![LegalBasis::PublicTaskDecision.into()];
        }),
    ]
}

fn document(collapsed: bool) -> wire::Agreement {
    let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
    let service = |party: &wire::Party| party.services.contains(&ServiceType::Shelter.into());
    let partner = document.parties.iter_mut().find(|party| service(party)).unwrap();
    partner.services.push(ServiceType::Health.into());
    partner.services.sort_unstable();
    let rule = |number, act: Act, bases: [LegalBasis; 2]| Rule {
        number,
        act: act.into(),
        sender: "asking".into(),
        receiver: ServiceType::Health.into(),
        profile: "support".into(),
        bases: bases.map(i32::from).to_vec(),
        collapsed,
        ..Rule::default()
    };
    document.rules[0] = rule(1, Act::Referral, [LegalBasis::VitalInterests, LegalBasis::PublicTaskDecision]);
    document.rules.push(rule(3, Act::Notification, [LegalBasis::LegalDuty, LegalBasis::VitalInterests]));
    document.articles = vec![Article { number: 1, citation: "An article of an invented law".into(), unverified: true }];
    // Health gets a statement of need with her tick only, which the other rule of this profile does not ask for.
    for profile in &mut document.profiles {
        profile.identity.retain(|label| label != "need_statement");
    }
    document
}
