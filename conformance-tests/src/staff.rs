//! The invented people of an organisation: its administrator, whose access file lies in the node's folder, and a worker
//! and a second supervisor, for whom the administrator makes accounts as in any organisation.

use serde_json::Value;

use crate::failed::{Failed, Outcome};

/// The worker's access file.
pub const WORKER: &str = "worker.toml";
/// The access file of the second supervisor, who decides on what the worker may not do alone.
pub const SECOND: &str = "second.toml";
/// The name that the account gets, an invented word. Personal data: only answers to the administrator may hold it.
pub const NAME: &str = "Zvezdogorka";

/// Whether the administrator gives that command; otherwise the worker does.
#[must_use]
pub fn administers(noun: &str) -> bool {
    matches!(noun, "account" | "agreement" | "node" | "peer")
}

/// The command that makes the worker's account. It reads the name from a file.
#[must_use]
pub const fn account(name_file: &str) -> [&str; 6] {
    ["account", "create", "--role", "supervisor", "--name-file", name_file]
}

/// The command that makes the worker's access file.
///
/// # Errors
/// If the answer to the command before names no account.
pub fn token<'a>(made: &'a Value, file: &'a str) -> Outcome<[&'a str; 5]> {
    let account = made.pointer("/account/account").and_then(Value::as_str);
    let account = account.ok_or_else(|| Failed::because("the answer names no account"))?;
    Ok(["account", "token", account, "--to", file])
}
