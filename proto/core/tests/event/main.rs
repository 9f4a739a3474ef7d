//! Events and trails, from outside: every vector of specs/vectors/event is read and run.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test event` writes the vectors anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod body_cases;
mod code_cases;
#[path = "../signed_and_sealed/vectors/file.rs"]
mod file;
mod run;
mod sample;
mod trail_cases;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use file::Vector;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors/event")
}

fn cases() -> BTreeMap<String, String> {
    let cases: Vec<Vector> = [body_cases::all(), code_cases::all(), trail_cases::all()].into_iter().flatten().collect();
    let files: BTreeMap<_, _> = cases.iter().map(|case| (case.file_name(), case.to_text())).collect();
    assert_eq!(files.len(), cases.len(), "two vectors have one name");
    files
}

fn read() -> BTreeMap<String, String> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_vector_holds() {
    let generated = cases();
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(folder());
        fs::create_dir_all(folder()).unwrap();
        generated.iter().for_each(|(name, text)| fs::write(folder().join(name), text).unwrap());
    }
    let files = read();
    let (mut positive, mut negative) = (0, 0);
    for (name, text) in &files {
        let vector = Vector::parse(name, text);
        assert_eq!(run::run(&vector), vector.expect, "{name}");
        if vector.expect == "ok" { positive += 1 } else { negative += 1 }
    }
    assert!(positive > 0 && negative > positive, "{positive} positive, {negative} negative");
    assert!(files == generated, "files differ from what the generator writes; UPUT_BLESS=1 writes them anew");
}
