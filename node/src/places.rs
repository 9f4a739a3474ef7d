//! How many places a service of this organisation has, and which trail takes how many.
//!
//! Guarantees that what was taken is counted until it is given back, and once however many trails are about the same stay,
//! that a hold which has lapsed counts no more, and that whoever would take more than there is hears so. Pure: time comes in. Leaves to the node that nobody else decides
//! meanwhile, and that what is counted here is on disk.

use std::collections::BTreeMap;

use uput_core::{id::TrailId, time::Seconds, wire::ServiceType};

/// What a service has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Places.
    pub places: u32,
    /// So many more for a short time, knowingly.
    pub overflow: u32,
}

/// What a trail takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Of which service.
    pub service: ServiceType,
    /// How many.
    pub places: u32,
    /// A hold: until when it counts; none: it was accepted.
    pub until: Option<Seconds>,
    /// The first of the trails that are about the same stay: what they take is taken once. [PLC-11]
    pub stay: TrailId,
}

impl Taken {
    /// Whether it counts now. The last second of a hold is a second of it. [PLC-6]
    #[must_use]
    pub fn counts(&self, now: Seconds) -> bool {
        self.until.is_none_or(|until| now <= until)
    }
}

/// What is asked for is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// How many places are free.
    pub free: u32,
    /// How many more could be taken knowingly.
    pub overflow: u32,
}

/// How a service stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// What it has; none: nobody said.
    pub capacity: Option<Capacity>,
    /// Places that are held and have not lapsed.
    pub held: u32,
    /// Places of what was accepted.
    pub accepted: u32,
}

impl Occupancy {
    /// How many are free: none where more is taken than there is.
    #[must_use]
    pub fn free(&self) -> u32 {
        let places = self.capacity.map_or(0, |capacity| capacity.places);
        places.saturating_sub(self.held.saturating_add(self.accepted))
    }
}

/// What every service has, and what every trail takes.
#[derive(Clone, Default)]
pub struct Places {
    capacities: BTreeMap<i32, Capacity>,
    taken: BTreeMap<TrailId, Taken>,
}

impl Places {
    /// Says what a service has from now on. What is taken stays taken.
    pub fn set_capacity(&mut self, service: ServiceType, capacity: Capacity) {
        self.capacities.insert(service.into(), capacity);
    }

    /// Says what a trail takes from now on; none: it gave it back.
    pub fn set_taken(&mut self, trail: TrailId, taken: Option<Taken>) {
        match taken {
            Some(taken) => self.taken.insert(trail, taken),
            None => self.taken.remove(&trail),
        };
    }

    /// What a trail takes, lapsed or not.
    #[must_use]
    pub fn taken(&self, trail: &TrailId) -> Option<Taken> {
        self.taken.get(trail).copied()
    }

    /// How many places a stay takes of a service now, whichever of its trails says so. [PLC-11]
    #[must_use]
    pub fn of_stay(&self, stay: &TrailId, service: ServiceType, now: Seconds) -> Option<u32> {
        let taken = self.taken.values().filter(|taken| taken.stay == *stay && taken.service == service);
        taken.filter(|taken| taken.counts(now)).map(|taken| taken.places).max()
    }

    /// How a service stands. [PLC-3]
    #[must_use]
    pub fn occupancy(&self, service: ServiceType, now: Seconds) -> Occupancy {
        self.without(service, now, None)
    }

    /// Every service that has a number, or takes something.
    pub fn services(&self) -> impl Iterator<Item = ServiceType> {
        let taken = self.taken.values().map(|taken| i32::from(taken.service));
        let all: std::collections::BTreeSet<i32> = self.capacities.keys().copied().chain(taken).collect();
        all.into_iter().filter_map(|service| ServiceType::try_from(service).ok())
    }

    /// Whether a trail may take so many: what its stay takes already it keeps, and is not in its way. Where nobody said how
    /// many there are, nothing is. Gives whether it takes more than there are. [PLC-4] [PLC-5]
    ///
    /// # Errors
    /// [`Full`].
    pub fn may_take(&self, wanted: Taken, knowingly: bool, now: Seconds) -> Result<bool, Full> {
        let others = self.without(wanted.service, now, Some(&wanted.stay));
        let Some(capacity) = others.capacity else { return Ok(false) };
        let own = self.of_stay(&wanted.stay, wanted.service, now);
        let promised = others.held.saturating_add(others.accepted);
        let all = promised.saturating_add(wanted.places);
        if all <= capacity.places || own.is_some_and(|own| wanted.places <= own) {
            return Ok(false);
        }
        let most = capacity.places.saturating_add(capacity.overflow);
        if knowingly && all <= most {
            return Ok(true);
        }
        let free = others.free();
        Err(Full { free, overflow: most.saturating_sub(promised).saturating_sub(free) })
    }

    /// How a service stands without one stay. Of several trails of a stay the one that takes most counts.
    fn without(&self, service: ServiceType, now: Seconds, stay: Option<&TrailId>) -> Occupancy {
        let mut stays: BTreeMap<TrailId, (u32, u32)> = BTreeMap::new();
        let others = self.taken.values().filter(|taken| Some(&taken.stay) != stay && taken.service == service);
        for taken in others.filter(|taken| taken.counts(now)) {
            let (held, accepted) = stays.entry(taken.stay).or_default();
            let which = if taken.until.is_some() { held } else { accepted };
            *which = (*which).max(taken.places);
        }
        let mut occupancy =
            Occupancy { capacity: self.capacities.get(&service.into()).copied(), ..Occupancy::default() };
        for (held, accepted) in stays.into_values() {
            occupancy.accepted = occupancy.accepted.saturating_add(accepted);
            occupancy.held = occupancy.held.saturating_add(held.saturating_sub(accepted));
        }
        occupancy
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uput_core::id::Id;

    use super::*;

    fn trail(n: u8) -> TrailId {
        Id::of(&[n]).into()
    }

    fn at(seconds: u64) -> Seconds {
        Seconds::new(seconds).unwrap()
    }

    /// One for a stay that has one trail.
    fn bed(n: u8, until: Option<u64>) -> Taken {
        Taken { service: ServiceType::Shelter, places: 1, until: until.map(at), stay: trail(n) }
    }

    fn one_bed(overflow: u32) -> Places {
        let mut places = Places::default();
        places.set_capacity(ServiceType::Shelter, Capacity { places: 1, overflow });
        places
    }

    /// [PLC-4] [PLC-6]
    #[test]
    fn one_bed_is_held_once_and_again_when_the_hold_has_lapsed() {
        let mut places = one_bed(0);
        assert_eq!(places.may_take(bed(1, Some(100)), false, at(10)), Ok(false));
        places.set_taken(trail(1), Some(bed(1, Some(100))));
        let full = Err(Full { free: 0, overflow: 0 });
        assert_eq!(places.may_take(bed(2, Some(100)), false, at(100)), full);
        assert_eq!(places.may_take(bed(2, Some(100)), true, at(100)), full, "there is no overflow");
        assert_eq!(places.may_take(bed(1, None), false, at(50)), Ok(false), "its own is not in its way");
        assert_eq!(places.may_take(bed(2, Some(200)), false, at(101)), Ok(false));
        places.set_taken(trail(2), Some(bed(2, Some(200))));
        assert_eq!(places.may_take(bed(1, None), false, at(101)), full, "a yes that comes late");
        places.set_taken(trail(2), None);
        assert_eq!(places.may_take(bed(1, None), false, at(101)), Ok(false));
    }

    /// [PLC-5]
    #[test]
    fn more_than_there_is_is_taken_knowingly_and_up_to_the_overflow() {
        let mut places = one_bed(1);
        places.set_taken(trail(1), Some(bed(1, None)));
        assert_eq!(places.may_take(bed(2, None), false, at(1)), Err(Full { free: 0, overflow: 1 }));
        assert_eq!(places.may_take(bed(2, None), true, at(1)), Ok(true));
        places.set_taken(trail(2), Some(bed(2, None)));
        assert_eq!(places.may_take(bed(3, None), true, at(1)), Err(Full { free: 0, overflow: 0 }));
        assert_eq!(places.occupancy(ServiceType::Shelter, at(1)).accepted, 2);
        assert_eq!(places.may_take(bed(1, None), false, at(1)), Ok(false), "what it has it keeps");
        let two = Taken { places: 2, ..bed(1, None) };
        assert_eq!(places.may_take(two, false, at(1)), Err(Full { free: 0, overflow: 1 }), "and no more");
        let police = Taken { service: ServiceType::Police, ..bed(4, None) };
        assert_eq!(places.may_take(police, false, at(1)), Ok(false), "nobody said how many");
    }

    /// [PLC-11]
    #[test]
    fn a_stay_is_counted_once_and_for_as_long_as_one_of_its_trails_takes_it() {
        let mut places = one_bed(1);
        let transfer = |until| Taken { stay: trail(1), ..bed(2, until) };
        places.set_taken(trail(1), Some(bed(1, Some(100))));
        assert_eq!(places.may_take(transfer(None), false, at(10)), Ok(false), "it is the same bed");
        places.set_taken(trail(2), Some(transfer(None)));
        let stands = |places: &Places| {
            let stands = places.occupancy(ServiceType::Shelter, at(10));
            (stands.held, stands.accepted)
        };
        assert_eq!(stands(&places), (0, 1));
        assert_eq!(places.may_take(bed(3, None), false, at(10)), Err(Full { free: 0, overflow: 1 }));
        places.set_taken(trail(1), None);
        assert_eq!(stands(&places), (0, 1), "she lies in it");
        assert_eq!(places.may_take(bed(1, None), false, at(10)), Ok(false), "and the first takes it anew");
        // For as many as the stay takes: the one that says most counts, in part held.
        places.set_taken(trail(1), Some(Taken { places: 2, ..bed(1, Some(100)) }));
        assert_eq!(stands(&places), (1, 1));
        assert_eq!(places.of_stay(&trail(1), ServiceType::Shelter, at(10)), Some(2));
        assert_eq!(places.of_stay(&trail(1), ServiceType::Shelter, at(101)), Some(1), "the hold has lapsed");
        assert_eq!(places.of_stay(&trail(1), ServiceType::Police, at(10)), None);
        places.set_taken(trail(1), None);
        places.set_taken(trail(2), None);
        assert_eq!(stands(&places), (0, 0));
    }

    proptest! {
        /// [PLC-4] [PLC-11] Whatever is asked in whatever order, no moment has more places taken than there are.
        #[test]
        fn no_order_of_answers_takes_more_than_there_is(
            room in 0..4_u32,
            steps in prop::collection::vec((0..6_u8, 0..4_u8, 1..3_u32, 0..40_u64, 0..2_u8), 1..60),
        ) {
            let mut places = Places::default();
            places.set_capacity(ServiceType::Shelter, Capacity { places: room, overflow: 0 });
            let mut now = 1;
            for (who, what, wanted, by, about) in steps {
                now += by / 2;
                let until = (what == 1).then(|| at(now + by));
                // Some are about the trail before them.
                let stay = trail(if about == 1 { who & !1 } else { who });
                let taken = Taken { service: ServiceType::Shelter, places: wanted, until, stay };
                match what {
                    0 => places.set_taken(trail(who), None),
                    3 => {}
                    _ => if places.may_take(taken, false, at(now)).is_ok() {
                        places.set_taken(trail(who), Some(taken));
                    }
                }
                let stands = places.occupancy(ServiceType::Shelter, at(now));
                prop_assert!(stands.held + stands.accepted <= room);
            }
        }
    }
}
