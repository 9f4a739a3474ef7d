//! What a legal basis must carry, invented: a script gives what differs. [BAS-1]

use uput_wire::v1 as wire;
use wire::LegalBasis;

use crate::failed::{Failed, Outcome};
use crate::scenario::script::Fields;

const CONSENT: [(&str, &str); 4] = [
    ("consent_form", "oral_witnessed"),
    ("consent_language", "en"),
    ("consent_purpose", "What was talked through with her (invented)"),
    ("consent_until", "2099-12-31"),
];

/// The fields of a basis, and over them those of the script.
///
/// # Errors
/// If there is no such basis.
pub fn fields(basis: LegalBasis, said: &Fields) -> Outcome<Vec<wire::Field>> {
    let mut all: Fields = carried(basis)?.into_iter().map(|(label, value)| (label.into(), value.into())).collect();
    all.extend(said.clone());
    Ok(plain(&all))
}

/// Fields as the interface takes them.
#[must_use]
pub fn plain(said: &Fields) -> Vec<wire::Field> {
    said.iter().map(|(label, value)| wire::Field { label: label.clone(), value: value.clone() }).collect()
}

fn carried(basis: LegalBasis) -> Outcome<Vec<(&'static str, &'static str)>> {
    let own: &[(&str, &str)] = match basis {
        LegalBasis::ExplicitConsent => &[("consent_given_by", "herself")],
        LegalBasis::GuardianConsent => {
            &[("guardian_class", "parent"), ("guardian_authority", "INV-1"), ("child_assent", "assents")]
        }
        LegalBasis::ChildBestInterests => {
            return Ok(vec![
                ("best_interests_reason", "caregiver_suspected"),
                ("authority_informed", "at_the_same_time"),
            ]);
        }
        LegalBasis::LegalDuty => return Ok(vec![("client_told", "told"), ("client_told_on", "2026-11-22")]),
        LegalBasis::VitalInterests => {
            return Ok(vec![
                ("danger", "life"),
                ("basis_until", "2099-12-31T23:59Z"),
                ("review_by", "2099-12-31T23:59Z"),
            ]);
        }
        LegalBasis::PublicTaskDecision => {
            return Ok(vec![
                ("decision_reference", "INV-7/2026"),
                ("decision_issuer", "Invented Body"),
                ("decision_date", "2026-11-22"),
                ("decision_until", "2099-12-31"),
            ]);
        }
        LegalBasis::NoneNeededNonpersonal => return Ok(Vec::new()),
        LegalBasis::Unspecified => return Err(Failed::because("a basis has no name")),
    };
    Ok([&CONSENT[..], own].concat())
}
