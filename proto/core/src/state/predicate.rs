//! The conditions of the table, judged on the causal past of an event.
//!
//! Guarantees one word per condition, equal in `specs/state/table.tsv` and here, and that each is a function of a view
//! and nothing else. Leaves to others: which event needs which (`table`).

use super::fact::Fact;
use super::view::View;

macro_rules! predicates {
    ($($(#[$doc:meta])* $predicate:ident = $word:literal,)*) => {
        /// A condition, by its word in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Predicate {
            $($(#[$doc])* $predicate,)*
        }

        impl Predicate {
            /// Every condition.
            pub const ALL: &'static [Self] = &[$(Self::$predicate,)*];

            /// The word in the table.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$predicate => $word,)*
                }
            }
        }
    };
}

predicates! {
    /// Nothing is in the past.
    First = "first",
    /// Opened, no stop, not closed in the epoch.
    Live = "live",
    /// Opened and not live.
    Ended = "ended",
    /// No stop.
    NoStop = "no_stop",
    /// Never misdirected.
    NotMisdirected = "not_misdirected",
    /// Stage 0 in the epoch.
    AtStage0 = "at_stage0",
    /// Stage 1 or 2 in the epoch.
    FromStage1 = "from_stage1",
    /// The act has a yes to an enquiry.
    YesAtStage0 = "yes_at_stage0",
    /// The answer is held or waitlisted.
    AnsweredLater = "answered_later",
    /// The answer is not declined or redirected; none counts as such.
    NotRefused = "not_refused",
    /// The answer is an acceptance, whole or in part, that covers the need.
    Covered = "covered",
    /// A yes by telephone in the epoch.
    PhonedYes = "phoned_yes",
    /// A decision that grants, and that no later one of its type has taken away.
    Decided = "decided",
    /// Opened under law.
    UnderLaw = "under_law",
    /// No service began that is not set aside.
    NotStarted = "not_started",
    /// The receiver never had to do with her in person.
    NeverMet = "never_met",
    /// No standing offer is taken, and none is completed.
    NotTaken = "not_taken",
    /// Values are outstanding.
    Outstanding = "outstanding",
    /// Values are owed.
    Owed = "owed",
    /// No values are owed.
    NothingOwed = "nothing_owed",
    /// Values are outstanding whose purge was not asked.
    Unasked = "unasked",
    /// No offer is open and none is completed.
    NoOffer = "no_offer",
    /// An offer is open.
    OfferOpen = "offer_open",
    /// The offer that the event names is open.
    OfferNamed = "offer_named",
    /// An open offer is taken.
    OfferTaken = "offer_taken",
}

impl Predicate {
    /// Whether it holds in this view, for an event that names `named`.
    pub(super) fn holds(self, view: &View<'_>, named: Option<usize>) -> bool {
        match self {
            Self::First => view.is_empty(),
            Self::Live => view.live(),
            Self::Ended => view.ended(),
            Self::NoStop => view.stops().is_empty(),
            Self::NotMisdirected => view.with(Fact::Final).is_empty(),
            Self::AtStage0 => view.stage() == 0,
            Self::FromStage1 => view.stage() >= 1,
            Self::YesAtStage0 => view.yes_at_stage0(),
            Self::AnsweredLater => view.answered_later(),
            Self::NotRefused => !view.refused(),
            Self::Covered => view.covered(),
            Self::PhonedYes => !view.now(Fact::Phone).is_empty(),
            Self::Decided => !view.grounds().is_empty(),
            Self::UnderLaw => view.under_law(),
            Self::NotStarted => view.standing(Fact::Service).is_empty(),
            Self::NeverMet => view.with(Fact::Met).is_empty(),
            Self::NotTaken => view.taken().is_empty() && view.with(Fact::Complete).is_empty(),
            Self::Outstanding => !view.outstanding().is_empty(),
            Self::Owed => !view.owed().is_empty(),
            Self::NothingOwed => view.owed().is_empty(),
            Self::Unasked => !view.outstanding().minus(&view.asked()).is_empty(),
            Self::NoOffer => view.offers().is_empty() && view.with(Fact::Complete).is_empty(),
            Self::OfferOpen => !view.offers().is_empty(),
            Self::OfferNamed => named.is_some_and(|offer| view.offers().contains(offer)),
            Self::OfferTaken => !view.taken().is_empty(),
        }
    }
}
