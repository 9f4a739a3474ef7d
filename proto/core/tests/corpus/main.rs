//! The corpus of conformance-tests/corpus: bundles that are each wrong in one way, and some that are right.
//!
//! Guarantees that every entry is what its generator writes, byte for byte, and that this verifier rejects it for the
//! reason that stands beside the change, and for no other. What an entry comes to is written by hand from the text of
//! specs/; only the place of the fault is taken from this verifier. Decided in specs/adr/0014.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test corpus` writes the folders anew.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(unused_braces, reason = "a bundle that takes a line of its own stands in braces like those that take more")]

mod agreements;
mod bases;
mod bodies;
mod boy;
mod challenged;
mod conduct;
#[path = "../verdict/copied.rs"]
mod copied;
mod copies;
#[allow(dead_code, reason = "a scene has more in it than one play needs")]
#[path = "../verdict/diary.rs"]
mod diary;
mod disclosures;
mod ends;
mod entry;
mod envelopes;
mod erasures;
mod file;
mod folder;
mod forge;
mod heads;
mod keys;
mod logs;
mod misled;
mod order;
#[allow(dead_code, reason = "a scene has more in it than one play needs")]
#[path = "../verdict/sample.rs"]
mod sample;
mod sequence;
mod signers;
mod slots;
mod stolen;
mod timers;
mod trust;
mod valid;
mod weak;

use std::sync::OnceLock;

use entry::Entry;

/// Every entry.
fn all() -> &'static [Entry] {
    static ALL: OnceLock<Vec<Entry>> = OnceLock::new();
    ALL.get_or_init(|| {
        let makers: [fn() -> Vec<Entry>; 22] = [
            valid::entries,
            copies::entries,
            file::entries,
            envelopes::entries,
            order::entries,
            keys::entries,
            signers::entries,
            bodies::entries,
            sequence::entries,
            heads::entries,
            agreements::entries,
            disclosures::entries,
            bases::entries,
            ends::entries,
            conduct::entries,
            timers::entries,
            stolen::entries,
            trust::entries,
            logs::entries,
            misled::entries,
            challenged::entries,
            erasures::entries,
        ];
        makers.iter().flat_map(|maker| maker()).collect()
    })
}

#[test]
fn every_entry_is_rejected_for_its_own_reason_and_no_other() {
    let wrong: Vec<String> = all().iter().filter_map(|entry| entry.complaint()).collect();
    assert!(wrong.is_empty(), "{} entries:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_folders_are_what_the_generator_writes() {
    folder::compare(all());
}
