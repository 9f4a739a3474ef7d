//! A signing key that was stolen, and up to where of the own log it counts all the same.
//!
//! Guarantees that the line is one that a log can have. Leaves to others what stands behind it, and that the organisation key,
//! which signs it, was not stolen too.

use core::cmp::Ordering;

use crate::id::{KeyId, OrgId};
use crate::log::{Checkpoint, Hash, Origin};
use crate::rejection::Rejection;
use crate::wire;

/// A stolen key. [KEY-31]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disowned {
    /// Which.
    pub key: KeyId,
    /// Incarnation of the log.
    pub incarnation: u32,
    /// Leaves and root of the log up to which it counts; none: it does not count at all.
    pub until: Option<(u64, Hash)>,
}

impl Disowned {
    pub(super) fn parse(disowned: &wire::Disowned) -> Result<Self, Rejection> {
        let until = match (disowned.size, disowned.root.as_slice()) {
            (0, []) => None,
            (0, _) => return Err(Rejection::Malformed),
            (size, root) => Some((size, Hash::from_slice(root).ok_or(Rejection::Malformed)?)),
        };
        Ok(Self { key: KeyId::parse(&disowned.key)?, incarnation: disowned.incarnation, until })
    }

    pub(super) fn to_wire(self) -> wire::Disowned {
        let (size, root) = self.until.map_or((0, Vec::new()), |(size, root)| (size, root.to_vec()));
        wire::Disowned { key: self.key.to_vec(), incarnation: self.incarnation, size, root }
    }

    /// Whether a checkpoint of the log can be one that the key signed while it counted. [BUN-107]
    #[must_use]
    pub fn reaches(&self, checkpoint: &Checkpoint) -> bool {
        let (size, root) = self.until.map_or((0, None), |(size, root)| (size, Some(root)));
        match (checkpoint.origin.incarnation, checkpoint.size).cmp(&(self.incarnation, size)) {
            Ordering::Less => true,
            Ordering::Equal => Some(checkpoint.root) == root,
            Ordering::Greater => false,
        }
    }

    /// The checkpoint of the log of `organisation` up to which the key counts: the organisation key has signed it.
    #[must_use]
    pub fn checkpoint(&self, organisation: OrgId) -> Option<Checkpoint> {
        let (size, root) = self.until?;
        Some(Checkpoint { origin: Origin { organisation, incarnation: self.incarnation }, size, root })
    }
}
