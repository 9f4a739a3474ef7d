//! A person's own staff keys: files beside the access file, opened here and nowhere else.
//!
//! Guarantees that a secret goes into a file that only its owner can read, that the file of an older key is kept when a new
//! one is made, and that no secret is shown or sent.

use std::path::{Path, PathBuf};

use clap::Args;
use uput_core::id::KeyId;
use uput_core::key::{SealingPublic, SealingSecret};
use uput_core::keyfile::{Cost, KeyFile, KeyFileError, Lock, write_staff_key};
use uput_core::rejection::Rejection;
use uput_core::sensitive::Sensitive;
use uput_core::staff::{self, Drawn, Place};
use uput_core::wire::{self, StaffKeyState};

use crate::access::{self, Node};
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prompt;
use crate::reading;
use crate::refusal;
use crate::request::{hex, random};

/// How the staff key is opened.
#[derive(Args)]
pub(crate) struct KeyArgs {
    /// File with the passphrase of your staff key; left out: it is asked for, if there is one
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The keys of the person who runs this program.
#[derive(Default)]
pub(crate) struct Ring {
    secrets: Vec<SealingSecret>,
}

impl KeyArgs {
    /// The passphrase that was given, or is asked for with this question.
    pub(crate) fn passphrase(&self, options: &Options, question: &str) -> Result<Option<Sensitive<String>>, Failure> {
        match &self.passphrase_file {
            Some(path) => {
                let text = reading::text(path)?;
                Ok(Some(Sensitive::new(text.expose().lines().next().unwrap_or_default().to_owned())))
            }
            None if prompt::possible(options) => {
                let given = prompt::secret(question)?;
                Ok(Some(given).filter(|words| !words.expose().is_empty()))
            }
            None => Ok(None),
        }
    }

    /// Every staff key that lies beside the access file; none if there is no file.
    pub(crate) fn own(&self, options: &Options) -> Result<Ring, Failure> {
        let (mut secrets, mut passphrase) = (Vec::new(), None);
        for path in files(options)? {
            let text = reading::text(&path)?;
            // Exposed to be parsed; the parser's errors name line and rule, never the secret.
            let file = KeyFile::parse(text.expose()).map_err(|error| refused(&path, error))?;
            if file.is_locked() && passphrase.is_none() {
                passphrase = self.passphrase(options, "passphrase of your staff key: ")?;
            }
            let words = passphrase.as_ref().map(|words| words.expose().as_str());
            secrets.push(file.open_staff_key(words).map_err(|error| refused(&path, error))?);
        }
        Ok(Ring { secrets })
    }

    /// The same with the keys of one's teams, whose secrets the node holds sealed.
    pub(crate) async fn open(&self, node: &Node, options: &Options) -> Result<Ring, Failure> {
        let mut ring = self.own(options)?;
        if !ring.secrets.is_empty() {
            for key in all(node).await?.into_iter().filter(|key| !key.wrap.is_empty()) {
                let Ok(id) = KeyId::parse(&key.key) else { continue };
                let secret = ring.unwrap(&key.wrap, &Place::Team(id)).filter(|secret| secret.id() == id);
                ring.secrets.extend(secret);
            }
        }
        Ok(ring)
    }

    /// Writes the file of a new key; an older one is kept under another name. Gives its name.
    pub(crate) fn write(&self, key: &SealingSecret, options: &Options) -> Result<String, Failure> {
        let question = "passphrase for the new staff key; leave it empty for none: ";
        let passphrase = self.passphrase(options, question)?;
        let lock = match &passphrase {
            Some(words) => Lock::Passphrase { passphrase: words.expose(), salt: random()?, cost: Cost::DEFAULT },
            None => Lock::Clear,
        };
        let path = newest(options)?;
        if path.exists() {
            let text = reading::text(&path)?;
            let old = KeyFile::parse(text.expose()).map_err(|error| refused(&path, error))?;
            let beside = older(options, old.public())?;
            std::fs::rename(&path, &beside).map_err(|error| Failure::file("rename", &path, &error))?;
        }
        write_file(&path, key, &lock)
    }

    /// Writes the file of an older key that came back.
    pub(crate) fn write_older(&self, key: &SealingSecret, options: &Options) -> Result<String, Failure> {
        let passphrase =
            self.passphrase(options, "passphrase for the file of the old key; leave it empty for none: ")?;
        let lock = match &passphrase {
            Some(words) => Lock::Passphrase { passphrase: words.expose(), salt: random()?, cost: Cost::DEFAULT },
            None => Lock::Clear,
        };
        write_file(&older(options, key.id().as_bytes())?, key, &lock)
    }
}

impl Ring {
    /// Whether there is no key at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The secret of that key.
    pub(crate) fn secret(&self, id: &[u8]) -> Option<&SealingSecret> {
        self.secrets.iter().find(|secret| secret.id().as_bytes().as_slice() == id)
    }

    /// What proves to the node that one's current key is held here, for a key that is to count. [STF-25]
    pub(crate) fn proof(&self, keys: &[wire::StaffKey], of: &KeyId) -> Result<Vec<u8>, Failure> {
        let current = keys.iter().find(|key| key.own && key.state() == StaffKeyState::Current);
        current.and_then(|own| self.proof_of(own, of)).ok_or_else(super::no_key)
    }

    /// The same of one of one's own keys, whether it counts or not.
    pub(crate) fn proof_of(&self, own: &wire::StaffKey, of: &KeyId) -> Option<Vec<u8>> {
        let drawn = staff::open(&own.drawn, &Place::Proof, self.secret(&own.key)?).ok()?;
        Some(Drawn::parse(&drawn).ok()?.proof(of).to_vec())
    }

    /// Another key, for the rest of this run.
    pub(crate) fn add(&mut self, secret: SealingSecret) {
        self.secrets.push(secret);
    }

    /// Bytes that were sealed to one of the keys.
    pub(crate) fn open(&self, sealed: &[u8], place: &Place) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.secrets.iter().find_map(|secret| staff::open(sealed, place, secret).ok())
    }

    /// A secret that was sealed to one of the keys.
    pub(crate) fn unwrap(&self, sealed: &[u8], place: &Place) -> Option<SealingSecret> {
        let seed = self.open(sealed, place)?;
        Some(SealingSecret::from_seed(seed.as_slice().try_into().ok()?))
    }

    /// The secret of a box, if one of the keys opens it, and it is the box's.
    pub(crate) fn open_box(&self, held: &wire::StaffBox) -> Option<SealingSecret> {
        let id = KeyId::parse(&held.key).ok()?;
        let opened = held.wraps.iter().find_map(|wrap| self.unwrap(wrap, &Place::Box(id)));
        opened.filter(|secret| secret.id() == id)
    }
}

/// The public half of a key, if it is the one whose ID people compare: a node could give another one under that ID. [STF-6]
pub(crate) fn public_of(key: &wire::StaffKey) -> Result<SealingPublic, Failure> {
    let public = SealingPublic::parse(&key.public).ok();
    public.filter(|public| public.id().as_bytes().as_slice() == key.key).ok_or_else(super::unsealed)
}

/// Every staff key and team key that the node knows.
pub(crate) async fn all(node: &Node) -> Result<Vec<wire::StaffKey>, Failure> {
    let (mut keys, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListStaffKeysRequest { page_size: 0, page_token };
        let answer = node.staff().list_staff_keys(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        keys.extend(answer.keys);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(keys);
        }
    }
}

/// The file of the newest key: that of the access file, with another end.
fn newest(options: &Options) -> Result<PathBuf, Failure> {
    Ok(access::file(options)?.with_extension("staff.key"))
}

fn older(options: &Options, id: &[u8; 32]) -> Result<PathBuf, Failure> {
    let short = hex(id).get(..8).unwrap_or_default().to_owned();
    Ok(access::file(options)?.with_extension(format!("staff-{short}.key")))
}

/// The newest file and every older one beside it.
fn files(options: &Options) -> Result<Vec<PathBuf>, Failure> {
    let newest = newest(options)?;
    let stem = access::file(options)?.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = match newest.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let prefix = format!("{stem}.staff-");
    let mut old: Vec<PathBuf> = names
        .filter(|name| name.starts_with(&prefix) && name.ends_with(".key"))
        .map(|name| folder.join(name))
        .collect();
    old.sort();
    Ok([newest].into_iter().filter(|path| path.exists()).chain(old).collect())
}

fn write_file(path: &Path, key: &SealingSecret, lock: &Lock<'_>) -> Result<String, Failure> {
    let text = write_staff_key(key, lock).map_err(|error| refused(path, error))?;
    let target = Target::file(path);
    target.write(text.as_bytes())?;
    Ok(target.name())
}

fn refused(path: &Path, error: KeyFileError) -> Failure {
    let rejection = error.rejection();
    let (exit, next) = match rejection {
        Rejection::KeyLocked => {
            (Exit::NotAuthenticated, "give the passphrase at the prompt, or --passphrase-file FILE")
        }
        Rejection::WrongPassphrase => {
            (Exit::NotAuthenticated, "try again; a key whose passphrase is lost is a lost key")
        }
        _ => (
            Exit::Failed,
            "if the file is lost, colleagues bring the key back: uput staff create, then uput staff recover",
        ),
    };
    Failure::new(exit, rejection.code(), format!("the staff key in {} was not opened", path.display()))
        .because(error.to_string())
        .next(next)
}
