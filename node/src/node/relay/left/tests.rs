use super::*;

fn letter(digest: u8, key: u8, positions: &[u64]) -> LeftLetter {
    LeftLetter {
        digest: Id::of(&[digest]),
        sealing_key: KeyId::of(&[key]),
        positions: positions.iter().map(|position| Position::new(*position)).collect(),
        time: Seconds::new(1_000).unwrap(),
    }
}

fn has(left: &Left, item: u64, key: u8, now: u64) -> bool {
    left.has(&Position::new(item), &KeyId::of(&[key]), Seconds::new(now).unwrap())
}

/// [RLY-5]
#[test]
fn an_item_is_left_again_for_another_key_after_its_time_and_when_a_relay_was_chosen() {
    let mut left = Left::default();
    left.flies(1, [1; 16], letter(1, 1, &[4, 5]), Vec::new());
    assert!(has(&left, 4, 1, 2_000), "also while it flies");
    assert!(left.lands(1).is_some());
    let day = AGAIN.0;
    assert!(has(&left, 5, 1, 1_000 + day - 1) && !has(&left, 5, 1, 1_000 + day));
    assert!(!has(&left, 5, 1, 999), "sealed by a clock that ran ahead");
    assert!(!has(&left, 5, 2, 2_000) && !has(&left, 6, 1, 2_000));
    left.begin_anew();
    assert!(!has(&left, 4, 1, 2_000));
}

/// [RLY-5] [RLY-16] A relay that lost it, or a word that was lost, costs a day at first, then as long again, and the age stays.
#[test]
fn what_has_no_word_is_left_again_after_a_day_then_two_then_four() {
    let (mut left, mut now) = (Left::default(), 1_000);
    let mut paused = Vec::new();
    for ticket in 1..9 {
        let mut again = letter(u8::try_from(ticket).unwrap(), 1, &[4]);
        again.time = Seconds::new(now).unwrap();
        left.flies(ticket, [u8::try_from(ticket).unwrap(); 16], again, Vec::new());
        left.lands(ticket);
        let next = left.again(&Position::new(4), Seconds::new(now).unwrap());
        paused.push((next - now) / AGAIN.0);
        now = next;
        assert_eq!(left.standing(|_| true).1, 1_000);
    }
    assert_eq!(paused, [1, 1, 2, 4, 8, 16, 31, 31]);
    assert_eq!(left.answered(&[1; 16]), [Position::new(4)], "the peer's word on the first of them counts");
    assert_eq!((left.standing(|_| true), left.packs.len()), ((0, 0, 0), 0));
}

/// [RLY-6] [RLY-7] [RLY-13]
#[test]
fn what_a_relay_does_not_have_is_not_there_and_is_tried_after_longer_and_longer_pauses() {
    let mut left = Left::default();
    let mut now = Instant::now();
    assert!(!left.may_leave(now), "a line may come up");
    now += PATIENCE;
    assert!(left.may_leave(now));
    let word = RelayWord { code: 5, ..RelayWord::default() };
    let mut pause = Duration::ZERO;
    for ticket in 0..12 {
        left.flies(ticket, [1; 16], letter(1, 1, &[4]), vec![word.clone()]);
        assert!(left.falls(ticket, 17));
        left.rest(17, now);
        assert!(!has(&left, 4, 1, 2_000) && left.take_words() == [word.clone()]);
        let (until, _) = left.rests.unwrap();
        let next = until - now;
        assert!(next >= pause && next <= PAUSES.1 && !left.may_leave(now));
        pause = next;
        now += next;
        assert!(left.may_leave(now));
    }
    left.rest(18, now - pause / 2);
    assert!(left.may_leave(now), "several refusals at a time are one pause");
    assert_eq!((pause, left.standing(|_| true)), (PAUSES.1, (0, 0, 18)));
    left.heard();
    assert_eq!(left.standing(|_| true), (0, 0, 0));
}

/// [RLY-5] [RLY-16]
#[test]
fn a_relay_that_answers_nothing_is_seen_and_holds_up_no_other() {
    let mut left = Left::default();
    let now = Instant::now();
    assert!(!left.may_leave(now), "a line may come up");
    let word = RelayWord { code: 5, ..RelayWord::default() };
    for ticket in 0..16_u8 {
        assert!(left.may_leave(now + PATIENCE));
        let said = if ticket == 0 { vec![word.clone()] } else { Vec::new() };
        left.flies(ticket.into(), [ticket; 16], letter(ticket, 1, &[ticket.into()]), said);
    }
    assert!(!left.may_leave(now + PATIENCE));
    assert_eq!(left.standing(|_| true), (0, 1_000, 0), "nothing is said to lie there, and how long is seen");
    assert!(left.falls(15, 0));
    assert_eq!(left.standing(|item| item.number() == 15).1, 1_000, "also when its line breaks");
    left.begin_anew();
    assert!(left.may_leave(now + PATIENCE) && left.take_words() == [word]);
    assert!(left.lands(3).is_none() && !left.falls(4, 17), "what it says later means nothing");
    assert_eq!(left.standing(|_| true), (0, 0, 0));
}

/// [RLY-10] An older letter of the same items takes none out of the newer one, and nothing is kept of what arrived.
#[test]
fn of_two_letters_with_the_same_items_the_newer_one_counts() {
    let mut left = Left::default();
    for (ticket, key) in [(1, 1), (2, 2)] {
        left.flies(ticket, [key; 16], letter(key, key, &[4, 5]), Vec::new());
        left.lands(ticket);
    }
    assert_eq!(left.take_out(&[1; 16]), []);
    assert!(has(&left, 4, 2, 2_000) && left.pack_of(&Id::of(&[1])).is_none());
    assert_eq!(left.done_with(|item| item.number() == 5), [Position::new(4)]);
    assert_eq!((left.standing(|_| true), left.take_out(&[2; 16])), ((1, 1_000, 0), vec![Position::new(5)]));
    assert!(!has(&left, 5, 2, 2_000) && left.packs.is_empty());
    assert_eq!(left.standing(|_| true), (0, 1_000, 0), "that a relay says it is gone makes it no younger");
}

/// Words of a peer that nobody can be told are bounded, and gone when there is a line.
#[test]
fn words_wait_in_a_bounded_row() {
    let mut left = Left::default();
    for code in 0..2_000 {
        left.owe(RelayWord { code, pack: code.to_be_bytes().to_vec(), ..RelayWord::default() });
    }
    let said = |left: &Left| (left.words.len(), left.words.front().map(|word| word.code));
    assert_eq!(said(&left), (WORDS, Some(2_000 - 1_024)));
    left.owe(RelayWord { code: 9, pack: 1_999_u32.to_be_bytes().to_vec(), ..RelayWord::default() });
    assert_eq!(said(&left), (WORDS, Some(2_000 - 1_024)), "a letter that comes again and again has one word");
    left.on_line();
    assert!(!left.has_words());
}
