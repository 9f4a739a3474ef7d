//! Runs the program and compares what it prints with what is kept in `tests/golden`.
//!
//! `UPUT_BLESS=1 cargo test -p uput-cli` writes the files anew; read the difference before keeping it.

mod schema;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use schema::check as check_schema;

/// How a run of the program ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Where clocks show what they show in Belgrade.
pub(crate) const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// Runs the program with nothing of the caller's surroundings.
pub(crate) fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>, input: &str) -> Run {
    run_where(ZONE, folder, arguments, input)
}

/// The same on a computer that keeps another clock.
pub(crate) fn run_where<S: AsRef<OsStr>>(
    zone: &str,
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
    input: &str,
) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_uput"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TZ", zone)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes it; that is fine.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The JSON object that a run printed; nothing else may stand there.
pub(crate) fn json(run: &Run) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| {
        panic!("standard output is not one JSON object: {error}\n{}\n{}", run.stdout, run.stderr)
    });
    assert_eq!(value["exit_code"], run.code, "the object names another exit code");
    assert_eq!(value["ok"], run.code == 0);
    schema::check(&value);
    value
}

/// Compares with the file of that name.
pub(crate) fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("UPUT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, found, "{} differs", path.display());
}
