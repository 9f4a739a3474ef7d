//! A confirmed peer that wants to fill the disk: heads, agreements and keys without end.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use town::{BY, House, endpoint, reopened, worker};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::{Event, Opening, Statement, Terms},
    head::Head,
    id::{AgreementId, EventId, Id, OrgId, TrailId},
    invitation::Invitation,
    key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    letter,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, LegalBasis, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::{SystemEntropy, now},
    node::{Node, Post},
    peer::Mailroom,
    record::{EntriesRecord, Kept, TickRecord},
    storage::Position,
};

type Receipt = (ReceiptOutcome, u32);

const STORED: Receipt = (ReceiptOutcome::Stored, 0);
const NOT_KEPT: Receipt = (ReceiptOutcome::Refused, Rejection::NotKept.number());

/// A shelter's node, and the keys of a hotline that it trusts.
struct Flood {
    shelter: Arc<Node>,
    house: House,
    hotline: House,
    others: [House; 2],
    agreement: AgreementId,
}

async fn flood() -> Flood {
    town::listen();
    let (hotline, house) = (House::found(1).await, House::found(2).await);
    let others = [House::found(3).await, House::found(4).await];
    let shelter = house.open();
    let line = shelter.invite(&BY, "hotline", vec![endpoint()], 0).await.unwrap();
    let secret = *Invitation::parse(line.expose()).unwrap().secret().expose();
    let tls = *hotline.tls_key().public().as_bytes();
    Post(shelter.clone()).introduce(&secret, tls, wire_chain(&hotline.chain())).await.unwrap();
    let number = shelter.view_peers()[0].safety_number.clone();
    shelter.confirm(&BY, "hotline", &number).await.unwrap();
    let mut flood = Flood { shelter, house, hotline, others, agreement: Id::of(b"none").into() };
    let agreement = flood.agreement("Night admission", true);
    flood.agreement = agreement.id().into();
    let content = LetterContent {
        key_records: [&flood.others[0], &flood.others[1]].iter().flat_map(|house| records(&house.chain())).collect(),
        agreements: vec![agreement.to_wire()],
        ..LetterContent::default()
    };
    assert_eq!(flood.send(content).await, STORED);
    flood
}

impl Flood {
    async fn send(&self, content: LetterContent) -> Receipt {
        let sealed = letter::seal(self.shelter.me().chain().newest(), &content, &mut SystemEntropy).unwrap();
        Post(self.shelter.clone()).receive(&self.hotline.id, sealed).await
    }

    /// An agreement between the four houses, signed by the hotline alone or by all.
    fn agreement(&self, title: &str, by_all: bool) -> Envelope {
        self.agreement_of(title, [&self.hotline, &self.house, &self.others[0], &self.others[1]], by_all)
    }

    fn agreement_of(&self, title: &str, houses: [&House; 4], by_all: bool) -> Envelope {
        let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
        let text = include_str!("../../specs/agreements/demonstration.toml").replacen("Night admission", title, 1);
        let peers: BTreeMap<String, OrgId> =
            names.iter().zip(houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
        let body = compile(&text, &peers).unwrap().body;
        let keys: Vec<SigningKey> = houses.iter().map(|house| house.organisation_key()).collect();
        let signers = if by_all { keys.iter().collect() } else { vec![&keys[0]] };
        Envelope::sign(MediaType::AGREEMENT, body, &signers).unwrap()
    }

    /// An enquiry that opens a trail.
    fn opening(&self) -> Envelope {
        let opening = Opening {
            peer: self.house.id,
            peer_key: self.house.chain().newest_id(),
            agreement: self.agreement,
            act: wire::Act::Referral,
            service_type: wire::ServiceType::Shelter,
            nonce: [7; 32],
            event_version: 1,
            expiry: None,
            about: None,
        };
        let unnamed = EventId::from(Id::of(b""));
        let event = Event {
            id: unnamed,
            trail: unnamed.opened_trail(),
            author: self.hotline.id,
            key: self.hotline.chain().newest_id(),
            incarnation: 0,
            seq: 0,
            prev: None,
            seen: None,
            time: minute(),
            occurred: None,
            slots: Vec::new(),
            terms: Some(Terms { stage: 0, rule: 1, basis: LegalBasis::NoneNeededNonpersonal, article: 0 }),
            statement: Statement::Opening(opening),
        };
        Envelope::sign(MediaType::EVENT, event.encode(), &[&self.hotline.signing_key()]).unwrap()
    }

    async fn opened(&self) -> TrailId {
        let opening = self.opening();
        let content = LetterContent { events: vec![opening.to_wire()], ..LetterContent::default() };
        assert_eq!(self.send(content).await, STORED);
        EventId::from(opening.id()).opened_trail()
    }

    async fn head(&self, trail: TrailId, counts: u64, at: u64) -> Receipt {
        let head = Head {
            trail,
            author: self.hotline.id,
            key: self.hotline.chain().newest_id(),
            incarnation: 0,
            own_count: counts,
            own_last: Some(Id::of(&counts.to_be_bytes()).into()),
            seen_count: 0,
            seen_last: None,
            peer_key: self.house.chain().newest_id(),
            closes: None,
            time: minute().after(Span(60 * at)),
            nonce: None,
            settled: None,
        };
        let head = head.sign(&self.hotline.signing_key()).unwrap();
        self.send(LetterContent { heads: vec![head.to_wire()], ..LetterContent::default() }).await
    }

    /// How many records the journal of the shelter has, once it has been closed.
    async fn records(self) -> usize {
        let Self { shelter, house, .. } = self;
        drop(shelter);
        drop(reopened(&house).await);
        let storage = house.open_storage();
        let kinds = storage.records(Position::new(0)).map(|record| record.unwrap().kind);
        // Beside each commit that keeps something stands one record of the log, and one for each tick.
        kinds.filter(|kind| ![EntriesRecord::KIND, TickRecord::KIND].contains(kind)).count()
    }
}

fn minute() -> Seconds {
    Seconds::new(now().get() / 60 * 60).unwrap()
}

fn records(chain: &KeyChain) -> Vec<wire::Envelope> {
    chain.envelopes().map(Envelope::to_wire).collect()
}

fn wire_chain(chain: &KeyChain) -> wire::KeyChain {
    wire::KeyChain { records: records(chain) }
}

/// An organisation that is only a name and keys.
fn stranger(n: u16) -> KeyChain {
    let key = |part: u8| {
        let seed = Id::of(&[&n.to_be_bytes()[..], &[part]].concat());
        SigningKey::from_seed(seed.as_bytes())
    };
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(&[9; 32]).public().clone()],
        endpoints: Vec::new(),
        witnesses: Vec::new(),
        recovery: None,
        log_base_tick: 1,
        time: minute(),
        end: minute().after(Span(86_400)),
        disowned: None,
        door_key: None,
    };
    KeyChain::verify(&[sign_key_record(draft, &key(1), &key(2), &key(3), None).unwrap()]).unwrap()
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn heads_that_say_nothing_new_are_not_kept_and_new_ones_are_counted() {
    let flood = flood().await;
    let trail = flood.opened().await;
    assert_eq!(flood.head(trail, 1, 0).await, STORED);
    for at in 1..40 {
        assert_eq!(flood.head(trail, 1, at).await, STORED, "the same again, only later");
    }
    let mut kept = 1;
    let refused = loop {
        match flood.head(trail, kept + 1, 0).await {
            STORED => kept += 1,
            other => break other,
        }
        assert!(kept < 100);
    };
    assert_eq!((refused, kept), (NOT_KEPT, 16 + 2), "sixteen, and one for each of two events");
    assert_eq!(flood.head(trail, 1, 0).await, STORED, "one that is known is no harm");
    // The node itself; peer twice, invitation twice, chain; two chains, agreement; two events with a case and an outline.
    let (others, heads) = (13, usize::try_from(kept).unwrap());
    let found = flood.records().await;
    assert!((heads..=heads + others).contains(&found), "{found} records");
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn questions_without_end_get_so_many_answers() {
    let flood = flood().await;
    let trail = flood.opened().await;
    let mut receipts = Vec::new();
    for letter in 0..6_u8 {
        let request = |n: u8| {
            let nonce = Id::of(&[letter, n]).as_bytes().to_vec();
            wire::HeadRequest { trail: trail.to_vec(), nonce }
        };
        let content = LetterContent { head_requests: (0..64).map(request).collect(), ..LetterContent::default() };
        receipts.push(flood.send(content).await);
    }
    assert_eq!(receipts, [STORED, STORED, STORED, STORED, NOT_KEPT, NOT_KEPT]);
    assert_eq!(flood.shelter.queued().items, 1 + 256 + 2, "one delivered, and the answers");
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn agreements_that_nobody_here_signs_are_few() {
    let flood = flood().await;
    let mut receipts = Vec::new();
    for n in 0..20 {
        let agreement = flood.agreement(&format!("Flood {n}"), false);
        receipts.push(
            flood.send(LetterContent { agreements: vec![agreement.to_wire()], ..LetterContent::default() }).await,
        );
    }
    assert!(receipts[..16].iter().all(|receipt| *receipt == STORED));
    assert!(receipts[16..].iter().all(|receipt| *receipt == NOT_KEPT));
    assert_eq!(flood.shelter.agreement_list().len(), 1 + 16);
    // Signed by us as well, it is not the peer's alone any more; and it is still so after a restart.
    let signed = flood.agreement("Signed here", true);
    let content = LetterContent { agreements: vec![signed.to_wire()], ..LetterContent::default() };
    assert_eq!(flood.send(content).await, STORED);
    let Flood { shelter, house, hotline, others, agreement } = flood;
    drop(shelter);
    let shelter = reopened(&house).await;
    let flood = Flood { shelter, house, hotline, others, agreement };
    let more = flood.agreement("One more", false);
    assert_eq!(
        flood.send(LetterContent { agreements: vec![more.to_wire()], ..LetterContent::default() }).await,
        NOT_KEPT
    );
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_of_others_is_not_kept() {
    let flood = flood().await;
    let fifth = House::found(5).await;
    let [lipa, centre] = [&flood.others[0], &flood.others[1]];
    // Signed by lipa, whose keys are known here; the hotline, which brings it, is no party.
    let without_bringer = flood.agreement_of("Not the bringer's", [lipa, &flood.house, &fifth, centre], false);
    let without_us = flood.agreement_of("Not ours", [&flood.hotline, lipa, &fifth, centre], false);
    let send = async |agreement: Envelope| {
        flood.send(LetterContent { agreements: vec![agreement.to_wire()], ..LetterContent::default() }).await
    };
    assert_eq!(send(without_bringer).await, NOT_KEPT);
    assert_eq!(send(without_us).await, (ReceiptOutcome::Refused, Rejection::NoRule.number()));
    assert_eq!(flood.shelter.agreement_list().len(), 1);
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_whoever_has_nothing_to_do_with_us_are_not_kept() {
    let flood = flood().await;
    let keys = |chains: &[KeyChain]| LetterContent {
        key_records: chains.iter().flat_map(records).collect(),
        ..LetterContent::default()
    };
    assert_eq!(flood.send(keys(&[stranger(1)])).await, NOT_KEPT);
    assert_eq!(flood.send(keys(&[flood.hotline.chain(), flood.others[0].chain()])).await, STORED, "known here");
    // Whoever is said to have made a decision is needed; so many, and no more.
    let mut receipts = Vec::new();
    for letter in 0..6_u16 {
        let chains: Vec<KeyChain> = (0..50).map(|n| stranger(10 + letter * 50 + n)).collect();
        let evidence = chains.iter().map(|chain| {
            let body = wire::EventPrefix { author: chain.organisation().to_vec(), ..Default::default() };
            let key = SigningKey::from_seed(&[3; 32]);
            Envelope::sign(MediaType::EVENT, uput_core::codec::encode(&body), &[&key]).unwrap().to_wire()
        });
        receipts.push(flood.send(LetterContent { evidence: evidence.collect(), ..keys(&chains) }).await);
    }
    assert_eq!(receipts, [STORED, STORED, STORED, STORED, STORED, NOT_KEPT]);
    // The node; peer twice, invitation twice, chain; two chains, agreement.
    let found = flood.records().await;
    assert!((256..256 + 10).contains(&found), "{found} records");
}

/// [EVT-17] [NOD-35] Its sender would take the refusal for that of the event, and break the trail off.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_not_refused_for_the_keys_that_come_with_it() {
    let flood = flood().await;
    let (opening, keys) = (flood.opening(), records(&stranger(1)));
    let trail = EventId::from(opening.id()).opened_trail();
    let events = vec![opening.to_wire()];
    assert_eq!(flood.send(LetterContent { events, key_records: keys, ..LetterContent::default() }).await, STORED);
    assert!(flood.shelter.show(&worker(), &trail, false).await.is_ok());
    let found = flood.records().await;
    // Nine without a trail, two events, the case and the outline that every trail has, and the look at it.
    assert_eq!(found, 14, "the keys are not kept");
}

/// [NOD-35]
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_keys_without_end_is_not_kept() {
    let flood = flood().await;
    let keys = [flood.hotline.organisation_key(), flood.hotline.signing_key(), flood.hotline.tls_key()];
    let mut chain = flood.hotline.chain();
    let post = Post(flood.shelter.clone());
    let learnt = loop {
        let mut news = Vec::new();
        for _ in 0..16 {
            let draft = KeyRecordDraft::after(chain.newest(), minute(), minute().after(Span(86_400)));
            let next = sign_key_record(draft, &keys[0], &keys[1], &keys[2], None).unwrap();
            chain.extend(&next).unwrap();
            news.push(next.to_wire());
        }
        let learnt = post.learn(&flood.hotline.id, news).await;
        if learnt.is_err() || chain.records().count() > 400 {
            break learnt;
        }
    };
    assert_eq!(learnt, Err(Rejection::NotKept));
    assert_eq!(post.peer(&flood.hotline.id).unwrap().key_records, 241, "sixteen at a time, up to 256");
}
