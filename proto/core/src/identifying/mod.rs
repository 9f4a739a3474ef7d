//! What in a text tells who somebody is, or where.
//!
//! Guarantees that telephone numbers, addresses of every kind, numbers of documents and the names of her record are found
//! in the forms that specs/need-statement.md lists, in either script, with or without marks, and inflected; and that a
//! finding holds a kind and a place, and no word of the text. Leaves to others: which texts are judged, and what follows.
//! It finds forms. What a form does not give away (a shop that everybody knows, a profession) it does not see.

mod digit;
mod inflection;
mod known;
mod number;
mod online;
mod reference;
mod street;
mod token;

use std::fmt;

pub use known::Known;

use crate::{
    catalogue::{Field, Label, ValueType},
    sensitive::Sensitive,
};
use token::Tokens;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A telephone number.
    Telephone,
    /// An e-mail address.
    Email,
    /// An address in the web, or a name in a social network.
    Web,
    /// Where somebody lives or is: a street, a house, a postal code, co-ordinates.
    Address,
    /// The number of a person or of a document.
    IdNumber,
    /// A name of the record.
    Name,
}

/// One thing that was found: where, in characters from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The first character.
    pub from: usize,
    /// The one after the last.
    pub to: usize,
    /// What it is.
    pub kind: Kind,
}

/// A value of one label in which something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Whose value it is.
    pub label: Label,
    /// What was found, by place.
    pub findings: Vec<Finding>,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Telephone, Self::Email, Self::Web, Self::Address, Self::IdNumber, Self::Name];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Telephone => "telephone",
            Self::Email => "email",
            Self::Web => "web",
            Self::Address => "address",
            Self::IdNumber => "id_number",
            Self::Name => "name",
        }
    }
}

/// Whether the words of a label are judged: all that are free, but those that are an address by their meaning, and the
/// numbers of files. [NST-1] [NST-12]
#[must_use]
pub fn is_judged(label: Label) -> bool {
    let free = matches!(label.value_type(), ValueType::Text { .. } | ValueType::Reference);
    free && !matches!(label, Label::HomeAddress | Label::CurrentLocation)
}

/// Everything that tells who she is in the words of these fields. [NST-1]
#[must_use]
pub fn suspects<'a>(fields: impl IntoIterator<Item = &'a Field>, known: &Known) -> Vec<Suspect> {
    let judged = fields.into_iter().filter(|field| is_judged(field.label()));
    let suspects = judged.map(|field| {
        let findings = match field.label().value_type() {
            ValueType::Reference => reference::find(field.label(), field.value(), known),
            _ => find(field.value(), known),
        };
        Suspect { label: field.label(), findings }
    });
    suspects.filter(|suspect| !suspect.findings.is_empty()).collect()
}

/// Everything in a text that tells who somebody is, by place. [NST-2]
#[must_use]
pub fn find(text: &Sensitive<String>, known: &Known) -> Vec<Finding> {
    let mut tokens = Tokens::of(text);
    let mut findings = online::find(&mut tokens);
    findings.extend(number::find(&mut tokens, known));
    findings.extend(street::find(&mut tokens));
    findings.extend(known.find(&mut tokens));
    findings.sort_unstable();
    findings
}

impl fmt::Display for Suspect {
    /// `need_statement: telephone at 12 to 24`: characters from 1, both included, and never the words. [NST-7]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.label)?;
        for (at, finding) in self.findings.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            write!(f, "{between}{} at {} to {}", finding.kind.word(), finding.from + 1, finding.to)?;
        }
        Ok(())
    }
}
