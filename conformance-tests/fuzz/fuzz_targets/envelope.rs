//! Bytes that parse as an envelope are the only bytes of that envelope.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::envelope::Envelope;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert!(envelope.to_bytes() == bytes, "two encodings of one envelope");
    }
});
