//! Personal data and secrets, in a type that cannot be printed.
//!
//! Guarantees: no `Debug` or `Display` shows the content, and memory is cleared on drop.
//! Leaves to others: copies that they make of what [`Sensitive::expose`] gave them.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Content that must never reach a log, an error text, a metric or a file name.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Takes the content in.
    pub const fn new(content: T) -> Self {
        Self(content)
    }

    /// Gives the content out. Each use must say why it may.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let name = Sensitive::new(String::from("an invented name"));
        assert_eq!(format!("{name:?}"), "Sensitive");
        assert_eq!(name.expose(), "an invented name");
    }
}
