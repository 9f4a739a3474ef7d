//! Witnesses cosign what follows from what they have cosigned, and nothing else.

use std::{sync::Arc, time::Duration};

use uput_core::{
    codec,
    envelope::Envelope,
    id::OrgId,
    invitation::Invitation,
    key::{KeyRecordDraft, SigningKey, sign_key_record},
    log::{Checkpoint, Hash, Origin, SignedCheckpoint, Tree},
    rejection::Rejection,
    wire::{CheckLevel, KeyChain, WitnessOutcome, WitnessQuery, WitnessReply},
};
use uput_node::{
    clock,
    node::{Node, Post, Secrets},
    peer::Mailroom,
    record::{self, ContradictionRecord, HeldRecord, Kept, OwnRecord},
    storage::{Commit, Position},
};

use crate::{
    ticks::later,
    town::{BY, House, endpoint, introduce, until},
};

/// Lets a witness answer until it has cosigned so many ticks.
async fn witnessed(owner: &Arc<Node>, witness: &Arc<Node>, size: u64) {
    let (from, to) = (Post(owner.clone()), Post(witness.clone()));
    while owner.view_log(clock::now()).witnesses.iter().all(|standing| standing.size < size) {
        let query = from.next_query(&to.organisation()).await;
        let reply = to.witness(&from.organisation(), query).await;
        from.answered(&to.organisation(), reply).await;
    }
}

/// A house, and another that cosigns its log.
async fn two() -> ([House; 2], Arc<Node>, Arc<Node>) {
    let houses = [House::found(1).await, House::found(2).await];
    let (owner, witness) = (houses[0].open(), houses[1].open());
    introduce(&owner, "shelter", &witness, "ministry").await;
    owner.close_ticks(clock::now()).await.unwrap();
    (houses, owner, witness)
}

/// [LOG-71] [LOG-102]
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_whose_number_is_compared_while_the_stream_stands_is_asked_at_once() {
    let centre = House::found(2).await;
    let houses = [House::found_with(1, vec![centre.id]).await, centre];
    let (owner, witness) = (houses[0].open(), houses[1].open());
    let line = owner.invite(&BY, "ministry", vec![endpoint()], 0).await.unwrap();
    let invitation = Invitation::parse(line.expose()).unwrap();
    let tls = *witness.me().chain().newest().tls_key().as_bytes();
    let chain = Post(witness.clone()).own_chain();
    Post(owner.clone()).introduce(invitation.secret().expose(), tls, chain).await.unwrap();
    owner.close_ticks(clock::now()).await.unwrap();
    let (from, to) = (Post(owner.clone()), houses[1].id);
    let asking = tokio::spawn(async move { from.next_query(&to).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!asking.is_finished(), "nobody has compared anything");
    let number = owner.view_peers()[0].safety_number.clone();
    owner.confirm(&BY, "ministry", &number).await.unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(60), asking).await;
    assert_eq!(asked.expect("it waits for the next tick").unwrap().known, 0);
}

/// [LOG-70] [LOG-71] [LOG-72] [LOG-74] [LOG-81] [LOG-82]
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_cosigns_each_tick_and_both_remember_it() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    for tick in 0..3 {
        owner.close_ticks(later(tick)).await.unwrap();
        // By the witness's clock only one more tick can be over.
        if tick <= 1 {
            witnessed(&owner, &witness, owner.log().size()).await;
        }
    }
    let stands = owner.view_log(clock::now());
    assert_eq!((stands.witnesses.len(), stands.witnesses[0].size), (1, stands.size - 1));
    let query = Post(owner.clone()).next_query(&houses[1].id).await;
    let refused = Post(witness.clone()).witness(&houses[0].id, query).await;
    assert_eq!((refused.outcome(), refused.code), (WitnessOutcome::Refused, Rejection::AheadOfClock.number()));
    let held = witness.view_log(clock::now()).witnessed;
    assert_eq!((held.len(), held[0].size, held[0].name.as_str()), (1, stands.size - 1, "shelter"));
    drop((owner, witness));
    let (owner, witness) = (houses[0].open(), houses[1].open());
    assert!(owner.view_log(clock::now()).witnesses == stands.witnesses);
    assert!(witness.view_log(clock::now()).witnessed == held);
}

/// A log of somebody who has its keys and shows what it likes.
struct Liar<'a> {
    house: &'a House,
    tree: Tree,
}

impl<'a> Liar<'a> {
    fn new(house: &'a House, leaves: &[u8]) -> Self {
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf| tree.append(Hash::leaf(&[*leaf])));
        Self { house, tree }
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let origin = Origin { organisation: self.house.id, incarnation: 0 };
        Checkpoint { origin, size, root: self.tree.root_at(size).unwrap() }.sign(&self.house.signing_key())
    }

    fn query(&self, known: u64, size: u64) -> WitnessQuery {
        let path = if known == 0 { Vec::new() } else { self.tree.consistency(known, size).unwrap() };
        let checkpoint = self.checkpoint(size).to_bytes();
        WitnessQuery { checkpoint, known, path: path.iter().map(Hash::to_vec).collect() }
    }
}

async fn ask(witness: &Arc<Node>, of: &OrgId, query: WitnessQuery) -> (WitnessOutcome, u32) {
    let reply: WitnessReply = Post(witness.clone()).witness(of, query).await;
    (reply.outcome(), reply.code)
}

fn refused(rejection: Rejection) -> (WitnessOutcome, u32) {
    (WitnessOutcome::Refused, rejection.number())
}

const COSIGNED: (WitnessOutcome, u32) = (WitnessOutcome::Cosigned, 0);
const STALE: (WitnessOutcome, u32) = (WitnessOutcome::Stale, 0);

/// [LOG-80] [LOG-81] [LOG-95]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_shows_two_histories_is_convicted_by_its_own_signatures() {
    let (houses, owner, witness) = two().await;
    let (truth, lie) = (Liar::new(&houses[0], b"abcdef"), Liar::new(&houses[0], b"abXdefgh"));
    let of = houses[0].id;
    assert_eq!(ask(&witness, &of, truth.query(1, 3)).await, STALE, "it holds nothing yet");
    assert_eq!(ask(&witness, &of, truth.query(0, 3)).await, COSIGNED);
    assert_eq!(ask(&witness, &of, truth.query(0, 3)).await, COSIGNED, "the same again");
    assert_eq!(ask(&witness, &of, truth.query(0, 5)).await, STALE);
    let bent = WitnessQuery { path: vec![vec![7; 32]], ..truth.query(3, 5) };
    assert_eq!(
        ask(&witness, &of, bent).await,
        refused(Rejection::BadProof),
        "a path that leads nowhere convicts nobody"
    );
    assert_eq!(witness.view_log(clock::now()).evidence, 0);
    assert_eq!(ask(&witness, &of, truth.query(3, 5)).await, COSIGNED);
    assert_eq!(ask(&witness, &of, truth.query(3, 4)).await, STALE, "a smaller one");
    assert_eq!(ask(&witness, &of, lie.query(0, 5)).await, refused(Rejection::LogContradiction), "the same size");
    assert_eq!(ask(&witness, &of, lie.query(5, 8)).await, refused(Rejection::LogContradiction), "a longer one");
    assert_eq!(witness.view_log(clock::now()).evidence, 2);
    assert_eq!(ask(&witness, &of, truth.query(5, 6)).await, COSIGNED, "the truth goes on");
    let check = witness.checks(clock::now()).into_iter().find(|check| check.name == "log").unwrap();
    assert_eq!(check.level(), CheckLevel::Error);
    assert!(check.finding.contains("shelter"), "{}", check.finding);
    // Neither is a stranger cosigned, nor somebody who shows another's checkpoint.
    let stranger = House::found(3).await;
    assert_eq!(ask(&witness, &stranger.id, truth.query(0, 3)).await, refused(Rejection::NotAWitness));
    assert_eq!(ask(&owner, &houses[1].id, truth.query(0, 3)).await, refused(Rejection::WrongSigners));
    drop(witness);
    let storage = houses[1].open_storage();
    let kept: Vec<_> = storage.records(Position::START).map(|record| record.unwrap().kind).collect();
    let of_kind = |kind: u16| kept.iter().filter(|kept| **kept == kind).count();
    assert_eq!((of_kind(HeldRecord::KIND), of_kind(ContradictionRecord::KIND)), (3, 2));
}

/// [LOG-80]
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_without_end_is_told_to_wait() {
    let (houses, _owner, witness) = two().await;
    let truth = Liar::new(&houses[0], b"abc");
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(ask(&witness, &houses[0].id, truth.query(0, 3)).await);
    }
    // The minute may have changed meanwhile.
    assert!(answers.contains(&refused(Rejection::TooMany)));
    assert!(answers.iter().filter(|answer| **answer == COSIGNED).count() <= 24);
}

/// [LOG-75] [LOG-96] [STO-41]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_put_back_is_found_by_its_witness_and_nothing_more_is_sent_to_anybody() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    let before = tempfile::tempdir().unwrap();
    drop(owner);
    copy(houses[0].path(), before.path());
    let owner = houses[0].open();
    owner.close_ticks(later(1)).await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    drop(owner);
    until(|| async { std::fs::File::open(houses[0].path().join("LOCK")).unwrap().try_lock().is_ok() }).await;
    for entry in ["journal", "keys", "index", "HEAD", "head"] {
        let _ = std::fs::remove_dir_all(houses[0].path().join(entry));
    }
    copy(before.path(), houses[0].path());
    let owner = houses[0].open();
    let (from, to) = (Post(owner.clone()), Post(witness.clone()));
    let query = from.next_query(&to.organisation()).await;
    let reply = to.witness(&from.organisation(), query).await;
    assert_eq!(reply.outcome(), WitnessOutcome::Stale);
    from.answered(&to.organisation(), reply).await;
    let check = owner.checks(clock::now()).into_iter().find(|check| check.name == "log").unwrap();
    assert_eq!(check.level(), CheckLevel::Error, "{}", check.finding);
    assert!(check.finding.contains("ministry"), "{}", check.finding);
    let check = owner.checks(clock::now()).into_iter().find(|check| check.name == "rollback").unwrap();
    assert!(check.finding.contains("ministry") && check.finding.contains("to anybody"), "{}", check.finding);
    owner.close_ticks(later(2)).await.unwrap();
    let asked = tokio::time::timeout(Duration::from_millis(200), from.next_query(&to.organisation())).await;
    assert!(asked.is_err(), "a checkpoint of a log that went back was signed");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The same house under another incarnation or other key records, as a later program writes them.
pub(crate) async fn rewritten(house: &House, own: OwnRecord) {
    let storage = house.open_storage();
    storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&own)] }).await.unwrap();
}

/// One question and its answer.
async fn asked_once(owner: &Arc<Node>, witness: &Arc<Node>) -> WitnessOutcome {
    let (from, to) = (Post(owner.clone()), Post(witness.clone()));
    let query = from.next_query(&to.organisation()).await;
    let reply = to.witness(&from.organisation(), query).await;
    let outcome = reply.outcome();
    from.answered(&to.organisation(), reply).await;
    outcome
}

/// [LOG-33] [LOG-82]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_given_again_after_a_restart() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    owner.close_ticks(later(0)).await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    owner.close_ticks(later(1)).await.unwrap();
    let (from, to) = (Post(owner.clone()), Post(witness.clone()));
    let lost = to.witness(&houses[0].id, from.next_query(&houses[1].id).await).await;
    assert_eq!(lost.outcome(), WitnessOutcome::Cosigned, "and the owner never hears it");
    drop((from, to, owner));
    let owner = houses[0].open();
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Cosigned);
    assert_eq!(owner.view_log(clock::now()).witnesses[0].size, owner.log().size());
}

/// [LOG-34] [LOG-74]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_incarnation_goes_on_where_the_older_one_was_cosigned() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    let chain = owner.own_chain_bytes();
    drop(owner);
    rewritten(&houses[0], OwnRecord { chain, incarnation: 1, ..OwnRecord::default() }).await;
    let owner = houses[0].open();
    owner.close_ticks(later(1)).await.unwrap();
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Cosigned, "by the path, at once");
    let held = witness.view_log(clock::now()).witnessed;
    assert_eq!((held.len(), held[0].size, held[0].broken), (1, owner.log().size(), 0));
}

/// [LOG-34] [LOG-101]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_began_anew_after_a_loss_is_cosigned_and_shown_and_not_twice_a_day() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    let before = tempfile::tempdir().unwrap();
    let chain = owner.own_chain_bytes();
    drop(owner);
    copy(houses[0].path(), before.path());
    let owner = houses[0].open();
    owner.close_ticks(later(1)).await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    drop(owner);
    put_back(&houses[0], before.path()).await;
    rewritten(&houses[0], OwnRecord { chain: chain.clone(), incarnation: 1, ..OwnRecord::default() }).await;
    let owner = houses[0].open();
    owner.add_witness(&BY, "ministry").await.unwrap();
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Stale, "it says what it holds");
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Cosigned);
    let held = witness.view_log(clock::now()).witnessed;
    assert_eq!((held.len(), held[0].size, held[0].broken), (1, owner.log().size(), 1));
    owner.close_ticks(later(1)).await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    drop(owner);
    // Once more on the same day: it waits, and fills no list.
    put_back(&houses[0], before.path()).await;
    rewritten(&houses[0], OwnRecord { chain, incarnation: 2, ..OwnRecord::default() }).await;
    let owner = houses[0].open();
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Stale);
    let reply = {
        let (from, to) = (Post(owner.clone()), Post(witness.clone()));
        let query = from.next_query(&to.organisation()).await;
        to.witness(&from.organisation(), query).await
    };
    assert_eq!((reply.outcome(), reply.code), refused(Rejection::TooMany));
    assert_eq!(witness.view_log(clock::now()).witnessed[0].broken, 1);
}

/// [LOG-32] [LOG-74]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_under_a_new_signing_key_goes_on() {
    let (houses, owner, witness) = two().await;
    owner.add_witness(&BY, "ministry").await.unwrap();
    witnessed(&owner, &witness, owner.log().size()).await;
    owner.close_ticks(later(1)).await.unwrap();
    // Cosigned under the old key, and never heard of.
    let (from, to) = (Post(owner.clone()), Post(witness.clone()));
    let lost = to.witness(&houses[0].id, from.next_query(&houses[1].id).await).await;
    assert_eq!(lost.outcome(), WitnessOutcome::Cosigned);
    drop((from, to, owner));
    let signing = SigningKey::from_seed(&[77; 32]);
    let (old, keys) = (houses[0].chain(), [houses[0].organisation_key(), houses[0].tls_key()]);
    let draft = KeyRecordDraft::after(old.newest(), clock::now(), old.newest().end());
    let second = sign_key_record(draft, &keys[0], &signing, &keys[1], None).unwrap();
    let records: Vec<_> = old.envelopes().chain([&second]).map(Envelope::to_wire).collect();
    rewritten(&houses[0], OwnRecord { chain: codec::encode(&KeyChain { records }), ..OwnRecord::default() }).await;
    let secrets = Secrets { signing, sealing: vec![houses[0].sealing_secret()] };
    let owner = Arc::new(Node::open(houses[0].open_storage(), secrets).unwrap());
    owner.close_ticks(later(2)).await.unwrap();
    // A witness that does not have the record yet refuses.
    let query = Post(owner.clone()).next_query(&houses[1].id).await;
    let reply = Post(witness.clone()).witness(&houses[0].id, query).await;
    assert_eq!((reply.outcome(), reply.code), refused(Rejection::UnknownSigner));
    Post(witness.clone()).learn(&houses[0].id, vec![second.to_wire()]).await.unwrap();
    assert_eq!(asked_once(&owner, &witness).await, WitnessOutcome::Stale, "what it holds bears the old key");
    let query = Post(owner.clone()).next_query(&houses[1].id).await;
    assert_eq!(query.known, owner.log().size() - 1, "and the owner knows it as its own");
}

async fn put_back(house: &House, before: &std::path::Path) {
    until(|| async { std::fs::File::open(house.path().join("LOCK")).unwrap().try_lock().is_ok() }).await;
    for entry in ["journal", "keys", "keybook", "index", "HEAD", "head"] {
        let path = house.path().join(entry);
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    }
    copy(before, house.path());
}
