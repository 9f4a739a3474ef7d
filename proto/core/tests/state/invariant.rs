//! What must hold on every pair of chains. The numbers are those of specs/state.md, section 6.

use uput_core::id::EventId;
use uput_core::state::{
    Broken, Class, Crossed, Finding, History, Judged, Kind, Node, Offer, Reading, Side, Stage, Verdict, VoidReason,
    crossed, evaluate, row,
};

use uput_core::wire::Act;

use crate::chains::Chains;
use crate::oracle::places;
use crate::views::Views;

/// Of an event that would be void: I15.
pub(crate) fn of_void(side: Side, kind: Kind) -> Result<(), String> {
    let report = row(side, kind).is_some_and(|row| row.class == Class::Report);
    hold(!report, "I15 a report of what happened is void")
}

/// Of the newest event, which has seen so many of the other chain: I4, I11 and I14. `full`: what is read of it all, if
/// it was read.
pub(crate) fn of_last(
    before: &Chains,
    chains: &Chains,
    side: Side,
    seen: u8,
    full: Option<&Reading>,
) -> Result<(), String> {
    let last = chains.nodes.last().ok_or("no event")?;
    let past = *chains.pasts.last().ok_or("no event")?;
    let discloses = row(side, last.kind).is_some_and(|row| row.class == Class::Disclosure);
    let stopped = discloses && last.kind != Kind::Reopened && chains.stops(past) != 0;
    hold(!stopped, "I4 disclosed with a stop in the past")?;
    let ground = chains.of(&[Kind::Opened2], past) | chains.grounds(past) != 0 || chains.covering(past);
    hold(last.kind != Kind::Identity || ground, "I4 identity without a covering acceptance, a decision or a law")?;
    let accepts = matches!(last.kind, Kind::Accepted | Kind::PartlyAccepted);
    let told = chains.values(past) != 0 || chains.act.is_some_and(yes_before_need);
    hold(!accepts || told, "I14 accepted by one to whom nothing was disclosed")?;
    crossing_is_listed(before, chains, last, seen, full)
}

/// Of what the two parties can see: I3, I5, I6, I7, I12, I13 and I14.
pub(crate) fn of_views(chains: &Chains, views: &Views) -> Result<(), String> {
    let (full, all) = (&views.full, chains.all());
    for view in views.unseen() {
        let same = view.events.iter().all(|(id, event)| full.events.get(id) == Some(event));
        hold(same && view.world.is_subset(&full.world), "I3 a view says what the whole does not")?;
        hold(view.epoch <= full.epoch, "I3 an epoch is lost")?;
    }
    hold(chains.set(&full.outstanding) == chains.outstanding(all), "I3 a disclosure is erased")?;
    hold(chains.set(&full.decisions) == chains.grounds(all), "I4 a decision that was taken away is a ground")?;
    hold(chains.set(&full.stops) == chains.stops(all), "I5 a stop is lost, or set aside unseen")?;
    hold(
        crossing_disclosures_are_owed(chains, full),
        "I6 a disclosure that crossed an ending, or a correction alone, is not owed",
    )?;
    let peers = || views.by(Side::Peer).iter().chain([full]);
    let gap = |opener: &Reading| peers().any(|peer| !opener.responsible.opener && !peer.responsible.peer);
    hold(!views.by(Side::Opener).iter().chain([full]).any(gap), "I7 nobody knows itself responsible")?;
    hold(
        chains.set(&full.world_now) == chains.world(all),
        "I12 what happened is hidden by a reopening that had not seen it",
    )?;
    let misdirected = chains.of(&[Kind::Misdirected], all) != 0;
    hold(!misdirected || !full.responsible.peer, "I13 the receiver is responsible for what it calls not its own")?;
    hold(full.covering == chains.covering(all), "I14 an acceptance counts for a need that it had not seen")
}

/// Of what both know when they have everything: I2, I8 to I10, I16 to I18.
pub(crate) fn of_state(chains: &Chains, full: &Reading) -> Result<(), String> {
    hold(orders_agree(chains, full), "I2 another order reads differently")?;
    let may = |side, kind| chains.may(side, kind).is_ok();
    if full.live {
        hold(may(Side::Opener, Kind::Closed) && may(Side::Peer, Kind::Closed), "I8 a party cannot end alone")?;
        hold(!serves(chains) || reaches_service(chains, full), "I9 no way to service")?;
    }
    hold(comes_to_rest(chains), "I8 no rest within three events")?;
    let misdirected = full.events.values().any(|event| event.kind == Kind::Misdirected);
    hold(may(Side::Opener, Kind::Reopened) == (!full.live && !misdirected), "I10 the sender cannot reopen")?;
    let reopens = !full.live && full.stops.is_empty();
    hold(may(Side::Peer, Kind::Reopened) == reopens, "I10 the receiver cannot reopen")?;
    hold(!reopens || misdirected || both_reopen(chains, full), "I10 two reopenings are not one epoch")?;
    for side in [Side::Opener, Side::Peer] {
        hiding_is_found(chains, full, side)?;
        newer_is_void(chains, full, side)?;
    }
    hold(holes_are_not_read(chains), "I17 a trail with a hole is read")?;
    hold(her_word_is_asked_again(chains, full), "I18 reopened after a withdrawal without her word")
}

fn hold(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Whether what is asked can be answered with a yes before anything was said of her.
fn yes_before_need(act: Act) -> bool {
    !matches!(act, Act::Referral | Act::Transfer)
}

/// What would be void had its author seen everything is in the list of crossings.
fn crossing_is_listed(
    before: &Chains,
    chains: &Chains,
    last: &Node,
    seen: u8,
    full: Option<&Reading>,
) -> Result<(), String> {
    let mut unseen = before.own(last.side.other()).skip(usize::from(seen)).peekable();
    if unseen.peek().is_none() || before.may(last.side, last.kind).is_ok() {
        return Ok(());
    }
    let pair = |other: &Node| if last.side == Side::Opener { (last.kind, other.kind) } else { (other.kind, last.kind) };
    let matters = |other: &Node| {
        let (opener, peer) = pair(other);
        crossed(opener, peer) != Crossed::Both
    };
    let lists = |reading: &Reading| {
        reading.crossings.iter().any(|crossing| crossing.opener == last.id || crossing.peer == last.id)
    };
    let reported = full.map_or_else(|| chains.history.reading().is_ok_and(|full| lists(&full)), lists);
    hold(unseen.any(matters) && reported, "I11 a crossing is in no cell")
}

/// As the sender held it, as the receiver held it, and as an auditor gets it.
fn orders_agree(chains: &Chains, full: &Reading) -> bool {
    let backwards: Vec<Node> = chains.nodes.iter().rev().copied().collect();
    let held = |side| held_by(chains, side).as_ref() == Some(full);
    held(Side::Opener) && held(Side::Peer) && evaluate(&backwards).as_ref() == Ok(full)
}

/// Its own events as early as they can stand, those of the other party as late.
fn held_by(chains: &Chains, side: Side) -> Option<Reading> {
    let mut history = History::new();
    let mut waiting: Vec<Node> = chains.own(side).chain(chains.own(side.other())).copied().collect();
    while !waiting.is_empty() {
        let next =
            waiting.iter().position(|node| !matches!(history.clone().append(*node), Err(Broken::ParentMissing(_))))?;
        history.append(waiting.remove(next)).ok()?;
    }
    history.reading().ok()
}

fn crossing_disclosures_are_owed(chains: &Chains, full: &Reading) -> bool {
    let owed = chains.set(full.owed.keys());
    let outstanding = chains.outstanding(chains.all());
    let corrections = chains.of(&[Kind::Corrected], outstanding);
    let closings = chains.by(Side::Peer, chains.set(&full.closings));
    let unseen = places(closings).fold(0, |unseen, place| unseen | (outstanding & !corrections & !chains.pasts[place]));
    let stopped = if chains.stops(chains.all()) == 0 { 0 } else { outstanding };
    let alone = if outstanding == corrections { corrections } else { 0 };
    (stopped | unseen | alone) & !owed == 0
}

/// Whether the act has the words of a service: to some nobody says yes, or who she is is never told.
fn serves(chains: &Chains) -> bool {
    let words = [(Side::Opener, Kind::Need), (Side::Opener, Kind::Identity), (Side::Peer, Kind::Accepted)];
    let act = chains.act.and_then(uput_core::act::row);
    act.is_none_or(|act| words.iter().all(|(side, kind)| !act.leaves_out(*side, *kind)))
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

/// Whoever says that the other's newest event was delivered, with a `seen` that is older, is found; nothing else changes.
fn hiding_is_found(chains: &Chains, full: &Reading, side: Side) -> Result<(), String> {
    let Some(newest) = chains.last(side.other()) else { return Ok(()) };
    let oldest = chains.own(side).last().map_or(chains.nth(Side::Opener, 1), |node| node.seen);
    for seen in [oldest, Some(newest)].into_iter().filter(|seen| side == Side::Opener || seen.is_some()) {
        let node = Node { names: Some(newest), ..chains.next(side, Kind::Delivered, seen) };
        let hides = node.seen.is_none_or(|seen| chains.view(seen) >> chains.place(newest) & 1 == 0);
        let (verdict, reading) = with(chains, node)?;
        hold(verdict == Verdict::Effective, "I16 a receipt is void")?;
        let found = reading.findings.contains(&Finding::StaleSeen(node.id));
        hold(found == hides, "I16 an event that its author held and hid is not found")?;
        hold(reads_as(&reading, full, node), "I16 a receipt changes what is read")?;
    }
    Ok(())
}

/// An event that is newer than what the trail is pinned to is void for everybody, and changes nothing else.
fn newer_is_void(chains: &Chains, full: &Reading, side: Side) -> Result<(), String> {
    let node = Node { version_ok: false, ..chains.next(side, Kind::Withdrawn, chains.last(side.other())) };
    let (verdict, reading) = with(chains, node)?;
    hold(verdict == Verdict::Void(VoidReason::Version), "I17 an event newer than the trail's version is not void")?;
    hold(reads_as(&reading, full, node), "I17 an event newer than the trail's version changes what is read")
}

fn with(chains: &Chains, node: Node) -> Result<(Verdict, Reading), String> {
    let mut history = chains.history.clone();
    let verdict = history.append(node).map_err(|broken| broken.to_string())?;
    Ok((verdict, history.reading().map_err(|broken| broken.to_string())?))
}

/// Whether a reading says the same as one without this event, but for the event itself.
fn reads_as(reading: &Reading, without: &Reading, node: Node) -> bool {
    let mut reading = reading.clone();
    let judged: Option<Judged> = reading.events.remove(&node.id);
    reading.findings.retain(|finding| finding.event() != node.id);
    judged.is_some() && reading == *without
}

/// A trail from which any event is missing that another one points to is read by nobody.
fn holes_are_not_read(chains: &Chains) -> bool {
    let points = |id: EventId| chains.nodes.iter().any(|node| node.prev == Some(id) || node.seen == Some(id));
    let missing = chains.nodes.iter().skip(1).filter(|node| points(node.id));
    missing.map(|node| node.id).all(|hole| {
        let rest: Vec<Node> = chains.nodes.iter().filter(|node| node.id != hole).copied().collect();
        evaluate(&rest) == Err(Broken::ParentMissing(hole))
    })
}

/// Each reopening names the withdrawals that it sets aside, whoever signed them, where anything was said about her.
fn her_word_is_asked_again(chains: &Chains, full: &Reading) -> bool {
    places(chains.of(&[Kind::Reopened], chains.all())).all(|place| {
        let said = chains.of(&[Kind::Opened1, Kind::Opened2, Kind::Need, Kind::Identity], chains.pasts[place]);
        let withdrawn = chains.of(&[Kind::Withdrawn], chains.stops(chains.pasts[place]));
        let withdrawn = if said == 0 { 0 } else { withdrawn };
        let named = full.fresh_basis.get(&chains.nodes[place].id);
        named.map_or(0, |named| chains.set(named)) == withdrawn
    })
}
