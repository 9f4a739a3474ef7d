//! The index over digests, in memory: eight bytes an entry.
//!
//! Guarantees that a digest finds every source that was put in with it and not taken out since. Of a digest it keeps 40
//! bits, so that one in a million questions may find one source too many; whoever shows a result shows nothing that the
//! asker could not see anyway.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use super::Digest;

/// Where words come from: what is put in, and taken out, at once.
pub trait Source: Copy + Eq + Hash {}
impl<T: Copy + Eq + Hash> Source for T {}

/// Bits of an entry that say which place.
const PLACE_BITS: u32 = 24;
const PLACES: usize = 1 << PLACE_BITS;
/// How many entries wait unsorted in the large list before they are merged into it.
const FRESH: usize = 1 << 16;

/// Digests and the sources in which they are.
pub struct Index<S> {
    /// Ascending: 40 bits of a digest, then a place.
    settled: Vec<u64>,
    fresh: BTreeSet<u64>,
    /// Which source has a place; none: it was taken out.
    places: Vec<Option<S>>,
    of: HashMap<S, Vec<u32>>,
}

impl<S> Default for Index<S> {
    fn default() -> Self {
        Self { settled: Vec::new(), fresh: BTreeSet::new(), places: Vec::new(), of: HashMap::new() }
    }
}

impl<S: Source> Index<S> {
    /// Adds the words of a source to those it has. Full only with 16 million places: then nothing is added, and it is said.
    pub fn add(&mut self, source: S, digests: &[Digest]) -> bool {
        if digests.is_empty() {
            return true;
        }
        if self.places.len() >= PLACES {
            self.settle();
        }
        let Some(place) = u32::try_from(self.places.len()).ok().filter(|place| (*place as usize) < PLACES) else {
            return false;
        };
        self.places.push(Some(source));
        self.of.entry(source).or_default().push(place);
        self.fresh.extend(digests.iter().map(|digest| entry(digest, place)));
        if self.fresh.len() >= FRESH {
            self.merge();
        }
        true
    }

    /// Takes out all words of a source.
    pub fn remove(&mut self, source: &S) {
        for place in self.of.remove(source).unwrap_or_default() {
            if let Some(taken) = usize::try_from(place).ok().and_then(|place| self.places.get_mut(place)) {
                *taken = None;
            }
        }
        // The entries of what was taken out point to nobody; they go when they are many.
        if self.places.len() > 1024 && self.of.len() < self.places.len() / 4 {
            self.settle();
        }
    }

    /// The sources that have a digest.
    pub fn find(&self, digest: &Digest) -> impl Iterator<Item = S> {
        let (from, to) = (entry(digest, 0), entry(digest, PLACES as u32 - 1));
        let start = self.settled.partition_point(|entry| *entry < from);
        let settled = self.settled.iter().skip(start).take_while(move |entry| **entry <= to);
        settled.chain(self.fresh.range(from..=to)).filter_map(|entry| self.source(*entry))
    }

    /// Whether a source has a digest: at the cost of looking it up, however many others have it.
    pub fn has(&self, source: &S, digest: &Digest) -> bool {
        let holds = |place: &u32| {
            let entry = entry(digest, *place);
            self.fresh.contains(&entry) || self.settled.binary_search(&entry).is_ok()
        };
        self.of.get(source).is_some_and(|places| places.iter().any(holds))
    }

    /// How many entries have a digest, taken-out ones too: what is worth asking first.
    #[must_use]
    pub fn count(&self, digest: &Digest) -> usize {
        let (from, to) = (entry(digest, 0), entry(digest, PLACES as u32 - 1));
        let settled =
            self.settled.partition_point(|entry| *entry <= to) - self.settled.partition_point(|entry| *entry < from);
        settled + self.fresh.range(from..=to).count()
    }

    /// Bytes that it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries = self.settled.capacity() * 8 + self.fresh.len() * 16;
        let places = self.places.capacity() * size_of::<Option<S>>();
        entries + places + self.of.capacity() * (size_of::<S>() + size_of::<Vec<u32>>() + 1) + self.places.len() * 16
    }

    fn source(&self, entry: u64) -> Option<S> {
        let place = usize::try_from(entry & (PLACES as u64 - 1)).ok()?;
        self.places.get(place).copied().flatten()
    }

    /// Merges what is fresh into the large list.
    fn merge(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        self.settled.reserve(fresh.len());
        self.settled.extend(fresh);
        // Two ascending parts: the sort that std has merges them.
        self.settled.sort();
    }

    /// Drops the entries of what was taken out, and gives new places to the others.
    fn settle(&mut self) {
        self.merge();
        let mut new_places: Vec<Option<u32>> = Vec::with_capacity(self.places.len());
        let mut places = Vec::new();
        self.of.clear();
        for source in &self.places {
            new_places.push(source.map(|source| {
                let place = places.len() as u32;
                places.push(Some(source));
                self.of.entry(source).or_default().push(place);
                place
            }));
        }
        let moved = |entry: &u64| {
            let place = usize::try_from(entry & (PLACES as u64 - 1)).ok()?;
            let place = new_places.get(place).copied().flatten()?;
            Some((entry >> PLACE_BITS << PLACE_BITS) | u64::from(place))
        };
        // Places keep their order, so the entries do.
        self.settled = self.settled.iter().filter_map(moved).collect();
        self.places = places;
    }
}

fn entry(digest: &Digest, place: u32) -> u64 {
    u64::from_be_bytes(*digest) >> PLACE_BITS << PLACE_BITS | u64::from(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn word(n: u64) -> Digest {
        // Spread over all bits, as digests are.
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
    }

    /// The same questions to the index and to a plain list, while sources come and go. [CAS-60]
    #[test]
    fn it_finds_what_a_plain_list_finds() {
        let (mut index, mut plain) = (Index::<u32>::default(), BTreeMap::<u32, BTreeSet<u64>>::new());
        let mut random = 7_u64;
        let mut next = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        for step in 0..20_000_u64 {
            let source = next(700) as u32;
            if next(3) == 0 {
                index.remove(&source);
                plain.remove(&source);
            } else {
                let words: Vec<u64> = (0..=next(20)).map(|_| next(500)).collect();
                assert!(index.add(source, &words.iter().map(|n| word(*n)).collect::<Vec<_>>()));
                plain.entry(source).or_default().extend(words);
            }
            if step % 50 == 0 {
                let asked = next(520);
                let found: BTreeSet<u32> = index.find(&word(asked)).collect();
                let expected: BTreeSet<u32> =
                    plain.iter().filter(|(_, words)| words.contains(&asked)).map(|(source, _)| *source).collect();
                assert_eq!(found, expected);
                assert!(index.count(&word(asked)) >= found.len());
                let one = next(700) as u32;
                assert_eq!(index.has(&one, &word(asked)), found.contains(&one));
            }
        }
        let most = plain.values().map(BTreeSet::len).sum::<usize>() * 64 + (1 << 21);
        assert!(index.bytes() < most, "{} bytes", index.bytes());
    }

    #[test]
    fn an_entry_is_eight_bytes() {
        let mut index = Index::<[u8; 16]>::default();
        for n in 0..20_000_u64 {
            let digests: Vec<Digest> = (0..50).map(|w| word(n * 50 + w)).collect();
            index.add(u128::from(n).to_be_bytes(), &digests);
        }
        // 50 entries of eight bytes, a place, and the way from the source to its place.
        assert!(index.bytes() / 20_000 < 900, "{}", index.bytes() / 20_000);
    }
}
