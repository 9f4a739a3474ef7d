#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use super::*;
use crate::entropy::Entropy;
use crate::key::{KeyRecordDraft, SigningKey, sign_key_record};
use crate::keyfile::NodeSecrets;

struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(29).wrapping_add(7);
            *byte = self.0;
        }
    }
}

/// A node of an organisation with one key record.
struct House(NodeSecrets, KeyChain);

impl House {
    fn new(seed: u8) -> Self {
        let secrets = NodeSecrets::generate(&mut Counter(seed));
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![secrets.sealing[0].public().clone()],
            endpoints: Vec::new(),
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick: 0,
            time: Seconds::new(60).unwrap(),
            end: Seconds::new(600).unwrap(),
            disowned: None,
            door_key: None,
        };
        let organisation = SigningKey::from_seed(&[seed; 32]);
        let first = sign_key_record(draft, &organisation, &secrets.signing, &secrets.tls, None).unwrap();
        Self(secrets, KeyChain::verify(&[first]).unwrap())
    }

    fn carriage(&self, to: &OrgId) -> Carriage {
        Carriage {
            author: self.1.organisation(),
            key_record: self.1.newest_id(),
            recipient: *to,
            pack: [9; PACK_LENGTH],
            number: 1,
            count: 2,
            content: [0; 32],
            time: Seconds::new(120).unwrap(),
            key_records: Vec::new(),
        }
    }

    fn letter(&self, to: &OrgId) -> wire::LetterContent {
        let mut content = wire::LetterContent { checkpoints: vec![b"a note".to_vec()], ..Default::default() };
        self.carriage(to).seal_into(&mut content, &self.0.signing).unwrap();
        content
    }
}

/// [CAR-2] [CAR-10]
#[test]
fn a_letter_says_whose_it_is_and_is_taken_whole_or_not() {
    let (hotline, shelter, other) = (House::new(1), House::new(2), House::new(3));
    let us = shelter.1.organisation();
    let mut whole = hotline.letter(&us);
    let carriage = check(&mut whole, &us, &hotline.1).unwrap();
    assert_eq!((carriage.author, carriage.number, carriage.count), (hotline.1.organisation(), 1, 2));
    assert!(whole.carriage.is_none());
    assert_eq!(whole.checkpoints.len(), 1);
    let refused = |change: &dyn Fn(&mut wire::LetterContent), us: &OrgId, chain: &KeyChain| {
        let mut content = hotline.letter(&shelter.1.organisation());
        change(&mut content);
        check(&mut content, us, chain).err()
    };
    assert_eq!(refused(&|_| {}, &other.1.organisation(), &hotline.1), Some(Rejection::WrongRecipient));
    assert_eq!(refused(&|_| {}, &us, &other.1), Some(Rejection::UnknownSigner));
    assert_eq!(refused(&|content| content.carriage = None, &us, &hotline.1), Some(Rejection::Malformed));
    let more = |content: &mut wire::LetterContent| content.checkpoints.push(b"another".to_vec());
    assert_eq!(refused(&more, &us, &hotline.1), Some(Rejection::BadSignature));
    let less = |content: &mut wire::LetterContent| content.checkpoints.clear();
    assert_eq!(refused(&less, &us, &hotline.1), Some(Rejection::BadSignature));
    let signed_by_other = |content: &mut wire::LetterContent| {
        hotline.carriage(&us).seal_into(content, &other.0.signing).unwrap();
    };
    assert_eq!(refused(&signed_by_other, &us, &hotline.1), Some(Rejection::WrongSigners));
}

/// [CAR-3]
#[test]
fn a_question_does_not_go_by_hand() {
    let (hotline, us) = (House::new(1), House::new(2).1.organisation());
    let asks: [fn(&mut wire::LetterContent); 5] = [
        |content| content.head_requests.push(wire::HeadRequest::default()),
        |content| content.lost.push(wire::LostRequest { incarnation: 1, ..Default::default() }),
        |content| content.challenges.push(wire::Envelope::default()),
        |content| content.put_challenges.push(wire::PutChallenge::default()),
        |content| content.put_answers.push(wire::PutAnswer::default()),
    ];
    for ask in asks {
        let mut content = wire::LetterContent::default();
        ask(&mut content);
        hotline.carriage(&us).seal_into(&mut content, &hotline.0.signing).unwrap();
        assert_eq!(check(&mut content, &us, &hotline.1).err(), Some(Rejection::Malformed));
    }
}

/// [CAR-2]
#[test]
fn a_number_outside_its_pack_is_refused() {
    let us = House::new(2).1.organisation();
    let carriage = House::new(1).carriage(&us);
    assert!(Carriage::parse(&carriage.encode()).unwrap() == carriage);
    for (number, count) in [(0, 0), (0, 2), (3, 2)] {
        let other = Carriage { number, count, ..carriage.clone() };
        assert_eq!(Carriage::parse(&other.encode()).err(), Some(Rejection::Malformed));
    }
}
