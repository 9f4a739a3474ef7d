//! Base 32 (RFC 4648) without padding: the form in which an authenticator takes a secret.

use uput_core::sensitive::Sensitive;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// As letters and digits.
pub(crate) fn encode(bytes: &[u8]) -> Sensitive<String> {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter = |digit: usize| (0..5).fold(0_usize, |value, place| value << 1 | usize::from(bit(digit * 5 + place)));
    let letters = (0..(bytes.len() * 8).div_ceil(5)).filter_map(|digit| LETTERS.get(letter(digit)).copied());
    Sensitive::new(letters.map(char::from).collect())
}

/// The bytes; `None` if it is no base 32. Blanks and small letters are taken as people type them.
pub(crate) fn decode(text: &str) -> Option<Sensitive<Vec<u8>>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len()), 0_u32, 0);
    for letter in text.bytes().filter(|letter| !matches!(letter, b' ' | b'-' | b'=')) {
        let value = LETTERS.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(Sensitive::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_standard_hold_both_ways() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(encode(bytes.as_bytes()).expose(), text);
            let typed = text.to_lowercase().replace('x', "x ");
            assert!(decode(&typed).is_some_and(|read| read.expose() == bytes.as_bytes()), "{text}");
        }
        assert!(decode("MZ1").is_none());
    }
}
