//! The timeline, drawn: a lane for each party, an event a row, and a bar for each answer that is awaited.
//!
//! Guarantees the order of the report, and that a silence is as long as the rows in which nothing met it. Leaves sizes
//! and colours to the template.

use uput_core::time::Span;
use uput_core::verdict::{Deadline, Entry, Organisation, Report};

use crate::moment;
use crate::output::clean;
use crate::trail::report::timeline;
use crate::trail::sheet::of_delay;

/// Between two rows.
const ROW: usize = 46;
/// Above the first row.
const TOP: usize = 60;
/// How much of a label fits beside a lane.
const FITS: usize = 40;
/// How many bars stand beside each other.
const BARS: usize = 12;

/// All that is drawn.
pub(super) struct Drawing {
    pub(super) lanes: Vec<Lane>,
    pub(super) dots: Vec<Dot>,
    pub(super) bars: Vec<Bar>,
    pub(super) gaps: Vec<Gap>,
    pub(super) height: usize,
}

/// A party.
pub(super) struct Lane {
    pub(super) x: usize,
    pub(super) name: String,
}

/// An event.
pub(super) struct Dot {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) text_x: usize,
    pub(super) left: bool,
    pub(super) void: bool,
    pub(super) said: String,
    pub(super) time: String,
}

/// From what started a timer to what met it, or to the end.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// How long nothing was said between two rows, by the claimed times.
pub(super) struct Gap {
    pub(super) y: usize,
    pub(super) text: String,
}

impl Drawing {
    pub(super) fn of(report: &Report) -> Self {
        let parties = parties(report);
        let entries = &report.timeline;
        let height = y(entries.len());
        Self {
            dots: entries.iter().enumerate().map(|(row, entry)| dot(row, entry, &parties)).collect(),
            bars: report.deadlines.iter().enumerate().map(|(at, one)| bar(at, one, entries, &parties)).collect(),
            gaps: entries.windows(2).enumerate().filter_map(|(row, pair)| gap(row, pair)).collect(),
            lanes: parties.iter().enumerate().map(|(at, one)| Lane { x: lane(at), name: clean(&one.name) }).collect(),
            height,
        }
    }
}

/// The opener first; whoever else signed is drawn in the second lane. Two with one name are two: they are told by their IDs.
fn parties(report: &Report) -> Vec<Organisation> {
    let mut parties: Vec<Organisation> = report.completeness.parties.iter().map(|reach| reach.party.clone()).collect();
    for entry in &report.timeline {
        if parties.len() < 2 && parties.iter().all(|party| party.id != entry.author.id) {
            parties.push(entry.author.clone());
        }
    }
    parties
}

fn side(of: &Organisation, parties: &[Organisation]) -> usize {
    usize::from(parties.first().is_some_and(|first| first.id != of.id))
}

const fn lane(side: usize) -> usize {
    if side == 0 { 310 } else { 590 }
}

const fn y(row: usize) -> usize {
    TOP + row * ROW
}

fn dot(row: usize, entry: &Entry, parties: &[Organisation]) -> Dot {
    let side = side(&entry.author, parties);
    Dot {
        x: lane(side),
        y: y(row),
        text_x: if side == 0 { lane(0) - 18 } else { lane(1) + 18 },
        left: side == 0,
        void: entry.void.is_some(),
        said: short(&clean(&timeline::said(entry))),
        time: moment::local(entry.time),
    }
}

fn bar(at: usize, deadline: &Deadline, entries: &[Entry], parties: &[Organisation]) -> Bar {
    let row = |id: &str| entries.iter().position(|entry| entry.event == id);
    let from = row(&deadline.from).unwrap_or(0);
    let to = deadline.met.as_deref().and_then(row).unwrap_or(entries.len());
    let aside = 14 + at % BARS * 8;
    let side = side(&deadline.owed_by, parties);
    Bar {
        x: if side == 0 { lane(0) + aside } else { lane(1) - aside },
        from: y(from),
        to: y(to),
        class: of_delay(deadline.verdict),
        text: clean(&deadline.sentence),
    }
}

fn gap(row: usize, pair: &[Entry]) -> Option<Gap> {
    let [before, after] = pair else { return None };
    let passed = after.time.checked_sub(before.time).filter(|passed| *passed > 0)?;
    Some(Gap { y: y(row) + ROW / 2, text: Span(passed).to_string() })
}

fn short(text: &str) -> String {
    if text.chars().count() <= FITS {
        return text.to_owned();
    }
    text.chars().take(FITS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parties_with_one_name_have_a_lane_each() {
        // [CLI-75]
        let [opener, peer] =
            ["aa01", "aa02"].map(|id| Organisation { id: id.to_owned(), name: "Shelter A".to_owned() });
        let parties = [opener.clone(), peer.clone()];
        assert_eq!((side(&opener, &parties), side(&peer, &parties)), (0, 1));
    }
}
