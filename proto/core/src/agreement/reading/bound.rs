//! Bounds that many parts share.

use std::collections::BTreeSet;

use crate::{
    agreement::{Flaw, Origin, Place, flaw::demand},
    id::OrgId,
    time::{Seconds, Span},
};

/// Bounds of lists and texts. [AGR-3]
pub(super) const MOST: usize = 256;
pub(super) const LONGEST_TITLE: usize = 200;
const LONGEST_WORD: usize = 40;
const LONGEST_SPAN: u64 = 200 * 366 * 86_400;

/// One line that shows all it holds.
pub(super) fn is_line(text: &str, longest: usize) -> bool {
    crate::catalogue::is_line(text, longest)
}

pub(super) fn words(list: &[String]) -> bool {
    list.len() <= MOST && list.iter().all(|word| is_word(word)) && list.is_sorted_by(|a, b| a < b)
}

pub(super) fn is_word(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (1..=LONGEST_WORD).contains(&word.len()) && plain
}

pub(super) fn organisation(bytes: &[u8], requirement: &'static str) -> Result<OrgId, Flaw> {
    OrgId::parse(bytes).map_err(|_| Flaw {
        place: Place::Document,
        requirement,
        sentence: "an organisation is named by its OrgId of 32 bytes; correct it".into(),
    })
}

pub(super) fn time(seconds: u64, field: &'static str) -> Result<Seconds, Flaw> {
    Seconds::new(seconds).ok_or_else(|| Flaw {
        place: Place::Top(field),
        requirement: "AGR-4",
        sentence: format!("{field} must be a time from 1970 to 9999; give one"),
    })
}

pub(super) fn span(seconds: u64, place: impl FnOnce() -> Place, requirement: &'static str) -> Result<Span, Flaw> {
    demand((1..=LONGEST_SPAN).contains(&seconds), place, requirement, || {
        "a span of time must be longer than nothing and at most 200 years; correct it".into()
    })?;
    Ok(Span(seconds))
}

/// [AGR-62] One line, if anything.
pub(super) fn origin(source: &str, unverified: bool, place: impl FnOnce() -> Place) -> Result<Origin, Flaw> {
    demand(source.is_empty() || is_line(source, LONGEST_TITLE), place, "AGR-62", || {
        format!("a source is one line of 1 to {LONGEST_TITLE} characters; shorten it")
    })?;
    Ok(Origin { source: source.to_owned(), unverified })
}

pub(super) fn code<C: Default + PartialEq>(
    code: C,
    place: impl FnOnce() -> Place,
    requirement: &'static str,
) -> Result<C, Flaw> {
    demand(code != C::default(), place, requirement, || {
        "a code is missing or unknown to this version; correct it".into()
    })?;
    Ok(code)
}

/// Codes that are known and ascending.
pub(super) fn codes<C>(list: &[i32], place: impl Fn() -> Place, requirement: &'static str) -> Result<BTreeSet<C>, Flaw>
where
    C: Default + Ord + TryFrom<i32>,
{
    ascending(list, |code| *code, &place, requirement, "code")?;
    list.iter().map(|number| code(C::try_from(*number).unwrap_or_default(), &place, requirement)).collect()
}

/// [AGR-3] Every list is ascending, and so holds nothing twice.
pub(super) fn ascending<'a, T, K: PartialOrd>(
    list: &'a [T],
    key: impl Fn(&'a T) -> K,
    place: impl FnOnce() -> Place,
    requirement: &'static str,
    noun: &str,
) -> Result<(), Flaw> {
    let after = list.iter().skip(1);
    demand(list.iter().zip(after).all(|(a, b)| key(a) < key(b)), place, requirement, || {
        format!("a {noun} stands twice, or out of order; leave each once")
    })
}

pub(super) const WORDS: &str =
    "names of roles and profiles are words of 1 to 40 small letters, digits and _, each once; correct them";
