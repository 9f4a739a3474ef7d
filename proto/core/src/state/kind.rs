//! What an event says, as far as the state of a trail depends on it.
//!
//! Guarantees one word per kind, equal in `specs/state/table.tsv` and here. A kind is the kind on the wire; five of those
//! are split by one code each, because the code decides what follows: `opened` and `handed_over` by stage, `phoned`,
//! `decision` and `visited` by yes or no. Leaves to others: reading the wire, every other code, every value.

/// Which of the two parties of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The sender: it signed the opening.
    Opener,
    /// The receiver: the opening names it.
    Peer,
}

impl Side {
    /// The other party.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Opener => Self::Peer,
            Self::Peer => Self::Opener,
        }
    }

    /// `O` or `P`, as in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opener => "O",
            Self::Peer => "P",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in the table.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// Opens at stage 0.
    Opened0 = "opened0",
    /// Opens with the need.
    Opened1 = "opened1",
    /// Opens with need and identity, under law.
    Opened2 = "opened2",
    /// Stage 1.
    Need = "need",
    /// Stage 2.
    Identity = "identity",
    /// Values are replaced.
    Corrected = "corrected",
    /// A warning, by code.
    Warned = "warned",
    /// Something of stage 0 was handed over outside the network.
    HandedOver0 = "handed_over0",
    /// Something of stage 1 was handed over outside the network.
    HandedOver1 = "handed_over1",
    /// Something of stage 2 was handed over outside the network.
    HandedOver2 = "handed_over2",
    /// The receiver said yes by telephone.
    Phoned = "phoned",
    /// The receiver said no by telephone, or nobody answered.
    PhonedNo = "phoned_no",
    /// Another recipient was chosen.
    ChosenElsewhere = "chosen_elsewhere",
    /// The sender takes it back.
    Revoked = "revoked",
    /// The receiver is asked to purge.
    PurgeAsked = "purge_asked",
    /// Responsibility is offered.
    TransferOffered = "transfer_offered",
    /// The offer is taken back.
    TransferRecalled = "transfer_recalled",
    /// Responsibility is given away.
    TransferCompleted = "transfer_completed",
    /// A person at the receiver has seen it.
    Acknowledged = "acknowledged",
    /// A place is held.
    Held = "held",
    /// Yes.
    Accepted = "accepted",
    /// Yes, in another form.
    PartlyAccepted = "partly_accepted",
    /// Later, perhaps.
    Waitlisted = "waitlisted",
    /// No.
    Declined = "declined",
    /// No; another kind of service is right.
    Redirected = "redirected",
    /// It came to the wrong receiver.
    Misdirected = "misdirected",
    /// She was reached.
    ContactMade = "contact_made",
    /// She was not reached.
    CouldNotReach = "could_not_reach",
    /// The service began.
    Started = "started",
    /// The service was given.
    Provided = "provided",
    /// Values were purged.
    Purged = "purged",
    /// Values are kept under law.
    Retained = "retained",
    /// Responsibility is taken.
    TransferTaken = "transfer_taken",
    /// A body decided: granted, in whole or in part.
    Decision = "decision",
    /// A body decided: refused, or not competent.
    DecisionNo = "decision_no",
    /// What a meeting found and decided.
    Minutes = "minutes",
    /// Who does what by when.
    Plan = "plan",
    /// What became of a task of a plan.
    Task = "task",
    /// A visit met her.
    Visited = "visited",
    /// A visit did not meet her, or was not made.
    VisitedNo = "visited_no",
    /// The next body is asked, in another trail.
    Escalated = "escalated",
    /// She withdrew.
    Withdrawn = "withdrawn",
    /// Ends.
    Closed = "closed",
    /// Begins again.
    Reopened = "reopened",
    /// A machine has an event: technical, by either party, never void, without facts.
    Delivered = "delivered",
}

impl Kind {
    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether this is one of the three openings.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Self::Opened0 | Self::Opened1 | Self::Opened2)
    }
}
