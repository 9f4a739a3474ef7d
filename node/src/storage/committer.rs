//! The committer: the one thread that writes.
//!
//! It takes what is queued and makes it durable together: key book, journal, head, then the index,
//! then the answers. A failed sync ends the process, because afterwards nobody knows what is durable,
//! and a retry would say "durable" about pages that the system has dropped.

use super::folder::Reserve;
use super::queue::{CommitReply, EraseReply, Job, Queue};
use super::{Commit, CommitError, StorageError};
use crate::disk::Failure;
use crate::journal::head::{Head, HeadFile};
use crate::journal::{Journal, Position, Record, Unfit};
use crate::keybook::{KeyBook, KeyKind, NewTrailKeys};
use crate::store::{Index, IndexWrite, StoreError, Watermark};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Evidence that something is durable: only the committer makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durable<T>(T);

impl<T> Durable<T> {
    /// What is durable.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// What is durable, without the evidence.
    pub fn into_inner(self) -> T {
        self.0
    }
}

type Projection = Box<dyn FnMut(&Record) -> Vec<IndexWrite> + Send>;

/// The index and what records mean to it.
pub(super) struct Indexed {
    pub(super) index: Arc<Index>,
    pub(super) project: Projection,
}

/// A commit that stands in the batch.
struct Accepted {
    commit: Commit,
    positions: Vec<Position>,
    reply: CommitReply,
}

/// The one thread that writes, and all that it writes to.
pub(super) struct Committer {
    pub(super) journal: Journal,
    pub(super) book: KeyBook,
    pub(super) head_file: HeadFile,
    pub(super) head: Head,
    pub(super) reserve: Reserve,
    pub(super) indexed: Indexed,
    /// Commits that one sync may serve.
    pub(super) group: usize,
    /// The disk was full: nothing is recorded until the reserve could be taken again.
    pub(super) full: Arc<AtomicBool>,
    /// How many records the index shows.
    pub(super) shown: Arc<AtomicU64>,
}

impl Committer {
    /// Starts the thread; it ends when the sender is dropped.
    #[cfg_attr(feature = "simulation", allow(dead_code, reason = "there it has none"))]
    pub(super) fn start(self) -> io::Result<(UnboundedSender<Job>, JoinHandle<()>)> {
        let (jobs, queue) = unbounded_channel();
        let run = move || Running { committer: self, index_behind: false }.run(Queue::new(queue));
        Ok((jobs, thread::Builder::new().name("committer".to_owned()).spawn(run)?))
    }
}

/// The committer without a thread: whoever asks does what waits. [SIM-2]
#[cfg(feature = "simulation")]
pub(super) struct Inline(std::sync::Mutex<(Running, Queue)>);

#[cfg(feature = "simulation")]
impl Inline {
    pub(super) fn new(committer: Committer) -> (UnboundedSender<Job>, Self) {
        let (jobs, queue) = unbounded_channel();
        let running = Running { committer, index_behind: false };
        (jobs, Self(std::sync::Mutex::new((running, Queue::new(queue)))))
    }

    /// Does all that was handed in.
    pub(super) fn work(&self) {
        let mut inner = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (running, queue) = &mut *inner;
        while queue.is_ready() {
            running.turn(queue);
        }
    }
}

struct Running {
    committer: Committer,
    index_behind: bool,
}

impl Running {
    fn run(mut self, mut queue: Queue) {
        while queue.wait(self.committer.group) {
            self.turn(&mut queue);
        }
        if let Err(error) = self.committer.indexed.index.flush() {
            tracing::warn!(%error, "the index was not flushed; it is checked at the next start");
        }
    }

    /// Does what waits: the erasures at its head, or a batch of commits.
    fn turn(&mut self, queue: &mut Queue) {
        let began = Instant::now();
        let erasures = queue.take_erasures();
        if !erasures.is_empty() {
            self.erase(erasures);
        }
        let batch = self.collect(queue);
        queue.last = batch.len();
        if !batch.is_empty() {
            self.commit(batch);
        }
        queue.last_took = began.elapsed();
    }

    /// Stages commits until one does not fit into the segment or something else waits.
    fn collect(&mut self, queue: &mut Queue) -> Vec<Accepted> {
        let mut batch = Vec::new();
        let mut trails = HashSet::new();
        if queue.has_commit() && !self.has_room() {
            self.enter_full();
        }
        while batch.len() < self.committer.group {
            match queue.next_commit() {
                None => break,
                Some((commit, reply)) => match self.stage(&commit, &mut trails, batch.is_empty()) {
                    Ok(Some(positions)) => batch.push(Accepted { commit, positions, reply }),
                    Ok(None) => {
                        queue.put_back(commit, reply);
                        break;
                    }
                    Err(refusal) => answer(reply, Err(refusal)),
                },
            }
        }
        batch
    }

    /// Stages one commit; `None` if it needs a new segment and others are staged already.
    fn stage(
        &mut self,
        commit: &Commit,
        trails: &mut HashSet<[u8; 32]>,
        alone: bool,
    ) -> Result<Option<Vec<Position>>, CommitError> {
        if self.index_behind {
            return Err(CommitError::IndexBehind);
        }
        if self.committer.full.load(Ordering::Relaxed) {
            return Err(CommitError::Full);
        }
        let known = self.committer.book.keys();
        let mut own = HashSet::new();
        let fresh =
            |new: &NewTrailKeys| !known.contains(&new.trail) && !trails.contains(&new.trail) && own.insert(new.trail);
        if !commit.keys.iter().all(fresh) {
            return Err(CommitError::KeysExist);
        }
        match self.committer.journal.fits(&commit.records) {
            Ok(()) => {}
            Err(Unfit::Ever) => return Err(too_large(commit)),
            Err(Unfit::Now) if alone => match self.committer.journal.turn() {
                Ok(()) => {}
                Err(Failure::Full) => return Err(self.enter_full()),
                Err(Failure::Fatal(error)) => die(&error),
            },
            Err(Unfit::Now) => return Ok(None),
        }
        let staged = self.committer.journal.stage(&commit.records).map_err(|_| CommitError::NoRandomness)?;
        trails.extend(own);
        Ok(Some(staged))
    }

    fn commit(&mut self, batch: Vec<Accepted>) {
        if self.write(&batch) == Err(Full) {
            let refusal = self.enter_full();
            return batch.into_iter().for_each(|accepted| answer(accepted.reply, Err(refusal.clone())));
        }
        let mut writes = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        for accepted in batch {
            for (draft, position) in accepted.commit.records.into_iter().zip(&accepted.positions) {
                let record = Record { position: *position, kind: draft.kind, payload: draft.payload };
                writes.extend((self.committer.indexed.project)(&record));
            }
            answers.push((accepted.reply, accepted.positions));
        }
        let indexed = self.follow(writes);
        for (reply, positions) in answers {
            answer(reply, indexed.clone().map(|()| Durable(positions)));
        }
    }

    /// Key book, journal, head: each durable before the next. [NOD-10]
    fn write(&mut self, batch: &[Accepted]) -> Result<(), Full> {
        let Committer { journal, book, .. } = &mut self.committer;
        let added: Vec<_> = batch.iter().flat_map(|accepted| &accepted.commit.keys).collect();
        if or_die(book.add(&added)).is_err() {
            journal.drop_staged();
            return Err(Full);
        }
        if or_die(journal.write()).is_err() {
            or_die(book.take_back())?;
            return Err(Full);
        }
        self.write_head();
        self.committer.journal.publish();
        self.committer.book.publish();
        Ok(())
    }

    /// The head is written in place and needs no space; on a file system that copies on write it can,
    /// and then the reserve gives it.
    fn write_head(&mut self) {
        let Committer { journal, book, head, head_file, reserve, .. } = &mut self.committer;
        head.sequence += 1;
        journal.cover(head);
        book.cover(head);
        if or_die(head_file.write(head)).is_err() {
            let again = reserve.release().and_then(|()| head_file.write(head));
            if or_die(again).is_err() {
                die(&io::ErrorKind::StorageFull.into());
            }
        }
    }

    fn follow(&mut self, writes: Vec<IndexWrite>) -> Result<(), CommitError> {
        let mut head = self.committer.head;
        self.committer.journal.cover(&mut head);
        let reached = Watermark { records: head.records, chain: head.chain };
        let applied = self.committer.indexed.index.apply(writes, reached);
        if applied.is_ok() {
            self.committer.shown.store(reached.records, Ordering::Release);
        }
        applied.map_err(|error| {
            tracing::error!(%error, "the index failed; nothing more is recorded until the node is restarted");
            self.index_behind = true;
            if error == StoreError::Full {
                self.enter_full();
            }
            CommitError::IndexFailed
        })
    }

    fn erase(&mut self, erasures: Vec<([u8; 32], KeyKind, EraseReply)>) {
        let keys: Vec<_> = erasures.iter().map(|(trail, which, _)| (*trail, *which)).collect();
        let mut erased = or_die(self.committer.book.erase(&keys));
        if erased.is_err() {
            self.enter_full();
            erased = or_die(self.committer.book.erase(&keys));
        }
        if erased.is_ok() {
            self.write_head();
        }
        for (_, _, reply) in erasures {
            // Whoever asked may be gone; the erasure holds all the same.
            let _ = reply.send(erased.map_err(|Full| StorageError::Full));
        }
    }

    fn enter_full(&mut self) -> CommitError {
        if !self.committer.full.swap(true, Ordering::Relaxed) {
            tracing::error!("the disk is full: nothing is recorded until there is space; reading goes on");
        }
        if let Err(Failure::Fatal(error)) = self.committer.reserve.release() {
            die(&error);
        }
        CommitError::Full
    }

    /// Asked once a batch.
    fn has_room(&mut self) -> bool {
        match self.committer.reserve.has_room() {
            Ok(room) => {
                self.committer.full.fetch_and(!room, Ordering::Relaxed);
                room
            }
            Err(Failure::Full) => false,
            Err(Failure::Fatal(error)) => die(&error),
        }
    }
}

/// There was no space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Full;

fn or_die<T>(result: Result<T, Failure>) -> Result<T, Full> {
    result.map_err(|failure| match failure {
        Failure::Full => Full,
        Failure::Fatal(error) => die(&error),
    })
}

/// Ends the process at once: no destructor may write anything more. [NOD-11]
fn die(error: &io::Error) -> ! {
    tracing::error!(
        %error,
        "a write or sync failed, and what is durable is not known; the node stops now. See to the disk, then start it again: \
         it reads all that it has, and says if anything acknowledged is missing"
    );
    std::process::abort()
}

fn answer(reply: CommitReply, result: Result<Durable<Vec<Position>>, CommitError>) {
    // Whoever asked may be gone; the commit holds all the same.
    let _ = reply.send(result);
}

fn too_large(commit: &Commit) -> CommitError {
    CommitError::TooLarge(commit.records.iter().map(|draft| draft.payload.len()).sum())
}
