//! Letters: [LET-1] to [LET-8].

use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType};
use uput_core::id::Id;
use uput_core::key::SealingSecret;
use uput_core::letter::{SIZE_CLASSES, open, read_header, seal, split};
use uput_core::rejection::Rejection;
use uput_core::wire::{Disclosure, LetterContent, WholeDisclosure, disclosure};

use crate::sample::{Organisation, Predictable, seed, signing_key};

pub(crate) fn event(body: Vec<u8>) -> Envelope {
    Envelope::sign(MediaType::EVENT, body, &[&signing_key("author")]).unwrap()
}

fn disclosure(event: Id) -> Disclosure {
    let whole = WholeDisclosure { label_secret: vec![1; 32], value_secret: vec![2; 32], fields: vec![] };
    Disclosure { event: event.as_bytes().to_vec(), form: Some(disclosure::Form::Whole(whole)) }
}

/// Content of so many bytes.
fn content(length: usize) -> LetterContent {
    let checkpoint = |bytes| LetterContent { checkpoints: vec![vec![7; bytes]], ..LetterContent::default() };
    let overhead = |bytes| codec::encode(&checkpoint(bytes)).len() - bytes;
    let content = checkpoint(length - overhead(length - overhead(length)));
    assert_eq!(codec::encode(&content).len(), length);
    content
}

fn sealed(content: &LetterContent) -> (Organisation, Vec<u8>) {
    let recipient = Organisation::invented("recipient");
    let letter = seal(recipient.chain().newest(), content, &mut Predictable::named("letter")).unwrap();
    (recipient, letter)
}

fn open_as(letter: &[u8], recipient: &Organisation) -> Result<LetterContent, Rejection> {
    open(letter, recipient.id(), std::slice::from_ref(&recipient.sealing)).map(|opened| opened.content)
}

fn refusal(letter: &[u8], recipient: &Organisation) -> Rejection {
    open_as(letter, recipient).err().expect("the letter must be refused")
}

#[test]
fn what_is_sealed_opens_for_its_recipient() {
    let content = LetterContent { events: vec![event(vec![1]).to_wire()], ..LetterContent::default() };
    let (recipient, letter) = sealed(&content);
    assert!(open_as(&letter, &recipient).unwrap() == content);
    let header = read_header(&letter).unwrap();
    assert_eq!((header.recipient, header.sealing_key), (recipient.id(), recipient.sealing.id()));
}

#[test]
fn a_letter_has_the_smallest_of_three_sizes() {
    for (length, class) in [
        (1, SIZE_CLASSES[0]),
        (6974, SIZE_CLASSES[0]),
        (6975, SIZE_CLASSES[1]),
        (31_549, SIZE_CLASSES[1]),
        (31_550, SIZE_CLASSES[2]),
        (129_853, SIZE_CLASSES[2]),
    ] {
        let content = if length == 1 { LetterContent::default() } else { content(length) };
        let (recipient, letter) = sealed(&content);
        assert_eq!(letter.len(), class, "content of {length} bytes");
        assert!(open_as(&letter, &recipient).unwrap() == content);
    }
}

#[test]
fn what_fits_no_size_must_be_split() {
    let recipient = Organisation::invented("recipient");
    let sealed = seal(recipient.chain().newest(), &content(129_854), &mut Predictable::named("letter"));
    assert_eq!(sealed.err(), Some(Rejection::TooLarge));
}

#[test]
fn somebody_elses_letter_is_told_apart_from_a_stale_key_and_from_a_forgery() {
    let (recipient, letter) = sealed(&content(100));
    assert_eq!(refusal(&letter, &Organisation::invented("somebody else")), Rejection::WrongRecipient);
    let newer = SealingSecret::from_seed(&seed("newer"));
    assert_eq!(open(&letter, recipient.id(), &[newer]).err(), Some(Rejection::StaleKey));
    let mut forged = letter.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(&forged, &recipient), Rejection::NotSealedForUs);
}

#[test]
fn a_letter_sealed_before_a_rotation_still_opens() {
    let (recipient, letter) = sealed(&content(100));
    let keys = [SealingSecret::from_seed(&seed("newer")), SealingSecret::from_seed(recipient.sealing.expose_seed())];
    assert!(open(&letter, recipient.id(), &keys).is_ok());
}

#[test]
fn the_same_content_sealed_twice_shares_no_sealed_byte_string() {
    let recipient = Organisation::invented("recipient");
    let one = seal(recipient.chain().newest(), &content(100), &mut Predictable::named("one")).unwrap();
    let two = seal(recipient.chain().newest(), &content(100), &mut Predictable::named("two")).unwrap();
    // After the header, which names the recipient and its key, no 32 bytes at one place are equal.
    assert!(one[80..].chunks(32).zip(two[80..].chunks(32)).all(|(a, b)| a != b));
}

/// Every bit of what precedes the encapsulated key, and one bit of every ninth byte of the rest; every bit:
/// `cargo run --release -p uput-core --example letter -- --flip`.
#[test]
fn a_flipped_bit_is_refused() {
    let (recipient, letter) = sealed(&content(100));
    let bits = (0..80 * 8).chain((80..letter.len()).step_by(9).map(|byte| byte * 8 + byte % 8));
    bits.for_each(|bit| assert_flip_refused(&recipient, &letter, bit));
}

fn assert_flip_refused(recipient: &Organisation, letter: &[u8], bit: usize) {
    let mut flipped = letter.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    assert!(open_as(&flipped, recipient).is_err(), "bit {bit}");
}

#[test]
fn every_other_length_is_refused() {
    let (recipient, letter) = sealed(&content(100));
    for length in (0..letter.len()).step_by(13).chain([letter.len() - 1]) {
        assert_eq!(refusal(&letter[..length], &recipient), Rejection::Malformed, "{length} bytes");
    }
    for length in [letter.len() + 1, SIZE_CLASSES[1], SIZE_CLASSES[2]] {
        let mut extended = letter.clone();
        extended.resize(length, 0);
        assert_eq!(refusal(&extended, &recipient), Rejection::Malformed, "{length} bytes");
    }
    let mut extended = letter;
    extended.resize(SIZE_CLASSES[2] + 1, 0);
    assert_eq!(refusal(&extended, &recipient), Rejection::TooLarge);
}

#[test]
fn a_carrier_refuses_what_is_no_letter() {
    let (_, letter) = sealed(&content(100));
    let mut message: uput_core::wire::Letter = codec::decode(&letter).unwrap();
    message.encapsulated.pop();
    message.ciphertext.push(0);
    assert_eq!(read_header(&codec::encode(&message)).err(), Some(Rejection::Malformed));
}

#[test]
fn content_that_fits_is_not_split() {
    let parts = split(content(129_853)).unwrap();
    assert_eq!(parts.len(), 1);
}

#[test]
fn events_keep_their_disclosures_and_evidence_when_content_is_split() {
    let mut content = LetterContent::default();
    let evidence: Vec<_> = (0..8u8).map(|n| event(vec![100 + n; 9000])).collect();
    for (number, proof) in evidence.iter().enumerate() {
        let mut body = vec![u8::try_from(number).unwrap(); 30_000];
        body.extend_from_slice(proof.id().as_bytes());
        let event = event(body);
        content.disclosures.extend([disclosure(event.id()), disclosure(proof.id())]);
        content.events.push(event.to_wire());
    }
    content.evidence = evidence.iter().rev().map(Envelope::to_wire).collect();
    let parts = split(content.clone()).unwrap();
    assert!(parts.len() > 1);
    for part in &parts {
        assert!(codec::encode(part).len() <= 129_853);
        assert_eq!(part.events.len(), part.evidence.len());
        let ids: Vec<_> = part.events.iter().chain(&part.evidence).map(id).collect();
        assert_eq!(part.disclosures.len(), ids.len());
        assert!(part.disclosures.iter().all(|d| ids.iter().any(|id| id.as_bytes() == d.event.as_slice())));
        let named = |proof: &_| part.events.iter().any(|e| e.body.ends_with(id(proof).as_bytes()));
        assert!(part.evidence.iter().all(named));
    }
    let events: Vec<_> = parts.iter().flat_map(|part| part.events.clone()).collect();
    assert!(events == content.events, "nothing is lost, and the order stays");
}

#[test]
fn nothing_is_lost_when_content_is_split() {
    let many = |tag: u8| (0..3u8).map(move |n| event([tag, n].repeat(10_000)).to_wire()).collect::<Vec<_>>();
    let content = LetterContent {
        events: many(1),
        heads: many(2),
        key_records: many(3),
        agreements: many(4),
        evidence: many(5),
        disclosures: vec![disclosure(Id::of(b"an event of another letter"))],
        checkpoints: vec![vec![1; 60_000]; 3],
        ..LetterContent::default()
    };
    let parts = split(content.clone()).unwrap();
    assert!(parts.iter().flat_map(|p| p.key_records.clone()).eq(content.key_records));
    assert!(parts.iter().flat_map(|p| p.agreements.clone()).eq(content.agreements));
    assert!(parts.iter().flat_map(|p| p.events.clone()).eq(content.events));
    assert!(parts.iter().flat_map(|p| p.evidence.clone()).eq(content.evidence));
    assert!(parts.iter().flat_map(|p| p.heads.clone()).eq(content.heads));
    assert!(parts.iter().flat_map(|p| p.disclosures.clone()).eq(content.disclosures));
    assert!(parts.iter().flat_map(|p| p.checkpoints.clone()).eq(content.checkpoints));
    let first_event = parts.iter().position(|p| !p.events.is_empty()).unwrap();
    let last_agreement = parts.iter().rposition(|p| !p.agreements.is_empty()).unwrap();
    assert!(last_agreement <= first_event, "an agreement comes before the events under it");
}

#[test]
fn an_event_that_fits_no_letter_is_refused() {
    let evidence: Vec<_> = (0..3u8).map(|n| event(vec![n; 50_000])).collect();
    let body = evidence.iter().flat_map(|proof| *proof.id().as_bytes()).collect();
    let content = LetterContent {
        events: vec![event(body).to_wire()],
        evidence: evidence.iter().map(Envelope::to_wire).collect(),
        ..LetterContent::default()
    };
    assert_eq!(split(content).err(), Some(Rejection::TooLarge));
}

fn id(envelope: &uput_core::wire::Envelope) -> Id {
    Envelope::from_wire(envelope.clone()).unwrap().id()
}
