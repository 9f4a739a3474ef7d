//! Fills a node with cases as nodes are filled: another one opens a trail for each and delivers it; a case worker answers it, and
//! writes a file number and an invented name into its case. Four commits a case, many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use uput_wire::v1 as wire;
use uput_wire::v1::case_service_client::CaseServiceClient;
use uput_wire::v1::follow_up_service_client::FollowUpServiceClient;
use uput_wire::v1::node_service_client::NodeServiceClient;
use uput_wire::v1::trail_service_client::TrailServiceClient;

use crate::Failed;
use crate::referral::{enquiry, request_id};
use crate::town::{Desk, Town};

/// What is done at once, on so many connections.
const AT_ONCE: [usize; 2] = [64, 4];
/// So many cases are the case worker's; the others are a colleague's.
const OWN: usize = 50;
/// So many are nobody's.
const NOBODYS: usize = 100;
/// How long the last ones may be on their way.
const PATIENCE: Duration = Duration::from_secs(300);
/// Connections that write while lists are read.
const WRITERS: usize = 4;
/// How long one of them waits after each trail.
const PAUSE: Duration = Duration::from_millis(20);

/// A node that holds cases, and who works there.
pub(crate) struct Filled {
    pub(super) supervisor: Desk,
    pub(super) worker: Desk,
    /// How many cases have a number and a name.
    pub(super) known: usize,
}

/// Somebody else who keeps opening trails.
pub(super) struct Writes {
    done: Arc<AtomicBool>,
    writers: JoinSet<Result<usize, Failed>>,
    begun: Instant,
}

/// A case and its trail.
struct Arrived {
    case: Vec<u8>,
    trail: Vec<u8>,
}

/// Fills the receiver.
pub(super) async fn fill(town: &Town, cases: usize) -> Result<Filled, Failed> {
    let begun = Instant::now();
    let supervisor = town.receiver.desk("supervisor").await?;
    open(town, cases, &supervisor).await?;
    println!("{cases} cases, delivered at {:.0}/s", cases as f64 / begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let (worker, mut colleagues) = (town.receiver.desk("case-worker").await?, Vec::new());
    let colleague = town.receiver.desk("case-worker").await?;
    for _ in 0..AT_ONCE[1] {
        colleagues.push(colleague.again().await?);
    }
    let arrived = arrived(&supervisor).await?;
    let known = arrived.len().saturating_sub(NOBODYS);
    let bar = bar(known)?;
    let mut workers = JoinSet::new();
    for ((number, one), colleague) in (0..).zip(arrived).take(known).zip(colleagues.iter().cycle()) {
        let desk = if number < OWN { worker.clone() } else { colleague.clone() };
        if workers.len() >= AT_ONCE[0] {
            workers.join_next().await.ok_or("nobody works")???;
            bar.inc(1);
        }
        workers.spawn(async move { take_up(&desk, &one, number).await });
    }
    while let Some(worked) = workers.join_next().await {
        worked??;
    }
    bar.finish_and_clear();
    let rate = known as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{known} of them answered, numbered and named at {rate:.0}/s: {OWN} by the case worker, the others by a colleague"
    );
    Ok(Filled { supervisor, worker, known })
}

/// The file number of a case.
pub(super) fn file_number(number: usize) -> String {
    format!("{number}/2026")
}

/// An invented name: the first word is that of one case in a hundred, both together that of one.
pub(super) fn name(number: usize) -> String {
    format!("{} Prezime{}", given(number), letters(number / 100, 4))
}

/// The first word of the name.
pub(super) fn given(number: usize) -> String {
    format!("Ime{}", letters(number % 100, 2))
}

/// A number in so many letters, as names have no digits.
fn letters(number: usize, width: usize) -> String {
    format!("{number:0width$}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

async fn open(town: &Town, cases: usize, supervisor: &Desk) -> Result<(), Failed> {
    let bar = bar(cases)?;
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
            while next.fetch_add(1, Ordering::Relaxed) < cases as u64 {
                trails.open_trail(enquiry()?).await?;
                bar.inc(1);
            }
            Ok::<_, Failed>(())
        });
    }
    while let Some(worked) = workers.join_next().await {
        worked??;
    }
    bar.finish_and_clear();
    wait_for(supervisor, cases).await
}

async fn wait_for(desk: &Desk, cases: usize) -> Result<(), Failed> {
    let begun = Instant::now();
    loop {
        let mut node = NodeServiceClient::new(desk.channel());
        let held = node.get_node(desk.request(wire::GetNodeRequest {})).await?.into_inner().trails;
        if held >= cases as u64 {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{held} of {cases} arrived").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every case, page after page.
async fn arrived(desk: &Desk) -> Result<Vec<Arrived>, Failed> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListCasesRequest { page_size: 500, page_token, ..Default::default() };
        let page = CaseServiceClient::new(desk.channel()).list_cases(desk.request(request)).await?.into_inner();
        let one = |case: wire::Case| Some(Arrived { trail: case.trails.into_iter().next()?, case: case.case });
        all.extend(page.cases.into_iter().filter_map(one));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Answers, and writes down what is known.
async fn take_up(desk: &Desk, one: &Arrived, number: usize) -> Result<(), Failed> {
    let held = wire::statement::Kind::Held(wire::Held { until: 4_000_000_000 });
    say(desk, &one.trail, held).await?;
    let request = wire::SetFileNumberRequest { case: one.case.clone(), external_ref: file_number(number) };
    CaseServiceClient::new(desk.channel()).set_file_number(desk.request(request)).await?;
    let fields = vec![wire::Field { label: "name".to_owned(), value: name(number) }];
    let (request_id, case) = (request_id()?, one.case.clone());
    let request = wire::UpdateCaseRecordRequest { request_id, case, fields, ..Default::default() };
    FollowUpServiceClient::new(desk.channel()).update_case_record(desk.request(request)).await?;
    Ok(())
}

async fn say(desk: &Desk, trail: &[u8], kind: wire::statement::Kind) -> Result<(), Failed> {
    let statement = Some(wire::Statement { kind: Some(kind) });
    let (request_id, trail) = (request_id()?, trail.to_vec());
    let request = wire::RecordEventRequest { request_id, trail, statement, ..Default::default() };
    TrailServiceClient::new(desk.channel()).record_event(desk.request(request)).await?;
    Ok(())
}

impl Filled {
    /// The last things that happen, for whoever reads changes at the end.
    pub(super) async fn last(&self) -> Result<(), Failed> {
        let request = wire::ListTrailsRequest { page_size: 50, ..Default::default() };
        let mut trails = TrailServiceClient::new(self.worker.channel());
        let rows = trails.list_trails(self.worker.request(request)).await?.into_inner().trails;
        for row in rows {
            let acknowledged = wire::statement::Kind::Acknowledged(wire::Acknowledged {});
            say(&self.worker, &row.trail, acknowledged).await?;
        }
        // Receipts of these are written before the clock runs.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

impl Writes {
    /// Begins.
    pub(super) async fn begin(town: &Town) -> Result<Self, Failed> {
        let (done, mut writers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..WRITERS {
            let (mut trails, done) = (town.sender.trails().await?, Arc::clone(&done));
            writers.spawn(async move {
                let mut count = 0;
                while !done.load(Ordering::Relaxed) {
                    trails.open_trail(enquiry()?).await?;
                    count += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(count)
            });
        }
        Ok(Self { done, writers, begun: Instant::now() })
    }

    /// Ends, and tells how many a second there were.
    pub(super) async fn end(mut self) -> Result<f64, Failed> {
        self.done.store(true, Ordering::Relaxed);
        let mut count = 0;
        while let Some(written) = self.writers.join_next().await {
            count += written??;
        }
        Ok(count as f64 / self.begun.elapsed().as_secs_f64())
    }
}

fn bar(count: usize) -> Result<ProgressBar, Failed> {
    let bar = ProgressBar::new(count as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} cases {elapsed} of about {duration}")?);
    Ok(bar)
}
