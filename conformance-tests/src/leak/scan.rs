//! Looks for planted texts in bytes.

use std::collections::{BTreeSet, HashMap};

use super::encoding::{beside, byte_shapes, encoded, shapes};

/// Fewer bytes than this stand in random bytes by chance.
pub const SHORTEST: usize = 8;
const START: usize = 4;

/// Texts to look for, in all their shapes.
#[derive(Default)]
pub struct Scan {
    names: Vec<String>,
    /// Words that may stand anywhere.
    public: Vec<String>,
    by_start: HashMap<[u8; START], Vec<(Vec<u8>, usize)>>,
    /// Which first three bytes are worth a look.
    starts: Vec<bool>,
}

impl Scan {
    /// Looks for nothing that is part of one of these words.
    #[must_use]
    pub fn except(public: Vec<String>) -> Self {
        Self { public, ..Self::default() }
    }

    /// Adds a text under a name, and those of its words that are no words of a language; false if it is too short to
    /// be told from chance.
    pub fn plant(&mut self, name: &str, text: &str) -> bool {
        let ordinary = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase());
        let parts = text.split([' ', ';']).filter(|part| !ordinary(part)).chain([text]);
        let long = parts.filter(|part| part.len() >= SHORTEST && !self.public.iter().any(|word| word.contains(part)));
        let found = long.flat_map(shapes).collect();
        self.add(name, found)
    }

    /// Adds a text under a name, and no word of it alone.
    pub fn plant_whole(&mut self, name: &str, text: &str) -> bool {
        self.add(name, shapes(text))
    }

    /// Adds a label with a value that is too short or too common to be looked for alone: as programs write the two.
    pub fn plant_beside(&mut self, name: &str, label: &str, value: &str) -> bool {
        let found = beside(label, value).iter().flat_map(|text| encoded(text)).collect();
        self.add(name, found)
    }

    /// Adds bytes under a name: as they are, and as programs write bytes.
    pub fn plant_bytes(&mut self, name: &str, bytes: &[u8]) -> bool {
        self.add(name, byte_shapes(bytes).into_iter().collect())
    }

    fn add(&mut self, name: &str, mut found: BTreeSet<Vec<u8>>) -> bool {
        found.retain(|shape| shape.len() >= SHORTEST);
        if found.is_empty() {
            return false;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.starts.resize(1 << 24, false);
        for shape in found {
            if let Some(start) = shape.first_chunk::<START>() {
                if let Some(known) = self.starts.get_mut(first_three(start)) {
                    *known = true;
                }
                self.by_start.entry(*start).or_default().push((shape, number));
            }
        }
        true
    }

    /// Names of what it looks for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// How many byte strings it looks for.
    #[must_use]
    pub fn shapes(&self) -> u64 {
        self.by_start.values().map(Vec::len).sum::<usize>() as u64
    }

    /// Names of the texts that stand in these bytes.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut last_three = 0;
        for (end, byte) in bytes.iter().enumerate() {
            last_three = (last_three << 8 | usize::from(*byte)) & 0xff_ffff;
            if end < 2 || !self.starts.get(last_three).copied().unwrap_or_default() {
                continue;
            }
            let rest = bytes.get(end - 2..).unwrap_or_default();
            let known = rest.first_chunk().and_then(|start| self.by_start.get(start)).into_iter().flatten();
            found.extend(known.filter(|(shape, _)| rest.starts_with(shape)).map(|(_, number)| *number));
        }
        found.iter().filter_map(|number: &usize| self.names.get(*number)).map(String::as_str).collect()
    }
}

fn first_three(&[a, b, c, _]: &[u8; START]) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_text_is_found_amid_other_bytes_and_nothing_else() {
        let mut scan = Scan::default();
        assert!(scan.plant("name", "Ljubomirka Džakućnjić") && !scan.plant("short", "cnr"));
        for shape in shapes("Ljubomirka Džakućnjić") {
            let amid = [b"\x00noise".as_slice(), &shape, b"noise\xff"].concat();
            assert_eq!(scan.find(&amid), BTreeSet::from(["name"]));
        }
        assert!(scan.find(b"Ljubomir Dzakucic and others of the same house").is_empty());
    }

    #[test]
    fn a_short_value_is_found_beside_its_label_and_not_alone() {
        let mut scan = Scan::default();
        assert!(scan.plant_beside("adults", "adults", "20"));
        for text in
            ["{\"adults\":\"20\"}", "adults = 20", "label: \"adults\", value: \"20\"", "\n\u{6}adults\u{12}\u{2}20"]
        {
            assert_eq!(scan.find(text.as_bytes()), BTreeSet::from(["adults"]), "{text}");
        }
        assert!(scan.find(b"adults are 20 or more; 20; children = 20").is_empty());
    }

    #[test]
    fn ordinary_words_and_public_ones_are_not_looked_for() {
        let mut scan = Scan::except(vec!["legal_aid_office".to_owned()]);
        assert!(scan.plant("codes", "legal_aid physical sign_language"));
        assert!(scan.find(b"a physical thing, legal_aid").is_empty());
        assert!(!scan.find(b"sign_language").is_empty() && !scan.find(b"legal_aid physical sign_language").is_empty());
    }
}
