//! No bytes make a parser panic, and none that were not signed get through.

use std::sync::LazyLock;

use proptest::prelude::*;
use uput_core::envelope::{Envelope, MediaType, verify_one};
use uput_core::key::{Endpoint, KeyChain, PublicKey, SealingPublic};
use uput_core::keyfile::{KeyFile, Lock, write_organisation_key};
use uput_core::letter::{open, read_header};

use crate::sample::{Organisation, signing_key};

/// Bytes with some of them replaced, removed or doubled.
fn damaged(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..4);
    edits.prop_map(move |edits| {
        let mut bytes = bytes.clone();
        for (at, byte, edit) in edits {
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at + 1),
            }
        }
        bytes
    })
}

static SHELTER: LazyLock<Organisation> = LazyLock::new(|| Organisation::invented("shelter"));

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
        prop_assert!(read_header(&bytes).is_err());
        prop_assert!(SealingPublic::parse(&bytes).is_err());
        let _ = PublicKey::parse(&bytes);
    }

    #[test]
    fn random_text_is_refused(text in any::<String>()) {
        prop_assert!(KeyFile::parse(&text).is_err());
        if let Ok(endpoint) = Endpoint::parse(&text) {
            prop_assert_eq!(endpoint.as_str(), text);
        }
    }

    #[test]
    fn a_damaged_envelope_does_not_verify(bytes in damaged(SHELTER.first.to_bytes())) {
        if let Ok(envelope) = Envelope::parse(&bytes) {
            prop_assert!(bytes == envelope.to_bytes(), "what parses is the bytes that came");
            let unchanged = bytes == SHELTER.first.to_bytes();
            prop_assert_eq!(KeyChain::verify(std::slice::from_ref(&envelope)).is_ok(), unchanged);
            let key = signing_key("shelter signing");
            prop_assert!(verify_one(envelope, MediaType::EVENT, key.public(), |_| Ok(())).is_err());
        }
    }

    #[test]
    fn a_key_record_damaged_before_it_is_signed_makes_nothing_panic(body in damaged(SHELTER.first.body().to_vec())) {
        let keys = [&SHELTER.key, &SHELTER.signing, &SHELTER.tls];
        if let Ok(envelope) = Envelope::sign(MediaType::KEY_RECORD, body, &keys)
            && let Ok(chain) = KeyChain::verify(std::slice::from_ref(&envelope))
        {
            prop_assert!(chain.newest_id() == envelope.id().into());
        }
    }

    #[test]
    fn a_damaged_key_file_gives_the_key_or_nothing(
        bytes in damaged(write_organisation_key(&signing_key("key"), &Lock::Clear).unwrap().as_bytes().to_vec())
    ) {
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(key) = KeyFile::parse(&text).and_then(|file| file.open_organisation_key(None)) {
            prop_assert!(key.public() == signing_key("key").public());
        }
    }

    #[test]
    fn a_letter_of_random_bytes_does_not_open(seed in any::<[u8; 32]>()) {
        let letter: Vec<u8> = seed.iter().copied().cycle().take(8192).collect();
        prop_assert!(open(&letter, SHELTER.id(), std::slice::from_ref(&SHELTER.sealing)).is_err());
    }
}
