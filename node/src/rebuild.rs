//! A node that has nothing left but its organisation key, and the key records that others hold of its organisation.
//!
//! Guarantees that the organisation stays who it is: the new record follows its newest one, and only its own organisation
//! key signs it. That the new incarnation is higher than any before, so that nothing which this node says is taken for a
//! second story. Leaves to the node to ask its peers for what it lost ([BAK-57]), and to people to give it their records.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use uput_core::codec;
use uput_core::entropy::Entropy;
use uput_core::envelope::Envelope;
use uput_core::key::{Endpoint, KeyChain, KeyRecordDraft, SigningKey, sign_key_record};
use uput_core::keyfile::{KeyFile, NodeSecrets};
use uput_core::time::{Seconds, Span};
use uput_core::wire;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::init::{self, Founding};
use crate::node_key;

const DAY: u64 = 86_400;
/// The longest file of key records. [KEY-14]
const LARGEST: u64 = 16 * 1024 * 1024;

/// What the new node is to be.
#[derive(Args)]
pub struct Rebuild {
    /// Folder of the node: empty, or not there yet
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The organisation key: it signs the new key record, and stays where it is
    #[arg(long, value_name = "FILE")]
    pub organisation_key: PathBuf,
    /// File whose first line is the passphrase of the organisation key
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The organisation's key records as a peer holds them (`uput peer show NAME --keys FILE` there); once for each peer
    #[arg(long, value_name = "FILE", required = true)]
    pub records: Vec<PathBuf>,
    /// Address and port for peers; without it the node only dials out
    #[arg(long, value_name = "ADDR:PORT")]
    pub peer: Option<SocketAddr>,
    /// "host:port" at which peers reach it; up to four times
    #[arg(long, value_name = "HOST:PORT", value_parser = endpoint)]
    pub endpoint: Vec<Endpoint>,
    /// Loopback address and port for own people and programs
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7421")]
    pub api: SocketAddr,
    /// Days after which the key record warns
    #[arg(long, value_name = "DAYS", default_value_t = 730)]
    pub valid_days: u32,
    /// Time zone in which people live, such as Europe/Belgrade
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text).map_err(|_| "must be host:port".to_owned())
}

impl Rebuild {
    /// Makes folder, keys and the record that follows. [BAK-61] [BAK-62]
    ///
    /// # Errors
    /// [`Failure`]; nothing was written, or what was is named.
    pub fn make(&self, now: Seconds, random: &mut impl Entropy) -> Result<Founding, Failure> {
        let config = init::configuration_of(self.peer, &self.endpoint, self.api, self.zone.as_deref())?;
        init::refuse_filled(&self.dir)?;
        let known = self.known()?;
        let organisation = self.organisation_key()?;
        let secrets = NodeSecrets::generate(random);
        let chain = self.followed(known, &organisation, &secrets, now)?;
        let made = init::make_folder(&self.dir).and_then(|()| init::fill_folder(&self.dir, &config, &secrets));
        let left = if self.dir.exists() { self.dir.display().to_string() } else { String::new() };
        let (storage, configuration, token) = made.map_err(|failure| failure.leaving(&left))?;
        Ok(Founding { chain, storage, configuration, token })
    }

    /// All records that anybody holds, as one chain. [BAK-61]
    fn known(&self) -> Result<KeyChain, Failure> {
        let mut envelopes = Vec::new();
        for path in &self.records {
            envelopes.push((path, read(path)?));
        }
        // The longest first: the others add to it what it has not, which is another branch.
        envelopes.sort_by_key(|(_, records)| std::cmp::Reverse(records.len()));
        let mut chain = None;
        for (path, records) in envelopes {
            let wrong = |rejection| failure(path, &rejection);
            match &mut chain {
                None => chain = Some(KeyChain::verify(&records).map_err(wrong)?),
                Some(chain) => records.iter().try_for_each(|record| chain.extend(record).map(drop)).map_err(wrong)?,
            }
        }
        let chain = chain.ok_or_else(|| Failure::new(Exit::Usage, &"--records FILE is needed"))?;
        if chain.is_forked() {
            let said = "the key records that others hold contradict each other: somebody else signed with the organisation \
                        key; decide that first (`uput key sign` with the recovery set), or begin a new organisation";
            return Err(Failure::new(Exit::Key, &said));
        }
        Ok(chain)
    }

    fn organisation_key(&self) -> Result<SigningKey, Failure> {
        let path = &self.organisation_key;
        let words = self.passphrase_file.as_deref().map(node_key::first_line).transpose()?;
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| failure(path, &error))?;
        let key = KeyFile::parse(&text).and_then(|file| file.open_organisation_key(words.as_ref().map(|w| w.as_str())));
        key.map_err(|error| failure(path, &error))
    }

    /// The chain with the record that names the new keys. [BAK-62]
    fn followed(
        &self,
        mut chain: KeyChain,
        organisation: &SigningKey,
        secrets: &NodeSecrets,
        now: Seconds,
    ) -> Result<KeyChain, Failure> {
        let newest = chain.newest();
        if newest.organisation_key() != organisation.public() {
            let said = "this is not the key of the organisation whose key records were given";
            return Err(failure(&self.organisation_key, &said));
        }
        if now < newest.time() {
            let said = "the clock of this computer is behind the newest key record: set it";
            return Err(Failure::new(Exit::Failed, &said));
        }
        let draft = KeyRecordDraft {
            sealing_keys: secrets.sealing.iter().map(|secret| secret.public().clone()).collect(),
            endpoints: self.endpoint.clone(),
            door_key: None,
            ..KeyRecordDraft::after(newest, now, now.after(Span(u64::from(self.valid_days) * DAY)))
        };
        let record = sign_key_record(draft, organisation, &secrets.signing, &secrets.tls, None)?;
        chain.extend(&record)?;
        Ok(chain)
    }
}

/// The incarnation of a node that does not know how many it had: the second (BAK-50), which is more than there can have been, and
/// which only grows. [BAK-63]
#[must_use]
pub fn incarnation(now: Seconds) -> u32 {
    u32::try_from(now.get()).unwrap_or(u32::MAX)
}

fn read(path: &Path) -> Result<Vec<Envelope>, Failure> {
    let length = std::fs::metadata(path).map_err(|error| failure(path, &error))?.len();
    if length > LARGEST {
        return Err(failure(path, &"too long for key records"));
    }
    let bytes = std::fs::read(path).map_err(|error| failure(path, &error))?;
    let chain: Result<wire::KeyChain, _> = codec::decode(&bytes);
    let records = chain.and_then(|chain| chain.records.into_iter().map(Envelope::from_wire).collect());
    records.map_err(|rejection| failure(path, &rejection))
}

fn failure(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Key, &format!("{}: {reason}", path.display()))
}
