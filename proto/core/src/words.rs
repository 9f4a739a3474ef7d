//! The words of a value, as a search compares them: folded, whole, and by their beginnings.
//!
//! Guarantees that what a person types in either script, with or without marks, in whatever case, gives the words under
//! which the same name was kept; and that a node and the programs that ask it make the same words. Leaves to others the
//! key under which a word becomes a digest: a word itself is never kept.

mod sound;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

use crate::{
    catalogue::{Field, Label, ValueType},
    sensitive::Sensitive,
};

pub use sound::sounded;

/// The shortest beginning. [CAS-63]
const SHORTEST: usize = 3;
/// The longest beginning; a longer word is found by that, or whole.
const LONGEST: usize = 10;
/// How many digits at its end find a number.
const NUMBER: usize = 8;
/// The longest word, in characters; what is longer is cut, in a value and in a question alike.
const CUT: usize = 64;

/// Words, each once, that are kept as digests only.
#[derive(Default)]
pub struct Words(Vec<Zeroizing<String>>);

impl Words {
    /// Each of them. Read to be made into digests.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|word| word.as_str())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Extend<Zeroizing<String>> for Words {
    fn extend<I: IntoIterator<Item = Zeroizing<String>>>(&mut self, words: I) {
        self.0.extend(words);
        self.0.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        self.0.dedup();
    }
}

impl FromIterator<Zeroizing<String>> for Words {
    fn from_iter<I: IntoIterator<Item = Zeroizing<String>>>(words: I) -> Self {
        let mut all = Self::default();
        all.extend(words);
        all
    }
}

/// A text without case, marks and script: Cyrillic becomes Latin, everything that is no letter or digit a space. [CAS-62]
#[must_use]
pub fn folded(text: &Sensitive<String>) -> Sensitive<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.expose().len()));
    // Read to be made into another sensitive text.
    for character in text.expose().nfkd().filter(|c| !is_combining_mark(*c)) {
        for small in character.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)) {
            match latin(small) {
                Some(letters) => plain.push_str(letters),
                None if small.is_alphanumeric() => plain.push(small),
                // An apostrophe inside of a name is no end of a word.
                None if matches!(small, '\'' | '’') => {}
                None => plain.push(' '),
            }
        }
    }
    // One sound, which people write in three ways.
    Sensitive::new(plain.replace("dj", "d"))
}

/// Whether the values of a label can be found by their words.
#[must_use]
pub fn is_searched(label: Label) -> bool {
    let kept = matches!(
        label.value_type(),
        ValueType::Name
            | ValueType::Names
            | ValueType::Text { .. }
            | ValueType::Telephone
            | ValueType::Reference
            | ValueType::Date
    );
    kept && !label.is_of_basis() && !label.is_reply()
}

/// The words and beginnings by which a value is found; none for a label that is not searched. [CAS-63]
#[must_use]
pub fn of_field(field: &Field) -> Words {
    match field.label().value_type() {
        _ if !is_searched(field.label()) => Words::default(),
        ValueType::Telephone | ValueType::Date => of_number(&digits(field.value())),
        _ => of_text(field.value()),
    }
}

/// The words and beginnings by which a text is found that is no field, such as an own file number. [CAS-63]
#[must_use]
pub fn of_text(text: &Sensitive<String>) -> Words {
    let mut words = of_number(&digits(text));
    let plain = folded(text);
    // Cut into words that are kept as digests only.
    words.extend(plain.expose().split_whitespace().flat_map(beginnings));
    words
}

/// The words of a question: a value answers it if it has all of them. [CAS-64]
#[must_use]
pub fn of_question(text: &Sensitive<String>) -> Words {
    let plain = folded(text);
    // Read to see whether it is a number.
    let is_number = !plain.expose().chars().any(char::is_alphabetic);
    if is_number {
        let digits = digits(text);
        let from = digits.len().saturating_sub(NUMBER);
        let end = digits.get(from..).unwrap_or_default();
        return if end.is_empty() { Words::default() } else { Words::from_iter([Zeroizing::new(end.to_owned())]) };
    }
    // Cut into words that leave here as digests only.
    plain.expose().split_whitespace().map(asked).collect()
}

/// A word as it is asked for: what is longer than a beginning is asked for whole.
fn asked(word: &str) -> Zeroizing<String> {
    Zeroizing::new(word.chars().take(CUT).collect())
}

fn beginnings(word: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let whole = asked(word);
    let length = word.chars().count();
    let parts = (SHORTEST..=LONGEST.min(length)).map(|n| Zeroizing::new(word.chars().take(n).collect::<String>()));
    parts.chain([whole]).collect::<Vec<_>>().into_iter()
}

/// A number is found by all its digits, by its last eight, and by the beginnings of both.
fn of_number(digits: &str) -> Words {
    if digits.is_empty() {
        return Words::default();
    }
    let from = digits.len().saturating_sub(NUMBER);
    beginnings(digits).chain(beginnings(digits.get(from..).unwrap_or_default())).collect()
}

fn digits(text: &Sensitive<String>) -> Zeroizing<String> {
    // Read to be made into a word.
    Zeroizing::new(text.expose().nfkd().filter(char::is_ascii_digit).collect())
}

/// Small letters, without marks, that another letter or two stand for. // [CAS-62]
const fn latin(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'ђ' | 'đ' | 'ð' => "d",
        'е' | 'є' | 'э' | 'ə' => "e",
        'ж' => "z",
        'з' => "z",
        'ѕ' | 'џ' => "dz",
        'и' | 'і' | 'ы' | 'ı' => "i",
        'ј' => "j",
        'к' => "k",
        'л' | 'ł' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' => "n",
        'њ' => "nj",
        'о' | 'ø' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'ћ' | 'ч' | 'ц' => "c",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'ш' | 'щ' => "s",
        'ъ' | 'ь' => "",
        'ю' => "ju",
        'я' => "ja",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Sensitive<String> {
        Sensitive::new(text.to_owned())
    }

    fn finds(question: &str, words: &Words) -> bool {
        let asked = of_question(&text(question));
        !asked.is_empty() && asked.iter().all(|word| words.iter().any(|kept| kept == word))
    }

    /// [CAS-62]
    #[test]
    fn one_name_in_two_scripts_folds_to_one() {
        for [one, other] in [
            ["Милица Ђурђевић", "milica djurdjević"],
            ["ĐORĐE", "Dorde"],
            ["Њежић Љубица", "NJEŽIĆ ljubica"],
            ["Џемал", "džemal"],
            ["Ѓорѓи Ќосев", "gorgi kosev"],
            ["D’Arc", "darc"],
            ["Gëzim Çela", "gezim cela"],
            ["İpek Işık", "ipek isik"],
            ["e\u{301}va", "Éva"],
        ] {
            assert_eq!(folded(&text(one)).expose(), folded(&text(other)).expose(), "{one}");
        }
        assert_ne!(folded(&text("Ana")).expose(), folded(&text("Anja")).expose());
    }

    /// [CAS-63] [CAS-64]
    #[test]
    fn a_name_is_found_by_its_words_and_by_their_beginnings() {
        let field = Field::new(Label::Name, text("Милица Измишљеновић")).unwrap();
        let words = of_field(&field);
        for question in ["Milica", "milica izmisljenovic", "mil", "Измиш", "izm mili", "IZMIŠLJENOVIĆ"] {
            assert!(finds(question, &words), "{question}");
        }
        for question in ["mi", "ilica", "milicaa", "milica petrovic", "", " ", "izmisljenov x"] {
            assert!(!finds(question, &words), "{question}");
        }
        // Longer than the longest beginning, and not the whole word.
        assert!(!finds("izmisljenovi", &words));
    }

    /// [CAS-63] [CAS-64]
    #[test]
    fn a_number_is_found_however_it_is_written() {
        let telephone = of_field(&Field::new(Label::SafeContactTelephone, text("+38269123456")).unwrap());
        for question in ["+382 69 123 456", "069 123-456", "069123456", "69123456", "382 69"] {
            assert!(finds(question, &telephone), "{question}");
        }
        assert!(!finds("123456", &telephone) && !finds("069 123 457", &telephone));
        let day = of_field(&Field::new(Label::DateOfBirth, text("1990-04-21")).unwrap());
        assert!(finds("1990-04-21", &day) && finds("1990", &day) && !finds("04-21", &day));
        let file = of_text(&text("JA-123/2026"));
        assert!(finds("ja-123/2026", &file) && finds("123/2026", &file) && finds("2026", &file));
    }

    /// [CAS-63]
    #[test]
    fn codes_and_what_stands_beside_the_case_are_no_words() {
        for (label, value) in [(Label::RiskLevel, "high"), (Label::ConsentPurpose, "A bed"), (Label::Children, "2")] {
            assert!(of_field(&Field::new(label, text(value)).unwrap()).is_empty(), "{label}");
        }
    }

    #[test]
    fn no_text_is_too_long_or_too_odd() {
        for odd in ["\u{1f600}", "ﬁ ﷺ", &"ж".repeat(10_000), &"1".repeat(10_000), "\u{0}"] {
            assert!(of_text(&text(odd)).len() <= 64);
            assert!(of_question(&text(odd)).len() <= 8);
        }
    }
}
