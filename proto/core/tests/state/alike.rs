//! The core against the reference, on random trails with forks, and in every order of delivery tried.

use std::collections::BTreeMap;

use uput_core::state::{Broken, History, Node, Offer, Reading, TABLE, Verdict, evaluate};

use crate::random::{Random, trail};
use crate::reference::{Reference, Summary, Without};

const SEED: u64 = 20_261_122;

// [STA-3] [STA-5] [STA-10] [STA-11] [STA-12] [STA-13] [STA-14] [STA-15] [STA-16] [STA-17] [STA-18] [STA-19]
#[test]
fn core_and_reference_read_twenty_thousand_trails_alike() {
    let mut random = Random(SEED);
    let mut effective: BTreeMap<_, usize> = BTreeMap::new();
    let mut void = 0;
    for number in 0..20_000 {
        let events = 2 + random.below(12);
        let nodes = trail(&mut random, events, number % 2 == 0);
        let found = summary(&nodes, &evaluate(&nodes).unwrap());
        let spoken = nodes.iter().zip(&found.effective).filter(|(_, effective)| **effective);
        spoken.for_each(|(node, _)| *effective.entry((node.side, node.kind)).or_default() += 1);
        void += found.effective.iter().filter(|effective| !**effective).count();
        assert_eq!(found, Reference::read(&nodes, Without::Nothing), "seed {SEED}, trail {number}: {nodes:#?}");
    }
    assert!(void > 10_000, "only {void} void events");
    let rare = TABLE.iter().find(|row| effective.get(&(row.side, row.kind)).is_none_or(|count| *count < 50));
    assert!(rare.is_none(), "too rare: {rare:?} in {effective:?}");
}

#[test]
fn every_rule_taken_out_of_the_reference_is_noticed() {
    use Without::*;
    let rules = [
        StopsItHasNotSeen,
        FactsItHasNotSeen,
        PurgeOfThePast,
        UnseenAtClose,
        NothingToCorrect,
        NotTaken,
        StageOfAcceptance,
        Covering,
        YesAfterStart,
        ReportsNeverVoid,
        RecallBeatsTaking,
        GroundTakenAway,
    ];
    for without in rules {
        let mut random = Random(SEED);
        let differs = (0..20_000).any(|_| {
            let nodes = trail(&mut random, 12, false);
            summary(&nodes, &evaluate(&nodes).unwrap()) != Reference::read(&nodes, without)
        });
        assert!(differs, "nothing differs without {without:?}");
    }
}

// [STA-3]
#[test]
fn no_order_of_delivery_changes_anything() {
    let mut random = Random(SEED + 1);
    for number in 0..3_000 {
        let nodes = trail(&mut random, 11, number % 2 == 0);
        let reading = evaluate(&nodes).unwrap();
        for _ in 0..4 {
            let mut shuffled = nodes.clone();
            random.shuffle(&mut shuffled);
            assert_eq!(evaluate(&shuffled).unwrap(), reading, "seed {}, trail {number}", SEED + 1);
            assert_eq!(delivered(&shuffled, &reading).reading().unwrap(), reading);
        }
    }
}

// [STA-2]
#[test]
fn a_part_reads_the_same_as_a_trail_of_its_own() {
    let mut random = Random(SEED + 2);
    for _ in 0..1_000 {
        let nodes = trail(&mut random, 9, true);
        let whole = delivered(&nodes, &evaluate(&nodes).unwrap());
        let tip = nodes[random.below(nodes.len())].id;
        let part = whole.reading_at(&[tip]).unwrap();
        let own: Vec<Node> = nodes.iter().filter(|node| part.events.contains_key(&node.id)).copied().collect();
        assert_eq!(evaluate(&own).unwrap(), part);
    }
}

/// Each event when its parents are there, in the order given; no verdict ever changes.
fn delivered(nodes: &[Node], reading: &Reading) -> History {
    let mut history = History::new();
    let mut parked: Vec<Node> = nodes.to_vec();
    while !parked.is_empty() {
        parked.retain(|node| match history.append(*node) {
            Ok(verdict) => {
                assert_eq!(verdict, reading.events[&node.id].verdict);
                false
            }
            Err(Broken::ParentMissing(_)) => true,
            Err(other) => panic!("{other}"),
        });
    }
    history
}

fn summary(nodes: &[Node], reading: &Reading) -> Summary {
    let places: BTreeMap<_, _> = nodes.iter().enumerate().map(|(place, node)| (node.id, place)).collect();
    let set = |ids: &std::collections::BTreeSet<_>| ids.iter().map(|id| places[id]).collect();
    let letters =
        |duties: &std::collections::BTreeSet<uput_core::state::Duty>| duties.iter().map(|d| d.letter()).collect();
    Summary {
        effective: nodes.iter().map(|node| reading.events[&node.id].verdict == Verdict::Effective).collect(),
        headline: reading.headline,
        live: reading.live,
        stage: reading.stage as u8,
        epoch: reading.epoch,
        answer: reading.answer.map(|answer| answer.kind),
        covering: reading.covering,
        outstanding: set(&reading.outstanding),
        owed: reading.owed.iter().map(|(id, duties)| (places[id], letters(duties))).collect(),
        responsible: (reading.responsible.opener, reading.responsible.peer),
        stops: set(&reading.stops),
        world_now: set(&reading.world_now),
        grounds: set(&reading.decisions),
        offers: match reading.offer {
            Offer::None => (false, false, false),
            Offer::Open(_) => (false, false, true),
            Offer::Taken(_) => (false, true, true),
            Offer::Completed(_) => (true, false, false),
        },
    }
}
