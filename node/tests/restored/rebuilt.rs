//! A node of which nothing is left but the organisation key, and the real one that it spoke with: over TLS, with the folder gone.

use prost::Message;
use uput_core::entropy::Entropy;
use uput_core::invitation::Invitation;
use uput_core::key::KeyChain;
use uput_core::keyfile::write_organisation_key;
use uput_node::rebuild::{self, Rebuild};

use super::*;

/// Foreseeable on purpose: 81, 82, ... fill the secrets of the new node.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) {
        self.0 += 1;
        buffer.fill(self.0);
    }
}

/// What people bring: the organisation key, and the records as the living node holds them.
fn brought(pair: &Pair, chain: &KeyChain) -> Rebuild {
    let home = pair.kept.path();
    let (key, records) = (home.join("organisation.key"), home.join("records"));
    let text = write_organisation_key(&pair.folders[pair.lost].organisation_key(), &Lock::Clear).unwrap();
    std::fs::write(&key, text.as_bytes()).unwrap();
    let known = wire::KeyChain { records: chain.envelopes().map(Envelope::to_wire).collect() };
    std::fs::write(&records, known.encode_to_vec()).unwrap();
    Rebuild {
        dir: home.join("again"),
        organisation_key: key,
        passphrase_file: None,
        records: vec![records],
        peer: Some(pair.addresses[pair.lost]),
        endpoint: vec![uput_core::key::Endpoint::parse(&pair.addresses[pair.lost].to_string()).unwrap()],
        api: "127.0.0.1:0".parse().unwrap(),
        valid_days: 700,
        zone: None,
    }
}

/// An invitation under a name that is free there. The confirmed one stays; whoever lost everything compares the number.
async fn meet_again(living: &Arc<Node>, ours: &str, again: &Arc<Node>, theirs: &str) {
    let line = living.invite(&BY, "again", vec![town::endpoint()], 0).await.unwrap();
    let invitation = Invitation::parse(line.expose()).unwrap();
    let (post, chain) = (Post(Arc::clone(living)), Post(Arc::clone(again)).own_chain());
    let tls = *again.me().chain().newest().tls_key().as_bytes();
    let answer = post.introduce(invitation.secret().expose(), tls, chain).await.unwrap();
    again.accepted(&BY, &invitation, theirs, answer).await.unwrap();
    let known = living.view_peers().into_iter().find(|peer| peer.name == ours).unwrap();
    assert_eq!(known.state(), wire::PeerState::Confirmed);
    again.confirm(&BY, theirs, &known.safety_number).await.unwrap();
}

fn now() -> Seconds {
    uput_node::clock::now()
}

impl Pair {
    /// The records of the lost one, as the living one hands them out.
    fn held_records(&self) -> KeyChain {
        let living = self.nodes[1 - self.lost].as_ref().unwrap();
        let peers = living.view_peers();
        let peer = peers.iter().find(|peer| peer.organisation == self.folders[self.lost].id.to_vec()).unwrap();
        let chain = wire::KeyChain::decode(peer.key_chain.as_slice()).unwrap();
        let records: Vec<_> = chain.records.into_iter().map(|record| Envelope::from_wire(record).unwrap()).collect();
        KeyChain::verify(&records).unwrap()
    }

    /// Folder and backups are gone.
    async fn lose_and_rebuild(&mut self) {
        self.cut().await;
        let lost = self.lost;
        let again = brought(self, &self.held_records());
        self.nodes[lost] = None;
        let founding = again.make(now(), &mut Counter(80)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::remove_dir(folder.path()).unwrap();
        std::fs::rename(&again.dir, folder.path()).unwrap();
        self.folders[lost].put_in(folder, [81, 82, 83, 84]);
        let storage = self.folders[lost].open_storage();
        Node::found_again(&storage, &founding.chain, rebuild::incarnation(now())).await.unwrap();
        drop(storage);
        let node = self.folders[lost].open();
        node.ask_to_resume().await;
        let living = Arc::clone(self.nodes[1 - lost].as_ref().unwrap());
        let [ours, theirs] = if lost == 0 { ["hotline", "house"] } else { ["house", "hotline"] };
        meet_again(&living, ours, &node, theirs).await;
        self.nodes[lost] = Some(node);
    }
}

/// [BAK-61] [BAK-62] [BAK-63] [BAK-64] [BAK-65] [TRA-11]
#[tokio::test(flavor = "multi_thread")]
async fn trails_come_back_to_a_node_that_has_nothing_but_its_organisation_key() {
    let mut pair = Pair::found().await;
    let mut trails = Vec::new();
    for _ in 0..2 {
        let trail = pair.opened().await;
        pair.hotline_says(trail).await;
        pair.house_says(trail, Statement::Accepted).await;
        pair.settled().await;
        let shown = pair.shown(&Arc::clone(pair.hotline()), trail).await;
        assert!(pair.values(trail).await > 0);
        trails.push((trail, shown));
    }
    let before = pair.events(pair.house(), trails[0].0).await;
    pair.lose_and_rebuild().await;
    assert_eq!(pair.hotline().trail_ids().unwrap(), []);
    assert_eq!(pair.hotline().me().organisation, pair.folders[0].id, "it is who it was");
    pair.connect().await;
    for (trail, shown) in &trails {
        until(|| async { pair.events(pair.hotline(), *trail).await == shown.len() }).await;
        take(pair.hotline(), trail).await;
        assert_eq!(pair.shown(pair.hotline(), *trail).await, *shown, "what was said, and the values");
        assert!(pair.values(*trail).await > 0);
        pair.resumed(*trail).await;
    }
    pair.settled().await;
    // One warning more and that it was delivered: nothing came twice, and no number was used again.
    assert_eq!(pair.events(pair.house(), trails[0].0).await, before + 2);
    pair.proves(trails[0].0).await;
    pair.house_says(trails[0].0, Statement::Started).await;
    pair.settled().await;
    pair.proves(trails[0].0).await;
    pair.settled().await;
}

/// [BAK-61] Nothing is written unless the records, the key and the clock fit together.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_a_fork_and_a_clock_that_is_behind_are_refused_before_anything_is_written() {
    let pair = Pair::found().await;
    let chain = pair.held_records();
    let again = brought(&pair, &chain);
    let refused = |again: &Rebuild, now, says: &str| {
        let failure = again.make(now, &mut Counter(80)).err().unwrap().to_string();
        assert!(failure.contains(says), "{failure}");
        assert!(!again.dir.exists());
    };
    refused(&again, Seconds::new(chain.newest().time().get() - 60).unwrap(), "is behind the newest key record");
    let key = again.organisation_key.clone();
    let other = write_organisation_key(&pair.folders[1].organisation_key(), &Lock::Clear).unwrap();
    let own = std::fs::read(&key).unwrap();
    std::fs::write(&key, other.as_bytes()).unwrap();
    refused(&again, now(), "is not the key of the organisation");
    std::fs::write(&key, own).unwrap();
    // Two records that follow one: each by itself is whole.
    let mut branches = Vec::new();
    for seed in [50, 60] {
        let dir = again.dir.with_file_name(format!("branch-{seed}"));
        let founding = Rebuild { dir, ..brought(&pair, &chain) }.make(now(), &mut Counter(seed)).unwrap();
        let path = again.dir.with_file_name(format!("records-{seed}"));
        let known = wire::KeyChain { records: founding.chain.envelopes().map(Envelope::to_wire).collect() };
        std::fs::write(&path, known.encode_to_vec()).unwrap();
        branches.push(path);
    }
    let forked = Rebuild { records: branches.clone(), ..brought(&pair, &chain) };
    refused(&forked, now(), "contradict each other");
    // An older file beside a newer one harms nothing, in whatever order.
    let records = vec![again.records[0].clone(), branches[0].clone()];
    let founding = Rebuild { records, ..brought(&pair, &chain) }.make(now(), &mut Counter(80)).unwrap();
    assert_eq!(founding.chain.newest().number(), chain.newest().number() + 2);
}

/// [BAK-63]
#[test]
fn a_later_rebuilding_has_a_higher_incarnation_than_any_before() {
    let at = |seconds| rebuild::incarnation(Seconds::new(seconds).unwrap());
    assert!(at(1_795_000_000) > 29_000_000);
    assert!(at(1_795_000_060) > at(1_795_000_000));
}
