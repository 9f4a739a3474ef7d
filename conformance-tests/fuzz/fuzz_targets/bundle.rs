//! No bytes make the verifier panic, and none that carry no known signer are called authentic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::bundle::Bundle;
use uput_core::trust::TrustFile;
use uput_core::verdict::{YesNo, verify};

/// Trusts one organisation that nobody is.
const TRUST: &str = include_str!("../trust.toml");

fuzz_target!(|bytes: &[u8]| {
    let Ok(trust) = TrustFile::parse(TRUST) else { panic!("the trust file of this target does not parse") };
    let _ = Bundle::parse(bytes);
    let report = verify(bytes, &trust);
    assert!(report.authentic != YesNo::Yes, "nobody trusted signed it, and it passed");
});
