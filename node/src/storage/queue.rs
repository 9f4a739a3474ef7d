//! What the committer is asked to do, in its order.

use super::committer::Durable;
use super::{Commit, CommitError, StorageError};
use crate::journal::Position;
use crate::keybook::KeyKind;
use std::collections::VecDeque;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// The longest time that a commit waits for others to share its sync.
const PATIENCE: Duration = Duration::from_millis(2);

pub(super) type CommitReply = oneshot::Sender<Result<Durable<Vec<Position>>, CommitError>>;
pub(super) type EraseReply = mpsc::Sender<Result<(), StorageError>>;

/// What the committer is asked to do.
pub(super) enum Job {
    Commit { commit: Commit, reply: CommitReply },
    Erase { trail: [u8; 32], which: KeyKind, reply: EraseReply },
}

/// What is asked, in its order.
pub(super) struct Queue {
    jobs: UnboundedReceiver<Job>,
    waiting: VecDeque<Job>,
    /// How many commits the last batch had, and how long it took.
    pub(super) last: usize,
    pub(super) last_took: Duration,
}

impl Queue {
    pub(super) fn new(jobs: UnboundedReceiver<Job>) -> Self {
        Self { jobs, waiting: VecDeque::new(), last: 0, last_took: Duration::ZERO }
    }

    /// Waits for work, then a little for as much as came the last time, so that writers who are just
    /// being answered share the next sync. `false` when there is no more.
    pub(super) fn wait(&mut self, most: usize) -> bool {
        if self.waiting.is_empty() {
            match self.jobs.blocking_recv() {
                Some(job) => self.waiting.push_back(job),
                None => return false,
            }
        }
        let until = Instant::now() + PATIENCE.min(self.last_took / 2);
        while self.waiting.len() < most {
            match self.jobs.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) if self.waiting.len() < self.last && Instant::now() < until => thread::yield_now(),
                Err(_) => break,
            }
        }
        true
    }

    /// Takes what was asked, and tells whether there is any of it.
    #[cfg(feature = "simulation")]
    pub(super) fn is_ready(&mut self) -> bool {
        while let Ok(job) = self.jobs.try_recv() {
            self.waiting.push_back(job);
        }
        !self.waiting.is_empty()
    }

    pub(super) fn take_erasures(&mut self) -> Vec<([u8; 32], KeyKind, EraseReply)> {
        let mut erasures = Vec::new();
        while let Some(job) = self.waiting.pop_front() {
            match job {
                Job::Erase { trail, which, reply } => erasures.push((trail, which, reply)),
                commit => {
                    self.waiting.push_front(commit);
                    break;
                }
            }
        }
        erasures
    }

    pub(super) fn has_commit(&self) -> bool {
        matches!(self.waiting.front(), Some(Job::Commit { .. }))
    }

    pub(super) fn next_commit(&mut self) -> Option<(Commit, CommitReply)> {
        match self.waiting.pop_front()? {
            Job::Commit { commit, reply } => Some((commit, reply)),
            erase => {
                self.waiting.push_front(erase);
                None
            }
        }
    }

    pub(super) fn put_back(&mut self, commit: Commit, reply: CommitReply) {
        self.waiting.push_front(Job::Commit { commit, reply });
    }
}
