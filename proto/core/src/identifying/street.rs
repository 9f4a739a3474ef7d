//! Where somebody lives or is: streets and houses, postal codes, co-ordinates.

use super::{
    Finding, Kind,
    number::counts,
    token::{Token, Tokens},
};

/// Words for a street, by how they begin, folded.
const STREETS: &[&str] = &[
    "ulic", "rrug", "bulevar", "bulevard", "sokak", "setalist", "avenij", "alej", "naselj", "naselb", "lagj", "prilaz",
    "mahall",
];
/// Their short forms, after which a point may stand.
const SHORT: &[&str] = &["ul", "rr", "bul", "bulv", "blv", "blvd", "nas"];
/// Words for an address, by how they begin.
const ADDRESS: &[&str] = &["adres", "adrec", "stanuj", "prebivalist"];
/// Words of living somewhere: what follows with a number is a house.
const LIVING: &[&str] = &[
    "zivi",
    "zivim",
    "zive",
    "zivjela",
    "zivela",
    "boravi",
    "banon",
    "jeton",
    "zivee",
    "lives",
    "smjestena",
    "smestena",
];
/// How names of streets that are adjectives end, folded.
const ENDINGS: &[&str] = &["ova", "eva", "ska", "cka", "ovoj", "evoj", "skoj", "ckoj"];
/// Parts of a house.
const PARTS: &[&str] = &["stan", "ulaz", "lamela", "hyrja", "hyrje", "banesa", "apartment", "blok", "kucni"];
/// "Number", before a house's.
const NUMBER: &[&str] = &["br", "broj", "nr", "numer", "numri", "bb", "no"];
/// English words for a street, which stand after its name.
const AFTER: &[&str] = &["street", "road", "avenue", "lane", "square", "st"];

/// Finds them. [NST-6]
pub(super) fn find(tokens: &mut Tokens) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in 0..tokens.len() {
        if tokens.get(at).is_some_and(|token| token.done) {
            continue;
        }
        let span = street(tokens, at)
            .or_else(|| house(tokens, at))
            .or_else(|| part(tokens, at))
            .or_else(|| english(tokens, at))
            .or_else(|| post(tokens, at))
            .or_else(|| place(tokens, at));
        if let Some((first, last)) = span {
            findings.extend(tokens.found(Kind::Address, first, last));
        }
    }
    findings
}

type Span = Option<(usize, usize)>;

/// `ul. Izmišljena 7`, `në rrugën e Trilluar`, `na adresi … 12`.
fn street(tokens: &Tokens, at: usize) -> Span {
    let token = tokens.get(at).filter(|token| token.is_word())?;
    let starts = |list: &[&str]| list.iter().any(|start| token.text.starts_with(start));
    let short = SHORT.contains(&token.text.as_str());
    let (named, address) = (short || starts(STREETS), starts(ADDRESS));
    if !(named || address) {
        return None;
    }
    let mut next = at + 1;
    let mut capital = None;
    while let Some(token) = tokens.get(next).filter(|_| next <= at + 7) {
        let point = token.is_sign(".") && !(short && next == at + 1) && !after_number_word(tokens, next);
        if token.is_sign(";!?") || point {
            break;
        }
        if let Some(last) = house_number(tokens, next) {
            return Some((at, last));
        }
        if token.is_number() {
            break;
        }
        let joins = ["i", "e", "a", "te", "se", "na", "ne", "u"].contains(&token.text.as_str()) && next == at + 1;
        if token.capital && (capital.is_some() || next <= at + 2 + usize::from(joins)) {
            capital = Some(next);
        } else if token.is_word() && next <= at + 3 && named {
            // `Bulevar izmišljenih heroja 44`: a number may follow.
        } else if !token.is_sign(".,:\"„“'-") && !joins && capital.is_none() {
            break;
        }
        next += 1;
    }
    // A street by its name alone.
    capital.filter(|_| named).map(|last| (at, last))
}

/// `br.` has a point that ends nothing.
fn after_number_word(tokens: &Tokens, at: usize) -> bool {
    tokens.before(at).is_some_and(|before| NUMBER.contains(&before.text.as_str()))
}

/// The last token of a house's number that begins here: `7`, `br. 7a`, `12/3`, `bb`.
fn house_number(tokens: &Tokens, at: usize) -> Option<usize> {
    let token = tokens.get(at).filter(|token| !token.done)?;
    if token.is_word() && ["bb", "pn"].contains(&token.text.as_str()) {
        return Some(at);
    }
    if !token.is_number() || token.length() > 3 || counts(tokens, at) {
        return None;
    }
    let mut last = at;
    let letter = |at: usize| tokens.get(at).is_some_and(|t| t.glued && t.is_word() && t.length() == 1);
    last += usize::from(letter(last + 1));
    while tokens.get(last + 1).is_some_and(|sign| sign.is_sign("/-") && sign.glued)
        && tokens.get(last + 2).is_some_and(|next| next.glued && next.length() <= 3)
    {
        last += 2;
    }
    Some(last)
}

/// `Njegoševa 12`, `živi u Izmišljenom 4`, `Trg bb`.
fn house(tokens: &Tokens, at: usize) -> Span {
    let name = tokens.get(at).filter(|token| token.is_word() && token.capital && token.length() > 2)?;
    let worded = tokens.get(at + 1).is_some_and(|next| ["br", "broj", "nr", "numer"].contains(&next.text.as_str()));
    let mut number = at + 1;
    while tokens
        .get(number)
        .is_some_and(|token| token.is_sign(".") || (NUMBER.contains(&token.text.as_str()) && *token.text != *"bb"))
    {
        number += 1;
    }
    let last = house_number(tokens, number)?;
    let adjective = ENDINGS.iter().any(|ending| name.text.ends_with(ending));
    let living = (at.saturating_sub(4)..at).filter_map(|at| tokens.get(at)).any(|t| LIVING.contains(&t.text.as_str()));
    let without = tokens.get(number).is_some_and(Token::is_word);
    let begins = tokens.before(at).is_none_or(|before| before.is_sign(".!?"));
    let direct = number == at + 1 || worded;
    let names = direct
        && (living || without || (adjective && !begins) || (adjective && number == at + 1) || (worded && !begins));
    names.then_some((at, last))
}

/// `ulaz 2`, `stan br. 14`.
fn part(tokens: &Tokens, at: usize) -> Span {
    tokens.get(at).filter(|token| PARTS.contains(&token.text.as_str()))?;
    let mut number = at + 1;
    while tokens.get(number).is_some_and(|token| token.is_sign(".") || NUMBER.contains(&token.text.as_str())) {
        number += 1;
    }
    let last = house_number(tokens, number)?;
    tokens.get(number).is_some_and(Token::is_number).then_some((at, last))
}

/// `12 Invented Street`.
fn english(tokens: &Tokens, at: usize) -> Span {
    tokens.get(at).filter(|token| token.is_number() && token.length() <= 4)?;
    let mut next = at + 1;
    while tokens.get(next).is_some_and(|token| token.is_word() && token.capital) {
        if next > at + 1 && tokens.get(next).is_some_and(|token| AFTER.contains(&token.text.as_str())) {
            return Some((at, next));
        }
        next += 1;
    }
    None
}

/// `81000 Podgorica`.
fn post(tokens: &Tokens, at: usize) -> Span {
    let code = tokens.get(at).filter(|token| token.is_number() && token.length() == 5 && !token.done)?;
    let place = tokens.get(at + 1).filter(|token| token.is_word() && token.capital && token.length() > 3)?;
    (!place.glued && !counts(tokens, at) && !code.text.starts_with('0')).then_some((at, at + 1))
}

/// `42.1234, 19.1234`.
fn place(tokens: &Tokens, at: usize) -> Span {
    let degree = |at: usize| {
        let parts = [tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)];
        matches!(parts, [Some(whole), Some(point), Some(part)]
            if whole.is_number() && whole.length() <= 3 && point.is_sign(".") && part.is_number() && part.length() >= 4)
    };
    let second = if tokens.get(at + 3).is_some_and(|sign| sign.is_sign(",;")) { at + 4 } else { at + 3 };
    (degree(at) && degree(second)).then_some((at, second + 2))
}
