//! The words of a text as they sound: what several alphabets write in several ways is one.
//!
//! Guarantees one writing for one sound, whatever script, marks and spelling somebody used. Leaves to others what is
//! compared with it: names of colleagues that she excluded, names of her record in a text.

use zeroize::Zeroizing;

use super::folded;
use crate::sensitive::Sensitive;

/// How one sound is written in several ways, and as what it is compared.
const SOUNDS: [(&str, &str); 11] = [
    ("xh", "dz"),
    ("gj", "d"),
    ("kj", "c"),
    ("ch", "c"),
    ("sh", "s"),
    ("zh", "z"),
    ("th", "t"),
    ("dh", "d"),
    ("q", "c"),
    ("w", "v"),
    ("y", "i"),
];
/// Macedonian letters that fold to another sound than the one that neighbours write with a letter of their own: in Latin.
const MACEDONIAN: [(&str, &str); 8] = [
    ("ѓ", "gj"),
    ("Ѓ", "gj"),
    ("ќ", "kj"),
    ("Ќ", "kj"),
    ("г\u{301}", "gj"),
    ("Г\u{301}", "gj"),
    ("к\u{301}", "kj"),
    ("К\u{301}", "kj"),
];

/// The words of a text, folded, in the writing of one sound, a doubled letter once. [CAS-31]
#[must_use]
pub fn sounded(text: &Sensitive<String>) -> Vec<Zeroizing<String>> {
    let mut letters = Zeroizing::new(text.expose().clone());
    for (written, latin) in MACEDONIAN {
        letters = Zeroizing::new(letters.replace(written, latin));
    }
    let plain = folded(&Sensitive::new(std::mem::take(&mut *letters)));
    // Read to be cut into words that are compared and forgotten.
    plain.expose().split_whitespace().map(as_it_sounds).collect()
}

fn as_it_sounds(word: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(word.to_owned());
    for (written, sound) in SOUNDS {
        plain = Zeroizing::new(plain.replace(written, sound));
    }
    let mut last = None;
    // A doubled letter is one.
    plain.retain(|letter| last.replace(letter) != Some(letter));
    plain
}
