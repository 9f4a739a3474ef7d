//! Whose folder it is, who has it open, and what lies beside its records.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use rustix::fs::{FlockOperation, flock, statvfs};

use super::{Area, Patient, Reason};
use crate::config::Config;
use crate::disk::taken;
use crate::init::CONFIGURATION;
use crate::storage::folder::VERSION;

const OURS: &str = "uput node data folder";
const ID: usize = 32;
const CHECK: usize = 64;

/// What `FORMAT` says.
fn format(text: &[u8]) -> Result<(), Reason> {
    let text = std::str::from_utf8(text).map_err(|_| Reason::FormatForeign)?;
    let mut lines = text.lines();
    if lines.next() != Some(OURS) {
        return Err(Reason::FormatForeign);
    }
    let version = lines.next().and_then(|line| line.strip_prefix("format ")?.parse::<u32>().ok());
    let older = match version {
        Some(VERSION) => false,
        Some(version) if version > VERSION => return Err(Reason::FormatNewer),
        Some(version) if version > 0 => true,
        _ => return Err(Reason::FormatDamaged),
    };
    let mut digits = |name: &str, length: usize| {
        let found = lines.next().and_then(|line| line.strip_prefix(name));
        found.is_some_and(|found| found.len() == length && found.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let whole = digits("folder ", ID) && digits("key check ", CHECK);
    match (whole, older) {
        (true, false) => Ok(()),
        (true, true) => Err(Reason::FormatOlder),
        (false, _) => Err(Reason::FormatDamaged),
    }
}

impl Patient<'_> {
    /// Whether what lies in it can be judged: it is of a format that is known here, and nobody writes in it.
    pub(super) fn look_at_the_folder(&mut self) -> bool {
        if fs::metadata(self.root).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
            self.wrong(Reason::FolderOpen, "other users of this computer may look into the folder");
        }
        if let Some(Err(reason)) = self.read_or("FORMAT", Reason::FormatMissing).as_deref().map(format) {
            self.wrong(reason, "FORMAT is not one of this version");
            if matches!(reason, Reason::FormatForeign | Reason::FormatNewer) {
                return false;
            }
        }
        if self.is_in_use() {
            self.wrong(Reason::InUse, "a program has the folder open: its records were not looked at");
            return false;
        }
        self.fine_unless_wrong(Area::Folder, "it is a node's, of the format of this version, and closed to others");
        true
    }

    /// Held for a moment only; a node that starts just then says that the folder is in use, and is started again.
    fn is_in_use(&self) -> bool {
        File::open(self.path("LOCK")).is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockShared).is_err())
    }

    pub(super) fn look_at_the_rest(&mut self) {
        self.look_at_the_configuration();
        let quarantined = self.names("quarantine").unwrap_or_default().len();
        match quarantined {
            0 => self.fine(Area::Quarantine, "nothing lies in quarantine"),
            count => self.wrong(Reason::Quarantined, format!("{count} files lie in quarantine")),
        }
        self.look_at_the_disk();
    }

    fn look_at_the_configuration(&mut self) {
        let path = self.path(CONFIGURATION);
        if !path.exists() {
            return self.wrong(Reason::ConfigurationMissing, "there is no uput.toml here");
        }
        match Config::read(&path) {
            Ok(_) => self.fine(Area::Configuration, "uput.toml can be used"),
            Err(error) => self.wrong(Reason::ConfigurationBroken, error.to_string().replace(['\n', '\t'], " ")),
        }
    }

    fn look_at_the_disk(&mut self) {
        match fs::metadata(self.path("RESERVE")).map(|found| found.len()) {
            Err(_) => self.wrong(Reason::ReserveMissing, "there is no RESERVE"),
            Ok(length) if length < self.bounds.reserve => {
                self.wrong(Reason::ReserveGiven, format!("RESERVE has {length} bytes of {}", self.bounds.reserve));
            }
            Ok(_) => {}
        }
        self.look_at_the_bound();
        let free = statvfs(self.root).map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize));
        let said = format!("{} MiB are free", free >> 20);
        match free {
            free if free < self.bounds.gone => self.wrong(Reason::SpaceGone, said),
            free if free < self.bounds.low => self.wrong(Reason::SpaceLow, said),
            _ => self.fine_unless_wrong(Area::Disk, format!("{said}, and the reserve is there")),
        }
    }

    /// What the folder may take, and takes. [STO-35]
    fn look_at_the_bound(&mut self) {
        let configured = || Config::read(&self.path(CONFIGURATION)).ok()?.quota();
        let Some(quota) = self.bounds.quota.or_else(configured) else { return };
        let taken = taken(self.root).unwrap_or_default();
        let said = format!("the folder takes {} of {} MiB", taken >> 20, quota >> 20);
        match quota.saturating_sub(taken) {
            left if left < self.bounds.reserve / 4 => self.wrong(Reason::QuotaReached, said),
            left if left < quota / 10 => self.wrong(Reason::QuotaNear, said),
            _ => {}
        }
    }
}
