//! Bytes as they stand in a vector: words of hexadecimal digits, each of which may say how often it stands there.
//!
//! `0102 ff*3` is 01 02 ff ff ff. So a vector of what is too large is a line, and not a large file.

pub(crate) fn write(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn read(text: &str) -> Vec<u8> {
    let words = text.split(' ').map(|word| word.split_once('*').unwrap_or((word, "1")));
    words.flat_map(|(digits, count)| read_digits(digits).repeat(count.parse().expect("a count"))).collect()
}

fn read_digits(digits: &str) -> Vec<u8> {
    assert!(
        digits.len().is_multiple_of(2) && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')),
        "not hexadecimal: {digits}"
    );
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(pair).collect()
}
