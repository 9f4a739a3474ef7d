//! `uputd backup`: what people and timers call. [BAK-40]

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{BackupError, Holders, Identities, Made, Making, Opened, Opening, error::io, new_identity};
use crate::clock;
use crate::disk::{Disk, RealDisk, SimulatedDisk};
use crate::exit::Failure;
use crate::node_key::{KeyPlace, Sources};
use crate::storage::StorageKey;

/// Said every so many bytes.
const EVERY: u64 = 64 << 20;

/// Make, verify and restore backups of a node's folder
#[derive(Subcommand)]
pub enum Backup {
    /// Make a key for somebody who shall be able to open backups; best on a stick of theirs
    Key(NewKey),
    /// Make the next backup of a folder, while its node runs or not
    Create(Create),
    /// Open a backup and check all of it; nothing is written
    Verify(From),
    /// Put a folder together from a backup; its node begins a new incarnation
    Restore(Restore),
}

/// Whose key.
#[derive(Args)]
pub struct NewKey {
    /// File that is not there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What of, where to, for whom.
#[derive(Args)]
pub struct Create {
    /// Folder of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Folder of the backups
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Folder of the keys of their key books: another place, of which no copies are made; what lies here is destroyed
    /// within 30 days
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// Who can open it, as `uputd backup key` shows it; at least two
    #[arg(long, value_name = "age1...", required = true)]
    recipient: Vec<String>,
}

/// Which backup.
#[derive(Args)]
pub struct From {
    /// Folder of the backups
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder of the keys of their key books
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// File with the key of one recipient
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// An older backup than the newest
    #[arg(long, value_name = "NUMBER")]
    number: Option<u64>,
    /// File whose first line is the passphrase that the node had when the backup was made; without it a person is asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Which backup, and where to.
#[derive(Args)]
pub struct Restore {
    #[command(flatten)]
    from: From,
    /// Folder of the node: empty, or not there yet
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Backup {
    /// Does it; the line for programs.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(self) -> Result<String, Failure> {
        match self {
            Self::Key(NewKey { out }) => Ok(format!("recipient={}", new_identity(&out)?)),
            Self::Create(create) => create.run(),
            Self::Verify(from) => {
                // In memory: the clear folder is never on a disk of whoever only checks.
                let opened = from.put_together(&SimulatedDisk::new())?;
                Ok(line("good", &opened))
            }
            Self::Restore(restore) => restore.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<String, Failure> {
        let holders = Holders::parse(&self.recipient)?;
        // [RST-1] A timer gives a credential.
        let place = KeyPlace::find(&self.dir, &Sources::here(None))?;
        let key = StorageKey::new(place.read()?.storage.clone());
        let (secrets, now) = (place.path(), clock::now());
        let (folder, to, keys) = (&self.dir, &self.to, &self.keys);
        let making = Making { folder, secrets: &secrets, to, keys, holders: &holders, now };
        let Made { number, records, new, bytes, destroyed } = making.make(&key, &mut progress())?;
        Ok(format!("backup={number} records={records} new={new} bytes={bytes} destroyed={destroyed}"))
    }
}

impl From {
    fn put_together(&self, disk: &dyn Disk) -> Result<Opened, BackupError> {
        let identities = Identities::read(&self.identity)?;
        let sources = Sources::here(self.passphrase_file.as_deref());
        let (from, keys, number) = (&self.from, &self.keys, self.number);
        let opening = Opening { from, keys, identities: &identities, number, sources: &sources };
        opening.put_together(disk, &mut progress())
    }
}

impl Restore {
    fn run(self) -> Result<String, Failure> {
        refuse_existing(&self.dir)?;
        let restored = self.from.put_together(&RealDisk::new(&self.dir));
        let left = self.dir.display().to_string();
        restored.map(|opened| line("restored", &opened)).map_err(|error| match self.dir.exists() {
            true => Failure::from(error).leaving(&left),
            false => error.into(),
        })
    }
}

fn refuse_existing(folder: &Path) -> Result<(), BackupError> {
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("reading", folder)(error)),
        Ok(true) => Err(crate::storage::StorageError::Exists(folder.display().to_string()).into()),
    }
}

fn line(word: &str, opened: &Opened) -> String {
    let Opened { number, made, records, keys } = opened;
    format!("{word}={number} made={made} records={records} keys={keys}")
}

/// Says on stderr how far it is, seldom.
fn progress() -> impl FnMut(u64) {
    let (mut done, mut said) = (0_u64, 0_u64);
    move |bytes| {
        done = done.saturating_add(bytes);
        if done / EVERY > said {
            said = done / EVERY;
            // If stderr is gone nobody waits.
            let _ = writeln!(std::io::stderr(), "uputd: {} MiB", done >> 20);
        }
    }
}
