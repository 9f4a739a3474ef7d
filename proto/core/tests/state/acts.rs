//! The acts in the core and the acts in the specification are one.

use uput_core::act::{ACTS, About, Due, Row, When, row};
use uput_core::agreement::name_of;
use uput_core::state::{self, Class, Kind, Side};
use uput_core::wire::Act;

const FILE: &str = include_str!("../../../../specs/state/acts.tsv");

// [STA-40]
#[test]
fn the_acts_are_those_of_the_specification() {
    let lines: Vec<&str> = FILE.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, ACTS.iter().map(line).collect::<Vec<_>>());
}

// [STA-40]
#[test]
fn every_code_has_one_row_in_its_place() {
    let codes = (1..).map_while(|number| Act::try_from(number).ok());
    assert!(ACTS.iter().map(|row| row.act).eq(codes));
    assert!(row(Act::Unspecified).is_none());
}

// [STA-7] [STA-40]
#[test]
fn no_report_is_ever_left_out() {
    for row in ACTS.iter() {
        for (side, kinds) in [(Side::Opener, row.opener_without), (Side::Peer, row.peer_without)] {
            for kind in kinds {
                let class = state::row(side, *kind).map(|row| row.class);
                assert!(class.is_some_and(|class| class != Class::Report), "{:?} {kind:?}", row.act);
            }
        }
    }
}

// [STA-40]
#[test]
fn a_need_and_an_identity_are_left_out_above_the_highest_stage_alone() {
    let left_out = |act| [Kind::Need, Kind::Identity].map(|kind| row(act).unwrap().leaves_out(Side::Opener, kind));
    assert_eq!(left_out(Act::Referral), [false, false]);
    assert_eq!(left_out(Act::Consultation), [false, true]);
    assert_eq!(left_out(Act::BreachNotice), [true, true]);
}

// [EVT-27]
#[test]
fn an_earlier_trail_is_named_where_it_must_be_and_not_where_it_never_is() {
    let allows = |about: About| [true, false].map(|names_one| about.allows(names_one));
    assert_eq!([About::Never, About::May, About::Must].map(allows), [[false, true], [true, true], [true, false]]);
}

fn line(row: &Row) -> String {
    let bases: Vec<String> = row.bases.iter().map(|basis| name_of(*basis)).collect();
    let (act, about, stage) = (name_of(row.act), row.about.word(), row.stage);
    let (opener, peer) = (words(row.opener_without), words(row.peer_without));
    let must: Vec<String> = row.must.iter().map(due).collect();
    let (bases, must) = (bases.join(" "), if must.is_empty() { "-".to_owned() } else { must.join(" ") });
    format!("{act}\t{about}\t{stage}\t{bases}\t{opener}\t{peer}\t{}\t{must}\t{}", row.yes, row.meaning)
}

// [STA-73]
fn due(due: &Due) -> String {
    match due.when {
        When::Stage(stage) => format!("{stage}:{}", due.label),
        When::Each(kind) => format!("{}:{}", kind.word(), due.label),
    }
}

// [STA-73]
#[test]
fn what_has_to_be_said_can_be_said_at_that_stage_and_in_that_act() {
    for row in ACTS {
        for due in row.must {
            match due.when {
                When::Stage(stage) => assert!(stage <= row.stage, "{:?} {}", row.act, due.label),
                When::Each(kind) => assert!(!row.leaves_out(Side::Opener, kind), "{:?} {}", row.act, due.label),
            }
        }
    }
}

fn words(kinds: &[Kind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}
