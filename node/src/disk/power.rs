//! What is left of a disk when the power fails.

use std::collections::BTreeMap;

/// What a power loss does to operations that no sync made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerLoss {
    /// Nothing un-synced survives: neither bytes nor names.
    Unsynced,
    /// Of each un-synced write, each sector of 512 bytes survives or not.
    Torn,
    /// Each un-synced operation survives or not, whatever came before or after it.
    Reordered,
    /// All bytes survive, un-synced names do not.
    Names,
}

impl PowerLoss {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::Unsynced, Self::Torn, Self::Reordered, Self::Names];
}

/// One operation, as a simulated disk records it; files are numbered.
pub(super) enum Operation {
    Write { file: usize, offset: u64, bytes: Vec<u8> },
    Resize { file: usize, length: u64 },
    Sync { file: usize },
    Name { path: String, file: usize },
    Rename { from: String, to: String },
    Remove { path: String },
    SyncFolder { folder: String },
}

/// What is durable, and what waits for a sync, while the recorded operations pass by.
#[derive(Default)]
pub(super) struct Survivor<'a> {
    files: BTreeMap<usize, (Vec<u8>, Vec<&'a Operation>)>,
    names: BTreeMap<String, usize>,
    renamed: Vec<&'a Operation>,
}

impl<'a> Survivor<'a> {
    pub(super) fn note(&mut self, operation: &'a Operation) {
        match operation {
            Operation::Write { file, .. } | Operation::Resize { file, .. } => {
                self.files.entry(*file).or_default().1.push(operation);
            }
            Operation::Sync { file } => {
                let (durable, waiting) = self.files.entry(*file).or_default();
                waiting.drain(..).for_each(|operation| apply(durable, operation));
            }
            Operation::SyncFolder { folder } => {
                let (synced, waiting) = std::mem::take(&mut self.renamed)
                    .into_iter()
                    .partition(|operation| folder_changed(operation) == Some(folder));
                self.renamed = waiting;
                synced.into_iter().for_each(|operation| self.name(operation));
            }
            Operation::Name { .. } | Operation::Rename { .. } | Operation::Remove { .. } => {
                self.renamed.push(operation);
            }
        }
    }

    fn name(&mut self, operation: &Operation) {
        match operation {
            Operation::Name { path, file } => {
                self.names.insert(path.clone(), *file);
            }
            Operation::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Operation::Remove { path } => {
                self.names.remove(path);
            }
            Operation::Write { .. }
            | Operation::Resize { .. }
            | Operation::Sync { .. }
            | Operation::SyncFolder { .. } => {}
        }
    }

    pub(super) fn fail(mut self, loss: PowerLoss, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        let keeps_names = matches!(loss, PowerLoss::Torn | PowerLoss::Reordered);
        for operation in std::mem::take(&mut self.renamed) {
            if keeps_names && dice.even() {
                self.name(operation);
            }
        }
        for (durable, waiting) in self.files.values_mut() {
            for operation in waiting.drain(..) {
                match loss {
                    PowerLoss::Unsynced => {}
                    PowerLoss::Names => apply(durable, operation),
                    PowerLoss::Reordered if dice.even() => apply(durable, operation),
                    PowerLoss::Reordered => {}
                    PowerLoss::Torn => tear(durable, operation, dice),
                }
            }
        }
        let content = |file| self.files.get(&file).map(|(bytes, _)| bytes.clone()).unwrap_or_default();
        self.names.iter().map(|(name, file)| (name.clone(), content(*file))).collect()
    }
}

fn apply(content: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write { offset, bytes, .. } => write(content, *offset, bytes),
        Operation::Resize { length, .. } => {
            content.resize(usize::try_from(*length).unwrap_or_default(), 0);
        }
        _ => {}
    }
}

fn tear(content: &mut Vec<u8>, operation: &Operation, dice: &mut Dice) {
    const SECTOR: u64 = 512;
    let Operation::Write { offset, bytes, .. } = operation else {
        return apply(content, operation);
    };
    let (mut at, mut rest) = (*offset, bytes.as_slice());
    while !rest.is_empty() {
        let room = usize::try_from(SECTOR - at % SECTOR).unwrap_or_default();
        let (sector, left) = rest.split_at(room.min(rest.len()));
        if dice.even() {
            write(content, at, sector);
        }
        at += sector.len() as u64;
        rest = left;
    }
}

pub(super) fn write(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = usize::try_from(offset).unwrap_or_default();
    let end = start.saturating_add(bytes.len());
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(start..end) {
        place.copy_from_slice(bytes);
    }
}

fn folder_changed(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Name { path, .. } | Operation::Remove { path } => Some(folder_of(path)),
        Operation::Rename { to, .. } => Some(folder_of(to)),
        _ => None,
    }
}

pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A small seeded generator (SplitMix64), so that a failing point can be replayed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn even(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) & 1 == 0
    }
}
