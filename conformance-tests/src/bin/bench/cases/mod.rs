//! How long lists take at a node that holds many cases, beside a bare call and a bare look into an index.
//!
//! The node is filled as nodes are: another one opens a trail for each case and delivers it, one commit each. Then each
//! call is made often, one after the other, through the local interface over TLS.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use tonic::Status;
use uput_wire::v1 as wire;
use uput_wire::v1::change_service_client::ChangeServiceClient;
use uput_wire::v1::node_service_client::NodeServiceClient;
use uput_wire::v1::trail_service_client::TrailServiceClient;

use crate::Failed;
use crate::referral::enquiry;
use crate::town::{Desk, Town};

/// Trails that are opened at once, on so many connections.
const AT_ONCE: [usize; 2] = [64, 4];
/// How often each call is measured.
const TIMES: usize = 1000;
/// Of every so many cases one is the case worker's; the others are somebody else's.
const OWN: usize = 100;
/// How long the last ones may be on their way.
const PATIENCE: Duration = Duration::from_secs(120);

/// Half of them and 99 of 100 at most, in milliseconds.
#[derive(Clone, Copy)]
struct Quantiles {
    p50: f64,
    p99: f64,
}

/// Fills a node and measures it.
pub(crate) async fn measure(programs: &Path, cases: usize) -> Result<(), Failed> {
    let town = Town::found(programs)?;
    let filled = Instant::now();
    let trails = fill(&town, cases).await?;
    let rate = cases as f64 / filled.elapsed().as_secs_f64();
    println!("{cases} cases, delivered at {rate:.0}/s");
    let receiver = &town.receiver;
    println!("memory of the node that holds them: {:.1} MiB", receiver.process().resident()?);
    let (supervisor, worker) = (receiver.desk("supervisor").await?, receiver.desk("case-worker").await?);
    assign(&worker, &supervisor, &trails).await?;

    let lookup = index_lookup(cases)?;
    say("a look into a bare index of as many entries (sled, no TLS, no sealing)", lookup, None, None);
    let call = often(|| get_node(&supervisor)).await?;
    say("GetNode, a call that looks for nothing", call, Some(lookup), None);
    for (name, desk, waiting, size) in [
        ("ListTrails, supervisor, what waits, 50 rows", &supervisor, true, 50),
        ("ListTrails, supervisor, all, 50 rows", &supervisor, false, 50),
        ("ListTrails, supervisor, all, 500 rows", &supervisor, false, 500),
        ("ListTrails, case worker, what is theirs or nobody's, 50 rows", &worker, false, 50),
    ] {
        let measured = often(|| list(desk, waiting, size)).await?;
        say(name, measured, Some(lookup), Some(call));
    }
    let last = often(|| changes(&supervisor)).await?;
    say("ListChanges, supervisor, nothing new", last, Some(lookup), Some(call));
    let begun = Instant::now();
    receiver.restart()?;
    println!("the node starts with {cases} cases in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

async fn fill(town: &Town, cases: usize) -> Result<Vec<Vec<u8>>, Failed> {
    let bar = ProgressBar::new(cases as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} cases {elapsed} of about {duration}")?);
    let [at_once, connections] = AT_ONCE;
    let mut desks = Vec::new();
    for _ in 0..connections {
        desks.push(town.sender.trails().await?);
    }
    let next = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for desk in desks.iter().cycle().take(at_once) {
        let (mut trails, next, bar) = (desk.clone(), Arc::clone(&next), bar.clone());
        workers.spawn(async move {
            let mut opened = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < cases as u64 {
                opened.push(trails.open_trail(enquiry()?).await?.into_inner().trail);
                bar.inc(1);
            }
            Ok::<_, Failed>(opened)
        });
    }
    let mut opened = Vec::new();
    while let Some(worked) = workers.join_next().await {
        opened.extend(worked??);
    }
    bar.finish_and_clear();
    let desk = town.receiver.desk("supervisor").await?;
    let begun = Instant::now();
    loop {
        let held = get_node(&desk).await?.trails;
        if held >= cases as u64 {
            return Ok(opened);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{held} of {cases} arrived").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every case is somebody's who answered; of a hundred one is the case worker's.
async fn assign(worker: &Desk, other: &Desk, trails: &[Vec<u8>]) -> Result<(), Failed> {
    let mut workers = JoinSet::new();
    for (number, trail) in trails.iter().enumerate().take(trails.len().saturating_sub(OWN)) {
        let desk = if number % OWN == 0 { worker.clone() } else { other.clone() };
        if workers.len() >= AT_ONCE[0] {
            workers.join_next().await.ok_or("nobody works")???;
        }
        let held = wire::Held { until: 4_000_000_000 };
        let request = wire::RecordEventRequest {
            request_id: crate::referral::request_id()?,
            trail: trail.clone(),
            statement: Some(wire::Statement { kind: Some(wire::statement::Kind::Held(held)) }),
            ..wire::RecordEventRequest::default()
        };
        workers.spawn(async move {
            let mut trails = TrailServiceClient::new(desk.channel());
            trails.record_event(desk.request(request)).await?;
            Ok::<(), Failed>(())
        });
    }
    while let Some(worked) = workers.join_next().await {
        worked??;
    }
    Ok(())
}

async fn get_node(desk: &Desk) -> Result<wire::GetNodeResponse, Status> {
    let mut node = NodeServiceClient::new(desk.channel());
    Ok(node.get_node(desk.request(wire::GetNodeRequest {})).await?.into_inner())
}

async fn list(desk: &Desk, waiting: bool, page_size: u32) -> Result<wire::ListTrailsResponse, Status> {
    let request = wire::ListTrailsRequest { page_size, page_token: String::new(), waiting, ..Default::default() };
    let mut trails = TrailServiceClient::new(desk.channel());
    Ok(trails.list_trails(desk.request(request)).await?.into_inner())
}

async fn changes(desk: &Desk) -> Result<wire::ListChangesResponse, Status> {
    let mut changes = ChangeServiceClient::new(desk.channel());
    Ok(changes.list_changes(desk.request(wire::ListChangesRequest::default())).await?.into_inner())
}

async fn often<T, F: Future<Output = Result<T, Status>>>(mut call: impl FnMut() -> F) -> Result<Quantiles, Failed> {
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        call().await?;
        took.push(begun.elapsed());
    }
    Ok(Quantiles::of(took))
}

/// An index as the node has one, alone in this process: so many entries under keys of 32 bytes, one looked up at a time.
fn index_lookup(entries: usize) -> Result<Quantiles, Failed> {
    let folder = tempfile::tempdir()?;
    let index = sled::Config::new().path(folder.path().join("index")).cache_capacity(64 << 20).open()?;
    let key = |number: usize| ring::digest::digest(&ring::digest::SHA256, &number.to_be_bytes());
    for number in 0..entries {
        index.insert(key(number).as_ref(), vec![7; 45])?;
    }
    let mut took = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let key = key(number.wrapping_mul(7919) % entries.max(1));
        let begun = Instant::now();
        let found = index.get(key.as_ref())?;
        took.push(begun.elapsed());
        found.ok_or("the index lost an entry")?;
    }
    Ok(Quantiles::of(took))
}

impl Quantiles {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |share: f64| {
            let place = (took.len() as f64 * share) as usize;
            took.get(place.min(took.len().saturating_sub(1))).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

fn say(name: &str, measured: Quantiles, lookup: Option<Quantiles>, call: Option<Quantiles>) {
    let Quantiles { p50, p99 } = measured;
    println!("{name}:\n  {p50:.3} ms (half), {p99:.3} ms (99 of 100)");
    let beside = [("the look into a bare index", lookup), ("GetNode", call)];
    for (what, other) in beside.into_iter().filter_map(|(what, other)| Some((what, other?))) {
        println!("  {:.1} times {what} (half), {:.1} times (99 of 100)", p50 / other.p50, p99 / other.p99);
    }
}
