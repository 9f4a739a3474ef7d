//! The key book, without the storage key: which generation counts, and that its sealed entries are those that were hashed.

use super::head::Head;
use super::{Area, Patient, Reason, number};
use crate::seal::sha256;

const KEY_MAGIC: &[u8] = b"uputbkey";
const MAGIC: &[u8] = b"uputbook";
/// Bytes that sealing adds: nonce and tag.
const SEAL: usize = 12 + 16;
const KEY: usize = 8 + 8 + 32 + SEAL;
const BEGINNING: usize = 8 + 8 + 8 + SEAL;
const ENTRY: usize = 32 + 1 + 32 + 32 + SEAL;

impl Patient<'_> {
    pub(super) fn look_at_the_key_book(&mut self, head: Option<&Head>) {
        let names = self.names("keybook").unwrap_or_default();
        let mut keys: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".key")?.parse().ok()).collect();
        keys.sort_unstable();
        let Some(newest) = keys.pop() else {
            return self.wrong(Reason::BookKeyMissing, "the key book has no key");
        };
        if let Some(older) = keys.last() {
            self.wrong(Reason::BookOlder, format!("the key of generation {older} is still there"));
        }
        // An erasure that was cut off is one ahead of the head.
        if head.is_some_and(|head| newest != head.generation && newest != head.generation + 1) {
            let found = format!("the key book is of generation {newest}, which the head does not know");
            return self.wrong(Reason::BookGeneration, found);
        }
        let key = format!("keybook/{newest:012}.key");
        let whole =
            |bytes: Vec<u8>| bytes.len() == KEY && bytes.starts_with(KEY_MAGIC) && number(&bytes, 8) == Some(newest);
        let Some(bytes) = self.read_or(&key, Reason::BookKeyMissing) else { return };
        if !whole(bytes) {
            return self.wrong(Reason::BookKeyBroken, format!("{key} is not a key of the key book"));
        }
        self.look_at_the_book(newest, head.filter(|head| head.generation == newest));
    }

    fn look_at_the_book(&mut self, generation: u64, head: Option<&Head>) {
        let path = format!("keybook/{generation:012}.book");
        let Some(bytes) = self.read_or(&path, Reason::BookMissing) else { return };
        let Some((beginning, entries)) = bytes.split_at_checked(BEGINNING) else {
            return self.wrong(Reason::BookShort, format!("{path} is too short"));
        };
        let written = number(beginning, 16).unwrap_or_default();
        if !beginning.starts_with(MAGIC) || number(beginning, 8) != Some(generation) {
            return self.wrong(Reason::BookChanged, format!("the beginning of {path} is not its own"));
        }
        let (entries, _) = entries.as_chunks::<ENTRY>();
        let expected = head.map_or(written, |head| head.entries);
        let Some(covered) = usize::try_from(expected).ok().and_then(|count| entries.get(..count)) else {
            return self.wrong(Reason::BookShort, format!("{path} has {} entries of {expected}", entries.len()));
        };
        let chain = covered.iter().fold(sha256(&[beginning]), |chain, entry| sha256(&[&chain, entry]));
        if head.is_some_and(|head| head.book != chain) {
            return self
                .wrong(Reason::BookChanged, format!("the bytes of {path} are not those that were acknowledged"));
        }
        self.fine_unless_wrong(Area::KeyBook, format!("generation {generation} holds {expected} entries"));
    }
}
