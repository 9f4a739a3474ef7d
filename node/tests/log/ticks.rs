//! Entries are in the commit that keeps what they tell; ticks are closed by the clock and read back from the journal.

use std::{sync::Arc, time::Duration};

use uput_core::{
    event::Statement,
    id::Id,
    log::{Batch, Entry, EntryKind, Hash, TICK, Tick, Tree},
    time::{Seconds, Span},
    wire::{DisclosureScope, Purpose},
};
use uput_node::{
    clock,
    log::{MOST_MISSED, missed_root},
    node::{Export, Node, Second},
    record::{
        self, AccessRecord, AgreementRecord, ChainRecord, EntriesRecord, EventRecord, HeadRecord, Kept, OwnRecord,
        TickRecord,
    },
    storage::{Commit, Position, Record, Storage},
};

use crate::town::{CONSENT, Carrier, House, SMALL, enquiry, pair, reads, say, say_with, take, worker};

/// A moment so many ticks from now.
pub(crate) fn later(ticks: u64) -> Seconds {
    clock::now().after(Span(ticks * TICK))
}

fn records(storage: &Storage) -> Vec<Record> {
    storage.records(Position::START).map(Result::unwrap).collect()
}

/// [LOG-60]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_trail_stands_in_the_log_by_the_same_commit() {
    let pair = pair().await;
    {
        let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        take(&pair.shelter, &trail).await;
        let until = Seconds::new(4_000_000_000).unwrap();
        say(&pair.shelter, trail, Statement::Held { until }).await.unwrap();
        reads(&pair.hotline, &trail, "held").await;
        say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
        reads(&pair.shelter, &trail, "held").await;
        pair.hotline.show(&worker(), &trail, true).await.unwrap();
        let export = Export {
            contact: false,
            by: worker(),
            second: Second::Nobody,
            trail,
            purpose: Purpose::Audit,
            scope: DisclosureScope::Nothing,
            nonce: None,
            wait: Duration::ZERO,
        };
        pair.hotline.export(export).await.unwrap();
        say(&pair.hotline, trail, Statement::Closed(uput_core::wire::ClosureReason::Done)).await.unwrap();
        reads(&pair.shelter, &trail, "closed").await;
    }
    let houses = &pair.houses;
    for (house, node) in [(&houses[0], pair.hotline), (&houses[1], pair.shelter)] {
        drop(node);
        let kept = records(&house.open_storage());
        let of = |kind: u16| kept.iter().filter(|record| record.kind == kind).count();
        let entries: Vec<_> = kept.iter().filter_map(record::read::<EntriesRecord>).flat_map(|r| r.entries).collect();
        let told = |kind: EntryKind| entries.iter().filter(|entry| entry.kind == u32::from(kind.number())).count();
        assert_eq!(told(EntryKind::OwnEvent) + told(EntryKind::ReceivedEvent), of(EventRecord::KIND));
        assert_eq!((told(EntryKind::Head), told(EntryKind::Access)), (of(HeadRecord::KIND), of(AccessRecord::KIND)));
        assert!(
            told(EntryKind::OwnEvent) > 1 && told(EntryKind::ReceivedEvent) > 1 && told(EntryKind::Head) > 0,
            "the trail was played"
        );
        assert_eq!(told(EntryKind::Agreement), 1, "one agreement, however often it was signed");
        assert_eq!(told(EntryKind::KeyRecord), 1 + of(ChainRecord::KIND), "own key record and those of others");
        assert!(of(AgreementRecord::KIND) >= 1);
        let mut nonces: Vec<_> = entries.iter().map(|entry| entry.nonce.clone()).collect();
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), entries.len(), "each entry has a nonce of its own");
    }
}

/// The tree as somebody computes it who reads the journal alone.
fn recomputed(kept: &[Record]) -> Tree {
    let mut tree = Tree::default();
    let mut from = 0;
    for tick in kept.iter().filter_map(record::read::<TickRecord>) {
        let within = |record: &&Record| (from..tick.end).contains(&record.position.number());
        let entries = kept.iter().filter(within).filter_map(record::read::<EntriesRecord>).flat_map(|r| r.entries);
        let entries: Vec<_> = entries
            .map(|entry| Entry {
                nonce: entry.nonce.try_into().unwrap(),
                kind: EntryKind::from_number(entry.kind).unwrap(),
                id: Id::parse(&entry.id).unwrap(),
            })
            .collect();
        let root = Hash::from_slice(&tick.root).unwrap();
        assert_eq!(entries.len(), tick.entries as usize);
        let batch = Batch::new(Tick(tick.tick), &entries, *root.as_bytes()).unwrap();
        assert_eq!(batch.root(), root);
        tree.append(batch.leaf_hash());
        for number in tick.tick + 1..=tick.tick + tick.missed {
            tree.append(Batch::empty(Tick(number), missed_root(&tick.seed, number)).leaf_hash());
        }
        from = tick.end;
    }
    tree
}

fn root(node: &Node) -> Hash {
    node.log().in_tree(Tree::root)
}

/// [LOG-60] [LOG-61] [LOG-62]
#[tokio::test(flavor = "multi_thread")]
async fn ticks_are_closed_by_the_clock_and_read_back_from_the_journal() {
    let pair = pair().await;
    let before = pair.hotline.log().size();
    assert_eq!(
        pair.hotline.log().base() + before,
        Tick::of(clock::now()).0,
        "what is done now stands in the tick of now"
    );
    for tick in 1..=5 {
        let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        pair.hotline.close_ticks(later(tick)).await.unwrap();
        assert_eq!(pair.hotline.log().size(), before + tick);
        // Asked again, or by a clock that was set back, nothing happens.
        pair.hotline.close_ticks(later(tick)).await.unwrap();
        pair.hotline.close_ticks(later(tick - 1)).await.unwrap();
        pair.hotline.close_ticks(Seconds::new(1).unwrap()).await.unwrap();
        assert_eq!(pair.hotline.log().size(), before + tick);
    }
    let (size, root_before) = (pair.hotline.log().size(), root(&pair.hotline));
    drop(pair.hotline);
    let storage = pair.houses[0].open_storage();
    let again = recomputed(&records(&storage));
    assert_eq!((again.size(), again.root()), (size, root_before));
    let node = pair.houses[0].open_with(storage);
    assert_eq!((node.log().size(), root(&node)), (size, root_before));
    // By now the clock shows a tick that is closed: what is done stands in the open one.
    say_something(&node).await;
    assert_eq!(node.log().size(), size);
}

async fn say_something(node: &Arc<Node>) {
    node.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
}

/// [LOG-63]
#[tokio::test(flavor = "multi_thread")]
async fn a_year_off_is_filled_at_once_and_with_nothing_that_repeats() {
    let house = House::found(1).await;
    let node = house.open();
    node.close_ticks(clock::now()).await.unwrap();
    let before = node.log().size();
    node.close_ticks(later(366 * 144)).await.unwrap();
    assert_eq!(node.log().size(), before + 366 * 144);
    let kept = root(&node);
    drop(node);
    let storage = house.open_storage();
    let kept_of_ticks = records(&storage).iter().filter(|record| record.kind == TickRecord::KIND).count();
    assert_eq!(kept_of_ticks, 2, "one record, however long it was");
    let node = house.open_with(storage);
    assert_eq!(root(&node), kept);
}

/// [LOG-64]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_years_ahead_stops_the_log_and_nothing_else() {
    let pair = pair().await;
    let size = pair.hotline.log().size();
    pair.hotline.close_ticks(later(MOST_MISSED + 2)).await.unwrap();
    assert_eq!(pair.hotline.log().size(), size);
    let check = pair.hotline.checks(later(MOST_MISSED + 2)).into_iter().find(|check| check.name == "log").unwrap();
    assert_eq!(check.level(), uput_core::wire::CheckLevel::Error, "{}", check.finding);
    say_something(&pair.hotline).await;
}

/// [LOG-60] A folder of a program that kept no log.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_log_begins_one() {
    let house = House::found(1).await;
    let chain = house.open().own_chain_bytes();
    let old = tempfile::tempdir().unwrap();
    Storage::create(old.path(), &house.storage_key(), SMALL).unwrap();
    let storage = Storage::open(old.path(), &house.storage_key(), SMALL, record::project).unwrap();
    let own = OwnRecord { chain, ..OwnRecord::default() };
    storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&own)] }).await.unwrap();
    let node = house.open_with(storage);
    assert_eq!(node.log().size(), 0);
    node.close_ticks(clock::now()).await.unwrap();
    assert_eq!(node.log().base() + node.log().size(), Tick::of(clock::now()).0);
}
