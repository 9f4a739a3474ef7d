//! What a node does, one step at a time: what it writes, when it says so, what it sends, what it takes.

use uput_core::state::{Kind, Side};

use crate::book::{Book, Event, Events, Hand, Number};
use crate::tally::{Tally, What as Happens};
use crate::world::{
    ANY, Bounds, Commit, ENDS, House, Message, Planted, RENEWS, SIDES, Step, What, World, place, side_of, trails_of,
};

/// The bounds, what was ever said, and what ever happened.
pub(crate) struct Model {
    pub(crate) bounds: Bounds,
    pub(crate) book: Book,
    pub(crate) tally: Tally,
}

impl Model {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, book: Book::default(), tally: Tally::default() }
    }

    pub(crate) fn has(&self, planted: Planted) -> bool {
        self.bounds.planted == Some(planted)
    }

    /// The world after a step.
    ///
    /// # Errors
    /// What a step does that no step may.
    pub(crate) fn after(&mut self, world: &World, step: Step) -> Result<World, String> {
        let mut next = *world;
        if world.fails(step) && world.faults < ANY {
            next.faults = world.faults.saturating_sub(1);
        }
        match step {
            Step::Speak(house, trail) => self.speak(&mut next, house, trail),
            Step::Sync(house) => self.sync(&mut next, house),
            Step::Send(house, trail) => self.send(&mut next, house, trail),
            Step::Arrive { trail, from, at, again } => self.arrive(&mut next, trail, from, at, again)?,
            Step::Lose { trail, from, at } => {
                let lost = next.lines[trail][place(from)].remove(at);
                self.tally.note(if lost.what == What::Receipt { Happens::ReceiptLost } else { Happens::LetterLost });
            }
            Step::LineEnds(trail) => {
                SIDES.into_iter().for_each(|side| next.house(trail, side).flying[trail] = Events::default());
                self.tally.note(Happens::LineEnds);
            }
            Step::Crash { house, kept, forgets } => self.crash(&mut next, house, kept, forgets),
            Step::Renew => {
                next.houses[RENEWS].commits.push(Commit::Knows(RENEWS, 1));
                self.tally.note(Happens::Renewed);
            }
            Step::ThiefSpeaks => self.thief_speaks(&mut next),
        }
        Ok(next)
    }

    /// [DEL-1] What is allowed is written, and told when it is on disk; who was told nothing asks again.
    fn speak(&mut self, world: &mut World, house: usize, trail: usize) {
        let side = side_of(house, trail);
        let House { disk, people, .. } = world.houses[house];
        let (here, number) = (disk.trails[trail], people[trail].told.len());
        let said = self.book.of(&here, side).filter(|event| self.book.event(*event).is_said()).nth(number);
        let again = std::mem::take(&mut world.houses[house].people[trail].unsure);
        if let Some(said) = said {
            world.houses[house].people[trail].told.push(said);
            return self.tally.note(Happens::ToldAtLast);
        }
        let kind = self.bounds.says[trail][place(side)][number];
        let may = kind.opens() || self.book.view(&here, false).history.may(side, kind, None).is_ok();
        if !may {
            world.houses[house].people[trail].silent = true;
            return self.tally.note(Happens::NotAllowed);
        }
        let event = self.next(&here, trail, side, kind);
        world.houses[house].commits.push(Commit::Said(trail, event));
        if self.has(Planted::ToldBeforeSync) {
            world.houses[house].people[trail].told.push(event);
        }
        self.tally.note(if again { Happens::AskedAgain } else { Happens::Said });
    }

    /// What a side says next, having seen everything that is there.
    fn next(&mut self, here: &Events, trail: usize, side: Side, kind: Kind) -> Number {
        let (prev, seen) = (self.book.last(here, side), self.book.last(here, side.other()));
        let seq = self.book.count(here, side);
        self.book.number(Event { trail, side, seq, kind, prev, seen, hand: Hand::Author })
    }

    /// All that was written is on disk; then, and not before, people and peers hear of it.
    fn sync(&mut self, world: &mut World, house: usize) {
        for commit in std::mem::take(&mut world.houses[house].commits).all() {
            write(&mut world.houses[house], *commit);
            match *commit {
                Commit::Said(trail, event) if !self.has(Planted::ToldBeforeSync) => {
                    world.houses[house].people[trail].told.push(event);
                }
                Commit::Took { trail, receipt, .. } if !receipt.is_empty() && !self.has(Planted::ReceiptBeforeSync) => {
                    world.put(trail, side_of(house, trail), message(What::Receipt, receipt, 0));
                }
                // [TRA-24] Streams end, and are greeted anew.
                Commit::Knows(whose, _) if whose == house => world.houses[house].flying = <[Events; 2]>::default(),
                _ => {}
            }
        }
        self.tally.note(Happens::Synced);
    }

    /// What waits of a trail. [DEL-2] [DEL-7]
    fn send(&mut self, world: &mut World, house: usize, trail: usize) {
        let side = side_of(house, trail);
        let mut letter = self.waits(&world.houses[house], trail, side);
        let before = world.houses[house].sent[trail];
        let given = world.houses[house].given[trail];
        let until = given + u8::try_from(letter.len()).expect("few");
        if self.has(Planted::NewEnvelope) {
            letter = letter
                .all()
                .iter()
                .zip(given..)
                .map(|(event, n)| if n < before { self.again(*event) } else { *event })
                .collect();
            world.houses[house].sent[trail] = before.max(until);
        }
        let flying = world.houses[house].flying[trail].all().iter().chain(letter.all()).copied().collect();
        world.houses[house].flying[trail] = flying;
        let keys = world.houses[house].disk.keys[house];
        world.put(trail, side, message(What::Letter, letter, keys));
        self.tally.note(Happens::Sent);
    }

    /// What may go now: nothing while something of the trail is on its way.
    pub(crate) fn waits(&self, house: &House, trail: usize, side: Side) -> Events {
        let mut owed: Vec<Number> = house.owes(&self.book, trail, side).all().to_vec();
        if self.has(Planted::SentBeforeSync) {
            owed.extend(house.commits.all().iter().filter_map(|commit| match commit {
                Commit::Said(of, event) if *of == trail => Some(*event),
                _ => None,
            }));
        }
        match house.flying[trail].len() {
            0 => owed.into_iter().collect(),
            flying if self.has(Planted::Hurried) => owed.into_iter().skip(flying).collect(),
            _ => Events::default(),
        }
    }

    fn again(&mut self, event: Number) -> Number {
        let again = Event { hand: Hand::Again, ..*self.book.event(event) };
        self.book.number(again)
    }

    fn arrive(&mut self, world: &mut World, trail: usize, from: Side, at: usize, again: bool) -> Result<(), String> {
        let line = &mut world.lines[trail][place(from)];
        let message = if again { line.all()[at] } else { line.remove(at) };
        if at > 0 {
            self.tally.note(Happens::Overtook);
        }
        if again {
            self.tally.note(Happens::Doubled);
        }
        if message.what == What::Receipt {
            self.receipt(world.house(trail, from.other()), trail, &message.events);
            return Ok(());
        }
        self.letter(world, trail, from, &message)
    }

    fn receipt(&mut self, house: &mut House, trail: usize, events: &Events) {
        if house.flying[trail] != *events {
            return self.tally.note(Happens::StaleReceipt);
        }
        house.flying[trail] = Events::default();
        house.given[trail] += u8::try_from(events.len()).expect("few");
        self.tally.note(Happens::Receipt);
    }

    fn letter(&mut self, world: &mut World, trail: usize, from: Side, letter: &Message) -> Result<(), String> {
        let sender = ENDS[trail][place(from)];
        let by_thief = letter.what == What::ThiefsLetter;
        let house = world.house(trail, from.other());
        let known = house.disk.keys[sender];
        if letter.keys > known {
            // [TRA-13] The greeting is not over before its newest record is known.
            if !house.learns() {
                house.commits.push(Commit::Knows(sender, letter.keys));
                self.tally.note(Happens::Learnt);
            }
            return Ok(());
        }
        // [TRA-11] [DEL-45]
        if letter.keys < known && !self.has(Planted::OldKeyTaken) {
            self.tally.note(if by_thief { Happens::ThiefRefused } else { Happens::OldLineRefused });
            return Ok(());
        }
        let here = house.disk.trails[trail];
        let new: Vec<Number> = letter.events.all().iter().copied().filter(|event| !here.has(event)).collect();
        if !self.follows(&here, &new) {
            self.tally.note(Happens::PredecessorMissing);
            let explained = by_thief || world.robbed[trail];
            return if explained { Ok(()) } else { Err("an honest letter lacks what is before it".to_owned()) };
        }
        let twice = self.has(Planted::TakenTwice);
        let receipt = if by_thief { Events::default() } else { letter.events };
        if new.is_empty() && !twice {
            self.tally.note(Happens::KnownAlready);
            if !by_thief {
                world.put(trail, from.other(), message(What::Receipt, receipt, 0));
            }
            return Ok(());
        }
        if letter.keys < known {
            return Err("a letter under an older key was taken although the newer one is known".to_owned());
        }
        let mut events: Events = if twice { letter.events } else { new.iter().copied().collect() };
        let opens = new.first().is_some_and(|event| self.book.event(*event).kind.opens());
        if self.bounds.answers && opens {
            let arrived = here.all().iter().chain(events.all()).copied().collect();
            events.push(self.next(&arrived, trail, from.other(), Kind::Delivered));
        }
        house.commits.push(Commit::Took { trail, events, receipt });
        self.tally.note(if by_thief { Happens::ThiefTaken } else { Happens::Took });
        world.robbed[trail] |= by_thief;
        if self.has(Planted::ReceiptBeforeSync) && !by_thief {
            world.put(trail, from.other(), message(What::Receipt, receipt, 0));
        }
        Ok(())
    }

    /// Whether all that they name is here, or among them before. [EVT-11]
    fn follows(&self, here: &Events, new: &[Number]) -> bool {
        new.iter().enumerate().all(|(at, event)| {
            let event = self.book.event(*event);
            let there = |parent: &Number| here.has(parent) || new[..at].contains(parent);
            (event.kind.opens() || event.prev.is_some() || event.seen.is_some())
                && [event.prev, event.seen].iter().flatten().all(there)
        })
    }

    /// [SIM-4] So many of the commits were on disk; nobody was told. Memory is read from the disk.
    fn crash(&mut self, world: &mut World, number: usize, kept: usize, forgets: bool) {
        let house = &mut world.houses[number];
        let commits = std::mem::take(&mut house.commits);
        for commit in commits.all() {
            if let Commit::Said(trail, _) = commit {
                house.people[*trail].unsure = !self.has(Planted::ToldBeforeSync);
            }
        }
        commits.all().iter().take(kept).for_each(|commit| write(house, *commit));
        house.flying = <[Events; 2]>::default();
        if forgets {
            house.given = [0; 2];
        }
        if self.has(Planted::ForgottenQueue) {
            for (trail, side) in trails_of(number) {
                let own = self.book.of(&house.disk.trails[trail], side).count();
                house.given[trail] = u8::try_from(own).expect("few");
            }
        }
        self.tally.note(match (commits.len(), kept) {
            (0, _) => Happens::CrashIdle,
            (all, kept) if kept == all => Happens::CrashKept,
            (_, 0) => Happens::CrashLost,
            _ => Happens::CrashAmid,
        });
    }

    /// Who has the old keys of house 0 goes on in its name, as if it had said nothing after its opening.
    fn thief_speaks(&mut self, world: &mut World) {
        let opening = self.book.of(&world.houses[RENEWS].disk.trails[0], Side::Opener).next();
        let kind = Kind::Closed;
        let forged = Event { trail: 0, side: Side::Opener, seq: 1, kind, prev: opening, seen: None, hand: Hand::Thief };
        let letter = [self.book.number(forged)].into_iter().collect();
        world.put(0, Side::Opener, message(What::ThiefsLetter, letter, 0));
        world.thief_spoke = true;
        self.tally.note(Happens::ThiefSpoke);
    }
}

fn message(what: What, events: Events, keys: u8) -> Message {
    Message { what, events, keys }
}

/// A commit on the disk.
fn write(house: &mut House, commit: Commit) {
    match commit {
        Commit::Nothing => {}
        Commit::Said(trail, event) => house.disk.trails[trail].push(event),
        Commit::Took { trail, events, .. } => {
            events.all().iter().for_each(|event| house.disk.trails[trail].push(*event))
        }
        Commit::Knows(whose, keys) => house.disk.keys[whose] = keys,
    }
}
