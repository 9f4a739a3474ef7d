//! The messages of the Uput protocol, generated from `uput/v1/*.proto`.
//!
//! Guarantees nothing: a message here is what somebody said. `uput-core` turns it into types that cannot be wrong.
//! No message implements `Debug`, so that none can reach a log.

/// Package `uput.v1`: what organisations sign and send each other.
#[allow(clippy::all, missing_docs, unreachable_pub, reason = "generated")]
pub mod v1 {
    include!("gen/uput.v1.rs");
}
