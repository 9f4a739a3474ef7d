//! What codes are called in the language of whoever reads.
//!
//! Guarantees that a label which no native speaker has confirmed is marked and stands beside the English one, and that every
//! command says a code here. Leaves codes in JSON, and on the command line, as they are: programs and scripts do not change
//! with the language.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use uput_core::agreement::{Code, list_of};
use uput_core::code_list::{self, Language};

use crate::code;
use crate::output::Page;

/// Chosen once, when the program starts.
static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// The variables in which a system says its language, the strongest first.
const VARIABLES: [&str; 4] = ["UPUT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"];

/// Chooses the language: what was asked for, or else what the system says. [CLI-73]
pub(crate) fn speak(asked: Option<Language>) {
    let said = VARIABLES.iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    let of_system = said.and_then(|value| Language::of(&value.to_string_lossy()));
    // A second choice would be none: the first one stands.
    let _ = LANGUAGE.set(asked.or(of_system).unwrap_or_default());
}

/// Reads a language from the command line.
pub(crate) fn parse(tag: &str) -> Result<Language, String> {
    let tags = || Language::ALL.map(Language::tag).join(", ");
    Language::of(tag).ok_or_else(|| format!("there are labels in {}", tags()))
}

/// A code of a list as people read it. [CLI-73]
pub(crate) fn shown(list: &str, code: &str) -> String {
    code_list::shown(list, code, LANGUAGE.get().copied().unwrap_or_default())
}

/// A code by its word, as JSON has it: the list is that of its enum. [COD-10]
pub(crate) fn of<C: Code>(word: &str) -> String {
    self::word(&list_of::<C>(), word)
}

/// A code of a list; nothing for none.
pub(crate) fn word(list: &str, code: &str) -> String {
    if code.is_empty() { String::new() } else { shown(list, code) }
}

/// The same where there may be none.
pub(crate) fn of_some<C: Code>(word: Option<&String>) -> String {
    word.map(|word| of::<C>(word)).unwrap_or_default()
}

/// The same of a number as it came over the wire; nothing for what was left unspecified.
pub(crate) fn of_number<C: Code>(number: i32) -> String {
    code::word_of::<C>(number).map(|word| of::<C>(&word)).unwrap_or_default()
}

/// Several codes of one list.
pub(crate) fn all<'a>(list: &str, codes: impl IntoIterator<Item = &'a String>) -> String {
    codes.into_iter().map(|code| shown(list, code)).collect::<Vec<_>>().join(", ")
}

/// What a sentence of an agreement may name: its sentences are English, and codes stand in them as the source has them.
const OF_AGREEMENTS: [&str; 6] = ["act", "service_type", "legal_basis", "timer_kind", "decision_type", "label"];

/// What codes in English sentences are called by whoever reads, a line each; nothing, if that is English. [COD-11]
pub(crate) fn glossary(said: &BTreeSet<&str>) -> Vec<String> {
    if LANGUAGE.get().is_none_or(|language| *language == Language::English) {
        return Vec::new();
    }
    let lists = code_list::lists().iter().filter(|list| OF_AGREEMENTS.contains(&list.name.as_str()));
    let codes = lists.flat_map(|list| list.codes.iter().map(move |code| (&list.name, code)));
    let found = codes.filter(|(_, code)| said.contains(code.as_str()));
    found.map(|(list, code)| format!("  {code}: {}", shown(list, code))).collect()
}

/// Says that below what is on a page.
pub(crate) fn explain(page: &mut Page) {
    let lines = glossary(&page.words());
    if !lines.is_empty() {
        page.line("");
        page.line("Codes above:");
        lines.iter().for_each(|line| page.line(line));
    }
}

/// The names of labels.
pub(crate) fn fields<'a>(labels: impl IntoIterator<Item = &'a String>) -> String {
    labels.into_iter().map(|label| field(label)).collect::<Vec<_>>().join(", ")
}

/// The name of a label: as it is typed, with what it is called in another language beside it.
pub(crate) fn field(label: &str) -> String {
    match LANGUAGE.get() {
        None | Some(Language::English) => label.to_owned(),
        Some(_) => format!("{label}, {}", shown("label", label)),
    }
}

/// A value of a label as people read it: codes by their labels, everything else as it stands.
pub(crate) fn value(label: &str, value: &str) -> String {
    if !code_list::lists().iter().any(|list| list.name == label) {
        return value.to_owned();
    }
    value.split(' ').map(|code| shown(label, code)).collect::<Vec<_>>().join(", ")
}

/// What is said by a kind, with a code perhaps: `warned:do_not_contact`.
pub(crate) fn statement(said: &str) -> String {
    match said.split_once(':') {
        Some((kind, code)) => format!("{}: {}", shown("kind", kind), detail(kind, code)),
        None => shown("kind", said),
    }
}

/// What an event says beside its kind: of which list it is follows from the kind.
pub(crate) fn detail(kind: &str, code: &str) -> String {
    let list = match kind {
        "opened" => "act",
        "warned" => "warning_code",
        "handed_over" => "channel",
        "phoned" => "phone_answer",
        "decision" => "decision_outcome",
        "revoked" => "revocation_reason",
        "closed" => "closure_reason",
        "partly_accepted" => "partial_form",
        "declined" => "decline_reason",
        "redirected" | "escalated" => "service_type",
        "could_not_reach" => "not_reached_reason",
        "provided" => "outcome",
        "purged" => "purge_manner",
        "task" => "task_status",
        "visited" => "visit_outcome",
        _ => return code.replace('_', " "),
    };
    shown(list, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No language was chosen in this test: English.
    #[test]
    fn only_codes_are_called_otherwise() {
        assert_eq!(value("children_age_bands", "0_5 6_11"), "0 to 5 years, 6 to 11 years");
        assert_eq!(value("name", "Mila_0_5"), "Mila_0_5");
        assert_eq!(detail("declined", "no_place"), "no place");
        assert!(parse("sq").is_ok() && parse("de").is_err_and(|said| said.contains("sr-Cyrl")));
    }
}
