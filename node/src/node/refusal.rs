//! Why our own user's word was not signed.
//!
//! Guarantees one sentence for each reason, which says what is missing and, where somebody can do something, what; and
//! that no sentence holds anything of what was typed. Leaves to others: the code and its status (`rpc`).

use uput_core::{
    agreement,
    catalogue::Label,
    identifying::Suspect,
    rejection::Rejection,
    state::{Predicate, VoidReason},
    step,
};

use super::{astray::Astray, enquiries::Unchosen};
use crate::case::Closed;
use crate::places::Full;

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// By the table of rejections alone.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// By the state of the trail: the condition that fails.
    #[error("the trail's state does not allow this step now: {lack} ({0})", lack = lack(.0))]
    Void(VoidReason),
    /// The record of the case, or the trail, has no value of these labels.
    #[error("there is no value to take of: {}", names(.0))]
    NotRecorded(Vec<Label>),
    /// A label that the change is not about.
    #[error("this change is not about {0}: write it into the record of the case instead")]
    NotAbout(Label),
    /// A task of something that is no plan here. [EVT-28]
    #[error("the trail's state does not allow this step now: what it names is no plan of this trail that counts")]
    NoPlan,
    /// A task that its plan does not have. [EVT-28]
    #[error("the plan has no task of the number {0}")]
    NoTask(u32),
    /// A transfer that this side took already. [NOD-60]
    #[error("the trail's state does not allow this step now: you took this transfer already; see `uput trail show`")]
    TakenAlready,
    /// It happened later than now. [NOD-60]
    #[error("what happened cannot lie ahead: give a time that is past by the clock of this node, or leave it out")]
    NotYet,
    /// Asked until a time that is past. [NOD-60]
    #[error("the time until which it is asked is past: give a later one")]
    Expired,
    /// A place held until a time that is past. [PLC-13]
    #[error("the time until which the place is held is past: give a later one")]
    HeldOver,
    /// The clock of this computer is doubted, and nobody said that they know it. [TIM-87]
    #[error("{rejection} ({0})", rejection = Rejection::ClockDoubted)]
    ClockDoubted(Astray),
    /// No agreement is in force by this clock, and one would be by another. [TIM-89]
    #[error(
        "{rejection} ({0}): look at a third clock, and set the one of this computer",
        rejection = Rejection::AgreementNotInForce
    )]
    NotByThisClock(Astray),
    /// By what is noted of the case.
    #[error("the legal basis is not allowed: {0}")]
    Closed(Closed),
    /// What a trail told in which she withdrew, or whose consent is over. [CAS-115]
    #[error(
        "the legal basis is not allowed: what was told under a consent that she withdrew, or that is over, goes to nobody \
         under a consent: {}; ask her, and write what she says now into the record of the case first (`uput case record`)",
        names(.0)
    )]
    Withdrawn(Vec<Label>),
    /// An opening in another case than the trail that it is about. [CAS-110]
    #[error("the case is not that of the trail which it is about: leave the case out, or join the two cases first")]
    OtherCase,
    /// Words that tell who she is: of which label, what kind, where in it. [NST-7]
    #[error("{rejection}: {told}", rejection = Rejection::WordsTellWho, told = told(.0))]
    Telling(Vec<Suspect>),
    /// There are not so many free places. [PLC-4]
    #[error("{} ({} free, {} more knowingly)", Rejection::NoPlace, .0.free, .0.overflow)]
    Full(Full),
    /// She would not get what she chooses. [CAS-82]
    #[error("this one is not chosen: {0}")]
    Unchosen(Unchosen),
    /// By a rule of the agreement, with the labels that are the reason, if it is about labels.
    #[error("{} (rule {rule}{})", .refused.rejection, labels(.refused))]
    Agreement {
        /// Number of the rule.
        rule: u32,
        /// What it says.
        refused: agreement::Refused,
    },
}

impl Refused {
    /// The row of the table of rejections.
    #[must_use]
    pub const fn rejection(&self) -> Rejection {
        match self {
            Self::Rejected(rejection) => *rejection,
            Self::Telling(_) => Rejection::WordsTellWho,
            Self::Void(_) | Self::NoPlan | Self::TakenAlready | Self::Unchosen(_) => Rejection::StepNotAllowed,
            Self::Closed(_) | Self::Withdrawn(_) => Rejection::BasisNotAllowed,
            Self::Full(_) => Rejection::NoPlace,
            Self::ClockDoubted(_) => Rejection::ClockDoubted,
            Self::NotByThisClock(_) => Rejection::AgreementNotInForce,
            Self::NotRecorded(_)
            | Self::NotAbout(_)
            | Self::OtherCase
            | Self::NoTask(_)
            | Self::NotYet
            | Self::Expired
            | Self::HeldOver => Rejection::BadValue,
            Self::Agreement { refused, .. } => refused.rejection,
        }
    }
}

impl From<step::Refused> for Refused {
    fn from(refused: step::Refused) -> Self {
        match refused {
            step::Refused::Void(reason) => Self::Void(reason),
            step::Refused::Rejected(rejection) => Self::Rejected(rejection),
        }
    }
}

fn labels(refused: &agreement::Refused) -> String {
    if refused.labels.is_empty() { String::new() } else { format!(": {}", names(&refused.labels)) }
}

fn told(suspects: &[Suspect]) -> String {
    suspects.iter().map(Suspect::to_string).collect::<Vec<_>>().join("; ")
}

fn names(labels: &[Label]) -> String {
    labels.iter().map(|label| label.name()).collect::<Vec<_>>().join(", ")
}

/// What the trail lacks for the step, and what helps. // [API-5]
const fn lack(reason: &VoidReason) -> &'static str {
    match reason {
        VoidReason::WrongSide => "it is for the other side to say",
        VoidReason::NotInAct => "it has no place in what this trail asks: open another one about it",
        VoidReason::Version => "the trail is held to an earlier version of events",
        VoidReason::NoTrail(_) => "its events are not one trail: run the doctor of this node",
        VoidReason::Unmet(predicate) => unmet(*predicate),
    }
}

const fn unmet(predicate: Predicate) -> &'static str {
    match predicate {
        Predicate::First => "the trail is open already: open another one",
        Predicate::Live => "the trail has ended: reopen it, or open another one",
        Predicate::Ended => "the trail has not ended",
        Predicate::NoStop => "it was withdrawn, revoked or misdirected: open another one",
        Predicate::NotMisdirected => "it went to the wrong organisation: open one with the right one",
        Predicate::AtStage0 => "the need was said already",
        Predicate::FromStage1 => "the need was not said yet: that comes first",
        Predicate::YesAtStage0 => "what is asked here has no yes before the need is said",
        Predicate::AnsweredLater => {
            "nobody holds a place or a turn yet: wait for that answer, or record a yes by telephone"
        }
        Predicate::NotRefused => "the answer was no: ask somebody else",
        Predicate::Covered => "no acceptance covers the need yet: wait for it",
        Predicate::PhonedYes => "no yes by telephone is recorded: record it first",
        Predicate::Decided => "no decision grants it: the decision comes first",
        Predicate::UnderLaw => "the trail was not opened under law",
        Predicate::NotStarted => "the service has begun: close the trail",
        Predicate::NeverMet => "the receiver has met her already",
        Predicate::NotTaken => "the transfer was taken already",
        Predicate::Outstanding => "no values are left with the other side",
        Predicate::Owed => "no values are owed a purge",
        Predicate::NothingOwed => "values are owed a purge: that comes first",
        Predicate::Unasked => "nothing is left whose purge was not asked already",
        Predicate::NoOffer => "a transfer is offered or completed already",
        Predicate::OfferOpen => "no transfer is offered",
        Predicate::OfferNamed => "that offer is not open",
        Predicate::OfferTaken => "the other side has not taken the offer yet: wait for it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition's word stays in the sentence, for programs and for whoever asks a developer.
    #[test]
    fn each_condition_has_a_sentence_of_its_own_beside_its_word() {
        let said: Vec<_> =
            Predicate::ALL.iter().map(|predicate| Refused::Void(VoidReason::Unmet(*predicate)).to_string()).collect();
        for (predicate, sentence) in Predicate::ALL.iter().zip(&said) {
            assert!(sentence.ends_with(&format!("({})", predicate.word())), "{sentence}");
            assert_eq!(said.iter().filter(|other| *other == sentence).count(), 1, "{sentence}");
            assert!(!unmet(*predicate).contains('_'), "{sentence}");
        }
    }
}
