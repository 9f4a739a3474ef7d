//! The key book, opened with the storage key: specs/node.md, section 1.3.

use std::collections::BTreeMap;
use std::path::Path;

use super::seal::{FolderKey, open, sha256};
use crate::failed::{Failed, Outcome};

const BEGINNING: usize = 8 + 8 + 8 + 28;
const ENTRY: usize = 125;
/// Among what an entry says which keys follow.
const HAS_VALUE: u8 = 1;
const HAS_EVIDENCE: u8 = 2;

/// The two keys of a trail.
pub(crate) struct TrailKeys {
    /// None: it was destroyed.
    pub(crate) value: Option<[u8; 32]>,
    /// The same.
    pub(crate) evidence: Option<[u8; 32]>,
}

/// What stands in the key book: keys under names, and each entry's bytes as the book's key shows them.
pub(super) struct KeyBook {
    pub(super) keys: BTreeMap<[u8; 32], TrailKeys>,
    pub(super) entries: Vec<Vec<u8>>,
}

/// Reads the newest generation.
pub(super) fn read(folder: &Path, folder_key: &FolderKey) -> Outcome<KeyBook> {
    let wrong = |what: &str| Failed::because(format!("the key book: {what}"));
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<Outcome<Vec<_>>>()?;
    let numbers = names.iter().filter_map(|name| name.to_str()?.strip_suffix(".key")?.parse::<u64>().ok());
    let generation = numbers.max().ok_or_else(|| wrong("no key"))?;
    let wrapped = std::fs::read(folder.join(format!("{generation:012}.key")))?;
    let (aad, sealed) = wrapped.split_at_checked(16).ok_or_else(|| wrong("a short key"))?;
    let key = open(&folder_key.derive("uput/node/key book", &[])?, aad, sealed);
    let key: [u8; 32] = key.and_then(|key| key.try_into().ok()).ok_or_else(|| wrong("its key does not open"))?;
    let book = std::fs::read(folder.join(format!("{generation:012}.book")))?;
    let (beginning, rest) = book.split_at_checked(BEGINNING).ok_or_else(|| wrong("too short"))?;
    let (aad, empty) = beginning.split_at(24);
    if !aad.starts_with(b"uputbook") || open(&key, aad, empty).is_none() {
        return Err(wrong("its beginning does not open"));
    }
    let (entries, _) = rest.as_chunks::<ENTRY>();
    entries_of(entries, &key, sha256(&[beginning])).ok_or_else(|| wrong("an entry does not open"))
}

fn entries_of(sealed: &[[u8; ENTRY]], key: &[u8; 32], mut chain: [u8; 32]) -> Option<KeyBook> {
    let (mut keys, mut entries) = (BTreeMap::new(), Vec::new());
    for (number, entry) in (0_u64..).zip(sealed) {
        let plain = open(key, &[number.to_be_bytes().as_slice(), &chain].concat(), entry)?;
        chain = sha256(&[&chain, entry]);
        let part = |at: usize| plain.get(at..at + 32)?.try_into().ok();
        let held = *plain.get(32)?;
        let value = if held & HAS_VALUE == 0 { None } else { Some(part(33)?) };
        let evidence = if held & HAS_EVIDENCE == 0 { None } else { Some(part(65)?) };
        keys.insert(part(0)?, TrailKeys { value, evidence });
        entries.push(plain);
    }
    Some(KeyBook { keys, entries })
}
