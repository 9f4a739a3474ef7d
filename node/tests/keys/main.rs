//! Keys over time in a running node: rotation while letters wait, on the stream, and the end of what was replaced; keys that are
//! lost, and keys that are stolen.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod house;
mod locked;
mod recovery;
mod rotation;
mod stream;
#[path = "../town/mod.rs"]
mod town;
mod years;
