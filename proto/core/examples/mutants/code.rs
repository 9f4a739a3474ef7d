//! The text of a source file, and where in it code stands that runs.
//!
//! Guarantees that what is found is code: comments and texts are blanked out before anything is looked for, byte by
//! byte, so that places in both are the same. Leaves to others what is changed there (`rules`).

use std::ops::Range;

/// A source file without its unit tests.
pub struct Code {
    /// As it is written.
    pub text: String,
    /// The same length; comments and the insides of texts are spaces.
    pub bare: String,
}

/// What is there once for each of its mutants.
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it is.
    pub form: Form,
    /// From its first word on.
    pub begin: usize,
    /// The body of a function without its braces; the value of a table.
    pub body: Range<usize>,
}

/// What a part is.
#[derive(Clone, PartialEq, Eq)]
pub enum Form {
    /// A function, and what it returns.
    Function(String),
    /// A constant or static at the top of the file, and its type.
    Table(String),
    /// The words that a macro of the file is given.
    Words,
}

impl Code {
    pub fn new(text: &str) -> Self {
        let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
        let text = text[..end].to_owned();
        let bare = blanked(&text);
        Self { text, bare }
    }

    /// Functions, tables, and words given to macros, in the order of the text.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = 0;
        for line in self.bare.split_inclusive('\n') {
            let begin = at + (line.len() - line.trim_start().len());
            let fresh = parts.last().is_none_or(|part: &Part| part.body.end <= at);
            at += line.len();
            parts.extend(fresh.then(|| self.part(begin, line)).flatten());
        }
        parts
    }

    fn part(&self, begin: usize, line: &str) -> Option<Part> {
        let words: Vec<&str> = line.split([' ', '(', '<', ':']).filter(|word| !word.is_empty()).collect();
        let after = |key: &str| words.iter().take(4).position(|word| *word == key).map(|at| words[at + 1].to_owned());
        let top = !line.starts_with(' ');
        if let Some(name) = after("fn") {
            let open = begin + self.bare[begin..].find('{')?;
            // A promise without a body.
            if self.bare[begin..open].contains(";\n") {
                return None;
            }
            let returned = self.bare[begin..open].rsplit_once("->").map_or("()", |(_, returned)| returned.trim());
            let form = Form::Function(returned.split(" where ").next()?.to_owned());
            return Some(Part { name, form, begin, body: open + 1..self.closing(open)? });
        }
        if let Some(name) = after("const").or_else(|| after("static")).filter(|_| top) {
            let of = begin + self.bare[begin..].find(": ")? + 2;
            let value = of + self.bare[of..].find(" =")? + 2;
            let end = value + self.bare[value..].find(";\n")?;
            return Some(Part {
                name,
                form: Form::Table(self.text[of..value - 2].to_owned()),
                begin,
                body: value..end,
            });
        }
        let name = line.trim_end().strip_suffix("! {").filter(|name| top && !name.contains(' '))?;
        let open = begin + line.trim_end().len() - 1;
        Some(Part { name: name.to_owned(), form: Form::Words, begin, body: open + 1..self.closing(open)? })
    }

    /// Where the bracket that opens here is closed.
    pub fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_i32;
        for (at, each) in self.bare[open..].char_indices() {
            depth += match each {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            if depth == 0 {
                return Some(open + at);
            }
        }
        None
    }

    /// The lines that a place is in, without the spaces around them.
    pub fn lines(&self, place: &Range<usize>) -> Range<usize> {
        let from = self.text[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let to = self.text[place.end..].find('\n').map_or(self.text.len(), |at| place.end + at);
        from..to
    }
}

/// Comments, texts and characters as spaces. A quote that no other follows is a lifetime.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut bare = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (from, to, next) = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                (at, end, end)
            }
            b'"' => (at + 1, closing_quote(bytes, at), closing_quote(bytes, at) + 1),
            b'\'' if bytes.get(at + 1) == Some(&b'\\') => (at, at + 4, at + 4),
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => (at, at + 3, at + 3),
            _ => (at, at, at + 1),
        };
        bare[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = next;
    }
    String::from_utf8_lossy(&bare).into_owned()
}

fn closing_quote(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while bytes[at] != b'"' {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    at
}
