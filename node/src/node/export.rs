//! Bundles: a trail and all that is needed to verify it without us.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use uput_core::{
    bundle::BundleDraft,
    catalogue::Label,
    envelope::Envelope,
    event::Event,
    head::Head,
    id::{EventId, Id, OrgId, TrailId},
    log::EntryKind,
    rejection::Rejection,
    safe_contact::is_contact,
    slot::{Choice, Extent},
    state::Side,
    wire::{self, AccessKind, DisclosureScope},
};

use super::{
    Approved, Node, Second,
    accesses::Of,
    log::{InLogs, Thing},
    trails::Loaded,
};
use crate::{
    access::Why,
    account::Caller,
    case::Sight,
    clock::{self, SystemEntropy},
    record::EventRecord,
    storage::Commit,
};

/// How often the answer to a request for a head is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// What an export shall hold.
pub struct Export {
    /// Who takes it.
    pub by: Caller,
    /// The second person, where it takes two.
    pub second: Second,
    /// Which trail.
    pub trail: TrailId,
    /// Why.
    pub purpose: wire::Purpose,
    /// What it opens.
    pub scope: DisclosureScope,
    /// Nonce of the trust file that both heads must answer; none: one is drawn for this once.
    pub nonce: Option<[u8; 32]>,
    /// How long to wait for the other party's head.
    pub wait: Duration,
    /// Whether how to reach her is in it too. [SAF-10]
    pub contact: bool,
}

impl Node {
    /// Exports a trail for the reason that its purpose says.
    ///
    /// # Errors
    /// As [`Node::export_because`].
    pub async fn export(&self, export: Export) -> Result<(Vec<u8>, bool), Rejection> {
        self.export_because(export, Vec::new(), Why::default()).await
    }

    /// The same, with values that are sealed to staff as the caller opened them. [STF-17]
    ///
    /// # Errors
    /// As [`Node::export_because`].
    pub async fn export_opened(
        &self,
        export: Export,
        opened: Vec<wire::Disclosure>,
    ) -> Result<(Vec<u8>, bool), Rejection> {
        self.export_because(export, opened, Why::default()).await
    }

    /// Exports a trail for a reason, with values that are sealed to staff as the caller opened them; tells whether the
    /// other party answered with a fresh head. Each opened value is held against its event. [STF-17]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`], [`Rejection::CaseNotTaken`], or why a part of it cannot be read;
    /// [`Rejection::SealedToStaff`] if values are asked for and one was not opened; [`Rejection::BadDisclosure`].
    pub async fn export_because(
        &self,
        export: Export,
        opened: Vec<wire::Disclosure>,
        why: Why,
    ) -> Result<(Vec<u8>, bool), Rejection> {
        let wanted = match export.scope {
            DisclosureScope::Values => Sight::Values,
            _ => Sight::Outline,
        };
        self.demand(&export.by, &export.trail, wanted)?;
        let approved = self.export_approved(&export)?;
        // [BUN-66] What travels is this trail's own.
        let drawn = || SystemEntropy.bytes();
        let nonce = export.nonce.map_or_else(drawn, |trust| Head::nonce_for(&trust, &export.trail));
        let other = {
            let mut held = self.trails.hold(&export.trail).await;
            self.ensure_loaded(&mut held, &export.trail)?;
            held.as_ref().ok_or(Rejection::NoSuchTrail)?.other(&self.me.organisation)
        };
        self.outbox.queue(&other).ask(export.trail, nonce);
        let fresh = self.await_head(&export, &other, &nonce).await?;
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(&export.trail).await;
        // An exclusion that came while this waited counts.
        self.demand(&export.by, &export.trail, wanted)?;
        self.ensure_loaded(&mut held, &export.trail)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        let own = self.own_head(loaded, Some(nonce))?;
        self.keep_head(loaded, own, None).await?;
        let (bundle, contact) = self.bundle(loaded, &export, &by_event(opened)?)?;
        let what = match export.scope {
            DisclosureScope::Values if contact => AccessKind::ContactExported,
            DisclosureScope::Values => AccessKind::ValuesExported,
            _ => AccessKind::Exported,
        };
        // Whoever takes many at once is counted one by one.
        let _alone = self.approvals.alone().await;
        if self.exports_in_bulk(&export)? && approved.is_none() {
            return Err(Rejection::NeedsApproval);
        }
        // [APR-5] A second person's leave is used with what it lets happen.
        let leave = Commit { keys: Vec::new(), records: approved.iter().map(Approved::draft).collect() };
        self.keep_access_with(&export.by, Of::Trail(export.trail), what, &why.or_from(export.purpose), leave).await?;
        if let Some(approved) = approved {
            approved.used();
        }
        Ok((bundle, fresh))
    }

    /// The second person, if it takes two. [APR-2]
    fn export_approved(&self, export: &Export) -> Result<Option<Approved>, Rejection> {
        match &export.second {
            Second::Approval { id, digest } => self.approved(&export.by, id, digest).map(Some),
            Second::Nobody | Second::Asked if self.exports_in_bulk(export)? => Err(Rejection::NeedsApproval),
            Second::Nobody | Second::Asked => Ok(None),
        }
    }

    async fn await_head(&self, export: &Export, other: &OrgId, nonce: &[u8; 32]) -> Result<bool, Rejection> {
        let until = Instant::now() + export.wait;
        let chain = self.directory.chain(other).ok_or(Rejection::UnknownSigner)?;
        loop {
            {
                let mut held = self.trails.hold(&export.trail).await;
                self.ensure_loaded(&mut held, &export.trail)?;
                let heads = held.as_ref().map(|loaded| loaded.heads.clone()).unwrap_or_default();
                let answers = |envelope: &Envelope| {
                    Head::verify(envelope.clone(), &chain).is_ok_and(|head| head.nonce.as_ref() == Some(nonce))
                };
                if heads.iter().rev().any(answers) {
                    return Ok(true);
                }
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The bundle, and whether how to reach her is in it.
    fn bundle(&self, loaded: &Loaded, export: &Export, brought: &Opened) -> Result<(Vec<u8>, bool), Rejection> {
        let us = self.me.organisation;
        let erasures = self.erasures_in(loaded);
        let erased: BTreeSet<EventId> = erasures.iter().flat_map(|erasure| erasure.events.clone()).collect();
        let mut evidence = BTreeMap::new();
        let (mut disclosures, mut contact, mut attesting) = (Vec::new(), false, BTreeSet::new());
        for event in loaded.trail.events() {
            let beside = loaded.beside.get(&event.id).ok_or(Rejection::Malformed)?;
            if let Some(cited) = &beside.cited {
                evidence.insert(cited.id(), cited.clone());
            }
            let kept: EventRecord = self.at(beside.position)?;
            // [RET-22] What was opened before it was erased here does not come back with a bundle.
            let brought = if erased.contains(&event.id) { None } else { brought.get(&event.id) };
            let (disclosure, reaches) = opened(loaded, event, &kept, export, brought)?;
            attesting.extend(disclosure.as_ref().and_then(|opens| self.copy_author_in(loaded, event, opens)));
            disclosures.extend(disclosure);
            contact |= reaches;
        }
        let agreement = self.agreements.get(&loaded.agreement.id()).ok_or(Rejection::UnknownAgreement)?;
        let (challenges, countersigning) = self.challenges_shown(loaded)?;
        let heads = self.heads_shown(loaded)?;
        let proven = self.in_logs(&self.told(loaded, &heads), &loaded.other(&us))?;
        let keys = self.me.keys();
        let draft = BundleDraft {
            trail: loaded.trail.id(),
            exporter: us,
            key: keys.chain.newest_id(),
            purpose: export.purpose,
            time: clock::now().floor(loaded.agreement.grain()),
            chains: self.chains_for(loaded, attesting, &proven, countersigning),
            agreements: vec![agreement.envelope],
            events: loaded.trail.events().map(|event| event.envelope().clone()).collect(),
            heads,
            challenges,
            disclosures,
            proofs: proven.proofs,
            checkpoints: proven.checkpoints,
            evidence: evidence.into_values().collect(),
            erasures,
        };
        Ok((draft.build(&keys.signing)?, contact))
    }

    /// [KEY-25] Key records of everybody who signed anything in the bundle: whom the agreement binds, the parties of the trail,
    /// whoever signed a copy that is open, and who cosigned or countersigned. [BUN-6] [BUN-93] [LOG-99]
    fn chains_for(
        &self,
        loaded: &Loaded,
        attesting: BTreeSet<OrgId>,
        proven: &InLogs,
        countersigning: Vec<OrgId>,
    ) -> Vec<Vec<Envelope>> {
        let mut organisations = attesting;
        organisations.extend(loaded.agreement.signing().map(|party| party.organisation));
        organisations.extend([Side::Opener, Side::Peer].map(|side| loaded.trail.party(side)));
        organisations.extend(&proven.witnesses);
        organisations.extend(countersigning);
        let chains = organisations.iter().filter_map(|organisation| self.chain_of(organisation));
        chains.map(|chain| chain.envelopes().cloned().collect()).collect()
    }

    /// Heads for a bundle: as below, those that answer a challenge, and the newest of the other party that its log shows.
    /// [LOG-99] [BUN-123]
    fn heads_shown(&self, loaded: &Loaded) -> Result<Vec<Envelope>, Rejection> {
        let mut heads = self.newest_heads(loaded);
        heads.extend(self.answers_shown(loaded)?);
        let other = loaded.other(&self.me.organisation);
        let by_other = |envelope: &&Envelope| Head::parse(envelope.body()).is_ok_and(|head| head.author == other);
        let shown = |envelope: &&Envelope| self.is_shown(&other, EntryKind::Head, &envelope.id());
        heads.extend(loaded.heads.iter().rev().filter(by_other).find(shown).cloned());
        heads.sort_by_key(Envelope::id);
        heads.dedup_by_key(|envelope| envelope.id());
        // [NOD-89] Nothing would show that it is not the thief's.
        heads.retain(|head| Head::parse(head.body()).is_ok_and(|head| !self.is_disowned(&head.author, &head.key)));
        Ok(heads)
    }

    /// All of a bundle that logs tell, as ours tells it.
    fn told(&self, loaded: &Loaded, heads: &[Envelope]) -> Vec<Thing> {
        let us = self.me.organisation;
        let events = loaded.trail.events().map(|event| {
            let own = event.author == us;
            (if own { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent }, Id::from(event.id))
        });
        let heads = heads.iter().map(|head| (EntryKind::Head, head.id()));
        let chains = [Side::Opener, Side::Peer].map(|side| self.chain_of(&loaded.trail.party(side)));
        let keys = chains.iter().flatten().flat_map(|chain| chain.envelopes());
        events.chain(heads).chain(keys.map(|key| (EntryKind::KeyRecord, key.id()))).collect()
    }

    /// The newest head of each party, and each that says that the time of a withdrawal is over. [BUN-94]
    fn newest_heads(&self, loaded: &Loaded) -> Vec<Envelope> {
        let (mut newest, mut settled) = (BTreeMap::<OrgId, Envelope>::new(), Vec::new());
        for envelope in &loaded.heads {
            if let Ok(head) = Head::parse(envelope.body()) {
                settled.extend(head.settled.map(|_| envelope.clone()));
                newest.insert(head.author, envelope.clone());
            }
        }
        settled.extend(newest.into_values());
        settled.sort_by_key(Envelope::id);
        settled.dedup_by_key(|envelope| envelope.id());
        settled
    }
}

/// Disclosures that the caller brought, by event.
type Opened = BTreeMap<EventId, wire::Disclosure>;

fn by_event(opened: Vec<wire::Disclosure>) -> Result<Opened, Rejection> {
    opened.into_iter().map(|disclosure| Ok((EventId::parse(&disclosure.event)?, disclosure))).collect()
}

/// What a bundle opens of an event, and whether that says how to reach her. [NOD-24] [SAF-10]
fn opened(
    loaded: &Loaded,
    event: &Event,
    kept: &EventRecord,
    export: &Export,
    brought: Option<&wire::Disclosure>,
) -> Result<(Option<wire::Disclosure>, bool), Rejection> {
    let labels = || loaded.labels(event, kept)?.disclose(&event.id, &Extent::LABELS);
    Ok(match export.scope {
        DisclosureScope::Labels => (labels(), false),
        DisclosureScope::Values => {
            let values = match brought {
                Some(disclosure) => Some(loaded.open(event, disclosure)?),
                None if loaded.sealed(event, kept).is_some() => return Err(Rejection::SealedToStaff),
                None => loaded.values(event, kept),
            };
            let reaches = values.as_ref().is_some_and(|values| values.labels().any(is_contact));
            let extent = if reaches && !export.contact { without_contact() } else { Extent::VALUES };
            let disclosure = values.and_then(|values| values.disclose(&event.id, &extent));
            (disclosure.or_else(labels), reaches && export.contact)
        }
        DisclosureScope::Nothing | DisclosureScope::Unspecified => (None, false),
    })
}

/// Every label, and the values of all that do not say how to reach her.
fn without_contact() -> Extent {
    let others = Label::ALL.iter().copied().filter(|label| !is_contact(*label));
    Extent { labels: Choice::All, values: Choice::Only(others.collect()) }
}
