//! The demonstration, as a newcomer sees it, is the committed transcript.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use uput_conformance::leak::left_behind;

/// What the night says about its invented person.
const VALUES: [&str; 5] =
    ["Invented Person", "+38344000000", "RS-INVENT", "INV-0001", "A bed for tonight and safe contact"];

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/transcript.txt");

/// The programs, built beside this test.
fn program(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let path = folder.join(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "--workspace", "--bins"]).status().unwrap();
        assert!(built.success());
    }
    path
}

/// What differs from run to run becomes a word.
fn settled(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "DIR");
    let text = text.replace(&program("uput").display().to_string(), "uput");
    let mut lines: Vec<String> = text.lines().map(settle_line).map(settle_flip).collect();
    sort_labels(&mut lines);
    sort_organisations(&mut lines);
    lines.join("\n") + "\n"
}

/// IDs, safety numbers and times.
fn settle_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let (word, width) = match rest {
            _ if run(rest, |c| c.is_ascii_hexdigit()) >= 64 => ("ID", 64),
            _ if rest.starts_with("20") && shape(rest, "dddd-dd-ddTdd:dd:ddZ") => ("TIME", 20),
            _ if rest.starts_with("20") && shape(rest, "dddd-dd-dd dd:dd:dd +dd:dd") => ("TIME", 26),
            _ if rest.starts_with("20") && shape(rest, "dddd-dd-dd dd:dd +dd:dd") => ("TIME", 23),
            _ if shape(rest, "ddddd ddddd ...") => ("NUMBER ...", 15),
            _ if out.ends_with("late") || out.ends_with("late: decision") || out.ends_with("met") => match late(rest) {
                Some(width) => (" SPAN", width),
                None => ("", 0),
            },
            _ => ("", 0),
        };
        if width > 0 {
            out.push_str(word);
            rest = rest.get(width..).unwrap_or_default();
        } else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out.trim_end().to_owned()
}

fn run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.chars().take_while(|c| of(*c)).count()
}

fn shape(text: &str, shape: &str) -> bool {
    let fits = |(c, s): (char, char)| if s == 'd' { c.is_ascii_digit() } else { c == s };
    text.chars().count() >= shape.len() && text.chars().zip(shape.chars()).all(fits)
}

/// " 2 s", as long as the machine took.
fn late(text: &str) -> Option<usize> {
    let digits = run(text.strip_prefix(' ')?, |c| c.is_ascii_digit());
    (digits > 0 && text.get(1 + digits..)?.starts_with(" s")).then_some(digits + 3)
}

/// Slots stand in random order.
fn sort_labels(lines: &mut [String]) {
    for line in lines {
        if let Some((head, labels)) = line.split_once("labels: ") {
            let mut labels: Vec<&str> = labels.split(", ").collect();
            labels.sort_unstable();
            *line = format!("{head}labels: {}", labels.join(", "));
        }
    }
}

/// Which check notices a flipped bit depends on where it fell.
fn settle_flip(line: String) -> String {
    match line.split_once("one bit flipped: authentic no, ") {
        Some((head, rest)) if rest.contains("(exit code 10)") => {
            format!("{head}one bit flipped: authentic no (exit code 10)")
        }
        _ => line,
    }
}

/// Organisations stand in the order of their IDs.
fn sort_organisations(lines: &mut [String]) {
    let of = |line: &String| line.trim_start().starts_with("Key records of ");
    let first = lines.iter().position(of).unwrap_or(0);
    let count = lines.iter().skip(first).take_while(|line| of(line)).count();
    if let Some(block) = lines.get_mut(first..first + count) {
        block.sort_unstable();
    }
}

#[test]
fn the_transcript_is_as_committed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("demo");
    let output = Command::new(program("uput"))
        .args(["demo", "--dir"])
        .arg(&folder)
        .env("TZ", "UTC")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(program("uputd").exists());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let folder = folder.canonicalize().unwrap();
    // Whoever finds the folder, with the nodes' storage keys in it, finds none of what was said about her.
    let left = left_behind::search(&folder, &VALUES).unwrap();
    assert!(left.violations().is_empty() && left.count("nodes opened") == 4, "{left}");
    for value in VALUES {
        assert!(!told.contains(value) && !String::from_utf8_lossy(&output.stdout).contains(value), "{value}");
    }
    let whole = settled(&(told + &String::from_utf8(output.stdout).unwrap()), &folder);
    if std::env::var_os("UPUT_BLESS").is_some() {
        std::fs::write(GOLDEN, &whole).unwrap();
    }
    let kept = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    for (number, (kept, now)) in kept.lines().zip(whole.lines()).enumerate() {
        assert_eq!(now, kept, "line {}", number + 1);
    }
    assert_eq!(kept.lines().count(), whole.lines().count());
}

#[allow(dead_code, reason = "the command line's own tests use all of it")]
#[path = "../../cli/tests/cli/harness/schema.rs"]
mod schema;

#[test]
fn the_json_answers_about_the_demonstration_follow_their_schemas() {
    // [CLI-4] Of the demonstration, and of what its last words offer to try, on the bundles that real nodes made.
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("demo");
    assert!(program("uputd").exists());
    let answer = |words: &[&str]| {
        let output = Command::new(program("uput")).args(words).arg("--json").current_dir(home.path()).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        schema::check(&answer);
        assert_eq!(answer["exit_code"], output.status.code().unwrap());
        answer
    };
    let played = answer(&["demo", "--dir", &folder.display().to_string()]);
    assert_eq!(played["ok"], true, "{played}");
    let trust = played["trust"].as_str().unwrap();
    let verifications = played["verifications"].as_array().unwrap();
    assert!(verifications.len() >= 3, "{played}");
    for told in verifications {
        let verified = answer(&["trail", "verify", told["bundle"].as_str().unwrap(), "--trust", trust]);
        assert_eq!((&verified["authentic"], &verified["exit_code"]), (&told["authentic"], &told["exit_code"]));
    }
    assert_eq!(
        answer(&["demo", "--dir", &folder.display().to_string()])["ok"],
        false,
        "a folder is not played in twice"
    );
}
