//! The bench at few cases: that it works, not how fast.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::process::Command;

use uput_conformance::programs::Programs;

/// [NOD-37]
#[test]
fn lists_at_many_cases_are_measured() {
    // Built before: the bench finds them beside itself.
    let _ = Programs::find().unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--cases", "130"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("CARGO")
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    for line in
        ["130 cases", "bare index", "GetNode", "ListTrails, supervisor, what waits", "case worker", "starts with"]
    {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
}
