//! The labels that a fields file can hold, and what each takes.

use serde_json::json;
use uput_core::catalogue::{Label, ValueType};

use crate::failure::Failure;
use crate::output::{Answer, Page};

/// The topic.
pub(super) const TOPIC: &str = "labels";

/// Every label of the catalogue. [CLI-3]
pub(super) fn answer() -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.line("Labels of a fields file, and their values. Which of them may be sent, and when, the agreement says:");
    page.line("see `uput agreement show`.");
    page.line("");
    for label in Label::ALL {
        page.line(format!("{}: {}", label.name(), label.meaning()));
        page.line(format!("    {}", value(label.value_type())));
    }
    let labels: Vec<_> = Label::ALL
        .iter()
        .map(|label| json!({ "label": label.name(), "meaning": label.meaning(), "value": value(label.value_type()) }))
        .collect();
    Answer::new(&json!({ "topic": TOPIC, "labels": labels }), page)
}

/// What a value looks like, in words.
fn value(kind: ValueType) -> String {
    let words = match kind {
        ValueType::Code(codes) => return format!("one of {}", codes.join(", ")),
        ValueType::Codes(codes) => {
            return format!("one or more, in this order, one space between, of {}", codes.join(", "));
        }
        ValueType::Integer { min, max } => return format!("a whole number from {min} to {max}"),
        ValueType::Text { max } => return format!("words, up to {max} characters"),
        ValueType::Date => "a day: 2026-01-31",
        ValueType::LastDay => {
            "a last day, with the clock by which it ends where that is known: 2026-01-31, or 2026-01-31+01:00"
        }
        ValueType::DateTime => "a minute in UTC: 2026-01-31T22:15Z",
        ValueType::Window => "two minutes in UTC: 2026-01-31T22:15Z/2026-02-01T06:00Z",
        ValueType::Hours => "two times of day by her clock: 09:00/12:30",
        ValueType::Name => "a name, up to 100 characters",
        ValueType::Names => "one to ten names, \"; \" between",
        ValueType::Telephone => "a telephone number: + and 7 to 15 digits",
        ValueType::Language => "a language tag: sq, or sr-Latn-ME",
        ValueType::Municipality => "a municipality, region code and number: ME-16",
        ValueType::Municipalities => "one to ten municipalities, ascending, one space between: ME-08 ME-16",
        ValueType::Region => "a region code of two letters: XK",
        ValueType::Reference => "the number of a document, with a digit, up to 64 characters: 03-112/26",
        ValueType::Pseudonym => "a pseudonym, up to 32 small letters, digits and hyphens",
        ValueType::Digest => "SHA-256, 64 hexadecimal digits",
        ValueType::Attestation => "an attestation, as it was received, in hexadecimal digits",
        ValueType::Labels => "labels, in alphabetical order, one space between",
        ValueType::Tasks => {
            "tasks, \"; \" between, each number, what, who, by which day: 1 safety_plan social_work 2026-01-31"
        }
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_is_a_value_of_its_type() {
        let kinds = Label::ALL.iter().map(|label| label.value_type());
        for kind in kinds.filter(|kind| !matches!(kind, ValueType::Code(_) | ValueType::Codes(_))) {
            if let Some((_, examples)) = value(kind).split_once(": ").filter(|_| kind != ValueType::Telephone) {
                examples.split(", or ").for_each(|example| assert!(kind.accepts(example), "{example}"));
            }
        }
        for label in Label::ALL {
            if let ValueType::Codes(codes) = label.value_type() {
                assert!(label.value_type().accepts(&codes.join(" ")), "{}", label.name());
            }
        }
    }
}
