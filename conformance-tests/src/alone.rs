//! A test runs again, alone, in namespaces of its own, where it may fill disks and cut wires.
//!
//! Guarantees that what it mounts, wires up and starts is seen by nobody else and ends with it: mounts, network and
//! process numbers are all its own, and its end ends every program in them. Where the system does not permit that, it
//! says so past the test runner's capture, and the test counts as passed: the line is what was not tested.

use std::io::Write;
use std::process::Command;

use crate::failed::{Failed, Outcome};
use crate::organisation::said;

/// Holds the name of the test that runs alone.
const VARIABLE: &str = "UPUT_ALONE";
/// Own mounts, wires and process numbers; the last process to end takes them all along.
const NAMESPACES: [&str; 6] = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Runs `body` in namespaces of its own. `test` is the full name of the test that calls.
///
/// # Errors
/// What the body says.
pub fn alone<F: Future<Output = Outcome<()>>>(test: &str, body: impl FnOnce() -> F) -> Outcome<()> {
    if std::env::var_os(VARIABLE).is_some_and(|name| name == test) {
        said("ip link set lo up", &Command::new("ip").args(["link", "set", "lo", "up"]).output()?)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(body());
    }
    match permitted()? {
        Ok(user) => again(test, user),
        Err(reason) => Ok(skip(test, &reason)?),
    }
}

/// Says that a test was not made, and why.
///
/// # Errors
/// If stderr is gone.
pub fn skip(test: &str, reason: &str) -> std::io::Result<()> {
    // Not by `eprintln!`: the test runner would keep that to itself.
    writeln!(std::io::stderr(), "SKIPPED {test}: {reason}")
}

/// How the namespaces are to be had: as who we are, or as root of nothing else. Otherwise why not.
fn permitted() -> Outcome<Result<&'static [&'static str], String>> {
    let mut reason = String::new();
    for user in [&[][..], &["--map-root-user"][..]] {
        let probe = "mount -t tmpfs tmpfs /mnt && ip link add name probe0 type veth peer name probe1";
        let tried = Command::new("unshare").args(user).args(NAMESPACES).args(["--", "sh", "-c", probe]).output();
        match tried {
            Ok(output) if output.status.success() => return Ok(Ok(user)),
            Ok(output) => reason = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "),
            Err(error) => reason = format!("unshare: {error}"),
        }
    }
    Ok(Err(format!("this system gives no namespaces with mounts and wires: {reason}")))
}

fn again(test: &str, user: &[&str]) -> Outcome<()> {
    let ended = Command::new("unshare")
        .args(user)
        .args(NAMESPACES)
        .arg("--")
        .arg(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, test)
        .output()?;
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // A test that is not found passes too: it must have run.
    if ended.status.success() && said.contains("1 passed") {
        return Ok(());
    }
    Err(Failed::because(format!("{test}, alone:\n{said}")))
}
