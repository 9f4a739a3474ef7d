//! Three nodes: two parties and the witness of both. What each proves, and what the witness learns.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use prost::Message;
use uput_core::{
    bundle::Bundle,
    event::Statement,
    id::{AgreementId, Id, OrgId, TrailId},
    letter,
    log::{
        Batch, Checkpoint, Contradiction, ContradictionKind, Entry, EntryKind, Hash, LogProof, Origin,
        SignedCheckpoint, Tick,
    },
    rejection::Rejection,
    time::{Seconds, Span},
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, YesNo},
    wire::{
        self, DisclosureScope, EventPrefix, FollowState, LegalBasis, LetterContent, Purpose, ReceiptOutcome,
        WitnessQuery,
    },
};
use uput_node::{
    clock::{self, SystemEntropy},
    node::{Export, Listing, NewChange, NewFollowUp, NewTrail, Node, Post, Second},
    peer::Mailroom,
    record::{self, ProofRecord, ShownRecord},
    storage::Position,
};

use crate::{
    ticks::later,
    town::{
        CONSENT, Carrier, House, agree, enquiry, fields, introduce, reads, request_id, say, say_with, take, until,
        worker,
    },
};

pub(crate) struct Three {
    pub(crate) houses: [House; 4],
    pub(crate) hotline: Arc<Node>,
    pub(crate) shelter: Arc<Node>,
    pub(crate) ministry: Arc<Node>,
    /// All that the witness has received, by whom.
    asked: Vec<(OrgId, WitnessQuery)>,
    pub(crate) _carriers: Vec<Carrier>,
}

impl Three {
    pub(crate) async fn found() -> Self {
        Self::found_where(true).await
    }

    /// Where the witness that the shelter names knows the shelter, or does not.
    pub(crate) async fn found_where(known: bool) -> Self {
        let centre = House::found(4).await;
        let witness = vec![centre.id];
        let [a, b] = [House::found_with(1, witness.clone()).await, House::found_with(2, witness).await];
        let houses = [a, b, House::found(3).await, centre];
        let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
        let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
        let mut carriers = Vec::new();
        for (name, node) in names.iter().zip(&nodes).skip(1) {
            introduce(&nodes[0], "hotline", node, name).await;
            carriers.extend(Carrier::both(&nodes[0], node));
        }
        if known {
            introduce(&nodes[1], "shelter-jasen", &nodes[3], "centre").await;
        }
        carriers.extend(Carrier::both(&nodes[1], &nodes[3]));
        let all: Vec<_> =
            names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
        agree(&all).await;
        until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
        let [hotline, shelter, ministry] = [nodes[0].clone(), nodes[1].clone(), nodes[3].clone()];
        Self { houses, hotline, shelter, ministry, asked: Vec::new(), _carriers: carriers }
    }

    /// The same with a witness that comes to it so much later.
    async fn tick_late(&mut self, number: u64, late: Span) {
        for node in [&self.hotline, &self.shelter] {
            self.cosigned_late(node, number, late).await;
        }
        self.quiet().await;
    }

    async fn cosigned_late(&self, node: &Arc<Node>, number: u64, late: Span) {
        let centre = &self.houses[3];
        node.close_ticks(later(number)).await.unwrap();
        let (from, to) = (Post(node.clone()), Post(self.ministry.clone()));
        while node.view_log(clock::now()).witnesses[0].size < node.log().size() {
            let query = from.next_query(&to.organisation()).await;
            let mut note = SignedCheckpoint::parse(&query.checkpoint).unwrap();
            let line = note.cosign(&centre.id, &centre.signing_key(), clock::now().after(late));
            note.add(line).unwrap();
            let mut reply = to.witness(&from.organisation(), query).await;
            assert!(!reply.checkpoint.is_empty());
            reply.checkpoint = note.to_bytes();
            from.answered(&to.organisation(), reply).await;
        }
    }

    /// Closes a tick at both parties and lets the witness cosign it.
    async fn tick(&mut self, number: u64) {
        for node in [self.hotline.clone(), self.shelter.clone()] {
            node.close_ticks(later(number)).await.unwrap();
            let (from, to) = (Post(node.clone()), Post(self.ministry.clone()));
            while node.view_log(clock::now()).witnesses[0].size < node.log().size() {
                let query = from.next_query(&to.organisation()).await;
                self.asked.push((from.organisation(), query.clone()));
                let reply = to.witness(&from.organisation(), query).await;
                from.answered(&to.organisation(), reply).await;
            }
        }
        self.quiet().await;
    }

    pub(crate) async fn quiet(&self) {
        until(|| async { self.hotline.queued().items == 0 && self.shelter.queued().items == 0 }).await;
    }
}

pub(crate) fn export(trail: TrailId) -> Export {
    Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail,
        purpose: Purpose::Audit,
        scope: DisclosureScope::Nothing,
        nonce: None,
        wait: Duration::ZERO,
    }
}

/// All that are known, and one witness that is no party.
pub(crate) fn trust(houses: &[House], agreement: &[u8]) -> TrustFile {
    let mut organisations: Vec<TrustedOrganisation> = houses
        .iter()
        .zip(["hotline", "shelter-jasen", "shelter-lipa", "centre"])
        .map(|(house, name)| TrustedOrganisation {
            name: name.to_owned(),
            organisation: house.id,
            minimum: house.chain().newest_id(),
        })
        .collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    let agreement = AgreementId::parse(agreement).unwrap();
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand { number: 1, independent: true },
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![TrustedAgreement { title: "invented".to_owned(), agreement }],
    }
}

/// What a bundle proves: of the exporter's log, of the other party's, and how many checkpoints it carries.
fn proven(bundle: &Bundle, us: &House, other: &House, witness: &House) -> (HashSet<Vec<u8>>, HashSet<Vec<u8>>, usize) {
    let notes: Vec<_> = bundle.checkpoints.iter().map(|note| SignedCheckpoint::parse(note).unwrap()).collect();
    let (mut own, mut theirs) = (HashSet::new(), HashSet::new());
    for proof in bundle.proofs.iter().map(|proof| LogProof::parse(proof).unwrap()) {
        let note = notes.iter().find(|note| note.claimed().id() == proof.checkpoint()).unwrap();
        let (whose, house) = if proof.party() == us.id { (&mut own, us) } else { (&mut theirs, other) };
        assert_eq!(proof.party(), house.id);
        let checkpoint = note.verify(&house.signing_key().public().clone()).unwrap();
        proof.check(Tick(house.chain().first().log_base_tick()), &checkpoint).unwrap();
        let cosigned = note.cosignatures().next().unwrap();
        assert_eq!(cosigned.witness, witness.id);
        cosigned.verify(witness.signing_key().public()).unwrap();
        whose.extend(proof.shown().iter().map(|one| one.entry.id.as_bytes().to_vec()));
    }
    (own, theirs, notes.len())
}

/// [LOG-40] [LOG-97] [LOG-98] [LOG-99]
#[tokio::test(flavor = "multi_thread")]
async fn a_common_witness_proves_when_and_learns_nothing() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let another = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    take(&three.shelter, &trail).await;
    say(&three.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&three.hotline, &trail, "held").await;
    say_with(&three.hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
    until(|| async { three.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    three.quiet().await;
    let (before, _) = three.hotline.export(export(trail)).await.unwrap();
    let kinds = |proof: &LogProof| proof.shown().iter().map(|one| one.entry.kind).collect::<Vec<_>>();
    let early = Bundle::parse(&before).unwrap().proofs.clone();
    let early: Vec<_> = early.iter().flat_map(|proof| kinds(&LogProof::parse(proof).unwrap())).collect();
    assert!(early.iter().all(|kind| *kind == EntryKind::KeyRecord), "the tick of the events is open");
    three.tick(1).await;

    let mut events = HashSet::new();
    for (node, house, other) in [(&three.hotline, 0, 1), (&three.shelter, 1, 0)] {
        let [us, other, witness] = [&three.houses[house], &three.houses[other], &three.houses[3]];
        let (bytes, _) = node.export(export(trail)).await.unwrap();
        let bundle = Bundle::parse(&bytes).unwrap();
        let (own, theirs, checkpoints) = proven(&bundle, us, other, witness);
        assert!(checkpoints >= 4, "of each log one that covers the events and one that does not yet");
        for event in &bundle.events {
            // Each event stands in both logs, whoever wrote it.
            let id = event.id().as_bytes().to_vec();
            assert!(own.contains(&id) && theirs.contains(&id));
            events.insert(id);
        }
        let of_both: Vec<_> = [us.chain(), other.chain()]
            .iter()
            .flat_map(|c| c.envelopes().map(|e| e.id()).collect::<Vec<_>>())
            .collect();
        assert!(of_both.iter().all(|key| own.contains(key.as_bytes().as_slice())), "key records too");
        assert!(other.chain().envelopes().all(|key| theirs.contains(key.id().as_bytes().as_slice())));
        let first = witness.chain().envelopes().next().unwrap().id();
        assert!(bundle.chains.iter().any(|chain| chain[0].id() == first), "the keys of the witness");
        let agreement = node.show(&worker(), &trail, false).await.unwrap().agreement;
        let report = verdict::verify(&bytes, &trust(&three.houses, &agreement));
        let assurance = &report.assurance;
        assert_eq!((assurance.level, assurance.met), ("witnessed", YesNo::Yes), "{}", assurance.sentence);
        assert_eq!((assurance.unchecked_proofs, assurance.unchecked_checkpoints), (0, 0));
        assert_eq!(report.authentic, YesNo::Yes);
        assert!(report.timeline.iter().all(|entry| entry.proven.is_some()), "each event has a proven time");
        // Nothing of the other trail is shown.
        let (bytes, _) = node.export(export(another)).await.unwrap();
        let elsewhere = Bundle::parse(&bytes).unwrap();
        for event in &elsewhere.events {
            let prefix = EventPrefix::decode(event.body()).unwrap();
            assert!(prefix.trail.is_empty() || prefix.trail == another.to_vec());
            assert!(
                !own.contains(event.id().as_bytes().as_slice()) && !theirs.contains(event.id().as_bytes().as_slice())
            );
        }
    }
    let hashes = |of: &OrgId| learned(&three.asked, of);
    let (from_a, from_b) = (hashes(&three.houses[0].id), hashes(&three.houses[1].id));
    assert!(from_a.len() >= 2 && from_b.len() >= 2);
    assert!(from_a.is_disjoint(&from_b), "the witness can join the two logs");
    assert!(events.iter().all(|event| !from_a.contains(event) && !from_b.contains(event)));

    // Each tick went once to each, and what came is on disk.
    let Three { houses, hotline, shelter, ministry, _carriers, .. } = three;
    drop((_carriers, hotline, shelter, ministry));
    for house in &houses[..2] {
        let storage = house.open_storage();
        let kept: Vec<_> = storage.records(Position::START).map(Result::unwrap).collect();
        let shown: Vec<ShownRecord> = kept.iter().filter_map(record::read).collect();
        let handed: Vec<ProofRecord> = kept.iter().filter_map(record::read).collect();
        let other = houses.iter().find(|other| other.id != house.id && other.id.to_vec() == shown[0].organisation);
        let to_it = handed.iter().filter(|proof| other.is_some_and(|other| proof.to == other.id.to_vec())).count();
        assert_eq!((shown.len(), to_it), (2, 2), "one for each tick");
        let mut things: Vec<_> = shown.iter().flat_map(|shown| shown.things.clone()).collect();
        things.sort();
        things.dedup();
        assert_eq!(things.len(), shown.iter().map(|shown| shown.things.len()).sum::<usize>());
    }
}

/// When *deliver* began at a node, and by when witnesses have the opening.
async fn delivers(node: &Arc<Node>, trail: &TrailId) -> wire::Deadline {
    let shown = node.show(&worker(), trail, false).await.unwrap();
    shown.deadlines.into_iter().find(|deadline| deadline.timer == "deliver").unwrap()
}

async fn next_due(node: &Arc<Node>, trail: &TrailId) -> u64 {
    node.show(&worker(), trail, false).await.unwrap().telephone_due
}

/// [TIM-84] [TIM-86] [ONC-30]
#[tokio::test(flavor = "multi_thread")]
async fn the_time_for_delivery_runs_from_when_a_witness_has_the_request_and_not_before_one_does() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.quiet().await;
    let (claimed, due) = (delivers(&three.hotline, &trail).await, next_due(&three.hotline, &trail).await);
    for node in [&three.hotline, &three.shelter] {
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        assert!(
            shown.events.iter().all(|event| event.proven == 0 && event.witnesses.is_empty()),
            "nothing is cosigned"
        );
        let deadline = delivers(node, &trail).await;
        assert_eq!((deadline.proven, deadline.from), (0, shown.events[0].time), "the claimed time counts");
    }
    // The clock moves on, so that what the witness says is another time than what the sender says.
    tokio::time::sleep(Duration::from_secs(2)).await;
    three.tick(1).await;
    let has = async |node: &Arc<Node>| delivers(node, &trail).await.proven != 0;
    until(|| async { has(&three.hotline).await && has(&three.shelter).await }).await;
    for node in [&three.hotline, &three.shelter] {
        let deadline = delivers(node, &trail).await;
        assert!(deadline.from == deadline.proven && deadline.from > claimed.from, "{} {}", deadline.from, claimed.from);
        assert_eq!(deadline.due - deadline.from, claimed.due - claimed.from, "as long as the agreement gives");
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        assert!(shown.events.iter().all(|event| event.proven != 0 && event.witnesses == ["centre"]));
        let listed = node.list(&worker(), &Listing { waiting: false, most: 10, token: "" }).unwrap();
        let row = listed.trails.iter().find(|row| row.trail == trail.to_vec()).unwrap();
        assert!(row.deadlines.contains(&delivers(node, &trail).await), "a list says the same");
    }
    assert_eq!(next_due(&three.hotline, &trail).await, due, "it was delivered: nothing moves any more");
}

/// [TIM-85] A witness that was away for three hours: nobody waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_was_away_puts_nobodys_call_off() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    three.quiet().await;
    let claimed = delivers(&three.hotline, &trail).await;
    three.tick_late(1, Span(3 * 3600)).await;
    let has = async |node: &Arc<Node>| delivers(node, &trail).await.proven != 0;
    until(|| async { has(&three.hotline).await && has(&three.shelter).await }).await;
    for node in [&three.hotline, &three.shelter] {
        let deadline = delivers(node, &trail).await;
        assert!(deadline.proven >= claimed.from + 3 * 3600, "{} {}", deadline.proven, claimed.from);
        assert_eq!(deadline.from, claimed.from + 1200, "from twenty minutes after the time that it claims");
        assert_eq!(deadline.due - deadline.from, claimed.due - claimed.from, "as long as the agreement gives");
    }
}

/// [CAS-130] A change of her case is on its way to a shelter that is off: overdue by the hotline's own word until a witness has it,
/// and then by what that shows.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_its_way_is_overdue_from_when_a_witness_has_it() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let new = NewTrail { stage: 1, basis: LegalBasis::ExplicitConsent, fields: need, ..enquiry("shelter-jasen") };
    let trail = three.hotline.open_trail(new).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
    say(&three.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&three.hotline, &trail, "accepted").await;
    three.quiet().await;
    three._carriers.clear();
    let case = three.hotline.case_of(&trail).unwrap();
    let change = NewFollowUp {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::Risk(fields(&[("risk_level", "high")])),
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    };
    assert!(three.hotline.follow_up(change).await.unwrap().complete);
    let step = async || three.hotline.list_follow_ups(&worker(), &case).await.unwrap()[0].trails[0].clone();
    // Five seconds are the agreement's time.
    until(|| async { step().await.overdue }).await;
    three.cosigned_late(&three.hotline, 1, Span(3 * 3600)).await;
    let shown = step().await;
    assert_eq!((shown.state(), shown.say.len()), (FollowState::OnItsWay, 1));
    assert!(!shown.overdue, "it counts from twenty minutes after the time that it claims");
    assert_eq!(
        three.hotline.list_follow_ups(&worker(), &case).await.unwrap()[0].unconfirmed,
        1,
        "and is not delivered"
    );
}

/// [LOG-95] [LOG-98]
#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_shows_the_other_one_a_second_history_is_convicted_there() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let (hotline, shelter) = (&three.houses[0], &three.houses[1]);
    let origin = Origin { organisation: hotline.id, incarnation: 0 };
    let size = three.hotline.log().size();
    let lie = Checkpoint { origin, size, root: Hash::leaf(b"another history") }.sign(&hotline.signing_key());
    let content = LetterContent { checkpoints: vec![lie.to_bytes()], ..LetterContent::default() };
    let letter = letter::seal(shelter.chain().newest(), &content, &mut SystemEntropy).unwrap();
    assert_eq!(three.shelter.list_evidence("").unwrap().len(), 0);
    let (outcome, code) = Post(three.shelter.clone()).receive(&hotline.id, letter).await;
    assert_eq!((outcome, code), (ReceiptOutcome::Refused, Rejection::LogContradiction.number()));
    let kept = three.shelter.list_evidence("hotline").unwrap();
    assert_eq!((kept.len(), kept[0].name.as_str()), (1, "hotline"));
    let (found, chain) = Contradiction::verify(&kept[0].file).unwrap();
    assert_eq!((found.kind(), chain.organisation()), (ContradictionKind::SplitView, hotline.id));
    assert_eq!(three.shelter.list_evidence("centre").unwrap().len(), 0);
    // Trails go on.
    let trail = three.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&three.shelter, &trail, "asked").await;
}

/// [LOG-98]
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_does_not_hold_or_shows_what_is_not_shared_is_refused() {
    let mut three = Three::found().await;
    three.tick(0).await;
    let (hotline, shelter) = (&three.houses[0], &three.houses[1]);
    let thing = |kind| Entry { nonce: [3; 32], kind, id: Id::of(b"an invented thing") };
    let base = Tick(hotline.chain().first().log_base_tick());
    let proof_of = |kind| {
        let batch = Batch::new(base, &[thing(kind)], [0; 32]).unwrap();
        let origin = Origin { organisation: hotline.id, incarnation: 0 };
        let note = Checkpoint { origin, size: 1, root: batch.leaf_hash() }.sign(&hotline.signing_key());
        let proof = LogProof::new(&batch, &[(0, thing(kind))], Vec::new(), note.claimed()).unwrap();
        (proof.to_wire(), note.to_bytes())
    };
    let took = async |proofs: Vec<_>, checkpoints: Vec<_>| {
        let content = LetterContent { proofs, checkpoints, ..LetterContent::default() };
        let letter = letter::seal(shelter.chain().newest(), &content, &mut SystemEntropy).unwrap();
        Post(three.shelter.clone()).receive(&hotline.id, letter).await.1
    };
    let (own, note) = proof_of(EntryKind::OwnEvent);
    assert_eq!(took(vec![own.clone()], Vec::new()).await, Rejection::BadProof.number(), "without its checkpoint");
    let mut other = own.clone();
    other.shown[0].id = vec![9; 32];
    assert_eq!(took(vec![other], vec![note.clone()]).await, Rejection::BadProof.number(), "of something else");
    let (access, under) = proof_of(EntryKind::Access);
    assert_eq!(took(vec![access], vec![under]).await, Rejection::NotKept.number(), "who looked is nobody else's");
    assert_eq!(took(vec![own], vec![note]).await, 0);
}

/// All hashes that a witness got of one log: roots and paths.
fn learned(asked: &[(OrgId, WitnessQuery)], of: &OrgId) -> HashSet<Vec<u8>> {
    let queries = asked.iter().filter(|(from, _)| from == of).map(|(_, query)| query);
    let roots = queries.clone().map(|q| SignedCheckpoint::parse(&q.checkpoint).unwrap().claimed().root.to_vec());
    roots.chain(queries.clone().flat_map(|query| query.path.clone())).collect()
}
