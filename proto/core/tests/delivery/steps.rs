//! What can happen next; and what does when nothing fails any more.

use crate::node::Model;
use crate::world::{Commit, ENDS, House, RENEWS, SIDES, Step, World, place, trails_of};

impl Model {
    /// Everything that can happen.
    pub(crate) fn possible(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        for (number, house) in world.houses.iter().enumerate() {
            for (trail, side) in trails_of(number) {
                if self.may_speak(house, number, trail) {
                    steps.push(Step::Speak(number, trail));
                }
                if !self.waits(house, trail, side).is_empty() {
                    steps.push(Step::Send(number, trail));
                }
            }
            if !house.commits.is_empty() {
                steps.push(Step::Sync(number));
            }
            for kept in 0..=house.commits.len() {
                let forgets = [false, true].into_iter().filter(|forgets| !forgets || house.given != [0; 2]);
                steps.extend(forgets.map(|forgets| Step::Crash { house: number, kept, forgets }));
            }
        }
        for (trail, from) in (0..ENDS.len()).flat_map(|trail| SIDES.map(|from| (trail, from))) {
            for at in 0..world.line(trail, from).len() {
                steps.push(Step::Lose { trail, from, at });
                if is_free(world, trail, place(from.other())) {
                    steps.extend([true, false].map(|again| Step::Arrive { trail, from, at, again }));
                }
            }
        }
        steps.extend((0..ENDS.len()).filter(|trail| flies(world, *trail)).map(Step::LineEnds));
        steps.extend(self.of_revocation(world));
        steps.retain(|step| world.faults > 0 || !world.fails(*step));
        steps
    }

    /// What happens when nothing fails any more, in an order that leads to rest; none at rest. [DEL-44]
    pub(crate) fn mending(&self, world: &World) -> Option<Step> {
        let houses = || world.houses.iter().enumerate();
        let lines = || (0..ENDS.len()).flat_map(|trail| SIDES.map(|from| (trail, from)));
        let everywhere = || houses().flat_map(|(number, house)| trails_of(number).map(move |of| (number, house, of)));
        let sync = houses().find(|(_, house)| !house.commits.is_empty()).map(|(number, _)| Step::Sync(number));
        let arrive = || lines().find(|(trail, from)| !world.line(*trail, *from).is_empty());
        let asks = || everywhere().find(|(_, house, (trail, _))| house.people[*trail].unsure);
        let ends = || (0..ENDS.len()).find(|trail| flies(world, *trail));
        // What follows a thief's event waits, and is shown: no node can mend it.
        let sends = || {
            everywhere()
                .find(|(_, house, (trail, side))| !world.robbed[*trail] && !self.waits(house, *trail, *side).is_empty())
        };
        sync.or_else(|| arrive().map(|(trail, from)| Step::Arrive { trail, from, at: 0, again: false }))
            .or_else(|| asks().map(|(number, _, (trail, _))| Step::Speak(number, trail)))
            .or_else(|| ends().map(Step::LineEnds))
            .or_else(|| sends().map(|(number, _, (trail, _))| Step::Send(number, trail)))
    }

    fn may_speak(&self, house: &House, number: usize, trail: usize) -> bool {
        let (people, opener) = (&house.people[trail], ENDS[trail][0] == number);
        let more = people.told.len() < self.bounds.says[trail][usize::from(!opener)].len();
        let knows_of_it = opener || !house.disk.trails[trail].is_empty();
        more && knows_of_it && !people.silent && !house.holds(trail) && !is_renewing(house, number)
    }

    fn of_revocation(&self, world: &World) -> Vec<Step> {
        let house = &world.houses[RENEWS];
        let own = house.disk.keys[RENEWS];
        // [NOD-81] What is being said is waited for.
        let at_rest = !(0..ENDS.len()).any(|trail| house.holds(trail)) && !is_renewing(house, RENEWS);
        let renew = self.bounds.renews && own == 0 && at_rest;
        let stolen = own > 0 && !world.thief_spoke && !house.disk.trails[0].is_empty();
        [(renew, Step::Renew), (stolen, Step::ThiefSpeaks)]
            .into_iter()
            .filter(|(can, _)| *can)
            .map(|(_, step)| step)
            .collect()
    }
}

/// Whether a house can take a letter of a trail now. [NOD-31]
fn is_free(world: &World, trail: usize, end: usize) -> bool {
    let number = ENDS[trail][end];
    let house = &world.houses[number];
    !house.holds(trail) && !is_renewing(house, number)
}

fn is_renewing(house: &House, number: usize) -> bool {
    house.commits.all().iter().any(|commit| matches!(commit, Commit::Knows(whose, _) if *whose == number))
}

fn flies(world: &World, trail: usize) -> bool {
    ENDS[trail].iter().any(|house| !world.houses[*house].flying[trail].is_empty())
}
