//! Names of trails and agreements on the command line: an ID, or its first digits.
//!
//! Guarantees that a prefix has at least 8 digits and names exactly one. [CLI-22]

use std::str::FromStr;

use uput_core::wire;

use crate::access::Node;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal;
use crate::request::hex;

/// 32 random bytes that somebody chose.
#[derive(Clone)]
pub(crate) struct Nonce([u8; 32]);

impl Nonce {
    /// The bytes.
    pub(crate) const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl FromStr for Nonce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = text.parse().ok().and_then(|reference: Reference| <[u8; 32]>::try_from(reference.bytes()).ok());
        whole.map(Self).ok_or_else(|| "give 64 hexadecimal digits".to_owned())
    }
}

/// An ID or its first digits, in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Reference(String);

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.to_ascii_lowercase();
        if (8..=64).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(digits))
        } else {
            Err("an ID has 64 hexadecimal digits; at least its first 8 are needed".to_owned())
        }
    }
}

impl Reference {
    /// The bytes of the whole pairs of digits.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0
            .as_bytes()
            .chunks_exact(2)
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect()
    }

    /// Whether it is an ID, or the beginning of one.
    pub(crate) fn names(&self, id: &[u8]) -> bool {
        hex(id).starts_with(&self.0)
    }

    /// The trail that it names; the node records that it was looked at.
    pub(crate) async fn trail(
        &self,
        node: &Node,
        values: bool,
        contact: Option<wire::ContactIntent>,
        reason: Option<wire::Reason>,
    ) -> Result<wire::Trail, Failure> {
        let request = wire::GetTrailRequest { trail: self.bytes(), values, reason, contact };
        let answer = node.trails().get_trail(request).await.map_err(|status| refusal::of(&status))?;
        answer
            .into_inner()
            .trail
            .filter(|trail| self.names(&trail.trail))
            .ok_or_else(|| none("trail", "uput inbox --all"))
    }

    /// The ID of the trail that it names. A line of the list is asked for, so that nobody has looked at it.
    pub(crate) async fn trail_id(&self, node: &Node) -> Result<Vec<u8>, Failure> {
        if self.0.len() == 64 {
            return Ok(self.bytes());
        }
        let request = wire::ListTrailsRequest { beginning: self.bytes(), ..Default::default() };
        let answer = node.trails().list_trails(request).await.map_err(|status| refusal::of(&status))?;
        let mut named = answer.into_inner().trails.into_iter().filter(|trail| self.names(&trail.trail));
        named.next().map(|trail| trail.trail).ok_or_else(|| none("trail", "uput inbox --all"))
    }

    /// The ID of the agreement that it names.
    pub(crate) async fn agreement_id(&self, node: &Node) -> Result<Vec<u8>, Failure> {
        if self.0.len() == 64 {
            return Ok(self.bytes());
        }
        let all = crate::agreement::all(node).await?;
        let mut named = all.into_iter().filter(|agreement| self.names(&agreement.agreement));
        match (named.next(), named.next()) {
            (Some(one), None) => Ok(one.agreement),
            (None, _) => Err(none("agreement", "uput agreement list")),
            (Some(_), Some(_)) => {
                Err(Failure::new(Exit::Failed, "AMBIGUOUS", "these digits name more than one agreement")
                    .next("give more digits; see `uput agreement list`"))
            }
        }
    }
}

fn none(noun: &str, list: &str) -> Failure {
    Failure::new(Exit::Failed, "NOT_FOUND", format!("no {noun} has that ID here")).next(format!("see `{list}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_at_least_eight_digits() {
        assert!("abcdef1".parse::<Reference>().is_err());
        assert!("abcdefgh".parse::<Reference>().is_err());
        assert!("a".repeat(65).parse::<Reference>().is_err());
        let odd: Reference = "ABCDEF123".parse().unwrap_or_else(|_| panic!());
        assert_eq!(odd.bytes(), [0xab, 0xcd, 0xef, 0x12]);
        assert!(odd.names(&[0xab, 0xcd, 0xef, 0x12, 0x34]));
        assert!(!odd.names(&[0xab, 0xcd, 0xef, 0x12, 0x44]));
    }
}
