//! What somebody tries in a trail: kinds, terms and values that mostly fit, and at times do not.

use uput_core::{
    act::ACTS,
    agreement::{Code, name_of},
    catalogue::{Field, Label},
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Decision, Event, Statement, Terms},
    id::{EventId, Id, OrgId},
    key::SigningKey,
    sensitive::Sensitive,
    slot::{Disclosed, open},
    state::{Kind, Side},
    time::Seconds,
    wire::{self, LegalBasis},
};

use crate::{
    formula,
    random::Die,
    ruling::{Labels, When, carried, row},
};

const NOW: u64 = 1_795_305_600;
pub(crate) const NONCE: [u8; 32] = [9; 32];

/// One event that somebody tries.
pub(crate) struct Attempt {
    pub(crate) side: Side,
    pub(crate) kind: Kind,
    pub(crate) names: Option<EventId>,
    pub(crate) terms: Option<Terms>,
    pub(crate) values: Vec<(String, String)>,
    pub(crate) time: u64,
}

impl Attempt {
    /// The commitments, with all of them open and with labels alone; none without slots.
    pub(crate) fn slots(&self, author: OrgId) -> Option<(Vec<u8>, [Disclosed; 2])> {
        self.terms?;
        let mut fields = self.values.clone();
        let count = [8, 16, 32, 64].into_iter().find(|count| *count >= fields.len()).unwrap();
        fields.resize(count, (String::new(), String::new()));
        let event = formula::Event { label_secret: [1; 32], value_secret: [2; 32], nonce: NONCE, author, fields };
        let labels: Vec<(u16, bool)> = (0..u16::try_from(count).unwrap()).map(|index| (index, false)).collect();
        let slots = event.slots();
        let opened = [event.whole(), event.some(&labels)].map(|form| open(&form, &slots, &NONCE, &author).unwrap());
        Some((slots, opened))
    }
}

#[allow(clippy::too_many_arguments, reason = "an event has as many parts")]
pub(crate) fn signed(
    author: OrgId,
    statement: Statement,
    attempt: &Attempt,
    slots: Vec<u8>,
    prev: Option<EventId>,
    seen: Option<EventId>,
    seq: u64,
    trail: EventId,
) -> Verified<Event> {
    let event = Event {
        id: trail,
        trail: trail.opened_trail(),
        author,
        key: Id::of(b"key record").into(),
        incarnation: 0,
        seq,
        prev,
        seen,
        time: Seconds::new(attempt.time).unwrap(),
        occurred: None,
        slots,
        terms: attempt.terms,
        statement,
    };
    let key = SigningKey::from_seed(&[7; 32]);
    let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[&key]).unwrap();
    let id = envelope.id();
    verify_one(envelope, MediaType::EVENT, key.public(), |body| Event::parse(id, body)).unwrap()
}

/// Mostly two parties whom the rule is for.
pub(crate) fn parties(die: &mut Die, document: &wire::Agreement, rule: &wire::Rule) -> [OrgId; 2] {
    let fitting = fitting(document, rule);
    let all = pairs(document);
    let strangers = die.one_in(12);
    let pair = *die.pick(if strangers { &all } else { &fitting });
    pair.map(|party| OrgId::parse(&party.organisation).unwrap())
}

fn pairs(document: &wire::Agreement) -> Vec<[&wire::Party; 2]> {
    let all = document.parties.iter().flat_map(|one| document.parties.iter().map(move |other| [one, other]));
    all.filter(|[one, other]| one.organisation != other.organisation).collect()
}

pub(crate) fn fitting<'a>(document: &'a wire::Agreement, rule: &wire::Rule) -> Vec<[&'a wire::Party; 2]> {
    let fits = |[one, other]: &[&wire::Party; 2]| {
        one.roles.contains(&rule.sender)
            && other.services.contains(&rule.receiver)
            && !one.suspended
            && !other.suspended
    };
    pairs(document).into_iter().filter(fits).collect()
}

pub(crate) fn when(die: &mut Die) -> u64 {
    match die.throw(12) {
        0 => *die.pick(&[1_700_000_040, 1_899_999_960, 1_900_000_020, 1_699_999_980]),
        minutes => NOW + 60 * (minutes as u64 % 3),
    }
}

/// Terms, and values that mostly fit them.
pub(crate) fn disclosure(
    die: &mut Die,
    document: &wire::Agreement,
    number: u32,
    stage: u32,
    when: When,
) -> (Terms, Vec<(String, String)>) {
    let rule = document.rules.iter().find(|rule| rule.number == number);
    let every: Vec<LegalBasis> = LegalBasis::every().collect();
    let listed: Vec<LegalBasis> =
        rule.into_iter().flat_map(|rule| &rule.bases).map(|basis| LegalBasis::try_from(*basis).unwrap()).collect();
    let basis = match stage {
        _ if die.one_in(8) || (stage > 0 && listed.is_empty()) => *die.pick(&every),
        0 => LegalBasis::NoneNeededNonpersonal,
        _ => *die.pick(&listed),
    };
    let cites = basis == LegalBasis::LegalDuty || die.one_in(6);
    let article = if cites != die.one_in(10) { u32::try_from(1 + die.throw(3)).unwrap() } else { 0 };
    let profile = rule.and_then(|rule| document.profiles.iter().find(|profile| profile.name == rule.profile));
    let values = values(die, profile, &name_of(basis), stage, when);
    (Terms { stage, rule: number, basis, article }, values)
}

/// Whether some act has to say it. [STA-73]
fn has_to_be_said(label: &str) -> bool {
    ACTS.iter().flat_map(|row| row.must).any(|due| due.label.name() == label)
}

fn values(
    die: &mut Die,
    profile: Option<&wire::Profile>,
    basis: &str,
    stage: u32,
    when: When,
) -> Vec<(String, String)> {
    let mut labels = Labels::new();
    if let Some(profile) = profile {
        let lists = [&profile.enquiry, &profile.need, &profile.identity];
        let reach = if die.one_in(6) { 3 } else { usize::try_from(stage).unwrap() + 1 };
        let lists = if when == When::Reply { vec![&profile.reply] } else { lists.into_iter().take(reach).collect() };
        // What an act has to say is mostly there.
        let content = !die.one_in(3);
        let said = |label: &str| content && has_to_be_said(label);
        labels.extend(lists.into_iter().flatten().filter(|label| said(label) || die.one_in(5)).cloned());
    }
    let (must, may) = carried(basis);
    let whole = !die.one_in(5);
    labels.extend(must.into_iter().filter(|_| (when != When::Reply && whole) || die.one_in(2)).map(str::to_owned));
    if die.one_in(4) {
        let mandate = !die.one_in(4);
        labels.extend(may.into_iter().filter(|_| mandate || die.one_in(2)).map(str::to_owned));
    }
    let more = ["actor", "actor_role", "supervisor", "age_band", "perpetrator_relationship", "consent_until"];
    labels.extend(more.into_iter().filter(|_| die.one_in(12)).map(str::to_owned));
    if die.one_in(6) {
        labels.insert(die.pick(Label::ALL).name().to_owned());
    }
    // Its values are what other tests make: see `onward`.
    labels.remove("provenance");
    let hers: Vec<String> = profile
        .map(|profile| &profile.ticked)
        .into_iter()
        .flatten()
        .filter(|label| labels.contains(*label))
        .cloned()
        .collect();
    if !hers.is_empty() && basis.ends_with("_consent") && !die.one_in(8) {
        labels.insert("consent_ticked".into());
    }
    let labels: Vec<String> = labels.into_iter().collect();
    labels
        .into_iter()
        .map(|label| {
            let value = if label == "consent_ticked" && !hers.is_empty() && !die.one_in(8) {
                hers.join(" ")
            } else {
                value(die, &label)
            };
            (label, value)
        })
        .collect()
}

/// A value of the type that the catalogue names.
fn value(die: &mut Die, label: &str) -> String {
    let (kind, rest) = row(label)[2].split_once(' ').unwrap_or((row(label)[2], ""));
    let codes: Vec<&str> = rest.split('|').collect();
    let minutes =
        ["2026-11-21T23:59Z", "2026-11-22T00:01Z", "2026-11-22T12:00Z", "2026-11-23T00:00Z", "2026-11-23T00:03Z"];
    let fixed = match kind {
        "code" => die.pick(&codes),
        "codes" => {
            let some: Vec<&str> = codes.iter().filter(|_| !die.one_in(3)).copied().collect();
            return if some.is_empty() { codes[0].to_owned() } else { some.join(" ") };
        }
        "integer" => "1",
        "date" => die.pick(&["2026-12-31", "2026-12-31", "2026-12-31", "2026-11-22", "2026-11-21", "2027-02-28"]),
        "last_day" => die.pick(&[
            "2026-12-31",
            "2026-12-31+01:00",
            "2026-12-31+14:00",
            "2027-02-28-12:00",
            "2026-11-22",
            "2026-11-22+01:00",
            "2026-11-21",
            "2026-11-21-03:30",
        ]),
        "date_time" => die.pick(&[minutes[0], minutes[1], minutes[2], minutes[2], minutes[2], minutes[3], minutes[4]]),
        "window" => "2026-12-31T22:15Z/2027-01-01T06:00Z",
        "hours" => "09:00/12:30",
        "telephone" => "+38200000000",
        "language" => "sr-Latn-ME",
        "municipality" | "municipalities" => "ME-16",
        "region" => "ME",
        "pseudonym" => die.pick(&["a1", "b2"]),
        "reference" => "17/26",
        "digest" => "0000000000000000000000000000000000000000000000000000000000000000",
        "labels" => "name",
        "tasks" => "1 safety_plan social_work 2026-12-31",
        _ => "Invented",
    };
    fixed.to_owned()
}

pub(crate) fn field(label: &str, value: &str) -> Field {
    let label = Label::parse(label).unwrap();
    Field::new(label, Sensitive::new(value.to_owned())).unwrap_or_else(|_| panic!("{label} does not take {value}"))
}

pub(crate) fn basis_word(basis: LegalBasis) -> &'static str {
    let words = [
        "explicit_consent",
        "guardian_consent",
        "child_best_interests",
        "legal_duty",
        "vital_interests",
        "public_task_decision",
        "none_needed_nonpersonal",
    ];
    words[usize::try_from(i32::from(basis)).unwrap() - 1]
}

fn any<C: Code>() -> C {
    C::every().next().unwrap()
}

/// What a kind is on the wire; its codes decide nothing but those that split a kind.
pub(crate) fn statement(attempt: &Attempt) -> Statement {
    let names = || attempt.names.unwrap();
    let decided = |outcome| Statement::Decision(Decision { kind: any(), outcome, expiry: None, evidence: None });
    match attempt.kind {
        Kind::Need => Statement::Need,
        Kind::Identity => Statement::Identity,
        Kind::Corrected => Statement::Corrected,
        Kind::Warned => Statement::Warned(any()),
        Kind::HandedOver0 => Statement::HandedOver { stage: 0, channel: any() },
        Kind::HandedOver1 => Statement::HandedOver { stage: 1, channel: any() },
        Kind::HandedOver2 => Statement::HandedOver { stage: 2, channel: any() },
        Kind::Phoned => Statement::Phoned(wire::PhoneAnswer::Yes),
        Kind::PhonedNo => Statement::Phoned(wire::PhoneAnswer::No),
        Kind::Decision => decided(wire::DecisionOutcome::Granted),
        Kind::DecisionNo => decided(wire::DecisionOutcome::Refused),
        Kind::ChosenElsewhere => Statement::ChosenElsewhere,
        Kind::Withdrawn => Statement::Withdrawn,
        Kind::Revoked => Statement::Revoked(any()),
        Kind::Closed => Statement::Closed(any()),
        Kind::Reopened => Statement::Reopened,
        Kind::PurgeAsked => Statement::PurgeAsked,
        Kind::TransferOffered => Statement::TransferOffered,
        Kind::TransferRecalled => Statement::TransferRecalled,
        Kind::TransferCompleted => Statement::TransferCompleted,
        Kind::Acknowledged => Statement::Acknowledged,
        Kind::Held => Statement::Held { until: Seconds::new(NOW).unwrap() },
        Kind::Accepted => Statement::Accepted,
        Kind::PartlyAccepted => Statement::PartlyAccepted(any()),
        Kind::Waitlisted => Statement::Waitlisted,
        Kind::Declined => Statement::Declined(any()),
        Kind::Redirected => Statement::Redirected(any()),
        Kind::Misdirected => Statement::Misdirected,
        Kind::ContactMade => Statement::ContactMade,
        Kind::CouldNotReach => Statement::CouldNotReach(any()),
        Kind::Started => Statement::Started,
        Kind::Provided => Statement::Provided(any()),
        Kind::Purged => Statement::Purged(any()),
        Kind::Retained => Statement::Retained { article: 1 },
        Kind::TransferTaken => Statement::TransferTaken(names()),
        Kind::Minutes => Statement::Minutes,
        Kind::Plan => Statement::Plan,
        Kind::Task => Statement::Task { plan: names(), number: 1, status: any() },
        Kind::Visited => Statement::Visited(wire::VisitOutcome::Met),
        Kind::VisitedNo => Statement::Visited(wire::VisitOutcome::NobodyThere),
        Kind::Escalated => Statement::Escalated(any()),
        other => unreachable!("nobody tries {other:?}"),
    }
}
