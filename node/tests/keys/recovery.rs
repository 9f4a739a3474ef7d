//! A lost organisation key replaced by those who may, and a stolen node key disowned, while letters wait.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    id::TrailId,
    key::{Endpoint, KeyChain, KeyRecordDraft, Proposal, Recovery, SigningKey, sign_key_record},
    letter,
    rejection::Rejection,
    time::{Seconds, Span},
    verdict::{self, Exit, Report, YesNo},
    wire::{self, DisclosureScope, Purpose, ReceiptOutcome, WarningCode},
};
use uput_node::{
    clock::{self, SystemEntropy},
    node::{Export, NewKeys, Node, Post, Second, Stolen},
    peer::Mailroom,
};

use crate::{
    house::{ALL, MONTH, newest, open_again, rotate, signed, two},
    rotation::carry,
    stream::{Lines, is_asked, knows, moves},
    town::{BY, House, enquiry, reads, say, take, worker},
    years::trust,
};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Two of three board members, each with a key at home.
fn board() -> [SigningKey; 3] {
    [201, 202, 203].map(key)
}

/// One after the other adds a signature to the same file.
fn sign_one_by_one(mut file: Vec<u8>, by: &[&SigningKey]) -> Vec<u8> {
    for key in by {
        let mut proposal = Proposal::parse(&file).unwrap();
        proposal.sign(key).unwrap();
        file = proposal.to_bytes();
    }
    file
}

fn refused(result: Result<uput_node::node::Installed, Rejection>) -> Rejection {
    result.err().unwrap()
}

/// [KEY-27] [KEY-29] [NOD-87] The hotline's organisation key is lost while the shelter is away and letters wait.
#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_replace_a_lost_organisation_key_and_peers_go_on() {
    let (houses, hotline, shelter) = two().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    moves(&houses[0], &hotline, vec![endpoint], &shelter).await;
    moves(&houses[1], &shelter, Vec::new(), &hotline).await;
    let called = Lines::start(&hotline, &houses[0].tls_key(), Some(listener));
    let calling = Lines::start(&shelter, &houses[1].tls_key(), None);
    let set = Recovery { threshold: 2, keys: board().iter().map(|key| *key.public()).collect() };
    let new = NewKeys { recovery: Some(Some(set)), ..NewKeys::default() };
    let named = rotate(&houses[0], &hotline, new, MONTH).await.unwrap();
    assert_eq!(named.chain.newest().recovery().unwrap().keys.len(), 3);
    called.0.renew(&named.tls).unwrap();
    is_asked(&hotline, &shelter).await;
    calling.stop().await;

    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    let (fresh, [one, two, three]) = (key(204), board());
    let proposal = hotline.prepare_keys(NewKeys { organisation: Some(*fresh.public()), ..ALL() }).await.unwrap();
    let by_one = sign_one_by_one(proposal, &[&fresh, &one]);
    assert_eq!(refused(hotline.install_keys(&BY, &by_one, MONTH).await), Rejection::WrongSigners);
    // Whoever finds the lost key now, or is nobody, signs nothing.
    for other in [&houses[0].organisation_key(), &key(205)] {
        assert_eq!(Proposal::parse(&by_one).unwrap().sign(other), Err(Rejection::WrongSigners));
    }
    assert_eq!(Proposal::parse(&by_one).unwrap().missing().unwrap().approval, Some(Some(1)));
    let ready = sign_one_by_one(by_one, &[&three]);
    assert!(Proposal::parse(&ready).unwrap().missing().is_none());
    let installed = hotline.install_keys(&BY, &ready, MONTH).await.unwrap();
    assert_eq!(installed.chain.newest().organisation_key(), fresh.public());
    called.0.renew(&installed.tls).unwrap();

    let calling = Lines::start(&shelter, &houses[1].tls_key(), None);
    for trail in &waiting {
        reads(&shelter, trail, "asked").await;
    }
    assert!(knows(&shelter, &hotline));
    is_asked(&hotline, &shelter).await;
    // The set stays, and the lost key speaks for nobody any more.
    let next = hotline.prepare_keys(ALL()).await.unwrap();
    assert_eq!(Proposal::parse(&next).unwrap().sign(&houses[0].organisation_key()), Err(Rejection::WrongSigners));
    assert_eq!(Proposal::parse(&next).unwrap().sign(&two), Err(Rejection::WrongSigners));
    hotline.install_keys(&BY, &sign_one_by_one(next, &[&fresh]), MONTH).await.unwrap();
    calling.stop().await;
    called.stop().await;
}

/// [NOD-87] What cannot be counted is not prepared.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_cannot_be_enough_is_not_prepared() {
    let (_houses, hotline, _shelter) = two().await;
    let keys: Vec<_> = board().iter().map(|key| *key.public()).collect();
    for threshold in [0, 4] {
        let set = Recovery { threshold, keys: keys.clone() };
        let new = NewKeys { recovery: Some(Some(set)), ..NewKeys::default() };
        assert_eq!(hotline.prepare_keys(new).await.err(), Some(Rejection::Malformed), "{threshold}");
    }
}

async fn export(node: &Arc<Node>, trail: TrailId) -> Vec<u8> {
    let export = Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail,
        purpose: Purpose::Audit,
        scope: DisclosureScope::Labels,
        nonce: None,
        wait: Duration::ZERO,
    };
    node.export(export).await.unwrap().0
}

/// What the shelter exported, changed and signed again by the shelter.
fn changed(bundle: &[u8], house: &House, change: impl FnOnce(&mut wire::Bundle)) -> Vec<u8> {
    let mut content: wire::Bundle = codec::decode(Envelope::parse(bundle).unwrap().body()).unwrap();
    change(&mut content);
    Envelope::sign(MediaType::BUNDLE, codec::encode(&content), &[&house.signing_key()]).unwrap().to_bytes()
}

/// What a thief of the hotline's key adds after its last event, dated as that one.
fn forged(content: &wire::Bundle, house: &House) -> wire::Envelope {
    let bodies = content.events.iter().map(|event| codec::decode::<wire::EventBody>(&event.body).unwrap());
    let own = bodies.zip(&content.events).filter(|(body, _)| body.author == house.id.to_vec());
    let (last, envelope) = own.max_by_key(|(body, _)| body.seq).unwrap();
    let id = Envelope::from_wire(envelope.clone()).unwrap().id();
    let body = wire::EventBody { seq: last.seq + 1, prev: id.as_bytes().to_vec(), ..last };
    Envelope::sign(MediaType::EVENT, codec::encode(&body), &[&house.signing_key()]).unwrap().to_wire()
}

fn says(report: &Report, requirement: &str) -> Option<&'static str> {
    let check = report.checks.iter().find(|check| check.requirement == requirement)?;
    check.problems.first()?.rejection
}

/// [KEY-31] [NOD-88] [NOD-89] [BUN-104] [BUN-105] The hotline's key file was copied.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_signed_with_a_stolen_key_is_shown_by_its_next_heads_and_a_thief_has_none() {
    let (houses, hotline, shelter) = two().await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    take(&shelter, &trail).await;
    let proposal = hotline.prepare_keys(NewKeys { stolen: Some(Stolen::Current), ..NewKeys::default() }).await.unwrap();
    let stolen = houses[0].signing_key().public().id();
    assert_eq!(Proposal::parse(&proposal).unwrap().record().disowned().unwrap().key, stolen);
    // The safe is far away: what is said until then is said by the old key, and waits.
    say(&hotline, trail, Statement::Warned(WarningCode::RiskChanged)).await.unwrap();
    let installed = hotline.install_keys(&BY, &signed(&houses[0], &proposal), Span(0)).await.unwrap();
    assert_eq!((newest(&installed.chain), installed.until), (1, 0));
    Post(shelter.clone()).learn(&houses[0].id, Post(hotline.clone()).key_records_from(1)).await.unwrap();
    carry(&hotline, &shelter).await;
    carry(&shelter, &hotline).await;
    let shown = shelter.show(&worker(), &trail, false).await.unwrap();
    drop((hotline, shelter));

    let (hotline, shelter) = (open_again(&houses[0]), open_again(&houses[1]));
    let first: Vec<_> = houses.iter().map(|house| house.chain().newest_id()).collect();
    let trust = trust(&houses, &first, &shown.agreement);
    for node in [&hotline, &shelter] {
        let report = verdict::verify(&export(node, trail).await, &trust);
        assert_eq!((report.authentic, report.timeline.len()), (YesNo::Yes, shown.events.len()));
    }
    // It was said once: a second look at the same trails says nothing new.
    hotline.affirm_disowned().await;
    assert_eq!(hotline.queued().items, 0);
    let bundle = export(&shelter, trail).await;
    let thief = changed(&bundle, &houses[1], |content| {
        let event = forged(content, &houses[0]);
        let own = |event: &wire::Envelope| codec::decode::<wire::EventBody>(&event.body).unwrap();
        let place = content.events.iter().rposition(|event| own(event).author == houses[0].id.to_vec()).unwrap();
        content.events.insert(place + 1, event);
    });
    let report = verdict::verify(&thief, &trust);
    assert_eq!((report.exit, says(&report, "BUN-30")), (Exit::UnknownSigner, Some("REVOKED_SIGNER")));
    assert_eq!((report.timeline.len(), report.breaches.len()), (shown.events.len(), 0));
    // Without the hotline's later word nothing tells its events from those of the thief.
    let silent = changed(&bundle, &houses[1], |content| {
        let head = |head: &wire::Envelope| codec::decode::<wire::Head>(&head.body).unwrap();
        content.heads.retain(|one| head(one).author != houses[0].id.to_vec());
    });
    let report = verdict::verify(&silent, &trust);
    assert_eq!((report.exit, report.authentic), (Exit::UnknownSigner, YesNo::No));
    let mut chain = KeyChain::clone(&hotline.me().chain());
    let back = hotline.prepare_keys(ALL()).await.unwrap();
    chain
        .extend(
            &Envelope::parse(Proposal::parse(&signed(&houses[0], &back)).unwrap().envelope().to_bytes().as_slice())
                .unwrap(),
        )
        .unwrap();
    assert_eq!(newest(&chain), 2, "life goes on");
}

/// [NOD-88] A key that was replaced before the theft was known.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_key_is_disowned_later_and_one_that_was_never_ours_is_not() {
    let (houses, hotline, _shelter) = two().await;
    rotate(&houses[0], &hotline, ALL(), Span(0)).await.unwrap();
    let older = houses[0].signing_key().public().id();
    let new = |key| NewKeys { stolen: Some(Stolen::Older(key)), ..NewKeys::default() };
    let never = hotline.prepare_keys(new(key(9).public().id())).await.unwrap();
    assert_eq!(refused(hotline.install_keys(&BY, &signed(&houses[0], &never), MONTH).await), Rejection::WrongSigners);
    let installed = rotate(&houses[0], &hotline, new(older), MONTH).await.unwrap();
    assert_eq!(installed.chain.newest().disowned().unwrap().key, older);
    assert!(installed.chain.disowning(houses[0].signing_key().public()).is_some());
}

/// What a thief of the organisation key says: a record with keys of its own; another for every seed.
fn thiefs_record(house: &House, chain: &KeyChain, seed: u8) -> (Envelope, SigningKey) {
    let newest = chain.newest();
    let draft = KeyRecordDraft::after(newest, newest.time(), newest.end());
    let [own, signing, tls] = [seed, seed + 1, seed + 2].map(key);
    let record = sign_key_record(draft, &own, &signing, &tls, Some(&house.organisation_key())).unwrap();
    (record, signing)
}

/// What the thief adds to a trail after the hotline's opening, in a letter to the shelter.
fn thiefs_letter(opening: &Event, record: &Envelope, by: &SigningKey, to: &KeyChain) -> Vec<u8> {
    let event = Event {
        trail: opening.id.opened_trail(),
        key: record.id().into(),
        seq: 1,
        prev: Some(opening.id),
        slots: Vec::new(),
        terms: None,
        statement: Statement::Warned(WarningCode::DoNotContact),
        ..opening.clone()
    };
    let said = Envelope::sign(MediaType::EVENT, event.encode(), &[by]).unwrap();
    let content = wire::LetterContent { events: vec![said.to_wire()], ..wire::LetterContent::default() };
    letter::seal(to.newest(), &content, &mut SystemEntropy).unwrap()
}

/// [KEY-16] [KEY-28] [NOD-89] A thief is believed; what it signs beside itself is a fork; the recovery set decides. Nothing that
/// the shelter holds becomes unreadable.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_freezes_the_recovery_set_decides_and_everything_stays_readable() {
    let (houses, hotline, shelter) = two().await;
    let set = Recovery { threshold: 2, keys: board().iter().map(|key| *key.public()).collect() };
    rotate(&houses[0], &hotline, NewKeys { recovery: Some(Some(set)), ..NewKeys::default() }, MONTH).await.unwrap();
    let (ours, theirs) = (Post(hotline.clone()), Post(shelter.clone()));
    theirs.learn(&houses[0].id, ours.key_records_from(1)).await.unwrap();
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    take(&shelter, &trail).await;
    carry(&shelter, &hotline).await;

    let (theft, thief) = thiefs_record(&houses[0], &hotline.me().chain(), 221);
    theirs.learn(&houses[0].id, vec![theft.to_wire()]).await.unwrap();
    let opening = opening_of(&export(&hotline, trail).await, &houses[0]);
    let forged = thiefs_letter(&opening, &theft, &thief, &shelter.me().chain());
    assert_eq!(theirs.receive(&houses[0].id, forged).await, (ReceiptOutcome::Stored, 0));
    let read = shelter.show(&worker(), &trail, false).await.unwrap().events.len();
    let (second, _) = thiefs_record(&houses[0], &hotline.me().chain(), 231);
    theirs.learn(&houses[0].id, vec![second.to_wire()]).await.unwrap();
    let frozen = || async { shelter.open_trail(enquiry("hotline")).await.err().unwrap().rejection() };
    assert_eq!(frozen().await, Rejection::ForkedChain);

    let (fresh, [one, two, _]) = (key(204), board());
    let proposal = hotline.prepare_keys(NewKeys { organisation: Some(*fresh.public()), ..ALL() }).await.unwrap();
    hotline.install_keys(&BY, &sign_one_by_one(proposal, &[&one, &two, &fresh]), Span(0)).await.unwrap();
    theirs.learn(&houses[0].id, ours.key_records_from(0)).await.unwrap();
    assert!(knows(&shelter, &hotline));
    assert_ne!(frozen_state(&shelter), wire::PeerState::Frozen);
    // After a restart, with the thief's event in it, which nobody's chain explains any more.
    drop((theirs, shelter));
    let shelter = open_again(&houses[1]);
    assert_eq!(shelter.show(&worker(), &trail, false).await.unwrap().events.len(), read);

    // [STO-40] What the shelter says there has seen the thief's event. That is no word of a folder that was put back: other
    // trails go their way.
    let held = || Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
    say(&shelter, trail, held()).await.unwrap();
    let another = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    take(&shelter, &another).await;
    say(&shelter, another, held()).await.unwrap();
    let (from, to) = (Post(shelter.clone()), Post(hotline.clone()));
    while hotline.show(&worker(), &another, false).await.unwrap().headline != "held" {
        let next = tokio::time::timeout(Duration::from_secs(5), from.next_letter(&houses[0].id)).await;
        let Ok(outgoing) = next else { continue };
        let (outcome, code) = to.receive(&houses[1].id, outgoing.letter).await;
        from.settle(&houses[0].id, outgoing.ticket, outcome, code).await;
    }
    assert!(hotline.checks(clock::now()).iter().all(|check| check.name != "rollback"));
}

/// [TRA-32] [KEY-28] The shelter has heard the thief first, and the organisation calls with a TLS key that the thief's record ended.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_heard_the_thief_first_takes_the_record_that_decides_from_a_stream_with_the_old_tls_key() {
    let (houses, hotline, shelter) = two().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    moves(&houses[1], &shelter, vec![endpoint], &hotline).await;
    let set = Recovery { threshold: 2, keys: board().iter().map(|key| *key.public()).collect() };
    let new = NewKeys { recovery: Some(Some(set)), endpoints: Some(Vec::new()), ..NewKeys::default() };
    rotate(&houses[0], &hotline, new, MONTH).await.unwrap();
    let theirs = Post(shelter.clone());
    theirs.learn(&houses[0].id, Post(hotline.clone()).key_records_from(1)).await.unwrap();
    let (theft, _) = thiefs_record(&houses[0], &hotline.me().chain(), 221);
    theirs.learn(&houses[0].id, vec![theft.to_wire()]).await.unwrap();
    let (fresh, [one, two, _]) = (key(204), board());
    let new = NewKeys { organisation: Some(*fresh.public()), signing: true, ..NewKeys::default() };
    let proposal = hotline.prepare_keys(new).await.unwrap();
    hotline.install_keys(&BY, &sign_one_by_one(proposal, &[&one, &two, &fresh]), MONTH).await.unwrap();
    let called = Lines::start(&shelter, &houses[1].tls_key(), Some(listener));
    let calling = Lines::start(&hotline, &houses[0].tls_key(), None);
    is_asked(&hotline, &shelter).await;
    assert!(knows(&shelter, &hotline));
    calling.stop().await;
    called.stop().await;
}

fn frozen_state(shelter: &Arc<Node>) -> wire::PeerState {
    shelter.view_peers().iter().map(wire::Peer::state).next().unwrap()
}

/// The opening of an exported trail.
fn opening_of(bundle: &[u8], house: &House) -> Event {
    let content: wire::Bundle = codec::decode(Envelope::parse(bundle).unwrap().body()).unwrap();
    let all = content.events.into_iter().map(|event| Envelope::from_wire(event).unwrap());
    let parsed = all.filter_map(|envelope| Event::parse(envelope.id(), envelope.body()).ok());
    parsed.into_iter().find(|event| event.author == house.id && event.seq == 0).unwrap()
}
