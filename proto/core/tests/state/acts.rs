//! The acts in the core and the acts in the specification are one.

use uput_core::act::{ACTS, Row, row};
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

fn line(row: &Row) -> String {
    let bases: Vec<String> = row.bases.iter().map(|basis| name_of(*basis)).collect();
    let (act, about, stage) = (name_of(row.act), row.about.word(), row.stage);
    let (opener, peer) = (words(row.opener_without), words(row.peer_without));
    format!("{act}\t{about}\t{stage}\t{}\t{opener}\t{peer}\t{}", bases.join(" "), row.meaning)
}

fn words(kinds: &[Kind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}
