//! Trust files: what they demand of a bundle, and files that are none.

use crate::{entry::Entry, forge::exported, sample::World};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [demands(&world), sources(&world)].into_iter().flatten().collect()
}

fn demands(world: &World) -> Vec<Entry> {
    let bundle = || exported(&world.enquiry());
    vec![
        Entry::new(
            "witnesses that the trust file demands are not there",
            "It demands one, and none is shown.",
            world,
            bundle(),
        )
        .trusting(|trust| trust.witnesses.number = 1)
        .fails(11, "BUN-63", "")
        .breaks(&["BUN-60", "BUN-70"]),
        Entry::new(
            "an agreement that the trust file does not name",
            "Conformance to it means nothing.",
            world,
            bundle(),
        )
        .trusting(|trust| trust.agreements.clear())
        .doubts("BUN-47")
        .breaks(&["BUN-60"]),
        Entry::new(
            "a trust file that names more organisations than are here",
            "It trusts; it does not demand them.",
            &World::invented(),
            { exported(&World::invented().enquiry()) },
        )
        .of("an enquiry between two of four organisations"),
    ]
}

/// [BUN-61]
fn sources(world: &World) -> Vec<Entry> {
    let good = world.trust().to_toml();
    let case = |name, reason, source: String| {
        assert_ne!(source, good, "{name}");
        Entry::new(name, reason, world, exported(&world.enquiry())).by_source(source)
    };
    let replaced = |from: &str, to: &str| good.replacen(from, to, 1);
    let line = |start: &str| good.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let organisation = good.split("[[organisation]]").nth(1).unwrap().trim().to_owned();
    vec![
        case("a trust file with a key that nobody knows", "A demand that is not understood is not met.", {
            replaced("number = 0", "number = 0\nwitness = \"a\"")
        }),
        case("a trust file of another format", "The first line says which.", replaced("trust file 1", "trust file 2")),
        case(
            "a trust file that nobody made",
            "Provenance is part of the proof.",
            replaced(&line("made_by"), "made_by = \" \""),
        ),
        case(
            "a trust file that demands less than no witness",
            "A number is not below 0.",
            replaced("number = 0", "number = -1"),
        ),
        case("a trust file with a nonce of zeros", "Anybody could answer it.", {
            replaced("[[organisation]]", &format!("[heads]\nnonce = \"{}\"\n\n[[organisation]]", "00".repeat(32)))
        }),
        case("a trust file with a time in no zone", "Times are UTC.", {
            replaced("[[organisation]]", "[heads]\nearliest = 2026-11-22T00:10:00\n\n[[organisation]]")
        }),
        case("a trust file with one organisation twice", "Two minimum records: which one counts?", {
            replaced("[[agreement]]", &format!("[[organisation]]\n{organisation}\n\n[[agreement]]"))
        }),
        case("a trust file with a name that turns the direction", "It would show another name.", {
            replaced("name = \"hotline\"", "name = \"\\u202ehotline\"")
        }),
        case("a trust file with an ID of 63 digits", "An ID has 64.", {
            let id = line("id = ");
            replaced(&id, &format!("{}\"", &id[..id.len() - 2]))
        }),
        case("a trust file with a minimum of zeros", "No record has that ID.", {
            replaced(&line("minimum_key_record"), &format!("minimum_key_record = \"{}\"", "00".repeat(32)))
        }),
    ]
}
