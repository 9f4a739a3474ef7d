//! Whose word events are under a key record that does not count any more. [KEY-33]

use uput_core::{
    event::{Event, Statement},
    id::{EventId, Id, KeyRecordId},
    state::Side,
    trail::Trail,
    wire::WarningCode,
};

use crate::{Party, opening, parties, say};

fn dropped() -> KeyRecordId {
    Id::of(b"a record of a branch that was given up").into()
}

fn counts(record: &KeyRecordId) -> bool {
    *record != dropped()
}

/// Said after `prev`, under that record.
fn said(trail: &mut Trail, by: &Party, prev: &EventId, key: KeyRecordId) -> EventId {
    let before: Event = Event::clone(trail.event(prev).unwrap());
    let statement = Statement::Warned(WarningCode::DoNotContact);
    let event =
        Event { trail: trail.id(), key, seq: before.seq + 1, prev: Some(*prev), terms: None, statement, ..before };
    let signed = by.sign(&event);
    let id = signed.id;
    trail.admit(signed).unwrap();
    id
}

#[test]
fn what_stands_under_a_dropped_record_is_nobody_s_until_its_author_goes_on_from_it() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    let unclaimed = |trail: &Trail, heads: &[EventId]| trail.unclaimed(Side::Opener, counts, heads.iter().copied());
    assert!(unclaimed(&trail, &[]).is_empty());
    let strange = said(&mut trail, &opener, &opened, dropped());
    let second = said(&mut trail, &opener, &strange, dropped());
    // The other party has built on it: that makes it nobody's own.
    say(&mut trail, &peer, Statement::Acknowledged);
    let both = std::collections::BTreeSet::from([strange, second]);
    assert_eq!(unclaimed(&trail, &[]), both.into_iter().collect::<Vec<_>>());
    assert_eq!(unclaimed(&trail, &[opened]).len(), 2, "a head that ends before them");
    assert_eq!(unclaimed(&trail, &[strange]), [second], "a head that ends between them");
    assert!(unclaimed(&trail, &[second]).is_empty());
    // Its author says something beside them, as one who never had them; and then after them.
    let key = Id::of(b"the record that was decided for").into();
    said(&mut trail, &opener, &opened, key);
    assert_eq!(unclaimed(&trail, &[]).len(), 2);
    said(&mut trail, &opener, &strange, key);
    assert_eq!(unclaimed(&trail, &[]), [second]);
    said(&mut trail, &opener, &second, key);
    assert!(unclaimed(&trail, &[]).is_empty());
    assert!(trail.unclaimed(Side::Peer, counts, []).is_empty(), "nobody asks about the other side's");
}
