//! Keys of the organisation's own people, in memory: whose they are, how far they count, who holds shares of them.
//!
//! Guarantees that a key counts only after somebody else compared it, and that the newest one that counts is the one to
//! which anything new is sealed. No secret is here. Leaves the journal to the node.

mod key;
mod register;
mod share;

pub use key::{Owner, StaffKey, State, by_recipient, sharing_of};
pub use register::{Sealing, StaffRegister};
pub use share::HeldShare;
