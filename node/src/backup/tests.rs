//! Backups that are made, opened, spoilt and refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use uput_core::keyfile::{Lock, NodeSecrets};
use uput_core::time::Seconds;
use zeroize::Zeroizing;

use super::*;
use crate::clock::SystemEntropy;
use crate::disk::{RealDisk, SimulatedDisk};
use crate::exit::Exit;
use crate::node_key::Sources;
use crate::storage::{Commit, Draft, KeyKind, NewTrailKeys, Options, Position, Storage, StorageError, StorageKey};

const NOW: u64 = 1_795_000_000;

/// A data folder, where its backups go, and two people who can open them.
struct Home {
    dir: TempDir,
    storage: Option<Storage>,
    secrets: NodeSecrets,
    secrets_at: String,
    /// Who knows the passphrase.
    sources: Sources,
    recipients: Vec<String>,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secrets = NodeSecrets::generate(&mut SystemEntropy);
        let recipients = ["a.txt", "b.txt"].map(|name| new_identity(&dir.path().join(name)).unwrap());
        let (secrets_at, sources) = ("node/node.key".to_owned(), Sources::default());
        let mut home = Self { dir, storage: None, secrets, secrets_at, sources, recipients: recipients.to_vec() };
        fs::create_dir(home.path("node")).unwrap();
        fs::write(home.path("node/node.key"), home.secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
        Storage::create(&home.path("node"), &home.key(), SMALL).unwrap();
        home.start();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn key(&self) -> StorageKey {
        StorageKey::new(self.secrets.storage.clone())
    }

    fn start(&mut self) {
        self.storage = None;
        self.storage = Some(Storage::open(&self.path("node"), &self.key(), SMALL, |_| Vec::new()).unwrap());
    }

    fn storage(&self) -> &Storage {
        self.storage.as_ref().unwrap()
    }

    fn commit(&self, trail: Option<u8>, payload: &[u8]) {
        let keys = trail.map(|n| NewTrailKeys::generate([n; 32]).unwrap()).into_iter().collect();
        let records = vec![Draft { kind: 9, payload: Zeroizing::new(payload.to_vec()) }];
        let made = self.storage().commit(Commit { keys, records });
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(made).unwrap();
    }

    fn back_up(&self) -> Result<Made, BackupError> {
        self.back_up_at(NOW)
    }

    fn back_up_at(&self, now: u64) -> Result<Made, BackupError> {
        let (folder, to, keys) = (self.path("node"), self.path("backups"), self.path("keys"));
        let holders = Holders::parse(&self.recipients)?;
        let now = Seconds::new(now).unwrap();
        let secrets = self.path(&self.secrets_at);
        let making = Making { folder: &folder, secrets: &secrets, to: &to, keys: &keys, holders: &holders, now };
        making.make(&self.key(), &mut |_| {})
    }

    fn open(&self, number: Option<u64>) -> Result<(Opened, SimulatedDisk), BackupError> {
        self.open_with("b.txt", number)
    }

    fn open_with(&self, identity: &str, number: Option<u64>) -> Result<(Opened, SimulatedDisk), BackupError> {
        let identities = Identities::read(&self.path(identity))?;
        let disk = SimulatedDisk::new();
        let (from, keys) = (self.path("backups"), self.path("keys"));
        let opening = Opening { from: &from, keys: &keys, identities: &identities, number, sources: &self.sources };
        Ok((opening.put_together(&disk, &mut |_| {})?, disk))
    }

    /// A folder put together on a real disk, opened as a node does.
    fn restored(&self) -> Storage {
        let identities = Identities::read(&self.path("a.txt")).unwrap();
        let (from, keys) = (self.path("backups"), self.path("keys"));
        let sources = &self.sources;
        let opening = Opening { from: &from, keys: &keys, identities: &identities, number: None, sources };
        opening.put_together(&RealDisk::new(&self.path("again")), &mut |_| {}).unwrap();
        Storage::open(&self.path("again"), &self.key(), SMALL, |_| Vec::new()).unwrap()
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path("backups").join(file_name(number))
    }
}

const SMALL: Options = Options { reserve: 4096, segment: 8192, group: 64, knows: |_| true };

fn payloads(storage: &Storage) -> Vec<Vec<u8>> {
    storage.records(Position::START).map(|record| record.unwrap().payload.to_vec()).collect()
}

/// [BAK-1] [BAK-20] [BAK-21] [BAK-30]
#[test]
fn what_was_acknowledged_comes_back_from_backups_that_hold_each_record_once() {
    let mut home = Home::new();
    for n in 0..40 {
        home.commit(Some(n), &[n; 600]);
    }
    let first = home.back_up().unwrap();
    home.commit(Some(100), b"one more");
    let second = home.back_up().unwrap();
    assert_eq!((first.number, first.records, second.number, second.records, second.new), (1, 40, 2, 41, 1));
    // The key book is in every backup; of the journal only what came since.
    assert!(second.bytes + 40 * 600 < first.bytes + 2048, "{first:?} {second:?}");
    assert_eq!(home.back_up().unwrap().new, 0, "nothing came since");
    home.start();
    home.start();
    home.commit(Some(101), &vec![7; 5000]);
    assert_eq!(home.back_up().unwrap().new, 1, "the segments that the starts began are gone over");
    let restored = home.restored();
    assert_eq!(payloads(&restored), payloads(home.storage()));
    for n in (0..40).chain([100, 101]) {
        let (ours, theirs) = (home.storage().trail_keys(&[n; 32]).unwrap(), restored.trail_keys(&[n; 32]).unwrap());
        assert_eq!(ours.value.unwrap().expose(), theirs.value.unwrap().expose());
    }
    assert_eq!(Restored::read(&home.path("again")).unwrap(), Some(Restored { number: 4, made: NOW }));
}

/// [BAK-12] [BAK-15]
#[test]
fn a_key_that_was_destroyed_before_a_backup_is_not_in_it() {
    let home = Home::new();
    home.commit(Some(1), b"she");
    home.back_up().unwrap();
    home.storage().erase(&[1; 32], KeyKind::Value).unwrap();
    home.back_up().unwrap();
    let restored = home.restored();
    let keys = restored.trail_keys(&[1; 32]).unwrap();
    assert!(keys.value.is_none() && keys.evidence.is_some());
    drop(restored);
    let (older, disk) = home.open(Some(1)).unwrap();
    assert_eq!(older.keys, 1);
    // The older one gives it back as long as the key of its key book is there, and not a moment longer.
    assert!(disk.snapshot().keys().any(|name| name.starts_with("keybook/")));
    fs::remove_file(home.path("keys").join(file_name(1))).unwrap();
    let refused = home.open(Some(1)).err().unwrap();
    assert!(matches!(refused, BackupError::PastItsBound(1)), "{refused}");
    assert_eq!(refused.exit(), Exit::Key);
}

/// [BAK-14]
#[test]
fn keys_of_key_books_past_their_bound_are_destroyed_by_the_next_backup() {
    let home = Home::new();
    home.commit(Some(1), b"she");
    home.back_up().unwrap();
    let mut kept = fs::File::open(home.path("keys").join(file_name(1))).unwrap();
    let written = |number| {
        let written = home.path("keys").join(file_name(number)).metadata().unwrap().modified().unwrap();
        written.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    };
    assert_eq!(home.back_up_at(written(1) + BOUND - 86_401).unwrap().destroyed, 0);
    assert_eq!(home.back_up_at(written(2) + BOUND - 86_400).unwrap().destroyed, 2);
    assert_eq!(numbers(&home.path("keys")).unwrap(), [3], "the newest stays, whatever the clock says");
    let mut bytes = Vec::new();
    kept.read_to_end(&mut bytes).unwrap();
    assert!(bytes.len() > 100 && bytes.iter().all(|byte| *byte == 0), "overwritten, not only removed");
    home.open(None).unwrap();
}

/// [BAK-10] [BAK-11] [BAK-13]
#[test]
fn one_recipient_the_same_twice_a_wrong_key_and_one_place_are_refused() {
    let mut home = Home::new();
    home.commit(None, b"record");
    let both = home.recipients.clone();
    for recipients in [vec![], both[..1].to_vec(), vec![both[0].clone(), both[0].clone()]] {
        home.recipients = recipients;
        assert!(matches!(home.back_up(), Err(BackupError::TooFewRecipients)));
    }
    home.recipients = vec![both[0].clone(), "age1nobody".to_owned()];
    assert!(matches!(home.back_up(), Err(BackupError::NotARecipient(_))));
    assert!(!home.path("backups").exists(), "nothing was written");
    home.recipients = both;
    let holders = Holders::parse(&home.recipients).unwrap();
    let (node, to) = (home.path("node"), home.path("backups"));
    for keys in [to.clone(), to.join("keys")] {
        let now = Seconds::new(NOW).unwrap();
        let secrets = home.path("node/node.key");
        let making = Making { folder: &node, secrets: &secrets, to: &to, keys: &keys, holders: &holders, now };
        assert!(matches!(making.make(&home.key(), &mut |_| {}), Err(BackupError::OnePlace)));
    }
    home.back_up().unwrap();
    home.open_with("a.txt", None).unwrap();
    home.open_with("b.txt", None).unwrap();
    new_identity(&home.path("c.txt")).unwrap();
    assert!(new_identity(&home.path("c.txt")).is_err(), "a key is not written over");
    let refused = home.open_with("c.txt", None).err().unwrap();
    assert!(matches!(refused, BackupError::WrongKey(_)), "{refused}");
    fs::write(home.path("d.txt"), "no key\n").unwrap();
    assert!(matches!(home.open_with("d.txt", None), Err(BackupError::NotAnIdentity(_))));
}

/// [BAK-31] [BAK-32] [BAK-33]
#[test]
fn a_chain_that_was_rolled_back_mixed_or_has_a_gap_is_refused() {
    let home = Home::new();
    for n in 0..3 {
        home.commit(Some(n), &[n; 300]);
        home.back_up().unwrap();
    }
    let keep = |name: &str, number: u64| assert!(fs::copy(home.file(number), home.path(name)).unwrap() > 0);
    for number in 1..4 {
        keep(&format!("kept{number}"), number);
    }
    let put = |name: &str, number: u64| assert!(fs::copy(home.path(name), home.file(number)).unwrap() > 0);
    fs::remove_file(home.file(3)).unwrap();
    let refused = home.open(None).err().unwrap();
    assert!(matches!(refused, BackupError::RolledBack { newest: 3, found: 2 }), "{refused}");
    assert_eq!(home.open(Some(2)).unwrap().0.records, 2, "knowingly");
    assert!(matches!(home.back_up(), Err(BackupError::BrokenChain(_))), "what follows could not be restored");
    put("kept2", 3);
    assert!(matches!(home.open(None), Err(BackupError::OutOfOrder { .. })));
    put("kept3", 3);
    fs::remove_file(home.file(2)).unwrap();
    assert!(matches!(home.open(None), Err(BackupError::Missing(2))));
    put("kept3", 2);
    assert!(matches!(home.open(None), Err(BackupError::OutOfOrder { .. })));
    put("kept2", 2);
    assert_eq!(home.open(None).unwrap().0.records, 3);
    // Another chain of the same folder, for the same people.
    fs::rename(home.path("backups"), home.path("older")).unwrap();
    let refused = home.back_up().err().unwrap();
    assert!(matches!(refused, BackupError::KeysOfAnother), "{refused}");
    assert!(numbers(&home.path("backups")).unwrap().is_empty(), "nothing was made");
    assert_eq!(numbers(&home.path("keys")).unwrap(), [1, 2, 3], "nor destroyed");
    fs::rename(home.path("keys"), home.path("older keys")).unwrap();
    home.back_up().unwrap();
    home.commit(Some(9), b"later");
    home.back_up().unwrap();
    fs::rename(home.path("older").join(file_name(2)), home.path("stray")).unwrap();
    put("stray", 2);
    assert!(matches!(home.open(Some(2)), Err(BackupError::OutOfOrder { .. })));
    fs::remove_file(home.path("backups").join("CHAIN")).unwrap();
    assert!(matches!(home.back_up(), Err(BackupError::BrokenChain(_))));
}

/// [BAK-23]
#[test]
fn what_says_how_far_the_backups_reach_is_the_nodes_own_word() {
    let home = Home::new();
    home.commit(None, b"record");
    home.back_up().unwrap();
    let path = home.path("backups").join("CHAIN");
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [("number 1", "number 2"), ("to 1 ", "to 2 "), ("last ", "last 0")] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        fs::write(&path, other).unwrap();
        assert!(matches!(home.back_up(), Err(BackupError::BrokenChain(_))), "{from}");
    }
    fs::write(&path, text).unwrap();
    home.back_up().unwrap();
}

/// [BAK-33] Each flipped bit and each cut of either file.
#[test]
fn a_backup_that_was_flipped_or_cut_is_refused_with_a_reason() {
    let home = Home::new();
    home.commit(Some(1), b"record");
    home.back_up().unwrap();
    home.open(None).unwrap();
    let mut refused = 0;
    for path in [home.file(1), home.path("keys").join(file_name(1))] {
        let whole = fs::read(&path).unwrap();
        let step = whole.len() / 90 + 1;
        for at in (0..whole.len()).step_by(step) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            for spoilt in [flipped, whole[..at].to_vec(), [&whole[..], &whole[at..][..1]].concat()] {
                fs::write(&path, &spoilt).unwrap();
                let Err(error) = home.open(None) else { panic!("{} at {at} was taken", path.display()) };
                let said = matches!(
                    error,
                    BackupError::Damaged { .. } | BackupError::WrongKey(_) | BackupError::NotAnIdentity(_)
                );
                assert!(said, "{error} at {at}");
                refused += 1;
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(refused > 300, "{refused}");
    home.open(None).unwrap();
}

/// [BAK-20] The node commits and erases all the time.
#[test]
fn a_backup_beside_a_node_that_writes_and_erases_is_of_one_moment() {
    let home = Home::new();
    home.commit(None, b"first");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=250 {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                home.commit(Some(n), &[n; 200]);
                home.storage().erase(&[n; 32], KeyKind::Value).unwrap();
            }
        });
        for _ in 0..5 {
            home.back_up().unwrap();
            home.open(None).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    home.back_up().unwrap();
    assert_eq!(payloads(&home.restored()), payloads(home.storage()));
}

/// [BAK-22] What is damaged in the folder is not carried into a backup.
#[test]
fn a_damaged_folder_is_not_backed_up() {
    let mut home = Home::new();
    home.commit(None, &[5; 500]);
    home.storage = None;
    let path = home.path("node/journal/00000001.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[300] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refused = home.back_up().err().unwrap();
    assert!(matches!(refused, BackupError::Storage(StorageError::Damaged { .. })), "{refused}");
    assert!(numbers(&home.path("backups")).unwrap().is_empty());
}

/// [BAK-3] [BAK-4] [BAK-5] [BAK-35] By the written procedure: an age program and `tar`, here the library and `tar`.
#[test]
fn tar_reads_what_is_inside() {
    let home = Home::new();
    home.commit(None, b"record");
    home.back_up().unwrap();
    let identities = Identities::read(&home.path("a.txt")).unwrap();
    let mut plain = Vec::new();
    let file = fs::File::open(home.file(1)).unwrap();
    identities.decrypt(file, "1").unwrap().read_to_end(&mut plain).unwrap();
    fs::write(home.path("plain.tar"), &plain).unwrap();
    let mut tar = Command::new("tar");
    let listed = tar.arg("-xvf").arg(home.path("plain.tar")).arg("-C").arg(home.dir.path()).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let expected = "RESTORED\nFORMAT\nnode.key\nhead\nkeybook.age\njournal/00000001.seg@000000000000\nMANIFEST\n";
    assert_eq!(names, expected);
    // [BAK-50] The node that starts in a folder which was unpacked so begins a new incarnation.
    assert_eq!(Restored::read(home.dir.path()).unwrap(), Some(Restored { number: 1, made: NOW }));
    let piece = fs::read(home.path("journal/00000001.seg@000000000000")).unwrap();
    assert!(fs::read(home.path("node/journal/00000001.seg")).unwrap().starts_with(&piece));
}

/// [BAK-6] [RST-5] The secrets are in the backup wherever they lie: in the folder, or in a credential beside it.
#[test]
fn secrets_that_are_a_credential_are_in_the_backup() {
    let mut home = Home::new();
    home.commit(Some(1), b"she");
    home.secrets_at = "credential".to_owned();
    fs::rename(home.path("node/node.key"), home.path("credential")).unwrap();
    home.back_up().unwrap();
    home.restored();
    assert_eq!(fs::read(home.path("again/node.key")).unwrap(), fs::read(home.path("credential")).unwrap());
    fs::remove_file(home.path("credential")).unwrap();
    assert!(matches!(home.back_up(), Err(BackupError::Io(_))), "without them nothing could be restored");
}

/// [BAK-6] [RST-2] A backup of a node that is locked opens with its passphrase, and nothing is written without it.
#[test]
fn a_backup_of_a_locked_node_takes_its_passphrase() {
    let mut home = Home::new();
    home.commit(Some(1), b"she");
    let lock = Lock::Passphrase { passphrase: "words", salt: [7; 32], cost: uput_core::keyfile::Cost::LEAST };
    fs::write(home.path("node/node.key"), home.secrets.write(&lock).unwrap().as_bytes()).unwrap();
    home.back_up().unwrap();
    let knows = |words: &str| {
        fs::write(home.path("words.txt"), words).unwrap();
        Sources { file: Some(home.path("words.txt")), ..Sources::default() }
    };
    let (right, wrong) = (knows("words"), Sources::default());
    for sources in [wrong, knows("others")] {
        home.sources = sources;
        let identities = Identities::read(&home.path("a.txt")).unwrap();
        let (from, keys, disk) = (home.path("backups"), home.path("keys"), SimulatedDisk::new());
        let sources = &home.sources;
        let opening = Opening { from: &from, keys: &keys, identities: &identities, number: None, sources };
        let refused = opening.put_together(&disk, &mut |_| {}).err().unwrap();
        assert_eq!(refused.exit(), Exit::Key, "{refused}");
        assert!(disk.snapshot().is_empty(), "nothing was written");
    }
    fs::write(home.path("words.txt"), "words").unwrap();
    home.sources = right;
    home.restored();
}

/// [BAK-2] What a run left that was cut off between the two names is made again, and is no other chain.
#[test]
fn a_run_that_was_cut_off_after_its_key_was_named_is_made_again() {
    let home = Home::new();
    home.commit(None, b"record");
    home.back_up().unwrap();
    let chain = fs::read(home.path("backups").join("CHAIN")).unwrap();
    home.back_up().unwrap();
    fs::write(home.path("backups").join("CHAIN"), chain).unwrap();
    fs::rename(home.file(2), home.path("backups").join("000002.age.new")).unwrap();
    let refused = home.open(None).err().unwrap().to_string();
    assert!(refused.contains("if making it was cut off, --number 1"), "{refused}");
    assert_eq!(home.back_up().unwrap().number, 2);
    assert_eq!(home.open(None).unwrap().0.number, 2);
}
