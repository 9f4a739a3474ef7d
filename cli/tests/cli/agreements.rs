//! What people do with an agreement beside the paper, without a node.

use std::path::PathBuf;

use crate::harness::{json, run};

/// Every source that is shipped.
fn shipped() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/agreements");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "toml")).collect()
}

/// [CLI-40]
#[test]
fn a_source_is_checked_without_a_node_and_its_names_stand_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    for file in shipped() {
        let file = file.display().to_string();
        let checked = json(&run(folder.path(), ["agreement", "check", &file, "--json"], ""));
        assert_eq!(checked["ok"], true, "{file}: {checked}");
        let names: Vec<String> =
            checked["unresolved"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        assert_eq!(checked["agreement"].is_null(), !names.is_empty(), "{file}");
        let mut line = vec!["agreement".to_owned(), "check".to_owned(), file.clone(), "--json".to_owned()];
        let known = names.iter().enumerate().map(|(number, name)| format!("--peer={name}={:064x}", number + 1));
        line.extend(known);
        let resolved = json(&run(folder.path(), &line, ""));
        assert_eq!(resolved["unresolved"].as_array().unwrap().len(), 0, "{file}");
        assert!(resolved["agreement"].is_string(), "{file}: {resolved}");
    }
}

/// [CLI-44]
#[test]
fn a_source_is_shown_in_numbered_sentences_without_a_node() {
    let folder = tempfile::tempdir().unwrap();
    for file in shipped() {
        let line = ["agreement", "show", &file.display().to_string()].map(str::to_owned);
        let shown = run(folder.path(), &line, "");
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        let object = json(&run(folder.path(), line.iter().map(String::as_str).chain(["--json"]), ""));
        let sentences = object["summary"].as_array().unwrap();
        let last = format!("{:>4}. {}", sentences.len(), sentences.last().unwrap().as_str().unwrap());
        assert!(shown.stdout.lines().any(|line| line == last), "{last}");
    }
}
