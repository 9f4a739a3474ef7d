//! Each fault by itself in a folder that a node wrote, and the reason that is given for it.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use uput_core::time::{Seconds, Span};
use zeroize::Zeroizing;

use super::*;
use crate::clock::SystemEntropy;
use crate::init::{self, Plan};
use crate::node_key::KeyPlace;
use crate::storage::{Commit, Draft, NewTrailKeys, Options, PASSED_OVER, Storage, StorageKey};

const RESERVE: u64 = 64 << 10;
const SEGMENT: usize = 4096;
const BOUNDS: Bounds = Bounds { reserve: RESERVE, low: 0, gone: 0, quota: None };

/// What is done to a folder, and the reason that must be given for it.
struct Fault {
    reason: Reason,
    /// The lock that must be held meanwhile, if any.
    inject: fn(&Path, &mut Bounds) -> Option<File>,
}

/// A fault that only touches files.
macro_rules! fault {
    ($reason:ident, |$folder:ident| $change:expr) => {
        Fault {
            reason: Reason::$reason,
            inject: |$folder, _| {
                $change;
                None
            },
        }
    };
}

const FAULTS: &[Fault] = &[
    fault!(FormatMissing, |folder| remove(folder, "FORMAT")),
    fault!(FormatForeign, |folder| put(folder, "FORMAT", b"photographs, 2019\n")),
    fault!(FormatNewer, |folder| edit(folder, "FORMAT", "format 2", "format 3")),
    fault!(FormatOlder, |folder| edit(folder, "FORMAT", "format 2", "format 1")),
    fault!(FormatDamaged, |folder| cut(folder, "FORMAT", 40)),
    fault!(FolderOpen, |folder| open_to_all(folder, 0o755)),
    Fault { reason: Reason::InUse, inject: |folder, _| Some(hold(folder)) },
    fault!(Unreadable, |folder| {
        remove(folder, "head");
        fs::create_dir(folder.join("head")).unwrap();
    }),
    fault!(ConfigurationMissing, |folder| remove(folder, "uput.toml")),
    fault!(ConfigurationBroken, |folder| put(folder, "uput.toml", b"data = \".\"\napi = \n")),
    fault!(KeyMissing, |folder| remove(folder, "node.key")),
    fault!(KeyBroken, |folder| edit(folder, "node.key", "lock none", "lock some")),
    fault!(KeyOpen, |folder| open_to_all(&folder.join("node.key"), 0o644)),
    fault!(NextBroken, |folder| private(folder, "node.key.next", b"uput-key-file 1\n")),
    fault!(KeyHalf, |folder| private(folder, "node.key.half", b"half")),
    fault!(HeadMissing, |folder| remove(folder, "head")),
    fault!(HeadLength, |folder| put(folder, "head", &[bytes(folder, "head"), vec![0; 9]].concat())),
    fault!(HeadCopy, |folder| flip(folder, "head", 2048 + 30)),
    fault!(HeadSlot, |folder| zero(folder, "head", 0..4096)),
    fault!(HeadUnreadable, |folder| zero(folder, "head", 0..8192)),
    fault!(JournalMissing, |folder| fs::remove_dir_all(folder.join("journal")).unwrap()),
    fault!(SegmentGap, |folder| remove(folder, "journal/00000002.seg")),
    fault!(SegmentHeader, |folder| flip(folder, "journal/00000002.seg", 0)),
    fault!(SegmentCut, |folder| cut(folder, "journal/00000002.seg", 900)),
    fault!(SegmentChanged, |folder| flip(folder, "journal/00000002.seg", 300)),
    fault!(JournalShort, |folder| remove(folder, &last_segment(folder))),
    fault!(RecordsNewer, |folder| record(folder, PASSED_OVER - 1)),
    fault!(RecordsParked, |folder| record(folder, PASSED_OVER)),
    fault!(BookKeyMissing, |folder| remove(folder, "keybook/000000000001.key")),
    fault!(BookKeyBroken, |folder| cut(folder, "keybook/000000000001.key", 20)),
    fault!(BookMissing, |folder| remove(folder, "keybook/000000000001.book")),
    fault!(BookGeneration, |folder| {
        for kind in ["key", "book"] {
            let (from, to) = (format!("keybook/000000000001.{kind}"), format!("keybook/000000000007.{kind}"));
            fs::rename(folder.join(from), folder.join(to)).unwrap();
        }
    }),
    fault!(BookShort, |folder| cut(folder, "keybook/000000000001.book", 52 + 125)),
    fault!(BookChanged, |folder| flip(folder, "keybook/000000000001.book", 52 + 60)),
    fault!(BookOlder, |folder| private(folder, "keybook/000000000000.key", b"older")),
    fault!(Quarantined, |folder| {
        fs::create_dir(folder.join("quarantine")).unwrap();
        put(folder, "quarantine/head-0123", b"a copy");
    }),
    fault!(ReserveMissing, |folder| remove(folder, "RESERVE")),
    fault!(ReserveGiven, |folder| cut(folder, "RESERVE", 0)),
    Fault {
        reason: Reason::SpaceLow,
        inject: |_, bounds| {
            bounds.low = u64::MAX;
            None
        },
    },
    Fault {
        reason: Reason::SpaceGone,
        inject: |_, bounds| {
            bounds.gone = u64::MAX;
            None
        },
    },
    Fault {
        reason: Reason::QuotaNear,
        inject: |folder, bounds| {
            bounds.quota = Some(crate::disk::taken(folder).unwrap() / 95 * 100);
            bounds.reserve = 0;
            None
        },
    },
    Fault {
        reason: Reason::QuotaReached,
        inject: |folder, bounds| {
            bounds.quota = Some(crate::disk::taken(folder).unwrap());
            None
        },
    },
];

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}

fn private(folder: &Path, name: &str, bytes: &[u8]) {
    put(folder, name, bytes);
    open_to_all(&folder.join(name), 0o600);
}

fn remove(folder: &Path, name: &str) {
    fs::remove_file(folder.join(name)).unwrap();
}

fn edit(folder: &Path, name: &str, old: &str, new: &str) {
    let before = String::from_utf8(bytes(folder, name)).unwrap();
    assert!(before.contains(old));
    put(folder, name, before.replace(old, new).as_bytes());
}

fn cut(folder: &Path, name: &str, length: usize) {
    let before = bytes(folder, name);
    assert!(before.len() > length, "{name} has {} bytes", before.len());
    put(folder, name, &before[..length]);
}

fn flip(folder: &Path, name: &str, at: usize) {
    let mut after = bytes(folder, name);
    after[at] ^= 1;
    put(folder, name, &after);
}

fn zero(folder: &Path, name: &str, range: std::ops::Range<usize>) {
    let mut after = bytes(folder, name);
    after[range].fill(0);
    put(folder, name, &after);
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn hold(folder: &Path) -> File {
    let lock = File::options().write(true).create(true).truncate(false).open(folder.join("LOCK")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    lock
}

/// A program of a later version was here, and recorded something.
fn record(folder: &Path, kind: u16) {
    let key = StorageKey::new(KeyPlace::from(folder).read().unwrap().storage.clone());
    let options = Options { reserve: RESERVE, segment: SEGMENT, group: 1, knows: |_| true };
    let written = std::thread::spawn({
        let folder = folder.to_owned();
        move || {
            let storage = Storage::open(&folder, &key, options, |_: &_| Vec::new()).unwrap();
            let records = vec![Draft { kind, payload: Zeroizing::new(vec![1]) }];
            let commit = storage.commit(Commit { keys: Vec::new(), records });
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(commit).unwrap();
        }
    });
    written.join().unwrap();
}

fn last_segment(folder: &Path) -> String {
    let names = fs::read_dir(folder.join("journal")).unwrap().map(|entry| entry.unwrap().file_name());
    format!("journal/{}", names.max().unwrap().to_string_lossy())
}

/// A folder that a node made, wrote several segments in, and left.
async fn written(home: &Path) -> PathBuf {
    let folder = home.join("node");
    let plan = Plan {
        folder: folder.clone(),
        organisation_key: home.join("organisation.key"),
        passphrase: None,
        peer: Some("127.0.0.1:0".parse().unwrap()),
        endpoints: Vec::new(),
        api: "127.0.0.1:0".parse().unwrap(),
        valid: Span(86_400),
        zone: None,
        recovery: None,
    };
    let founding = init::make(&plan, Seconds::new(1_790_000_000).unwrap(), &mut SystemEntropy).unwrap();
    fs::write(folder.join("RESERVE"), vec![0; RESERVE as usize]).unwrap();
    let options = Options { reserve: RESERVE, segment: SEGMENT, group: 1, knows: |_| true };
    for run in 0..2_u8 {
        let storage = Storage::open(&folder, &founding.storage, options, |_: &_| Vec::new()).unwrap();
        for number in 0..8_u8 {
            let record = Draft { kind: 1, payload: Zeroizing::new(vec![number; 600]) };
            let trail = NewTrailKeys::generate([10 * run + number; 32]).unwrap();
            storage.commit(Commit { keys: vec![trail], records: vec![record] }).await.unwrap();
        }
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn files(folder: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => files(&path, into),
            false => drop(into.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
}

fn reasons(findings: &[Finding]) -> Vec<Reason> {
    findings.iter().filter_map(|finding| finding.reason).collect()
}

/// [RST-10] [RST-11] Each fault alone, in a folder that was in order: its own reason, and no other.
#[tokio::test]
async fn each_fault_has_its_own_reason() {
    let home = tempfile::tempdir().unwrap();
    let folder = written(home.path()).await;
    let sound = examine(&folder, &BOUNDS);
    assert_eq!(reasons(&sound), [], "{sound:?}");
    let segments = fs::read_dir(folder.join("journal")).unwrap().count();
    assert!(segments > 3, "{segments} segments");
    let mut table = Vec::new();
    for (number, fault) in FAULTS.iter().enumerate() {
        let patient = home.path().join(format!("patient-{number}"));
        copy(&folder, &patient);
        let mut bounds = BOUNDS;
        let lock = (fault.inject)(&patient, &mut bounds);
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        files(&patient, &mut before);
        table.push((fault.reason, reasons(&examine(&patient, &bounds))));
        drop(lock);
        files(&patient, &mut after);
        assert!(before == after, "{:?}: it was changed", fault.reason);
        fs::remove_dir_all(&patient).unwrap();
    }
    print(&table);
    for (fault, found) in &table {
        assert_eq!(found, &[*fault]);
    }
    // What the computer does, and not the folder, has a test of its own.
    let untried = Reason::ALL.iter().filter(|reason| table.iter().all(|(fault, _)| fault != *reason));
    assert_eq!(untried.collect::<Vec<_>>(), [&Reason::SwapInClear]);
}

/// One row for each fault, one column for each reason.
fn print(table: &[(Reason, Vec<Reason>)]) {
    let mut out = std::io::stdout();
    for (number, (fault, found)) in table.iter().enumerate() {
        let mark = |reason: &(Reason, Vec<Reason>)| if found.contains(&reason.0) { '1' } else { '.' };
        let row: String = table.iter().map(mark).collect();
        writeln!(out, "{:>2} {:<22} {row}", number + 1, fault.code()).unwrap();
    }
}

/// [RST-11]
#[test]
fn no_two_reasons_have_one_code() {
    let codes: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
}

/// [RST-12]
#[test]
fn a_finding_is_one_line_of_five_fields() {
    let home = tempfile::tempdir().unwrap();
    for finding in examine(home.path(), &BOUNDS) {
        let line = finding.line();
        assert_eq!(line.split('\t').filter(|field| !field.is_empty()).count(), 5, "{line}");
    }
}
