//! Bytes that parse as a head, a challenge or a countersignature are the only bytes of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::head::{Challenge, Countersignature, Head};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(head) = Head::parse(bytes) {
        assert!(head.encode() == bytes, "two encodings of one head");
    }
    if let Ok(challenge) = Challenge::parse(bytes) {
        assert!(challenge.encode() == bytes, "two encodings of one challenge");
    }
    if let Ok(said) = Countersignature::parse(bytes) {
        assert!(said.encode() == bytes, "two encodings of one countersignature");
    }
});
