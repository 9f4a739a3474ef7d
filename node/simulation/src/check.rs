//! What has to hold. [SIM-6] [SIM-7] [SIM-8] [SIM-9]

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{id::TrailId, wire};

use crate::{
    Broken,
    house::{Running, worker},
    town::Town,
};

/// What a person was told is at their own node, whenever it runs. [SIM-6]
pub fn nothing_is_lost(town: &Town) -> Result<(), Broken> {
    for house in 0..town.houses() {
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
        let Some(running) = town.running(house) else { continue };
        let here: BTreeSet<TrailId> = running.node.trail_ids().map_err(unreadable)?.into_iter().collect();
        if here != known {
            let (more, less) = (here.difference(&known).count(), known.difference(&here).count());
            let name = town.name(house);
            return Err(Broken::new(format!(
                "{name} has {more} trails that nobody was told of, and {less} are missing"
            )));
        }
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
