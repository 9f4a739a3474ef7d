//! The head, without its key: each slot holds its content twice, and both must say the same.

use super::{Area, Patient, Reason, hash, number};

const MAGIC: &[u8] = b"uputhead";
const SLOT: usize = 4096;
const COPY: usize = SLOT / 2;
/// Bytes of a copy, with its HMAC.
const LENGTH: usize = 8 + 8 + 8 + 32 + 8 + 8 + 32 + 32;

/// How far journal and key book were acknowledged.
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) records: u64,
    pub(super) chain: [u8; 32],
    pub(super) generation: u64,
    pub(super) entries: u64,
    pub(super) book: [u8; 32],
}

/// What one slot says.
enum Slot {
    Whole(Head),
    /// Its copies differ, and nobody without the key knows which one holds.
    OneCopy,
    Lost,
}

impl Patient<'_> {
    /// The newest slot that is whole; none: nothing can be held against the head.
    pub(super) fn look_at_the_head(&mut self) -> Option<Head> {
        let bytes = self.read_or("head", Reason::HeadMissing)?;
        if bytes.len() != 2 * SLOT {
            self.wrong(Reason::HeadLength, format!("head has {} bytes, not {}", bytes.len(), 2 * SLOT));
        }
        let mut whole = Vec::new();
        let (mut copies, mut lost) = (0, 0);
        for place in [0, 1] {
            match slot(&bytes, place) {
                Slot::Whole(head) => whole.push(head),
                Slot::OneCopy => copies += 1,
                Slot::Lost => lost += 1,
            }
        }
        match (copies, lost) {
            (_, 2) => self.wrong(Reason::HeadUnreadable, "no slot of the head can be read"),
            // A cut head lost a slot with its length.
            (_, 1..) if bytes.len() == 2 * SLOT => self.wrong(Reason::HeadSlot, "one of two slots cannot be read"),
            (1.., _) => self.wrong(Reason::HeadCopy, "the two copies in a slot differ"),
            _ => self.fine_unless_wrong(Area::Head, "both slots can be read"),
        }
        whole.into_iter().max_by_key(|head| head.sequence)
    }
}

fn slot(bytes: &[u8], place: usize) -> Slot {
    let copy = |at: usize| bytes.get(place * SLOT + at..).and_then(|bytes| bytes.get(..LENGTH));
    let parsed = [copy(0), copy(COPY)].map(|copy| copy.and_then(|copy| parse(copy, place as u64)));
    match parsed {
        [Some(head), Some(_)] if copy(0) == copy(COPY) => Slot::Whole(head),
        [None, None] => Slot::Lost,
        _ => Slot::OneCopy,
    }
}

fn parse(copy: &[u8], place: u64) -> Option<Head> {
    let head = Head {
        sequence: number(copy, 8)?,
        records: number(copy, 16)?,
        chain: hash(copy, 24)?,
        generation: number(copy, 56)?,
        entries: number(copy, 64)?,
        book: hash(copy, 72)?,
    };
    // The slots are written in turn.
    (copy.starts_with(MAGIC) && head.sequence % 2 == place).then_some(head)
}
