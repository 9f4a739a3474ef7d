//! Whether this folder was put back to an earlier state: others know more of what this organisation said than its node.
//!
//! Guarantees that from then on nothing is said or sent to whom it concerns, also after a restart: a node that goes on
//! would use numbers again that it had used before, and convict its honest organisation of two stories (EVT-19). What is
//! received is not taken either, as to take it is to answer it. Only our own signature under what is not here concerns
//! everybody; a peer's word concerns that peer, and is asked about. Leaves to others: bringing back what is missing.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use prost::Message;
use uput_core::{
    envelope::{Envelope, Verified},
    event::Event,
    head::Head,
    id::{EventId, KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    wire,
};

use super::{
    Node,
    report::check,
    trails::{Loaded, verify_event},
};
use crate::{clock, record::PutBackRecord};

/// What somebody has shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// That they saw more of us in a trail than is here: their word.
    Word(TrailId),
    /// What the key of this record of ours has signed, and is not here.
    Proof(KeyRecordId),
}

/// Who has shown what, in this incarnation.
#[derive(Default)]
pub(super) struct PutBack(RwLock<BTreeMap<OrgId, Shown>>);

impl PutBack {
    fn shown(&self) -> BTreeMap<OrgId, Shown> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what a peer shows, a proof before a word. Tells whether it is news.
    fn set(&self, by: OrgId, what: Shown) -> bool {
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let news = match shown.get(&by) {
            None => true,
            Some(known) => matches!(what, Shown::Proof(_)) && *known != what,
        };
        if news {
            shown.insert(by, what);
        }
        news
    }
}

/// What a peer's event or head shows of this node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KnowsMore;

impl Loaded {
    /// Whether a peer has seen an event of ours that is not here. [STO-40]
    pub(super) fn knows_more(&self, event: &Verified<Event>, us: &OrgId) -> Option<KnowsMore> {
        let seen: EventId = event.seen?;
        (event.author == self.other(us) && self.trail.event(&seen).is_none()).then_some(KnowsMore)
    }

    /// Whether a peer's head counts more events of ours than are here. [STO-40]
    pub(super) fn counts_more(&self, head: &Head, us: &OrgId) -> Option<KnowsMore> {
        let ours = self.trail.side(us)?;
        (head.author == self.other(us) && head.seen_count > self.trail.count(ours)).then_some(KnowsMore)
    }
}

impl Node {
    /// Refuses to say anything to a peer that knows more of us than this folder. [STO-41]
    pub(super) fn refuse_put_back(&self, to: &OrgId) -> Result<(), Rejection> {
        let word = self.put_back.shown().get(to).is_some_and(|shown| matches!(shown, Shown::Word(_)));
        if word { Err(Rejection::ReadFailed) } else { self.refuse_proven() }
    }

    /// Refuses to say anything to anybody, once it is proven. [STO-41]
    pub(super) fn refuse_proven(&self) -> Result<(), Rejection> {
        let proven = self.put_back.shown().values().any(|shown| self.is_proof(shown));
        if proven { Err(Rejection::ReadFailed) } else { Ok(()) }
    }

    /// What a key signed that we disown proves nothing: a thief has it. [KEY-31]
    fn is_proof(&self, shown: &Shown) -> bool {
        matches!(shown, Shown::Proof(key) if !self.is_disowned(&self.me.organisation, key))
    }

    /// A peer's word that it knows more of us than is here: it is asked for that. After a restoration it may be as it must be.
    pub(super) async fn take_word_of_more(&self, by: &OrgId, trail: &TrailId, more: Option<KnowsMore>) {
        if more.is_none() {
            return;
        }
        self.outbox.queue(by).ask_whether_more(*trail);
        if self.me.incarnation == 0 && !self.may_be_robbed() {
            self.suspect(by, Shown::Word(*trail)).await;
        }
    }

    /// Whether somebody else may have had a key of ours: then a word may be of what a thief said. [STO-40]
    fn may_be_robbed(&self) -> bool {
        let chain = self.me.chain();
        self.me.forged() > 0 || chain.was_recovered() || chain.records().any(|record| record.disowned().is_some())
    }

    /// Whether events that a peer brings are ours and not here: this incarnation signed them, or one after it. [STO-40]
    pub(super) async fn take_own_events(&self, by: &OrgId, loaded: Option<&Loaded>, envelopes: &[Envelope]) {
        let lacks = |event: &Event| loaded.is_none_or(|loaded| loaded.trail.event(&event.id).is_none());
        let us = self.me.organisation;
        let own = envelopes.iter().filter(|envelope| author(envelope) == Some(us));
        let own = own.filter_map(|envelope| verify_event(envelope.clone(), |author| self.chain_of(author)).ok());
        let newest = own.filter(|event| event.incarnation >= self.me.incarnation && lacks(event)).last();
        if let Some(key) = newest.map(|event| event.key).filter(|key| !self.is_disowned(&us, key)) {
            self.suspect(by, Shown::Proof(key)).await;
        }
    }

    /// Somebody holds what a key of ours has signed and this node does not have. [LOG-96]
    pub(super) async fn take_proof_of_more(&self, by: &OrgId, key: KeyRecordId) {
        self.suspect(by, Shown::Proof(key)).await;
    }

    async fn suspect(&self, by: &OrgId, what: Shown) {
        // It counts at once, also if the disk does not take it.
        if !self.put_back.set(*by, what) {
            return;
        }
        tracing::error!(
            "rollback suspected: another organisation knows more of what this one said than this folder; nothing more is \
             said or sent to whom that concerns"
        );
        let (trail, key) = match what {
            Shown::Word(trail) => (trail.to_vec(), Vec::new()),
            Shown::Proof(key) => (Vec::new(), key.to_vec()),
        };
        let (incarnation, time) = (self.me.incarnation, clock::now().get());
        let kept = PutBackRecord { by: by.to_vec(), key, incarnation, time, trail };
        if let Err(rejection) = self.keep(&kept).await {
            tracing::error!(%rejection, "that a rollback is suspected was not kept");
        }
    }

    /// [STO-43]
    pub(super) fn check_put_back(&self) -> Option<wire::Check> {
        let shown = self.put_back.shown();
        let (proven, said): (Vec<_>, Vec<_>) = shown.iter().partition(|(_, shown)| matches!(shown, Shown::Proof(_)));
        let named = |of: Vec<(&OrgId, &Shown)>| of.iter().map(|(by, _)| self.directory.name(by)).collect::<Vec<_>>();
        let proven = named(proven.into_iter().filter(|(_, shown)| self.is_proof(shown)).collect()).join(", ");
        let said = named(said).join(", ");
        let finding = match (proven.is_empty(), said.is_empty()) {
            (true, true) => return None,
            (true, false) => {
                format!("rollback suspected: {said} saw more of what we said than is here; nothing more is sent there")
            }
            (false, _) => format!(
                "rollback suspected: {proven} holds what our key signed and this folder does not have; nothing more is sent to anybody"
            ),
        };
        let remedy = "stop this node. Put the newest copy of its folder in its place, or restore it from the newest backup, so that it \
                      begins anew where the others stand; if neither folder nor disk was ever put back, telephone: somebody else signs \
                      with our key, or they are wrong";
        Some(check("rollback", wire::CheckLevel::Error, &finding, remedy))
    }

    /// What was shown in this incarnation; what is only somebody's word is asked about again. [STO-42]
    pub(super) fn set_put_back(&self, kept: &PutBackRecord) -> Result<(), Rejection> {
        if kept.incarnation != self.me.incarnation {
            return Ok(());
        }
        let by = OrgId::parse(&kept.by)?;
        let what = match TrailId::parse_optional(&kept.trail)? {
            Some(trail) => {
                self.outbox.queue(&by).ask_whether_more(trail);
                Shown::Word(trail)
            }
            None => Shown::Proof(KeyRecordId::parse(&kept.key)?),
        };
        self.put_back.set(by, what);
        Ok(())
    }
}

/// Who an event says that it is by; nothing of it is verified.
fn author(envelope: &Envelope) -> Option<OrgId> {
    wire::EventPrefix::decode(envelope.body()).ok().and_then(|prefix| OrgId::parse(&prefix.author).ok())
}
