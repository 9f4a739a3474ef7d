//! Whatever stands in a letter's header, a node that reads what a carrier can read does not panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::letter::read_header;

const LETTER: usize = 8 * 1024;
const ENCAPSULATED: usize = 1120;

fuzz_target!(|header: &[u8]| {
    if let Ok(length) = u8::try_from(header.len())
        && length < 0x80
    {
        let _ = read_header(&letter(length, header));
    }
    let _ = read_header(header);
});

/// A letter of the smallest size around any header: the size is checked first and would hide the rest.
fn letter(length: u8, header: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x0a, length];
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&[0x12, 0xe0, 0x08]);
    bytes.extend_from_slice(&[1; ENCAPSULATED]);
    let rest = LETTER - bytes.len() - 3;
    bytes.extend_from_slice(&[0x1a, (rest & 0x7f) as u8 | 0x80, (rest >> 7) as u8]);
    bytes.resize(LETTER, 1);
    bytes
}
