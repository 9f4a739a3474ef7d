//! The logs in a bundle: which checkpoints, cosignatures and proofs count, and by when they show something.
//!
//! Guarantees that a time rests on checkpoints and cosignatures that verified, by witnesses that the log's organisation
//! named, that the trust file names, and that have no hand in the trail; everything else shows nothing, and is counted.
//! Leaves to [`views`](super::views) what is not there yet and what stands before what, and to people whether a witness
//! lies.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Breach, Exit, Where,
    demand::Demand,
    disowned::Lines,
    findings::Findings,
    hints::Hints,
    keyring::Keyring,
    names::Names,
    views::{View, Views},
};
use crate::{
    bundle::Bundle,
    event::Event,
    id::{Id, OrgId},
    log::{Checkpoint, EntryKind, Hash, LogProof, Origin, SignedCheckpoint, Tick},
    time::Seconds,
    trust::{TrustFile, WitnessDemand},
    wire,
};

/// How long after its tick an entry may be cosigned first, before the log counts as held back. [BUN-101]
const PROMPT: u64 = 3600;

/// Everything of the logs that verified.
pub(super) struct Logs {
    roots: BTreeMap<Id, Root>,
    entries: BTreeMap<(OrgId, EntryKind, Id), Vec<Place>>,
    /// Of each log the leaf that was shown first at an index.
    leaves: BTreeMap<(Origin, u64), Hash>,
    /// The same of what no stolen key signed, and the checkpoint by which it was shown.
    own_leaves: BTreeMap<(Origin, u64), (Hash, Id)>,
    /// Two checkpoints under which two leaves stand at one index, neither by a stolen key: a thief of one accuses nobody, and
    /// hides nobody. [BUN-107]
    parted: BTreeMap<(Origin, u64), [Id; 2]>,
    views: Views,
    /// What stands where in a log up to which a stolen key counts. [BUN-105]
    drawn: BTreeSet<(Origin, u64, EntryKind, Id)>,
    /// Parties whose log shows two histories, or whose keys fork: it proves nothing against anybody. [BUN-99]
    contradicted: BTreeSet<OrgId>,
    needed: usize,
    parties: [OrgId; 2],
    /// Proofs and checkpoints that show nothing.
    pub(super) idle: (u64, u64),
}

/// A checkpoint that its log signed, and when each witness that counts cosigned it: first, last.
struct Root {
    checkpoint: Checkpoint,
    base: Tick,
    cosigned: BTreeMap<OrgId, (Seconds, Seconds)>,
    /// Every line of the log that is here is by a key that its organisation disowns. [BUN-107]
    disowned: bool,
}

/// Where an entry stands.
struct Place {
    index: u64,
    within: u32,
    under: Id,
}

/// Where one view has an entry first.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Index of the leaf, and in the batch.
    pub(super) place: (u64, u32),
    /// Whether it was cosigned soon after its tick.
    pub(super) prompt: bool,
}

/// By when something was there.
pub(super) struct Proven {
    /// Who cosigned a checkpoint that covers it.
    pub(super) witnesses: BTreeSet<OrgId>,
    /// When as many as the rule demands, one at least, had cosigned.
    pub(super) time: Option<Seconds>,
}

impl Logs {
    /// Verifies every checkpoint and every proof, by the rule that is in force. [BUN-72]
    pub(super) fn verify(
        bundle: &Bundle,
        keyring: &Keyring,
        trust: &TrustFile,
        rule: WitnessDemand,
        parties: [OrgId; 2],
    ) -> Self {
        let needed = usize::try_from(rule.number).unwrap_or(usize::MAX).max(1);
        let mut hints = Hints::new(keyring, trust, bundle, parties, rule);
        let mut roots = BTreeMap::new();
        let taken = bundle.checkpoints.iter().filter_map(|bytes| take_checkpoint(bytes, &mut hints, &mut roots));
        let counted = taken.count();
        let forked = |party: &&OrgId| keyring.chain(party).is_some_and(crate::key::KeyChain::is_forked);
        let mut contradicted: BTreeSet<OrgId> = parties.iter().filter(forked).copied().collect();
        contradicted.extend(splits(roots.values()).map(|[_, own]| own.checkpoint.origin.organisation));
        let views = Views::of(roots.values().flat_map(Root::seen));
        let mut logs = Self {
            roots,
            entries: BTreeMap::new(),
            leaves: BTreeMap::new(),
            own_leaves: BTreeMap::new(),
            parted: BTreeMap::new(),
            views,
            drawn: BTreeSet::new(),
            contradicted,
            needed,
            parties,
            idle: (0, 0),
        };
        let lines = Lines::of(keyring);
        let shows = |proof| logs.take_proof(proof).is_some() | logs.take_drawn(proof, &lines).is_some();
        let shown = bundle.proofs.iter().map(shows).filter(|shows| *shows).count();
        logs.idle = ((bundle.proofs.len() - shown) as u64, (bundle.checkpoints.len() - counted) as u64);
        logs
    }

    fn take_proof(&mut self, proof: &wire::LogProof) -> Option<()> {
        let proof = LogProof::parse(proof).ok()?;
        let root = self.roots.get(&proof.checkpoint())?;
        let index = proof.check(root.base, &root.checkpoint).ok()?;
        let (at, leaf) = ((root.checkpoint.origin, index), proof.leaf()?);
        if *self.leaves.entry(at).or_insert(leaf) != leaf {
            self.contradicted.insert(proof.party());
        }
        if !root.disowned {
            let (own, under) = *self.own_leaves.entry(at).or_insert((leaf, proof.checkpoint()));
            if own != leaf {
                self.parted.entry(at).or_insert([under, proof.checkpoint()]);
            }
        }
        for one in proof.shown() {
            let place = Place { index, within: one.index, under: proof.checkpoint() };
            self.entries.entry((proof.party(), one.entry.kind, one.entry.id)).or_default().push(place);
        }
        Some(())
    }

    fn take_drawn(&mut self, proof: &wire::LogProof, lines: &Lines) -> Option<()> {
        let (proof, origin, index) = lines.of_proof(proof)?;
        self.drawn.extend(proof.shown().iter().map(|one| (origin, index, one.entry.kind, one.entry.id)));
        Some(())
    }

    /// By when an event was there, by the logs of both parties. [BUN-73]
    pub(super) fn event(&self, event: &Event) -> Proven {
        self.proven(self.of_event(event))
    }

    /// By when a party's own log had something. [BUN-73]
    pub(super) fn logged(&self, party: &OrgId, kind: EntryKind, id: Id) -> Option<Seconds> {
        self.proven(self.places(party, kind, id)).time
    }

    fn proven<'a>(&'a self, places: impl Iterator<Item = &'a Place>) -> Proven {
        let mut first: BTreeMap<OrgId, Seconds> = BTreeMap::new();
        let sound = |root: &&Root| !self.contradicted.contains(&root.checkpoint.origin.organisation);
        for root in places.filter_map(|place| self.roots.get(&place.under)).filter(sound) {
            for (witness, (time, _)) in &root.cosigned {
                let known = first.entry(*witness).or_insert(*time);
                *known = (*time).min(*known);
            }
        }
        let mut times: Vec<Seconds> = first.values().copied().collect();
        times.sort_unstable();
        Proven { time: times.get(self.needed - 1).copied(), witnesses: first.into_keys().collect() }
    }

    /// The first cosignature that shows an event, by whichever log: for whoever is accused, one is enough. [BUN-100]
    pub(super) fn first_sight(&self, event: &Event) -> Option<Seconds> {
        self.sight(self.of_event(event))
    }

    /// The same of a head.
    pub(super) fn first_sight_of_head(&self, head: Id) -> Option<Seconds> {
        self.sight(self.parties.iter().flat_map(|party| self.places(party, EntryKind::Head, head)))
    }

    fn sight<'a>(&'a self, places: impl Iterator<Item = &'a Place>) -> Option<Seconds> {
        let roots = places.filter_map(|place| self.roots.get(&place.under));
        roots.flat_map(|root| root.cosigned.values()).map(|(first, _)| *first).min()
    }

    /// Until when a party's log shows that something was not in it yet: the log of the incarnation that said it, as one that
    /// was restored has what it got back late. [BUN-74]
    pub(super) fn absent_until(&self, party: &OrgId, incarnation: u32, kind: EntryKind, id: Id) -> Option<Seconds> {
        let spots = self.spots(party, kind, id).into_iter();
        let own = spots.filter(|(view, _)| view.origin.incarnation == incarnation);
        self.latest_by_enough(own.filter_map(|(view, spot)| self.views.reach_before(&view, spot.place.0)).collect())
    }

    /// The latest time that as many witnesses as are needed reach.
    fn latest_by_enough(&self, mut times: Vec<Seconds>) -> Option<Seconds> {
        times.sort_unstable_by(|one, two| two.cmp(one));
        times.get(self.needed - 1).copied()
    }

    /// Where each view has an entry of a party's log first; nowhere, if that log contradicts itself. [BUN-98] [BUN-99]
    pub(super) fn spots(&self, party: &OrgId, kind: EntryKind, id: Id) -> BTreeMap<View, Spot> {
        let mut spots: BTreeMap<View, Spot> = BTreeMap::new();
        if self.contradicted.contains(party) {
            return spots;
        }
        for place in self.places(party, kind, id) {
            let Some(root) = self.roots.get(&place.under) else { continue };
            // [BUN-107] A thief writes a log as he likes, and a witness may help.
            let drawn = (root.checkpoint.origin, place.index, kind, id);
            if root.disowned && !self.drawn.contains(&drawn) {
                continue;
            }
            let latest = Tick(root.base.0.saturating_add(place.index)).ends().saturating_add(PROMPT);
            for (witness, (first, _)) in &root.cosigned {
                let view = View { witness: *witness, origin: root.checkpoint.origin };
                let found = Spot { place: (place.index, place.within), prompt: first.get() <= latest };
                let known = spots.entry(view).or_insert(found);
                if found.place < known.place {
                    *known = found;
                } else if found.place == known.place {
                    known.prompt |= found.prompt;
                }
            }
        }
        spots
    }

    /// Whether so many witnesses are as many as a proof needs.
    pub(super) fn is_enough(&self, witnesses: &BTreeSet<OrgId>) -> bool {
        witnesses.len() >= self.needed
    }

    fn of_event(&self, event: &Event) -> impl Iterator<Item = &Place> {
        let author = event.author;
        let kind = move |party: &OrgId| if *party == author { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
        let id = event.id.into();
        self.parties.iter().flat_map(move |party| self.places(party, kind(party), id))
    }

    fn places(&self, party: &OrgId, kind: EntryKind, id: Id) -> impl Iterator<Item = &Place> {
        self.entries.get(&(*party, kind, id)).into_iter().flatten()
    }

    /// Two checkpoints of one origin and size with two roots, or under which two leaves stand at one index. [BUN-76]
    pub(super) fn check_split(&self, names: &Names<'_>, findings: &mut Findings) {
        if !self.roots.is_empty() {
            findings.reach(Demand::OneLog);
        }
        let sized = splits(self.roots.values().filter(|root| !root.disowned)).map(|pair| {
            let [other, own] = pair.map(|root| root.checkpoint);
            let what = format!("two checkpoints of its log with size {} and two roots", own.size);
            (own.origin.organisation, [other.id(), own.id()], what)
        });
        let parted = self.parted.iter().map(|((origin, index), pair)| {
            (origin.organisation, *pair, format!("two checkpoints of its log with two leaves at index {index}"))
        });
        for (organisation, pair, what) in sized.chain(parted) {
            let by = names.show(&organisation);
            let sentence = format!("{} signed {what}", by.name);
            let [other, own] = pair.map(hex);
            findings.fail(Demand::OneLog, Exit::Equivocation, Where::id(own.clone()), sentence.clone());
            let proof = vec![other, own];
            findings.breach(Breach { by, requirement: Demand::OneLog.requirement(), proof, sentence });
        }
    }
}

impl Root {
    /// Up to when each witness saw everything that the log had: no later than the last tick that it counts. [BUN-74]
    fn seen(&self) -> impl Iterator<Item = (View, u64, Seconds)> {
        let Checkpoint { origin, size, .. } = self.checkpoint;
        let closed = Seconds::new(Tick(self.base.0.saturating_add(size)).begins());
        let cosigned = self.cosigned.iter();
        cosigned.filter_map(move |(witness, (_, last))| {
            Some((View { witness: *witness, origin }, size, closed?.min(*last)))
        })
    }
}

/// Takes what its log signed, with the cosignatures that count.
fn take_checkpoint(bytes: &[u8], hints: &mut Hints<'_>, roots: &mut BTreeMap<Id, Root>) -> Option<()> {
    let signed = SignedCheckpoint::parse(bytes).ok()?;
    let (checkpoint, disowned) = hints.verify_log(&signed)?;
    let owner = checkpoint.origin.organisation;
    let base = hints.base(&owner)?;
    let root = roots.entry(checkpoint.id()).or_insert(Root { checkpoint, base, cosigned: BTreeMap::new(), disowned });
    root.disowned &= disowned;
    for own in signed.cosignatures() {
        let Some(time) = hints.verify_witness(&owner, &own) else { continue };
        // Signed before so many ticks were over, it was no witness's. [LOG-32]
        if checkpoint.size <= Tick::closed(base, time).saturating_add(1) {
            let times = root.cosigned.entry(own.witness).or_insert((time, time));
            *times = (times.0.min(time), times.1.max(time));
        }
    }
    Some(())
}

/// Two of one origin and size, one after the other.
fn splits<'a>(roots: impl Iterator<Item = &'a Root>) -> impl Iterator<Item = [&'a Root; 2]> {
    let mut sizes: BTreeMap<(Origin, u64), &Root> = BTreeMap::new();
    roots.filter_map(move |root| {
        let other = sizes.insert((root.checkpoint.origin, root.checkpoint.size), root)?;
        Some([other, root])
    })
}

fn hex(id: Id) -> String {
    crate::id::hex(id.as_bytes())
}
