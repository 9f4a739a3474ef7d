//! Names that people take for one another, and that are not the same.
//!
//! Guarantees that two names which differ only in letters of another script, in capitals, in spaces, in hyphens, in what
//! shows nothing, or in a digit that stands for a letter, are found. Leaves to people which of the two is meant: both may
//! be right. The letters are those of Unicode's confusables (UTS 39), and the capitals and digits of `READ_AS`, which that
//! table tells apart.

use unicode_security::confusable_detection::skeleton;

/// Letters of another script, and digits, that people read as a Latin letter.
const READ_AS: [(&str, char); 24] = [
    ("АаΑ", 'a'),
    ("ВΒ", 'b'),
    ("Сс", 'c'),
    ("ԁ", 'd'),
    ("ЕеΕ", 'e'),
    ("Ԍ", 'g'),
    ("НΗ", 'h'),
    ("Іі1lΙ|", 'i'),
    ("Јј", 'j'),
    ("КкΚκ", 'k'),
    ("МмΜ", 'm'),
    ("Ν", 'n'),
    ("Оо0Οο", 'o'),
    ("РрΡρ", 'p'),
    ("Ԛ", 'q'),
    ("г", 'r'),
    ("Ѕѕ", 's'),
    ("ТтΤ", 't'),
    ("Ս", 'u'),
    ("ѵ", 'v'),
    ("Ԝ", 'w'),
    ("ХхΧ", 'x'),
    ("УуΥ", 'y'),
    ("Ζ", 'z'),
];

/// What the confusables make of every stroke that joins words.
const HYPHENS: [char; 4] = ['-', '\u{2010}', '\u{2212}', 'ー'];

/// Whether two names are not the same and look so. [AGR-54] [CLI-90]
#[must_use]
pub fn look_alike(one: &str, other: &str) -> bool {
    one != other && as_read(one) == as_read(other)
}

/// Whether a character shows nothing, or passes for a space that it is not: a name with it looks like one without it.
#[must_use]
pub const fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A name as an eye takes it: once as it is written, and once in small letters, as a capital can look like another letter
/// than its small one does.
fn as_read(name: &str) -> String {
    let shown = |letter: &char| !letter.is_whitespace() && !is_unseen(*letter);
    let name: String = name.chars().filter(shown).collect();
    let letters: String = skeleton(&name).filter(|letter| !HYPHENS.contains(letter)).collect();
    letters.chars().flat_map(|letter| read(letter).to_lowercase()).map(read).collect()
}

fn read(letter: char) -> char {
    READ_AS.iter().find(|(letters, _)| letters.contains(letter)).map_or(letter, |(_, latin)| *latin)
}

#[cfg(test)]
mod tests {
    use super::look_alike;

    #[test]
    fn letters_of_another_script_are_taken_for_latin_ones() {
        for (one, other) in [
            ("Shelter B", "Shelter В"),
            ("Shelter B", "shelter b"),
            ("Shelter 1", "Shelter l"),
            ("SOS Centar", "SОS Cеntar"),
            ("Kuća  Nada", "Kuća Nada"),
            ("Kuća Nada", "Kuća\u{ad} Na\u{200b}da"),
            ("Kuća Nada", "Kuća\u{a0}Nada"),
            ("Đurđa", "Ðurđa"),
            ("Sigurna kuća", "Sıgurna kuća"),
            ("Dom-Nada", "Dom–Nada"),
            ("Dom Nada", "Dom‐Nada"),
            ("Shelter A", "Shelter 𝐀"),
            ("Shelter A", "Ꮪhelter A"),
        ] {
            assert!(look_alike(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("Shelter A", "Shelter A"),
            ("Shelter A", "Shelter B"),
            ("Кућа", "Kuća"),
            ("Дом", "Том"),
            ("", "A"),
            ("Kuća", "Kuca"),
            ("Djurdja", "Đurđa"),
            ("Shelter 2", "Shelter 3"),
        ] {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }
}
