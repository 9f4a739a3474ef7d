//! Other organisations' nodes: who may connect, and how letters travel.

pub mod mailroom;

pub use mailroom::{Contact, Difficulty, Mailroom, Outgoing, PeerCard, PeerState};
