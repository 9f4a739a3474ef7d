//! What lets an account in beside its tokens: a code that works once, a password, a certificate of a client.

use std::sync::Arc;

use uput_core::{time::Seconds, wire::Scope};

use super::{AccountId, CredentialId, DelegationId, Password, TokenDigest};

/// What lets an account in beside its tokens. [ACC-30]
#[derive(Clone)]
pub struct Credential {
    /// Which one.
    pub id: CredentialId,
    /// Whose.
    pub account: AccountId,
    /// What must be shown.
    pub what: What,
    /// Seconds since 1970.
    pub created: u64,
    /// Who made it; none: the node itself.
    pub created_by: Option<AccountId>,
    /// Seconds since 1970; 0: without end.
    pub until: u64,
    /// It was used up, or ended.
    pub ended: bool,
    /// Number of the notice of it; 0: nobody is told.
    pub notice: u64,
}

/// What must be shown.
#[derive(Clone)]
pub enum What {
    /// A code that works once, by its digest.
    Code(TokenDigest),
    /// A password, perhaps with a second factor.
    Password(Password),
    /// A certificate, by the digest of its key, and to what it is limited.
    Certificate([u8; 32], Arc<[Scope]>),
    /// Nothing any more: its key was destroyed. Whether it was a certificate.
    Erased(bool),
}

/// Leave for a machine to act for a person. [ACC-52]
#[derive(Clone)]
pub struct Delegation {
    /// Which one.
    pub id: DelegationId,
    /// The account of the person, who gave it.
    pub account: AccountId,
    /// The account of the machine.
    pub machine: AccountId,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970.
    pub until: u64,
    /// It was ended.
    pub revoked: bool,
}

impl Credential {
    /// Whether it still counts.
    #[must_use]
    pub const fn is_valid(&self, now: Seconds) -> bool {
        !self.ended && (self.until == 0 || now.get() < self.until)
    }
}

impl Delegation {
    /// Whether it still counts.
    #[must_use]
    pub const fn is_valid(&self, now: Seconds) -> bool {
        !self.revoked && now.get() < self.until
    }
}
