//! A short list inside a state: copied with it, and equal to another of the same items.

use std::fmt;

/// At most `N` items.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Few<T, const N: usize> {
    /// Those after the last are all the same, so that equal lists have equal bytes.
    items: [T; N],
    length: u8,
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { items: [T::default(); N], length: 0 }
    }
}

impl<T: Copy + Default + PartialEq, const N: usize> Few<T, N> {
    pub(crate) fn push(&mut self, item: T) {
        let last = usize::from(self.length);
        assert!(last < N, "a list of {N} is full: the bounds of the model are too narrow");
        self.items[last] = item;
        self.length += 1;
    }

    pub(crate) fn remove(&mut self, at: usize) -> T {
        let item = self.items[at];
        self.items.copy_within(at + 1.., at);
        self.items[N - 1] = T::default();
        self.length -= 1;
        item
    }

    pub(crate) fn all(&self) -> &[T] {
        &self.items[..usize::from(self.length)]
    }

    pub(crate) fn has(&self, item: &T) -> bool {
        self.all().contains(item)
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl<T: Copy + Default + PartialEq, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut few = Self::default();
        items.into_iter().for_each(|item| few.push(item));
        few
    }
}

impl<T: fmt::Debug + Copy + Default + PartialEq, const N: usize> fmt::Debug for Few<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
