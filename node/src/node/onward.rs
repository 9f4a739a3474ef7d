//! What was signed of her, and what of it goes on.
//!
//! Guarantees that what is passed on opens what the event says and no more, that it is not passed on where it is known
//! to be nobody's word, that no copy goes to two organisations, and that nobody is named as its author who is not known
//! here. Leaves to the agreement whether it may go, and to people whether it is true.

use std::collections::BTreeSet;

use uput_core::{
    agreement::Minimised,
    attestation::{Attestation, CopySecrets, Standing},
    catalogue::{Field, Label},
    entropy::Entropy,
    id::{Id, OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    slot::SlotSecrets,
    time::Seconds,
    wire::{self, AttestationStanding},
};

use super::Node;
use crate::{
    clock::SystemEntropy,
    record::{self, COPIES, CopyRecord, ONWARD, OnwardRecord},
    storage::Draft,
};

impl Node {
    /// Fields with what was signed of her narrowed to what they say. [ONW-9]
    ///
    /// # Errors
    /// [`Rejection::NotAttested`] if nothing of it is; [`Rejection::BadSignature`] if it is known to be nobody's word.
    pub(super) fn narrowed(&self, mut fields: Vec<Field>) -> Result<Vec<Field>, Rejection> {
        let Some(at) = fields.iter().position(|field| field.label() == Label::Provenance) else { return Ok(fields) };
        let carrier = fields.swap_remove(at);
        let copy = read(&carrier)?;
        if self.word_standing(&copy) == Standing::DoesNotMatch {
            return Err(Rejection::BadSignature);
        }
        let narrow = copy.narrowed_to(&fields)?;
        fields.push(narrow);
        Ok(fields)
    }

    /// What is said, with a new copy of it that this organisation signs. [ONW-8]
    ///
    /// # Errors
    /// [`Rejection::NotAttested`] if nothing of it is a fact; [`Rejection::TooLarge`].
    pub(super) fn attested(&self, said: &Minimised, time: Seconds) -> Result<Vec<Field>, Rejection> {
        let copy = Attestation::issue(said, &self.me.author(), time, copy_secrets())?;
        let copy = copy.ok_or(Rejection::NotAttested)?;
        Ok([said.fields(), &[copy]].concat())
    }

    /// Refuses a copy that went to somebody else. [ONW-4] [ONW-10]
    ///
    /// # Errors
    /// [`Rejection::CopyGiven`].
    pub(super) fn refuse_given(&self, copy: &Id, to: &OrgId) -> Result<(), Rejection> {
        match self.indexed(COPIES, copy.as_bytes()) {
            Some(position) if self.at::<CopyRecord>(position)?.organisation != to.to_vec() => Err(Rejection::CopyGiven),
            _ => Ok(()),
        }
    }

    /// What is kept of a copy that goes to an organisation; nothing, if it went there before. Hold the place of the copy.
    pub(super) fn copy_given(&self, copy: &Id, to: &OrgId, time: u64) -> Result<Option<Draft>, Rejection> {
        self.refuse_given(copy, to)?;
        if self.indexed(COPIES, copy.as_bytes()).is_some() {
            return Ok(None);
        }
        let kept = CopyRecord { copy: copy.as_bytes().to_vec(), organisation: to.to_vec(), time };
        Ok(Some(record::draft(&kept)))
    }

    /// What is kept of a trail that rests on what was received in others, as far as it is not known yet. [CAS-100]
    pub(super) fn rests_on(&self, onward: &TrailId, received: &BTreeSet<TrailId>, time: u64) -> Vec<Draft> {
        let new = |received: &&TrailId| {
            *received != onward
                && self.indexed(ONWARD, &record::onward_key(received.as_bytes(), onward.as_bytes())).is_none()
        };
        let kept = |received: &TrailId| OnwardRecord { received: received.to_vec(), onward: onward.to_vec(), time };
        received.iter().filter(new).map(|received| record::draft(&kept(received))).collect()
    }

    /// Whose word part of what was said is, for whoever sees the values. [ONW-11]
    pub(super) fn view_attested(&self, fields: &[wire::Field]) -> Option<wire::Attested> {
        let carrier = fields.iter().find(|field| field.label == Label::Provenance.name())?;
        let copy = Attestation::parse(&carrier.value).ok()?;
        let known = self.known_name(copy.author());
        let mut labels: Vec<Label> = copy.labels().collect();
        labels.sort_unstable();
        Some(wire::Attested {
            organisation: copy.author().to_vec(),
            name: known.unwrap_or_default(),
            day: copy.day().get(),
            labels: labels.iter().map(|label| label.name().to_owned()).collect(),
            standing: wire_standing(self.word_standing(&copy)).into(),
        })
    }

    /// By the records of an organisation that is known here: introduced, or a party of an agreement that we signed. Whose
    /// records somebody only brought is a stranger, who can have signed anything as anybody. [ONW-5] [ONW-11]
    fn word_standing(&self, copy: &Attestation) -> Standing {
        let chain = self.known_name(copy.author()).and_then(|_| self.chain_of(copy.author()));
        copy.standing(chain.as_deref())
    }

    /// What an organisation is called here; none, if it is not known.
    fn known_name(&self, organisation: &OrgId) -> Option<String> {
        if *organisation == self.me.organisation {
            return Some("us".to_owned());
        }
        let peer = self.directory.peer(organisation).map(|peer| peer.name);
        peer.or_else(|| self.party_name(organisation))
    }
}

/// A copy as a value carries it.
fn read(carrier: &Field) -> Result<Attestation, Rejection> {
    // Read to be narrowed, compared and verified.
    Attestation::parse(carrier.value().expose())
}

/// The copy that fields carry.
pub(super) fn copy_in(fields: &[Field]) -> Result<Option<Id>, Rejection> {
    let carrier = fields.iter().find(|field| field.label() == Label::Provenance);
    carrier.map(|carrier| read(carrier).map(|copy| copy.copy())).transpose()
}

/// Of a copy that nobody has yet. [ONW-4]
fn copy_secrets() -> CopySecrets {
    let secret = || Sensitive::new(random());
    CopySecrets { nonce: random(), slots: SlotSecrets { labels: secret(), values: secret() }, order: secret() }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes);
    bytes
}

const fn wire_standing(standing: Standing) -> AttestationStanding {
    match standing {
        Standing::Verified => AttestationStanding::Verified,
        Standing::UnknownSigner => AttestationStanding::UnknownSigner,
        Standing::DoesNotMatch => AttestationStanding::DoesNotMatch,
    }
}
