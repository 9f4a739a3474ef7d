//! Bytes that parse as an agreement are the only bytes of that agreement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::agreement::{Agreement, summary};
use uput_core::codec;
use uput_core::id::Id;
use uput_core::wire;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(agreement) = Agreement::parse(Id::of(bytes), bytes) {
        let document: wire::Agreement = codec::decode(bytes).unwrap_or_default();
        assert!(codec::encode(&document) == bytes, "two encodings of one agreement");
        let _ = summary(&agreement);
    }
});
