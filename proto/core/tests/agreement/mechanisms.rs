//! The mechanisms of the field, as agreements that are shipped: each compiles, says where it comes from, and is no copy
//! of another one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use uput_core::agreement::{Agreement, compile};
use uput_core::id::OrgId;

use crate::scene::organisation;

/// Name and text of every mechanism, in order.
fn mechanisms() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/agreements");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(String, String)> = files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| name.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    found.sort();
    found
}

/// Invented OrgIds for the names in a source; `town` makes them others.
fn people_of(text: &str, town: &str) -> BTreeMap<String, OrgId> {
    let names = text.split("\"peer:").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(|name| (name.to_owned(), organisation(&format!("{town}{name}")))).collect()
}

fn agreement(text: &str, town: &str) -> Agreement {
    compile(text, &people_of(text, town)).unwrap_or_else(|error| panic!("{error}\n{text}")).agreement
}

/// [AGR-1]
#[test]
fn every_mechanism_compiles_to_what_it_says() {
    let all = mechanisms();
    for (name, text) in &all {
        let compiled = compile(text, &people_of(text, "")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Agreement::parse(compiled.agreement.id().into(), &compiled.body).unwrap(), compiled.agreement);
    }
    println!("{} mechanisms compile", all.len());
}

/// [AGR-14] Nobody has compared a citation with its source.
#[test]
fn every_mechanism_names_its_row_and_marks_what_nobody_checked() {
    for (name, text) in mechanisms() {
        let number: u32 = name.split('-').next().unwrap().parse().unwrap();
        let head: String = text.lines().take_while(|line| line.starts_with('#')).map(|line| &line[1..]).collect();
        assert!(head.starts_with(&format!(" Row {number}")), "{name}: {head}");
        for words in ["All organisations are invented.", "Source:", "What is its own:", "Rests on:"] {
            assert!(head.contains(words), "{name} does not say {words:?}: {head}");
        }
        let held = agreement(&text, "");
        assert!(held.articles().all(|article| article.unverified), "{name}");
        assert!(held.parties().all(|party| party.name.ends_with("(invented)")), "{name}");
        // Where a span comes from stands above it.
        for [above, line] in text.lines().collect::<Vec<_>>().array_windows() {
            assert!(!line.starts_with("[[timer]]") || above.starts_with("# "), "{name}: a span from nowhere");
        }
    }
}

#[test]
fn no_mechanism_is_a_copy_of_another_one() {
    let all: Vec<(String, Agreement)> =
        mechanisms().iter().map(|(name, text)| (name.clone(), agreement(text, ""))).collect();
    for (at, (name, one)) in all.iter().enumerate() {
        for (other_name, other) in &all[at + 1..] {
            assert!(!one.rules().eq(other.rules()), "{name} and {other_name}: rules");
            assert!(!one.profiles().eq(other.profiles()), "{name} and {other_name}: profiles");
            assert!(one.timers() != other.timers(), "{name} and {other_name}: timers");
        }
    }
}

/// Other towns took the mechanism over: other parties, and nothing else.
#[test]
fn a_town_takes_a_mechanism_over_by_putting_in_its_own_parties() {
    for (name, text) in mechanisms() {
        let (one, other) = (agreement(&text, "one "), agreement(&text, "other "));
        assert!(one.rules().eq(other.rules()) && one.profiles().eq(other.profiles()), "{name}");
        assert!(one.timers() == other.timers() && one.id() != other.id(), "{name}");
        assert!(one.parties().all(|party| other.party(&party.organisation).is_none()), "{name}");
    }
}
