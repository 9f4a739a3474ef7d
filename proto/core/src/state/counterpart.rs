//! What a reading is called in two other systems: a referral task of FHIR SDOH Clinical Care, a transition of Primero.
//! Source: specs/state-maps.md, with a file for each system.
//!
//! Guarantees that every reading has exactly one line; that no acceptance is told to another system which does not cover
//! the need, and no ending as a service that was given. Leaves to others: codes of reasons, what comes back from there,
//! and everything that depends on time.

use super::kind::Kind;
use super::reading::{Headline, Offer, Reading};
use crate::wire::Act;

/// What a reading is called elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counterpart {
    /// The line of the maps.
    pub line: Line,
    /// Which transition of Primero it is.
    pub transition: Transition,
    /// The status of that transition.
    pub transition_status: &'static str,
}

impl Counterpart {
    /// Of a reading of a trail that asks for this.
    #[must_use]
    pub fn of(reading: &Reading, act: Act) -> Self {
        let line = Line::of(reading);
        let (transition, transition_status) = match (act, reading.offer) {
            (Act::Transfer, Offer::Completed(_)) => (Transition::Transfer, "accepted"), // [MAP-4]
            (Act::Transfer, _) => (Transition::Transfer, line.transfer()),
            _ => (Transition::Referral, line.referral()),
        };
        Self { line, transition, transition_status }
    }
}

/// Which transition of Primero a trail is. // [MAP-4]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transition {
    /// The owner of the case stays.
    Referral,
    /// The owner of the case changes when it is accepted.
    Transfer,
}

impl Transition {
    /// The word there.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::Transfer => "transfer",
        }
    }
}

macro_rules! lines {
    ($($(#[$doc:meta])* $line:ident = $word:literal, $task:literal, $business:literal, $referral:literal, $transfer:literal;)*) => {
        /// A line of both maps: the headline, split where it alone would tell another system too much or too little.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Line {
            $($(#[$doc])* $line,)*
        }

        impl Line {
            /// Every line, in the order of the files.
            pub const ALL: &'static [Self] = &[$(Self::$line,)*];

            /// The word in the files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$line => $word,)* }
            }

            /// `Task.status` of FHIR SDOH Clinical Care. // [MAP-2]
            #[must_use]
            pub const fn task(self) -> &'static str {
                match self { $(Self::$line => $task,)* }
            }

            /// `Task.businessStatus`. // [MAP-3]
            #[must_use]
            pub const fn business(self) -> &'static str {
                match self { $(Self::$line => $business,)* }
            }

            /// The status of a referral in Primero. // [MAP-4]
            #[must_use]
            pub const fn referral(self) -> &'static str {
                match self { $(Self::$line => $referral,)* }
            }

            /// The status of a transfer in Primero, as long as it is not completed. // [MAP-4]
            #[must_use]
            pub const fn transfer(self) -> &'static str {
                match self { $(Self::$line => $transfer,)* }
            }
        }
    };
}

lines! {
    /// Asked, and seen by nobody for all that is known.
    Asked = "asked", "requested", "asked", "in_progress", "in_progress";
    /// Asked, and seen by a person.
    AskedAcknowledged = "asked_acknowledged", "requested", "acknowledged", "in_progress", "in_progress";
    /// A place is held.
    Held = "held", "requested", "held", "in_progress", "in_progress";
    /// Later, perhaps.
    Waitlisted = "waitlisted", "on-hold", "waitlisted", "in_progress", "in_progress";
    /// Yes, in another form.
    PartlyAccepted = "partly_accepted", "accepted", "partly_accepted", "accepted", "in_progress";
    /// The same, for an earlier need.
    PartlyAcceptedEarlier = "partly_accepted_earlier", "requested", "ask_again", "in_progress", "in_progress";
    /// Yes.
    Accepted = "accepted", "accepted", "accepted", "accepted", "in_progress";
    /// The same, for an earlier need.
    AcceptedEarlier = "accepted_earlier", "requested", "ask_again", "in_progress", "in_progress";
    /// No.
    Declined = "declined", "rejected", "declined", "rejected", "rejected";
    /// No; another kind of service is right.
    Redirected = "redirected", "rejected", "redirected", "rejected", "rejected";
    /// The service began.
    Started = "started", "in-progress", "started", "accepted", "in_progress";
    /// The service was given.
    Provided = "provided", "completed", "provided", "done", "in_progress";
    /// Closed, and nothing happened.
    Closed = "closed", "cancelled", "closed", "revoked", "revoked";
    /// Closed after a no.
    ClosedRefused = "closed_refused", "rejected", "closed", "rejected", "rejected";
    /// Closed after a service began.
    ClosedStarted = "closed_started", "failed", "closed", "done", "revoked";
    /// Closed after a service was given.
    ClosedProvided = "closed_provided", "completed", "closed", "done", "revoked";
    /// Another recipient was chosen.
    ChosenElsewhere = "chosen_elsewhere", "cancelled", "chosen_elsewhere", "revoked", "revoked";
    /// It came to the wrong receiver.
    Misdirected = "misdirected", "rejected", "misdirected", "rejected", "rejected";
    /// The sender took it back.
    Revoked = "revoked", "cancelled", "revoked", "revoked", "revoked";
    /// She withdrew.
    Withdrawn = "withdrawn", "cancelled", "withdrawn", "revoked", "revoked";
}

impl Line {
    /// The one line of a reading. // [MAP-1]
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        let earlier = !reading.covering;
        match reading.headline {
            Headline::Asked if reading.acknowledged.is_empty() => Self::Asked,
            Headline::Asked => Self::AskedAcknowledged,
            Headline::Held => Self::Held,
            Headline::Waitlisted => Self::Waitlisted,
            Headline::PartlyAccepted if earlier => Self::PartlyAcceptedEarlier,
            Headline::PartlyAccepted => Self::PartlyAccepted,
            Headline::Accepted if earlier => Self::AcceptedEarlier,
            Headline::Accepted => Self::Accepted,
            Headline::Declined => Self::Declined,
            Headline::Redirected => Self::Redirected,
            Headline::Started => Self::Started,
            Headline::Provided => Self::Provided,
            Headline::Closed => Self::closed(reading),
            Headline::ChosenElsewhere => Self::ChosenElsewhere,
            Headline::Misdirected => Self::Misdirected,
            Headline::Revoked => Self::Revoked,
            Headline::Withdrawn => Self::Withdrawn,
        }
    }

    /// What a closing hides in the headline, another system must not lose.
    fn closed(reading: &Reading) -> Self {
        let stands = |kind| {
            let mut facts = reading.world_now.iter().filter_map(|event| reading.events.get(event));
            facts.any(|fact| fact.kind == kind)
        };
        let refused = reading.answer.is_some_and(|answer| matches!(answer.kind, Kind::Declined | Kind::Redirected));
        if stands(Kind::Provided) {
            Self::ClosedProvided
        } else if stands(Kind::Started) {
            Self::ClosedStarted
        } else if refused {
            Self::ClosedRefused
        } else {
            Self::Closed
        }
    }
}
