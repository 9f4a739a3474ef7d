//! The state of a trail: table, crossings, vectors, a reference written apart, and an exhaustive check.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that breaks says where")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    dead_code,
    reason = "shares its parts with the command; counts are printed"
)]

mod acts;
mod alike;
mod chains;
mod check;
mod counterpart;
mod crossings;
mod exhaustive;
mod invariant;
mod kinds;
mod known;
mod oracle;
mod outcome;
mod random;
mod reference;
mod smallest;
mod speed;
mod table;
mod trail;
mod vectors;
mod views;
