//! Cosigning the checkpoints of others. [LOG-80]

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use uput_core::{
    id::OrgId,
    key::KeyChain,
    log::{Answer, Checkpoint, Hash, MAX_PATH, Offer, Refusal, SignedCheckpoint, Tick, decide},
    rejection::Rejection,
    wire::{WitnessOutcome, WitnessQuery, WitnessReply, WitnessedLog},
};

use super::super::Node;
use crate::{
    clock,
    peer::PeerState,
    record::{self, HeldRecord},
};

/// Questions of one organisation in a minute.
const MOST: u32 = 12;
/// Seconds in which a log may begin anew once.
const DAY: u64 = 86_400;

/// What a witness needs beside the journal.
#[derive(Default)]
pub(in crate::node) struct Witnessing {
    /// Held from the look at what is held until the answer is on disk. [LOG-82]
    alone: tokio::sync::Mutex<()>,
    /// How many ticks were handed out; none: the journal says it. Held while they are.
    pub(super) handed: tokio::sync::Mutex<Option<u64>>,
    /// Since when witnesses show an event.
    pub(super) since: super::since::Remembered,
    /// Questions of this minute.
    asked: Mutex<HashMap<OrgId, (u64, u32)>>,
}

impl Witnessing {
    fn allow(&self, of: &OrgId) -> Result<(), Rejection> {
        let minute = clock::now().get() / 60;
        // A panic while the lock was held left a count that is one too low.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = asked.entry(*of).or_insert((minute, 0));
        if *since != minute {
            (*since, *count) = (minute, 0);
        }
        *count = count.saturating_add(1);
        if *count > MOST { Err(Rejection::TooMany) } else { Ok(()) }
    }
}

/// A reply that cosigns nothing.
pub(in crate::node) fn refused(rejection: Rejection) -> WitnessReply {
    let outcome = WitnessOutcome::Refused.into();
    WitnessReply { outcome, code: rejection.number(), checkpoint: Vec::new() }
}

impl Node {
    /// Cosigns a checkpoint of a peer, or says why not.
    pub(in crate::node) async fn witness(&self, of: &OrgId, query: WitnessQuery) -> WitnessReply {
        self.cosigned_or(of, &query).await.unwrap_or_else(refused)
    }

    async fn cosigned_or(&self, of: &OrgId, query: &WitnessQuery) -> Result<WitnessReply, Rejection> {
        // [STO-41] What it has cosigned it does not know any more.
        self.refuse_proven()?;
        let chain = self.asker(of)?;
        self.witnessing.allow(of)?;
        let offered = SignedCheckpoint::parse(&query.checkpoint)?;
        if offered.claimed().origin.organisation != *of || offered.cosignatures().next().is_some() {
            return Err(Rejection::WrongSigners);
        }
        let path: Option<Vec<Hash>> = query.path.iter().map(|hash| Hash::from_slice(hash)).collect();
        let path = path.filter(|path| path.len() <= MAX_PATH).ok_or(Rejection::Malformed)?;
        let _alone = self.witnessing.alone.lock().await;
        let held = self.held(of)?;
        let holds = held.as_ref().map_or(0, |held| held.claimed().size);
        let of_it = held.as_ref().is_some_and(|held| {
            (held.claimed().origin, held.claimed().size) == (offered.claimed().origin, offered.claimed().size)
        });
        if query.known != holds && !of_it {
            // [LOG-81] The path begins elsewhere, also if this node holds nothing any more.
            offered.verify(chain.newest().signing_key())?;
            return Ok(answer(WitnessOutcome::Stale, held.as_ref()));
        }
        let key = chain.newest().signing_key();
        let base = Tick(chain.first().log_base_tick());
        match decide(held.as_ref(), Offer { checkpoint: &offered, path: &path, key, base, now: clock::now() }) {
            Ok(Answer::Same) => self.cosign(of, offered, false, false).await,
            Ok(Answer::First | Answer::Continues) => self.cosign(of, offered, true, false).await,
            Ok(Answer::Broken) if self.broke_today(of)? => Err(Rejection::TooMany),
            Ok(Answer::Broken) => self.cosign(of, offered, true, true).await,
            Err(Refusal::Stale { .. }) => Ok(answer(WitnessOutcome::Stale, held.as_ref())),
            Err(Refusal::Rejected(rejection)) => Err(rejection),
            Err(Refusal::Contradiction(found)) => {
                self.keep_contradiction(&found).await;
                let reply = answer(WitnessOutcome::Refused, held.as_ref());
                Ok(WitnessReply { code: Rejection::LogContradiction.number(), ..reply })
            }
        }
    }

    /// The chain of somebody who may ask. [LOG-80]
    fn asker(&self, of: &OrgId) -> Result<std::sync::Arc<KeyChain>, Rejection> {
        let chain = self.directory.chain(of).ok_or(Rejection::NotAWitness)?;
        let named = chain.newest().witnesses();
        let ours = named.is_empty() || named.contains(&self.me.organisation);
        let confirmed = self.directory.state_of(of) == Some(PeerState::Confirmed);
        if ours && confirmed { Ok(chain) } else { Err(Rejection::NotAWitness) }
    }

    /// Whether an organisation's log began anew after a loss less than a day ago: one that does so all the time fills no
    /// list. [LOG-101]
    fn broke_today(&self, of: &OrgId) -> Result<bool, Rejection> {
        let Some(newest) = self.positions(record::BROKEN, of.as_bytes())?.pop() else { return Ok(false) };
        Ok(clock::now().get() < self.at::<HeldRecord>(newest)?.time.saturating_add(DAY))
    }

    /// [LOG-82] [LOG-83]
    async fn cosign(
        &self,
        of: &OrgId,
        mut offered: SignedCheckpoint,
        news: bool,
        broken: bool,
    ) -> Result<WitnessReply, Rejection> {
        let time = clock::now();
        let line = offered.cosign(&self.me.organisation, &self.me.keys().signing, time);
        offered.add(line)?;
        let Checkpoint { origin, size, .. } = *offered.claimed();
        let (organisation, note) = (of.to_vec(), offered.to_bytes());
        if news {
            let incarnation = origin.incarnation;
            self.keep(&HeldRecord { organisation, note, incarnation, time: time.get(), size, broken }).await?;
        }
        Ok(answer(WitnessOutcome::Cosigned, Some(&offered)))
    }

    /// The newest checkpoint that we hold of an organisation's log.
    pub(super) fn held(&self, of: &OrgId) -> Result<Option<SignedCheckpoint>, Rejection> {
        let newest = self.indexed(record::HELD, of.as_bytes());
        let Some(position) = newest else { return Ok(None) };
        let kept: HeldRecord = self.at(position)?;
        SignedCheckpoint::parse(&kept.note).map(Some).map_err(|_| Rejection::ReadFailed)
    }

    /// Whose logs we cosign.
    pub(super) fn view_witnessed(&self) -> Vec<WitnessedLog> {
        let positions = self.positions(record::HELD, b"").unwrap_or_default();
        let kept = positions.into_iter().filter_map(|position| self.at::<HeldRecord>(position).ok());
        kept.map(|kept| WitnessedLog {
            name: OrgId::parse(&kept.organisation).map(|of| self.directory.name(&of)).unwrap_or_default(),
            broken: self.positions(record::BROKEN, &kept.organisation).map_or(0, |broken| count(broken.len())),
            organisation: kept.organisation,
            size: kept.size,
            time: kept.time,
        })
        .collect()
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn answer(outcome: WitnessOutcome, held: Option<&SignedCheckpoint>) -> WitnessReply {
    let checkpoint = held.map(SignedCheckpoint::to_bytes).unwrap_or_default();
    WitnessReply { outcome: outcome.into(), code: 0, checkpoint }
}
