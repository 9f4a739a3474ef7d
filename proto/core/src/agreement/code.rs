//! Codes of the schema as words: `SERVICE_TYPE_SOCIAL_WORK` is written `social_work`.

use crate::wire::{
    Act, Channel, ClosureReason, DecisionOutcome, DecisionType, DeclineReason, LegalBasis, NotReachedReason, Outcome,
    PartialForm, PhoneAnswer, PurgeManner, Purpose, RevocationReason, ServiceType, TaskStatus, TimerKind, VisitOutcome,
    WarningCode,
};

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
    Channel = "CHANNEL_",
    ClosureReason = "CLOSURE_REASON_",
    DecisionOutcome = "DECISION_OUTCOME_",
    DecisionType = "DECISION_TYPE_",
    DeclineReason = "DECLINE_REASON_",
    LegalBasis = "LEGAL_BASIS_",
    NotReachedReason = "NOT_REACHED_REASON_",
    Outcome = "OUTCOME_",
    PartialForm = "PARTIAL_FORM_",
    PhoneAnswer = "PHONE_ANSWER_",
    PurgeManner = "PURGE_MANNER_",
    Purpose = "PURPOSE_",
    RevocationReason = "REVOCATION_REASON_",
    ServiceType = "SERVICE_TYPE_",
    TaskStatus = "TASK_STATUS_",
    TimerKind = "TIMER_KIND_",
    VisitOutcome = "VISIT_OUTCOME_",
    WarningCode = "WARNING_CODE_",
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
