//! Reading what a carrier can read never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::letter::read_header;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_header(bytes);
});
