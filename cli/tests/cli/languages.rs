//! Codes in the language of whoever reads: each command that shows one, in each of the nine languages.

use uput_core::code_list::{Language, lists, shown};

use crate::commands::place_files;
use crate::fake_node::FakeNode;
use crate::harness::{json, run};

/// A command, and what it shows: codes by list, where that is not clear from the command itself.
const SHOWN: &[(&str, &[(&str, &str)])] = &[
    ("referral show 3f9a1c20 --values", &[("act", "referral"), ("service_type", "shelter"), ("headline", "held")]),
    ("trail show 3f9a1c20 --values", &[("kind", "opened"), ("kind", "phoned"), ("phone_answer", "yes")]),
    (
        "trail show 3f9a1c20",
        &[("timer_kind", "answer"), ("ending", "hold"), ("ending", "consent"), ("stage", "enquiry")],
    ),
    ("trail show 3f9a1c20", &[("legal_basis", "none_needed_nonpersonal"), ("service_type", "social_work")]),
    ("trail show 3f9a1c20", &[("label", "home_address"), ("label", "adults")]),
    ("inbox", &[("act", "referral"), ("headline", "held"), ("timer_kind", "answer")]),
    ("expiring", &[("ending", "hold"), ("ending", "consent"), ("service_type", "shelter")]),
    ("referral accept 3f9a1c20 --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b", &[("kind", "accepted")]),
    ("act offer 3f9a1c20 --request-id 0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b", &[("kind", "transfer_offered")]),
    ("case record 4c4c4c4c", &[("label", "name")]),
    ("case changes 4c4c4c4c", &[("followed_change", "safe_contact_lost"), ("follow_state", "on_its_way")]),
    ("case changes 4c4c4c4c", &[("followed_why", "kept_under_law"), ("followed_todo", "telephone")]),
    ("case changes 4c4c4c4c", &[("kind", "corrected"), ("warning_code", "do_not_contact")]),
    ("case exclusions 4c4c4c4c", &[("exclusion_ground", "doubtful")]),
    (
        "approval list",
        &[("approval_kind", "disclosure"), ("legal_basis", "vital_interests"), ("approval_reason", "danger")],
    ),
    ("approval count", &[("approval_kind", "disclosure")]),
    ("account list", &[("role", "case_worker"), ("role", "integration"), ("scope", "trails")]),
    ("account colleagues", &[("role", "case_worker")]),
    ("account show", &[("notice_kind", "account_reset")]),
    ("peer list", &[("peer_state", "confirmed")]),
    ("node doctor", &[("check_level", "error")]),
    ("duty list", &[("duty_channel", "sms")]),
    ("places list", &[("service_type", "shelter")]),
    (
        "enquiry list 4c4c4c4c",
        &[("service_type", "shelter"), ("headline", "held"), ("choice", "possible"), ("choice", "no_answer")],
    ),
    ("duty now", &[("duty_channel", "sms")]),
    ("change list --everything", &[("change_kind", "event_arrived"), ("change_kind", "peer")]),
    ("access list 4c4c4c4c", &[("access_kind", "values_shown"), ("access_standing", "assigned")]),
    ("access unusual", &[("unusual_rule", "many_in_an_hour")]),
    ("agreement check agreement.toml", &[("act", "referral"), ("service_type", "shelter"), ("timer_kind", "answer")]),
];

fn said(node: &FakeNode, line: &str, language: Language, more: &[&str]) -> crate::harness::Run {
    let folder = node.folder().display().to_string();
    let words = line.split(' ').chain(["--language", language.tag(), "--node", folder.as_str()]);
    run(node.folder(), words.chain(more.iter().copied()), "")
}

/// [COD-3] [COD-4] [COD-10] [COD-11] [CLI-73]
#[test]
fn every_code_is_said_in_the_language_of_whoever_reads() {
    let node = FakeNode::start();
    place_files(node.folder(), false);
    let mut missing = Vec::new();
    for (line, codes) in SHOWN {
        for language in Language::ALL {
            let page = said(&node, line, language, &[]);
            for (list, code) in *codes {
                // To an English reader a label, and a code in an agreement, stands as it is typed.
                let typed = language == Language::English && (*list == "label" || line.starts_with("agreement"));
                let label = if typed { (*code).to_owned() } else { shown(list, code, language) };
                if !page.stdout.contains(&label) {
                    missing.push(format!("{line} in {language}: no {label} in\n{}{}", page.stdout, page.stderr));
                }
                assert!(typed || label.contains(&shown(list, code, Language::English)), "{label}");
            }
        }
    }
    assert!(missing.is_empty(), "{} missing, first:\n{}", missing.len(), missing.join("\n"));
}

/// What other systems say (MAP-2, MAP-4) is theirs, and a field is called as it is typed, with its label behind a comma.
/// [COD-10]
#[test]
fn no_code_is_said_as_it_is_written_but_where_it_is_typed() {
    let node = FakeNode::start();
    place_files(node.folder(), false);
    let codes: Vec<&String> = lists().iter().flat_map(|list| &list.codes).filter(|code| code.contains('_')).collect();
    for (line, _) in SHOWN.iter().filter(|(line, _)| !line.starts_with("agreement")) {
        let page = said(&node, line, Language::Albanian, &[]).stdout;
        for said in page.lines().filter(|said| !said.starts_with("elsewhere")) {
            for code in codes.iter().filter(|code| said.split([' ', ',', ':', ';']).any(|word| word == code.as_str())) {
                let typed = said.contains(&format!("{code}, "));
                assert!(typed, "{line}: {code} is said as it is written: {said}");
            }
        }
    }
}

/// [CLI-73]
#[test]
fn programs_are_told_codes_whatever_the_language() {
    let node = FakeNode::start();
    place_files(node.folder(), false);
    for (line, _) in SHOWN {
        let english = json(&said(&node, line, Language::English, &["--json"]));
        for language in [Language::Albanian, Language::SerbianLatin, Language::Romani] {
            assert_eq!(english, json(&said(&node, line, language, &["--json"])), "{line} in {language}");
        }
    }
}

/// [CLI-73]
#[test]
fn a_language_that_has_no_labels_is_refused_with_those_that_have() {
    let node = FakeNode::start();
    let refused = run(node.folder(), ["inbox", "--language", "de"], "");
    assert_eq!(refused.code, 2);
    assert!(Language::ALL.iter().all(|language| refused.stderr.contains(language.tag())), "{}", refused.stderr);
}
