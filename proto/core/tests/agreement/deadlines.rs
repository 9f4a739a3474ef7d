//! Every deadline of every mechanism that is shipped, run to its end: it starts, it ends when the agreement says, is met.

use std::collections::BTreeMap;

use uput_core::{
    act,
    agreement::{Agreement, Code, EscalationStep, Occasion, Request, Rule, Timer, name_of},
    codec, escalation,
    event::{Opening, Statement, Terms},
    id::{EventId, Id, OrgId},
    key::SigningKey,
    status::{self, What},
    step::{self, Author, Draft},
    time::Seconds,
    timer::Steps,
    trail::Trail,
    wire::{self, LegalBasis, TimerKind},
};

use crate::{
    mechanisms::{compiled_of, mechanisms},
    random::read,
    scene::{now, opening},
};

/// What the field says in figures: the row, the act, the step, how long. [AGR-65]
const FIGURES: [(&str, &str, &str, &str); 10] = [
    ("01-prizren", "referral", "stay", "183 d"),
    ("03-mobile-intervention-team", "visit", "contact", "31 d"),
    ("08-mobile-team-begging", "visit", "contact", "24 d"),
    ("13-crisis-centre", "referral", "contact", "1 d"),
    ("13-crisis-centre", "referral", "stay", "7 d"),
    ("13-crisis-centre", "notification", "decision", "7 d"),
    ("15-national-mechanism", "notification", "acknowledge", "1 d"),
    ("15-national-mechanism", "notification", "decision", "3 d"),
    ("18-integration-house", "visit", "contact", "7 d"),
    ("18-integration-house", "referral", "answer", "1 d"),
];

#[test]
fn every_figure_of_the_field_stands_in_its_agreement() {
    let held: BTreeMap<String, Agreement> =
        mechanisms().into_iter().map(|(name, text)| (name, compiled_of(&text, "").agreement)).collect();
    for (name, act, step, within) in FIGURES {
        let timers = held[name].timers();
        let stands = |timer: &&Timer| name_of(timer.act) == act && name_of(timer.kind) == step;
        let timer = timers.iter().find(stands).unwrap_or_else(|| panic!("{name}: no {step} of {act}"));
        assert_eq!(timer.span.to_string(), within, "{name}: {step} of {act}");
        assert!(!timer.origin.source.starts_with("proposed"), "{name}: {}", timer.origin.source);
    }
}

/// [AGR-65] [EVT-21]
#[test]
fn every_deadline_of_every_mechanism_is_missed_and_met() {
    let (mut steps, mut run) = (BTreeMap::<String, u32>::new(), 0);
    for (name, text) in mechanisms() {
        let compiled = compiled_of(&text, "");
        for timer in compiled.agreement.timers() {
            let mut document: wire::Agreement = codec::decode(&compiled.body).unwrap();
            document.escalation = ladder(timer);
            let held = read(&document).unwrap();
            let rules = held.rules().filter(|rule| rule.act == timer.act);
            let runs =
                rules.filter(|rule| Played::of(&held, rule, timer.kind).is_some_and(|played| played.runs(timer)));
            assert!(runs.count() > 0, "{name}: {} of {} never runs", name_of(timer.kind), name_of(timer.act));
            *steps.entry(name_of(timer.kind)).or_default() += 1;
            run += 1;
        }
    }
    println!("{run} deadlines: {steps:?}");
    assert!(run >= 80 && steps.len() == 7, "{run}");
}

/// A ladder for that timer alone, a second after it.
fn ladder(timer: &Timer) -> Vec<wire::EscalationStep> {
    let (acts, timers) = (vec![timer.act.into()], vec![timer.kind.into()]);
    let step = wire::EscalationStep {
        service_type: wire::ServiceType::Oversight.into(),
        after: 1,
        acts,
        timers,
        ..Default::default()
    };
    if EscalationStep::MISSED.contains(&timer.kind) { vec![step] } else { Vec::new() }
}

/// A trail up to where a timer starts.
struct Played<'a> {
    held: &'a Agreement,
    parties: [OrgId; 2],
    keys: [SigningKey; 2],
    trail: Trail,
    clock: u64,
}

const OPENER: usize = 0;
const PEER: usize = 1;

impl<'a> Played<'a> {
    /// Nothing, if no two parties can use the rule, or it does not go as far as the timer.
    fn of(held: &'a Agreement, rule: &Rule, kind: TimerKind) -> Option<Self> {
        let from = held.parties().find(|party| party.roles.contains(&rule.sender))?.organisation;
        let to = held.parties().find(|party| party.services.contains(&rule.receiver) && party.organisation != from)?;
        let (parties, keys) = ([from, to.organisation], [7, 8].map(|seed| SigningKey::from_seed(&[seed; 32])));
        let (opened, stage) = first(held, rule, &parties, &keys[OPENER])?;
        let trail = Trail::open(opened, stage).unwrap();
        let mut played = Self { held, parties, keys, trail, clock: now().get() };
        if kind != TimerKind::Deliver {
            played.say(PEER, Statement::Delivered(played.trail.id().opening()))?;
        }
        match kind {
            // [EVT-21] A visit is waited for before anybody is named.
            TimerKind::Contact if stage < 2 && rule.act != wire::Act::Visit => played.identity()?,
            TimerKind::Stay => {
                played.say(PEER, Statement::Accepted)?;
                played.say(PEER, Statement::Started)?;
            }
            TimerKind::Purge => {
                played.identity()?;
                played.say(OPENER, Statement::Withdrawn)?;
            }
            _ => {}
        }
        Some(played)
    }

    fn identity(&mut self) -> Option<()> {
        self.say(PEER, Statement::Accepted)?;
        let identity = self.say(OPENER, Statement::Identity)?;
        self.say(PEER, Statement::Delivered(identity)).map(|_| ())
    }

    /// A minute later; nothing, if the state of the trail does not allow it.
    fn say(&mut self, side: usize, statement: Statement) -> Option<EventId> {
        let (time, author) = (Seconds::new(self.clock + 60)?, author(self.parties[side], &self.keys[side]));
        let draft = Draft { statement, terms: None, slots: Vec::new(), time, occurred: None };
        let event = step::append(&self.trail, &author, draft).ok()?;
        let id = event.id;
        self.trail.admit(event).unwrap();
        self.clock += 60;
        Some(id)
    }

    /// It ends when the agreement says, as whoever shows it reckons; and what meets it meets it.
    fn runs(mut self, timer: &Timer) -> bool {
        let ends = Seconds::new(self.clock + timer.span.0).unwrap();
        if self.ends(timer) != Some(ends) {
            return false;
        }
        let opened = self.trail.id().opening();
        let until = Seconds::new(self.clock + 3600).unwrap();
        let decision = Statement::Decision(uput_core::event::Decision {
            kind: wire::DecisionType::Placement,
            outcome: wire::DecisionOutcome::Granted,
            expiry: None,
            evidence: None,
        });
        let meets = [
            Statement::Delivered(opened),
            Statement::Acknowledged,
            Statement::Accepted,
            Statement::Held { until },
            Statement::ContactMade,
            decision,
            Statement::Closed(wire::ClosureReason::Done),
            Statement::Purged(wire::PurgeManner::Destroyed),
        ];
        // What does not meet it lets it run on.
        meets.into_iter().any(|statement| {
            assert_eq!(self.ends(timer), Some(ends), "{} of {}", name_of(timer.kind), name_of(timer.act));
            self.say(PEER, statement).is_some() && self.ends(timer).is_none()
        })
    }

    /// When it ends, if it runs and is not met.
    fn ends(&self, timer: &Timer) -> Option<Seconds> {
        let reading = self.trail.reading().unwrap();
        match timer.kind {
            TimerKind::Stay => {
                let endings = status::endings(&self.trail, &reading, self.held);
                endings.into_iter().find(|ending| ending.what == What::Stay).map(|ending| ending.until)
            }
            TimerKind::Purge => {
                let steps = Steps::new(&self.trail, &reading).of(timer.kind);
                let unmet = steps.into_iter().find(|step| step.to.is_none());
                unmet.map(|step| step.from.time.after(timer.span))
            }
            _ => {
                let next = escalation::next(&self.trail, &reading, self.held, |_| None)?;
                assert_eq!(next.missed, timer.kind);
                Seconds::new(next.due.get() - 1)
            }
        }
    }
}

/// The opening that goes furthest by that rule.
fn first(
    held: &Agreement,
    rule: &Rule,
    parties: &[OrgId; 2],
    key: &SigningKey,
) -> Option<(uput_core::envelope::Verified<uput_core::event::Event>, u32)> {
    let about = (act::row(rule.act).unwrap().about == act::About::Must).then(|| Id::of(b"an earlier trail").into());
    let asked = || Opening { peer: parties[PEER], about, ..opening("anybody", rule.act, rule.receiver) };
    let articles = || std::iter::once(0).chain(held.articles().map(|article| article.number));
    let ways = (0..=2).rev().flat_map(|stage| LegalBasis::every().map(move |basis| (stage, basis)));
    let mut ways = ways.flat_map(|(stage, basis)| articles().map(move |article| (stage, basis, article)));
    ways.find_map(|(stage, basis, article)| {
        let (asked, terms) = (asked(), Terms { stage, rule: rule.number, basis, article });
        let opener = &parties[OPENER];
        let request = Request { opener, opening: &asked, terms, occasion: Occasion::Opening, kind: None, time: now() };
        held.permit(&request).ok()?;
        let statement = Statement::Acknowledged;
        let draft = Draft { statement, terms: Some(terms), slots: Vec::new(), time: now(), occurred: None };
        let opened = step::open(&author(parties[OPENER], key), asked, draft).ok()?;
        let reached = held.effective_stage(&opened);
        Some((opened, reached))
    })
}

fn author(organisation: OrgId, key: &SigningKey) -> Author<'_> {
    Author { organisation, key_record: Id::of(b"key record").into(), signing: key, incarnation: 0 }
}
