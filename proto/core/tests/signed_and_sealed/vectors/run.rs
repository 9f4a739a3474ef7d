//! What a vector asks: the fields say which check, the outcome is "ok" or the code of the rejection.

use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType, pae, verify_one};
use uput_core::id::{EventId, KeyId, OrgId};
use uput_core::key::{KeyChain, PublicKey, SealingPublic, SealingSecret, safety_number};
use uput_core::keyfile::{KeyFile, KeyFileError};
use uput_core::letter::{Passage, open, seal, seal_relayed};
use uput_core::rejection::Rejection;
use uput_core::staff::{self, Place, Share, ShareDigest, Sharing, Unjoined};

use super::file::Vector;
use crate::sample::Predictable;

pub(super) fn run(noun: &str, vector: &Vector) -> String {
    let outcome = match noun {
        "envelope" => envelope(vector),
        "key" => key(vector),
        "key-file" => key_file(vector),
        "letter" => letter(vector),
        "staff" => return staff(vector),
        other => panic!("no vectors of {other}"),
    };
    outcome.err().map_or("ok", Rejection::code).to_owned()
}

/// Compares what was computed with every field of this name.
fn same(vector: &Vector, field: &str, computed: &[u8]) {
    assert!(vector.all(field).iter().all(|stated| *stated == computed), "{}: {field} is another", vector.name);
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Rejection> {
    bytes.try_into().map_err(|_| Rejection::Malformed)
}

/// `envelope` parses; with `type` and `key` it also verifies. `id` and `signed` are checked. [ENV-1] [ENV-10]
fn envelope(vector: &Vector) -> Result<(), Rejection> {
    let envelope = Envelope::parse(vector.need("envelope"))?;
    same(vector, "id", envelope.id().as_bytes());
    same(vector, "signed", &pae(envelope.media_type(), envelope.body()));
    assert!(envelope.to_bytes() == vector.need("envelope"), "{}: it encodes differently", vector.name);
    let (Some(media_type), Some(key)) = (vector.get("type"), vector.get("key")) else { return Ok(()) };
    let known = [MediaType::EVENT, MediaType::KEY_RECORD, MediaType::AGREEMENT, MediaType::HEAD];
    let media_type = known.into_iter().find(|known| known.as_str().as_bytes() == media_type).expect("a known type");
    verify_one(envelope, media_type, &PublicKey::parse(key)?, |_| Ok(())).map(|_| ())
}

fn key(vector: &Vector) -> Result<(), Rejection> {
    if vector.get("key").is_some() {
        return signing_key(vector);
    }
    if vector.get("sealing-key").is_some() {
        return sealing_key(vector);
    }
    if let (Some(a), Some(b)) = (vector.get("a"), vector.get("b")) {
        let number = safety_number(&OrgId::parse(a)?, &OrgId::parse(b)?);
        same(vector, "digits", number.to_string().as_bytes());
        return Ok(());
    }
    chain(vector)
}

/// `key` is admitted; with `message` and `signature` it verifies. `id` and `tls-pin` are checked. [KEY-2] [KEY-3]
fn signing_key(vector: &Vector) -> Result<(), Rejection> {
    let key = PublicKey::parse(vector.need("key"))?;
    same(vector, "id", key.id().as_bytes());
    same(vector, "tls-pin", &key.tls_pin());
    match vector.get("signature") {
        Some(signature) => key.verify(vector.need("message"), &array(signature)?),
        None => Ok(()),
    }
}

/// `sealing-key` parses; with `seed` it is that seed's. `id` is checked. [KEY-4]
fn sealing_key(vector: &Vector) -> Result<(), Rejection> {
    let key = SealingPublic::parse(vector.need("sealing-key"))?;
    same(vector, "id", key.id().as_bytes());
    if let Some(seed) = vector.get("seed") {
        same(vector, "sealing-key", &SealingSecret::from_seed(&array(seed)?).public().to_vec());
    }
    Ok(())
}

/// Every `record`, in order, is a chain without a fork. `organisation`, `newest` are checked. [KEY-13] [KEY-16]
fn chain(vector: &Vector) -> Result<(), Rejection> {
    let records = vector.all("record").into_iter().map(Envelope::parse).collect::<Result<Vec<_>, _>>()?;
    let chain = KeyChain::verify(&records)?;
    same(vector, "organisation", chain.organisation().as_bytes());
    same(vector, "newest", chain.newest_id().as_bytes());
    if chain.is_forked() { Err(Rejection::ForkedChain) } else { Ok(()) }
}

/// `file` holds what `holds` says and opens, with `passphrase` if there is one; `public`, `secret` and the `line` of an
/// error are checked. [KEY-19] [KEY-20] [KEY-21] [KEY-22]
fn key_file(vector: &Vector) -> Result<(), Rejection> {
    let text = std::str::from_utf8(vector.need("file")).expect("a key file is text");
    let passphrase = vector.get("passphrase").map(|bytes| std::str::from_utf8(bytes).expect("text"));
    open_key_file(vector, text, passphrase).map_err(|error| {
        if let KeyFileError::Source { line, .. } = error {
            same(vector, "line", line.to_string().as_bytes());
        } else {
            assert!(vector.get("line").is_none(), "{}: no line is named", vector.name);
        }
        error.rejection()
    })
}

fn open_key_file(vector: &Vector, text: &str, passphrase: Option<&str>) -> Result<(), KeyFileError> {
    let file = KeyFile::parse(text)?;
    let secret = if vector.need("holds") == b"staff" {
        file.open_staff_key(passphrase)?.expose_seed().to_vec()
    } else if vector.need("holds") == b"recovery" {
        file.open_recovery_key(passphrase)?.expose_seed().to_vec()
    } else if vector.need("holds") == b"node" {
        let node = file.open_node_secrets(passphrase)?;
        let first = [node.signing.expose_seed(), node.tls.expose_seed(), &*node.storage].map(|part| *part);
        first.into_iter().chain(node.sealing.iter().map(|key| *key.expose_seed())).collect::<Vec<_>>().concat()
    } else {
        file.open_organisation_key(passphrase)?.expose_seed().to_vec()
    };
    same(vector, "public", file.public());
    same(vector, "secret", &secret);
    Ok(())
}

/// `letter` opens for `recipient` with `seed` and has `content`; with `record` and `entropy` it is sealed so. [LET-7]
fn letter(vector: &Vector) -> Result<(), Rejection> {
    let secret = SealingSecret::from_seed(&array(vector.need("seed"))?);
    let opened = open(vector.need("letter"), OrgId::parse(vector.need("recipient"))?, &[secret])?;
    same(vector, "content", &codec::encode(&opened.content));
    if let (Some(record), Some(entropy)) = (vector.get("record"), vector.get("entropy")) {
        let chain = KeyChain::verify(&[Envelope::parse(record)?])?;
        let mut random = Predictable(entropy.to_vec());
        // [RLY-17]
        let sealed = match opened.header.passage {
            Passage::Direct => seal(chain.newest(), &opened.content, &mut random)?,
            Passage::Relayed => seal_relayed(chain.newest(), &opened.content, &mut random)?,
        };
        same(vector, "letter", &sealed);
    }
    Ok(())
}

/// `sealed` opens at the `place` it `belongs` to with `seed` and has `content`, and with `entropy` it is sealed so; or
/// `share`s of the key `of` join to `secret`. [STF-2] [STF-22]
fn staff(vector: &Vector) -> String {
    if vector.get("share").is_some() {
        return shares(vector);
    }
    let opened = sealed(vector);
    opened.err().map_or("ok", Rejection::code).to_owned()
}

fn sealed(vector: &Vector) -> Result<(), Rejection> {
    let secret = SealingSecret::from_seed(&array(vector.need("seed"))?);
    let place = place(vector);
    let content = staff::open(vector.need("sealed"), &place, &secret)?;
    same(vector, "content", &content);
    if let Some(entropy) = vector.get("entropy") {
        let again = staff::seal(secret.public(), &place, &content, &mut Predictable(entropy.to_vec()))?;
        same(vector, "sealed", &again);
    }
    Ok(())
}

fn place(vector: &Vector) -> Place {
    let belongs = vector.need("belongs");
    if vector.need("place") == b"proof" {
        return Place::Proof;
    }
    let id: [u8; 32] = belongs[..32].try_into().unwrap();
    match vector.need("place") {
        b"values" => Place::Values(EventId::new(id)),
        b"case" => Place::Case(id),
        b"box" => Place::Box(KeyId::new(id)),
        b"team" => Place::Team(KeyId::new(id)),
        b"share" => Place::Share(KeyId::new(id), belongs[32]),
        b"given" => Place::Given(KeyId::new(id), belongs[32]),
        other => panic!("no place {other:?}"),
    }
}

fn shares(vector: &Vector) -> String {
    let of = KeyId::parse(vector.need("of")).unwrap();
    let parsed: Vec<Share> =
        vector.all("share").iter().map(|share| Share::parse(share[0], &share[1..]).unwrap()).collect();
    let known: Vec<_> = vector.all("digest").iter().map(|digest| (digest[0], digest[1..].to_vec())).collect();
    let sharing = Sharing::new(vector.need("needed")[0], vector.need("made")[0]).unwrap();
    let digest = |number: u8| known.iter().find(|(of, _)| *of == number).and_then(|(_, d)| ShareDigest::parse(d).ok());
    match staff::join(&of, sharing, &parsed, digest) {
        Ok(secret) => {
            same(vector, "secret", secret.expose_seed());
            "ok".to_owned()
        }
        Err(Unjoined::TooFew { here, needed }) => format!("{here} of {needed}"),
        Err(Unjoined::Wrong(numbers)) => {
            same(vector, "wrong", &numbers);
            "a wrong share".to_owned()
        }
        Err(Unjoined::AnotherSecret) => "another secret".to_owned(),
    }
}
