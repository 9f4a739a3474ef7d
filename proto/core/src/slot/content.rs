//! What an opened slot holds.

use crate::{
    catalogue::{Field, Label},
    sensitive::Sensitive,
};

/// What an opened slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: padding.
    Empty,
    /// A field whose value is closed.
    Label(Label),
    /// A field.
    Field(Field),
    /// What the catalogue does not allow: a foreign label, or a value that does not fit. It is dropped unread. [DIS-10]
    Foreign(Option<Label>),
}

impl Content {
    /// Of a label whose value is closed.
    pub(super) fn of_label(label: &str) -> Self {
        if label.is_empty() { Self::Empty } else { Label::parse(label).map_or(Self::Foreign(None), Self::Label) }
    }

    /// Of a label and its value.
    pub(super) fn of_field(label: &str, value: Sensitive<String>) -> Self {
        // Only whether padding is empty is asked.
        match Self::of_label(label) {
            Self::Empty if value.expose().is_empty() => Self::Empty,
            Self::Label(label) => Field::new(label, value).map_or(Self::Foreign(Some(label)), Self::Field),
            _ => Self::Foreign(None),
        }
    }

    /// The label, if there is one of the catalogue.
    pub(crate) const fn label(&self) -> Option<Label> {
        match self {
            Self::Label(label) => Some(*label),
            Self::Field(field) => Some(field.label()),
            Self::Foreign(label) => *label,
            Self::Empty => None,
        }
    }

    /// The field, if its value is open and fits.
    pub(crate) const fn field(&self) -> Option<&Field> {
        match self {
            Self::Field(field) => Some(field),
            _ => None,
        }
    }
}
