//! What ends by the time in the trails that are here.
//!
//! Guarantees that no list shows a time that stands in a value, that nobody is told of an end in values who sees none, and
//! that an end changes nothing. Known of each trail since something last happened in it, or since the start. Leaves to the core
//! what ends, and to people what they do then.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use uput_core::{
    catalogue::{Field, Label},
    event::Event,
    id::{EventId, TrailId},
    rejection::Rejection,
    state::{Reading, Side, Verdict},
    status::{self, Ending, Stands, What},
    task,
    time::{Seconds, Span},
    wire,
};

use super::{
    Node,
    listing::{Listed, Pages},
    trails::Loaded,
};
use crate::{
    account::Caller,
    case::{Sight, Viewer},
    clock,
    record::EventRecord,
};

/// How long before an end people are told, if the configuration says nothing.
const AHEAD: Span = Span(14 * 86_400);

/// What ends, trail by trail.
pub(super) struct Endings {
    kept: Mutex<BTreeMap<TrailId, Vec<Known>>>,
    ahead: Mutex<Span>,
}

/// Something that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    what: What,
    /// None: this node cannot read when.
    until: Option<Seconds>,
    side: Side,
    /// The time stands in a value.
    in_value: bool,
}

impl Default for Endings {
    fn default() -> Self {
        Self { kept: Mutex::default(), ahead: Mutex::new(AHEAD) }
    }
}

impl Endings {
    pub(super) fn set(&self, trail: TrailId, known: Vec<Known>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match known.is_empty() {
            true => drop(kept.remove(&trail)),
            false => drop(kept.insert(trail, known)),
        }
    }

    fn of(&self, trail: &TrailId) -> Vec<Known> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(trail).cloned().unwrap_or_default()
    }

    /// Whether the last consent of a trail, as far as this node can read when, is over.
    pub(super) fn consent_is_over(&self, trail: &TrailId, now: Seconds) -> bool {
        let known = self.of(trail);
        let consents = known.iter().filter(|known| known.what == What::Consent);
        consents.filter_map(|known| known.until).max().is_some_and(|until| until < now)
    }

    fn trails(&self) -> Vec<TrailId> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub(super) fn ahead(&self) -> Span {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// How long before an end people are told. [TIM-10]
    pub fn warn_ahead(&self, ahead: Span) {
        *self.endings.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
    }

    /// What ends in a trail. [TIM-11] [TIM-12]
    pub(super) fn endings_in(&self, loaded: &Loaded, reading: &Reading) -> Result<Vec<Known>, Rejection> {
        let known = |ending: &Ending, in_value| Known {
            what: ending.what,
            until: Some(ending.until),
            side: ending.side,
            in_value,
        };
        let codes = status::endings(&loaded.trail, reading, &loaded.agreement);
        let mut all: Vec<Known> = codes.iter().map(|ending| known(ending, false)).collect();
        // [EVT-36] What was promised at a table outlives the table.
        all.extend(self.tasks_due(loaded, reading)?);
        if !reading.live {
            return Ok(all);
        }
        let (mut fields, mut sealed) = (Vec::<(EventId, Field)>::new(), Vec::<What>::new());
        for event in loaded.trail.settled().into_iter().filter(|event| reading.outstanding.contains(&event.id)) {
            if reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective) {
                self.read_ends(loaded, event, &mut fields, &mut sealed)?;
            }
        }
        let values = status::of_values(fields.iter().map(|(event, field)| (*event, field)));
        sealed.retain(|what| values.iter().all(|ending| ending.what != *what));
        sealed.sort_unstable();
        sealed.dedup();
        all.extend(values.iter().map(|ending| known(ending, true)));
        all.extend(sealed.into_iter().map(|what| Known { what, until: None, side: Side::Opener, in_value: true }));
        Ok(all)
    }

    /// What is due of the plan that stands. [EVT-36]
    fn tasks_due(&self, loaded: &Loaded, reading: &Reading) -> Result<Vec<Known>, Rejection> {
        let Some(plan) = task::plan(&loaded.trail, reading) else { return Ok(Vec::new()) };
        let (mut fields, mut sealed) = (Vec::new(), Vec::new());
        self.read_plan(loaded, plan, &mut fields, &mut sealed)?;
        let due = task::due(&loaded.trail, &loaded.agreement, plan.id, &fields);
        let known =
            due.iter().map(|due| Known { what: due.what, until: Some(due.until), side: due.side, in_value: true });
        let unread = sealed.into_iter().map(|side| Known { what: What::Task, until: None, side, in_value: true });
        Ok(known.chain(unread).collect())
    }

    /// The tasks of a plan; or, where they are sealed to staff, whose some may be.
    fn read_plan(
        &self,
        loaded: &Loaded,
        plan: &Event,
        fields: &mut Vec<Field>,
        sealed: &mut Vec<Side>,
    ) -> Result<(), Rejection> {
        // What is being committed is read when the trail is next looked at.
        let Some(beside) = loaded.beside.get(&plan.id) else { return Ok(()) };
        let kept: EventRecord = self.at(beside.position)?;
        match loaded.values(plan, &kept) {
            Some(_) => fields.extend(self.readable(loaded, plan)?),
            None => {
                let labels = loaded.labels(plan, &kept);
                let has_tasks = labels.iter().flat_map(|labels| labels.labels()).any(|label| label == Label::PlanTasks);
                sealed.extend([Side::Opener, Side::Peer].into_iter().filter(|_| has_tasks));
            }
        }
        Ok(())
    }

    /// The fields of one disclosure that say an end; only of what, where the values are sealed to staff.
    fn read_ends(
        &self,
        loaded: &Loaded,
        event: &Event,
        fields: &mut Vec<(EventId, Field)>,
        sealed: &mut Vec<What>,
    ) -> Result<(), Rejection> {
        // What is being committed is read when the trail is next looked at.
        let Some(beside) = loaded.beside.get(&event.id) else { return Ok(()) };
        let kept: EventRecord = self.at(beside.position)?;
        match loaded.values(event, &kept) {
            Some(disclosed) => {
                let request = loaded.request(event).ok_or(Rejection::Malformed)?;
                let read = loaded.agreement.strip(&request, &disclosed).kept;
                fields
                    .extend(read.into_iter().filter(|field| What::of(field.label()).is_some()).map(|f| (event.id, f)));
            }
            None => {
                let labels = loaded.labels(event, &kept);
                sealed.extend(labels.iter().flat_map(|labels| labels.labels()).filter_map(What::of));
            }
        }
        Ok(())
    }

    /// What of it is shown to somebody with that sight. [TIM-13]
    pub(super) fn shown_endings(&self, known: &[Known], ours: bool, sight: Sight, now: Seconds) -> Vec<wire::Ending> {
        let us = if ours { Side::Opener } else { Side::Peer };
        let shown = known.iter().filter(|known| !known.in_value || sight >= Sight::Values);
        let mut shown: Vec<(Option<Seconds>, wire::Ending)> = shown
            .filter_map(|known| {
                let stands = known.until.map(|until| status::stands(until, now, self.endings.ahead()));
                let word = match stands {
                    Some(Stands::Ahead) => return None,
                    Some(Stands::Soon) => "soon",
                    Some(Stands::Over) => "over",
                    None => "sealed",
                };
                // A time that stands in a value is shown with the values, and that is recorded.
                let until = known.until.filter(|_| !known.in_value).map_or(0, Seconds::get);
                let (what, stands) = (known.what.word().to_owned(), word.to_owned());
                Some((known.until, wire::Ending { what, until, stands, ours: known.side == us }))
            })
            .collect();
        shown.sort_by_key(|(until, _)| until.map_or(u64::MAX, Seconds::get));
        shown.into_iter().map(|(_, ending)| ending).collect()
    }

    /// Puts what ends into the row of a trail.
    pub(super) fn add_endings(
        &self,
        row: &mut wire::Trail,
        trail: &TrailId,
        reviewed: &BTreeSet<Vec<u8>>,
        (sight, now): (Sight, Seconds),
    ) {
        let known = without_reviewed(self.endings.of(trail), trail, reviewed);
        row.endings = self.shown_endings(&known, row.ours, sight, now);
    }

    /// Trails that the caller sees in which something ends soon or has ended, what is nearest to now before; at most so many,
    /// from a page on. One that cannot be read has its place all the same. [TIM-13] [NOD-94]
    ///
    /// # Errors
    /// [`Rejection::BadCursor`] if the token is not one of this caller's.
    pub fn list_ending(&self, caller: &Caller, most: usize, token: &str) -> Result<Listed, Rejection> {
        let after = match self.page_from(caller, Pages::Endings, token)? {
            Some(place) => Some(Near::parse(&place).ok_or(Rejection::BadCursor)?),
            None => None,
        };
        // All pages are of one moment: nothing moves from one to another because time passes.
        let (now, viewer) = (after.map_or_else(clock::now, |after| after.asked), self.viewer(caller));
        let reviewed = self.reviewed_trails();
        let mut found = self.near(&viewer, &reviewed, now);
        found.retain(|near| after.is_none_or(|after| *near > after));
        found.sort_unstable();
        let more = found.len() > most;
        found.truncate(most);
        let last = found.last().filter(|_| more).map(|last| self.page_token(caller, Pages::Endings, &last.to_bytes()));
        let mut page = Listed { next: last.transpose()?.unwrap_or_default(), ..Listed::default() };
        for Near { trail, .. } in found {
            page.take(trail, self.row(&trail, now), |row| {
                let sight = self.cases.sight_of_trail(&viewer, &trail);
                self.add_endings(row, &trail, &reviewed, (sight, now));
                self.name_about(row, &viewer);
            });
        }
        Ok(page)
    }

    /// Where each trail stands in that list.
    fn near(&self, viewer: &Viewer, reviewed: &BTreeSet<Vec<u8>>, now: Seconds) -> Vec<Near> {
        let ahead = self.endings.ahead();
        let mut found = Vec::new();
        for trail in self.endings.trails() {
            let sight = self.cases.sight_of_trail(viewer, &trail);
            let known = without_reviewed(self.endings.of(&trail), &trail, reviewed);
            let seen =
                known.iter().filter(|known| sight == Sight::Values || (sight == Sight::Outline && !known.in_value));
            let away = seen.filter_map(|known| match known.until {
                Some(until) if status::stands(until, now, ahead) == Stands::Ahead => None,
                Some(until) => Some(until.get().abs_diff(now.get())),
                None => Some(u64::MAX),
            });
            found.extend(away.min().map(|away| Near { away, trail, asked: now }));
        }
        found
    }
}

/// The place of a trail among those in which something ends: by how far that is from the moment at which they were asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Near {
    away: u64,
    trail: TrailId,
    asked: Seconds,
}

impl Near {
    fn to_bytes(self) -> Vec<u8> {
        [&self.asked.get().to_be_bytes()[..], &self.away.to_be_bytes(), self.trail.as_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (asked, rest) = bytes.split_first_chunk::<8>()?;
        let (away, trail) = rest.split_first_chunk::<8>()?;
        let asked = Seconds::new(u64::from_be_bytes(*asked))?;
        Some(Self { away: u64::from_be_bytes(*away), trail: TrailId::parse(trail).ok()?, asked })
    }
}

/// A review that was made is not due any more. [APR-22]
pub(super) fn without_reviewed(mut known: Vec<Known>, trail: &TrailId, reviewed: &BTreeSet<Vec<u8>>) -> Vec<Known> {
    if reviewed.contains(trail.as_bytes().as_slice()) {
        known.retain(|known| known.what != What::Review);
    }
    known
}
