//! Trails in which a withdrawal arrived, until it is followed onward.
//!
//! Guarantees that whoever brought it waits for nothing of that. What is here when a node stops is found again in the
//! journal when it starts.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;
use uput_core::id::TrailId;

/// Trails to look at.
#[derive(Default)]
pub(super) struct Cascades {
    waiting: Mutex<BTreeSet<TrailId>>,
    new: Notify,
}

impl Cascades {
    /// More of them.
    pub(super) fn add(&self, received: impl IntoIterator<Item = TrailId>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(received);
        self.new.notify_one();
    }

    /// What failed, to be looked at again in a while: nobody is woken for it.
    pub(super) fn put_back(&self, failed: impl IntoIterator<Item = TrailId>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
    }

    /// All of them, which wait no longer.
    pub(super) fn take(&self) -> BTreeSet<TrailId> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there is one.
    pub(super) async fn arrived(&self) {
        self.new.notified().await;
    }
}
