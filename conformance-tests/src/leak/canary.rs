//! A value for every label of the catalogue, unique where its type lets one be. All invented.

use std::collections::{BTreeMap, BTreeSet};

use uput_wire::v1 as wire;

use crate::failed::{Failed, Outcome};
use crate::random::Draw;

const CATALOGUE: &str = include_str!("../../../specs/catalogue.tsv");
const SYLLABLES: [&str; 16] =
    ["žu", "ćo", "lju", "nje", "dža", "ši", "vra", "kro", "zel", "đu", "mi", "sta", "pe", "gra", "čev", "tom"];

/// A label of the catalogue.
pub(super) struct Row {
    pub(super) label: String,
    value_type: String,
    cells: Vec<(String, String)>,
    /// What else the label is for.
    pub(super) beside: String,
    /// Whether it says nothing about a person.
    pub(super) impersonal: bool,
}

/// specs/catalogue.tsv.
pub(super) struct Catalogue(Vec<Row>);

/// A planted value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Canary {
    /// Label of the catalogue.
    pub(super) label: String,
    /// What was said.
    pub(super) value: String,
    /// Whether it stands nowhere by chance; otherwise it is looked for beside its label.
    pub(super) unique: bool,
}

/// Makes values, and remembers all that it made.
pub(super) struct Canaries {
    draw: Draw,
    /// Its labels.
    pub(super) catalogue: Catalogue,
    /// Each value that was made.
    pub(super) made: BTreeSet<Canary>,
    drawn: BTreeMap<String, String>,
}

impl Row {
    /// When a kind of service may have it.
    pub(super) fn cell(&self, service: &str) -> &str {
        self.cells.iter().find(|(of, _)| of == service).map_or("-", |(_, cell)| cell.as_str())
    }
}

impl Catalogue {
    pub(super) fn read() -> Outcome<Self> {
        let wrong = || Failed::because("the catalogue does not read as a table");
        let lines: Vec<Vec<&str>> = CATALOGUE.lines().map(|line| line.split('\t').collect()).collect();
        let heads = lines.iter().find(|cells| cells.len() > 4 && cells.first() == Some(&"#label")).ok_or_else(wrong)?;
        let rows = lines.iter().filter(|cells| !cells.first().is_some_and(|cell| cell.starts_with('#')));
        let row = |cells: &Vec<&str>| {
            let columns = heads.iter().zip(cells).map(|(head, cell)| ((*head).to_owned(), (*cell).to_owned()));
            let columns: Vec<(String, String)> = columns.collect();
            let of = |name: &str| columns.iter().find(|(head, _)| head == name).map(|(_, cell)| cell.clone());
            let impersonal = matches!(of("class")?.as_str(), "P0" | "P1");
            let (label, value_type, beside) = (of("#label")?, of("type")?, of("beside")?);
            let cells = columns.get(3..columns.len().checked_sub(2)?)?.to_vec();
            Some(Row { label, value_type, cells, beside, impersonal })
        };
        rows.map(|cells| row(cells).ok_or_else(wrong)).collect::<Outcome<_>>().map(Self)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.0.iter()
    }

    /// Every label that there is: an agreement names them, and so may an error.
    pub(super) fn labels(&self) -> Vec<String> {
        self.rows().map(|row| row.label.clone()).collect()
    }

    /// Every kind of service.
    pub(super) fn services(&self) -> Vec<String> {
        self.0.first().map_or_else(Vec::new, |row| row.cells.iter().map(|(service, _)| service.clone()).collect())
    }

    /// The labels that a kind of service may have at one of these cells.
    pub(super) fn at(&self, service: &str, cells: &[&str]) -> Vec<String> {
        // [ONW-3] An attestation says what stands beside it: nothing that could leak by itself alone.
        let said = self.rows().filter(|row| row.value_type != "attestation");
        said.filter(|row| cells.contains(&row.cell(service))).map(|row| row.label.clone()).collect()
    }

    /// The labels of answers; at first those alone that say nothing about a person.
    pub(super) fn reply(&self, impersonal: bool) -> Vec<String> {
        let typed = |row: &&Row| row.beside.contains("reply") && !row.beside.contains("staff");
        let fits = |row: &&Row| typed(row) && (row.impersonal || !impersonal);
        self.rows().filter(fits).map(|row| row.label.clone()).collect()
    }
}

impl Canaries {
    /// For a seed.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub(super) fn new(seed: u64) -> Outcome<Self> {
        let draw = Draw::new(seed).part(u64::MAX - 1);
        Ok(Self { draw, catalogue: Catalogue::read()?, made: BTreeSet::new(), drawn: BTreeMap::new() })
    }

    /// The value of each label, the same whenever it is said.
    ///
    /// # Errors
    /// If the catalogue does not have one.
    pub(super) fn fields<S: AsRef<str>>(&mut self, labels: &[S]) -> Outcome<Vec<wire::Field>> {
        labels.iter().map(|label| self.field(label.as_ref())).collect()
    }

    /// A value that was not drawn, but follows from others.
    pub(super) fn said(&mut self, label: &str, value: String) -> wire::Field {
        // Labels one after the other, with spaces: nothing else writes a list so.
        let unique = value.contains(' ');
        self.made.insert(Canary { label: label.to_owned(), value: value.clone(), unique });
        wire::Field { label: label.to_owned(), value }
    }

    /// A pseudonym, which stands nowhere else.
    pub(super) fn pseudonym(&mut self, label: &str, value: String) {
        self.made.insert(Canary { label: label.to_owned(), value, unique: true });
    }

    fn field(&mut self, label: &str) -> Outcome<wire::Field> {
        let row = self.catalogue.rows().find(|row| row.label == label);
        let value_type = row.map(|row| row.value_type.clone());
        let value_type = value_type.ok_or_else(|| Failed::because(format!("no label {label}")))?;
        if let Some(value) = self.drawn.get(label) {
            return Ok(wire::Field { label: label.to_owned(), value: value.clone() });
        }
        let value = if label.ends_with("_until") && value_type == "last_day" {
            format!("21{:02}-0{}-{}", self.draw.below(90) + 10, self.draw.below(9) + 1, self.draw.below(18) + 10)
        } else if matches!(label, "basis_until" | "review_by") {
            // [BAS-10] Within a day: no other minute between now and then is written.
            crate::minute::from_now(60 * (600 + self.draw.below(800)))
        } else {
            self.value(&value_type)?
        };
        let unique = match value_type.split(' ').next() {
            // One word of a language, or few signs, stand anywhere.
            Some("code" | "codes" | "language" | "region" | "integer") => value.contains(' ') || is_token(&value),
            _ => true,
        };
        self.drawn.insert(label.to_owned(), value.clone());
        self.made.insert(Canary { label: label.to_owned(), value: value.clone(), unique });
        Ok(wire::Field { label: label.to_owned(), value })
    }

    fn value(&mut self, value_type: &str) -> Outcome<String> {
        let (kind, detail) = value_type.split_once(' ').unwrap_or((value_type, ""));
        Ok(match kind {
            "name" => self.name(),
            "names" => format!("{}; {}", self.name(), self.name()),
            "text" => format!("{} {}", self.name(), self.name()),
            // At most twelve letters stand together in a file number. [NST-13]
            "reference" => format!("{}-{}/26", self.word().chars().take(12).collect::<String>(), self.digits(4)),
            "pseudonym" => format!("kanarinka-{}", self.digits(12)),
            "telephone" => format!("+38267{}", self.digits(9)),
            "digest" => (0..4).map(|_| format!("{:016x}", self.draw.next())).collect(),
            "municipality" => format!("ME-{}", self.digits(8)),
            "municipalities" => format!("ME-1{} ME-2{}", self.digits(7), self.digits(7)),
            "hours" => format!("0{}:1{}/1{}:4{}", self.digits(1), self.digits(1), self.digits(1), self.digits(1)),
            "window" => format!("21{}-01-11T03:1{}Z/2199-07-1{}T09:41Z", self.year(), self.digits(1), self.digits(1)),
            "date" => format!("19{}-0{}-1{}", self.year(), self.draw.below(9) + 1, self.digits(1)),
            "last_day" => format!("21{}-0{}-1{}", self.year(), self.draw.below(9) + 1, self.digits(1)),
            "date_time" => format!("21{}-03-1{}T0{}:17Z", self.year(), self.digits(1), self.digits(1)),
            "language" => "mnk-Cyrl-ML".to_owned(),
            "region" => "BI".to_owned(),
            "integer" => detail.rsplit("..").next().unwrap_or("1").to_owned(),
            "code" => detail.split('|').max_by_key(|code| (is_token(code), code.len())).unwrap_or_default().to_owned(),
            "codes" => detail.replace('|', " "),
            "labels" => "age_band date_of_birth weapon_access".to_owned(),
            "tasks" => format!("1 safety_plan herself 21{}-03-1{}", self.year(), self.digits(1)),
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

/// A code that no language writes so.
fn is_token(code: &str) -> bool {
    code.len() >= super::scan::SHORTEST && (code.contains('_') || code.contains('-'))
}
