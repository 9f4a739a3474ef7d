//! `kill -9` of either node at random moments, while referrals run between them.
//!
//! Checks that every request that was answered OK exists exactly once at both sides, that both sides show the same
//! events in the same order with the same verdicts, and that a repeated request is done once. It cannot show what a
//! power cut does: the system keeps what a killed program wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use uput_wire::v1 as wire;

use crate::failed::{Failed, Outcome};
use crate::pair::{Pair, Setting, agreement};
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::{self, Acknowledged, FINISHED, Request, Side};
use crate::tally::Tally;

/// Steps of a referral, its opening among them.
const STEPS: u64 = 9;
/// Referrals that run at once.
const AT_ONCE: u64 = 6;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Decides every choice but the timing of the machine.
    pub seed: u64,
    /// How many referrals.
    pub referrals: u64,
    /// How many times a node is killed.
    pub kills: u64,
}

struct Run {
    pair: Pair,
    plan: Plan,
    next: AtomicU64,
    answered: AtomicU64,
    repeated: AtomicU64,
    stopped: AtomicBool,
    acknowledged: Mutex<Vec<Acknowledged>>,
}

/// Runs it. `progress` hears how many steps were answered.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, plan: Plan, progress: impl Fn(u64) + Send + Sync + 'static) -> Outcome<Tally> {
    let run = Arc::new(Run {
        pair: Pair::found(programs, &Setting { log: "info", open_wire: false, agreement: agreement()? }).await?,
        plan,
        next: AtomicU64::new(0),
        answered: AtomicU64::new(0),
        repeated: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        acknowledged: Mutex::new(Vec::new()),
    });
    let killer = tokio::spawn(kill_at_random(Arc::clone(&run)));
    let progress = Arc::new(progress);
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE.min(plan.referrals) {
        let (run, progress) = (Arc::clone(&run), Arc::clone(&progress));
        workers.spawn(async move { refer_all(&run, &*progress).await });
    }
    let worked = all_ended(workers).await;
    run.stopped.store(true, Ordering::Relaxed);
    let kills = killer.await.map_err(|error| Failed::because(error.to_string()))??;
    let mut tally = Tally::default();
    tally.add("referrals", plan.referrals);
    tally.add("kills", kills);
    tally.add("requests answered OK", run.answered.load(Ordering::Relaxed));
    tally.add("requests repeated", run.repeated.load(Ordering::Relaxed));
    match worked {
        Ok(()) => run.check(&mut tally).await?,
        Err(failed) => tally.violated(failed.to_string()),
    }
    Ok(tally)
}

async fn all_ended(mut workers: JoinSet<Outcome<()>>) -> Outcome<()> {
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Failed::because(error.to_string()))??;
    }
    Ok(())
}

async fn refer_all(run: &Run, progress: &(impl Fn(u64) + Send + Sync)) -> Outcome<()> {
    loop {
        let number = run.next.fetch_add(1, Ordering::Relaxed);
        if number >= run.plan.referrals {
            return Ok(());
        }
        let mut draw = Draw::new(run.plan.seed).part(number);
        let done = |acknowledged: Acknowledged, repeated: u64| {
            locked(&run.acknowledged).push(acknowledged);
            run.repeated.fetch_add(repeated, Ordering::Relaxed);
            progress(run.answered.fetch_add(1, Ordering::Relaxed) + 1);
        };
        referral::refer(&run.pair, &mut draw, done).await?;
    }
}

/// Kills when so many steps were answered as the seed says, so that every kill falls into the work.
async fn kill_at_random(run: Arc<Run>) -> Outcome<u64> {
    let mut draw = Draw::new(run.plan.seed).part(u64::MAX);
    let steps = run.plan.referrals * STEPS;
    let mut moments: Vec<u64> = (0..run.plan.kills).map(|_| draw.below(steps)).collect();
    moments.sort_unstable();
    let mut kills = 0;
    for moment in moments {
        while run.answered.load(Ordering::Relaxed) < moment && !run.stopped.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if run.stopped.load(Ordering::Relaxed) {
            return Ok(kills);
        }
        tokio::time::sleep(Duration::from_millis(draw.below(60))).await;
        let side = if draw.once_in(2) { Side::Opener } else { Side::Asked };
        side.of(&run.pair).kill().await?;
        kills += 1;
        tokio::time::sleep(Duration::from_millis(draw.below(200))).await;
        side.of(&run.pair).start().await?;
    }
    Ok(kills)
}

impl Run {
    async fn check(&self, tally: &mut Tally) -> Outcome<()> {
        self.pair.settled().await?;
        let acknowledged = std::mem::take(&mut *locked(&self.acknowledged));
        if acknowledged.len() as u64 != self.plan.referrals * STEPS {
            tally.violated(format!("{} of {} steps", acknowledged.len(), self.plan.referrals * STEPS));
        }
        check_acknowledged(&self.pair, &acknowledged, tally).await?;
        for (trail, events) in by_trail(&acknowledged) {
            check_trail(&self.pair, &trail, &events, tally).await?;
        }
        // The names of the last lines of the summary, also where nothing was found.
        tally.add("lost", 0);
        tally.add("doubled", 0);
        Ok(())
    }
}

/// Repeats every request, and counts the trails: what was done once stays done once. [API-8]
///
/// # Errors
/// A node's no.
pub async fn check_acknowledged(pair: &Pair, acknowledged: &[Acknowledged], tally: &mut Tally) -> Outcome<()> {
    let events: BTreeSet<&Vec<u8>> = acknowledged.iter().map(|one| &one.event).collect();
    if events.len() != acknowledged.len() {
        tally.violated("two requests, one event");
    }
    for one in acknowledged {
        let again = one.request.ask(one.side.of(pair)).await?.value;
        tally.add("requests asked again at the end", 1);
        if again != one.event {
            tally.add("doubled", 1);
            tally.violated("a request that was asked again has another answer");
        }
    }
    let opened = by_trail(acknowledged);
    for side in [Side::Opener, Side::Asked] {
        let listed = referral::listed(side.of(pair)).await?;
        let distinct: BTreeSet<Vec<u8>> = listed.iter().cloned().collect();
        let lost = opened.keys().filter(|trail| !distinct.contains(*trail)).count();
        let strange = distinct.iter().filter(|trail| !opened.contains_key(*trail)).count();
        count(tally, "lost", lost, "trails that were acknowledged are not listed");
        count(tally, "doubled", strange + listed.len() - distinct.len(), "trails are listed that nobody opened");
    }
    Ok(())
}

fn count(tally: &mut Tally, name: &'static str, number: usize, what: &str) {
    if number > 0 {
        tally.add(name, number as u64);
        tally.violated(format!("{number} {what}"));
    }
}

fn by_trail(acknowledged: &[Acknowledged]) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut trails: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for one in acknowledged {
        let trail = match &one.request {
            Request::Open(_) => &one.event,
            Request::Record(message) => &message.trail,
        };
        trails.entry(trail.clone()).or_default().push(one.event.clone());
    }
    trails
}

async fn check_trail(pair: &Pair, trail: &[u8], said: &[Vec<u8>], tally: &mut Tally) -> Outcome<()> {
    let mut views = Vec::new();
    for side in [Side::Opener, Side::Asked] {
        let view = referral::shown(side.of(pair), trail, false).await?;
        let Some(view) = view else {
            count(tally, "lost", 1, "trail that was acknowledged is not there");
            return Ok(());
        };
        check_view(&view, said, tally);
        views.push(view);
    }
    tally.add("trails compared", 1);
    let reading = |view: &wire::Trail| -> Vec<(Vec<u8>, u64, String, String, String)> {
        let events = view.events.iter();
        let read =
            |e: &wire::TrailEvent| (e.event.clone(), e.seq, e.kind.clone(), e.code.clone(), e.void_reason.clone());
        let mut all: Vec<_> = events.map(read).collect();
        // Events that crossed stand in the order in which they came, which is another one on each side.
        all.sort();
        all
    };
    if let [opener, asked] = views.as_slice() {
        if reading(opener) != reading(asked) {
            tally.violated(format!("the two sides differ in a trail: {:?} and {:?}", kinds(opener), kinds(asked)));
        }
        if (&opener.headline, opener.stage) != (&asked.headline, asked.stage) {
            tally.violated(format!("headlines differ: {} and {}", opener.headline, asked.headline));
        }
        tally.add("events compared", opener.events.len() as u64);
    }
    Ok(())
}

fn check_view(view: &wire::Trail, said: &[Vec<u8>], tally: &mut Tally) {
    let times = |event: &Vec<u8>| view.events.iter().filter(|shown| shown.event == *event).count();
    let lost = said.iter().filter(|event| times(event) == 0).count();
    let doubled = said.iter().filter(|event| times(event) > 1).count();
    count(tally, "lost", lost, "events that were acknowledged are not there");
    count(tally, "doubled", doubled, "events stand there twice");
    let mut expected = BTreeMap::from(FINISHED);
    expected.retain(|_, number| *number > 0);
    let found = kinds(view);
    if found.iter().map(|(kind, number)| (kind.as_str(), *number)).collect::<BTreeMap<_, _>>() != expected {
        tally.violated(format!("a finished trail holds {found:?}"));
    }
    if let Some(void) = view.events.iter().find(|event| !event.void_reason.is_empty()) {
        tally.violated(format!("{} is void: {}", void.kind, void.void_reason));
    }
}

fn kinds(view: &wire::Trail) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for event in &view.events {
        *kinds.entry(event.kind.clone()).or_default() += 1;
    }
    kinds
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
