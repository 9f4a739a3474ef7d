//! Letters that were left while the node was locked, each in a file of its own, as it came.
//!
//! Guarantees that no key leaves more than its share, that all together stay within a bound, and that a letter which was not
//! written to its end is none. Nothing is promised to whoever left it, so that a disk which fails loses a copy. [RST-33]

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use uput_core::letter;

use crate::peer::limits::LETTER;
use crate::peer::locked::Doorstep;

/// Where they lie.
const FOLDER: &str = "door";
/// What a file is called that was not written to its end.
const FRESH: &str = "fresh";
/// Bytes of the TLS key before each letter.
const KEY: usize = 32;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Letters of one TLS key.
    pub letters: usize,
    /// Bytes of one TLS key.
    pub bytes: u64,
    /// Letters of all.
    pub all_letters: usize,
    /// Bytes of all.
    pub all_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { letters: 128, bytes: 4 << 20, all_letters: 1024, all_bytes: 32 << 20 }
    }
}

/// What was left in one folder.
pub struct Left {
    folder: PathBuf,
    bounds: Bounds,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    next: u64,
    /// By TLS key: letters, bytes.
    by: BTreeMap<[u8; KEY], (usize, u64)>,
}

impl Kept {
    fn has_room(&self, by: &[u8; KEY], length: u64, bounds: &Bounds) -> bool {
        let (letters, bytes) = self.by.get(by).copied().unwrap_or_default();
        let (all_letters, all_bytes) = self.by.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        letters < bounds.letters
            && bytes.saturating_add(length) <= bounds.bytes
            && all_letters < bounds.all_letters
            && all_bytes.saturating_add(length) <= bounds.all_bytes
    }

    fn count(&mut self, by: [u8; KEY], length: u64) {
        let kept = self.by.entry(by).or_default();
        *kept = (kept.0.saturating_add(1), kept.1.saturating_add(length));
    }
}

impl Left {
    /// What lies in a data folder; nothing, if nothing can be read there.
    #[must_use]
    pub fn open(data: &Path, bounds: Bounds) -> Self {
        let left = Self { folder: data.join(FOLDER), bounds, kept: Mutex::default() };
        let numbers = left.numbers();
        let mut kept = Kept { next: numbers.last().map_or(1, |last| last.saturating_add(1)), ..Kept::default() };
        for (by, letter) in numbers.iter().filter_map(|number| left.read(*number)) {
            kept.count(by, bytes(&letter));
        }
        Self { kept: Mutex::new(kept), ..left }
    }

    /// The numbers of what lies there, in the order in which it came.
    #[must_use]
    pub fn numbers(&self) -> Vec<u64> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut numbers: Vec<u64> = names.filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The TLS key of whoever left it, and the letter.
    #[must_use]
    pub fn read(&self, number: u64) -> Option<([u8; KEY], Vec<u8>)> {
        let mut file = File::open(self.path(number)).ok()?;
        let (mut by, mut letter) = ([0; KEY], Vec::new());
        file.read_exact(&mut by).ok()?;
        file.take(bytes_of(LETTER)).read_to_end(&mut letter).ok()?;
        letter::read_header(&letter).is_ok().then_some((by, letter))
    }

    /// Removes one. One that stays is taken in once more at the next start, and changes nothing then.
    pub fn remove(&self, number: u64) {
        if let Err(error) = fs::remove_file(self.path(number)) {
            tracing::warn!(%error, "a letter that was left here was taken in, and not removed");
        }
    }

    fn write(&self, number: u64, by: &[u8; KEY], letter: &[u8]) -> io::Result<()> {
        if !self.folder.exists() {
            DirBuilder::new().mode(0o700).create(&self.folder)?;
            self.folder.parent().map_or(Ok(()), |data| File::open(data)?.sync_all())?;
        }
        let fresh = self.folder.join(FRESH);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(by)?;
        file.write_all(letter)?;
        file.sync_all()?;
        fs::rename(fresh, self.path(number))?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}"))
    }
}

impl Doorstep for Left {
    fn keep(&self, by: [u8; KEY], letter: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if letter::read_header(letter).is_err() || !kept.has_room(&by, bytes(letter), &self.bounds) {
            return;
        }
        let number = kept.next;
        kept.next = number.saturating_add(1);
        match self.write(number, &by, letter) {
            Ok(()) => kept.count(by, bytes(letter)),
            Err(error) => {
                tracing::warn!(%error, "a letter that was left could not be kept; whoever left it has it");
                // It may stand there all the same, and takes room then.
                let _ = fs::remove_file(self.path(number));
            }
        }
    }
}

fn bytes(letter: &[u8]) -> u64 {
    bytes_of(letter.len())
}

fn bytes_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record};
    use uput_core::time::Seconds;
    use uput_core::wire::LetterContent;

    use crate::clock::SystemEntropy;

    fn a_letter() -> Vec<u8> {
        let minute = |count: u64| Seconds::new(60 * count).unwrap();
        let [organisation, signing, tls] = [1, 2, 3].map(|n| SigningKey::from_seed(&[n; 32]));
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&[4; 32]).public().clone()],
            endpoints: Vec::new(),
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick: 0,
            time: minute(1),
            end: minute(9),
            disowned: None,
            door_key: None,
        };
        let first = sign_key_record(draft, &organisation, &signing, &tls, None).unwrap();
        let chain = KeyChain::verify(&[first]).unwrap();
        letter::seal(chain.newest(), &LetterContent::default(), &mut SystemEntropy).unwrap()
    }

    /// [RST-33]
    #[test]
    fn each_key_has_its_share_all_have_a_bound_and_a_start_counts_what_lies_there() {
        let data = tempfile::tempdir().unwrap();
        let letter = a_letter();
        let bounds = Bounds { letters: 3, bytes: 5 * bytes(&letter), all_letters: 5, all_bytes: 100 * bytes(&letter) };
        let left = Left::open(data.path(), bounds);
        (0..10).for_each(|_| left.keep([1; 32], &letter));
        assert_eq!(left.numbers(), [1, 2, 3]);
        let left = Left::open(data.path(), bounds);
        left.keep([1; 32], &letter);
        (0..10).for_each(|_| left.keep([2; 32], &letter));
        assert_eq!(left.numbers(), [1, 2, 3, 4, 5], "all together");
        assert_eq!(left.read(5).unwrap(), ([2; 32], letter.clone()));
        left.remove(1);
        assert_eq!(left.numbers(), [2, 3, 4, 5]);
        let narrow = Bounds { bytes: bytes(&letter), letters: 9, ..bounds };
        let left = Left::open(data.path(), narrow);
        left.keep([3; 32], &letter);
        left.keep([3; 32], &letter);
        assert_eq!(left.numbers().len(), 5, "bytes of one");
        let other = tempfile::tempdir().unwrap();
        let left = Left::open(other.path(), Bounds { all_bytes: 2 * bytes(&letter), ..Bounds::default() });
        (1..=9).for_each(|by| left.keep([by; 32], &letter));
        assert_eq!(left.numbers().len(), 2, "bytes of all");
    }

    /// [RST-33]
    #[test]
    fn what_is_no_letter_is_not_kept_and_what_was_cut_off_is_none() {
        let data = tempfile::tempdir().unwrap();
        let left = Left::open(data.path(), Bounds::default());
        let letter = a_letter();
        for none in [Vec::new(), vec![0; 8192], letter[1..].to_vec(), [letter.clone(), letter.clone()].concat()] {
            left.keep([1; 32], &none);
        }
        assert!(left.numbers().is_empty());
        left.keep([1; 32], &letter);
        let path = left.path(1);
        let whole = fs::read(&path).unwrap();
        for length in [0, 31, 32, 100, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(left.read(1).is_none(), "{length}");
        }
        // What a crash left half written is no letter either, and is written over.
        fs::rename(&path, data.path().join(FOLDER).join(FRESH)).unwrap();
        assert!(left.numbers().is_empty());
        left.keep([1; 32], &letter);
        assert_eq!(left.numbers(), [2]);
    }
}
