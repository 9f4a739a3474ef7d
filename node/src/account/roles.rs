//! What each role may call: the table `specs/roles.tsv`, compiled into the program.
//!
//! Guarantees that a call without a row is denied to everybody, and that the table is the only place that decides.
//! Leaves to the calls to say which part of them is asked for, where a row has parts.

use std::sync::LazyLock;

use uput_core::wire::{Role, Scope};

/// The table. A line that does not parse is no row, and so denies. [ACC-10]
const TABLE: &str = include_str!("../../../specs/roles.tsv");
/// The roles in the order of the columns.
pub const ROLES: [Role; 6] =
    [Role::Intake, Role::CaseWorker, Role::Supervisor, Role::Administrator, Role::Auditor, Role::Integration];
/// Every scope.
pub const SCOPES: [Scope; 11] = [
    Scope::Status,
    Scope::Directory,
    Scope::Peering,
    Scope::Agreements,
    Scope::Accounts,
    Scope::Trails,
    Scope::Values,
    Scope::Open,
    Scope::Record,
    Scope::Export,
    Scope::ExportValues,
];

/// Which part of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// An event that says that a person has read it, or warns of a danger.
    AcknowledgedOrWarned,
    /// Any other event.
    AnythingElse,
    /// A trail without its values.
    WithoutValues,
    /// A trail with its values.
    Values,
}

/// Whether a role may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Yes, unless the token is limited to other scopes.
    Yes,
    /// Never.
    No,
    /// Only if the token names the scope.
    Scope,
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// Service and method, without the first slash.
    pub method: &'static str,
    /// Which part of it.
    pub part: Part,
    /// The group that it belongs to.
    pub scope: Scope,
    cells: [Cell; 6],
}

/// Every row.
#[must_use]
pub fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().filter_map(Row::parse).collect());
    &ROWS
}

/// Whether a role with a token of these scopes may make some part of a call. [ACC-11]
#[must_use]
pub fn may_call(role: Role, scopes: &[Scope], method: &str) -> bool {
    rows().iter().any(|row| row.method == method && row.permits(role, scopes))
}

/// Whether it may make that part of it. [ACC-11]
#[must_use]
pub fn may(role: Role, scopes: &[Scope], method: &str, part: Part) -> bool {
    rows().iter().any(|row| row.method == method && row.part == part && row.permits(role, scopes))
}

/// The word of a role or a scope: its name in the schema, without what all of them begin with.
#[must_use]
pub fn word(schema_name: &str) -> String {
    let (_, word) = schema_name.split_once('_').unwrap_or(("", schema_name));
    word.to_ascii_lowercase()
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let (method, part, scope) = (columns.next()?, columns.next()?, columns.next()?);
        if method.starts_with('#') {
            return None;
        }
        let cells: Vec<Cell> = columns.map(Cell::parse).collect::<Option<_>>()?;
        Some(Self {
            method,
            part: Part::parse(part)?,
            scope: SCOPES.into_iter().find(|known| word(known.as_str_name()) == scope)?,
            cells: cells.try_into().ok()?,
        })
    }

    /// What stands under a role.
    #[must_use]
    pub fn cell(&self, role: Role) -> Cell {
        let column = ROLES.iter().position(|known| *known == role);
        column.and_then(|column| self.cells.get(column).copied()).unwrap_or(Cell::No)
    }

    fn permits(&self, role: Role, scopes: &[Scope]) -> bool {
        match self.cell(role) {
            Cell::Yes => scopes.is_empty() || scopes.contains(&self.scope),
            Cell::Scope => scopes.contains(&self.scope),
            Cell::No => false,
        }
    }
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "-" => Some(Self::Whole),
            "acknowledged_or_warned" => Some(Self::AcknowledgedOrWarned),
            "anything_else" => Some(Self::AnythingElse),
            "without_values" => Some(Self::WithoutValues),
            "values" => Some(Self::Values),
            _ => None,
        }
    }
}

impl Cell {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "yes" => Some(Self::Yes),
            "no" => Some(Self::No),
            "scope" => Some(Self::Scope),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SCHEMA: &str = include_str!("../../../proto/wire/uput/v1/node.proto");
    const DOCUMENT: &str = include_str!("../../../specs/accounts.md");

    /// Every method of the schema's services.
    fn methods() -> BTreeSet<String> {
        let (mut service, mut methods) = (String::new(), BTreeSet::new());
        for line in SCHEMA.lines() {
            let mut words = line.split([' ', '(']).filter(|word| !word.is_empty());
            match (words.next(), words.next()) {
                (Some("service"), Some(name)) => service = format!("uput.v1.{name}"),
                (Some("rpc"), Some(name)) => drop(methods.insert(format!("{service}/{name}"))),
                _ => {}
            }
        }
        methods
    }

    /// [ACC-10]
    #[test]
    fn every_method_of_the_schema_has_a_row_and_no_row_is_of_another() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().len(), lines, "a line does not parse");
        let with_rows: BTreeSet<String> = rows().iter().map(|row| row.method.to_owned()).collect();
        let mut methods = methods();
        assert!(methods.len() > 15, "{methods:?}");
        methods.insert("grpc.health.v1.Health/Check".to_owned());
        assert_eq!(with_rows, methods);
    }

    #[test]
    fn a_method_has_one_row_or_one_for_each_of_its_parts() {
        for row in rows() {
            let twins: Vec<_> = rows().iter().filter(|other| other.method == row.method).collect();
            let parts: Vec<Part> = twins.iter().map(|twin| twin.part).collect();
            let known: [&[Part]; 3] = [
                &[Part::Whole],
                &[Part::AcknowledgedOrWarned, Part::AnythingElse],
                &[Part::WithoutValues, Part::Values],
            ];
            assert!(known.contains(&parts.as_slice()), "{}: {parts:?}", row.method);
        }
    }

    #[test]
    fn the_columns_and_scopes_are_those_of_the_schema() {
        let heading: Vec<&str> = TABLE.lines().next().unwrap().split('\t').skip(3).collect();
        assert_eq!(heading, ROLES.map(|role| word(role.as_str_name())));
        assert!((1..).map_while(|number| Role::try_from(number).ok()).eq(ROLES));
        assert!((1..).map_while(|number| Scope::try_from(number).ok()).eq(SCOPES));
    }

    /// [ACC-12] Whoever administers sees no trail, and nobody who sees values administers.
    #[test]
    fn nobody_both_administers_and_sees_trails() {
        for row in rows().iter().filter(|row| row.method.contains("TrailService")) {
            assert_eq!(row.cell(Role::Administrator), Cell::No, "{}", row.method);
        }
        for role in ROLES.into_iter().filter(|role| *role != Role::Administrator) {
            for row in rows() {
                let administers = matches!(row.scope, Scope::Peering | Scope::Agreements | Scope::Accounts);
                assert!(!administers || row.cell(role) == Cell::No, "{} {role:?}", row.method);
            }
        }
        for role in [Role::Intake, Role::Auditor] {
            assert!(rows().iter().all(|row| row.part != Part::Values || row.cell(role) == Cell::No));
        }
    }

    /// [ACC-11]
    #[test]
    fn scopes_limit_people_and_enable_machines() {
        let get = "uput.v1.TrailService/GetTrail";
        assert!(may(Role::CaseWorker, &[], get, Part::Values));
        assert!(!may(Role::CaseWorker, &[Scope::Trails], get, Part::Values));
        assert!(may(Role::CaseWorker, &[Scope::Trails], get, Part::WithoutValues));
        assert!(!may_call(Role::CaseWorker, &[Scope::Accounts], "uput.v1.AccountService/CreateAccount"));
        assert!(!may_call(Role::Integration, &[], get));
        assert!(may(Role::Integration, &[Scope::Values], get, Part::Values));
        assert!(!may(Role::Integration, &[Scope::Values], get, Part::WithoutValues));
        assert!(!may_call(Role::Integration, &SCOPES, "uput.v1.AccountService/CreateAccount"));
        assert!(!may_call(Role::Supervisor, &SCOPES, "uput.v1.TrailService/Unheard"));
        assert!(!may_call(Role::Unspecified, &SCOPES, get));
    }

    /// The table in the document, line by line.
    #[test]
    fn the_printed_table_is_the_table() {
        let printed: Vec<&str> = DOCUMENT.lines().filter(|line| line.starts_with("| `")).collect();
        let line = |row: &Row| {
            let method = row.method.rsplit('.').next().unwrap();
            let part = format!("{:?}", row.part).replace("Whole", "");
            let part = part.chars().fold(String::new(), |text, letter| match letter {
                'A'..='Z' if !text.is_empty() => text + " " + &letter.to_lowercase().to_string(),
                other => text + &other.to_lowercase().to_string(),
            });
            let cells = ROLES.map(|role| match row.cell(role) {
                Cell::Yes => "yes",
                Cell::No => "",
                Cell::Scope => "scope",
            });
            format!("| `{method}` | {part} | {} | {} |", word(row.scope.as_str_name()), cells.join(" | "))
        };
        let expected: Vec<String> = rows().iter().map(line).collect();
        assert_eq!(printed, expected, "the table should read:\n{}", expected.join("\n"));
    }
}
