//! The languages in which codes have labels, and the files that a translator edits.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use super::{Name, latin};

/// A language of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// In which every code has a label.
    #[default]
    English,
    /// Shqip.
    Albanian,
    /// Српски.
    Serbian,
    /// Srpski: made from the Cyrillic labels. [COD-6]
    SerbianLatin,
    /// Bosanski.
    Bosnian,
    /// Hrvatski.
    Croatian,
    /// Crnogorski.
    Montenegrin,
    /// Македонски.
    Macedonian,
    /// Romani čhib.
    Romani,
}

/// Labels by list and code.
pub(super) type Names = BTreeMap<(&'static str, &'static str), Name>;

impl Language {
    /// Every language.
    pub const ALL: [Self; 9] = [
        Self::English,
        Self::Albanian,
        Self::Serbian,
        Self::SerbianLatin,
        Self::Bosnian,
        Self::Croatian,
        Self::Montenegrin,
        Self::Macedonian,
        Self::Romani,
    ];

    /// Its tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Albanian => "sq",
            Self::Serbian => "sr-Cyrl",
            Self::SerbianLatin => "sr-Latn",
            Self::Bosnian => "bs",
            Self::Croatian => "hr",
            Self::Montenegrin => "cnr",
            Self::Macedonian => "mk",
            Self::Romani => "rom",
        }
    }

    /// The language that a tag asks for, or the name of a locale: `sr-Latn-ME`, `sr_RS.UTF-8@latin`, `cnr_ME`. [COD-5]
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let tag = tag.replace('_', "-").to_ascii_lowercase();
        let language = tag.split(['-', '.', '@']).next().unwrap_or_default();
        let latin = tag.contains("latn") || tag.contains("@latin");
        match language {
            // Montenegrin without a code of its own, as locales have it.
            "sr" if tag.starts_with("sr-me") || tag.starts_with("sr-latn-me") => Some(Self::Montenegrin),
            "sr" if latin => Some(Self::SerbianLatin),
            "sr" => Some(Self::Serbian),
            _ => Self::ALL.into_iter().find(|known| known.tag() == language),
        }
    }

    pub(super) fn names(self) -> &'static Names {
        static NAMES: LazyLock<BTreeMap<Language, Names>> =
            LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, language.read())).collect());
        static NONE: Names = BTreeMap::new();
        NAMES.get(&self).unwrap_or(&NONE)
    }

    const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../../specs/code-lists/en.tsv"),
            Self::Albanian => include_str!("../../../../specs/code-lists/sq.tsv"),
            Self::Serbian | Self::SerbianLatin => include_str!("../../../../specs/code-lists/sr-Cyrl.tsv"),
            Self::Bosnian => include_str!("../../../../specs/code-lists/bs.tsv"),
            Self::Croatian => include_str!("../../../../specs/code-lists/hr.tsv"),
            Self::Montenegrin => include_str!("../../../../specs/code-lists/cnr.tsv"),
            Self::Macedonian => include_str!("../../../../specs/code-lists/mk.tsv"),
            Self::Romani => include_str!("../../../../specs/code-lists/rom.tsv"),
        }
    }

    /// List, code and label; in other files than the English one the English label and a mark beside.
    fn read(self) -> Names {
        let rows = self.file().lines().filter(|line| !line.starts_with('#'));
        let names = rows.filter_map(|row| {
            let columns: Vec<&'static str> = row.split('\t').collect();
            let (text, confirmed) = match *columns.as_slice() {
                [_, _, english] => (english, true),
                [_, _, _, text, mark] => (text, mark == "confirmed"),
                _ => return None,
            };
            let text = if self == Self::SerbianLatin { latin::of(text).leak() } else { text };
            // What is made by rule is as confirmed as what it is made from.
            let place = (*columns.first()?, *columns.get(1)?);
            (!text.is_empty()).then_some((place, Name { text, confirmed }))
        });
        names.collect()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [COD-5]
    #[test]
    fn tags_and_locales_ask_for_a_language() {
        for (tag, language) in [
            ("sq_AL.UTF-8", Some(Language::Albanian)),
            ("sr", Some(Language::Serbian)),
            ("sr_RS.UTF-8", Some(Language::Serbian)),
            ("sr_RS@latin", Some(Language::SerbianLatin)),
            ("sr-Latn", Some(Language::SerbianLatin)),
            ("sr-Latn-ME", Some(Language::Montenegrin)),
            ("sr_ME", Some(Language::Montenegrin)),
            ("cnr", Some(Language::Montenegrin)),
            ("bs_BA", Some(Language::Bosnian)),
            ("hr", Some(Language::Croatian)),
            ("MK", Some(Language::Macedonian)),
            ("rom_MK", Some(Language::Romani)),
            ("en_GB.UTF-8", Some(Language::English)),
            ("C", None),
            ("", None),
            ("de_DE", None),
        ] {
            assert_eq!(Language::of(tag), language, "{tag}");
        }
    }
}
