//! What reaches the terminal: data on standard output, all else on standard error.
//!
//! Guarantees that with `--json` standard output is one JSON object, also on failure, and that no text from elsewhere
//! can steer the terminal, and that an answer which could not be written whole never ends well. Leaves to the commands
//! what to say.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::{Map, Value, json};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style};
use uput_core::look_alike::is_unseen;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::{self, Failure};

/// What a command answers, for people and for programs.
pub(crate) struct Answer {
    exit: Exit,
    body: Map<String, Value>,
    text: String,
    /// All of it was printed while it came.
    said: bool,
    /// What to do where it could not be written.
    if_lost: &'static str,
}

/// What to do where an answer is lost, if a command has nothing better to say.
const LOST: &str = "what the command was to do may be done: look before it is run again, with a place for its output";

impl Answer {
    /// An answer that says the same to programs and to people.
    pub(crate) fn new(body: &impl Serialize, page: Page) -> Result<Self, Failure> {
        Self::ending(Exit::Done, body, page)
    }

    /// The end of an answer that was printed in parts.
    pub(crate) fn said() -> Self {
        Self { exit: Exit::Done, body: Map::new(), text: String::new(), said: true, if_lost: LOST }
    }

    /// An answer that ends otherwise than well: a report is complete, and it is bad.
    pub(crate) fn ending(exit: Exit, body: &impl Serialize, page: Page) -> Result<Self, Failure> {
        match serde_json::to_value(body) {
            Ok(Value::Object(body)) => Ok(Self { exit, body, text: page.0, said: false, if_lost: LOST }),
            _ => Err(Failure::new(Exit::Failed, "INTERNAL", "the answer cannot be written as JSON")),
        }
    }

    /// Says what was done, and what to do now, where the answer cannot be written.
    pub(crate) const fn if_lost(mut self, next: &'static str) -> Self {
        self.if_lost = next;
        self
    }
}

/// Lines for people, each cleaned of what could steer a terminal.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    /// One line.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(&clean(text.as_ref()));
        self.0.push('\n');
    }

    /// A name and what it is, aligned.
    pub(crate) fn pair(&mut self, name: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        if !value.is_empty() {
            self.line(format!("{name:<16} {value}"));
        }
    }

    /// Lines of this program's own making, such as a manual page or a script.
    pub(crate) fn own(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Every word on it, as codes are written.
    pub(crate) fn words(&self) -> BTreeSet<&str> {
        words(&self.0)
    }

    /// Rows under a heading.
    pub(crate) fn table<const N: usize>(&mut self, heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        let mut builder = Builder::default();
        builder.push_record(heading);
        for row in rows {
            builder.push_record(row.map(|cell| clean(&cell)));
        }
        let table = builder.build().with(Style::empty()).with(Padding::new(0, 2, 0, 0)).to_string();
        for line in table.lines() {
            self.0.push_str(line.trim_end());
            self.0.push('\n');
        }
    }
}

/// Every word of a text, as codes are written.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).collect()
}

/// Replaces characters that steer, and those that show nothing or pass for a space, by their number. [CLI-8]
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) {
            let _ = write!(clean, "\\u{{{:04x}}}", u32::from(character));
        } else {
            clean.push(character);
        }
    }
    clean
}

fn steers(character: char) -> bool {
    character.is_control() || is_unseen(character)
}

/// Prints the end of a run and gives its exit code. [CLI-17] What could not be written is a failure.
pub(crate) fn finish(options: &Options, schema: &str, result: Result<Answer, Failure>) -> Exit {
    match result {
        Ok(answer) if answer.said => answer.exit,
        Ok(answer) => {
            let (exit, if_lost) = (answer.exit, answer.if_lost);
            let printed = if options.json {
                print_json(schema, exit, answer.body)
            } else if options.quiet {
                Ok(())
            } else {
                print(&answer.text)
            };
            printed.map_or_else(|error| not_written(&error, if_lost), |()| exit)
        }
        Err(failure) => {
            if !options.json {
                complain(&failure);
                return failure.exit;
            }
            let body = [("error".to_owned(), error_body(&failure))].into_iter().collect();
            if let Err(error) = print_json(schema, failure.exit, body) {
                not_written(&error, "the failure itself stands below");
                complain(&failure);
            }
            failure.exit
        }
    }
}

/// Says on standard error that standard output took nothing.
fn not_written(error: &io::Error, next: &str) -> Exit {
    let failure = lost(error, next);
    complain(&failure);
    failure.exit
}

fn lost(error: &io::Error, next: &str) -> Failure {
    Failure::new(Exit::Failed, "OUTPUT_LOST", "could not write the answer to standard output")
        .because(failure::said(error))
        .next(next)
}

/// Prints a part of an answer that goes on: with `--json` one object on one line. [CLI-28]
pub(crate) fn say(options: &Options, schema: &str, part: &Answer) -> Result<(), Failure> {
    let printed = if options.json {
        let object = Value::Object(object(schema, part.exit, part.body.clone()));
        print(&format!("{}\n", escape(&object.to_string())))
    } else if options.quiet {
        Ok(())
    } else {
        print(&part.text)
    };
    printed.map_err(|error| lost(&error, part.if_lost))
}

/// Prints a text of this program's own making, such as its help.
pub(crate) fn own(text: &str) -> Exit {
    print(text).map_or_else(|error| not_written(&error, "give it a place for its output"), |()| Exit::Done)
}

/// Tells a person something that is not data.
pub(crate) fn note(options: &Options, text: &str) {
    if !options.quiet && !options.json {
        let _ = writeln!(anstream::stderr(), "{}", clean(text));
    }
}

fn print_json(schema: &str, exit: Exit, body: Map<String, Value>) -> io::Result<()> {
    print(&format!("{}\n", escape(&format!("{:#}", Value::Object(object(schema, exit, body))))))
}

/// [CLI-4] One object, which says what it is and how it ended.
fn object(schema: &str, exit: Exit, body: Map<String, Value>) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("schema".to_owned(), json!(schema));
    object.insert("ok".to_owned(), json!(exit == Exit::Done));
    object.insert("exit_code".to_owned(), json!(exit.code()));
    object.extend(body);
    object
}

/// Writes what could steer a terminal as JSON escapes; such characters stand only inside of strings.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && steers(character) {
            for half in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{half:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn error_body(failure: &Failure) -> Value {
    let mut body = json!({
        "reason": failure.reason,
        "what": failure.what,
        "why": failure.why,
        "next": failure.next,
    });
    if let (Some(object), Some(id)) = (body.as_object_mut(), &failure.request_id) {
        object.insert("request_id".to_owned(), json!(id));
    }
    body
}

fn complain(failure: &Failure) {
    let mut text = format!("error: {}\n", clean(&failure.what));
    for (name, sentence) in [("why", &failure.why), ("next", &failure.next)] {
        if !sentence.is_empty() {
            let _ = writeln!(text, "  {name}: {}", clean(sentence));
        }
    }
    if let Some(id) = &failure.request_id {
        let _ = writeln!(text, "  request: {}", clean(id));
    }
    let _ = writeln!(text, "  reason: {} (exit code {})", clean(&failure.reason), failure.exit.code());
    let _ = anstream::stderr().write_all(text.as_bytes());
}

fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that has seen enough closes the pipe; that is no failure of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{001b}[2Jb\\u{000a}c\\u{202e}d");
        assert_eq!(clean("Žene 3×"), "Žene 3×");
    }

    #[test]
    fn what_shows_nothing_is_shown() {
        // [CLI-8]
        assert_eq!(clean("Shel\u{ad}ter\u{a0}A\u{2060}\u{fe00}"), "Shel\\u{00ad}ter\\u{00a0}A\\u{2060}\\u{fe00}");
        assert_eq!(clean("A\u{e0041}"), "A\\u{e0041}");
    }

    #[test]
    fn json_stays_equal_and_steers_nothing() {
        let value = json!({ "name": "a\u{9b}2Jb\n\u{202e}c\u{ad}\u{e0041}" });
        let escaped = escape(&format!("{value:#}"));
        assert!(!escaped.contains(|c| c != '\n' && steers(c)));
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn a_page_line_stays_one_line() {
        let mut page = Page::default();
        page.line("one\ntwo");
        assert_eq!(page.0.lines().count(), 1);
    }
}
