//! The labels by which an act says what it is for, in a copy of the evaluator. It reads none of them.

/// A label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    Agenda,
    Attended,
    BreachFoundOn,
    BreachKind,
    BreachLabels,
    DecisionDate,
    DecisionIssuer,
    DecisionReference,
    DecisionsTaken,
    InformationAsked,
    MeetingWhen,
    PlanTasks,
    RequestPurpose,
    RiskChange,
    VisitPurpose,
    VisitWhen,
}
