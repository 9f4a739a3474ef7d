//! The journal, without its key: lengths and numbers stand in the clear, and the chain of hashes takes no key.

use super::head::Head;
use super::{Area, Patient, Reason, hash, number};
use crate::record;
use crate::seal::sha256;
use crate::storage::PASSED_OVER;
use std::collections::BTreeSet;

const MAGIC: &[u8] = b"uputseg1";
/// Bytes of a segment's header.
const HEADER: usize = 8 + 8 + 8 + 32 + 32 + 32;
/// Bytes of a record before its ciphertext.
const RECORD: usize = 4 + 2 + 2 + 8 + 12;
const TAG: usize = 16;
/// The longest payload.
const LONGEST: u32 = crate::journal::MAX_PAYLOAD as u32;

/// How far the segments were followed.
#[derive(Clone, Copy)]
struct Reach {
    records: u64,
    chain: [u8; 32],
}

/// What is wrong with a segment.
struct Wrong {
    reason: Reason,
    found: &'static str,
    /// It is the segment before that is another than this one says.
    before: bool,
}

impl Patient<'_> {
    pub(super) fn look_at_the_journal(&mut self, head: Option<&Head>) {
        let Some(mut names) = self.names("journal") else {
            return self.wrong(Reason::JournalMissing, "there is no journal");
        };
        names.retain(|name| !name.ends_with(".new"));
        let reach = Reach { records: 0, chain: [0; 32] };
        let mut walk = Walk { head, reach, met: head.is_none(), kinds: BTreeSet::new() };
        walk.meet();
        let mut before = String::new();
        for (place, name) in names.iter().enumerate() {
            let path = format!("journal/{name}");
            if *name != format!("{:08}.seg", place + 1) {
                return self.wrong(Reason::SegmentGap, format!("a segment before {path} is missing"));
            }
            let Some(bytes) = self.read(&path) else { return };
            let last = place + 1 == names.len();
            if let Err(wrong) = walk.segment(&bytes, place as u64 + 1, last) {
                let about = if wrong.before { &before } else { &path };
                return self.wrong(wrong.reason, format!("{about}: {}", wrong.found));
            }
            before = path;
        }
        if !walk.met {
            return self.wrong(Reason::JournalShort, "the journal ends before what was acknowledged");
        }
        let strange: Vec<u16> = walk.kinds.into_iter().filter(|kind| !record::is_known(*kind)).collect();
        let (needed, parked): (Vec<u16>, Vec<u16>) = strange.into_iter().partition(|kind| *kind < PASSED_OVER);
        if !needed.is_empty() {
            return self.wrong(Reason::RecordsNewer, format!("there are records of kinds {needed:?}, unknown here"));
        }
        if !parked.is_empty() {
            self.wrong(
                Reason::RecordsParked,
                format!("there are records of kinds {parked:?}, kept and not shown here"),
            );
        }
        self.fine_unless_wrong(
            Area::Journal,
            format!("{} segments hold {} records without a gap", names.len(), walk.reach.records),
        );
    }
}

struct Walk<'a> {
    head: Option<&'a Head>,
    reach: Reach,
    met: bool,
    kinds: BTreeSet<u16>,
}

impl Walk<'_> {
    fn segment(&mut self, bytes: &[u8], number: u64, last: bool) -> Result<(), Wrong> {
        let wrong = |reason, found| Err(Wrong { reason, found, before: false });
        let Some((first, chain)) = header(bytes, number) else {
            return wrong(Reason::SegmentHeader, "its header is not its own");
        };
        if first != self.reach.records {
            return wrong(Reason::SegmentHeader, "it does not begin where the segment before it ends");
        }
        if chain != self.reach.chain {
            let found = "its bytes are not those that were hashed";
            return Err(Wrong { reason: Reason::SegmentChanged, found, before: number > 1 });
        }
        let mut at = HEADER;
        while let Some((end, records)) = group(bytes, at, self.reach.records, &mut self.kinds) {
            let chain = sha256(&[&self.reach.chain, bytes.get(at..end).unwrap_or_default()]);
            (at, self.reach) = (end, Reach { records, chain });
            if !self.meet() {
                return wrong(Reason::SegmentChanged, "its bytes are not those that were acknowledged");
            }
        }
        let rest = bytes.get(at..).unwrap_or_default();
        // What lies behind the head in the last segment is a tail that was never acknowledged.
        let torn = last && (self.met || rest.iter().all(|byte| *byte == 0));
        if rest.is_empty() || torn { Ok(()) } else { wrong(Reason::SegmentCut, "a record in it leads nowhere") }
    }

    /// Whether it is what the head says, where the head says anything.
    fn meet(&mut self) -> bool {
        match self.head.filter(|head| head.records == self.reach.records) {
            Some(head) => {
                self.met = true;
                head.chain == self.reach.chain
            }
            None => true,
        }
    }
}

/// The number of its first record, and the hash before it.
fn header(bytes: &[u8], segment: u64) -> Option<(u64, [u8; 32])> {
    let ours = bytes.len() >= HEADER && bytes.starts_with(MAGIC) && number(bytes, 8)? == segment;
    ours.then_some((number(bytes, 16)?, hash(bytes, 24)?))
}

/// Where a group that begins here ends, and the number after it; none: there is no whole one.
fn group(bytes: &[u8], mut at: usize, mut records: u64, kinds: &mut BTreeSet<u16>) -> Option<(usize, u64)> {
    let mut found = Vec::new();
    loop {
        let length = u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?);
        let kind = u16::from_be_bytes(*bytes.get(at + 4..)?.first_chunk::<2>()?);
        let flags = u16::from_be_bytes(*bytes.get(at + 6..)?.first_chunk::<2>()?);
        if length > LONGEST || flags > 1 || number(bytes, at + 8)? != records {
            return None;
        }
        at += RECORD + usize::try_from(length).ok()? + TAG;
        records += 1;
        if at > bytes.len() {
            return None;
        }
        found.push(kind);
        if flags == 1 {
            kinds.extend(found);
            return Some((at, records));
        }
    }
}
