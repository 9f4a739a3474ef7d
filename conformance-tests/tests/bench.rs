//! The bench at few cases: that it works, not how fast.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::process::Command;

use uput_conformance::programs::Programs;

/// So many that a list has pages, and that a colleague has more than the case worker.
const CASES: &str = "2000";

/// [NOD-37] [CAS-25]
#[test]
fn lists_and_searches_at_many_cases_are_measured() {
    // Built before: the bench finds them beside itself.
    let _ = Programs::find().unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--cases", CASES, "--times", "5"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("CARGO")
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    for line in [
        "2000 cases, delivered at",
        "1900 of them answered, numbered and named",
        "a look into a bare index",
        "load of this machine",
        // A case worker sees what is theirs; a supervisor sees it too, and what is a colleague's.
        "ListCases by external_ref, supervisor (1 at the last)",
        "both words of a name, supervisor (1 at the last)",
        "one case in a hundred has, supervisor (19 at the last)",
        "a word that no case has, case worker (0 at the last)",
        "ListChanges, the last page, case worker",
        "trails that were opened meanwhile",
        "the node starts with 2000 cases",
        "memory after that",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
}
