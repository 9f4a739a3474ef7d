//! Making a backup, beside the node that runs or of a folder that nobody has open. [BAK-20]

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use ring::digest;
use rustix::fs::{FlockOperation, flock};
use uput_core::time::Seconds;
use zeroize::Zeroizing;

use super::archive::{self, Writer};
use super::chain::{CHAIN, Chain};
use super::error::io;
use super::manifest::{Listed, MANIFEST, Manifest};
use super::opening::Hashing;
use super::recipients::{Holders, Identities, Reader, book_key, under_book_key};
use super::restored::{RESTORED, Restored};
use super::{BOUND, BackupError, file_name, number_of, numbers};
use crate::disk::RealDisk;
use crate::journal::head::{self, Head, ReadHead};
use crate::journal::{self, Pieces, segment_name};
use crate::keybook;
use crate::seal::{FolderKey, StorageKey, sha256};
use crate::storage::folder::{self, FORMAT};
use crate::{init, node_key, rpc};

/// How often the folder is read anew because an erasure came between.
const TRIES: usize = 100;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// Files at the top of a data folder that are in a backup, if they are there.
const BESIDE: [&str; 5] =
    [node_key::NEXT, init::CONFIGURATION, rpc::access::ACCESS, rpc::access::CERTIFICATE, rpc::access::KEY];

/// Without these nothing can be restored.
const NEEDED: [&str; 2] = [FORMAT, node_key::NODE_KEY];

/// What is to be made.
pub struct Making<'a> {
    /// The data folder.
    pub folder: &'a Path,
    /// The file of the node's secrets: in the folder, or a credential beside it.
    pub secrets: &'a Path,
    /// Where the backups lie.
    pub to: &'a Path,
    /// Where the keys of their key books lie: elsewhere.
    pub keys: &'a Path,
    /// Who can open it.
    pub holders: &'a Holders,
    /// By this computer's clock.
    pub now: Seconds,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Which.
    pub number: u64,
    /// Records of the journal that are in it.
    pub records: u64,
    /// Records of the journal that are in it and in none before.
    pub new: u64,
    /// Bytes of its file.
    pub bytes: u64,
    /// Keys of key books that were past their bound, and are destroyed.
    pub destroyed: u64,
}

/// What the folder held at one acknowledged moment, but for the journal.
struct Moment {
    head: Head,
    head_file: Vec<u8>,
    book: [(String, Vec<u8>); 2],
}

/// A file of the archive: its name and its bytes.
type Named = (String, Zeroizing<Vec<u8>>);

/// Bytes so far, for whoever waits.
pub(super) type Progress<'a> = &'a mut dyn FnMut(u64);

impl Making<'_> {
    /// Makes it, and reads it again before it counts.
    ///
    /// # Errors
    /// [`BackupError`]: nothing that was made before is changed, and nothing half counts.
    pub fn make(&self, key: &StorageKey, progress: Progress<'_>) -> Result<Made, BackupError> {
        let (to, beside) = (own_folder(self.to)?, own_folder(self.keys)?);
        if to.starts_with(&beside) || beside.starts_with(&to) {
            return Err(BackupError::OnePlace);
        }
        let _alone = lock(self.to)?;
        let disk = RealDisk::new(self.folder);
        let (keys, id) = folder::keys(&disk, key)?;
        let before = self.chain(&keys)?;
        let moment = moment(&disk, &keys)?;
        let (reader, book_reader) = (Reader::new(), Reader::new());
        let half = self.to.join(format!("{}.new", file_name(before.number + 1)));
        self.refuse_other_keys(before.number, half.exists())?;
        // A run that was cut off left it.
        let _ = fs::remove_file(&half);
        let (book, book_text) = book_key();
        let number = before.number + 1;
        let writing = Writing { disk: &disk, keys: &keys, moment: &moment, book: &book, folder: id, number, progress };
        let manifest = self.write(&half, &before, writing, &reader)?;
        let digest = read_again(&half, &reader.identities(), &manifest, progress)?;
        self.keep_book_key(manifest.number, &book_text, book_reader)?;
        let path = self.to.join(file_name(manifest.number));
        fs::rename(&half, &path).map_err(io("naming", &path))?;
        sync_folder(self.to)?;
        let chain = Chain { id: before.id, number: manifest.number, last: digest, to: manifest.to };
        chain.write(self.to, &keys)?;
        let bytes = fs::metadata(&path).map_err(io("reading", &path))?.len();
        let destroyed = self.destroy_old()?;
        let new = manifest.to.records.saturating_sub(manifest.from.records);
        Ok(Made { number: manifest.number, records: manifest.to.records, new, bytes, destroyed })
    }

    /// [BAK-2] A folder of keys is that of one chain. The next key is there already if a run was cut off after it was
    /// named, and then what it was to open is there half.
    fn refuse_other_keys(&self, last: u64, cut_off: bool) -> Result<(), BackupError> {
        let newest = numbers(self.keys)?.last().copied().unwrap_or(0);
        let expected = if cut_off { last + 1 } else { last };
        if newest > expected { Err(BackupError::KeysOfAnother) } else { Ok(()) }
    }

    /// The chain that is gone on with.
    fn chain(&self, keys: &FolderKey) -> Result<Chain, BackupError> {
        let Some(chain) = Chain::read(self.to, keys)? else {
            let others = !numbers(self.to)?.is_empty();
            return if others { Err(BackupError::BrokenChain("it has no CHAIN")) } else { Chain::begin() };
        };
        // [BAK-23] What follows a file that is gone or changed could not be restored.
        let path = self.to.join(file_name(chain.number));
        let found = File::open(&path).ok().and_then(|file| Hashing::whole(file).ok());
        if found != Some(chain.last) {
            return Err(BackupError::BrokenChain("its last backup is not as it was left"));
        }
        // One that was named and not counted, because the power failed, is made again.
        let stray = self.to.join(file_name(chain.number + 1));
        if stray.exists() {
            fs::remove_file(&stray).map_err(io("removing", &stray))?;
        }
        Ok(chain)
    }

    fn write(
        &self,
        half: &Path,
        before: &Chain,
        writing: Writing<'_, '_>,
        reader: &Reader,
    ) -> Result<Manifest, BackupError> {
        let failed = io("writing", half);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(half).map_err(&failed)?;
        let to = self.holders.encrypt(reader, BufWriter::new(file)).map_err(&failed)?;
        let mut adding = Adding { to: Writer::new(to), files: Vec::new(), failed: &failed };
        for (name, bytes) in self.small_files(&writing)? {
            adding.add(&name, &bytes)?;
        }
        let head = &writing.moment.head;
        let mut pieces = Pieces { disk: writing.disk, keys: writing.keys, head, from: before.to };
        while let Some(piece) = pieces.next()? {
            let name = format!("{}/{}@{:012}", journal::FOLDER, segment_name(piece.segment), piece.offset);
            adding.add(&name, &piece.bytes)?;
            (writing.progress)(piece.bytes.len() as u64);
        }
        let Adding { mut to, files, .. } = adding;
        let manifest = Manifest {
            folder: writing.folder,
            chain: before.id,
            number: writing.number,
            before: before.last,
            made: self.now.get(),
            from: before.to,
            to: pieces.from,
            generation: head.generation,
            entries: head.entries,
            files,
        };
        to.add(MANIFEST, manifest.encode().as_bytes()).map_err(&failed)?;
        let file = to.end().and_then(age::stream::StreamWriter::finish).map_err(&failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(&failed)?;
        Ok(manifest)
    }

    /// All but the journal.
    fn small_files(&self, writing: &Writing<'_, '_>) -> Result<Vec<Named>, BackupError> {
        // [BAK-50] Whoever unpacks it by hand has a restored folder too.
        let restored = Restored { number: writing.number, made: self.now.get() };
        let mut files = vec![(RESTORED.to_owned(), Zeroizing::new(restored.text().into_bytes()))];
        let beside = BESIDE.iter().map(|name| (*name, self.folder.join(name)));
        let secrets = [(FORMAT, self.folder.join(FORMAT)), (node_key::NODE_KEY, self.secrets.to_owned())];
        for (name, path) in secrets.into_iter().chain(beside) {
            match fs::read(&path) {
                Ok(bytes) => files.push((name.to_owned(), Zeroizing::new(bytes))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !NEEDED.contains(&name) => {}
                Err(error) => return Err(io("reading", &path)(error)),
            }
        }
        files.push((head::FILE.to_owned(), Zeroizing::new(writing.moment.head_file.clone())));
        let book = writing.book_sealed().map_err(|error| BackupError::Io(error.to_string()))?;
        files.push((BOOK.to_owned(), Zeroizing::new(book)));
        Ok(files)
    }

    /// Puts the key of the key book where it belongs, durably, and reads it again. [BAK-13]
    fn keep_book_key(&self, number: u64, text: &str, reader: Reader) -> Result<(), BackupError> {
        let path = self.keys.join(file_name(number));
        let failed = io("writing", &path);
        let half = self.keys.join(format!("{}.new", file_name(number)));
        let _ = fs::remove_file(&half);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&half).map_err(&failed)?;
        let mut to = self.holders.encrypt(&reader, file).map_err(&failed)?;
        let file = to.write_all(text.as_bytes()).and_then(|()| to.finish()).map_err(&failed)?;
        file.sync_all().map_err(&failed)?;
        let again = read_book_key(&half, &reader.identities())?;
        if *again != *text {
            return Err(BackupError::Damaged { file: file_name(number), what: "it was not read as it was written" });
        }
        fs::rename(&half, &path).map_err(&failed)?;
        sync_folder(self.keys)
    }

    /// Destroys the keys that are past their bound: overwritten, then removed. [BAK-14]
    fn destroy_old(&self) -> Result<u64, BackupError> {
        let mut destroyed = 0;
        let newest = numbers(self.keys)?.last().copied();
        for entry in fs::read_dir(self.keys).map_err(io("reading", self.keys))? {
            let entry = entry.map_err(io("reading", self.keys))?;
            let (path, name) = (entry.path(), entry.file_name());
            let number = name.to_str().and_then(number_of);
            if number.is_none() || number == newest {
                continue;
            }
            let written = entry.metadata().and_then(|found| found.modified()).map_err(io("reading", &path))?;
            let written = written.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
            // One day before: what is made hourly and stands still for a day keeps its word.
            if self.now.get() >= written.saturating_add(BOUND - 86_400) {
                overwrite(&path).map_err(io("destroying", &path))?;
                destroyed += 1;
            }
        }
        sync_folder(self.keys)?;
        Ok(destroyed)
    }
}

/// The key book inside a backup.
pub(super) const BOOK: &str = "keybook.age";

/// What one backup is made of.
struct Writing<'a, 'p> {
    disk: &'a RealDisk,
    keys: &'a FolderKey,
    moment: &'a Moment,
    book: &'a age::x25519::Identity,
    folder: [u8; 16],
    number: u64,
    progress: &'p mut dyn FnMut(u64),
}

impl Writing<'_, '_> {
    /// The key book, under its own key.
    fn book_sealed(&self) -> std::io::Result<Vec<u8>> {
        let mut to = Writer::new(under_book_key(self.book, Vec::new())?);
        for (name, bytes) in &self.moment.book {
            to.add(name, bytes)?;
        }
        to.end()?.finish()
    }
}

/// Files on their way into the archive, and the list of them.
struct Adding<'a, W, E> {
    to: Writer<W>,
    files: Vec<Listed>,
    failed: &'a E,
}

impl<W: Write, E: Fn(std::io::Error) -> BackupError> Adding<'_, W, E> {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.to.add(name, bytes).map_err(self.failed)?;
        self.files.push(Listed { digest: sha256(&[bytes]), length: bytes.len() as u64, name: name.to_owned() });
        Ok(())
    }
}

/// Head and key book as they belong together. The journal behind that head is only ever added to.
fn moment(disk: &RealDisk, keys: &FolderKey) -> Result<Moment, BackupError> {
    for _ in 0..TRIES {
        let ReadHead { head, doubtful } = ReadHead::beside(disk, keys)?;
        if let Some(book) = keybook::copy(disk, &head).filter(|_| !doubtful) {
            return Ok(Moment { head, head_file: head::encoded(keys, head), book });
        }
        thread::sleep(PAUSE);
    }
    Err(BackupError::Restless)
}

/// Opens what was written, and holds every byte against what was to be written. [BAK-22]
fn read_again(
    path: &Path,
    reader: &Identities,
    manifest: &Manifest,
    progress: Progress<'_>,
) -> Result<[u8; 32], BackupError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let damaged = |what| BackupError::Damaged { file: name.clone(), what };
    let mut file = Hashing::new(File::open(path).map_err(io("reading", path))?);
    let mut archive = archive::Reader::new(reader.decrypt(&mut file, &name)?);
    let wrong = |_| damaged("it does not open when it is read again");
    for listed in &manifest.files {
        let found = archive.next().map_err(wrong)?.ok_or_else(|| damaged("a file is missing"))?;
        if found.name != listed.name || sha256(&[&found.bytes]) != listed.digest {
            return Err(damaged("it was not read as it was written"));
        }
        progress(found.bytes.len() as u64);
    }
    let last = archive.next().map_err(wrong)?.ok_or_else(|| damaged("its MANIFEST is missing"))?;
    let ends = archive.next().map_err(wrong)?.is_none();
    if last.name != MANIFEST || *last.bytes != *manifest.encode().as_bytes() || !ends {
        return Err(damaged("its MANIFEST was not read as it was written"));
    }
    drop(archive);
    file.end().map_err(io("reading", path))
}

/// The key of a key book, as text.
pub(super) fn read_book_key(path: &Path, identities: &Identities) -> Result<Zeroizing<String>, BackupError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(io("reading", path))?;
    let mut text = Zeroizing::new(String::new());
    let mut opened = identities.decrypt(file, &name)?;
    let read = opened.read_to_string(&mut text);
    read.map_err(|_| BackupError::Damaged { file: name, what: "it does not open" })?;
    Ok(text)
}

/// Makes a folder that its owner alone can read, if it is not there; gives its one name.
fn own_folder(folder: &Path) -> Result<std::path::PathBuf, BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io("making", folder))?;
    folder.canonicalize().map_err(io("reading", folder))
}

/// One backup at a time into a folder.
fn lock(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join(format!("{CHAIN}.lock"));
    let mut options = OpenOptions::new();
    let file =
        options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io("opening", &path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| BackupError::InUse)?;
    Ok(file)
}

fn overwrite(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    fs::remove_file(path)
}

fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("syncing", folder))
}

/// SHA-256 of bytes that were read or written elsewhere.
pub(super) fn finished(context: digest::Context) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}
