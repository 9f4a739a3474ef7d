//! Exit codes of a verification, and which one wins. [BUN-80]

use serde::{Serialize, Serializer};

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Authentic, complete as demanded, conformant.
    Valid,
    /// Authentic, but not conformant, or not checkable whether it is.
    NotConformant,
    /// Something that must be there is not.
    Incomplete,
    /// A party has signed contradictory statements.
    Equivocation,
    /// A signer is unknown, or has replaced the key.
    UnknownSigner,
    /// Forged, altered or malformed.
    NotAuthentic,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::NotAuthentic => 10,
            Self::Incomplete => 11,
            Self::Equivocation => 12,
            Self::UnknownSigner => 13,
            Self::NotConformant => 14,
        }
    }

    /// The one that wins: the order of the variants, last first.
    #[must_use]
    pub fn of(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().max().unwrap_or(Self::Valid)
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precedence_is_10_13_12_11_14_0() {
        let order = [10, 13, 12, 11, 14, 0];
        let all = [
            Exit::NotAuthentic,
            Exit::UnknownSigner,
            Exit::Equivocation,
            Exit::Incomplete,
            Exit::NotConformant,
            Exit::Valid,
        ];
        for (place, exit) in all.iter().enumerate() {
            assert_eq!(exit.code(), order[place]);
            assert_eq!(Exit::of(all[place..].iter().rev().copied()), *exit);
        }
        assert_eq!(Exit::of([]), Exit::Valid);
    }
}
