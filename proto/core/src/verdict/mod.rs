//! The verdict on a bundle.
//!
//! Guarantees that what is not known is never called valid, and that a [`Report`] says in words what its exit code
//! leaves out. Leaves to people what a breach means, and where the IDs of the trust file came from.

mod exit;
mod report;

pub use exit::Exit;
pub use report::{
    AgreementShown, Assurance, Breach, Check, Completeness, Conformance, Conformant, Deadline, Entry, Exported,
    FieldShown, HeadShown, Organisation, Outcome, PartyReach, Problem, Reason, Report, SCHEMA, Shown, Standing,
    TrustShown, Where, YesNo,
};
