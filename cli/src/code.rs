//! The protocol's codes as words on the command line and in JSON.
//!
//! Guarantees that a code has one word, derived from its name in the schema. Leaves their meaning to the schema.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use uput_core::wire;

/// A closed list of codes.
pub(crate) trait Code: Copy + Send + Sync + Default + TryFrom<i32> + 'static {
    /// What every name in the schema begins with.
    const PREFIX: &'static str;

    /// The name in the schema.
    fn schema_name(self) -> &'static str;
}

macro_rules! codes {
    ($($name:ident = $prefix:literal),* $(,)?) => {
        $(impl Code for wire::$name {
            const PREFIX: &'static str = $prefix;
            fn schema_name(self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

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
    TaskStatus = "TASK_STATUS_",
    VisitOutcome = "VISIT_OUTCOME_",
    Purpose = "PURPOSE_",
    DutyChannel = "DUTY_CHANNEL_",
    DisclosureScope = "DISCLOSURE_SCOPE_",
    PeerState = "PEER_STATE_",
    CheckLevel = "CHECK_LEVEL_",
    FollowState = "FOLLOW_STATE_",
    Role = "ROLE_",
    NoticeKind = "NOTICE_KIND_",
    Scope = "SCOPE_",
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
    Overbooking = "OVERBOOKING_",
    Beside = "BESIDE_",
    ContactChannel = "CONTACT_CHANNEL_",
    ContactFit = "CONTACT_FIT_",
    CaseMarkKind = "CASE_MARK_KIND_",
}

/// The word of a code: `no_place` for `DECLINE_REASON_NO_PLACE`.
pub(crate) fn word<C: Code>(code: C) -> String {
    let name = code.schema_name();
    name.strip_prefix(C::PREFIX).unwrap_or(name).to_ascii_lowercase()
}

/// The word of a code as it came over the wire; `None` if it was left unspecified.
pub(crate) fn word_of<C: Code>(number: i32) -> Option<String> {
    if number == 0 {
        return None;
    }
    Some(C::try_from(number).map_or_else(|_| format!("code_{number}"), word))
}

/// Reads a code from the command line; hyphens may stand for underscores.
pub(crate) fn parser<C: Code>() -> impl TypedValueParser<Value = C> {
    let values = all::<C>().map(|code| {
        // Two short words for each code of the command line, made once a run: they live as long as the program.
        let word: &'static str = word(code).leak();
        let spelled: &'static str = word.replace('_', "-").leak();
        PossibleValue::new(spelled).alias(word)
    });
    PossibleValuesParser::new(values).map(|given| {
        let given = given.replace('-', "_");
        all::<C>().find(|code| word(*code) == given).unwrap_or_default()
    })
}

fn all<C: Code>() -> impl Iterator<Item = C> {
    // Codes are numbered without gaps from 1; the longest list has 12.
    (1..64).map_while(|number| C::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_from_the_schema() {
        assert_eq!(word(wire::DeclineReason::NoPlace), "no_place");
        assert_eq!(word_of::<wire::ServiceType>(3).as_deref(), Some("social_work"));
        assert_eq!(word_of::<wire::ServiceType>(0), None);
        assert_eq!(word_of::<wire::ServiceType>(99).as_deref(), Some("code_99"));
        assert_eq!(all::<wire::ServiceType>().count(), 14);
    }
}
