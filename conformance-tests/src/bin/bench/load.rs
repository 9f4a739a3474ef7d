//! Stories under way: so many at once, for so long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Failed;
use crate::process::Process;
use crate::referral::{People, Story, Told, Usual};
use crate::town::Town;

/// Until the nodes have settled into it.
const WARMING: Duration = Duration::from_secs(1);
/// Calls that one connection may have under way.
const CALLS: usize = 64;

/// What was measured.
pub(crate) struct Measured {
    /// Stories told per second.
    pub(crate) rate: f64,
    /// Receipts of disclosures, from the sender's commit.
    pub(crate) receipts: Spread,
    /// Whole stories.
    pub(crate) stories: Spread,
    /// Processor time of both nodes for one story, in microseconds.
    pub(crate) cost: f64,
    /// Processor time of this program for one, in microseconds.
    pub(crate) asking: f64,
    /// Questions for one.
    pub(crate) polls: f64,
    /// Memory of sender and receiver at the end, in MiB.
    pub(crate) resident: (f64, f64),
}

/// How long things took, in milliseconds.
pub(crate) struct Spread {
    /// Half of them at most.
    pub(crate) median: f64,
    /// And 95 of 100.
    pub(crate) p95: f64,
}

/// Keeps so many stories under way for so long.
pub(crate) async fn measure(town: &Town, story: Story, at_once: usize, span: Duration) -> Result<Measured, Failed> {
    let mut people = Vec::new();
    for _ in 0..at_once.div_ceil(CALLS) {
        people.push(People { sender: town.sender.trails().await?, receiver: town.receiver.trails().await? });
    }
    let processes = [town.sender.process(), town.receiver.process()];
    let usual = Arc::new(Usual::default());
    let end = Instant::now() + WARMING + span;
    let mut workers = JoinSet::new();
    for people in people.iter().cycle().take(at_once) {
        workers.spawn(tell_until(people.clone(), story, Arc::clone(&usual), end));
    }
    tokio::time::sleep(WARMING).await;
    let (from, before, own) = (Instant::now(), used(&processes)?, Process::own().used()?);
    tokio::time::sleep_until(end.into()).await;
    let (until, after) = (Instant::now(), used(&processes)?);
    let asking = Process::own().used()?.saturating_sub(own);
    let resident = (town.sender.process().resident()?, town.receiver.process().resident()?);
    let mut told = Vec::new();
    while let Some(worked) = workers.join_next().await {
        told.extend(worked??);
    }
    let within = |moment: Instant| moment >= from && moment < until;
    let receipts = told.iter().flat_map(|told| &told.receipts).filter(|receipt| within(receipt.seen));
    let receipts = Spread::of(receipts.map(|receipt| receipt.took).collect());
    told.retain(|told| within(told.ended));
    let count = told.len().max(1) as f64;
    Ok(Measured {
        rate: told.len() as f64 / until.duration_since(from).as_secs_f64(),
        receipts,
        stories: Spread::of(told.iter().map(|told| told.took).collect()),
        cost: after.saturating_sub(before).as_secs_f64() * 1e6 / count,
        asking: asking.as_secs_f64() * 1e6 / count,
        polls: f64::from(told.iter().map(|told| told.polls).sum::<u32>()) / count,
        resident,
    })
}

impl Spread {
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |share: f64| {
            let place = (took.len() as f64 * share) as usize;
            took.get(place.min(took.len().saturating_sub(1))).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        Self { median: at(0.5), p95: at(0.95) }
    }
}

fn used(processes: &[Process]) -> Result<Duration, Failed> {
    processes.iter().map(Process::used).sum()
}

async fn tell_until(mut people: People, story: Story, usual: Arc<Usual>, end: Instant) -> Result<Vec<Told>, Failed> {
    let mut told = Vec::new();
    while Instant::now() < end {
        told.push(people.tell(story, &usual).await?);
    }
    Ok(told)
}
