//! Which codes there are.

use crate::{
    agreement::code_lists,
    catalogue::{Label, ValueType},
    state::{Finding, Headline, Kind, VoidReason},
    status::What,
};

/// What a change in a case is, why less than everything is said of it, and what a person does then (CAS-51, CAS-52): the
/// node's table has these words, and its test holds them against this list.
const FOLLOWED: [(&str, &[&str]); 3] = [
    (
        "followed_change",
        &[
            "safe_contact",
            "safe_contact_lost",
            "excluded_persons",
            "excluded_organisations",
            "consent_withdrawn",
            "withdrawn_before",
            "risk",
            "chosen",
        ],
    ),
    (
        "followed_why",
        &[
            "not_allowed",
            "not_yet",
            "to_be_purged",
            "kept_under_law",
            "purged",
            "not_told",
            "nothing_told",
            "we_received",
            "ended",
            "another",
            "excluded",
            "open_there",
            "held_there",
            "not_of_consent",
            "partly_of_consent",
            "no_rival",
            "needs_approval",
            "not_approved",
        ],
    ),
    ("followed_todo", &["telephone", "decide", "approve"]),
];

/// Every list by name: those of the schema, what a trail is and says, what a node says of it, the catalogue. [COD-1]
pub(super) fn all() -> Vec<(String, Vec<String>)> {
    let mut lists = code_lists();
    lists.push(("kind".into(), kinds()));
    lists.push(("headline".into(), Headline::ALL.iter().map(|headline| headline.word().to_owned()).collect()));
    lists.push(("stage".into(), ["enquiry", "need", "identity"].map(str::to_owned).to_vec()));
    lists.push(("void_reason".into(), VoidReason::words().map(str::to_owned).collect()));
    // What the node finds by its own clock (EVT-25, TIM-91) and by what it proves (TIM-93) stands beside what the state shows.
    let findings = Finding::WORDS.into_iter().chain(["from_the_future", "clock_set", "basis_had_ended"]);
    lists.push(("finding".into(), findings.map(str::to_owned).collect()));
    lists.push(("ending".into(), What::ALL.iter().map(|what| what.word().to_owned()).collect()));
    lists.extend(FOLLOWED.map(|(name, words)| (name.into(), words.iter().map(|word| (*word).to_owned()).collect())));
    lists.push(("label".into(), Label::ALL.iter().map(|label| label.name().to_owned()).collect()));
    lists.extend(Label::ALL.iter().filter_map(|label| match label.value_type() {
        ValueType::Code(codes) | ValueType::Codes(codes) => {
            Some((label.name().to_owned(), codes.iter().map(|code| (*code).to_owned()).collect()))
        }
        _ => None,
    }));
    lists
}

/// The kinds of events as people see them: the state splits some by a code.
fn kinds() -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for kind in Kind::ALL {
        let word = kind.word().trim_end_matches(|last: char| last.is_ascii_digit());
        let word = word.strip_suffix("_no").unwrap_or(word);
        if !kinds.iter().any(|known| known == word) {
            kinds.push(word.to_owned());
        }
    }
    kinds
}
