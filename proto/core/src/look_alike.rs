//! Names that people take for one another, and that are not the same.
//!
//! Guarantees that two names which differ only in letters of another script, in capitals, in spaces, or in a digit that
//! stands for a letter, are found. Leaves to people which of the two is meant: both may be right.

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

/// Whether two names are not the same and look so. [AGR-54] [CLI-90]
#[must_use]
pub fn look_alike(one: &str, other: &str) -> bool {
    one != other && as_read(one) == as_read(other)
}

/// A name as an eye takes it.
fn as_read(name: &str) -> String {
    let letters = name.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    letters.flat_map(|letter| read(letter).to_lowercase()).collect()
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
        ] {
            assert!(look_alike(one, other), "{one} {other}");
        }
        for (one, other) in
            [("Shelter A", "Shelter A"), ("Shelter A", "Shelter B"), ("Кућа", "Kuća"), ("Дом", "Том"), ("", "A")]
        {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }
}
