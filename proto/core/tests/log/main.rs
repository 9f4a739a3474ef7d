//! Logs from outside: the vectors, and what programs say that are not ours.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod foreign;
mod made;
mod vectors;
