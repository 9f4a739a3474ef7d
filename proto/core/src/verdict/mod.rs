//! The verdict on a bundle.
//!
//! Guarantees that no input makes it panic, that each signature is verified once, that what is not known is never called
//! valid, and that a [`Report`] says in words what its exit code leaves out. It goes on after a failure where more can be
//! said safely. Leaves to people what a breach means, and where the IDs of the trust file came from.

mod assurance;
mod challenges;
mod chronology;
mod compare;
mod conduct;
mod copies;
mod deadlines;
mod demand;
mod disowned;
mod doubt;
mod ends;
mod erasures;
mod events;
mod evidence;
mod examination;
mod exit;
mod exporter;
mod findings;
mod heads;
mod hints;
mod keyring;
mod known;
mod logs;
mod names;
mod numbers;
mod opened;
mod pact;
mod reach;
mod report;
mod telephone;
mod tellings;
mod timeline;
mod twins;
mod views;
mod whole;

pub use compare::{Compared, Comparison, Lacking, Together, Uncomparable, Why, compare};
pub use exit::Exit;
pub use report::{
    AgreementShown, Assurance, AttestedShown, Breach, Check, Claim, Completeness, Conformance, Conformant, Deadline,
    Decided, Entry, ErasedShown, Exported, FieldShown, HeadShown, Organisation, Outcome, PartyReach, Problem, Proven,
    Reason, Report, SCHEMA, Shown, Standing, TrustShown, Where, YesNo,
};

use crate::{bundle::Bundle, trust::TrustFile};
use demand::Demand;
use examination::Examination;
use findings::Findings;

/// Verifies a bundle file by a trust file, offline.
#[must_use]
pub fn verify(bytes: &[u8], trust: &TrustFile) -> Report {
    let mut findings = Findings::default();
    findings.reach(Demand::Form);
    match Bundle::read(bytes) {
        Ok(bundle) => Examination::new(&bundle, trust, findings).report(),
        Err(unreadable) => {
            let place = unreadable.place.map(Where::part).unwrap_or_default();
            findings.reject(Demand::Form, Exit::NotAuthentic, place, unreadable.rejection);
            findings.unjudged(Demand::Form, "the bundle cannot be read");
            Report::of(findings, trust)
        }
    }
}
