//! What the parties did: void events, duties, decisions, and the acts that a trail can be.

use uput_core::{
    catalogue::{Field, Label},
    envelope::Envelope,
    event::{Decision, Event, Opening, Statement, Terms},
    sensitive::Sensitive,
    state::Side,
    wire::{
        Act, Channel, ClosureReason, DecisionOutcome, DecisionType, DeclineReason, LegalBasis, PhoneAnswer,
        PurgeManner, ServiceType, TaskStatus,
    },
};

use crate::{
    entry::Entry,
    forge::{changed, exported, falsified, opened_as, sealed},
    sample::{Organisation, Story, TWO_PARTY, World, bed, needed, placement},
    slots::{Fields, consented, identity, need, opened, tell},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    let takes = joint().into_iter().chain(annulled()).collect();
    [void(&world), acts(), takes, duties(&world), decisions(), calls(&world)].into_iter().flatten().collect()
}

const ACCEPTED: &str = "an enquiry, her need, and a yes";

fn said<'w>(world: &'w World, all: &[(bool, Statement)]) -> Story<'w> {
    let mut story = world.enquiry();
    for (own, statement) in all {
        story.force(if *own { &world.hotline } else { &world.jasen }, statement.clone(), |_| {});
    }
    story
}

fn accepted(world: &World) -> Story<'_> {
    let mut story = world.enquiry();
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    story.delivered_and(Statement::Accepted);
    story
}

/// [BUN-53] [STA-3] [STA-5] [STA-7]
fn void(world: &World) -> Vec<Entry> {
    let case = |name, reason, story: &Story<'_>| {
        Entry::new(name, reason, world, exported(story)).fails(14, "BUN-53", "").breaks(&["STA-3", "STA-4", "STA-5"])
    };
    let closed = (true, Statement::Closed(ClosureReason::Done));
    let no = (false, Statement::Declined(DeclineReason::NoPlace));
    let hold = Statement::Held { until: world.at(600) };
    let early = {
        let mut story = world.enquiry();
        let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), &identity(&[]));
        opened(&story, disclosure)
    };
    let refused = {
        let mut story = said(world, std::slice::from_ref(&no));
        let disclosure = tell(&mut story, &world.hotline, Statement::Need, consented(1), &need(&[]));
        opened(&story, disclosure)
    };
    let void = |name, reason, bundle| {
        Entry::new(name, reason, world, bundle)
            .fails(14, "BUN-53", "")
            .also("BUN-54", "A void disclosure is a disclosure without right, which is a finding of its own.")
            .breaks(&["STA-3", "STA-4", "STA-7", "STA-8"])
    };
    vec![
        void("identity before the yes", "Nobody learns who she is before they have said that they can help.", early),
        void("a need after a no", "Nothing more is to be told there.", refused)
            .breaks(&["STA-3", "STA-4", "STA-7", "STA-8", "STA-14"]),
        case(
            "the sender accepts in the receiver's place",
            "That is the receiver's to say.",
            &said(world, &[(true, Statement::Accepted)]),
        ),
        case(
            "the receiver closes what was closed",
            "There is nothing left to close.",
            &said(world, &[closed.clone(), (false, closed.1.clone())]),
        ),
        case("an answer after the end", "Nothing is asked any more.", &said(world, &[closed.clone(), (false, hold)]))
            .breaks(&["STA-3", "STA-4", "STA-5", "STA-13"]),
        case(
            "a yes to a mere enquiry",
            "There is no need to say yes to.",
            &said(world, &[(false, Statement::Accepted)]),
        )
        .breaks(&["STA-3", "STA-4", "STA-5", "STA-71"]),
        case(
            "a purge of nothing",
            "Nothing is outstanding.",
            &said(world, &[(false, Statement::Purged(PurgeManner::Destroyed))]),
        )
        .breaks(&["STA-3", "STA-4", "STA-5", "STA-16", "STA-17"]),
        case(
            "a second purge is asked for",
            "It was asked for already.",
            &said(world, &[(true, Statement::PurgeAsked), (true, Statement::PurgeAsked)]),
        ),
        void("who she is after a yes to an earlier need", "The yes does not cover what is needed now.", {
            let mut story = accepted(world);
            story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
            let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), &identity(&[]));
            opened(&story, disclosure)
        })
        .of(ACCEPTED)
        .breaks(&["STA-3", "STA-4", "STA-7", "STA-8", "STA-15"]),
        void("a reopening of what was never ended", "It goes on anyway.", {
            exported(&said(world, &[(true, Statement::Reopened)]))
        }),
        case(
            "a transfer offered in a referral",
            "Responsibility stays with the sender.",
            &said(world, &[(true, Statement::TransferOffered)]),
        )
        .breaks(&["STA-3", "STA-5", "STA-40"]),
    ]
}

/// The agreement of two with more acts.
fn many() -> World {
    let rule = |number: u32, act: &str, bases: &str| {
        format!(
            "[[rule]]\nnumber = {number}\nact = \"{act}\"\nsender = \"asking\"\nreceiver = \"shelter\"\nprofile = \"bed\"\nbases = [{bases}]\n\n"
        )
    };
    let consent = "\"explicit_consent\"";
    let rules = [
        rule(3, "transfer", consent),
        rule(4, "conference", consent),
        rule(5, "consultation", consent),
        rule(6, "breach_notice", ""),
        rule(7, "risk_update", consent),
    ];
    World::pair_by(&saying().replacen("[[timer]]", &(rules.concat() + "[[timer]]"), 1))
}

/// The agreement of two with the labels by which these acts say what they are for. [AGR-69]
fn saying() -> String {
    let enquiry = "enquiry = [\"agenda\", \"breach_found_on\", \"breach_kind\", \"breach_labels\", \"meeting_when\", \
                   \"visit_purpose\", \"places\"";
    let need = "need = [\"attended\", \"decisions_taken\", \"plan_tasks\", \"risk_change\",\n    \"age_band\"";
    TWO_PARTY.replacen("enquiry = [\"places\"", enquiry, 1).replacen("need = [\n    \"age_band\"", need, 1)
}

/// What an act says in its opening. [STA-73]
fn content(act: Act) -> Vec<Field> {
    let of = |label, value: &str| Field::new(label, Sensitive::new(value.to_owned())).unwrap();
    let said = match act {
        Act::Conference => {
            vec![of(Label::MeetingWhen, "2026-12-01T09:00Z/2026-12-01T11:00Z"), of(Label::Agenda, "care_plan")]
        }
        Act::Consultation => vec![of(Label::Agenda, "legal_steps")],
        Act::JointAction => vec![of(Label::VisitPurpose, "accompany")],
        Act::BreachNotice => vec![
            of(Label::BreachKind, "lost"),
            of(Label::BreachLabels, "language"),
            of(Label::BreachFoundOn, "2026-11-22"),
        ],
        _ => Vec::new(),
    };
    [bed(), said].concat()
}

fn opening(world: &World, act: Act, about: bool) -> Opening {
    let about = about.then(|| world.enquiry().trail.id());
    Opening { about, ..world.opening(&world.jasen, act, ServiceType::Shelter, act.as_str_name()) }
}

/// Trails of other acts, right and wrong. [STA-40] [AGR-60]
fn acts() -> Vec<Entry> {
    let world = many();
    let begin = |act, rule, about| {
        let terms = Terms { stage: 0, rule, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
        let mut story =
            Story::begin(&world, &world.hotline, opening(&world, act, about), terms, content(act), "an act");
        story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
        story
    };
    let moved = || {
        let mut story = begin(Act::Transfer, 3, false);
        story.say(&world.jasen, Statement::Held { until: world.at(3600) });
        let told = Terms { rule: 3, ..consented(1) };
        let disclosure = tell(&mut story, &world.hotline, Statement::Need, told, &need(&[]));
        story.delivered_and(Statement::Accepted);
        let offer = story.say(&world.hotline, Statement::TransferOffered);
        (story, disclosure, offer)
    };
    let right = |name, reason, base, bundle| Entry::new(name, reason, &world, bundle).of(base);
    let transfer = "a transfer";
    let mut entries = vec![
        right(
            "a conference that was asked for",
            "One trail for each who is invited.",
            "a conference",
            exported(&begin(Act::Conference, 4, false)),
        ),
        right(
            "a breach notice about a trail",
            "It names whose values were exposed.",
            "a breach notice",
            exported(&begin(Act::BreachNotice, 6, true)),
        ),
        right("the receiver declines a breach notice", "Nobody declines it.", "a breach notice", {
            let mut story = begin(Act::BreachNotice, 6, true);
            story.force(&world.jasen, Statement::Declined(DeclineReason::NoPlace), |_| {});
            exported(&story)
        })
        .fails(14, "BUN-53", "")
        .breaks(&["STA-40", "STA-5"]),
        right("who she is in a consultation", "It goes to stage 1 and no further.", "a consultation", {
            let mut story = begin(Act::Consultation, 5, false);
            story.say(&world.jasen, Statement::Held { until: world.at(3600) });
            let one = tell(&mut story, &world.hotline, Statement::Need, Terms { rule: 5, ..consented(1) }, &need(&[]));
            story.delivered_and(Statement::Accepted);
            let two = tell(
                &mut story,
                &world.hotline,
                Statement::Identity,
                Terms { rule: 5, ..consented(2) },
                &identity(&[]),
            );
            changed(&story, |draft| draft.disclosures.extend([one, two]))
        })
        .fails(14, "BUN-55", "")
        .also("BUN-53", "What its act leaves out is void, too.")
        .also("BUN-54", "A void disclosure is a disclosure without right.")
        .breaks(&["AGR-60", "STA-40"]),
    ];
    entries.extend(contents(&world, &begin));
    entries.extend(tasks(&world, &begin));
    let (mut story, disclosure, offer) = moved();
    story.say(&world.jasen, Statement::TransferTaken(offer));
    story.say(&world.hotline, Statement::TransferCompleted);
    entries.push(right(
        "a transfer that both signed",
        "Responsibility moves once both have.",
        transfer,
        opened(&story, disclosure),
    ));
    let (mut story, disclosure, _) = moved();
    story.force(&world.hotline, Statement::TransferCompleted, |_| {});
    entries.push(
        right(
            "a transfer completed that nobody took",
            "Responsibility does not move by one word.",
            transfer,
            opened(&story, disclosure),
        )
        .fails(14, "BUN-53", "")
        .breaks(&["STA-18", "STA-5"]),
    );
    let (mut story, disclosure, offer) = moved();
    story.say(&world.hotline, Statement::TransferRecalled);
    story.force(&world.jasen, Statement::TransferTaken(offer), |_| {});
    entries.push(
        right(
            "a transfer taken after it was recalled",
            "The offer is not open any more.",
            transfer,
            opened(&story, disclosure),
        )
        .fails(14, "BUN-53", "")
        .breaks(&["STA-18", "STA-5"]),
    );
    let (mut story, disclosure, _) = moved();
    story.force(&world.jasen, Statement::TransferTaken(uput_core::id::Id::of(b"no offer").into()), |_| {});
    entries.push(
        right(
            "a transfer taken whose offer is not here",
            "Which offer was taken?",
            transfer,
            opened(&story, disclosure),
        )
        .fails(11, "BUN-32", "")
        .also("BUN-53", "Without the offer it takes nothing, so it is void besides."),
    );
    entries
}

const TASKS: (&str, &str) = ("plan_tasks", "1 safety_plan shelter 2026-12-10");

/// What an act has to say, said and not said. [AGR-70] [STA-73]
fn contents<'w>(world: &'w World, begin: &dyn Fn(Act, u32, bool) -> Story<'w>) -> Vec<Entry> {
    let later = |act, rule, statement: Statement, all: &Fields| {
        let told = Terms { rule, ..consented(1) };
        let mut story = begin(act, rule, false);
        story.say(&world.jasen, Statement::Accepted);
        let mut disclosures = Vec::new();
        if statement != Statement::Need {
            disclosures.push(tell(&mut story, &world.hotline, Statement::Need, told, &need(&[])));
            story.delivered_and(Statement::Accepted);
        }
        disclosures.push(tell(&mut story, &world.hotline, statement, told, all));
        changed(&story, |draft| draft.disclosures.extend(disclosures))
    };
    let changes = ("risk_change", "released");
    let met = [("attended", "shelter"), ("decisions_taken", "plan_agreed")];
    let right = |name, reason, base, bundle| Entry::new(name, reason, world, bundle).of(base);
    let silent = |name, reason, base, bundle| {
        right(name, reason, base, bundle).fails(14, "BUN-55", "").breaks(&["AGR-70", "STA-73"])
    };
    vec![
        right("a change of risk", "It says what has changed.", "a change of risk", {
            later(Act::RiskUpdate, 7, Statement::Need, &need(&[changes]))
        }),
        silent("a change of risk that says no change", "What has changed?", "a change of risk", {
            later(Act::RiskUpdate, 7, Statement::Need, &need(&[]))
        }),
        right("minutes of a conference", "Who was there, and what was decided.", "a conference", {
            later(Act::Conference, 4, Statement::Minutes, &need(&met))
        }),
        silent("minutes that say nothing of the meeting", "Who was there, and what was decided?", "a conference", {
            later(Act::Conference, 4, Statement::Minutes, &need(&[]))
        }),
        right("a plan of a conference", "Who does what by when.", "a conference", {
            later(Act::Conference, 4, Statement::Plan, &need(&[TASKS]))
        }),
        silent("a plan without a task", "Who does what?", "a conference", {
            later(Act::Conference, 4, Statement::Plan, &need(&[]))
        }),
    ]
}

/// What becomes of a task is said by whose it is. [EVT-34] [EVT-35]
fn tasks<'w>(world: &'w World, begin: &dyn Fn(Act, u32, bool) -> Story<'w>) -> Vec<Entry> {
    let told = Terms { rule: 4, ..consented(1) };
    let plan = (TASKS.0, "1 safety_plan shelter 2026-12-10; 2 monitor herself 2026-12-10");
    let done = |by: &Organisation, number: u32, shown: bool| {
        let mut story = begin(Act::Conference, 4, false);
        story.say(&world.jasen, Statement::Accepted);
        let mut disclosures = vec![tell(&mut story, &world.hotline, Statement::Need, told, &need(&[]))];
        story.delivered_and(Statement::Accepted);
        let disclosure = tell(&mut story, &world.hotline, Statement::Plan, told, &need(&[plan]));
        disclosures.extend(Some(disclosure).filter(|_| shown));
        let named = story.trail.last(Side::Opener).unwrap();
        story.delivered_and(Statement::Acknowledged);
        story.force(by, Statement::Task { plan: named, number, status: TaskStatus::Done }, |_| {});
        changed(&story, |draft| draft.disclosures.extend(disclosures))
    };
    let entry = |name, reason, bundle| Entry::new(name, reason, world, bundle).of("a plan of a conference");
    let (sender, receiver) = (&world.hotline, &world.jasen);
    let foreign = |entry: Entry| entry.fails(14, "BUN-54", "").breaks(&["EVT-34", "EVT-35"]);
    vec![
        entry("a task that its owner calls done", "The shelter was to make a plan.", done(receiver, 1, true)),
        foreign(entry("a task of the shelter that the sender calls done", "It is not theirs.", done(sender, 1, true))),
        entry("a task of hers that who convened calls done", "For her it speaks.", done(sender, 2, true)),
        foreign(entry("a task of hers that the shelter calls done", "It did not convene.", done(receiver, 2, true))),
        entry("a task of a plan that is closed", "Whose it is nobody sees here.", done(sender, 1, false))
            .doubts("BUN-56"),
    ]
}

/// What takes two. [STA-72]
fn joint() -> Vec<Entry> {
    let rule = "[[rule]]\nnumber = 3\nact = \"joint_action\"\nsender = \"asking\"\nreceiver = \"shelter\"\nprofile = \"bed\"\n\
                bases = [\"explicit_consent\"]\n\n[[timer]]";
    let world = World::pair_by(&saying().replacen("[[timer]]", rule, 1));
    let terms = Terms { stage: 0, rule: 3, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
    let mut story = Story::begin(
        &world,
        &world.hotline,
        opening(&world, Act::JointAction, false),
        terms,
        content(Act::JointAction),
        "a joint action",
    );
    story.delivered_and(Statement::Accepted);
    let told = Terms { rule: 3, ..consented(1) };
    let one = tell(&mut story, &world.hotline, Statement::Need, told, &need(&[]));
    story.delivered_and(Statement::Declined(DeclineReason::NoPlace));
    let two = tell(&mut story, &world.hotline, Statement::Plan, told, &need(&[TASKS]));
    let bundle = changed(&story, |draft| draft.disclosures.extend([one, two]));
    vec![
        Entry::new("a plan of a joint action that the other declined", "Two act, or nobody.", &world, bundle)
            .of("a joint action")
            .fails(14, "BUN-53", "")
            .also("BUN-54", "A void disclosure is a disclosure without right.")
            .breaks(&["STA-5", "STA-72"]),
    ]
}

/// Grounds that are none any more. [STA-70] [EVT-31]
fn annulled() -> Vec<Entry> {
    let decides = "[[decision]]\ntype = \"placement\"\nissuers = [\"psychosocial\"]\n\n[retention]";
    let world = World::pair_by(&TWO_PARTY.replacen("[retention]", decides, 1));
    let decided = || {
        let mut story = world.enquiry();
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
        story.say(&world.hotline, Statement::Decision(placement()));
        story
    };
    let entry = |name, reason, mut story: Story<'_>| {
        let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), &identity(&[]));
        Entry::new(name, reason, &world, opened(&story, disclosure)).of("an enquiry, her need, and a decision")
    };
    let mut taken = decided();
    taken.say(&world.hotline, Statement::Decision(Decision { outcome: DecisionOutcome::Refused, ..placement() }));
    let mut ended = decided();
    ended.clock += 8 * 24 * 60;
    vec![
        entry("who she is after the decision was taken away", "What was decided is decided no more.", taken)
            .fails(14, "BUN-53", "")
            .also("BUN-54", "A void disclosure is a disclosure without right, which is a finding of its own.")
            .breaks(&["STA-3", "STA-4", "STA-7", "STA-8", "STA-70"]),
        entry("who she is after the decision has ended", "It was for seven days.", ended)
            .fails(14, "BUN-52", "")
            .breaks(&["EVT-31"]),
    ]
}

/// [BUN-54] [STA-9] [STA-23]
fn duties(world: &World) -> Vec<Entry> {
    let case = |name, reason, bundle: Vec<u8>| {
        Entry::new(name, reason, world, bundle).fails(14, "BUN-54", "").breaks(&["STA-9"])
    };
    let withdrawn = (true, Statement::Withdrawn);
    let no_plan = |number| {
        let mut story = accepted(world);
        let plan = story.trail.last(Side::Opener).unwrap();
        story.force(&world.jasen, Statement::Task { plan, number, status: TaskStatus::Done }, |_| {});
        exported(&story)
    };
    vec![
        case("contact after a withdrawal that was seen", "She said no.", {
            exported(&said(world, &[withdrawn.clone(), (false, Statement::ContactMade)]))
        }),
        case("a service after a withdrawal that was seen", "She said no.", {
            exported(&said(world, &[withdrawn.clone(), (false, Statement::Started)]))
        }),
        case("a withdrawal set aside on no basis", "A fresh basis is named, or it stands.", {
            let mut story = accepted(world);
            story.say(&world.hotline, Statement::Withdrawn);
            story.force(&world.hotline, Statement::Reopened, |_| {});
            exported(&story)
        })
        .of(ACCEPTED)
        .breaks(&["STA-23"]),
        case("who she is handed over on paper before the yes", "Paper gives no right that the network does not.", {
            exported(&said(world, &[(true, Statement::HandedOver { stage: 2, channel: Channel::Paper })]))
        }),
        case("a task of what is no plan", "It reports on nothing.", no_plan(1))
            .of(ACCEPTED)
            .breaks(&["STA-9", "EVT-28"]),
    ]
}

/// [BUN-51] [BUN-52] [EVT-15] [AGR-24]
fn decisions() -> Vec<Entry> {
    const BASE: &str = "a night that kept everything";
    let world = World::invented();
    let night = world.night();
    let pair = World::pair();
    let case = |name, reason, bundle| Entry::new(name, reason, &world, bundle).of(BASE);
    let evidence = |change: &dyn Fn(&Envelope) -> Envelope| {
        changed(&night, |draft| draft.evidence = vec![change(&draft.evidence[0])])
    };
    let decision = night.trail.events().find_map(|event| match event.statement {
        Statement::Decision(decision) => Some(decision),
        _ => None,
    });
    let decision = decision.unwrap();
    let citing = |decision: Decision, evidence: Option<Envelope>| {
        let mut story = world.enquiry();
        story.say(&world.hotline, Statement::Decision(decision));
        story.evidence = evidence;
        exported(&story)
    };
    let by_shelter = {
        let mut source = world.another();
        let made = source.say(&world.jasen, Statement::Decision(placement()));
        let own = source.trail.event(&made).map(|event| event.envelope().clone());
        citing(Decision { evidence: Some(made), ..placement() }, own)
    };
    let claimed = {
        let mut story = pair.enquiry();
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
        story.say(&pair.hotline, Statement::Decision(placement()));
        let disclosure = tell(&mut story, &pair.hotline, Statement::Identity, consented(2), &identity(&[]));
        opened(&story, disclosure)
    };
    let cites = "an enquiry in which a decision is cited";
    vec![
        case(
            "a decision that is cited is not here",
            "Its issuer's word is missing.",
            changed(&night, |draft| draft.evidence.clear()),
        )
        .fails(11, "BUN-51", "")
        .breaks(&["EVT-15"]),
        case("a cited decision with one bit of its signature turned", "It does not verify.", evidence(&falsified))
            .fails(10, "BUN-51", "BAD_SIGNATURE")
            .breaks(&["EVT-15", "ENV-10"]),
        case("a cited decision that the citing party signed", "The hotline decides in the centre's name.", {
            evidence(&|own| sealed(own.media_type(), own.body().to_vec(), &[world.hotline.signing()]))
        })
        .fails(10, "BUN-51", "WRONG_SIGNERS")
        .breaks(&["EVT-15", "ENV-10"]),
        case("cited as another decision", "The centre decided a placement, and a court's order is cited.", {
            citing(Decision { kind: DecisionType::Court, ..decision }, night.evidence.clone())
        })
        .of(cites)
        .fails(14, "BUN-52", "")
        .breaks(&["EVT-15", "AGR-24"]),
        case("cited with a longer end than it has", "The decision ends on another day.", {
            citing(Decision { expiry: Some(world.at(900_000)), ..decision }, night.evidence.clone())
        })
        .of(cites)
        .fails(14, "BUN-52", "")
        .breaks(&["EVT-15"]),
        case(
            "a decision that a hotline makes",
            "The agreement lets a centre make it.",
            citing(Decision { evidence: None, ..decision }, None),
        )
        .of(cites)
        .fails(14, "BUN-52", "")
        .breaks(&["AGR-24"]),
        case("a cited decision of a shelter", "Its issuer may not make it, whoever cites it.", by_shelter)
            .of(cites)
            .fails(14, "BUN-52", "")
            .breaks(&["AGR-24"]),
        Entry::new(
            "identity on a decision of the sender's own making",
            "It would only have to say that something was decided.",
            &pair,
            claimed,
        )
        .of("an enquiry, her need, and a decision")
        .fails(14, "BUN-52", "")
        .breaks(&["AGR-24", "EVT-14"]),
        Entry::new(
            "an opening that claims identity at once",
            "To a shelter, under a consent: who she is waits.",
            &pair,
            { exported(&opened_as(&pair, |event: &mut Event| event.terms = Some(consented(2)))) },
        )
        .of("a bed is asked for")
        .fails(14, "BUN-55", "")
        .breaks(&["BAS-4", "AGR-23", "EVT-13", "STA-25"]),
        Entry::new("an opening to who does not give the service", "The agreement has no such rule.", &pair, {
            exported(&opened_as(&pair, |event: &mut Event| {
                let Statement::Opening(opening) = &mut event.statement else { panic!("no opening") };
                opening.service_type = ServiceType::LegalAid;
            }))
        })
        .of("a bed is asked for")
        .fails(14, "BUN-55", "")
        .breaks(&["AGR-21", "EVT-13"]),
    ]
}

/// What was said by telephone, and what became of it: authentic, whoever was right. [BUN-83]
fn calls(world: &World) -> Vec<Entry> {
    let case = |name, reason, calls: &[PhoneAnswer], answer: Option<Statement>| {
        let mut story = world.asked();
        for said in calls {
            story.say(&world.hotline, Statement::Phoned(*said));
        }
        story.delivered_and(Statement::Acknowledged);
        answer.into_iter().for_each(|answer| {
            story.say(&world.jasen, answer);
        });
        Entry::new(name, reason, world, exported(&story)).of("a telephone answer")
    };
    let held = || Some(Statement::Held { until: world.at(3600) });
    vec![
        case(
            "a yes by telephone that nobody confirmed",
            "It is the sender's word, and says so.",
            &[PhoneAnswer::Yes],
            None,
        ),
        case("a yes by telephone that was confirmed", "The receiver signed the same.", &[PhoneAnswer::Yes], held()),
        case("a no by telephone that was contradicted", "Both words are shown.", &[PhoneAnswer::No], held()),
    ]
}
