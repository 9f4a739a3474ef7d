//! Two events with one author and number.

use super::{
    Breach, Exit, Where,
    demand::Demand,
    findings::Findings,
    heads::Heads,
    names::Names,
    numbers::{Numbered, Numbers},
};
use crate::{id::EventId, state::Side, trail::Trail};
use std::collections::{BTreeMap, BTreeSet};

/// Tells equivocation from what a restored node wrote again. What rests on a gap was signed all the same: whoever exports
/// hides no equivocation by leaving out what one of the two points to. [BUN-33] [BUN-35]
pub(super) fn check(
    trail: &Trail,
    numbers: &Numbers,
    heads: &Heads,
    seen: &BTreeSet<EventId>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    findings.reach(Demand::Equivocation);
    // The opener first: what is said of both is in an order that nothing but the trail gives. [BUN-83]
    for (side, twins) in [Side::Opener, Side::Peer]
        .into_iter()
        .flat_map(|side| numbers.of_author(trail.party(side)).map(move |of| (side, of)))
    {
        let mut first: BTreeMap<u32, &Numbered> = BTreeMap::new();
        for event in twins {
            // Each with the first of its incarnation, so that a report grows with the twins and not with their pairs.
            match first.get(&event.incarnation) {
                Some(earlier) => equivocation(earlier, event, side, trail, seen, names, findings),
                None => drop(first.insert(event.incarnation, event)),
            }
        }
        let pairs = first.values().zip(first.values().skip(1));
        let closed = pairs
            .fold(false, |closed, (older, newer)| reuse(older, newer, side, trail, heads, names, findings) || closed);
        if let Some(one) = first.values().next().filter(|_| closed) {
            let (name, other) = (names.of(&one.author), names.of(&trail.party(side.other())));
            findings.words.push(format!("{name} was restored: its older number {} was closed by {other}.", one.seq));
        }
    }
}

/// Two incarnations of one party used a number. Whether the other party closed the older one. [BUN-35]
fn reuse(
    older: &Numbered,
    newer: &Numbered,
    side: Side,
    trail: &Trail,
    heads: &Heads,
    names: &Names<'_>,
    findings: &mut Findings,
) -> bool {
    findings.reach(Demand::Incarnations);
    let (name, number) = (names.of(&older.author), older.seq);
    let closed = heads.close(&trail.party(side.other()), older.incarnation, number);
    if !closed {
        let sentence = format!("{name} used number {number} in two incarnations, and no head that closes one is here");
        findings.fail(Demand::Incarnations, Exit::Incomplete, Where::id(newer.id), sentence);
    }
    closed
}

/// Two events with one author, incarnation and number. [BUN-33]
fn equivocation(
    one: &Numbered,
    two: &Numbered,
    side: Side,
    trail: &Trail,
    seen: &BTreeSet<EventId>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    let (name, number) = (names.of(&one.author), one.seq);
    let other = trail.party(side.other());
    let branch = [one, two].into_iter().find(|event| seen.contains(&event.id));
    let branch = branch.map_or(String::from("neither was seen by the other party"), |event| {
        format!("{} has seen {}", names.of(&other), event.id)
    });
    let sentence = format!("{name} signed two events with number {number}; {branch}");
    findings.fail(Demand::Equivocation, Exit::Equivocation, Where::id(two.id), sentence.clone());
    let proof = vec![one.id.to_string(), two.id.to_string()];
    let by = names.show(&one.author);
    findings.breach(Breach { by, requirement: Demand::Equivocation.requirement(), proof, sentence });
}
