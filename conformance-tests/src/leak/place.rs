//! Bytes that somebody else may see, and what must not be in them.

use std::collections::BTreeSet;

use super::CONTROL;
use super::encoding::shapes;
use super::scan::Scan;
use crate::tally::Tally;

/// Byte strings that are searched one by one.
pub(super) type Parts = Vec<Vec<u8>>;

/// What is looked for.
pub(super) struct Scans {
    /// Planted values, and the control.
    pub(super) values: Scan,
    /// Names of labels.
    pub(super) labels: Scan,
    /// Keys and the token.
    pub(super) secrets: Scan,
}

/// Somewhere that is searched for values.
pub(super) struct Place {
    name: &'static str,
    parts: Parts,
    labels: bool,
    secrets: bool,
}

impl Place {
    /// Values must not be there.
    pub(super) const fn new(name: &'static str, parts: Parts) -> Self {
        Self { name, parts, labels: false, secrets: false }
    }

    /// Labels must not be there either.
    pub(super) const fn without_labels(mut self) -> Self {
        self.labels = true;
        self
    }

    /// Keys and tokens must not be there either.
    pub(super) const fn without_secrets(mut self) -> Self {
        self.secrets = true;
        self
    }

    /// Searches it, and demands that its control is found: as it came there by itself, and in every shape amid it.
    pub(super) fn search(&self, scans: &Scans, tally: &mut Tally) {
        let mut control = false;
        for part in &self.parts {
            tally.add("bytes searched", part.len() as u64);
            for (scan, wanted) in [(&scans.values, true), (&scans.labels, self.labels), (&scans.secrets, self.secrets)]
            {
                let mut found = if wanted { scan.find(part) } else { BTreeSet::new() };
                control |= found.remove("CONTROL");
                if !found.is_empty() {
                    tally.violated(format!("{}: {found:?}", self.name));
                }
            }
        }
        tally.add("places searched", 1);
        tally.add("of them with a control that came there by itself", u64::from(control));
        if !control {
            tally.violated(format!("{}: the control was not found", self.name));
        }
        for shape in shapes(CONTROL) {
            tally.add("shapes of the control looked for", 1);
            if !scans.values.find(&self.amid(&shape)).contains("CONTROL") {
                tally.violated(format!("{}: the control was not found in the shape {shape:02x?}", self.name));
            }
        }
    }

    /// These bytes in the middle of what the place holds.
    fn amid(&self, bytes: &[u8]) -> Vec<u8> {
        let around = self.parts.iter().max_by_key(|part| part.len()).map_or(&[][..], Vec::as_slice);
        let around = around.get(..around.len().min(512)).unwrap_or_default();
        let (before, after) = around.split_at(around.len() / 2);
        [before, bytes, after].concat()
    }
}
