//! Bytes that parse as a document of accesses are the only bytes of it, none make the verifier panic, and none that carry
//! no known signer are called authentic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::access_log::{AccessEntry, AccessLog, verify};
use uput_core::trust::TrustFile;
use uput_core::verdict::YesNo;

/// Trusts one organisation that nobody is.
const TRUST: &str = include_str!("../trust.toml");

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = AccessEntry::parse(bytes) {
        assert!(entry.encode() == bytes, "two encodings of one access");
    }
    if let Ok(log) = AccessLog::parse(bytes) {
        assert!(log.encode() == bytes, "two encodings of one document");
    }
    let Ok(trust) = TrustFile::parse(TRUST) else { panic!("the trust file of this target does not parse") };
    let report = verify(bytes, &trust, Some(bytes), None);
    assert!(report.authentic != YesNo::Yes, "nobody trusted signed it, and it passed");
});
