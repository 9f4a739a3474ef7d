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
    event::Event,
    id::{Id, OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    slot::SlotSecrets,
    time::Seconds,
    wire::{self, AttestationStanding},
};

use super::{Node, allowance::is_short, journal::chain_to_wire, trails::Loaded};
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
        let copy = Attestation::issue(said, &self.me.author(&self.me.keys()), time, copy_secrets())?;
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
            // By records that a letter brought it is as good as whoever made them: nobody is named by it. [ONW-12]
            standing: wire_standing(self.word_standing(&copy)).into(),
        })
    }

    /// By the records of an organisation that is known here: introduced, or a party of an agreement that we signed. Whose
    /// records somebody only brought is a stranger, who can have signed anything as anybody. [ONW-5] [ONW-11] [ONW-12]
    fn word_standing(&self, copy: &Attestation) -> Standing {
        let standing = copy.standing(self.chain_of(copy.author()).as_deref());
        if self.known_name(copy.author()).is_some() { standing } else { standing.uncompared() }
    }

    /// Key records of whoever signed the copy that a disclosure carries, for somebody who was never introduced to them; none
    /// if they are not here, too many, or those of whom it goes to. [ONW-12]
    pub(super) fn copy_records(&self, to: &OrgId, disclosure: &wire::Disclosure) -> Vec<wire::Envelope> {
        let author = copy_author(disclosure).filter(|author| author != to && *author != self.me.organisation);
        let chain = author.and_then(|author| self.chain_of(&author)).filter(|chain| is_short(chain));
        chain.map(|chain| chain_to_wire(&chain).records).unwrap_or_default()
    }

    /// The same for a bundle, whoever they are. [BUN-93]
    pub(super) fn copy_author_in(
        &self,
        loaded: &Loaded,
        event: &Event,
        disclosure: &wire::Disclosure,
    ) -> Option<OrgId> {
        let values = loaded.open(event, disclosure).ok()?;
        let request = loaded.request(event)?;
        let kept = loaded.agreement.strip(&request, &values).kept;
        let carrier = kept.iter().find(|field| field.label() == Label::Provenance)?;
        read(carrier).ok().map(|copy| *copy.author())
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

/// Whose word the copy is that a whole disclosure carries: nothing is believed by it.
pub(super) fn copy_author(disclosure: &wire::Disclosure) -> Option<OrgId> {
    let Some(wire::disclosure::Form::Whole(whole)) = &disclosure.form else { return None };
    let carrier = whole.fields.iter().find(|field| field.label == Label::Provenance.name())?;
    Attestation::parse(&carrier.value).ok().map(|copy| *copy.author())
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
        Standing::Uncompared => AttestationStanding::Uncompared,
    }
}
