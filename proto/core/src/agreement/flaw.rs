//! What is wrong with an agreement, and where.

use crate::id::OrgId;

/// A part of an agreement that an error can point to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The document as a whole.
    Document,
    /// A field at its top.
    Top(&'static str),
    /// A party.
    Party(OrgId),
    /// A profile.
    Profile(String),
    /// A label in a profile.
    Label(String, String),
    /// A rule.
    Rule(u32),
    /// An article.
    Article(u32),
    /// A timer, by position.
    Timer(usize),
    /// Who decides, by position.
    Decision(usize),
    /// A step of the escalation, by position.
    Escalation(usize),
    /// An auditor.
    Auditor(OrgId),
}

/// One rule that an agreement breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where.
    pub place: Place,
    /// Which requirement of `specs/agreement.md`.
    pub requirement: &'static str,
    /// What is wrong, and what to do.
    pub sentence: String,
}

/// A flaw there, if that does not hold.
pub(super) fn demand(
    holds: bool,
    place: impl FnOnce() -> Place,
    requirement: &'static str,
    sentence: impl FnOnce() -> String,
) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(Flaw { place: place(), requirement, sentence: sentence() }) }
}
