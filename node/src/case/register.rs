//! The cases in memory: what is decided before anything is read.
//!
//! Guarantees that a trail or case that the caller may not see is not found, after the same work as for one that is not
//! there, and that one change at a time is made to a case. Leaves the journal to the node.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    iter::successors,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use tokio::sync::{
    Mutex, MutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock as TokioRwLock,
    RwLockReadGuard as RwLockReadGuardAsync, RwLockWriteGuard,
};
use uput_core::{id::TrailId, rejection::Rejection};

use super::{Case, CaseId, Sight, Viewer};
use crate::account::PersonId;

/// How many changes of different cases can be made at once.
const PLACES: usize = 64;
/// The least of an ID that names something.
const BEGINNING: usize = 4;

/// All cases.
pub struct Cases {
    state: RwLock<State>,
    places: Vec<Mutex<()>>,
    records: Vec<Arc<TokioRwLock<()>>>,
    naming: TokioRwLock<()>,
    nobody: Arc<Case>,
}

#[derive(Default)]
struct State {
    cases: BTreeMap<CaseId, Arc<Case>>,
    trails: BTreeMap<TrailId, CaseId>,
    /// From which cases a person is excluded.
    excluded: BTreeMap<PersonId, BTreeSet<CaseId>>,
}

impl Default for Cases {
    fn default() -> Self {
        let places = (0..PLACES).map(|_| Mutex::default()).collect();
        // Somebody else's, so that the look at it goes as far as one at a case that is not theirs. [CAS-20]
        let mut nobody = Case::new(CaseId::new([0; 16]), 0);
        nobody.persons.insert(PersonId::new([0; 16]));
        Self {
            state: RwLock::default(),
            places,
            records: (0..PLACES).map(|_| Arc::default()).collect(),
            naming: TokioRwLock::default(),
            nobody: Arc::new(nobody),
        }
    }
}

impl Cases {
    /// Takes in a case, or what it is now.
    pub fn set(&self, case: Arc<Case>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for trail in &case.trails {
            state.trails.insert(*trail, case.id);
        }
        state.exclude(&case);
        state.cases.insert(case.id, case);
    }

    /// The cases from which somebody is excluded, or the machine that calls for them.
    #[must_use]
    pub fn shut_to(&self, viewer: &Viewer) -> Vec<Arc<Case>> {
        let state = self.read();
        let persons = [Some(viewer.person), viewer.machine];
        let ids: BTreeSet<CaseId> =
            persons.iter().flatten().filter_map(|person| state.excluded.get(person)).flatten().copied().collect();
        ids.iter().filter_map(|id| state.cases.get(id).cloned()).collect()
    }

    /// The cases from which anybody is excluded.
    #[must_use]
    pub fn with_exclusions(&self) -> Vec<Arc<Case>> {
        let state = self.read();
        let ids: BTreeSet<CaseId> = state.excluded.values().flatten().copied().collect();
        ids.iter().filter_map(|id| state.cases.get(id).cloned()).collect()
    }

    /// A case.
    #[must_use]
    pub fn get(&self, id: &CaseId) -> Option<Arc<Case>> {
        self.read().cases.get(id).cloned()
    }

    /// The case of a trail.
    #[must_use]
    pub fn of(&self, trail: &TrailId) -> Option<Arc<Case>> {
        let state = self.read();
        state.cases.get(state.trails.get(trail)?).cloned()
    }

    /// Every trail that somebody sees, ascending. [CAS-22]
    #[must_use]
    pub fn trails(&self, viewer: &Viewer) -> Vec<TrailId> {
        let seen = |case: &Arc<Case>| case.sight(viewer) > Sight::None;
        let mut trails: Vec<TrailId> =
            self.all().iter().filter(|case| seen(case)).flat_map(|case| case.trails.clone()).collect();
        trails.sort_unstable();
        trails
    }

    /// Every case.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Case>> {
        self.read().cases.values().cloned().collect()
    }

    /// How many there are, with those that became part of another.
    #[must_use]
    pub fn count(&self) -> usize {
        self.read().cases.len()
    }

    /// Every case, ascending by ID, read so many at a time.
    pub fn in_order(&self, go: usize) -> impl Iterator<Item = Arc<Case>> + '_ {
        let begin = move |after: Option<CaseId>| {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let state = self.read();
            let read: Vec<_> =
                state.cases.range((from, Bound::Unbounded)).take(go).map(|(_, case)| case.clone()).collect();
            read
        };
        let next = move |last: &Vec<Arc<Case>>| last.last().map(|case| begin(Some(case.id)));
        successors(Some(begin(None)), next).take_while(|read| !read.is_empty()).flatten()
    }

    /// What somebody sees of a case; a case that is not there is looked at like one that is. [CAS-20]
    #[must_use]
    pub fn sight(&self, viewer: &Viewer, case: &CaseId) -> Sight {
        self.judge(self.get(case), viewer)
    }

    /// What somebody sees of a trail.
    #[must_use]
    pub fn sight_of_trail(&self, viewer: &Viewer, trail: &TrailId) -> Sight {
        self.judge(self.of(trail), viewer)
    }

    fn judge(&self, case: Option<Arc<Case>>, viewer: &Viewer) -> Sight {
        let is_there = case.is_some();
        let sight = case.as_ref().unwrap_or(&self.nobody).sight(viewer);
        if is_there { sight } else { Sight::None }
    }

    /// The trail whose ID begins so, among those that they see. [CAS-21]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] if there is none; [`Rejection::BadValue`] if there is more than one.
    pub fn find_trail(&self, viewer: &Viewer, beginning: &[u8]) -> Result<TrailId, Rejection> {
        let from = first(beginning).map(TrailId::new).ok_or(Rejection::NoSuchTrail)?;
        let state = self.read();
        let begins = state.trails.range(from..).take_while(|(trail, _)| trail.as_bytes().starts_with(beginning));
        let judged = Cell::new(false);
        let seen = begins.filter(|(_, case)| {
            judged.set(true);
            self.judge(state.cases.get(case).cloned(), viewer) > Sight::None
        });
        self.only(seen.map(|(trail, _)| *trail), viewer, &judged).map_err(|many| many.or(Rejection::NoSuchTrail))
    }

    /// The case whose ID begins so, among those that they see; one that was joined into another is that. [CAS-21]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`] if there is none; [`Rejection::BadValue`] if there is more than one.
    pub fn find_case(&self, viewer: &Viewer, beginning: &[u8]) -> Result<CaseId, Rejection> {
        let from = first(beginning).map(CaseId::new).ok_or(Rejection::NoSuchCase)?;
        let state = self.read();
        let begins = state.cases.range(from..).take_while(|(case, _)| case.begins(beginning));
        let whole = begins.filter_map(|(_, case)| state.whole(case));
        let judged = Cell::new(false);
        let seen = whole.filter(|case| {
            judged.set(true);
            self.judge(Some(Arc::clone(case)), viewer) > Sight::None
        });
        self.only(seen.map(|case| case.id), viewer, &judged).map_err(|many| many.or(Rejection::NoSuchCase))
    }

    /// The only one of those that are seen.
    fn only<T: PartialEq>(
        &self,
        mut seen: impl Iterator<Item = T>,
        viewer: &Viewer,
        judged: &Cell<bool>,
    ) -> Result<T, Many> {
        let found = seen.next();
        let other = seen.find(|other| found.as_ref() != Some(other));
        // What begins nothing gets the one look that what is not theirs got. [CAS-20]
        let _ = (!judged.get()).then(|| self.judge(None, viewer));
        match (found, other) {
            (Some(_), Some(_)) => Err(Many(true)),
            (found, _) => found.ok_or(Many(false)),
        }
    }

    /// Waits until nobody else changes these cases. Ask for a trail's place before, never after.
    pub async fn hold(&self, cases: impl IntoIterator<Item = CaseId>) -> Vec<MutexGuard<'_, ()>> {
        let mut numbers: Vec<usize> = cases.into_iter().map(|case| place_of(&case)).collect();
        // In one order everywhere, so that two changes never wait for each other.
        numbers.sort_unstable();
        numbers.dedup();
        let mut held = Vec::with_capacity(numbers.len());
        for place in numbers.into_iter().filter_map(|number| self.places.get(number)) {
            held.push(place.lock().await);
        }
        held
    }

    /// Waits until no change is made in a case and followed: what is read of its record holds until it was said. Ask
    /// before every other place, and once. [CAS-43]
    pub async fn record_stays(&self, case: &CaseId) -> Option<RecordStays> {
        loop {
            let whole = self.whole_of(case);
            let held = Arc::clone(self.records.get(place_of(&whole))?).read_owned().await;
            // [CAS-118] It may have been joined into another one while this waited.
            if self.whole_of(case) == whole {
                return Some(RecordStays(held));
            }
        }
    }

    /// Waits until nobody says anything from the record of a case, nor follows a change in it: hold it from the first look
    /// at its trails until the change is followed. Ask before every other place. [CAS-54]
    pub async fn record_changes(&self, case: &CaseId) -> Option<OwnedRwLockWriteGuard<()>> {
        loop {
            let whole = self.whole_of(case);
            let held = Arc::clone(self.records.get(place_of(&whole))?).write_owned().await;
            if self.whole_of(case) == whole {
                return Some(held);
            }
        }
    }

    /// The same for two cases that become one: whoever says something from the record of either has said it. [CAS-118]
    pub async fn records_join(&self, cases: [&CaseId; 2]) -> Vec<OwnedRwLockWriteGuard<()>> {
        let mut places = cases.map(|case| place_of(&self.whole_of(case)));
        // In one order everywhere, and nothing twice.
        places.sort_unstable();
        let twice = places.first() == places.last();
        let mut held = Vec::new();
        for place in places.into_iter().skip(usize::from(twice)).filter_map(|number| self.records.get(number)) {
            held.push(Arc::clone(place).write_owned().await);
        }
        held
    }

    /// The ID of the case, or of the one into which it was joined.
    fn whole_of(&self, case: &CaseId) -> CaseId {
        let state = self.read();
        state.cases.get(case).and_then(|found| state.whole(found)).map_or(*case, |whole| whole.id)
    }

    /// Waits until nobody gets a name: hold it from the comparison with the names of colleagues to the end of the commit.
    /// Ask for the trails' places before, and for the cases' places after. [CAS-33]
    pub async fn names_stay(&self) -> RwLockReadGuardAsync<'_, ()> {
        self.naming.read().await
    }

    /// Waits until nobody compares names or changes a case: hold it while somebody gets a name. [CAS-33]
    pub async fn names_change(&self) -> (RwLockWriteGuard<'_, ()>, Vec<MutexGuard<'_, ()>>) {
        let alone = self.naming.write().await;
        let mut held = Vec::with_capacity(PLACES);
        for place in &self.places {
            held.push(place.lock().await);
        }
        (alone, held)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // A panic while a lock was held leaves the maps whole.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Evidence that the record of a case, and what is followed of it, stays as it is. [CAS-43]
pub struct RecordStays(#[allow(dead_code, reason = "held, never read")] OwnedRwLockReadGuard<()>);

/// Nothing was found, or (`true`) more than one.
struct Many(bool);

impl Many {
    const fn or(self, nothing: Rejection) -> Rejection {
        if self.0 { Rejection::BadValue } else { nothing }
    }
}

impl State {
    /// Remembers who is excluded from a case, in place of who was.
    fn exclude(&mut self, case: &Case) {
        let before: Vec<PersonId> =
            self.cases.get(&case.id).map(|before| before.exclusions.keys().copied().collect()).unwrap_or_default();
        for person in before.into_iter().filter(|person| !case.excludes(person)) {
            if let Some(cases) = self.excluded.get_mut(&person) {
                cases.remove(&case.id);
            }
        }
        for person in case.exclusions.keys().filter(|person| case.excludes(person)) {
            self.excluded.entry(*person).or_default().insert(case.id);
        }
    }

    /// The case, or the one into which it was joined.
    fn whole(&self, case: &Arc<Case>) -> Option<Arc<Case>> {
        let mut whole = case;
        while let Some(into) = &whole.into {
            whole = self.cases.get(into)?;
        }
        Some(Arc::clone(whole))
    }
}

fn place_of(case: &CaseId) -> usize {
    usize::from(case.to_vec().first().copied().unwrap_or_default()) % PLACES
}

/// The smallest ID that begins so; none if the beginning is too short or too long.
fn first<const N: usize>(beginning: &[u8]) -> Option<[u8; N]> {
    if beginning.len() < BEGINNING {
        return None;
    }
    let mut bytes = [0; N];
    bytes.get_mut(..beginning.len())?.copy_from_slice(beginning);
    Some(bytes)
}
