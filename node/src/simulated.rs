//! What a simulation decides in the place of the computer: the time, chance, how long a disk takes, and which fault is
//! planted. [SIM-2]
//!
//! Only node/simulation turns this on. It is kept by thread, so that simulations beside each other do not meet. Guarantees
//! that a program which is built with optimisation cannot hold it.

#[cfg(not(debug_assertions))]
compile_error!("the feature `simulation` is for tests: a release has no clock that can be set and no planted fault");

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    time::Duration,
};

use prost::Message;
use tokio::time::Instant;
use uput_core::{
    envelope::{Envelope, MediaType},
    event::Event,
    id::OrgId,
    key::SigningKey,
    state::VoidReason,
    trail::Trail,
    wire,
};

/// A fault of the node that a simulation has to find. [SIM-20]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// What is sent again is signed again, with another time.
    NewEnvelope,
    /// Whether an event counts is decided by what had arrived before it.
    DecidedByArrival,
}

thread_local! {
    static BEGAN: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
    static CHANCE: Cell<u64> = const { Cell::new(0) };
    static SLOWEST: Cell<u64> = const { Cell::new(0) };
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    static SENT: RefCell<HashSet<Vec<u8>>> = RefCell::new(HashSet::new());
}

/// From now on this thread's nodes see a clock that shows `milliseconds` now and goes with tokio's, chance that follows
/// `seed`, and a disk that takes up to `slowest` for a sync.
pub fn begin(milliseconds: u64, seed: u64, slowest: Duration, planted: Option<Planted>) {
    BEGAN.set(Some((Instant::now(), milliseconds)));
    CHANCE.set(seed);
    SLOWEST.set(u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX));
    PLANTED.set(planted);
    SENT.with_borrow_mut(HashSet::clear);
}

/// Milliseconds since 1970, once a simulation began.
pub(crate) fn milliseconds() -> Option<u64> {
    let (began, at) = BEGAN.get()?;
    Some(at.saturating_add(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)))
}

/// Fills a buffer by the seed; `false` if no simulation began.
pub(crate) fn fill(buffer: &mut [u8]) -> bool {
    if BEGAN.get().is_none() {
        return false;
    }
    for chunk in buffer.chunks_mut(8) {
        chunk.iter_mut().zip(next().to_le_bytes()).for_each(|(byte, random)| *byte = random);
    }
    true
}

/// A commit takes its time, so that others come between.
pub(crate) async fn disk_works() {
    if let Some(slowest) = SLOWEST.get().checked_add(1).filter(|_| BEGAN.get().is_some()) {
        tokio::time::sleep(Duration::from_millis(next() % slowest)).await;
    }
}

/// An event's envelope as the fault makes it: the second time that it goes to somebody it is another one.
pub(crate) fn resent(to: &OrgId, envelope: Envelope, signing: &SigningKey) -> Envelope {
    let key = [to.to_vec(), envelope.body().to_vec()].concat();
    if PLANTED.get() != Some(Planted::NewEnvelope) || SENT.with_borrow_mut(|sent| sent.insert(key)) {
        return envelope;
    }
    let again = wire::EventBody::decode(envelope.body()).ok().and_then(|event| {
        let body = wire::EventBody { time: event.time + 60, ..event }.encode_to_vec();
        Envelope::sign(MediaType::EVENT, body, &[signing]).ok()
    });
    again.unwrap_or(envelope)
}

/// Whether an event counts, as the fault decides it; none if the fault is not planted.
pub(crate) fn by_arrival(trail: &Trail, event: &Event) -> Option<Result<(), VoidReason>> {
    if PLANTED.get() != Some(Planted::DecidedByArrival) || event.opening().is_some() {
        return None;
    }
    let mut known = Trail::open(trail.opening_event().ok()?.clone(), trail.opened_at()).ok()?;
    for earlier in trail.events().take_while(|earlier| earlier.id != event.id) {
        known.admit(earlier.clone()).ok()?;
    }
    Some(known.may(trail.side(&event.author)?, &event.statement))
}

/// SplitMix64.
fn next() -> u64 {
    let seed = CHANCE.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    CHANCE.set(seed);
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
