//! The heads of a bundle, and what they show against each other and against the events.

use std::collections::BTreeMap;

use super::{
    Breach, Conformance, Exit, Where, demand::Demand, findings::Findings, keyring::Keyring, names::Names,
    numbers::Numbers,
};
use crate::{
    bundle::{Bundle, List},
    envelope::{MediaType, Verified, verify_one},
    head::Head,
    id::{EventId, HeadId, OrgId},
    rejection::Rejection,
    state::Side,
    trail::Trail,
};

/// Verified heads of one trail.
pub(super) struct Heads {
    all: Vec<Verified<Head>>,
}

impl Heads {
    /// Verifies every head. [BUN-11]
    pub(super) fn verify(bundle: &Bundle, keyring: &Keyring, findings: &mut Findings) -> Self {
        let mut all = Vec::new();
        for (index, envelope) in bundle.heads.iter().enumerate() {
            findings.reach(Demand::Heads);
            let place = || Where::part(bundle.place(List::Heads, index)).of(HeadId::from(envelope.id()));
            let typed = if envelope.is(MediaType::HEAD) { Ok(()) } else { Err(Rejection::WrongType) }; // [ENV-9]
            // Read before it is verified only to find the key that must have signed it.
            let verified = typed.and_then(|()| Head::parse(envelope.body())).and_then(|head| {
                let key = keyring.signing_key(&head.author, &head.key)?;
                let head = verify_one(envelope.clone(), MediaType::HEAD, key, Head::parse)?;
                if head.trail == bundle.trail { Ok(head) } else { Err(Rejection::WrongTrail) }
            });
            match verified {
                Ok(head) => all.push(head),
                Err(rejection @ Rejection::UnknownSigner) => {
                    findings.reject(Demand::Heads, Exit::UnknownSigner, place().field("key"), rejection);
                }
                Err(rejection) => findings.reject(Demand::Heads, Exit::NotAuthentic, place(), rejection),
            }
        }
        Self { all }
    }

    /// Leaves out what is signed by a stolen key, and not shown to be its author's. [BUN-104]
    pub(super) fn disown(&mut self, is_own: impl Fn(&Verified<Head>) -> bool, findings: &mut Findings) {
        let (own, other) = std::mem::take(&mut self.all).into_iter().partition(is_own);
        self.all = own;
        let other: Vec<Verified<Head>> = other;
        for head in other {
            let place = Where::id(HeadId::from(head.id())).field("key");
            findings.reject(Demand::Heads, Exit::UnknownSigner, place, Rejection::RevokedSigner);
        }
    }

    /// Everybody whose head verified.
    pub(super) fn authors(&self) -> impl Iterator<Item = OrgId> {
        self.all.iter().map(|head| head.author)
    }

    /// Every one.
    pub(super) fn all(&self) -> impl Iterator<Item = &Verified<Head>> {
        self.all.iter()
    }

    /// Heads of one organisation.
    pub(super) fn of(&self, author: &OrgId) -> impl Iterator<Item = &Verified<Head>> {
        self.all.iter().filter(move |head| head.author == *author)
    }

    /// The receiver's heads that say that the time of a withdrawal is over. [BUN-94]
    pub(super) fn settling(&self, withdrawal: &EventId, receiver: OrgId) -> impl Iterator<Item = &Verified<Head>> {
        self.all.iter().filter(move |head| head.author == receiver && head.settled == Some(*withdrawal))
    }

    /// Whether the other party closed that incarnation at or before that number. [BUN-35]
    pub(super) fn close(&self, other: &OrgId, incarnation: u32, seq: u64) -> bool {
        let mut closings = self.of(other).filter_map(|head| head.closes);
        closings.any(|closes| closes.incarnation >= incarnation && closes.count <= seq)
    }

    /// Holds every head against the trail. [BUN-36]
    pub(super) fn check(
        &self,
        trail: &Trail,
        numbers: &Numbers,
        keyring: &Keyring,
        names: &Names<'_>,
        findings: &mut Findings,
    ) {
        for head in &self.all {
            let Some(side) = trail.side(&head.author) else {
                let sentence = "a head of an organisation that is no party of the trail";
                findings.fail(Demand::Needed, Exit::NotAuthentic, Where::id(HeadId::from(head.id())), sentence);
                continue;
            };
            findings.reach(Demand::HeadsAgree);
            self.check_own(head, side, trail, numbers, names, findings);
            check_seen(head, side, trail, names, findings);
            check_keys(head, side, trail, keyring, findings);
        }
        for side in [Side::Opener, Side::Peer] {
            self.check_each_other(&trail.party(side), names, findings);
            self.check_seen_again(side, trail, names, findings);
        }
    }

    /// The head's own last event is the event with that number.
    fn check_own(
        &self,
        head: &Verified<Head>,
        side: Side,
        trail: &Trail,
        numbers: &Numbers,
        names: &Names<'_>,
        findings: &mut Findings,
    ) {
        let Some(last) = head.own_last else { return };
        let (name, place) = (names.of(&head.author), Where::id(HeadId::from(head.id())));
        let number = head.own_count.saturating_sub(1);
        check_counted(head, side, trail, names, findings);
        if let Some(event) = numbers.event(&last).filter(|event| event.author != head.author || event.seq != number) {
            let sentence = format!("{name}'s head calls event {} its number {number}, and it is another", event.seq);
            let proof = vec![head_id(head), event.id.to_string()];
            return breach(Demand::HeadsAgree, names, &head.author, proof, sentence, findings);
        }
        let here = numbers.numbered(&head.author, number);
        if here.is_empty() || here.iter().any(|event| event.id == last) {
            return;
        }
        if let Some(event) = here.iter().find(|event| event.incarnation == head.incarnation) {
            let sentence =
                format!("{name} signed a head and an event that contradict each other about number {number}");
            let proof = vec![head_id(head), event.id.to_string()];
            return breach(Demand::HeadsAgree, names, &head.author, proof, sentence, findings);
        }
        let other = trail.party(side.other());
        if !self.close(&other, head.incarnation, number) {
            let sentence = format!("{name}'s head names an event with number {number} that is not here");
            findings.fail(Demand::Incarnations, Exit::Incomplete, place.field("own_last"), sentence);
        }
    }

    /// Two heads of one party about one count name one event; a later one has not seen less.
    fn check_each_other(&self, author: &OrgId, names: &Names<'_>, findings: &mut Findings) {
        let name = names.of(author);
        let mut by_count: BTreeMap<(u32, u64), &Verified<Head>> = BTreeMap::new();
        for head in self.of(author) {
            let rival = *by_count.entry((head.incarnation, head.own_count)).or_insert(head);
            if rival.own_last != head.own_last {
                let sentence =
                    format!("{name} signed two heads that count {} events and name two last ones", head.own_count);
                breach(Demand::HeadsAgree, names, author, vec![head_id(rival), head_id(head)], sentence, findings);
            }
        }
        self.check_growth(author, names, findings);
    }

    /// What was seen when fewer events were written is seen when more are, by any two heads of an incarnation. [BUN-131]
    fn check_growth(&self, author: &OrgId, names: &Names<'_>, findings: &mut Findings) {
        let mut heads: Vec<&Verified<Head>> = self.of(author).collect();
        // Of those that count the same, what has seen most comes last: none of them is held against another.
        heads.sort_by_key(|head| (head.incarnation, head.own_count, head.seen_count));
        let (mut most, mut last): (Option<&Verified<Head>>, Option<&Verified<Head>>) = (None, None);
        for head in heads {
            if let Some(before) = last.filter(|before| before.own_count < head.own_count) {
                let further = most.is_none_or(|most| before.seen_count > most.seen_count);
                most = if further { Some(before) } else { most };
            }
            if last.is_some_and(|before| before.incarnation != head.incarnation) {
                most = None;
            }
            last = Some(head);
            let Some(before) = most.filter(|before| before.seen_count > head.seen_count) else { continue };
            let sentence = format!("a later head of {} has seen less than an earlier one", names.of(author));
            findings.reach(Demand::StaleSeen);
            findings.against(Demand::StaleSeen, Conformance::No, None, sentence.clone());
            let proof = vec![head_id(before), head_id(head)];
            let by = names.show(author);
            findings.breach(Breach { by, requirement: Demand::StaleSeen.requirement(), proof, sentence });
        }
    }

    /// An event that comes after a head has seen at least what the head had. [BUN-34]
    fn check_seen_again(&self, side: Side, trail: &Trail, names: &Names<'_>, findings: &mut Findings) {
        let author = trail.party(side);
        for event in trail.events().filter(|event| event.author == author) {
            findings.reach(Demand::StaleSeen);
            let seen = event.seen.and_then(|seen| trail.event(&seen)).map_or(0, |seen| seen.seq.saturating_add(1));
            let earlier = self
                .of(&author)
                .filter(|head| head.incarnation == event.incarnation && head.own_count <= event.seq)
                .find(|head| head.seen_count > seen);
            let Some(head) = earlier else { continue };
            let name = names.of(&author);
            let sentence = format!(
                "{name} says here that it had seen {seen} events, and its head before said {}",
                head.seen_count
            );
            findings.against(Demand::StaleSeen, Conformance::No, Some(event.id), sentence.clone());
            if findings.doubts.itself(&event.id).is_some() {
                continue;
            }
            let proof = vec![head_id(head), event.id.to_string()];
            let by = names.show(&author);
            findings.breach(Breach { by, requirement: Demand::StaleSeen.requirement(), proof, sentence });
        }
    }
}

/// What the head counts of its author's was accepted, whatever else that party signed with the number. [BUN-130]
fn check_counted(head: &Verified<Head>, side: Side, trail: &Trail, names: &Names<'_>, findings: &mut Findings) {
    let counts = head.own_count;
    if trail.numbered(side, counts.saturating_sub(1)).is_empty() {
        let (name, count) = (names.of(&head.author), trail.count(side));
        let sentence = format!("{name}'s head counts {counts} events of {name}, and {count} are here");
        let place = Where::id(HeadId::from(head.id())).field("own_count");
        findings.fail(Demand::Gaps, Exit::Incomplete, place, sentence);
    }
}

/// What the head has seen of the other party is here.
fn check_seen(head: &Verified<Head>, side: Side, trail: &Trail, names: &Names<'_>, findings: &mut Findings) {
    let Some(last) = head.seen_last else { return };
    let (name, other) = (names.of(&head.author), trail.party(side.other()));
    let here = trail.numbered(side.other(), head.seen_count.saturating_sub(1));
    if !here.contains(&last) {
        let place = Where::id(HeadId::from(head.id())).field("seen_last");
        let (seen, count) = (head.seen_count, trail.count(side.other()));
        let sentence = format!(
            "{name}'s head has seen {seen} events of {}, the last of which is not among the {count} that are here",
            names.of(&other)
        );
        findings.fail(Demand::Gaps, Exit::Incomplete, place, sentence);
    }
}

/// The head's key is not older than that of the event it ends with, and the other's key record is here.
fn check_keys(head: &Verified<Head>, side: Side, trail: &Trail, keyring: &Keyring, findings: &mut Findings) {
    let place = Where::id(HeadId::from(head.id()));
    let number = |author: &OrgId, key| keyring.record(author, key).map(crate::key::KeyRecord::number);
    let last = head.own_last.and_then(|last| trail.event(&last));
    if last.is_some_and(|last| number(&head.author, &head.key) < number(&head.author, &last.key)) {
        findings.reject(Demand::NewestKey, Exit::UnknownSigner, place.clone().field("key"), Rejection::RevokedSigner);
    }
    findings.reach(Demand::NamedKeys);
    if number(&trail.party(side.other()), &head.peer_key).is_none() {
        findings.reject(Demand::NamedKeys, Exit::UnknownSigner, place.field("peer_key"), Rejection::UnknownSigner);
    }
}

fn breach(
    demand: Demand,
    names: &Names<'_>,
    by: &OrgId,
    proof: Vec<String>,
    sentence: String,
    findings: &mut Findings,
) {
    let place = proof.first().map(Where::id).unwrap_or_default();
    findings.fail(demand, Exit::Equivocation, place, sentence.clone());
    findings.breach(Breach { by: names.show(by), requirement: demand.requirement(), proof, sentence });
}

fn head_id(head: &Verified<Head>) -> String {
    HeadId::from(head.id()).to_string()
}

/// The other party's events that something signed by an organisation has seen: those, and all before them.
pub(super) fn seen_by(author: &OrgId, trail: &Trail, heads: &Heads) -> std::collections::BTreeSet<EventId> {
    let named = trail.events().filter(|event| event.author == *author).filter_map(|event| event.seen);
    let headed = heads.of(author).filter_map(|head| head.seen_last);
    let mut seen = std::collections::BTreeSet::new();
    for last in named.chain(headed) {
        let mut next = Some(last);
        while let Some(event) = next.and_then(|id| trail.event(&id)).filter(|event| seen.insert(event.id)) {
            next = event.prev;
        }
    }
    seen
}
