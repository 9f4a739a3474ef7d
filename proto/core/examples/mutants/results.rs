//! What became of each mutant, in a file to which a later run adds; and the survivors that have a reason.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::code::Code;
use crate::mutant::{Mutant, Name};
use crate::tree::{files, source};

/// What became of a mutant.
#[derive(Clone, PartialEq, Eq)]
pub enum Fate {
    /// It does not compile.
    NoProgram,
    /// By this test.
    Caught(String),
    Survived,
}

/// A file of results; each is of a source as it was then.
pub struct Results {
    file: std::fs::File,
    known: BTreeMap<(String, Name), Fate>,
    sources: BTreeMap<&'static str, String>,
}

impl Results {
    pub fn open(path: &Path) -> Self {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let line = |line: &str| {
            let [source, file, part, from, to, by] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
            let [file, part, from, to] = [file, part, from, to].map(str::to_owned);
            Some(((source.to_owned(), Name { file, part, from, to }), Fate::of(by)))
        };
        let known = written.lines().filter_map(line).collect();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        let hash = |file: &'static str| {
            let mut hasher = DefaultHasher::new();
            // Its unit tests may grow.
            Code::new(&source(file)).text.hash(&mut hasher);
            (file, format!("{:016x}", hasher.finish()))
        };
        Self { file, known, sources: files().map(|(_, file)| hash(file)).collect() }
    }

    pub fn of(&self, mutant: &Mutant) -> Option<&Fate> {
        self.known.get(&self.key(mutant))
    }

    pub fn add(&mut self, mutant: &Mutant, fate: Fate) {
        let key = self.key(mutant);
        if self.known.get(&key) == Some(&fate) {
            return;
        }
        let Name { file, part, from, to } = &mutant.name;
        writeln!(self.file, "{}\t{file}\t{part}\t{from}\t{to}\t{}", key.0, fate.word()).unwrap();
        self.known.insert(key, fate);
    }

    fn key(&self, mutant: &Mutant) -> (String, Name) {
        (self.sources[mutant.file].clone(), mutant.name.clone())
    }
}

impl Fate {
    fn of(word: &str) -> Self {
        match word {
            "no program" => Self::NoProgram,
            "survived" => Self::Survived,
            by => Self::Caught(by.to_owned()),
        }
    }

    fn word(&self) -> &str {
        match self {
            Self::NoProgram => "no program",
            Self::Survived => "survived",
            Self::Caught(by) => by,
        }
    }
}

/// The survivors that are listed, each with its reason.
pub fn listed() -> BTreeMap<Name, String> {
    let written = std::fs::read_to_string(list()).unwrap();
    let line = |line: &str| {
        let [file, part, from, to, reason] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        assert!(!str::is_empty(reason), "no reason: {line}");
        let [file, part, from, to] = [file, part, from, to].map(str::to_owned);
        Some((Name { file, part, from, to }, reason.to_owned()))
    };
    let lines = written.lines().filter(|line| !line.starts_with('#'));
    lines.map(|text| line(text).unwrap_or_else(|| panic!("not a line of survivors: {text}"))).collect()
}

fn list() -> PathBuf {
    crate::tree::root().join("../../conformance-tests/mutants/survivors.tsv")
}
