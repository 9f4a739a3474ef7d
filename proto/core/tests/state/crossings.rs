//! Every cell of specs/state/crossings.tsv: two events that crossed, built on the base that the cell names. Each outcome
//! has a test of its name, which fails if a cell is said to have it and does not, or has it and is said to have another.

use std::collections::BTreeSet;

use uput_core::state::{Crossed, Kind, Side, TABLE, crossed};

use crate::outcome::{Crossing, cross};

const FILE: &str = include_str!("../../../../specs/state/crossings.tsv");

// [STA-20]
#[test]
fn every_pair_of_kinds_has_one_cell() {
    let cells: Vec<Cell> = cells();
    let pairs: BTreeSet<(Kind, Kind)> = cells.iter().map(|cell| (cell.opener, cell.peer)).collect();
    assert_eq!(pairs.len(), cells.len());
    let of = |side| TABLE.iter().filter(move |row| row.side == side && !row.kind.opens()).map(|row| row.kind);
    let all = of(Side::Opener).flat_map(|opener| of(Side::Peer).map(move |peer| (opener, peer)));
    assert_eq!(pairs, all.collect());
}

macro_rules! outcomes {
    ($($name:ident = $outcome:ident,)*) => {
        /// The tests that there are, by the outcome that each is about.
        const TESTED: &[Crossed] = &[$(Crossed::$outcome,)*];

        $(
            // [STA-20] [STA-21]
            #[test]
            fn $name() {
                assert_eq!(test_of(Crossed::$outcome, &crossings(), |cell| cell.outcome), Ok(()));
                assert_eq!(Crossed::$outcome.word(), stringify!($name));
            }
        )*
    };
}

outcomes! {
    both = Both,
    answer_stopped = AnswerStopped,
    fact_stays = FactStays,
    both_end = BothEnd,
    stop_holds = StopHolds,
    yes_closed = YesClosed,
    no_closed = NoClosed,
    closing_missed = ClosingMissed,
    disclosed_crossed = DisclosedCrossed,
    ask_again = AskAgain,
    lesser_answer = LesserAnswer,
    purge_of_the_past = PurgeOfThePast,
    correction_owed = CorrectionOwed,
    correction_counts = CorrectionCounts,
    old_value_used = OldValueUsed,
    one_purge = OnePurge,
    owed_anyway = OwedAnyway,
    one_epoch = OneEpoch,
    old_question = OldQuestion,
    fact_counts = FactCounts,
    earlier_epoch = EarlierEpoch,
    offer_dangling = OfferDangling,
    taken_recalled = TakenRecalled,
    taken_uncovered = TakenUncovered,
    ground_gone = GroundGone,
    completed_once = CompletedOnce,
    peer_responsible = PeerResponsible,
    both_responsible = BothResponsible,
}

// [STA-20]
#[test]
fn every_swapped_outcome_fails_the_test_of_its_name() {
    let crossings = crossings();
    assert_eq!(TESTED.iter().collect::<BTreeSet<_>>(), Crossed::ALL.iter().collect());
    let mut swaps = 0;
    for swapped in 0..crossings.len() {
        let was = crossings[swapped].0.outcome;
        for outcome in Crossed::ALL.iter().copied().filter(|outcome| *outcome != was) {
            let place = std::cell::Cell::new(0);
            let said = |cell: &Cell| if place.replace(place.get() + 1) == swapped { outcome } else { cell.outcome };
            assert!(test_of(outcome, &crossings, said).is_err(), "{:?} as {outcome:?}", crossings[swapped].0);
            swaps += 1;
        }
    }
    let (cells, outcomes) = (crossings.len(), Crossed::ALL.len());
    println!("{cells} cells, {outcomes} outcomes, {} tests by name; {swaps} swaps, each fails one", TESTED.len());
    assert!(cells > 0 && Crossed::ALL.iter().all(|outcome| crossings.iter().any(|(cell, _)| cell.outcome == *outcome)));
}

/// The test of one outcome: every cell that is said to have it has it, in the state, in the list of crossings, and in the
/// core's table.
fn test_of(outcome: Crossed, crossings: &[(Cell, Crossing)], said: impl Fn(&Cell) -> Crossed) -> Result<(), String> {
    for (cell, crossing) in crossings {
        if said(cell) != outcome {
            continue;
        }
        let shown = crossing.outcomes();
        if shown != [outcome] {
            return Err(format!("{cell:?} shows {shown:?}"));
        }
        if !crossing.is_reported_as(outcome) || crossed(cell.opener, cell.peer) != outcome {
            return Err(format!("{cell:?} is not listed so"));
        }
    }
    Ok(())
}

/// Each cell, with its two events on its base.
fn crossings() -> Vec<(Cell, Crossing)> {
    let built = |cell: Cell| match cross(&cell.base, cell.opener, cell.peer) {
        Some(crossing) => (cell, crossing),
        None => panic!("both events must be effective: {cell:?}"),
    };
    cells().into_iter().map(built).collect()
}

/// A cell of the file.
#[derive(Debug)]
struct Cell {
    opener: Kind,
    peer: Kind,
    outcome: Crossed,
    base: String,
}

fn cells() -> Vec<Cell> {
    let cell = |line: &str| {
        let words: Vec<&str> = line.split('\t').collect();
        let outcome = Crossed::ALL.iter().find(|outcome| outcome.word() == words[2]);
        Cell {
            opener: Kind::from_word(words[0]).unwrap(),
            peer: Kind::from_word(words[1]).unwrap(),
            outcome: *outcome.unwrap_or_else(|| panic!("no outcome {}", words[2])),
            base: words[3].to_owned(),
        }
    };
    FILE.lines().filter(|line| !line.starts_with('#')).map(cell).collect()
}
