//! What a file number must not hold: a telephone number, the number of a person, a name of the record.
//!
//! Guarantees that digits which end as a number of the record does are found however they are written, and that a number of
//! the form in which files are numbered is no telephone number by its form alone. Leaves what only looks like a file number to
//! the bound of the type (DIS-9).

use zeroize::Zeroizing;

use super::{
    Finding, Kind, Known,
    number::{Run, announced, is_foreign, spoken},
    token::{Token, Tokens},
};
use crate::{catalogue::Label, sensitive::Sensitive};

/// Words after which a telephone number stands; *number* is none here, by how they begin, folded.
const TELEPHONE: &[&str] = &[
    "tel", "mob", "cel", "fiks", "zov", "zva", "nazov", "nazv", "pozov", "pozv", "poziv", "viber", "whatsapp",
    "vatsap", "sms", "phone", "call",
];

/// Everything in the value of a label that is a file number. [NST-12] [NST-13]
pub(super) fn find(label: Label, text: &Sensitive<String>, known: &Known) -> Vec<Finding> {
    let mut tokens = Tokens::of(text);
    let mut findings = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let words = spoken(&tokens, at).filter(|_| label != Label::IdentityNumber);
        let Some((kind, first, last)) = words.or_else(|| written(&tokens, at, label, known)) else {
            // What no rule finds in a number is not looked at again from its middle.
            at = Run::at(&tokens, at).map_or(at, |run| run.last) + 1;
            continue;
        };
        findings.extend(tokens.found(kind, first, last));
        at = last + 1;
    }
    findings.extend(known.find(&mut tokens));
    findings.sort_unstable();
    findings
}

fn written(tokens: &Tokens, at: usize, label: Label, known: &Known) -> Option<(Kind, usize, usize)> {
    let run = Run::at(tokens, at)?;
    if let Some(found) = recorded(tokens, &run, label, known) {
        return Some(found);
    }
    // The number of an identity card is a number of a person by its meaning.
    if label == Label::IdentityNumber {
        return None;
    }
    // No day of a month is 00.
    let is_person = |token: &Token| token.is_number() && token.length() == 13 && !token.text.starts_with("00");
    let person = (run.first..=run.last).find(|at| tokens.get(*at).is_some_and(is_person));
    let telephone = || telephone(tokens, &run).map(|from| (Kind::Telephone, from, run.last));
    person.map(|at| (Kind::IdNumber, at, at)).or_else(telephone)
}

/// Digits in a row, in however many groups, that end as a number of the record does.
fn recorded(tokens: &Tokens, run: &Run, label: Label, known: &Known) -> Option<(Kind, usize, usize)> {
    let groups: Vec<usize> =
        (run.first..=run.last).filter(|at| tokens.get(*at).is_some_and(|token| token.is_number())).collect();
    (0..groups.len()).find_map(|from| {
        let mut digits = Zeroizing::new(String::new());
        groups.get(from..)?.iter().find_map(|at| {
            digits.push_str(&tokens.get(*at)?.text);
            let kind =
                known.number(&digits).filter(|kind| *kind == Kind::Telephone || label != Label::IdentityNumber)?;
            Some((kind, *groups.get(from)?, *at))
        })
    })
}

/// Where a telephone number begins that ends with a run: at its beginning, or after a space in it.
fn telephone(tokens: &Tokens, run: &Run) -> Option<usize> {
    let length = run.digits.len();
    if announced(tokens, run.first, TELEPHONE, 4) && (6..=11).contains(&length) {
        return Some(run.first);
    }
    if is_of_a_file(tokens, run) || run.letters {
        return None;
    }
    if is_foreign(run) && run.groups.len() > 1 {
        return Some(run.first);
    }
    let begins =
        |at: &usize| *at == run.first || tokens.get(*at).is_some_and(|token| token.is_number() && !token.glued);
    (run.first..=run.last).filter(begins).find(|from| is_dialled(&digits(tokens, *from, run.last)))
}

fn digits(tokens: &Tokens, from: usize, to: usize) -> Zeroizing<String> {
    let numbers = (from..=to).filter_map(|at| tokens.get(at)).filter(|token| token.is_number());
    Zeroizing::new(numbers.map(|token| token.text.as_str()).collect())
}

/// With the zeros that are dialled before a number, at home and from abroad.
fn is_dialled(digits: &str) -> bool {
    match digits.strip_prefix("00").filter(|rest| !rest.starts_with('0')) {
        Some(rest) => (9..=13).contains(&rest.len()),
        None => digits.starts_with('0') && (8..=10).contains(&digits.len()),
    }
}

/// Whether it ends with a year, or with a number after one: `1234/2026`, `12/26`, `2026-14`.
fn is_of_a_file(tokens: &Tokens, run: &Run) -> bool {
    (run.first..=run.last).any(|at| {
        let Some(token) = tokens.get(at).filter(|token| token.is_number()) else { return false };
        let after = |sign: &str| at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|t| t.is_sign(sign));
        let number: u32 = token.text.parse().unwrap_or_default();
        let year = token.length() == 4 && (1990..2100).contains(&number);
        (after("/") && (year || (token.length() <= 2 && at == run.last))) || (year && at == run.first)
    })
}
