//! The program as people and scripts meet it: run as a process, against a fake node or none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod accesses;
mod agreements;
mod auditor;
mod carry;
mod commands;
mod evidence;
mod failures;
mod fake_node;
mod folders;
mod harness;
mod help;
mod keys;
mod languages;
#[allow(dead_code, reason = "the core's own tests use the rest of it")]
#[path = "../../../proto/core/tests/verdict/sample.rs"]
mod night;
mod passwords;
mod relay;
mod terminal;
