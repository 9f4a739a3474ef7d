//! What a backup says of itself: lines of text, the last file of its archive. [BAK-4]

use std::fmt::Write as _;

use crate::journal::Reach;
use crate::storage::folder::hex;

/// Its name in the archive.
pub(super) const MANIFEST: &str = "MANIFEST";
const FIRST: &str = "uput backup 1";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The data folder's ID.
    pub(super) folder: [u8; 16],
    /// The chain that it belongs to.
    pub(super) chain: [u8; 16],
    /// Its place in the chain, from 1.
    pub(super) number: u64,
    /// SHA-256 of the file before it; of the first: zeros.
    pub(super) before: [u8; 32],
    /// When it was made, seconds since 1970, by the node's computer.
    pub(super) made: u64,
    /// Where the journal in it begins.
    pub(super) from: Reach,
    /// Where it ends.
    pub(super) to: Reach,
    /// Generation of the key book.
    pub(super) generation: u64,
    /// Its entries.
    pub(super) entries: u64,
    /// The files before this one in the archive.
    pub(super) files: Vec<Listed>,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) digest: [u8; 32],
    pub(super) length: u64,
    pub(super) name: String,
}

impl Manifest {
    pub(super) fn encode(&self) -> String {
        let mut text = format!("{FIRST}\nfolder {}\nchain {}\n", hex(&self.folder), hex(&self.chain));
        // cannot fail: writing to a String.
        let _ = writeln!(text, "number {}\nbefore {}\nmade {}", self.number, hex(&self.before), self.made);
        let _ = writeln!(text, "from {}\nto {}", reach(&self.from), reach(&self.to));
        let _ = writeln!(text, "book {} {}", self.generation, self.entries);
        for file in &self.files {
            let _ = writeln!(text, "file {} {} {}", hex(&file.digest), file.length, file.name);
        }
        text.push_str("end\n");
        text
    }

    /// Reads one; none unless it is spelled as it would be written.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut line = |word: &str| Some(lines.next()?.strip_prefix(word)?.strip_prefix(' ')?.to_owned());
        line("uput").filter(|rest| *rest == "backup 1")?;
        let folder = unhex(&line("folder")?)?;
        let chain = unhex(&line("chain")?)?;
        let number = line("number")?.parse().ok()?;
        let before = unhex(&line("before")?)?;
        let made = line("made")?.parse().ok()?;
        let (from, to) = (parse_reach(&line("from")?)?, parse_reach(&line("to")?)?);
        let book = line("book")?;
        let (generation, entries) = book.split_once(' ')?;
        let (generation, entries) = (generation.parse().ok()?, entries.parse().ok()?);
        let files = lines.take_while(|line| *line != "end").map(parse_file).collect::<Option<_>>()?;
        let parsed = Self { folder, chain, number, before, made, from, to, generation, entries, files };
        (parsed.encode() == text).then_some(parsed)
    }
}

/// As a line says it: segment, offset, records, chain hash.
pub(super) fn reach(reach: &Reach) -> String {
    format!("{} {} {} {}", reach.segment, reach.offset, reach.records, hex(&reach.chain))
}

pub(super) fn parse_reach(text: &str) -> Option<Reach> {
    let mut words = text.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (segment, offset, records) = (number()?, number()?, number()?);
    let chain = unhex(words.next()?)?;
    words.next().is_none().then_some(Reach { segment, offset, records, chain })
}

fn parse_file(line: &str) -> Option<Listed> {
    let (digest, rest) = line.strip_prefix("file ")?.split_once(' ')?;
    let (length, name) = rest.split_once(' ')?;
    Some(Listed { digest: unhex(digest)?, length: length.parse().ok()?, name: name.to_owned() })
}

/// Lower-case digits of exactly so many bytes.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (to, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    (hex(&bytes) == text).then_some(bytes)
}
