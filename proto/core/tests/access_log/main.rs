//! Documents of accesses, from outside.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cases;
#[allow(dead_code, reason = "the verdict's own tests use the rest of it")]
#[path = "../verdict/sample.rs"]
mod sample;
mod scene;
mod vectors;
