//! Whatever claims to open slots, nothing opens that was not committed, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::codec;
use uput_core::id::{Id, OrgId};
use uput_core::slot;
use uput_core::wire;

fuzz_target!(|bytes: &[u8]| {
    let Ok(disclosure) = codec::decode::<wire::Disclosure>(bytes) else { return };
    let author = OrgId::from(Id::of(b"an author"));
    for count in [0, 1, 8, 16] {
        // Commitments that nobody knows how to open.
        let slots = vec![7; 32 * count];
        assert!(slot::open(&disclosure, &slots, &[1; 32], &author).is_err(), "a slot opened without its key");
    }
});
