//! Safety numbers: what two people read to each other before their organisations trust each other.
//!
//! Guarantees: both sides see the same digits, and two organisations that see the same digits have each other's OrgId.
//! Leaves to others that the two people know each other's voice.

use std::fmt;

use ring::digest::{SHA512, digest};

use crate::id::OrgId;

/// Rounds of the digest: 2^14, about 10 ms, so that each guess of a forger costs as much. [KEY-18]
const ROUNDS: usize = 16_384;
const GROUPS: usize = 6;
const GROUP_BYTES: usize = 5;

/// Sixty decimal digits. [KEY-17]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetyNumber(String);

/// Thirty digits of one organisation, the costly part: who shows the numbers of many keeps it. [KEY-18]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SafetyHalf(String);

/// The safety number of two organisations, the same from both sides. [KEY-17]
#[must_use]
pub fn safety_number(a: &OrgId, b: &OrgId) -> SafetyNumber {
    SafetyHalf::of(a).with(&SafetyHalf::of(b))
}

impl SafetyHalf {
    /// That of an organisation, after all rounds. [KEY-18]
    #[must_use]
    pub fn of(organisation: &OrgId) -> Self {
        Self(half(organisation))
    }

    /// The number of both, the smaller half first. [KEY-17]
    #[must_use]
    pub fn with(&self, other: &Self) -> SafetyNumber {
        SafetyNumber([self.min(other).0.as_str(), self.max(other).0.as_str()].concat())
    }
}

fn half(organisation: &OrgId) -> String {
    let mut input = b"uput/v1/safety-number".to_vec();
    input.extend_from_slice(organisation.as_bytes());
    let mut state = digest(&SHA512, &input);
    for _ in 1..ROUNDS {
        let input = [state.as_ref(), organisation.as_bytes()].concat();
        state = digest(&SHA512, &input);
    }
    let groups = state.as_ref().chunks_exact(GROUP_BYTES).take(GROUPS);
    groups
        .map(|group| format!("{:05}", group.iter().fold(0, |n: u64, byte| n << 8 | u64::from(*byte)) % 100_000))
        .collect()
}

impl SafetyNumber {
    /// The digits without spaces, for a QR code.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Whether somebody typed exactly these digits; spaces between them do not count.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        typed.chars().filter(|c| !c.is_whitespace()).eq(self.0.chars())
    }
}

impl fmt::Display for SafetyNumber {
    /// Twelve groups of five.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, digit) in self.0.chars().enumerate() {
            let gap = if index > 0 && index % GROUP_BYTES == 0 { " " } else { "" };
            write!(f, "{gap}{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn organisation(name: &str) -> OrgId {
        Id::of(name.as_bytes()).into()
    }

    #[test]
    fn both_sides_read_the_same_sixty_digits_in_groups_of_five() {
        let (a, b) = (organisation("a"), organisation("b"));
        let number = safety_number(&a, &b);
        assert_eq!(number, safety_number(&b, &a));
        let groups: Vec<_> = number.to_string().split(' ').map(str::to_owned).collect();
        assert_eq!(groups.len(), 12);
        assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|b| b.is_ascii_digit())));
        assert!(number.matches(&number.to_string()));
        assert!(!number.matches(&number.digits()[..59]));
    }

    #[test]
    fn each_organisation_shows_in_the_number() {
        let number = safety_number(&organisation("a"), &organisation("b"));
        assert_ne!(number, safety_number(&organisation("a"), &organisation("c")));
        assert_ne!(number, safety_number(&organisation("c"), &organisation("b")));
    }
}
