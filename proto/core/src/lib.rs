//! The Uput protocol as pure functions.
//!
//! Guarantees: no clock, no randomness, no input or output, no logging; time and randomness come in as arguments. No
//! input makes it panic. What a function calls verified, it has verified over the bytes received.
//! Leaves to others: storage, transport, and asking people.

pub mod access_log;
pub mod act;
pub mod agreement;
pub mod attention;
pub mod attestation;
pub mod bounds;
pub mod bundle;
pub mod catalogue;
pub mod code_list;
pub mod codec;
pub mod entropy;
pub mod envelope;
pub mod escalation;
pub mod event;
pub mod head;
pub mod id;
pub mod identifying;
pub mod invitation;
pub mod key;
pub mod keyfile;
pub mod legal_basis;
pub mod letter;
pub mod log;
pub mod look_alike;
pub mod rejection;
pub mod safe_contact;
pub mod sensitive;
pub mod sent;
pub mod slot;
pub mod staff;
pub mod state;
pub mod status;
pub mod step;
pub mod task;
pub mod telephone;
pub mod time;
pub mod timer;
pub mod trail;
pub mod trust;
pub mod verdict;
pub mod words;

pub use uput_wire::v1 as wire;
