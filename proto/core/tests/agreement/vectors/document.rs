//! Agreements of two parties that break one rule of specs/agreement.md, section 2, each. The template has rule 1 (a
//! referral to the shelter), rule 2 (a referral to psychosocial support), profiles `bed` and `support`, five timers, no
//! article, no decision rule, no escalation and no auditor.

use uput_core::{
    agreement::EscalationStep,
    wire::{
        self, Act, Amendment, Article, Auditor, DecisionRule, DecisionType, LegalBasis, Retention, ServiceType,
        TimerKind, WitnessRule,
    },
};

use super::{
    Vector,
    agreement::{body, changed},
};

/// 200 years, the longest span.
const LONGEST: u64 = 6_324_480_000;

pub(super) fn cases() -> Vec<Vector> {
    [heads(), parties(), profiles(), rules(), articles(), timers(), ladders(), others()].into_iter().flatten().collect()
}

fn broken(name: &str, change: fn(&mut uput_core::wire::Agreement)) -> Vector {
    body(name, "MALFORMED", change)
}

fn heads() -> Vec<Vector> {
    vec![
        broken("a-version-0", |a| a.version = 0),
        broken("a-first-version-that-gives-one-up", |a| a.gives_up = vec![vec![7; 32]]),
        body("a-version-that-gives-two-up", "ok", |a| {
            (a.version, a.previous, a.gives_up) = (2, vec![5; 32], vec![vec![6; 32], vec![7; 32]]);
        }),
        broken("versions-that-are-given-up-in-another-order", |a| {
            (a.version, a.previous, a.gives_up) = (2, vec![5; 32], vec![vec![7; 32], vec![6; 32]]);
        }),
        broken("a-version-that-gives-up-the-one-before", |a| {
            (a.version, a.previous, a.gives_up) = (2, vec![5; 32], vec![vec![5; 32]]);
        }),
        broken("a-version-that-gives-up-one-by-31-bytes", |a| {
            (a.version, a.previous, a.gives_up) = (2, vec![5; 32], vec![vec![6; 31]]);
        }),
        broken("a-version-that-gives-up-17", |a| {
            (a.version, a.previous, a.gives_up) = (2, vec![5; 32], (10..27).map(|n| vec![n; 32]).collect());
        }),
        broken("a-first-version-that-names-one-before", |a| a.previous = vec![7; 32]),
        broken("a-second-version-after-zeros", |a| {
            a.version = 2;
            a.previous = vec![0; 32];
        }),
        body("a-second-version-that-names-the-first", "ok", |a| {
            a.version = 2;
            a.previous = vec![7; 32];
        }),
        broken("a-beginning-at-0", |a| a.valid_from = 0),
        broken("an-end-after-the-year-9999", |a| a.valid_until = 253_402_300_800),
        body("an-end-with-the-year-9999", "ok", |a| a.valid_until = 253_402_300_799),
        broken("a-grain-of-an-hour", |a| a.grain = 3600),
        broken("a-title-of-201-characters", |a| a.title = "x".repeat(201)),
    ]
}

fn parties() -> Vec<Vector> {
    vec![
        broken("two-parties-with-one-name", |a| a.parties[1].name = a.parties[0].name.clone()),
        broken("a-party-without-a-name", |a| a.parties[0].name.clear()),
        broken("a-role-in-capitals", |a| a.parties[0].roles.insert(0, "Asking".into())),
        broken("roles-out-of-order", |a| a.parties[0].roles.insert(0, "zz".into())),
        broken("a-service-of-no-code", |a| a.parties[0].services.push(15)),
        broken("one-service-twice", |a| a.parties[0].services = a.parties[0].services.repeat(2)),
    ]
}

fn profiles() -> Vec<Vector> {
    vec![
        broken("profiles-out-of-order", |a| a.profiles.reverse()),
        broken("a-profile-in-capitals", |a| {
            a.profiles[0].name = "Bed".into();
            a.rules[0].profile = "Bed".into();
        }),
        broken("one-label-at-two-stages", |a| a.profiles[0].need.insert(0, "adults".into())),
        broken("a-tick-for-what-stage-0-allows", |a| a.profiles[0].ticked = vec!["adults".into()]),
        broken("a-reply-with-a-label-that-is-about-her", |a| a.profiles[0].reply.insert(2, "adults".into())),
        broken("a-label-that-needs-her-tick-and-has-none", |a| {
            a.profiles[0].identity = vec!["name".into(), "substance_use".into()];
        }),
        broken("a-label-that-the-service-may-never-have", |a| a.profiles[0].identity = vec!["reporter_name".into()]),
    ]
}

fn rules() -> Vec<Vector> {
    vec![
        broken("no-rule", |a| a.rules.clear()),
        broken("a-rule-0", |a| a.rules[0].number = 0),
        broken("rules-out-of-order", |a| a.rules.reverse()),
        body("rules-whose-numbers-leave-a-gap", "ok", |a| a.rules[1].number = 9),
        broken("two-rules-for-one-request", |a| {
            let again = uput_core::wire::Rule { number: 3, ..a.rules[0].clone() };
            a.rules.push(again);
        }),
        broken("a-rule-for-a-role-that-nobody-has", |a| a.rules[0].sender = "court".into()),
        broken("a-rule-for-a-service-that-nobody-gives", |a| a.rules[0].receiver = ServiceType::Police.into()),
        broken("a-basis-for-another-act", |a| a.rules[0].bases = vec![LegalBasis::LegalDuty.into()]),
        broken("a-basis-that-is-not-listed-anywhere", |a| {
            a.rules[0].bases.push(LegalBasis::NoneNeededNonpersonal.into());
        }),
        broken("bases-out-of-order", |a| a.rules[0].bases.reverse()),
        body("a-rule-without-a-basis-for-more-than-an-enquiry", "ok", |a| a.rules[0].bases.clear()),
        broken("a-collapsed-rule-for-a-shelter", |a| a.rules[0].collapsed = true),
    ]
}

fn articles() -> Vec<Vector> {
    let article = |number, citation: &str| Article { number, citation: citation.into(), unverified: true };
    let with = |name, expect, articles: Vec<Article>| changed(name, expect, |a| a.articles = articles);
    vec![
        with("an-article", "ok", vec![article(1, "An article of an invented law")]),
        with("an-article-0", "MALFORMED", vec![article(0, "An article of an invented law")]),
        with("articles-out-of-order", "MALFORMED", vec![article(2, "One"), article(1, "Another")]),
        with("an-article-without-its-citation", "MALFORMED", vec![article(1, "")]),
    ]
}

fn timers() -> Vec<Vector> {
    vec![
        broken("a-timer-of-no-time", |a| a.timers[0].seconds = 0),
        body("a-timer-of-200-years", "ok", |a| a.timers[0].seconds = LONGEST),
        broken("a-timer-of-more-than-200-years", |a| a.timers[0].seconds = LONGEST + 1),
        broken("timers-out-of-order", |a| a.timers.reverse()),
        broken("a-timer-of-no-step", |a| a.timers[0].kind = TimerKind::Unspecified.into()),
        body("a-timer-that-says-where-it-comes-from-and-that-nobody-checked", "ok", |a| {
            (a.timers[0].source, a.timers[0].unverified) = ("An invented report".into(), true);
        }),
        body("a-rule-that-nobody-compared-with-a-source", "ok", |a| a.rules[0].unverified = true),
        broken("a-rule-whose-source-is-two-lines", |a| a.rules[0].source = "A report\nand another".into()),
        broken("a-retention-whose-source-is-too-long", |a| {
            a.retention.as_mut().unwrap().source = "s".repeat(201);
        }),
        broken("a-timer-of-no-act", |a| a.timers[4].act = 14),
    ]
}

/// [AGR-50] [AGR-51]
fn ladders() -> Vec<Vector> {
    vec![
        broken("a-step-of-the-escalation-no-later-than-the-one-before", |a| a.escalation = vec![step(60), step(60)]),
        broken("a-step-of-the-escalation-before-the-one-above-it", |a| a.escalation = vec![step(60), step(59)]),
        body("a-step-of-the-escalation-for-two-acts-and-every-timer-that-can-be-missed", "ok", |a| {
            let acts = vec![Act::Referral.into(), Act::Notification.into()];
            let timers = EscalationStep::MISSED.map(Into::into).to_vec();
            a.escalation = vec![wire::EscalationStep { acts, timers, ..step(60) }];
        }),
        broken("a-step-of-the-escalation-for-no-act", |a| {
            a.escalation = vec![wire::EscalationStep { acts: vec![0], ..step(60) }];
        }),
        broken("a-step-of-the-escalation-for-an-act-of-no-code", |a| {
            a.escalation = vec![wire::EscalationStep { acts: vec![14], ..step(60) }];
        }),
        broken("a-step-of-the-escalation-with-its-acts-out-of-order", |a| {
            let acts = vec![Act::Notification.into(), Act::Referral.into()];
            a.escalation = vec![wire::EscalationStep { acts, ..step(60) }];
        }),
        broken("a-step-of-the-escalation-with-one-timer-twice", |a| {
            a.escalation = vec![wire::EscalationStep { timers: vec![TimerKind::Answer.into(); 2], ..step(60) }];
        }),
        broken("a-step-of-the-escalation-for-a-stay-that-ends", |a| {
            a.escalation = vec![wire::EscalationStep { timers: vec![TimerKind::Stay.into()], ..step(60) }];
        }),
        broken("a-step-of-the-escalation-for-a-purge-that-is-late", |a| {
            a.escalation = vec![wire::EscalationStep { timers: vec![TimerKind::Purge.into()], ..step(60) }];
        }),
        body("two-steps-of-the-escalation-at-one-time-for-two-timers", "ok", |a| {
            let of = |timer: TimerKind| wire::EscalationStep { timers: vec![timer.into()], ..step(60) };
            a.escalation = vec![of(TimerKind::Answer), of(TimerKind::Acknowledge)];
        }),
        broken("two-steps-of-the-escalation-at-one-time-of-which-one-is-for-everything", |a| {
            let acts = vec![Act::Referral.into()];
            let timers = vec![TimerKind::Answer.into()];
            a.escalation = vec![wire::EscalationStep { acts, timers, ..step(60) }, step(60)];
        }),
    ]
}

fn step(after: u64) -> wire::EscalationStep {
    wire::EscalationStep { service_type: ServiceType::Police.into(), after, ..wire::EscalationStep::default() }
}

fn others() -> Vec<Vector> {
    vec![
        broken("a-decision-that-nobody-makes", |a| {
            a.decisions = vec![DecisionRule {
                r#type: DecisionType::Court.into(),
                issuers: Vec::new(),
                ..DecisionRule::default()
            }];
        }),
        broken("a-retention-of-no-time", |a| {
            a.retention = Some(Retention { values: 0, evidence: 1, ..Retention::default() })
        }),
        broken("no-amendment-at-all", |a| a.amendment = None),
        broken("more-than-all-parties-amend", |a| a.amendment = Some(Amendment { threshold: 3 })),
        broken("seventeen-witnesses", |a| a.witnesses = Some(WitnessRule { number: 17, independent: false })),
        broken("no-witness-and-an-independent-one", |a| {
            a.witnesses = Some(WitnessRule { number: 0, independent: true });
        }),
        broken("an-auditor-that-is-a-party", |a| {
            let auditor =
                Auditor { organisation: a.parties[0].organisation.clone(), name: "An auditor".into(), labels: true };
            a.auditors = vec![auditor];
        }),
        broken("an-auditor-without-a-name", |a| {
            a.auditors = vec![Auditor { organisation: vec![7; 32], name: String::new(), labels: true }];
        }),
    ]
}
