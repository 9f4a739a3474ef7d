//! What must hold on every pair of chains. The numbers are those of specs/state.md, section 6.

use std::collections::BTreeSet;

use uput_core::id::EventId;
use uput_core::state::{Class, Crossed, Kind, Node, Offer, Reading, Side, Stage, crossed, evaluate, row};

use crate::chains::Chains;
use crate::check::Views;

/// Of the newest event, which has seen so many of the other chain: I4, and I11.
pub(crate) fn of_last(before: &Chains, chains: &Chains, side: Side, seen: u8) -> Result<(), String> {
    let last = chains.own(side).next_back().ok_or("no event")?;
    let discloses = row(side, last.kind).is_some_and(|row| row.class == Class::Disclosure);
    if discloses && last.kind != Kind::Reopened && !stops(chains, last.id).is_empty() {
        return Err("I4 disclosed with a stop in the past".to_owned());
    }
    if last.kind == Kind::Identity && !identity_has_ground(chains, last) {
        return Err("I4 identity without a covering acceptance, a decision or a law".to_owned());
    }
    crossing_is_listed(before, chains, last, usize::from(seen))
}

/// Of what the two parties can see: I3, I5, I6 and I7.
pub(crate) fn of_views(chains: &Chains, views: &Views) -> Result<(), String> {
    let full = &views.full;
    for view in views.opener.iter().chain(&views.peer) {
        let same = view.events.iter().all(|(id, event)| full.events.get(id) == Some(event));
        hold(same && view.world.is_subset(&full.world), "I3 a view says what the whole does not")?;
        hold(view.epoch <= full.epoch, "I3 an epoch is lost")?;
    }
    hold(held_or_covered(chains, full), "I3 a disclosure is erased")?;
    hold(full.stops == all_stops(chains), "I5 a stop is lost, or set aside unseen")?;
    hold(
        crossing_disclosures_are_owed(chains, full),
        "I6 a disclosure that crossed an ending, or a correction alone, is not owed",
    )?;
    let peers = || views.peer.iter().chain([full]);
    let gap = |opener: &Reading| peers().any(|peer| !opener.responsible.opener && !peer.responsible.peer);
    hold(!views.opener.iter().chain([full]).any(gap), "I7 nobody knows itself responsible")
}

/// Of what both know when they have everything: I2, I8, I9 and I10.
pub(crate) fn of_state(chains: &Chains, full: &Reading) -> Result<(), String> {
    let backwards: Vec<Node> = chains.nodes.iter().rev().copied().collect();
    hold(evaluate(&backwards).as_ref() == Ok(full), "I2 another order reads differently")?;
    let may = |side, kind| chains.may(side, kind).is_ok();
    if full.live {
        hold(may(Side::Opener, Kind::Closed) && may(Side::Peer, Kind::Closed), "I8 a party cannot end alone")?;
        hold(reaches_service(chains, full), "I9 no way to service")?;
    }
    hold(comes_to_rest(chains), "I8 no rest within three events")?;
    let misdirected = full.events.values().any(|event| event.kind == Kind::Misdirected);
    hold(may(Side::Opener, Kind::Reopened) == (!full.live && !misdirected), "I10 the sender cannot reopen")?;
    let reopens = !full.live && full.stops.is_empty();
    hold(may(Side::Peer, Kind::Reopened) == reopens, "I10 the receiver cannot reopen")?;
    hold(!reopens || misdirected || both_reopen(chains, full), "I10 two reopenings are not one epoch")
}

fn hold(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// The causal past of an event, from the pointers alone.
fn past(chains: &Chains, id: EventId) -> BTreeSet<EventId> {
    let mut past = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let node = chains.nodes.iter().find(|node| node.id == id).expect("parents are there");
        open.extend([node.prev, node.seen].into_iter().flatten().filter(|parent| past.insert(*parent)));
    }
    past
}

fn is_stop(chains: &Chains, kind: Kind) -> bool {
    let law = chains.nodes.iter().any(|node| node.kind == Kind::Opened2);
    matches!(kind, Kind::Revoked | Kind::Misdirected | Kind::ChosenElsewhere) || (kind == Kind::Withdrawn && !law)
}

/// The stops among these events that no reopening among them has seen.
fn standing(chains: &Chains, events: &BTreeSet<EventId>) -> BTreeSet<EventId> {
    let among = |node: &&Node| events.contains(&node.id);
    let reopened = chains.nodes.iter().filter(among).filter(|node| node.kind == Kind::Reopened);
    let aside: BTreeSet<EventId> = reopened.flat_map(|node| past(chains, node.id)).collect();
    let stops = chains.nodes.iter().filter(among).filter(|node| is_stop(chains, node.kind));
    stops.map(|node| node.id).filter(|id| !aside.contains(id)).collect()
}

fn stops(chains: &Chains, id: EventId) -> BTreeSet<EventId> {
    standing(chains, &past(chains, id))
}

fn all_stops(chains: &Chains) -> BTreeSet<EventId> {
    standing(chains, &chains.nodes.iter().map(|node| node.id).collect())
}

fn identity_has_ground(chains: &Chains, identity: &Node) -> bool {
    let before = past(chains, identity.id);
    let known: Vec<&Node> = chains.nodes.iter().filter(|node| before.contains(&node.id)).collect();
    let asks = |node: &&&Node| matches!(node.kind, Kind::Need | Kind::Opened1);
    let covers = |node: &&Node| {
        let seen = past(chains, node.id);
        matches!(node.kind, Kind::Accepted | Kind::PartlyAccepted)
            && known.iter().filter(asks).all(|ask| seen.contains(&ask.id))
    };
    known.iter().any(|node| matches!(node.kind, Kind::Decision | Kind::Opened2) || covers(node))
}

/// What would be void had its author seen everything is in the list of crossings.
fn crossing_is_listed(before: &Chains, chains: &Chains, last: &Node, seen: usize) -> Result<(), String> {
    let mut unseen = before.own(last.side.other()).skip(seen).peekable();
    if unseen.peek().is_none() || before.may(last.side, last.kind).is_ok() {
        return Ok(());
    }
    let pair = |other: &Node| if last.side == Side::Opener { (last.kind, other.kind) } else { (other.kind, last.kind) };
    let matters = |other: &&Node| {
        let (opener, peer) = pair(other);
        crossed(opener, peer) != Crossed::Both
    };
    let reported = chains.history.reading().is_ok_and(|reading| {
        reading.crossings.iter().any(|crossing| crossing.opener == last.id || crossing.peer == last.id)
    });
    hold(unseen.any(|other| matters(&other)) && reported, "I11 a crossing is in no cell")
}

fn held_or_covered(chains: &Chains, full: &Reading) -> bool {
    let purges = chains.nodes.iter().filter(|node| matches!(node.kind, Kind::Purged | Kind::Retained));
    let covered: BTreeSet<EventId> = purges.flat_map(|node| past(chains, node.id)).collect();
    let discloses = |node: &&Node| {
        matches!(node.kind, Kind::Opened1 | Kind::Opened2 | Kind::Need | Kind::Identity | Kind::Corrected)
    };
    chains.nodes.iter().filter(discloses).all(|node| full.outstanding.contains(&node.id) != covered.contains(&node.id))
}

fn crossing_disclosures_are_owed(chains: &Chains, full: &Reading) -> bool {
    let ended_by_peer =
        full.closings.iter().filter(|id| full.events.get(id).is_some_and(|event| event.side == Side::Peer));
    let closings: Vec<BTreeSet<EventId>> = ended_by_peer.map(|id| past(chains, *id)).collect();
    let is_correction = |id: &EventId| full.events.get(id).is_some_and(|event| event.kind == Kind::Corrected);
    let alone = full.outstanding.iter().all(is_correction);
    full.outstanding.iter().all(|id| {
        let corrected = is_correction(id);
        let unseen = !corrected && closings.iter().any(|past| !past.contains(id));
        full.owed.contains_key(id) || (full.stops.is_empty() && !unseen && !alone)
    })
}

fn reaches_service(chains: &Chains, full: &Reading) -> bool {
    let road = [
        (Side::Peer, Kind::Held),
        (Side::Opener, Kind::Need),
        (Side::Peer, Kind::Accepted),
        (Side::Opener, Kind::Identity),
        (Side::Peer, Kind::Started),
    ];
    let from = if full.stage == Stage::Enquiry { 0 } else { 2 };
    let mut chains = chains.clone();
    road[from..].iter().all(|(side, kind)| chains.say(*side, *kind).is_some())
}

fn comes_to_rest(chains: &Chains) -> bool {
    let mut chains = chains.clone();
    let reads =
        |chains: &Chains, rest: fn(&Reading) -> bool| chains.history.reading().is_ok_and(|reading| rest(&reading));
    if reads(&chains, |reading| reading.live) && chains.say(Side::Opener, Kind::Closed).is_none() {
        return false;
    }
    if reads(&chains, |reading| !reading.owed.is_empty()) && chains.say(Side::Peer, Kind::Purged).is_none() {
        return false;
    }
    if reads(&chains, |reading| matches!(reading.offer, Offer::Open(_) | Offer::Taken(_)))
        && chains.say(Side::Opener, Kind::TransferRecalled).is_none()
    {
        return false;
    }
    reads(&chains, |reading| {
        let offered = matches!(reading.offer, Offer::Open(_) | Offer::Taken(_));
        !reading.live && reading.owed.is_empty() && !offered
    })
}

fn both_reopen(chains: &Chains, full: &Reading) -> bool {
    let mut chains = chains.clone();
    let (opener, peer) = (chains.last(Side::Opener), chains.last(Side::Peer));
    let said = chains.append(Side::Opener, Kind::Reopened, peer).zip(chains.append(Side::Peer, Kind::Reopened, opener));
    let one = |reading: Reading| reading.live && reading.epoch == full.epoch + 1 && reading.answer.is_none();
    said.is_some() && chains.history.reading().is_ok_and(one)
}
