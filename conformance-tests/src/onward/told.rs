//! Who was sent what: each planted text with the organisations that may have it.

use std::collections::BTreeSet;

/// Something that is searched for.
pub(super) struct Planted {
    /// What it is, for whoever reads the report.
    pub(super) name: String,
    /// As it is looked for.
    pub(super) what: What,
    /// Who was sent it, or said it: the others must not have it in any form.
    pub(super) whose: BTreeSet<usize>,
}

/// A text in all its writings, or bytes.
pub(super) enum What {
    Text(String),
    Bytes(Vec<u8>),
}

/// All that is planted.
#[derive(Default)]
pub(super) struct Told(pub(super) Vec<Planted>);

impl Told {
    pub(super) fn text(&mut self, name: &str, text: &str, whose: &[usize]) {
        self.add(name, What::Text(text.to_owned()), whose);
    }

    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8], whose: &[usize]) {
        self.add(name, What::Bytes(bytes.to_vec()), whose);
    }

    fn add(&mut self, name: &str, what: What, whose: &[usize]) {
        let name = format!("{name} of {whose:?}");
        self.0.push(Planted { name, what, whose: whose.iter().copied().collect() });
    }
}
