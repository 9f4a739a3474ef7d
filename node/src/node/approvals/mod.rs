//! The rule of two: what one person may not do alone, and who let it happen.
//!
//! Guarantees that what takes two people happens only with an approval by another person, for exactly that request, once
//! and within a day; that the use is in the same commit as what it let happen; and that all of it can be counted
//! afterwards. Leaves to the acts to ask for it.

mod asked;
mod desk;
mod digest;
mod kept;

pub use desk::{Asking, Why};
pub use digest::{Exact, digest};
pub(super) use kept::Approvals;
pub use kept::Approved;

/// The second person of a request.
#[derive(Clone, Default)]
pub enum Second {
    /// None was named.
    #[default]
    Nobody,
    /// An approval, for the request of that digest.
    Approval {
        /// Its ID.
        id: Vec<u8>,
        /// Digest of the request that was made. [APR-3]
        digest: [u8; 32],
    },
    /// One is being asked for: checked as if there were one.
    Asked,
}
