//! What an evaluation costs, and that long trails stay affordable.

use std::time::{Duration, Instant};

use uput_core::state::evaluate;

use crate::random::{Random, trail};

#[test]
fn a_trail_of_twenty_events_is_read_at_once() {
    let mut random = Random(7);
    let trails: Vec<_> = (0..200).map(|_| trail(&mut random, 20, false)).collect();
    let fastest = (0..5).map(|_| {
        let start = Instant::now();
        assert!(trails.iter().all(|nodes| evaluate(nodes).is_ok()));
        start.elapsed() / 200
    });
    let fastest = fastest.min().unwrap();
    println!("one trail of 20 events: {fastest:?}");
    let bound = if cfg!(debug_assertions) { Duration::from_millis(20) } else { Duration::from_millis(1) };
    assert!(fastest < bound, "{fastest:?}");
}

#[test]
fn a_trail_of_a_thousand_events_is_still_read() {
    let mut random = Random(8);
    let mut nodes = trail(&mut random, 60, true);
    for number in 60..1_000 {
        let mut node = nodes[number - 60];
        let mut id = *node.id.as_bytes();
        id[31] = u8::try_from(number % 251).unwrap();
        id[30] = u8::try_from(number / 251).unwrap();
        node.id = uput_core::id::EventId::new(id);
        let own = nodes.iter().rfind(|other| other.side == node.side);
        node.prev = own.map(|other| other.id);
        node.seen = nodes.iter().rfind(|other| other.side != node.side).map(|other| other.id);
        node.kind = if node.kind.opens() { uput_core::state::Kind::Warned } else { node.kind };
        nodes.push(node);
    }
    assert_eq!(evaluate(&nodes).unwrap().events.len(), 1_000);
}
