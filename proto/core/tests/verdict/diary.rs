//! Two parties with logs, two witnesses, and what a dishonest one of them makes of it.
//!
//! Guarantees that every play of logs begins from one scene: both parties' key records name both witnesses and each other.

use uput_core::{
    bundle::BundleDraft,
    id::Id,
    log::{Batch, Checkpoint, Entry, EntryKind, LogProof, Origin, SignedCheckpoint, Tick, Tree},
    slot::Extent,
    state::Side,
    time::Seconds,
    trust::{TrustFile, TrustedOrganisation, WitnessDemand},
};

use crate::sample::{MIDNIGHT, Organisation, Story, World, seed};

/// An hour before midnight.
pub(crate) const BASE: u64 = MIDNIGHT / 600 - 6;
/// Seconds after midnight at which the first tick after it is over, and a little more.
pub(crate) const SOON: u64 = 640;

/// Two parties, whose key records name two witnesses and each other.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) north: Organisation,
    pub(crate) south: Organisation,
}

/// A party's log.
pub(crate) struct Diary<'a> {
    pub(crate) owner: &'a Organisation,
    pub(crate) tree: Tree,
    pub(crate) batches: Vec<(Batch, Vec<Entry>)>,
}

impl Scene {
    pub(crate) fn new(source: &str) -> Self {
        let (mut north, south) = (Organisation::invented("north"), Organisation::invented("south"));
        north.rotate();
        let mut parties = ["hotline", "shelter-jasen"].map(|name| Organisation::logging(name, BASE));
        let others = [parties[1].id, parties[0].id];
        for (party, other) in parties.iter_mut().zip(others) {
            party.rotate_with(|draft| draft.witnesses = vec![north.id, south.id, other]);
        }
        let [hotline, jasen] = parties;
        Self { world: World::between(hotline, jasen, source, Vec::new(), 60), north, south }
    }

    pub(crate) fn trust(&self) -> TrustFile {
        let mut trust = self.world.trust();
        for witness in [&self.north, &self.south] {
            let (name, minimum) = (witness.name.to_owned(), witness.record(0));
            trust.organisations.push(TrustedOrganisation { name, organisation: witness.id, minimum });
        }
        trust.organisations.sort_by_key(|entry| entry.organisation);
        trust
    }

    /// Two others, whose key records name both witnesses and not each other.
    pub(crate) fn of(one: &'static str, two: &'static str, source: &str) -> Self {
        let [north, south] = ["north", "south"].map(Organisation::invented);
        let [one, two] = [one, two].map(|name| {
            let mut party = Organisation::logging(name, BASE);
            party.rotate_with(|draft| draft.witnesses = vec![north.id, south.id]);
            party
        });
        Self { world: World::between(one, two, source, Vec::new(), 60), north, south }
    }

    /// A party's log of a trail: its events, both key records, and its head, each in a tick after midnight.
    pub(crate) fn diary<'a>(
        &'a self,
        owner: &'a Organisation,
        story: &Story<'_>,
        tick: impl Fn(Id) -> u64,
        size: u64,
    ) -> Diary<'a> {
        let mut entries: Vec<(u64, EntryKind, Id)> = Vec::new();
        for event in story.trail.events() {
            let kind = if event.author == owner.id { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
            entries.push((6 + tick(event.id.into()), kind, event.id.into()));
        }
        // The hotline opened with its first record, and replaced it then.
        let replaced = usize::from(story.trail.party(Side::Opener) == owner.id);
        entries.insert(replaced, (6, EntryKind::KeyRecord, owner.records[1].id()));
        let head = story.signed_head(owner).id();
        entries.push((6 + tick(head), EntryKind::Head, head));
        Diary::of(owner, &entries, size)
    }

    /// Logs of both parties at once, cosigned soon.
    pub(crate) fn logs(&self, story: &Story<'_>) -> [Diary<'_>; 2] {
        [&self.world.hotline, &self.world.jasen].map(|owner| self.diary(owner, story, |_| 0, 7))
    }

    /// A bundle of a dishonest or honest hotline with what these give it.
    pub(crate) fn bundle(&self, story: &Story<'_>, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
        let exporter = &story.world.hotline;
        let mut draft = story.draft(exporter, &Extent::VALUES);
        draft.proofs.clear();
        draft.checkpoints.clear();
        draft.chains.extend([self.north.records.clone(), self.south.records.clone()]);
        change(&mut draft);
        draft.build(exporter.signing()).unwrap()
    }

    /// What an auditor demands who asks for so many witnesses, none of them a party.
    pub(crate) fn demanding(&self, number: u32) -> TrustFile {
        TrustFile { witnesses: WitnessDemand { number, independent: true }, ..self.trust() }
    }
}

impl<'a> Diary<'a> {
    pub(crate) fn of(owner: &'a Organisation, entries: &[(u64, EntryKind, Id)], size: u64) -> Self {
        let (mut tree, mut batches) = (Tree::default(), Vec::new());
        for index in 0..size {
            let entry = |(number, (_, kind, id)): (usize, &(u64, EntryKind, Id))| {
                let nonce = seed(&format!("{} nonce {number}", owner.name));
                Entry { nonce, kind: *kind, id: *id }
            };
            let own: Vec<Entry> = entries.iter().enumerate().filter(|(_, entry)| entry.0 == index).map(entry).collect();
            let random = seed(&format!("{} empty {index}", owner.name));
            let batch = Batch::new(Tick(BASE + index), &own, random).unwrap();
            tree.append(batch.leaf_hash());
            batches.push((batch, own));
        }
        Self { owner, tree, batches }
    }

    pub(crate) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let origin = Origin { organisation: self.owner.id, incarnation: 0 };
        Checkpoint { origin, size, root: self.tree.root_at(size).unwrap() }.sign(self.owner.signing())
    }

    pub(crate) fn cosigned(&self, size: u64, by: &[(&Organisation, u64)]) -> SignedCheckpoint {
        let mut signed = self.checkpoint(size);
        for (witness, after) in by {
            let time = Seconds::new(MIDNIGHT + after).unwrap();
            signed.add(signed.cosign(&witness.id, witness.signing(), time)).unwrap();
        }
        signed
    }

    /// Everything that it has, under a checkpoint.
    pub(crate) fn proofs(&self, under: &SignedCheckpoint) -> Vec<LogProof> {
        let (mut proofs, size) = (Vec::new(), under.claimed().size);
        for (index, (batch, own)) in (0..size).zip(&self.batches) {
            let shown: Vec<(u32, Entry)> = (0..).zip(own.iter().copied()).collect();
            let path = self.tree.inclusion(index, size).unwrap();
            let proof = LogProof::new(batch, &shown, path, under.claimed()).unwrap();
            proofs.extend((!own.is_empty()).then_some(proof));
        }
        proofs
    }

    /// Puts everything that it has into a bundle.
    pub(crate) fn show(&self, draft: &mut BundleDraft, under: &SignedCheckpoint) {
        draft.proofs.extend(self.proofs(under).iter().map(LogProof::to_wire));
        draft.checkpoints.push(under.to_bytes());
    }
}

/// Both logs, cosigned by these.
pub(crate) fn show_all(logs: &[Diary<'_>], draft: &mut BundleDraft, by: &[(&Organisation, u64)]) {
    logs.iter().for_each(|log| log.show(draft, &log.cosigned(7, by)));
}
