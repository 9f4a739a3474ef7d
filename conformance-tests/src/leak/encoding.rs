//! The shapes in which a text may stand in bytes that somebody else sees.

use std::collections::BTreeSet;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Latin letters with their Cyrillic ones; two letters before one.
const LETTERS: [(&str, &str, &str); 30] = [
    ("lj", "љ", "lj"),
    ("nj", "њ", "nj"),
    ("dž", "џ", "dz"),
    ("đ", "ђ", "dj"),
    ("ž", "ж", "z"),
    ("ć", "ћ", "c"),
    ("č", "ч", "c"),
    ("š", "ш", "s"),
    ("a", "а", "a"),
    ("b", "б", "b"),
    ("v", "в", "v"),
    ("g", "г", "g"),
    ("d", "д", "d"),
    ("e", "е", "e"),
    ("z", "з", "z"),
    ("i", "и", "i"),
    ("j", "ј", "j"),
    ("k", "к", "k"),
    ("l", "л", "l"),
    ("m", "м", "m"),
    ("n", "н", "n"),
    ("o", "о", "o"),
    ("p", "п", "p"),
    ("r", "р", "r"),
    ("s", "с", "s"),
    ("t", "т", "t"),
    ("u", "у", "u"),
    ("f", "ф", "f"),
    ("h", "х", "h"),
    ("c", "ц", "c"),
];

/// Every form of a text, in every shape.
#[must_use]
pub fn shapes(text: &str) -> BTreeSet<Vec<u8>> {
    forms(text).iter().flat_map(|form| encoded(form)).collect()
}

/// The text in both scripts, without its marks, in small letters and capitals.
fn forms(text: &str) -> BTreeSet<String> {
    let small = text.to_lowercase();
    let mut forms = BTreeSet::from([text.to_owned(), text.to_uppercase(), small.clone()]);
    for form in [written(&small, |letter| letter.1), written(&small, |letter| letter.2)] {
        forms.extend([capitals(&form), form.to_uppercase(), form]);
    }
    forms
}

/// The text letter by letter in another writing.
fn written(small: &str, writing: impl Fn(&(&'static str, &'static str, &'static str)) -> &'static str) -> String {
    let mut rest = small;
    let mut out = String::new();
    while let Some(first) = rest.chars().next() {
        let letter = LETTERS.iter().find(|(latin, _, _)| rest.starts_with(latin));
        match letter {
            Some(letter) => out.push_str(writing(letter)),
            None => out.push(first),
        }
        rest = rest.get(letter.map_or(first.len_utf8(), |(latin, _, _)| latin.len())..).unwrap_or_default();
    }
    out
}

/// The first letter of each word is a capital.
fn capitals(small: &str) -> String {
    let mut start = true;
    let mut out = String::new();
    for c in small.chars() {
        if start {
            out.extend(c.to_uppercase())
        } else {
            out.push(c)
        }
        start = c == ' ';
    }
    out
}

/// A label and its value as a message, a form, a file or a log writes the two.
#[must_use]
pub fn beside(label: &str, value: &str) -> Vec<String> {
    let length = |text: &str| u8::try_from(text.len()).map_or(' ', char::from);
    vec![
        format!("{label} = {value}"),
        format!("{label} = \"{value}\""),
        format!("{label}={value}"),
        format!("{label}=\"{value}\""),
        format!("{label}: {value}"),
        format!("{label}: \"{value}\""),
        format!("{label} {value}"),
        format!("{label}\t{value}"),
        format!("\"{label}\":\"{value}\""),
        format!("\"{label}\": \"{value}\""),
        format!("(\"{label}\", \"{value}\")"),
        format!("\"label\":\"{label}\",\"value\":\"{value}\""),
        format!("label: \"{label}\", value: \"{value}\""),
        // The message `Field`.
        format!("\n{}{label}\u{12}{}{value}", length(label), length(value)),
    ]
}

/// A text in one writing, in every shape.
#[must_use]
pub fn encoded(text: &str) -> Vec<Vec<u8>> {
    let mut shapes = byte_shapes(text.as_bytes());
    shapes.extend([
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        escaped_json(text).into_bytes(),
    ]);
    shapes
}

/// Bytes in every shape that keeps them.
#[must_use]
pub fn byte_shapes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let listed: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut shapes = vec![
        bytes.to_vec(),
        hexadecimal.to_uppercase().into_bytes(),
        hexadecimal.into_bytes(),
        listed.join(", ").into_bytes(),
        listed.join(",").into_bytes(),
    ];
    for every in [true, false] {
        let escaped: String = bytes.iter().map(|byte| percent(*byte, every)).collect();
        shapes.extend([lower_escapes(&escaped).into_bytes(), escaped.into_bytes()]);
    }
    for alphabet in [STANDARD, URL] {
        shapes.extend((0..3).map(|before| base64_within(bytes, before, alphabet)));
    }
    shapes
}

fn percent(byte: u8, every: bool) -> String {
    if !every && (byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The digits of its escapes small.
fn lower_escapes(escaped: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 3 } else { u8::saturating_sub(left, 1) };
        if left > 0 { c.to_ascii_lowercase() } else { c }
    };
    escaped.chars().map(lower).collect()
}

fn escaped_json(text: &str) -> String {
    let escape = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    text.chars().map(escape).collect()
}

/// The digits that depend on nothing but these bytes, when `before` others stand before them.
fn base64_within(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |at: usize| {
        let byte = bytes.get((at / 8).wrapping_sub(before)).copied().unwrap_or_default();
        usize::from((byte >> (7 - at % 8)) & 1)
    };
    let digits = (before * 8).div_ceil(6)..(before + bytes.len()) * 8 / 6;
    let digit = |at: usize| (at * 6..at * 6 + 6).fold(0, |digit, at| digit * 2 + bit(at));
    digits.filter_map(|at| alphabet.get(digit(at)).copied()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn has(text: &str, shape: &[u8]) -> bool {
        shapes(text).iter().any(|known| known == shape)
    }

    #[test]
    fn a_name_is_known_in_both_scripts_and_without_its_marks() {
        for form in ["Žučna Džida", "ЖУЧНА ЏИДА", "жучна џида", "Жучна Џида", "zucna dzida", "ŽUČNA DŽIDA"]
        {
            assert!(has("Žučna Džida", form.as_bytes()), "{form}");
        }
    }

    #[test]
    fn shapes_are_those_of_other_programs() {
        // base64 of "xhello y" as others write it; the first and the last digits depend on the neighbours.
        assert!("eGhlbGxvIHk=".contains(std::str::from_utf8(&base64_within(b"hello", 1, STANDARD)).unwrap()));
        assert!("eHhoZWxsbyB5".contains(std::str::from_utf8(&base64_within(b"hello", 2, STANDARD)).unwrap()));
        assert_eq!(base64_within(b"hello!", 0, STANDARD), b"aGVsbG8h");
        assert_eq!(base64_within(&[0xfb, 0xff, 0xfe], 0, URL), b"-__-");
        for shape in ["%c4%87o", "%C4%87o", "%C4%87%6F", "\\u0107o", "c4876f", "C4876F", "196, 135, 111"] {
            assert!(has("ćo", shape.as_bytes()), "{shape}");
        }
        assert!(has("ćo", &[0x07, 0x01, 0x6f, 0x00]) && has("ćo", &[0x01, 0x07, 0x00, 0x6f]));
    }
}
