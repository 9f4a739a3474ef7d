//! Requests that write: an ID that makes repeating safe, and a way to check first.
//!
//! Guarantees a fresh random UUID unless one was given.

use std::str::FromStr;

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Page;

/// How a request that writes is made.
#[derive(Args)]
pub(crate) struct RequestArgs {
    /// Check only: nothing is written or sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// UUID of the request; with the ID of an earlier one, nothing is done twice
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    request_id: Option<String>,
}

/// A whole ID of an approval; no secret.
#[derive(Clone)]
pub(crate) struct ApprovalId([u8; 16]);

impl ApprovalId {
    /// The bytes; none where none was given.
    pub(crate) fn bytes(given: Option<&Self>) -> Vec<u8> {
        given.map(|id| id.0.to_vec()).unwrap_or_default()
    }
}

impl FromStr for ApprovalId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = if text.len() == 32 { u128::from_str_radix(text, 16).ok() } else { None };
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(|| "give 32 hexadecimal digits".to_owned())
    }
}

impl RequestArgs {
    /// Whether the ID of a request was given, as of one that is repeated.
    pub(crate) const fn repeats(&self) -> bool {
        self.request_id.is_some()
    }

    /// Says that an ID which was given may have been used before: then this is what was done under it. [CLI-7] [NOD-33]
    pub(crate) fn repeated(&self, page: &mut Page) {
        if self.request_id.is_some() && !self.dry_run {
            page.line("If this request ID was used before, it stands for what was said under it then, and nothing new was sent.");
        }
    }

    /// The ID that was given, or a new one. [CLI-7]
    pub(crate) fn id(&self) -> Result<String, Failure> {
        self.request_id.clone().map_or_else(random_uuid, Ok)
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|_| Failure::new(Exit::Failed, "NO_RANDOMNESS", "the system gives no random numbers"))?;
    Ok(bytes)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A fresh random UUID.
pub(crate) fn random_uuid() -> Result<String, Failure> {
    let number = u128::from_be_bytes(random()?);
    // Version 4, variant 1.
    let number = number & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

fn uuid(text: &str) -> Result<String, String> {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.chars().all(|digit| digit == '-' || digit.is_ascii_hexdigit());
    if digits && lengths == [8, 4, 4, 4, 12] {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("not a UUID such as 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_id_is_a_random_uuid() {
        let (one, two) = (random_uuid().unwrap(), random_uuid().unwrap());
        assert_ne!(one, two);
        assert_eq!(uuid(&one).as_deref(), Ok(one.as_str()));
        assert_eq!(one.get(14..15), Some("4"));
        assert!(matches!(one.get(19..20), Some("8" | "9" | "a" | "b")));
        assert!(uuid("0b5f9e2a").is_err());
    }
}
