//! Unique values for every label that the demonstration's agreement lets travel. All invented.

use std::collections::BTreeMap;

use toml::{Table, Value};
use uput_wire::v1 as wire;

use crate::failed::{Failed, Outcome};
use crate::random::Draw;

const CATALOGUE: &str = include_str!("../../../specs/catalogue.tsv");
const DEMONSTRATION: &str = include_str!("../../../specs/agreements/demonstration.toml");
const SYLLABLES: [&str; 16] =
    ["žu", "ćo", "lju", "nje", "dža", "ši", "vra", "kro", "zel", "đu", "mi", "sta", "pe", "gra", "čev", "tom"];

/// A planted value.
#[derive(Clone)]
pub struct Canary {
    /// Label of the catalogue.
    pub label: String,
    /// Unique, where the label's type lets a value be.
    pub value: String,
}

/// Makes values, and remembers all that it made.
pub struct Canaries {
    draw: Draw,
    types: BTreeMap<&'static str, &'static str>,
    profiles: Table,
    /// Each value that was made.
    pub made: Vec<Canary>,
}

impl Canaries {
    /// For a seed.
    ///
    /// # Errors
    /// If the demonstration cannot be read.
    pub fn new(seed: u64) -> Outcome<Self> {
        let source: Table = toml::from_str(DEMONSTRATION)?;
        let profiles = source.get("profile").and_then(Value::as_table).cloned().unwrap_or_default();
        let row = |line: &'static str| {
            let mut cells = line.split('\t');
            Some((cells.next()?, cells.nth(1)?))
        };
        let types = CATALOGUE.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect();
        Ok(Self { draw: Draw::new(seed).part(u64::MAX - 1), types, profiles, made: Vec::new() })
    }

    /// Every label that there is: an agreement names them, and so may an error.
    #[must_use]
    pub fn catalogue(&self) -> Vec<String> {
        self.types.keys().map(|label| (*label).to_owned()).collect()
    }

    /// Labels of a profile's list.
    ///
    /// # Errors
    /// If there is no such list.
    pub fn labels(&self, profile: &str, list: &str) -> Outcome<Vec<String>> {
        let labels = self.profiles.get(profile).and_then(|profile| profile.get(list)).and_then(Value::as_array);
        let labels = labels.ok_or_else(|| Failed::because(format!("no list {list} in profile {profile}")))?;
        Ok(labels.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A new value for each label.
    ///
    /// # Errors
    /// If the catalogue does not have one.
    pub fn fields<S: AsRef<str>>(&mut self, labels: &[S]) -> Outcome<Vec<wire::Field>> {
        labels.iter().map(|label| self.field(label.as_ref())).collect()
    }

    fn field(&mut self, label: &str) -> Outcome<wire::Field> {
        let value_type = *self.types.get(label).ok_or_else(|| Failed::because(format!("no label {label}")))?;
        let value = if label.ends_with("_until") && value_type == "date" {
            format!("21{:02}-0{}-{}", self.draw.below(90) + 10, self.draw.below(9) + 1, self.draw.below(18) + 10)
        } else {
            self.value(value_type)?
        };
        self.made.push(Canary { label: label.to_owned(), value: value.clone() });
        Ok(wire::Field { label: label.to_owned(), value })
    }

    fn value(&mut self, value_type: &str) -> Outcome<String> {
        let (kind, detail) = value_type.split_once(' ').unwrap_or((value_type, ""));
        Ok(match kind {
            "name" => self.name(),
            "names" => format!("{}; {}", self.name(), self.name()),
            "text" => format!("{} {}", self.name(), self.name()),
            "reference" => format!("{}-{}", self.word(), self.digits(8)),
            "pseudonym" => format!("kanarinka-{}", self.digits(12)),
            "telephone" => format!("+38267{}", self.digits(9)),
            "digest" => (0..4).map(|_| format!("{:016x}", self.draw.next())).collect(),
            "municipality" => format!("ME-{}", self.digits(8)),
            "municipalities" => format!("ME-1{} ME-2{}", self.digits(7), self.digits(7)),
            "hours" => format!("0{}:1{}/1{}:4{}", self.digits(1), self.digits(1), self.digits(1), self.digits(1)),
            "window" => format!("21{}-01-11T03:1{}Z/2199-07-1{}T09:41Z", self.year(), self.digits(1), self.digits(1)),
            "date" => format!("19{}-0{}-1{}", self.year(), self.draw.below(9) + 1, self.digits(1)),
            "date_time" => format!("21{}-03-1{}T0{}:17Z", self.year(), self.digits(1), self.digits(1)),
            "language" => "mnk-Cyrl-ML".to_owned(),
            "integer" => detail.split("..").next().unwrap_or("1").to_owned(),
            "code" => detail.split('|').max_by_key(|code| code.len()).unwrap_or_default().to_owned(),
            "codes" => detail.replace('|', " "),
            other => return Err(Failed::because(format!("no canary for the type {other}"))),
        })
    }

    fn name(&mut self) -> String {
        format!("{} {}", self.word(), self.word())
    }

    /// Eighteen bits a word at least, and never shorter than a scan can tell from chance.
    fn word(&mut self) -> String {
        let mut word = String::new();
        for _ in 0..5 {
            let number = usize::try_from(self.draw.below(16)).unwrap_or_default();
            word.push_str(SYLLABLES.get(number).copied().unwrap_or_default());
        }
        let first = word.chars().next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
        format!("{first}{}", word.chars().skip(1).collect::<String>())
    }

    fn digits(&mut self, number: usize) -> String {
        (0..number).map(|_| self.draw.below(10).to_string()).collect()
    }

    fn year(&mut self) -> u64 {
        self.draw.below(88) + 10
    }
}
