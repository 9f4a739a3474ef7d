//! What a queue owes its peer, tried without a peer.

use super::*;
use uput_core::{id::Id, rejection::Rejection};

fn item(position: u64, trail: u8) -> (Position, Waiting) {
    let trail = Some(TrailId::from(Id::of(&[trail])));
    (Position::new(position), Waiting { trail, event: true, since: position })
}

fn numbers(batch: &Batch) -> Vec<u64> {
    batch.positions.iter().map(|position| position.number()).collect()
}

/// [DEL-2]
#[test]
fn a_trail_in_flight_waits_and_others_go_on() {
    let queue = Queue::default();
    queue.push([item(1, 1), item(2, 2)]);
    let first = queue.take(1).unwrap();
    queue.push([item(3, 1)]);
    assert_eq!(numbers(&first), [1]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [2]);
    assert!(queue.take(9).is_none());
    queue.done(first.ticket);
    assert_eq!(numbers(&queue.take(9).unwrap()), [3]);
}

#[test]
fn what_was_put_back_goes_before_what_came_later() {
    let queue = Queue::default();
    queue.push([item(1, 1)]);
    let first = queue.take(9).unwrap();
    queue.push([item(2, 1)]);
    queue.again(first.ticket, false);
    assert_eq!(numbers(&queue.take(9).unwrap()), [1, 2]);
}

#[test]
fn one_bad_item_goes_alone() {
    let queue = Queue::default();
    queue.push([item(1, 1), item(2, 2), item(3, 3)]);
    let all = queue.take(9).unwrap();
    queue.again(all.ticket, true);
    assert_eq!(numbers(&queue.take(9).unwrap()), [1]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [2]);
}

/// [RLY-10]
#[test]
fn of_several_that_were_refused_over_a_relay_the_last_that_waits_is_not_the_bad_one() {
    let queue = Queue::default();
    queue.push([item(1, 1), item(2, 2), item(3, 3)]);
    let pack = [Position::new(1), Position::new(2)];
    queue.take_out(&TrailId::from(Id::of(&[2]))).unwrap();
    assert!(queue.refused_for(&pack).is_none(), "the first goes once more");
    let again = queue.take(9).unwrap();
    assert_eq!((numbers(&again), queue.goes_alone(&Position::new(1))), (vec![1], true));
    queue.again(again.ticket, false);
    let alone = queue.refused_for(&pack[..1]).unwrap();
    assert_eq!(queue.carried(alone), pack[..1]);
}

/// [RLY-10]
#[test]
fn of_several_that_were_refused_over_a_relay_one_that_is_held_up_goes_by_itself_later() {
    let queue = Queue::default();
    queue.push([item(1, 1)]);
    let busy = queue.take(9).unwrap();
    queue.push([item(2, 1), item(3, 3)]);
    assert!(queue.refused_for(&[Position::new(2), Position::new(3)]).is_none());
    assert_eq!(numbers(&queue.take(9).unwrap()), [3]);
    queue.done(busy.ticket);
    queue.push([item(4, 4)]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [2]);
}

#[test]
fn what_goes_alone_holds_back_its_own_trail_only() {
    let queue = Queue::default();
    queue.push([item(2, 2), item(3, 3)]);
    let both = queue.take(9).unwrap();
    queue.again(both.ticket, true);
    queue.push([item(1, 1), item(4, 2), item(5, 5)]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [1, 5]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [2]);
}

#[test]
fn while_enough_letters_are_under_way_only_full_ones_follow() {
    let queue = Queue::default();
    let sent: Vec<Batch> = (1..=4)
        .map(|n| {
            queue.push([item(n.into(), n)]);
            queue.take(2).unwrap()
        })
        .collect();
    queue.push([item(5, 5)]);
    assert!(queue.take(2).is_none());
    queue.push([item(6, 6)]);
    assert_eq!(numbers(&queue.take(2).unwrap()), [5, 6]);
    queue.push([item(7, 7)]);
    assert!(queue.take(2).is_none());
    queue.done(sent[0].ticket);
    queue.done(sent[1].ticket);
    assert_eq!(numbers(&queue.take(2).unwrap()), [7]);
}

#[test]
fn letters_that_were_put_off_hold_up_nothing() {
    let queue = Queue::default();
    for n in 1..=4 {
        queue.push([item(n.into(), n)]);
        let letter = queue.take(2).unwrap();
        queue.pause(letter.ticket);
    }
    queue.push([item(5, 5)]);
    assert_eq!(numbers(&queue.take(2).unwrap()), [5]);
}

/// [NOD-30]
#[test]
fn each_pause_is_twice_the_last_to_a_minute_and_a_success_begins_anew() {
    let queue = Queue::default();
    queue.push([item(1, 1)]);
    let put_off = || {
        let letter = queue.take(9).unwrap();
        let pause = queue.pause(letter.ticket);
        queue.again(letter.ticket, false);
        pause
    };
    let pauses: Vec<u64> = (0..13).map(|_| put_off().as_secs()).collect();
    assert_eq!(pauses, [0, 0, 0, 0, 0, 1, 3, 6, 12, 25, 51, 60, 60]);
    queue.done(queue.take(9).unwrap().ticket);
    queue.push([item(2, 2)]);
    assert_eq!(put_off(), FIRST_PAUSE);
}

/// [NOD-30]
#[test]
fn twenty_letters_that_are_put_off_at_once_make_the_pause_longer_once() {
    let queue = Queue::default();
    queue.push((1..=20).map(|n| item(n.into(), n)));
    let mut letters: Vec<u64> = (0..20).map(|_| queue.take(1).unwrap().ticket).collect();
    for round in 0..4 {
        let pause = FIRST_PAUSE * 2_u32.pow(round);
        let pauses: Vec<Duration> = letters.iter().map(|ticket| queue.pause(*ticket)).collect();
        assert_eq!(pauses, [pause; 20], "round {round}");
        let go = |ticket: &u64| {
            queue.again(*ticket, false);
            queue.take(1).unwrap().ticket
        };
        letters = letters.iter().map(go).collect();
    }
}

/// [NOD-30]
#[test]
fn a_round_of_pauses_lasts_until_its_first_letter_goes_again() {
    let queue = Queue::default();
    queue.push([item(1, 1), item(2, 2), item(3, 3)]);
    let [first, second, slow] = [(); 3].map(|()| queue.take(1).unwrap().ticket);
    assert_eq!([first, second].map(|ticket| queue.pause(ticket)), [FIRST_PAUSE; 2]);
    queue.push([item(4, 4)]);
    let meanwhile = queue.take(1).unwrap().ticket;
    assert_eq!(queue.pause(meanwhile), FIRST_PAUSE, "sent while the first one rests");
    queue.again(first, false);
    let first = queue.take(1).unwrap().ticket;
    assert_eq!(queue.pause(slow), FIRST_PAUSE, "it was sent before the round began");
    assert_eq!(queue.pause(first), FIRST_PAUSE * 2);
    queue.again(second, false);
    assert_eq!(queue.pause(queue.take(1).unwrap().ticket), FIRST_PAUSE * 2);
}

#[test]
fn what_goes_alone_goes_without_questions() {
    let queue = Queue::default();
    queue.push([item(1, 1)]);
    let trail = item(1, 1).1.trail.unwrap();
    queue.ask(trail, [7; 32]);
    let letter = queue.take(9).unwrap();
    assert!(queue.asks(letter.ticket));
    queue.again(letter.ticket, true);
    queue.ask(trail, [8; 32]);
    let alone = queue.take(9).unwrap();
    assert_eq!((alone.requests.len(), queue.asks(alone.ticket)), (0, false));
    assert_eq!(queue.take(9).unwrap().requests, [(trail, [8; 32])]);
    queue.answered(&trail, &[7; 32]);
    assert!(!queue.has_asked(&trail, &[7; 32]) && queue.has_asked(&trail, &[8; 32]), "an answer counts once");
}

/// [NOD-34]
#[test]
fn what_follows_a_refused_event_is_held_and_nothing_else() {
    let queue = Queue::default();
    queue.push([item(1, 1)]);
    let bad = queue.take(9).unwrap();
    let head = Waiting { event: false, ..item(4, 1).1 };
    queue.push([item(2, 1), item(3, 2), (Position::new(4), head)]);
    let refused: Vec<Position> = queue.refuse(bad.ticket, 17, false, 5).iter().map(|(position, _)| *position).collect();
    assert_eq!(refused, [Position::new(1)]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [3, 4]);
    assert!(queue.take(9).is_none());
    let trail = item(1, 1).1.trail.unwrap();
    assert_eq!((queue.length().items, queue.length().held, queue.standing(&trail).undelivered), (2, 1, 2));
    assert_eq!(queue.standing(&trail).broken.map(|refused| refused.code), Some(17));
    let other = item(3, 2).1.trail.unwrap();
    assert_eq!((queue.standing(&other).undelivered, queue.standing(&other).broken.is_none()), (1, true));
    let restarted = Queue::default();
    let refused = Refused { item: item(1, 1).1, code: 17, unsent: false, time: 5 };
    restarted.push([item(2, 1)]);
    restarted.set_refused([(Position::new(1), refused)]);
    let (before, after) = (queue.standing(&trail), restarted.standing(&trail));
    assert_eq!((before.undelivered, before.broken.is_some()), (after.undelivered, after.broken.is_some()));
}

/// Every way of an item through the queue leaves as many events owed as are in it.
#[test]
fn a_trail_is_owed_what_is_in_the_queue_and_nothing_when_it_is_empty() {
    let queue = Queue::default();
    queue.push((1..9).map(|n| item(n, u8::try_from(n % 3).unwrap())));
    let owed = |trail: u8| queue.standing(&item(1, trail).1.trail.unwrap()).undelivered;
    assert_eq!([owed(0), owed(1), owed(2)], [2, 3, 3]);
    let letter = queue.take(9).unwrap();
    queue.put_back(letter.ticket, &letter.positions[1..]);
    queue.again(letter.ticket, false);
    let _ = queue.pause(letter.ticket);
    assert_eq!([owed(0), owed(1), owed(2)], [2, 3, 3]);
    while let Some(letter) = queue.take(9) {
        queue.done(letter.ticket);
    }
    assert_eq!([owed(0), owed(1), owed(2)], [0, 0, 0]);
    assert!(queue.lock().standings.is_empty());
}

#[tokio::test]
async fn receipts_share_a_record() {
    let queue = Queue::default();
    let (one, other) = tokio::join!(queue.received(vec![Position::new(1)]), queue.received(vec![Position::new(2)]));
    assert_eq!((one.len() + other.len(), one.len() * other.len()), (2, 0));
}

#[test]
fn the_oldest_item_counts_also_in_flight() {
    let queue = Queue::default();
    queue.push([item(5, 1), item(7, 2)]);
    let _ = queue.take(1).unwrap();
    assert_eq!((queue.length().items, queue.length().oldest), (2, 5));
}

/// [BAK-57] Put off, or sealed to an older key, the question goes again, and holds up nothing else.
#[test]
fn what_was_lost_is_asked_for_until_somebody_answers_or_refuses() {
    let queue = Queue::new(true);
    queue.asks_by(Position::new(1), item(1, 1).1);
    queue.asks_by(Position::new(2), item(2, 2).1);
    queue.ask(item(1, 1).1.trail.unwrap(), [7; 32]);
    for _ in 0..2 {
        let question = queue.take(9).unwrap();
        assert_eq!((numbers(&question), question.requests.len()), (Vec::new(), 0));
        assert_eq!(question.lost, BTreeSet::from([None]));
        queue.again(question.ticket, true);
    }
    let question = queue.take(9).unwrap();
    let rest = queue.take(9).unwrap();
    assert_eq!((numbers(&rest), rest.requests.len(), rest.lost.len()), (vec![1, 2], 1, 0));
    queue.done(rest.ticket);
    queue.forget_lost(question.ticket);
    queue.again(question.ticket, true);
    assert!(queue.take(9).is_none());
}

/// [BAK-57]
#[test]
fn what_was_lost_is_asked_for_in_letters_that_are_answered_in_whole() {
    let queue = Queue::new(true);
    let trail = |n: u32| TrailId::from(Id::of(&n.to_be_bytes()));
    let named = (0..).take_while(|n| queue.ask_for_lost(trail(*n)).is_ok()).count();
    assert_eq!(named, 1023, "and one question for all");
    let letters: Vec<_> = std::iter::from_fn(|| queue.take(9)).collect();
    assert!(letters.iter().all(|letter| letter.lost.len() == 64));
    assert_eq!(letters.len(), 16);
    assert_eq!(queue.ask_for_lost(trail(5000)), Err(Rejection::TooMany), "they are not answered yet");
    queue.done(letters[0].ticket);
    queue.refuse(letters[1].ticket, 1, true, 0);
    let again = (5000..).take_while(|n| queue.ask_for_lost(trail(*n)).is_ok()).count();
    assert_eq!(again, 128, "what was answered or set aside makes room");
}

/// [BAK-53] [BAK-54]
#[test]
fn what_a_restored_peer_is_given_waits_for_no_answer_and_the_rest_does() {
    let queue = Queue::new(true);
    queue.push([item(1, 1), item(2, 1), item(3, 1)]);
    queue.asks_by(Position::new(4), Waiting { event: false, ..item(4, 1).1 });
    queue.give([item(2, 1)]);
    assert_eq!(numbers(&queue.take(9).unwrap()), [0; 0], "the question for all goes first");
    let letter = queue.take(9).unwrap();
    assert_eq!(numbers(&letter), [2, 4]);
    queue.done(letter.ticket);
    queue.asks_by(Position::new(4), Waiting { event: false, ..item(4, 1).1 });
    let trail = item(1, 1).1.trail.unwrap();
    let answered = queue.take_answered(&trail, |at| at.number() == 1);
    assert_eq!(answered, [Position::new(1), Position::new(4)]);
    assert!(queue.take(9).is_none());
    queue.resume(trail);
    assert_eq!(numbers(&queue.take(9).unwrap()), [3]);
}

/// [BAK-56] Whoever takes the next letter stands ready: what goes to a peer that does not have the trail takes the
/// question along, whatever moment it goes in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_peer_never_had_goes_with_the_question() {
    for _ in 0..500 {
        let queue = Arc::new(Queue::new(true));
        let (event, (asks, question)) = (item(1, 1), item(2, 1));
        queue.push([event]);
        queue.asks_by(asks, Waiting { event: false, ..question });
        queue.lock().lost = Lost::default();
        let first = queue.take(9).unwrap();
        assert_eq!(numbers(&first), [2]);
        let next = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.next(9).await }
        });
        tokio::task::yield_now().await;
        queue.asks_again(first.ticket, asks, question.trail.unwrap());
        assert_eq!(numbers(&next.await.unwrap()), [1, 2]);
    }
}

/// [DEL-20]
#[test]
fn a_letter_without_a_receipt_is_told_from_one_that_is_put_off() {
    let queue = Queue::default();
    queue.push([item(1, 1), item(2, 2)]);
    let first = queue.take(1).unwrap();
    let under_way = queue.letters();
    assert!(under_way.unanswered.is_some() && under_way.put_off == 0);
    let _ = queue.pause(first.ticket);
    assert_eq!(queue.letters(), Letters { unanswered: None, put_off: 1 });
    queue.again(first.ticket, false);
    let both = queue.take(9).unwrap();
    let again = queue.letters();
    assert!(again.unanswered.is_some() && again.put_off == 1);
    queue.done(both.ticket);
    assert_eq!(queue.letters(), Letters::default());
}

/// [DEL-9] What waits takes in memory what this module says, however large it is on disk.
#[test]
fn what_waits_for_a_dead_peer_takes_few_bytes_of_memory() {
    assert!(size_of::<(Position, Waiting)>() <= 64, "{}", size_of::<(Position, Waiting)>());
}
