//! The formulas of specs/disclosure.md, written a second time, so that the core is not checked against itself.

use ring::hmac;
use uput_core::{
    id::OrgId,
    wire::{
        DisclosedField, Disclosure, OpenedValue, SlotDisclosure, SlotDisclosures, WholeDisclosure, disclosure::Form,
        slot_disclosure::Content,
    },
};

/// One event's secrets and what they bind to.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) label_secret: [u8; 32],
    pub(crate) value_secret: [u8; 32],
    pub(crate) nonce: [u8; 32],
    pub(crate) author: OrgId,
    /// Label and value of every slot, in order.
    pub(crate) fields: Vec<(String, String)>,
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn prefixed(text: &str) -> Vec<u8> {
    let mut bytes = u32::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

impl Event {
    pub(crate) fn label_key(&self, index: u16) -> Vec<u8> {
        mac(&self.label_secret, &index.to_be_bytes())
    }

    pub(crate) fn value_key(&self, index: u16) -> Vec<u8> {
        mac(&self.value_secret, &index.to_be_bytes())
    }

    fn bound(&self, domain: &str, index: u16) -> Vec<u8> {
        [domain.as_bytes(), &self.nonce, self.author.as_bytes(), &index.to_be_bytes()].concat()
    }

    pub(crate) fn value_commitment(&self, index: u16) -> Vec<u8> {
        let (label, value) = &self.fields[usize::from(index)];
        let message = [self.bound("uput/v1/value", index), prefixed(label), prefixed(value)].concat();
        mac(&self.value_key(index), &message)
    }

    pub(crate) fn commitment(&self, index: u16) -> Vec<u8> {
        let (label, _) = &self.fields[usize::from(index)];
        let message = [self.bound("uput/v1/slot", index), prefixed(label), self.value_commitment(index)].concat();
        mac(&self.label_key(index), &message)
    }

    pub(crate) fn slots(&self) -> Vec<u8> {
        (0..u16::try_from(self.fields.len()).unwrap()).flat_map(|index| self.commitment(index)).collect()
    }

    pub(crate) fn whole(&self) -> Disclosure {
        let fields =
            self.fields.iter().map(|(label, value)| DisclosedField { label: label.clone(), value: value.clone() });
        disclosure(Form::Whole(WholeDisclosure {
            label_secret: self.label_secret.to_vec(),
            value_secret: self.value_secret.to_vec(),
            fields: fields.collect(),
        }))
    }

    pub(crate) fn slot(&self, index: u16, with_value: bool) -> SlotDisclosure {
        let (label, value) = self.fields[usize::from(index)].clone();
        let content = if with_value {
            Content::Opened(OpenedValue { value_key: self.value_key(index), value })
        } else {
            Content::ValueCommitment(self.value_commitment(index))
        };
        SlotDisclosure { index: index.into(), label_key: self.label_key(index), label, content: Some(content) }
    }

    pub(crate) fn some(&self, slots: &[(u16, bool)]) -> Disclosure {
        let slots = slots.iter().map(|(index, with_value)| self.slot(*index, *with_value)).collect();
        disclosure(Form::Some(SlotDisclosures { slots }))
    }
}

pub(crate) fn disclosure(form: Form) -> Disclosure {
    Disclosure { event: vec![7; 32], form: Some(form) }
}
