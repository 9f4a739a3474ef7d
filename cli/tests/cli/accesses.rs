//! What her advocate does, without a node: verifying who looked at her case. The documents are the published vectors.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fake_node::FakeNode;
use crate::harness::{json, run};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/vectors/access-log")
}

fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Every sentence and every access of the report is told.
fn assert_told(text: &str, report: &Value) {
    let sentences = report["words"].as_array().unwrap().iter();
    let checks = report["checks"].as_array().unwrap();
    let problems = checks.iter().flat_map(|check| check["problems"].as_array().unwrap()).map(|it| &it["sentence"]);
    for sentence in sentences.chain(problems) {
        assert!(text.contains(sentence.as_str().unwrap()), "not told: {sentence}\n{text}");
    }
    for access in report["chains"].as_array().unwrap().iter().flat_map(|chain| chain["accesses"].as_array().unwrap()) {
        let kind = access["kind"].as_str().unwrap().replace('_', " ");
        let told =
            text.lines().any(|line| line.contains(&access["person"].as_str().unwrap()[..16]) && line.contains(&kind));
        assert!(told, "not told: {access}\n{text}");
    }
}

/// [ACL-30] [CLI-70]
#[test]
fn every_vector_is_told_to_people_and_to_programs_alike() {
    let mut verified = 0;
    for entry in std::fs::read_dir(vectors()).unwrap() {
        let (path, folder) = (entry.unwrap().path(), tempfile::tempdir().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(folder.path().join("trust.toml"), bytes(&field(&text, "trust").unwrap())).unwrap();
        std::fs::write(folder.path().join("accesses.uput"), bytes(&field(&text, "document").unwrap())).unwrap();
        let mut words: Vec<String> =
            ["access", "verify", "accesses.uput", "--trust", "trust.toml"].map(str::to_owned).into();
        if let Some(earlier) = field(&text, "earlier") {
            std::fs::write(folder.path().join("earlier.uput"), bytes(&earlier)).unwrap();
            words.extend(["--earlier".to_owned(), "earlier.uput".to_owned()]);
        }
        words.extend(field(&text, "nonce").into_iter().flat_map(|nonce| ["--nonce".to_owned(), nonce]));
        let people = run(folder.path(), words.clone(), "");
        let programs = run(folder.path(), words.into_iter().chain(["--json".to_owned()]), "");
        let object = json(&programs);
        let expected = field(&text, "expect").unwrap();
        let expected: i32 = if expected == "ok" { 0 } else { expected.parse().unwrap() };
        assert_eq!((people.code, programs.code), (expected, expected), "{}: {}", path.display(), people.stderr);
        assert_told(&people.stdout, &object);
        verified += 1;
    }
    assert!(verified > 30, "{verified}");
}

/// [ACL-8]
#[test]
fn a_document_is_written_for_her_and_the_node_hears_why() {
    let node = FakeNode::start();
    let words = |to: &str, more: &[&str]| {
        let folder = node.folder().display().to_string();
        let line = ["access", "export", "0c0c0c0c", "--reason", "client-request", "--to", to, "--node", &folder];
        run(node.folder(), line.iter().chain(more).map(|word| (*word).to_owned()), "")
    };
    let people = words("one.uput", &[]);
    assert_eq!((people.code, people.stdout.contains("any later one must begin with it")), (0, true));
    assert_eq!(std::fs::read(node.folder().join("one.uput")).unwrap(), b"an invented document");
    let asked = node.take_requests();
    assert!(asked.starts_with("ExportAccesses\n  1: 0c0c0c0c\n  4: "), "{asked}");
    let object = json(&words("two.uput", &["--json"]));
    assert_eq!((&object["count"], &object["words"]), (&7.into(), &false.into()));
    assert_ne!(words("one.uput", &[]).code, 0, "no file is overwritten");
}
