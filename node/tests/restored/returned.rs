//! What comes back to a restored node and what does not, and what its first words are.

use prost::Message;
use uput_core::{
    head::Head,
    log::{Checkpoint, Hash, Origin as LogOrigin},
    wire::LetterContent,
};
use uput_node::record::{self, CosignedRecord, EntriesRecord, OwnRecord, RETURNED, ReturnedRecord};
use uput_node::storage::{Commit, NewTrailKeys, Position};

use super::*;

/// [LOG-34] [BAK-50] The first entry under the new origin is the checkpoint that was cosigned last.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_entry_of_a_new_incarnation_is_the_checkpoint_that_was_cosigned_last() {
    let house = House::found_at(1, Vec::new(), town::endpoint()).await;
    let origin = LogOrigin { organisation: house.id, incarnation: 0 };
    let of = |size: u64| Checkpoint { origin, size, root: Hash::leaf(&size.to_be_bytes()) };
    let storage = house.open_storage();
    for size in [3, 7] {
        let note = of(size).sign(&house.signing_key()).to_bytes();
        let cosigned = CosignedRecord { witness: vec![9; 32], size, note, time: size };
        let records = vec![record::draft(&cosigned)];
        storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
    }
    let before = storage.end();
    let begun = Node::begin_incarnation(&storage).await.unwrap();
    assert!(begun > 0);
    let own: OwnRecord = record::read(&storage.read(before).unwrap()).unwrap();
    let first: EntriesRecord = record::read(&storage.read(before.next()).unwrap()).unwrap();
    assert_eq!((own.incarnation, storage.end()), (begun, before.next().next()));
    let entries: Vec<_> = first.entries.iter().map(|entry| (entry.kind, entry.id.clone())).collect();
    assert_eq!(entries, [(7, of(7).id().as_bytes().to_vec())]);
}

/// [BAK-56] A trail that the other party never had: nothing was lost there, what waits goes, and the question after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_never_arrived_goes_after_the_answer_that_nobody_has_it() {
    let mut pair = Pair::found().await;
    pair.cut().await;
    let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Referral) };
    let trail = pair.hotline().open_trail(new).await.unwrap().unwrap();
    pair.back_up();
    pair.lose_and_restore().await;
    let refused = say(pair.hotline(), trail, Statement::Withdrawn).await.err();
    assert!(matches!(refused, Some(Refused::Rejected(Rejection::NotResumed))), "{refused:?}");
    assert_eq!(pair.events(pair.house(), trail).await, 0);
    pair.connect().await;
    until(|| async { pair.events(pair.house(), trail).await > 0 }).await;
    pair.resumed(trail).await;
    pair.settled().await;
    take(pair.house(), &trail).await;
    assert_eq!(pair.events(pair.house(), trail).await, pair.events(pair.hotline(), trail).await);
    pair.proves(trail).await;
}

/// What a node sends until nothing is left, read with the keys of whom it goes to; everything is taken.
async fn all_letters(from: &Arc<Node>, to: &Arc<Node>, house: &House) -> LetterContent {
    let (from, to) = (Post(Arc::clone(from)), Post(Arc::clone(to)));
    let (mut all, secret) = (LetterContent::default(), vec![house.sealing_secret()]);
    while let Ok(outgoing) = tokio::time::timeout(Duration::from_secs(2), from.next_letter(&to.organisation())).await {
        let content = letter::open(&outgoing.letter, house.id, &secret).unwrap().content;
        all.events.extend(content.events);
        all.disclosures.extend(content.disclosures);
        let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
        from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
    }
    all
}

/// [BAK-58] The trail was reopened, so that nothing else ends what had been disclosed in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_said_that_it_destroyed_does_not_go_back_to_it() {
    let mut pair = Pair::to_lose(1).await;
    pair.back_up();
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    say(pair.hotline(), trail, Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    pair.settled().await;
    pair.house_says(trail, Statement::Purged(wire::PurgeManner::Destroyed)).await;
    pair.settled().await;
    say(pair.hotline(), trail, Statement::Reopened).await.unwrap();
    pair.settled().await;
    let before = pair.events(pair.hotline(), trail).await;
    pair.lose_and_restore().await;
    let (hotline, house) = (Arc::clone(pair.hotline()), Arc::clone(pair.house()));
    let mut told = LetterContent::default();
    // Values go with their event in one letter: whoever has all events has seen all values.
    for _ in 0..15 {
        if told.events.len() >= before {
            break;
        }
        all_letters(&house, &hotline, &pair.folders[0]).await;
        let sent = all_letters(&hotline, &house, &pair.folders[1]).await;
        told.events.extend(sent.events);
        told.disclosures.extend(sent.disclosures);
    }
    assert!(told.events.len() >= before, "all of it came back: {} of {before}", told.events.len());
    let opening: Vec<_> = told.disclosures.iter().filter(|told| told.event == opening_of(&trail, &hotline)).collect();
    assert!(opening.is_empty(), "her values went back to who had destroyed them");
}

/// The event that opened a trail.
fn opening_of(trail: &TrailId, node: &Arc<Node>) -> Vec<u8> {
    let shown = tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(node.show(&worker(), trail, false)).unwrap()
    });
    shown.events.into_iter().find(|event| event.kind == "opened").unwrap().event
}

/// [BAK-53] Whoever closed an incarnation says so in each later head of that trail.
#[tokio::test(flavor = "multi_thread")]
async fn each_later_head_says_again_what_was_closed() {
    let mut pair = Pair::found().await;
    let trail = pair.opened().await;
    pair.back_up();
    pair.lose_and_restore().await;
    pair.connect().await;
    pair.resumed(trail).await;
    let mut closed = 0;
    for said in [Statement::Accepted, Statement::ContactMade, Statement::Started] {
        pair.house_says(trail, said).await;
        pair.settled().await;
        let node = Arc::clone(pair.hotline());
        let bundle = Envelope::parse(&pair.exported(&node, trail).await).unwrap();
        let bundle = wire::Bundle::decode(bundle.body()).unwrap();
        let heads = bundle.heads.iter().map(|envelope| Head::parse(&envelope.body).unwrap());
        let theirs: Vec<_> = heads.filter(|head| head.author == pair.folders[1].id).collect();
        let newest = theirs.iter().max_by_key(|head| head.own_count).unwrap();
        let closed_there = newest.closes.map(|closes| closes.incarnation + 1);
        assert_eq!(closed_there, Some(pair.hotline().me().incarnation), "{newest:?}");
        assert!(newest.own_count > closed, "a later one each time");
        closed = newest.own_count;
    }
}

/// [BAK-60] The power was cut between the commit that brought an own `purged` back and the erasure: the start finishes it,
/// and nothing that was sealed since under a later key.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_came_back_is_finished_after_a_crash() {
    let mut pair = Pair::to_lose(1).await;
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    pair.cut().await;
    pair.nodes[1] = None;
    let later = record::key_name(&trail, 1);
    let storage = pair.folders[1].open_storage();
    let returned = ReturnedRecord { trail: trail.to_vec(), generations: 1, time: 1 };
    let keys = vec![NewTrailKeys::generate(later).unwrap()];
    storage.commit(Commit { keys, records: vec![record::draft(&returned)] }).await.unwrap();
    assert!(storage.trail_keys(&record::key_name(&trail, 0)).unwrap().value.is_some());
    drop(storage);
    pair.nodes[1] = Some(pair.folders[1].open());
    assert_eq!(pair.values(trail).await, 0);
    pair.nodes[1] = None;
    let storage = pair.folders[1].open_storage();
    assert!(storage.trail_keys(&record::key_name(&trail, 0)).unwrap().value.is_none());
    assert!(storage.trail_keys(&later).unwrap().value.is_some(), "of a later generation");
}

/// [BAK-60] What the start needs for that stands in the very commit that brought the event.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_comes_back_is_noted_with_it() {
    let mut pair = Pair::to_lose(1).await;
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    pair.back_up();
    say(pair.hotline(), trail, Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    pair.settled().await;
    pair.house_says(trail, Statement::Purged(wire::PurgeManner::Destroyed)).await;
    pair.settled().await;
    pair.lose_and_restore().await;
    pair.connect().await;
    until(|| async { pair.values(trail).await == 0 }).await;
    pair.cut().await;
    pair.nodes[1] = None;
    let storage = pair.folders[1].open_storage();
    let noted = storage.index().get(RETURNED, trail.as_bytes()).unwrap().unwrap();
    let noted: ReturnedRecord = record::read(&storage.read(record::position(&noted).unwrap()).unwrap()).unwrap();
    assert_eq!((noted.trail, noted.generations), (trail.to_vec(), 1));
    assert!(storage.end() > Position::new(0) && noted.time > 0);
}
