//! What a row of a list costs by what witnesses show of its opening (TIM-84), against one in which nothing is looked up.
//!
//! `cargo run -p uput-node --example row_bench [TRAILS]`: two nodes in one process, each with so many trails of its own (10,000 if
//! nothing is said) under one agreement that gives a time to deliver and one that does not. Pages of 50 rows are read in turns.
//! Absolute figures belong to one machine on one day: read the ratio.

#![allow(missing_docs, clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark stops at the first thing that fails")]

#[path = "../tests/town/mod.rs"]
mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use town::{Carrier, House, agree_on, enquiry, introduce, until, worker};
use uput_node::node::{Listing, Node};

const DEMONSTRATION: &str = include_str!("../../specs/agreements/demonstration.toml");
const DELIVER: &str = "[[timer]]\nact = \"referral\"\nstep = \"deliver\"\nwithin = \"5 s\"\n";
const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
const TURNS: usize = 400;
const ROWS: usize = 50;
/// So many trails are opened beside each other.
const TOGETHER: usize = 64;

#[tokio::main]
async fn main() {
    let trails = std::env::args().nth(1).map_or(10_000, |count| count.parse().unwrap());
    assert_eq!(DEMONSTRATION.matches(DELIVER).count(), 1, "there is one timer to leave out");
    let (_houses, with) = filled(DEMONSTRATION, trails).await;
    let (_others, without) = filled(&DEMONSTRATION.replace(DELIVER, ""), trails).await;
    let (mut looked_up, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        looked_up.push(page(&with, true));
        plain.push(page(&without, false));
    }
    let [looked_up, plain] = [median(looked_up), median(plain)];
    println!("{trails} trails, pages of {ROWS} rows, {TURNS} of each in turns; half of them take less than");
    println!("  {looked_up:?} where it is looked up what witnesses show, {plain:?} where nothing is");
    let ratio = looked_up.as_secs_f64() / plain.as_secs_f64();
    println!("  {ratio:.2} times; {:?} a row", looked_up.saturating_sub(plain) / u32::try_from(ROWS).unwrap());
}

/// Four houses under an agreement, and the node of the first with its trails.
async fn filled(agreement: &str, trails: usize) -> ([House; 4], Arc<Node>) {
    let witness = House::found(4).await;
    let named = vec![witness.id];
    let houses = [House::found_with(1, named).await, House::found(2).await, House::found(3).await, witness];
    let nodes = houses.each_ref().map(House::open);
    let mut carriers = Vec::new();
    for (name, node) in NAMES.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    let all: Vec<_> = NAMES.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree_on(agreement, &all).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    for done in (0..trails).step_by(TOGETHER) {
        let opened: Vec<_> = (done..trails.min(done + TOGETHER))
            .map(|_| {
                let node = nodes[0].clone();
                tokio::spawn(async move { node.open_trail(enquiry("shelter-jasen")).await.unwrap() })
            })
            .collect();
        for one in opened {
            one.await.unwrap();
        }
    }
    let node = nodes[0].clone();
    (houses, node)
}

fn page(node: &Arc<Node>, delivers: bool) -> Duration {
    let began = Instant::now();
    let listed = node.list(&worker(), &Listing { waiting: false, most: ROWS, token: "" }).unwrap();
    let took = began.elapsed();
    assert_eq!(listed.trails.len(), ROWS);
    let timed = |row: &uput_core::wire::Trail| row.deadlines.iter().any(|deadline| deadline.timer == "deliver");
    assert!(listed.trails.iter().all(|row| timed(row) == delivers), "the one looks up, the other does not");
    took
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}
