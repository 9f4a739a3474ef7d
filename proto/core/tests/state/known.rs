//! What is asked of a history about one event: who had seen what, and what could be expected then.

use uput_core::state::{Broken, History, Kind, Side, Values, VoidReason, may};

use crate::trail::Trail;

const TRAIL: &str = "
    o O opened1
    a P accepted seen=o
    i O identity seen=a
    d P declined seen=o
    w O withdrawn seen=a
    p P purged seen=w
";

fn history(trail: &Trail) -> History {
    let mut history = History::new();
    trail.nodes.iter().for_each(|node| assert!(history.append(*node).is_ok()));
    history
}

// [STA-2]
#[test]
fn an_event_that_comes_again_changes_nothing_and_another_under_its_id_is_refused() {
    let trail = Trail::parse(TRAIL);
    let mut history = history(&trail);
    let before = history.reading().unwrap();
    let mut node = trail.nodes[1];
    assert!(history.append(node).is_ok());
    node.kind = Kind::Held;
    assert_eq!(history.append(node), Err(Broken::Contradiction(node.id)));
    assert_eq!(history.reading().unwrap(), before);
}

// [EVT-21] [STA-15]
#[test]
fn what_an_event_could_expect_is_said_by_what_it_knew() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, a, i, d, w, gone] = ["o", "a", "i", "d", "w", "gone"].map(|name| trail.id(name));
    assert_eq!([o, a, i, d, w, gone].map(|event| history.is_expectant(event)), [true, true, true, false, false, false]);
    assert_eq!([o, a, i, d, gone].map(|event| history.is_accepted_before(event)), [false, false, true, true, false]);
    assert!(history.has_seen(i, a) && !history.has_seen(a, i) && !history.has_seen(d, i) && !history.has_seen(gone, o));
    assert_eq!(
        [vec![o], vec![a], vec![i], vec![gone], vec![]].map(|events| history.stage_at(&events)),
        [1, 1, 2, 0, 0]
    );
    assert!(history.disclosures().eq([o, i]));
}

// [STA-16] [STA-17]
#[test]
fn where_values_stood_is_said_of_each_event() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, a, i, w, p, gone] = ["o", "a", "i", "w", "p", "gone"].map(|name| trail.id(name));
    let of = |disclosure| [o, a, i, w, p, gone].map(|event| history.values_at(event, disclosure));
    use Values::{Absent, Held, Owed};
    assert_eq!(of(o), [Held, Held, Held, Owed, Absent, Absent]);
    assert_eq!(of(i), [Absent, Absent, Held, Owed, Absent, Absent]);
    assert_eq!(of(gone), [Absent; 6]);
}

#[test]
fn a_part_begins_with_its_opening_and_ends_with_what_is_there() {
    let mut trail = Trail::parse(TRAIL);
    let history = history(&trail);
    let [o, gone] = ["o", "gone"].map(|name| trail.id(name));
    assert_eq!(history.reading_at(&[o]).unwrap().opening, o);
    assert_eq!(history.reading_at(&[]).unwrap_err(), Broken::Openings);
    assert_eq!(history.reading_at(&[gone]).unwrap_err(), Broken::ParentMissing(gone));
    assert_eq!(History::default().reading().unwrap_err(), Broken::Openings);
}

// [STA-4]
#[test]
fn whether_something_may_be_said_is_asked_of_all_that_is_there() {
    let trail = Trail::parse(TRAIL);
    assert_eq!(may(&[], Side::Opener, Kind::Opened0, None), Ok(()));
    assert_eq!(may(&trail.nodes[..1], Side::Peer, Kind::Accepted, None), Ok(()));
    assert!(matches!(may(&trail.nodes, Side::Peer, Kind::Accepted, None), Err(VoidReason::Unmet(_))));
    assert_eq!(may(&trail.nodes[1..], Side::Peer, Kind::Held, None), Err(VoidReason::NoTrail(Broken::Openings)));
    let words: Vec<&str> = VoidReason::words().collect();
    assert_eq!(words[..4], ["wrong_side", "not_in_act", "version", "no_trail"]);
    assert_eq!((words[4], words.len()), ("first", 28));
}
