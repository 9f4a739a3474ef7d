//! Three invented organisations: a hotline and a house that do not reach each other, and a relay that both reach.

use std::sync::Arc;

use tokio::{sync::Notify, task::JoinHandle};
use uput_core::{
    id::{AgreementId, KeyRecordId, TrailId},
    key::{Endpoint, Proposal},
    keyfile::{Lock, NodeSecrets},
    letter::{self, carriage::Carriage},
    time::Span,
    wire::{Act, LegalBasis, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::{self, SystemEntropy},
    node::{NewKeys, NewTrail, Node, Post, RelayQuota},
    node_key::NODE_KEY,
    peer::{Mailroom, Outgoing},
};
use zeroize::Zeroizing;

use crate::houses::{AGREEMENT, opening};
use crate::town::{BY, House, agree_on, endpoint, introduce, until, worker};

pub(crate) const QUOTA: RelayQuota = RelayQuota { letters: 64, bytes: 8 << 20, days: 14 };

/// Carries letters one way, and finishes what it carries when it ends.
pub(crate) struct Way {
    ends: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Way {
    fn new(from: &Arc<Node>, to: &Arc<Node>) -> Self {
        let (from, to, ends) = (Post(Arc::clone(from)), Post(Arc::clone(to)), Arc::new(Notify::new()));
        let ended = Arc::clone(&ends);
        let task = tokio::spawn(async move {
            let (from_id, to_id) = (from.organisation(), to.organisation());
            loop {
                let outgoing = tokio::select! {
                    biased;
                    () = ended.notified() => return,
                    outgoing = from.next_letter(&to_id) => outgoing,
                };
                let (outcome, code) = to.receive(&from_id, outgoing.letter).await;
                from.settle(&to_id, outgoing.ticket, outcome, code).await;
            }
        });
        Self { ends, task }
    }

    pub(crate) fn both(a: &Arc<Node>, b: &Arc<Node>) -> Vec<Self> {
        vec![Self::new(a, b), Self::new(b, a)]
    }

    pub(crate) async fn end(ways: Vec<Self>) {
        for way in ways {
            way.ends.notify_one();
            way.task.await.unwrap();
        }
    }
}

pub(crate) struct Village {
    pub(crate) hotline: Arc<Node>,
    pub(crate) house: Arc<Node>,
    pub(crate) relay: Arc<Node>,
    /// Of the three, in this order.
    pub(crate) folders: [House; 3],
}

impl Village {
    /// All know each other; nobody has agreed to relay anything.
    pub(crate) async fn found(relay_at: Endpoint) -> Self {
        let folders = [House::found(1).await, House::found(2).await, House::found_at(3, Vec::new(), relay_at).await];
        let (hotline, house, relay) = (folders[0].open(), folders[1].open(), folders[2].open());
        introduce(&hotline, "hotline", &house, "house").await;
        introduce(&hotline, "hotline", &relay, "relay").await;
        introduce(&house, "house", &relay, "relay").await;
        Self { hotline, house, relay, folders }
    }

    /// All three have said yes, and the two ends have an agreement.
    pub(crate) async fn agreed() -> Self {
        let village = Self::found(endpoint()).await;
        village.say_yes(QUOTA).await;
        let direct = Way::both(&village.hotline, &village.house);
        village.agree().await;
        until(|| async { village.waiting() == 0 }).await;
        Way::end(direct).await;
        village
    }

    pub(crate) async fn say_yes(&self, quota: RelayQuota) {
        self.relay.allow_relay(&BY, ["house", "hotline"], Some(quota)).await.unwrap();
        self.hotline.use_relay(&BY, "house", Some("relay")).await.unwrap();
        self.house.use_relay(&BY, "hotline", Some("relay")).await.unwrap();
    }

    pub(crate) async fn agree(&self) -> AgreementId {
        let ends = [("hotline", &self.folders[0], &self.hotline), ("house", &self.folders[1], &self.house)];
        agree_on(AGREEMENT, &ends).await
    }

    pub(crate) async fn refer(&self) -> TrailId {
        let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Referral) };
        self.hotline.open_trail(new).await.unwrap().unwrap()
    }

    /// The house renews its sealing key; what was sealed to the old one opens no more. The relay hears of it.
    pub(crate) async fn renew(&self) {
        let (folder, house) = (&self.folders[1], &self.house);
        let secrets = NodeSecrets {
            signing: folder.signing_key(),
            tls: folder.tls_key(),
            sealing: vec![folder.sealing_secret()],
            storage: Zeroizing::new([0; 32]),
        };
        std::fs::write(folder.path().join(NODE_KEY), secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
        house.look_after_keys(folder.path());
        let new = NewKeys { sealing: true, ..NewKeys::default() };
        let mut proposal = Proposal::parse(&house.prepare_keys(new).await.unwrap()).unwrap();
        proposal.sign(&folder.organisation_key()).unwrap();
        house.install_keys(&BY, &proposal.to_bytes(), Span(0)).await.unwrap();
        let records = Post(Arc::clone(house)).key_records_from(1);
        Post(Arc::clone(&self.relay)).learn(&folder.id, records).await.unwrap();
    }

    /// What waits between the two ends.
    pub(crate) fn waiting(&self) -> u64 {
        self.hotline.queued().items + self.house.queued().items
    }

    /// Carries between both ends and the relay, as lines do.
    pub(crate) fn lines(&self) -> Vec<Way> {
        let mut lines = Way::both(&self.hotline, &self.relay);
        lines.extend(Way::both(&self.house, &self.relay));
        lines
    }

    /// What the hotline leaves with the relay next.
    pub(crate) async fn left(&self) -> Outgoing {
        Post(Arc::clone(&self.hotline)).next_letter(&self.folders[2].id).await
    }

    /// The relay says of it that it has it.
    pub(crate) async fn has(&self, ticket: u64) {
        Post(Arc::clone(&self.hotline)).settle(&self.folders[2].id, ticket, ReceiptOutcome::Stored, 0).await;
    }

    /// Gives a letter to the house, as the relay does.
    pub(crate) async fn bring(&self, letter: &[u8]) -> (ReceiptOutcome, u32) {
        Post(Arc::clone(&self.house)).receive(&self.folders[2].id, letter.to_vec()).await
    }
}

/// How many letters lie at the relay for the hotline and for the house.
pub(crate) fn lying(relay: &Node) -> (u32, u32) {
    let consent = relay.relays(clock::now()).consents.remove(0);
    let (first, second) = (consent.for_first.unwrap().letters, consent.for_second.unwrap().letters);
    if consent.first == "hotline" { (first, second) } else { (second, first) }
}

/// How many items of a node lie at its relay, and the last code.
pub(crate) fn standing(node: &Node) -> (u32, u32) {
    let route = node.relays(clock::now()).routes.remove(0);
    (route.items, route.code)
}

pub(crate) async fn kinds(node: &Arc<Node>, trail: TrailId) -> Vec<String> {
    match node.show(&worker(), &trail, false).await {
        Ok(shown) => shown.events.into_iter().map(|event| event.kind).collect(),
        Err(_) => Vec::new(),
    }
}

/// What a letter to a house holds.
pub(crate) fn opened(to: &House, letter: &[u8]) -> LetterContent {
    letter::open(letter, to.id, &[to.sealing_secret()]).unwrap().content
}

/// The pack of a letter to a house.
pub(crate) fn pack_of(to: &House, letter: &[u8]) -> Vec<u8> {
    Carriage::named_by(&opened(to, letter), &to.id).unwrap().pack.to_vec()
}

/// Content as its author would seal it for a relay, under the first of its key records.
pub(crate) fn carried(from: &House, to: &House, content: LetterContent) -> Vec<u8> {
    letter::seal_relayed(to.chain().newest(), &signed(from, to, content, from.chain().newest_id()), &mut SystemEntropy)
        .unwrap()
}

/// Content with a carriage that names one of its author's key records.
pub(crate) fn signed(from: &House, to: &House, mut content: LetterContent, key_record: KeyRecordId) -> LetterContent {
    let carriage = Carriage {
        author: from.id,
        key_record,
        recipient: to.id,
        pack: [7; 16],
        number: 1,
        count: 1,
        content: [0; 32],
        time: clock::now(),
        key_records: Vec::new(),
    };
    carriage.seal_into(&mut content, &from.signing_key()).unwrap();
    content
}
