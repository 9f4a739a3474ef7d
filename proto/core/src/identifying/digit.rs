//! Digits of every script, and digits that are written as words.

use unicode_normalization::UnicodeNormalization;

/// The zero of each script whose digits are not compatible with ours. [NST-3]
const ZEROS: [u32; 35] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
];

/// Words for the digits from 0 to 9, folded: Albanian, Bosnian, Croatian, Montenegrin, Serbian, Macedonian, Romani, English.
const WORDS: [&[&str]; 10] = [
    &["nula", "nulla", "zero", "nulë", "nule", "oh"],
    &["jedan", "jedna", "jedno", "eden", "edna", "edno", "nje", "jekh", "jek", "ek", "one"],
    &["dva", "dvije", "dve", "dy", "duj", "two"],
    &["tri", "tre", "trin", "three"],
    &["cetiri", "kater", "star", "four"],
    &["pet", "pese", "panc", "pandz", "five"],
    &["sest", "gjashte", "sov", "six"],
    &["sedam", "sedum", "shtate", "efta", "seven"],
    &["osam", "osum", "tete", "oxto", "ohto", "eight"],
    &["devet", "nente", "nende", "enja", "nine"],
];

/// Words for tens and hundreds, by how they begin: people read numbers in pairs.
const TENS: [&str; 9] =
    ["deset", "jedanaest", "dvanaest", "dvadeset", "trideset", "cetrdeset", "pedeset", "sezdeset", "sto"];

/// The digit that a character is, in whatever script. [NST-3]
pub(super) fn value(character: char) -> Option<char> {
    if character.is_ascii_digit() {
        return Some(character);
    }
    let code = u32::from(character);
    let native = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero);
    let mut compatible = std::iter::once(character).nfkd();
    let digit = compatible.next().filter(char::is_ascii_digit);
    native.and_then(|value| char::from_digit(value, 10)).or_else(|| digit.filter(|_| compatible.next().is_none()))
}

/// How many digits a folded word stands for, if it is one for a number. [NST-3]
pub(super) fn spoken(word: &str) -> Option<usize> {
    if WORDS.iter().any(|words| words.contains(&word)) {
        return Some(1);
    }
    TENS.contains(&word).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [NST-3]
    #[test]
    fn a_digit_of_every_script_is_one() {
        for seven in ['7', '٧', '۷', '७', '７', '⁷', '𝟕', '⑦', '໗'] {
            assert_eq!(value(seven), Some('7'), "{seven}");
        }
        for other in ['a', 'Ⅶ', '½', '⑩', '-', 'o'] {
            assert_eq!(value(other), None, "{other}");
        }
    }
}
