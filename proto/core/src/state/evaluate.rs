//! From a set of events to what can be read from it.
//!
//! Guarantees the same reading for every order in which the nodes are given. // [STA-3]
//! Leaves to others: keeping aside what cannot be read yet, with everything that has it in its past. // [STA-6]

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, opens};
use super::kind::{Kind, Side};
use super::node::{Broken, Node, VoidReason};
use super::reading::Reading;
use crate::id::EventId;

/// Reads a trail. The nodes may come in any order, repeated, and with forks.
///
/// # Errors
/// [`Broken`] if the nodes are not one trail, complete down to its opening.
pub fn evaluate(nodes: &[Node]) -> Result<Reading, Broken> {
    history(nodes)?.reading()
}

/// Whether this kind, said now by this party with all these nodes in its past, would be effective. `names` is what the
/// event would name. To ask several times about one trail, use [`History::may`].
///
/// # Errors
/// The reason why it would be void.
pub fn may(nodes: &[Node], side: Side, kind: Kind, names: Option<EventId>) -> Result<(), VoidReason> {
    let history = if nodes.is_empty() { Ok(History::new()) } else { history(nodes) };
    history.map_err(VoidReason::NoTrail)?.may(side, kind, names)
}

fn history(nodes: &[Node]) -> Result<History, Broken> {
    let mut history = History::new();
    for node in causal_order(nodes)? {
        history.append(*node)?;
    }
    Ok(history)
}

/// Parents first; among what is free, in the order given.
fn causal_order(nodes: &[Node]) -> Result<Vec<&Node>, Broken> {
    let by_id = distinct(nodes)?;
    let mut children: BTreeMap<EventId, Vec<&Node>> = BTreeMap::new();
    let mut waiting: BTreeMap<EventId, usize> = BTreeMap::new();
    for node in by_id.values() {
        let parents: BTreeSet<EventId> = [node.prev, node.seen].into_iter().flatten().collect();
        if let Some(missing) = parents.iter().find(|parent| !by_id.contains_key(parent)) {
            return Err(Broken::ParentMissing(*missing));
        }
        waiting.insert(node.id, parents.len());
        parents.into_iter().for_each(|parent| children.entry(parent).or_default().push(node));
    }
    let mut order: Vec<&Node> = by_id.values().copied().filter(|node| waiting.get(&node.id) == Some(&0)).collect();
    let mut next = 0;
    while let Some(node) = order.get(next) {
        next += 1;
        for child in children.remove(&node.id).unwrap_or_default() {
            let left = waiting.entry(child.id).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                order.push(child);
            }
        }
    }
    if order.len() == by_id.len() { Ok(order) } else { Err(Broken::Circle) }
}

/// Each event once. // [STA-2]
fn distinct(nodes: &[Node]) -> Result<BTreeMap<EventId, &Node>, Broken> {
    let mut by_id: BTreeMap<EventId, &Node> = BTreeMap::new();
    for node in nodes {
        if by_id.insert(node.id, node).is_some_and(|other| other != node) {
            return Err(Broken::Contradiction(node.id));
        }
    }
    if by_id.values().filter(|node| opens(node)).count() == 1 { Ok(by_id) } else { Err(Broken::Openings) }
}
