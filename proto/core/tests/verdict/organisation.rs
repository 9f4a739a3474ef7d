//! An invented organisation, whose secrets all follow from its name.

use uput_core::{
    envelope::Envelope,
    id::{Id, KeyRecordId, OrgId},
    key::{Disowned, KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    log::Hash,
    step::Author,
    time::Seconds,
};

use super::{MIDNIGHT, at};

pub(crate) fn seed(name: &str) -> [u8; 32] {
    *Id::of(name.as_bytes()).as_bytes()
}

pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(&seed(name))
}

fn key_of(name: &str, what: &str, number: usize) -> SigningKey {
    key(&format!("{name} {what} {number}"))
}

/// An invented organisation with all its secrets.
pub(crate) struct Organisation {
    pub(crate) name: &'static str,
    pub(crate) id: OrgId,
    pub(crate) key: SigningKey,
    pub(crate) signing: Vec<SigningKey>,
    pub(crate) records: Vec<Envelope>,
}

impl Organisation {
    pub(crate) fn invented(name: &'static str) -> Self {
        Self::logging(name, 0)
    }

    /// One whose log begins with a tick.
    pub(crate) fn logging(name: &'static str, log_base_tick: u64) -> Self {
        let organisation = key(&format!("{name} key"));
        let signing = key(&format!("{name} signing 0"));
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&seed(&format!("{name} sealing"))).public().clone()],
            endpoints: Vec::new(),
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick,
            time: Seconds::new(MIDNIGHT - 86_400).unwrap(),
            end: Seconds::new(MIDNIGHT + 86_400 * 365).unwrap(),
            disowned: None,
            door_key: None,
        };
        let first = sign_key_record(draft, &organisation, &signing, &key(&format!("{name} tls")), None).unwrap();
        Self { name, id: first.id().into(), key: organisation, signing: vec![signing], records: vec![first] }
    }

    /// A new signing key.
    pub(crate) fn rotate(&mut self) {
        self.rotate_with(|_| {});
    }

    /// A new signing key in a record that says something else too.
    pub(crate) fn rotate_with(&mut self, change: impl FnOnce(&mut KeyRecordDraft)) {
        let (number, name) = (self.signing.len(), self.name);
        let signing = key(&format!("{name} signing {number}"));
        let (time, end) = (at(0), Seconds::new(MIDNIGHT + 86_400 * 365).unwrap());
        let mut draft = KeyRecordDraft::after(self.chain().newest(), time, end);
        change(&mut draft);
        let record = sign_key_record(draft, &self.key, &signing, &key(&format!("{name} tls")), None).unwrap();
        self.records.push(record);
        self.signing.push(signing);
    }

    /// The newest signing key was stolen, with what lay beside it: of what it signed that counts which stands under this root.
    #[allow(dead_code, reason = "whoever includes this uses its part")]
    pub(crate) fn disown(&mut self, until: Option<(u64, Vec<u8>)>) {
        let (number, name) = (self.signing.len(), self.name);
        let key = self.signing().public().id();
        let [signing, tls] = ["signing", "tls after a theft"].map(|use_| key_of(name, use_, number));
        let end = Seconds::new(MIDNIGHT + 86_400 * 365).unwrap();
        let mut draft = KeyRecordDraft::after(self.chain().newest(), at(0), end);
        let sealing = SealingSecret::from_seed(&seed(&format!("{name} sealing after a theft")));
        draft.sealing_keys = vec![sealing.public().clone()];
        let until = until.map(|(size, root)| (size, Hash::from_slice(&root).unwrap()));
        draft.disowned = Some(Disowned { key, incarnation: 0, until });
        self.records.push(sign_key_record(draft, &self.key, &signing, &tls, None).unwrap());
        self.signing.push(signing);
    }

    /// Another record in place of the newest, which disowns the same key altogether; another for every number of days.
    #[allow(dead_code, reason = "whoever includes this uses its part")]
    pub(crate) fn disowning_until(&self, days: u64) -> Envelope {
        let chain = KeyChain::verify(&self.records[..self.records.len() - 1]).unwrap();
        let name = self.name;
        let key = chain.newest().signing_key().id();
        let [signing, tls] =
            ["signing of a rival", "tls of a rival"].map(|use_| key_of(name, use_, self.signing.len()));
        let mut draft = KeyRecordDraft::after(chain.newest(), at(0), Seconds::new(MIDNIGHT + 86_400 * days).unwrap());
        let sealing = SealingSecret::from_seed(&seed(&format!("{name} sealing of a rival")));
        draft.sealing_keys = vec![sealing.public().clone()];
        draft.disowned = Some(Disowned { key, incarnation: 0, until: None });
        sign_key_record(draft, &self.key, &signing, &tls, None).unwrap()
    }

    /// A second successor of the record before the newest.
    pub(crate) fn fork(&self) -> Envelope {
        self.fork_until(700)
    }

    /// Another for every number of days.
    pub(crate) fn fork_until(&self, days: u64) -> Envelope {
        let chain = KeyChain::verify(&self.records[..self.records.len() - 1]).unwrap();
        let end = Seconds::new(MIDNIGHT + 86_400 * days).unwrap();
        let draft = KeyRecordDraft::after(chain.newest(), at(60), end);
        sign_key_record(draft, &self.key, &self.key_of_the_fork(), &key(&format!("{} tls", self.name)), None).unwrap()
    }

    /// The signing key that this successor names.
    pub(crate) fn key_of_the_fork(&self) -> SigningKey {
        key(&format!("{} signing of another branch", self.name))
    }

    pub(crate) fn chain(&self) -> KeyChain {
        KeyChain::verify(&self.records).unwrap()
    }

    pub(crate) fn record(&self, number: usize) -> KeyRecordId {
        self.records[number].id().into()
    }

    pub(crate) fn newest(&self) -> KeyRecordId {
        self.record(self.records.len() - 1)
    }

    pub(crate) fn signing(&self) -> &SigningKey {
        self.signing.last().unwrap()
    }

    /// As it wrote when this key record was its newest.
    pub(crate) fn author(&self, record: usize) -> Author<'_> {
        Author {
            organisation: self.id,
            key_record: self.record(record),
            signing: &self.signing[record],
            incarnation: 0,
        }
    }
}
