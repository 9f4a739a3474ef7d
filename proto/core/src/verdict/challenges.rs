//! Challenges that a bundle carries.
//!
//! Guarantees that they are of this trail and signed by a known key. That one was ever put to a party only a witness could
//! show, so nothing follows from them yet, and the report says so.

use std::collections::BTreeSet;

use super::{Exit, Where, demand::Demand, findings::Findings, keyring::Keyring};
use crate::{
    bundle::{Bundle, List},
    envelope::{Envelope, MediaType, verify_one},
    head::Challenge,
    id::OrgId,
    rejection::Rejection,
    trail::Trail,
};

/// Verifies every challenge, and gives their signers. [BUN-14]
pub(super) fn verify(bundle: &Bundle, trail: &Trail, keyring: &Keyring, findings: &mut Findings) -> BTreeSet<OrgId> {
    let mut signers = BTreeSet::new();
    for (index, envelope) in bundle.challenges.iter().enumerate() {
        findings.reach(Demand::Challenges);
        let place = Where::part(bundle.place(List::Challenges, index));
        match check(envelope, trail, keyring) {
            Ok(signer) => drop(signers.insert(signer)),
            Err(rejection @ Rejection::UnknownSigner) => {
                findings.reject(Demand::Challenges, Exit::UnknownSigner, place, rejection);
            }
            Err(rejection) => findings.reject(Demand::Challenges, Exit::NotAuthentic, place, rejection),
        }
    }
    if !bundle.challenges.is_empty() {
        let count = bundle.challenges.len();
        findings.words.push(format!("{count} challenges are carried; that they were put to a party is not shown."));
    }
    signers
}

fn check(envelope: &Envelope, trail: &Trail, keyring: &Keyring) -> Result<OrgId, Rejection> {
    if !envelope.is(MediaType::CHALLENGE) {
        return Err(Rejection::WrongType); // [ENV-9]
    }
    let named = envelope.signers().next().ok_or(Rejection::WrongSigners)?;
    let (signer, key) = keyring.find_signing(&named).ok_or(Rejection::UnknownSigner)?;
    let challenge = verify_one(envelope.clone(), MediaType::CHALLENGE, key, Challenge::parse)?;
    let ours = challenge.trail == trail.id() && trail.side(&challenge.to).is_some();
    if ours { Ok(signer) } else { Err(Rejection::WrongTrail) }
}
