//! A peer that is a member and an abuser's tool: it speaks the protocol by hand, and badly on purpose.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use ring::hmac;
use town::{CONSENT, House, endpoint, until};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::{Event, Opening, Statement, Terms},
    head::Head,
    id::{AgreementId, EventId, Id, OrgId, TrailId},
    invitation::Invitation,
    key::{KeyRecordDraft, SealingSecret, sign_key_record},
    letter,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, LegalBasis, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::{SystemEntropy, now},
    node::{Node, Post},
    peer::Mailroom,
};

type Receipt = (ReceiptOutcome, u32);

const STORED: Receipt = (ReceiptOutcome::Stored, 0);

fn later(rejection: Rejection) -> Receipt {
    (ReceiptOutcome::Later, rejection.number())
}

fn refused(rejection: Rejection) -> Receipt {
    (ReceiptOutcome::Refused, rejection.number())
}

/// The shelter's node is real; the hotline, and the other shelter and the centre, are keys in a test.
struct Yard {
    hotline: House,
    shelter: Arc<Node>,
    shelter_house: House,
    lipa: House,
    centre: House,
    agreement: AgreementId,
}

/// An event by hand, and what opens it.
#[derive(Clone)]
struct Said {
    id: EventId,
    envelope: wire::Envelope,
    disclosure: Option<wire::Disclosure>,
}

impl Said {
    fn trail(&self) -> TrailId {
        self.id.opened_trail()
    }
}

/// Meets a node as an organisation that is only keys.
async fn meet(node: &Arc<Node>, house: &House, name: &str) {
    let line = node.invite(name, vec![endpoint()], 0).await.unwrap();
    let secret = *Invitation::parse(line.expose()).unwrap().secret().expose();
    assert_eq!(knock(node, house, &secret).await, None);
    let number = node.view_peers().into_iter().find(|peer| peer.name == name).unwrap().safety_number;
    node.confirm(name, &number).await.unwrap();
}

/// Uses an invitation's secret; tells why it was refused.
async fn knock(node: &Arc<Node>, house: &House, secret: &[u8]) -> Option<Rejection> {
    let chain = wire::KeyChain { records: house.chain().envelopes().map(Envelope::to_wire).collect() };
    Post(node.clone()).introduce(secret, *house.tls_key().public().as_bytes(), chain).await.err()
}

fn records(houses: &[&House]) -> Vec<wire::Envelope> {
    houses.iter().flat_map(|house| house.chain().envelopes().map(Envelope::to_wire).collect::<Vec<_>>()).collect()
}

fn minute() -> Seconds {
    Seconds::new(now().get() / 60 * 60).unwrap()
}

async fn yard() -> Yard {
    town::listen();
    let (hotline, shelter_house) = (House::found(1).await, House::found(2).await);
    let (lipa, centre) = (House::found(3).await, House::found(4).await);
    let shelter = shelter_house.open();
    meet(&shelter, &hotline, "hotline").await;
    let text = include_str!("../../specs/agreements/demonstration.toml");
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let houses = [&hotline, &shelter_house, &lipa, &centre];
    let peers: BTreeMap<String, OrgId> =
        names.iter().zip(houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let compiled = compile(text, &peers).unwrap();
    let agreement = compiled.agreement.id();
    let keys: Vec<_> = houses.iter().map(|house| house.organisation_key()).collect();
    let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body, &keys.iter().collect::<Vec<_>>()).unwrap();
    let yard = Yard { hotline, shelter, shelter_house, lipa, centre, agreement };
    let content = LetterContent {
        key_records: records(&[&yard.lipa, &yard.centre]),
        agreements: vec![signed.to_wire()],
        ..LetterContent::default()
    };
    assert_eq!(yard.send(&content).await, STORED);
    yard
}

impl Yard {
    fn seal(&self, content: &LetterContent) -> Vec<u8> {
        letter::seal(self.shelter.me().chain().newest(), content, &mut SystemEntropy).unwrap()
    }

    async fn bytes(&self, letter: Vec<u8>) -> Receipt {
        Post(self.shelter.clone()).receive(&self.hotline.id, letter).await
    }

    async fn send(&self, content: &LetterContent) -> Receipt {
        self.bytes(self.seal(content)).await
    }

    async fn say(&self, said: &[&Said]) -> Receipt {
        self.send(&content(said)).await
    }

    async fn say_as(&self, from: &House, said: &[&Said]) -> Receipt {
        Post(self.shelter.clone()).receive(&from.id, self.seal(&content(said))).await
    }

    fn sign(&self, house: &House, event: &Event, disclosure: Option<wire::Disclosure>) -> Said {
        let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[&house.signing_key()]).unwrap();
        let id = EventId::from(envelope.id());
        let disclosure = disclosure.map(|disclosure| wire::Disclosure { event: id.to_vec(), ..disclosure });
        Said { id, envelope: envelope.to_wire(), disclosure }
    }

    fn unsaid(&self, author: &House, statement: Statement) -> Event {
        let unnamed = EventId::from(Id::of(b""));
        Event {
            id: unnamed,
            trail: unnamed.opened_trail(),
            author: author.id,
            key: author.chain().newest_id(),
            incarnation: 0,
            seq: 0,
            prev: None,
            seen: None,
            time: minute(),
            occurred: None,
            slots: Vec::new(),
            terms: None,
            statement,
        }
    }

    /// An enquiry by the hotline, changed as the test wants.
    fn opening(&self, fields: &[(&str, &str)], change: impl FnOnce(&mut Event, &mut Opening, &mut Terms)) -> Said {
        let mut opening = Opening {
            peer: self.shelter_house.id,
            peer_key: self.shelter_house.chain().newest_id(),
            agreement: self.agreement,
            act: wire::Act::Referral,
            service_type: wire::ServiceType::Shelter,
            nonce: fresh_nonce(),
            event_version: 1,
            expiry: None,
        };
        let mut terms = Terms { stage: 0, rule: 1, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
        let mut event = self.unsaid(&self.hotline, Statement::Acknowledged);
        change(&mut event, &mut opening, &mut terms);
        let (slots, disclosure) = fill(&opening.nonce, &event.author, fields);
        let disclosure = (!fields.is_empty()).then_some(disclosure);
        event.slots = if fields.is_empty() { Vec::new() } else { slots };
        event.terms = Some(terms);
        event.statement = Statement::Opening(opening);
        self.sign(&self.hotline, &event, disclosure)
    }

    fn enquiry(&self) -> Said {
        self.opening(&[("places", "2"), ("adults", "1")], |_, _, _| {})
    }

    /// The hotline's next event, which has seen nothing.
    fn next(&self, opening: &Said, prev: &Said, seq: u64, statement: Statement) -> Said {
        let event = Event { trail: opening.trail(), seq, prev: Some(prev.id), ..self.unsaid(&self.hotline, statement) };
        self.sign(&self.hotline, &event, None)
    }

    fn disclosing(&self, opening: &Said, prev: &Said, statement: Statement, fields: &[(&str, &str)]) -> Said {
        let stage = if matches!(statement, Statement::Identity) { 2 } else { 1 };
        let read = read(opening);
        let (slots, disclosure) = fill(&read.opening().unwrap().nonce, &self.hotline.id, fields);
        let event = Event {
            trail: opening.trail(),
            seq: 1,
            prev: Some(prev.id),
            slots,
            terms: Some(Terms { stage, rule: 1, basis: LegalBasis::ExplicitConsent, article: 0 }),
            ..self.unsaid(&self.hotline, statement)
        };
        self.sign(&self.hotline, &event, Some(disclosure))
    }

    async fn shown(&self, opening: &Said) -> wire::Trail {
        self.shelter.show(&opening.trail(), true).await.unwrap()
    }

    async fn knows(&self, opening: &Said) -> bool {
        self.shelter.show(&opening.trail(), false).await.is_ok()
    }
}

fn fresh_nonce() -> [u8; 32] {
    use uput_core::entropy::Entropy;
    let mut nonce = [0; 32];
    SystemEntropy.fill(&mut nonce);
    nonce
}

fn read(said: &Said) -> Event {
    let envelope = Envelope::from_wire(said.envelope.clone()).unwrap();
    Event::parse(envelope.id(), envelope.body()).unwrap()
}

fn content(said: &[&Said]) -> LetterContent {
    LetterContent {
        events: said.iter().map(|said| said.envelope.clone()).collect(),
        disclosures: said.iter().filter_map(|said| said.disclosure.clone()).collect(),
        ..LetterContent::default()
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// Slots by the text of the specification, whatever the agreement thinks of them. [DIS-4] [DIS-5]
fn fill(nonce: &[u8; 32], author: &OrgId, fields: &[(&str, &str)]) -> (Vec<u8>, wire::Disclosure) {
    let (s, t) = ([1; 32], [2; 32]);
    let count = [8, 16, 32, 64].into_iter().find(|count| *count >= fields.len()).unwrap();
    let length = |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let (mut slots, mut opened) = (Vec::new(), Vec::new());
    for i in 0..count {
        let (label, value) = fields.get(i).copied().unwrap_or(("", ""));
        let index = u16::try_from(i).unwrap().to_be_bytes();
        let place: [&[u8]; 3] = [nonce, author.as_bytes(), &index];
        let v = mac(&mac(&t, &[&index]), &[b"uput/v1/value", &place.concat(), &length(label), &length(value)]);
        slots.extend(mac(&mac(&s, &[&index]), &[b"uput/v1/slot", &place.concat(), &length(label), &v]));
        opened.push(wire::DisclosedField { label: label.to_owned(), value: value.to_owned() });
    }
    let whole = wire::WholeDisclosure { label_secret: s.to_vec(), value_secret: t.to_vec(), fields: opened };
    (slots, wire::Disclosure { event: Vec::new(), form: Some(wire::disclosure::Form::Whole(whole)) })
}

fn labels(event: &wire::TrailEvent) -> Vec<&str> {
    event.fields.iter().filter(|field| !field.value.is_empty()).map(|field| field.label.as_str()).collect()
}

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
async fn letters_that_were_touched_are_refused() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let good = yard.seal(&content(&[&opening]));
    for place in [0, 40, 100, 800, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[place] ^= 1;
        let (outcome, code) = yard.bytes(flipped).await;
        assert_ne!(outcome, ReceiptOutcome::Stored, "byte {place}");
        assert_ne!(code, 0);
    }
    assert_eq!(yard.bytes(good[..good.len() - 1].to_vec()).await, refused(Rejection::Malformed));
    assert_eq!(yard.bytes([&good[..], &[0]].concat()).await, refused(Rejection::Malformed));
    assert_eq!(yard.bytes(vec![0; 200_000]).await, refused(Rejection::TooLarge));
    assert_eq!(yard.bytes(Vec::new()).await, refused(Rejection::Malformed));
    let others = letter::seal(yard.lipa.chain().newest(), &content(&[&opening]), &mut SystemEntropy).unwrap();
    assert_eq!(yard.bytes(others).await, refused(Rejection::WrongRecipient));
    assert!(!yard.knows(&opening).await);
    assert_eq!(yard.bytes(good).await, STORED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_an_unknown_key_asks_for_a_newer_one() {
    let yard = yard().await;
    let other = SealingSecret::from_seed(&[99; 32]);
    let chain = yard.shelter_house.chain();
    let draft = KeyRecordDraft {
        sealing_keys: vec![other.public().clone()],
        ..KeyRecordDraft::after(chain.newest(), minute(), minute().after(Span(86_400)))
    };
    let keys = [yard.shelter_house.organisation_key(), yard.shelter_house.signing_key(), yard.shelter_house.tls_key()];
    let next = sign_key_record(draft, &keys[0], &keys[1], &keys[2], None).unwrap();
    let mut longer = chain.clone();
    longer.extend(&next).unwrap();
    let sealed = letter::seal(longer.newest(), &content(&[&yard.enquiry()]), &mut SystemEntropy).unwrap();
    assert_eq!(yard.bytes(sealed).await, (ReceiptOutcome::StaleKey, Rejection::StaleKey.number()));
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
    let opening = read(&yard.enquiry());
    let forged = yard.sign(&yard.lipa, &opening, None);
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
    let named = yard.disclosing(&opening, &opening, Statement::Identity, &identity);
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
        let event = Event { trail: said.trail(), seen: Some(said.id), ..yard.unsaid(&yard.lipa, Statement::Accepted) };
        yard.sign(&yard.lipa, &event, None)
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
async fn a_forged_signature_displaces_no_good_one() {
    let yard = yard().await;
    let houses = [&yard.hotline, &yard.shelter_house, &yard.lipa, &yard.centre];
    let held = yard.shelter.held_agreement(&yard.agreement).unwrap().envelope.to_wire();
    let fresh = House::found(5).await;
    let node = fresh.open();
    let text = include_str!("../../specs/agreements/demonstration.toml");
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let parties = [houses[0], &fresh, houses[2], houses[3]];
    let peers = names.iter().zip(parties).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let body = compile(text, &peers).unwrap().body;
    let keys: Vec<_> = parties.iter().map(|house| house.organisation_key()).collect();
    let good = Envelope::sign(MediaType::AGREEMENT, body, &keys.iter().collect::<Vec<_>>()).unwrap();
    assert_ne!(good.to_wire().body, held.body);
    let mut forged = good.to_wire();
    let lipa = keys[2].public().id().to_vec();
    forged.signatures.iter_mut().find(|signature| signature.key_id == lipa).unwrap().signature[1] ^= 1;
    meet(&node, &yard.hotline, "hotline").await;
    let letter = async |key_records, agreement: &wire::Envelope| {
        let content = LetterContent { key_records, agreements: vec![agreement.clone()], ..LetterContent::default() };
        let sealed = letter::seal(node.me().chain().newest(), &content, &mut SystemEntropy).unwrap();
        Post(node.clone()).receive(&yard.hotline.id, sealed).await
    };
    // Whose signature it is cannot be checked yet: it is left out.
    assert_eq!(letter(Vec::new(), &forged).await, STORED);
    assert_eq!(letter(records(&[&yard.lipa, &yard.centre]), &forged).await, refused(Rejection::BadSignature));
    assert_eq!(letter(Vec::new(), &good.to_wire()).await, STORED);
    assert!(node.held_agreement(&good.id().into()).unwrap().signed.is_some());
    drop(node);
    until(async || std::fs::File::open(fresh.path().join("LOCK")).unwrap().try_lock().is_ok()).await;
    assert!(fresh.open().held_agreement(&good.id().into()).unwrap().signed.is_some(), "and it starts again");
}

/// [NOD-32]
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_gives_nobody_the_name_of_another() {
    let yard = yard().await;
    let secret = async |name: &str| {
        let line = yard.shelter.invite(name, vec![endpoint()], 0).await.unwrap();
        *Invitation::parse(line.expose()).unwrap().secret().expose()
    };
    let (centre, again) = (secret("centre").await, secret("centre").await);
    let late = secret("centre").await;
    assert_eq!(knock(&yard.shelter, &yard.hotline, &centre).await, None);
    let introduced = yard.shelter.view_peers().into_iter().filter(|peer| !peer.safety_number.is_empty());
    let names: Vec<String> = introduced.map(|peer| peer.name).collect();
    assert_eq!(names, ["hotline"], "it was compared as hotline and stays that");
    assert_eq!(knock(&yard.shelter, &yard.centre, &centre).await, Some(Rejection::BadInvitation), "used");
    assert_eq!(knock(&yard.shelter, &yard.centre, &again).await, None);
    assert_eq!(knock(&yard.shelter, &yard.lipa, &late).await, Some(Rejection::BadInvitation), "the name is taken");
    assert_eq!(knock(&yard.shelter, &yard.lipa, &[7; 16]).await, Some(Rejection::BadInvitation));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_compared_is_not_heard() {
    let yard = yard().await;
    let line = yard.shelter.invite("shelter-lipa", vec![endpoint()], 0).await.unwrap();
    let secret = *Invitation::parse(line.expose()).unwrap().secret().expose();
    assert_eq!(knock(&yard.shelter, &yard.lipa, &secret).await, None);
    let chain = yard.lipa.chain();
    let keys = [yard.lipa.organisation_key(), yard.lipa.signing_key(), yard.lipa.tls_key()];
    let twins = [1, 2].map(|days| {
        let draft = KeyRecordDraft {
            sealing_keys: chain.newest().sealing_keys().to_vec(),
            ..KeyRecordDraft::after(chain.newest(), minute(), minute().after(Span(days * 86_400)))
        };
        sign_key_record(draft, &keys[0], &keys[1], &keys[2], None).unwrap().to_wire()
    });
    Post(yard.shelter.clone()).learn(&yard.lipa.id, twins.to_vec()).await.unwrap();
    assert_eq!(yard.say_as(&yard.lipa, &[&yard.enquiry()]).await, later(Rejection::PeerNotConfirmed));
}

/// [NOD-31]
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_taken_in_whole_though_its_stream_ends() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let sealed = yard.seal(&content(&[&opening]));
    let post = Post(yard.shelter.clone());
    let cut = tokio::time::timeout(std::time::Duration::ZERO, post.receive(&yard.hotline.id, sealed)).await;
    assert!(cut.is_err(), "the commit takes longer than nothing");
    until(async || yard.shelter.queued().items == 1).await;
    assert!(yard.knows(&opening).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_outside_the_profile_is_stripped_and_she_is_not_turned_away() {
    let yard = yard().await;
    let opening = yard.opening(&[("places", "2"), ("name", "Invented Name")], |_, _, _| {});
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let shown = yard.shown(&opening).await;
    assert_eq!((shown.headline.as_str(), labels(&shown.events[0])), ("asked", vec!["places"]));
    assert_eq!(shown.events[0].stripped, ["name"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_agreement_is_waited_for() {
    let yard = yard().await;
    let opening = yard.opening(&[], |_, opening, _| opening.agreement = Id::of(b"none").into());
    assert_eq!(yard.say(&[&opening]).await, later(Rejection::UnknownAgreement));
    assert!(!yard.knows(&opening).await);
}
