//! The files of specs/code-lists against the codes that there are. `UPUT_BLESS=1` adds rows for new codes, without a label,
//! and a version for each list that changed; it never touches a label that somebody wrote.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use uput_core::{
    code_list::{CodeList, Language, lists, name},
    id::{EventId, Id},
};

const MARKS: [&str; 3] = ["confirmed", "unconfirmed", "-"];

fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../specs/code-lists", file].iter().collect()
}

fn read(file: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(path(file)).unwrap();
    let (head, rows): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    let columns = |row: &&str| row.split('\t').map(str::to_owned).collect();
    (head.iter().map(|line| (*line).to_owned()).collect(), rows.iter().map(columns).collect())
}

fn write(file: &str, head: &[String], rows: &[Vec<String>]) {
    let lines = head.iter().cloned().chain(rows.iter().map(|row| row.join("\t")));
    fs::write(path(file), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
}

/// SHA-256 over the codes, one a line.
fn digest(list: &CodeList) -> String {
    EventId::from(Id::of(list.codes.join("\n").as_bytes())).to_string()
}

/// The languages that have a file: Serbian in Latin letters is made from the Cyrillic one.
fn languages() -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|language| *language != Language::SerbianLatin)
}

fn codes() -> impl Iterator<Item = (String, String)> {
    lists().iter().flat_map(|list| list.codes.iter().map(|code| (list.name.clone(), code.clone())))
}

fn english() -> BTreeMap<(String, String), String> {
    let (_, rows) = read("en.tsv");
    rows.into_iter().map(|row| ((row[0].clone(), row[1].clone()), row[2].clone())).collect()
}

fn bless() {
    let (head, mut rows) = read("versions.tsv");
    for list in lists() {
        let newest = rows.iter().rev().find(|row| row[0] == list.name);
        if newest.is_none_or(|row| row[2] != digest(list)) {
            let version = newest.map_or(1, |row| row[1].parse::<u32>().unwrap() + 1);
            rows.push(vec![list.name.clone(), version.to_string(), digest(list)]);
        }
    }
    write("versions.tsv", &head, &rows);
    let known = english();
    let label = |place: &(String, String)| known.get(place).cloned().unwrap_or_else(|| place.1.replace('_', " "));
    for language in languages() {
        let file = format!("{language}.tsv");
        let (head, rows) = read(&file);
        let kept: BTreeMap<_, _> = rows.into_iter().map(|row| ((row[0].clone(), row[1].clone()), row)).collect();
        let rows = codes().map(|place| {
            let (list, code) = place.clone();
            if language == Language::English {
                return vec![list, code, label(&place)];
            }
            let (text, mark) = kept.get(&place).map_or(("", "-"), |row| (&row[3], &row[4]));
            vec![list, code, label(&place), text.to_owned(), mark.to_owned()]
        });
        write(&file, &head, &rows.collect::<Vec<_>>());
    }
}

/// [COD-1] [COD-2] [COD-3]
#[test]
fn every_code_has_a_row_in_every_language_and_no_row_is_without_a_code() {
    if std::env::var_os("UPUT_BLESS").is_some() {
        bless();
    }
    let (codes, english): (Vec<_>, _) = (codes().collect(), english());
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "a code stands once in a list");
    println!("{} lists, {} codes", lists().len(), codes.len());
    for language in languages() {
        let (_, rows) = read(&format!("{language}.tsv"));
        let places: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
        assert_eq!(places, codes, "{language}: UPUT_BLESS=1 adds what is missing");
        let (mut missing, mut confirmed) = (0, 0);
        for row in rows.iter().filter(|_| language != Language::English) {
            let [list, code, beside, text, mark] = row.as_slice() else { panic!("{language}: {row:?}") };
            assert_eq!(Some(beside), english.get(&(list.clone(), code.clone())), "{language}: {list} {code}");
            assert!(MARKS.contains(&mark.as_str()) && (mark == "-") == text.is_empty(), "{language}: {list} {code}");
            assert_eq!(text.trim(), text);
            (missing, confirmed) = (missing + u32::from(text.is_empty()), confirmed + u32::from(mark == "confirmed"));
        }
        println!("  {language:<8} {missing:>3} without a label, {confirmed} confirmed by a native speaker");
    }
    assert!(english.values().all(|label| !label.is_empty()));
    for (list, code) in &codes {
        let latin = name(list, code, Language::SerbianLatin);
        assert_eq!(latin.is_some(), name(list, code, Language::Serbian).is_some());
        assert!(latin.is_none_or(|name| !name.text.chars().any(|c| ('\u{400}'..'\u{500}').contains(&c))), "{code}");
    }
}

/// [COD-2]
#[test]
fn a_list_whose_codes_changed_has_a_new_version() {
    let (_, rows) = read("versions.tsv");
    for list in lists() {
        let of: Vec<_> = rows.iter().filter(|row| row[0] == list.name).collect();
        let versions: Vec<u32> = of.iter().map(|row| row[1].parse().unwrap()).collect();
        assert!(versions.iter().copied().eq(1..=list.version) && list.version > 0, "{}: {versions:?}", list.name);
        assert_eq!(
            of.last().unwrap()[2],
            digest(list),
            "{}: its codes changed; UPUT_BLESS=1 adds a version",
            list.name
        );
        assert_eq!(of.iter().map(|row| &row[2]).collect::<BTreeSet<_>>().len(), of.len(), "{}", list.name);
    }
    let names: BTreeSet<_> = lists().iter().map(|list| &list.name).collect();
    assert!(rows.iter().all(|row| names.contains(&row[0])), "a list that is gone");
}
