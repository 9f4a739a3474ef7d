//! Who exported a bundle, and what only its word stands behind.

use super::{Exit, Exported, Where, demand::Demand, erasures, findings::Findings, keyring::Keyring, names::Names};
use crate::{
    bundle::Bundle,
    envelope::{MediaType, verify_exactly},
    rejection::Rejection,
    trail::Trail,
    trust::moment,
};

/// The exporter's signature, by its newest key here. [BUN-4]
pub(super) fn verify(bundle: &Bundle, keyring: &Keyring, findings: &mut Findings) {
    findings.reach(Demand::Exporter);
    let newest = keyring.chain(&bundle.exporter).map(|chain| chain.newest().number());
    let place = Where::id(bundle.exporter).field("key");
    let Some(record) = keyring.record(&bundle.exporter, &bundle.key) else {
        return findings.reject(Demand::Exporter, Exit::UnknownSigner, place, Rejection::UnknownSigner);
    };
    if Some(record.number()) != newest {
        findings.reject(Demand::Exporter, Exit::UnknownSigner, place, Rejection::RevokedSigner);
    }
    if let Err(rejection) = verify_exactly(bundle.envelope(), MediaType::BUNDLE, &[record.signing_key()]) {
        findings.reject(Demand::Exporter, Exit::NotAuthentic, Where::id(bundle.exporter), rejection);
    }
}

/// A third party has no events of its own to stand behind. [BUN-5]
pub(super) fn check_party(bundle: &Bundle, trail: &Trail, findings: &mut Findings) {
    findings.reach(Demand::ExporterIsParty);
    if trail.side(&bundle.exporter).is_none() {
        let place = Where::id(bundle.exporter).field("exporter");
        findings.fail(Demand::ExporterIsParty, Exit::NotAuthentic, place, "the exporter is no party of the trail");
    }
}

/// What the exporter says of the export. [BUN-7]
pub(super) fn show(bundle: &Bundle, names: &Names<'_>, findings: &mut Findings) -> Exported {
    let by = names.show(&bundle.exporter);
    let purpose = bundle.purpose.as_str_name();
    let purpose = purpose.strip_prefix("PURPOSE_").unwrap_or(purpose).to_ascii_lowercase();
    findings.words.push(format!(
        "Exported by {name} for \"{purpose}\" at {}: purpose and time are {name}'s word.",
        moment(bundle.time),
        name = by.name
    ));
    let erased = erasures::show(bundle, &by.name, findings);
    Exported { by, purpose, time: bundle.time.get(), erased }
}
