//! What a million accesses cost: one more, what is unusual, her part, a start; each beside what it cannot be below.
//!
//! `cargo run --release -p uput-node --example access_bench [HOW_MANY]`. The accesses are written into the journal as the
//! node would have written them in ninety days; cases and people are invented. Read the ratios: figures belong to one
//! machine on one day.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark stops at the first thing that fails")]

#[path = "../tests/town/mod.rs"]
mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use town::House;
use uput_core::{
    access_log::{AccessEntry, pseudonym},
    sensitive::Sensitive,
    time::Seconds,
    wire::{AccessKind, AccessReason, AccessStanding, Role},
};
use uput_node::{
    access::Why,
    account::{Account, AccountId, Caller},
    case::CaseId,
    clock::{self, SystemEntropy},
    node::Node,
    record::{self, ACCESS_TIMES, AccessRecord, CASE_ACCESSES},
    storage::{Commit, Draft, Storage},
};
use zeroize::Zeroizing;

const PEOPLE: usize = 50;
/// One case for so many accesses.
const A_CASE: usize = 500;
const DAYS: u64 = 90;
const DAY: u64 = 86_400;
/// Records of one commit while the journal is filled.
const AT_ONCE: usize = 1_000;
const TIMES: usize = 500;
const WRITERS: usize = 64;

fn main() {
    let many: usize = std::env::args().nth(1).map_or(1_000_000, |said| said.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure(many));
}

async fn measure(many: usize) {
    let house = House::found(1).await;
    let node = house.open();
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(person(&node, Role::CaseWorker).await);
    }
    let supervisor = person(&node, Role::Supervisor).await;
    let mut cases = Vec::new();
    for number in 0..(many / A_CASE).max(PEOPLE) {
        cases.push(node.create_case(&people[number % PEOPLE], Sensitive::new(String::new())).await.unwrap().id);
    }
    closed(node).await;
    let before = resident();
    let empty = opened(&house).1;
    let filled = Instant::now();
    fill(&house, many, &people, &cases).await;
    println!("{many} accesses to {} cases by {PEOPLE} people, written in {:?}", cases.len(), filled.elapsed());

    let bare = bare_reads(&house, &cases);
    let (node, start) = opened(&house);
    println!("start                {start:>12.1?}  {:.2} of reading journal and index alone", ratio(start, bare.start));
    println!("start without them   {empty:>12.1?}");
    println!("memory               {:>9} KiB  more than before, with all else", resident().saturating_sub(before));

    let one = median(TIMES, |_| node.show_case_record(&people[0], &cases[0], false)).await;
    let (commit, together) = bare_commits().await;
    println!("one access           {one:>12.1?}  {:.2} of a bare commit, one after the other", ratio(one, commit));
    let rate = at_once(&node, &people, &cases).await;
    println!("accesses, 64 at once {rate:>10.0}/s  {:.2} of bare commits, 64 at once", rate / together);

    let since = clock::now().get() - 30 * DAY;
    let asked = median(9, |_| async { Ok::<_, ()>(node.unusual_accesses(&supervisor, since)) }).await;
    let found = node.unusual_accesses(&supervisor, since).findings.len();
    println!(
        "what is unusual      {asked:>12.1?}  {:.3} of reading ninety days; {found} findings",
        ratio(asked, bare.times)
    );
    let why = Why { code: AccessReason::ClientRequest, ..Why::default() };
    let part = median(9, |turn| node.export_accesses(&people[turn], &cases[turn], None, false, &why)).await;
    println!("her part, {A_CASE} of them {part:>10.1?}  {:.2} of reading as many records", ratio(part, bare.chain));
}

async fn person(node: &Arc<Node>, role: Role) -> Caller {
    let name = Sensitive::new("An Invented Person".to_owned());
    let by = AccountId::new([9; 16]);
    let (Account { id, person, .. }, _) = node.create_account(&by, name, role, None).await.unwrap();
    Caller { account: id, person, ..town::caller_as(role) }
}

/// Waits until nobody holds its folder.
async fn closed(node: Arc<Node>) {
    let node = Arc::downgrade(&node);
    while node.strong_count() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn opened(house: &House) -> (Arc<Node>, Duration) {
    let begun = Instant::now();
    (house.open(), begun.elapsed())
}

/// Writes what people looked at on working days between eight and four: each at their own cases, a few of them often.
async fn fill(house: &House, many: usize, people: &[Caller], cases: &[CaseId]) {
    let storage = house.open_storage();
    let mut newest: Vec<Option<AccessEntry>> = vec![None; cases.len()];
    let (now, mut drafts) = (clock::now().get(), Vec::new());
    for number in 0..many {
        let through = DAYS * 8 * 3_600 * number as u64 / many as u64;
        let time = (now / DAY - DAYS + through / (8 * 3_600)) * DAY + 8 * 3_600 + through % (8 * 3_600);
        let drawn = usize::from(u16::from_be_bytes(SystemEntropy.bytes()));
        let at = (drawn * drawn / 7 + number) % cases.len();
        let (case, by) = (&cases[at], &people[at % people.len()]);
        let entry = AccessEntry {
            previous: newest[at].as_ref().map(AccessEntry::id),
            number: newest[at].as_ref().map_or(0, |entry| entry.number + 1),
            time: Seconds::new(time).unwrap(),
            trail: None,
            previous_of_trail: None,
            person: pseudonym(case.bytes(), by.person.bytes()),
            on_behalf_of: None,
            role: by.role,
            kind: AccessKind::CaseShown,
            reason: AccessReason::OwnWork,
            standing: AccessStanding::Assigned,
            words: None,
        };
        let kept = AccessRecord {
            time,
            account: by.account.to_vec(),
            case: case.to_vec(),
            entry: entry.encode(),
            person: by.person.to_vec(),
            ..AccessRecord::default()
        };
        newest[at] = Some(entry);
        drafts.push(record::draft(&kept));
        if drafts.len() == AT_ONCE || number + 1 == many {
            let records = std::mem::take(&mut drafts);
            storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
        }
    }
}

/// What the same reads cost where nobody makes anything of them.
struct Bare {
    start: Duration,
    times: Duration,
    chain: Duration,
}

fn bare_reads(house: &House, cases: &[CaseId]) -> Bare {
    let begun = Instant::now();
    let storage = house.open_storage();
    let opening = begun.elapsed();
    let begun = Instant::now();
    let read = storage.index().with_prefix(ACCESS_TIMES, b"").filter(Result::is_ok).count();
    let times = begun.elapsed();
    println!("reading journal and index alone: {opening:?} and {times:?}, {read} entries");
    let begun = Instant::now();
    let mut read = 0_u32;
    for case in &cases[..9] {
        for entry in storage.index().with_prefix(CASE_ACCESSES, &case.to_vec()) {
            let position = record::position(&entry.unwrap().1).unwrap();
            read += u32::from(storage.read(position).is_ok());
        }
    }
    let chain = begun.elapsed() / 9;
    println!("reading {} records of a case alone: {chain:?}", read / 9);
    Bare { start: opening + times, times, chain }
}

/// A commit of a record as long as an access, into a folder of its own: alone, and how many a second by 64 writers.
async fn bare_commits() -> (Duration, f64) {
    let house = House::found(2).await;
    let storage = Arc::new(house.open_storage());
    let alone = median(TIMES, |_| write(&storage)).await;
    let begun = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    write(&storage).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    (alone, (WRITERS * TIMES) as f64 / begun.elapsed().as_secs_f64())
}

async fn write(storage: &Storage) -> Result<(), ()> {
    // Of a kind that no index shows.
    let records = vec![Draft { kind: 255, payload: Zeroizing::new(vec![7; 330]) }];
    storage.commit(Commit { keys: Vec::new(), records }).await.map(drop).map_err(drop)
}

async fn at_once(node: &Arc<Node>, people: &[Caller], cases: &[CaseId]) -> f64 {
    let begun = Instant::now();
    let looks: Vec<_> = (0..WRITERS)
        .map(|at| {
            let at = at % PEOPLE;
            let (node, by, case) = (Arc::clone(node), people[at].clone(), cases[at]);
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    node.show_case_record(&by, &case, false).await.unwrap();
                }
            })
        })
        .collect();
    for look in looks {
        look.await.unwrap();
    }
    (WRITERS * TIMES) as f64 / begun.elapsed().as_secs_f64()
}

async fn median<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>>>(
    times: usize,
    mut act: impl FnMut(usize) -> F,
) -> Duration {
    let mut took = Vec::new();
    for turn in 0..times {
        let begun = Instant::now();
        act(turn).await.unwrap();
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    took[times / 2]
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
