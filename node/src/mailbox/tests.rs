use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::*;
use crate::{
    disk::{Disk, DiskFile, PowerLoss, SimulatedDisk},
    storage::Letters,
};

const QUOTA: Quota = Quota { letters: 4, bytes: 1000, days: 2 };

fn at(time: u64) -> Seconds {
    Seconds::new(time).unwrap()
}

fn somebody(name: &[u8]) -> OrgId {
    OrgId::from(Id::of(name))
}

fn mailbox(disk: &SimulatedDisk) -> Arc<Mailbox> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Arc::new(Mailbox::open(Arc::new(Letters::on(disk, &[7; 32]))).unwrap())
}

async fn waits(mailbox: &Mailbox, to: &OrgId) -> bool {
    tokio::time::timeout(Duration::from_millis(50), mailbox.next(to)).await.is_err()
}

/// [RLY-4] [RLY-8] Whenever the power fails: what was said to be kept is there, and what was said to be fetched is not.
#[tokio::test]
async fn what_is_kept_outlives_every_loss_of_power_and_what_was_fetched_none() {
    let (from, to) = (somebody(b"invented hotline"), somebody(b"invented house"));
    let disk = SimulatedDisk::new();
    let before = mailbox(&disk);
    let mut kept = Vec::new();
    for letter in [b"one".as_slice(), b"two", b"three"] {
        before.keep(&from, &to, letter, QUOTA, at(1_000)).await.unwrap();
        kept.push(disk.operations());
    }
    before.remove(&to, 1).await;
    let removed = disk.operations();
    for operations in 0..=removed {
        for (model, seed) in PowerLoss::ALL.into_iter().flat_map(|model| (0..3).map(move |seed| (model, seed))) {
            let after = mailbox(&disk.after(operations, model, seed));
            let heap = after.heap(&from, &to).letters;
            let least = u32::try_from(kept.iter().filter(|done| **done <= operations).count()).unwrap();
            if operations <= kept[2] {
                assert!(heap >= least, "{heap} of {least} after {operations} ({model:?})");
            }
            if operations == removed {
                assert_eq!(heap, 2, "{model:?}");
                assert_eq!(after.next(&to).await.1.unwrap(), b"one");
                assert_eq!(after.next(&to).await.1.unwrap(), b"three");
            }
        }
    }
}

/// [RLY-14] Nothing that lies there is read without the key, and what was changed is removed.
#[tokio::test]
async fn nobody_reads_the_files_and_a_damaged_one_is_removed() {
    let (from, to) = (somebody(b"invented hotline"), somebody(b"invented house"));
    let disk = SimulatedDisk::new();
    mailbox(&disk).keep(&from, &to, b"a sealed letter", QUOTA, at(1_000)).await.unwrap();
    let found = |mark: &[u8]| disk.remains().iter().any(|file| file.windows(mark.len()).any(|window| window == mark));
    assert!(!found(b"a sealed letter") && !found(from.as_bytes()) && !found(to.as_bytes()));
    let mut files = disk.snapshot();
    files.values_mut().for_each(|file| file[20] ^= 1);
    let damaged = SimulatedDisk::from_snapshot(files);
    assert_eq!(mailbox(&damaged).heap(&from, &to), Heap::default());
    assert!(damaged.snapshot().is_empty());
}

/// [RLY-4] [RLY-11] [RLY-12] Letters, bytes and days of one depositor; the same letter counts once.
#[tokio::test]
async fn each_depositor_has_its_own_bounds() {
    let [from, other, to] = [b"invented hotline", b"invented centre!", b"invented house!!"].map(|name| somebody(name));
    let mailbox = mailbox(&SimulatedDisk::new());
    for letter in 0..4_u8 {
        mailbox.keep(&from, &to, &[letter; 100], QUOTA, at(1_000)).await.unwrap();
    }
    let full = Err(Rejection::MailboxFull);
    assert_eq!(mailbox.keep(&from, &to, &[4; 100], QUOTA, at(1_000)).await, full);
    assert_eq!(mailbox.keep(&from, &to, &[3; 100], QUOTA, at(1_000)).await, Ok(()), "it lies there");
    assert_eq!(mailbox.heap(&from, &to), Heap { letters: 4, bytes: 400, oldest: 1_000 });
    assert_eq!(mailbox.keep(&other, &to, &[0; 1001], QUOTA, at(1_000)).await, full);
    assert_eq!(mailbox.keep(&other, &to, &[0; 1000], QUOTA, at(2_000)).await, Ok(()));
    assert_eq!(mailbox.expired(at(1_000 + 2 * 86_400 - 1)).len(), 0);
    let gone = mailbox.expired(at(1_000 + 2 * 86_400));
    assert_eq!(gone.len(), 4);
    assert!(gone.iter().all(|(whose, _, by, _)| (*whose, *by) == (to, from)));
}

/// [RLY-8] In order, each once at a time; what was put off rests, and holds up nothing.
#[tokio::test]
async fn letters_are_handed_out_in_order_and_again_when_the_line_broke() {
    let (from, to) = (somebody(b"invented hotline"), somebody(b"invented house"));
    let mailbox = mailbox(&SimulatedDisk::new());
    mailbox.keep(&from, &to, b"one", QUOTA, at(1_000)).await.unwrap();
    mailbox.keep(&from, &to, b"two", QUOTA, at(1_000)).await.unwrap();
    let (first, letter) = mailbox.next(&to).await;
    assert_eq!((letter.unwrap(), mailbox.next(&to).await.1.unwrap()), (b"one".to_vec(), b"two".to_vec()));
    assert!(waits(&mailbox, &to).await && waits(&mailbox, &from).await);
    assert_eq!(mailbox.expired(at(u64::from(u32::MAX))).len(), 0, "nothing is removed that is on a line");
    mailbox.again(&to, first);
    assert_eq!(mailbox.next(&to).await.0, first);
    mailbox.later(&to, first);
    assert!(waits(&mailbox, &to).await);
    assert_eq!(mailbox.next(&to).await.0, first, "after its pause");
}

/// [RLY-4] A disk without room refuses what comes, keeps what lies there, and takes more when something was fetched.
#[tokio::test]
async fn a_full_disk_refuses_letters_and_loses_none() {
    let (from, to) = (somebody(b"invented hotline"), somebody(b"invented house"));
    let disk = SimulatedDisk::new();
    let mailbox = mailbox(&disk);
    mailbox.keep(&from, &to, &[1; 400], QUOTA, at(1_000)).await.unwrap();
    disk.limit(Some(700));
    assert_eq!(mailbox.keep(&from, &to, &[2; 400], QUOTA, at(1_000)).await, Err(Rejection::MailboxFull));
    assert_eq!(mailbox.heap(&from, &to), Heap { letters: 1, bytes: 400, oldest: 1_000 });
    let again = self::mailbox(&disk);
    assert_eq!(again.heap(&from, &to).letters, 1, "nor after a start");
    let (number, letter) = mailbox.next(&to).await;
    assert_eq!(letter.unwrap(), [1; 400]);
    mailbox.remove(&to, number).await;
    mailbox.keep(&from, &to, &[2; 400], QUOTA, at(1_000)).await.unwrap();
    assert_eq!(mailbox.next(&to).await.1.unwrap(), [2; 400]);
}

/// A disk that opens no file while it is said to.
struct Stuck {
    disk: SimulatedDisk,
    is_stuck: Arc<AtomicBool>,
}

impl Disk for Stuck {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        self.disk.create_folder(path)
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        if self.is_stuck.load(Ordering::SeqCst) { Err(io::ErrorKind::Other.into()) } else { self.disk.open(path) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.disk.sync_folder(path)
    }

    fn free(&self) -> io::Result<u64> {
        self.disk.free()
    }
}

/// [RLY-4] [RLY-14] A read that failed says nothing of a letter: it lies there on, also if the node is started meanwhile.
#[tokio::test]
async fn a_letter_that_cannot_be_read_now_is_handed_out_later() {
    let (from, to) = (somebody(b"invented hotline"), somebody(b"invented house"));
    let (disk, is_stuck) = (SimulatedDisk::new(), Arc::new(AtomicBool::new(false)));
    let stuck: Arc<dyn Disk> = Arc::new(Stuck { disk: disk.clone(), is_stuck: Arc::clone(&is_stuck) });
    let open = || Arc::new(Mailbox::open(Arc::new(Letters::on(Arc::clone(&stuck), &[7; 32]))).unwrap());
    let mailbox = open();
    mailbox.keep(&from, &to, b"one", QUOTA, at(1_000)).await.unwrap();
    is_stuck.store(true, Ordering::SeqCst);
    assert!(waits(&mailbox, &to).await);
    assert_eq!(open().heap(&from, &to).letters, 0, "a start goes on");
    is_stuck.store(false, Ordering::SeqCst);
    assert_eq!(mailbox.next(&to).await.1.unwrap(), b"one");
    assert_eq!(open().heap(&from, &to).letters, 1);
    disk.remove("mailbox/00000000000000000000").unwrap();
    mailbox.again(&to, 0);
    assert_eq!(mailbox.next(&to).await, (0, None), "its depositor is told");
    assert_eq!(mailbox.lying(&to, 0).map(|(whose, _)| whose), Some(from));
}
