//! What can be done to a bundle: by somebody without keys, and by an exporter who signs again what he made of it.
//!
//! Guarantees that the same seed makes the same mutations.

use uput_core::{
    bundle::BundleDraft,
    codec,
    envelope::{Envelope, MediaType},
    event::Event,
    head::Head,
    slot::Extent,
    time::Seconds,
    wire,
};

use crate::sample::{Story, World};

/// SplitMix64: numbers that look random and repeat with their seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// What a mutation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    DropEvent,
    CutLastEvents,
    InsertEventOfAnotherTrail,
    SpliceAnotherTrail,
    SwapEvents,
    RepeatEvent,
    TwinOwnEvent,
    ForgeEventOfTheOther,
    AlterEvent,
    OlderHead,
    DropHeads,
    AlterHead,
    HeadOfAnotherTrail,
    DropDisclosure,
    OpenFewerSlots,
    OpenLabelsOnly,
    AlterDisclosure,
    MoveDisclosure,
    DropEvidence,
    AlterEvidence,
    DropKeyRecord,
    DropChain,
    ForkOwnChain,
    AlterKeyRecord,
    DropAgreement,
    DropAgreementSignature,
    AlterAgreement,
    ShrinkProofs,
    ChangePurpose,
    ChangeTime,
    ChangeExporter,
    ChangeTrail,
    FlipInside,
}

impl Kind {
    pub(crate) const ALL: [Self; 33] = [
        Self::DropEvent,
        Self::CutLastEvents,
        Self::InsertEventOfAnotherTrail,
        Self::SpliceAnotherTrail,
        Self::SwapEvents,
        Self::RepeatEvent,
        Self::TwinOwnEvent,
        Self::ForgeEventOfTheOther,
        Self::AlterEvent,
        Self::OlderHead,
        Self::DropHeads,
        Self::AlterHead,
        Self::HeadOfAnotherTrail,
        Self::DropDisclosure,
        Self::OpenFewerSlots,
        Self::OpenLabelsOnly,
        Self::AlterDisclosure,
        Self::MoveDisclosure,
        Self::DropEvidence,
        Self::AlterEvidence,
        Self::DropKeyRecord,
        Self::DropChain,
        Self::ForkOwnChain,
        Self::AlterKeyRecord,
        Self::DropAgreement,
        Self::DropAgreementSignature,
        Self::AlterAgreement,
        Self::ShrinkProofs,
        Self::ChangePurpose,
        Self::ChangeTime,
        Self::ChangeExporter,
        Self::ChangeTrail,
        Self::FlipInside,
    ];
}

/// A bundle and everything that its exporter could lay hands on.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    night: Story<'w>,
    other: Story<'w>,
    /// Heads as both parties would have signed them after each event.
    moments: Vec<(Story<'w>, [Envelope; 2])>,
}

impl<'w> Stage<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        let night = world.night();
        let moments = (1..=night.trail.len())
            .map(|count| {
                let part = night.until(count);
                let heads = [&world.hotline, &world.jasen].map(|party| part.signed_head(party));
                (part, heads)
            })
            .collect();
        Self { world, other: world.another(), night, moments }
    }

    /// The bundle that nobody has touched.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        self.night.bundle(&self.world.hotline, &Extent::VALUES)
    }

    /// Mutated in each of these ways, in turn, and signed again by the hotline, which exported it. None if what comes out
    /// stands in no order, which nobody takes for a bundle.
    pub(crate) fn dishonest(&self, kinds: &[Kind], dice: &mut Dice) -> Option<Vec<u8>> {
        let body = self.body(kinds, dice)?;
        Some(Envelope::sign(MediaType::BUNDLE, body, &[self.world.hotline.signing()]).unwrap().to_bytes())
    }

    /// Under the signature of the bundle that nobody has touched.
    pub(crate) fn outside(&self, kinds: &[Kind], dice: &mut Dice) -> Option<Vec<u8>> {
        let mut envelope = Envelope::parse(&self.bundle()).unwrap().to_wire();
        envelope.body = self.body(kinds, dice)?;
        Some(codec::encode(&envelope))
    }

    fn body(&self, kinds: &[Kind], dice: &mut Dice) -> Option<Vec<u8>> {
        let mut draft = self.night.draft(&self.world.hotline, &Extent::VALUES);
        kinds.iter().for_each(|kind| self.change(*kind, &mut draft, dice));
        let built = draft.build(self.world.hotline.signing()).ok()?;
        let body = Envelope::parse(&built).unwrap().body().to_vec();
        let mut bundle: wire::Bundle = codec::decode(&body).unwrap();
        kinds.iter().for_each(|kind| disorder(*kind, &mut bundle, dice));
        Some(codec::encode(&bundle))
    }

    fn change(&self, kind: Kind, draft: &mut BundleDraft, dice: &mut Dice) {
        if is_gone(kind, draft) {
            return;
        }
        match kind {
            Kind::DropEvent => drop(draft.events.remove(dice.below(draft.events.len()))),
            Kind::CutLastEvents => self.cut(draft, dice),
            Kind::InsertEventOfAnotherTrail => {
                let others: Vec<_> = self.other.trail.events().collect();
                draft.events.push(others[dice.below(others.len())].envelope().clone());
            }
            Kind::SpliceAnotherTrail => {
                let keep = dice.below(draft.events.len());
                draft.events.truncate(keep);
                draft.events.extend(self.other.trail.events().map(|event| event.envelope().clone()));
                keep_disclosures(draft);
            }
            Kind::TwinOwnEvent => draft.events.push(self.twin(dice, true)),
            Kind::ForgeEventOfTheOther => draft.events.push(self.twin(dice, false)),
            Kind::AlterEvent => alter(&mut draft.events, dice),
            Kind::OlderHead => self.older_head(draft, dice),
            Kind::DropHeads => draft.heads.truncate(dice.below(2)),
            Kind::AlterHead => alter(&mut draft.heads, dice),
            Kind::HeadOfAnotherTrail => {
                let party = [&self.world.hotline, &self.world.jasen][dice.below(2)];
                draft.heads.push(self.other.signed_head(party));
            }
            Kind::DropEvidence => draft.evidence.clear(),
            Kind::AlterEvidence => alter(&mut draft.evidence, dice),
            _ => self.change_rest(kind, draft, dice),
        }
    }

    fn change_rest(&self, kind: Kind, draft: &mut BundleDraft, dice: &mut Dice) {
        match kind {
            Kind::DropDisclosure => drop(draft.disclosures.remove(dice.below(draft.disclosures.len()))),
            Kind::OpenFewerSlots | Kind::OpenLabelsOnly => {
                let here: Vec<Vec<u8>> = draft.disclosures.iter().map(|part| part.event.clone()).collect();
                draft.disclosures = self.night.draft(&self.world.hotline, &Extent::LABELS).disclosures;
                draft.disclosures.retain(|part| here.contains(&part.event));
                if kind == Kind::OpenFewerSlots {
                    open_fewer(draft, dice);
                }
            }
            Kind::AlterDisclosure => alter_disclosure(draft, dice),
            Kind::MoveDisclosure => {
                let from = dice.below(draft.disclosures.len());
                let (to, event) = (dice.below(draft.events.len()), draft.disclosures[from].event.clone());
                let target = draft.events[to].id().as_bytes().to_vec();
                draft.disclosures.retain(|part| part.event == event || part.event != target);
                draft.disclosures.iter_mut().filter(|part| part.event == event).for_each(|p| p.event = target.clone());
            }
            Kind::DropKeyRecord => {
                let at = dice.below(draft.chains.len());
                let long = draft.chains.iter().position(|chain| chain.len() > 1).filter(|_| dice.below(2) == 0);
                let chain = &mut draft.chains[long.unwrap_or(at)];
                if chain.len() > 1 {
                    chain.pop();
                } else {
                    draft.chains.remove(at);
                }
            }
            Kind::DropChain => drop(draft.chains.remove(dice.below(draft.chains.len()))),
            Kind::ForkOwnChain => {
                let own = self.world.hotline.records[0].id();
                let chain = draft.chains.iter_mut().find(|chain| chain[0].id() == own);
                chain.into_iter().for_each(|chain| chain.push(self.world.hotline.fork()));
            }
            Kind::AlterKeyRecord => {
                let at = dice.below(draft.chains.len());
                alter(&mut draft.chains[at], dice);
            }
            Kind::DropAgreement => draft.agreements.clear(),
            Kind::DropAgreementSignature => {
                let mut wire = draft.agreements[0].to_wire();
                wire.signatures.remove(dice.below(wire.signatures.len()));
                draft.agreements = Envelope::from_wire(wire).into_iter().collect();
            }
            Kind::AlterAgreement => alter(&mut draft.agreements, dice),
            Kind::ShrinkProofs => shrink(draft, dice),
            Kind::ChangePurpose => draft.purpose = wire::Purpose::Archive,
            Kind::ChangeTime => {
                let moved = draft.time.get() - 1_000_000 + dice.below(2_000_000) as u64;
                draft.time = Seconds::new(moved).unwrap();
            }
            Kind::ChangeExporter => draft.exporter = self.world.all().nth(1 + dice.below(3)).unwrap().id,
            Kind::ChangeTrail => draft.trail = self.other.trail.id(),
            _ => {}
        }
    }

    /// Ends the story earlier, with the heads of that moment or with those of an earlier one.
    fn cut(&self, draft: &mut BundleDraft, dice: &mut Dice) {
        let (part, heads) = &self.moments[dice.below(self.moments.len() - 1)];
        let earlier = &self.moments[dice.below(part.trail.len())].1;
        let keep = |event: &Envelope| part.trail.event(&event.id().into()).is_some();
        draft.events.retain(keep);
        draft.heads = if dice.below(2) == 0 { heads.to_vec() } else { earlier.to_vec() };
        keep_disclosures(draft);
        let cites = part.trail.events().any(|event| event.statement.name() == "decision");
        draft.evidence.retain(|_| cites);
    }

    /// Replaces one party's head by one that it had really signed earlier.
    fn older_head(&self, draft: &mut BundleDraft, dice: &mut Dice) {
        let party = dice.below(2);
        let author = [self.world.hotline.id, self.world.jasen.id][party];
        draft.heads.retain(|head| Head::parse(head.body()).unwrap().author != author);
        draft.heads.push(self.moments[dice.below(self.moments.len() - 1)].1[party].clone());
    }

    /// Another event in the place of one: of the exporter's own, or in the other party's name with the exporter's key.
    fn twin(&self, dice: &mut Dice, own: bool) -> Envelope {
        let author = if own { &self.world.hotline } else { &self.world.jasen };
        let events: Vec<&Event> = self
            .night
            .trail
            .events()
            .map(|event| -> &Event { event })
            .filter(|event| event.author == author.id)
            .collect();
        let mut event = events[1 + dice.below(events.len() - 1)].clone();
        event.time = event.time.after(uput_core::time::Span(1 + dice.below(9) as u64));
        let key = self.world.hotline.signing();
        Envelope::sign(MediaType::EVENT, event.encode(), &[key]).unwrap()
    }
}

/// Whether an earlier mutation took what this one works on.
fn is_gone(kind: Kind, draft: &BundleDraft) -> bool {
    match kind {
        Kind::DropEvent | Kind::AlterEvent => draft.events.is_empty(),
        Kind::AlterHead => draft.heads.is_empty(),
        Kind::AlterEvidence => draft.evidence.is_empty(),
        Kind::DropAgreementSignature | Kind::AlterAgreement => draft.agreements.is_empty(),
        Kind::DropKeyRecord | Kind::DropChain | Kind::AlterKeyRecord => draft.chains.is_empty(),
        Kind::DropDisclosure | Kind::OpenFewerSlots | Kind::AlterDisclosure => draft.disclosures.is_empty(),
        Kind::MoveDisclosure => draft.disclosures.is_empty() || draft.events.is_empty(),
        _ => false,
    }
}

/// Those of the events that are here.
fn keep_disclosures(draft: &mut BundleDraft) {
    draft.disclosures.retain(|part| draft.events.iter().any(|event| part.event == event.id().as_bytes()));
}

/// One bit of one envelope: in its body, in a signature, or in a key ID.
fn alter(envelopes: &mut [Envelope], dice: &mut Dice) {
    let at = dice.below(envelopes.len());
    let mut wire = envelopes[at].to_wire();
    let signature = dice.below(wire.signatures.len());
    let bytes = match dice.below(3) {
        0 => &mut wire.signatures[signature].signature,
        _ => &mut wire.body,
    };
    let place = dice.below(bytes.len());
    bytes[place] ^= 1 << dice.below(8);
    if let Ok(altered) = Envelope::from_wire(wire) {
        envelopes[at] = altered;
    }
}

fn open_fewer(draft: &mut BundleDraft, dice: &mut Dice) {
    let at = dice.below(draft.disclosures.len());
    let Some(wire::disclosure::Form::Some(some)) = &mut draft.disclosures[at].form else { return };
    for _ in 0..=dice.below(3) {
        some.slots.remove(dice.below(some.slots.len()));
    }
}

fn alter_disclosure(draft: &mut BundleDraft, dice: &mut Dice) {
    let at = dice.below(draft.disclosures.len());
    let Some(wire::disclosure::Form::Whole(whole)) = &mut draft.disclosures[at].form else { return };
    let field = dice.below(whole.fields.len());
    match dice.below(4) {
        0 => whole.fields[field].value.push('1'),
        1 => whole.fields[field].label = String::from("name"),
        2 => whole.label_secret[dice.below(32)] ^= 1,
        _ => whole.value_secret[dice.below(32)] ^= 1,
    }
}

fn shrink(draft: &mut BundleDraft, dice: &mut Dice) {
    match dice.below(3) {
        0 => drop(draft.proofs.pop()),
        1 => drop(draft.checkpoints.pop()),
        _ => draft.proofs.iter_mut().for_each(|proof| proof.leaf_path.clear()),
    }
}

/// What a builder of ours would put in order again.
fn disorder(kind: Kind, bundle: &mut wire::Bundle, dice: &mut Dice) {
    let count = bundle.events.len();
    match kind {
        Kind::SwapEvents if count > 1 => {
            let at = dice.below(count - 1);
            bundle.events.swap(at, at + 1 + dice.below(count - 1 - at));
        }
        Kind::RepeatEvent if count > 0 => {
            let at = dice.below(count);
            let event = bundle.events[at].clone();
            bundle.events.insert(dice.below(count), event);
        }
        Kind::FlipInside => {
            let mut body = codec::encode(bundle);
            loop {
                let (place, bit) = (dice.below(body.len()), 1 << dice.below(8));
                body[place] ^= bit;
                // Only what still decodes can be signed as another bundle.
                if let Ok(flipped) = codec::decode(&body) {
                    *bundle = flipped;
                    return;
                }
                body[place] ^= bit;
            }
        }
        _ => {}
    }
}
