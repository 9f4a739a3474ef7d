//! Which stream with an organisation is in use: never more than one.
//!
//! Guarantees that both ends, seeing the same two streams in any order, keep the same one, and that a second worker
//! starts only after the first has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedMutexGuard, oneshot, watch};
use uput_core::id::OrgId;

/// Who dialled a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialler {
    /// This node.
    Us,
    /// The peer.
    Them,
    /// This node, and the peer is locked: any other stream takes its place. [TRA-41]
    Door,
}

/// One link per organisation.
pub(super) struct Links {
    us: OrgId,
    links: Mutex<HashMap<OrgId, Arc<Link>>>,
}

/// What this node has with one organisation.
pub(super) struct Link {
    /// Who dials the stream that wins.
    preferred: Dialler,
    state: Mutex<State>,
    turn: Arc<tokio::sync::Mutex<()>>,
    connected: watch::Sender<bool>,
    /// Somebody heard from the organisation: pauses between dialling start small again.
    pub(super) contact: Notify,
}

#[derive(Default)]
struct State {
    serial: u64,
    current: Option<Current>,
    dialling: bool,
}

struct Current {
    serial: u64,
    dialler: Dialler,
    /// Dropped when another stream takes its place.
    _stands: oneshot::Sender<()>,
}

/// The right to use a stream, until it is dropped or another one takes its place.
pub(super) struct Claim {
    link: Arc<Link>,
    serial: u64,
    replaced: oneshot::Receiver<()>,
}

/// The one worker of an organisation.
pub(super) struct Turn(#[allow(dead_code, reason = "held, not read")] OwnedMutexGuard<()>);

impl Links {
    pub(super) fn new(us: OrgId) -> Self {
        Self { us, links: Mutex::default() }
    }

    /// The link with an organisation.
    pub(super) fn with(&self, organisation: OrgId) -> Arc<Link> {
        let preferred = if self.us < organisation { Dialler::Us } else { Dialler::Them };
        Arc::clone(lock(&self.links).entry(organisation).or_insert_with(|| Arc::new(Link::new(preferred))))
    }
}

impl Link {
    fn new(preferred: Dialler) -> Self {
        Self {
            preferred,
            state: Mutex::default(),
            turn: Arc::default(),
            connected: watch::channel(false).0,
            contact: Notify::new(),
        }
    }

    /// Claims the use of a new stream. [TRA-17] [TRA-18] `None` if the one in use stays: it was dialled by the
    /// organisation with the smaller ID, and the new one by the other.
    pub(super) fn claim(self: &Arc<Self>, dialler: Dialler) -> Option<Claim> {
        let mut state = lock(&self.state);
        let stays = state.current.as_ref().is_some_and(|current| match (current.dialler, dialler) {
            (Dialler::Door, _) => false,
            (_, Dialler::Door) => true,
            (current, new) => current != new && new != self.preferred,
        });
        if stays {
            return None;
        }
        state.serial += 1;
        let serial = state.serial;
        let (stands, replaced) = oneshot::channel();
        state.current = Some(Current { serial, dialler, _stands: stands });
        self.connected.send_replace(true);
        Some(Claim { link: Arc::clone(self), serial, replaced })
    }

    /// Waits until no stream is in use.
    pub(super) async fn unused(&self) {
        // The sender lives in this link, so the wait cannot fail.
        let _ = self.connected.subscribe().wait_for(|connected| !connected).await;
    }

    /// Whether a stream is in use.
    pub(super) fn is_used(&self) -> bool {
        *self.connected.borrow()
    }

    /// Takes the place of the only dialling worker; `false` if there is one.
    pub(super) fn start_dialling(&self) -> bool {
        !std::mem::replace(&mut lock(&self.state).dialling, true)
    }

    /// Gives it back.
    pub(super) fn stop_dialling(&self) {
        lock(&self.state).dialling = false;
    }
}

impl Claim {
    /// Waits until the worker before has ended. [TRA-17]
    pub(super) async fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.link.turn).lock_owned().await)
    }

    /// Waits until another stream takes this one's place.
    pub(super) async fn replaced(&mut self) {
        // Nothing is ever sent: only the loss of the sender says it.
        let _ = (&mut self.replaced).await;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = lock(&self.link.state);
        if state.current.as_ref().is_some_and(|current| current.serial == self.serial) {
            state.current = None;
            self.link.connected.send_replace(false);
        }
    }
}

/// A panic elsewhere leaves these maps whole: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::id::Id;

    fn organisations() -> (OrgId, OrgId) {
        let (a, b) = (OrgId::from(Id::of(b"invented A")), OrgId::from(Id::of(b"invented B")));
        if a < b { (a, b) } else { (b, a) }
    }

    #[tokio::test]
    async fn both_ends_keep_the_same_of_two_streams_in_any_order() {
        let (smaller, larger) = organisations();
        for order in [[true, false], [false, true]] {
            for here in [smaller, larger] {
                let link = Links::new(here).with(if here == smaller { larger } else { smaller });
                let mut kept = Vec::new();
                for by_smaller in order {
                    let dialler = if by_smaller == (here == smaller) { Dialler::Us } else { Dialler::Them };
                    kept.push((by_smaller, link.claim(dialler)));
                }
                let stands = |claim: &mut Option<Claim>| {
                    let replaced = claim.as_mut().map(|claim| claim.replaced.try_recv());
                    matches!(replaced, Some(Err(oneshot::error::TryRecvError::Empty)))
                };
                let stands: Vec<bool> =
                    kept.iter_mut().filter_map(|(by_smaller, claim)| stands(claim).then_some(*by_smaller)).collect();
                assert_eq!(stands, vec![true]);
            }
        }
    }

    #[tokio::test]
    async fn a_newer_stream_of_the_same_dialler_replaces_the_older() {
        let (smaller, larger) = organisations();
        let link = Links::new(larger).with(smaller);
        let mut first = link.claim(Dialler::Us).unwrap();
        let second = link.claim(Dialler::Us).unwrap();
        first.replaced().await;
        drop(first);
        assert!(link.is_used());
        drop(second);
        link.unused().await;
    }

    #[tokio::test]
    async fn the_second_worker_waits_for_the_first() {
        let (smaller, larger) = organisations();
        let link = Links::new(smaller).with(larger);
        let first = link.claim(Dialler::Us).unwrap();
        let turn = first.turn().await;
        let second = link.claim(Dialler::Us).unwrap();
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), second.turn()).await.is_err());
        drop(turn);
        second.turn().await;
    }

    /// [TRA-41] Whoever holds the door key keeps nobody from being heard.
    #[tokio::test]
    async fn a_connection_with_a_locked_peer_gives_way_to_any_other() {
        let (smaller, larger) = organisations();
        for (us, them) in [(smaller, larger), (larger, smaller)] {
            let link = Links::new(us).with(them);
            let mut door = link.claim(Dialler::Door).unwrap();
            let stream = link.claim(Dialler::Them).unwrap();
            door.replaced().await;
            assert!(link.claim(Dialler::Door).is_none());
            drop(stream);
            assert!(link.claim(Dialler::Door).is_some());
        }
    }

    #[test]
    fn there_is_one_dialling_worker() {
        let (smaller, larger) = organisations();
        let link = Links::new(smaller).with(larger);
        assert!(link.start_dialling());
        assert!(!link.start_dialling());
        link.stop_dialling();
        assert!(link.start_dialling());
    }
}
