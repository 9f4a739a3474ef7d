//! Envelopes, keys, letters and key files, from outside: what is signed holds, what is sealed stays shut.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and the measurement prints"
)]

mod envelope;
mod hostile;
mod key;
mod key_file;
mod letter;
mod recovery;
mod sample;
mod staff;
mod vectors;
