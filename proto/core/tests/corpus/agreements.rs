//! The agreement of a trail: whether it is here, signed, trusted, in force, and a document at all.

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    wire::{self, LegalBasis},
};

use crate::{
    entry::Entry,
    forge::{changed, exported, falsified, opened_as, sealed},
    sample::{Story, TWO_PARTY, World, key, needed},
    slots::{consented, need, opened, tell},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [signed(&world), documents(&world), validity(&world)].into_iter().flatten().collect()
}

fn of(envelope: &Envelope) -> wire::Agreement {
    codec::decode(envelope.body()).unwrap()
}

/// [BUN-45] [BUN-46] [BUN-71] [AGR-25]
fn signed(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let with = |agreement: Envelope| changed(&story, |draft| draft.agreements = vec![agreement]);
    let parties = [&world.hotline.key, &world.jasen.key];
    let body = || world.signed.body().to_vec();
    let by = |keys: &[&uput_core::key::SigningKey]| with(sealed(MediaType::AGREEMENT.as_str(), body(), keys));
    let stranger = key("a stranger");
    let four = World::invented();
    let witnessed = World::pair_by(&TWO_PARTY.replace("number = 0", "number = 1"));
    vec![
        case("the agreement is not here", "Nobody can judge by it.", changed(&story, |draft| draft.agreements.clear()))
            .fails(11, "BUN-45", ""),
        case("another version of the agreement in its place", "The opening names another ID.", {
            with(World::pair_by(&TWO_PARTY.replace("within = \"24 h\"", "within = \"48 h\"")).signed)
        })
        .fails(11, "BUN-45", ""),
        case("a signature of the agreement is not here", "The receiver never signed it.", by(&parties[..1]))
            .fails(11, "BUN-46", "")
            .breaks(&["AGR-25"]),
        case("an agreement that the receiver's node signed", "Agreements are signed by organisation keys.", {
            by(&[parties[0], world.jasen.signing()])
        })
        .fails(11, "BUN-46", "")
        .breaks(&["AGR-25"]),
        case("an agreement with a stranger's signature beside those of its parties", "No other signature.", {
            by(&[parties[0], parties[1], &stranger])
        })
        .fails(13, "BUN-46", "UNKNOWN_SIGNER")
        .breaks(&["AGR-25", "ENV-11"]),
        case("a signature of the agreement with one bit turned", "It does not verify.", with(falsified(&world.signed)))
            .fails(10, "BUN-46", "BAD_SIGNATURE")
            .breaks(&["ENV-11", "KEY-3"]),
        Entry::new("no key records of a party of the agreement", "Whose signature it is nobody can say.", &four, {
            changed(&four.night(), |draft| draft.chains.retain(|chain| chain[0].id() != four.others[0].records[0].id()))
        })
        .of("a night that kept everything")
        .fails(13, "BUN-46", "UNKNOWN_SIGNER")
        .breaks(&["AGR-25"]),
        Entry::new("an agreement that demands a witness", "None is shown.", &witnessed, exported(&witnessed.enquiry()))
            .of("an enquiry under an agreement with a witness")
            .doubts("BUN-71"),
    ]
}

/// Documents that both parties signed and that are none; the trail is pinned to them. [AGR-3] to [AGR-19]
fn documents(world: &World) -> Vec<Entry> {
    let case = |name, reason, breaks, change: fn(&mut wire::Agreement)| {
        let mut document = of(&world.signed);
        change(&mut document);
        let keys = [&world.hotline.key, &world.jasen.key];
        let signed = sealed(MediaType::AGREEMENT.as_str(), codec::encode(&document), &keys);
        let story = opened_as(world, |event| {
            let Statement::Opening(opening) = &mut event.statement else { panic!("no opening") };
            opening.agreement = signed.id().into();
        });
        let id = signed.id();
        Entry::new(name, reason, world, changed(&story, |draft| draft.agreements = vec![signed]))
            .of("a bed is asked for")
            .trusting(|trust| trust.agreements[0].agreement = id.into())
            .fails(10, "BUN-46", "MALFORMED")
            .breaks(breaks)
    };
    vec![
        case(
            "an agreement whose rules do not ascend",
            "By number, so that none stands there twice.",
            &["AGR-3"],
            |a| a.rules.swap(0, 1),
        ),
        case("an agreement with one party twice", "OrgIds ascend.", &["AGR-3"], |a| {
            let mut twice = a.parties[0].clone();
            twice.name.push_str(" again");
            a.parties.insert(1, twice);
        }),
        case("an agreement without a title", "It has 1 to 200 characters.", &["AGR-4"], |a| a.title.clear()),
        case("a first version with one before it", "Only a later version has one.", &["AGR-4"], |a| {
            a.previous = vec![7; 32]
        }),
        case("a second version with none before it", "It names the one before.", &["AGR-4"], |a| a.version = 2),
        case(
            "a first version that gives one up",
            "Only a later version takes the place of another.",
            &["AGR-75"],
            |a| a.gives_up = vec![vec![7; 32]],
        ),
        case("an agreement that ends before it begins", "It would never be in force.", &["AGR-4"], |a| {
            a.valid_until = a.valid_from - 60
        }),
        case(
            "an agreement in seconds that is no demonstration",
            "Seconds tell more than they need.",
            &["AGR-5"],
            |a| a.grain = 1,
        ),
        case("an agreement of one", "There are at least two.", &["AGR-6"], |a| a.parties.truncate(1)),
        case("two parties of one name", "Nobody could tell them apart.", &["AGR-6"], |a| {
            a.parties[1].name = a.parties[0].name.clone()
        }),
        case(
            "a profile with a label that no catalogue has",
            "What has no row must not travel.",
            &["AGR-7", "DIS-1"],
            |a| {
                a.profiles[0].need = vec![String::from("photograph")];
            },
        ),
        case("a profile with one label at two stages", "At most one of the three lists.", &["AGR-7"], |a| {
            a.profiles[0].identity = a.profiles[0].enquiry.clone();
        }),
        case("a tick for a label that is told at no stage", "There is nothing to tick.", &["AGR-8"], |a| {
            a.profiles[0].ticked = vec![String::from("need_statement")];
        }),
        case("a reply with her name", "A reply says nothing about her.", &["AGR-9"], |a| {
            a.profiles[0].reply = vec![String::from("name")];
        }),
        case("an agreement without a rule", "It would allow nothing.", &["AGR-10"], |a| a.rules.clear()),
        case("a rule with the number 0", "Nothing could name it.", &["AGR-10"], |a| a.rules[0].number = 0),
        case("two rules for one request", "Which of them counts, readers would disagree.", &["AGR-10"], |a| {
            let number = a.rules.last().map_or(1, |rule| rule.number + 1);
            let again = wire::Rule { number, ..a.rules[0].clone() };
            a.rules.push(again);
        }),
        case("a rule of an act that nobody knows", "No act has the number 99.", &["AGR-10"], |a| a.rules[0].act = 99),
        case(
            "a rule whose act cannot say what it asks",
            "Two who could ask without saying what have agreed on nothing.",
            &["AGR-69", "STA-73"],
            |a| {
                let number = a.rules.last().map_or(1, |rule| rule.number + 1);
                let act = wire::Act::InformationRequest.into();
                a.rules.push(wire::Rule { number, act, ..a.rules[0].clone() });
            },
        ),
        case("a rule for a role that nobody has", "Nobody could ask by it.", &["AGR-11"], |a| {
            a.rules[0].sender = String::from("police")
        }),
        case("a rule with a profile that is not there", "Nobody could say what may travel.", &["AGR-11"], |a| {
            a.rules[0].profile = String::from("everything");
        }),
        case(
            "a rule that lists a basis of another act",
            "A duty by law serves no referral.",
            &["AGR-12", "BAS-3"],
            |a| {
                a.rules[0].bases = vec![LegalBasis::LegalDuty.into()];
            },
        ),
        case(
            "a profile that tells her name with her need",
            "The catalogue is the ceiling.",
            &["AGR-13", "DIS-3"],
            |a| {
                a.profiles[0].identity.retain(|label| label != "name");
                a.profiles[0].need.push(String::from("name"));
                a.profiles[0].need.sort_unstable();
            },
        ),
        case("a rule that collapses to a shelter", "Only to those who must act at once.", &["AGR-13", "BAS-4"], |a| {
            a.rules[0].collapsed = true
        }),
        case("an article with the number 0", "Nothing could cite it.", &["AGR-14"], |a| {
            a.articles = vec![wire::Article { number: 0, citation: String::from("A law"), unverified: true }];
        }),
        case("an article of no words", "A citation has 1 to 200 characters.", &["AGR-14"], |a| {
            a.articles = vec![wire::Article { number: 1, citation: String::new(), unverified: true }];
        }),
        case("a timer of no time", "A span is a second at least.", &["AGR-15"], |a| a.timers[0].seconds = 0),
        case("one step with two timers", "Which of them counts, readers would disagree.", &["AGR-15"], |a| {
            a.timers.insert(1, wire::Timer { seconds: 60, ..a.timers[0].clone() });
        }),
        case("a timer whose source is two lines", "A source is one line.", &["AGR-62"], |a| {
            a.timers[0].source = String::from("A report\nand another");
        }),
        case(
            "a step of the ladder for a timer that nobody else can meet",
            "Who must purge is nobody else.",
            &["AGR-50"],
            |a| {
                a.escalation = vec![step(3600, wire::TimerKind::Purge)];
            },
        ),
        case(
            "two steps of one ladder at one time",
            "Which of them is asked first, readers would disagree.",
            &["AGR-51"],
            |a| {
                a.escalation = vec![step(3600, wire::TimerKind::Answer), step(3600, wire::TimerKind::Answer)];
            },
        ),
        case("an amendment by half of the parties", "Two halves could amend it differently.", &["AGR-16"], |a| {
            a.amendment = Some(wire::Amendment { threshold: 1 });
        }),
        case("an amendment by more than there are", "Nobody could ever amend it.", &["AGR-16"], |a| {
            a.amendment = Some(wire::Amendment { threshold: 3 });
        }),
        case("a decision that nobody may make", "It has at least one kind of body.", &["AGR-17"], |a| {
            let placement = wire::DecisionType::Placement.into();
            a.decisions = vec![wire::DecisionRule { r#type: placement, ..wire::DecisionRule::default() }];
        }),
        case("evidence that is kept shorter than values", "Nobody could say what was erased.", &["AGR-18"], |a| {
            a.retention = Some(wire::Retention { values: 86_400, evidence: 60, ..wire::Retention::default() });
        }),
        case("independent witnesses, and none is demanded", "There is nobody to be independent.", &["AGR-19"], |a| {
            a.witnesses = Some(wire::WitnessRule { number: 0, independent: true });
        }),
        case("an agreement that suspends all but one", "At least two are not suspended.", &["AGR-30"], |a| {
            (a.version, a.previous) = (2, vec![7; 32]);
            a.parties[1].suspended = true;
        }),
    ]
}

fn step(after: u64, timer: wire::TimerKind) -> wire::EscalationStep {
    let service_type = wire::ServiceType::SocialWork.into();
    wire::EscalationStep { service_type, after, timers: vec![timer.into()], ..wire::EscalationStep::default() }
}

/// The same world by an agreement that began or ended so many minutes after midnight.
fn lasting(from: u64, until: u64) -> World {
    let minute = |count: u64| format!("2026-11-22T00:{count:02}:00Z");
    let source = TWO_PARTY.replace("2026-01-01T00:00:00Z", &minute(from));
    World::pair_by(&source.replace("2028-01-01T00:00:00Z", &minute(until)))
}

fn disclosed(world: &World, heard: u64, claimed: u64) -> Story<'_> {
    let mut story = world.enquiry();
    story.clock = heard - 1;
    story.say(&world.jasen, Statement::Acknowledged);
    story.clock = claimed - 1;
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    story
}

/// [BUN-57] [BUN-58] [AGR-20]
fn validity(world: &World) -> Vec<Entry> {
    let (ended, begins) = (lasting(0, 10), lasting(1, 50));
    let case = |name, reason, world: &World, bundle| {
        Entry::new(name, reason, world, bundle).of("a trail near the end, or the beginning, of its agreement")
    };
    let mut late = ended.enquiry();
    late.clock += 60;
    let after = tell(&mut late, &ended.hotline, Statement::Need, consented(1), &need(&[]));
    let mut heard = begins.asked();
    let opening = Statement::Delivered(heard.trail.id().opening());
    heard.force(&begins.jasen, opening, |event| event.time = begins.at(0));
    heard.say(&begins.jasen, Statement::Held { until: begins.at(3600) });
    let timed = |name, reason, change: &dyn Fn(&mut Event)| {
        let mut story = world.enquiry();
        story.force(&world.jasen, Statement::Acknowledged, change);
        Entry::new(name, reason, world, exported(&story)).fails(14, "BUN-58", "").breaks(&["EVT-10", "AGR-5"])
    };
    let second = |event: &Event| uput_core::time::Seconds::new(event.time.get() + 1);
    vec![
        case(
            "a disclosure after the agreement ended",
            "Answers go on then, disclosures do not.",
            &ended,
            opened(&late, after),
        )
        .fails(14, "BUN-57", "")
        .breaks(&["AGR-20"]),
        case("an opening before the agreement began", "Nothing was agreed yet.", &begins, {
            exported(&opened_as(&begins, |event| event.time = begins.at(0)))
        })
        .fails(14, "BUN-57", "")
        .breaks(&["AGR-20"]),
        case(
            "a disclosure dated back to when the agreement lasted",
            "It has seen what was said after the end.",
            &ended,
            { exported(&disclosed(&ended, 12, 9)) },
        )
        .doubts("BUN-57"),
        case(
            "an opening dated on to when the agreement lasts",
            "The receiver had it before that.",
            &begins,
            exported(&heard),
        )
        .doubts("BUN-57"),
        timed("a claimed time finer than the agreement allows", "A second past the minute.", &|event| {
            event.time = second(event).unwrap();
        }),
        timed("a time of what occurred finer than the agreement allows", "A second past the minute.", &|event| {
            event.occurred = second(event);
        }),
    ]
}
