//! Legal bases: seven typed reasons for a disclosure, and what each must carry.
//!
//! Guarantees that each code of `LegalBasis` has one row here that says for which acts and stages it serves and which
//! labels stand beside it. Leaves to the agreement which of them a rule accepts, and to people whether they are true.

mod fault;

pub use fault::is_heard;

use crate::{
    act,
    catalogue::Label,
    wire::{Act, LegalBasis, ServiceType},
};

/// What the law of the protocol says of one basis. [BAS-1]
#[derive(Debug)]
pub struct Basis {
    /// Which.
    pub code: LegalBasis,
    /// Whether it is the basis of stage 0, which needs none; otherwise it serves stages 1 and 2.
    pub nonpersonal: bool,
    /// Labels that must stand in every disclosing event under it.
    pub must: &'static [Label],
    /// Labels that may stand there beside them.
    pub may: &'static [Label],
    /// Whether the event must name an article of the agreement's list.
    pub article: bool,
    /// Whether she, or her guardian, ticks labels under it.
    pub ticks: bool,
    /// Kinds of service whose opening may hold stage 2 under it.
    pub collapses_for: &'static [ServiceType],
    /// The labels whose values say until when it lasts.
    pub until: &'static [Label],
}

const CONSENT: &[Label] =
    &[Label::ConsentGivenBy, Label::ConsentForm, Label::ConsentLanguage, Label::ConsentPurpose, Label::ConsentUntil];

const GUARDIAN: &[Label] = &[
    Label::GuardianClass,
    Label::GuardianAuthority,
    Label::ChildAssent,
    Label::ConsentForm,
    Label::ConsentLanguage,
    Label::ConsentPurpose,
    Label::ConsentUntil,
];

/// What she, or her guardian, ticked, and the mandate of whoever came in their place.
const BESIDE_CONSENT: &[Label] =
    &[Label::ConsentTicked, Label::DelegateClass, Label::MandateReference, Label::MandateScope, Label::MandateUntil];

const AUTHORITIES: &[ServiceType] = &[ServiceType::Police, ServiceType::SocialWork, ServiceType::ChildProtection];

const AUTHORITIES_AND_HEALTH: &[ServiceType] =
    &[ServiceType::Police, ServiceType::SocialWork, ServiceType::Health, ServiceType::ChildProtection];

/// The seven, in the order of their codes.
static BASES: [Basis; 7] = [
    Basis {
        code: LegalBasis::ExplicitConsent,
        nonpersonal: false,
        must: CONSENT,
        may: BESIDE_CONSENT,
        article: false,
        ticks: true,
        collapses_for: &[],
        until: &[Label::ConsentUntil, Label::MandateUntil],
    },
    Basis {
        code: LegalBasis::GuardianConsent,
        nonpersonal: false,
        must: GUARDIAN,
        may: BESIDE_CONSENT,
        article: false,
        ticks: true,
        collapses_for: &[],
        until: &[Label::ConsentUntil, Label::MandateUntil],
    },
    Basis {
        code: LegalBasis::ChildBestInterests,
        nonpersonal: false,
        must: &[Label::BestInterestsReason, Label::Supervisor, Label::AuthorityInformed],
        may: &[],
        article: false,
        ticks: false,
        collapses_for: &[],
        until: &[],
    },
    Basis {
        code: LegalBasis::LegalDuty,
        nonpersonal: false,
        must: &[Label::ClientTold, Label::ClientToldOn],
        may: &[],
        article: true,
        ticks: false,
        collapses_for: AUTHORITIES,
        until: &[],
    },
    Basis {
        code: LegalBasis::VitalInterests,
        nonpersonal: false,
        must: &[Label::Danger, Label::BasisUntil, Label::ReviewBy, Label::Supervisor],
        may: &[Label::ClientTold, Label::ClientToldOn],
        article: false,
        ticks: false,
        collapses_for: AUTHORITIES_AND_HEALTH,
        until: &[Label::BasisUntil],
    },
    Basis {
        code: LegalBasis::PublicTaskDecision,
        nonpersonal: false,
        must: &[Label::DecisionReference, Label::DecisionIssuer, Label::DecisionDate, Label::DecisionUntil],
        may: &[Label::ClientTold, Label::ClientToldOn],
        article: false,
        ticks: false,
        collapses_for: AUTHORITIES,
        until: &[Label::DecisionUntil],
    },
    Basis {
        code: LegalBasis::NoneNeededNonpersonal,
        nonpersonal: true,
        must: &[],
        may: &[],
        article: false,
        ticks: false,
        collapses_for: &[],
        until: &[],
    },
];

impl Basis {
    /// Every basis, by code.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &BASES
    }

    /// The row of that code; none for the unspecified one.
    #[must_use]
    pub fn of(code: LegalBasis) -> Option<&'static Self> {
        BASES.iter().find(|basis| basis.code == code)
    }

    /// Whether it serves that act. [BAS-3]
    #[must_use]
    pub fn serves(&self, act: Act) -> bool {
        act::row(act).is_some_and(|row| row.bases.contains(&self.code))
    }

    /// Whether it is for that stage: none is needed at stage 0, and one is needed after it. [BAS-2]
    #[must_use]
    pub const fn is_for(&self, stage: u32) -> bool {
        self.nonpersonal == (stage == 0)
    }

    /// Whether the opening to that kind of service may hold stage 2 under it. [BAS-4]
    #[must_use]
    pub fn collapses(&self, service: ServiceType) -> bool {
        self.collapses_for.contains(&service)
    }

    /// Whether it rests on a statute or on a decision of an authority.
    #[must_use]
    pub fn is_law(&self) -> bool {
        matches!(self.code, LegalBasis::LegalDuty | LegalBasis::PublicTaskDecision)
    }

    /// Whether what she is otherwise asked about goes without her tick: she could not be asked, or need not be. [DIS-17]
    #[must_use]
    pub fn spares_the_tick(&self) -> bool {
        self.is_law() || self.code == LegalBasis::ChildBestInterests
    }

    /// Whether two people answer for what is disclosed under it. [BAS-21]
    #[must_use]
    pub fn takes_two(&self) -> bool {
        self.must.contains(&Label::Supervisor)
    }

    /// Whether the label stands with the basis itself.
    #[must_use]
    pub fn carries(&self, label: Label) -> bool {
        self.must.contains(&label) || self.may.contains(&label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row() {
        let codes: Vec<LegalBasis> = (1..=7).map(|n| LegalBasis::try_from(n).unwrap()).collect();
        assert!(Basis::all().iter().map(|basis| basis.code).eq(codes.iter().copied()));
        assert!(Basis::of(LegalBasis::Unspecified).is_none());
    }

    #[test]
    fn labels_of_bases_are_marked_so_in_the_catalogue() {
        for label in Label::ALL {
            let carried = Basis::all().iter().any(|basis| basis.carries(*label));
            assert_eq!(label.is_of_basis(), carried, "{label}");
        }
    }

    /// [BAS-21]
    #[test]
    fn two_people_answer_where_nobody_consents_and_no_law_or_decision_says_so() {
        let by_two: Vec<LegalBasis> = Basis::all().iter().filter(|basis| basis.takes_two()).map(|b| b.code).collect();
        assert_eq!(by_two, [LegalBasis::ChildBestInterests, LegalBasis::VitalInterests]);
    }

    #[test]
    fn what_ends_must_say_when() {
        for basis in Basis::all() {
            assert!(basis.until.iter().all(|label| basis.carries(*label)));
            assert!(basis.until.first().is_none_or(|label| basis.must.contains(label)));
        }
    }

    #[test]
    fn none_needed_serves_stage_0_only_and_no_other_does() {
        for basis in Basis::all() {
            let none_needed = basis.code == LegalBasis::NoneNeededNonpersonal;
            assert_eq!([0, 1, 2].map(|stage| basis.is_for(stage)), [none_needed, !none_needed, !none_needed]);
        }
    }
}
