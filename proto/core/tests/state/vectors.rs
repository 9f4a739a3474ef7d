//! The vectors: a trail as lines, and its whole reading.

use std::path::PathBuf;

use uput_core::state::{Verdict, evaluate};

use crate::trail::Trail;

#[test]
fn every_vector_reads_as_it_says() {
    let (mut sound, mut other) = (0, 0);
    for (name, text) in vectors() {
        let (head, body) = text.split_once('\n').unwrap_or_else(|| panic!("{name} is empty"));
        let expect = head.strip_prefix("expect: ").unwrap_or_else(|| panic!("{name} does not say what to expect"));
        let (events, reading) = body.split_once("\nreading\n").unwrap_or((body, ""));
        let trail = Trail::parse(&events.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"));
        assert_eq!(found(&trail), (expect.to_owned(), lines(reading)), "{name}");
        if expect == "effective" { sound += 1 } else { other += 1 }
    }
    assert!(sound > 0 && other > sound, "{other} negative vectors, {sound} positive ones");
}

fn found(trail: &Trail) -> (String, Vec<String>) {
    let reading = match evaluate(&trail.nodes) {
        Ok(reading) => reading,
        Err(broken) => return (format!("broken, {broken}").split(':').next().unwrap().to_owned(), Vec::new()),
    };
    let void = reading.events.values().any(|judged| judged.verdict != Verdict::Effective);
    let found = if void {
        "void"
    } else if !reading.findings.is_empty() {
        "finding"
    } else {
        "effective"
    };
    (found.to_owned(), trail.show(&reading))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn vectors() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors/state");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut all: Vec<_> =
        files.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect();
    all.sort();
    all
}
