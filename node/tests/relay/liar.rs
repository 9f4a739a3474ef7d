//! A relay that does not do what it should: the test is the relay.

use std::sync::Arc;

use uput_core::{
    event::Statement,
    id::Id,
    letter,
    rejection::Rejection,
    wire::{LetterContent, LostRequest, ReceiptOutcome, RelayWord},
};
use uput_node::{clock::SystemEntropy, node::Post, peer::Mailroom};

use crate::town::{House, say, until};
use crate::village::{Village, Way, carried, kinds, lying, opened, pack_of, signed, standing};

/// [RLY-9] [RLY-11] A letter that comes twice is taken once, one that comes too early comes again, and the wrong one opens none.
#[tokio::test(flavor = "multi_thread")]
async fn doubled_reordered_and_misdirected_letters_do_nothing() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let first = village.left().await;
    village.has(first.ticket).await;
    say(&village.hotline, trail, Statement::Withdrawn).await.unwrap();
    let second = village.left().await;
    village.has(second.ticket).await;
    let early = village.bring(&second.letter).await;
    assert_eq!(early, (ReceiptOutcome::Later, Rejection::MissingPredecessor.number()), "the relay keeps it");
    for letter in [&first.letter, &first.letter, &second.letter, &second.letter, &first.letter] {
        assert_eq!(village.bring(letter).await, (ReceiptOutcome::Stored, 0));
    }
    let shown = kinds(&village.house, trail).await;
    assert_eq!(shown.iter().filter(|kind| *kind == "withdrawn").count(), 1, "{shown:?}");
    let relay = Post(Arc::clone(&village.relay));
    let wrong = relay.receive(&village.folders[1].id, first.letter.clone()).await;
    assert_eq!(wrong, (ReceiptOutcome::Refused, Rejection::WrongRecipient.number()), "for the house, not from it");
    let own = Post(Arc::clone(&village.house)).receive(&village.folders[0].id, first.letter).await;
    assert_eq!(own, (ReceiptOutcome::Refused, Rejection::Malformed.number()), "[CAR-3]");
}

/// [RLY-6] [RLY-10] [RLY-13] Whatever a relay says, what waits waits until the recipient has said that it has it.
#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_relay_takes_anything_from_a_queue() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let left = village.left().await;
    village.has(left.ticket).await;
    let waits = village.hotline.queued().items;
    let (hotline, relay) = (Post(Arc::clone(&village.hotline)), village.folders[2].id);
    let digest = Id::of(&left.letter).as_bytes().to_vec();
    let pack = pack_of(&village.folders[1], &left.letter);
    let said = |word: RelayWord| {
        let content = LetterContent { relay_words: vec![word], ..LetterContent::default() };
        letter::seal(village.folders[0].chain().newest(), &content, &mut SystemEntropy).unwrap()
    };
    let stored = i32::from(ReceiptOutcome::Stored);
    let refused = i32::from(ReceiptOutcome::Refused);
    let code = Rejection::NotPermitted.number();
    for word in [
        RelayWord { pack: pack.clone(), outcome: stored, ..RelayWord::default() },
        RelayWord { pack: pack.clone(), outcome: refused, code, ..RelayWord::default() },
        RelayWord { pack, letter: digest.clone(), outcome: stored, code: 0 },
        RelayWord { letter: vec![9; 32], outcome: refused, code, ..RelayWord::default() },
    ] {
        assert_eq!(hotline.receive(&relay, said(word)).await, (ReceiptOutcome::Stored, 0));
        assert_eq!(
            (village.hotline.queued().items, standing(&village.hotline).0),
            (waits, u32::try_from(waits).unwrap())
        );
    }
    let gone = RelayWord { letter: digest, outcome: refused, code, ..RelayWord::default() };
    assert_eq!(hotline.receive(&relay, said(gone)).await, (ReceiptOutcome::Stored, 0));
    assert_eq!((village.hotline.queued().items, standing(&village.hotline)), (waits, (0, code)));
    let _lines = village.lines();
    until(|| async { village.waiting() == 0 }).await;
    assert!(!kinds(&village.house, trail).await.is_empty(), "it is left again, and arrives");
}

/// [RLY-16] [RLY-5] What a relay withholds goes over a line, or another relay.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_withholds_goes_another_way() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let left = village.left().await;
    village.has(left.ticket).await;
    village.hotline.use_relay(&crate::town::BY, "house", Some("relay")).await.unwrap();
    let again = village.left().await;
    assert!(again.letter != left.letter, "sealed anew");
    village.has(again.ticket).await;
    let _direct = Way::both(&village.hotline, &village.house);
    until(|| async { village.waiting() == 0 }).await;
    assert!(!kinds(&village.house, trail).await.is_empty());
}

/// [RLY-9] A refusal of the content is the author's to hear: to the relay the letter is taken like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_does_not_hear_what_became_of_the_content() {
    let village = Village::agreed().await;
    let stranger = House::found(9).await;
    let left = {
        village.refer().await;
        village.left().await
    };
    let by_stranger = Post(Arc::clone(&village.house)).receive(&stranger.id, left.letter.clone()).await;
    assert_eq!(by_stranger, (ReceiptOutcome::Later, Rejection::PeerNotConfirmed.number()));
    let mut content = opened(&village.folders[1], &left.letter);
    content.events[0].body[0] ^= 1;
    let bad = carried(&village.folders[0], &village.folders[1], content);
    assert_eq!(village.bring(&bad).await, (ReceiptOutcome::Stored, 0));
    let word = Post(Arc::clone(&village.house)).next_letter(&village.folders[2].id).await.letter;
    let said = opened(&village.folders[0], &word).relay_words;
    assert_eq!((said.len(), said[0].outcome), (1, i32::from(ReceiptOutcome::Refused)));
    assert_eq!(said[0].pack, pack_of(&village.folders[1], &bad));
}

/// [RLY-17] [CAR-3] Who may leave letters with a relay does not speak in its name: here, that its node was put back.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_depositor_leaves_is_never_taken_as_the_relays_own_word() {
    let village = Village::agreed().await;
    let [hotline, house, _] = &village.folders;
    let lie = LetterContent {
        lost: vec![LostRequest { incarnation: u32::MAX, trail: Vec::new() }],
        ..LetterContent::default()
    };
    let key = house.chain();
    let plain = letter::seal(key.newest(), &lie, &mut SystemEntropy).unwrap();
    let marked = letter::seal_relayed(key.newest(), &lie, &mut SystemEntropy).unwrap();
    let relay = Post(Arc::clone(&village.relay));
    let refused = |code: Rejection| (ReceiptOutcome::Refused, code.number());
    assert_eq!(relay.receive(&hotline.id, plain).await, refused(Rejection::WrongRecipient), "no mark, no relaying");
    assert_eq!(relay.receive(&hotline.id, marked.clone()).await, (ReceiptOutcome::Stored, 0), "it cannot know");
    assert_eq!(lying(&village.relay).1, 1);
    assert_eq!(village.bring(&marked).await, refused(Rejection::Malformed), "the house sees that nobody signed it");
    let own = signed(hotline, house, LetterContent::default(), hotline.chain().newest_id());
    let unmarked = letter::seal(key.newest(), &own, &mut SystemEntropy).unwrap();
    assert_eq!(village.bring(&unmarked).await, refused(Rejection::Malformed));
    let asked = carried(hotline, house, lie);
    assert_eq!(village.bring(&asked).await, refused(Rejection::Malformed), "nor does a signed one ask");
}

/// [RLY-10] Who stole a key that was replaced since, and is the relay, takes nothing from a queue with it.
#[tokio::test(flavor = "multi_thread")]
async fn no_word_under_a_replaced_key_takes_anything_from_a_queue() {
    let village = Village::agreed().await;
    let [hotline, house, relay] = &village.folders;
    village.refer().await;
    let left = village.left().await;
    village.has(left.ticket).await;
    let waits = village.hotline.queued().items;
    let word = RelayWord {
        pack: pack_of(house, &left.letter),
        outcome: ReceiptOutcome::Stored.into(),
        ..RelayWord::default()
    };
    let old = house.chain().newest_id();
    village.renew().await;
    let sender = Post(Arc::clone(&village.hotline));
    sender.learn(&house.id, Post(Arc::clone(&village.house)).key_records_from(1)).await.unwrap();
    let new = village.house.me().chain().newest_id();
    for (record, remain) in [(old, waits), (new, 0)] {
        let content = LetterContent { relay_words: vec![word.clone()], ..LetterContent::default() };
        let said = signed(house, hotline, content, record);
        let letter = letter::seal_relayed(hotline.chain().newest(), &said, &mut SystemEntropy).unwrap();
        assert_eq!(sender.receive(&relay.id, letter).await, (ReceiptOutcome::Stored, 0));
        assert_eq!(village.hotline.queued().items, remain);
    }
}
