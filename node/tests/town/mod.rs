//! Invented organisations whose nodes hand each other letters without a network.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test harness; each test uses its part"
)]

use std::{
    collections::BTreeMap,
    fs::File,
    future::{Future, poll_fn},
    path::Path,
    sync::{Arc, LazyLock, Mutex},
    task::Poll,
    time::Duration,
};

use prost::Message;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uput_core::{
    agreement::compile,
    catalogue::{Field, Label},
    envelope::{Envelope, MediaType},
    event::Statement,
    id::{AgreementId, EventId, OrgId, TrailId},
    invitation::Invitation,
    key::{Endpoint, KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    letter,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{self, LegalBasis},
};
use uput_node::{
    account::{Account, AccountId, Caller, PersonId},
    clock::SystemEntropy,
    node::{NewEvent, NewFollowUp, NewTrail, Node, Origin, Post, Refused, Second, Secrets},
    peer::Mailroom,
    record::{self, EventRecord},
    rpc::guard::admitted,
    seal,
    storage::{Options, Position, Storage, StorageError, StorageKey},
};
use zeroize::Zeroizing;

/// An account of nobody in particular.
pub const BY: AccountId = AccountId::new([7; 16]);

pub const SMALL: Options = Options { reserve: 4096, segment: 1 << 20, group: 64, knows: record::is_known };

/// An organisation: keys that can be used again after a restart.
pub struct House {
    pub folder: TempDir,
    organisation: [u8; 32],
    signing: [u8; 32],
    tls: [u8; 32],
    sealing: [u8; 32],
    storage: [u8; 32],
    /// Whom its second key record names; none: there is one record.
    witnesses: Vec<OrgId>,
    endpoint: Endpoint,
    pub id: OrgId,
}

impl House {
    pub async fn found(seed: u8) -> Self {
        Self::found_at(seed, Vec::new(), endpoint()).await
    }

    /// One whose newest key record names witnesses.
    pub async fn found_with(seed: u8, witnesses: Vec<OrgId>) -> Self {
        Self::found_at(seed, witnesses, endpoint()).await
    }

    /// The same where its node can be reached.
    pub async fn found_at(seed: u8, witnesses: Vec<OrgId>, endpoint: Endpoint) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = |n: u8| [seed.wrapping_mul(16).wrapping_add(n); 32];
        let mut house = Self {
            folder,
            organisation: key(1),
            signing: key(2),
            tls: key(3),
            sealing: key(4),
            storage: key(5),
            witnesses,
            endpoint,
            id: OrgId::new([1; 32]),
        };
        let chain = house.chain();
        house.id = chain.organisation();
        Storage::create(house.path(), &house.storage_key(), SMALL).unwrap();
        let storage = house.open_storage();
        Node::found(&storage, &chain).await.unwrap();
        house
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn storage_key(&self) -> StorageKey {
        StorageKey::new(Zeroizing::new(self.storage))
    }

    pub fn storage_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.storage)
    }

    /// A program that another test starts holds each lock of this process until it is that program: such are waited for.
    pub fn open_storage(&self) -> Storage {
        let open = || Storage::open(self.path(), &self.storage_key(), SMALL, record::project);
        for _ in 0..6000 {
            match open() {
                Err(StorageError::InUse) => std::thread::sleep(Duration::from_millis(10)),
                opened => return opened.unwrap(),
            }
        }
        open().unwrap()
    }

    /// From now on it lies there, with secrets of these bytes: signing, TLS, sealing and storage key.
    pub fn put_in(&mut self, folder: TempDir, secrets: [u8; 4]) {
        let [signing, tls, sealing, storage] = secrets.map(|byte| [byte; 32]);
        (self.signing, self.tls, self.sealing, self.storage) = (signing, tls, sealing, storage);
        self.folder = folder;
    }

    pub fn organisation_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.organisation)
    }

    pub fn open(&self) -> Arc<Node> {
        self.open_with(self.open_storage())
    }

    pub fn open_with(&self, storage: Storage) -> Arc<Node> {
        let secrets = Secrets {
            signing: SigningKey::from_seed(&self.signing),
            sealing: vec![SealingSecret::from_seed(&self.sealing)],
        };
        Arc::new(Node::open(storage, secrets).unwrap())
    }

    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.signing)
    }

    pub fn sealing_secret(&self) -> SealingSecret {
        SealingSecret::from_seed(&self.sealing)
    }

    pub fn tls_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.tls)
    }

    pub fn chain(&self) -> KeyChain {
        let (organisation, signing, tls) =
            (self.organisation_key(), SigningKey::from_seed(&self.signing), SigningKey::from_seed(&self.tls));
        // Always the same: a house that is asked again is the same house.
        let minute = Seconds::new(1_794_960_000).unwrap();
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&self.sealing).public().clone()],
            endpoints: vec![self.endpoint.clone()],
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick: minute.get() / 600,
            time: minute,
            end: minute.after(Span(700 * 86_400)),
            disowned: None,
            door_key: None,
        };
        let first = sign_key_record(draft, &organisation, &signing, &tls, None).unwrap();
        let chain = KeyChain::verify(std::slice::from_ref(&first)).unwrap();
        if self.witnesses.is_empty() {
            return chain;
        }
        let after = KeyRecordDraft::after(chain.newest(), minute.after(Span(60)), minute.after(Span(700 * 86_400)));
        let draft = KeyRecordDraft { witnesses: self.witnesses.clone(), ..after };
        KeyChain::verify(&[first, sign_key_record(draft, &organisation, &signing, &tls, None).unwrap()]).unwrap()
    }
}

impl Drop for House {
    /// A node stops for good when its folder goes while it writes: it is waited for.
    fn drop(&mut self) {
        let Ok(lock) = File::options().write(true).open(self.path().join("LOCK")) else { return };
        for _ in 0..200 {
            if lock.try_lock().is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Somebody of that role.
pub fn caller_as(role: wire::Role) -> Caller {
    somebody(BY, 8, role)
}

/// Somebody of that role; persons are told apart by their number.
pub fn somebody(account: AccountId, person: u8, role: wire::Role) -> Caller {
    Caller { account, person: PersonId::new([person; 16]), role, scopes: Arc::new([]), on_behalf_of: None }
}

/// Gives somebody an account, in memory alone: to be done again after a restart.
pub fn known(node: &Node, caller: &Caller) {
    node.register().set_account(Account {
        id: caller.account,
        person: caller.person,
        name: Sensitive::new("An invented colleague".to_owned()),
        role: caller.role,
        created: 1,
        created_by: None,
        disabled: false,
        erased: false,
        notice: 0,
        seen: 0,
    });
}

/// A call by somebody of that role, who is past the guard.
pub fn call_as<T>(role: wire::Role, method: &str, message: T) -> tonic::Request<T> {
    admitted(caller_as(role), &format!("uput.v1.{method}"), message)
}

/// A case worker, nobody in particular.
pub fn worker() -> Caller {
    caller_as(wire::Role::CaseWorker)
}

pub fn endpoint() -> Endpoint {
    Endpoint::parse("node.example:7420").unwrap()
}

/// Lets two nodes meet, as two people would.
pub async fn introduce(a: &Arc<Node>, a_name: &str, b: &Arc<Node>, b_name: &str) {
    let line = a.invite(&BY, b_name, vec![endpoint()], 0).await.unwrap();
    let invitation = Invitation::parse(line.expose()).unwrap();
    let (post, chain) = (Post(a.clone()), Post(b.clone()).own_chain());
    let tls = *b.me().chain().newest().tls_key().as_bytes();
    let answer = post.introduce(invitation.secret().expose(), tls, chain).await.unwrap();
    b.accepted(&BY, &invitation, a_name, answer).await.unwrap();
    let number = a.view_peers().into_iter().find(|peer| peer.name == b_name).unwrap().safety_number;
    a.confirm(&BY, b_name, &number).await.unwrap();
    b.confirm(&BY, a_name, &number).await.unwrap();
}

/// Carries letters one way until it is dropped.
pub struct Carrier(JoinHandle<()>);

impl Carrier {
    pub fn new(from: &Arc<Node>, to: &Arc<Node>) -> Self {
        let (from, to) = (Post(from.clone()), Post(to.clone()));
        Self(tokio::spawn(async move {
            loop {
                let outgoing = from.next_letter(&to.organisation()).await;
                let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
                from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
            }
        }))
    }

    pub fn both(a: &Arc<Node>, b: &Arc<Node>) -> [Self; 2] {
        [Self::new(a, b), Self::new(b, a)]
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Carries letters to a house, and keeps what was in them.
pub fn tapped(from: &Arc<Node>, to: &Arc<Node>, house: &House, heard: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let (from, to, heard) = (Post(from.clone()), Post(to.clone()), heard.clone());
    let (organisation, secret) = (house.id, vec![house.sealing_secret()]);
    tokio::spawn(async move {
        loop {
            let outgoing = from.next_letter(&to.organisation()).await;
            let content = letter::open(&outgoing.letter, organisation, &secret).unwrap().content;
            heard.lock().unwrap().extend(content.encode_to_vec());
            let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
            from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
        }
    })
}

/// All that whoever has the folder and every key in it reads of its journal.
pub fn everything(house: &House) -> Vec<u8> {
    let storage = house.open_storage();
    let mut all = Vec::new();
    for entry in storage.records(Position::new(0)) {
        let entry = entry.unwrap();
        all.extend_from_slice(&entry.payload);
        let Some(kept) = record::read::<EventRecord>(&entry) else { continue };
        let trail = TrailId::parse(&kept.trail).unwrap();
        let Some(keys) = storage.trail_keys(&record::key_name(&trail, kept.generation)) else { continue };
        let parts =
            [(keys.value, b"values".as_slice(), &kept.values), (keys.evidence, b"evidence".as_slice(), &kept.evidence)];
        for (key, part, sealed) in parts {
            let opened = key.map(|key| seal::open(key.expose(), &record::trail_aad(&trail, part), sealed));
            all.extend(opened.into_iter().flatten().flat_map(|plain| plain.to_vec()));
        }
    }
    all
}

pub fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// Compiles the demonstration for the houses, and lets all sign it; the first proposes it.
pub async fn agree(houses: &[(&str, &House, &Arc<Node>)]) -> AgreementId {
    agree_on(include_str!("../../../specs/agreements/demonstration.toml"), houses).await
}

/// The same with another agreement.
pub async fn agree_on(text: &str, houses: &[(&str, &House, &Arc<Node>)]) -> AgreementId {
    let peers: BTreeMap<String, OrgId> = houses.iter().map(|(name, house, _)| ((*name).to_owned(), house.id)).collect();
    let compiled = compile(text, &peers).unwrap();
    for (_, house, node) in houses {
        let envelope =
            Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&house.organisation_key()]).unwrap();
        node.take_agreement(envelope, Origin::Account(&BY)).await.unwrap();
    }
    let id = compiled.agreement.id();
    for (_, _, node) in houses {
        until(|| async { node.held_agreement(&id).is_some_and(|held| held.signed.is_some()) }).await;
    }
    id
}

/// Waits for something, for at most a minute: long for a machine that does much else.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    for _ in 0..6000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to pass in a minute");
}

pub fn fields(list: &[(&str, &str)]) -> Vec<Field> {
    let field = |(label, value): &(&str, &str)| {
        Field::new(Label::parse(label).unwrap(), Sensitive::new((*value).to_owned())).unwrap()
    };
    list.iter().map(field).collect()
}

/// What danger to life carries: until in some hours.
pub fn danger() -> [(&'static str, &'static str); 3] {
    static SOON: LazyLock<String> = LazyLock::new(|| {
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(20);
        soon.strftime("%Y-%m-%dT%H:%MZ").to_string()
    });
    [("danger", "life"), ("basis_until", SOON.as_str()), ("review_by", SOON.as_str())]
}

pub fn enquiry(peer: &str) -> NewTrail {
    NewTrail {
        by: worker(),
        case: None,
        second: Second::Nobody,
        request_id: request_id(),
        validate_only: false,
        peer: peer.to_owned(),
        agreement: None,
        act: wire::Act::Referral,
        service_type: wire::ServiceType::Shelter,
        stage: 0,
        basis: LegalBasis::NoneNeededNonpersonal,
        stays: None,
        knowingly: Vec::new(),
        article: 0,
        fields: fields(&[("places", "2"), ("adults", "1"), ("children", "1")]),
        expiry: None,
        occurred: None,
        about: None,
        attest: false,
        rests_on: std::collections::BTreeSet::new(),
        begins: None,
        despite_clock: false,
        beside: wire::Beside::SheWishes,
    }
}

pub const CONSENT: [(&str, &str); 5] = [
    ("consent_given_by", "herself"),
    ("consent_form", "oral_witnessed"),
    ("consent_language", "sq"),
    ("consent_purpose", "A bed for tonight"),
    ("consent_until", "2099-12-31"),
];

pub fn event(trail: TrailId, statement: Statement) -> NewEvent {
    NewEvent {
        by: worker(),
        second: Second::Nobody,
        request_id: request_id(),
        validate_only: false,
        trail,
        statement,
        fields: Vec::new(),
        basis: None,
        article: 0,
        occurred: None,
        evidence_trail: None,
        stays: None,
        knowingly: Vec::new(),
        overbooking: wire::Overbooking::Unspecified,
        // What is said of her beside others is the matter of `several` alone.
        beside: wire::Beside::SheWishes,
        attest: false,
        rests_on: std::collections::BTreeSet::new(),
    }
}

pub async fn say(node: &Arc<Node>, trail: TrailId, statement: Statement) -> Result<EventId, Refused> {
    Ok(node.record_event(event(trail, statement)).await?.unwrap())
}

pub async fn say_with(node: &Arc<Node>, trail: TrailId, statement: Statement, list: &[(&str, &str)]) -> EventId {
    let consent = Some(LegalBasis::ExplicitConsent);
    let new = NewEvent { fields: fields(list), basis: consent, ..event(trail, statement) };
    node.record_event(new).await.unwrap().unwrap()
}

pub fn request_id() -> String {
    let bytes: [u8; 16] = SystemEntropy.bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the case of a trail that arrived.
pub async fn take(node: &Arc<Node>, trail: &TrailId) {
    node.take_case(&worker(), &node.case_of(trail).unwrap()).await.unwrap();
}

/// Waits until a trail reads so at a node.
pub async fn reads(node: &Arc<Node>, trail: &TrailId, headline: &str) {
    until(|| async { node.show(&worker(), trail, false).await.is_ok_and(|trail| trail.headline == headline) }).await;
}

/// Shows what the nodes log, for whoever looks for a fault: `RUST_LOG=debug`.
pub fn listen() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}

/// Asks for a change, and hangs up as soon as the first of it waits to be sent. The change is driven from here alone,
/// so it cannot run on between the look and the end; what is being written at that moment is still written.
pub async fn broken_off(node: &Node, asked: NewFollowUp) {
    let mut following = Box::pin(node.follow_up(asked));
    poll_fn(|context| match node.queued().items {
        0 => following.as_mut().poll(context).map(|_| panic!("the change ended before anything waited")),
        _ => Poll::Ready(()),
    })
    .await;
}

/// Opens a house again, once the tasks that still hold its folder have ended.
pub async fn reopened(house: &House) -> Arc<Node> {
    for _ in 0..6000 {
        let opened = Storage::open(house.path(), &house.storage_key(), SMALL, record::project);
        if opened.is_ok() {
            drop(opened);
            return house.open();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the folder stayed locked");
}

/// A hotline and a shelter that have met and agreed; nobody carries their letters any more.
pub struct Pair {
    pub hotline: Arc<Node>,
    pub shelter: Arc<Node>,
    pub houses: [House; 4],
}

pub async fn pair() -> Pair {
    listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let mut carriers = Vec::new();
    for (name, node) in names.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    let parties: Vec<_> =
        names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree(&parties).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    let [hotline, shelter] = [nodes[0].clone(), nodes[1].clone()];
    Pair { hotline, shelter, houses }
}
