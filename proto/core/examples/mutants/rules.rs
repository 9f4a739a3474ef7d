//! What is changed in a part: operators, bounds, conditions, statements, arms, words of tables, and what is returned.

use std::ops::Range;

use crate::code::{Code, Form, Part};

/// A text that is replaced wherever it stands in code.
const EXCHANGES: &[(&str, &str)] = &[
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" >= ", " > "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" > ", " < "),
    (" < ", " <= "),
    (" < ", " > "),
    (" + ", " - "),
    (" - ", " + "),
    ("(!", "("),
    ("= !", "= "),
    ("&& !", "&& "),
    ("|| !", "|| "),
    ("| !", "| "),
    ("    !", "    "),
    ("true", "false"),
    ("false", "true"),
    (".any(", ".all("),
    (".all(", ".any("),
    (".is_some_and(", ".is_none_or("),
    (".is_none_or(", ".is_some_and("),
    (".is_some()", ".is_none()"),
    (".is_none()", ".is_some()"),
    (".is_ok()", ".is_err()"),
    (".is_err()", ".is_ok()"),
    (".min_by_key(", ".max_by_key("),
    (".max_by_key(", ".min_by_key("),
    (".min()", ".max()"),
    (".max()", ".min()"),
    (".minus(", ".and("),
    (".and(", ".minus("),
    (".saturating_add(", ".saturating_sub("),
    (".saturating_sub(", ".saturating_add("),
    (".union(", ".intersection("),
    (".difference(", ".intersection("),
    ("Crossed::Both", "Crossed::FactStays"),
    ("Side::Opener", "Side::Peer"),
    ("Side::Peer", "Side::Opener"),
    ("self.with(", "self.now("),
    ("self.now(", "self.with("),
    ("self.standing(", "self.with("),
    ("view.standing(", "view.with("),
    ("self.outstanding()", "self.with(Fact::Values)"),
];

/// Calls that are left out with all that they are given.
const CALLS: &[&str] = &[
    ".filter(",
    ".chain(",
    ".take(",
    ".skip(",
    ".rev(",
    ".retain(",
    ".or_else(",
    ".or(",
    ".take_while(",
    ".skip_while(",
];

/// A place, and what stands there instead.
pub type Change = (Range<usize>, String);

/// Every change of a part, none twice.
pub fn changes(code: &Code, part: &Part) -> Vec<Change> {
    let (bare, text) = (&code.bare[part.body.clone()], &code.text[part.body.clone()]);
    let mut all = match &part.form {
        Form::Words => texts(bare, text),
        Form::Table(_) => [texts(bare, text), numbers(bare), exchanges(bare), without_a_word(bare, ", ")].concat(),
        Form::Function(returned) => {
            let whole = returns(returned).into_iter().map(|value| (0..bare.len(), format!(" {value} ")));
            let mut all = [texts(bare, text), numbers(bare), exchanges(bare), without_a_word(bare, " | ")].concat();
            all.extend(
                [conditions(bare, text), without_a_call(bare), without_a_statement(bare), without_an_arm(bare)]
                    .concat(),
            );
            all.into_iter().chain(whole).collect()
        }
    };
    if matches!(part.form, Form::Table(_)) {
        all.extend(rows(bare));
    }
    let from = part.body.start;
    let placed = all.into_iter().map(|(place, to)| (place.start + from..place.end + from, to));
    let mut placed: Vec<Change> = placed.filter(|(place, to)| code.text[place.clone()] != **to).collect();
    placed.sort_by(|one, other| (one.0.start, one.0.end, &one.1).cmp(&(other.0.start, other.0.end, &other.1)));
    placed.dedup();
    placed
}

fn exchanges(bare: &str) -> Vec<Change> {
    let of = |(from, to): &(&str, &str)| {
        let each = bare.match_indices(from).map(|(at, _)| (at..at + from.len(), (*to).to_owned()));
        each.collect::<Vec<_>>()
    };
    // After an equals sign two bars begin a closure.
    let closure = |place: &Range<usize>| bare[..place.start].ends_with('=') && bare[place.clone()].trim() == "||";
    EXCHANGES.iter().flat_map(of).filter(|(place, _)| is_whole(bare, place) && !closure(place)).collect()
}

/// Whether a word is not a part of a longer one.
fn is_whole(bare: &str, place: &Range<usize>) -> bool {
    let word = |each: Option<char>| each.is_some_and(|each| each.is_alphanumeric() || each == '_');
    let within = &bare[place.clone()];
    let begins = word(within.chars().next()) && word(bare[..place.start].chars().next_back());
    let ends = word(within.chars().next_back()) && word(bare[place.end..].chars().next());
    !begins && !ends
}

/// A text with one letter more; none of several words, which is only said to people.
fn texts(bare: &str, text: &str) -> Vec<Change> {
    let quotes: Vec<usize> = bare.match_indices('"').map(|(at, _)| at).collect();
    let said =
        |at: usize| ["write!(", "format!(", "write_str(", "error("].iter().any(|word| line(bare, at).contains(word));
    quotes
        .chunks(2)
        .filter(|pair| pair.len() == 2 && !said(pair[0]) && !text[pair[0]..pair[1]].contains(' '))
        .map(|pair| (pair[1]..pair[1], "x".to_owned()))
        .collect()
}

/// A number more, a number less.
fn numbers(bare: &str) -> Vec<Change> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(found) = bare[at..].find(|each: char| each.is_ascii_digit()) {
        let from = at + found;
        let to =
            from + bare[from..].find(|each: char| !each.is_alphanumeric() && each != '_').unwrap_or(bare.len() - from);
        at = to;
        // Not the field of a pair, nor a part of a name.
        let alone = !bare[..from].ends_with(|each: char| each.is_alphanumeric() || each == '_')
            && (!bare[..from].ends_with('.') || bare[..from].ends_with(".."));
        let Some(number) = bare[from..to].parse::<u64>().ok().filter(|_| alone) else { continue };
        all.push((from..to, (number + 1).to_string()));
        all.extend(number.checked_sub(1).map(|less| (from..to, less.to_string())));
    }
    all
}

/// What a condition asks turned round; one that always or never holds.
fn conditions(bare: &str, text: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for (at, _) in bare.match_indices("if ").filter(|(at, _)| is_whole(bare, &(*at..at + 2))) {
        let rest = &bare[at + 3..];
        let ends = |rest: &str| {
            rest.starts_with(" =>") || (rest.starts_with([' ', '\n']) && rest.trim_start().starts_with('{'))
        };
        let Some(end) = level(rest, ends).filter(|end| !rest[..*end].contains("let ")) else { continue };
        let place = at + 3..at + 3 + end;
        all.push((place.clone(), format!("!({})", &text[place.clone()])));
        all.extend(["true", "false"].map(|word| (place.clone(), word.to_owned())));
    }
    all
}

fn without_a_call(bare: &str) -> Vec<Change> {
    let of = |call: &&str| {
        let each = bare
            .match_indices(*call)
            .filter_map(|(at, _)| Some((at..closing(bare, at + call.len() - 1)? + 1, String::new())));
        each.collect::<Vec<_>>()
    };
    CALLS.iter().flat_map(of).collect()
}

/// Without one statement, unless it gives a name.
fn without_a_statement(bare: &str) -> Vec<Change> {
    let mut all = Vec::new();
    let mut begin = 0;
    for (at, each) in bare.char_indices() {
        match each {
            '{' | '}' => begin = at + 1,
            ';' if depth(&bare[begin..at]) == 0 => {
                let from = begin + (bare[begin..].len() - bare[begin..].trim_start().len());
                let named = ["let ", "const ", "static ", "use "].iter().any(|word| bare[from..].starts_with(word));
                if !named && from < at {
                    all.push((from..at + 1, String::new()));
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
    all
}

/// Without one arm of a match.
fn without_an_arm(bare: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for (at, _) in bare.match_indices("match ").filter(|(at, _)| is_whole(bare, &(*at..at + 5))) {
        let Some(open) = level(&bare[at..], |rest| rest.starts_with(" {\n") || rest.starts_with(" { ")) else {
            continue;
        };
        let open = at + open + 1;
        let Some(close) = closing(bare, open) else { continue };
        let mut from = open + 1;
        while let Some(arrow) = level(&bare[from..close], |rest| rest.starts_with(" => ")) {
            let value = from + arrow + 4;
            let end = if bare[value..].starts_with('{') {
                closing(bare, value).map_or(close, |end| end + 1)
            } else {
                level(&bare[value..close], |rest| rest.starts_with(',')).map_or(close, |end| value + end + 1)
            };
            let begin = from + (bare[from..].len() - bare[from..].trim_start().len());
            all.push((begin..end, String::new()));
            from = end;
        }
    }
    all
}

/// Without one row of a table.
fn rows(bare: &str) -> Vec<Change> {
    let Some(open) = bare.find('[') else { return Vec::new() };
    let Some(close) = closing(bare, open) else { return Vec::new() };
    let mut all = Vec::new();
    let mut from = open + 1;
    while let Some(end) = level(&bare[from..close], |rest| rest.starts_with(',')) {
        let begin = from + (bare[from..].len() - bare[from..].trim_start().len());
        all.push((begin..from + end + 1, String::new()));
        from += end + 1;
    }
    all
}

/// Without one word of a list.
fn without_a_word(bare: &str, between: &str) -> Vec<Change> {
    let of_word = |each: char| each.is_alphanumeric() || each == ':' || each == '_';
    let mut all = Vec::new();
    for (at, _) in bare.match_indices(between) {
        let next = at + between.len();
        let end = bare[next..].find(|each| !of_word(each)).map_or(bare.len(), |end| next + end);
        let start = bare[..at].rfind(|each| !of_word(each)).map_or(0, |start| start + 1);
        all.extend((end > next).then(|| (at..end, String::new())));
        all.extend((start < at).then(|| (start..next, String::new())));
    }
    all
}

/// What a function could return whatever it is asked.
fn returns(returned: &str) -> Vec<&'static str> {
    match returned {
        "()" => vec![""],
        "bool" => vec!["true", "false"],
        "u8" | "u32" | "u64" | "usize" => vec!["0", "1"],
        _ if returned.starts_with("Option<") => vec!["None"],
        _ if returned.starts_with("Result<") => vec!["Ok(Default::default())"],
        _ if returned.starts_with("impl ") => vec!["std::iter::empty()"],
        _ => vec!["Default::default()"],
    }
}

/// Where something stands outside all brackets that open after the beginning.
fn level(bare: &str, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, each) in bare.char_indices() {
        if depth == 0 && is_it(&bare[at..]) {
            return Some(at);
        }
        depth += match each {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        if depth < 0 {
            return None;
        }
    }
    None
}

fn closing(bare: &str, open: usize) -> Option<usize> {
    level(&bare[open + 1..], |rest| rest.starts_with([')', ']', '}'])).map(|at| open + 1 + at)
}

fn depth(bare: &str) -> usize {
    bare.matches(['(', '[']).count() - bare.matches([')', ']']).count().min(bare.matches(['(', '[']).count())
}

fn line(bare: &str, at: usize) -> &str {
    let from = bare[..at].rfind('\n').map_or(0, |from| from + 1);
    &bare[from..bare[at..].find('\n').map_or(bare.len(), |end| at + end)]
}
