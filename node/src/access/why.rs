//! Why somebody looks, and in which place they stand towards the case.

use uput_core::{
    access_log::MAX_WORDS,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, AccessKind, AccessReason, AccessStanding, ApprovalReason, Purpose, Role},
};

use crate::case::{Case, Sight, Viewer};

/// What somebody says on why they look. [ACL-5]
#[derive(Clone, Default)]
pub struct Why {
    /// The code; unspecified: what is usual for whoever has the case.
    pub code: AccessReason,
    /// In words; empty: none.
    pub words: Sensitive<String>,
}

impl Why {
    /// From a request.
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for words that are long or no line, and for *other* without words.
    pub fn parse(said: Option<wire::Reason>) -> Result<Self, Rejection> {
        let said = said.unwrap_or_default();
        let code = AccessReason::try_from(said.code).map_err(|_| Rejection::BadValue)?;
        let words = Sensitive::new(said.words);
        // Looked at to bound them; they go on sealed. [ACL-6]
        let text = words.expose();
        let fits = text.chars().count() <= MAX_WORDS && !text.chars().any(char::is_control);
        let said = code != AccessReason::Other || !text.trim().is_empty();
        if fits && said { Ok(Self { code, words }) } else { Err(Rejection::BadValue) }
    }

    /// What follows from why a second person was asked. [ACL-5]
    #[must_use]
    pub fn of_approval(asked: ApprovalReason) -> Self {
        let code = match asked {
            ApprovalReason::Danger | ApprovalReason::ChildAtRisk | ApprovalReason::Unspecified => {
                AccessReason::Emergency
            }
            ApprovalReason::Authority => AccessReason::Proceedings,
            ApprovalReason::HerRequest => AccessReason::ClientRequest,
            ApprovalReason::ColleagueAway | ApprovalReason::Handover => AccessReason::Handover,
            ApprovalReason::Audit => AccessReason::Audit,
            ApprovalReason::Mistake => AccessReason::Supervision,
        };
        Self { code, ..Self::default() }
    }

    /// What follows from the purpose of an export, where nothing else was said. [ACL-5]
    #[must_use]
    pub fn or_from(self, purpose: Purpose) -> Self {
        let code = match (self.code, purpose) {
            (AccessReason::Unspecified, Purpose::Audit) => AccessReason::Audit,
            (AccessReason::Unspecified, Purpose::Proceedings) => AccessReason::Proceedings,
            (AccessReason::Unspecified, Purpose::Client) => AccessReason::ClientRequest,
            (AccessReason::Unspecified, Purpose::Archive) => AccessReason::OwnWork,
            (said, _) => said,
        };
        Self { code, ..self }
    }

    /// The code that is recorded. [ACL-5]
    ///
    /// # Errors
    /// [`Rejection::NeedsReason`] if nothing was said and the case is not theirs, or if it is said to be their work to be
    /// shown how to reach her outside what she said is safe. [SAF-7]
    pub fn code(&self, standing: AccessStanding, kind: AccessKind) -> Result<AccessReason, Rejection> {
        use AccessStanding::{Assigned, Auditor, NobodyHadIt, OpenedIt};
        let unsaid = matches!(self.code, AccessReason::Unspecified | AccessReason::OwnWork);
        match (self.code, standing) {
            _ if unsaid && is_outside(kind) => Err(Rejection::NeedsReason),
            // They were asked to look.
            (AccessReason::Unspecified, _) if kind == AccessKind::ApprovalShown => Ok(AccessReason::Supervision),
            (AccessReason::Unspecified, Assigned | NobodyHadIt | OpenedIt) => Ok(AccessReason::OwnWork),
            (AccessReason::Unspecified, Auditor) => Ok(AccessReason::Audit),
            (AccessReason::Unspecified, _) => Err(Rejection::NeedsReason),
            (said, _) => Ok(said),
        }
    }
}

/// Whether it showed how to reach her outside what she said is safe, or is a copy of it. [SAF-7] [SAF-10]
#[must_use]
pub(crate) const fn is_outside(kind: AccessKind) -> bool {
    matches!(kind, AccessKind::ContactShownOutside | AccessKind::ContactExported)
}

/// In which place somebody stands towards a case; none: they may not see it. [ACL-4]
#[must_use]
pub fn standing_of(case: &Case, viewer: &Viewer) -> Option<AccessStanding> {
    let glass = case.glass.get(&viewer.person).is_some_and(|glass| viewer.now.get() < glass.until);
    match viewer.role {
        // She may have excluded them since they were let in.
        _ if case.sight(viewer) == Sight::None => None,
        _ if case.has(viewer) => Some(AccessStanding::Assigned),
        Role::Auditor => Some(AccessStanding::Auditor),
        _ if case.is_nobodys() => Some(AccessStanding::NobodyHadIt),
        Role::Supervisor => Some(AccessStanding::Supervisor),
        _ if glass => Some(AccessStanding::BrokeTheGlass),
        _ if case.opened_by == Some(viewer.person) => Some(AccessStanding::OpenedIt),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::PersonId,
        case::{CaseId, Glass},
    };
    use uput_core::time::Seconds;

    fn viewer(person: u8, role: Role) -> Viewer {
        let now = Seconds::new(100).unwrap();
        Viewer { person: PersonId::new([person; 16]), role, teams: Vec::new(), machine: None, now }
    }

    /// [ACL-4]
    #[test]
    fn the_place_is_the_one_at_that_moment() {
        let mut case = Case::new(CaseId::new([1; 16]), 1);
        case.opened_by = Some(PersonId::new([2; 16]));
        let standing = |case: &Case, person, role| standing_of(case, &viewer(person, role));
        assert_eq!(standing(&case, 3, Role::CaseWorker), Some(AccessStanding::NobodyHadIt));
        case.persons.insert(PersonId::new([3; 16]));
        assert_eq!(standing(&case, 3, Role::CaseWorker), Some(AccessStanding::Assigned));
        assert_eq!(standing(&case, 3, Role::Supervisor), Some(AccessStanding::Assigned));
        assert_eq!(standing(&case, 4, Role::Supervisor), Some(AccessStanding::Supervisor));
        assert_eq!(standing(&case, 4, Role::Auditor), Some(AccessStanding::Auditor));
        assert_eq!(standing(&case, 2, Role::Intake), Some(AccessStanding::OpenedIt));
        assert_eq!(standing(&case, 4, Role::CaseWorker), None);
        case.glass.insert(PersonId::new([4; 16]), Glass { until: 101, approved_by: None });
        assert_eq!(standing(&case, 4, Role::CaseWorker), Some(AccessStanding::BrokeTheGlass));
        case.glass.insert(PersonId::new([4; 16]), Glass { until: 100, approved_by: None });
        assert_eq!(standing(&case, 4, Role::CaseWorker), None);
    }

    /// [ACL-5]
    #[test]
    fn who_does_not_have_the_case_says_why() {
        let unsaid = Why::default();
        let code = |why: &Why, standing| why.code(standing, AccessKind::CaseShown);
        assert_eq!(code(&unsaid, AccessStanding::Assigned), Ok(AccessReason::OwnWork));
        assert_eq!(code(&unsaid, AccessStanding::Auditor), Ok(AccessReason::Audit));
        for standing in [AccessStanding::Supervisor, AccessStanding::BrokeTheGlass] {
            assert_eq!(code(&unsaid, standing), Err(Rejection::NeedsReason));
            let said = Why { code: AccessReason::Handover, ..Why::default() };
            assert_eq!(code(&said, standing), Ok(AccessReason::Handover));
            let asked = unsaid.code(standing, AccessKind::ApprovalShown);
            assert_eq!(asked, Ok(AccessReason::Supervision), "they were asked to look");
        }
        let exported = Why::default().or_from(Purpose::Proceedings);
        assert_eq!(code(&exported, AccessStanding::Supervisor), Ok(AccessReason::Proceedings));
    }

    /// [ACL-6]
    #[test]
    fn words_are_a_line_and_other_needs_them() {
        let parse = |code: AccessReason, words: &str| {
            Why::parse(Some(wire::Reason { code: code.into(), words: words.to_owned() })).map(|why| why.code)
        };
        assert_eq!(parse(AccessReason::Other, "an invented reason"), Ok(AccessReason::Other));
        assert_eq!(parse(AccessReason::Other, " "), Err(Rejection::BadValue));
        assert_eq!(parse(AccessReason::Audit, "two\nlines"), Err(Rejection::BadValue));
        assert_eq!(parse(AccessReason::Audit, &"a".repeat(MAX_WORDS + 1)), Err(Rejection::BadValue));
        assert!(Why::parse(Some(wire::Reason { code: 99, words: String::new() })).is_err());
    }
}
