//! Vectors of specs/vectors/{value,slot,disclosure,attestation,agreement}: every file is run, and the ones that are made here are
//! made again and compared. `UPUT_BLESS=1 cargo test -p uput-core --test agreement` writes them.

mod agreement;
mod attestation;
mod bases;
mod contents;
mod disclosure;
mod document;
mod file;
mod health;
mod large;
mod slot;
mod value;

use std::{collections::BTreeSet, fs, path::PathBuf};

use file::{Vector, hex};

/// What a vector gives: `ok`, or the code of a rejection, and for some the lines that must come out.
type Outcome = (String, Vec<String>);

/// Runs every file of a folder, and compares it with what this program makes of the same cases.
fn run(folder: &str, cases: Vec<Vector>, outcome: impl Fn(&Vector) -> Outcome) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors").join(folder);
    if std::env::var_os("UPUT_BLESS").is_some() {
        bless(&path, &cases);
    }
    let files = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<Vector> = files.map(|path| Vector::read(&path)).collect();
    let names = |vectors: &[Vector]| vectors.iter().map(|vector| vector.name.clone()).collect::<BTreeSet<_>>();
    assert!(names(&cases).is_subset(&names(&files)), "a file is missing");
    for case in &cases {
        let kept = files.iter().find(|file| file.name == case.name).unwrap();
        assert_eq!(kept.text(), case.text(), "{}", case.name);
    }
    for vector in &files {
        let (code, lines) = outcome(vector);
        assert_eq!(code, vector.expect, "{}", vector.name);
        assert_eq!(lines, vector.all("opened"), "{}", vector.name);
    }
    let refused = files.iter().filter(|vector| vector.expect != "ok").count();
    assert!(2 * refused > files.len(), "negative vectors outnumber the positive: {refused} of {}", files.len());
}

fn bless(path: &std::path::Path, cases: &[Vector]) {
    fs::create_dir_all(path).unwrap();
    for case in cases {
        fs::write(path.join(format!("{}.txt", case.name)), case.text()).unwrap();
    }
}

fn ok_or_code<T>(result: &Result<T, uput_core::rejection::Rejection>) -> String {
    result.as_ref().map_or_else(|rejection| rejection.code().to_owned(), |_| "ok".to_owned())
}
