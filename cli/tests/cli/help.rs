//! Help, manual pages and completions of every command.

use std::collections::BTreeSet;

use crate::harness::{golden, json, run};

/// The verbs that a noun's help lists, or the nouns of the program's.
fn listed(help: &str) -> Vec<String> {
    let mut lines = help.lines().skip_while(|line| *line != "Commands:" && *line != "Nouns:").skip(1);
    let mut words = Vec::new();
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        if let Some(word) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
            words.push(word.split_whitespace().next().unwrap().to_owned());
        }
    }
    words
}

fn help(path: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut words = vec!["help".to_owned()];
    words.extend_from_slice(path);
    let run = run(folder.path(), &words, "");
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

fn every_command() -> Vec<Vec<String>> {
    let mut paths = vec![vec![]];
    for noun in listed(&help(&[])) {
        let verbs = listed(&help(std::slice::from_ref(&noun)));
        paths.push(vec![noun.clone()]);
        paths.extend(verbs.into_iter().map(|verb| vec![noun.clone(), verb]));
    }
    paths
}

#[test]
fn every_command_explains_itself_with_an_example() {
    // [CLI-3]
    let paths = every_command();
    assert!(paths.len() > 40, "{paths:?}");
    for path in paths {
        let text = help(&path);
        golden(&format!("help/{}", if path.is_empty() { "uput".to_owned() } else { path.join("-") }), &text);
        let is_noun = path.len() == 1 && !listed(&text).is_empty();
        assert!(is_noun || text.contains("Examples:\n  uput "), "no example: {path:?}");
    }
}

#[test]
fn every_example_parses() {
    // The commands of the examples are given with --help, so that nothing is done.
    let folder = tempfile::tempdir().unwrap();
    for path in every_command() {
        for line in help(&path).lines().filter_map(|line| line.strip_prefix("  uput ")) {
            let line = line.split([';', '|', '>', '<']).next().unwrap();
            // What stands behind `--` is a command of its own.
            let line = line.split(" -- ").next().unwrap();
            let nouns: Vec<&str> = line
                .split_whitespace()
                .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-'))
                .collect();
            let known = every_prefix(&nouns);
            let run = run(folder.path(), known.iter().copied().chain(["--help"]), "");
            assert_eq!(run.code, 0, "{line}: {}", run.stderr);
            for option in line.split_whitespace().filter(|word| word.starts_with("--")) {
                assert!(run.stdout.contains(option), "{line}: {option} is not an option");
            }
        }
    }
}

/// The members that a schema's answers can have, whether all is well or not.
fn members(schema: &serde_json::Value) -> BTreeSet<String> {
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let properties = std::iter::once(schema).chain(variants).filter_map(|one| one["properties"].as_object());
    properties.flat_map(|members| members.keys().cloned()).collect()
}

/// [CLI-3] What an example asks jq for is in the schema of its command.
#[test]
fn every_example_with_jq_names_a_member_of_the_schema() {
    let schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/schemas");
    let mut seen = 0;
    for path in every_command() {
        for (_, filter) in help(&path).lines().filter_map(|line| line.strip_prefix("  uput ")?.split_once("| jq ")) {
            let schema = std::fs::read(schemas.join(format!("uput.{}.v1.json", path.join(".")))).unwrap();
            let members = members(&serde_json::from_slice(&schema).unwrap());
            let asked = filter.trim_start_matches("-r ").trim_start_matches(['\'', '.']);
            let asked: String = asked.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(members.contains(&asked), "{path:?}: {asked} is none of {members:?}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn labels_are_explained() {
    golden("help/topic-labels", &help(&["labels".to_owned()]));
    let folder = tempfile::tempdir().unwrap();
    let object = json(&run(folder.path(), ["help", "labels", "--json"], ""));
    assert!(object["labels"].as_array().unwrap().iter().any(|label| label["label"] == "age_band"));
}

/// At most noun and verb: what follows are arguments.
fn every_prefix<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let alone = ["inbox", "escalate", "expiring", "completions", "man", "help"];
    let depth = if words.first().is_some_and(|noun| alone.contains(noun)) { 1 } else { 2 };
    words.iter().take(depth).copied().collect()
}

#[test]
fn exit_codes_are_explained() {
    // [CLI-10]
    golden("help/topic-exit-codes", &help(&["exit-codes".to_owned()]));
    let folder = tempfile::tempdir().unwrap();
    let object = json(&run(folder.path(), ["help", "exit-codes", "--json"], ""));
    let codes: Vec<_> = object["exit_codes"].as_array().unwrap().iter().map(|code| code["code"].clone()).collect();
    let distinct: BTreeSet<_> = codes.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), codes.len());
    assert_eq!(codes[0], 0);
}

#[test]
fn manual_pages_exist_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let object = json(&run(folder.path(), ["man", "pages", "--json"], ""));
    let files = object["files"].as_array().unwrap();
    for path in every_command() {
        let name = std::iter::once("uput".to_owned()).chain(path).collect::<Vec<_>>().join("-");
        let page = std::fs::read_to_string(folder.path().join("pages").join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".SH NAME"), "{name}");
        assert!(files.contains(&format!("{name}.1").into()));
    }
}

#[test]
fn completions_know_the_nouns() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(folder.path(), ["completions", shell], "");
        assert_eq!(script.code, 0);
        assert!(script.stdout.contains("notification"), "{shell}");
        assert_eq!(json(&run(folder.path(), ["completions", shell, "--json"], ""))["shell"], shell);
    }
}

#[test]
fn the_version_names_the_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let version = run(folder.path(), ["--version"], "");
    assert!(version.stdout.contains("(protocol 1)"));
    assert_eq!(json(&run(folder.path(), ["--version", "--json"], ""))["protocols"][0], 1);
}

/// What is run, not only grouped.
fn every_leaf() -> BTreeSet<String> {
    let paths = every_command();
    let is_group = |path: &Vec<String>| paths.iter().any(|other| other.len() > path.len() && other.starts_with(path));
    paths.iter().filter(|path| !path.is_empty() && !is_group(path)).map(|path| path.join(".")).collect()
}

#[test]
fn every_command_has_one_schema_and_no_schema_stands_alone() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/schemas");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let named: BTreeSet<String> = files
        .filter(|file| file != "shapes.json")
        .map(|file| file.strip_prefix("uput.").unwrap().strip_suffix(".v1.json").unwrap().to_owned())
        .filter(|name| name != "usage" && name != "version")
        .collect();
    assert_eq!(named, every_leaf());
}

#[test]
fn the_specification_lists_every_command() {
    // [CLI-1]
    let specification = include_str!("../../../specs/cli.md");
    let table: Vec<&str> = specification.lines().filter(|line| line.starts_with("| `")).collect();
    for leaf in every_leaf() {
        let mut words = leaf.split('.');
        let (noun, verb) = (words.next().unwrap(), words.next().unwrap_or(""));
        let row = table.iter().filter(|row| row.contains(&format!("`{noun}")));
        assert!(row.clone().any(|row| row.contains(verb)), "{leaf} is not in the table");
    }
}

#[test]
fn no_option_takes_a_secret_or_a_value() {
    // [CLI-14] Files and prompts only.
    for path in every_command() {
        for line in help(&path).lines().filter(|line| line.trim_start().starts_with('-')) {
            let option = line.split_whitespace().find(|word| word.starts_with("--")).unwrap_or_default();
            let takes = line.split('<').nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default();
            let secret = ["passphrase", "token", "secret", "invitation", "key", "field", "value", "contact", "address"];
            let about_a_secret = secret.iter().any(|word| option.contains(word)) && !takes.is_empty();
            let is_public = takes == "PUBLIC-KEY";
            assert!(!about_a_secret || is_public || takes == "FILE", "{path:?}: {line}");
        }
    }
}
