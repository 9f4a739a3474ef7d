//! What is sealed to an organisation's own people, and how a lost staff key comes back.
//!
//! Guarantees: what is sealed for one purpose and place opens for no other, nor as a letter; of a key that is split, fewer
//! shares than were said to be needed say nothing, and a share that is not the one that was made is found; whoever proves to
//! hold a key proves it for one other key, and no more.
//! Leaves to others: whose key it is, who may be given what, and where anything is kept.

mod proof;
mod sealed;
mod share;
mod word_key;

pub use proof::{Drawn, PROOF_LENGTH};
pub use sealed::{Place, open, recipient, seal};
pub use share::{MAX_SHARES, SHARE_LENGTH, Share, ShareDigest, Sharing, Unjoined, join, split};
pub use word_key::WordKey;
