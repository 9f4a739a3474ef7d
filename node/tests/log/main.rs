//! The log of a node: what stands in it, when ticks are closed, and what witnesses make of it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod challenge;
mod heads;
#[path = "../houses/mod.rs"]
mod houses;
mod put_back;
mod real;
mod three;
mod ticks;
#[path = "../town/mod.rs"]
mod town;
mod witnessing;
