//! What lies at this node for others, and for how long.
//!
//! Guarantees that a letter which was said to be stored is on disk, and is handed out until it was fetched or its time is
//! over; that nobody leaves more than was allowed; and that nothing of a letter but its length and its digest is looked at.
//! Leaves to the node who may leave letters for whom, and what depositors are told. [RLY-1] [RLY-4] [RLY-8]

mod lying;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prost::Message;
use tokio::{sync::Notify, time::Instant};
use uput_core::{
    id::{Id, OrgId},
    rejection::Rejection,
    time::Seconds,
};

use crate::storage::Letters;
pub(crate) use lying::{Heap, Letter, Lying};

/// The first pause after the recipient said "later", and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15 * 60));

/// What one organisation may leave for another, and for how long. [RLY-1]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Most letters; none: nothing is taken in.
    pub letters: u32,
    /// Most bytes.
    pub bytes: u64,
    /// Days.
    pub days: u32,
}

/// Letters of others.
pub(crate) struct Mailbox {
    letters: Arc<Letters>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    for_whom: HashMap<OrgId, BTreeMap<u64, Lying>>,
}

/// What becomes of a letter that is left here.
pub(crate) enum Place {
    /// Here it is to be written.
    Free(u64),
    /// It lies here already.
    Known,
}

impl Mailbox {
    /// Reads what lies in the folder.
    ///
    /// # Errors
    /// Of the disk.
    pub(crate) fn open(letters: Arc<Letters>) -> io::Result<Self> {
        let mut state = State::default();
        for number in letters.numbers()? {
            state.next = number.saturating_add(1);
            match read(&letters, number).map(|letter| letter.and_then(|letter| letter.lies())) {
                Ok(Some((recipient, lying))) => {
                    state.for_whom.entry(recipient).or_default().insert(number, lying);
                }
                Ok(None) => {
                    // Its depositor leaves it again. [RLY-14]
                    tracing::warn!("a letter that lay here for somebody is damaged, and is removed");
                    if let Err(error) = letters.remove(number) {
                        tracing::warn!(%error, "a damaged letter could not be removed");
                    }
                }
                // Nobody knows that it is gone: the next start may read it. [RLY-14]
                Err(error) => tracing::warn!(%error, "a letter that lies here for somebody could not be read"),
            }
        }
        Ok(Self { letters, state: Mutex::new(state), changed: Notify::new() })
    }

    /// Keeps a letter until it was fetched. It is on disk when this returns. [RLY-4] [RLY-11]
    pub(crate) async fn keep(
        self: &Arc<Self>,
        from: &OrgId,
        to: &OrgId,
        bytes: &[u8],
        quota: Quota,
        now: Seconds,
    ) -> Result<(), Rejection> {
        let until = now.get().saturating_add(u64::from(quota.days).saturating_mul(86_400));
        let digest = Id::of(bytes);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let lying = Lying::new(*from, digest, size, now.get(), until);
        let Place::Free(number) = self.reserve(to, lying, quota)? else { return Ok(()) };
        let letter = Letter {
            depositor: from.to_vec(),
            recipient: to.to_vec(),
            since: now.get(),
            until,
            letter: bytes.to_vec(),
        };
        let letters = Arc::clone(&self.letters);
        let written = blocking(move || letters.keep(number, &letter.encode_to_vec())).await;
        self.written(to, number, written.is_ok());
        written.map_err(|error| {
            tracing::error!(%error, "a letter for somebody else was not kept");
            Rejection::MailboxFull
        })
    }

    fn reserve(&self, to: &OrgId, lying: Lying, quota: Quota) -> Result<Place, Rejection> {
        let mut state = self.lock();
        let number = state.next;
        let here = state.for_whom.entry(*to).or_default();
        if let Some(known) = here.values().find(|known| known.is_same(&lying)) {
            // What is being written is not said to be there.
            return if known.is_written() { Ok(Place::Known) } else { Err(Rejection::TooMany) };
        }
        let heap = Heap::of(here.values().filter(|one| one.depositor == lying.depositor));
        if heap.letters >= quota.letters || heap.bytes.saturating_add(lying.size) > quota.bytes {
            return Err(Rejection::MailboxFull);
        }
        here.insert(number, lying);
        state.next = number.saturating_add(1);
        Ok(Place::Free(number))
    }

    fn written(&self, to: &OrgId, number: u64, is_there: bool) {
        let mut state = self.lock();
        let Some(here) = state.for_whom.get_mut(to) else { return };
        match here.get_mut(&number).filter(|_| is_there) {
            Some(lying) => lying.written(),
            None => {
                here.remove(&number);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits for a letter to somebody, the oldest first; it flies until [`Mailbox::fetched`], [`Mailbox::later`] or
    /// [`Mailbox::again`]. If whoever waits goes away, nothing was handed out. One that is damaged has no bytes. [RLY-8]
    pub(crate) async fn next(&self, to: &OrgId) -> (u64, Option<Vec<u8>>) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (free, earliest) = self.free(to, Instant::now());
            if let Some(number) = free {
                match read(&self.letters, number) {
                    Ok(letter) => return (number, letter.map(|letter| letter.letter)),
                    Err(error) => {
                        tracing::warn!(%error, "a letter that lies here for somebody could not be read");
                        self.later(to, number);
                    }
                }
                continue;
            }
            match earliest {
                Some(earliest) => tokio::select! {
                    () = changed => (),
                    () = tokio::time::sleep_until(earliest) => (),
                },
                None => changed.await,
            }
        }
    }

    /// Takes what may go, or says when the next may.
    fn free(&self, to: &OrgId, now: Instant) -> (Option<u64>, Option<Instant>) {
        let mut state = self.lock();
        let Some(here) = state.for_whom.get_mut(to) else { return (None, None) };
        let found = here.iter_mut().find(|(_, lying)| lying.may_go(now));
        match found {
            Some((number, lying)) => {
                lying.flies();
                (Some(*number), None)
            }
            None => (None, here.values().filter_map(Lying::rests_until).min()),
        }
    }

    /// The line broke: it goes again.
    pub(crate) fn again(&self, to: &OrgId, number: u64) {
        self.with(to, number, Lying::lands);
    }

    /// The recipient put it off.
    pub(crate) fn later(&self, to: &OrgId, number: u64) {
        let (first, longest) = PAUSES;
        self.with(to, number, |lying| lying.rest(Instant::now(), first, longest));
    }

    /// What lies there under a number: who left it, and its digest.
    pub(crate) fn lying(&self, to: &OrgId, number: u64) -> Option<(OrgId, Id)> {
        let state = self.lock();
        state.for_whom.get(to)?.get(&number).map(|lying| (lying.depositor, lying.digest))
    }

    /// Removes a letter: it was fetched, or its depositor knows that it was not.
    pub(crate) async fn remove(&self, to: &OrgId, number: u64) {
        let letters = Arc::clone(&self.letters);
        if let Err(error) = blocking(move || letters.remove(number)).await {
            tracing::error!(%error, "a letter that was fetched could not be removed");
        }
        self.forget(to, number);
    }

    /// What has lain its time: for whom, which, who left it, and its digest. [RLY-12]
    pub(crate) fn expired(&self, now: Seconds) -> Vec<(OrgId, u64, OrgId, Id)> {
        let state = self.lock();
        let of = |(to, here): (&OrgId, &BTreeMap<u64, Lying>)| {
            let over = here.iter().filter(|(_, lying)| lying.until <= now.get() && lying.is_idle());
            over.map(|(number, lying)| (*to, *number, lying.depositor, lying.digest)).collect::<Vec<_>>()
        };
        state.for_whom.iter().flat_map(of).collect()
    }

    /// What lies here for one organisation from another. [RLY-15]
    pub(crate) fn heap(&self, from: &OrgId, to: &OrgId) -> Heap {
        let state = self.lock();
        let here = state.for_whom.get(to).into_iter().flat_map(BTreeMap::values);
        Heap::of(here.filter(|lying| lying.depositor == *from))
    }

    fn forget(&self, to: &OrgId, number: u64) {
        let mut state = self.lock();
        if let Some(here) = state.for_whom.get_mut(to) {
            here.remove(&number);
        }
    }

    fn with(&self, to: &OrgId, number: u64, change: impl FnOnce(&mut Lying)) {
        let mut state = self.lock();
        if let Some(lying) = state.for_whom.get_mut(to).and_then(|here| here.get_mut(&number)) {
            change(lying);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    // A panic while the lock was held leaves the map whole: each change is one insertion or removal.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a letter; none if it is damaged or not there. An error says nothing of the letter: it can be read another time.
fn read(letters: &Letters, number: u64) -> io::Result<Option<Letter>> {
    match letters.read(number) {
        Ok(bytes) => Ok(Letter::decode(bytes.as_slice()).ok()),
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Work that waits for the disk holds up nobody else.
#[cfg(not(feature = "simulation"))]
async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// There the disk is memory, and the order of all that happens is the seed's.
#[cfg(feature = "simulation")]
async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    work()
}

#[cfg(test)]
mod tests;
