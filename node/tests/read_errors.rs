//! A disk that cannot be read for a while, and one that gives back other bytes.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use town::{CONSENT, Carrier, House, SMALL, agree, enquiry, introduce, reads, say, say_with, until, worker};
use uput_core::{
    event::Statement,
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{
        self, CheckLevel, ClosureReason, DeclineReason, LegalBasis, ReceiptOutcome, Role,
        trail_service_server::TrailService,
    },
};
use uput_node::{
    clock,
    disk::{Disk, DiskFile, RealDisk},
    node::{Listed, Listing, NewTrail, Node, Post},
    on_call::{Channels, OnCallConfig},
    peer::Mailroom,
    record,
    rpc::Trails,
    storage::{IndexHome, Storage},
};

const WELL: u32 = 0;
const OUT_OF_REACH: u32 = 1;
const DAMAGED: u32 = 2;
/// What was written last is damaged.
const DAMAGED_AT_THE_END: u32 = 3;

/// What the disk does to whoever reads the journal, and how often it did.
#[derive(Default)]
struct Mood {
    now: AtomicU32,
    failed: AtomicUsize,
    /// How far the journal goes, and from where on it is damaged.
    written: AtomicU64,
    sound: AtomicU64,
}

/// With the folder's lock, so that the folder stays as long as somebody uses it.
struct MoodyDisk {
    disk: RealDisk,
    mood: Arc<Mood>,
    _lock: File,
}

struct MoodyFile(Arc<dyn DiskFile>, Arc<Mood>);

impl MoodyDisk {
    fn wrap(&self, path: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        if path.starts_with("journal") { Arc::new(MoodyFile(file, Arc::clone(&self.mood))) } else { file }
    }
}

impl Disk for MoodyDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }
    fn create_folder(&self, path: &str) -> io::Result<()> {
        self.disk.create_folder(path)
    }
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.disk.create(path)?))
    }
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.disk.open(path)?))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.disk.sync_folder(path)
    }
    fn free(&self) -> io::Result<u64> {
        self.disk.free()
    }
}

impl DiskFile for MoodyFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mood = match self.1.now.load(SeqCst) {
            DAMAGED_AT_THE_END if offset < self.1.sound.load(SeqCst) => WELL,
            DAMAGED_AT_THE_END => DAMAGED,
            mood => mood,
        };
        if mood != WELL {
            self.1.failed.fetch_add(1, SeqCst);
        }
        if mood == OUT_OF_REACH {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.0.read_at(offset, buffer)?;
        if mood == DAMAGED
            && let Some(last) = buffer.last_mut()
        {
            *last ^= 1;
        }
        Ok(())
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.1.written.fetch_max(offset + bytes.len() as u64, SeqCst);
        self.0.write_at(offset, bytes)
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.0.allocate(length)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

fn moody(house: &House) -> (Arc<Node>, Arc<Mood>) {
    let mood = Arc::new(Mood::default());
    let lock = File::options().write(true).open(house.path().join("LOCK")).unwrap();
    lock.try_lock().unwrap();
    let disk = Arc::new(MoodyDisk { disk: RealDisk::new(house.path()), mood: Arc::clone(&mood), _lock: lock });
    let storage = Storage::open_on(disk, IndexHome::Memory, &house.storage_key(), SMALL, record::project).unwrap();
    (house.open_with(storage), mood)
}

struct Town {
    hotline: Arc<Node>,
    shelter: Arc<Node>,
    mood: Arc<Mood>,
    houses: [House; 4],
}

/// A hotline and a shelter that have agreed, and the mood of the disk of one of them. Nobody carries letters any more.
async fn town(moody_one: usize) -> Town {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let (special, mood) = moody(&houses[moody_one]);
    let nodes: Vec<Arc<Node>> = houses
        .iter()
        .enumerate()
        .map(|(n, house)| if n == moody_one { special.clone() } else { house.open() })
        .collect();
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let mut carriers = Vec::new();
    for (name, node) in names.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    let parties: Vec<_> =
        names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree(&parties).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    Town { hotline: nodes[0].clone(), shelter: nodes[1].clone(), mood, houses }
}

/// [NOD-30]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_for_a_while_is_sent_afterwards() {
    let town = town(0).await;
    let trail = town.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    town.mood.now.store(OUT_OF_REACH, SeqCst);
    let _carriers = Carrier::both(&town.hotline, &town.shelter);
    until(|| async { town.mood.failed.load(SeqCst) >= 4 }).await;
    assert_eq!((town.hotline.queued().items, town.hotline.queued().held), (1, 0));
    town.mood.now.store(WELL, SeqCst);
    reads(&town.shelter, &trail, "asked").await;
    until(|| async { town.hotline.queued().items == 0 }).await;
    assert!(
        town.hotline
            .show(&worker(), &trail, false)
            .await
            .unwrap()
            .notes
            .iter()
            .all(|note| !note.contains("broken off"))
    );
}

/// [NOD-30] [NOD-34]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_set_aside_alone_and_shown() {
    let town = town(0).await;
    let bad = town.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    town.mood.now.store(DAMAGED, SeqCst);
    let to = town.houses[1].id;
    let post = Post(town.hotline.clone());
    let nothing = tokio::time::timeout(Duration::from_millis(500), post.next_letter(&to)).await;
    assert!(nothing.is_err());
    town.mood.now.store(WELL, SeqCst);
    let good = town.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let _carriers = Carrier::both(&town.hotline, &town.shelter);
    reads(&town.shelter, &good, "asked").await;
    assert!(town.shelter.show(&worker(), &bad, false).await.is_err());
    let shown = town.hotline.show(&worker(), &bad, false).await.unwrap();
    assert!(shown.notes.iter().any(|note| note.contains("could not be sent (READ_FAILED)")), "{:?}", shown.notes);
    let checks = town.hotline.checks(uput_node::clock::now());
    assert!(checks.iter().any(|check| check.name == "queue" && check.level() == CheckLevel::Error));
}

/// [EVT-17] A receiver that cannot read its own trail refuses nobody for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_cannot_read_its_own_records_asks_for_patience() {
    let Town { hotline, shelter, houses, .. } = town(3).await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let carriers = Carrier::both(&hotline, &shelter);
    reads(&shelter, &trail, "asked").await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop((carriers, shelter));
    drop(town::reopened(&houses[1]).await);
    until(|| async { File::open(houses[1].path().join("LOCK")).unwrap().try_lock().is_ok() }).await;
    let (shelter, mood) = moody(&houses[1]);
    say(&hotline, trail, Statement::Withdrawn).await.unwrap();
    let letter = Post(hotline.clone()).next_letter(&houses[1].id).await;
    mood.now.store(OUT_OF_REACH, SeqCst);
    let answer = Post(shelter.clone()).receive(&houses[0].id, letter.letter.clone()).await;
    assert_eq!(answer, (ReceiptOutcome::Later, Rejection::ReadFailed.number()));
    mood.now.store(WELL, SeqCst);
    let answer = Post(shelter.clone()).receive(&houses[0].id, letter.letter).await;
    assert_eq!(answer, (ReceiptOutcome::Stored, 0));
    reads(&shelter, &trail, "withdrawn").await;
}

/// [NOD-94] [NOD-37] [TIM-13]
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_cannot_be_read_keeps_no_other_out_of_a_list() {
    let Town { hotline, mood, houses: _houses, .. } = town(0).await;
    let ends = || NewTrail { expiry: Some(clock::now().after(Span(3600))), ..enquiry("shelter-jasen") };
    let mut sound = Vec::new();
    for _ in 0..2 {
        sound.push(hotline.open_trail(ends()).await.unwrap().unwrap().to_vec());
    }
    mood.sound.store(mood.written.load(SeqCst), SeqCst);
    let lost = hotline.open_trail(ends()).await.unwrap().unwrap();
    let whole = |listed: &Listed| listed.trails.iter().map(|row| row.trail.clone()).collect::<BTreeSet<_>>();
    let list = |most, token: &str| hotline.list(&worker(), &Listing { waiting: false, most, token }).unwrap();
    let before = list(9, "");
    assert_eq!((before.trails.len(), before.unreadable.len()), (3, 0));
    hotline.nudge(&Channels::default(), clock::now()).await;
    mood.now.store(DAMAGED_AT_THE_END, SeqCst);
    for listed in [list(9, ""), hotline.list_ending(&worker(), 9, "").unwrap()] {
        assert_eq!((whole(&listed), listed.unreadable), (sound.iter().cloned().collect(), vec![lost]));
    }
    // It has its place on a page, and the next page begins behind it.
    let (first, mut rest) = (list(1, ""), BTreeSet::new());
    assert_eq!((first.trails.len() + first.unreadable.len(), first.next.is_empty()), (1, false));
    let mut page = first;
    let mut unreadable = 0;
    loop {
        unreadable += page.unreadable.len();
        rest.extend(whole(&page));
        if page.next.is_empty() {
            break;
        }
        page = list(1, &page.next);
    }
    assert_eq!((rest, unreadable), (sound.iter().cloned().collect(), 1));
    // What the interface says of it. [API-9]
    let request = wire::ListTrailsRequest::default();
    let call = town::call_as(Role::CaseWorker, "TrailService/ListTrails", request);
    let answer = Trails(hotline.clone()).list_trails(call).await.unwrap().into_inner();
    assert_eq!((answer.trails.len(), answer.unreadable), (2, vec![lost.to_vec()]));
    mood.now.store(WELL, SeqCst);
    assert!(list(9, "").unreadable.is_empty());
}

/// [TIM-70] When a consent ends cannot be read: who must answer is woken all the same.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_woken_for_a_trail_whose_values_cannot_be_read() {
    let Town { hotline, shelter, mood, houses: _houses } = town(1).await;
    let name = Sensitive::new("An Invented Colleague".to_owned());
    let colleague = shelter.create_account(&town::BY, name, Role::CaseWorker, None).await.unwrap().0;
    let weekly = wire::WeeklyDuty { days: (1..=7).collect(), from: 0, until: 1440 };
    let duty = wire::Duty {
        account: colleague.id.to_vec(),
        order: 1,
        when: Some(wire::duty::When::Weekly(weekly)),
        channel: wire::DutyChannel::Command.into(),
        address: "first floor".to_owned(),
        ..wire::Duty::default()
    };
    shelter.set_duty(&town::caller_as(Role::Supervisor), duty, &[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rung = folder.path().join("rung");
    let config = format!("[command]\nargv = [\"/bin/touch\", {:?}]", rung.display().to_string());
    let channels = Channels::new(&toml::from_str::<OnCallConfig>(&config).unwrap()).unwrap();
    let need = town::fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let new = NewTrail { stage: 1, basis: LegalBasis::ExplicitConsent, fields: need, ..enquiry("shelter-jasen") };
    let carriers = Carrier::both(&hotline, &shelter);
    let trail = hotline.open_trail(new).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop(carriers);
    mood.now.store(OUT_OF_REACH, SeqCst);
    let before = mood.failed.load(SeqCst);
    shelter.nudge(&channels, uput_node::clock::now().after(Span(1))).await;
    assert!(mood.failed.load(SeqCst) > before, "its values could not be read");
    mood.now.store(WELL, SeqCst);
    assert!(rung.exists(), "nobody was woken");
}

/// [BUN-40] A head counts events. One that was in hand, and could not be kept, is in none.
#[tokio::test(flavor = "multi_thread")]
async fn no_head_counts_an_event_that_is_not_kept() {
    let need = [&CONSENT[..], &[("age_band", "30_59"), ("language", "sq")]].concat();
    let Town { hotline, shelter, mood, houses } = town(1).await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let carriers = Carrier::both(&hotline, &shelter);
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&hotline, &trail, "held").await;
    say_with(&hotline, trail, Statement::Need, &need).await;
    until(|| async { shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop(carriers);
    // They cross: the shelter's no, and the hotline's end with a correction of what is owed since the no.
    say(&shelter, trail, Statement::Declined(DeclineReason::NoPlace)).await.unwrap();
    say(&hotline, trail, Statement::Closed(ClosureReason::Done)).await.unwrap();
    say_with(&hotline, trail, Statement::Corrected, &need).await;
    let letter = Post(hotline.clone()).next_letter(&houses[1].id).await;
    mood.now.store(OUT_OF_REACH, SeqCst);
    let answer = Post(shelter.clone()).receive(&houses[0].id, letter.letter.clone()).await;
    assert_eq!(answer, (ReceiptOutcome::Later, Rejection::ReadFailed.number()));
    assert_eq!(shelter.queued().items, 1, "the no, and no head");
    mood.now.store(WELL, SeqCst);
    let answer = Post(shelter.clone()).receive(&houses[0].id, letter.letter).await;
    assert_eq!(answer, (ReceiptOutcome::Stored, 0));
}

/// [LOG-100]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_read_an_entry_stands_still_and_says_why() {
    let house = House::found(1).await;
    let (node, mood) = moody(&house);
    let now = clock::now();
    let (later, check) =
        (now.after(Span(600)), || node.checks(now).into_iter().find(|check| check.name == "log").unwrap());
    mood.now.store(DAMAGED, SeqCst);
    assert_eq!(node.close_ticks(later).await, Err(Rejection::ReadFailed));
    assert_eq!(node.log().size(), 0);
    let said = check();
    assert_eq!(said.level(), CheckLevel::Error);
    assert!(said.finding.contains("stands still") && said.finding.contains("cannot read"), "{}", said.finding);
    mood.now.store(WELL, SeqCst);
    node.close_ticks(later).await.unwrap();
    assert!(node.log().size() > 0);
    assert!(!check().finding.contains("stands still"));
}
