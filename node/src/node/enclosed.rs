//! What came beside the events of a letter: disclosures, and the decisions of others that they cite.
//!
//! Guarantees that a value is read only if its event has effect and profile, stage and basis allow it, and that a cited
//! decision is the one that was made. Leaves admission and the commit to the inbox.

use std::collections::BTreeMap;

use uput_core::{
    agreement::Told,
    codec,
    envelope::{Envelope, Verified},
    event::{Decision, Event, Statement, Terms},
    id::{EventId, Id, OrgId},
    legal_basis::Basis,
    log::EntryKind,
    rejection::Rejection,
    slot::Extent,
    state::Verdict,
    wire,
};

use super::{
    Node,
    exclusions::names_in,
    trails::{Loaded, verify_event},
    written::Written,
};
use crate::record::{EventRecord, Evidence};

/// What stands in place of a label that the catalogue does not have.
const FOREIGN: &str = "(not in the catalogue)";

/// The record of an event that is committed with others, and which event it is.
pub(super) type Arrived = (EventRecord, Evidence, EventId);

/// What came beside the events of a letter.
pub(super) struct Enclosed {
    disclosures: BTreeMap<EventId, wire::Disclosure>,
    cited: BTreeMap<EventId, Envelope>,
}

pub(super) fn enclosed(disclosures: Vec<wire::Disclosure>, evidence: Vec<wire::Envelope>) -> Enclosed {
    let mut found = BTreeMap::new();
    for disclosure in disclosures {
        if let Ok(event) = EventId::parse(&disclosure.event) {
            // [DIS-10] A second disclosure of one event is surplus.
            found.entry(event).or_insert(disclosure);
        }
    }
    let cited = evidence.into_iter().filter_map(|envelope| Envelope::from_wire(envelope).ok());
    Enclosed { disclosures: found, cited: cited.map(|envelope| (envelope.id().into(), envelope)).collect() }
}

impl Node {
    /// Opens what came with an event, as far as the event has effect and the agreement allows it. [DIS-13]
    pub(super) fn strip(
        &self,
        loaded: &Loaded,
        event: Verified<Event>,
        enclosed: &Enclosed,
        cited: Option<Envelope>,
        now: &[Arrived],
    ) -> Result<Written, Rejection> {
        let mut written = Written { cited, ..Written::plain(event) };
        let Some(disclosure) = enclosed.disclosures.get(&written.event.id) else { return Ok(written) };
        if !self.may_be_read(loaded, &written.event) {
            return Ok(written);
        }
        if !is_grounded(loaded, &written.event, enclosed) {
            written.lowered = Some(Rejection::NoRule);
            return Ok(written);
        }
        let Ok(disclosed) = loaded.open(&written.event, disclosure) else {
            // A disclosure that does not match is dropped, the event stays. [DIS-10]
            tracing::warn!("a disclosure did not match its event and was dropped");
            return Ok(written);
        };
        let request = loaded.request(&written.event).ok_or(Rejection::Malformed)?;
        let told = self.told_of_her(loaded, written.event.terms, loaded.trail.told_before(&written.event), now)?;
        let stripped = loaded.agreement.strip_after(&request, &disclosed, told);
        written.extent = if stripped.stripped.is_empty() && stripped.foreign == 0 {
            Extent::VALUES
        } else {
            Extent::chosen(stripped.kept.iter().map(uput_core::catalogue::Field::label))
        };
        written.stripped = stripped.stripped.iter().map(|label| label.name().to_owned()).collect();
        // Its name is the peer's invention, and stays unread. [DIS-10]
        written.stripped.extend(std::iter::repeat_n(FOREIGN.to_owned(), stripped.foreign));
        written.lowered = stripped.lowered.map(|refused| refused.rejection);
        written.named = names_in(&stripped.kept);
        written.disclosed = Some(disclosed);
        Ok(written)
    }

    /// What earlier disclosures told of her, as far as it can stand against a basis and this node can read it. `now`: what is
    /// committed with them. [BAS-22]
    pub(super) fn told_of_her<'a>(
        &self,
        loaded: &Loaded,
        terms: Option<Terms>,
        before: impl IntoIterator<Item = &'a Verified<Event>>,
        now: &[Arrived],
    ) -> Result<Told, Rejection> {
        let mut told = Told::default();
        if !terms.and_then(|terms| Basis::of(terms.basis)).is_some_and(Basis::hears) {
            return Ok(told);
        }
        for event in before {
            let stored =
                loaded.beside.get(&event.id).map(|beside| self.at::<EventRecord>(beside.position)).transpose()?;
            let arrived = || now.iter().find(|(_, _, id)| *id == event.id).map(|(record, ..)| record);
            let values = stored.as_ref().or_else(arrived).and_then(|record| loaded.values(event, record));
            if let (Some(request), Some(disclosed)) = (loaded.request(event), values) {
                told.add(loaded.agreement.tells(&request, &disclosed, event.slots.len() / 32));
            }
        }
        Ok(told)
    }

    /// Whether an event's values may be read: it has effect, and nothing that ended the trail crossed it.
    fn may_be_read(&self, loaded: &Loaded, event: &Event) -> bool {
        let Ok(reading) = loaded.trail.reading() else { return false };
        let effective = reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        let ours = loaded.trail.side(&self.me.organisation) == loaded.trail.side(&event.author);
        let entitled = !loaded.trail.oversteps(event) && !loaded.trail.is_baseless(event);
        effective && entitled && (ours || !reading.owed.contains_key(&event.id))
    }

    /// A decision that cites another trail must bring the issuer's event, signed by it. [EVT-15] [STA-26]
    pub(super) fn check_evidence(&self, event: &Event, enclosed: &Enclosed) -> Result<Option<Envelope>, Rejection> {
        let Statement::Decision(Decision { evidence: Some(id), .. }) = event.statement else {
            return Ok(None);
        };
        let cited = enclosed.cited.get(&id).ok_or(Rejection::MissingPredecessor)?;
        let issued = verify_event(cited.clone(), |organisation| self.chain_of(organisation))?;
        // [NOD-89] Whoever stole a key gets others to cite what it signs.
        let known = [EntryKind::OwnEvent, EntryKind::ReceivedEvent];
        let known = || known.iter().any(|kind| self.is_logged(*kind, &Id::from(issued.id)));
        if self.is_disowned(&issued.author, &issued.key) && !known() {
            return Err(Rejection::RevokedSigner);
        }
        if event.is_proved_by(&issued) { Ok(Some(cited.clone())) } else { Err(Rejection::BadEvidence) }
    }
}

/// Whether who she is may be read: the receiver said yes to the need, the law opened the trail, or a decision was made by
/// somebody whom the agreement lets make it. Else its author would only have to say that something was decided. A
/// correction rests on what it corrects. [AGR-24] [EVT-14]
fn is_grounded(loaded: &Loaded, event: &Event, enclosed: &Enclosed) -> bool {
    if event.terms.is_none_or(|terms| terms.stage < 2) || loaded.trail.opened_at() == 2 {
        return true;
    }
    let history = loaded.trail.history();
    let decides = |said: &Event| match said.statement {
        Statement::Decision(Decision { kind, .. }) => {
            issuer(loaded, said, enclosed).is_some_and(|issuer| loaded.agreement.may_decide(&issuer, kind))
        }
        _ => false,
    };
    let grounded = |identity: &Event| {
        let known: Vec<EventId> = [identity.prev, identity.seen].into_iter().flatten().collect();
        // [EVT-31]
        history.is_accepted_before(identity.id) || loaded.trail.grounds(&known, identity.time).into_iter().any(decides)
    };
    let named = |before: &Event| before.statement == Statement::Identity && history.has_seen(event.id, before.id);
    match event.statement {
        Statement::Identity => grounded(event),
        _ => loaded.trail.events().any(|before| named(before) && grounded(before)),
    }
}

/// Who made a decision: its author, or the author of the one that it cites.
fn issuer(loaded: &Loaded, decision: &Event, enclosed: &Enclosed) -> Option<OrgId> {
    let Statement::Decision(Decision { evidence: Some(id), .. }) = decision.statement else {
        return Some(decision.author);
    };
    // What came in this very letter is not beside its event yet.
    let kept = loaded.beside.get(&decision.id).and_then(|beside| beside.cited.as_ref());
    let cited = kept.or_else(|| enclosed.cited.get(&id))?;
    // It was verified when it was taken in.
    let body: wire::EventBody = codec::decode(cited.body()).ok()?;
    OrgId::parse(&body.author).ok()
}
