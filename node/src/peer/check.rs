//! Where the line to a peer fails, in both directions.
//!
//! Guarantees that a check disturbs no stream, and says of the way back only what the peer said. Whoever asks this node for
//! its way back learns whether it was reached, and neither why nor how soon it was not: a peer writes into its own key
//! record what it wants dialled, and shall learn nothing of the network here. [DEL-22]

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;
use uput_core::id::OrgId;
use uput_core::key::PublicKey;
use uput_core::rejection::Rejection;
use uput_core::wire::{CheckWayRequest, CheckWayResponse, WayBack};

use super::Peers;
use super::dialler::{Reached, connect, service};
use super::limits::Limits;
use super::line::{Ending, understand};
use super::mailroom::{Difficulty, Letters, Mailroom, PeerCard, PeerState};
use super::reason::Reason;
use super::skew::{Asked, Skew};
use crate::{clock, tls};

/// Seconds that two clocks may be apart. [EVT-25]
const APART: u64 = 600;
/// How long a letter may be without a receipt on a stream that stands.
const UNANSWERED: Duration = Duration::from_secs(60);
/// From how many rounds of "later" on a peer is not ready, and not only busy.
const PUT_OFF: u32 = 5;

/// What a check found. [DEL-20]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The first that stands in the way.
    pub result: Reason,
    /// The way there.
    pub out: Reason,
    /// The way back, as the peer says; none if it was not asked.
    pub back: Option<Reason>,
    /// A stream stands, whoever dialled.
    pub connected: bool,
}

/// When each peer was last told how its way back is.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<OrgId, Instant>>);

/// What the peer says.
struct Said {
    answer: CheckWayResponse,
    skew: Option<Skew>,
}

impl<M: Mailroom> Peers<M> {
    /// Looks where the line to an organisation fails; none if it was not introduced.
    pub async fn check(&self, organisation: &OrgId) -> Option<Checked> {
        let card = self.mailroom.peer(organisation)?;
        let (out, said) = match self.ask_the_way(&card).await {
            Ok(said) => (Reason::Good, Some(said)),
            Err(reason) => (reason, None),
        };
        let link = self.links.with(*organisation);
        if said.is_some() {
            // [TRA-20] It is there: whoever pauses before dialling it tries now.
            link.contact.notify_one();
        }
        // What came of it may have brought newer keys.
        let card = self.mailroom.peer(organisation)?;
        let connected = link.is_used();
        let letters = if connected { self.mailroom.letters(organisation) } else { Letters::default() };
        let back = said.as_ref().and_then(Said::back);
        let result = first(&card, out, said.as_ref(), connected, letters);
        Some(Checked { result, out, back, connected })
    }

    /// Dials once more, beside whatever stream stands, and asks.
    async fn ask_the_way(&self, card: &PeerCard) -> Result<Said, Reason> {
        let mut card = card.clone();
        for _ in 0..2 {
            match self.ask_with(&card).await {
                // [TRA-23] It may have newer keys, and say so.
                Err(Reason::OtherKey) if self.ask_for_keys(&card).await == Ending::Renewed => {
                    card = self.mailroom.peer(&card.organisation).ok_or(Reason::OtherKey)?;
                }
                answered => return answered,
            }
        }
        Err(Reason::OtherKey)
    }

    async fn ask_with(&self, card: &PeerCard) -> Result<Said, Reason> {
        let (mut reason, mut locked) = (Reason::NoEndpoint, false);
        for endpoint in &card.endpoints {
            let channel = match self.probe(endpoint, card).await {
                // [TRA-40] [TRA-42] Nothing that is said by the door key counts: another endpoint is asked.
                Ok(reached) if reached.tls_key != card.tls_key => {
                    locked = true;
                    continue;
                }
                Ok(reached) => reached.channel,
                Err(found) => {
                    reason = reason.max(found);
                    continue;
                }
            };
            let asked = Asked::now();
            let mut asking = service(channel);
            return match tokio::time::timeout(self.limits.check, asking.check_way(CheckWayRequest {})).await {
                Ok(Ok(answer)) => {
                    let answer = answer.into_inner();
                    Ok(Said { skew: asked.answered(answer.time), answer })
                }
                Ok(Err(status)) => Err(refused(&status)),
                Err(_) => Err(Reason::Stalled),
            };
        }
        Err(if locked && reason != Reason::OtherKey { Reason::Locked } else { reason })
    }

    async fn probe(&self, endpoint: &str, card: &PeerCard) -> Result<Reached, Reason> {
        let admit = |key: &[u8; 32]| PublicKey::admit(key).map_err(|_| Reason::OtherKey);
        let (pinned, door) = (admit(&card.tls_key)?, card.door_key.as_ref().map(admit).transpose()?);
        let client = tls::peer_client(&self.identity.shown().certificate, &pinned, door.as_ref())
            .map_err(|_| Reason::OtherKey)?;
        connect(endpoint, client, &self.limits).await
    }

    /// Tells a peer how it stands here, and whether this node reaches it. [DEL-22]
    pub(super) async fn way_back(&self, tls_key: &[u8; 32]) -> Result<CheckWayResponse, Rejection> {
        let card = self.mailroom.peer_by_tls_key(tls_key).ok_or(Rejection::UnknownSigner)?;
        if card.tls_key != *tls_key {
            return Err(Rejection::RevokedSigner);
        }
        self.looks.allow(card.organisation, &self.limits)?;
        // [TRA-20]
        self.links.with(card.organisation).contact.notify_one();
        let back = self.reaches(&card).await;
        Ok(CheckWayResponse {
            back: back.into(),
            confirmed: card.state != PeerState::Introduced,
            frozen: card.state == PeerState::Frozen,
            time: clock::milliseconds(),
        })
    }

    async fn reaches(&self, card: &PeerCard) -> WayBack {
        if card.endpoints.is_empty() {
            return WayBack::NoEndpoint;
        }
        let until = Instant::now() + self.limits.way_back;
        // All at once, and never an answer before the time is over but that one was reached: in their order, or sooner,
        // what becomes of one would tell what answers at the one before it.
        let mut probes: Vec<_> =
            card.endpoints.iter().map(|endpoint| Some(Box::pin(self.probe(endpoint, card)))).collect();
        let reached = poll_fn(|context| {
            for slot in &mut probes {
                match slot.as_mut().map(|probe| probe.as_mut().poll(context)) {
                    Some(Poll::Ready(Ok(reached))) if reached.tls_key == card.tls_key => return Poll::Ready(()),
                    Some(Poll::Ready(_)) => *slot = None,
                    Some(Poll::Pending) | None => (),
                }
            }
            Poll::Pending
        });
        match tokio::time::timeout_at(until, reached).await {
            Ok(()) => WayBack::Reached,
            Err(_) => WayBack::NotReached,
        }
    }
}

impl Looks {
    fn allow(&self, organisation: OrgId, limits: &Limits) -> Result<(), Rejection> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let soon = looks.get(&organisation).is_some_and(|last| now.duration_since(*last) < limits.check_pause);
        if soon {
            return Err(Rejection::TooMany);
        }
        looks.insert(organisation, now);
        Ok(())
    }
}

impl Said {
    fn back(&self) -> Option<Reason> {
        match self.answer.back() {
            WayBack::Reached => Some(Reason::Good),
            WayBack::NotReached => Some(Reason::NotReachableBack),
            WayBack::NoEndpoint => Some(Reason::NoEndpoint),
            WayBack::Unspecified => None,
        }
    }
}

/// The first that stands in the way: the line, then whether the two trust each other, then what goes over it. [DEL-20]
fn first(card: &PeerCard, out: Reason, said: Option<&Said>, connected: bool, letters: Letters) -> Reason {
    let dialled_by_it = out == Reason::NoEndpoint && connected;
    if !out.is_no_obstacle() && !dialled_by_it {
        return out;
    }
    let there = said.map(|said| &said.answer);
    let apart = said.and_then(|said| said.skew).is_some_and(|skew| skew.at_least() > APART);
    let findings = [
        (card.state == PeerState::Frozen, Reason::FrozenHere),
        (there.is_some_and(|there| there.frozen), Reason::FrozenThere),
        (card.state == PeerState::Introduced, Reason::NotConfirmedHere),
        (there.is_some_and(|there| !there.confirmed), Reason::NotConfirmedThere),
        (letters.unanswered.is_some_and(|since| since > UNANSWERED), Reason::LettersUnanswered),
        (letters.put_off >= PUT_OFF, Reason::LettersPutOff),
        (apart, Reason::ClockApart),
        (there.is_some_and(|there| there.back() == WayBack::NotReached), Reason::NotReachableBack),
        (!dialled_by_it, out),
    ];
    findings.iter().find(|(found, _)| *found).map_or(Reason::Good, |(_, reason)| *reason)
}

fn refused(status: &Status) -> Reason {
    match understand(status) {
        Ending::Failed(Difficulty::RefusedByPeer(rejection)) => Reason::of_refusal(rejection),
        Ending::Failed(Difficulty::NoCommonVersion) => Reason::VersionTooOld,
        _ => Reason::Closed,
    }
}
