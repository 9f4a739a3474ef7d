//! Codes of regions, languages and scripts: which exist.
//!
//! Guarantees that a code counts for every reader if it stands in the files of `specs/code-lists`, and for none otherwise.
//! Leaves to whoever shows them what they are called. The files and not a library decide, because what is a value is part
//! of the protocol: two nodes with two versions of a library would strip each other's fields. [COD-7]

use std::{collections::BTreeSet, sync::LazyLock};

const REGIONS: &str = include_str!("../../../../specs/code-lists/regions.txt");
const LANGUAGES: &str = include_str!("../../../../specs/code-lists/languages.txt");
const SCRIPTS: &str = include_str!("../../../../specs/code-lists/scripts.txt");

type Codes = LazyLock<BTreeSet<&'static str>>;

/// Whether there is such a region: `XK`.
pub(super) fn is_region(code: &str) -> bool {
    static CODES: Codes = LazyLock::new(|| read(REGIONS));
    CODES.contains(code)
}

/// Whether there is such a language: `sq`, `cnr`.
pub(super) fn is_language(code: &str) -> bool {
    static CODES: Codes = LazyLock::new(|| read(LANGUAGES));
    CODES.contains(code)
}

/// Whether there is such a script: `Latn`.
pub(super) fn is_script(code: &str) -> bool {
    static CODES: Codes = LazyLock::new(|| read(SCRIPTS));
    CODES.contains(code)
}

fn read(file: &'static str) -> BTreeSet<&'static str> {
    file.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [COD-7]
    #[test]
    fn what_people_here_are_and_speak_is_there_once_and_in_order() {
        for (file, length) in [(REGIONS, 257), (LANGUAGES, 7063), (SCRIPTS, 173)] {
            assert!(file.starts_with("# Version 1. "), "a file whose codes change says another version");
            let codes: Vec<_> = file.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace).collect();
            assert!(codes.is_sorted_by(|one, next| one < next || one.len() != next.len()));
            assert_eq!((codes.len(), read(file).len()), (length, length));
        }
        for language in ["sq", "sr", "bs", "hr", "cnr", "mk", "rom", "rmn", "tr", "fa", "prs", "ps", "uk", "kmr", "ysl"]
        {
            assert!(is_language(language), "{language}");
        }
        for region in ["AL", "BA", "HR", "ME", "MK", "RS", "XK"] {
            assert!(is_region(region), "{region}");
        }
        assert!(is_script("Latn") && is_script("Cyrl") && is_script("Arab"));
        assert!(
            !is_language("srp") && !is_language("qq") && !is_region("ZZ") && !is_region("EU") && !is_script("Zzzz")
        );
    }
}
