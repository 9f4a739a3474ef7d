//! The types of values: one text for one meaning, judged strictly.

use std::fmt;

use super::{
    Label, SERVICES, calendar,
    registry::{self, is_region},
    text::{is_name, is_reference, is_text},
};
use crate::{agreement::name_of, attestation::Attestation};

/// What the value of a label can be. [DIS-9]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One code of the list.
    Code(&'static [&'static str]),
    /// Codes of the list, ascending, one space between.
    Codes(&'static [&'static str]),
    /// A whole number, without leading zeros.
    Integer {
        /// The least.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// A day, `2026-01-31`.
    Date,
    /// The last day of something, with the offset from UTC of the clock by which it ends, `2026-01-31+01:00`; without one
    /// nobody knows by which clock.
    LastDay,
    /// A minute in UTC, `2026-01-31T22:15Z`.
    DateTime,
    /// Two minutes in UTC, the first earlier, `2026-01-31T22:15Z/2026-02-01T06:00Z`.
    Window,
    /// Two times of day by her clock, `09:00/12:30`; the second may be of the next day.
    Hours,
    /// A name of up to 100 characters.
    Name,
    /// One to ten names, `; ` between.
    Names,
    /// Text of up to `max` characters.
    Text {
        /// How many characters.
        max: u16,
    },
    /// A telephone number, `+` and 7 to 15 digits.
    Telephone,
    /// A BCP 47 tag: language, script, region, `sr-Latn-ME`.
    Language,
    /// A municipality: region code and number, `ME-16`.
    Municipality,
    /// One to ten municipalities, ascending, one space between.
    Municipalities,
    /// A region code of CLDR, `XK`.
    Region,
    /// The number of a document, up to 64 characters.
    Reference,
    /// A pseudonym of up to 32 small letters, digits and hyphens.
    Pseudonym,
    /// SHA-256, 64 hexadecimal digits.
    Digest,
    /// Labels of the catalogue, ascending by name, one space between.
    Labels,
    /// One to sixteen tasks, `; ` between: number, what, who, by which day.
    Tasks,
    /// A copy of an attestation, in hexadecimal digits.
    Attestation,
}

const LONGEST_NAME: usize = 100;
const LONGEST_REFERENCE: usize = 64;
const LONGEST_PSEUDONYM: usize = 32;
const MOST_IN_A_LIST: usize = 10;
const MOST_TASKS: usize = 16;

/// What a task of a plan can be. [DIS-9]
const TASKS: [&str; 16] = [
    "accompany",
    "assess_risk",
    "benefits",
    "contact_safely",
    "counselling",
    "court_motion",
    "documents",
    "health_care",
    "housing",
    "legal_aid",
    "monitor",
    "placement",
    "police_measure",
    "report_back",
    "safety_plan",
    "school",
];

impl ValueType {
    /// Whether the text is a value of this type. [DIS-9]
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Code(codes) => codes.contains(&value),
            Self::Codes(codes) => is_ascending(value, codes.len(), |code| codes.contains(&code)),
            Self::Integer { min, max } => is_integer(value, min, max),
            Self::Date => calendar::is_date(value),
            Self::LastDay => calendar::is_last_day(value),
            Self::DateTime => calendar::is_date_time(value),
            Self::Window => is_window(value),
            Self::Hours => is_hours(value),
            Self::Name => is_name(value, LONGEST_NAME),
            Self::Names => is_names(value),
            Self::Text { max } => is_text(value, usize::from(max)),
            Self::Telephone => is_telephone(value),
            Self::Language => is_language(value),
            Self::Municipality => is_municipality(value),
            Self::Municipalities => is_ascending(value, MOST_IN_A_LIST, is_municipality),
            Self::Region => is_region(value),
            Self::Reference => is_reference(value, LONGEST_REFERENCE),
            Self::Pseudonym => is_pseudonym(value),
            Self::Digest => {
                value.len() == 64 && value.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            }
            Self::Attestation => Attestation::parse(value).is_ok(),
            Self::Labels => is_ascending(value, Label::ALL.len(), |name| Label::parse(name).is_ok()),
            Self::Tasks => is_tasks(value),
        }
    }
}

/// One to `most` items, each once, ascending by bytes, one space between.
fn is_ascending(value: &str, most: usize, accepts: impl Fn(&str) -> bool) -> bool {
    let items: Vec<&str> = value.split(' ').collect();
    items.len() <= most && items.iter().all(|item| accepts(item)) && items.is_sorted_by(|a, b| a < b)
}

fn is_integer(value: &str, min: u32, max: u32) -> bool {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    plain && value.parse::<u32>().is_ok_and(|number| (min..=max).contains(&number))
}

/// Minutes of one length and form compare as text.
fn is_window(value: &str) -> bool {
    value
        .split_once('/')
        .is_some_and(|(from, to)| calendar::is_date_time(from) && calendar::is_date_time(to) && from < to)
}

fn is_hours(value: &str) -> bool {
    value.split_once('/').is_some_and(|(from, to)| calendar::is_time(from) && calendar::is_time(to) && from != to)
}

fn is_names(value: &str) -> bool {
    let names: Vec<&str> = value.split("; ").collect();
    names.len() <= MOST_IN_A_LIST && names.iter().all(|name| is_name(name, LONGEST_NAME))
}

/// Numbered from 1 without gaps. // [DIS-9]
fn is_tasks(value: &str) -> bool {
    let tasks: Vec<&str> = value.split("; ").collect();
    tasks.len() <= MOST_TASKS && (1..).zip(&tasks).all(|(number, task)| is_task(number, task))
}

/// `1 safety_plan social_work 2026-01-31`
fn is_task(number: usize, task: &str) -> bool {
    let parts: Vec<&str> = task.split(' ').collect();
    let [at, what, who, day] = parts.as_slice() else { return false };
    *at == number.to_string() && TASKS.contains(what) && is_owner(who) && calendar::is_date(day)
}

/// She herself, or a kind of service.
fn is_owner(word: &str) -> bool {
    word == "herself" || SERVICES.iter().any(|service| name_of(*service) == word)
}

fn is_telephone(value: &str) -> bool {
    let Some(digits) = value.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_language(value: &str) -> bool {
    let mut parts = value.split('-').peekable();
    let mut fits = parts.next().is_some_and(registry::is_language);
    if parts.peek().is_some_and(|part| part.len() == 4) {
        fits &= parts.next().is_some_and(registry::is_script);
    }
    if let Some(region) = parts.next() {
        fits &= is_region(region);
    }
    fits && parts.next().is_none()
}

fn is_municipality(value: &str) -> bool {
    let Some((region, number)) = value.split_once('-') else { return false };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    is_region(region) && (1..=8).contains(&number.len()) && plain
}

fn is_pseudonym(value: &str) -> bool {
    let plain = value.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'-');
    (1..=LONGEST_PSEUDONYM).contains(&value.len()) && plain
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(codes) => write!(f, "code {}", codes.join("|")),
            Self::Codes(codes) => write!(f, "codes {}", codes.join("|")),
            Self::Integer { min, max } => write!(f, "integer {min}..{max}"),
            Self::Date => f.write_str("date"),
            Self::LastDay => f.write_str("last_day"),
            Self::DateTime => f.write_str("date_time"),
            Self::Window => f.write_str("window"),
            Self::Hours => f.write_str("hours"),
            Self::Name => f.write_str("name"),
            Self::Names => f.write_str("names"),
            Self::Text { max } => write!(f, "text {max}"),
            Self::Telephone => f.write_str("telephone"),
            Self::Language => f.write_str("language"),
            Self::Municipality => f.write_str("municipality"),
            Self::Municipalities => f.write_str("municipalities"),
            Self::Region => f.write_str("region"),
            Self::Reference => f.write_str("reference"),
            Self::Pseudonym => f.write_str("pseudonym"),
            Self::Digest => f.write_str("digest"),
            Self::Labels => f.write_str("labels"),
            Self::Tasks => f.write_str("tasks"),
            Self::Attestation => f.write_str("attestation"),
        }
    }
}
