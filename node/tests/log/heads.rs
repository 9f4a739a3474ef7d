//! Heads on a clock: what a node says of its open trails by itself, and asks the other party for.

use std::sync::{Arc, Mutex};

use prost::Message;
use tokio::task::JoinHandle;
use uput_core::{
    event::Statement,
    head::Head,
    id::TrailId,
    log::EntryKind,
    time::{Seconds, Span},
    wire::{ClosureReason, LetterContent},
};
use uput_node::{
    clock,
    node::Node,
    record::{self, EntriesRecord, HeadRecord},
    storage::Position,
};

use crate::town::{Carrier, House, Pair, enquiry, pair, reads, reopened, say, take, tapped, until, worker};

const DAY: u64 = 86_400;

fn after(seconds: u64) -> Seconds {
    clock::now().after(Span(seconds))
}

fn at(second: u64) -> Seconds {
    Seconds::new(second).unwrap()
}

/// Ends of timers that the shelter owes and has not met, as a node sees them.
async fn unmet(node: &Arc<Node>, trail: &TrailId) -> Vec<u64> {
    let shown = node.show(&worker(), trail, false).await.unwrap();
    let mut ends: Vec<u64> = shown.deadlines.iter().filter(|timer| timer.met == 0).map(|timer| timer.due).collect();
    ends.sort_unstable();
    assert!(ends.len() >= 2);
    ends
}

async fn quiet(pair: &Pair) {
    until(|| async { pair.hotline.queued().items == 0 && pair.shelter.queued().items == 0 }).await;
}

/// An enquiry that the shelter's machine has, and no person has answered.
async fn asked(pair: &Pair) -> TrailId {
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&pair.shelter, &trail, "asked").await;
    quiet(pair).await;
    trail
}

/// Letters both ways, and what was in those of the shelter.
struct Heard {
    content: Arc<Mutex<Vec<u8>>>,
    there: JoinHandle<()>,
    _back: Carrier,
}

impl Heard {
    fn of(pair: &Pair) -> Self {
        let content = Arc::default();
        let there = tapped(&pair.shelter, &pair.hotline, &pair.houses[0], &content);
        Self { content, there, _back: Carrier::new(&pair.hotline, &pair.shelter) }
    }

    /// Heads of the shelter that came.
    fn heads(&self) -> Vec<Head> {
        // One after the other they are one content with all that was in each.
        let all = LetterContent::decode(self.content.lock().unwrap().as_slice()).unwrap();
        all.heads.iter().map(|head| Head::parse(&head.body).unwrap()).collect()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.there.abort();
    }
}

/// Heads that are kept in a folder: those that were sent, and those that came.
fn kept(house: &House, trail: &TrailId) -> (usize, usize) {
    let storage = house.open_storage();
    let all: Vec<_> = storage.records(Position::START).map(Result::unwrap).collect();
    let heads: Vec<HeadRecord> = all.iter().filter_map(record::read).collect();
    let of = heads.iter().filter(|head| head.trail == trail.to_vec());
    let sent = of.filter(|head| !head.to.is_empty()).count();
    let logged: Vec<EntriesRecord> = all.iter().filter_map(record::read).collect();
    let number = u32::from(EntryKind::Head.number());
    let logged = logged.iter().flat_map(|entries| &entries.entries).filter(|entry| entry.kind == number).count();
    assert_eq!(logged, heads.len(), "each stands in the log");
    (sent, heads.len() - sent)
}

async fn end(pair: Pair) -> [House; 4] {
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    houses
}

/// [NOD-90] [NOD-91] The shelter does not answer, and says so itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_party_states_the_end_of_its_own_timer_and_an_idle_trail_ever_more_seldom() {
    let pair = pair().await;
    let trail = asked(&pair).await;
    let timers = unmet(&pair.shelter, &trail).await;
    let heard = Heard::of(&pair);
    pair.shelter.give_heads(at(timers[0])).await;
    quiet(&pair).await;
    assert!(heard.heads().is_empty(), "not before it has ended");
    pair.shelter.give_heads(at(timers[0] + 1)).await;
    until(|| async { !heard.heads().is_empty() }).await;
    let said = heard.heads();
    assert!(said[0].time.get() > timers[0], "its own word that nothing had come by then");
    assert_eq!((said[0].own_count, said[0].nonce), (1, None), "`delivered`, and no answer");
    for second in 2..5 {
        pair.shelter.give_heads(at(timers[0] + second)).await;
    }
    quiet(&pair).await;
    drop(heard);
    // A month, looked at each hour, with nobody to carry anything: one waits, and no other is added to it.
    for hour in 0..31 * 24 {
        pair.shelter.give_heads(after(DAY + hour * 3600)).await;
    }
    let houses = end(pair).await;
    let (sent, _) = kept(&houses[1], &trail);
    assert!((2..=timers.len() + 1).contains(&sent), "{sent} heads, {} timers", timers.len());
}

/// [NOD-91] Whoever waits for an answer has a word that it did not come, or has asked.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_asks_for_the_head_that_did_not_come() {
    let pair = pair().await;
    let trail = asked(&pair).await;
    let due = unmet(&pair.hotline, &trail).await[0];
    let heard = Heard::of(&pair);
    pair.hotline.give_heads(at(due + 60)).await;
    quiet(&pair).await;
    assert!(heard.heads().is_empty(), "it has an hour to come by itself");
    pair.hotline.give_heads(at(due + 3800)).await;
    until(|| async { !heard.heads().is_empty() }).await;
    assert!(heard.heads()[0].nonce.is_some(), "it answers what was asked");
}

/// [NOD-92] What is due is found again after a stop, and what was given is not given again.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_what_is_due_is_given_and_what_was_given_is_not() {
    let pair = pair().await;
    let trail = asked(&pair).await;
    let day = after(DAY + 60);
    pair.shelter.give_heads(day).await;
    let first = pair.shelter.queued().items;
    assert_eq!(first, 1);
    let houses = end(pair).await;
    let shelter = reopened(&houses[1]).await;
    assert_eq!(shelter.queued().items, 1, "it waits on disk");
    shelter.give_heads(day).await;
    assert_eq!(shelter.queued().items, 1, "and is not said twice");
    let hotline = reopened(&houses[0]).await;
    {
        let _carriers = Carrier::both(&hotline, &shelter);
        until(|| async { shelter.queued().items == 0 }).await;
    }
    shelter.give_heads(after(2 * DAY + 3600)).await;
    assert_eq!(shelter.queued().items, 1, "the next day it is due again");
    drop((hotline, shelter));
    drop(reopened(&houses[1]).await);
    assert_eq!(kept(&houses[1], &trail).0, 2);
}

/// [NOD-90] A trail that is settled is not stated any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_costs_nothing() {
    let pair = pair().await;
    let trail = asked(&pair).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    take(&pair.shelter, &trail).await;
    say(&pair.hotline, trail, Statement::Closed(ClosureReason::Done)).await.unwrap();
    reads(&pair.shelter, &trail, "closed").await;
    quiet(&pair).await;
    assert!(pair.shelter.give_heads(after(40 * DAY)).await > 0, "it is looked at once");
    assert_eq!(pair.shelter.give_heads(after(80 * DAY)).await, 0);
    assert_eq!(pair.shelter.queued().items, 0);
}

/// [NOD-93] A peer that states one trail without end leaves no more here than one that follows its clock.
#[tokio::test(flavor = "multi_thread")]
async fn heads_without_end_leave_one_here() {
    let pair = pair().await;
    let trail = asked(&pair).await;
    let there = Carrier::new(&pair.shelter, &pair.hotline);
    for day in 1..40 {
        pair.shelter.give_heads(after(35 * day * DAY)).await;
        until(|| async { pair.shelter.queued().items == 0 }).await;
    }
    drop(there);
    let houses = end(pair).await;
    let (sent, _) = kept(&houses[1], &trail);
    let (_, came) = kept(&houses[0], &trail);
    assert!(sent >= 39, "{sent}");
    assert_eq!(came, 1);
}
