//! Letters over a third organisation's node: what arrives, what is kept until it does, and what a relay that lies gains.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod bounds;
#[path = "../houses/mod.rs"]
mod houses;
mod liar;
mod line;
#[path = "../town/mod.rs"]
mod town;
mod village;
