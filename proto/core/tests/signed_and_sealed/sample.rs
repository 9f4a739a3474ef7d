//! Invented organisations: everything about them follows from their names.

use uput_core::entropy::Entropy;
use uput_core::envelope::Envelope;
use uput_core::id::{Id, OrgId};
use uput_core::key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record};
use uput_core::time::Seconds;

/// Bytes that anybody can predict: for tests and vectors only.
pub(crate) struct Predictable(pub(crate) Vec<u8>);

impl Predictable {
    pub(crate) fn named(name: &str) -> Self {
        Self((0..8).flat_map(|block| *Id::of(format!("{name} {block}").as_bytes()).as_bytes()).collect())
    }
}

impl Entropy for Predictable {
    fn fill(&mut self, buffer: &mut [u8]) {
        let rest = self.0.split_off(buffer.len());
        buffer.copy_from_slice(&self.0);
        self.0 = rest;
    }
}

pub(crate) fn seed(name: &str) -> [u8; 32] {
    *Id::of(name.as_bytes()).as_bytes()
}

pub(crate) fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_seed(&seed(name))
}

pub(crate) fn minutes(count: u64) -> Seconds {
    Seconds::new(1_767_225_600 + 60 * count).unwrap()
}

/// An organisation with its secrets and its first record.
pub(crate) struct Organisation {
    pub(crate) key: SigningKey,
    pub(crate) signing: SigningKey,
    pub(crate) tls: SigningKey,
    pub(crate) sealing: SealingSecret,
    pub(crate) first: Envelope,
}

impl Organisation {
    pub(crate) fn invented(name: &str) -> Self {
        let (key, signing) = (signing_key(&format!("{name} key")), signing_key(&format!("{name} signing")));
        let tls = signing_key(&format!("{name} tls"));
        let sealing = SealingSecret::from_seed(&seed(&format!("{name} sealing")));
        let first = sign_key_record(first_draft(&sealing), &key, &signing, &tls, None).unwrap();
        Self { key, signing, tls, sealing, first }
    }

    pub(crate) fn id(&self) -> OrgId {
        self.first.id().into()
    }

    pub(crate) fn chain(&self) -> KeyChain {
        KeyChain::verify(std::slice::from_ref(&self.first)).unwrap()
    }

    /// The record after the newest, with the keys unchanged.
    pub(crate) fn next(&self, chain: &KeyChain) -> Envelope {
        let number = chain.newest().number();
        let draft = KeyRecordDraft::after(chain.newest(), minutes(u64::from(number) + 1), minutes(1_000_000));
        sign_key_record(draft, &self.key, &self.signing, &self.tls, None).unwrap()
    }
}

pub(crate) fn first_draft(sealing: &SealingSecret) -> KeyRecordDraft {
    KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![sealing.public().clone()],
        endpoints: vec![],
        witnesses: vec![],
        recovery: None,
        log_base_tick: 2_945_376,
        time: minutes(0),
        end: minutes(1_000_000),
        disowned: None,
        door_key: None,
    }
}
