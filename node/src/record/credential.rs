//! What lets an account in beside its tokens, and whom a person lets act for them.

use prost::Message;
use uput_core::wire;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::account::{AccountId, CredentialId};

/// A code, a password or a certificate, or what it is now. [ACC-30]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CredentialRecord {
    /// Credential ID.
    #[prost(bytes = "vec", tag = "1")]
    pub credential: Vec<u8>,
    /// Account ID.
    #[prost(bytes = "vec", tag = "2")]
    pub account: Vec<u8>,
    /// Encoded [`CredentialSecret`] under the second key that the key book holds for the account.
    #[prost(bytes = "vec", tag = "3")]
    pub secret: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub created: u64,
    /// Who made it. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub created_by: Vec<u8>,
    /// Seconds since 1970 at which it ends; 0: it does not.
    #[prost(uint64, tag = "6")]
    pub until: u64,
    /// Seconds since 1970 at which it was used up or ended; 0: it was not.
    #[prost(uint64, tag = "7")]
    pub ended: u64,
    /// Who ended it.
    #[prost(bytes = "vec", tag = "8")]
    pub ended_by: Vec<u8>,
    /// Number of the notice of it; 0: nobody is told.
    #[prost(uint64, tag = "9")]
    pub notice: u64,
    /// It is a certificate: said here too, because the notice of it outlives its secret.
    #[prost(bool, tag = "10")]
    pub certificate: bool,
}

/// What a credential is compared with.
#[derive(Clone, PartialEq, Message, Zeroize, ZeroizeOnDrop)]
#[prost(skip_debug)]
pub struct CredentialSecret {
    /// SHA-256 of a code.
    #[prost(bytes = "vec", tag = "1")]
    pub code: Vec<u8>,
    /// Salt of a password.
    #[prost(bytes = "vec", tag = "2")]
    pub salt: Vec<u8>,
    /// Argon2id of the password.
    #[prost(bytes = "vec", tag = "3")]
    pub hash: Vec<u8>,
    /// Secret of the second factor; empty: there is none.
    #[prost(bytes = "vec", tag = "4")]
    pub second_factor: Vec<u8>,
    /// The newest step whose code was used.
    #[prost(uint64, tag = "5")]
    pub step: u64,
    /// SHA-256 of a certificate's subject public key info.
    #[prost(bytes = "vec", tag = "6")]
    pub key_digest: Vec<u8>,
    /// To what the certificate is limited.
    #[prost(enumeration = "wire::Scope", repeated, tag = "7")]
    pub scopes: Vec<i32>,
}

/// Leave for a machine to act for a person, or what it is now. [ACC-52]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct DelegationRecord {
    /// Delegation ID.
    #[prost(bytes = "vec", tag = "1")]
    pub delegation: Vec<u8>,
    /// Account ID of the person, who gave it.
    #[prost(bytes = "vec", tag = "2")]
    pub account: Vec<u8>,
    /// Account ID of the machine.
    #[prost(bytes = "vec", tag = "3")]
    pub machine: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub created: u64,
    /// Seconds since 1970 at which it ends.
    #[prost(uint64, tag = "5")]
    pub until: u64,
    /// Seconds since 1970 at which it was revoked; 0: it was not.
    #[prost(uint64, tag = "6")]
    pub revoked: u64,
}

/// Associated data of a credential's secret. [ACC-30]
#[must_use]
pub fn credential_aad(account: &AccountId, credential: &CredentialId) -> Vec<u8> {
    [b"uput/node/credential/".as_slice(), &account.to_vec(), &credential.to_vec()].concat()
}
