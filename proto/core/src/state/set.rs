//! A set of events of one trail, by their place in its history.
//!
//! Guarantees that places beyond its length count as absent, and that the trails of practice, of up to 64 events, need
//! no memory of their own. Leaves to others: which event has which place.

/// A set of places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    low: u64,
    high: Vec<u64>,
}

const BITS: usize = u64::BITS as usize;

impl Set {
    pub(crate) fn insert(&mut self, place: usize) {
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

    pub(crate) fn remove(&mut self, place: usize) {
        match (place / BITS).checked_sub(1) {
            None => self.low &= !(1 << place),
            Some(index) => self.high.iter_mut().skip(index).take(1).for_each(|word| *word &= !(1 << (place % BITS))),
        }
    }

    pub(crate) fn contains(&self, place: usize) -> bool {
        let word = match (place / BITS).checked_sub(1) {
            None => self.low,
            Some(index) => self.high.get(index).copied().unwrap_or(0),
        };
        word >> (place % BITS) & 1 == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.low == 0 && self.high.iter().all(|word| *word == 0)
    }

    /// Whether both have a place.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.low & other.low != 0 || self.high.iter().zip(&other.high).any(|(word, other)| word & other != 0)
    }

    /// The highest place.
    pub(crate) fn last(&self) -> Option<usize> {
        let top = |(index, word): (usize, &u64)| Some(index * BITS + word.checked_ilog2()? as usize);
        let high = self.high.iter().enumerate().rev().find_map(top).map(|place| place + BITS);
        high.or_else(|| top((0, &self.low)))
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.low |= other.low;
        if other.high.len() > self.high.len() {
            self.high.resize(other.high.len(), 0);
        }
        self.high.iter_mut().zip(&other.high).for_each(|(word, more)| *word |= more);
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let high = self.high.iter().zip(&other.high).map(|(word, other)| word & other).collect();
        Self { low: self.low & other.low, high }
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        let others = other.high.iter().copied().chain(std::iter::repeat(0));
        let high = self.high.iter().zip(others).map(|(word, other)| word & !other).collect();
        Self { low: self.low & !other.low, high }
    }

    /// The places, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
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

impl FromIterator<usize> for Set {
    fn from_iter<T: IntoIterator<Item = usize>>(places: T) -> Self {
        let mut set = Self::default();
        places.into_iter().for_each(|place| set.insert(place));
        set
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
        assert_eq!([&few, &many, &of(&[0, 1]), &of(&[])].map(Set::last), [Some(63), Some(200), Some(1), None]);
        assert_eq!(many.minus(&of(&[200])).last(), Some(64), "words without a place");
        assert!(few.meets(&many) && many.meets(&of(&[200])) && !few.meets(&of(&[1, 200])));
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
