//! The closed lists of codes, and what a code is called in the languages of the region.
//!
//! Guarantees that every code which the protocol or its readings can have stands in a list with a version, and that a label
//! which no native speaker has confirmed never stands without the English one. Leaves to whoever shows it which language.
//! specs/code-lists is this as data: the lists themselves follow from the code, their labels from the files.

mod codes;
mod language;
mod latin;

use std::{collections::BTreeMap, sync::LazyLock};

pub use language::Language;

/// A list of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    /// Its name: that of the enum in small letters, of the label whose values they are, or `label`, `kind`, `headline`, `stage`.
    pub name: String,
    /// Rises whenever its codes change.
    pub version: u32,
    /// Its codes, in the order of the schema or the catalogue.
    pub codes: Vec<String>,
}

/// What a code is called in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The words.
    pub text: &'static str,
    /// Whether a native speaker confirmed them.
    pub confirmed: bool,
}

const VERSIONS: &str = include_str!("../../../../specs/code-lists/versions.tsv");

/// Every list. [COD-1]
#[must_use]
pub fn lists() -> &'static [CodeList] {
    static LISTS: LazyLock<Vec<CodeList>> = LazyLock::new(|| {
        let versions = versions();
        let version = |name: &str| versions.get(name).copied().unwrap_or(0);
        codes::all().into_iter().map(|(name, codes)| CodeList { version: version(&name), name, codes }).collect()
    });
    &LISTS
}

/// What a code is called; none if that language has no word for it yet, or there is no such code. [COD-3]
#[must_use]
pub fn name(list: &str, code: &str, language: Language) -> Option<Name> {
    language.names().get(&(list, code)).copied()
}

/// A code as it is shown: never an unconfirmed word without its mark and the English one, and never English as if it were
/// another language. [COD-4]
#[must_use]
pub fn shown(list: &str, code: &str, language: Language) -> String {
    let english =
        name(list, code, Language::English).map_or_else(|| code.replace('_', " "), |name| name.text.to_owned());
    if language == Language::English {
        return english;
    }
    match name(list, code, language) {
        None => format!("{english} [en]"),
        Some(Name { text, confirmed: true }) => text.to_owned(),
        Some(Name { text, .. }) if text == english => format!("{text}*"),
        Some(Name { text, .. }) => format!("{text}* ({english})"),
    }
}

/// The newest version of each list.
fn versions() -> BTreeMap<&'static str, u32> {
    let rows = VERSIONS.lines().filter(|line| !line.starts_with('#'));
    let read = rows.filter_map(|row| {
        let mut columns = row.split('\t');
        Some((columns.next()?, columns.next()?.parse().ok()?))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [COD-4]
    #[test]
    fn a_word_that_nobody_confirmed_stands_beside_the_english_one() {
        assert_eq!(shown("decline_reason", "no_place", Language::English), "no place");
        for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
            for list in lists() {
                for code in &list.codes {
                    let english = shown(&list.name, code, Language::English);
                    let shown = shown(&list.name, code, language);
                    let confirmed = name(&list.name, code, language).is_some_and(|name| name.confirmed);
                    let beside = [format!("* ({english})"), format!("{english} [en]"), format!("{english}*")];
                    let marked = beside.iter().any(|end| shown.ends_with(end));
                    assert!(confirmed || marked, "{} {code}: {shown}", list.name);
                }
            }
        }
        assert_eq!(shown("decline_reason", "no_place", Language::SerbianLatin), "nema mesta* (no place)");
        assert_eq!(shown("decline_reason", "a_later_code", Language::Albanian), "a later code [en]");
    }
}
