//! Whole networks of nodes in one thread, by a seed: specs/simulation.md.
//!
//! Guarantees that the core, the inbox, the outbox, the journal and the conversation are those of the node, and that the
//! same seed makes the same choices. Leaves to other tests what is below: sockets, TLS, HTTP/2, threads, sled.

pub mod check;
pub mod dice;
pub mod disk;
pub mod founded;
pub mod house;
pub mod liar;
pub mod line;
pub mod people;
pub mod run;
pub mod shrink;
pub mod story;
pub mod tally;
pub mod town;

pub use run::{Broken, Fault, Run, Told, run};
