//! 300 invented need statements, half of them with something planted, and how much of it is found.
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
    identifying::{Finding, Kind, Known, find},
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

/// One row: what the record says, the words, and what is planted in them.
struct Statement {
    known: Known,
    text: Sensitive<String>,
    planted: Vec<Finding>,
    row: &'static str,
}

fn read(row: &'static str) -> Statement {
    let (record, marked) = row.split_once('\t').unwrap();
    let fields: Vec<Field> = record
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
    let text = Sensitive::new(text);
    Field::new(Label::NeedStatement, text.clone()).expect("words that could be sent");
    Statement { known: Known::new(&fields), text, planted, row }
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

/// [NST-2] [NST-3] [NST-4] [NST-5] [NST-6] [NST-8] [NST-9] [NST-10]
#[test]
fn what_is_planted_is_found_and_what_only_looks_so_is_not() {
    let (mut languages, mut kinds) = (BTreeMap::<&str, Count>::new(), BTreeMap::<Kind, Count>::new());
    let (mut all, mut beside) = (0, 0);
    for (language, file) in FILES {
        for statement in statements(file) {
            let found = find(&statement.text, &statement.known);
            let of_language = languages.entry(language).or_default();
            all += 1;
            for planted in &statement.planted {
                let hit = found.iter().any(|finding| meets(finding, planted));
                let of_kind = kinds.entry(planted.kind).or_default();
                (of_kind.planted, of_language.planted) = (of_kind.planted + 1, of_language.planted + 1);
                (of_kind.found, of_language.found) =
                    (of_kind.found + u32::from(hit), of_language.found + u32::from(hit));
                if !hit {
                    println!("missed: {language} {}: {}", planted.kind.word(), statement.row);
                }
            }
            let extra: Vec<_> =
                found.iter().filter(|f| !statement.planted.iter().any(|p| meets(f, p))).map(|f| f.kind).collect();
            if statement.planted.is_empty() {
                of_language.clean += 1;
                of_language.alarms += u32::from(!extra.is_empty());
                extra.iter().for_each(|kind| kinds.entry(*kind).or_default().alarms += 1);
            } else {
                beside += extra.len();
            }
            if !extra.is_empty() {
                println!("false alarm: {language} {extra:?}: {}", statement.row);
            }
        }
    }
    let sum = |count: fn(&Count) -> u32| languages.values().map(count).sum::<u32>();
    println!("{all} statements, {} things planted, {} statements clean", sum(|c| c.planted), sum(|c| c.clean));
    for (kind, count) in &kinds {
        println!(
            "  {:<10} {:>3} of {:>3} found ({:.1} %), {} false alarms",
            kind.word(),
            count.found,
            count.planted,
            count.recall(),
            count.alarms
        );
    }
    for (language, count) in &languages {
        println!(
            "  {language:<8} {:>3} of {:>3} found ({:.1} %), {} of {} clean statements alarm",
            count.found,
            count.planted,
            count.recall(),
            count.alarms,
            count.clean
        );
    }
    let (alarms, clean) = (sum(|c| c.alarms), sum(|c| c.clean));
    println!("false alarms in {alarms} of {clean} clean statements; {beside} beside what was planted");
    assert_eq!(all, 300);
    assert!(sum(|c| c.planted) >= 150 && clean >= 145, "half and half");
    assert!(kinds[&Kind::Email].recall() >= 100.0 && kinds[&Kind::Telephone].recall() >= 100.0);
    assert!(Kind::ALL.iter().all(|kind| kinds[kind].recall() >= 95.0));
    assert!(20 * alarms <= clean && 20 * beside <= 300, "at most one false alarm in twenty");
}
