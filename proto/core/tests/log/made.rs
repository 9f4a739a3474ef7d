//! A log of an invented shelter: everything follows from names.

use uput_core::{
    id::{Id, OrgId},
    key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    log::{Batch, Checkpoint, Entry, EntryKind, Hash, LogProof, Origin, SignedCheckpoint, Tick, Tree},
    time::Seconds,
};

/// The first tick of the log.
pub(crate) const BASE: u64 = 2_992_176;
/// How many it has.
pub(crate) const SIZE: u64 = 21;

pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(Id::of(name.as_bytes()).as_bytes())
}

pub(crate) fn witness(name: &str) -> OrgId {
    Id::of(name.as_bytes()).into()
}

pub(crate) fn at(seconds: u64) -> Seconds {
    Seconds::new(BASE * 600 + seconds).unwrap()
}

pub(crate) fn chain() -> KeyChain {
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(Id::of(b"shelter sealing").as_bytes()).public().clone()],
        endpoints: vec![],
        witnesses: vec![],
        recovery: None,
        log_base_tick: BASE,
        time: at(0),
        end: at(86_400),
        disowned: None,
        door_key: None,
    };
    let record = sign_key_record(draft, &key("shelter organisation"), &key("shelter"), &key("shelter tls"), None);
    KeyChain::verify(&[record.unwrap()]).unwrap()
}

/// Ticks of which every third has entries, and of them as many as its number; `name` tells two histories apart.
pub(crate) struct Log {
    pub(crate) tree: Tree,
    pub(crate) batches: Vec<(Batch, Vec<Entry>)>,
}

impl Log {
    pub(crate) fn new(name: &str) -> Self {
        let (mut tree, mut batches) = (Tree::default(), Vec::new());
        for index in 0..SIZE {
            let random = *Id::of(format!("{name} {index}").as_bytes()).as_bytes();
            let entry = |n: u64| Entry {
                nonce: *Id::of(format!("{name} {index} {n}").as_bytes()).as_bytes(),
                kind: EntryKind::OwnEvent,
                id: Id::of(format!("event {index} {n}").as_bytes()),
            };
            let entries: Vec<Entry> = (0..if index % 3 == 2 { index } else { 0 }).map(entry).collect();
            let batch = Batch::new(Tick(BASE + index), &entries, random).unwrap();
            tree.append(batch.leaf_hash());
            batches.push((batch, entries));
        }
        Self { tree, batches }
    }

    pub(crate) fn root(&self, size: u64) -> Hash {
        self.tree.root_at(size).unwrap()
    }

    pub(crate) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let origin = Origin { organisation: chain().organisation(), incarnation: 2 };
        Checkpoint { origin, size, root: self.root(size) }.sign(&key("shelter"))
    }

    /// With cosignatures of two invented witnesses.
    pub(crate) fn cosigned(&self, size: u64) -> SignedCheckpoint {
        let mut signed = self.checkpoint(size);
        for (name, seconds) in [("north", 7), ("south", 9)] {
            let line = signed.cosign(&witness(name), &key(name), at(600 * size + seconds));
            signed.add(line).unwrap();
        }
        signed
    }

    /// Some entries of a tick.
    pub(crate) fn proof(&self, index: u64, shown: &[u32], size: u64) -> LogProof {
        let (batch, entries) = &self.batches[usize::try_from(index).unwrap()];
        let shown: Vec<(u32, Entry)> = shown.iter().map(|place| (*place, entries[*place as usize])).collect();
        let path = self.tree.inclusion(index, size).unwrap();
        LogProof::new(batch, &shown, path, self.checkpoint(size).claimed()).unwrap()
    }
}
