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
    for (author, twins) in numbers.each() {
        let Some(side) = trail.side(author) else { continue };
        let mut first: BTreeMap<u32, &Numbered> = BTreeMap::new();
        for event in twins {
            // Each with the first of its incarnation, so that a report grows with the twins and not with their pairs.
            match first.get(&event.incarnation) {
                Some(earlier) => pair(earlier, event, side, trail, heads, seen, names, findings),
                None => drop(first.insert(event.incarnation, event)),
            }
        }
        for (older, newer) in first.values().zip(first.values().skip(1)) {
            pair(older, newer, side, trail, heads, seen, names, findings);
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "two events and all that can explain them")]
fn pair(
    one: &Numbered,
    two: &Numbered,
    side: Side,
    trail: &Trail,
    heads: &Heads,
    seen: &BTreeSet<EventId>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    let (name, number) = (names.of(&one.author), one.seq);
    let other = trail.party(side.other());
    if one.incarnation != two.incarnation {
        findings.reach(Demand::Incarnations);
        let older = one.incarnation.min(two.incarnation);
        if heads.close(&other, older, number) {
            let sentence =
                format!("{name} was restored: its older number {number} was closed by {}.", names.of(&other));
            findings.words.push(sentence);
        } else {
            let sentence =
                format!("{name} used number {number} in two incarnations, and no head that closes one is here");
            findings.fail(Demand::Incarnations, Exit::Incomplete, Where::id(two.id), sentence);
        }
        return;
    }
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
