//! The legal basis of a disclosure: what it must carry, and what shows that it does not hold. [BUN-55] [BAS-1] to [BAS-11]

use crate::{
    entry::Entry,
    forge::changed,
    sample::{Story, TWO_PARTY, World, known},
    slots::{Fields, consented, fields, need, on, opened, tell, with, without},
};
use uput_core::{
    event::Statement,
    wire::{self, LegalBasis},
};

use crate::disclosures::{BASE, needing};

pub(crate) fn entries() -> Vec<Entry> {
    bases(&World::pair())
}

/// [BUN-55] [BAS-1] to [BAS-11] [AGR-21] [AGR-23]
fn bases(world: &World) -> Vec<Entry> {
    let case = |name, reason, breaks, bundle: Vec<u8>| {
        Entry::new(name, reason, world, bundle).of(BASE).fails(14, "BUN-55", "").breaks(breaks)
    };
    let based = |terms, said: &Fields| {
        let mut story = world.enquiry();
        let disclosure = tell(&mut story, &world.hotline, Statement::Need, terms, said);
        opened(&story, disclosure)
    };
    let plain = || fields(&[("age_band", "30_59"), ("language", "sr-Latn-ME"), ("risk_level", "high")]);
    let vital = |until: &str, review: &str| {
        let said = fields(&[
            ("danger", "life"),
            ("basis_until", until),
            ("review_by", review),
            ("supervisor", "supervisor-1"),
        ]);
        based(on(1, LegalBasis::VitalInterests), &[plain(), said].concat())
    };
    let guardian = |class: &str, assent: &str, more: &[(&'static str, &str)]| {
        let said = fields(&[
            ("guardian_class", class),
            ("guardian_authority", "17/26"),
            ("child_assent", assent),
            ("consent_form", "written"),
            ("consent_language", "sr-Latn-ME"),
            ("consent_purpose", "A place in a shelter for the coming days"),
            ("consent_until", "2026-12-31"),
        ]);
        based(on(1, LegalBasis::GuardianConsent), &[fields(more), said].concat())
    };
    let mandate = |more: &[(&'static str, &str)]| {
        needing(world, &[with(need(&[]), "consent_given_by", "delegate"), fields(more)].concat())
    };
    let told_before = told_before(world);
    let of_one = vec![
        case("a consent without its end", "Every label of the basis is there.", &["BAS-1", "DIS-12"], {
            needing(world, &without(need(&[]), "consent_until"))
        }),
        case("a need on no legal basis", "Stage 0 alone needs none.", &["BAS-2", "AGR-23"], {
            based(on(1, LegalBasis::NoneNeededNonpersonal), &plain())
        }),
        case(
            "a basis that the act does not have",
            "A referral is no report by law.",
            &["BAS-3", "AGR-23", "STA-40"],
            {
                based(
                    on(1, LegalBasis::LegalDuty),
                    &[plain(), fields(&[("client_told", "told"), ("client_told_on", "2026-11-21")])].concat(),
                )
            },
        ),
        case("a basis that the rule does not list", "The agreement does not accept it here.", &["AGR-23"], {
            let said = fields(&[
                ("best_interests_reason", "caregiver_suspected"),
                ("supervisor", "case-worker-2"),
                ("authority_informed", "before"),
            ]);
            based(on(1, LegalBasis::ChildBestInterests), &[plain(), said].concat())
        }),
        case("an article that the agreement does not list", "Article 7 is not there.", &["AGR-23"], {
            based(uput_core::event::Terms { article: 7, ..consented(1) }, &need(&[]))
        }),
        case("a rule that the agreement does not have", "Rule 9 is not there.", &["AGR-21"], {
            based(uput_core::event::Terms { rule: 9, ..consented(1) }, &need(&[]))
        }),
        case("a rule of another sender", "It lets the shelter ask, and not the hotline.", &["AGR-21"], {
            based(uput_core::event::Terms { rule: 2, ..consented(1) }, &need(&[]))
        }),
        case("a consent that had ended", "It lasted until the day before.", &["BAS-6"], {
            needing(world, &with(need(&[]), "consent_until", "2026-11-21+00:00"))
        }),
        case("a small child who consents alone", "From 6 to 11 years.", &["BAS-8"], {
            needing(world, &with(need(&[]), "age_band", "6_11"))
        }),
        case("a guardian who is suspected consents", "Whoever is suspected consents to nothing.", &["BAS-8"], {
            guardian("parent", "assents", &[("age_band", "6_11"), ("perpetrator_relationship", "parent")])
        }),
        case("a youth who is called too young to assent", "Nobody is from twelve on.", &["BAS-8"], {
            guardian("other_parent", "too_young", &[("age_band", "12_14")])
        }),
        {
            let decided = World::pair_by(&TWO_PARTY.replacen(
                "\"vital_interests\"]",
                "\"vital_interests\", \"public_task_decision\"]",
                1,
            ));
            let said = fields(&[
                ("decision_reference", "17/26"),
                ("decision_issuer", "An invented centre"),
                ("decision_date", "2026-11-30"),
                ("decision_until", "2026-11-29"),
            ]);
            let mut story = decided.enquiry();
            let terms = on(1, LegalBasis::PublicTaskDecision);
            let disclosure = tell(&mut story, &decided.hotline, Statement::Need, terms, &[plain(), said].concat());
            Entry::new("a decision that ends before it is made", "By a day.", &decided, opened(&story, disclosure))
                .of("an enquiry that was held, and her need on a decision")
                .fails(14, "BUN-55", "")
                .breaks(&["BAS-11"])
        },
        {
            let allowed = World::pair_by(&TWO_PARTY.replacen(
                "\"vital_interests\"]",
                "\"vital_interests\", \"child_best_interests\"]",
                1,
            ));
            let said = fields(&[
                ("best_interests_reason", "caregiver_suspected"),
                ("supervisor", "case-worker-2"),
                ("authority_informed", "before"),
            ]);
            let mut story = allowed.enquiry();
            let terms = on(1, LegalBasis::ChildBestInterests);
            let disclosure = tell(&mut story, &allowed.hotline, Statement::Need, terms, &[plain(), said].concat());
            let reason = "Nobody decides for a grown woman as for a child.";
            Entry::new("a grown woman in the best interests of a child", reason, &allowed, opened(&story, disclosure))
                .of("an enquiry that was held, and a child's need")
                .fails(14, "BUN-55", "")
                .breaks(&["BAS-40"])
        },
        case(
            "a delegate without a mandate",
            "Somebody came in her place, and nobody sent them.",
            &["BAS-9"],
            mandate(&[]),
        ),
        case("a mandate for another service", "It reaches to the police and not to a shelter.", &["BAS-9"], {
            mandate(&[
                ("delegate_class", "relative"),
                ("mandate_reference", "17/26"),
                ("mandate_scope", "police"),
                ("mandate_until", "2026-12-31T00:00Z"),
            ])
        }),
        case(
            "a mandate of a relative where a relative is suspected",
            "It may be the one who is suspected.",
            &["BAS-44"],
            {
                mandate(&[
                    ("perpetrator_relationship", "sibling"),
                    ("delegate_class", "relative"),
                    ("mandate_reference", "17/26"),
                    ("mandate_scope", "shelter"),
                    ("mandate_until", "2026-12-31T00:00Z"),
                ])
            },
        ),
        case("a mandate that had ended", "It lasted until the evening before.", &["BAS-6", "BAS-9"], {
            mandate(&[
                ("delegate_class", "relative"),
                ("mandate_reference", "17/26"),
                ("mandate_scope", "shelter"),
                ("mandate_until", "2026-11-21T20:00Z"),
            ])
        }),
        case("danger to life on the word of one person", "Nobody approved it.", &["BAS-1", "BAS-21"], {
            let soon = "2026-11-22T20:00Z";
            let said = fields(&[("danger", "life"), ("basis_until", soon), ("review_by", soon)]);
            based(on(1, LegalBasis::VitalInterests), &[plain(), said].concat())
        }),
        case("danger to life for two days", "It stands for a consent for a day.", &["BAS-10"], {
            vital("2026-11-24T00:00Z", "2026-11-22T12:00Z")
        }),
        case("danger to life that is reviewed before it is said", "A review comes after.", &["BAS-10"], {
            vital("2026-11-22T20:00Z", "2026-11-21T12:00Z")
        }),
        case(
            "a need that names no rule and no legal basis",
            "It moves the trail on no basis.",
            &["EVT-8", "EVT-22", "AGR-23"],
            {
                let mut story = world.enquiry();
                story.force(&world.hotline, Statement::Need, |_| {});
                crate::forge::exported(&story)
            },
        ),
        case(
            "a correction at a stage that was not reached",
            "Who she is, in a correction of her need.",
            &["EVT-24"],
            {
                let mut story = world.enquiry();
                story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
                story.delivered_and(Statement::Accepted);
                story.disclose(Statement::Corrected, 2, LegalBasis::ExplicitConsent, 0, known());
                crate::forge::exported(&story)
            },
        ),
        case(
            "a reply on a basis that the sender did not say",
            "The receiver finds a basis of its own.",
            &["EVT-30"],
            {
                let mut story = world.enquiry();
                story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
                let said = fields(&[("actor", "case-worker-1")]);
                let disclosure =
                    tell(&mut story, &world.jasen, Statement::Acknowledged, on(1, LegalBasis::VitalInterests), &said);
                opened(&story, disclosure)
            },
        ),
        case(
            "values kept under an article that the agreement does not list",
            "Article 7 is not there.",
            &["AGR-14"],
            {
                let mut story = world.enquiry();
                story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, crate::sample::needed());
                story.say(&world.hotline, Statement::Withdrawn);
                story.say(&world.jasen, Statement::Retained { article: 7 });
                crate::forge::exported(&story)
            },
        ),
    ];
    of_one.into_iter().chain(told_before).collect()
}

/// What was told in an earlier event of the trail. [BAS-22]
fn told_before(world: &World) -> Vec<Entry> {
    const BASE: &str = "an enquiry that was held, and her need told twice";
    let guardian = |class: &str, more: &[(&'static str, &str)]| {
        let said = fields(&[
            ("guardian_class", class),
            ("guardian_authority", "17/26"),
            ("child_assent", "assents"),
            ("consent_form", "written"),
            ("consent_language", "sr-Latn-ME"),
            ("consent_purpose", "A place in a shelter for the coming days"),
            ("consent_until", "2026-12-31"),
        ]);
        [fields(more), said].concat()
    };
    let suspected = guardian("other_parent", &[("perpetrator_relationship", "parent"), ("age_band", "6_11")]);
    let twice = |between: &[Statement], basis, then: &Fields| {
        let mut story = world.enquiry();
        let need = |story: &mut Story<'_>, basis, said: &Fields| {
            tell(story, &world.hotline, Statement::Need, on(1, basis), said)
        };
        let first = need(&mut story, LegalBasis::GuardianConsent, &suspected);
        for statement in between {
            let by = if matches!(statement, Statement::Purged(_)) { &world.jasen } else { &world.hotline };
            story.say(by, statement.clone());
        }
        let second = need(&mut story, basis, then);
        changed(&story, |draft| draft.disclosures.extend([first, second]))
    };
    let case = |name, reason, bundle: Vec<u8>| {
        Entry::new(name, reason, world, bundle).of(BASE).fails(14, "BUN-55", "").breaks(&["BAS-22"])
    };
    let right = |name, reason, bundle: Vec<u8>| Entry::new(name, reason, world, bundle).of(BASE);
    let (parent, other) = (guardian("parent", &[]), guardian("other_parent", &[]));
    let stranger = guardian("parent", &[("perpetrator_relationship", "stranger")]);
    let purge = [Statement::PurgeAsked, Statement::Purged(wire::PurgeManner::Destroyed)];
    let consent = LegalBasis::GuardianConsent;
    vec![
        case(
            "a parent consents who was suspected in an earlier message",
            "The later one does not say who is suspected.",
            twice(&[], consent, &parent),
        ),
        case(
            "a child consents alone whose age was told in an earlier message",
            "She is between six and eleven.",
            twice(&[], LegalBasis::ExplicitConsent, &without(need(&[]), "age_band")),
        ),
        right(
            "the other parent consents after one was suspected",
            "Her signature is not lost because his may not count.",
            twice(&[], consent, &other),
        ),
        right(
            "a parent consents who was suspected and is no more",
            "The later message says anew who is suspected.",
            twice(&[], consent, &stranger),
        ),
        right(
            "a parent consents after what was told was purged",
            "What nobody has any more is held against nobody.",
            twice(&purge, consent, &parent),
        ),
    ]
}
