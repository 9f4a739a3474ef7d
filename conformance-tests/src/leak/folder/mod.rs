//! A stopped node's data folder, opened with its storage key by a reader of its own.
//!
//! Written from specs/node.md alone, so that what it finds is what anybody would find who has the folder, `node.key`
//! and that document. Guarantees that a record, an entry or a header that does not open is an error and never passed
//! over. Knows the one format that the document describes; a folder of another implementation it does not open.

mod index;
mod journal;
mod keybook;
mod seal;

use std::path::Path;

use prost::Message;

pub(crate) use journal::Record;
use keybook::{KeyBook, TrailKeys};
use seal::FolderKey;

use super::place::Parts;
use crate::failed::{Failed, Outcome};
use crate::key_file::{NodeSecrets, from_hex};

/// Kind of an agreement's record. [NOD-20]
pub(crate) const AGREEMENT: u16 = 5;
const EVENT: u16 = 6;
const HEAD: u16 = 8;
const OUTLINE: u16 = 25;
const ACCESS: u16 = 9;
const CASE: u16 = 12;
const CASE_VALUES: u16 = 13;
const APPROVAL: u16 = 22;

/// What the storage key shows of a folder, and what the trails' keys show beyond that.
pub(crate) struct Folder {
    /// The journal.
    pub(crate) records: Vec<Record>,
    book: KeyBook,
    /// Keys and values of the index.
    pub(crate) index: Vec<Vec<u8>>,
}

/// The record of an event. [NOD-20]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct EventRecord {
    #[prost(bytes = "vec", tag = "1")]
    trail: Vec<u8>,
    #[prost(uint32, tag = "2")]
    ordinal: u32,
    #[prost(bytes = "vec", tag = "3")]
    evidence: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    values: Vec<u8>,
    #[prost(uint32, tag = "8")]
    generation: u32,
    #[prost(bytes = "vec", tag = "14")]
    words: Vec<u8>,
    #[prost(bytes = "vec", tag = "21")]
    dispatch: Vec<u8>,
}

/// The record of a head or of an outline. [NOD-20]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct UnderEvidence {
    #[prost(bytes = "vec", tag = "1")]
    trail: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    sealed: Vec<u8>,
}

/// The record of a case, as far as it is sealed. [CAS-2]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct CaseRecord {
    #[prost(bytes = "vec", tag = "1")]
    case: Vec<u8>,
    #[prost(bytes = "vec", tag = "9")]
    external_ref: Vec<u8>,
    #[prost(bytes = "vec", tag = "15")]
    names: Vec<u8>,
}

/// What a case's record holds. [CAS-40]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct CaseValuesRecord {
    #[prost(bytes = "vec", tag = "1")]
    case: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    sealed: Vec<u8>,
}

/// The record of an access, as far as it is sealed. [ACL-6]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct AccessRecord {
    #[prost(bytes = "vec", tag = "6")]
    case: Vec<u8>,
    #[prost(message, optional, tag = "7")]
    entry: Option<NumberedEntry>,
    #[prost(bytes = "vec", tag = "10")]
    words: Vec<u8>,
}

/// The record of an approval, as far as its words are sealed. [APR-9]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct ApprovalRecord {
    #[prost(bytes = "vec", tag = "1")]
    approval: Vec<u8>,
    #[prost(bytes = "vec", tag = "9")]
    words: Vec<u8>,
}

/// Of an access, its number in its case.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct NumberedEntry {
    #[prost(uint64, tag = "2")]
    number: u64,
}

impl Folder {
    /// Opens it. In the copy of the index that is read stands a control, sealed like any other entry.
    pub(crate) fn open(path: &Path, control: &[u8]) -> Outcome<Self> {
        Self::open_with(path, path, control)
    }

    /// The same with the key book of another folder, which is a later or an earlier state of this one. [RET-25]
    pub(crate) fn open_with(path: &Path, book_of: &Path, control: &[u8]) -> Outcome<Self> {
        let keys = folder_key(path)?;
        let book = keybook::read(&book_of.join("keybook"), &keys)?;
        Ok(Self {
            records: journal::read(&path.join("journal"), &keys)?,
            book,
            index: index::read(&path.join("index"), &keys, control)?,
        })
    }

    /// The key book's entries: they hold keys and names of trails.
    pub(crate) fn entries(&self) -> &[Vec<u8>] {
        &self.book.entries
    }

    /// What the trails' evidence keys show, and what their value keys show.
    pub(crate) fn under_trail_keys(&self) -> Outcome<(Parts, Parts)> {
        let (mut evidence, mut values) = (Vec::new(), Vec::new());
        for record in self.records.iter().filter(|record| record.kind == EVENT) {
            let event = EventRecord::decode(record.payload.as_slice())
                .map_err(|_| Failed::because("an event's record does not parse"))?;
            let gone = || Failed::because("the evidence of a trail is erased");
            let key = self.keys(&event.trail, 0)?.evidence.ok_or_else(gone)?;
            evidence.push(event.opened(&key, "evidence", &event.evidence)?);
            let key = self.keys(&event.trail, event.generation)?.value;
            if let (Some(key), false) = (key, event.values.is_empty()) {
                values.push(event.opened(&key, "values", &event.values)?);
            }
        }
        Ok((evidence, values))
    }

    /// All that is sealed under a trail's keys and opens with those that are left. [RET-27]
    pub(crate) fn left(&self) -> Outcome<Parts> {
        let mut opened = Vec::new();
        for record in &self.records {
            let wrong = |_| Failed::because("a record of a trail does not parse");
            let (trail, generation, sealed) = match record.kind {
                EVENT => {
                    let event = EventRecord::decode(record.payload.as_slice()).map_err(wrong)?;
                    let sealed = vec![
                        (true, "evidence", event.evidence),
                        (false, "values", event.values),
                        (false, "words", event.words),
                    ];
                    (event.trail, event.generation, sealed)
                }
                HEAD | OUTLINE => {
                    let kept = UnderEvidence::decode(record.payload.as_slice()).map_err(wrong)?;
                    let part = if record.kind == HEAD { "head" } else { "outline" };
                    (kept.trail, 0, vec![(true, part, kept.sealed)])
                }
                _ => continue,
            };
            for (evidence, part, bytes) in sealed.into_iter().filter(|(_, _, bytes)| !bytes.is_empty()) {
                let Ok(keys) = self.keys(&trail, if evidence { 0 } else { generation }) else { continue };
                let aad = [b"uput/node/", part.as_bytes(), b"/", &trail].concat();
                let key = if evidence { keys.evidence } else { keys.value };
                opened.extend(key.and_then(|key| seal::open(&key, &aad, &bytes)));
            }
        }
        Ok(opened)
    }

    /// What is on its way, sealed to staff, as far as the key book still has the keys of the way; and how many pieces it
    /// does not open any more. [STF-12]
    pub(crate) fn on_the_way(&self) -> Outcome<(Parts, u64)> {
        let (mut opened, mut closed) = (Vec::new(), 0);
        for record in self.records.iter().filter(|record| record.kind == EVENT) {
            let event = EventRecord::decode(record.payload.as_slice())
                .map_err(|_| Failed::because("an event's record does not parse"))?;
            if event.dispatch.is_empty() {
                continue;
            }
            let name = seal::sha256(&[b"uput/node/dispatch", &event.trail, &event.ordinal.to_be_bytes()]);
            let outer = self.keys(&event.trail, event.generation)?.value;
            match self.book.keys.get(&name).and_then(|keys| Some((outer?, keys.value?))) {
                Some((outer, inner)) => opened.push(
                    seal::open(&inner, &name, &event.opened(&outer, "values", &event.dispatch)?)
                        .ok_or_else(|| Failed::because("what is on its way does not open"))?,
                ),
                None => closed += 1,
            }
        }
        Ok((opened, closed))
    }

    /// What the cases' value keys show: file numbers, digests of names, and what is held about her. [CAS-2] [CAS-40]
    pub(crate) fn under_case_keys(&self) -> Outcome<Parts> {
        let mut opened = Vec::new();
        let wrong = |_| Failed::because("a case's record does not parse");
        for record in &self.records {
            let (case, sealed) = match record.kind {
                CASE => {
                    let case = CaseRecord::decode(record.payload.as_slice()).map_err(wrong)?;
                    (case.case, vec![("ref", case.external_ref), ("names", case.names)])
                }
                CASE_VALUES => {
                    let values = CaseValuesRecord::decode(record.payload.as_slice()).map_err(wrong)?;
                    (values.case, vec![("values", values.sealed)])
                }
                _ => continue,
            };
            let Some(key) = self.value_key(&[b"uput/node/case", &case]) else { continue };
            for (part, bytes) in sealed.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
                let aad = [b"uput/node/case/", part.as_bytes(), b"/", &case].concat();
                let plain = seal::open(&key, &aad, &bytes);
                opened.push(plain.ok_or_else(|| Failed::because(format!("the {part} of a case do not open")))?);
            }
        }
        Ok(opened)
    }

    /// Words with which people said why they looked. [ACL-6]
    pub(crate) fn under_access_keys(&self) -> Outcome<Parts> {
        let mut opened = Vec::new();
        for record in self.records.iter().filter(|record| record.kind == ACCESS) {
            let access = AccessRecord::decode(record.payload.as_slice())
                .map_err(|_| Failed::because("an access does not parse"))?;
            let number = access.entry.map(|entry| entry.number).unwrap_or_default();
            // Their key is one that erasure destroys.
            let key = self.value_key(&[b"uput/node/access", &access.case]);
            if let (Some(key), false) = (key, access.words.is_empty()) {
                let aad = [b"uput/node/access/".as_slice(), &access.case, &number.to_be_bytes()].concat();
                let plain = seal::open(&key, &aad, &access.words);
                opened.push(plain.ok_or_else(|| Failed::because("the words of an access do not open"))?);
            }
        }
        Ok(opened)
    }

    /// Words with which people asked for an approval. [APR-9]
    pub(crate) fn under_approval_keys(&self) -> Outcome<Parts> {
        let mut opened = Vec::new();
        for record in self.records.iter().filter(|record| record.kind == APPROVAL) {
            let approval = ApprovalRecord::decode(record.payload.as_slice())
                .map_err(|_| Failed::because("an approval does not parse"))?;
            let key = self.value_key(&[b"uput/node/approval", &approval.approval]);
            if let (Some(key), false) = (key, approval.words.is_empty()) {
                let aad = [b"uput/node/approval/words/".as_slice(), &approval.approval].concat();
                let plain = seal::open(&key, &aad, &approval.words);
                opened.push(plain.ok_or_else(|| Failed::because("the words of an approval do not open"))?);
            }
        }
        Ok(opened)
    }

    /// A value key beside those of trails, if it was not destroyed.
    fn value_key(&self, name: &[&[u8]]) -> Option<[u8; 32]> {
        self.book.keys.get(&seal::sha256(name))?.value
    }

    /// [NOD-23]
    fn keys(&self, trail: &[u8], generation: u32) -> Outcome<&TrailKeys> {
        let name = match generation {
            0 => trail.to_vec(),
            later => seal::sha256(&[b"uput/node/generation", &later.to_be_bytes(), trail]).to_vec(),
        };
        let keys = <[u8; 32]>::try_from(name).ok().and_then(|name| self.book.keys.get(&name));
        keys.ok_or_else(|| Failed::because("a trail has no keys"))
    }
}

impl EventRecord {
    /// [NOD-22]
    fn opened(&self, key: &[u8; 32], part: &str, sealed: &[u8]) -> Outcome<Vec<u8>> {
        let aad = [b"uput/node/", part.as_bytes(), b"/", &self.trail].concat();
        seal::open(key, &aad, sealed).ok_or_else(|| Failed::because(format!("the {part} of an event do not open")))
    }
}

/// Plants a record in the newest file of the journal, as a node that leaks would have written it.
pub(crate) fn plant(path: &Path, record: &Record) -> Outcome<()> {
    let mut names: Vec<_> =
        std::fs::read_dir(path.join("journal"))?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
    names.sort_unstable();
    let newest = names.last().ok_or_else(|| Failed::because("the journal is empty"))?;
    let longer = journal::with_record(&std::fs::read(newest)?, &folder_key(path)?, record)?;
    Ok(std::fs::write(newest, longer)?)
}

/// From `FORMAT` and `node.key`.
fn folder_key(path: &Path) -> Outcome<FolderKey> {
    let format = std::fs::read_to_string(path.join("FORMAT"))?;
    let line = |name: &str| format.lines().find_map(|line| line.strip_prefix(name));
    if !format.starts_with("uput node data folder\n") || line("format ") != Some("2") {
        return Err(Failed::because("the format of this data folder is not the one of specs/node.md"));
    }
    let wrong = || Failed::because("FORMAT is damaged, or of another key");
    let folder = line("folder ").and_then(from_hex).ok_or_else(wrong)?;
    let keys = FolderKey::new(&NodeSecrets::read(&path.join("node.key"))?.storage, &folder);
    let check = line("key check ").and_then(from_hex).ok_or_else(wrong)?;
    if keys.derive("uput/node/check", &2_u32.to_be_bytes())?.as_slice() == check { Ok(keys) } else { Err(wrong()) }
}
