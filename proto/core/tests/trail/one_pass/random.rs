//! Random trails of signed events, with forks and with what crossed.

use uput_core::{
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Decision, Event, Statement, Terms},
    id::Id,
    state::Side,
    time::Seconds,
    trail::Trail,
    wire::{self, Act, DecisionOutcome, DecisionType, LegalBasis, PhoneAnswer},
};

use crate::{Party, held, opening_with, parties};

/// By splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// A trail of so many events that were taken; one in eight continues an older event of its author, and one in three has not
/// seen the newest of the other party.
pub(crate) fn trail(random: &mut Random, most: usize) -> Trail {
    let (opener, peer) = parties();
    let acts =
        [(Act::Referral, 0), (Act::Referral, 1), (Act::Referral, 2), (Act::Notification, 2), (Act::Consultation, 1)];
    let (act, stage) = random.one_of(&acts);
    let first = opening_with(&opener, &peer, stage, |opening| opening.act = act);
    let mut trail = Trail::open(first, stage).unwrap();
    for _ in 0..most {
        let side = random.one_of(&[Side::Opener, Side::Peer]);
        let by = if side == Side::Opener { &opener } else { &peer };
        let event = event(&trail, random, by, side);
        if let Some(event) = signed(by, &event) {
            let _ = trail.admit(event);
        }
    }
    trail
}

/// Nothing, if no event is made like that.
fn signed(by: &Party, event: &Event) -> Option<Verified<Event>> {
    let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[&by.signing]).unwrap();
    let id = envelope.id();
    verify_one(envelope, MediaType::EVENT, by.signing.public(), |body| Event::parse(id, body)).ok()
}

fn event(trail: &Trail, random: &mut Random, by: &Party, side: Side) -> Event {
    let of = |author: Side| -> Vec<&Event> {
        let author = trail.party(author);
        trail.events().map(|event| -> &Event { event }).filter(|event| event.author == author).collect()
    };
    let (own, theirs) = (of(side), of(side.other()));
    let prev = match own.as_slice() {
        [] => None,
        [.., last] if random.below(8) > 0 => Some(*last),
        all => Some(random.one_of(all)),
    };
    let seen = match theirs.as_slice() {
        [.., last] if random.below(3) > 0 => Some(last.id),
        [] => None,
        all => Some(random.one_of(all).id),
    };
    let statement = statement(random, side, &theirs);
    let stage = match statement {
        Statement::Delivered(_) => None,
        Statement::Need => Some(1),
        Statement::Identity => Some(2),
        _ => Some(u32::try_from(random.below(3)).unwrap()).filter(|_| random.below(2) > 0),
    };
    let bases = [LegalBasis::ExplicitConsent, LegalBasis::LegalDuty, LegalBasis::NoneNeededNonpersonal];
    let terms = stage.map(|stage| Terms {
        stage,
        rule: 1,
        basis: random.one_of(&bases),
        article: u32::try_from(random.below(2)).unwrap(),
    });
    Event {
        id: Id::of(b"").into(),
        trail: trail.id(),
        author: by.organisation,
        key: Id::of(b"a key record").into(),
        incarnation: 0,
        seq: prev.map_or(0, |prev| prev.seq + 1),
        prev: prev.map(|prev| prev.id),
        seen,
        time: Seconds::new(60 * u64::try_from(10 + random.below(20)).unwrap()).unwrap(),
        occurred: None,
        slots: if terms.is_some() { vec![7; 32 * 16] } else { Vec::new() },
        terms,
        statement,
    }
}

fn statement(random: &mut Random, side: Side, theirs: &[&Event]) -> Statement {
    let decision = |outcome| {
        Statement::Decision(Decision { kind: DecisionType::Placement, outcome, expiry: None, evidence: None })
    };
    let named = |random: &mut Random| theirs.get(random.below(theirs.len().max(1))).map(|event| event.id);
    let either = [
        Statement::Withdrawn,
        Statement::Closed(wire::ClosureReason::Done),
        Statement::Reopened,
        Statement::Reopened,
        decision(DecisionOutcome::Granted),
        decision(DecisionOutcome::Refused),
    ];
    let opener = [
        Statement::Need,
        Statement::Need,
        Statement::Need,
        Statement::Identity,
        Statement::Corrected,
        Statement::PurgeAsked,
        Statement::PurgeAsked,
        Statement::Revoked(wire::RevocationReason::SentInError),
        Statement::Phoned(PhoneAnswer::Yes),
        Statement::Phoned(PhoneAnswer::No),
        Statement::ChosenElsewhere,
    ];
    let peer = [
        Statement::Acknowledged,
        held(),
        Statement::Accepted,
        Statement::Accepted,
        Statement::Declined(wire::DeclineReason::NoPlace),
        Statement::Misdirected,
        Statement::ContactMade,
        Statement::Started,
        Statement::Provided(wire::Outcome::NeedMet),
        Statement::Purged(wire::PurgeManner::Destroyed),
        Statement::Retained { article: 1 },
    ];
    match (side, random.below(3)) {
        (_, 0) if random.below(2) > 0 => random.one_of(&either),
        (Side::Peer, 1) => named(random).map_or(Statement::Acknowledged, Statement::Delivered),
        (Side::Peer, _) => random.one_of(&peer),
        (Side::Opener, _) => random.one_of(&opener),
    }
}
