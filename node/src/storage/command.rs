//! `uputd index`: what people call when the index has become large. [STO-38]

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::rebuilding::Rebuilt;
use super::{Options, Storage, StorageKey};
use crate::exit::Failure;
use crate::node_key::{KeyPlace, Sources};
use crate::record;

/// Said every so many records.
const EVERY: u64 = 100_000;

/// Look after the index of a node that does not run
#[derive(Subcommand)]
pub enum IndexCommand {
    /// Build the index anew from the journal, which gives its space back
    #[command(after_help = "Example:\n  uputd index rebuild --dir /var/lib/uput")]
    Rebuild(Rebuild),
}

/// Which folder.
#[derive(Args)]
pub struct Rebuild {
    /// Folder of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// File whose first line is the passphrase of the node; left out: the credential uput.passphrase, or it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl IndexCommand {
    /// Does it; the line for programs.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(self) -> Result<String, Failure> {
        let Self::Rebuild(Rebuild { dir, passphrase_file }) = self;
        let place = KeyPlace::find(&dir, &Sources::here(passphrase_file.as_deref()))?;
        let key = StorageKey::new(place.read()?.storage.clone());
        let options = Options { knows: record::is_known, ..Options::default() };
        let Rebuilt { records, before, after } =
            Storage::rebuild_index(&dir, &key, options, record::project, progress)?;
        Ok(format!("records={records} before={before} after={after}"))
    }
}

/// Says on stderr how far it is, seldom.
fn progress(record: u64) {
    if record > 0 && record.is_multiple_of(EVERY) {
        // If stderr is gone nobody waits.
        let _ = writeln!(std::io::stderr(), "uputd: {record} records");
    }
}
