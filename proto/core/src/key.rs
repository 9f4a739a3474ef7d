//! Keys and what organisations say of them.
//!
//! Guarantees: a [`PublicKey`] was admitted, a [`KeyRecord`] was signed by every key that it names, a [`KeyChain`]
//! leads from an organisation's first record to its newest without a gap.
//! Leaves to others: what a log shows of when a record counted, and whether the people compared safety numbers.

mod chain;
mod disowned;
mod endpoint;
mod proposal;
mod public;
mod record;
mod safety_number;
mod sealing;
mod signing;

pub use chain::{Change, KeyChain};
pub use disowned::Disowned;
pub use endpoint::Endpoint;
pub use proposal::{Missing, Proposal};
pub use public::{PublicKey, SIGNATURE_LENGTH};
pub use record::{KeyRecord, KeyRecordDraft, Recovery, SUITE, sign_key_record, sign_recovered_record};
pub use safety_number::{SafetyHalf, SafetyNumber, safety_number};
pub use sealing::{ENCAPSULATED_LENGTH, SEALING_PUBLIC_LENGTH, SealingPublic, SealingSecret};
pub use signing::{SEED_LENGTH, SigningKey};
