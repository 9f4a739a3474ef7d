//! A program of the organisation.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use uput_core::sensitive::Sensitive;

use super::{Failed, TEXT};
use crate::on_call::settings::CommandConfig;

/// Where programs that it calls are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Starts a program, without a shell. [ONC-11]
pub(super) struct Command {
    argv: Vec<String>,
}

/// Ends the program and whatever it started, by their group's ID, unless it has ended.
struct Group(Option<Pid>);

impl Command {
    pub(super) fn new(config: &CommandConfig) -> Self {
        Self { argv: config.argv.clone() }
    }

    /// The address goes to its standard input: arguments and environment are seen by everybody on the computer.
    pub(super) async fn send(&self, address: &Sensitive<String>) -> Result<(), Failed> {
        let (program, arguments) = self.argv.split_first().ok_or(Failed::NotConfigured)?;
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).env_clear().env("PATH", PATH).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|_| Failed::Unreachable)?;
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)));
        if let Some(mut input) = child.stdin.take() {
            let said = zeroize::Zeroizing::new(format!("{}\n{TEXT}\n", address.expose()));
            // A program that does not read it is as good: it may know whom to ring.
            let _ = input.write_all(said.as_bytes()).await;
        }
        let ended = child.wait().await.map_err(|_| Failed::Refused)?;
        group.0 = None;
        if ended.success() { Ok(()) } else { Err(Failed::Refused) }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It was still there a moment ago: nobody else has that ID before it is waited for.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
