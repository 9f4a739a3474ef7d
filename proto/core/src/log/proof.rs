//! Proofs: an entry stands in a tick, and the tick in a log.
//!
//! Guarantees that a parsed proof is within its bounds, and that a checked one leads from every entry that it shows to
//! the checkpoint that it names, by the paths of exactly these sizes. Leaves to others who signed and cosigned that.

use super::{
    checkpoint::Checkpoint,
    entry::{Entry, EntryKind},
    tick::{Batch, Tick},
    tree::{Hash, MAX_PATH, path_root},
};
use crate::{
    id::{Id, OrgId},
    rejection::Rejection,
    wire,
};

/// Most entries that one proof shows. [LOG-30]
pub const MAX_SHOWN: usize = 4096;

/// Entries of one tick of one log, with what leads to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    party: OrgId,
    tick: Tick,
    entries: u32,
    leaf_path: Vec<Hash>,
    checkpoint: Id,
    shown: Vec<Shown>,
}

/// One entry with its place in the tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The entry.
    pub entry: Entry,
    /// Its index in the batch.
    pub index: u32,
    /// The path to the batch's root.
    pub path: Vec<Hash>,
}

impl LogProof {
    /// Shows entries of a batch under a checkpoint; `leaf_path` is the path of the tick's leaf in the log. [LOG-30]
    #[must_use]
    pub fn new(batch: &Batch, shown: &[(u32, Entry)], leaf_path: Vec<Hash>, under: &Checkpoint) -> Option<Self> {
        let show =
            |(index, entry): &(u32, Entry)| Some(Shown { entry: *entry, index: *index, path: batch.path(*index)? });
        let mut shown: Vec<Shown> = shown.iter().map(show).collect::<Option<_>>()?;
        shown.sort_by_key(|one| one.index);
        let (party, entries) = (under.origin.organisation, batch.count());
        Some(Self { party, tick: batch.tick(), entries, leaf_path, checkpoint: under.id(), shown })
    }

    /// Reads a proof. [LOG-30]
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::NotCanonical`] for entries in another order, [`Rejection::TooLarge`].
    pub fn parse(proof: &wire::LogProof) -> Result<Self, Rejection> {
        if proof.shown.len() > MAX_SHOWN {
            return Err(Rejection::TooLarge);
        }
        let shown = proof.shown.iter().map(parse_shown).collect::<Result<Vec<_>, _>>()?;
        if shown.is_empty() || shown.iter().any(|one| one.index >= proof.entries) {
            return Err(Rejection::Malformed);
        }
        if !shown.is_sorted_by(|one, two| one.index < two.index) {
            return Err(Rejection::NotCanonical);
        }
        Ok(Self {
            party: OrgId::parse(&proof.party)?,
            tick: Tick(proof.tick),
            entries: proof.entries,
            leaf_path: parse_path(&proof.leaf_path)?,
            checkpoint: Id::parse(&proof.checkpoint)?,
            shown,
        })
    }

    /// As a message.
    #[must_use]
    pub fn to_wire(&self) -> wire::LogProof {
        let hashes = |path: &[Hash]| path.iter().map(Hash::to_vec).collect();
        let show = |one: &Shown| wire::LogEntryProof {
            kind: u32::from(one.entry.kind.number()),
            id: one.entry.id.as_bytes().to_vec(),
            nonce: one.entry.nonce.to_vec(),
            index: one.index,
            path: hashes(&one.path),
        };
        wire::LogProof {
            party: self.party.to_vec(),
            tick: self.tick.0,
            entries: self.entries,
            leaf_path: hashes(&self.leaf_path),
            checkpoint: self.checkpoint.as_bytes().to_vec(),
            shown: self.shown.iter().map(show).collect(),
        }
    }

    /// Whether everything that it shows stands under this checkpoint, in a log that begins with `base`; the index of its
    /// leaf. [LOG-31]
    ///
    /// # Errors
    /// [`Rejection::BadProof`].
    pub fn check(&self, base: Tick, under: &Checkpoint) -> Result<u64, Rejection> {
        let named = under.id() == self.checkpoint && under.origin.organisation == self.party;
        let index = self.tick.index(base).filter(|_| named).ok_or(Rejection::BadProof)?;
        for one in &self.shown {
            let entry = Hash::leaf(&one.entry.to_bytes());
            let root = path_root(&entry, one.index.into(), self.entries.into(), &one.path);
            let leaf = root.map(|root| Hash::leaf(&self.tick.leaf(self.entries, &root)));
            let top = leaf.and_then(|leaf| path_root(&leaf, index, under.size, &self.leaf_path));
            if top != Some(under.root) {
                return Err(Rejection::BadProof);
            }
        }
        Ok(index)
    }

    /// The leaf of its tick, as its first entry leads there; true only once it is checked.
    #[must_use]
    pub fn leaf(&self) -> Option<Hash> {
        let one = self.shown.first()?;
        let entry = Hash::leaf(&one.entry.to_bytes());
        let root = path_root(&entry, one.index.into(), self.entries.into(), &one.path)?;
        Some(Hash::leaf(&self.tick.leaf(self.entries, &root)))
    }

    /// Whose log.
    #[must_use]
    pub const fn party(&self) -> OrgId {
        self.party
    }

    /// Which tick.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// ID of the checkpoint under which it stands.
    #[must_use]
    pub const fn checkpoint(&self) -> Id {
        self.checkpoint
    }

    /// What it shows, ascending by index; true only once it is checked.
    #[must_use]
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }
}

fn parse_shown(one: &wire::LogEntryProof) -> Result<Shown, Rejection> {
    let nonce: [u8; 32] = one.nonce.as_slice().try_into().map_err(|_| Rejection::Malformed)?;
    if nonce == [0; 32] {
        return Err(Rejection::Malformed);
    }
    let entry = Entry { nonce, kind: EntryKind::from_number(one.kind)?, id: Id::parse(&one.id)? };
    Ok(Shown { entry, index: one.index, path: parse_path(&one.path)? })
}

pub(super) fn parse_path(path: &[Vec<u8>]) -> Result<Vec<Hash>, Rejection> {
    if path.len() > MAX_PATH {
        return Err(Rejection::TooLarge);
    }
    path.iter().map(|hash| Hash::from_slice(hash).ok_or(Rejection::Malformed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec,
        log::{Origin, Tree},
    };

    const BASE: Tick = Tick(1000);

    /// A log of eleven ticks; the eighth has five entries, of which the second and fifth are shown.
    fn made() -> (LogProof, Checkpoint) {
        let entries: Vec<Entry> =
            (1..=5_u8).map(|n| Entry { nonce: [n; 32], kind: EntryKind::OwnEvent, id: Id::of(&[n]) }).collect();
        let (mut tree, mut batch) = (Tree::default(), Batch::empty(BASE, [9; 32]));
        for tick in 0..11 {
            let own = if tick == 7 { &entries[..] } else { &[] };
            let next = Batch::new(Tick(BASE.0 + tick), own, [9; 32]).unwrap();
            tree.append(next.leaf_hash());
            batch = if tick == 7 { next } else { batch };
        }
        let origin = Origin { organisation: Id::of(b"an invented shelter").into(), incarnation: 1 };
        let under = Checkpoint { origin, size: 11, root: tree.root() };
        let shown = [(4, entries[4]), (1, entries[1])];
        (LogProof::new(&batch, &shown, tree.inclusion(7, 11).unwrap(), &under).unwrap(), under)
    }

    #[test]
    fn a_proof_shows_its_entries_and_goes_both_ways() {
        let (proof, under) = made();
        assert_eq!(proof.check(BASE, &under), Ok(7));
        assert_eq!(LogProof::parse(&proof.to_wire()), Ok(proof.clone()));
        assert_eq!(proof.check(Tick(BASE.0 + 1), &under), Err(Rejection::BadProof));
        assert_eq!(proof.check(Tick(BASE.0 + 8), &under), Err(Rejection::BadProof));
        let origin = Origin { organisation: Id::of(b"another").into(), ..under.origin };
        assert_eq!(proof.check(BASE, &Checkpoint { origin, ..under }), Err(Rejection::BadProof));
        assert_eq!(proof.check(BASE, &Checkpoint { size: 12, ..under }), Err(Rejection::BadProof));
    }

    #[test]
    fn every_flipped_bit_of_a_proof_is_refused() {
        let (proof, under) = made();
        let bytes = codec::encode(&proof.to_wire());
        let mut read = 0;
        for bit in 0..8 * bytes.len() {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let parsed = codec::decode::<wire::LogProof>(&other).and_then(|wire| LogProof::parse(&wire));
            read += usize::from(parsed.is_ok());
            assert!(parsed.and_then(|proof| proof.check(BASE, &under)).is_err(), "bit {bit}");
        }
        assert!(read > bytes.len(), "most of them are refused by what they lead to: {read}");
    }

    #[test]
    fn what_a_proof_may_not_say_is_refused() {
        let good = made().0.to_wire();
        let refused = |change: &dyn Fn(&mut wire::LogProof)| {
            let mut other = good.clone();
            change(&mut other);
            LogProof::parse(&other).err()
        };
        assert_eq!(refused(&|proof| proof.shown.clear()), Some(Rejection::Malformed));
        assert_eq!(refused(&|proof| proof.entries = 4), Some(Rejection::Malformed));
        assert_eq!(refused(&|proof| proof.shown.reverse()), Some(Rejection::NotCanonical));
        assert_eq!(refused(&|proof| proof.shown[1] = proof.shown[0].clone()), Some(Rejection::NotCanonical));
        assert_eq!(refused(&|proof| proof.shown[0].kind = 9), Some(Rejection::Malformed));
        assert_eq!(refused(&|proof| proof.shown[0].nonce = vec![0; 32]), Some(Rejection::Malformed));
        assert_eq!(refused(&|proof| proof.leaf_path[0].truncate(31)), Some(Rejection::Malformed));
        assert_eq!(refused(&|proof| proof.leaf_path = vec![vec![1; 32]; 66]), Some(Rejection::TooLarge));
        assert_eq!(refused(&|proof| proof.party.clear()), Some(Rejection::Malformed));
        let many = |proof: &mut wire::LogProof| proof.shown = vec![proof.shown[0].clone(); MAX_SHOWN + 1];
        assert_eq!(refused(&many), Some(Rejection::TooLarge));
    }
}
