//! A peer that is a member and an abuser's tool: it speaks the protocol by hand, and badly on purpose.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod agreements;
mod disclosures;
mod disk;
mod events;
mod evidence;
mod invitations;
mod keys;
mod letters;
mod meetings;
mod mistakes;
mod put_back;
mod receivers;
mod said;
mod stays;
#[path = "../town/mod.rs"]
mod town;
mod yard;
