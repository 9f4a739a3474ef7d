//! What letters show: to who carries them, and to two recipients who put together all that they were sent: events,
//! disclosures, heads and requests for them, key records, agreements, receipts.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use town::{CONSENT, House, agree, enquiry, introduce, reads, say, say_with, until, worker};
use uput_core::{
    codec,
    event::Statement,
    id::{OrgId, TrailId},
    key::SealingSecret,
    letter::{self, SIZE_CLASSES},
    time::Seconds,
    wire::{self, disclosure::Form},
};
use uput_node::{
    node::{Export, Node, Post, Second},
    peer::Mailroom,
};

type Copies = Arc<Mutex<Vec<Vec<u8>>>>;
type Strings = BTreeSet<[u8; 32]>;

/// What passed on one way.
#[derive(Clone, Default)]
struct Way {
    letters: Copies,
    /// What the sender heard of them.
    receipts: Copies,
}

/// Carries letters one way, and keeps a copy of each, as a curious carrier would, and of each receipt.
fn carry(from: &Arc<Node>, to: &Arc<Node>) -> Way {
    let kept = Way::default();
    let (from, to, copies) = (Post(from.clone()), Post(to.clone()), kept.clone());
    tokio::spawn(async move {
        for number in 1.. {
            let outgoing = from.next_letter(&to.organisation()).await;
            copies.letters.lock().unwrap().push(outgoing.letter.clone());
            let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
            let receipt = wire::Receipt { number, outcome: outcome.into(), code, time: 0 };
            copies.receipts.lock().unwrap().push(codec::encode(&receipt));
            from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
        }
    });
    kept
}

/// Every string of 32 bytes in these bytes, at any position.
fn strings(bytes: &[u8]) -> Strings {
    bytes.windows(32).map(|window| window.try_into().unwrap()).collect()
}

fn contents(way: &Way, seed: u8, us: OrgId) -> Vec<wire::LetterContent> {
    let secret = [SealingSecret::from_seed(&[seed * 16 + 4; 32])];
    let letters = way.letters.lock().unwrap();
    letters.iter().map(|sealed| letter::open(sealed, us, &secret).unwrap().content).collect()
}

/// What everybody may know.
struct Public {
    ids: Vec<[u8; 32]>,
    key_records: Vec<Vec<u8>>,
    agreement: wire::Envelope,
}

/// What a recipient was told, without what everybody may know (the agreement and key records to the last byte, public
/// IDs, names of types) and without her words.
fn told(contents: Vec<wire::LetterContent>, public: &Public, filler: u8) -> Vec<u8> {
    let mut told = Vec::new();
    for mut content in contents {
        for record in std::mem::take(&mut content.key_records) {
            assert!(public.key_records.contains(&codec::encode(&record)), "a key record that is not everybody's");
        }
        for agreement in std::mem::take(&mut content.agreements) {
            let signed = |signature| public.agreement.signatures.contains(signature);
            assert!(agreement.body == public.agreement.body && agreement.signatures.iter().all(signed));
        }
        for envelope in content.events.iter_mut().chain(&mut content.heads) {
            envelope.r#type.clear();
        }
        for disclosure in &mut content.disclosures {
            if let Some(Form::Whole(whole)) = &mut disclosure.form {
                whole.fields.clear();
            }
        }
        told.extend(codec::encode(&content));
    }
    for id in &public.ids {
        for at in 0..told.len().saturating_sub(31) {
            if told[at..at + 32] == id[..] {
                told[at..at + 32].fill(filler);
            }
        }
    }
    told
}

/// Both sides of a trail ask each other for a head.
async fn ask_for_heads(trail: TrailId, sides: [&Arc<Node>; 2]) {
    for side in sides {
        let (purpose, scope) = (wire::Purpose::Audit, wire::DisclosureScope::Labels);
        let export = Export {
            contact: false,
            by: worker(),
            second: Second::Nobody,
            trail,
            purpose,
            scope,
            nonce: None,
            wait: Duration::from_secs(20),
        };
        assert!(side.export(export).await.unwrap().1, "a head came");
    }
}

/// Two shelters are asked about one person, up to her need. Returns the trails.
async fn ask(hotline: &Arc<Node>, shelters: [(&str, &Arc<Node>); 2]) -> [TrailId; 2] {
    let mut trails = Vec::new();
    for (name, shelter) in shelters {
        let trail = hotline.open_trail(enquiry(name)).await.unwrap().unwrap();
        reads(shelter, &trail, "asked").await;
        say(shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        reads(hotline, &trail, "held").await;
        let need = [&CONSENT[..], &[("age_band", "30_59"), ("language", "sq")]].concat();
        say_with(hotline, trail, Statement::Need, &need).await;
        until(|| async { shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
        trails.push(trail);
    }
    trails.try_into().unwrap_or_else(|_| panic!("two trails"))
}

#[tokio::test(flavor = "multi_thread")]
async fn carriers_and_colluding_recipients_learn_nothing_that_joins_two_letters() {
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let [hotline, jasen, lipa, centre] = houses.each_ref().map(House::open);
    let mut to = Vec::new();
    let mut all = Vec::new();
    for (name, other) in [("shelter-jasen", &jasen), ("shelter-lipa", &lipa), ("centre", &centre)] {
        introduce(&hotline, "hotline", other, name).await;
        to.push(carry(&hotline, other));
        all.push(carry(other, &hotline));
    }
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let nodes = [&hotline, &jasen, &lipa, &centre];
    let parties: Vec<_> = (0..4).map(|at| (names[at], &houses[at], nodes[at])).collect();
    let agreement = agree(&parties).await;
    let trails = ask(&hotline, [("shelter-jasen", &jasen), ("shelter-lipa", &lipa)]).await;

    ask_for_heads(trails[0], [&hotline, &jasen]).await;
    ask_for_heads(trails[1], [&hotline, &lipa]).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;

    let opened = [contents(&to[0], 2, houses[1].id), contents(&to[1], 3, houses[2].id)];
    for content in &opened {
        let count = |of: &dyn Fn(&wire::LetterContent) -> usize| content.iter().map(of).sum::<usize>();
        let parts = [
            count(&|content| content.events.len()),
            count(&|content| content.disclosures.len()),
            count(&|content| content.heads.len()),
            count(&|content| content.head_requests.len()),
            count(&|content| content.key_records.len()),
            count(&|content| content.agreements.len()),
        ];
        assert!(parts.iter().all(|count| *count > 0), "something of everything was received: {parts:?}");
    }
    let mut ids = vec![*houses[0].id.as_bytes(), *agreement.as_bytes()];
    for envelope in opened.iter().flatten().flat_map(|content| &content.events) {
        let body: wire::EventBody = codec::decode(&envelope.body).unwrap();
        assert_eq!(body.author, houses[0].id.as_bytes());
        // The sender's newest key record and signing key are known to whoever met it.
        ids.push(body.key.try_into().unwrap());
        ids.push(envelope.signatures[0].key_id.clone().try_into().unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    // The first key record is what an OrgId is.
    assert_eq!(ids.len(), 3, "sender and record, agreement, signing key");
    let records = houses.iter().flat_map(|house| house.chain().envelopes().cloned().collect::<Vec<_>>());
    let key_records = records.map(|record| codec::encode(&record.to_wire())).collect();
    let agreement = hotline.held_agreement(&agreement).unwrap().envelope.to_wire();
    let public = Public { ids, key_records, agreement };

    let plain: Strings = opened.iter().flatten().flat_map(|content| strings(&codec::encode(content))).collect();
    assert!(trails.iter().all(|trail| plain.contains(trail.as_bytes())), "the control: inside, the trail is named");
    let [first, second] = opened;
    // What a recipient hears of its own letters has no room for such a string.
    for heard in &all {
        let receipts = heard.receipts.lock().unwrap();
        assert!(!receipts.is_empty() && receipts.iter().all(|receipt| receipt.len() < 32));
    }
    let (first, second) = (told(first, &public, 1), told(second, &public, 2));
    assert!(first.len() > 1000 && second.len() > 1000);
    assert_eq!(strings(&first).intersection(&strings(&second)).count(), 0);
    // Between what was told and the equal string stands a byte that differs: else a last byte that is equal makes two.
    let marked = |told: &[u8], apart: u8| strings(&[told, &[apart], &[9; 32]].concat());
    let both = (marked(&first, 1), marked(&second, 2));
    assert_eq!(both.0.intersection(&both.1).count(), 1, "the control: one equal string is seen");

    // A carrier has the sealed bytes of all of them.
    let sealed: Vec<(Vec<u8>, letter::LetterHeader)> = (to.iter().chain(&all))
        .flat_map(|way| way.letters.lock().unwrap().clone())
        .map(|sealed| (sealed.clone(), letter::read_header(&sealed).unwrap()))
        .collect();
    let mut seen = Strings::new();
    for (bytes, header) in sealed {
        assert!(SIZE_CLASSES.contains(&bytes.len()));
        let mut bare = bytes;
        let mut headed = 0;
        for id in [header.recipient.as_bytes(), header.sealing_key.as_bytes()] {
            let at = bare.windows(32).position(|window| window == id).unwrap();
            // What stands before the header's end is the same in every letter to one recipient.
            headed = headed.max(at + 32);
        }
        bare.drain(..headed);
        let shown = strings(&bare);
        assert_eq!(shown.intersection(&plain).count(), 0, "nothing that was sealed is seen");
        assert_eq!(shown.intersection(&seen).count(), 0, "nothing joins two letters");
        seen.extend(shown);
    }
    assert!(seen.len() > 100_000, "{}", seen.len());
}
