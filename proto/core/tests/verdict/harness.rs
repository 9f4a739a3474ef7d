//! A slice of what `cargo run --release -p uput-core --example mutate` does in full.

use crate::{
    mutation::{Dice, Kind, Stage},
    sample::World,
    survivor::{Base, flips, mutate, mutate_twice, truncations},
};

const SEED: u64 = 20_261_122;

#[test]
fn no_flipped_bit_and_no_truncation_is_accepted() {
    let world = World::invented();
    let bytes = Stage::new(&world).bundle();
    let base = Base::new(bytes.clone(), world.trust());
    let (tried, accepted) = flips(&base, &bytes, 193, 0, false);
    assert!(tried > 100 && accepted == 0, "{accepted} of {tried} flips accepted");
    let (tried, accepted) = flips(&base, &bytes, 3999, 1, true);
    assert!(tried > 40 && accepted == 0, "{accepted} of {tried} flips accepted");
    let (tried, accepted) = truncations(&base, &bytes, 41);
    assert!(tried > 500 && accepted == 0, "{accepted} of {tried} truncations accepted");
}

#[test]
fn every_survivor_is_an_omission_that_the_report_names() {
    let world = World::invented();
    let stage = Stage::new(&world);
    let base = Base::new(stage.bundle(), world.trust());
    let [outside, dishonest] = mutate(&stage, &base, 500, &mut Dice::new(SEED));
    assert!(outside.values().all(|tally| tally.survived.is_empty()), "seed {SEED}");
    let omitted = |kind: &Kind| dishonest.get(kind).is_some_and(|tally| !tally.survived.is_empty());
    // Were nothing omitted, the check on words would show nothing.
    for kind in [Kind::CutLastEvents, Kind::OlderHead, Kind::DropDisclosure, Kind::OpenFewerSlots, Kind::ShrinkProofs] {
        assert!(omitted(&kind), "{kind:?} never survives");
    }
    for kind in [Kind::DropEvidence, Kind::DropHeads, Kind::TwinOwnEvent, Kind::ForgeEventOfTheOther, Kind::AlterEvent]
    {
        assert!(!omitted(&kind), "{kind:?} survives");
    }
}

/// Two omissions are two sentences, and two forgeries make no fact.
#[test]
fn every_survivor_of_two_mutations_names_both() {
    let world = World::invented();
    let stage = Stage::new(&world);
    let base = Base::new(stage.bundle(), world.trust());
    let pairs = mutate_twice(&stage, &base, 300, &mut Dice::new(SEED));
    let survived = pairs.values().filter(|tally| !tally.survived.is_empty()).count();
    assert!(survived > 5 && survived < pairs.len() / 4, "{survived} of {} pairs, seed {SEED}", pairs.len());
}
