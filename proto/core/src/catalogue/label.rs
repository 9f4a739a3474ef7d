//! Labels: what a slot can hold, how sensitive it is, and the earliest moment at which each kind of service may get it.

use std::fmt;

use super::ValueType;
use crate::{rejection::Rejection, wire::ServiceType};

pub use super::table::Label;

/// How much harm a value can do. What would be P5 never leaves the node and has no label. [DIS-2]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Public.
    P0,
    /// Says nothing about a person.
    P1,
    /// Identity and contact.
    P2,
    /// Special categories of data, and alleged offences.
    P3,
    /// Life and safety.
    P4,
}

/// When a kind of service may get a label, at the earliest. An agreement may only narrow it. [DIS-3]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Never.
    Never,
    /// In an enquiry.
    Enquiry,
    /// With the need.
    Need,
    /// With the identity.
    Identity,
    /// With the identity, and only if she ticked it for this recipient.
    Ticked,
    /// With the identity: under a consent only if she ticked it, and where nobody could ask her also without. [DIS-17]
    Asked,
    /// With the identity, and only under a legal duty or a decision.
    Law,
    /// With the identity, and only in danger to life.
    Life,
}

/// What a label is for beside the person's own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Nothing else.
    Nothing,
    /// Events that disclose nothing about her may carry it, if the profile says so.
    Reply,
    /// A legal basis carries it.
    Basis,
    /// Both.
    Both,
    /// It says which of the staff acted: every event that a person writes carries it, and replies may list it.
    ReplyStaff,
    /// It says who of the staff signed beside: likewise, and a legal basis carries it.
    BasisStaff,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) class: Class,
    pub(super) value_type: ValueType,
    pub(super) cells: [Cell; 14],
    pub(super) beside: Beside,
    pub(super) meaning: &'static str,
}

/// The kinds of service, in the order of the table's columns.
pub const SERVICES: [ServiceType; 14] = [
    ServiceType::Shelter,
    ServiceType::Police,
    ServiceType::SocialWork,
    ServiceType::LegalAid,
    ServiceType::Health,
    ServiceType::Psychosocial,
    ServiceType::ChildProtection,
    ServiceType::School,
    ServiceType::Employment,
    ServiceType::MigrantReception,
    ServiceType::DayCentre,
    ServiceType::Hotline,
    ServiceType::Justice,
    ServiceType::Oversight,
];

/// Whether a row lets an enquiry hold something about a person. [DIS-2]
const fn tells_too_early(row: &Row) -> bool {
    let mut cells: &[Cell] = &row.cells;
    while let [cell, rest @ ..] = cells {
        if matches!(cell, Cell::Enquiry) && !matches!(row.class, Class::P0 | Class::P1) {
            return true;
        }
        cells = rest;
    }
    false
}

// A catalogue in which stage 0 holds something about a person does not build.
const _: () = {
    let mut labels = Label::ALL;
    while let [label, rest @ ..] = labels {
        assert!(!tells_too_early(label.row()), "stage 0 allows a label of class P2, P3 or P4");
        labels = rest;
    }
};

impl Label {
    /// From its name.
    ///
    /// # Errors
    /// [`Rejection::UnknownLabel`] if the catalogue has no such label.
    pub fn parse(name: &str) -> Result<Self, Rejection> {
        Self::named(name).ok_or(Rejection::UnknownLabel)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What it means, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// How much harm its value can do.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// The type of its value.
    #[must_use]
    pub const fn value_type(self) -> ValueType {
        self.row().value_type
    }

    /// When that kind of service may get it, at the earliest.
    #[must_use]
    pub fn cell(self, service: ServiceType) -> Cell {
        let column = SERVICES.iter().position(|of| *of == service);
        column.and_then(|column| self.row().cells.get(column).copied()).unwrap_or(Cell::Never)
    }

    /// Whether events that disclose nothing about her may carry it.
    #[must_use]
    pub const fn is_reply(self) -> bool {
        matches!(self.row().beside, Beside::Reply | Beside::Both | Beside::ReplyStaff)
    }

    /// Whether a legal basis carries it.
    #[must_use]
    pub const fn is_of_basis(self) -> bool {
        matches!(self.row().beside, Beside::Basis | Beside::Both | Beside::BasisStaff)
    }

    /// Whether it says who of the author's staff acted: no profile needs to list it. [DIS-15]
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self.row().beside, Beside::ReplyStaff | Beside::BasisStaff)
    }

    /// Whether it says nothing about a person. [DIS-2]
    #[must_use]
    pub const fn is_nonpersonal(self) -> bool {
        matches!(self.class(), Class::P0 | Class::P1)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "-",
            Self::Enquiry => "0",
            Self::Need => "1",
            Self::Identity => "2",
            Self::Ticked => "tick",
            Self::Asked => "asked",
            Self::Law => "law",
            Self::Life => "life",
        })
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "-",
            Self::Reply => "reply",
            Self::Basis => "basis",
            Self::Both => "basis reply",
            Self::ReplyStaff => "reply staff",
            Self::BasisStaff => "basis staff",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../../../specs/catalogue.tsv");

    /// One row as the file writes it.
    fn line(label: Label) -> String {
        let row = label.row();
        let cells: Vec<String> = row.cells.iter().map(Cell::to_string).collect();
        format!(
            "{}\t{:?}\t{}\t{}\t{}\t{}",
            row.name,
            row.class,
            row.value_type,
            cells.join("\t"),
            row.beside,
            row.meaning
        )
    }

    #[test]
    fn the_table_equals_the_specification() {
        let ours: Vec<String> = Label::ALL.iter().map(|label| line(*label)).collect();
        let kept: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(kept, ours);
    }

    #[test]
    fn the_columns_are_in_the_order_of_the_file() {
        let heading = TABLE.lines().find(|line| line.starts_with("#label")).unwrap();
        let columns: Vec<&str> = heading.split('\t').skip(3).take(SERVICES.len()).collect();
        let ours: Vec<String> = SERVICES.iter().map(|s| crate::agreement::name_of(*s)).collect();
        assert_eq!(columns, ours);
    }

    #[test]
    fn names_are_unique_and_plain() {
        for label in Label::ALL {
            assert_eq!(Label::parse(label.name()), Ok(*label));
            assert!(label.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
        assert_eq!(Label::parse("shelter_address"), Err(Rejection::UnknownLabel));
    }

    /// [DIS-2] The build fails on such a row; this is that the check would see one.
    #[test]
    fn a_row_that_tells_of_a_person_at_stage_0_is_seen() {
        for class in [Class::P0, Class::P1, Class::P2, Class::P3, Class::P4] {
            let mut row = *Label::Places.row();
            (row.class, row.cells) = (class, [Cell::Never; 14]);
            assert!(!tells_too_early(&row));
            for column in 0..row.cells.len() {
                row.cells[column] = Cell::Enquiry;
                assert_eq!(tells_too_early(&row), class >= Class::P2, "{class:?}");
                row.cells[column] = Cell::Need;
            }
        }
    }

    /// [COD-8]
    #[test]
    fn violence_is_said_by_six_core_types_and_nothing_by_a_diagnosis() {
        let ValueType::Codes(types) = Label::ViolenceTypes.value_type() else { panic!("codes") };
        let core = ["denial_of_resources", "forced_marriage", "physical_assault", "psychological_abuse", "rape"];
        assert_eq!(types, [&core[..], &["sexual_assault"]].concat());
        let ValueType::Codes(contexts) = Label::ViolenceContext.value_type() else { panic!("codes") };
        assert!(contexts.iter().all(|context| !types.contains(context)));
        for (label, codes) in Label::ALL.iter().filter_map(|label| match label.value_type() {
            ValueType::Code(codes) | ValueType::Codes(codes) => Some((label, codes)),
            _ => None,
        }) {
            for word in codes.iter().flat_map(|code| code.split('_')).chain(label.name().split('_')) {
                // `f32`, `t74`, and words that announce such a code.
                let letter_and_digits = word.len() > 2 && word[1..].bytes().all(|byte| byte.is_ascii_digit());
                let is_icd = letter_and_digits && word.as_bytes()[0].is_ascii_lowercase();
                assert!(!is_icd && !["icd", "mkb", "snm", "dsm", "diagnosis"].contains(&word), "{label}: {word}");
            }
        }
    }
}
