//! What people do: they open trails, answer, end, and ask again when their answer was lost. [SIM-5]

use std::{collections::BTreeMap, sync::Arc};

use uput_core::{
    catalogue::{Field, Label},
    event::Statement,
    id::{EventId, TrailId},
    sensitive::Sensitive,
    time::Seconds,
    wire::{self, LegalBasis},
};
use uput_node::node::{NewEvent, NewTrail, Node, Second};

use crate::{
    Broken,
    dice::Dice,
    house::{nothing, worker},
    town::Town,
};

/// What somebody wants to have recorded.
#[derive(Clone)]
pub struct Ask {
    /// At which house.
    pub house: usize,
    /// The same whenever it is asked again.
    pub request: String,
    /// What.
    pub what: What,
}

/// What somebody says.
#[derive(Clone)]
pub enum What {
    /// Asks another house for a bed.
    Open(usize),
    /// Says something in a trail.
    Say(TrailId, &'static str),
}

/// What was acknowledged to people: it may never be missing. [SIM-6]
#[derive(Default)]
pub struct Acknowledged {
    /// By trail: who opened it, whom they asked, and what was said by whom.
    pub trails: BTreeMap<TrailId, Told>,
}

/// What was acknowledged of one trail.
pub struct Told {
    /// The how manieth it is.
    pub number: usize,
    /// Opener and peer.
    pub ends: (usize, usize),
    /// Events that people wrote, beside the opening.
    pub events: Vec<(usize, EventId)>,
}

/// A name that people write, before the house for which it is meant. [SIM-24]
pub const NAME: &str = "Invented for ";

/// What an opener says.
pub const OPENER: [&str; 12] = [
    "need",
    "need",
    "need",
    "need",
    "identity",
    "identity",
    "identity",
    "withdrawn",
    "closed",
    "reopened",
    "reopened",
    "chosen_elsewhere",
];
/// What a peer says.
pub const PEER: [&str; 17] = [
    "acknowledged",
    "held",
    "held",
    "held",
    "held",
    "accepted",
    "accepted",
    "accepted",
    "accepted",
    "waitlisted",
    "declined",
    "contact_made",
    "started",
    "started",
    "provided",
    "provided",
    "closed",
];

/// Somebody does something; often somebody of the other house, who cannot know of it yet, does something too.
pub fn act(town: &Arc<Town>, dice: &Dice) {
    let house = dice.below(town.houses());
    if let Some(trail) = act_at(town, dice, house)
        && dice.chance(40)
        && let Some(other) = town.other(trail, house)
    {
        say(town, dice, other, trail, other_opens(town, other, trail));
    }
}

fn other_opens(town: &Town, house: usize, trail: TrailId) -> bool {
    town.trails_of(house).iter().any(|(known, opens)| *known == trail && *opens)
}

/// Somebody of a house does something. Gives the trail in which it is.
pub fn act_at(town: &Arc<Town>, dice: &Dice, house: usize) -> Option<TrailId> {
    town.running(house)?;
    let known = town.trails_of(house);
    if known.is_empty() || dice.chance(14) {
        let others: Vec<usize> = (0..town.houses()).filter(|other| *other != house).collect();
        let to = others[dice.below(others.len())];
        ask(town, Ask { house, request: request(dice), what: What::Open(to) });
        return None;
    }
    // What is new is worked on more.
    let back = dice.below(known.len().min(3));
    let (trail, opens) = known[known.len() - 1 - back];
    say(town, dice, house, trail, opens);
    Some(trail)
}

fn say(town: &Arc<Town>, dice: &Dice, house: usize, trail: TrailId, opens: bool) {
    let words: &[&str] = if opens { &OPENER } else { &PEER };
    let (anything, wise) = (words[dice.below(words.len())], dice.chance(60));
    let next = town.running(house).and_then(|running| next_step(&running.node, &trail, opens));
    let word = next.filter(|_| wise).unwrap_or(anything);
    ask(town, Ask { house, request: request(dice), what: What::Say(trail, word) });
}

/// What leads on from where a trail stands.
fn next_step(node: &Node, trail: &TrailId, opens: bool) -> Option<&'static str> {
    let stands = node.line_of(&worker(), trail).ok()?;
    match (opens, stands.headline.as_str(), stands.stage) {
        (false, "asked" | "acknowledged", _) => Some("held"),
        (false, "held", 1..) => Some("accepted"),
        (false, "accepted", 2) => Some("contact_made"),
        (true, "held" | "acknowledged", 0) => Some("need"),
        (true, "accepted", 1) => Some("identity"),
        _ => None,
    }
}

fn request(dice: &Dice) -> String {
    format!("{:032x}", u128::from(dice.next()) << 64 | u128::from(dice.next()))
}

/// Asks a node, without waiting; what comes of it is noted.
pub fn ask(town: &Arc<Town>, asked: Ask) {
    let Some(running) = town.running(asked.house) else { return town.unsure(asked) };
    let town = Arc::clone(town);
    town.begins();
    tokio::spawn(async move {
        let answer = match &asked.what {
            What::Open(to) => opening(&running.node, &town.name(*to), &asked.request).await.map(Answer::Opened),
            What::Say(trail, word) => {
                let other = town.other(*trail, asked.house).map(|other| town.name(other)).unwrap_or_default();
                saying(&running.node, &other, *trail, word, &asked.request).await.map(Answer::Said)
            }
        };
        // [SIM-5] An answer of a node whose power is gone was never heard.
        if town.tells(asked.house, &running) {
            town.answered(&asked, answer);
        } else {
            town.tally.note("answer to a person lost");
            town.unsure(asked);
        }
        town.ends();
    });
}

/// What a node answered to somebody.
pub enum Answer {
    /// A trail.
    Opened(TrailId),
    /// An event.
    Said(EventId),
}

async fn opening(node: &Arc<Node>, peer: &str, request: &str) -> Result<TrailId, Broken> {
    open(node, peer, request, false).await?.ok_or_else(unanswered)
}

/// Whether somebody of an honest house could ask another honest house now. [SIM-25]
pub async fn could_open(town: &Town, house: usize, other: usize) -> Result<(), Broken> {
    let Some(running) = town.running(house) else { return Ok(()) };
    let refused = open(&running.node, &town.name(other), &"0".repeat(32), true).await.err();
    let why = |refused: Broken| {
        let (house, other) = (town.name(house), town.name(other));
        Broken::new(format!("{house} may not open anything with {other} any more: {}", refused.why))
    };
    refused.map_or(Ok(()), |refused| Err(why(refused)))
}

async fn open(node: &Arc<Node>, peer: &str, request: &str, validate_only: bool) -> Result<Option<TrailId>, Broken> {
    let new = NewTrail {
        despite_clock: false,
        by: worker(),
        case: None,
        second: Second::Nobody,
        request_id: request.to_owned(),
        validate_only,
        peer: peer.to_owned(),
        agreement: None,
        act: wire::Act::Referral,
        service_type: wire::ServiceType::Shelter,
        stage: 0,
        basis: LegalBasis::NoneNeededNonpersonal,
        stays: None,
        knowingly: Vec::new(),
        article: 0,
        fields: fields(&[("places", "1"), ("adults", "1")]),
        expiry: None,
        occurred: None,
        about: None,
        attest: false,
        rests_on: nothing(),
        begins: None,
        beside: wire::Beside::SheWishes,
    };
    node.open_trail(new).await.map_err(|refused| Broken::new(refused.rejection().to_string()))
}

async fn saying(
    node: &Arc<Node>,
    meant_for: &str,
    trail: TrailId,
    word: &str,
    request: &str,
) -> Result<EventId, Broken> {
    let case = node.case_of(&trail).ok_or_else(unanswered)?;
    // It may be taken already.
    let _ = node.take_case(&worker(), &case).await;
    let name = format!("{NAME}{meant_for}");
    let said: &[(&str, &str)] = match word {
        "need" => &[("language", "sq")],
        "identity" => &[("name", &name)],
        _ => &[],
    };
    let consents = matches!(word, "need" | "identity");
    let new = NewEvent {
        by: worker(),
        second: Second::Nobody,
        request_id: request.to_owned(),
        validate_only: false,
        trail,
        statement: statement(word),
        fields: if consents { fields(&[&CONSENT[..], said].concat()) } else { Vec::new() },
        basis: consents.then_some(LegalBasis::ExplicitConsent),
        article: 0,
        occurred: None,
        evidence_trail: None,
        stays: None,
        knowingly: Vec::new(),
        overbooking: wire::Overbooking::Unspecified,
        beside: wire::Beside::SheWishes,
        attest: false,
        rests_on: nothing(),
    };
    node.record_event(new).await.map_err(|refused| Broken::new(refused.rejection().to_string()))?.ok_or_else(unanswered)
}

fn unanswered() -> Broken {
    Broken::new("nothing was recorded".to_owned())
}

fn statement(word: &str) -> Statement {
    match word {
        "need" => Statement::Need,
        "identity" => Statement::Identity,
        "withdrawn" => Statement::Withdrawn,
        "reopened" => Statement::Reopened,
        "chosen_elsewhere" => Statement::ChosenElsewhere,
        "acknowledged" => Statement::Acknowledged,
        "held" => Statement::Held { until: Seconds::new(4_000_000_000).unwrap_or(Seconds::EPOCH) },
        "accepted" => Statement::Accepted,
        "waitlisted" => Statement::Waitlisted,
        "declined" => Statement::Declined(wire::DeclineReason::NoPlace),
        "contact_made" => Statement::ContactMade,
        "started" => Statement::Started,
        "provided" => Statement::Provided(wire::Outcome::NeedMet),
        _ => Statement::Closed(wire::ClosureReason::Done),
    }
}

const CONSENT: [(&str, &str); 5] = [
    ("consent_given_by", "herself"),
    ("consent_form", "oral_witnessed"),
    ("consent_language", "sq"),
    ("consent_purpose", "A bed for tonight"),
    ("consent_until", "2099-12-31"),
];

fn fields(list: &[(&str, &str)]) -> Vec<Field> {
    let field =
        |(label, value): &(&str, &str)| Field::new(Label::parse(label).ok()?, Sensitive::new((*value).to_owned())).ok();
    list.iter().filter_map(field).collect()
}
