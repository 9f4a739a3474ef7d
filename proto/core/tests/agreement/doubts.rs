//! What is lawful and surely a mistake is said, with its place, and refuses nothing.

use uput_core::agreement::Warning;

use crate::scene::{DEMONSTRATION, TWO_PARTY, compiled};

fn warnings(source: &str) -> Vec<Warning> {
    compiled(source).warnings
}

/// [AGR-40] The template with one thing changed, the line that it is found on, and a word of what is said.
#[test]
fn every_doubt_is_said_with_its_line() {
    let cases = [
        ("roles = [\"asking\"]", "roles = [\"asking\", \"praying\"]", "[party.us]", "ask as praying"),
        (
            "name = \"The organisation that gives shelter\"",
            "name = \"The organisation that аsks\"",
            "[party.them]",
            "and is not the same",
        ),
        (
            "[retention]",
            "[[timer]]\nact = \"notification\"\nstep = \"answer\"\nwithin = \"1 h\"\n\n[retention]",
            "[[timer]]\nact = \"notification\"",
            "no rule lets anybody send a notification",
        ),
        (
            "act = \"referral\"\nstep = \"answer\"\nwithin = \"24 h\"",
            "act = \"referral\"\nstep = \"decision\"\nwithin = \"24 h\"",
            "",
            "",
        ),
        (
            "[[timer]]\nact = \"referral\"\nstep = \"answer\"\nwithin = \"24 h\"\n",
            "",
            "[[rule]]\nnumber = 1",
            "silence is never late",
        ),
        (
            "[retention]",
            "[[article]]\nnumber = 1\ncitation = \"An invented article\"\nunverified = true\n\n[retention]",
            "[[article]]",
            "unverified",
        ),
        (
            "[retention]",
            "[[escalation]]\nservice = \"police\"\nafter = \"1 h\"\n\n[retention]",
            "[[escalation]]",
            "nothing can go on to it",
        ),
        (
            "[retention]",
            "[[escalation]]\nservice = \"shelter\"\nafter = \"1 h\"\nacts = [\"referral\"]\ntimers = [\"decision\"]\n\n[retention]",
            "[[escalation]]",
            "no timer runs for what it names",
        ),
        (
            "[retention]",
            "[[escalation]]\nservice = \"shelter\"\nafter = \"1 h\"\nacts = [\"referral\"]\ntimers = [\"answer\"]\n\n[retention]",
            "",
            "",
        ),
        (
            "[retention]",
            "[[decision]]\ntype = \"court\"\nissuers = [\"police\"]\n\n[retention]",
            "[[decision]]",
            "no party can make a decision on court",
        ),
        (
            "[profile.support]",
            "[profile.spare]\nenquiry = [\"adults\"]\n\n[profile.support]",
            "[profile.spare]",
            "no rule names profile spare",
        ),
        ("sender = \"sheltering\"", "sender = \"asking\"", "[[rule]]\nnumber = 2", "no two parties can use rule 2"),
        ("identity = [\n    \"name\"", "ticked = [\"name\"]\nidentity = [\n    \"name\"", "", ""),
    ];
    for (old, new, place, word) in cases {
        let source = TWO_PARTY.replacen(old, new, 1);
        let said = warnings(&source);
        if place.is_empty() {
            assert!(said.is_empty(), "{new}: {said:?}");
            continue;
        }
        let line = source.find(place).map(|at| source[..at].matches('\n').count() + 1).unwrap();
        let found = said.iter().any(|warning| warning.line == line && warning.sentence.contains(word));
        assert!(found, "{new}: nothing about {word:?} on line {line} in {said:?}");
    }
}

/// A label that needs her tick, where nobody can tick; one that only the law opens, where no law does.
#[test]
fn a_label_that_can_never_be_sent_is_said() {
    let ticked = TWO_PARTY.replacen("identity = [\n    \"name\"", "ticked = [\"name\"]\nidentity = [\n    \"name\"", 1);
    let no_consent =
        ticked.replacen("\"explicit_consent\", \"guardian_consent\", \"vital_interests\"", "\"vital_interests\"", 1);
    let said = warnings(&no_consent);
    assert!(said.iter().any(|warning| warning.sentence.starts_with("name can never be sent")), "{said:?}");
}

#[test]
fn what_is_shipped_has_no_doubt_but_what_nobody_has_checked() {
    assert_eq!(warnings(TWO_PARTY), Vec::new());
    let said = warnings(DEMONSTRATION);
    assert!(said.iter().all(|warning| warning.sentence.contains("is unverified")), "{said:?}");
    assert_eq!(said.len(), 3);
}
