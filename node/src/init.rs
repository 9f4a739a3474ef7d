//! A new node: its folder, its keys, its organisation's first key record.
//!
//! Guarantees that nothing is overwritten and that secrets are readable by their owner alone. The organisation key goes
//! into a file of its own, which the node never reads. Leaves to others what the journal's first record is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use uput_core::entropy::Entropy;
use uput_core::key::{Endpoint, KeyChain, KeyRecordDraft, Recovery, SigningKey, sign_key_record};
use uput_core::keyfile::{Cost, KeyFileError, Lock, NodeSecrets, write_organisation_key};
use uput_core::time::{Seconds, Span};
use zeroize::Zeroizing;

use crate::account::Token;
use crate::config::{Config, LogLevel};
use crate::exit::{Exit, Failure};
use crate::node_key::NODE_KEY;
use crate::on_call::OnCallConfig;
use crate::rpc::access::{self, write_new};
use crate::storage::{Options, Storage, StorageKey};

/// The configuration of a node, in its folder.
pub const CONFIGURATION: &str = "uput.toml";
/// Length of a tick of the log, in seconds.
const TICK: u64 = 600;

/// What a new node is to be.
pub struct Plan {
    /// Its folder: must be empty or absent.
    pub folder: PathBuf,
    /// Where the organisation key goes: must be absent.
    pub organisation_key: PathBuf,
    /// What locks the organisation key; absent: nothing does.
    pub passphrase: Option<Zeroizing<String>>,
    /// Where peers connect; absent: it only dials out.
    pub peer: Option<SocketAddr>,
    /// How peers reach it.
    pub endpoints: Vec<Endpoint>,
    /// Where own people and programs connect.
    pub api: SocketAddr,
    /// After how long its key record warns.
    pub valid: Span,
    /// The time zone in which people live; absent: nobody said. [NOD-63]
    pub zone: Option<String>,
    /// Who may together replace a lost organisation key; absent: nobody. [NOD-87]
    pub recovery: Option<Recovery>,
}

/// What was made.
pub struct Founding {
    /// The organisation's first key record.
    pub chain: KeyChain,
    /// Opens the data folder, which is still empty.
    pub storage: StorageKey,
    /// For `uputd --config`.
    pub configuration: PathBuf,
    /// Of the first account, whose record is not written yet.
    pub token: Token,
}

/// Makes it. [API-24]
///
/// # Errors
/// [`Failure`]; what was written before it stays, for a person to look at.
pub fn make(plan: &Plan, now: Seconds, random: &mut impl Entropy) -> Result<Founding, Failure> {
    let config = configuration(plan)?;
    refuse_existing(plan)?;
    let organisation = SigningKey::from_seed(&draw(random));
    let secrets = NodeSecrets::generate(random);
    let chain = first_record(plan, now, &organisation, &secrets)?;
    write_all(plan, &config, &organisation, &secrets, random)
        .map(|(storage, configuration, token)| Founding { chain, storage, configuration, token })
        .map_err(|failure| failure.leaving(&left(plan)))
}

/// What a person deletes before it is tried again. [API-24]
fn left(plan: &Plan) -> String {
    let made = [&plan.folder, &plan.organisation_key].into_iter().filter(|path| path.exists());
    made.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
}

fn write_all(
    plan: &Plan,
    config: &Config,
    organisation: &SigningKey,
    secrets: &NodeSecrets,
    random: &mut impl Entropy,
) -> Result<(StorageKey, PathBuf, Token), Failure> {
    make_folder(&plan.folder)?;
    write_new(&plan.organisation_key, &organisation_key_text(plan, organisation, random)?, 0o600)?;
    fill_folder(&plan.folder, config, secrets)
}

/// All that lies in the folder of a new node but its records. [API-24]
pub(crate) fn fill_folder(
    folder: &Path,
    config: &Config,
    secrets: &NodeSecrets,
) -> Result<(StorageKey, PathBuf, Token), Failure> {
    write_new(&folder.join(NODE_KEY), &secrets.write(&Lock::Clear).map_err(key_failure)?, 0o600)?;
    let storage = StorageKey::new(secrets.storage.clone());
    Storage::create(folder, &storage, Options::default())?;
    let token = Token::generate().map_err(|error| Failure::new(Exit::Failed, &error))?;
    access::create(folder, &token)?;
    let configuration = folder.join(CONFIGURATION);
    write_new(&configuration, &config.to_toml(), 0o644)?;
    Ok((storage, configuration, token))
}

/// Whether somebody but its owner can read the node's secrets. [NOD-16]
#[must_use]
pub fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(folder.join(NODE_KEY)).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

fn configuration(plan: &Plan) -> Result<Config, Failure> {
    configuration_of(plan.peer, &plan.endpoints, plan.api, plan.zone.as_deref())
}

/// What a node is told of the world around it.
pub(crate) fn configuration_of(
    peer: Option<SocketAddr>,
    endpoints: &[Endpoint],
    api: SocketAddr,
    zone: Option<&str>,
) -> Result<Config, Failure> {
    let config = Config {
        data: PathBuf::from("."),
        peer,
        endpoints: endpoints.iter().map(Endpoint::to_string).collect(),
        api,
        warn_days: 14,
        quota_mib: None,
        on_call: zone.map(OnCallConfig::of_zone),
        log: LogLevel::default(),
    };
    // What is written must be what will be read.
    Config::parse(&config.to_toml()).map_err(|(_, rule)| Failure::new(Exit::Usage, &rule))
}

fn refuse_existing(plan: &Plan) -> Result<(), Failure> {
    if plan.organisation_key.exists() {
        return Err(exists(&plan.organisation_key));
    }
    refuse_filled(&plan.folder)
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::Folder, &format!("{}: is there already; nothing was touched", path.display()))
}

/// The folder must be empty, or not there yet.
pub(crate) fn refuse_filled(folder: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(exists(folder)),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(Exit::Folder, &format!("{}: {error}", folder.display()))),
    }
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)))
        .map_err(|error| Failure::new(Exit::Folder, &format!("{}: {error}", folder.display())))
}

fn first_record(
    plan: &Plan,
    now: Seconds,
    organisation: &SigningKey,
    secrets: &NodeSecrets,
) -> Result<KeyChain, Failure> {
    let draft = KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: secrets.sealing.iter().map(|secret| secret.public().clone()).collect(),
        endpoints: plan.endpoints.clone(),
        witnesses: Vec::new(),
        recovery: plan.recovery.clone(),
        log_base_tick: now.get() / TICK,
        time: now,
        end: now.after(plan.valid),
        disowned: None,
        door_key: None,
    };
    let record = sign_key_record(draft, organisation, &secrets.signing, &secrets.tls, None)?;
    Ok(KeyChain::verify(&[record])?)
}

fn organisation_key_text(
    plan: &Plan,
    key: &SigningKey,
    random: &mut impl Entropy,
) -> Result<Zeroizing<String>, Failure> {
    let lock = match &plan.passphrase {
        Some(passphrase) => Lock::Passphrase { passphrase, salt: *draw(random), cost: Cost::DEFAULT },
        None => Lock::Clear,
    };
    write_organisation_key(key, &lock).map_err(key_failure)
}

fn key_failure(error: KeyFileError) -> Failure {
    Failure::new(Exit::Key, &error)
}

fn draw(random: &mut impl Entropy) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(bytes.as_mut_slice());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_key::KeyPlace;
    use std::os::unix::fs::PermissionsExt;
    use uput_core::keyfile::KeyFile;

    /// Foreseeable on purpose.
    struct Counter(u8);

    impl Entropy for Counter {
        fn fill(&mut self, buffer: &mut [u8]) {
            self.0 += 1;
            buffer.fill(self.0);
        }
    }

    fn plan(home: &Path) -> Plan {
        Plan {
            folder: home.join("node"),
            organisation_key: home.join("organisation.key"),
            passphrase: None,
            peer: Some("127.0.0.1:0".parse().unwrap()),
            endpoints: vec![Endpoint::parse("node.example:7420").unwrap()],
            api: "127.0.0.1:0".parse().unwrap(),
            valid: Span(730 * 86_400),
            zone: Some("Europe/Belgrade".to_owned()),
            recovery: None,
        }
    }

    fn now() -> Seconds {
        Seconds::new(1_790_000_000).unwrap()
    }

    #[test]
    fn a_new_node_has_keys_of_its_own_and_an_organisation_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let founding = make(&plan(home.path()), now(), &mut Counter(0)).unwrap();
        let folder = home.path().join("node");
        let secrets = KeyPlace::from(folder.as_path()).read().unwrap();
        assert!(founding.chain.newest().signing_key() == secrets.signing.public());
        let config = Config::read(&founding.configuration).unwrap();
        assert_eq!(config.endpoints, ["node.example:7420"]);
        // [NOD-63]
        assert_eq!(config.on_call.unwrap().zone, "Europe/Belgrade");
        let text = std::fs::read_to_string(home.path().join("organisation.key")).unwrap();
        let organisation = KeyFile::parse(&text).unwrap().open_organisation_key(None).unwrap();
        assert!(founding.chain.newest().organisation_key() == organisation.public());
        assert!(!is_open_to_others(&folder));
        for secret in [folder.join(NODE_KEY), home.path().join("organisation.key")] {
            assert_eq!(std::fs::metadata(secret).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        drop(Storage::open(&folder, &founding.storage, Options::default(), |_: &_| Vec::new()).unwrap());
    }

    /// [NOD-87] [KEY-26]
    #[test]
    fn the_first_record_names_who_may_replace_a_lost_key_and_a_wrong_set_makes_no_node() {
        let home = tempfile::tempdir().unwrap();
        let keys: Vec<_> = [21, 22, 23].map(|seed| *SigningKey::from_seed(&[seed; 32]).public()).into();
        let of = |threshold| Some(Recovery { threshold, keys: keys.clone() });
        let wrong = Plan { recovery: of(4), ..plan(home.path()) };
        assert!(make(&wrong, now(), &mut Counter(0)).is_err());
        assert!(!home.path().join("node").exists() && !home.path().join("organisation.key").exists());
        let founding = make(&Plan { recovery: of(2), ..plan(home.path()) }, now(), &mut Counter(0)).unwrap();
        let set = founding.chain.newest().recovery().unwrap();
        assert_eq!((set.threshold, set.keys.len()), (2, 3));
    }

    /// [NOD-16]
    #[test]
    fn a_key_that_others_can_read_is_found() {
        let home = tempfile::tempdir().unwrap();
        make(&plan(home.path()), now(), &mut Counter(0)).unwrap();
        let folder = home.path().join("node");
        std::fs::set_permissions(folder.join(NODE_KEY), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(is_open_to_others(&folder));
    }

    /// [API-24]
    #[test]
    fn what_was_half_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        let wrong = Plan { organisation_key: home.path().join("no-such-folder/organisation.key"), ..plan(home.path()) };
        let failure = make(&wrong, now(), &mut Counter(0)).err().unwrap().to_string();
        assert!(failure.contains("delete") && failure.contains("/node"), "{failure}");
    }

    #[test]
    fn nothing_is_overwritten() {
        let home = tempfile::tempdir().unwrap();
        make(&plan(home.path()), now(), &mut Counter(0)).unwrap();
        let before = std::fs::read(home.path().join("organisation.key")).unwrap();
        let again = make(&plan(home.path()), now(), &mut Counter(9)).err().unwrap();
        assert_eq!(again.exit, Exit::Folder);
        assert_eq!(std::fs::read(home.path().join("organisation.key")).unwrap(), before);
        let mut beside = plan(home.path());
        beside.organisation_key = home.path().join("other.key");
        assert_eq!(make(&beside, now(), &mut Counter(9)).err().unwrap().exit, Exit::Folder);
        assert!(!beside.organisation_key.exists());
    }

    #[test]
    fn an_endpoint_without_a_peer_address_is_refused_before_anything_is_written() {
        let home = tempfile::tempdir().unwrap();
        let wrong = Plan { peer: None, ..plan(home.path()) };
        assert_eq!(make(&wrong, now(), &mut Counter(0)).err().unwrap().exit, Exit::Usage);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
