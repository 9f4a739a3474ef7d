//! The vectors of specs/vectors/{envelope,key,key-file,letter,staff}: every file is read and run, and is what its generator writes.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test signed_and_sealed` writes them anew.

mod envelope_cases;
mod file;
mod key_cases;
mod key_file_cases;
mod letter_cases;
mod run;
mod staff_cases;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use file::Vector;

fn folder(noun: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors").join(noun)
}

/// Text of every file of a folder, by name.
fn read(noun: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder(noun)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn check_folder(noun: &str, cases: Vec<Vector>) {
    let generated: BTreeMap<_, _> = cases.iter().map(|case| (case.file_name(), case.to_text())).collect();
    assert_eq!(generated.len(), cases.len(), "two vectors have one name");
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(folder(noun));
        fs::create_dir_all(folder(noun)).unwrap();
        generated.iter().for_each(|(name, text)| fs::write(folder(noun).join(name), text).unwrap());
    }
    let files = read(noun);
    let (mut positive, mut negative) = (0, 0);
    for (name, text) in &files {
        let vector = Vector::parse(name, text);
        let outcome = run::run(noun, &vector);
        assert_eq!(outcome, vector.expect, "{noun}/{name}");
        if outcome == "ok" { positive += 1 } else { negative += 1 }
    }
    assert!(positive > 0 && negative > positive, "{noun}: {positive} positive, {negative} negative");
    assert!(files == generated, "{noun}: files differ from what the generator writes; UPUT_BLESS=1 writes them anew");
}

#[test]
fn every_envelope_vector_holds() {
    check_folder("envelope", envelope_cases::all());
}

#[test]
fn every_key_vector_holds() {
    check_folder("key", key_cases::all());
}

#[test]
fn every_key_file_vector_holds() {
    check_folder("key-file", key_file_cases::all());
}

#[test]
fn every_letter_vector_holds() {
    check_folder("letter", letter_cases::all());
}

#[test]
fn every_staff_vector_holds() {
    check_folder("staff", staff_cases::all());
}
