//! What a legal basis must carry, invented: a script gives what differs. [BAS-1]

use uput_wire::v1 as wire;
use wire::LegalBasis;

use crate::failed::{Failed, Outcome};
use crate::scenario::kind::from_now;
use crate::scenario::script::Fields;

const CONSENT: [(&str, &str); 4] = [
    ("consent_form", "oral_witnessed"),
    ("consent_language", "en"),
    ("consent_purpose", "What was talked through with her"),
    ("consent_until", "2099-12-31"),
];

/// The fields of a basis, and over them those of the script.
///
/// # Errors
/// If there is no such basis.
pub fn fields(basis: LegalBasis, said: &Fields) -> Outcome<Vec<wire::Field>> {
    let mut all = carried(basis)?;
    all.extend(said.clone());
    Ok(plain(&all))
}

/// Fields as the interface takes them.
#[must_use]
pub fn plain(said: &Fields) -> Vec<wire::Field> {
    said.iter().map(|(label, value)| wire::Field { label: label.clone(), value: value.clone() }).collect()
}

fn carried(basis: LegalBasis) -> Outcome<Fields> {
    let own: &[(&str, &str)] = match basis {
        LegalBasis::ExplicitConsent => &[("consent_given_by", "herself")],
        LegalBasis::GuardianConsent => {
            &[("guardian_class", "parent"), ("guardian_authority", "INV-1"), ("child_assent", "assents")]
        }
        LegalBasis::ChildBestInterests => {
            &[("best_interests_reason", "caregiver_suspected"), ("authority_informed", "at_the_same_time")]
        }
        LegalBasis::LegalDuty => &[("client_told", "told"), ("client_told_on", "2026-11-22")],
        LegalBasis::VitalInterests => &[("danger", "life")],
        LegalBasis::PublicTaskDecision => &[
            ("decision_reference", "INV-7/2026"),
            ("decision_issuer", "Invented Body"),
            ("decision_date", "2026-11-22"),
            ("decision_until", "2099-12-31"),
        ],
        LegalBasis::NoneNeededNonpersonal => &[],
        LegalBasis::Unspecified => return Err(Failed::because("a basis has no name")),
    };
    let consented = matches!(basis, LegalBasis::ExplicitConsent | LegalBasis::GuardianConsent);
    let consent = CONSENT.iter().filter(|_| consented);
    let mut all: Fields = own.iter().chain(consent).map(|(label, value)| ((*label).into(), (*value).into())).collect();
    if basis == LegalBasis::VitalInterests {
        // Danger to life stands for a consent for a day. [BAS-10]
        let end = minute(from_now(Some("20 h"), true)?);
        all.extend(["basis_until", "review_by"].map(|label| (label.to_owned(), end.clone())));
    }
    Ok(all)
}

/// A minute in UTC, from seconds since 1970: the days of the Gregorian calendar, counted from March.
fn minute(time: u64) -> String {
    let (days, second) = (time / 86_400, time % 86_400);
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    format!("{:04}-{month:02}-{of_month:02}T{:02}:{:02}Z", era * 400 + year, second / 3_600, second / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_a_minute() {
        assert_eq!(minute(0), "1970-01-01T00:00Z");
        assert_eq!(minute(951_782_399), "2000-02-28T23:59Z");
        assert_eq!(minute(951_782_400), "2000-02-29T00:00Z");
        assert_eq!(minute(1_795_396_860), "2026-11-23T01:21Z");
    }
}
