//! Agreements, legal bases, the catalogue and slots, from outside: sources, evaluation, properties and vectors.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and prints what it counted"
)]

mod asked;
mod attempts;
mod bases;
mod deadlines;
mod differences;
mod doubts;
mod evaluation;
mod explained;
mod formula;
mod life;
mod matrix;
mod mechanisms;
mod onward;
mod properties;
mod questions;
mod random;
#[path = "../state/reference.rs"]
mod reference;
mod ruling;
mod scene;
mod sentences;
mod signed;
mod source;
mod trails;
mod vectors;
