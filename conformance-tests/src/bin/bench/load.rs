//! Referrals under way: so many at once, each counted when its sender holds the receiver's signed `delivered`.
//!
//! One of them: `OpenTrail` at the sender's node, answered after its commit; then `GetTrail` there until the opening is
//! shown as delivered, which the node does only when the receiver's signed event is verified and on disk. To ask is
//! work for the node too: who asks waits as long as the others had to, and the questions are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uput_wire::v1::{Act, Field, GetTrailRequest, LegalBasis, OpenTrailRequest, ServiceType};

use crate::Failed;
use crate::process::Process;
use crate::town::{RECEIVER, Town, Trails};

/// Until the nodes have settled into it.
const WARMING: Duration = Duration::from_secs(1);
/// Calls that one connection may have under way.
const CALLS: usize = 64;
/// A receipt that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was measured.
pub(crate) struct Measured {
    /// Referrals at once.
    pub(crate) at_once: usize,
    /// Delivered per second.
    pub(crate) rate: f64,
    /// Half of the receipts came this fast after the sender's commit, in milliseconds.
    pub(crate) median: f64,
    /// And 95 of 100.
    pub(crate) p95: f64,
    /// Processor time of both nodes for one, in microseconds.
    pub(crate) cost: f64,
    /// Processor time of this program for one, in microseconds.
    pub(crate) asking: f64,
    /// Questions for one.
    pub(crate) polls: f64,
    /// Memory of sender and receiver at the end, in MiB.
    pub(crate) resident: (f64, f64),
}

/// A receipt that came.
struct Receipt {
    seen: Instant,
    took: Duration,
    polls: u32,
}

/// How long receipts take, from which whoever waits learns when to ask.
#[derive(Default)]
struct Usual(AtomicU64);

/// Keeps so many referrals under way for so long.
pub(crate) async fn measure(town: &Town, at_once: usize, span: Duration) -> Result<Measured, Failed> {
    let mut connections = Vec::new();
    for _ in 0..at_once.div_ceil(CALLS) {
        connections.push(town.sender.trails().await?);
    }
    let processes = [town.sender.process(), town.receiver.process()];
    let usual = Arc::new(Usual::default());
    let start = Instant::now();
    let end = start + WARMING + span;
    let mut workers = JoinSet::new();
    for trails in connections.iter().cycle().take(at_once) {
        workers.spawn(refer_until(trails.clone(), Arc::clone(&usual), end));
    }
    tokio::time::sleep(WARMING).await;
    let (from, before, own) = (Instant::now(), used(&processes)?, Process::own().used()?);
    tokio::time::sleep_until(end.into()).await;
    let (until, after) = (Instant::now(), used(&processes)?);
    let asking = Process::own().used()?.saturating_sub(own);
    let resident = (town.sender.process().resident()?, town.receiver.process().resident()?);
    let mut receipts = Vec::new();
    while let Some(worked) = workers.join_next().await {
        receipts.extend(worked??);
    }
    receipts.retain(|receipt| receipt.seen >= from && receipt.seen < until);
    receipts.sort_by_key(|receipt| receipt.took);
    let count = receipts.len().max(1) as f64;
    let at = |share: f64| {
        let place = (count * share) as usize;
        receipts.get(place.min(receipts.len().saturating_sub(1))).map_or(0.0, |it| it.took.as_secs_f64() * 1e3)
    };
    Ok(Measured {
        at_once,
        rate: receipts.len() as f64 / until.duration_since(from).as_secs_f64(),
        median: at(0.5),
        p95: at(0.95),
        cost: after.saturating_sub(before).as_secs_f64() * 1e6 / count,
        asking: asking.as_secs_f64() * 1e6 / count,
        polls: f64::from(receipts.iter().map(|receipt| receipt.polls).sum::<u32>()) / count,
        resident,
    })
}

fn used(processes: &[Process]) -> Result<Duration, Failed> {
    processes.iter().map(Process::used).sum()
}

async fn refer_until(mut trails: Trails, usual: Arc<Usual>, end: Instant) -> Result<Vec<Receipt>, Failed> {
    let mut receipts = Vec::new();
    while Instant::now() < end {
        receipts.push(refer(&mut trails, &usual).await?);
    }
    Ok(receipts)
}

async fn refer(trails: &mut Trails, usual: &Usual) -> Result<Receipt, Failed> {
    let trail = trails.open_trail(enquiry()?).await?.into_inner().trail;
    let committed = Instant::now();
    let mut pause = usual.first();
    for polls in 1.. {
        tokio::time::sleep(pause).await;
        let request = GetTrailRequest { trail: trail.clone(), values: false };
        let shown = trails.get_trail(request).await?.into_inner().trail.ok_or("no trail")?;
        let took = committed.elapsed();
        if shown.events.iter().any(|event| event.seq == 0 && event.ours && event.delivered > 0) {
            usual.learn(took);
            return Ok(Receipt { seen: Instant::now(), took, polls });
        }
        if took > PATIENCE {
            return Err("a receipt did not come".into());
        }
        pause = usual.next();
    }
    Err("a receipt did not come".into())
}

/// A bed for tonight, invented, without a name.
fn enquiry() -> Result<OpenTrailRequest, Failed> {
    let field = |(label, value): (&str, &str)| Field { label: label.to_owned(), value: value.to_owned() };
    Ok(OpenTrailRequest {
        request_id: request_id()?,
        validate_only: false,
        peer: RECEIVER.to_owned(),
        agreement: Vec::new(),
        act: Act::Referral.into(),
        service_type: ServiceType::Shelter.into(),
        stage: 0,
        basis: LegalBasis::NoneNeededNonpersonal.into(),
        article: 0,
        fields: [("places", "2"), ("adults", "1"), ("children", "1")].map(field).into(),
        expiry: 0,
        occurred: 0,
    })
}

fn request_id() -> Result<String, Failed> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Usual {
    fn microseconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A little less than receipts took lately.
    fn first(&self) -> Duration {
        Duration::from_micros(self.microseconds() * 9 / 10)
    }

    /// A tenth of it, so that what is measured is right within a tenth.
    fn next(&self) -> Duration {
        Duration::from_micros((self.microseconds() / 10).max(500))
    }

    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 16);
        let usual = self.microseconds();
        self.0.store(if usual == 0 { took } else { (usual * 15 + took) / 16 }, Ordering::Relaxed);
    }
}
