//! Codes of the schema as words: `SERVICE_TYPE_SOCIAL_WORK` is written `social_work`.

use crate::wire::{Act, DecisionType, LegalBasis, ServiceType, TimerKind};

/// A code of the schema that people write as a word.
pub trait Code: Copy + Default + PartialEq + TryFrom<i32> {
    /// What its names in the schema begin with.
    const PREFIX: &'static str;

    /// Its name in the schema.
    fn schema_name(self) -> &'static str;

    /// From its word; none for the unspecified code and for other words.
    #[must_use]
    fn from_word(word: &str) -> Option<Self> {
        Self::every().find(|code| name_of(*code) == word)
    }

    /// Every code but the unspecified one.
    fn every() -> impl Iterator<Item = Self> {
        (1..i32::from(u8::MAX)).map_while(|number| Self::try_from(number).ok())
    }
}

/// The word of a code.
#[must_use]
pub fn name_of<C: Code>(code: C) -> String {
    let name = code.schema_name();
    name.strip_prefix(C::PREFIX).unwrap_or(name).to_ascii_lowercase()
}

macro_rules! codes {
    ($($code:ty = $prefix:literal,)*) => {
        $(impl Code for $code {
            const PREFIX: &'static str = $prefix;

            fn schema_name(self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

codes! {
    Act = "ACT_",
    DecisionType = "DECISION_TYPE_",
    LegalBasis = "LEGAL_BASIS_",
    ServiceType = "SERVICE_TYPE_",
    TimerKind = "TIMER_KIND_",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_both_ways() {
        assert_eq!(name_of(ServiceType::SocialWork), "social_work");
        assert_eq!(ServiceType::from_word("social_work"), Some(ServiceType::SocialWork));
        assert_eq!(ServiceType::every().count(), 14);
        assert_eq!(LegalBasis::every().count(), 7);
    }

    #[test]
    fn the_unspecified_code_has_no_word() {
        assert_eq!(Act::from_word("unspecified"), None);
        assert_eq!(Act::from_word("Referral"), None);
    }
}
