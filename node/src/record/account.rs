//! Accounts and tokens as the journal holds them. [NOD-20]

use prost::Message;
use uput_core::wire;

use crate::{account::AccountId, store::Tree};

/// Accounts: ID to the newest record.
pub const ACCOUNTS: Tree = Tree::new("accounts");
/// Tokens: ID to the newest record.
pub const TOKENS: Tree = Tree::new("tokens");

/// An account, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct AccountRecord {
    /// Account ID.
    #[prost(bytes = "vec", tag = "1")]
    pub account: Vec<u8>,
    /// Its name, under a key of its own in the key book.
    #[prost(bytes = "vec", tag = "2")]
    pub name: Vec<u8>,
    /// Its role.
    #[prost(enumeration = "wire::Role", tag = "3")]
    pub role: i32,
    /// Seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub created: u64,
    /// Account ID of whoever made it; empty: the node itself.
    #[prost(bytes = "vec", tag = "5")]
    pub created_by: Vec<u8>,
    /// Seconds since 1970 at which it was disabled; 0: it is not.
    #[prost(uint64, tag = "6")]
    pub disabled: u64,
    /// Account ID of whoever disabled it.
    #[prost(bytes = "vec", tag = "7")]
    pub disabled_by: Vec<u8>,
    /// Whose it is; empty in a record of an earlier version: of a person who has this account alone. [ACC-14]
    #[prost(bytes = "vec", tag = "8")]
    pub person: Vec<u8>,
    /// Number of the notice of its making; 0: nobody is told. [ACC-15]
    #[prost(uint64, tag = "9")]
    pub notice: u64,
    /// Number of the newest notice that its person has seen.
    #[prost(uint64, tag = "10")]
    pub seen: u64,
}

/// A token, or what it is now; never its secret.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct TokenRecord {
    /// Token ID.
    #[prost(bytes = "vec", tag = "1")]
    pub token: Vec<u8>,
    /// Account ID.
    #[prost(bytes = "vec", tag = "2")]
    pub account: Vec<u8>,
    /// SHA-256 of its text.
    #[prost(bytes = "vec", tag = "3")]
    pub digest: Vec<u8>,
    /// To what it is limited.
    #[prost(enumeration = "wire::Scope", repeated, tag = "4")]
    pub scopes: Vec<i32>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "5")]
    pub created: u64,
    /// Account ID of whoever made it; empty: the node itself.
    #[prost(bytes = "vec", tag = "6")]
    pub created_by: Vec<u8>,
    /// Seconds since 1970 at which it ends; 0: it does not.
    #[prost(uint64, tag = "7")]
    pub until: u64,
    /// Seconds since 1970 at which it was revoked; 0: it is not.
    #[prost(uint64, tag = "8")]
    pub revoked: u64,
    /// Account ID of whoever revoked it.
    #[prost(bytes = "vec", tag = "9")]
    pub revoked_by: Vec<u8>,
    /// The certificate without which it is nothing; empty: it needs none. [ACC-42]
    #[prost(bytes = "vec", tag = "10")]
    pub key_digest: Vec<u8>,
    /// Number of the notice of it; 0: nobody is told. [ACC-15]
    #[prost(uint64, tag = "11")]
    pub notice: u64,
}

/// Under which name the key book holds the key of an account's name. [ACC-3]
#[must_use]
pub fn account_key_name(account: &AccountId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/account".as_slice(), &account.to_vec()].concat()).as_bytes()
}
