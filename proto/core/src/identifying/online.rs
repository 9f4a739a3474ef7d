//! E-mail addresses, addresses in the web, and names in social networks.

use super::{
    Finding, Kind,
    token::{Token, Tokens},
};

/// What comes before "at" if somebody writes it as a word.
const PROVIDERS: &[&str] = &[
    "gmail",
    "yahoo",
    "hotmail",
    "outlook",
    "icloud",
    "proton",
    "protonmail",
    "live",
    "mail",
    "gmx",
    "tutanota",
    "msn",
    "ymail",
    "googlemail",
    "abv",
    "yandex",
];
/// "At", as people write it.
const AT: &[&str] = &["at", "et", "majmunce", "manki", "kod"];
/// "Dot", as people write it.
const DOT: &[&str] = &["dot", "tacka", "tocka", "pika", "pike", "punkt"];
/// The last part of addresses that people here use, folded.
const ENDS: &[&str] = &[
    "com", "net", "org", "info", "me", "rs", "ba", "hr", "mk", "al", "ks", "eu", "io", "de", "at", "ch", "it", "tr",
    "gr", "si", "bg", "fr", "se", "uk", "us", "gov", "edu", "biz", "co", "app", "link", "site", "online", "xyz", "ly",
    "gl", "be", "tv", "srb", "mkd",
];
/// Networks after which a name stands.
const NETWORKS: &[&str] = &[
    "fb",
    "facebook",
    "fejsbuk",
    "fejs",
    "fejsu",
    "instagram",
    "instagramu",
    "insta",
    "ig",
    "tiktok",
    "tiktoku",
    "telegram",
    "snapchat",
    "snap",
    "messenger",
    "skype",
    "profil",
    "nik",
];
/// Signs inside of an address.
const INNER: &str = "._-+/:=?&%#~@";

/// Finds them. [NST-4]
pub(super) fn find(tokens: &mut Tokens) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in 0..tokens.len() {
        if tokens.get(at).is_some_and(|token| token.done) {
            continue;
        }
        let span = at_sign(tokens, at)
            .or_else(|| spelled(tokens, at))
            .or_else(|| link(tokens, at))
            .or_else(|| handle(tokens, at));
        if let Some((kind, first, last)) = span {
            findings.extend(tokens.found(kind, first, last));
        }
    }
    findings
}

type Span = (Kind, usize, usize);

/// `mila@example.com`, also with spaces around the sign; `@mila` alone is a name in a network.
fn at_sign(tokens: &Tokens, at: usize) -> Option<Span> {
    tokens.get(at).filter(|token| token.is_sign("@"))?;
    let last = run_after(tokens, at + 1)?;
    let before = at.checked_sub(1).filter(|before| tokens.get(*before).is_some_and(|token| !token.is_sign("(,;:")));
    Some(match before {
        Some(before) => (Kind::Email, run_before(tokens, before), last),
        None => (Kind::Web, at, last),
    })
}

/// `mila (at) example.com`, `mila at gmail tačka com`.
fn spelled(tokens: &Tokens, at: usize) -> Option<Span> {
    let token = tokens.get(at).filter(|token| token.is_word() && AT.contains(&token.text.as_str()))?;
    let bracketed = tokens.before(at).is_some_and(|before| before.is_sign("([{<"))
        && tokens.get(at + 1).is_some_and(|after| after.is_sign(")]}>"));
    let beside = if bracketed { 2 } else { 1 };
    let (before, after) = (at.checked_sub(beside)?, at + beside);
    let provider = tokens.get(after).filter(|token| token.is_word())?;
    let named = PROVIDERS.contains(&provider.text.as_str());
    let dotted = |at: usize| tokens.get(at).is_some_and(|dot| dot.is_sign(".([{") || DOT.contains(&dot.text.as_str()));
    // Where the point is a word too, nothing else is meant.
    let spoken = tokens.get(after + 1).is_some_and(|dot| dot.is_word() && DOT.contains(&dot.text.as_str()));
    if !(tokens.get(before)?.is_word() || tokens.get(before)?.is_number())
        || !(named || spoken || (bracketed && dotted(after + 1)))
    {
        return None;
    }
    // A language in which "at" is a word says it before a provider only as part of an address.
    if !bracketed && token.text.as_str() == "kod" && !dotted(after + 1) {
        return None;
    }
    let mut last = run_after(tokens, after)?;
    while let Some(next) = tokens.get(last + 1) {
        let is_end = next.is_word() && ENDS.contains(&next.text.as_str());
        if !(next.is_sign(".()[]{}") || is_end || DOT.contains(&next.text.as_str())) {
            break;
        }
        last += 1;
        if is_end {
            break;
        }
    }
    Some((Kind::Email, run_before(tokens, before), last))
}

/// `https://…`, `www.…`, `example.me/…`.
fn link(tokens: &Tokens, at: usize) -> Option<Span> {
    let token = tokens.get(at).filter(|token| !token.is_sign(INNER))?;
    let scheme = token.is_word() && ["http", "https", "www", "hxxp", "hxxps"].contains(&token.text.as_str());
    let last = run_after(tokens, at)?;
    if scheme && last > at {
        return Some((Kind::Web, at, last));
    }
    if (at..=last).any(|at| tokens.get(at).is_some_and(|token| token.is_sign("@"))) {
        return None;
    }
    // A name, a point, an end that is written small, and nothing that touches it but a path.
    let dot = (at..last).find(|dot| is_end(tokens, *dot))?;
    (dot > at).then_some((Kind::Web, at, last))
}

fn is_end(tokens: &Tokens, dot: usize) -> bool {
    let end = tokens.get(dot + 1).filter(|end| end.is_word() && !end.capital);
    let ends = end.is_some_and(|end| ENDS.contains(&end.text.as_str()));
    let name = tokens.before(dot).is_some_and(|name| (name.is_word() && name.length() > 1) || name.is_number());
    let stops = tokens.get(dot + 2).is_none_or(|after| !after.glued || after.is_sign("/?:#,;)!.-"));
    tokens.get(dot).is_some_and(|dot| dot.is_sign(".")) && ends && name && stops
}

/// `fb: mila.m`, `instagram mila_99`: a name that is not written as people write words.
fn handle(tokens: &Tokens, at: usize) -> Option<Span> {
    tokens.get(at).filter(|token| token.is_word() && NETWORKS.contains(&token.text.as_str()))?;
    let mut from = at + 1;
    while tokens
        .get(from)
        .is_some_and(|token| token.is_sign(":-/@(\"'„“") || ["je", "eshte"].contains(&token.text.as_str()))
    {
        from += 1;
    }
    let last = run_after(tokens, from)?;
    let odd = (from..=last).filter_map(|at| tokens.get(at)).any(|token| token.is_number() || token.is_sign("._"));
    (odd && last > from).then_some((Kind::Web, at, last))
}

/// The last token of what stands together from here; none if nothing does.
fn run_after(tokens: &Tokens, from: usize) -> Option<usize> {
    tokens.get(from).filter(|token| token.is_word() || token.is_number())?;
    let mut last = from;
    while let Some(next) = tokens.get(last + 1).filter(|next| next.glued && belongs(next)) {
        let ends = next.is_sign(INNER) && !tokens.touches_next(last + 1);
        if ends {
            break;
        }
        last += 1;
    }
    Some(last)
}

/// The first token of what stands together up to here.
fn run_before(tokens: &Tokens, to: usize) -> usize {
    let mut first = to;
    while tokens.get(first).is_some_and(|token| token.glued) && tokens.before(first).is_some_and(belongs) {
        first -= 1;
    }
    first
}

fn belongs(token: &Token) -> bool {
    !token.done && (token.is_word() || token.is_number() || token.is_sign(INNER))
}
