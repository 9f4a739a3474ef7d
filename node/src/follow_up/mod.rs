//! One change in a case, and what it becomes in each of her trails: the table `specs/follow-up.tsv`, compiled into the
//! program.
//!
//! Guarantees that every situation of a trail has one row, and that what the row says is computed from the trail's reading
//! alone. Leaves to the node which values go with it, and to say it.

mod situation;
mod table;

pub use situation::{Allowed, Basis, Reach, Side, Situation, Stand};
pub use table::{Answer, Change, Do, Say, Why, answer, rows};
