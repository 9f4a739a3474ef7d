//! Codes of the schema as words: `SERVICE_TYPE_SOCIAL_WORK` is written `social_work`.

use crate::wire::{
    AccessKind, AccessReason, AccessStanding, Act, ApprovalKind, ApprovalReason, ApprovalStatus, Beside, CaseMarkKind,
    ChangeKind, Channel, CheckLevel, Choice, ClosureReason, ContactChannel, ContactFit, DecisionOutcome, DecisionType,
    DeclineReason, DisclosureScope, DutyChannel, ErasureReason, ExclusionGround, ExclusionRuling, FollowState,
    HoldReason, HoldState, LegalBasis, NotReachedReason, NoticeKind, Outcome, Overbooking, OverrideKind, PartialForm,
    PeerState, PhoneAnswer, PurgeManner, Purpose, RetentionPart, RetentionState, ReviewOutcome, ReviewReason,
    RevocationReason, Role, Scope, ServiceType, TaskStatus, TimerKind, UnusualRule, VisitOutcome, WarningCode,
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

/// The name of the list in which a code stands: `service_type`. [COD-1]
#[must_use]
pub fn list_of<C: Code>() -> String {
    C::PREFIX.trim_end_matches('_').to_ascii_lowercase()
}

macro_rules! codes {
    ($($code:ty = $prefix:literal,)*) => {
        $(impl Code for $code {
            const PREFIX: &'static str = $prefix;

            fn schema_name(self) -> &'static str {
                self.as_str_name()
            }
        })*

        /// Every list of them: its name, and its words. [COD-1]
        pub(crate) fn code_lists() -> Vec<(String, Vec<String>)> {
            vec![$((list_of::<$code>(), <$code>::every().map(name_of).collect()),)*]
        }
    };
}

// What is signed comes first, what only a node and its people say to each other after it.
codes! {
    Act = "ACT_",
    ServiceType = "SERVICE_TYPE_",
    LegalBasis = "LEGAL_BASIS_",
    WarningCode = "WARNING_CODE_",
    Channel = "CHANNEL_",
    PhoneAnswer = "PHONE_ANSWER_",
    DecisionType = "DECISION_TYPE_",
    DecisionOutcome = "DECISION_OUTCOME_",
    RevocationReason = "REVOCATION_REASON_",
    ClosureReason = "CLOSURE_REASON_",
    PartialForm = "PARTIAL_FORM_",
    DeclineReason = "DECLINE_REASON_",
    NotReachedReason = "NOT_REACHED_REASON_",
    Outcome = "OUTCOME_",
    PurgeManner = "PURGE_MANNER_",
    Purpose = "PURPOSE_",
    TimerKind = "TIMER_KIND_",
    TaskStatus = "TASK_STATUS_",
    VisitOutcome = "VISIT_OUTCOME_",
    ErasureReason = "ERASURE_REASON_",
    Role = "ROLE_",
    Scope = "SCOPE_",
    DisclosureScope = "DISCLOSURE_SCOPE_",
    DutyChannel = "DUTY_CHANNEL_",
    PeerState = "PEER_STATE_",
    CheckLevel = "CHECK_LEVEL_",
    FollowState = "FOLLOW_STATE_",
    NoticeKind = "NOTICE_KIND_",
    ExclusionGround = "EXCLUSION_GROUND_",
    ExclusionRuling = "EXCLUSION_RULING_",
    ApprovalKind = "APPROVAL_KIND_",
    ApprovalStatus = "APPROVAL_STATUS_",
    ApprovalReason = "APPROVAL_REASON_",
    AccessKind = "ACCESS_KIND_",
    AccessReason = "ACCESS_REASON_",
    AccessStanding = "ACCESS_STANDING_",
    UnusualRule = "UNUSUAL_RULE_",
    ChangeKind = "CHANGE_KIND_",
    ContactChannel = "CONTACT_CHANNEL_",
    ContactFit = "CONTACT_FIT_",
    CaseMarkKind = "CASE_MARK_KIND_",
    Overbooking = "OVERBOOKING_",
    Beside = "BESIDE_",
    OverrideKind = "OVERRIDE_KIND_",
    ReviewOutcome = "REVIEW_OUTCOME_",
    ReviewReason = "REVIEW_REASON_",
    Choice = "CHOICE_",
    RetentionPart = "RETENTION_PART_",
    RetentionState = "RETENTION_STATE_",
    HoldReason = "HOLD_REASON_",
    HoldState = "HOLD_STATE_",
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
