//! The agreement that a trail is pinned to.
//!
//! Guarantees that it has the ID that the opening names, and that each of its parties signed it with an organisation key
//! of its own chain. Leaves to the trust file whether a trail may be judged by it.

use super::{Conformance, Exit, Where, demand::Demand, findings::Findings, keyring::Keyring, names::Names};
use crate::{
    agreement::{Agreement, SignedAgreement, missing_signatures},
    bundle::{Bundle, List},
    envelope::Envelope,
    id::AgreementId,
    rejection::Rejection,
    trust::TrustFile,
};

/// Finds and verifies the agreement of a trail. [BUN-45] [BUN-46]
pub(super) fn verify(
    bundle: &Bundle,
    named: AgreementId,
    keyring: &Keyring,
    trust: &TrustFile,
    findings: &mut Findings,
) -> Option<SignedAgreement> {
    findings.reach(Demand::AgreementHere);
    let found = bundle.agreements.iter().position(|envelope| AgreementId::from(envelope.id()) == named);
    let Some((index, envelope)) = found.and_then(|index| Some((index, bundle.agreements.get(index)?))) else {
        let sentence = "the agreement version that the opening names is not here";
        findings.fail(Demand::AgreementHere, Exit::Incomplete, Where::id(named), sentence);
        return None;
    };
    findings.reach(Demand::AgreementSigned);
    let rejection = match SignedAgreement::verify(envelope.clone(), keyring.chains()) {
        Ok(agreement) => return Some(agreement),
        Err(rejection) => rejection,
    };
    let place = Where::part(bundle.place(List::Agreements, index)).of(named);
    match rejection {
        Rejection::AgreementNotSigned => {
            let sentence = format!("{rejection}: {}", missing(envelope, keyring, trust));
            findings.fail(Demand::AgreementSigned, Exit::Incomplete, place, sentence);
        }
        Rejection::UnknownSigner => findings.reject(Demand::AgreementSigned, Exit::UnknownSigner, place, rejection),
        _ => findings.reject(Demand::AgreementSigned, Exit::NotAuthentic, place, rejection),
    }
    None
}

/// Whose signature is not here, by name.
fn missing(envelope: &Envelope, keyring: &Keyring, trust: &TrustFile) -> String {
    let names = Names::new(trust, None);
    let missing = missing_signatures(envelope, keyring.chains()).unwrap_or_default();
    missing.iter().map(|party| names.of(party)).collect::<Vec<_>>().join(", ")
}

/// Whether the trust file names this version. [BUN-47]
pub(super) fn check_trusted(agreement: &Agreement, trust: &TrustFile, findings: &mut Findings) {
    findings.reach(Demand::AgreementTrusted);
    if trust.agreement(&agreement.id()).is_none() {
        let sentence = "the trust file does not name this agreement version: conformance to it means nothing";
        findings.against(Demand::AgreementTrusted, Conformance::NotCheckable, None, sentence);
    }
}
