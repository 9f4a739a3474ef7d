//! Verdicts on bundles, from outside.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bounded;
mod case;
mod compared;
mod content;
mod copied;
mod dated;
#[allow(dead_code, reason = "a scene has more in it than one play needs")]
mod diary;
mod form;
mod harness;
mod innocent;
mod logged;
mod mutation;
mod outcome;
mod passed_on;
#[allow(dead_code, reason = "a scene has more in it than one play needs")]
mod sample;
mod silent;
mod spoken;
mod survivor;
mod told;
mod vectors;
