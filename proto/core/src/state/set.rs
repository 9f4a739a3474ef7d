//! A set of events of one trail, by their place in its history.
//!
//! Guarantees that places beyond its length count as absent, and that the trails of practice, of up to 64 events, need
//! no memory of their own. Leaves to others: which event has which place.

/// A set of places.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    low: u64,
    high: Vec<u64>,
}

const BITS: usize = u64::BITS as usize;

impl Set {
    pub(super) fn insert(&mut self, place: usize) {
        match (place / BITS).checked_sub(1) {
            None => self.low |= 1 << place,
            Some(index) => {
                if index >= self.high.len() {
                    self.high.resize(index + 1, 0);
                }
                self.high.iter_mut().skip(index).take(1).for_each(|word| *word |= 1 << (place % BITS));
            }
        }
    }

    pub(super) fn contains(&self, place: usize) -> bool {
        let word = match (place / BITS).checked_sub(1) {
            None => self.low,
            Some(index) => self.high.get(index).copied().unwrap_or(0),
        };
        word >> (place % BITS) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low == 0 && self.high.iter().all(|word| *word == 0)
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.low |= other.low;
        if other.high.len() > self.high.len() {
            self.high.resize(other.high.len(), 0);
        }
        self.high.iter_mut().zip(&other.high).for_each(|(word, more)| *word |= more);
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let high = self.high.iter().zip(&other.high).map(|(word, other)| word & other).collect();
        Self { low: self.low & other.low, high }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        let others = other.high.iter().copied().chain(std::iter::repeat(0));
        let high = self.high.iter().zip(others).map(|(word, other)| word & !other).collect();
        Self { low: self.low & !other.low, high }
    }

    /// The places, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(&self.low).chain(&self.high).enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(index * BITS + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn sets_of_any_length_join_and_part() {
        let of = |places: &[usize]| {
            let mut set = Set::default();
            places.iter().for_each(|place| set.insert(*place));
            set
        };
        let (few, many) = (of(&[0, 63]), of(&[63, 64, 200]));
        let all = |set: &Set| set.iter().collect::<Vec<_>>();
        assert_eq!(all(&few.and(&many)), [63]);
        assert_eq!(all(&many.minus(&few)), [64, 200]);
        assert_eq!(all(&few.minus(&many)), [0]);
        let mut joined = few.clone();
        joined.join(&many);
        assert_eq!(all(&joined), [0, 63, 64, 200]);
        assert!(joined.contains(200) && !joined.contains(199) && !few.contains(200));
        assert!(few.minus(&few).is_empty() && !few.is_empty());
        assert!(many.minus(&many).is_empty() && !of(&[64]).is_empty() && !of(&[65]).is_empty());
        assert!(!few.contains(64) && !few.contains(128), "beyond its length");
    }

    #[test]
    fn a_longer_set_keeps_what_it_has() {
        let mut long = Set::default();
        [200, 64, 130].iter().for_each(|place| long.insert(*place));
        assert_eq!(long.iter().collect::<Vec<_>>(), [64, 130, 200]);
        let mut short = Set::default();
        short.insert(1);
        long.join(&short);
        assert_eq!(long.iter().collect::<Vec<_>>(), [1, 64, 130, 200]);
    }
}
