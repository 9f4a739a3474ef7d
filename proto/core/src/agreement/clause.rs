//! The parts of an agreement, as they are once they were read.

use std::collections::BTreeSet;

use crate::{
    catalogue::Label,
    id::OrgId,
    time::Span,
    wire::{Act, DecisionType, LegalBasis, ServiceType, TimerKind},
};

/// An organisation that is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Which.
    pub organisation: OrgId,
    /// What people call it.
    pub name: String,
    /// Roles in which it sends.
    pub roles: BTreeSet<String>,
    /// Services that it gives.
    pub services: BTreeSet<ServiceType>,
    /// Nothing new is opened with it or disclosed to it, and it does not sign. [AGR-30]
    pub suspended: bool,
}

/// The labels that one kind of recipient may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// From stage 0 on.
    pub enquiry: BTreeSet<Label>,
    /// From stage 1 on.
    pub need: BTreeSet<Label>,
    /// At stage 2.
    pub identity: BTreeSet<Label>,
    /// Of these, the ones that need her tick.
    pub ticked: BTreeSet<Label>,
    /// In events that disclose nothing about her.
    pub reply: BTreeSet<Label>,
    /// Either side seals what is disclosed under it to its own staff. [STF-1]
    pub staff_only: bool,
}

/// Where a clause was taken from, and whether anybody compared it. It permits and forbids nothing. [AGR-62]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// In words; empty: not said.
    pub source: String,
    /// Whether nobody has compared it with a source.
    pub unverified: bool,
}

/// Who may ask whom for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// From 1.
    pub number: u32,
    /// What is asked.
    pub act: Act,
    /// Role of the sender.
    pub sender: String,
    /// Service of the recipient.
    pub receiver: ServiceType,
    /// Name of the profile.
    pub profile: String,
    /// Bases that it accepts for stages 1 and 2.
    pub bases: BTreeSet<LegalBasis>,
    /// Whether stage 2 may stand in the opening.
    pub collapsed: bool,
    /// Where it was taken from.
    pub origin: Origin,
}

impl Rule {
    /// Behind its number, if nobody has compared it with a source. [AGR-64]
    #[must_use]
    pub const fn doubt(&self) -> &'static str {
        if self.origin.unverified { " (unverified)" } else { "" }
    }
}

/// An article of law, or of the paper agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// From 1.
    pub number: u32,
    /// How it is cited.
    pub citation: String,
    /// Whether nobody has checked the citation.
    pub unverified: bool,
}

/// How long a step may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// For which act.
    pub act: Act,
    /// For which step.
    pub kind: TimerKind,
    /// How long.
    pub span: Span,
    /// Where it was taken from.
    pub origin: Origin,
}

/// Who may make which decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRule {
    /// Of which type.
    pub kind: DecisionType,
    /// Services of the bodies that may.
    pub issuers: BTreeSet<ServiceType>,
    /// Where it was taken from.
    pub origin: Origin,
}

/// To whom an unanswered request goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationStep {
    /// Service of the body.
    pub service_type: ServiceType,
    /// How long after the missed timer.
    pub after: Span,
    /// For which acts; none: for every one.
    pub acts: BTreeSet<Act>,
    /// For which missed timers, of [`Self::MISSED`]; none: for every one.
    pub timers: BTreeSet<TimerKind>,
    /// Where it was taken from.
    pub origin: Origin,
}

impl EscalationStep {
    /// The timers whose end brings up the ladder. How long a stay lasts, and what is purged late, is nobody else's to
    /// answer. [AGR-50]
    pub const MISSED: [TimerKind; 5] =
        [TimerKind::Deliver, TimerKind::Acknowledge, TimerKind::Answer, TimerKind::Contact, TimerKind::Decision];

    /// Whether it is a step for that act. [AGR-50]
    #[must_use]
    pub fn serves(&self, act: Act) -> bool {
        self.acts.is_empty() || self.acts.contains(&act)
    }

    /// Whether it is a step where that timer of that act is not met. [AGR-50]
    #[must_use]
    pub fn covers(&self, act: Act, timer: TimerKind) -> bool {
        self.serves(act) && (self.timers.is_empty() || self.timers.contains(&timer))
    }

    /// Whether there is an act and a timer for which both are steps. [AGR-51]
    pub(super) fn meets(&self, other: &Self) -> bool {
        fn share<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> bool {
            one.is_empty() || other.is_empty() || !one.is_disjoint(other)
        }
        share(&self.acts, &other.acts) && share(&self.timers, &other.timers)
    }
}

/// How long things are kept after a trail ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Values.
    pub values: Span,
    /// Events and labels.
    pub evidence: Span,
    /// Where it was taken from.
    pub origin: Origin,
}

/// What witnessing it demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessRule {
    /// How many cosignatures.
    pub number: u32,
    /// Whether a witness must not be a party of the trail.
    pub independent: bool,
}

/// Who may audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auditor {
    /// Which.
    pub organisation: OrgId,
    /// What people call it.
    pub name: String,
    /// Whether labels may be opened for it.
    pub labels: bool,
}
