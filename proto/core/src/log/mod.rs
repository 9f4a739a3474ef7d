//! Logs: what an organisation had, and since when.
//!
//! Guarantees the bytes of entries, ticks, trees, checkpoints and cosignatures (specs/log.md), that nothing is called
//! proven whose path, signature or form does not hold exactly, and that no input makes it panic.
//! Leaves to others: nonces, clocks, storage, transport, and which witness counts (`verdict`).

mod checkpoint;
mod contradiction;
mod entry;
mod note;
mod proof;
mod tick;
mod tree;
mod witness;

pub use checkpoint::{Checkpoint, Cosignature, MAX_COSIGNATURES, Origin, SignedCheckpoint};
pub use contradiction::{Contradiction, ContradictionKind};
pub use entry::{ENTRY_LENGTH, Entry, EntryKind};
pub use note::{MAX_NOTE, Note, NoteKey, NoteLine, SignatureType};
pub use proof::{LogProof, MAX_SHOWN, Shown};
pub use tick::{Batch, TICK, Tick};
pub use tree::{Hash, MAX_PATH, Tree, consistent, included, path_root, prefix_root};
pub use witness::{Answer, Offer, Refusal, decide};
