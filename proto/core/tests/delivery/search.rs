//! Every world that can be reached, the nearest first.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use crate::node::Model;
use crate::tally::Tally;
use crate::world::{Bounds, World};

/// What was searched.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) worlds: usize,
    /// Steps from one of them to another, or back to the same.
    pub(crate) steps: u64,
    /// How many steps the farthest is away.
    pub(crate) depth: usize,
    /// Worlds in which nothing moves any more.
    pub(crate) at_rest: u64,
    /// Different events, and different views of a trail.
    pub(crate) events: usize,
    pub(crate) views: usize,
    pub(crate) tally: Tally,
}

/// What does not hold, and how it came to that.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) why: String,
    pub(crate) way: Vec<String>,
}

/// Longest way to rest: more is a circle.
const LONGEST: usize = 400;

/// Two worlds are one if 64 bits of their hash are.
fn key(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// Goes through all of them. [DEL-40]
///
/// # Errors
/// The nearest world in which something does not hold.
pub(crate) fn search(bounds: &Bounds, told: impl Fn(usize, usize)) -> Result<Found, Box<Violation>> {
    let mut search =
        Search { model: Model::new(bounds.clone()), came: HashMap::new(), end_well: HashSet::new(), at_rest: 0 };
    let start = World::start(bounds);
    let (mut steps, mut depth, mut next) = (0, 0, vec![start]);
    search.came.insert(key(&start), key(&start));
    while !next.is_empty() {
        for world in std::mem::take(&mut next) {
            search.looks(&world).map_err(|why| search.violation(&world, why))?;
            for step in search.model.possible(&world) {
                let after = search.model.after(&world, step);
                let after = after.map_err(|why| search.violation(&world, format!("{why}, after {step:?}")))?;
                steps += 1;
                let (from, to) = (key(&world), key(&after));
                if let std::collections::hash_map::Entry::Vacant(unknown) = search.came.entry(to) {
                    unknown.insert(from);
                    next.push(after);
                }
            }
        }
        depth += usize::from(!next.is_empty());
        told(search.came.len(), depth);
    }
    let Search { model, came, at_rest, .. } = search;
    let (events, views) = (model.book.len(), model.book.views());
    Ok(Found { worlds: came.len(), steps, depth, at_rest, events, views, tally: model.tally })
}

struct Search {
    model: Model,
    /// Each world that was reached, and from which.
    came: HashMap<u64, u64>,
    /// Worlds from which everything comes to a good rest.
    end_well: HashSet<u64>,
    at_rest: u64,
}

impl Search {
    fn looks(&mut self, world: &World) -> Result<(), String> {
        self.model.holds(world)?;
        let counted = self.model.tally.clone();
        let ends = self.ends_well(world);
        self.model.tally = counted;
        ends
    }

    /// When nothing fails any more, all comes to rest, and what has to hold there holds. [DEL-44]
    fn ends_well(&mut self, world: &World) -> Result<(), String> {
        let (mut world, mut way) = (*world, Vec::new());
        while self.end_well.insert(key(&world)) {
            way.push(key(&world));
            let Some(step) = self.model.mending(&world) else {
                self.at_rest += 1;
                return self.model.rests(&world);
            };
            if way.len() > LONGEST {
                return Err("it never comes to rest".to_owned());
            }
            world = self.model.after(&world, step)?;
        }
        // A world of this very way is no end.
        if way.contains(&key(&world)) { Err("it goes round in a circle".to_owned()) } else { Ok(()) }
    }

    /// The way there is found again from the beginning.
    fn violation(&mut self, at: &World, why: String) -> Box<Violation> {
        let (mut keys, mut here) = (Vec::new(), key(at));
        while self.came.get(&here).is_some_and(|from| *from != here) {
            keys.push(here);
            here = self.came.get(&here).copied().unwrap_or(here);
        }
        let (mut world, mut way) = (World::start(&self.model.bounds), Vec::new());
        for wanted in keys.into_iter().rev() {
            let steps = self.model.possible(&world);
            let taken = steps.into_iter().find_map(|step| {
                self.model.after(&world, step).ok().filter(|after| key(after) == wanted).map(|after| (step, after))
            });
            let Some((step, after)) = taken else { break };
            way.push(format!("{step:?}"));
            world = after;
        }
        Box::new(Violation { why, way })
    }
}
