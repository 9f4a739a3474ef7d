//! Where every trail stands in the end, at both its sides.

use uput_wire::v1 as wire;

use super::Story;
use super::row::{Hop, Row};
use crate::failed::Outcome;
use crate::referral::{listed, shown};
use crate::tally::Tally;

/// Compares them; demands that she withdrew once in each that rests on what the first was told, and in no other.
pub(super) async fn compare(row: &Row, story: &Story, tally: &mut Tally) -> Outcome<()> {
    for hop in story.chain.iter().chain([&story.beside]) {
        alike(row, hop, 1, tally).await?;
    }
    alike(row, &story.own, 0, tally).await?;
    for (at, member) in row.members.iter().enumerate() {
        let hops = story.chain.iter().chain([&story.beside, &story.own]);
        let expected = hops.filter(|hop| hop.from == at || hop.to == at).count();
        let found = listed(member).await?.len();
        tally.add("lists compared", 1);
        if found != expected {
            tally.violated(format!("{at} lists {found} trails and not {expected}"));
        }
    }
    Ok(())
}

async fn alike(row: &Row, hop: &Hop, withdrawals: usize, tally: &mut Tally) -> Outcome<()> {
    let mut views = Vec::new();
    for side in [hop.from, hop.to] {
        let view = shown(row.at(side)?, &hop.trail, false).await?.unwrap_or_default();
        let said = view.events.iter().filter(|event| event.kind == "withdrawn").count();
        if said != withdrawals {
            tally.violated(format!("{side}: she withdrew {said} times in {} to {}", hop.from, hop.to));
        }
        if let Some(void) = view.events.iter().find(|event| !event.void_reason.is_empty()) {
            tally.violated(format!("{side}: {} is void: {}", void.kind, void.void_reason));
        }
        tally.add("events compared", view.events.len() as u64);
        views.push(reading(&view));
    }
    tally.add("trails compared", 1);
    if views.first() != views.last() {
        tally.violated(format!("the two sides of {} to {} differ: {views:?}", hop.from, hop.to));
    }
    Ok(())
}

type Reading = (String, u32, Vec<(Vec<u8>, u64, String, String, bool)>);

fn reading(view: &wire::Trail) -> Reading {
    let read = |event: &wire::TrailEvent| {
        (event.event.clone(), event.seq, event.kind.clone(), event.code.clone(), event.settled > 0)
    };
    let mut events: Vec<_> = view.events.iter().map(read).collect();
    // Events that crossed stand in the order in which they came, which is another one on each side.
    events.sort();
    (view.headline.clone(), view.stage, events)
}
