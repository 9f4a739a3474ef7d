//! Boxes: key pairs of trails, to which values are sealed, and who can open them.
//!
//! Guarantees that the secret of a box is kept nowhere but sealed to its readers; that what is sealed to one person gets no
//! other reader; and that a wrap is given only to somebody who may see the values now. Leaves sealing to the core.

use std::collections::BTreeSet;

use uput_core::{
    event::Event,
    id::{EventId, KeyId, TrailId},
    key::{SealingPublic, SealingSecret},
    rejection::Rejection,
    staff::{self, Place},
    time::Seconds,
    wire,
};
use zeroize::Zeroizing;

use super::{Node, trails::Loaded, written::Written};
use crate::{
    account::{Caller, PersonId, TeamId},
    case::{Case, Sight},
    clock::{self, SystemEntropy},
    record::{self, BoxRecord},
    staff::{StaffKey, by_recipient},
    storage::NewTrailKeys,
};

/// A key pair to which values are sealed: its public half, and who can open it.
#[derive(Clone)]
pub(super) struct StaffBox {
    /// Which of its trail's, from 1.
    pub(super) number: u32,
    /// Public half.
    pub(super) public: SealingPublic,
    /// Its secret, sealed to each reader.
    pub(super) wraps: Vec<Vec<u8>>,
    /// The person to whom alone it is sealed.
    pub(super) named: Option<PersonId>,
}

/// A new key pair, until its secret is sealed to whoever may read.
pub(super) struct NewBox {
    number: u32,
    secret: SealingSecret,
    named: Option<PersonId>,
}

/// Who may see the values of a case, or may come to. [STF-11]
#[derive(Default)]
pub(super) struct Readers {
    /// Persons who have it; none: nobody has it, and every case worker may take it.
    assigned: Option<BTreeSet<PersonId>>,
    /// Teams that have it.
    teams: BTreeSet<TeamId>,
    /// Persons who are excluded.
    excluded: BTreeSet<PersonId>,
}

impl Readers {
    pub(super) fn of(case: Option<&Case>, now: Seconds) -> Self {
        let Some(case) = case else { return Self::default() };
        let excluded = case.exclusions.keys().filter(|person| case.excludes(person)).copied().collect();
        let open_glass = case.glass.iter().filter(|(_, glass)| now.get() < glass.until).map(|(person, _)| *person);
        let assigned = (!case.is_nobodys()).then(|| case.persons.iter().copied().chain(open_glass).collect());
        Self { assigned, teams: case.teams.clone(), excluded }
    }
}

impl NewBox {
    pub(super) fn make(number: u32, named: Option<PersonId>) -> Self {
        let seed = Zeroizing::new(SystemEntropy.bytes::<32>());
        Self { number, secret: SealingSecret::from_seed(&seed), named }
    }

    /// Before anybody can open it.
    fn public(&self) -> StaffBox {
        StaffBox { number: self.number, public: self.secret.public().clone(), wraps: Vec::new(), named: self.named }
    }

    /// Its secret, sealed to readers and from here on kept nowhere else. [STF-9]
    pub(super) fn wrap(self, readers: &[StaffKey]) -> Result<StaffBox, Rejection> {
        let place = Place::Box(self.secret.id());
        // Exposed to be sealed to each reader; it is wiped at the end of this function.
        let wrap = |key: &StaffKey| staff::seal(&key.public, &place, self.secret.expose_seed(), &mut SystemEntropy);
        let wraps = readers.iter().map(wrap).collect::<Result<_, _>>()?;
        Ok(StaffBox { wraps, ..self.public() })
    }
}

impl StaffBox {
    /// From its record.
    pub(super) fn of(kept: &BoxRecord) -> Result<Self, Rejection> {
        Ok(Self {
            number: kept.number,
            public: SealingPublic::parse(&kept.public)?,
            wraps: kept.wraps.clone(),
            named: PersonId::parse(&kept.named),
        })
    }

    pub(super) fn record(&self, subject: &[u8], by: Vec<u8>) -> BoxRecord {
        BoxRecord {
            subject: subject.to_vec(),
            number: self.number,
            public: self.public.to_vec(),
            wraps: self.wraps.clone(),
            named: self.named.map(PersonId::to_vec).unwrap_or_default(),
            changed: clock::now().get(),
            account: by,
            case: Vec::new(),
        }
    }

    /// Seals the values of an event to it. [STF-10]
    pub(super) fn seal(&self, event: &EventId, values: &[u8]) -> Result<Vec<u8>, Rejection> {
        self.seal_at(&Place::Values(*event), values)
    }

    /// Seals something else to it. [STF-3]
    pub(super) fn seal_at(&self, place: &Place, bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
        staff::seal(&self.public, place, bytes, &mut SystemEntropy)
    }

    /// Keys that open it.
    pub(super) fn readers(&self) -> BTreeSet<KeyId> {
        self.wraps.iter().filter_map(|wrap| staff::recipient(wrap).ok()).collect()
    }

    /// As somebody sees it who has these keys.
    pub(super) fn view(&self, subject: &[u8], ring: &BTreeSet<KeyId>) -> wire::StaffBox {
        let opens = |wrap: &&Vec<u8>| staff::recipient(wrap).is_ok_and(|key| ring.contains(&key));
        wire::StaffBox {
            subject: subject.to_vec(),
            number: self.number,
            key: self.public.id().to_vec(),
            wraps: self.wraps.iter().filter(opens).cloned().collect(),
            missing: Vec::new(),
            named: self.named.map(PersonId::to_vec).unwrap_or_default(),
        }
    }
}

impl Node {
    /// Whether somebody who reads values has a key that counts.
    pub(super) fn is_sealing_possible(&self) -> bool {
        self.caseworkers().iter().any(|person| self.staff.current(person).is_some())
    }

    /// Whether values under a rule of a trail's agreement are sealed to staff. [STF-1] [STF-16]
    fn seals(&self, loaded: &Loaded, rule: Option<u32>) -> bool {
        let asked = rule.is_some_and(|rule| loaded.agreement.is_staff_only(rule));
        // What was begun is gone on with: a trail with a box stays sealed.
        asked || self.staff.sealing().staff_only || !loaded.boxes.is_empty()
    }

    /// Makes sure that a trail whose values are sealed to staff has a box, and that exactly those open it who should now, in
    /// the case as it will be. A new one must be wrapped and committed with the values. [STF-18]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if nobody has a key that counts.
    fn box_for(
        &self,
        loaded: &mut Loaded,
        rule: Option<u32>,
        case: Option<&Case>,
    ) -> Result<Option<NewBox>, Rejection> {
        if !self.seals(loaded, rule) || (!loaded.boxes.is_empty() && !self.is_spent(loaded, case)) {
            return Ok(None);
        }
        self.new_box(loaded).map(Some)
    }

    /// The next box of a trail, for the same person alone if the last one was.
    fn new_box(&self, loaded: &mut Loaded) -> Result<NewBox, Rejection> {
        if !self.staff.is_anybody() {
            return Err(Rejection::NoStaffKey);
        }
        let newest = loaded.boxes.last();
        let number = newest.map_or(1, |newest| newest.number.saturating_add(1));
        let made = NewBox::make(number, newest.and_then(|newest| newest.named));
        loaded.boxes.push(made.public());
        Ok(made)
    }

    /// Whether somebody opens the newest box who should not any more, or should and cannot. [STF-18]
    pub(super) fn is_spent(&self, loaded: &Loaded, case: Option<&Case>) -> bool {
        let known = self.cases.of(&loaded.trail.id());
        let readers = Readers::of(case.or(known.as_deref()), clock::now());
        loaded.boxes.last().is_some_and(|newest| {
            let should: BTreeSet<KeyId> = self.keys_for(newest.named, &readers).1.iter().map(StaffKey::id).collect();
            newest.readers() != should
        })
    }

    /// Seals the secret of a new box to those who may read the trail's case as it will be, and gives the record to be
    /// committed. [STF-11]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if nobody could open it.
    pub(super) fn wrap_box(
        &self,
        loaded: &mut Loaded,
        new: NewBox,
        case: Option<&Case>,
    ) -> Result<BoxRecord, Rejection> {
        let known = self.cases.of(&loaded.trail.id());
        let readers = Readers::of(case.or(known.as_deref()), clock::now());
        let (named, keys) = self.keys_for(new.named, &readers);
        if keys.is_empty() {
            return Err(Rejection::NoStaffKey);
        }
        let wrapped = NewBox { named, ..new }.wrap(&keys)?;
        let record = wrapped.record(loaded.trail.id().as_bytes(), Vec::new());
        if let Some(last) = loaded.boxes.last_mut() {
            *last = wrapped;
        }
        Ok(record)
    }

    /// The keys that should open what comes now, and the one person whose key alone that is: as long as they work here and
    /// she did not exclude them; after that it is again everybody who may read. [STF-14] [STF-18]
    fn keys_for(&self, named: Option<PersonId>, readers: &Readers) -> (Option<PersonId>, Vec<StaffKey>) {
        let key = named.filter(|person| self.may_be_named(person, readers)).and_then(|one| self.staff.current(&one));
        match key {
            Some(key) => (named, vec![key]),
            None => (None, self.reading_keys(readers)),
        }
    }

    /// Whether values may be sealed to a person alone.
    fn may_be_named(&self, person: &PersonId, readers: &Readers) -> bool {
        !readers.excluded.contains(person) && self.caseworkers().contains(person)
    }

    /// Who may see the values of a trail, or may come to.
    pub(super) fn readers_of(&self, trail: &TrailId) -> Readers {
        Readers::of(self.cases.of(trail).as_deref(), clock::now())
    }

    /// The keys of those who may read: of a team the team's, unless one of its members is excluded or works here no more;
    /// of persons their own. [STF-11]
    pub(super) fn reading_keys(&self, readers: &Readers) -> Vec<StaffKey> {
        let mut people = match &readers.assigned {
            Some(assigned) => assigned | &self.supervisors(),
            None => self.caseworkers(),
        };
        let here = self.employed();
        let mut keys = Vec::new();
        for team in readers.teams.iter().filter_map(|team| self.accounts.team(&team.to_vec()).ok()) {
            let whole = team.members.is_disjoint(&readers.excluded) && team.members.is_subset(&here);
            match self.staff.current_of_team(&team.id, &team.members).filter(|_| whole) {
                Some(key) => keys.push(key),
                None => people.extend(team.members),
            }
        }
        let people = people.iter().filter(|person| here.contains(person) && !readers.excluded.contains(person));
        keys.extend(people.filter_map(|person| self.staff.current(person)));
        keys
    }

    /// The boxes of a trail as a caller sees them who may see its values.
    pub(super) fn view_boxes(&self, loaded: &Loaded, caller: &Caller) -> Vec<wire::StaffBox> {
        let ring = self.key_ring(caller);
        loaded.boxes.iter().map(|held| held.view(loaded.trail.id().as_bytes(), &ring)).collect()
    }

    /// Boxes of a trail, of a case or of all that the caller can open and somebody who should cannot. [STF-13]
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`].
    pub fn lacking(&self, caller: &Caller, subject: &[u8]) -> Result<Vec<(wire::StaffBox, Vec<StaffKey>)>, Rejection> {
        let ring = self.key_ring(caller);
        let mut lacking = Vec::new();
        for kept in self.boxes_about(subject)? {
            let held = StaffBox::of(&kept)?;
            let view = held.view(&kept.subject, &ring);
            if view.wraps.is_empty() || !self.sees_box(caller, &kept) {
                continue;
            }
            let missing = self.missing(&held, &kept)?;
            if !missing.is_empty() {
                lacking.push((view, missing));
            }
        }
        Ok(lacking)
    }

    /// Keys that should open a box and cannot: of a named one, a newer key of that person alone.
    fn missing(&self, held: &StaffBox, kept: &BoxRecord) -> Result<Vec<StaffKey>, Rejection> {
        let readers = self.readers_of_box(kept)?;
        let should = match held.named {
            // Never anybody else, even when they may not read any more themselves.
            Some(person) if !self.may_be_named(&person, &readers) => Vec::new(),
            Some(person) => self.staff.current(&person).into_iter().collect(),
            None => self.reading_keys(&readers),
        };
        let can = held.readers();
        Ok(should.into_iter().filter(|key| !can.contains(&key.id())).collect())
    }

    /// Adds readers to a box. The wraps were made by the program of somebody who can open it. [STF-13]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] for a box that is not there, or not the caller's to see; [`Rejection::NoStaffKey`] for a
    /// reader who should not open it.
    pub async fn add_readers(
        &self,
        caller: &Caller,
        subject: &TrailId,
        number: u32,
        wraps: Vec<Vec<u8>>,
    ) -> Result<(), Rejection> {
        let mut trail = self.trails.hold(subject).await;
        let kept = self.boxes_of(subject.as_bytes())?.into_iter().find(|kept| kept.number == number);
        let kept = kept.ok_or(Rejection::NoSuchTrail)?;
        let mut held = StaffBox::of(&kept)?;
        let ring = self.key_ring(caller);
        if !self.sees_box(caller, &kept) || held.readers().is_disjoint(&ring) {
            return Err(Rejection::NoSuchTrail);
        }
        let missing: BTreeSet<KeyId> = self.missing(&held, &kept)?.iter().map(StaffKey::id).collect();
        let added = by_recipient(&wraps)?;
        if !added.keys().all(|key| missing.contains(key)) {
            return Err(Rejection::NoStaffKey);
        }
        held.wraps.extend(added.into_values());
        let record = BoxRecord { case: kept.case, ..held.record(subject.as_bytes(), Self::by(caller)) };
        self.keep(&record).await?;
        if let Some(known) = trail.as_mut().and_then(|loaded| loaded.boxes.iter_mut().find(|b| b.number == number)) {
            *known = held;
        }
        Ok(())
    }

    /// Seals what comes in a trail from now on to one person's key, and to nobody else's. [STF-14]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`]; [`Rejection::NoStaffKey`] if the key is not the current one of a person who may read.
    pub async fn seal_trail(&self, caller: &Caller, id: &TrailId, key: &[u8]) -> Result<wire::StaffBox, Rejection> {
        let mut held = self.trails.hold(id).await;
        self.demand(caller, id, Sight::Values)?;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        let key = self.staff.beginning(key)?;
        let person = key.person().ok_or(Rejection::NoStaffKey)?;
        let current = self.staff.current(&person).is_some_and(|current| current.id() == key.id());
        let readers = self.readers_of(id);
        if !current || !self.may_be_named(&person, &readers) {
            return Err(Rejection::NoStaffKey);
        }
        let number = loaded.boxes.last().map_or(1, |last| last.number.saturating_add(1));
        let made = NewBox::make(number, Some(person)).wrap(&[key])?;
        self.keep(&made.record(id.as_bytes(), Self::by(caller))).await?;
        let view = made.view(id.as_bytes(), &self.key_ring(caller));
        loaded.boxes.push(made);
        Ok(view)
    }
}

impl Node {
    /// The same for an event of our own: nothing is needed for one that discloses nothing.
    pub(super) fn box_for_written(
        &self,
        loaded: &mut Loaded,
        written: &Written,
        case: Option<&Case>,
    ) -> Result<Option<NewBox>, Rejection> {
        if written.disclosed.is_none() {
            return Ok(None);
        }
        self.box_for(loaded, rule_of(written), case)
    }

    /// The same for one that came in. Whom it excludes if it names somebody is known only when it is committed: then the box
    /// is new in any case, and wrapped to whoever is left. [STF-18]
    pub(super) fn box_for_taken(
        &self,
        loaded: &mut Loaded,
        written: &Written,
        names: bool,
    ) -> Result<Option<NewBox>, Rejection> {
        match written.disclosed.is_some() && names && self.seals(loaded, rule_of(written)) {
            true => self.new_box(loaded).map(Some),
            false => self.box_for_written(loaded, written, None),
        }
    }

    /// A key for the way of an event of our own whose values are sealed to a box. [STF-12]
    pub(super) fn dispatch_key_for(
        &self,
        loaded: &Loaded,
        written: &Written,
        ordinal: u32,
    ) -> Result<Option<NewTrailKeys>, Rejection> {
        let trail = loaded.trail.id();
        // [NOD-34] What follows a refused event goes nowhere.
        let goes = !self.outbox.queue(&loaded.other(&self.me.organisation)).is_broken(&trail);
        if written.disclosed.is_none() || loaded.boxes.is_empty() || !goes {
            return Ok(None);
        }
        self.dispatch_key(record::dispatch_key_name(&trail, ordinal)).map(Some)
    }
}

impl Node {
    /// The values of an event as they are sealed to staff, if they are.
    pub(super) fn sealed_values(
        &self,
        loaded: &Loaded,
        event: &Event,
    ) -> Result<Option<wire::SealedValues>, Rejection> {
        if event.slots.is_empty() || loaded.boxes.is_empty() {
            return Ok(None);
        }
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::Malformed)?;
        Ok(loaded.sealed(event, &self.at(beside.position)?))
    }

    /// What somebody needs who opens the values of a trail with keys of their own. [STF-15]
    pub(super) fn add_boxes(&self, view: &mut wire::Trail, loaded: &Loaded, caller: &Caller) -> Result<(), Rejection> {
        if !loaded.boxes.is_empty() {
            view.boxes = self.view_boxes(loaded, caller);
            view.opening = loaded.trail.opening_event()?.envelope().to_bytes();
        }
        Ok(())
    }
}

/// The rule of the agreement under which an event discloses.
fn rule_of(written: &Written) -> Option<u32> {
    written.event.terms.map(|terms| terms.rule)
}
