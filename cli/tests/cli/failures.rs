//! What happens when it cannot be done: exit codes, words, and no value in any of them.

use std::net::TcpListener;
use std::path::Path;

use crate::fake_node::FakeNode;
use crate::harness::{Run, ZONE, golden, json, run, run_where};

/// A text that must appear in no error.
const CANARY: &str = "Canary-of-an-invented-name";

fn both_ways(folder: &Path, words: &[&str], input: &str) -> (Run, String) {
    let people = run(folder, words, input);
    let mut with_json = words.to_vec();
    with_json.push("--json");
    let programs = run(folder, &with_json, input);
    assert_eq!(people.code, programs.code, "--json changes the exit code");
    let object = json(&programs);
    let reason = object["error"]["reason"].as_str().unwrap().to_owned();
    assert_eq!(people.stdout, "");
    (people, reason)
}

fn fails(folder: &Path, words: &[&str], code: i32, reason: &str) -> Run {
    let (run, found) = both_ways(folder, words, "");
    assert_eq!((run.code, found.as_str()), (code, reason), "{}", run.stderr);
    run
}

#[test]
fn without_a_node_named_the_command_line_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let run = fails(folder.path(), &["inbox"], 2, "USAGE");
    golden("failures/no_node_named", &run.stderr);
}

#[test]
fn without_a_node_there_it_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let run = fails(folder.path(), &["inbox", "--node", "our-node"], 5, "NODE_NOT_FOUND");
    golden("failures/no_node_there", &run.stderr);
}

#[test]
fn a_node_that_has_stopped_is_unreachable() {
    let node = FakeNode::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let access = format!("endpoint = \"https://{address}\"\ncertificate = \"api.pem\"\ntoken = \"t\"\n");
    std::fs::write(node.folder().join("api.toml"), access).unwrap();
    fails(node.folder(), &["inbox", "--node", "."], 5, "NODE_UNREACHABLE");
}

#[test]
fn a_wrong_token_is_not_authenticated() {
    let node = FakeNode::start();
    let folder = node.folder_with_wrong_token();
    fails(&folder, &["node", "status", "--node", "."], 4, "NOT_AUTHENTICATED");
    assert_eq!(node.take_requests(), "");
}

#[test]
fn another_program_on_the_port_is_not_the_node() {
    // [CLI-21] It has a certificate of its own, and never sees the token.
    let (node, other) = (FakeNode::start(), FakeNode::start());
    let folder = node.folder_with_certificate_of(&other);
    fails(&folder, &["node", "status", "--node", "."], 4, "WRONG_NODE");
    assert_eq!(node.take_requests(), "");
}

#[test]
fn a_broken_access_file_does_not_show_its_token() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("api.toml"), format!("endpoint = 3\ntoken = \"{CANARY}\"\n")).unwrap();
    let run = fails(folder.path(), &["node", "status", "--node", "."], 1, "BAD_SOURCE");
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
}

#[test]
fn a_word_in_the_wrong_place_is_not_printed_again() {
    // [CLI-8] It could be a name.
    let folder = tempfile::tempdir().unwrap();
    let wrong: &[&[&str]] = &[
        &[CANARY],
        &["referral", CANARY],
        &["referral", "accept", CANARY],
        &["referral", "accept", "3f9a1c20", CANARY],
        &["referral", "accept", "3f9a1c20", "--name", CANARY],
        &["referral", "accept", "3f9a1c20", "--occurred", CANARY],
        &["referral", "decline", "3f9a1c20", "--reason", CANARY],
        &["referral", "decline", "3f9a1c20", "--reson", CANARY],
        &["referral", "retain", "3f9a1c20", "--under", CANARY],
        &["help", CANARY],
    ];
    for words in wrong {
        let (run, reason) = both_ways(folder.path(), words, "");
        assert_eq!((run.code, reason.as_str()), (2, "USAGE"), "{words:?}");
        assert!(!run.stderr.contains(CANARY), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_broken_fields_file_names_line_and_rule_but_no_value() {
    let node = FakeNode::start();
    let words = ["enquiry", "send", "Shelter A", "--service", "shelter", "--fields", "-", "--node", "."];
    for input in [format!("adults = 1\nname = {CANARY}\n"), format!("{{\"name\": [\"{CANARY}\"]}}")] {
        let (run, reason) = both_ways(node.folder(), &words, &input);
        assert_eq!((run.code, reason.as_str()), (1, "BAD_SOURCE"));
        assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
        assert!(run.stderr.contains("line 2") || run.stderr.contains("label `name`"), "{}", run.stderr);
    }
    assert_eq!(node.take_requests(), "");
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = fails(folder.path(), &["referral", "decline"], 2, "USAGE");
    golden("failures/missing_arguments", &run.stderr);
    let run = fails(folder.path(), &["referral", "decline", "3f9a1c20", "--reason", "no-plce"], 2, "USAGE");
    golden("failures/misspelled_reason", &run.stderr);
    let run = fails(folder.path(), &["refferal"], 2, "USAGE");
    golden("failures/misspelled_noun", &run.stderr);
    let run = fails(folder.path(), &["peer", "confirm", "Shelter A", "--node", "."], 2, "USAGE");
    golden("failures/no_safety_number", &run.stderr);
}

#[test]
fn uputd_init_is_run_from_beside_the_program() {
    // Without a program beside it the failure says so; with one, its end is ours. Links, because a file that was just
    // written cannot always be run while other tests start programs.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("uput");
    std::fs::hard_link(env!("CARGO_BIN_EXE_uput"), &program).unwrap();
    let init = |more: &[&str]| {
        let words = ["node", "init", "--dir", "our-node", "--organisation-key", "organisation.key"];
        std::process::Command::new(&program).args(words).args(more).output().unwrap()
    };
    assert_eq!(init(&[]).status.code(), Some(1));
    #[cfg(unix)]
    {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/uputd");
        std::os::unix::fs::symlink(script, folder.path().join("uputd")).unwrap();
        let done = init(&["--endpoint", "a.example:1", "--valid-days", "9", "--endpoint", "b.example:2"]);
        assert_eq!(done.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&done.stdout).contains("uputd --config our-node/uput.toml"));
        assert_eq!(
            String::from_utf8_lossy(&done.stderr).trim(),
            "init --dir our-node --organisation-key organisation.key --valid-days 9 --endpoint a.example:1 --endpoint b.example:2"
        );
        assert_eq!(init(&["--peer", "bad"]).status.code(), Some(2));
        assert_eq!(init(&["--peer", "full"]).status.code(), Some(1));
        let object: serde_json::Value = serde_json::from_slice(&init(&["--json"]).stdout).unwrap();
        crate::harness::check_schema(&object);
        assert_eq!(object["configuration"], "our-node/uput.toml");
    }
}

/// [CLI-161]
#[test]
#[cfg(unix)]
fn a_doctor_that_no_node_answers_looks_at_the_folder() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("uput");
    std::fs::hard_link(env!("CARGO_BIN_EXE_uput"), &program).unwrap();
    let doctor = || {
        let words = ["node", "doctor", "--json", "--node"];
        let ended = std::process::Command::new(&program).args(words).arg(folder.path()).output().unwrap();
        (ended.status.code(), serde_json::from_slice::<serde_json::Value>(&ended.stdout).unwrap())
    };
    // Without `uputd` nobody looks.
    assert_eq!(doctor().0, Some(5));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/uputd");
    std::os::unix::fs::symlink(script, folder.path().join("uputd")).unwrap();
    let (code, object) = doctor();
    crate::harness::check_schema(&object);
    let said: Vec<_> = object["checks"].as_array().unwrap().iter().map(|check| check["reason"].as_str()).collect();
    assert_eq!((code, said), (Some(1), vec![Some("no-answer"), Some("segment-gap"), None]));
    assert_eq!(object["checks"][1]["remedy"], "bring it back");
    // A folder that was not named is a wrong command line, as everywhere.
    let nowhere =
        std::process::Command::new(&program).args(["node", "doctor"]).env_remove("UPUT_NODE").output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
}

/// [CLI-17]
#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_is_lost_on_a_full_device_is_a_failure() {
    let node = FakeNode::start();
    std::fs::write(node.folder().join("name"), "An Invented Worker\n").unwrap();
    std::fs::write(node.folder().join("trust.toml"), "").unwrap();
    let commands: &[(&[&str], &str)] = &[
        (&["peer", "invite", "Shelter A"], "make another one"),
        (&["account", "create", "--role", "case-worker", "--name-file", "name"], "uput account reset"),
        (&["inbox"], "run it again"),
        (&["inbox", "--json"], "run it again"),
        (&["referral", "start", "3f9a1c20", "--json"], "before saying it again"),
        (&["completions", "bash"], "look before it is run again"),
        (&["inbox", "--help"], "a place for its output"),
        (&["trail", "show", "00000000", "--json"], "error: the node refused"),
    ];
    for (words, next) in commands {
        let device = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_uput"));
        let output = command.args(*words).current_dir(node.folder()).env("UPUT_NODE", ".").stdout(device).output();
        let output = output.unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {stderr}");
        assert!(stderr.contains("could not write") && stderr.contains("the disk is full"), "{words:?}: {stderr}");
        assert!(stderr.contains(next), "{words:?}: {stderr}");
    }
}

#[test]
fn what_is_wrong_is_said_with_the_help_of_its_command() {
    // An invitation is valid for at most 30 days.
    let folder = tempfile::tempdir().unwrap();
    let run = fails(folder.path(), &["peer", "invite", "Shelter A", "--valid", "31d"], 2, "USAGE");
    assert!(run.stderr.contains("at most 30d") && run.stderr.contains("see `uput help peer invite`"), "{}", run.stderr);
    let run = fails(folder.path(), &["inbox", "--limit", CANARY], 2, "USAGE");
    assert!(run.stderr.contains("a whole number") && !run.stderr.contains(CANARY), "{}", run.stderr);
}

/// [CLI-18]
#[test]
#[cfg(target_os = "linux")]
fn a_device_without_an_end_is_refused() {
    let node = FakeNode::start();
    let commands: &[&[&str]] = &[
        &["enquiry", "send", "Shelter A", "--service", "shelter", "--fields", "/dev/zero", "--node", "."],
        &["peer", "accept", "Shelter A", "--invitation", "/dev/zero", "--node", "."],
        &["agreement", "check", "/dev/zero"],
        &["agreement", "show", "./../../../../../../dev/zero"],
        &["trust", "create", "--made-by", "x", "--organisation", "A=/dev/zero"],
        &["trust", "show", "/dev/zero"],
        &["change", "list", "--cursor-file", "/dev/zero", "--node", "."],
    ];
    for words in commands {
        let run = fails(node.folder(), words, 1, "TOO_LARGE");
        assert!(run.stderr.contains("is too large"), "{}", run.stderr);
    }
    let run = fails(node.folder(), &["inbox", "--as", "/dev/zero"], 1, "BAD_SOURCE");
    assert!(run.stderr.contains("it is too large"), "{}", run.stderr);
}

#[test]
fn the_folder_may_come_from_the_environment_and_the_flag_wins() {
    // [CLI-20]
    let node = FakeNode::start();
    let empty = tempfile::tempdir().unwrap();
    let inbox = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_uput"));
        command.arg("inbox").args(more).env("UPUT_NODE", node.folder());
        command.output().unwrap().status.code()
    };
    assert_eq!(inbox(&[]), Some(0));
    assert_eq!(inbox(&["--node", &empty.path().display().to_string()]), Some(5));
}

/// [TIM-94] [TIM-95] What happened at half past two, typed the next morning: by the clock of the house, and only where it is one time.
#[test]
fn a_time_by_the_wall_is_one_of_the_clock_by_which_the_house_lives() {
    let node = FakeNode::start();
    let accept = |zone: &str, occurred: &str| {
        let words = ["referral", "accept", "3f9a1c20", "--occurred", occurred, "--node", "."];
        let done = run_where(zone, node.folder(), words, "");
        (done.code, done.stderr, node.take_requests())
    };
    let asks = |requests: &str| requests.contains("RecordEvent");
    // The same clock, whatever its name.
    for (typed, moment) in [("2025-07-01 02:30", "1751329800"), ("2025-01-15 02:30", "1736904600")] {
        let (code, stderr, requests) = accept(ZONE, typed);
        assert!(code == 0 && requests.contains(moment), "{typed}: {stderr}{requests}");
    }
    // A computer that keeps UTC: two hours in summer, and the night with an hour twice has two readings at the house.
    let (code, stderr, requests) = accept("UTC0", "2025-07-01 02:30");
    assert!(code == 2 && !asks(&requests), "{requests}");
    golden("failures/another_clock_than_the_house", &stderr);
    let (code, stderr, requests) = accept("UTC0", "2025-10-26 02:30");
    assert!(code == 2 && !asks(&requests), "{requests}");
    golden("failures/another_clock_in_the_night_with_an_hour_twice", &stderr);
    let (code, stderr, requests) = accept("UTC0", "2025-03-30 02:30");
    assert!(code == 2 && !asks(&requests), "{requests}");
    golden("failures/another_clock_in_the_night_without_an_hour", &stderr);
    // The two nights at the house itself: nothing is asked of the node before one reading was chosen.
    for typed in ["2025-10-26 02:30", "2025-03-30 02:30"] {
        let (code, stderr, requests) = accept(ZONE, typed);
        assert!(code == 2 && requests.is_empty() && stderr.contains("02:30"), "{typed}: {stderr}{requests}");
    }
    let (code, stderr, requests) = accept("UTC0", "2025-10-26T02:30+02:00");
    assert!(code == 0 && requests.contains("1761438600") && !requests.contains("GetNode"), "{stderr}{requests}");
    let (code, stderr, requests) = accept("UTC0", "2025-10-26T02:30+01:00");
    assert!(code == 0 && requests.contains("1761442200"), "{stderr}{requests}");
    let (code, stderr, requests) = accept("UTC0", "10min");
    assert!(code == 0 && !requests.contains("GetNode"), "what needs no clock asks for none: {stderr}");
}

/// [TIM-94] [CLI-56]
#[test]
fn a_time_in_a_value_by_another_clock_than_that_of_the_house_is_refused_and_not_repeated() {
    let node = FakeNode::start();
    let words = ["referral", "correct", "3f9a1c20", "--fields", "-", "--node", "."];
    let fields = "needed_when = \"2025-07-01 20:00/2025-07-02 06:00\"\n";
    let refused = run_where("UTC0", node.folder(), words, fields);
    let requests = node.take_requests();
    assert!(refused.code == 2 && !requests.contains("RecordEvent"), "{}{requests}", refused.stderr);
    assert!(!refused.stderr.contains("20:00/") && !refused.stderr.contains("06:00"), "{}", refused.stderr);
    let done = run_where(ZONE, node.folder(), words, fields);
    let requests = node.take_requests();
    assert!(done.code == 0 && requests.contains("2025-07-01T18:00Z/2025-07-02T04:00Z"), "{}{requests}", done.stderr);
}
