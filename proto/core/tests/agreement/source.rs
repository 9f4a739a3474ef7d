//! Sources of agreements: those that are shipped compile, and every mistake is named with its place and remedy.

use uput_core::{
    agreement::{Agreement, Compiled, SourceError, compile, summary},
    wire::{Act, DecisionType, ServiceType, TimerKind},
};

use crate::scene::{DEMONSTRATION, TWO_PARTY, compiled, organisation, peers};

fn error(source: &str) -> SourceError {
    compile(source, &peers()).expect_err("it must not compile")
}

#[test]
fn shipped_agreements_compile_to_what_they_say() {
    for source in [DEMONSTRATION, TWO_PARTY] {
        let Compiled { body, agreement, .. } = compiled(source);
        assert_eq!(Agreement::parse(agreement.id().into(), &body).unwrap(), agreement);
        assert_eq!(compiled(source).body, body);
    }
}

#[test]
fn the_demonstration_says_who_may_ask_whom() {
    let agreement = compiled(DEMONSTRATION).agreement;
    let [hotline, jasen, centre] = ["hotline", "shelter-jasen", "centre"].map(organisation);
    let rule = |act, from, to, service| agreement.rule_for(act, from, to, service).map(|rule| rule.number);
    assert_eq!(rule(Act::Referral, &hotline, &jasen, ServiceType::Shelter), Some(1));
    assert_eq!(rule(Act::Notification, &hotline, &centre, ServiceType::SocialWork), Some(2));
    assert_eq!(rule(Act::Referral, &centre, &jasen, ServiceType::Shelter), Some(5));
    assert_eq!(rule(Act::Referral, &jasen, &hotline, ServiceType::Shelter), None);
    assert_eq!(rule(Act::Referral, &hotline, &hotline, ServiceType::Psychosocial), None);
    assert_eq!(rule(Act::Referral, &organisation("stranger"), &jasen, ServiceType::Shelter), None);
    let within = agreement.timer(Act::Notification, TimerKind::Decision).unwrap();
    assert_eq!(within.to_string(), "3 s");
    assert!(agreement.may_decide(&centre, DecisionType::Placement));
    assert!(!agreement.may_decide(&hotline, DecisionType::Placement));
    assert!(!agreement.may_decide(&centre, DecisionType::Court));
}

#[test]
fn nobody_asks_itself_even_if_a_rule_would_fit() {
    let source = DEMONSTRATION.replacen(
        "sender = \"shelter\"\nreceiver = \"psychosocial\"",
        "sender = \"hotline\"\nreceiver = \"psychosocial\"",
        1,
    );
    let agreement = compiled(&source).agreement;
    let hotline = organisation("hotline");
    assert!(agreement.rules().any(|rule| rule.sender == "hotline" && rule.receiver == ServiceType::Psychosocial));
    assert_eq!(agreement.rule_for(Act::Referral, &hotline, &hotline, ServiceType::Psychosocial), None);
}

/// [STF-1]
#[test]
fn a_profile_may_be_sealed_to_staff_and_says_so() {
    let source = TWO_PARTY.replacen("enquiry =", "staff_only = true\nenquiry =", 1);
    let sealed = compiled(&source).agreement;
    let plain = compiled(TWO_PARTY).agreement;
    let rule = sealed.rules().find(|rule| sealed.profile(rule).is_some_and(|profile| profile.staff_only)).unwrap();
    assert!(sealed.is_staff_only(rule.number) && !plain.is_staff_only(rule.number) && !sealed.is_staff_only(999));
    let said = |agreement: &Agreement| summary(agreement).iter().any(|sentence| sentence.contains("own staff"));
    assert!(said(&sealed) && !said(&plain));
    assert_eq!(compiled(&source.replacen("staff_only = true", "staff_only = false", 1)).body, compiled(TWO_PARTY).body);
}

#[test]
fn a_summary_has_a_sentence_for_every_rule() {
    let agreement = compiled(DEMONSTRATION).agreement;
    let sentences = summary(&agreement);
    let of_rules = sentences.iter().filter(|sentence| sentence.starts_with("Rule ")).count();
    assert_eq!(of_rules, agreement.rules().count());
    assert!(sentences.iter().any(|sentence| sentence == "In a notification, decision is due within 3 s."));
    assert!(sentences.iter().any(|sentence| sentence.contains("invented data only")));
}

/// The demonstration with one thing changed, where it is found, and which requirement says so.
#[test]
fn every_mistake_is_named_with_its_line_and_rule() {
    let cases = [
        ("version = 1\n", "version = 1\ncolour = \"red\"\n", "colour", "AGR-2"),
        ("grain = 1\n", "grain = \n", "grain", "AGR-2"),
        ("grain = 1\n", "grain = \"1\"\n", "grain", "AGR-2"),
        ("grain = 1\n", "grain = 30\n", "grain", "AGR-5"),
        ("demonstration = true\n", "demonstration = false\n", "grain", "AGR-5"),
        ("version = 1\n", "version = 2\n", "version", "AGR-4"),
        ("version = 1\n", "version = 1\nprevious = \"abc\"\n", "previous", "AGR-4"),
        ("valid_until = 2100-01-01T00:00:00Z", "valid_until = 2000-01-01T00:00:00Z", "valid_until", "AGR-4"),
        ("valid_until = 2100-01-01T00:00:00Z", "valid_until = 2100-01-01", "valid_until", "AGR-4"),
        ("valid_until = 2100-01-01T00:00:00Z", "valid_until = 2100-01-01T00:00:00+02:00", "valid_until", "AGR-4"),
        ("\"peer:centre\"", "\"peer:nobody\"", "peer:nobody", "AGR-6"),
        ("\"peer:centre\"", "\"1234\"", "organisation = \"1234\"", "AGR-6"),
        ("\"peer:centre\"", "\"peer:hotline\"", "organisation = \"peer:hotline\"", "AGR-6"),
        ("roles = [\"centre\"]", "roles = [\"The Centre\"]", "[party.centre]", "AGR-6"),
        ("services = [\"social_work\", ", "services = [\"soup\", ", "soup", "AGR-10"),
        (
            "\"places\", \"needed_when\", \"adults\", \"children\", \"access_needs\"]\nneed",
            "\"places\", \"shelter_address\"]\nneed",
            "shelter_address",
            "AGR-7",
        ),
        ("\"age_band\", \"sex\",", "\"age_band\", \"age_band\", \"sex\",", "[profile.bed]", "AGR-7"),
        ("\"age_band\", \"sex\",", "\"age_band\", \"name\",", "name", "AGR-7"),
        ("enquiry = [\"places\", ", "enquiry = [\"language\", ", "language", "AGR-7"),
        ("\"trafficking_indicators\",", "\"reporter_name\",", "reporter_name", "AGR-13"),
        ("\"trafficking_indicators\",", "\"home_address\",", "home_address", "AGR-13"),
        ("\"trafficking_indicators\",", "\"weapon_access\",", "weapon_access", "AGR-13"),
        (
            "ticked = [\"need_statement\", \"substance_use\", ",
            "ticked = [\"need_statement\", ",
            "substance_use",
            "AGR-13",
        ),
        (
            "\"reporter_name\", \"current_location\",\n]\n",
            "\"reporter_name\",\n]\nticked = [\"reporter_name\"]\n",
            "reporter_name",
            "AGR-13",
        ),
        ("ticked = [\"name\"]", "ticked = [\"name\", \"risk_level\"]", "risk_level", "AGR-8"),
        ("reply = [\"needed_when\", ", "reply = [\"name\", ", "name", "AGR-9"),
        (
            "number = 2\nact = \"notification\"\nsender",
            "number = 1\nact = \"notification\"\nsender",
            "[[rule]]",
            "AGR-10",
        ),
        ("receiver = \"psychosocial\"", "receiver = \"police\"", "[[rule]]", "AGR-11"),
        ("profile = \"support\"", "profile = \"soup\"", "[[rule]]", "AGR-11"),
        ("sender = \"centre\"", "sender = \"baker\"", "[[rule]]", "AGR-11"),
        ("bases = [\"explicit_consent\", \"public_task_decision\"]", "bases = [\"legal_duty\"]", "[[rule]]", "AGR-12"),
        (
            "bases = [\"explicit_consent\", \"public_task_decision\"]",
            "bases = [\"none_needed_nonpersonal\"]",
            "[[rule]]",
            "AGR-12",
        ),
        (
            "bases = [\"explicit_consent\", \"public_task_decision\"]",
            "bases = [\"public_task_decision\"]\ncollapsed = true",
            "[[rule]]",
            "AGR-13",
        ),
        ("number = 3\ncitation", "number = 2\ncitation", "", "AGR-14"),
        ("within = \"3 s\"", "within = \"3 weeks\"", "3 weeks", "AGR-15"),
        ("step = \"decision\"", "step = \"purge\"", "", "AGR-15"),
        ("step = \"decision\"", "step = \"lunch\"", "lunch", "AGR-10"),
        ("threshold = 3", "threshold = 2", "[amendment]", "AGR-16"),
        ("threshold = 3", "threshold = 5", "[amendment]", "AGR-16"),
        ("issuers = [\"child_protection\"]", "issuers = []", "[[decision]]", "AGR-17"),
        ("evidence = \"3650 d\"", "evidence = \"29 d\"", "[retention]", "AGR-18"),
        ("[witnesses]\nnumber = 0", "[witnesses]\nnumber = 0\nindependent = true", "[witnesses]", "AGR-19"),
        (
            "[amendment]",
            "[auditor.self]\norganisation = \"peer:centre\"\nname = \"Centre\"\n[amendment]",
            "[auditor.self]",
            "AGR-19",
        ),
    ];
    for (from, to, place, requirement) in cases {
        assert!(DEMONSTRATION.contains(from), "{from}");
        let source = DEMONSTRATION.replacen(from, to, 1);
        let error = error(&source);
        assert_eq!(error.requirement, requirement, "{to}: {error}");
        let line = source.lines().nth(error.line - 1).unwrap();
        let near = source.lines().skip(error.line - 1).take(3).any(|line| line.contains(place));
        assert!(near, "{to}: {error}: {line}");
    }
}

#[test]
fn an_error_reads_as_a_sentence_with_its_place() {
    let source = DEMONSTRATION.replacen("\"peer:centre\"", "\"peer:nobody\"", 1);
    let shown = error(&source).to_string();
    assert!(
        shown.starts_with("line 35, column 16: there is no peer \"nobody\" here; exchange invitations first"),
        "{shown}"
    );
    assert!(shown.ends_with("[AGR-6]"), "{shown}");
}

/// An error, or another agreement, or only a comment: never a panic.
#[test]
fn no_changed_byte_of_a_source_makes_it_panic() {
    let whole = compiled(DEMONSTRATION).body;
    let (mut refused, mut other, mut same) = (0, 0, 0);
    for at in (0..DEMONSTRATION.len()).step_by(29) {
        for byte in [b'x', b'9', b'"', b'\n', b']', 0xff] {
            let mut bytes = DEMONSTRATION.as_bytes().to_vec();
            bytes[at] = byte;
            let Ok(source) = String::from_utf8(bytes) else { continue };
            match compile(&source, &peers()) {
                Err(error) => {
                    assert!(error.line <= source.lines().count() + 1 && error.column > 0);
                    refused += 1;
                }
                Ok(compiled) if compiled.body == whole => same += 1,
                Ok(_) => other += 1,
            }
        }
    }
    assert!(refused > 500 && other > 25 && same > 50, "{refused} {other} {same}");
}
