//! What has to hold. [SIM-6] [SIM-7] [SIM-8] [SIM-9]

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{id::TrailId, wire};

use crate::{
    Broken,
    house::{Running, worker},
    liar::Liar,
    town::Town,
};

/// What a person was told is at their own node, whenever it runs. [SIM-6]
pub fn nothing_is_lost(town: &Town) -> Result<(), Broken> {
    for house in (0..town.houses()).filter(|house| town.is_honest(*house)) {
        let Some(running) = town.running(house) else { continue };
        let opened = town.trails_of(house).iter().filter(|(_, opens)| *opens).count();
        let here = running.node.trail_count();
        if here < opened {
            return Err(Broken::new(format!("{} opened {opened} trails, and has {here}", town.name(house))));
        }
    }
    Ok(())
}

/// What people were told of a trail: which it is, its number, its ends, its events.
type Told = (TrailId, usize, (usize, usize), BTreeSet<Vec<u8>>);

/// At rest both sides of every trail say the same, and all of it. [SIM-7] [SIM-8] [SIM-9]
pub async fn agree(town: &Town) -> Result<(), Broken> {
    let told: Vec<Told> = {
        let told = town.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let events = |events: &[(usize, uput_core::id::EventId)]| events.iter().map(|(_, id)| id.to_vec()).collect();
        told.trails.iter().map(|(trail, told)| (*trail, told.number, told.ends, events(&told.events))).collect()
    };
    let mut at: BTreeMap<usize, BTreeSet<TrailId>> = BTreeMap::new();
    for (trail, number, ends, said) in told {
        if !town.is_honest(ends.0) || !town.is_honest(ends.1) {
            with_liar(town, ends, trail, &said_at(town, trail))
                .await
                .map_err(|broken| Broken::new(format!("trail {number}, with a liar: {}", broken.why)))?;
            continue;
        }
        let said_by = |what: String| Broken::new(format!("trail {number}: {what}"));
        let [ours, theirs] = [seen(town, ends.0, trail).await, seen(town, ends.1, trail).await];
        let ours = ours.map_err(|broken| said_by(broken.why))?;
        let theirs = theirs.map_err(|broken| said_by(broken.why))?;
        complete(&ours, &said).map_err(|broken| said_by(format!("{}: {}", town.name(ends.0), broken.why)))?;
        same(&ours, &theirs).map_err(|broken| said_by(broken.why))?;
        if crossed(&ours, &theirs) {
            town.tally.note("crossed");
        }
        town.tally.note(&format!("rests: {}", ours.headline));
        for end in [ends.0, ends.1] {
            at.entry(end).or_default().insert(trail);
        }
    }
    for (house, known) in at {
        holds(town, house, &known).await?;
    }
    match &town.liar {
        Some(liar) => disclosed(town, liar).await,
        None => Ok(()),
    }
}

/// A house holds the trails that people were told of, and no other; a liar may have opened more. [SIM-7] [SIM-24]
async fn holds(town: &Town, house: usize, known: &BTreeSet<TrailId>) -> Result<(), Broken> {
    let Some(running) = town.running(house) else { return Ok(()) };
    let mut here: BTreeSet<TrailId> = running.node.trail_ids().map_err(unreadable)?.into_iter().collect();
    if let Some(liar) = &town.liar {
        let liar = town.name(liar.house);
        let with_others = |trail: &TrailId| running.node.line_of(&worker(), trail).map(|line| line.peer != liar);
        let honest = here.iter().map(|trail| Ok((*trail, with_others(trail)?))).collect::<Result<Vec<_>, _>>();
        here = honest.map_err(unreadable)?.into_iter().filter(|(_, honest)| *honest).map(|(trail, _)| trail).collect();
    }
    if here != *known {
        let (more, less) = (here.difference(known).count(), known.difference(&here).count());
        let name = town.name(house);
        return Err(Broken::new(format!("{name} has {more} trails that nobody was told of, and {less} are missing")));
    }
    Ok(())
}

fn unreadable(rejection: uput_core::rejection::Rejection) -> Broken {
    Broken::new(format!("it cannot be read: {rejection}"))
}

async fn seen(town: &Town, house: usize, trail: TrailId) -> Result<wire::Trail, Broken> {
    let name = town.name(house);
    let Running { node, .. } = town.running(house).ok_or_else(|| Broken::new(format!("{name} does not run")))?;
    let here = |rejection| Broken::new(format!("{name} does not show it: {rejection}"));
    let case = node.case_of(&trail).ok_or_else(|| Broken::new(format!("{name} does not have it")))?;
    // Somebody there may have taken it already.
    let _ = node.take_case(&worker(), &case).await;
    node.show(&worker(), &trail, false).await.map_err(here)
}

/// All that people were told is there, and nothing of it twice. [SIM-6] [SIM-7]
fn complete(shown: &wire::Trail, said: &BTreeSet<Vec<u8>>) -> Result<(), Broken> {
    let by_people = |event: &&wire::TrailEvent| event.seq + u64::from(!event.ours) > 0 && is_said(&event.kind);
    let here: BTreeSet<Vec<u8>> = shown.events.iter().filter(by_people).map(|event| event.event.clone()).collect();
    let missing = said.iter().filter(|event| !here.contains(*event)).count();
    let more = here.iter().filter(|event| !said.contains(*event)).count();
    if missing + more > 0 {
        return Err(Broken::new(format!(
            "{missing} events that were acknowledged are missing, {more} are there that were not"
        )));
    }
    let places: BTreeSet<(bool, u64)> = shown.events.iter().map(|event| (event.ours, event.seq)).collect();
    if places.len() != shown.events.len() {
        return Err(Broken::new("two events have one number: somebody said two things at once".to_owned()));
    }
    match shown.undelivered {
        0 => Ok(()),
        waiting => Err(Broken::new(format!("{waiting} events are not delivered although nothing waits"))),
    }
}

/// A node says these by itself.
fn is_said(kind: &str) -> bool {
    !matches!(kind, "opening" | "opened" | "delivered" | "purged" | "settled")
}

/// Both sides have the same events, and make the same of them. [SIM-8]
fn same(ours: &wire::Trail, theirs: &wire::Trail) -> Result<(), Broken> {
    type Said<'a> = BTreeMap<&'a [u8], (&'a str, &'a str, &'a str)>;
    fn of(trail: &wire::Trail) -> Said<'_> {
        trail
            .events
            .iter()
            .map(|event| {
                (event.event.as_slice(), (event.kind.as_str(), event.code.as_str(), event.void_reason.as_str()))
            })
            .collect()
    }
    let (here, there) = (of(ours), of(theirs));
    for (event, said) in &here {
        match there.get(event) {
            None => return Err(Broken::new(format!("{} is only at the opener", said.0))),
            Some(other) if other != said => {
                return Err(Broken::new(format!("{} counts differently: {:?} and {:?}", said.0, said.2, other.2)));
            }
            Some(_) => {}
        }
    }
    if let Some((_, said)) = there.iter().find(|(event, _)| !here.contains_key(*event)) {
        return Err(Broken::new(format!("{} is only at the peer", said.0)));
    }
    if (&ours.headline, ours.stage) != (&theirs.headline, theirs.stage) {
        let (a, b) = (&ours.headline, &theirs.headline);
        return Err(Broken::new(format!("it reads {a} at one and {b} at the other")));
    }
    Ok(())
}

/// Whether two things were under way at once: the sides heard of them in another order.
fn crossed(ours: &wire::Trail, theirs: &wire::Trail) -> bool {
    fn order(trail: &wire::Trail) -> Vec<&[u8]> {
        trail.events.iter().filter(|event| is_said(&event.kind)).map(|event| event.event.as_slice()).collect()
    }
    order(ours) != order(theirs)
}

/// What people of an honest house were told about a trail with a liar.
fn said_at(town: &Town, trail: TrailId) -> BTreeSet<Vec<u8>> {
    let told = town.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let events = told.trails.get(&trail).map(|told| told.events.as_slice()).unwrap_or_default();
    events.iter().filter(|(house, _)| town.is_honest(*house)).map(|(_, event)| event.to_vec()).collect()
}

/// The honest end of a trail with a liar has what its people said, all of it, nothing else, each number once. [SIM-24]
async fn with_liar(town: &Town, ends: (usize, usize), trail: TrailId, said: &BTreeSet<Vec<u8>>) -> Result<(), Broken> {
    let honest = if town.is_honest(ends.0) { ends.0 } else { ends.1 };
    // What a liar opened need not have arrived.
    if honest == ends.1 && town.running(honest).is_some_and(|running| running.node.case_of(&trail).is_none()) {
        return Ok(());
    }
    let shown = seen(town, honest, trail).await?;
    let own = || shown.events.iter().filter(|event| event.ours);
    let by_people: BTreeSet<_> = own().filter(|event| is_said(&event.kind)).map(|event| event.event.clone()).collect();
    if by_people != *said {
        let (missing, more) = (said.difference(&by_people).count(), by_people.difference(said).count());
        let name = town.name(honest);
        return Err(Broken::new(format!("{name}: {missing} of its own events are missing, {more} nobody was told of")));
    }
    let numbers: BTreeSet<u64> = own().map(|event| event.seq).collect();
    if numbers.len() != own().count() {
        return Err(Broken::new(format!("{} reads as if it had signed two events with one number", town.name(honest))));
    }
    Ok(())
}

/// Nothing reached a liar that was meant for another, and no identity before it had accepted. Nobody honest is taken
/// for a liar, and all of them still work for each other. [SIM-24] [SIM-25]
async fn disclosed(town: &Town, liar: &Liar) -> Result<(), Broken> {
    if let Some(leaked) = liar.disclosed_to_it() {
        return Err(Broken::new(leaked));
    }
    for reached in liar.identities() {
        let shown = seen(town, reached.by, reached.trail).await?;
        let place = |event: &wire::TrailEvent| event.event == reached.event.to_vec();
        let before = shown.events.iter().take_while(|event| !place(event));
        if !before.filter(|event| !event.ours).any(|event| event.kind == "accepted") {
            return Err(Broken::new(format!("{} disclosed who she is before anybody accepted", town.name(reached.by))));
        }
    }
    let honest: Vec<usize> = (0..town.houses()).filter(|house| town.is_honest(*house)).collect();
    for (house, other) in honest.iter().flat_map(|house| honest.iter().map(move |other| (*house, *other))) {
        if house != other {
            thinks_well(town, house, other)?;
            crate::people::could_open(town, house, other).await?;
        }
    }
    Ok(())
}

/// One honest house has nothing against another. [SIM-25]
fn thinks_well(town: &Town, house: usize, other: usize) -> Result<(), Broken> {
    let Some(running) = town.running(house) else { return Ok(()) };
    let name = town.name(other);
    let here =
        |rejection| Broken::new(format!("{} does not say what it holds against {name}: {rejection}", town.name(house)));
    let peer = running.node.view_peers().into_iter().find(|peer| peer.name == name);
    let confirmed = peer.is_some_and(|peer| peer.state == i32::from(wire::PeerState::Confirmed));
    if !confirmed || !running.node.list_evidence(&name).map_err(here)?.is_empty() {
        return Err(Broken::new(format!("{} takes {name} for a liar", town.name(house))));
    }
    Ok(())
}
