//! Places of this organisation: one bed is promised once.
//!
//! Guarantees that whoever promises a place decides alone, from what is on disk, and that what the promise takes is in the
//! same commit; that whatever ends the promise gives it back in its own commit. Leaves the counting to `places`.

use std::sync::{Mutex as StdMutex, MutexGuard as StdGuard, PoisonError};

use tokio::sync::{Mutex, MutexGuard};
use uput_core::{
    catalogue::{Field, Label},
    event::Statement,
    id::{EventId, TrailId},
    rejection::Rejection,
    state::{Judged, Kind, Reading, Side, Verdict},
    time::Seconds,
    wire::{self, Act, Overbooking, ServiceType},
};

use super::{Node, OpenError, journal::all, refusal::Refused, trails::Loaded, write::NewEvent};
use crate::{
    account::AccountId,
    clock,
    places::{Capacity, Places, Taken},
    record::{self, CAPACITIES, CapacityRecord, PLACES, PlaceRecord},
    storage::Draft,
};

/// Most places that a service can have.
const MOST: u32 = 10_000;
/// So many trails are looked at to find the first of a stay.
const MOST_BEFORE: usize = 32;

/// What is promised.
#[derive(Default)]
pub(super) struct Promised {
    places: StdMutex<Places>,
    deciding: Mutex<()>,
}

/// A promise that is being made, and that nobody else makes meanwhile.
pub(super) struct Promise<'a> {
    taken: Taken,
    overbooked: Overbooking,
    _alone: MutexGuard<'a, ()>,
}

/// What a trail takes from a commit on.
pub(super) struct Change {
    trail: TrailId,
    taken: Option<Taken>,
    record: PlaceRecord,
}

impl Change {
    /// To be committed with what led to it.
    pub(super) fn draft(&self) -> Draft {
        record::draft(&self.record)
    }

    /// Why more is promised with it than there is, if that is so. [PLC-5]
    pub(super) fn overbooked(&self) -> Overbooking {
        Overbooking::try_from(self.record.overbooked).unwrap_or_default()
    }
}

impl Promised {
    fn places(&self) -> StdGuard<'_, Places> {
        // A panic while the lock was held left it as it was before or after one change.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was committed.
    pub(super) fn took(&self, change: &Change) {
        self.places().set_taken(change.trail, change.taken);
    }
}

impl Node {
    /// Says how many places a service has from now on. [PLC-1]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for more than ten thousand.
    pub async fn set_places(&self, by: &AccountId, service: ServiceType, capacity: Capacity) -> Result<(), Rejection> {
        let Capacity { places, overflow } = capacity;
        if service == ServiceType::Unspecified || places > MOST || overflow > MOST {
            return Err(Rejection::BadValue);
        }
        let _alone = self.promised.deciding.lock().await;
        let (time, account) = (clock::now().get(), by.to_vec());
        self.keep(&CapacityRecord { service: service.into(), places, overflow, time, account }).await?;
        self.promised.places().set_capacity(service, capacity);
        Ok(())
    }

    /// How each service stands now, as numbers alone. [PLC-3]
    #[must_use]
    pub fn view_places(&self) -> Vec<wire::ServicePlaces> {
        let (places, now) = (self.promised.places(), clock::now());
        let view = |service: ServiceType| {
            let stands = places.occupancy(service, now);
            let capacity = stands.capacity.unwrap_or_default();
            wire::ServicePlaces {
                service_type: service.into(),
                counted: stands.capacity.is_some(),
                places: capacity.places,
                overflow: capacity.overflow,
                held: stands.held,
                accepted: stands.accepted,
                free: stands.free(),
            }
        };
        places.services().map(view).collect()
    }

    /// Reads back what services have and trails take.
    pub(super) fn read_places(&self) -> Result<(), OpenError> {
        let mut places = self.promised.places();
        for kept in all::<CapacityRecord>(&self.storage, CAPACITIES)? {
            let service = ServiceType::try_from(kept.service).unwrap_or_default();
            places.set_capacity(service, Capacity { places: kept.places, overflow: kept.overflow });
        }
        for kept in all::<PlaceRecord>(&self.storage, PLACES)? {
            let trail = TrailId::parse(&kept.trail).map_err(OpenError::Unreadable)?;
            places.set_taken(trail, taken_of(&kept).map_err(OpenError::Unreadable)?);
        }
        Ok(())
    }

    /// Promises places, if what is about to be said does. Keep what it gives until that is committed. [PLC-4]
    ///
    /// # Errors
    /// [`Refused::Full`].
    pub(super) async fn promise(&self, new: &NewEvent, loaded: &Loaded) -> Result<Option<Promise<'_>>, Refused> {
        let until = match new.statement {
            Statement::Held { until } => Some(until),
            Statement::Accepted | Statement::PartlyAccepted(_) => None,
            _ => return Ok(None),
        };
        if !self.takes_places(loaded)? {
            return Ok(None);
        }
        let service = loaded.trail.opening()?.service_type;
        let stay = self.stay(loaded)?;
        let places = self.places_wanted(&new.fields, loaded, &stay)?;
        let taken = Taken { service, places, until, stay };
        let alone = self.promised.deciding.lock().await;
        let knowingly = new.overbooking != Overbooking::Unspecified;
        let over = self.promised.places().may_take(taken, knowingly, clock::now());
        let overbooked = if over.map_err(Refused::Full)? { new.overbooking } else { Overbooking::Unspecified };
        Ok(Some(Promise { taken, overbooked, _alone: alone }))
    }

    /// Whether a trail is about a place of ours. [PLC-2]
    fn takes_places(&self, loaded: &Loaded) -> Result<bool, Rejection> {
        let asked = matches!(loaded.trail.opening()?.act, Act::Referral | Act::Transfer);
        Ok(asked && loaded.trail.side(&self.me.organisation) == Some(Side::Peer))
    }

    /// The first of the trails that are about the same stay: a transfer moves responsibility, and she stays in the bed that
    /// she came to by the trail which it is about. What cannot be read is another stay: rather too many are counted than too
    /// few. [PLC-11]
    fn stay(&self, loaded: &Loaded) -> Result<TrailId, Rejection> {
        let (opening, mut stay) = (loaded.trail.opening()?, loaded.trail.id());
        let peer = self.directory.name(&loaded.other(&self.me.organisation));
        let mut about = opening.about.filter(|_| opening.act == Act::Transfer);
        for _ in 0..MOST_BEFORE {
            let Some(earlier) = about else { break };
            let row = self.row(&earlier, clock::now()).ok().flatten();
            let same = row.filter(|row| !row.ours && row.peer == peer && row.service_type() == opening.service_type);
            let Some(row) = same.filter(|row| matches!(row.act(), Act::Referral | Act::Transfer)) else { break };
            stay = earlier;
            about = TrailId::parse(&row.about).ok().filter(|_| row.act() == Act::Transfer);
        }
        Ok(stay)
    }

    /// Whether she came and, by our own word, has not left. [PLC-7]
    fn is_there(&self, loaded: &Loaded, reading: &Reading) -> bool {
        let ours = loaded.trail.events().filter(|event| event.author == self.me.organisation);
        ours.fold(false, |there, event| match event.statement {
            Statement::Started => true,
            Statement::Provided(_) => false,
            Statement::Closed(_) if reading.events.get(&event.id).is_some_and(effective) => false,
            _ => there,
        })
    }

    /// How many places an answer is about: as it says, or as this trail's last answer said, or as she has already, or as was
    /// asked, or one. [PLC-2] [PLC-11]
    fn places_wanted(&self, fields: &[Field], loaded: &Loaded, stay: &TrailId) -> Result<u32, Rejection> {
        let number = |fields: &[Field]| {
            let said = fields.iter().find(|field| field.label() == Label::Places)?;
            // A number of beds is about nobody.
            said.value().expose().parse::<u32>().ok()
        };
        if let Some(said) = number(fields) {
            return Ok(said);
        }
        let service = loaded.trail.opening()?.service_type;
        let before = {
            let places = self.promised.places();
            let own = places.taken(&loaded.trail.id()).map(|taken| taken.places);
            own.or_else(|| places.of_stay(stay, service, clock::now()))
        };
        match before {
            Some(before) => Ok(before),
            None => Ok(number(&self.readable(loaded, loaded.trail.opening_event()?)?).unwrap_or(1)),
        }
    }

    /// What a trail takes after all that it has admitted, if that changes. With a promise: what was just said. [PLC-2]
    pub(super) fn place_change(
        &self,
        loaded: &Loaded,
        promise: Option<&Promise<'_>>,
        account: &[u8],
    ) -> Result<Option<Change>, Rejection> {
        let trail = loaded.trail.id();
        let before = self.promised.places().taken(&trail);
        let came = || loaded.trail.events().any(|event| event.statement == Statement::Started);
        if promise.is_none() && before.is_none() && !(came() && self.takes_places(loaded)?) {
            return Ok(None);
        }
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let yes = reading.answer.is_some_and(|answer| match answer.kind {
            Kind::Accepted | Kind::PartlyAccepted => true,
            // What was held until she came is used up when she has left.
            Kind::Held => !started_since(loaded, &answer.event),
            _ => false,
        });
        let takes = promise.map(|promise| promise.taken).or(before);
        let taken = match self.is_there(loaded, &reading) {
            true => Some(self.occupied(takes, loaded)?),
            false => takes.filter(|_| reading.live && yes),
        };
        if taken == before {
            return Ok(None);
        }
        let record = PlaceRecord {
            trail: trail.to_vec(),
            service: before.or(taken).map_or(0, |taken| taken.service.into()),
            places: taken.map_or(0, |taken| taken.places),
            until: taken.and_then(|taken| taken.until).map_or(0, Seconds::get),
            overbooked: promise.map_or(0, |promise| promise.overbooked.into()),
            time: clock::now().get(),
            account: account.to_vec(),
            stay: taken.map_or_else(Vec::new, |taken| taken.stay.to_vec()),
        };
        Ok(Some(Change { trail, taken, record }))
    }

    /// What somebody takes who is there: no time ends it. [PLC-7]
    fn occupied(&self, takes: Option<Taken>, loaded: &Loaded) -> Result<Taken, Rejection> {
        if let Some(taken) = takes {
            return Ok(Taken { until: None, ..taken });
        }
        let (service, stay) = (loaded.trail.opening()?.service_type, self.stay(loaded)?);
        Ok(Taken { service, places: self.places_wanted(&[], loaded, &stay)?, until: None, stay })
    }
}

fn started_since(loaded: &Loaded, event: &EventId) -> bool {
    loaded.trail.events().skip_while(|earlier| earlier.id != *event).any(|later| later.statement == Statement::Started)
}

fn effective(judged: &Judged) -> bool {
    judged.verdict == Verdict::Effective
}

fn taken_of(kept: &PlaceRecord) -> Result<Option<Taken>, Rejection> {
    let service = ServiceType::try_from(kept.service).map_err(|_| Rejection::Malformed)?;
    if kept.places == 0 {
        return Ok(None);
    }
    let stay = TrailId::parse(&kept.stay)?;
    Ok(Some(Taken { service, places: kept.places, until: Seconds::new(kept.until), stay }))
}
