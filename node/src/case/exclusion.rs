//! Whom she excluded, how sure that is, and what was decided about it.

use crate::account::PersonId;

/// Why a person is excluded. A later one never makes an earlier one weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The name is like one that she named.
    Doubtful = 1,
    /// The name is one that she named.
    Named = 2,
    /// Somebody here wrote down that she excluded that person.
    ByHand = 3,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing yet: it stands.
    Open = 0,
    /// It stands.
    Confirmed = 1,
    /// It is somebody else of that name.
    Lifted = 2,
}

/// An exclusion of one person from one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// Why.
    pub ground: Ground,
    /// What was decided.
    pub ruling: Ruling,
    /// Who decided, or excluded by hand.
    pub by: Option<PersonId>,
    /// Seconds since 1970.
    pub time: u64,
}

impl Exclusion {
    /// One that nobody has looked at.
    #[must_use]
    pub const fn new(ground: Ground, by: Option<PersonId>, time: u64) -> Self {
        Self { ground, ruling: Ruling::Open, by, time }
    }

    /// Whether it holds now.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.ruling != Ruling::Lifted
    }

    /// Whether it holds, and nobody doubts that she means that colleague: one person alone does not lift it. [CAS-34]
    #[must_use]
    pub fn takes_two_to_lift(&self) -> bool {
        self.stands() && (self.ground != Ground::Doubtful || self.ruling == Ruling::Confirmed)
    }

    /// This one or the other, whichever excludes more: of two that stand or were both lifted the surer, and one that
    /// stands before one that was lifted. [CAS-16]
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        if (other.stands(), other.ground) > (self.stands(), self.ground) { other } else { self }
    }

    /// What is new about this one, if she names somebody again: only a surer ground reopens what was lifted. That somebody
    /// was excluded by hand says nothing about her words: what was lifted of that, they reopen. [CAS-34]
    #[must_use]
    pub fn named_again(self, again: Self) -> Self {
        let by_words = self.stands() || self.ground != Ground::ByHand;
        if again.ground > self.ground || !by_words { again } else { self }
    }
}

impl Ground {
    /// By its number in the record.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Doubtful),
            2 => Some(Self::Named),
            3 => Some(Self::ByHand),
            _ => None,
        }
    }
}

impl Ruling {
    /// By its number in the record.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Confirmed),
            2 => Some(Self::Lifted),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CAS-16] [CAS-34]
    #[test]
    fn two_exclusions_of_one_person_never_make_a_weaker_one() {
        let doubtful = Exclusion::new(Ground::Doubtful, None, 1);
        let named = Exclusion::new(Ground::Named, None, 2);
        let lifted = Exclusion { ruling: Ruling::Lifted, ..doubtful };
        assert!(named.takes_two_to_lift() && !doubtful.takes_two_to_lift() && !lifted.takes_two_to_lift());
        assert!(Exclusion { ruling: Ruling::Confirmed, ..doubtful }.takes_two_to_lift());
        assert_eq!(doubtful.stricter(named), named);
        assert_eq!(named.stricter(doubtful), named);
        assert_eq!(lifted.stricter(doubtful), doubtful);
        assert_eq!(Exclusion { ruling: Ruling::Lifted, ..named }.stricter(doubtful), doubtful);
        assert_eq!(lifted.named_again(doubtful), lifted);
        assert_eq!(lifted.named_again(named), named);
        let by_hand = Exclusion::new(Ground::ByHand, None, 3);
        assert_eq!(by_hand.named_again(named), by_hand);
        assert_eq!(Exclusion { ruling: Ruling::Lifted, ..by_hand }.named_again(named), named);
    }
}
