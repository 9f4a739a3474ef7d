//! Several shelters are asked by one request: what each answered, whom she chooses, and what the others never learn.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod choice;
mod crossing;
mod request;
mod shelters;
#[path = "../town/mod.rs"]
mod town;
mod unseen;
