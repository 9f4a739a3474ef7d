//! Backups of a data folder: made beside the running node, opened by people who hold a recipient's key.
//!
//! Guarantees that a backup which is called good was read again, opened, and is byte by byte what the folder held at one
//! acknowledged moment; that one which is truncated, changed, out of its order or not whole is refused with a reason; and
//! that the key book is in it only under a key of its own, which lies elsewhere and is destroyed within thirty days.
//! Leaves to the node what a restored folder may say: it begins a new incarnation. Source: specs/backup.md.

mod archive;
mod chain;
pub mod command;
mod error;
mod making;
mod manifest;
mod opening;
mod recipients;
mod restored;
#[cfg(test)]
mod tests;

pub use error::BackupError;
pub use making::{Made, Making};
pub use opening::{Opened, Opening};
pub use recipients::{Holders, Identities, new_identity};
pub use restored::{RESTORED, Restored};

/// How long the key of a key book is kept, seconds. [BAK-14]
pub const BOUND: u64 = 30 * 86_400;

/// The file of a backup, or of the key of its key book. [BAK-2]
fn file_name(number: u64) -> String {
    format!("{number:06}.age")
}

/// The number that such a name says.
fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".age")?.parse().ok()?;
    (number > 0 && file_name(number) == name).then_some(number)
}

/// The numbers in a folder, ascending.
fn numbers(folder: &std::path::Path) -> Result<Vec<u64>, BackupError> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error::io("reading", folder))? {
        let name = entry.map_err(error::io("reading", folder))?.file_name();
        numbers.extend(name.to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
