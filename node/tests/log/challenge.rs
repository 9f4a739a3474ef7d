//! Challenges through a witness: a party that says nothing, and everybody who could make it look so.

use std::sync::Arc;

use uput_core::{
    envelope::{Envelope, MediaType},
    head::{Challenge, Countersignature},
    id::{Id, TrailId},
    letter,
    log::EntryKind,
    rejection::Rejection,
    time::{Seconds, Span},
    verdict::{self, Outcome, Report},
    wire::{ChallengeStanding, LetterContent, PutAnswer, PutChallenge, ReceiptOutcome, TrailChallenge},
};
use uput_node::{
    clock::{self, SystemEntropy},
    node::{Node, Post},
    peer::Mailroom,
    record::{self, ChallengeRecord, EntriesRecord, HeadRecord, OwnRecord, Part, PutRecord},
    storage::Position,
};

use crate::{
    real::Network,
    three::{Three, export, trust},
    town::{Carrier, House, enquiry, everything, holds, reads, reopened, until, worker},
    witnessing::rewritten,
};

const DAY: u64 = 86_400;

fn after(seconds: u64) -> Seconds {
    clock::now().after(Span(seconds))
}

/// How the newest challenge of a trail stands.
async fn newest(node: &Arc<Node>, trail: &TrailId) -> TrailChallenge {
    node.show(&worker(), trail, false).await.unwrap().challenges.first().cloned().unwrap()
}

async fn verdict_of(network: &Network, trail: TrailId) -> Report {
    let hotline = &network.nodes[0];
    let agreement = hotline.show(&worker(), &trail, false).await.unwrap().agreement;
    let (bytes, _) = hotline.export(export(trail)).await.unwrap();
    verdict::verify(&bytes, &trust(&network.houses, &agreement))
}

fn outcome(report: &Report, requirement: &str) -> Outcome {
    report.checks.iter().find(|check| check.requirement == requirement).unwrap().outcome
}

fn words(report: &Report) -> Vec<&String> {
    report.words.iter().filter(|words| words.contains("challenge")).collect()
}

fn records<K: record::Kept>(house: &House) -> Vec<K> {
    let storage = house.open_storage();
    storage.records(Position::START).filter_map(|kept| record::read(&kept.unwrap())).collect()
}

/// [NOD-110] [NOD-111] [NOD-112] [NOD-113] [NOD-114] [LOG-111] [BUN-123]
#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_says_nothing_is_silent_on_its_witnesss_word_until_it_answers() {
    let network = Network::found().await;
    network.tick(0).await;
    let [hotline, shelter, centre] = [0, 1, 3].map(|house| Arc::clone(&network.nodes[house]));
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    network.quiet().await;
    network.heard[1].lock().unwrap().mute = true;

    let put = hotline.challenge(&worker(), &trail).await.unwrap();
    assert_eq!((put.standing(), put.words.len()), (ChallengeStanding::Open, 1));
    assert_eq!((put.words[0].witness.as_str(), put.words[0].put), ("centre", 0));
    until(|| async { newest(&hotline, &trail).await.words[0].put > 0 }).await;
    let again = hotline.challenge(&worker(), &trail).await.unwrap();
    assert_eq!(again.challenge, put.challenge, "of one trail one a day");
    let early = verdict_of(&network, trail).await;
    assert_eq!(words(&early), [""; 0], "before a day is over it says nothing");

    let day = after(DAY + 60);
    assert_eq!(centre.countersign(after(DAY - 60)).await, 0);
    assert_eq!(centre.countersign(day).await, 1);
    assert_eq!(centre.countersign(day.after(Span(60))).await, 0, "it was said");
    until(|| async { newest(&hotline, &trail).await.words[0].until == day.get() }).await;
    let silent = verdict_of(&network, trail).await;
    assert_eq!(outcome(&silent, "BUN-111"), Outcome::Passed);
    assert_eq!(outcome(&silent, "BUN-109"), Outcome::Passed);
    let said = words(&silent);
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("shelter-jasen was silent: centre put the challenge of hotline of "), "{}", said[0]);

    network.heard[1].lock().unwrap().mute = false;
    until(|| async { newest(&hotline, &trail).await.standing() == ChallengeStanding::Answered }).await;
    until(|| async { newest(&hotline, &trail).await.words[0].answered }).await;
    assert_eq!(centre.countersign(after(5 * DAY)).await, 0, "the witness was told too");
    let answered = verdict_of(&network, trail).await;
    assert_eq!(outcome(&answered, "BUN-111"), Outcome::Passed);
    assert!(words(&answered)[0].starts_with("shelter-jasen answered the challenge of hotline of "));
    network.quiet().await;

    drop((hotline, shelter, centre));
    let (houses, heard) = network.end().await;
    let challenges: Vec<ChallengeRecord> = records(&houses[0]);
    let entries: Vec<EntriesRecord> = records(&houses[0]);
    let number = u32::from(EntryKind::Challenge.number());
    let logged: Vec<_> = entries.iter().flat_map(|kept| &kept.entries).filter(|one| one.kind == number).collect();
    assert_eq!((challenges.len(), logged.len()), (1, 1));
    assert_eq!(logged[0].id, put.challenge);
    // The witness has the ID, and nothing of the trail: in its letters, opened, and in its folder with every key.
    let secret = [houses[3].sealing_secret()];
    let letters = heard[3].lock().unwrap().letters.clone();
    let letters = letters.iter().flat_map(|letter| {
        prost::Message::encode_to_vec(&letter::open(letter, houses[3].id, &secret).unwrap().content)
    });
    let (letters, folder) = (letters.collect::<Vec<u8>>(), everything(&houses[3]));
    assert!(holds(&letters, &put.challenge) && holds(&folder, &put.challenge), "what is there would be found");
    assert!(!holds(&letters, trail.as_bytes()) && !holds(&folder, trail.as_bytes()));
}

/// [NOD-110] [NOD-92] After a stop a challenge is asked again, and its answer is known for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_outlives_a_stop() {
    let pair = crate::town::pair().await;
    let trail = {
        let _carriers = crate::town::Carrier::both(&pair.hotline, &pair.shelter);
        let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        until(|| async { pair.hotline.queued().items == 0 && pair.shelter.queued().items == 0 }).await;
        trail
    };
    let put = pair.hotline.challenge(&worker(), &trail).await.unwrap();
    assert!(put.words.is_empty(), "the shelter names nobody");
    let crate::town::Pair { hotline, shelter, houses } = pair;
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    assert_eq!(newest(&hotline, &trail).await.challenge, put.challenge);
    let _carriers = crate::town::Carrier::both(&hotline, &shelter);
    hotline.give_heads(after(2 * DAY)).await;
    until(|| async { newest(&hotline, &trail).await.standing() == ChallengeStanding::Answered }).await;
}

/// [NOD-114] [LOG-110] A witness that does not put it is named beside it, and the party answers all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_does_not_know_the_party_puts_nothing_and_is_shown() {
    let three = Three::found_where(false).await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.hotline.challenge(&worker(), &trail).await.unwrap();
    until(|| async { newest(&three.hotline, &trail).await.words[0].code != 0 }).await;
    let shown = newest(&three.hotline, &trail).await;
    assert_eq!((shown.words[0].code, shown.words[0].put), (Rejection::NotAWitness.number(), 0));
    until(|| async { newest(&three.hotline, &trail).await.standing() == ChallengeStanding::Answered }).await;
}

/// What somebody sends to a node, sealed and carried by hand.
async fn sent(from: &House, to: &House, node: &Arc<Node>, content: LetterContent) -> (ReceiptOutcome, u32) {
    let letter = letter::seal(to.chain().newest(), &content, &mut SystemEntropy).unwrap();
    Post(Arc::clone(node)).receive(&from.id, letter).await
}

fn put(house: &House, id: Id, inner: &LetterContent) -> LetterContent {
    let letter = letter::seal(house.chain().newest(), inner, &mut SystemEntropy).unwrap();
    let put = PutChallenge { challenge: id.as_bytes().to_vec(), to: house.id.to_vec(), letter };
    LetterContent { put_challenges: vec![put], ..LetterContent::default() }
}

fn holding(challenge: &Envelope) -> LetterContent {
    LetterContent { challenges: vec![challenge.to_wire()], ..LetterContent::default() }
}

const REFUSED: ReceiptOutcome = ReceiptOutcome::Refused;

/// [NOD-112] [LOG-112] Whoever sends what cannot be read, or asks about what is not theirs, makes nobody silent.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_challenge_to_a_party_was_not_put() {
    let three = Three::found().await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.quiet().await;
    let (hotline, shelter, stranger) = (&three.houses[0], &three.houses[1], &three.houses[2]);
    let made = |trail, nonce, to: &House, by: &House| {
        let challenge = Challenge { trail, to: to.id, nonce: [nonce; 32], time: Seconds::new(600).unwrap() };
        challenge.sign(&by.signing_key()).unwrap()
    };
    let real = made(trail, 1, shelter, hotline);
    let elsewhere = made(Id::of(b"no trail of theirs").into(), 2, shelter, hotline);
    let (stolen, astray) = (made(trail, 3, shelter, stranger), made(trail, 4, hotline, hotline));
    let event = Envelope::sign(MediaType::EVENT, b"no event".to_vec(), &[&hotline.signing_key()]).unwrap();
    let smuggled = LetterContent { events: vec![event.to_wire()], ..holding(&real) };
    let wrong = [
        put(shelter, real.id(), &LetterContent::default()),
        put(shelter, Id::of(b"another name"), &holding(&real)),
        put(shelter, elsewhere.id(), &holding(&elsewhere)),
        put(shelter, stolen.id(), &holding(&stolen)),
        put(shelter, astray.id(), &holding(&astray)),
        put(shelter, real.id(), &smuggled),
    ];
    let code = Rejection::ChallengeRefused.number();
    for content in wrong {
        // Whoever brings it, it is the shelter that is asked.
        assert_eq!(sent(&three.houses[3], shelter, &three.shelter, content).await, (REFUSED, code));
    }
    let mut torn = put(shelter, real.id(), &holding(&real));
    torn.put_challenges[0].letter[2000] ^= 1;
    assert_eq!(sent(&three.houses[3], shelter, &three.shelter, torn.clone()).await, (REFUSED, code));
    // The same on its way through the witness: what it says is that it was not taken.
    assert_eq!(sent(hotline, &three.houses[3], &three.ministry, torn).await, (ReceiptOutcome::Stored, 0));
    until(|| async { three.ministry.queued().items == 0 }).await;
    assert_eq!(three.ministry.countersign(after(2 * DAY)).await, 0);
    let Three { houses, hotline, shelter, ministry, _carriers, .. } = three;
    drop((_carriers, hotline, shelter, ministry));
    let kept: Vec<PutRecord> = records(&houses[3]);
    let told = kept.last().unwrap();
    assert_eq!((kept.len(), told.code, told.put, told.said.len()), (2, code, 0, 0));
    assert!(records::<PutRecord>(&houses[1]).is_empty());
    assert!(records::<record::SettledRecord>(&houses[3]).iter().all(|settled| settled.refused == 0), "no fault there");
}

/// [NOD-112] [LOG-110] The same again costs nothing, and so much a day no more.
#[tokio::test(flavor = "multi_thread")]
async fn replays_and_floods_cost_one_head_and_two_dozen_letters() {
    let three = Three::found().await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.quiet().await;
    let [hotline, shelter, stranger, centre] = &three.houses;
    let challenge = Challenge { trail, to: shelter.id, nonce: [1; 32], time: Seconds::new(600).unwrap() };
    let challenge = challenge.sign(&hotline.signing_key()).unwrap();
    for _ in 0..5 {
        let content = put(shelter, challenge.id(), &holding(&challenge));
        assert_eq!(sent(centre, shelter, &three.shelter, content.clone()).await, (ReceiptOutcome::Stored, 0));
        assert_eq!(sent(hotline, centre, &three.ministry, content).await, (ReceiptOutcome::Stored, 0));
    }
    let junk = |number: u8| put(shelter, Id::of(&[number]), &LetterContent::default());
    for number in 1..24 {
        assert_eq!(sent(hotline, centre, &three.ministry, junk(number)).await, (ReceiptOutcome::Stored, 0));
    }
    let later = (ReceiptOutcome::Later, Rejection::TooMany.number());
    assert_eq!(sent(hotline, centre, &three.ministry, junk(24)).await, later);
    // Nobody is put to anything who does not name the witness, or by somebody whom it does not know.
    let refused = |rejection: Rejection| (REFUSED, rejection.number());
    let to_stranger = put(stranger, Id::of(b"x"), &LetterContent::default());
    assert_eq!(sent(hotline, centre, &three.ministry, to_stranger).await, refused(Rejection::NotAWitness));
    let mut long = junk(25);
    long.put_challenges[0].letter.push(0);
    assert_eq!(sent(hotline, centre, &three.ministry, long).await, refused(Rejection::TooLarge));
    let astray = holding(&challenge);
    assert_eq!(sent(hotline, shelter, &three.shelter, astray).await, refused(Rejection::Malformed));
    let answer = PutAnswer { challenge: vec![7; 32], head: vec![8; 32], code: 0 };
    let many = LetterContent { put_answers: vec![answer; 17], ..LetterContent::default() };
    assert_eq!(sent(centre, shelter, &three.shelter, many).await, refused(Rejection::Malformed));
    three.quiet().await;
    let Three { houses, hotline, shelter, ministry, _carriers, .. } = three;
    drop((_carriers, hotline, shelter, ministry));
    assert_eq!(records::<PutRecord>(&houses[1]).len(), 1, "one answer, however often it was asked");
    let heads: Vec<HeadRecord> = records(&houses[1]);
    assert_eq!(heads.iter().filter(|head| !head.to.is_empty()).count(), 1);
}

/// [NOD-113] Nobody speaks of a challenge here but the witness that was asked, by its own key, and only forward.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_is_taken_of_the_witness_that_was_asked() {
    let mut three = Three::found().await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.quiet().await;
    // From here on nobody carries anything but this test.
    three._carriers.clear();
    let put = three.hotline.challenge(&worker(), &trail).await.unwrap();
    let [hotline, shelter, stranger, centre] = &three.houses;
    let word = |until: u64, head: Option<Id>| Countersignature {
        challenge: Id::parse(&put.challenge).unwrap(),
        to: shelter.id,
        witness: centre.id,
        key: centre.chain().newest_id(),
        put: after(0),
        until: after(until),
        head,
    };
    let of = |said: &Countersignature, by: &House| LetterContent {
        countersignatures: vec![said.sign(&by.signing_key()).unwrap().to_wire()],
        ..LetterContent::default()
    };
    let took = async |from: &House, content: LetterContent| sent(from, hotline, &three.hotline, content).await;
    let refused = |rejection: Rejection| (REFUSED, rejection.number());
    assert_eq!(took(stranger, of(&word(DAY, None), centre)).await, refused(Rejection::WrongSigners));
    assert_eq!(took(centre, of(&word(DAY, None), stranger)).await.0, REFUSED, "by another key");
    let strange = Countersignature { challenge: Id::of(b"no challenge of ours"), ..word(DAY, None) };
    assert_eq!(took(centre, of(&strange, centre)).await, refused(Rejection::NotKept));
    let other = Countersignature { to: stranger.id, ..word(DAY, None) };
    assert_eq!(took(centre, of(&other, centre)).await, refused(Rejection::WrongTrail));
    let by_stranger = Countersignature { witness: stranger.id, key: stranger.chain().newest_id(), ..word(DAY, None) };
    assert_eq!(took(stranger, of(&by_stranger, stranger)).await, refused(Rejection::NotKept), "it was not asked");
    assert_eq!(newest(&three.hotline, &trail).await.words[0].until, 0, "nothing of it counts");

    let stored = (ReceiptOutcome::Stored, 0);
    let (long, short) = (word(2 * DAY, None), word(DAY, None));
    assert_eq!(took(centre, of(&long, centre)).await, stored);
    assert_eq!(took(centre, of(&short, centre)).await, stored);
    assert_eq!(newest(&three.hotline, &trail).await.words[0].until, long.until.get(), "an older one comes late");
    let answered = word(DAY, Some(Id::of(b"a head")));
    assert_eq!(took(centre, of(&answered, centre)).await, stored);
    assert_eq!(took(centre, of(&word(9 * DAY, None), centre)).await, stored);
    let shown = newest(&three.hotline, &trail).await;
    assert!(shown.words[0].answered, "an answer is not taken back");
    assert_eq!(shown.standing(), ChallengeStanding::Open, "and is here only when it is here");
    for code in 1..100 {
        let challenge = put.challenge.clone();
        let answers = vec![PutAnswer { challenge, head: Vec::new(), code }];
        took(centre, LetterContent { put_answers: answers, ..LetterContent::default() }).await;
    }
    let Three { houses, hotline, shelter, ministry, .. } = three;
    drop((hotline, shelter, ministry));
    let kept: Vec<PutRecord> = records(&houses[0]);
    assert!(kept.iter().all(|kept| kept.part() == Part::Challenger));
    assert_eq!(kept.len(), 33, "one when it was put, and so many more");
}

/// [NOD-110] [BAK-51] Also after one more start: the witness has nothing of the trail, and says nothing on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_of_a_node_that_was_restored_reaches_the_witness() {
    for stopped in [false, true] {
        let Three { houses, mut hotline, shelter, ministry, _carriers, .. } = Three::found().await;
        let chain = hotline.own_chain_bytes();
        drop((_carriers, hotline));
        drop(reopened(&houses[0]).await);
        rewritten(&houses[0], OwnRecord { chain, incarnation: 1, ..OwnRecord::default() }).await;
        hotline = reopened(&houses[0]).await;
        let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        hotline.challenge(&worker(), &trail).await.unwrap();
        if stopped {
            drop(hotline);
            hotline = reopened(&houses[0]).await;
            hotline.ask_to_resume().await;
        }
        let carriers = [Carrier::both(&hotline, &shelter), Carrier::both(&hotline, &ministry)];
        until(|| async { hotline.queued().items == 0 }).await;
        drop((carriers, hotline, shelter, ministry));
        drop(reopened(&houses[3]).await);
        assert_eq!(records::<PutRecord>(&houses[3]).len(), 1);
    }
}
