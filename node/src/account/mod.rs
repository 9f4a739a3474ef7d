//! Who may use this node: accounts of people and machines, their tokens, and what a role includes.
//!
//! Guarantees that a secret is never kept, only its digest, and that what has no row in the table of roles is denied.
//! All of it is local: nothing here goes to a peer. Leaves writing it to the journal to the node.

mod attempts;
mod caller;
mod code;
mod credential;
mod credentials;
mod notice;
mod password;
mod proof;
mod register;
pub mod roles;
mod second_factor;
mod sessions;
mod team;
mod token;

pub use caller::{By, Caller, OnBehalfOf};
pub use code::Code;
pub use credential::{Credential, Delegation, What};
pub use credentials::Door;
pub use notice::{Notice, NoticeKind};
pub use password::{Password, Typed, Work};
pub use proof::Proof;
pub use register::{Account, KeptToken, Register, Shown};
pub use second_factor::SecondFactor;
pub use sessions::{IDLE, LONGEST};
pub use team::Team;
pub use token::{Token, TokenDigest};

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name([u8; 16]);

            impl $name {
                /// From its bytes.
                #[must_use]
                pub const fn new(bytes: [u8; 16]) -> Self {
                    Self(bytes)
                }

                /// From bytes that must be 16.
                #[must_use]
                pub fn parse(bytes: &[u8]) -> Option<Self> {
                    bytes.try_into().ok().map(Self)
                }

                /// From 32 hexadecimal digits in lower case.
                #[must_use]
                pub fn from_hex(text: &str) -> Option<Self> {
                    let digits = text.len() == 32 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
                    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
                    Some(Self(number.to_be_bytes()))
                }

                /// Its bytes.
                #[must_use]
                pub fn to_vec(self) -> Vec<u8> {
                    self.0.to_vec()
                }

                /// Its bytes, to be hashed.
                #[must_use]
                pub const fn bytes(&self) -> &[u8; 16] {
                    &self.0
                }

                /// Whether it begins so.
                #[must_use]
                pub fn begins(&self, beginning: &[u8]) -> bool {
                    self.0.starts_with(beginning)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
                }
            }
        )*
    };
}

ids! {
    /// An account: 16 random bytes, which say nothing about whose it is. [ACC-1]
    AccountId;
    /// A token: 16 random bytes, no secret.
    TokenId;
    /// A person of this organisation, or a machine: 16 random bytes, shared by their accounts. [ACC-14]
    PersonId;
    /// A team: 16 random bytes. [ACC-60]
    TeamId;
    /// A code, a password or a certificate: 16 random bytes, no secret. [ACC-30]
    CredentialId;
    /// Leave for a machine to act for a person: 16 random bytes. [ACC-52]
    DelegationId;
    /// An approval: 16 random bytes, no secret. [APR-4]
    ApprovalId;
    /// An override: 16 random bytes, no secret; those of its approval, where two people answered for it. [APR-20]
    OverrideId;
}

pub(crate) use ids;
