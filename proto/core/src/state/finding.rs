//! What an event shows about the conduct of its author.
//!
//! Guarantees that a finding is made on the causal past of the event, so that nobody is blamed for what he had not
//! seen; it makes no event void. Leaves to others: findings that need heads, times or labels (`verdict`).

use std::collections::BTreeSet;

use super::fact::Fact;
use super::history::{Entry, History};
use super::kind::{Kind, Side};
use super::node::Verdict;
use super::table::{Class, row};
use super::view::View;
use crate::id::EventId;
use crate::wire::Act;

/// A finding, with the event that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// A void disclosure: its values were sent without right, and dropped unread. // [STA-8]
    Overdisclosed(EventId),
    /// Contact or service after a withdrawal that its author had seen. // [STA-9]
    AfterWithdrawal(EventId),
    /// Handed over outside the network without the right to disclose that stage. // [STA-9]
    HandedOverWithoutRight(EventId),
    /// Says that an event was delivered which is not in its past: `seen` is older than what the author held. // [STA-9]
    StaleSeen(EventId),
    /// Reports on a task of something that is no effective plan of its past. // [STA-9]
    NoPlan(EventId),
    /// Acts together with one who has not said yes. // [STA-72]
    NotAgreed(EventId),
}

impl Finding {
    /// The word of each.
    pub const WORDS: [&'static str; 6] =
        ["overdisclosed", "after_withdrawal", "handed_over_without_right", "stale_seen", "no_plan", "not_agreed"];

    /// The event that shows it.
    #[must_use]
    pub const fn event(&self) -> EventId {
        match self {
            Self::Overdisclosed(id)
            | Self::AfterWithdrawal(id)
            | Self::HandedOverWithoutRight(id)
            | Self::StaleSeen(id)
            | Self::NoPlan(id)
            | Self::NotAgreed(id) => *id,
        }
    }

    /// One word for machines and people.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Overdisclosed(_) => "overdisclosed",
            Self::AfterWithdrawal(_) => "after_withdrawal",
            Self::HandedOverWithoutRight(_) => "handed_over_without_right",
            Self::StaleSeen(_) => "stale_seen",
            Self::NoPlan(_) => "no_plan",
            Self::NotAgreed(_) => "not_agreed",
        }
    }
}

pub(super) fn findings(history: &History, view: &View<'_>) -> BTreeSet<Finding> {
    let entries = || history.entries(view.within());
    let alone = entries().filter(|(place, entry)| is_alone(history, *place, entry));
    let alone = alone.map(|(_, entry)| Finding::NotAgreed(entry.node.id));
    entries().filter_map(|(place, entry)| finding(history, view, place, entry)).chain(alone).collect()
}

fn finding(history: &History, whole: &View<'_>, place: usize, entry: &Entry) -> Option<Finding> {
    let id = entry.node.id;
    let row = row(entry.node.side, entry.node.kind);
    if entry.verdict != Verdict::Effective {
        let row = row.or_else(|| super::table::row(entry.node.side.other(), entry.node.kind));
        return row.filter(|row| row.class == Class::Disclosure).map(|_| Finding::Overdisclosed(id));
    }
    match entry.node.kind {
        Kind::Delivered => stale(history, whole, place, entry).then_some(Finding::StaleSeen(id)),
        Kind::Task => (!planned(history, place, entry)).then_some(Finding::NoPlan(id)),
        Kind::HandedOver1 | Kind::HandedOver2 => {
            without_right(history, place, entry.node.kind).then_some(Finding::HandedOverWithoutRight(id))
        }
        _ if row.is_some_and(|row| row.facts.contains(&Fact::World)) => {
            withdrawal_seen(history, place).then_some(Finding::AfterWithdrawal(id))
        }
        _ => None,
    }
}

/// What is named continues the chain that its author says it has seen. What stands on another branch of a fork does not:
/// `seen` names one event, and cannot name both.
fn stale(history: &History, whole: &View<'_>, place: usize, entry: &Entry) -> bool {
    let Some(named) = entry.node.names.and_then(|id| history.place(id)) else { return false };
    let continues = |seen| history.place(seen).is_some_and(|seen| history.chain(named).any(|before| before == seen));
    let hidden = whole.within().contains(named) && !history.past(place).contains(named);
    hidden && entry.node.seen.is_none_or(continues)
}

fn planned(history: &History, place: usize, entry: &Entry) -> bool {
    let named = entry.node.names.and_then(|id| history.place(id));
    named.is_some_and(|plan| history.past(place).contains(plan) && history.with(Fact::Tasks).contains(plan))
}

/// What two do together, done or planned before the other said yes to what it had been told.
fn is_alone(history: &History, place: usize, entry: &Entry) -> bool {
    let together = history.act().is_some_and(|row| row.act == Act::JointAction);
    let facts = row(entry.node.side, entry.node.kind).map_or(&[][..], |row| row.facts);
    let acts = facts.iter().any(|fact| matches!(fact, Fact::World | Fact::Tasks));
    let agreed = || View::new(history, history.past(place).clone()).covered();
    together && acts && entry.verdict == Verdict::Effective && !agreed()
}

/// The right: the trail is live, and that stage was disclosed in the epoch or may be now.
fn without_right(history: &History, place: usize, handed_over: Kind) -> bool {
    let (stage, disclosure) = if handed_over == Kind::HandedOver1 { (1, Kind::Need) } else { (2, Kind::Identity) };
    let view = View::new(history, history.past(place).clone());
    let reached = view.stage() >= stage;
    !view.live() || (!reached && history.may_in(&view, Side::Opener, disclosure).is_err())
}

fn withdrawal_seen(history: &History, place: usize) -> bool {
    let view = View::new(history, history.past(place).clone());
    !view.stops().and(history.with(Fact::Withdrawal)).is_empty()
}
