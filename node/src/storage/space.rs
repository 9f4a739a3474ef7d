//! How much space there is for a data folder: on its disk, and below the bound that people set it. [STO-35] [STO-36]
//!
//! Guarantees that disk and bound are told apart, and that whoever records and whoever warns go by the same figures.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::Disk;

/// Nothing bounds the folder but its disk.
const UNBOUNDED: u64 = u64::MAX;
/// Of a large disk, so much is enough to be in no hurry.
const EASY: u64 = 1 << 30;

/// What is scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// The disk.
    Disk,
    /// What the folder may take.
    Quota,
}

/// What is left for a folder, of the scarcer of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Bytes.
    pub bytes: u64,
    /// Bytes below which it is time to look for more.
    pub low: u64,
    /// Of what.
    pub of: Scarce,
}

impl Left {
    fn new(of: Scarce, bytes: u64, all: u64, reserve: u64) -> Self {
        Self { bytes, low: EASY.min(all / 10).max(reserve / 2), of }
    }

    /// Whether it is time to look for more.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.bytes < self.low
    }
}

/// Disk and bound of one folder.
pub(super) struct Space {
    disk: Arc<dyn Disk>,
    quota: AtomicU64,
    reserve: u64,
}

impl Space {
    pub(super) fn new(disk: &Arc<dyn Disk>, reserve: u64) -> Self {
        Self { disk: Arc::clone(disk), quota: AtomicU64::new(UNBOUNDED), reserve }
    }

    pub(super) fn set_quota(&self, bytes: Option<u64>) {
        self.quota.store(bytes.unwrap_or(UNBOUNDED), Ordering::Relaxed);
    }

    /// What is left: of what is low, if one of the two is, else of what is less.
    pub(super) fn left(&self) -> io::Result<Left> {
        let disk = Left::new(Scarce::Disk, self.disk.free()?, self.disk.size()?, self.reserve);
        let quota = match self.quota.load(Ordering::Relaxed) {
            UNBOUNDED => return Ok(disk),
            quota => Left::new(Scarce::Quota, quota.saturating_sub(self.disk.taken()?), quota, self.reserve),
        };
        Ok(if (!quota.is_low(), quota.bytes) < (!disk.is_low(), disk.bytes) { quota } else { disk })
    }

    /// How many bytes can still be written.
    pub(super) fn bytes(&self) -> io::Result<u64> {
        let free = self.disk.free()?;
        match self.quota.load(Ordering::Relaxed) {
            UNBOUNDED => Ok(free),
            quota => Ok(free.min(quota.saturating_sub(self.disk.taken()?))),
        }
    }
}
