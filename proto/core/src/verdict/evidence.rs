//! Decisions of other trails that events here cite.
//!
//! Guarantees that a citation that passes names a decision signed by its issuer, whom the agreement lets make it.
//! Leaves to people whether it is about this case: that is the word of whoever cites it, and the report says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Conformance, Exit, Where, demand::Demand, ends::Ends, findings::Findings, keyring::Keyring, names::Names};
use crate::{
    agreement::Agreement,
    bundle::{Bundle, List},
    envelope::{MediaType, Verified, verify_one},
    event::{Event, EventPrefix, Statement},
    id::{EventId, OrgId},
    rejection::Rejection,
    time::Seconds,
    trail::Trail,
};

/// Verified decisions of other trails.
pub(super) struct Evidence {
    read: BTreeMap<EventId, Verified<Event>>,
}

impl Evidence {
    /// Verifies every decision. [BUN-51]
    pub(super) fn verify(bundle: &Bundle, keyring: &Keyring, findings: &mut Findings) -> Self {
        let mut read = BTreeMap::new();
        for (index, envelope) in bundle.evidence.iter().enumerate() {
            findings.reach(Demand::Evidence);
            let id = envelope.id();
            let place = Where::part(bundle.place(List::Evidence, index)).of(EventId::from(id));
            let typed = if envelope.is(MediaType::EVENT) { Ok(()) } else { Err(Rejection::WrongType) }; // [ENV-9]
            // Read before it is verified only to find the key that must have signed it.
            let verified = typed.and_then(|()| EventPrefix::parse(id, envelope.body())).and_then(|prefix| {
                let key = keyring.signing_key(&prefix.author, &prefix.key)?;
                verify_one(envelope.clone(), MediaType::EVENT, key, |body| Event::parse(id, body))
            });
            match verified {
                Ok(event) => drop(read.insert(event.id, event)),
                Err(rejection @ Rejection::UnknownSigner) => {
                    findings.reject(Demand::Evidence, Exit::UnknownSigner, place.field("key"), rejection);
                }
                Err(rejection) => findings.reject(Demand::Evidence, Exit::NotAuthentic, place, rejection),
            }
        }
        Self { read }
    }

    /// Leaves out what is signed by a stolen key, and not shown to be its author's. [BUN-104]
    pub(super) fn disown(&mut self, is_own: impl Fn(&Event) -> bool, findings: &mut Findings) {
        self.read.retain(|id, event| {
            let own = is_own(event);
            if !own {
                let place = Where::id(id).field("key");
                findings.reject(Demand::Evidence, Exit::UnknownSigner, place, Rejection::RevokedSigner);
            }
            own
        });
    }

    /// Everybody whose decision verified.
    pub(super) fn issuers(&self) -> impl Iterator<Item = OrgId> {
        self.read.values().map(|event| event.author)
    }

    /// Whether somebody here cites each of them, and only decisions are cited. [BUN-6]
    pub(super) fn check_needed(&self, trail: &Trail, findings: &mut Findings) {
        for event in self.read.values() {
            let cited = trail.events().any(|citing| cited(&citing.statement) == Some(event.id));
            if !cited || trail.event(&event.id).is_some() {
                let sentence = "evidence that no event of the trail names";
                findings.fail(Demand::Needed, Exit::NotAuthentic, Where::id(event.id), sentence);
            }
        }
    }

    /// Holds each decision of the trail against its evidence and the agreement. [BUN-51] [BUN-52]
    pub(super) fn check(&self, agreement: Option<&Agreement>, ends: &Ends<'_>, findings: &mut Findings) {
        let (trail, names) = (ends.trail, ends.names);
        let mut baseless = BTreeSet::new();
        for event in trail.events() {
            let Statement::Decision(decision) = &event.statement else { continue };
            findings.reach(Demand::Issuer);
            let issuer = match decision.evidence {
                None => Some(event.author),
                Some(named) => self.check_citation(event, named, names, findings),
            };
            let (Some(issuer), Some(agreement)) = (issuer, agreement) else { continue };
            if !agreement.may_decide(&issuer, decision.kind) {
                let sentence = format!("the agreement does not let {} make that decision", names.of(&issuer));
                findings.against(Demand::Issuer, Conformance::No, Some(event.id), sentence);
                baseless.insert(event.id);
            }
        }
        if agreement.is_some() {
            check_identities(ends, &baseless, findings);
        }
    }

    /// The issuer of a cited decision, if it is here.
    fn check_citation(
        &self,
        citing: &Event,
        named: EventId,
        names: &Names<'_>,
        findings: &mut Findings,
    ) -> Option<OrgId> {
        findings.reach(Demand::Evidence);
        let Some(evidence) = self.read.get(&named) else {
            let sentence = format!("it cites decision {named}, which is not here or not accepted");
            let place = Where::id(citing.id).field("evidence");
            findings.fail(Demand::Evidence, Exit::Incomplete, place, sentence);
            return None;
        };
        if !citing.is_proved_by(evidence) {
            let sentence = format!("event {named} is not the decision that is cited here");
            findings.against(Demand::Issuer, Conformance::No, Some(citing.id), sentence);
        }
        findings.words.push(format!(
            "That decision {named} of {} is about this case is the word of {}.",
            names.of(&evidence.author),
            names.of(&citing.author)
        ));
        Some(evidence.author)
    }
}

/// Who she is does not follow from what its author may not decide, nor from what had ended: without a yes that covers the
/// need, or another decision, such an identity has no ground. [BUN-52] [EVT-31]
fn check_identities(ends: &Ends<'_>, baseless: &BTreeSet<EventId>, findings: &mut Findings) {
    let trail = ends.trail;
    for event in trail.events().filter(|event| event.statement == Statement::Identity) {
        let known: Vec<EventId> = [event.prev, event.seen].into_iter().flatten().collect();
        let own = |at: Seconds| trail.grounds(&known, at).iter().any(|decision| !baseless.contains(&decision.id));
        if !trail.rests_on_decision(&known) || trail.history().grounds_at(&known).is_empty() {
            continue;
        }
        if own(event.time) {
            if let Some((verdict, why)) = ends.outlived(event, findings, own) {
                let sentence = format!("it discloses who she is on a decision that had ended: {why}");
                findings.against_past(Demand::Issuer, verdict, event.id, sentence);
            }
            continue;
        }
        let ended = own(Seconds::EPOCH);
        let why = if ended { "a decision that had ended" } else { "a decision that its author may not make" };
        let sentence = format!("it discloses who she is on {why}");
        findings.against_past(Demand::Issuer, Conformance::No, event.id, sentence);
    }
}

const fn cited(statement: &Statement) -> Option<EventId> {
    match statement {
        Statement::Decision(decision) => decision.evidence,
        _ => None,
    }
}
