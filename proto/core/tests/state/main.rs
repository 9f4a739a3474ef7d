//! The state of a trail: table, crossings, vectors, a reference written apart, and an exhaustive check.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that breaks says where")]

mod agreement;
mod chains;
mod crossings;
mod random;
mod reference;
mod table;
mod trail;
mod vectors;
