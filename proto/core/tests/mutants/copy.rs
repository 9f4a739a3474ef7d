//! A copy of the evaluator's sources with something changed in them, compiled with the checks.
//!
//! Guarantees that what is compiled is `src/state` as it stands, but for the edits, and `tests/state` as it stands: the
//! shipped evaluator has no switch, and a check that a mutant escapes is the check that runs on the evaluator. IDs and
//! the codes of acts and bases are all that the copy has of its own, so that it needs no other crate.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// One place that is changed: what stands there exactly once, and what stands there instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    /// A file of `src/state`.
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) output: String,
    pub(crate) success: bool,
    /// It was stopped because it took too long.
    pub(crate) endless: bool,
}

/// A folder with the sources, removed when it is dropped.
pub(crate) struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// Of the sources with these edits.
    pub(crate) fn edited(edits: &[Edit]) -> Result<Self, String> {
        let copy = Self::of_sources();
        for edit in edits {
            let text = copy.read(edit.file);
            if text.matches(edit.from).count() != 1 {
                return Err(format!("in {} stands not exactly once: {}", edit.file, edit.from));
            }
            copy.write(edit.file, &text.replace(edit.from, edit.to));
        }
        Ok(copy)
    }

    /// Of the sources as they stand.
    pub(crate) fn of_sources() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("uput-mutant-{}-{number}", std::process::id()));
        let copy = Self { folder };
        std::fs::create_dir_all(copy.folder.join("state")).unwrap();
        for file in std::fs::read_dir(root().join("src/state")).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, copy.folder.join("state").join(file.file_name().unwrap())).unwrap();
        }
        std::fs::write(copy.folder.join("main.rs"), program()).unwrap();
        copy
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join("state").join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join("state").join(file), text).unwrap();
    }

    /// Compiles it to a program that prints the smallest violation, or nothing.
    ///
    /// # Errors
    /// What the compiler says.
    pub(crate) fn compile(&self) -> Result<(), String> {
        let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        compiler.current_dir(root()).env("CARGO_MANIFEST_DIR", root());
        // Most violations are small and found at once.
        compiler.args(["--edition=2024", "-Copt-level=0"]);
        let made = compiler.arg("-o").arg(self.binary()).arg(self.folder.join("main.rs")).output().unwrap();
        if made.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&made.stderr).into_owned()) }
    }

    /// Runs it, for so long at most.
    pub(crate) fn run(&self, arguments: &[&str], limit: Duration) -> Outcome {
        let output = self.folder.join("output");
        let file = std::fs::File::create(&output).unwrap();
        let mut command = Command::new(self.binary());
        command.args(arguments).env("CARGO_MANIFEST_DIR", root()).stderr(Stdio::null()).stdout(file);
        let (mut running, start) = (command.spawn().unwrap(), Instant::now());
        let status = loop {
            match running.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if start.elapsed() > limit => break None,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        if status.is_none() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
        Outcome {
            output: String::from_utf8_lossy(&std::fs::read(&output).unwrap()).into_owned(),
            success: status.is_some_and(|status| status.success()),
            endless: status.is_none(),
        }
    }

    fn binary(&self) -> PathBuf {
        self.folder.join("mutant")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The copy, under the name of the crate that it is a copy of, with the checks as they stand.
fn program() -> String {
    let module = |folder: &str, name: &str| {
        let file = root().join("tests").join(folder).join(format!("{name}.rs"));
        format!("#[path = {file:?}] pub mod {name};\n")
    };
    let checks = ["chains", "check", "invariant", "kinds", "oracle", "smallest", "views"];
    let mut text = String::from("#![allow(warnings)]\nextern crate self as uput_core;\n");
    ["agreement", "catalogue", "id", "wire"].iter().for_each(|name| text.push_str(&module("mutants", name)));
    text.push_str(&format!("#[path = {:?}] pub mod act;\n", root().join("src/act.rs")));
    text.push_str("#[path = \"state/mod.rs\"] pub mod state;\n");
    checks.iter().for_each(|name| text.push_str(&module("state", name)));
    text.push_str("fn main() { smallest::print(); }\n");
    text
}
