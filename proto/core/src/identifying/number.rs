//! Telephone numbers, and numbers of persons and documents.
//!
//! Guarantees that dates, times, years, amounts, counts and articles of law are set aside first. Leaves out what is too
//! short to lead to anybody: a bus, a room, a paragraph.

mod harmless;
mod run;

use super::{Finding, Kind, Known, digit, token::Tokens};
pub(super) use harmless::counts;
pub(super) use run::Run;

/// Country codes of the region and around it, with which numbers are written without a plus.
const COUNTRIES: &[&str] = &["381", "382", "383", "385", "386", "387", "389", "355", "359", "49", "43", "41"];
/// Words after which a telephone number stands, by how they begin, folded.
const TELEPHONE: &[&str] = &[
    "tel", "mob", "cel", "fiks", "broj", "numr", "nomer", "zov", "zva", "nazov", "nazv", "pozov", "pozv", "poziv",
    "javi", "jav", "viber", "whatsapp", "vatsap", "sms", "phone", "call",
];
/// Words after which the number of a person or a document stands, by how they begin, folded.
const DOCUMENT: &[&str] = &[
    "jmbg",
    "embg",
    "emb",
    "oib",
    "jib",
    "mbr",
    "maticn",
    "licn",
    "lk",
    "pasos",
    "pasap",
    "putovnic",
    "leternj",
    "personal",
    "azil",
    "kartel",
    "osobn",
    "iskaznic",
    "legitimac",
];

/// Finds them. [NST-3] [NST-5]
pub(super) fn find(tokens: &mut Tokens, known: &Known) -> Vec<Finding> {
    harmless::set_aside(tokens);
    let mut findings = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((kind, first, last)) = spoken(tokens, at).or_else(|| written(tokens, at, known)) else {
            at += 1;
            continue;
        };
        findings.extend(tokens.found(kind, first, last));
        at = last + 1;
    }
    findings
}

/// `nula šest devet jedan dva tri`: five words for digits in a row, or four that begin with a zero.
pub(super) fn spoken(tokens: &Tokens, at: usize) -> Option<(Kind, usize, usize)> {
    let (mut next, mut last, mut words, mut digits) = (at, at, 0, 0);
    while let Some(token) = tokens.get(next).filter(|token| !token.done) {
        let value = digit::spoken(&token.text).filter(|_| token.is_word());
        if let Some(value) = value {
            (words, digits, last) = (words + 1, digits + value, next);
        } else if token.is_number() && words > 0 {
            (digits, last) = (digits + token.length(), next);
        } else if !token.is_sign("-,./–") || words == 0 {
            break;
        }
        next += 1;
    }
    let zero = tokens.get(at).is_some_and(|first| ["nula", "nulla", "zero"].contains(&first.text.as_str()));
    let long = if zero { words >= 4 && digits >= 6 } else { words >= 5 && digits >= 7 };
    long.then_some((Kind::Telephone, at, last))
}

fn written(tokens: &Tokens, at: usize, known: &Known) -> Option<(Kind, usize, usize)> {
    let run = Run::at(tokens, at)?;
    let kind = if known.has_number(&run.digits) {
        Some(if run.digits.len() > 9 && run.groups.len() == 1 { Kind::IdNumber } else { Kind::Telephone })
    } else {
        document(tokens, &run).or_else(|| is_telephone(tokens, &run).then_some(Kind::Telephone))
    };
    kind.map(|kind| (kind, run.first, run.last))
}

/// JMBG and EMBG have 13 digits, an OIB 11, a personal number of Kosovo 10; cards have letters before their digits.
fn document(tokens: &Tokens, run: &Run) -> Option<Kind> {
    let length = run.digits.len();
    let whole = run.groups.len() == 1;
    let lettered = run.letters && (6..=10).contains(&length) && whole;
    let account = run.letters && length >= 10;
    let long =
        length == 13 || (whole && (length == 11 || length == 12 || (length == 10 && !run.digits.starts_with('0'))));
    let announced = length >= 5 && announced(tokens, run.first, DOCUMENT, 4);
    // What is shorter than a number from abroad can be a card whose number begins with zeros.
    let abroad = run.digits.starts_with("00") && !(announced && length < 11);
    let foreign = run.plus || abroad || (is_foreign(run) && length < 13);
    ((lettered || account || long || announced) && !foreign).then_some(Kind::IdNumber)
}

fn is_telephone(tokens: &Tokens, run: &Run) -> bool {
    let (digits, groups) = (run.digits.as_str(), run.groups.as_slice());
    let length = digits.len();
    let abroad = digits.strip_prefix("00").unwrap_or_default();
    if run.plus {
        return (7..=15).contains(&length);
    }
    if !abroad.is_empty() {
        return (7..=15).contains(&abroad.len()) && !abroad.starts_with('0');
    }
    if digits.starts_with('0') {
        return (8..=11).contains(&length);
    }
    let mobile = matches!(groups, [2, 3, 3 | 4] | [2, 6 | 7] | [8]) && !digits.ends_with("000");
    let local = matches!(groups, [3, 3 | 4] | [2, 2, 2] | [3, 2, 2] | [6 | 7] | [3, 2, 1]);
    let announced = (6..=10).contains(&length) && announced(tokens, run.first, TELEPHONE, 4);
    is_foreign(run) || mobile || announced || (local && groups.len() > 1 && run.joined)
}

/// A country's code without its plus.
pub(super) fn is_foreign(run: &Run) -> bool {
    let length = run.digits.len();
    (10..=13).contains(&length) && COUNTRIES.iter().any(|code| code.len() == 3 && run.digits.starts_with(code))
        || ((11..=13).contains(&length) && run.groups.len() > 2 && COUNTRIES.iter().any(|c| run.digits.starts_with(c)))
}

/// Whether a word that begins so stands among the few tokens before.
pub(super) fn announced(tokens: &Tokens, first: usize, beginnings: &[&str], within: usize) -> bool {
    let before = (first.saturating_sub(within)..first).filter_map(|at| tokens.get(at));
    before.filter(|token| token.is_word()).any(|token| beginnings.iter().any(|start| token.text.starts_with(start)))
}
