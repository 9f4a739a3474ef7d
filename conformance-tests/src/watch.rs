//! Readers of changes that are cut at random, while both nodes work and one is killed at random moments.
//!
//! Checks that each reader heard exactly what somebody hears who reads everything at once at the end, in the same order,
//! and that this is what the trails hold that the reader may see. Every reader sees something else: a supervisor all, two
//! case workers what they opened, the administrator no trail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::{Code, Status};
use uput_wire::v1 as wire;
use wire::change_service_client::ChangeServiceClient;
use wire::statement::Kind;
use wire::trail_service_client::TrailServiceClient;
use wire::{ChangeKind, WarningCode};

use crate::failed::{Failed, Outcome};
use crate::organisation::{Access, Organisation};
use crate::pair::{Pair, Setting, agreement};
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::{self, Request};
use crate::tally::Tally;

/// How long receipts may take to be recorded after the last letter.
const RECEIPTS: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Decides every choice but the timing of the machine.
    pub seed: u64,
    /// How many referrals, and how many enquiries of each case worker.
    pub referrals: u64,
    /// How many times the watched node is killed.
    pub kills: u64,
}

/// Who reads at the hotline.
#[derive(Clone)]
enum Reader {
    Supervisor,
    Administrator,
    /// With an access file.
    CaseWorker(PathBuf),
}

/// What a reader heard, and where it is.
#[derive(Default)]
struct Heard {
    changes: Vec<wire::Change>,
    cursor: Vec<u8>,
    cuts: u64,
    away: u64,
}

struct Run {
    pair: Pair,
    plan: Plan,
    done: AtomicU64,
    quiet: AtomicBool,
}

/// Runs it. `progress` hears how many steps were done.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, plan: Plan, progress: impl Fn(u64) + Send + Sync + 'static) -> Outcome<Tally> {
    let pair = Pair::found(programs, &Setting { log: "info", open_wire: false, agreement: agreement()? }).await?;
    let mut readers = vec![Reader::Supervisor, Reader::Administrator];
    for name in ["ana", "bo"] {
        readers.push(Reader::CaseWorker(case_worker(&pair.hotline, name).await?));
    }
    let run = Arc::new(Run { pair, plan, done: AtomicU64::new(0), quiet: AtomicBool::new(false) });
    let mut listeners = JoinSet::new();
    for (number, reader) in (0..).zip(readers.clone()) {
        let run = Arc::clone(&run);
        listeners.spawn(async move { Ok::<_, Failed>((number, run.listen(&reader, number).await?)) });
    }
    let worked = run.work(&readers, Arc::new(progress)).await;
    run.quiet.store(true, Ordering::Relaxed);
    let mut heard = BTreeMap::new();
    while let Some(ended) = listeners.join_next().await {
        let (number, one) = ended.map_err(|error| Failed::because(error.to_string()))??;
        heard.insert(number, one);
    }
    let mut tally = Tally::default();
    tally.add("kills", plan.kills);
    worked?;
    for (reader, heard) in readers.iter().zip(heard.into_values()) {
        run.compare(reader, &heard, &mut tally).await?;
    }
    Ok(tally)
}

async fn case_worker(organisation: &Organisation, name: &str) -> Outcome<PathBuf> {
    let at = |ending: &str| organisation.home().join(format!("{name}.{ending}"));
    std::fs::write(at("txt"), format!("Invented {name}"))?;
    let (name_file, to) = (at("txt").display().to_string(), at("toml").display().to_string());
    let made =
        organisation.uput_done(&["account", "create", "--role", "case-worker", "--name-file", &name_file]).await?;
    let account = made.pointer("/account/account").and_then(serde_json::Value::as_str);
    let account = account.ok_or_else(|| Failed::because("the answer names no account"))?;
    organisation.uput_done(&["account", "token", account, "--to", &to]).await?;
    Ok(at("toml"))
}

impl Run {
    /// Everything that is said, and every kill.
    async fn work(self: &Arc<Self>, readers: &[Reader], progress: Arc<dyn Fn(u64) + Send + Sync>) -> Outcome<()> {
        let mut workers = JoinSet::new();
        let (run, told) = (Arc::clone(self), Arc::clone(&progress));
        workers.spawn(async move {
            for number in 0..run.plan.referrals {
                let mut draw = Draw::new(run.plan.seed).part(number);
                referral::refer(&run.pair, &mut draw, |_, _| run.step(&*told)).await?;
            }
            Ok(())
        });
        for (number, reader) in (1_000..).zip(readers.to_vec()) {
            let Reader::CaseWorker(file) = reader else { continue };
            let (run, told) = (Arc::clone(self), Arc::clone(&progress));
            workers.spawn(async move { run.enquire(&file, number, &*told).await });
        }
        let run = Arc::clone(self);
        workers.spawn(async move { run.kill_at_random().await });
        while let Some(ended) = workers.join_next().await {
            ended.map_err(|error| Failed::because(error.to_string()))??;
        }
        self.pair.settled().await?;
        tokio::time::sleep(RECEIPTS).await;
        Ok(())
    }

    fn step(&self, progress: &(dyn Fn(u64) + Send + Sync)) {
        progress(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    /// A case worker asks, and warns.
    async fn enquire(&self, file: &Path, number: u64, progress: &(dyn Fn(u64) + Send + Sync)) -> Outcome<()> {
        let mut draw = Draw::new(self.plan.seed).part(number);
        for _ in 0..self.plan.referrals {
            let opening = Request::enquiry(draw.request_id());
            let trail = self.ask_as(file, &opening).await?;
            self.step(progress);
            if draw.once_in(2) {
                let warned = wire::Warned { code: WarningCode::DoNotContact.into() };
                self.ask_as(file, &Request::event(draw.request_id(), &trail, Kind::Warned(warned), &[])).await?;
            }
        }
        Ok(())
    }

    async fn ask_as(&self, file: &Path, request: &Request) -> Outcome<Vec<u8>> {
        let (node, folder) = (&self.pair.hotline, self.pair.hotline.folder());
        let asked = node.ask(|_| async {
            let access = Access::open(&folder, file, file).map_err(|failed| Status::unavailable(failed.to_string()))?;
            request.clone().once(access).await
        });
        Ok(asked.await?.value)
    }

    async fn kill_at_random(&self) -> Outcome<()> {
        let mut draw = Draw::new(self.plan.seed).part(u64::MAX);
        for _ in 0..self.plan.kills {
            tokio::time::sleep(Duration::from_millis(300 + draw.below(1500))).await;
            self.pair.hotline.kill().await?;
            tokio::time::sleep(Duration::from_millis(draw.below(300))).await;
            self.pair.hotline.start().await?;
        }
        Ok(())
    }

    /// Reads, is cut, and goes on, until nothing more is said and everything was heard.
    async fn listen(&self, reader: &Reader, number: u64) -> Outcome<Heard> {
        let mut draw = Draw::new(self.plan.seed).part(2_000 + number);
        let mut heard = Heard::default();
        loop {
            // Asked before: what was said until then must be heard by now.
            let quiet = self.quiet.load(Ordering::Relaxed);
            let listened = match draw.below(3) {
                0 => self.list(reader, &mut heard, &mut draw).await,
                _ if quiet => self.list(reader, &mut heard, &mut draw).await,
                _ => self.watch(reader, &mut heard, &mut draw).await.map(|()| false),
            };
            match listened {
                Ok(ended) if ended && quiet => return Ok(heard),
                Ok(_) => {}
                Err(status) if is_away(&status) => {
                    heard.away += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }

    /// One call; tells whether it came to the end.
    async fn list(&self, reader: &Reader, heard: &mut Heard, draw: &mut Draw) -> Result<bool, Status> {
        let request = wire::ListChangesRequest {
            everything: heard.cursor.is_empty(),
            cursor: heard.cursor.clone(),
            page_size: u32::try_from(1 + draw.below(20)).unwrap_or(1),
            wait_seconds: u32::try_from(draw.below(2)).unwrap_or(0),
        };
        let access = self.access(reader).await?;
        let mut changes = ChangeServiceClient::new(access.channel());
        let answer = changes.list_changes(reader.with(&access, request)).await?.into_inner();
        let ended = !answer.more;
        heard.take(answer.changes, answer.cursor);
        Ok(ended)
    }

    /// A watch that is cut after some messages, or some time.
    async fn watch(&self, reader: &Reader, heard: &mut Heard, draw: &mut Draw) -> Result<(), Status> {
        let request = wire::WatchRequest {
            everything: heard.cursor.is_empty(),
            cursor: heard.cursor.clone(),
            heartbeat_seconds: 1,
        };
        let access = self.access(reader).await?;
        let mut changes = ChangeServiceClient::new(access.channel());
        let mut stream = changes.watch(reader.with(&access, request)).await?.into_inner();
        let cut = tokio::time::sleep(Duration::from_millis(draw.below(900)));
        tokio::pin!(cut);
        for _ in 0..draw.below(9) {
            let message = tokio::select! {
                message = stream.message() => message?,
                () = &mut cut => break,
            };
            let Some(message) = message else { break };
            heard.take(message.changes, message.cursor);
        }
        heard.cuts += 1;
        Ok(())
    }

    async fn access(&self, reader: &Reader) -> Result<Access, Status> {
        let away = |failed: Failed| Status::unavailable(failed.to_string());
        let access = self.pair.hotline.access().await.map_err(away)?;
        match reader {
            Reader::CaseWorker(file) => Access::open(&self.pair.hotline.folder(), file, file).map_err(away),
            _ => Ok(access),
        }
    }

    /// What was heard in pieces is what is heard at once, and what the trails hold.
    async fn compare(&self, reader: &Reader, heard: &Heard, tally: &mut Tally) -> Outcome<()> {
        let all = self.everything(reader).await?;
        tally.add("readers", 1);
        tally.add("watches that were cut", heard.cuts);
        tally.add("times that the node was away", heard.away);
        tally.add("changes heard", heard.changes.len() as u64);
        let apart = all.iter().zip(&heard.changes).position(|(one, other)| one != other);
        if let Some(apart) = apart {
            tally.violated(format!("{}: change {apart} differs from what is told at once", reader.name()));
        }
        if all.len() != heard.changes.len() {
            let (heard, all) = (heard.changes.len(), all.len());
            tally.violated(format!("{}: {heard} changes were heard, {all} are told at once", reader.name()));
        }
        let mut trails: BTreeMap<&[u8], [usize; 2]> = BTreeMap::new();
        for change in all.iter().filter(|change| !change.trail.is_empty()) {
            let [written, arrived] = trails.entry(&change.trail).or_default();
            *written += usize::from(change.kind() == ChangeKind::EventWritten);
            *arrived += usize::from(change.kind() == ChangeKind::EventArrived);
        }
        for (trail, counted) in &trails {
            let shown = self.shown(reader, trail).await?;
            let ours = shown.events.iter().filter(|event| event.ours).count();
            if *counted != [ours, shown.events.len() - ours] {
                tally.violated(format!("{}: a trail holds other events than were told", reader.name()));
            }
        }
        tally.add("trails compared", trails.len() as u64);
        let expected = self.plan.referrals * reader.trails();
        if trails.len() as u64 != expected {
            tally.violated(format!("{}: changes of {} trails, {expected} are theirs", reader.name(), trails.len()));
        }
        Ok(())
    }

    async fn everything(&self, reader: &Reader) -> Outcome<Vec<wire::Change>> {
        let (mut all, mut cursor) = (Vec::new(), Vec::new());
        loop {
            let access = self.access(reader).await?;
            let everything = cursor.is_empty();
            let request = wire::ListChangesRequest { cursor, everything, page_size: 500, wait_seconds: 0 };
            let mut changes = ChangeServiceClient::new(access.channel());
            let answer = changes.list_changes(reader.with(&access, request)).await?.into_inner();
            all.extend(answer.changes);
            if !answer.more {
                return Ok(all);
            }
            cursor = answer.cursor;
        }
    }

    async fn shown(&self, reader: &Reader, trail: &[u8]) -> Outcome<wire::Trail> {
        let access = self.access(reader).await?;
        // Whoever looks at what is not theirs says why.
        let why = wire::Reason { code: wire::AccessReason::Supervision.into(), words: String::new() };
        let request = wire::GetTrailRequest { trail: trail.to_vec(), values: false, reason: Some(why), contact: None };
        let answer = TrailServiceClient::new(access.channel()).get_trail(reader.with(&access, request)).await?;
        Ok(answer.into_inner().trail.unwrap_or_default())
    }
}

impl Reader {
    fn with<T>(&self, access: &Access, message: T) -> tonic::Request<T> {
        match self {
            Self::Administrator => access.as_administrator(message),
            Self::Supervisor | Self::CaseWorker(_) => access.request(message),
        }
    }

    /// How many trails are theirs, for each referral.
    const fn trails(&self) -> u64 {
        match self {
            Self::Supervisor => 3,
            Self::Administrator => 0,
            Self::CaseWorker(_) => 1,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::CaseWorker(_) => "case worker",
        }
    }
}

impl Heard {
    fn take(&mut self, changes: Vec<wire::Change>, cursor: Vec<u8>) {
        self.changes.extend(changes);
        self.cursor = cursor;
    }
}

/// Whether that was the line, or a node that stops, and not the node's own no.
fn is_away(status: &Status) -> bool {
    status.details().is_empty() && status.code() != Code::Unimplemented
}
