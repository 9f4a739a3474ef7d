//! Folders that another version of this program wrote.
//!
//! Guarantees that a folder of an earlier format is taken over whole or not at all, whenever the power fails: until the new
//! `FORMAT` stands, it is one of the earlier format, and what is replaced was copied before. That what a newer program wrote
//! is never dropped, and never passed over where it must not be. Leaves to backups the way back once anything new is recorded.

use std::collections::BTreeSet;
use std::io;

use super::StorageError;
use super::folder::{FORMAT, Known, VERSION};
use crate::disk::{Disk, Failure};
use crate::journal::head::{self, Head, HeadFile};

/// Kinds from here on may be passed over by a program that does not know them; those before may not. [UPG-2]
pub const PASSED_OVER: u16 = 0x8000;
/// What is replaced when a folder is taken over.
const REPLACED: [&str; 2] = [FORMAT, head::FILE];

/// Which kinds this program passes over, if it knows all that it may not. Changes nothing. [UPG-2] [UPG-3]
pub(super) fn demand_known(kinds: &BTreeSet<u16>, knows: fn(u16) -> bool) -> Result<Vec<u16>, StorageError> {
    let strange: Vec<u16> = kinds.iter().copied().filter(|kind| !knows(*kind)).collect();
    match strange.iter().find(|kind| **kind < PASSED_OVER) {
        Some(needed) => Err(StorageError::NewerRecords(*needed)),
        None => Ok(strange),
    }
}

/// Makes a folder of an earlier format one of this version. Begun anew by each start until it is done. [UPG-4] [UPG-5]
pub(super) fn take_over(
    disk: &dyn Disk,
    known: &Known,
    head_file: &mut HeadFile,
    head: &mut Head,
) -> Result<(), Failure> {
    if known.version == VERSION {
        head_file.set_label(&known.text);
        return forget_copies(disk);
    }
    tracing::warn!(from = known.version, to = VERSION, "the data folder is taken over from an earlier format");
    for name in REPLACED {
        let bytes = disk.read(name)?;
        disk.replace("", &copy_of(name, known.version), &bytes)?;
    }
    let text = known.taken_over();
    head_file.set_label(&text);
    // Both slots: what stands beside the head is never older than FORMAT.
    for _ in 0..2 {
        head.sequence += 1;
        head_file.write(head)?;
    }
    disk.replace("", FORMAT, &text)
}

/// The start before opened it in this format: nobody goes back by them any more.
fn forget_copies(disk: &dyn Disk) -> Result<(), Failure> {
    for name in (1..VERSION).flat_map(|version| REPLACED.map(|name| copy_of(name, version))) {
        match disk.remove(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

fn copy_of(name: &str, version: u32) -> String {
    format!("{name}.format-{version}")
}
