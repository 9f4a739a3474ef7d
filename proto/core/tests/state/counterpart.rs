//! The maps to FHIR SDOH Clinical Care and to Primero: one row for each line, one line for each reading.

use std::collections::BTreeSet;

use uput_core::state::{Counterpart, Headline, Kind, Line, Reading, Side, Transition};
use uput_core::wire::Act;

use crate::chains::Chains;
use crate::random::{Random, trail};

const FHIR: &str = include_str!("../../../../specs/state/fhir.tsv");
const PRIMERO: &str = include_str!("../../../../specs/state/primero.tsv");

// [MAP-1] [MAP-2] [MAP-3] [MAP-4]
#[test]
fn the_maps_are_those_of_the_specification() {
    let written = |file: &'static str| rows(file).map(|row| row[..3].join(" ")).collect::<Vec<_>>();
    let fhir = Line::ALL.iter().map(|line| [line.word(), line.task(), line.business()].join(" "));
    let primero = Line::ALL.iter().map(|line| [line.word(), line.referral(), line.transfer()].join(" "));
    assert_eq!(fhir.collect::<Vec<_>>(), written(FHIR));
    assert_eq!(primero.collect::<Vec<_>>(), written(PRIMERO));
}

// [MAP-1]
#[test]
fn every_row_is_reached_by_its_trail_and_every_headline_has_a_row() {
    let mut headlines = BTreeSet::new();
    for row in rows(FHIR).chain(rows(PRIMERO)) {
        let reading = read(row[3]);
        assert_eq!(Line::of(&reading).word(), row[0], "{row:?}");
        headlines.insert(reading.headline);
    }
    let all: BTreeSet<Headline> = Kind::ALL.iter().map(|kind| Headline::of(*kind)).collect();
    assert_eq!(headlines, all);
}

// [MAP-2] [MAP-4]
#[test]
fn no_other_system_hears_what_was_not_said() {
    let mut random = Random(20_261_122);
    let mut lines = BTreeSet::new();
    for _ in 0..3_000 {
        let reading = uput_core::state::evaluate(&trail(&mut random, 10, true)).unwrap();
        let found = Counterpart::of(&reading, Act::Transfer);
        lines.insert(found.line);
        let given = |kind| reading.events.values().any(|event| event.kind == kind && event.side == Side::Peer);
        assert!(found.line.task() != "accepted" || reading.covering, "{reading:#?}");
        assert!(!matches!(found.line.task(), "completed") || given(Kind::Provided), "{reading:#?}");
        let moved = found.transition == Transition::Transfer && found.transition_status == "accepted";
        assert_eq!(moved, !reading.responsible.opener, "{reading:#?}");
        // In every other act the owner of the case stays.
        assert_eq!(Counterpart::of(&reading, Act::JointAction).transition, Transition::Referral, "{reading:#?}");
    }
    assert_eq!(lines.len(), Line::ALL.len(), "{lines:?}");
}

// [MAP-2]
#[test]
fn every_status_is_one_that_the_other_system_has() {
    let fhir = ["requested", "accepted", "rejected", "cancelled", "in-progress", "on-hold", "failed", "completed"];
    let primero = ["in_progress", "accepted", "rejected", "done", "revoked"];
    assert_eq!(Line::ALL.iter().map(|line| line.task()).collect::<BTreeSet<_>>(), BTreeSet::from(fhir));
    assert_eq!(Line::ALL.iter().map(|line| line.referral()).collect::<BTreeSet<_>>(), BTreeSet::from(primero));
    assert!(Line::ALL.iter().all(|line| primero.contains(&line.transfer()) && line.transfer() != "accepted"));
}

// [MAP-1]
#[test]
fn a_closing_after_a_no_is_told_from_one_without_any_answer() {
    let line = |trail| Line::of(&read(trail));
    assert_eq!(line("O:opened1 O:closed"), Line::Closed);
    assert_eq!(line("O:opened1 P:accepted O:closed"), Line::Closed);
    assert_eq!(line("O:opened1 P:declined O:closed"), Line::ClosedRefused);
    assert_eq!(line("O:opened1 P:redirected O:closed"), Line::ClosedRefused);
}

// [MAP-4]
#[test]
fn a_transfer_is_accepted_when_both_have_signed_and_not_before() {
    let steps = [
        ("O:opened1", "in_progress"),
        ("O:opened1 P:accepted", "in_progress"),
        ("O:opened1 P:accepted O:transfer_offered P:transfer_taken", "in_progress"),
        ("O:opened1 P:accepted O:transfer_offered P:transfer_taken O:transfer_completed O:closed", "accepted"),
    ];
    for (trail, status) in steps {
        let found = Counterpart::of(&read(trail), Act::Transfer);
        assert_eq!((found.transition, found.transition_status), (Transition::Transfer, status), "{trail}");
    }
    let referral = Counterpart::of(&read("O:opened1 P:accepted"), Act::Referral);
    assert_eq!((referral.transition, referral.transition_status), (Transition::Referral, "accepted"));
    assert_eq!([Transition::Referral, Transition::Transfer].map(Transition::word), ["referral", "transfer"]);
}

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn read(trail: &str) -> Reading {
    let mut chains = Chains::default();
    for word in trail.split_whitespace() {
        let side = if word.starts_with("O:") { Side::Opener } else { Side::Peer };
        let kind = Kind::from_word(&word[2..]).unwrap_or_else(|| panic!("no kind {word}"));
        assert!(chains.say(side, kind).is_some(), "{word} is void in {trail}");
    }
    chains.history.reading().unwrap()
}
