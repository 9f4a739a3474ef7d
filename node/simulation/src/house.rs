//! An invented organisation: its keys, the disk of its computer, and its node while that runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use uput_core::{
    id::OrgId,
    key::{Endpoint, KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    time::{Seconds, Span},
    wire,
};
use uput_node::{
    account::{AccountId, Caller, PersonId},
    disk::{Disk, PowerLoss, SimulatedDisk},
    node::{Node, Post, Secrets},
    peer::{Limits, Peers},
    record,
    shutdown::{self, Stop},
    storage::{IndexHome, Options, Storage, StorageKey},
};
use zeroize::Zeroizing;

use crate::{Broken, dice::Dice, disk::HouseDisk};

/// Who works there.
pub const BY: AccountId = AccountId::new([7; 16]);
/// A minute after which everything happens.
pub const FOUNDED: u64 = 1_794_960_000;
const SMALL: Options = Options { reserve: 4096, segment: 256 << 10, group: 64, knows: record::is_known };

/// Names and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An organisation.
pub struct House {
    /// What the others call it.
    pub name: String,
    /// Who it is.
    pub id: OrgId,
    seeds: [[u8; 32]; 5],
    forgets: bool,
    disk: SimulatedDisk,
    /// How many operations its disk had seen when somebody outside was last told anything.
    pub told: Arc<AtomicUsize>,
    /// How often its node was started.
    pub life: u64,
    /// Its node, while it runs.
    pub running: Option<Running>,
}

/// A node that runs.
#[derive(Clone)]
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    /// Its streams.
    pub peers: Arc<Peers<Post>>,
    stop: Arc<Stop>,
}

impl House {
    /// Makes its keys and its folder, and starts its node.
    ///
    /// # Errors
    /// [`Broken`] if it cannot be made.
    pub async fn found(number: u8) -> Result<Self, Broken> {
        let mut house = Self::with(number, false, Files::new())?;
        let broken = |error: &dyn std::fmt::Display| Broken::new(format!("no folder: {error}"));
        Storage::create_on(&house.disk(), &house.storage_key(), SMALL).map_err(|error| broken(&error))?;
        let chain = chain(&house.seeds).map_err(|error| broken(&error))?;
        Node::found(&house.storage()?, &chain).await.map_err(|error| broken(&error))?;
        house.start()?;
        Ok(house)
    }

    /// With a disk that holds these files; its node does not run.
    ///
    /// # Errors
    /// [`Broken`] if its keys cannot be made.
    pub fn with(number: u8, forgets: bool, files: Files) -> Result<Self, Broken> {
        let seeds = std::array::from_fn(|key| [number.wrapping_mul(16).wrapping_add(key as u8 + 1); 32]);
        let chain = chain(&seeds).map_err(|rejection| Broken::new(format!("no key record: {rejection}")))?;
        let disk = SimulatedDisk::from_snapshot(files);
        Ok(Self {
            name: format!("house-{number}"),
            id: chain.organisation(),
            seeds,
            forgets,
            told: Arc::new(AtomicUsize::new(disk.operations())),
            disk,
            life: 0,
            running: None,
        })
    }

    /// What is on its disk.
    pub fn files(&self) -> Files {
        self.disk.snapshot()
    }

    /// Starts its node with what is on its disk.
    ///
    /// # Errors
    /// [`Broken`]: a node that does not start after a power cut has lost what it acknowledged.
    pub fn start(&mut self) -> Result<(), Broken> {
        let [_, signing, tls, sealing, _] = &self.seeds;
        let secrets =
            Secrets { signing: SigningKey::from_seed(signing), sealing: vec![SealingSecret::from_seed(sealing)] };
        let broken = |error: &dyn std::fmt::Display| Broken::new(format!("{} does not start: {error}", self.name));
        let node = Arc::new(Node::open(self.storage()?, secrets).map_err(|error| broken(&error))?);
        let (stop, stopping) = shutdown::channel();
        let post = Arc::new(Post(Arc::clone(&node)));
        let peers = Peers::new(post, &SigningKey::from_seed(tls), Limits::default(), stopping.clone())
            .map_err(|error| broken(&error))?;
        let (ticking, ticks_stop) = (Arc::clone(&node), stopping.clone());
        tokio::spawn(async move { ticking.keep_ticking(ticks_stop).await });
        let stating = Arc::clone(&node);
        tokio::spawn(async move { stating.keep_heads(stopping).await });
        self.life += 1;
        self.running = Some(Running { node, peers, stop: Arc::new(stop) });
        Ok(())
    }

    /// Cuts the power at a moment since anybody was told anything. Gives how the disk took it. [SIM-4]
    pub fn crash(&mut self, dice: &Dice) -> PowerLoss {
        let (told, now) = (self.told.load(Ordering::Relaxed), self.disk.operations());
        let moment = dice.between(told.min(now), now);
        let loss = PowerLoss::ALL[dice.below(PowerLoss::ALL.len())];
        // What still runs of it writes to a disk that nobody has any more, and is heard by nobody.
        self.running.take().into_iter().for_each(|running| running.stop.stop());
        self.disk = self.disk.after(moment, loss, dice.next());
        // What was found after the cut is what this disk began with: the next cut takes nothing of that.
        self.told = Arc::new(AtomicUsize::new(self.disk.operations()));
        loss
    }

    /// Starts again with the disk as it was some time ago.
    ///
    /// # Errors
    /// [`Broken`] if it does not start.
    pub fn roll_back(&mut self, dice: &Dice) -> Result<(), Broken> {
        let now = self.disk.operations();
        let moment = dice.between(now - now / 4, now);
        self.running.take().into_iter().for_each(|running| running.stop.stop());
        self.disk = self.disk.after(moment, PowerLoss::Unsynced, dice.next());
        self.told = Arc::new(AtomicUsize::new(self.disk.operations()));
        self.start()
    }

    /// Flips one bit in a copy of the disk: what is damaged is never opened as if it were whole. [SIM-4]
    ///
    /// # Errors
    /// [`Broken`] if it opens and lacks something.
    pub fn damaged(&self, dice: &Dice) -> Result<(), Broken> {
        let mut files = self.disk.snapshot();
        let records = |disk: Arc<dyn Disk>| {
            Storage::open_on(disk, IndexHome::Memory, &self.storage_key(), SMALL, record::project)
                .map(|storage| storage.end())
        };
        let whole = records(Arc::new(SimulatedDisk::from_snapshot(files.clone())));
        let whole = whole.map_err(|error| Broken::new(format!("{} does not open: {error}", self.name)))?;
        let which = dice.below(files.len());
        if let Some(bytes) = files.values_mut().nth(which).filter(|bytes| !bytes.is_empty()) {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        match records(Arc::new(SimulatedDisk::from_snapshot(files))) {
            Ok(found) if found != whole => {
                Err(Broken::new(format!("{}: a flipped bit is not seen, and records are missing", self.name)))
            }
            _ => Ok(()),
        }
    }

    /// Somebody outside is told something: what was written for it stays written.
    pub fn tells(&self) {
        self.told.store(self.disk.operations(), Ordering::Relaxed);
    }

    /// The disk as it is, to ask it later how far it had come.
    pub fn teller(&self) -> (Arc<AtomicUsize>, SimulatedDisk) {
        (Arc::clone(&self.told), self.disk.clone())
    }

    /// The key that its TLS certificate shows.
    pub fn tls_key(&self) -> [u8; 32] {
        *SigningKey::from_seed(&self.seeds[2]).public().as_bytes()
    }

    /// What opens letters to it.
    pub fn sealing(&self) -> SealingSecret {
        SealingSecret::from_seed(&self.seeds[3])
    }

    /// The keys that its key record names: the organisation's, the node's, that of its connections.
    pub fn keys(&self) -> [SigningKey; 3] {
        [0, 1, 2].map(|key| SigningKey::from_seed(&self.seeds[key]))
    }

    /// The key that signs agreements.
    pub fn organisation_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seeds[0])
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(HouseDisk { inner: self.disk.clone(), forgets: self.forgets })
    }

    fn storage_key(&self) -> StorageKey {
        StorageKey::new(Zeroizing::new(self.seeds[4]))
    }

    fn storage(&self) -> Result<Storage, Broken> {
        Storage::open_on(self.disk(), IndexHome::Memory, &self.storage_key(), SMALL, record::project)
            .map_err(|error| Broken::new(format!("{} does not open its folder: {error}", self.name)))
    }
}

/// A case worker, nobody in particular.
pub fn worker() -> Caller {
    let role = wire::Role::CaseWorker;
    Caller { account: BY, person: PersonId::new([8; 16]), role, scopes: Arc::new([]), on_behalf_of: None }
}

/// Nothing that an event would rest on.
pub fn nothing<T: Ord>() -> BTreeSet<T> {
    BTreeSet::new()
}

/// How long a disk may take for a sync.
pub const SLOWEST: Duration = Duration::from_millis(40);

fn chain(seeds: &[[u8; 32]; 5]) -> Result<KeyChain, uput_core::rejection::Rejection> {
    let [organisation, signing, tls, sealing, _] = seeds;
    let minute = Seconds::new(FOUNDED).unwrap_or(Seconds::EPOCH);
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(sealing).public().clone()],
        endpoints: vec![Endpoint::parse("node.example:7420")?],
        witnesses: Vec::new(),
        recovery: None,
        log_base_tick: minute.get() / 600,
        time: minute,
        end: minute.after(Span(700 * 86_400)),
        disowned: None,
        door_key: None,
    };
    let keys = [organisation, signing, tls].map(SigningKey::from_seed);
    let [organisation, signing, tls] = &keys;
    KeyChain::verify(&[sign_key_record(draft, organisation, signing, tls, None)?])
}
