//! A node that was lost and restored from a backup, and the real one that it speaks with: nothing resurrected, nothing sent
//! twice, nobody convicted, and what the living one has seen is not lost.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod by_hand;
#[path = "../houses/mod.rs"]
mod houses;
mod rebuilt;
mod restoring;
mod returned;
#[path = "../town/mod.rs"]
mod town;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use houses::{AGREEMENT, Line, listener, opening};
use tempfile::TempDir;
use tokio::net::TcpListener;
use town::{BY, House, introduce, say, somebody, take, until, worker};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::Statement,
    id::{AgreementId, KeyRecordId, TrailId},
    keyfile::{Lock, NodeSecrets},
    letter,
    rejection::Rejection,
    time::Seconds,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, Report, YesNo},
    wire::{self, Act, DisclosureScope, LegalBasis, Purpose, ReceiptOutcome, Role},
};
use uput_node::{
    account::AccountId,
    backup::{Holders, Identities, Making, Opening, new_identity},
    clock::SystemEntropy,
    disk::RealDisk,
    node::{Export, NewTrail, Node, Origin, Post, Refused, Second},
    node_key::Sources,
    peer::Mailroom,
};

/// Two houses of which one is lost, and where its backups lie.
struct Pair {
    folders: [House; 2],
    addresses: [SocketAddr; 2],
    nodes: [Option<Arc<Node>>; 2],
    /// Which of them is backed up and lost.
    lost: usize,
    agreement: AgreementId,
    line: Option<Line>,
    kept: TempDir,
    exports: u8,
}

impl Pair {
    async fn found() -> Self {
        Self::to_lose(0).await
    }

    async fn to_lose(lost: usize) -> Self {
        let [(near, here), (far, there)] = [listener().await, listener().await];
        let addresses = [near.local_addr().unwrap(), far.local_addr().unwrap()];
        let folders = [House::found_at(1, Vec::new(), here).await, House::found_at(2, Vec::new(), there).await];
        let (hotline, house) = (folders[0].open(), folders[1].open());
        introduce(&hotline, "hotline", &house, "house").await;
        let line = Line::lay([(&folders[0], &hotline, near), (&folders[1], &house, far)]);
        let peers = BTreeMap::from([("hotline".to_owned(), folders[0].id), ("house".to_owned(), folders[1].id)]);
        let compiled = compile(AGREEMENT, &peers).unwrap();
        for (folder, node) in folders.iter().zip([&hotline, &house]) {
            let key = folder.organisation_key();
            let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&key]).unwrap();
            node.take_agreement(envelope, Origin::Account(&BY)).await.unwrap();
        }
        let agreement = compiled.agreement.id();
        for node in [&hotline, &house] {
            until(|| async { node.held_agreement(&agreement).is_some_and(|held| held.signed.is_some()) }).await;
        }
        let kept = tempfile::tempdir().unwrap();
        for (number, folder) in folders.iter().enumerate() {
            let secrets = NodeSecrets {
                signing: folder.signing_key(),
                tls: folder.tls_key(),
                sealing: vec![folder.sealing_secret()],
                storage: folder.storage_secret(),
            };
            std::fs::write(folder.path().join("node.key"), secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
            std::fs::create_dir(kept.path().join(number.to_string())).unwrap();
        }
        let (nodes, line) = ([Some(hotline), Some(house)], Some(line));
        let pair = Self { folders, addresses, nodes, lost, agreement, line, kept, exports: 0 };
        pair.settled().await;
        pair
    }

    fn hotline(&self) -> &Arc<Node> {
        self.nodes[0].as_ref().unwrap()
    }

    fn house(&self) -> &Arc<Node> {
        self.nodes[1].as_ref().unwrap()
    }

    async fn settled(&self) {
        for _ in 0..3 {
            until(|| async { self.hotline().queued().items + self.house().queued().items == 0 }).await;
        }
    }

    async fn opened(&self) -> TrailId {
        let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Referral) };
        let trail = self.hotline().open_trail(new).await.unwrap().unwrap();
        self.settled().await;
        take(self.house(), &trail).await;
        trail
    }

    async fn hotline_says(&self, trail: TrailId) -> usize {
        let statement = Statement::Warned(wire::WarningCode::DoNotContact);
        say(self.hotline(), trail, statement).await.unwrap();
        self.events(self.hotline(), trail).await
    }

    async fn house_says(&self, trail: TrailId, statement: Statement) {
        say(self.house(), trail, statement).await.unwrap();
    }

    async fn events(&self, node: &Node, trail: TrailId) -> usize {
        node.show(&worker(), &trail, false).await.map_or(0, |shown| shown.events.len())
    }

    /// What a node shows of the events of a trail, without when it stored them.
    async fn shown(&self, node: &Arc<Node>, trail: TrailId) -> Vec<(Vec<u8>, String, usize)> {
        let Ok(shown) = node.show(&worker(), &trail, true).await else { return Vec::new() };
        let mut all: Vec<_> =
            shown.events.into_iter().map(|event| (event.event, event.kind, event.fields.len())).collect();
        all.sort();
        all
    }

    /// How many values about her the node that is backed up shows.
    async fn values(&self, trail: TrailId) -> usize {
        let node = self.nodes[self.lost].as_ref().unwrap();
        let Ok(shown) = node.show(&worker(), &trail, true).await else { return 0 };
        let fields = shown.events.iter().flat_map(|event| &event.fields);
        fields.filter(|field| field.label == "language" && !field.value.is_empty()).count()
    }

    /// Where the backups of the one that is lost lie.
    fn kept(&self) -> PathBuf {
        self.kept.path().join(self.lost.to_string())
    }

    fn back_up(&self) {
        let identity = self.kept().join("identity");
        let recipients = match std::fs::read_to_string(self.kept().join("recipients")) {
            Ok(known) => known.lines().map(str::to_owned).collect::<Vec<_>>(),
            Err(_) => {
                let made = [&identity, &self.kept().join("other")].map(|path| new_identity(path).unwrap());
                std::fs::write(self.kept().join("recipients"), made.join("\n")).unwrap();
                made.to_vec()
            }
        };
        let holders = Holders::parse(&recipients).unwrap();
        let (to, keys) = (self.kept().join("backups"), self.kept().join("keys"));
        let now = Seconds::new(1_795_000_000).unwrap();
        let folder = self.folders[self.lost].path();
        let secrets = folder.join("node.key");
        let making = Making { folder, secrets: &secrets, to: &to, keys: &keys, holders: &holders, now };
        making.make(&self.folders[self.lost].storage_key(), &mut |_| {}).unwrap();
    }

    /// The line between them is cut.
    async fn cut(&mut self) {
        if let Some(line) = self.line.take() {
            line.close().await;
        }
    }

    async fn connect(&mut self) {
        let mut doors = Vec::new();
        for address in self.addresses {
            until(|| async { TcpListener::bind(address).await.is_ok() }).await;
            doors.push(TcpListener::bind(address).await.unwrap());
        }
        let (far, near) = (doors.pop().unwrap(), doors.pop().unwrap());
        let [hotline, house] = [Arc::clone(self.hotline()), Arc::clone(self.house())];
        self.line = Some(Line::lay([(&self.folders[0], &hotline, near), (&self.folders[1], &house, far)]));
    }

    /// The computer of one is gone; the newest backup is put on another one.
    async fn lose_and_restore(&mut self) {
        self.cut().await;
        self.nodes[self.lost] = None;
        let folder = tempfile::tempdir().unwrap();
        let identities = Identities::read(&self.kept().join("identity")).unwrap();
        let (from, keys) = (self.kept().join("backups"), self.kept().join("keys"));
        let sources = Sources::default();
        let opening = Opening { from: &from, keys: &keys, identities: &identities, number: None, sources: &sources };
        opening.put_together(&RealDisk::new(folder.path()), &mut |_| {}).unwrap();
        self.folders[self.lost].folder = folder;
        let storage = self.folders[self.lost].open_storage();
        Node::begin_incarnation(&storage).await.unwrap();
        drop(storage);
        let node = self.folders[self.lost].open();
        node.ask_to_resume().await;
        self.nodes[self.lost] = Some(node);
    }

    /// Waits until the restored node may speak in a trail.
    async fn resumed(&self, trail: TrailId) {
        let statement = || Statement::Warned(wire::WarningCode::DoNotContact);
        until(|| async { say(self.hotline(), trail, statement()).await.is_ok() }).await;
    }

    /// What a node exports is authentic, complete, and convicts nobody.
    async fn proves(&mut self, trail: TrailId) -> Report {
        let mut last = None;
        for node in [Arc::clone(self.hotline()), Arc::clone(self.house())] {
            let bundle = self.exported(&node, trail).await;
            let report = verdict::verify(&bundle, &self.trust());
            assert_eq!((report.authentic, report.completeness.complete), (YesNo::Yes, YesNo::Yes), "{report:?}");
            assert!(report.breaches.is_empty(), "{:?}", report.breaches);
            last = Some(report);
        }
        last.unwrap()
    }

    /// A bundle with heads that were asked for by this export.
    async fn exported(&mut self, node: &Node, trail: TrailId) -> Vec<u8> {
        self.exports += 1;
        let by = somebody(AccountId::new([self.exports + 100; 16]), self.exports + 100, Role::Supervisor);
        let export = Export {
            contact: false,
            by,
            second: Second::Nobody,
            trail,
            purpose: Purpose::Audit,
            scope: DisclosureScope::Labels,
            nonce: Some([self.exports; 32]),
            wait: Duration::from_secs(60),
        };
        node.export(export).await.unwrap().0
    }

    fn trust(&self) -> TrustFile {
        let trusted = |folder: &House| TrustedOrganisation {
            name: folder.id.to_string().chars().take(8).collect(),
            organisation: folder.id,
            // The ID of an organisation is that of its first record.
            minimum: KeyRecordId::new(*folder.id.as_bytes()),
        };
        let mut organisations: Vec<_> = self.folders.iter().map(trusted).collect();
        organisations.sort_by_key(|trusted| trusted.organisation);
        TrustFile {
            made_by: "an invented auditor".to_owned(),
            witnesses: WitnessDemand::default(),
            heads: HeadDemand::default(),
            organisations,
            agreements: vec![TrustedAgreement { title: "invented".to_owned(), agreement: self.agreement }],
        }
    }
}

/// [BAK-51] [BAK-52] [BAK-53] [BAK-54] [EVT-19] What the living one has seen comes back, its own and the lost one's; what
/// waited in the backup and had arrived goes to nobody again.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_living_peer_has_seen_comes_back_and_nothing_goes_twice() {
    let mut pair = Pair::found().await;
    let trail = pair.opened().await;
    pair.cut().await;
    // In the outbox when the backup is made, in flight when the computer is lost.
    pair.hotline_says(trail).await;
    pair.back_up();
    pair.connect().await;
    pair.settled().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.hotline_says(trail).await;
    pair.settled().await;
    let before = pair.events(pair.house(), trail).await;
    pair.lose_and_restore().await;
    assert!(pair.events(pair.hotline(), trail).await < before);
    assert!(pair.hotline().queued().items > 0, "it waits in the backup");
    let refused = say(pair.hotline(), trail, Statement::Withdrawn).await.err();
    assert!(matches!(refused, Some(Refused::Rejected(Rejection::NotResumed))), "{refused:?}");
    pair.connect().await;
    pair.resumed(trail).await;
    pair.settled().await;
    let after = pair.events(pair.house(), trail).await;
    assert_eq!(after, pair.events(pair.hotline(), trail).await);
    // One warning more, and that it was delivered.
    assert_eq!(after, before + 2);
    pair.proves(trail).await;
}

/// [BAK-54] [BUN-35] A letter on a stick outlives the computer that sealed it.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_was_still_on_a_stick_convicts_nobody_and_comes_back() {
    let mut pair = Pair::found().await;
    let trail = pair.opened().await;
    pair.back_up();
    pair.cut().await;
    pair.hotline_says(trail).await;
    let post = Post(Arc::clone(pair.hotline()));
    let stick = post.next_letter(&pair.folders[1].id).await.letter;
    drop(post);
    pair.lose_and_restore().await;
    pair.connect().await;
    pair.resumed(trail).await;
    pair.settled().await;
    let before = pair.events(pair.house(), trail).await;
    let (outcome, code) = Post(Arc::clone(pair.house())).receive(&pair.folders[0].id, stick).await;
    assert_eq!((outcome, code), (ReceiptOutcome::Stored, 0));
    let house = Arc::clone(pair.house());
    // The warning, and that it was delivered.
    assert_eq!(pair.events(&house, trail).await, before + 2, "it was said, and is here");
    until(|| async { pair.events(pair.hotline(), trail).await == before + 2 }).await;
    let report = pair.proves(trail).await;
    assert!(format!("{report:?}").contains("was restored: its older number"), "{report:?}");
    pair.hotline_says(trail).await;
    pair.settled().await;
    pair.proves(trail).await;
}

/// [BAK-57] RPO 0 for what one living peer has seen: whole trails that were opened after the backup, by either side.
#[tokio::test(flavor = "multi_thread")]
async fn trails_that_the_backup_does_not_know_come_back_whole() {
    let mut pair = Pair::found().await;
    pair.back_up();
    let mut trails = Vec::new();
    for _ in 0..3 {
        let trail = pair.opened().await;
        pair.hotline_says(trail).await;
        pair.house_says(trail, Statement::Accepted).await;
        pair.settled().await;
        trails.push((trail, pair.shown(&Arc::clone(pair.hotline()), trail).await));
    }
    pair.lose_and_restore().await;
    for (trail, _) in &trails {
        assert_eq!(pair.events(pair.hotline(), *trail).await, 0);
    }
    pair.connect().await;
    for (trail, before) in &trails {
        until(|| async { pair.events(pair.hotline(), *trail).await == before.len() }).await;
        // The case that it was in is not in the backup: it is one of nobody.
        take(pair.hotline(), trail).await;
        assert_eq!(pair.shown(pair.hotline(), *trail).await, *before);
    }
    for (trail, _) in &trails {
        pair.resumed(*trail).await;
    }
    pair.settled().await;
    pair.proves(trails[0].0).await;
}

/// [BAK-55] What the house said that it destroyed stays destroyed at the house, though its backup still had the key.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_purged_after_the_backup_is_not_resurrected() {
    let mut pair = Pair::to_lose(1).await;
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    assert!(pair.values(trail).await > 0);
    pair.back_up();
    say(pair.hotline(), trail, Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    pair.settled().await;
    pair.house_says(trail, Statement::Purged(wire::PurgeManner::Destroyed)).await;
    pair.settled().await;
    assert_eq!(pair.values(trail).await, 0);
    pair.lose_and_restore().await;
    assert!(pair.values(trail).await > 0, "within its bound the backup gives it back, to nobody but the node");
    pair.connect().await;
    until(|| async { pair.values(trail).await == 0 }).await;
}

/// [BAK-57] Questions that nobody restored asks.
#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_nothing_that_can_be_is_refused() {
    let pair = Pair::found().await;
    let chain = pair.house().me().chain();
    let mine = pair.folders[0].id;
    let ask = async |incarnation, trail: Vec<u8>| {
        let lost = vec![wire::LostRequest { incarnation, trail }];
        let content = wire::LetterContent { lost, ..wire::LetterContent::default() };
        let sealed = letter::seal(chain.newest(), &content, &mut SystemEntropy).unwrap();
        Post(Arc::clone(pair.house())).receive(&mine, sealed).await
    };
    let refused = |rejection: Rejection| (ReceiptOutcome::Refused, rejection.number());
    assert_eq!(ask(0, Vec::new()).await, refused(Rejection::Malformed));
    assert_eq!(ask(1, vec![1; 31]).await, refused(Rejection::Malformed));
    assert_eq!(ask(1, vec![1; 32]).await, refused(Rejection::NoSuchTrail));
    assert_eq!(ask(1, Vec::new()).await, (ReceiptOutcome::Stored, 0));
}
