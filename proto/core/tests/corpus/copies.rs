//! Copies: what an event passes on as signed by another organisation. [BUN-90]

use uput_core::{slot::Extent, trust::TrustedOrganisation};

use crate::{
    copied::{copy, first, told, world},
    entry::Entry,
    forge::changed,
    sample::{Organisation, Story},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = world();
    let by = first();
    let good = told(&world, copy(&world, &by, by.signing(), 0));
    let forged = told(&world, copy(&world, &by, world.hotline.signing(), 0));
    let case = |name, reason, bundle| Entry::new(name, reason, &world, bundle).of("a night with a copy");
    // Values closed, and yet whose word it is can be read from the keys beside it.
    let mut telling = good.draft(&world.hotline, &Extent::LABELS);
    telling.chains.push(by.records.clone());
    vec![
        named(case("a copy that its author signed", "The trust file names its author.", carried(&good, &by)), &by),
        case(
            "a copy by an organisation that the trust file does not name",
            "It is nobody's word but the sender's, and no fault.",
            carried(&good, &by),
        ),
        named(
            case(
                "a copy that its author did not sign",
                "The sender signed it, in another's name.",
                carried(&forged, &by),
            ),
            &by,
        )
        .doubts("BUN-56")
        .breaks(&["BUN-92", "ONW-5"]),
        case(
            "a copy that a stranger did not sign",
            "Nobody needs to know who it is to see that it did not sign.",
            carried(&forged, &by),
        )
        .doubts("BUN-56")
        .breaks(&["BUN-92", "ONW-5"]),
        named(
            case(
                "key records of a copy whose value is closed",
                "They tell whose word it is, which the exporter kept closed.",
                telling.build(world.hotline.signing()).unwrap(),
            ),
            &by,
        )
        .fails(10, "BUN-6", "")
        .also("BUN-56", "Which labels she ticked is a value, and closed with the others.")
        .breaks(&["BUN-93"]),
    ]
}

/// The bundle with the copy's key records.
fn carried(story: &Story<'_>, by: &Organisation) -> Vec<u8> {
    changed(story, |draft| draft.chains.push(by.records.clone()))
}

/// By a trust file that names the author too.
fn named(entry: Entry, by: &Organisation) -> Entry {
    let name = String::from("hotline-breza");
    entry.trusting(|trust| {
        trust.organisations.push(TrustedOrganisation { name, organisation: by.id, minimum: by.record(0) });
        trust.organisations.sort_by_key(|entry| entry.organisation);
    })
}
