//! Invented need statements, half of them with something planted, and how much of it is found: 300 beside which the rules
//! were written, and 120 that were written without them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::collections::BTreeMap;

use uput_core::{
    catalogue::{Field, Label},
    identifying::{Finding, Kind, Known, suspects},
    sensitive::Sensitive,
};

const FILES: [(&str, &str); 9] = [
    ("sq", include_str!("../../../specs/vectors/need-statement/sq.tsv")),
    ("mk", include_str!("../../../specs/vectors/need-statement/mk.tsv")),
    ("bs", include_str!("../../../specs/vectors/need-statement/bs.tsv")),
    ("hr", include_str!("../../../specs/vectors/need-statement/hr.tsv")),
    ("cnr", include_str!("../../../specs/vectors/need-statement/cnr.tsv")),
    ("sr-Cyrl", include_str!("../../../specs/vectors/need-statement/sr-Cyrl.tsv")),
    ("sr-Latn", include_str!("../../../specs/vectors/need-statement/sr-Latn.tsv")),
    ("rom", include_str!("../../../specs/vectors/need-statement/rom.tsv")),
    ("en", include_str!("../../../specs/vectors/need-statement/en.tsv")),
];

/// Written without the rules at hand, and measured before a rule was changed for them: then 65 of 68 were found. Since rules
/// were changed after it was read, it is no measure of what they miss any more.
const SECOND: [(&str, &str); 6] = [
    ("sq", include_str!("../../../specs/vectors/need-statement/second/sq.tsv")),
    ("mk", include_str!("../../../specs/vectors/need-statement/second/mk.tsv")),
    ("bs", include_str!("../../../specs/vectors/need-statement/second/bs.tsv")),
    ("hr", include_str!("../../../specs/vectors/need-statement/second/hr.tsv")),
    ("sr-Cyrl", include_str!("../../../specs/vectors/need-statement/second/sr-Cyrl.tsv")),
    ("sr-Latn", include_str!("../../../specs/vectors/need-statement/second/sr-Latn.tsv")),
];

/// File numbers: with something planted, and as bodies write them.
const NUMBERS: [(&str, &str); 2] = [
    ("planted", include_str!("../../../specs/vectors/file-number/planted.tsv")),
    ("clean", include_str!("../../../specs/vectors/file-number/clean.tsv")),
];

/// One row: what the record says, the words, and what is planted in them.
struct Statement {
    known: Known,
    said: Field,
    planted: Vec<Finding>,
    row: &'static str,
}

fn read(row: &'static str) -> Statement {
    let (record, marked) = row.split_once('\t').unwrap();
    let (label, marked) = marked.split_once('\t').unwrap_or(("need_statement", marked));
    let mut fields: Vec<Field> = record
        .split(" | ")
        .map(|field| {
            let (label, value) = field.split_once('=').unwrap();
            Field::typed(Label::parse(label).unwrap(), &Sensitive::new(value.to_owned())).unwrap()
        })
        .collect();
    let (mut text, mut planted) = (String::new(), Vec::new());
    for (at, part) in marked.split("[[").enumerate() {
        let Some((mark, rest)) = part.split_once("]]").filter(|_| at > 0) else {
            text.push_str(part);
            continue;
        };
        let (word, inside) = mark.split_once(':').unwrap();
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word).unwrap();
        let from = text.chars().count();
        text.push_str(inside);
        planted.push(Finding { from, to: text.chars().count(), kind });
        text.push_str(rest);
    }
    let label = Label::parse(label).unwrap();
    let said = Field::new(label, Sensitive::new(text)).unwrap_or_else(|_| panic!("words that could be sent: {row}"));
    // [NST-8] What is being said is known too.
    fields.push(said.clone());
    Statement { known: Known::new(&fields), said, planted, row }
}

fn statements(file: &'static str) -> impl Iterator<Item = Statement> {
    file.lines().filter(|line| !line.starts_with('#')).map(read)
}

fn meets(one: &Finding, other: &Finding) -> bool {
    one.kind == other.kind && one.from < other.to && other.from < one.to
}

#[derive(Default)]
struct Count {
    planted: u32,
    found: u32,
    clean: u32,
    alarms: u32,
}

impl Count {
    fn recall(&self) -> f64 {
        if self.planted == 0 { 100.0 } else { 100.0 * f64::from(self.found) / f64::from(self.planted) }
    }
}

/// What was counted over a set of statements.
#[derive(Default)]
struct Tally {
    languages: BTreeMap<&'static str, Count>,
    kinds: BTreeMap<Kind, Count>,
    statements: usize,
    /// Beside what was planted.
    beside: usize,
}

impl Tally {
    fn of(files: &[(&'static str, &'static str)]) -> Self {
        let mut tally = Self::default();
        for (language, file) in files {
            statements(file).for_each(|statement| tally.judge(language, &statement));
        }
        tally.print();
        tally
    }

    fn judge(&mut self, language: &'static str, statement: &Statement) {
        let suspects = suspects([&statement.said], &statement.known);
        let found: Vec<Finding> = suspects.into_iter().flat_map(|suspect| suspect.findings).collect();
        let of_language = self.languages.entry(language).or_default();
        self.statements += 1;
        for planted in &statement.planted {
            let hit = found.iter().any(|finding| meets(finding, planted));
            for count in [self.kinds.entry(planted.kind).or_default(), &mut *of_language] {
                count.planted += 1;
                count.found += u32::from(hit);
            }
            if !hit {
                println!("missed: {language} {}: {}", planted.kind.word(), statement.row);
            }
        }
        let extra: Vec<_> =
            found.iter().filter(|f| !statement.planted.iter().any(|p| meets(f, p))).map(|f| f.kind).collect();
        if statement.planted.is_empty() {
            of_language.clean += 1;
            of_language.alarms += u32::from(!extra.is_empty());
            extra.iter().for_each(|kind| self.kinds.entry(*kind).or_default().alarms += 1);
        } else {
            self.beside += extra.len();
        }
        if !extra.is_empty() {
            println!("false alarm: {language} {extra:?}: {}", statement.row);
        }
    }

    fn sum(&self, count: fn(&Count) -> u32) -> u32 {
        self.languages.values().map(count).sum()
    }

    fn print(&self) {
        let Self { statements, beside, .. } = self;
        let (planted, clean, alarms) = (self.sum(|c| c.planted), self.sum(|c| c.clean), self.sum(|c| c.alarms));
        println!("{statements} statements, {planted} things planted, {clean} statements clean");
        for (kind, count) in &self.kinds {
            let (kind, Count { found, planted, alarms, .. }) = (kind.word(), count);
            println!("  {kind:<10} {found:>3} of {planted:>3} found ({:.1} %), {alarms} false alarms", count.recall());
        }
        for (language, count) in &self.languages {
            let Count { found, planted, clean, alarms } = count;
            let recall = count.recall();
            println!(
                "  {language:<8} {found:>3} of {planted:>3} found ({recall:.1} %), {alarms} of {clean} clean statements alarm"
            );
        }
        println!(
            "found {} of {planted}; false alarms in {alarms} of {clean} clean statements; {beside} beside what was planted",
            self.sum(|c| c.found)
        );
    }
}

/// [NST-2] [NST-3] [NST-4] [NST-5] [NST-6] [NST-8] [NST-9] [NST-10]
#[test]
fn what_is_planted_is_found_and_what_only_looks_so_is_not() {
    let tally = Tally::of(&FILES);
    let (planted, clean, alarms) = (tally.sum(|c| c.planted), tally.sum(|c| c.clean), tally.sum(|c| c.alarms));
    assert_eq!(tally.statements, 300);
    assert!(planted >= 150 && clean >= 145, "half and half");
    assert!([Kind::Email, Kind::Telephone].iter().all(|kind| tally.kinds[kind].recall() >= 100.0));
    assert!(Kind::ALL.iter().all(|kind| tally.kinds[kind].recall() >= 95.0));
    assert!(20 * alarms <= clean && 20 * tally.beside <= 300, "at most one false alarm in twenty");
}

/// [NST-2] [NST-3] [NST-4] [NST-5] [NST-6] [NST-8] [NST-9] [NST-10]
#[test]
fn the_second_set_is_counted_apart() {
    let tally = Tally::of(&SECOND);
    assert_eq!((tally.statements, tally.sum(|c| c.planted), tally.sum(|c| c.clean)), (120, 68, 55));
    assert!(tally.kinds.values().all(|count| count.recall() >= 95.0), "what is found stays found");
    assert!(tally.sum(|c| c.alarms) <= 6 && tally.beside <= 2, "and nothing more alarms");
}

/// [NST-12] [NST-13]
#[test]
fn what_is_planted_in_file_numbers_is_found_and_a_file_number_is_not() {
    let tally = Tally::of(&NUMBERS);
    let (planted, clean, alarms) = (tally.sum(|c| c.planted), tally.sum(|c| c.clean), tally.sum(|c| c.alarms));
    assert_eq!((tally.statements, planted, clean), (102, 48, 54));
    let kinds = [Kind::Telephone, Kind::Name, Kind::IdNumber];
    assert!(kinds.iter().all(|kind| tally.kinds[kind].recall() >= 95.0));
    assert!(20 * alarms <= clean && tally.beside <= 2, "at most one false alarm in twenty");
}
