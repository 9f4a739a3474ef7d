//! The transition table: who may say what when, and which facts it adds. Source: specs/state/table.tsv.
//!
//! Guarantees that the evaluation knows no kind but through this table, and that a test holds it equal to the file.
//! Leaves to others: what the words of predicates and facts mean (`predicate`, `fact`).

use super::fact::Fact::{self, *};
use super::kind::Kind::{self, *};
use super::kind::Side::{self, Opener as O, Peer as P};
use super::predicate::Predicate::{self, *};

/// How an event counts when its precondition fails. // [STA-7]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// What happened in the world: never void.
    Report,
    /// What the author does by saying it: may be void.
    Act,
    /// Carries values: may be void; then they are dropped unread.
    Disclosure,
}

impl Class {
    /// The word in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Act => "act",
            Self::Disclosure => "disclosure",
        }
    }
}

/// One row: a kind said by one party.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The kind.
    pub kind: Kind,
    /// Who may say it.
    pub side: Side,
    /// How it counts.
    pub class: Class,
    /// Alternatives; in each, all must hold. None at all: always.
    pub pre: &'static [&'static [Predicate]],
    /// What it adds to the state.
    pub facts: &'static [Fact],
}

/// The row of a kind said by a party; none if that party may not say it.
#[must_use]
pub fn row(side: Side, kind: Kind) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.kind == kind && row.side == side)
}

/// The table. // [STA-1]
pub const TABLE: &[Row] = &[
    disclosure(Opened0, O, &[&[First]], &[Open, Stage0]),
    disclosure(Opened1, O, &[&[First]], &[Open, Stage1, Values, Question]),
    disclosure(Opened2, O, &[&[First]], &[Open, Stage2, Values, Question, Law]),
    disclosure(
        Need,
        O,
        &[
            &[Live, AtStage0, AnsweredLater],
            &[Live, AtStage0, PhonedYes, NotRefused],
            &[Live, AtStage0, Covered],
            &[Live, FromStage1, NotRefused],
        ],
        &[Stage1, Values, Question],
    ),
    disclosure(
        Identity,
        O,
        &[&[Live, FromStage1, Covered], &[Live, Decided, NotRefused], &[Live, UnderLaw, FromStage1, NotRefused]],
        &[Stage2, Values],
    ),
    disclosure(Corrected, O, &[&[NoStop, Outstanding, NothingOwed]], &[Values, Correction]),
    report(Warned, O, &[Warning]),
    report(HandedOver0, O, &[Paper]),
    report(HandedOver1, O, &[Paper]),
    report(HandedOver2, O, &[Paper]),
    report(Phoned, O, &[Phone]),
    report(PhonedNo, O, &[]),
    act(ChosenElsewhere, O, &[&[Live]], &[Stop]),
    act(Withdrawn, O, &[], &[Withdrawal]),
    act(Revoked, O, &[], &[Stop]),
    act(Closed, O, &[&[Live]], &[End]),
    disclosure(Reopened, O, &[&[Ended, NotMisdirected]], &[Epoch, Restate]),
    act(PurgeAsked, O, &[&[Unasked]], &[Ask]),
    act(TransferOffered, O, &[&[Live, FromStage1, NoOffer]], &[Offer]),
    act(TransferRecalled, O, &[&[OfferOpen]], &[Recall]),
    act(TransferCompleted, O, &[&[Live, OfferTaken, Covered]], &[Complete]),
    report(Decision, O, &[Grounds]),
    report(DecisionNo, O, &[NoGrounds]),
    disclosure(Minutes, O, &[&[Live, FromStage1, Covered], &[Live, UnderLaw, FromStage1, NotRefused]], &[Values]),
    disclosure(
        Plan,
        O,
        &[&[Live, FromStage1, Covered], &[Live, UnderLaw, FromStage1, NotRefused]],
        &[Values, Fact::Tasks],
    ),
    report(Task, O, &[]),
    report(Visited, O, &[World]),
    report(VisitedNo, O, &[World]),
    report(Escalated, O, &[Escalation]),
    report(Acknowledged, P, &[Notice]),
    act(Held, P, &[&[Live]], &[Answer]),
    act(Accepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]], &[Answer]),
    act(PartlyAccepted, P, &[&[Live, FromStage1], &[Live, YesAtStage0]], &[Answer]),
    act(Waitlisted, P, &[&[Live, NotStarted, NotTaken]], &[Answer]),
    act(Declined, P, &[&[Live, NotStarted, NotTaken]], &[Answer, Refusal]),
    act(Redirected, P, &[&[Live, NotStarted, NotTaken]], &[Answer, Refusal]),
    act(Misdirected, P, &[&[NeverMet, NotMisdirected, NotTaken]], &[Stop, Final]),
    report(ContactMade, P, &[World, Met]),
    report(CouldNotReach, P, &[World]),
    report(Started, P, &[World, Met, Service]),
    report(Provided, P, &[World, Met, Service]),
    act(Withdrawn, P, &[], &[Withdrawal]),
    act(Closed, P, &[&[Live]], &[End]),
    act(Reopened, P, &[&[Ended, NoStop]], &[Epoch, Resume]),
    act(Purged, P, &[&[Outstanding, Owed], &[Outstanding, Ended]], &[Cover]),
    act(Retained, P, &[&[Outstanding, Owed], &[Outstanding, Ended]], &[Cover]),
    act(TransferTaken, P, &[&[Live, OfferNamed, Covered]], &[Take]),
    report(Decision, P, &[Grounds]),
    report(DecisionNo, P, &[NoGrounds]),
    report(Task, P, &[]),
    report(Visited, P, &[World, Met]),
    report(VisitedNo, P, &[World]),
];

const fn report(kind: Kind, side: Side, facts: &'static [Fact]) -> Row {
    Row { kind, side, class: Class::Report, pre: &[], facts }
}

const fn act(kind: Kind, side: Side, pre: &'static [&'static [Predicate]], facts: &'static [Fact]) -> Row {
    Row { kind, side, class: Class::Act, pre, facts }
}

const fn disclosure(kind: Kind, side: Side, pre: &'static [&'static [Predicate]], facts: &'static [Fact]) -> Row {
    Row { kind, side, class: Class::Disclosure, pre, facts }
}
