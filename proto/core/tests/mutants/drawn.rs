//! Mutants that are drawn by rule from the text of the evaluator: an operator exchanged, a word of the table left out, a
//! statement left out. Which text, and which rules, a table here says; a seed says which of them are tried.

use std::time::Duration;

use crate::copy::{Copy, Purpose};

/// A text that is replaced wherever it stands in code.
const EXCHANGES: &[(&str, &str)] = &[
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" >= ", " > "),
    (" > ", " >= "),
    (" < ", " >= "),
    (" + ", " - "),
    (" - ", " + "),
    ("(!", "("),
    ("= !", "= "),
    ("&& !", "&& "),
    ("|| !", "|| "),
    (" !self", " self"),
    (" !view", " view"),
    ("true", "false"),
    ("false", "true"),
    (".any(", ".all("),
    (".all(", ".any("),
    (".is_some_and(", ".is_none_or("),
    (".is_none_or(", ".is_some_and("),
    (".min_by_key(", ".max_by_key("),
    (".min()", ".max()"),
    (".max()", ".min()"),
    (".minus(", ".and("),
    (".and(", ".minus("),
    (".rev()", ""),
    (".is_ok()", ".is_err()"),
    (".is_err()", ".is_ok()"),
    (".saturating_add(", ".saturating_sub("),
    ("checked_sub(1)", "checked_sub(0)"),
    (" == 0", " == 1"),
    (" >= 1", " >= 2"),
    ("{ 2 }", "{ 1 }"),
    ("Crossed::Both", "Crossed::FactStays"),
    ("Side::Opener", "Side::Peer"),
    ("Side::Peer", "Side::Opener"),
    ("self.with(", "self.now("),
    ("self.now(", "self.with("),
    ("self.standing(", "self.with("),
    ("view.standing(", "view.with("),
    ("self.outstanding()", "self.with(Fact::Values)"),
];

/// How long the tests of a mutant may take; a busy machine needs some seconds for those of the evaluator as it stands.
const LIMIT: Duration = Duration::from_secs(120);

/// The files, and what does not change what is read: writing and words.
const FILES: &[&str] = &[
    "counterpart.rs",
    "crossing.rs",
    "evaluate.rs",
    "finding.rs",
    "history.rs",
    "predicate.rs",
    "reading.rs",
    "set.rs",
    "table.rs",
    "view.rs",
];

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) file: &'static str,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is no program.
    NoProgram,
    /// The first test that fails, or that it never ends.
    Caught(String),
    Survived,
}

/// Every mutant that the rules give, in the order of the text.
pub(crate) fn all() -> Vec<Drawn> {
    let sources = Copy::of_sources();
    FILES.iter().flat_map(|file| of_file(file, &sources.read(file))).collect()
}

fn of_file(file: &'static str, text: &str) -> Vec<Drawn> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut all = Vec::new();
    for (number, line) in code.lines().enumerate() {
        if ["//", "use ", "#[", "macro", "pub use", "///"].iter().any(|word| line.trim_start().starts_with(word)) {
            continue;
        }
        let mut changed = changes(file, line);
        changed.retain(|to| to != line);
        changed.dedup();
        all.extend(changed.into_iter().map(|to| Drawn { file, line: number + 1, from: line.to_owned(), to }));
    }
    all
}

/// What the rules make of one line.
pub(crate) fn changes(file: &str, line: &str) -> Vec<String> {
    let mut changed = Vec::new();
    for (from, to) in EXCHANGES {
        for (place, _) in line.match_indices(from) {
            changed.push(format!("{}{to}{}", &line[..place], &line[place + from.len()..]));
        }
    }
    changed.extend(without_a_word(line, if file == "table.rs" { ", " } else { " | " }));
    let statement = line.trim_start();
    let called = statement.starts_with(char::is_lowercase) && statement.ends_with(");");
    if called && !["let ", "return ", "const ", "pub "].iter().any(|word| statement.starts_with(word)) {
        changed.push(String::new());
    }
    changed
}

/// The line without one word of a list: of a pattern, or of a row of the table.
fn without_a_word(line: &str, between: &str) -> Vec<String> {
    let word =
        |text: &str| !text.is_empty() && text.chars().all(|each| each.is_alphanumeric() || each == ':' || each == '_');
    let mut shorter = Vec::new();
    for (place, _) in line.match_indices(between) {
        let rest = &line[place + between.len()..];
        let end = rest.find(|each: char| !(each.is_alphanumeric() || each == ':' || each == '_')).unwrap_or(rest.len());
        if word(&rest[..end]) {
            shorter.push(format!("{}{}", &line[..place], &rest[end..]));
        }
        let before = &line[..place];
        let start =
            before.rfind(|each: char| !(each.is_alphanumeric() || each == ':' || each == '_')).map_or(0, |at| at + 1);
        if word(&before[start..]) {
            shorter.push(format!("{}{rest}", &before[..start]));
        }
    }
    shorter
}

impl Drawn {
    /// Compiles it with the tests of the state, and runs these.
    pub(crate) fn meet(&self) -> Fate {
        let copy = Copy::of_sources();
        let text = copy.read(self.file);
        let line =
            |(number, line): (usize, &str)| if number + 1 == self.line { self.to.clone() } else { line.to_owned() };
        copy.write(self.file, &text.lines().enumerate().map(line).collect::<Vec<_>>().join("\n"));
        judge(&copy)
    }
}

/// What the tests say of the evaluator as it stands: it survives, or what they say of a mutant means nothing.
pub(crate) fn unchanged() -> Fate {
    judge(&Copy::of_sources())
}

fn judge(copy: &Copy) -> Fate {
    if copy.compile(Purpose::Tests).is_err() {
        return Fate::NoProgram;
    }
    // What is quick first; the table is compared last, so that what it does is what is noticed.
    let turns: [&[&str]; 3] = [
        &["vectors::", "counterpart::", "crossings::", "state::"],
        &["alike::", "exhaustive::"],
        &["acts::", "table::"],
    ];
    for tests in turns {
        let found = copy.run(&[tests, &["--skip", "every_swapped", "--skip", "every_rule_taken_out"]].concat(), LIMIT);
        let failed = found.output.lines().find_map(|line| line.strip_suffix(" ... FAILED"));
        if let Some(test) = failed {
            return Fate::Caught(test.trim_start_matches("test ").to_owned());
        }
        if found.endless || !found.success {
            return Fate::Caught("it does not end, or breaks off".to_owned());
        }
    }
    Fate::Survived
}
