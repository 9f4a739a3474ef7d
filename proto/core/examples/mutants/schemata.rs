//! All mutants in one program: each part has its text once for each of its mutants, and a number says which one runs.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::code::{Code, Form, Part};
use crate::mutant::Mutant;

/// A file with its mutants, and of each of its lines, whose it is.
pub struct Schemata {
    pub text: String,
    pub whose: Vec<Option<usize>>,
    /// The mutants of words that a macro is given.
    pub words: BTreeSet<usize>,
}

/// Pieces of text, each of one mutant or of none.
type Pieces = Vec<(String, Option<usize>)>;

impl Schemata {
    /// Of the file of that text. `first` is the number of its first part.
    pub fn new(file: &str, whole: &str, first: usize, all: &[Mutant], left_out: &BTreeSet<usize>) -> Self {
        let code = Code::new(whole);
        let (mut pieces, mut next, mut tables, mut given) = (Pieces::new(), 0, Vec::new(), BTreeSet::new());
        for (number, part) in code.parts().iter().enumerate() {
            let here = |mutant: &Mutant| mutant.file == file && mutant.part == first + number;
            let numbered = all.iter().enumerate().filter(|(number, mutant)| here(mutant) && !left_out.contains(number));
            let here: Vec<(usize, &Mutant)> = numbered.collect();
            if !here.is_empty() {
                let begin = part.begin;
                pieces.push((code.text[next..begin].to_owned(), None));
                match &part.form {
                    Form::Function(returned) => function(&code, part, returned, &here, &mut pieces),
                    Form::Table(of) => {
                        table(&code, part, of, &here, &mut pieces);
                        tables.push(part.name.clone());
                    }
                    Form::Words => {
                        given.extend(here.iter().map(|(number, _)| *number));
                        words(&code, part, &here, &mut pieces);
                    }
                }
                next = part.body.end;
            }
        }
        pieces.push((whole[next..].to_owned(), None));
        Self::joined(pieces, &tables, given)
    }

    fn joined(pieces: Pieces, tables: &[String], words: BTreeSet<usize>) -> Self {
        let (mut text, mut whose) = (String::new(), Vec::new());
        for (mut piece, of) in pieces {
            tables.iter().for_each(|name| piece = used(&piece, name));
            // A macro that is given texts takes what makes one, and what gives them out is no constant function.
            piece = piece.replace(":literal", ":expr");
            piece = piece
                .split_inclusive('\n')
                .map(|line| if gives_words(line) { line.replacen("const fn", "fn", 1) } else { line.to_owned() })
                .collect();
            for line in piece.split_inclusive('\n') {
                if text.is_empty() || text.ends_with('\n') {
                    whose.push(of);
                }
                text.push_str(line);
            }
        }
        Self { text, whose, words }
    }
}

/// Whether a line begins a constant function that gives out a word.
fn gives_words(line: &str) -> bool {
    line.contains("pub const fn ") && line.contains("(self) -> &'static str {")
}

fn function(code: &Code, part: &Part, returned: &str, here: &[(usize, &Mutant)], pieces: &mut Pieces) {
    let head = code.text[part.begin..part.body.start].replacen("const fn", "fn", 1);
    // Of what is not named there can be only one: what it gives is kept.
    let (typed, open, close, end) = if returned.starts_with("impl ") {
        ("let chosen: Vec<_> = ", "Iterator::collect({", "})", "}; chosen.into_iter() ")
    } else {
        ("", "{", "}", "}")
    };
    pieces.push((format!("{head}\n{typed}match crate::mutant({}) {{\n", here[0].1.part), None));
    for (number, mutant) in here {
        let arm = format!("{number} => {open}{}\n{close}\n,\n", mutant.body(code, part));
        pieces.push((arm, Some(*number)));
    }
    pieces.push((format!("_ => {open}{}\n{close}\n{end}", &code.text[part.body.clone()]), None));
}

/// A table is made when it is first used. Where constant functions make it, each of its forms is a constant.
fn table(code: &Code, part: &Part, of: &str, here: &[(usize, &Mutant)], pieces: &mut Pieces) {
    let public = if code.text[part.begin..].starts_with("pub ") { "pub " } else { "" };
    let called = code.bare[part.body.clone()].contains("disclosure(");
    let value = |value: &str| if called { format!("{{ const V: {of} ={value}; V }}") } else { format!("{{{value}}}") };
    let (name, lazy) = (&part.name, "std::sync::LazyLock");
    let head =
        format!("{public}static {name}: {lazy}<{of}> = {lazy}::new(|| match crate::mutant({}) {{\n", here[0].1.part);
    pieces.push((head, None));
    for (number, mutant) in here {
        pieces.push((format!("{number} => {}\n,\n", value(&mutant.body(code, part))), Some(*number)));
    }
    pieces.push((format!("_ => {}\n}})", value(&code.text[part.body.clone()])), None));
}

/// Each text, or what it becomes.
fn words(code: &Code, part: &Part, here: &[(usize, &Mutant)], pieces: &mut Pieces) {
    let mut out = code.text[part.begin..part.body.start].to_owned();
    let mut next = part.body.start;
    let mut here = here.to_vec();
    here.sort_by_key(|(_, mutant)| mutant.place.start);
    for (number, mutant) in here {
        let open = code.bare[..mutant.place.start].rfind('"').unwrap();
        let word = &code.text[open..=mutant.place.start];
        out.push_str(&code.text[next..open]);
        let other = format!("{}{}\"", &word[..word.len() - 1], mutant.to);
        write!(out, "(match crate::mutant({}) {{ {number} => {other}, _ => {word} }})", mutant.part).unwrap();
        next = mutant.place.start + 1;
    }
    out.push_str(&code.text[next..part.body.end]);
    pieces.push((out, None));
}

/// What uses a table uses what is in it.
fn used(piece: &str, name: &str) -> String {
    let mut out = String::new();
    let mut next = 0;
    for (at, _) in piece.match_indices(name) {
        let part = |each: Option<char>| each.is_some_and(|each| each.is_alphanumeric() || each == '_');
        let within = part(piece[..at].chars().next_back()) || part(piece[at + name.len()..].chars().next());
        let defined = piece[..at].ends_with("static ") || piece[..at].ends_with("const ");
        if !within && !defined {
            out.push_str(&piece[next..at]);
            write!(out, "(*{name})").unwrap();
            next = at + name.len();
        }
    }
    out + &piece[next..]
}
