//! What has to hold at every moment, and at rest.

use std::collections::BTreeSet;

use crate::book::{Events, Hand, Number};
use crate::node::Model;
use crate::world::{ENDS, House, Planted, SIDES, What, World, place, trails_of};

impl Model {
    /// # Errors
    /// What does not hold at this moment.
    pub(crate) fn holds(&mut self, world: &World) -> Result<(), String> {
        for (number, house) in world.houses.iter().enumerate() {
            for (trail, side) in trails_of(number) {
                let here = &house.disk.trails[trail];
                // [DEL-41]
                if !house.people[trail].told.all().iter().all(|event| here.has(event)) {
                    return Err(format!("house {number} told people what is not on its disk"));
                }
                let there = &world.houses[ENDS[trail][place(side.other())]].disk.trails[trail];
                let given = usize::from(house.given[trail]);
                if !self.book.of(here, side).take(given).all(|event| there.has(&event)) {
                    return Err(format!("house {number} thinks that the other has what is not on its disk"));
                }
                self.once(here).map_err(|what| format!("house {number}: {what}"))?;
            }
        }
        for (trail, from) in (0..ENDS.len()).flat_map(|trail| SIDES.map(|from| (trail, from))) {
            let here = &world.houses[ENDS[trail][place(from)]].disk.trails[trail];
            let mut receipts = world.line(trail, from).all().iter().filter(|message| message.what == What::Receipt);
            if !receipts.all(|receipt| receipt.events.all().iter().all(|event| here.has(event))) {
                return Err("a receipt is under way for what is not on disk".to_owned());
            }
        }
        (0..ENDS.len()).try_for_each(|trail| self.alike(world, trail))
    }

    /// [DEL-42] No event twice, and no two of one author with one number but by a thief.
    fn once(&self, here: &Events) -> Result<(), String> {
        let mut numbers = BTreeSet::new();
        for number in here.all() {
            let event = self.book.event(*number);
            if event.hand != Hand::Thief && !numbers.insert((event.side, event.seq)) {
                return Err("one number of one author is there twice".to_owned());
            }
        }
        Ok(())
    }

    /// [DEL-43] Of what both have, both make the same.
    fn alike(&mut self, world: &World, trail: usize) -> Result<(), String> {
        let [ours, theirs] = self.sides(world, trail);
        if ours.is_empty() || theirs.is_empty() {
            return Ok(());
        }
        let by_arrival = self.has(Planted::ByArrival);
        let [ours, theirs] = [self.book.view(&ours, by_arrival), self.book.view(&theirs, by_arrival)];
        let same = |(event, verdict)| theirs.verdicts.get(event).is_none_or(|other| other == verdict);
        if ours.verdicts.iter().all(same) {
            Ok(())
        } else {
            Err("an event counts at one house and not at the other".to_owned())
        }
    }

    /// [DEL-44] # Errors
    /// What does not hold where nothing moves any more.
    pub(crate) fn rests(&mut self, world: &World) -> Result<(), String> {
        for (number, house) in world.houses.iter().enumerate() {
            for (trail, side) in trails_of(number).filter(|(trail, _)| !world.robbed[*trail]) {
                if usize::from(house.given[trail]) < self.book.of(&house.disk.trails[trail], side).count() {
                    return Err(format!("house {number} keeps what it does not send"));
                }
                if self.said(house, trail, side) != house.people[trail].told.all() {
                    return Err(format!("house {number} holds another thing than its people were told"));
                }
            }
        }
        for trail in (0..ENDS.len()).filter(|trail| !world.robbed[*trail]) {
            let [ours, theirs] = self.sides(world, trail);
            let set = |events: &Events| events.all().iter().copied().collect::<BTreeSet<_>>();
            if set(&ours) != set(&theirs) {
                return Err(format!("one end of trail {trail} has what the other has not"));
            }
            if ours.is_empty() {
                continue;
            }
            if self.book.view(&ours, false).reading != self.book.view(&theirs, false).reading {
                return Err(format!("trail {trail} reads differently at its two ends"));
            }
        }
        Ok(())
    }

    fn sides(&self, world: &World, trail: usize) -> [Events; 2] {
        ENDS[trail].map(|house| world.houses[house].disk.trails[trail])
    }

    fn said(&self, house: &House, trail: usize, side: uput_core::state::Side) -> Vec<Number> {
        let own = self.book.of(&house.disk.trails[trail], side);
        own.filter(|event| self.book.event(*event).is_said()).collect()
    }
}
