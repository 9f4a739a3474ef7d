//! Letters that somebody carries between two nodes without a line: what arrives, what waits on, and what is not taken.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod houses;
mod town;

use std::sync::Arc;

use houses::{Houses, opening};
use town::{say, take, until, worker};
use uput_core::{
    event::Statement,
    id::TrailId,
    letter::{self, SIZE_CLASSES, carriage::Carriage},
    rejection::Rejection,
    time::Seconds,
    wire::{Act, CarriedLetter, LegalBasis, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::SystemEntropy,
    node::{NewTrail, Node, Post},
    peer::Mailroom,
};

async fn opened(houses: &Houses) -> TrailId {
    let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Referral) };
    houses.hotline.open_trail(new).await.unwrap().unwrap()
}

async fn letters(from: &Node, to: &str) -> Vec<Vec<u8>> {
    let pack = from.carry_out(to, None).await.unwrap();
    assert_eq!((pack.left, pack.next.is_some()), (0, false));
    pack.letters
}

async fn give(letters: &[Vec<u8>], to: &Arc<Node>) -> Vec<CarriedLetter> {
    let mut said = Vec::new();
    for letter in letters {
        said.push(to.carry_in(letter).await);
    }
    said
}

fn stored(said: &[CarriedLetter]) -> bool {
    said.iter().all(|letter| letter.outcome == i32::from(ReceiptOutcome::Stored))
}

fn code(said: &CarriedLetter) -> u32 {
    assert_eq!(said.outcome, i32::from(ReceiptOutcome::Refused));
    said.code
}

/// [CAR-1] [CAR-5] [CAR-6] [CAR-7] [CAR-10] [CAR-11]
#[tokio::test(flavor = "multi_thread")]
async fn a_referral_and_its_answer_go_by_hand_and_what_is_shown_to_be_there_waits_no_more() {
    let houses = houses::houses().await;
    houses.settled().await;
    houses.cut().await;
    let trail = opened(&houses).await;
    let waits = houses.hotline.queued().items;
    assert!(waits > 0);
    let out = letters(&houses.hotline, "house").await;
    assert!(out.iter().all(|letter| SIZE_CLASSES.contains(&letter.len())) && !out.is_empty());
    assert_eq!(houses.hotline.queued().items, waits, "that a stick was lost nobody hears of");
    let said = give(&out, &houses.house).await;
    assert!(stored(&said));
    assert_eq!((said[0].peer.as_str(), said[0].number, said[0].count as usize), ("hotline", 1, out.len()));
    take(&houses.house, &trail).await;
    let events = || async { houses.house.show(&worker(), &trail, false).await.unwrap().events.len() };
    let before = events().await;
    assert!(stored(&give(&out, &houses.house).await), "taken twice");
    assert_eq!(events().await, before, "it is taken once");
    say(&houses.house, trail, Statement::Accepted).await.unwrap();
    let back = letters(&houses.house, "hotline").await;
    assert!(stored(&give(&back, &houses.hotline).await));
    let answered = || async {
        let shown = houses.hotline.show(&worker(), &trail, false).await.unwrap();
        shown.events.iter().any(|event| event.kind == "accepted")
    };
    assert!(answered().await);
    // The answer has the request in its past: it is there. What waits at the hotline now is that it has the answer.
    let left = letters(&houses.hotline, "house").await;
    assert!(stored(&give(&left, &houses.house).await));
    until(|| async { houses.house.queued().items == 0 }).await;
}

/// [CAR-3] [CAR-10] Each letter that is not a peer's for us, as it was made, is refused, and what waits waits on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_letter_of_a_peer_to_us_is_not_taken_by_hand() {
    let houses = houses::houses().await;
    houses.settled().await;
    houses.cut().await;
    opened(&houses).await;
    let letter = letters(&houses.hotline, "house").await.remove(0);
    let house = &houses.house;
    let by_hand = |letter: Vec<u8>| async move { code(&house.carry_in(&letter).await) };
    let mut flipped = letter.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(by_hand(flipped).await, Rejection::NotSealedForUs.number());
    assert_eq!(by_hand(letter[..8191].to_vec()).await, Rejection::Malformed.number());
    assert_eq!(code(&houses.hotline.carry_in(&letter).await), Rejection::WrongRecipient.number());
    let of_a_line = Post(Arc::clone(&houses.hotline)).next_letter(&houses.folders[1].id).await.letter;
    assert_eq!(by_hand(of_a_line).await, Rejection::Malformed.number());
    let (outcome, said) = Post(Arc::clone(&houses.house)).receive(&houses.folders[0].id, letter.clone()).await;
    assert_eq!((outcome, said), (ReceiptOutcome::Refused, Rejection::Malformed.number()));
    assert!(stored(&give(&[letter], &houses.house).await), "as it was made it is taken");
}

/// [CAR-5] [CAR-10] Not to somebody who is unknown, and not from one, whatever it has signed.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_by_hand_between_two_who_did_not_compare_their_number() {
    let houses = houses::houses().await;
    houses.cut().await;
    let stranger = town::House::found(9).await;
    assert_eq!(stranger.open().carry_out("house", None).await.err(), Some(Rejection::NoSuchPeer));
    let carriage = Carriage {
        author: stranger.id,
        key_record: stranger.chain().newest_id(),
        recipient: houses.folders[1].id,
        pack: [1; 16],
        number: 1,
        count: 1,
        content: [0; 32],
        time: Seconds::new(1_800_000_000).unwrap(),
        key_records: Vec::new(),
    };
    let mut content = LetterContent::default();
    carriage.seal_into(&mut content, &stranger.signing_key()).unwrap();
    let letter = letter::seal(houses.folders[1].chain().newest(), &content, &mut SystemEntropy).unwrap();
    let said = houses.house.carry_in(&letter).await;
    assert_eq!((said.code, said.peer.as_str()), (Rejection::PeerNotConfirmed.number(), ""));
}
