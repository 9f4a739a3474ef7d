//! The table in the core and the table in the specification are one.

use uput_core::state::{Fact, Kind, Predicate, Row, TABLE};

const FILE: &str = include_str!("../../../../specs/state/table.tsv");

// [STA-1]
#[test]
fn the_table_is_the_one_of_the_specification() {
    let written: Vec<String> = FILE.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let built: Vec<String> = TABLE.iter().map(line).collect();
    assert_eq!(built, written);
}

// [STA-1]
#[test]
fn no_word_of_the_table_is_said_twice_or_for_nothing() {
    let kinds = TABLE.iter().map(|row| (row.side, row.kind));
    assert_eq!(kinds.collect::<std::collections::BTreeSet<_>>().len(), TABLE.len());
    assert!(Kind::ALL.iter().all(|kind| *kind == Kind::Delivered || TABLE.iter().any(|row| row.kind == *kind)));
    assert!(Fact::ALL.iter().all(|fact| TABLE.iter().any(|row| row.facts.contains(fact))));
    let used = |predicate| TABLE.iter().any(|row| row.pre.iter().any(|all| all.contains(predicate)));
    assert!(Predicate::ALL.iter().all(used));
    assert!(Kind::ALL.iter().all(|kind| Kind::from_word(kind.word()) == Some(*kind)));
}

fn line(row: &Row) -> String {
    let all = |predicates: &&[Predicate]| words(predicates.iter().map(|predicate| predicate.word()));
    let pre = if row.pre.is_empty() { "any".to_owned() } else { row.pre.iter().map(all).collect::<Vec<_>>().join(";") };
    let facts = if row.facts.is_empty() { "-".to_owned() } else { words(row.facts.iter().map(|fact| fact.word())) };
    [row.kind.word(), row.side.word(), row.class.word(), &pre, &facts].join("\t")
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
