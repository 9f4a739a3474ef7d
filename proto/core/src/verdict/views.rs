//! What one witness has seen of one log, and what stands there before what.
//!
//! Guarantees that places and checkpoints are compared only where one witness cosigned both, as it checked that each
//! continues the one before: a log that shows two witnesses two histories proves nothing by their sum. [BUN-98]

use std::collections::{BTreeMap, BTreeSet};

use super::{Exit, Where, demand::Demand, findings::Findings, keyring::Keyring, logs::Logs};
use crate::{
    event::Event,
    id::{Id, KeyRecordId, OrgId},
    key::{KeyChain, KeyRecord},
    log::{EntryKind, Origin},
    rejection::Rejection,
    time::Seconds,
    trail::Trail,
};

/// What one witness cosigned of one log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct View {
    pub(super) witness: OrgId,
    pub(super) origin: Origin,
}

/// Of each view its checkpoints by size, each with the latest time up to which it and smaller ones show everything.
pub(super) struct Views(BTreeMap<View, Vec<(u64, Seconds)>>);

impl Views {
    /// Of what was seen: by whom, of which size, up to when.
    pub(super) fn of(seen: impl Iterator<Item = (View, u64, Seconds)>) -> Self {
        let mut views: BTreeMap<View, Vec<(u64, Seconds)>> = BTreeMap::new();
        seen.for_each(|(view, size, until)| views.entry(view).or_default().push((size, until)));
        for sizes in views.values_mut() {
            sizes.sort_unstable();
            let mut latest = None;
            for (_, until) in sizes {
                latest = latest.max(Some(*until));
                *until = latest.unwrap_or(*until);
            }
        }
        Self(views)
    }

    /// Up to when the checkpoints of a view that are smaller than an index show that nothing stood there: the tick at the
    /// size itself was open, and may have had it. [BUN-74]
    pub(super) fn reach_before(&self, view: &View, index: u64) -> Option<Seconds> {
        let sizes = self.0.get(view)?;
        let smaller = sizes.partition_point(|(size, _)| *size < index);
        sizes.get(smaller.checked_sub(1)?).map(|(_, until)| *until)
    }
}

/// Index of a leaf, and in its batch.
type Spotted = (u64, u32);

/// Where the records of one chain stand in its organisation's log.
struct Replaced {
    /// Of each view, by number: the first place of that record and of all after it.
    places: BTreeMap<View, Vec<(u32, Spotted)>>,
    /// By number: when that record, or one after it, was there at the latest.
    proven: Vec<(u32, Seconds)>,
    numbers: BTreeMap<KeyRecordId, u32>,
}

impl Replaced {
    fn of(party: &OrgId, chain: &KeyChain, logs: &Logs) -> Self {
        let mut all: Vec<&KeyRecord> = chain.records().chain(chain.rivals()).collect();
        all.sort_by_key(|record| std::cmp::Reverse(record.number()));
        let mut own = Self { places: BTreeMap::new(), proven: Vec::new(), numbers: BTreeMap::new() };
        for record in all {
            let (id, number) = (record.id().into(), record.number());
            own.numbers.insert(record.id(), number);
            for (view, spot) in logs.spots(party, EntryKind::KeyRecord, id) {
                let known = own.places.entry(view).or_default();
                let first = known.last().map_or(spot.place, |(_, first)| spot.place.min(*first));
                known.push((number, first));
            }
            if let Some(time) = logs.logged(party, EntryKind::KeyRecord, id) {
                let first = own.proven.last().map_or(time, |(_, first)| time.min(*first));
                own.proven.push((number, first));
            }
        }
        own
    }

    /// Who saw a later record than the one with this number before an event, and whether anybody saw both.
    fn witnesses(&self, number: u32, event: &BTreeMap<View, super::logs::Spot>) -> (BTreeSet<OrgId>, bool) {
        let (mut before, mut both) = (BTreeSet::new(), false);
        for (view, spot) in event {
            let Some(first) = self.places.get(view).and_then(|places| later(places, number)) else { continue };
            both = true;
            before.extend((first < spot.place).then_some(view.witness));
        }
        (before, both)
    }
}

/// The last entry above a number: they descend, and each speaks for itself and all before it.
fn later<T: Copy>(descending: &[(u32, T)], number: u32) -> Option<T> {
    let above = descending.partition_point(|(own, _)| *own > number);
    descending.get(above.checked_sub(1)?).map(|(_, first)| *first)
}

/// No event stands in its author's log after the record that replaced its key; the organisations of which the log shows,
/// for every event and every later record, which came first. [BUN-75] [BUN-100] [BUN-101]
pub(super) fn check_positions(
    logs: &Logs,
    trail: &Trail,
    keyring: &Keyring,
    findings: &mut Findings,
) -> BTreeSet<OrgId> {
    let mut events: BTreeMap<OrgId, Vec<&Event>> = BTreeMap::new();
    trail.events().for_each(|event| events.entry(event.author).or_default().push(event));
    // Of whoever signed no event here nothing shows which record counted.
    let mut shown = BTreeSet::new();
    for (party, events) in events {
        let Some(chain) = keyring.chain(&party) else { continue };
        let replaced = Replaced::of(&party, chain, logs);
        events.iter().for_each(|event| check_position(event, &replaced, logs, findings));
        if shows(&party, &events, chain, &replaced, logs) {
            shown.insert(party);
        }
    }
    shown
}

fn check_position(event: &Event, replaced: &Replaced, logs: &Logs, findings: &mut Findings) {
    let Some(number) = replaced.numbers.get(&event.key).copied() else { return };
    let own = logs.spots(&event.author, EntryKind::OwnEvent, event.id.into());
    let (before, both) = replaced.witnesses(number, &own);
    if both {
        findings.reach(Demand::Positions);
    }
    // A log that is written afterwards disowns nothing that somebody had before. [BUN-100]
    let known = later(&replaced.proven, number).zip(logs.first_sight(event));
    let had = known.is_some_and(|(replaced, sight)| sight < replaced);
    if logs.is_enough(&before) && !had {
        let place = Where::id(event.id).field("key");
        findings.reject(Demand::Positions, Exit::UnknownSigner, place, Rejection::RevokedSigner);
    }
}

/// Whether as many witnesses as are needed have seen all of it in one log, each soon after its tick.
fn shows(party: &OrgId, events: &[&Event], chain: &KeyChain, replaced: &Replaced, logs: &Logs) -> bool {
    let named = events.iter().map(|event| replaced.numbers.get(&event.key).copied());
    let Some(least) = named.min().flatten() else { return false };
    let records = chain.records().filter(|record| record.number() > least);
    let records = records.map(|record| (EntryKind::KeyRecord, Id::from(record.id())));
    let events = events.iter().map(|event| (EntryKind::OwnEvent, Id::from(event.id)));
    let mut all: Option<BTreeSet<View>> = None;
    for (kind, id) in events.chain(records) {
        let spots = logs.spots(party, kind, id).into_iter().filter(|(_, spot)| spot.prompt);
        let own: BTreeSet<View> = spots.map(|(view, _)| view).collect();
        let left: BTreeSet<View> = all.map_or_else(|| own.clone(), |all| all.intersection(&own).copied().collect());
        if left.is_empty() {
            return false;
        }
        all = Some(left);
    }
    logs.is_enough(&all.into_iter().flatten().map(|view| view.witness).collect())
}
