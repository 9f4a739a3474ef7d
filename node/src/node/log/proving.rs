//! What our log proves, and what the other party's log proved to us, for a bundle. [LOG-99]
//!
//! Guarantees that a proof shows nothing of other trails, and that whose key records go with it has cosigned. Leaves to the
//! verdict what it is worth.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use prost::Message;
use uput_core::{
    id::{Id, OrgId},
    key::KeyChain,
    log::{Batch, Checkpoint, EntryKind, LogProof, MAX_SHOWN, SignedCheckpoint, Tick},
    rejection::Rejection,
    wire,
};

use super::{super::Node, ticking::entry};
use crate::{
    record::{self, CosignedRecord, KeptEntry, ShownRecord},
    store::StoreError,
};

/// How many ticks from the nearest cosigned checkpoint one is looked for that more witnesses have cosigned: a day.
const DAY: u64 = 144;

/// What a bundle carries of logs.
#[derive(Default)]
pub(in crate::node) struct InLogs {
    pub(in crate::node) proofs: Vec<wire::LogProof>,
    pub(in crate::node) checkpoints: Vec<Vec<u8>>,
    /// Who cosigned.
    pub(in crate::node) witnesses: BTreeSet<OrgId>,
}

/// Something that a log tells.
pub(in crate::node) type Thing = (EntryKind, Id);

/// Checkpoints by the ID of their text, so that the lines of each stand together.
type Checkpoints = BTreeMap<Id, SignedCheckpoint>;

impl Node {
    /// What our log and the other party's prove of these, which are named as our log tells them. [LOG-99]
    pub(in crate::node) fn in_logs(&self, things: &[Thing], other: &OrgId) -> Result<InLogs, Rejection> {
        let mut proven = InLogs::default();
        let mut notes = Checkpoints::new();
        let mut by_tick: BTreeMap<u64, BTreeSet<Thing>> = BTreeMap::new();
        for (kind, id) in things {
            if let Some(tick) = self.logged_in(*kind, id) {
                by_tick.entry(tick).or_default().insert((*kind, *id));
            }
        }
        for (tick, things) in by_tick {
            self.prove_own(tick, &things, &mut proven, &mut notes)?;
            self.prove_disowned(tick, &things, &mut proven)?;
        }
        self.prove_theirs(things, other, &mut proven, &mut notes)?;
        for note in notes.values() {
            proven.witnesses.extend(note.cosignatures().filter_map(|line| {
                let chain = self.chain_of(&line.witness)?;
                chain.records().any(|record| line.verify(record.signing_key()).is_ok()).then_some(line.witness)
            }));
        }
        proven.checkpoints = notes.values().map(SignedCheckpoint::to_bytes).collect();
        Ok(proven)
    }

    fn prove_own(
        &self,
        tick: u64,
        things: &BTreeSet<Thing>,
        proven: &mut InLogs,
        notes: &mut Checkpoints,
    ) -> Result<(), Rejection> {
        let index = tick.saturating_sub(self.log.base());
        let Some(over) = self.note_over(index)? else { return Ok(()) };
        let wanted = |kept: &KeptEntry| entry(kept).is_ok_and(|entry| things.contains(&(entry.kind, entry.id)));
        proven.proofs.extend(self.shows(tick, &wanted, MAX_SHOWN, over.claimed())?.first().map(LogProof::to_wire));
        for note in std::iter::once(over).chain(self.note_before(index)?) {
            together(notes, note)?;
        }
        Ok(())
    }

    /// The same under each root up to which a stolen key of ours counts: it needs no cosignature. [NOD-89] [BUN-105]
    fn prove_disowned(&self, tick: u64, things: &BTreeSet<Thing>, proven: &mut InLogs) -> Result<(), Rejection> {
        let index = tick.saturating_sub(self.log.base());
        let own = |kept: &KeptEntry| {
            let entry = entry(kept).ok().filter(|entry| things.contains(&(entry.kind, entry.id)));
            entry.is_some_and(|entry| matches!(entry.kind, EntryKind::OwnEvent | EntryKind::Head))
        };
        for line in self.me.chain().records().filter_map(|record| record.disowned()?.checkpoint(self.me.organisation)) {
            // The log of an older incarnation may have been lost: of another root it shows nothing.
            let here = self.log.in_tree(|tree| tree.root_at(line.size)) == Some(line.root);
            let named =
                |proof: &wire::LogProof| (proof.tick, proof.checkpoint.as_slice()) == (tick, line.id().as_bytes());
            if here && index < line.size && !proven.proofs.iter().any(named) {
                let proofs = self.shows(tick, &own, MAX_SHOWN, &line)?;
                proven.proofs.extend(proofs.first().map(LogProof::to_wire));
            }
        }
        Ok(())
    }

    /// Of each proof that came, what it shows of these; of a tick that was shown in parts, one proof.
    fn prove_theirs(
        &self,
        things: &[Thing],
        other: &OrgId,
        proven: &mut InLogs,
        notes: &mut Checkpoints,
    ) -> Result<(), Rejection> {
        let Some(chain) = self.directory.chain(other) else { return Ok(()) };
        let key = |kind: EntryKind, id: &Id| record::logged_key(u32::from(kind.number()), id.as_bytes());
        let things: BTreeSet<Vec<u8>> = things.iter().map(|(kind, id)| key(mirrored(*kind), id)).collect();
        let shown = |thing: &Vec<u8>| self.indexed(record::SHOWN, &[other.as_bytes().as_slice(), thing].concat());
        let positions: BTreeSet<_> = things.iter().filter_map(shown).collect();
        let mut by_tick: BTreeMap<u64, wire::LogProof> = BTreeMap::new();
        for position in positions {
            let kept: ShownRecord = self.at(position)?;
            let mut proof = wire::LogProof::decode(kept.proof.as_slice()).map_err(|_| Rejection::ReadFailed)?;
            proof.shown.retain(|one| things.contains(&record::logged_key(one.kind, &one.id)));
            let before =
                by_tick.entry(proof.tick).or_insert_with(|| wire::LogProof { shown: Vec::new(), ..proof.clone() });
            if before.checkpoint != proof.checkpoint {
                continue;
            }
            before.shown.append(&mut proof.shown);
            before.shown.sort_by_key(|one| one.index);
            before.shown.dedup_by_key(|one| one.index);
            before.shown.truncate(MAX_SHOWN);
            for note in &kept.notes {
                let note = SignedCheckpoint::parse(note).map_err(|_| Rejection::ReadFailed)?;
                together(notes, note.with_only(&named_in(&chain)))?;
            }
        }
        proven.proofs.extend(by_tick.into_values());
        Ok(())
    }

    /// Proofs that a closed tick shows what is wanted, of at most so many entries each.
    pub(super) fn shows(
        &self,
        tick: u64,
        wanted: &dyn Fn(&KeptEntry) -> bool,
        most: usize,
        under: &Checkpoint,
    ) -> Result<Vec<LogProof>, Rejection> {
        let (from, end) = self.log.span(tick).ok_or(Rejection::ReadFailed)?;
        let kept = self.entries_between(from, end)?;
        let entries = kept.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let shown: Vec<_> = (0..).zip(&entries).zip(&kept).filter(|(_, kept)| wanted(kept)).collect();
        let shown: Vec<_> = shown.into_iter().map(|((index, entry), _)| (index, *entry)).collect();
        let (index, size) = (tick.saturating_sub(self.log.base()), under.size);
        let batch = Batch::new(Tick(tick), &entries, [0; 32])?;
        let path = self.log.in_tree(|tree| tree.inclusion(index, size)).ok_or(Rejection::ReadFailed)?;
        let proof = |shown: &[_]| LogProof::new(&batch, shown, path.clone(), under);
        shown.chunks(most).map(proof).collect::<Option<Vec<_>>>().ok_or(Rejection::ReadFailed)
    }

    /// The first cosigned checkpoint that covers a leaf: it shows from when on the leaf was there. [BUN-73]
    pub(super) fn note_over(&self, index: u64) -> Result<Option<SignedCheckpoint>, Rejection> {
        let from = index.saturating_add(1).to_be_bytes();
        let sizes = self.storage.index().range(record::COSIGNED, Bound::Included(from.as_slice()), Bound::Unbounded);
        self.best_note(sizes)
    }

    /// The last one of a size below its index: it shows until when the leaf was not there. At the very size the leaf was open,
    /// and may have had what it holds. [BUN-74]
    pub(super) fn note_before(&self, index: u64) -> Result<Option<SignedCheckpoint>, Rejection> {
        let below = index.to_be_bytes();
        let sizes = self.storage.index().range(record::COSIGNED, Bound::Unbounded, Bound::Excluded(below.as_slice()));
        self.best_note(sizes.rev())
    }

    /// Of cosigned checkpoints the first with the line of every witness that our newest key record names; else, of those
    /// within a day of the first, the one with the most lines.
    fn best_note<E>(
        &self,
        kept: impl Iterator<Item = Result<(Vec<u8>, E), StoreError>>,
    ) -> Result<Option<SignedCheckpoint>, Rejection> {
        let wanted = self.me.chain().newest().witnesses().len();
        let mut best: Option<(u64, SignedCheckpoint)> = None;
        let mut last = 0;
        for found in kept {
            let (key, _) = found.map_err(|_| Rejection::ReadFailed)?;
            let size = key.first_chunk().copied().map(u64::from_be_bytes).ok_or(Rejection::ReadFailed)?;
            let late = best.as_ref().is_some_and(|(first, _)| size.abs_diff(*first) > DAY);
            if late || best.as_ref().is_some_and(|(_, best)| lines(best) >= wanted) {
                break;
            }
            if size == last {
                continue;
            }
            last = size;
            let Some(note) = self.cosigned_note(size)? else { continue };
            if best.as_ref().is_none_or(|(_, best)| lines(&note) > lines(best)) {
                best = Some((best.map_or(size, |(first, _)| first), note));
            }
        }
        Ok(best.map(|(_, note)| note))
    }

    /// Our checkpoint of a size with the lines of witnesses that a key record of ours names; none if none of them cosigned
    /// it, or if it is not of the tree that is here. [LOG-40]
    fn cosigned_note(&self, size: u64) -> Result<Option<SignedCheckpoint>, Rejection> {
        let mut note: Option<SignedCheckpoint> = None;
        for position in self.positions(record::COSIGNED, &size.to_be_bytes())? {
            let kept: CosignedRecord = self.at(position)?;
            let kept = SignedCheckpoint::parse(&kept.note).map_err(|_| Rejection::ReadFailed)?;
            match &mut note {
                Some(note) if note.claimed() == kept.claimed() => {
                    kept.cosignatures().try_for_each(|line| note.add(line.line()))?;
                }
                Some(_) => {}
                None => note = Some(kept),
            }
        }
        let root = self.log.in_tree(|tree| tree.root_at(size));
        let note = note.filter(|note| Some(note.claimed().root) == root);
        let note = note.map(|note| note.with_only(&named_in(&self.me.chain())));
        Ok(note.filter(|note| lines(note) > 0))
    }

    /// The closed tick in which something stands in our log.
    pub(super) fn logged_in(&self, kind: EntryKind, id: &Id) -> Option<u64> {
        let key = record::logged_key(u32::from(kind.number()), id.as_bytes());
        self.log.tick_of(self.indexed(record::LOGGED, &key)?)
    }
}

/// The witnesses that a record of a chain names. [LOG-40]
pub(super) fn named_in(chain: &KeyChain) -> Vec<OrgId> {
    chain.records().flat_map(|record| record.witnesses()).copied().collect()
}

/// As the other party's log tells it.
const fn mirrored(kind: EntryKind) -> EntryKind {
    match kind {
        EntryKind::OwnEvent => EntryKind::ReceivedEvent,
        EntryKind::ReceivedEvent => EntryKind::OwnEvent,
        other => other,
    }
}

fn lines(note: &SignedCheckpoint) -> usize {
    let by: BTreeSet<OrgId> = note.cosignatures().map(|line| line.witness).collect();
    by.len()
}

fn together(notes: &mut Checkpoints, note: SignedCheckpoint) -> Result<(), Rejection> {
    match notes.get_mut(&note.claimed().id()) {
        Some(kept) => note.cosignatures().try_for_each(|line| kept.add(line.line())),
        None => {
            notes.insert(note.claimed().id(), note);
            Ok(())
        }
    }
}
