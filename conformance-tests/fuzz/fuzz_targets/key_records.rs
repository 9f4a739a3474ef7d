//! No sequence of envelopes makes the reader of key records panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::codec;
use uput_core::envelope::Envelope;
use uput_core::key::KeyChain;
use uput_core::wire;

fuzz_target!(|bytes: &[u8]| {
    let Ok(chain) = codec::decode::<wire::KeyChain>(bytes) else { return };
    let records: Result<Vec<_>, _> = chain.records.into_iter().map(Envelope::from_wire).collect();
    let _ = records.and_then(|records| KeyChain::verify(&records));
});
