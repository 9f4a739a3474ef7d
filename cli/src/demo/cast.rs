//! The four invented organisations: their folders, their programs, and the commands that their people give.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stage::Stage;
use crate::exit::Exit;
use crate::failure::Failure;

/// Short name, and what people call it.
const ORGANISATIONS: [(&str, &str); 4] = [
    ("hotline", "Hotline and Crisis Centre Breza"),
    ("shelter-jasen", "Shelter Jasen"),
    ("shelter-lipa", "Shelter Lipa"),
    ("centre", "Centre for Social Work Vrbovac"),
];

/// Asks and answers.
const CASE_WORKER: &str = "case-worker";
/// Reads and exports without values.
const AUDITOR: &str = "auditor";

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(40);

/// All of them.
pub(super) struct Cast {
    houses: Vec<House>,
}

/// One organisation.
pub(super) struct House {
    pub(super) name: &'static str,
    title: &'static str,
    folder: PathBuf,
    program: Mutex<Option<Child>>,
}

impl Cast {
    /// Makes a node for each, and starts it.
    pub(super) fn assemble(stage: &Stage) -> Result<Self, Failure> {
        stage.chapter("Four invented organisations each make a node of their own.");
        let ports = free_ports()?;
        let made: Vec<Result<House, Failure>> = thread::scope(|scope| {
            let tasks: Vec<_> = ORGANISATIONS
                .iter()
                .zip(ports)
                .map(|((name, title), port)| scope.spawn(move || House::make(stage.dir(), name, title, port)))
                .collect();
            tasks.into_iter().map(|task| task.join().unwrap_or_else(|_| Err(broken()))).collect()
        });
        let houses = made.into_iter().collect::<Result<Vec<_>, _>>()?;
        let cast = Self { houses };
        for house in &cast.houses {
            house.start()?;
            house.employ()?;
            stage.step(house.name, &format!("uputd runs for {}", house.title));
        }
        Ok(cast)
    }

    /// One of them.
    pub(super) fn of(&self, name: &str) -> Result<&House, Failure> {
        self.houses.iter().find(|house| house.name == name).ok_or_else(broken)
    }

    /// All of them.
    pub(super) fn all(&self) -> &[House] {
        &self.houses
    }

    /// Ends the programs in good order.
    pub(super) fn leave(&self) -> Result<(), Failure> {
        self.houses.iter().try_for_each(House::stop)
    }

    /// For programs.
    pub(super) fn describe(&self) -> Vec<Value> {
        let describe = |house: &House| json!({ "name": house.name, "title": house.title, "folder": house.node() });
        self.houses.iter().map(describe).collect()
    }
}

impl House {
    fn make(dir: &Path, name: &'static str, title: &'static str, port: u16) -> Result<Self, Failure> {
        let house = Self { name, title, folder: dir.join(name), program: Mutex::new(None) };
        std::fs::create_dir(&house.folder).map_err(|error| Failure::file("make", &house.folder, &error))?;
        let address = format!("127.0.0.1:{port}");
        let (node, key) = (house.node(), house.organisation_key());
        let mut command = program();
        command.args(["node", "init", "--dir"]).arg(&node).arg("--organisation-key").arg(&key);
        command.args(["--peer", &address, "--endpoint", &address, "--api", "127.0.0.1:0"]);
        done(&mut command)?;
        Ok(house)
    }

    /// Its data folder.
    pub(super) fn node(&self) -> PathBuf {
        self.folder.join("node")
    }

    /// The file that in life would be a stick in a safe.
    pub(super) fn organisation_key(&self) -> PathBuf {
        self.folder.join("organisation.key")
    }

    /// A file in its folder.
    pub(super) fn file(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
        Ok(path)
    }

    /// Gives a command to its node, as the person who may, and reads the JSON answer.
    pub(super) fn uput(&self, words: &[&str]) -> Result<Value, Failure> {
        let mut command = program();
        command.args(words).arg("--node").arg(self.node()).args(["--json", "--no-input", "--yes"]);
        if let Some(role) = role_for(words) {
            command.arg("--as").arg(self.access(role));
        }
        answer(&mut command)
    }

    /// The access file of whoever has that role.
    fn access(&self, role: &str) -> PathBuf {
        self.folder.join(format!("{role}.toml"))
    }

    /// The administrator makes an account for each of its people.
    fn employ(&self) -> Result<(), Failure> {
        for role in [CASE_WORKER, AUDITOR] {
            let name = self.file("name.txt", &format!("An invented {role} of {}", self.name))?;
            let made = self.uput(&["account", "create", "--role", role, "--name-file", &name.to_string_lossy()])?;
            std::fs::remove_file(&name).map_err(|error| Failure::file("remove", &name, &error))?;
            let account = made.pointer("/account/account").and_then(Value::as_str).ok_or_else(broken)?;
            self.uput(&["account", "token", account, "--to", &self.access(role).to_string_lossy()])?;
        }
        Ok(())
    }

    /// A command with a file of fields, which is removed when it was read.
    pub(super) fn uput_with(&self, words: &[&str], fields: &str) -> Result<Value, Failure> {
        let file = self.file("fields.toml", fields)?;
        let said = self.uput(&[words, &["--fields", &file.to_string_lossy()]].concat());
        std::fs::remove_file(&file).map_err(|error| Failure::file("remove", &file, &error))?;
        said
    }

    /// Asks again until the answer is as awaited.
    pub(super) fn until(&self, words: &[&str], holds: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        let begun = Instant::now();
        loop {
            let said = self.uput(words);
            match said {
                Ok(said) if holds(&said) => return Ok(said),
                Err(failure) if begun.elapsed() > PATIENCE => return Err(failure),
                _ if begun.elapsed() > PATIENCE => return Err(too_slow(self.name, words)),
                _ => thread::sleep(LOOK),
            }
        }
    }

    fn start(&self) -> Result<(), Failure> {
        let log = self.folder.join("uputd.log");
        let file = File::create(&log).map_err(|error| Failure::file("make", &log, &error))?;
        let path = sibling("uputd")?;
        let mut child = Command::new(&path)
            .arg("--config")
            .arg(self.node().join("uput.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .map_err(|error| Failure::file("start", &path, &error))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            let read = BufReader::new(out).read_line(&mut line);
            read.map_err(|error| Failure::file("read from", &path, &error))?;
        }
        *self.program.lock().map_err(|_| broken())? = Some(child);
        if line.starts_with("ready ") {
            return Ok(());
        }
        let words = format!("the node of {} did not start; see {}", self.name, log.display());
        Err(Failure::new(Exit::Failed, "NODE_DID_NOT_START", &words))
    }

    /// Asks the program to stop, waits, and ends it if it does not.
    fn stop(&self) -> Result<(), Failure> {
        let Some(mut child) = self.program.lock().map_err(|_| broken())?.take() else { return Ok(()) };
        let pid = child.id().to_string();
        let asked = Command::new("kill").arg(&pid).stderr(Stdio::null()).status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < Duration::from_secs(3) {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        let _ = child.kill();
        let _ = child.wait();
        Ok(())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // After a failure too, no program of ours stays behind.
        let _ = self.stop();
    }
}

/// Who gives a command: none is the administrator, whose access file lies in the node's folder.
fn role_for(words: &[&str]) -> Option<&'static str> {
    match words {
        ["account" | "agreement" | "node" | "peer", ..] => None,
        ["trail", "export", ..] => Some(AUDITOR),
        _ => Some(CASE_WORKER),
    }
}

/// This program, as people call it.
pub(super) fn program() -> Command {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("uput"));
    let mut command = Command::new(path);
    command
        .env_remove("UPUT_NODE")
        .env_remove("UPUT_ACCESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program beside this one.
fn sibling(name: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::new(Exit::Failed, "INTERNAL", error.to_string()))?;
    Ok(own.with_file_name(name))
}

/// Runs a command that must end well.
pub(super) fn done(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command.output().map_err(|error| Failure::new(Exit::Failed, "NOT_STARTED", error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(if output.stdout.is_empty() { &output.stderr } else { &output.stdout });
    let words = format!("a step failed: {command:?}: {}", said.trim());
    Err(Failure::new(Exit::Failed, "STEP_FAILED", &words))
}

fn answer(command: &mut Command) -> Result<Value, Failure> {
    let out = done(command)?;
    serde_json::from_slice(&out).map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "an answer was no JSON"))
}

/// Ports that were free a moment ago.
fn free_ports() -> Result<Vec<u16>, Failure> {
    let taken = ORGANISATIONS.iter().map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>();
    let ports = taken.and_then(|taken| taken.iter().map(|socket| Ok(socket.local_addr()?.port())).collect());
    ports.map_err(|error: std::io::Error| Failure::new(Exit::Failed, "NO_PORT", error.to_string()))
}

fn too_slow(name: &str, words: &[&str]) -> Failure {
    let command = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    Failure::new(Exit::Failed, "TOO_SLOW", format!("{name}: `uput {command}` did not show what was awaited"))
}

/// What cannot happen while this module is whole.
fn broken() -> Failure {
    Failure::new(Exit::Failed, "INTERNAL", "the demonstration lost its thread")
}
