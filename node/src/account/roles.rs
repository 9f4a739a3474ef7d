//! What each role may call: the table `specs/roles.tsv`, compiled into the program.
//!
//! Guarantees that a call without a row is denied to everybody, and that the table is the only place that decides.
//! Leaves to the calls to say which part of them is asked for, where a row has parts.

use std::sync::LazyLock;

use uput_core::wire::{Role, Scope};

/// The table. A line that does not parse is no row, and so denies. [ACC-10]
const TABLE: &str = include_str!("../../../specs/roles.tsv");
/// Every method that the node serves, from the service definition. The build stops where one has no row.
pub const METHODS: &[&str] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));
/// The roles in the order of the columns.
pub const ROLES: [Role; 6] =
    [Role::Intake, Role::CaseWorker, Role::Supervisor, Role::Administrator, Role::Auditor, Role::Integration];
/// Every scope.
pub const SCOPES: [Scope; 15] = [
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
    Scope::Own,
    Scope::Duty,
    Scope::Teams,
    Scope::Cases,
];

/// Which part of a call. A new one has its word in the list below.
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

/// The words of the table.
const PARTS: [(&str, Part); 5] = [
    ("-", Part::Whole),
    ("acknowledged_or_warned", Part::AcknowledgedOrWarned),
    ("anything_else", Part::AnythingElse),
    ("without_values", Part::WithoutValues),
    ("values", Part::Values),
];

/// Whether a role may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Yes, unless the token is limited to other scopes.
    Yes,
    /// Never.
    No,
    /// Only if the token names the scope.
    Scope,
    /// Whoever calls: the only calls without a credential, which they are about.
    Open,
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

/// Which roles may make a call, or that part of it: what the table says, whoever asks about whatever. [ACC-13]
#[must_use]
pub fn who(method: &str, part: Option<Part>) -> Vec<String> {
    let rows = || rows().iter().filter(|row| row.method == method && part.is_none_or(|part| row.part == part));
    let may = |at: &usize| rows().any(|row| row.cells.get(*at).is_some_and(|cell| *cell != Cell::No));
    let named = (0..ROLES.len()).filter(may).filter_map(|at| ROLES.get(at));
    named.map(|role| word(role.as_str_name()).replace('_', " ")).collect()
}

/// Whether anybody may make a call, without showing who it is. [ACC-10]
#[must_use]
pub fn is_open(method: &str) -> bool {
    rows().iter().any(|row| row.method == method && row.cells == [Cell::Open; 6])
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
            Cell::Open => true,
            Cell::Yes => scopes.is_empty() || scopes.contains(&self.scope),
            Cell::Scope => scopes.contains(&self.scope),
            Cell::No => false,
        }
    }
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        PARTS.into_iter().find(|(known, _)| *known == word).map(|(_, part)| part)
    }
}

impl Cell {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "yes" => Some(Self::Yes),
            "no" => Some(Self::No),
            "scope" => Some(Self::Scope),
            "open" => Some(Self::Open),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/roles.md");

    /// [ACC-10] That every method has a row, the build has seen to.
    #[test]
    fn every_line_of_the_table_is_a_row_of_a_method() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().len(), lines, "a line does not parse");
        let with_rows: BTreeSet<&str> = rows().iter().map(|row| row.method).collect();
        assert!(METHODS.len() >= 20 && with_rows.iter().eq(METHODS.iter().collect::<BTreeSet<_>>()));
    }

    #[test]
    fn a_method_has_one_row_or_one_for_each_of_its_parts() {
        for row in rows() {
            let twins: Vec<_> = rows().iter().filter(|other| other.method == row.method).collect();
            let whole = twins.iter().any(|twin| twin.part == Part::Whole);
            assert_eq!(whole, twins.len() == 1, "{}", row.method);
            assert_eq!(twins.iter().filter(|twin| twin.part == row.part).count(), 1, "{}", row.method);
            let open = row.cells.iter().filter(|cell| **cell == Cell::Open).count();
            assert!(open == 0 || open == 6 && whole, "{}: whoever calls has no role yet", row.method);
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

    /// The document as the table makes it.
    fn printed() -> String {
        let mut text = String::from(HEADING);
        let mut service = "";
        for row in rows() {
            let (of, method) = row.method.rsplit_once('/').unwrap();
            if of != service {
                let columns = ROLES.map(|role| word(role.as_str_name())).join(" | ");
                text += &format!("\n## {}\n\n", of.rsplit('.').next().unwrap());
                text +=
                    &format!("| method | part | scope | {columns} |\n|---|---|---|{}\n", "---|".repeat(ROLES.len()));
            }
            service = of;
            let (part, _) = PARTS.into_iter().find(|(_, part)| *part == row.part).unwrap();
            let part = part.replace('-', "").replace('_', " ");
            let cells = ROLES.map(|role| match row.cell(role) {
                Cell::Yes => "yes",
                Cell::No => "",
                Cell::Scope => "scope",
                Cell::Open => "open",
            });
            text += &format!("| `{method}` | {part} | {} | {} |\n", word(row.scope.as_str_name()), cells.join(" | "));
        }
        text
    }

    const HEADING: &str = "# Who may call what\n\nMade from [roles.tsv](roles.tsv), from which the node is compiled; what the words mean says \
                           [accounts.md](accounts.md), section 3.\n\n*yes*: if the token has no scopes, or has the row's. *scope*: \
                           only if it has the row's. *open*: whoever calls, without\na token. Empty: never.\n";

    /// `UPUT_BLESS=1 cargo test -p uput-node --lib roles` prints it anew.
    #[test]
    fn the_printed_table_is_the_table() {
        if std::env::var_os("UPUT_BLESS").is_some() {
            std::fs::write(DOCUMENT, printed()).unwrap();
        }
        assert!(
            std::fs::read_to_string(DOCUMENT).unwrap_or_default() == printed(),
            "specs/roles.md is stale: run UPUT_BLESS=1 cargo test -p uput-node --lib roles"
        );
    }
}
