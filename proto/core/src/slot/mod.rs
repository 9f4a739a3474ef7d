//! Slots: fields of an event that are committed now and opened apart, by label or by value, or never.
//!
//! Guarantees that a [`Disclosed`] matches the commitments of its event, and that commitments are made only of fields
//! that were minimised. Leaves to the agreement whether a field may be there, and to the node to destroy secrets.

mod commitment;
mod content;
mod disclosed;
mod extent;
mod open;

pub use commitment::{SlotSecrets, commit};
pub(crate) use content::Content;
pub use disclosed::{Disclosed, DisclosedSlot};
pub use extent::{Choice, Extent};
pub use open::open;
