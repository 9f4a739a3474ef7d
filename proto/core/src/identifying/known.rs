//! What the record of her case says that must not stand in words: names, where she lives, numbers.

use std::{collections::BTreeMap, sync::LazyLock};

use zeroize::Zeroizing;

use super::{
    Finding, Kind,
    inflection::is_form,
    token::{Token, Tokens},
};
use crate::{
    catalogue::{Field, Label},
    sensitive::Sensitive,
    words,
};

/// Words of everyday language that are a name too, one a line, folded.
const COMMON: &str = include_str!("../../../../specs/common-words.txt");
/// The shortest word of a name that is looked for in its forms.
const SHORTEST: usize = 3;
/// Titles and kinships that stand beside a name.
const TITLES: &[&str] = &[
    "dr", "mr", "mrs", "ms", "prof", "g", "gdja", "gda", "gospodja", "gospoda", "gospodin", "zonja", "zoti", "znj",
    "baba", "tetka", "ujak", "sin", "nana", "hasta", "bin", "von",
];
/// The last digits by which a number is known.
const NUMBER: usize = 6;

/// What the record says.
#[derive(Default)]
pub struct Known {
    names: Vec<Zeroizing<String>>,
    places: Vec<Zeroizing<String>>,
    numbers: Vec<(Kind, Zeroizing<String>)>,
}

impl Known {
    /// From the fields of a record, and of what is being said. [NST-8]
    #[must_use]
    pub fn new<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Self {
        let mut known = Self::default();
        fields.into_iter().for_each(|field| known.add(field));
        known
    }

    fn add(&mut self, field: &Field) {
        // Read to be cut into words that are compared and forgotten.
        let value = field.value().expose();
        match field.label() {
            Label::Name
            | Label::ChildrenNames
            | Label::ChildCollectors
            | Label::GuardianName
            | Label::PerpetratorName
            | Label::ExcludedPersons
            | Label::ReporterName
            | Label::SafeContactCodeWord => self.names.extend(value.split(';').flat_map(words_of_name)),
            Label::HomeAddress | Label::CurrentLocation => self.places.extend(words_of_place(value)),
            label @ (Label::SafeContactTelephone | Label::IdentityNumber) => {
                let kind = if label == Label::IdentityNumber { Kind::IdNumber } else { Kind::Telephone };
                let digits: String = value.chars().filter(char::is_ascii_digit).collect();
                let from = digits.len().saturating_sub(NUMBER);
                let end = digits.get(from..).unwrap_or_default();
                self.numbers.extend((end.len() == NUMBER).then(|| (kind, Zeroizing::new(end.to_owned()))));
            }
            _ => {}
        }
    }

    /// Whether digits end as a number of the record does.
    pub(super) fn has_number(&self, digits: &str) -> bool {
        self.number(digits).is_some()
    }

    /// As which one; as the telephone number, where both end so. [NST-13]
    pub(super) fn number(&self, digits: &str) -> Option<Kind> {
        self.numbers.iter().filter(|(_, number)| digits.ends_with(number.as_str())).map(|(kind, _)| *kind).min()
    }

    /// Finds its names and places. [NST-8]
    pub(super) fn find(&self, tokens: &mut Tokens) -> Vec<Finding> {
        let mut findings = Vec::new();
        for at in 0..tokens.len() {
            let Some((last, sound)) = word(tokens, at) else { continue };
            let Some(token) = tokens.get(at) else { continue };
            let begins = tokens.before(at).is_none_or(|before| before.is_sign(".!?:"));
            let kind = if self.names.iter().any(|name| names(name, token, &sound, begins)) {
                Kind::Name
            } else if token.capital && self.places.iter().any(|place| is_form(place, &sound)) {
                Kind::Address
            } else {
                continue;
            };
            findings.extend(tokens.found(kind, at, last));
        }
        findings
    }
}

/// A word, or letters that stand apart: `M i l a`, `M.I.L.A.`
fn word(tokens: &Tokens, at: usize) -> Option<(usize, Zeroizing<String>)> {
    let token = tokens.get(at).filter(|token| token.is_word() && !token.done)?;
    if token.length() > 1 {
        return Some((at, token.sound.clone()));
    }
    let (mut last, mut next, mut joined) = (at, at, Zeroizing::new(String::new()));
    while let Some(token) = tokens.get(next).filter(|token| token.length() == 1) {
        if token.is_word() {
            joined.push_str(&token.sound);
            last = next;
        } else if !token.is_sign(".-_*") {
            break;
        }
        next += 1;
    }
    (joined.chars().count() > SHORTEST).then_some((last, joined))
}

/// Whether a word is a form of a name. One that means something else too counts with a capital only. [NST-10]
fn names(name: &str, token: &Token, sound: &str, begins: bool) -> bool {
    let common = || commonness(sound).max(commonness(name));
    let short = name.chars().count() <= SHORTEST;
    let everyday = begins && commonness(sound) == Common::First;
    is_form(name, sound) && !everyday && (token.capital || !(short || common() > Common::Not))
}

/// How much a word of everyday language is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    Not,
    /// With a capital it may be a name.
    Small,
    /// So often that it is no name where a sentence begins with it.
    First,
}

fn commonness(sound: &str) -> Common {
    static WORDS: LazyLock<BTreeMap<String, Common>> = LazyLock::new(|| {
        let lines = COMMON.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(|line| {
            let (word, common) = line.strip_suffix('*').map_or((line, Common::Small), |word| (word, Common::First));
            let sounded = words::sounded(&Sensitive::new(word.to_owned()));
            sounded.into_iter().map(move |word| (word.as_str().to_owned(), common))
        });
        words.collect()
    });
    WORDS.get(sound).copied().unwrap_or(Common::Not)
}

/// The words of a name: those with a capital, if any has one.
fn words_of_name(name: &str) -> Vec<Zeroizing<String>> {
    let any = name.chars().any(char::is_uppercase);
    let parts = name.split([' ', '-', '.']).filter(|part| !any || part.starts_with(char::is_uppercase));
    let folded = parts.flat_map(|part| words::sounded(&Sensitive::new(part.to_owned())));
    folded.filter(|word| word.chars().count() > 1 && !TITLES.contains(&word.as_str())).collect()
}

/// The words of an address up to its number: a town after it is where many people live.
fn words_of_place(place: &str) -> Vec<Zeroizing<String>> {
    let street = place.split(|c: char| c.is_ascii_digit() || c == ',').next().unwrap_or_default();
    let named = street.split_whitespace().filter(|word| word.starts_with(char::is_uppercase));
    let sounded = named.flat_map(|word| words::sounded(&Sensitive::new(word.to_owned())));
    sounded
        .filter(|word| word.chars().count() > SHORTEST && !word.starts_with("ulic") && !word.starts_with("rug"))
        .collect()
}
