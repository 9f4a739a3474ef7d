//! Two parties and the witness of both as real peers: TLS over loopback, and nobody carries anything by hand.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use tokio::net::TcpListener;
use uput_core::{
    bundle::Bundle,
    event::Statement,
    id::{KeyRecordId, OrgId},
    letter,
    log::SignedCheckpoint,
    rejection::Rejection,
    time::Seconds,
    verdict::{self, Report, YesNo},
    wire::{self, LetterContent, ReceiptOutcome, WitnessQuery, WitnessReply},
};
use uput_node::{
    clock,
    node::{Node, Post},
    peer::{Contact, Limits, Mailroom, Outgoing, PeerCard, Peers},
    shutdown::{self, Stop},
};

use crate::{
    houses::listener,
    three::{export, trust},
    ticks::later,
    town::{CONSENT, House, agree, enquiry, everything, holds, introduce, reads, say, say_with, take, until, worker},
};

/// All that one node got from its peers.
#[derive(Default)]
pub(crate) struct Heard {
    asked: Vec<(OrgId, WitnessQuery)>,
    pub(crate) letters: Vec<Vec<u8>>,
    /// It takes letters and says so, and sends none.
    pub(crate) mute: bool,
}

/// A node, and what it hears.
pub(crate) struct Tapped(Post, Arc<Mutex<Heard>>);

impl Mailroom for Tapped {
    fn organisation(&self) -> OrgId {
        self.0.organisation()
    }

    fn own_chain(&self) -> wire::KeyChain {
        self.0.own_chain()
    }

    fn newest_key_record(&self) -> KeyRecordId {
        self.0.newest_key_record()
    }

    fn key_records_from(&self, known: u32) -> Vec<wire::Envelope> {
        self.0.key_records_from(known)
    }

    fn peer_by_tls_key(&self, tls_key: &[u8; 32]) -> Option<PeerCard> {
        self.0.peer_by_tls_key(tls_key)
    }

    fn peer(&self, organisation: &OrgId) -> Option<PeerCard> {
        self.0.peer(organisation)
    }

    fn peers(&self) -> Vec<PeerCard> {
        self.0.peers()
    }

    async fn introduce(
        &self,
        secret: &[u8],
        tls_key: [u8; 32],
        chain: wire::KeyChain,
    ) -> Result<wire::KeyChain, Rejection> {
        self.0.introduce(secret, tls_key, chain).await
    }

    async fn learn(&self, organisation: &OrgId, records: Vec<wire::Envelope>) -> Result<(), Rejection> {
        self.0.learn(organisation, records).await
    }

    async fn receive(&self, from: &OrgId, letter: Vec<u8>) -> (ReceiptOutcome, u32) {
        self.1.lock().unwrap().letters.push(letter.clone());
        self.0.receive(from, letter).await
    }

    async fn next_letter(&self, to: &OrgId) -> Outgoing {
        let letter = self.0.next_letter(to).await;
        while self.1.lock().unwrap().mute {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        letter
    }

    async fn settle(&self, to: &OrgId, ticket: u64, outcome: ReceiptOutcome, code: u32) {
        self.0.settle(to, ticket, outcome, code).await;
    }

    async fn next_query(&self, to: &OrgId) -> WitnessQuery {
        self.0.next_query(to).await
    }

    async fn answered(&self, by: &OrgId, reply: WitnessReply) {
        self.0.answered(by, reply).await;
    }

    async fn witness(&self, of: &OrgId, query: WitnessQuery) -> WitnessReply {
        self.1.lock().unwrap().asked.push((*of, query.clone()));
        self.0.witness(of, query).await
    }

    fn disconnected(&self, to: &OrgId, unsettled: Vec<u64>) {
        self.0.disconnected(to, unsettled);
    }

    fn contact(&self, organisation: &OrgId, what: Contact) {
        self.0.contact(organisation, what);
    }
}

fn served(house: &House, node: &Arc<Node>, at: TcpListener, heard: &Arc<Mutex<Heard>>) -> (Stop, Arc<Peers<Tapped>>) {
    let (stop, shutdown) = shutdown::channel();
    let soon = Duration::from_millis(20);
    let limits = Limits { backoff_min: soon, backoff_max: 5 * soon, ..Limits::default() };
    let mailroom = Arc::new(Tapped(Post(Arc::clone(node)), Arc::clone(heard)));
    let peers = Peers::new(mailroom, &house.tls_key(), limits, shutdown).unwrap();
    peers.listen(at);
    peers.refresh();
    (stop, peers)
}

pub(crate) struct Network {
    pub(crate) houses: Vec<House>,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) heard: Vec<Arc<Mutex<Heard>>>,
    served: Vec<(Stop, Arc<Peers<Tapped>>)>,
}

const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];

impl Network {
    pub(crate) async fn found() -> Self {
        let mut at = Vec::new();
        for _ in NAMES {
            at.push(listener().await);
        }
        let (listeners, ends): (Vec<_>, Vec<_>) = at.into_iter().unzip();
        let centre = House::found_at(4, Vec::new(), ends[3].clone()).await;
        let witness = vec![centre.id];
        let mut houses = Vec::new();
        for (seed, named) in [(1, witness.clone()), (2, witness), (3, Vec::new())] {
            houses.push(House::found_at(seed, named, ends[usize::from(seed) - 1].clone()).await);
        }
        houses.push(centre);
        let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
        for other in 1..4 {
            introduce(&nodes[0], NAMES[0], &nodes[other], NAMES[other]).await;
        }
        introduce(&nodes[1], NAMES[1], &nodes[3], NAMES[3]).await;
        let heard: Vec<Arc<Mutex<Heard>>> = NAMES.iter().map(|_| Arc::default()).collect();
        let ready = houses.iter().zip(&nodes).zip(listeners).zip(&heard);
        let served = ready.map(|(((house, node), at), heard)| served(house, node, at, heard)).collect();
        let network = Self { houses, nodes, heard, served };
        let all = NAMES.iter().zip(&network.houses).zip(&network.nodes);
        agree(&all.map(|((name, house), node)| (*name, house, node)).collect::<Vec<_>>()).await;
        network.quiet().await;
        network
    }

    pub(crate) async fn quiet(&self) {
        until(|| async { self.nodes.iter().all(|node| node.queued().items == 0) }).await;
    }

    /// Both parties close a tick, and the witness hears of it by itself.
    pub(crate) async fn tick(&self, number: u64) {
        for node in &self.nodes[..2] {
            node.close_ticks(later(number)).await.unwrap();
        }
        for node in &self.nodes[..2] {
            until(|| async { node.view_log(clock::now()).witnesses[0].size == node.log().size() }).await;
        }
        self.quiet().await;
    }

    pub(crate) async fn end(self) -> (Vec<House>, Vec<Arc<Mutex<Heard>>>) {
        let Self { houses, nodes, heard, served } = self;
        served.iter().for_each(|(stop, _)| stop.stop());
        for (_, peers) in &served {
            peers.closed().await;
        }
        drop((nodes, served));
        (houses, heard)
    }
}

/// All hashes that a witness got of one log: roots and paths.
fn learned(heard: &Heard, of: &OrgId) -> HashSet<Vec<u8>> {
    let queries = heard.asked.iter().filter(|(from, _)| from == of).map(|(_, query)| query);
    let roots = queries.clone().map(|q| SignedCheckpoint::parse(&q.checkpoint).unwrap().claimed().root.to_vec());
    roots.chain(queries.flat_map(|query| query.path.clone())).collect()
}

/// [LOG-72] [LOG-83] [LOG-97] [LOG-99]
#[tokio::test(flavor = "multi_thread")]
async fn over_real_lines_both_bundles_are_witnessed_and_the_witness_finds_nothing_equal() {
    let network = Network::found().await;
    network.tick(0).await;
    let [hotline, shelter] = [&network.nodes[0], &network.nodes[1]];
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(shelter, &trail, "asked").await;
    take(shelter, &trail).await;
    say(shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(hotline, &trail, "held").await;
    say_with(hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
    until(|| async { shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    network.quiet().await;
    network.tick(1).await;

    let agreement = hotline.show(&worker(), &trail, false).await.unwrap().agreement;
    let trusted = trust(&network.houses, &agreement);
    let mut told: HashSet<Vec<u8>> = HashSet::from([trail.to_vec()]);
    for node in [hotline, shelter] {
        let verdict = async |node: &Arc<Node>| -> (Report, Bundle) {
            let (bytes, _) = node.export(export(trail)).await.unwrap();
            (verdict::verify(&bytes, &trusted), Bundle::parse(&bytes).unwrap())
        };
        // What the other party hands out travels by itself.
        until(|| async { verdict(node).await.0.assurance.level == "witnessed" }).await;
        let (report, bundle) = verdict(node).await;
        assert_eq!((report.authentic, report.assurance.met), (YesNo::Yes, YesNo::Yes));
        assert!(report.timeline.iter().all(|entry| entry.proven.is_some()), "each event has a proven time");
        told.extend(bundle.events.iter().map(|event| event.id().as_bytes().to_vec()));
        told.extend(bundle.heads.iter().map(|head| head.id().as_bytes().to_vec()));
    }
    let (houses, heard) = network.end().await;
    let heard = heard[3].lock().unwrap();
    let (from_a, from_b) = (learned(&heard, &houses[0].id), learned(&heard, &houses[1].id));
    assert!(from_a.len() >= 2 && from_b.len() >= 2, "both logs were cosigned");
    assert!(from_a.is_disjoint(&from_b), "the witness can join the two logs");
    // Its letters, opened, and its folder with every key: no trail, no event, no head, no proof.
    let secret = [houses[3].sealing_secret()];
    let letters: Vec<LetterContent> =
        heard.letters.iter().map(|letter| letter::open(letter, houses[3].id, &secret).unwrap().content).collect();
    assert!(letters.iter().all(|content| content.events.is_empty() && content.heads.is_empty()));
    let folder = everything(&houses[3]);
    let letters: Vec<u8> = letters.iter().flat_map(LetterContent::encode_to_vec).collect();
    let queries: Vec<u8> = heard.asked.iter().flat_map(|(_, query)| query.encode_to_vec()).collect();
    for id in told {
        assert!(!holds(&folder, &id) && !holds(&letters, &id) && !holds(&queries, &id));
    }
    let root = SignedCheckpoint::parse(&heard.asked[0].1.checkpoint).unwrap().to_bytes();
    assert!(holds(&queries, &root), "what is there would be found");
}
