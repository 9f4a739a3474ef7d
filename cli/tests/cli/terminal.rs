//! What a person at a terminal sees and answers: the program runs on a terminal that `script` (util-linux) gives it.
//!
//! Not every system has that program: a test that could not be made says so on standard error.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::commands::{PASSPHRASE, place_files};
use crate::fake_node::FakeNode;

/// On a loaded machine, with a key that takes a moment to open.
const PATIENCE: Duration = Duration::from_secs(60);
/// The end of input, as a terminal says it.
pub(crate) const END: &str = "\x04";
pub(crate) const INTERRUPT: &str = "\x03";
const SIGN: &str = "Sign? [y/N]";
const PASSPHRASE_PROMPT: &str = "passphrase of the key:";

/// A program on a terminal, and a person before it.
pub(crate) struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    shown: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Runs `uput` with these words; none, if no terminal can be had here.
    pub(crate) fn run(test: &str, folder: &Path, words: &str) -> Option<Self> {
        Self::shell(test, folder, &format!("exec {} {words} --node {}", program(), folder.display()))
    }

    /// Runs a line of the shell.
    pub(crate) fn shell(test: &str, folder: &Path, line: &str) -> Option<Self> {
        if !cfg!(target_os = "linux") || Command::new("script").arg("--version").output().is_err() {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: this system has no `script` that gives a terminal");
            return None;
        }
        let mut script = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command", line, "/dev/null"])
            .current_dir(folder)
            .env("SHELL", "/bin/sh")
            .env_remove("UPUT_NODE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (keyboard, mut screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let (show, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if show.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self { script, keyboard, shown, seen: String::new() })
    }

    /// Waits until something stands on the screen.
    pub(crate) fn waits_for(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.seen.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "waited for {text:?}, saw {:?}", self.seen);
            match self.shown.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {text:?}: {:?}", self.seen),
            }
        }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Exit code, and all that stood on the screen.
    pub(crate) fn ends(mut self) -> (i32, String) {
        let begun = Instant::now();
        while let Ok(bytes) = self.shown.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        // Only now: a keyboard that goes away would be the end of input.
        drop(self.keyboard);
        (self.script.wait().unwrap().code().unwrap(), self.seen)
    }

    /// Waits for a prompt whose answer is not shown: until it stands there and the terminal shows nothing more.
    pub(crate) fn waits_unseen(&mut self, prompt: &str) {
        self.waits_for(prompt);
        let begun = Instant::now();
        while !self.processes().iter().any(|process| is_unseen(*process)) {
            assert!(begun.elapsed() < PATIENCE, "the terminal still shows what is typed");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every program on this terminal.
    fn processes(&self) -> BTreeSet<u32> {
        let mut found = BTreeSet::from([self.script.id()]);
        let mut open = vec![self.script.id()];
        while let Some(process) = open.pop() {
            let children = format!("/proc/{process}/task/{process}/children");
            let children = std::fs::read_to_string(children).unwrap_or_default();
            open.extend(
                children.split_whitespace().map(|id| id.parse::<u32>().unwrap()).filter(|id| found.insert(*id)),
            );
        }
        found
    }

    /// Their arguments and environment, as any user of the computer may see the former.
    pub(crate) fn visible(&self) -> String {
        let processes = self.processes();
        let paths = |name: &'static str| processes.iter().map(move |id| format!("/proc/{id}/{name}"));
        let all = paths("cmdline").chain(paths("environ"));
        let bytes: Vec<u8> = all.flat_map(|path| std::fs::read(path).unwrap_or_default()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// `uput`, which hears an interrupt also where these tests run behind something that ignores it, as `nohup` may.
pub(crate) fn program() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0").trim();
    let interrupt = 1 << 1;
    let is_ignored = u64::from_str_radix(ignored, 16).is_ok_and(|signals| signals & interrupt != 0);
    format!("{}{}", if is_ignored { "env --default-signal=INT " } else { "" }, env!("CARGO_BIN_EXE_uput"))
}

/// Whether a program sits at a terminal that shows nothing of what is typed. Its own files tell nobody: it cannot be
/// traced.
fn is_unseen(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name, which may hold spaces: state, parent, group, session, terminal.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let device: u32 = after_name.split_whitespace().nth(4).and_then(|number| number.parse().ok()).unwrap_or(0);
    let terminal = format!("--file=/dev/pts/{}", (device & 0xff) | ((device >> 12) & 0xf_ff00));
    // The terminals of 136 and after are those that programs make.
    let is_made = (136..144).contains(&((device >> 8) & 0xfff));
    is_made && {
        let said = Command::new("stty").args([&terminal, "--all"]).output().unwrap();
        String::from_utf8_lossy(&said.stdout).contains("-icanon")
    }
}

fn node() -> FakeNode {
    let node = FakeNode::start();
    place_files(node.folder(), true);
    node
}

fn propose(key: &str) -> String {
    format!("agreement propose agreement.toml --organisation-key {key}")
}

#[test]
fn whatever_is_not_yes_at_a_prompt_is_a_cancellation() {
    // [CLI-15]
    for answer in ["n\n", "\n", "yess\n", END] {
        let node = node();
        let words = propose("organisation.key");
        let test = "whatever_is_not_yes_at_a_prompt_is_a_cancellation";
        let Some(mut terminal) = Terminal::run(test, node.folder(), &words) else { return };
        terminal.waits_for(SIGN);
        terminal.types(answer);
        let (code, seen) = terminal.ends();
        assert_eq!(code, 3, "{answer:?}: {seen}");
        assert!(seen.contains("cancelled; nothing was done"), "{seen}");
        assert!(!node.take_requests().contains("ProposeAgreement"), "{answer:?} was taken for a yes");
    }
}

#[test]
fn an_interrupt_at_a_prompt_does_nothing_either() {
    // [CLI-15]
    let node = node();
    let words = propose("organisation.key");
    let test = "an_interrupt_at_a_prompt_does_nothing_either";
    let Some(mut terminal) = Terminal::run(test, node.folder(), &words) else { return };
    terminal.waits_for(SIGN);
    terminal.types(INTERRUPT);
    assert_eq!(terminal.ends().0, 128 + 2);
    assert!(!node.take_requests().contains("ProposeAgreement"));
}

#[test]
fn a_yes_at_a_prompt_does_it() {
    let node = node();
    let words = propose("organisation.key");
    let Some(mut terminal) = Terminal::run("a_yes_at_a_prompt_does_it", node.folder(), &words) else { return };
    terminal.waits_for(SIGN);
    terminal.types("y\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(node.take_requests().contains("ProposeAgreement"));
}

#[test]
fn a_passphrase_is_typed_unseen_and_stands_nowhere() {
    // [CLI-14] [CLI-41]
    let node = node();
    let test = "a_passphrase_is_typed_unseen_and_stands_nowhere";
    let Some(mut terminal) = Terminal::run(test, node.folder(), &propose("locked.key")) else { return };
    terminal.waits_unseen(PASSPHRASE_PROMPT);
    terminal.types(&format!("{PASSPHRASE}\n"));
    terminal.waits_for(SIGN);
    let visible = terminal.visible();
    // The control: the program is among those that were looked at.
    assert!(visible.contains("locked.key") && visible.contains("SHELL=/bin/sh"), "{visible}");
    assert!(!visible.contains(PASSPHRASE), "{visible}");
    terminal.types("y\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(PASSPHRASE), "{seen}");
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_is_not_shown() {
    // [CLI-41] [CLI-12]
    let node = node();
    let test = "a_wrong_passphrase_opens_nothing_and_is_not_shown";
    let Some(mut terminal) = Terminal::run(test, node.folder(), &propose("locked.key")) else { return };
    terminal.waits_unseen(PASSPHRASE_PROMPT);
    terminal.types("another invented one\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("WRONG_PASSPHRASE") && seen.contains("try again"), "{seen}");
    assert!(!seen.contains("another invented one"), "{seen}");
    assert_eq!(node.take_requests(), "", "the key is opened before anything is asked of the node");
}

#[test]
fn who_gives_no_passphrase_has_cancelled() {
    // [CLI-15]
    let node = node();
    let test = "who_gives_no_passphrase_has_cancelled";
    let Some(mut terminal) = Terminal::run(test, node.folder(), &propose("locked.key")) else { return };
    terminal.waits_unseen(PASSPHRASE_PROMPT);
    terminal.types(END);
    let (code, seen) = terminal.ends();
    assert_eq!(code, 3, "{seen}");
    assert!(seen.contains("CANCELLED"), "{seen}");
}

#[test]
fn an_invitation_is_typed_unseen() {
    // [CLI-14]
    let node = node();
    let test = "an_invitation_is_typed_unseen";
    let Some(mut terminal) = Terminal::run(test, node.folder(), "peer accept Hotline") else { return };
    terminal.waits_unseen("invitation line:");
    terminal.types("uput-invitation-v1:invented\n");
    let (code, seen) = terminal.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("uput-invitation-v1"), "{seen}");
}

#[test]
fn nobody_is_asked_who_said_not_to_be() {
    // [CLI-6] Also on a terminal.
    let node = node();
    let words = format!("{} --no-input", propose("organisation.key"));
    let Some(terminal) = Terminal::run("nobody_is_asked_who_said_not_to_be", node.folder(), &words) else { return };
    let (code, seen) = terminal.ends();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("--yes") && !seen.contains(SIGN), "{seen}");
}
