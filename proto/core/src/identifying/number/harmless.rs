//! Numbers that lead to nobody: dates, times, years, amounts, counts, articles of law.

use crate::identifying::token::{Token, Tokens};

/// What is counted or measured, by how the folded word begins.
const UNITS: &[&str] = &[
    "godin", "mjesec", "mesec", "dan", "sat", "cas", "min", "nedjelj", "nedelj", "nedel", "sedmic", "tjed", "noc",
    "nok", "vecer", "jutr", "eur", "rsd", "din", "denar", "leke", "lekesh", "kun", "dece", "djec", "det", "dijet",
    "osob", "lic", "zen", "put", "pat", "krat", "sob", "krevet", "mjest", "mest", "vit", "vjec", "vjet", "muaj",
    "jave", "dite", "dit", "ore", "her", "femij", "net", "person", "veta", "godishn", "den", "year", "month", "day",
    "week", "night", "hour", "child", "people", "times", "room", "bed", "bersh", "bers", "dives", "masek", "cshave",
    "chave", "razred", "klas", "nedil", "gram", "metr", "kilomet", "posto", "perqind", "tabl", "stran", "faqe", "str",
    "sprat", "kat", "puta", "ljud", "posjet", "poset", "prijav", "poziv", "linij", "fish", "shtrat",
];
/// The same where the whole word is meant.
const SHORT: &[&str] = &["h", "e", "km", "m", "kg", "mg", "ml", "den", "g", "god", "mj", "mes", "d", "lek", "kom"];
/// What joins two numbers of one count.
const BETWEEN: &[&str] = &["i", "ili", "do", "a", "dhe", "ose", "deri", "ne", "and", "or", "to", "thaj", "pa"];
/// After which the number of an article, a bus or a room stands, by how the folded word begins.
const CITED: &[&str] = &[
    "clan", "cl", "nen", "articl", "art", "stav", "paragraf", "par", "tack", "tock", "alin", "zakon", "ligj", "law",
    "autobus", "bus", "linij", "sob", "odjel", "odel", "ord", "repart", "dhom", "klas", "razred", "grup", "korak",
    "obraz", "formular", "protokol", "predmet", "resenj", "rjesenj", "vendim", "odluk", "spis",
];

/// After which a pressure of the blood stands, by how the folded word begins.
const PRESSURE: &[&str] = &["pritis", "tlak", "tension", "pressure", "presion"];

/// Sets aside what they are part of.
pub(super) fn set_aside(tokens: &mut Tokens) {
    for at in 0..tokens.len() {
        let is_free = tokens.get(at).is_some_and(|token| token.is_number() && !token.done);
        let last = if is_free {
            date(tokens, at)
                .or_else(|| time(tokens, at))
                .or_else(|| years(tokens, at))
                .or_else(|| amount(tokens, at))
                .or_else(|| cited(tokens, at))
                .or_else(|| pressure(tokens, at))
        } else {
            None
        };
        if let Some(last) = last {
            tokens.set_aside(at, last);
        }
    }
}

/// Whether what follows a number is counted by it: `7 dana`, `3, 5 i 9 godina`.
pub(crate) fn counts(tokens: &Tokens, at: usize) -> bool {
    let Some(token) = tokens.get(at).filter(|token| token.is_number()) else { return false };
    let leads = token.text.starts_with('0') && token.length() > 1;
    let mut joined = false;
    let rest = (at + 1..at + 9).map_while(|next| tokens.get(next));
    let mut rest = rest.skip_while(|token| {
        // `3, 5 i 9 godina` is one count; `…, do 20 časova` begins another.
        let joins = BETWEEN.contains(&token.text.as_str());
        let goes_on = token.is_number() || token.is_sign("-–./%€$+") || (token.is_sign(",") || joins) && !joined;
        joined = joins || token.is_sign(",");
        goes_on
    });
    let counted = rest.next().is_some_and(|token| token.is_word() && is_unit(token));
    let money = tokens.get(at + 1).is_some_and(|sign| sign.is_sign("€$%°"));
    !leads && (counted || money)
}

fn is_unit(token: &Token) -> bool {
    SHORT.contains(&token.text.as_str()) || UNITS.iter().any(|unit| token.text.starts_with(unit))
}

/// `12.03.2026.`, `12/3/2026`, `2026-03-12`, `12.03.`, `12. 3. 26`.
fn date(tokens: &Tokens, at: usize) -> Option<usize> {
    let sign = |at: usize, signs| tokens.get(at).is_some_and(|token| token.is_sign(signs));
    let (one, two, three) = (tokens.get(at)?, tokens.get(at + 2), tokens.get(at + 4));
    let day = |token: &Token| token.length() <= 2 && token.value().is_some_and(|day| (1..=31).contains(&day));
    let month = |token: &Token| token.length() <= 2 && token.value().is_some_and(|month| (1..=12).contains(&month));
    let alike = tokens.get(at + 1).is_some_and(|sign| sign.is_sign("./-"));
    let two = two.filter(|_| alike)?;
    let same = tokens.get(at + 3).is_some_and(|other| Some(&*other.text) == tokens.get(at + 1).map(|one| &*one.text));
    if let Some(three) = three.filter(|three| same && three.is_number()) {
        if day(one) && month(two) && (is_year(three) || (three.length() == 2 && sign(at + 1, "."))) {
            // `06.12.34.567` goes on: no date.
            let goes_on = sign(at + 5, ".-/") && tokens.get(at + 6).is_some_and(|t| t.is_number() && t.glued);
            return (!goes_on).then_some(at + 4);
        }
        if is_year(one) && month(two) && day(three) {
            return Some(at + 4);
        }
    }
    let stops = sign(at + 3, ".") && !(tokens.get(at + 4).is_some_and(|next| next.is_number() && next.glued));
    (sign(at + 1, ".") && day(one) && month(two) && stops).then_some(at + 3)
}

fn is_year(token: &Token) -> bool {
    token.length() == 4 && token.value().is_some_and(|year| (1900..=2100).contains(&year))
}

/// `17:30`, `17.30 h`, `08.00-16.00`, `8-16h`.
fn time(tokens: &Tokens, at: usize) -> Option<usize> {
    let hour = |at: usize| tokens.get(at).is_some_and(|t| t.length() <= 2 && t.value().is_some_and(|hour| hour <= 24));
    let minute = |at: usize| tokens.get(at).is_some_and(|t| t.length() == 2 && t.value().is_some_and(|m| m < 60));
    let sign = |at: usize, signs| tokens.get(at).is_some_and(|token| token.is_sign(signs));
    let clock = |at: usize, signs| hour(at) && sign(at + 1, signs) && minute(at + 2);
    let ends =
        |at: usize| !(tokens.get(at).is_some_and(|next| next.glued && (next.is_number() || next.is_sign("./-"))));
    if clock(at, ":") {
        return Some(at + 2);
    }
    if clock(at, ".") && sign(at + 3, "-–—") && clock(at + 4, ".") && ends(at + 7) {
        return Some(at + 6);
    }
    let said = tokens.get(at + 3).is_some_and(|next| next.is_word() && is_unit(next));
    let asked = tokens.before(at).is_some_and(|before| {
        ["u", "od", "do", "ne", "ora", "oren", "vo", "at", "oko", "rreth", "okolu", "po", "pas", "para"]
            .contains(&before.text.as_str())
    });
    (clock(at, ".") && (said || (asked && ends(at + 3)))).then_some(at + 2)
}

/// `2019-2024`, `2019/20`, `2026.`
fn years(tokens: &Tokens, at: usize) -> Option<usize> {
    let year = |at: usize| tokens.get(at).is_some_and(is_year);
    let joined = tokens.get(at + 1).is_some_and(|sign| sign.is_sign("-–/"));
    if year(at) && joined && year(at + 2) { Some(at + 2) } else { None }
}

/// `3 godine`, `12 000 denara`, `150.000,00 RSD`, `5, 7 i 12 godina`.
fn amount(tokens: &Tokens, at: usize) -> Option<usize> {
    let mut last = at;
    while let Some(next) = tokens.get(last + 2).filter(|next| next.is_number() && matches!(next.length(), 2 | 3)) {
        if !tokens.get(last + 1).is_some_and(|sign| sign.is_sign(".,") && sign.glued) || !next.glued {
            break;
        }
        last += 2;
    }
    while tokens.get(last + 1).is_some_and(|next| next.is_number() && next.length() == 3) {
        last += 1;
    }
    let inside = tokens.get(at)?.glued && tokens.before(at).is_some_and(|sign| sign.glued && sign.is_sign("-–/."));
    let short = tokens.get(at).is_some_and(|first| !inside && (first.length() <= 3 || first.text.ends_with("00")));
    (short && counts(tokens, last) && !tokens.get(at)?.text.starts_with('0')).then_some(last)
}

/// `čl. 222`, `član 12, stav 3`, `autobus 17`.
fn cited(tokens: &Tokens, at: usize) -> Option<usize> {
    let before = (at.saturating_sub(3)..at).rev().filter_map(|at| tokens.get(at));
    let word =
        before.filter(|token| !token.is_sign(".:-,") && !["br", "broj", "nr", "no"].contains(&token.text.as_str()));
    let cites = word.take(1).any(|token| {
        token.is_word()
            && CITED
                .iter()
                .any(|start| if start.len() > 3 { token.text.starts_with(start) } else { *token.text == **start })
    });
    let short = tokens.get(at).is_some_and(|token| token.length() <= 4);
    if !(cites && short) {
        return None;
    }
    let mut last = at;
    while tokens.get(last + 1).is_some_and(|sign| sign.is_sign("-–,/"))
        && tokens.get(last + 2).is_some_and(|next| next.is_number() && next.length() <= 4)
    {
        last += 2;
    }
    Some(last)
}

/// `pritisak 160/100`.
fn pressure(tokens: &Tokens, at: usize) -> Option<usize> {
    let within = |at: usize, least: u32, most: u32| {
        tokens.get(at).and_then(Token::value).is_some_and(|value| (least..=most).contains(&value))
    };
    let read = within(at, 70, 260) && tokens.get(at + 1)?.is_sign("/") && within(at + 2, 30, 160);
    let mut before = (at.saturating_sub(3)..at).filter_map(|at| tokens.get(at)).filter(|token| token.is_word());
    let said = before.any(|token| PRESSURE.iter().any(|start| token.text.starts_with(start)));
    let goes_on = tokens.get(at + 3).is_some_and(|next| next.is_number() || next.is_sign("/-"));
    (read && said && !goes_on).then_some(at + 2)
}
