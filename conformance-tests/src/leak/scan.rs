//! Looks for planted texts in bytes.

use std::collections::{BTreeSet, HashMap};

use super::encoding::shapes;

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
}

impl Scan {
    /// Looks for nothing that is part of one of these words.
    #[must_use]
    pub fn except(public: Vec<String>) -> Self {
        Self { public, ..Self::default() }
    }

    /// Adds a text under a name; false if it is too short to be told from chance.
    pub fn plant(&mut self, name: &str, text: &str) -> bool {
        let number = self.names.len();
        let parts = text.split([' ', ';']).chain([text]);
        let long = parts.filter(|part| part.len() >= SHORTEST && !self.public.iter().any(|word| word.contains(part)));
        let found: BTreeSet<Vec<u8>> = long.flat_map(shapes).filter(|shape| shape.len() >= SHORTEST).collect();
        if found.is_empty() {
            return false;
        }
        self.names.push(name.to_owned());
        for shape in found {
            if let Some(start) = shape.first_chunk::<START>() {
                self.by_start.entry(*start).or_default().push((shape, number));
            }
        }
        true
    }

    /// How many texts it looks for.
    #[must_use]
    pub fn texts(&self) -> u64 {
        self.names.len() as u64
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
        for (at, start) in bytes.windows(START).enumerate() {
            // Most of a large file is nothing at all.
            if start == [0; START] {
                continue;
            }
            let Some(known) = <[u8; START]>::try_from(start).ok().and_then(|start| self.by_start.get(&start)) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            found.extend(known.iter().filter(|(shape, _)| rest.starts_with(shape)).map(|(_, number)| *number));
        }
        found.iter().filter_map(|number: &usize| self.names.get(*number)).map(String::as_str).collect()
    }
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
}
