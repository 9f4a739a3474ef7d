//! How much of an event is opened for somebody.

use std::collections::BTreeSet;

use crate::catalogue::Label;

/// Which labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No label.
    None,
    /// These.
    Only(BTreeSet<Label>),
    /// All, and the empty slots.
    All,
}

/// How much of an event is opened. A value is never opened without its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Labels that are opened.
    pub labels: Choice,
    /// Labels whose values are opened.
    pub values: Choice,
}

impl Extent {
    /// Nothing.
    pub const NOTHING: Self = Self { labels: Choice::None, values: Choice::None };
    /// Every label and no value: what an auditor may be entitled to.
    pub const LABELS: Self = Self { labels: Choice::All, values: Choice::None };
    /// Everything.
    pub const VALUES: Self = Self { labels: Choice::All, values: Choice::All };

    /// These labels with their values, and nothing of the others.
    #[must_use]
    pub fn chosen(labels: impl IntoIterator<Item = Label>) -> Self {
        Self { labels: Choice::None, values: Choice::Only(labels.into_iter().collect()) }
    }
}

impl Choice {
    /// Whether a slot with that label is chosen; `None` is an empty slot.
    pub(super) fn has(&self, label: Option<Label>) -> bool {
        match self {
            Self::None => false,
            Self::Only(labels) => label.is_some_and(|label| labels.contains(&label)),
            Self::All => true,
        }
    }
}
