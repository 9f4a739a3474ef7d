//! An event with what goes into its record beside it.
//!
//! Guarantees that labels go under the evidence key and values under the value key or to staff. Leaves what may be in
//! an event to those who write it or take it in.

use std::collections::BTreeSet;

use prost::Message;
use uput_core::{
    catalogue::Label,
    codec,
    envelope::{Envelope, Verified},
    event::Event,
    id::{Id, OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    slot::{Disclosed, Extent},
    wire,
};
use zeroize::Zeroizing;

use super::{
    approvals::Approved,
    trails::{KeptValues, Loaded},
};
use crate::{
    clock,
    record::{EventRecord, Evidence},
    storage::NewTrailKeys,
};

/// An event with what goes into its record beside it.
pub(super) struct Written {
    pub(super) event: Verified<Event>,
    pub(super) disclosed: Option<Disclosed>,
    pub(super) extent: Extent,
    pub(super) stripped: Vec<String>,
    /// Why nothing beyond stage 0 was kept, if that is so.
    pub(super) lowered: Option<Rejection>,
    pub(super) cited: Option<Envelope>,
    /// The names that she excluded with it. [CAS-30]
    pub(super) named: Vec<Sensitive<String>>,
    /// Labels whose words were let pass knowingly. [NST-11]
    pub(super) knowingly: Vec<Label>,
    /// The copy of what was signed of her that goes with it. [ONW-4]
    pub(super) copy: Option<Id>,
    /// The trails in which what it says was received. [CAS-100]
    pub(super) rests_on: BTreeSet<TrailId>,
    /// The second person who let it happen.
    pub(super) approved: Option<Approved>,
    /// Why she is named in it although others were asked the same; unspecified: nobody was. [CAS-81]
    pub(super) beside: wire::Beside,
    /// Whoever opened with it knew that the clock is doubted. [TIM-88]
    pub(super) despite_clock: bool,
}

impl Written {
    /// An event without slots.
    pub(super) const fn plain(event: Verified<Event>) -> Self {
        let stripped = Vec::new();
        let named = Vec::new();
        Self {
            event,
            disclosed: None,
            extent: Extent::NOTHING,
            stripped,
            lowered: None,
            cited: None,
            named,
            knowingly: Vec::new(),
            copy: None,
            rests_on: BTreeSet::new(),
            approved: None,
            beside: wire::Beside::Unspecified,
            despite_clock: false,
        }
    }

    /// The record of the event. `to` is whom it goes to, none if it came from there.
    pub(super) fn record(
        &self,
        loaded: &Loaded,
        ordinal: u32,
        to: Option<&OrgId>,
        request: Vec<u8>,
        dispatch: Option<&NewTrailKeys>,
        signing_key: Vec<u8>,
    ) -> Result<(EventRecord, Evidence), Rejection> {
        let disclose = |extent: &Extent| {
            let disclosure = self.disclosed.as_ref()?.disclose(&self.event.id, extent)?;
            Some(codec::encode(&disclosure))
        };
        let evidence = Evidence {
            envelope: self.event.envelope().to_bytes(),
            labels: disclose(&Extent::LABELS).unwrap_or_default(),
            stripped: self.stripped.clone(),
            knowingly: self.knowingly.iter().map(|label| label.name().to_owned()).collect(),
            lowered: self.lowered.map_or(0, Rejection::number),
            cited: self.cited.as_ref().map(Envelope::to_bytes).unwrap_or_default(),
            signing_key,
        };
        let kept = match disclose(&self.extent).map(Zeroizing::new) {
            Some(values) => loaded.keep_values(&self.event.id, &values, dispatch)?,
            None => KeptValues::default(),
        };
        let record = EventRecord {
            trail: loaded.trail.id().to_vec(),
            ordinal,
            evidence: loaded.seal_evidence(&evidence.encode_to_vec(), b"evidence")?,
            values: kept.values,
            to: to.map(OrgId::to_vec).unwrap_or_default(),
            request,
            stored: clock::now().get(),
            generation: kept.generation,
            account: Vec::new(),
            sealed_to: kept.sealed_to,
            dispatch: kept.dispatch,
            words: Vec::new(),
            beside: 0,
            // [TIM-91]
            clock_shown: clock::jump().map_or(0, |jump| jump.shown.get()),
        };
        Ok((record, evidence))
    }
}
