//! What is known of an event's slots, and how it is passed on.

use super::{
    Content, Extent, SlotSecrets,
    commitment::{LENGTH, Place, SlotKeys, slot_commitment, value_commitment},
};
use crate::{
    catalogue::{Field, Label},
    id::EventId,
    sensitive::Sensitive,
    wire,
};

/// Slots of one event that match its commitments: evidence that only `commit` and `open` make. No value comes out of
/// it but through the agreement: see [`Agreement::strip`](crate::agreement::Agreement::strip).
///
/// ```compile_fail,E0451
/// let disclosed = uput_core::slot::Disclosed { secrets: None, slots: Vec::new() };
/// ```
/// ```compile_fail,E0624
/// fn read(disclosed: &uput_core::slot::Disclosed) -> usize {
///     disclosed.fields().count()
/// }
/// ```
#[derive(Clone)]
pub struct Disclosed {
    secrets: Option<SlotSecrets>,
    slots: Vec<DisclosedSlot>,
}

/// One opened slot.
#[derive(Clone)]
pub struct DisclosedSlot {
    index: u16,
    label_key: Sensitive<[u8; LENGTH]>,
    value_key: Option<Sensitive<[u8; LENGTH]>>,
    value_commitment: [u8; LENGTH],
    content: Content,
}

/// All slots of an event, with its secrets.
pub(super) const fn whole(secrets: SlotSecrets, slots: Vec<DisclosedSlot>) -> Disclosed {
    Disclosed { secrets: Some(secrets), slots }
}

/// Some slots of an event.
pub(super) const fn some(slots: Vec<DisclosedSlot>) -> Disclosed {
    Disclosed { secrets: None, slots }
}

impl Disclosed {
    /// The opened slots, by index.
    #[must_use]
    pub fn slots(&self) -> &[DisclosedSlot] {
        &self.slots
    }

    /// Labels of the catalogue that are opened, in slot order.
    pub fn labels(&self) -> impl Iterator<Item = Label> {
        self.slots.iter().filter_map(|slot| slot.content.label())
    }

    /// Fields whose values are opened and fit, in slot order. The receiver strips them before anybody reads them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.slots.iter().filter_map(|slot| slot.content().field())
    }

    /// A disclosure of so much of it; `None` if that is nothing. [DIS-11]
    #[must_use]
    pub fn disclose(&self, event: &EventId, extent: &Extent) -> Option<wire::Disclosure> {
        let whole = if *extent == Extent::VALUES { self.to_whole() } else { None };
        let form = match whole {
            Some(whole) => wire::disclosure::Form::Whole(whole),
            None => wire::disclosure::Form::Some(self.to_some(extent)?),
        };
        Some(wire::Disclosure { event: event.to_vec(), form: Some(form) })
    }

    /// None if a slot is not fully open, or holds what must not be passed on.
    fn to_whole(&self) -> Option<wire::WholeDisclosure> {
        let secrets = self.secrets.as_ref()?;
        let fields: Option<Vec<_>> = self.slots.iter().map(DisclosedSlot::to_field).collect();
        Some(wire::WholeDisclosure {
            // The secrets go into the disclosure that opens the whole event.
            label_secret: secrets.labels.expose().to_vec(),
            value_secret: secrets.values.expose().to_vec(),
            fields: fields?,
        })
    }

    fn to_some(&self, extent: &Extent) -> Option<wire::SlotDisclosures> {
        let slots: Vec<_> = self.slots.iter().filter_map(|slot| slot.to_wire(extent)).collect();
        if slots.is_empty() { None } else { Some(wire::SlotDisclosures { slots }) }
    }
}

impl DisclosedSlot {
    /// From 0.
    #[must_use]
    pub const fn index(&self) -> u16 {
        self.index
    }

    /// Its label, if that is of the catalogue; none of an empty slot.
    #[must_use]
    pub const fn label(&self) -> Option<Label> {
        self.content.label()
    }

    /// Whether its value is open and fits its label. The value itself comes out of the agreement's `strip`.
    #[must_use]
    pub const fn has_value(&self) -> bool {
        self.content.field().is_some()
    }

    /// Whether it holds what the catalogue does not allow.
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        matches!(self.content, Content::Foreign(_))
    }

    /// What it holds.
    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    /// A new slot.
    pub(super) fn make(place: Place<'_>, keys: &SlotKeys, field: Option<Field>) -> Self {
        // The value is read to be committed to.
        match field {
            Some(field) => {
                let (name, value) = (field.label().name(), field.value().clone());
                Self::opened(place, keys, name, value.expose(), Content::Field(field))
            }
            None => Self::opened(place, keys, "", "", Content::Empty),
        }
    }

    /// A slot whose label and value are known, under the secrets of its event.
    pub(super) fn opened(place: Place<'_>, keys: &SlotKeys, label: &str, value: &str, content: Content) -> Self {
        let value_key = keys.value(place.index);
        Self {
            index: place.index,
            label_key: keys.label(place.index),
            value_commitment: value_commitment(&value_key, place, label, value),
            value_key: Some(value_key),
            content,
        }
    }

    /// A slot as one of some.
    pub(super) const fn single(
        index: u16,
        label_key: Sensitive<[u8; LENGTH]>,
        value_key: Option<Sensitive<[u8; LENGTH]>>,
        value_commitment: [u8; LENGTH],
        content: Content,
    ) -> Self {
        Self { index, label_key, value_key, value_commitment, content }
    }

    pub(super) const fn label_key(&self) -> &Sensitive<[u8; LENGTH]> {
        &self.label_key
    }

    pub(super) const fn value_commitment(&self) -> &[u8; LENGTH] {
        &self.value_commitment
    }

    /// c, for a label of the catalogue or an empty slot.
    pub(super) fn commitment(&self, place: Place<'_>) -> [u8; LENGTH] {
        let label = self.content.label().map_or("", Label::name);
        slot_commitment(&self.label_key, place, label, &self.value_commitment)
    }

    /// The text of the label; none if it is foreign.
    fn text(&self) -> Option<&'static str> {
        match &self.content {
            Content::Empty => Some(""),
            Content::Label(label) => Some(label.name()),
            Content::Field(field) => Some(field.label().name()),
            Content::Foreign(_) => None,
        }
    }

    /// The text of the value; none if it is closed or foreign.
    fn value(&self) -> Option<String> {
        // The value goes into a disclosure.
        match &self.content {
            Content::Empty if self.value_key.is_some() => Some(String::new()),
            Content::Field(field) => Some(field.value().expose().clone()),
            _ => None,
        }
    }

    fn to_field(&self) -> Option<wire::DisclosedField> {
        Some(wire::DisclosedField { label: self.text()?.to_owned(), value: self.value()? })
    }

    fn to_wire(&self, extent: &Extent) -> Option<wire::SlotDisclosure> {
        use wire::slot_disclosure::Content as Wire;
        let label = self.content.label();
        let wants_value = extent.values.has(label);
        if !wants_value && !extent.labels.has(label) {
            return None;
        }
        let opened = if wants_value { self.to_opened() } else { None };
        Some(wire::SlotDisclosure {
            index: u32::from(self.index),
            // The key of this slot goes into the disclosure that opens it.
            label_key: self.label_key.expose().to_vec(),
            label: self.text()?.to_owned(),
            content: Some(opened.map_or(Wire::ValueCommitment(self.value_commitment.to_vec()), Wire::Opened)),
        })
    }

    fn to_opened(&self) -> Option<wire::OpenedValue> {
        // The key of this value goes into the disclosure that opens it.
        let value_key = self.value_key.as_ref()?.expose().to_vec();
        Some(wire::OpenedValue { value_key, value: self.value()? })
    }
}
