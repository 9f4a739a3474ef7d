//! Attestations: what one organisation signed about a person, for somebody further on to check.
//!
//! Guarantees that what an [`Attestation`] says matches the commitments that were signed, that a copy names no trail and
//! no recipient, and that a narrower copy opens nothing more. Leaves to the agreement where one may stand, to the node
//! to give no copy to two, and to people whether what was signed is true.

use std::collections::BTreeSet;

use crate::{
    agreement::Minimised,
    catalogue::{Field, Label},
    codec,
    envelope::{Envelope, MediaType, verify_one},
    id::{Id, KeyRecordId, OrgId, hex},
    key::KeyChain,
    rejection::Rejection,
    safe_contact::is_contact,
    sensitive::Sensitive,
    slot::{Disclosed, Extent, SlotSecrets, commit, open},
    step::Author,
    time::Seconds,
    wire,
};

/// Longest value, in characters. [ONW-2]
const LONGEST: usize = 16_384;
const DAY: u64 = 86_400;

/// What a new copy takes: random, and used for no other. [ONW-4]
pub struct CopySecrets {
    /// Binds its slots.
    pub nonce: [u8; 32],
    /// Open its slots.
    pub slots: SlotSecrets,
    /// Decides their order, and is forgotten.
    pub order: Sensitive<[u8; 32]>,
}

/// Whose word a copy is, for somebody who has its author's key records or has not. [ONW-5]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The organisation whose records these are signed just these values.
    Verified,
    /// Attested by an organisation that is not known here, or under records of it that are not: less than a name.
    UnknownSigner,
    /// By records that only came with it, the organisation of these signed it: nobody has compared its key, and anybody can
    /// have made them.
    Uncompared,
    /// By the records of whom it names, that organisation did not sign it, or not then.
    DoesNotMatch,
}

impl Standing {
    /// The same by records that nobody has compared: it never says more than that.
    #[must_use]
    pub const fn uncompared(self) -> Self {
        match self {
            Self::Verified => Self::Uncompared,
            other => other,
        }
    }

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::UnknownSigner => "unknown_signer",
            Self::Uncompared => "uncompared",
            Self::DoesNotMatch => "does_not_match",
        }
    }
}

/// One copy, as far as it is opened: well formed, its signature not verified.
pub struct Attestation {
    envelope: Envelope,
    body: Body,
    disclosed: Disclosed,
}

/// What is signed. [ONW-1]
#[derive(Clone)]
struct Body {
    author: OrgId,
    key: KeyRecordId,
    nonce: [u8; 32],
    day: Seconds,
    slots: Vec<u8>,
}

impl Attestation {
    /// A new copy over what may be said: all of it but what is of the basis, of the staff, or an attestation itself. The
    /// value that carries it; none if nothing is left to attest.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`].
    pub fn issue(
        said: &Minimised,
        author: &Author<'_>,
        time: Seconds,
        secrets: CopySecrets,
    ) -> Result<Option<Field>, Rejection> {
        let facts = said.only(is_fact);
        if facts.fields().is_empty() {
            return Ok(None);
        }
        let nonce = secrets.nonce;
        let (slots, disclosed) = commit(facts, &nonce, &author.organisation, secrets.slots, &secrets.order)?;
        let day = Seconds::new(time.get() / DAY * DAY).ok_or(Rejection::BadValue)?;
        let body = Body { author: author.organisation, key: author.key_record, nonce, day, slots };
        let bytes = codec::encode(&body.to_wire());
        let envelope = Envelope::sign(MediaType::ATTESTATION, bytes, &[author.signing])?;
        Self { envelope, body, disclosed }.narrowed(is_fact).map(Some)
    }

    /// From a value. Every commitment is checked, the signature is not. [ONW-2]
    ///
    /// # Errors
    /// [`Rejection::BadValue`].
    pub fn parse(value: &str) -> Result<Self, Rejection> {
        Self::read(value).map_err(|_| Rejection::BadValue)
    }

    fn read(value: &str) -> Result<Self, Rejection> {
        let bytes = unhex(value).filter(|_| value.len() <= LONGEST).ok_or(Rejection::BadValue)?;
        let wire::Attestation { envelope, slots } = codec::decode(&bytes)?;
        let envelope = Envelope::from_wire(envelope.ok_or(Rejection::Malformed)?)?;
        if !envelope.is(MediaType::ATTESTATION) || envelope.signers().count() != 1 {
            return Err(Rejection::Malformed);
        }
        let body = Body::of_wire(codec::decode(envelope.body())?)?;
        let form = Some(wire::disclosure::Form::Some(wire::SlotDisclosures { slots }));
        let disclosure = wire::Disclosure { event: Vec::new(), form };
        let disclosed = open(&disclosure, &body.slots, &body.nonce, &body.author)?;
        let facts = |slot: &crate::slot::DisclosedSlot| slot.has_value() && slot.label().is_some_and(is_fact);
        if disclosed.slots().iter().all(facts) {
            Ok(Self { envelope, body, disclosed })
        } else {
            Err(Rejection::Malformed)
        }
    }

    /// The same copy with so many of its labels: the value that carries it. [ONW-3]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] if it says nothing of them.
    pub fn narrowed(&self, keep: impl Fn(Label) -> bool) -> Result<Field, Rejection> {
        let labels: BTreeSet<Label> = self.disclosed.labels().filter(|label| keep(*label)).collect();
        // The disclosure of an event in which an attestation has no part.
        let nobody = Id::of(b"").into();
        let disclosure = self.disclosed.disclose(&nobody, &Extent::chosen(labels)).ok_or(Rejection::BadValue)?;
        let Some(wire::disclosure::Form::Some(some)) = disclosure.form else { return Err(Rejection::BadValue) };
        let whole = wire::Attestation { envelope: Some(self.envelope.to_wire()), slots: some.slots };
        Field::new(Label::Provenance, Sensitive::new(hex(&codec::encode(&whole))))
    }

    /// The same copy with what these fields say, and no more: the value that carries it. What they say otherwise, or do
    /// not say, is closed in it. [ONW-3]
    ///
    /// # Errors
    /// [`Rejection::NotAttested`] if nothing is left of it.
    pub fn narrowed_to(&self, fields: &[Field]) -> Result<Field, Rejection> {
        let said: BTreeSet<Label> =
            self.disclosed.fields().filter(|fact| fields.contains(fact)).map(Field::label).collect();
        if said.is_empty() {
            return Err(Rejection::NotAttested);
        }
        self.narrowed(|label| said.contains(&label))
    }

    /// Whose word it claims to be.
    #[must_use]
    pub const fn author(&self) -> &OrgId {
        &self.body.author
    }

    /// The first second of the day on which the copy was made, as its author claims.
    #[must_use]
    pub const fn day(&self) -> Seconds {
        self.body.day
    }

    /// What it is told apart by from every other copy, whoever opened how much of it. [ONW-4]
    #[must_use]
    pub fn copy(&self) -> Id {
        self.envelope.id()
    }

    /// The labels that are open.
    pub fn labels(&self) -> impl Iterator<Item = Label> {
        self.disclosed.labels()
    }

    /// Whether each of its open fields stands among these. [ONW-3]
    #[must_use]
    pub fn stands_in(&self, fields: &[Field]) -> bool {
        self.disclosed.fields().all(|fact| fields.contains(fact))
    }

    /// Whether its author signed it, by the chain of that author. [ONW-5]
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] for the chain of somebody else, without that record, or if its key is disowned;
    /// [`Rejection::WrongSigners`] or [`Rejection::BadSignature`]; [`Rejection::StaleKey`] if its author had a newer
    /// record on the day that it names.
    pub fn verify(&self, chain: &KeyChain) -> Result<(), Rejection> {
        if chain.organisation() != self.body.author {
            return Err(Rejection::UnknownSigner);
        }
        let record = chain.record(&self.body.key).ok_or(Rejection::UnknownSigner)?;
        // [BUN-108] Nothing shows that it was signed before the theft.
        if chain.disowning(record.signing_key()).is_some() {
            return Err(Rejection::UnknownSigner);
        }
        verify_one(self.envelope.clone(), MediaType::ATTESTATION, record.signing_key(), |_| Ok(())).map(drop)?;
        // [ONW-7] A key that was retired before that day signs nothing on it.
        let next = chain.records().find(|next| next.previous() == Some(record.id()));
        if next.is_some_and(|next| next.time() < self.body.day) { Err(Rejection::StaleKey) } else { Ok(()) }
    }

    /// Whose word it is, by the chain that is known of its author, if one is. [ONW-5]
    #[must_use]
    pub fn standing(&self, chain: Option<&KeyChain>) -> Standing {
        match chain.map_or(Err(Rejection::UnknownSigner), |chain| self.verify(chain)) {
            Ok(()) => Standing::Verified,
            Err(Rejection::UnknownSigner) => Standing::UnknownSigner,
            Err(_) => Standing::DoesNotMatch,
        }
    }
}

impl Body {
    fn to_wire(&self) -> wire::AttestationBody {
        wire::AttestationBody {
            author: self.author.to_vec(),
            key: self.key.to_vec(),
            nonce: self.nonce.to_vec(),
            day: self.day.get(),
            slots: self.slots.clone(),
        }
    }

    fn of_wire(body: wire::AttestationBody) -> Result<Self, Rejection> {
        let day = Seconds::new(body.day).filter(|day| day.get().is_multiple_of(DAY)).ok_or(Rejection::Malformed)?;
        let nonce = body.nonce.try_into().map_err(|_| Rejection::Malformed)?;
        let (author, key) = (OrgId::parse(&body.author)?, KeyRecordId::parse(&body.key)?);
        Ok(Self { author, key, nonce, day, slots: body.slots })
    }
}

/// How an attestation stands to the labels and values that are open beside it. [ONW-3]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// There is none, or it says what is said beside it.
    Within,
    /// It says more, or something else.
    Beyond,
    /// It is closed, or something that it would be compared with.
    Unseen,
}

impl Beside {
    /// `all`: every label of the event is open, and so one that is not among them is not there.
    pub(crate) fn of(labels: &BTreeSet<Label>, fields: &[Field], all: bool) -> Self {
        let said = |label| fields.iter().find(|field| field.label() == label);
        let Some(carrier) = said(Label::Provenance) else {
            return if labels.contains(&Label::Provenance) { Self::Unseen } else { Self::Within };
        };
        // Read to be compared with the fields beside it.
        let Ok(copy) = Attestation::parse(carrier.value().expose()) else { return Self::Beyond };
        let facts = copy.disclosed.fields().map(|fact| match said(fact.label()) {
            Some(field) if field == fact => Self::Within,
            None if labels.contains(&fact.label()) || !all => Self::Unseen,
            _ => Self::Beyond,
        });
        facts.fold(Self::Within, Self::worse)
    }

    fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Beyond, _) | (_, Self::Beyond) => Self::Beyond,
            (Self::Unseen, _) | (_, Self::Unseen) => Self::Unseen,
            _ => Self::Within,
        }
    }
}

/// The copy that opened slots carry, if one is open. [BUN-90]
pub(crate) fn carried(disclosed: &Disclosed) -> Option<Attestation> {
    let carrier = disclosed.fields().find(|field| field.label() == Label::Provenance)?;
    // Read to be verified.
    Attestation::parse(carrier.value().expose()).ok()
}

/// The label of an attestation that says more than these fields, if there is one. [ONW-3]
pub(crate) fn beyond(fields: &[Field]) -> Option<Label> {
    let labels = fields.iter().map(Field::label).collect();
    (Beside::of(&labels, fields, true) == Beside::Beyond).then_some(Label::Provenance)
}

/// What can be attested: what is said of her, and neither why it may be said, nor who said it, nor how to reach her. [ONW-1]
fn is_fact(label: Label) -> bool {
    label != Label::Provenance && !label.is_staff() && !label.is_of_basis() && !is_contact(label)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if let [high, low] = pair { Some(digit(*high)? << 4 | digit(*low)?) } else { None }).collect()
}
