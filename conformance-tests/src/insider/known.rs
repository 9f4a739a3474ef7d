//! All cases of a run, and what to look for: every ID and every value, in every shape in which bytes are written.

use std::sync::Arc;

use super::oracle::{Case, Item, Items, Sight, Who, sight, whole};
use super::schema::Schema;
use super::world::Made;
use crate::leak::scan::Scan;

/// What is known of a run before anybody tries anything.
pub(super) struct Known {
    pub(super) schema: Arc<Schema>,
    pub(super) cases: Vec<Made>,
    wholes: Vec<Case>,
    scan: Scan,
    planted: Vec<(usize, Item)>,
}

impl Known {
    pub(super) fn new(schema: Arc<Schema>, cases: Vec<Made>) -> Self {
        let rules: Vec<Case> = cases.iter().map(|made| made.rules.clone()).collect();
        let wholes = (0..rules.len()).filter_map(|number| whole(&rules, number, None)).collect();
        let mut known = Self { schema, cases: Vec::new(), wholes, scan: Scan::default(), planted: Vec::new() };
        for (number, made) in cases.iter().enumerate() {
            known.plant_case(number, made);
        }
        known.cases = cases;
        known
    }

    fn plant_case(&mut self, number: usize, made: &Made) {
        let planted = &made.planted;
        for (item, bytes) in [
            (Item::Trail, &planted.trail),
            (Item::Case, &planted.case),
            (Item::FollowUp, &planted.follow_up),
            (Item::Approval, &planted.approval),
        ] {
            self.plant_bytes(number, item, bytes);
        }
        for (place, event) in planted.events.iter().enumerate() {
            self.plant_bytes(number, Item::Event(place), event);
        }
        for (place, (label, value)) in planted.values.iter().enumerate() {
            self.plant(number, Item::Value(place, label), value);
        }
        for (item, value) in [
            (Item::Record, &planted.record),
            (Item::FileNumber, &planted.file_number),
            (Item::Words, &planted.words),
            (Item::ApprovalWords, &planted.asked),
        ] {
            value.iter().for_each(|value| self.plant(number, item, value));
        }
        for (what, bytes) in &planted.sender {
            match std::str::from_utf8(bytes) {
                Ok(text) => self.plant(number, Item::Sender(what), text),
                Err(_) => self.plant_bytes(number, Item::Sender(what), bytes),
            }
        }
    }

    fn plant_bytes(&mut self, number: usize, item: Item, bytes: &[u8]) {
        if self.scan.plant_bytes(&self.planted.len().to_string(), bytes) {
            self.planted.push((number, item));
        }
    }

    fn plant(&mut self, number: usize, item: Item, text: &str) {
        if self.scan.plant_whole(&self.planted.len().to_string(), text) {
            self.planted.push((number, item));
        }
    }

    /// What stands in these bytes.
    pub(super) fn find(&self, bytes: &[u8]) -> Items {
        let found = self.scan.find(bytes);
        found.into_iter().filter_map(|name| self.planted.get(name.parse::<usize>().ok()?).copied()).collect()
    }

    /// Which of these are labels that were disclosed in that case with a value that is looked for.
    pub(super) fn labels(&self, number: usize, labels: &[Vec<u8>]) -> Items {
        let values = self.cases.get(number).map(|made| made.rules.values.as_slice()).unwrap_or_default();
        let shown = values.iter().filter(|said| labels.iter().any(|label| label == said.label.as_bytes()));
        shown.map(|said| (number, Item::Label(said.label))).collect()
    }

    /// How many byte strings are looked for.
    pub(super) fn shapes(&self) -> u64 {
        self.scan.shapes()
    }

    /// How much somebody sees by the rules.
    pub(super) fn sees(&self, who: Who, number: usize) -> Sight {
        self.wholes.get(number).map_or(Sight::None, |case| sight(who, case, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leak::encoding::{byte_shapes, shapes};

    /// Byte for byte: whatever was planted is found in every shape, amid other bytes, and said to be of its case.
    #[test]
    fn what_is_planted_is_found_in_every_shape_and_says_which_case() {
        let mut made = Made::default();
        made.planted.trail = vec![0xa7; 32];
        made.planted.case = vec![0x5c; 16];
        made.planted.values.push(("name", "Dumekudegodo Kimodezegu".to_owned()));
        made.planted.sender = vec![("case", vec![0xee; 16]), ("record", b"Zivopisako Lumibedako".to_vec())];
        let known = Known::new(Arc::new(Schema::default()), vec![Made::default(), made]);
        let amid = |shape: &[u8]| known.find(&[b"before\x00", shape, b"\xffafter"].concat());
        for (bytes, item) in
            [(vec![0xa7; 32], Item::Trail), (vec![0x5c; 16], Item::Case), (vec![0xee; 16], Item::Sender("case"))]
        {
            for shape in byte_shapes(&bytes) {
                assert_eq!(amid(&shape), Items::from([(1, item)]));
            }
        }
        for (text, item) in
            [("Dumekudegodo Kimodezegu", Item::Value(0, "name")), ("Zivopisako Lumibedako", Item::Sender("record"))]
        {
            for shape in shapes(text) {
                assert_eq!(amid(&shape), Items::from([(1, item)]));
            }
        }
        assert!(known.find(b"nothing of it").is_empty());
    }
}
