//! Events that are misshapen, signed by somebody else, of another trail, out of order, or said by who has no say.

use uput_core::{
    codec,
    envelope::{MediaType, pae},
    event::{Event, Statement},
    head::Head,
    id::{EventId, Id, KeyId},
    rejection::Rejection,
    time::Seconds,
    wire::{self, LetterContent, ReceiptOutcome, trail_service_server::TrailService},
};
use uput_node::{node::Post, peer::Mailroom, rpc::Trails};

use crate::{
    said::{Said, body, content, labels, minute, unsaid},
    town::{CONSENT, call_as, worker},
    yard::{STORED, later, meet, refused, yard},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_well_made_is_taken_in() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let shown = yard.shown(&opening).await;
    assert_eq!(shown.headline, "asked");
    let mut seen = labels(&shown.events[0]);
    seen.sort_unstable();
    assert_eq!(seen, ["adults", "places"]);
    assert_eq!(shown.events.len(), 2, "it and its delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_misshapen_event_keeps_out_no_other() {
    let yard = yard().await;
    let (good, other) = (yard.enquiry(), yard.enquiry());
    for spoil in [
        (|envelope: &mut wire::Envelope| envelope.body.truncate(5)) as fn(&mut wire::Envelope),
        |envelope| envelope.signatures.clear(),
        |envelope| envelope.body.extend([0xf8, 0x3f, 0]),
        |envelope| envelope.r#type = MediaType::HEAD.as_str().to_owned(),
        |envelope| envelope.signatures[0].signature[3] ^= 1,
    ] {
        let mut bad = yard.enquiry();
        spoil(&mut bad.envelope);
        let (outcome, _) = yard.say(&[&bad, &good]).await;
        assert_eq!(outcome, ReceiptOutcome::Refused);
        assert!(yard.knows(&good).await, "what stands beside it is here");
    }
    assert_eq!(yard.say(&[&other, &good]).await, STORED);
    assert_eq!(yard.shelter.trail_ids().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_kept_by_its_sender() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let mut newer = yard.next(&opening, &opening, 1, Statement::Withdrawn);
    newer.envelope.r#type = "application/vnd.uput.event.v2+protobuf".to_owned();
    assert_eq!(yard.say(&[&opening, &newer]).await, later(Rejection::NeedsUpgrade));
    assert_eq!(yard.shown(&opening).await.events.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_than_the_author_s_is_refused() {
    let yard = yard().await;
    let opening = yard.enquiry().read();
    let forged = Said::sign(&yard.lipa, &opening, None);
    let (outcome, _) = yard.say(&[&forged]).await;
    assert_eq!(outcome, ReceiptOutcome::Refused);
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_is_stored_once() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let sealed = yard.seal(&content(&[&opening, &opening]));
    for _ in 0..3 {
        assert_eq!(yard.bytes(sealed.clone()).await, STORED);
    }
    assert_eq!(yard.shown(&opening).await.events.len(), 2);
    assert_eq!(yard.shelter.queued().items, 1, "one delivered waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_early_is_accepted_later() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let second = yard.next(&opening, &opening, 1, Statement::Withdrawn);
    assert_eq!(yard.say(&[&second]).await, later(Rejection::MissingPredecessor));
    assert!(!yard.knows(&opening).await);
    assert_eq!(yard.say(&[&opening]).await, STORED);
    assert_eq!(yard.say(&[&second]).await, STORED);
    assert_eq!(yard.shown(&opening).await.headline, "withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_before_the_yes_is_void_and_unread() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let identity = [&CONSENT[..], &[("name", "Invented Name")]].concat();
    let named = yard.disclosing(&opening, Statement::Identity, &identity, |_| {});
    assert_eq!(yard.say(&[&opening, &named]).await, STORED);
    let shown = yard.shown(&opening).await;
    let event = shown.events.iter().find(|event| event.kind == "identity").unwrap();
    assert!(!event.void_reason.is_empty());
    assert!(event.fields.is_empty(), "dropped unread");
    assert_eq!(shown.stage, 0);
}

/// [EVT-23]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_party_of_a_trail_learns_nothing_of_it() {
    let yard = yard().await;
    meet(&yard.shelter, &yard.lipa, "shelter-lipa").await;
    let (here, nowhere) = (yard.enquiry(), yard.enquiry());
    let second = yard.next(&here, &here, 1, Statement::Withdrawn);
    assert_eq!(yard.say(&[&here, &second]).await, STORED);
    let third = |said: &Said| {
        let event = Event { trail: said.trail(), seen: Some(said.id), ..unsaid(&yard.lipa, Statement::Accepted) };
        Said::sign(&yard.lipa, &event, None)
    };
    let answers = async |said: &Said| {
        let second = yard.next(said, said, 1, Statement::Withdrawn);
        let head = Head {
            trail: said.trail(),
            author: yard.lipa.id,
            key: yard.lipa.chain().newest_id(),
            incarnation: 0,
            own_count: 0,
            own_last: None,
            seen_count: 0,
            seen_last: None,
            peer_key: yard.shelter_house.chain().newest_id(),
            closes: None,
            time: minute(),
            nonce: None,
            settled: None,
        };
        let head = head.sign(&yard.lipa.signing_key()).unwrap().to_wire();
        let request = wire::HeadRequest { trail: said.trail().to_vec(), nonce: vec![1; 32] };
        let heads = LetterContent { heads: vec![head], ..LetterContent::default() };
        let asks = LetterContent { head_requests: vec![request], ..LetterContent::default() };
        let letter =
            async |content: LetterContent| Post(yard.shelter.clone()).receive(&yard.lipa.id, yard.seal(&content)).await;
        [
            yard.say_as(&yard.lipa, &[said]).await,
            yard.say_as(&yard.lipa, &[&second]).await,
            yard.say_as(&yard.lipa, &[&third(said)]).await,
            letter(heads).await,
            letter(asks).await,
        ]
    };
    let known = answers(&here).await;
    assert_eq!(known, answers(&nowhere).await);
    assert!(known.iter().all(|(outcome, _)| *outcome != ReceiptOutcome::Stored));
    assert_eq!(yard.shown(&here).await.events.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_with_one_number_are_both_kept() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let twins = [Statement::Withdrawn, Statement::ChosenElsewhere].map(|said| yard.next(&opening, &opening, 1, said));
    assert_eq!(yard.say(&[&opening, &twins[0], &twins[1]]).await, STORED);
    let numbered = yard.shown(&opening).await.events.iter().filter(|event| event.seq == 1 && !event.ours).count();
    assert_eq!(numbered, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_refuses_nobody() {
    let yard = yard().await;
    for seconds in [1, 4_000_000_000] {
        let opening = yard.opening(&[("places", "2")], |event, _, _| event.time = Seconds::new(seconds).unwrap());
        assert_eq!(yard.say(&[&opening]).await, STORED);
        assert!(yard.knows(&opening).await);
    }
}

/// [EVT-4]
#[tokio::test(flavor = "multi_thread")]
async fn an_opening_for_another_or_by_another_begins_nothing() {
    let yard = yard().await;
    meet(&yard.shelter, &yard.lipa, "shelter-lipa").await;
    let ours = yard.enquiry();
    let lipas = yard.opening(&[("places", "2")], |_, opening, _| {
        opening.peer = yard.lipa.id;
        opening.peer_key = yard.lipa.chain().newest_id();
    });
    // The other shelter hands on what the hotline said to it, and the hotline itself is mistaken.
    assert_eq!(yard.say_as(&yard.lipa, &[&lipas]).await, refused(Rejection::WrongTrail));
    assert_eq!(yard.say(&[&lipas]).await, refused(Rejection::WrongTrail));
    // What is for us is taken from its author alone.
    assert_eq!(yard.say_as(&yard.lipa, &[&ours]).await, refused(Rejection::WrongTrail));
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
    assert_eq!(yard.say(&[&ours]).await, STORED);
}

/// [EVT-5] [EVT-6] [EVT-11]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_belongs_elsewhere_is_not_taken_in_here() {
    let yard = yard().await;
    let (here, there) = (yard.enquiry(), yard.enquiry());
    assert_eq!(yard.say(&[&here, &there]).await, STORED);
    let delivered = yard.shown(&there).await.events.into_iter().find(|event| event.ours).unwrap().event;
    let change = |change: &dyn Fn(&mut Event)| {
        let mut event = yard.next(&here, &here, 1, Statement::Withdrawn).read();
        change(&mut event);
        Said::sign(&yard.hotline, &event, None)
    };
    let seen = EventId::parse(&delivered).unwrap();
    let cases = [
        (change(&|event| event.prev = Some(there.id)), later(Rejection::MissingPredecessor)),
        (change(&|event| event.seen = Some(here.id)), refused(Rejection::BrokenSequence)),
        (change(&|event| event.seq = 2), refused(Rejection::BrokenSequence)),
        (change(&|event| event.author = yard.lipa.id), later(Rejection::UnknownSigner)),
    ];
    for (n, (said, answer)) in cases.iter().enumerate() {
        assert_eq!(yard.say(&[said]).await, *answer, "case {n}");
    }
    let lipas = Event { key: yard.lipa.chain().newest_id(), author: yard.lipa.id, ..change(&|_| {}).read() };
    assert_eq!(yard.say(&[&Said::sign(&yard.lipa, &lipas, None)]).await, refused(Rejection::WrongTrail));
    // Last, as it says that this node lost something: nothing more is taken from there (STO-41).
    let elsewhere = change(&|event| event.seen = Some(seen));
    assert_eq!(yard.say(&[&elsewhere]).await, later(Rejection::MissingPredecessor));
    assert_eq!(yard.shown(&here).await.events.len(), 2);
    assert_eq!(yard.shown(&there).await.events.len(), 2);
}

/// [ENV-5] [ENV-6]
#[tokio::test(flavor = "multi_thread")]
async fn what_its_author_signed_in_two_readings_is_refused() {
    let yard = yard().await;
    let good = yard.enquiry();
    let bytes = &good.envelope.body;
    let stated = codec::encode(&wire::EventBody { kind: None, ..body(&good) });
    let cases = [
        ([&bytes[..], &[0xf8, 0x3f, 0]].concat(), Rejection::NotCanonical),
        ([&bytes[..], &[0x20, 0]].concat(), Rejection::NotCanonical),
        ([&bytes[..], &bytes[..]].concat(), Rejection::NotCanonical),
        ([&bytes[34..], &bytes[..34]].concat(), Rejection::NotCanonical),
        (bytes[..bytes.len() - 1].to_vec(), Rejection::Malformed),
        (stated, Rejection::Malformed),
    ];
    for (n, (body, rejection)) in cases.into_iter().enumerate() {
        let said = Said::signed(&yard.hotline, body, None);
        assert_eq!(yard.say(&[&said]).await, refused(rejection), "case {n}");
    }
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
}

/// [KEY-2] [KEY-3] [ENV-10]
#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_would_hold_for_every_message_is_refused() {
    let yard = yard().await;
    // The neutral point as key and as R, with S = 0: true for any message, if such a key were admitted.
    let mut weak = [0; 32];
    weak[0] = 1;
    let mut said = yard.enquiry();
    said.envelope.signatures[0].signature = [weak, [0; 32]].concat();
    assert_eq!(yard.say(&[&said]).await, refused(Rejection::BadSignature), "in the author's name");
    said.envelope.signatures[0].key_id = KeyId::of(&weak).to_vec();
    assert_eq!(yard.say(&[&said]).await, refused(Rejection::WrongSigners), "in its own");
    let mut twice = yard.enquiry();
    let more = wire::Signature { key_id: vec![0xff; 32], signature: vec![1; 64] };
    twice.envelope.signatures.push(more);
    assert_eq!(yard.say(&[&twice]).await, refused(Rejection::WrongSigners), "beside a good one");
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
}

/// [ENV-3]
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_keeps_out_no_other() {
    let yard = yard().await;
    let (mut giant, good) = (yard.enquiry(), yard.enquiry());
    giant.envelope.body.resize(64 * 1024 + 1, 0);
    assert_eq!(yard.say(&[&giant, &good]).await, refused(Rejection::TooLarge));
    assert!(yard.knows(&good).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_bit_of_an_event_is_taken_for_it() {
    let yard = yard().await;
    let good = yard.enquiry();
    let (body, signature) = (good.envelope.body.len(), 64);
    for at in (0..body + signature).step_by(5) {
        let mut flipped = good.clone();
        let signed = &mut flipped.envelope;
        *if at < body { &mut signed.body[at] } else { &mut signed.signatures[0].signature[at - body] } ^= 1 << (at % 8);
        let (outcome, code) = yard.say(&[&flipped]).await;
        assert!(outcome != ReceiptOutcome::Stored && code != 0, "byte {at}");
    }
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
    assert_eq!(yard.say(&[&good]).await, STORED);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_the_wrong_order_lose_nothing() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let second = yard.next(&opening, &opening, 1, Statement::Acknowledged);
    let third = yard.next(&opening, &second, 2, Statement::Withdrawn);
    assert_eq!(yard.say(&[&third, &second, &opening]).await, later(Rejection::MissingPredecessor));
    // What is put off is sent again one by one, in its order.
    for said in [&opening, &second, &third] {
        assert_eq!(yard.say(&[said]).await, STORED);
    }
    assert_eq!(yard.shown(&opening).await.headline, "withdrawn");
    assert_eq!(yard.shown(&opening).await.events.len(), 4);
}

/// [API-7]
#[tokio::test(flavor = "multi_thread")]
async fn the_beginning_of_two_trails_is_not_guessed() {
    let yard = yard().await;
    let mut met = std::collections::HashMap::new();
    let template = yard.opening(&[], |_, _, _| {}).read();
    // Two openings whose IDs begin with the same four bytes are found by trying some 80,000.
    let (one, other) = (0_u64..)
        .find_map(|n| {
            let mut event = template.clone();
            let Statement::Opening(opening) = &mut event.statement else { unreachable!() };
            opening.nonce[..8].copy_from_slice(&n.to_be_bytes());
            let id = Id::of(&pae(MediaType::EVENT.as_str(), &event.encode()));
            let before = met.insert(id.as_bytes()[..4].to_vec(), event.clone());
            before.map(|before| (before, event))
        })
        .unwrap();
    let [one, other] = [one, other].map(|event| Said::sign(&yard.hotline, &event, None));
    assert_eq!(yard.say(&[&one, &other]).await, STORED);
    let id = *one.trail().as_bytes();
    assert_ne!(one.trail(), other.trail());
    let ambiguous = wire::GetTrailRequest { trail: id[..4].to_vec(), values: false, reason: None, contact: None };
    let refused = Trails(yard.shelter.clone())
        .get_trail(call_as(wire::Role::CaseWorker, "TrailService/GetTrail", ambiguous))
        .await
        .err()
        .unwrap();
    assert!(refused.message().contains("more than one trail begins so"), "{}", refused.message());
    assert_eq!(yard.shelter.find_trail(&worker(), &id), Ok(one.trail()));
}
