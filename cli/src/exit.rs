//! Exit codes: what a script may rely on.
//!
//! Guarantees one number a meaning, and an order among verdicts. Leaves to others when each applies.

/// How a run of the program ended. [CLI-10]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// It was not done.
    Failed,
    /// The command line is wrong.
    Usage,
    /// A person said no at a prompt.
    Cancelled,
    /// The node does not know this caller, or a key is locked.
    NotAuthenticated,
    /// The node cannot be reached.
    Unreachable,
    /// The bundle is forged, altered or malformed.
    NotAuthentic,
    /// The bundle lacks something that must be there.
    Incomplete,
    /// A party has signed contradictory statements.
    Equivocation,
    /// A signer is unknown, or has replaced the key.
    UnknownSigner,
    /// The bundle is authentic, and documents a breach or cannot be checked for one.
    NotConformant,
}

impl Exit {
    /// Every ending, by number.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Cancelled,
        Self::NotAuthenticated,
        Self::Unreachable,
        Self::NotAuthentic,
        Self::Incomplete,
        Self::Equivocation,
        Self::UnknownSigner,
        Self::NotConformant,
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Cancelled => 3,
            Self::NotAuthenticated => 4,
            Self::Unreachable => 5,
            Self::NotAuthentic => 10,
            Self::Incomplete => 11,
            Self::Equivocation => 12,
            Self::UnknownSigner => 13,
            Self::NotConformant => 14,
        }
    }

    /// What it says, in words.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed: the error says what, why, and what to do next",
            Self::Usage => "the command line is wrong; nothing was tried",
            Self::Cancelled => "cancelled at a prompt; nothing was done",
            Self::NotAuthenticated => "not authenticated to the node, or a key is locked",
            Self::Unreachable => "the node cannot be reached; try again later",
            Self::NotAuthentic => "verdict: not authentic",
            Self::Incomplete => "verdict: incomplete",
            Self::Equivocation => "verdict: a party signed contradictory statements (equivocation)",
            Self::UnknownSigner => "verdict: a signer is unknown or revoked",
            Self::NotConformant => "verdict: authentic, but not conformant or not checkable whether it is",
        }
    }
}
