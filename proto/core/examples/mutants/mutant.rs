//! One change of one place, and the words by which it is known in files.

use std::ops::Range;

use crate::code::{Code, Part};
use crate::rules::changes;

/// One change.
#[derive(Clone)]
pub struct Mutant {
    pub group: usize,
    pub file: &'static str,
    /// The number of its part among those of all files.
    pub part: usize,
    pub place: Range<usize>,
    pub to: String,
    pub name: Name,
}

/// What says which mutant it is, as long as its lines stay as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub file: String,
    /// The function or table.
    pub part: String,
    /// The lines as they stand, on one.
    pub from: String,
    /// As the mutant has them.
    pub to: String,
}

/// Every mutant of a file of that text, and how many parts it has. `first` is the number of its first part.
pub fn mutants(group: usize, file: &'static str, whole: &str, first: usize) -> (Vec<Mutant>, usize) {
    let code = Code::new(whole);
    let parts = code.parts();
    let mut all = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let mut here: Vec<Mutant> = Vec::new();
        for (place, to) in changes(&code, part) {
            let mut name = named(file, &code, part, &place, &to);
            // The same change of a line that stands there twice.
            while here.iter().any(|other| other.name == name) {
                name.from.push_str(" (again)");
            }
            here.push(Mutant { group, file, part: first + number, place, to, name });
        }
        all.extend(here);
    }
    (all, parts.len())
}

impl Mutant {
    /// The body of its part with the change.
    pub fn body(&self, code: &Code, part: &Part) -> String {
        [&code.text[part.body.start..self.place.start], &self.to, &code.text[self.place.end..part.body.end]].concat()
    }
}

fn named(file: &str, code: &Code, part: &Part, place: &Range<usize>, to: &str) -> Name {
    let lines = code.lines(place);
    let one_line = |text: &str| {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() { "-".to_owned() } else { words }
    };
    let changed = [&code.text[lines.start..place.start], to, &code.text[place.end..lines.end]].concat();
    let from = one_line(&code.text[lines]);
    Name { file: file.to_owned(), part: part.name.clone(), from, to: one_line(&changed) }
}
