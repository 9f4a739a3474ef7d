//! Who looked at what: why somebody may say they look, and what is unusual about it.
//!
//! Guarantees that whoever does not have a case says why, and that what is unusual is computed from the accesses alone.
//! Leaves the chain and the journal to the node.

mod unusual;
mod why;

pub use unusual::{ASKED_DAYS, Finding, KEPT, Seen, Unusual, Watcher};
pub(crate) use why::is_outside;
pub use why::{Why, standing_of};
