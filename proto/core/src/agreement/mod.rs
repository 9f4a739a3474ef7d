//! Agreements: who may ask whom for what, on which basis, with which labels, by when.
//!
//! Guarantees that an [`Agreement`] is well formed as a whole, and that [`Permitted`] and [`Minimised`] exist only where
//! it allows them: sender, receiver and auditor ask the same functions. Leaves to others whether the trail's state
//! allows the step (`state`), and whether what is said is true.

mod clause;
mod clauses;
mod code;
mod compile;
mod difference;
mod document;
mod doubt;
mod explanation;
mod flaw;
mod judgement;
mod lineage;
mod minimised;
mod obstacle;
mod occasion;
mod permitted;
mod reading;
mod signed;
mod source;
mod summary;
mod told;

pub use clause::{
    Article, Auditor, DecisionRule, EscalationStep, Origin, Party, Profile, Retention, Rule, Timer, WitnessRule,
};
pub use clauses::{Clause, LabelList};
pub(crate) use code::code_lists;
pub use code::{Code, list_of, name_of};
pub use compile::{Compiled, Warning, compile};
pub use difference::{Change, Effect, Succession};
pub use document::Agreement;
pub use doubt::Doubt;
pub use explanation::{Explanation, Question, Way};
pub use flaw::{Flaw, Place};
pub use judgement::{Judgement, Stripped};
pub use lineage::Lineage;
pub use minimised::Minimised;
pub use obstacle::Obstacle;
pub use occasion::Occasion;
pub use permitted::{Permitted, Refused, Request};
pub use signed::{SignedAgreement, missing_signatures};
pub use source::SourceError;
pub use summary::summary;
pub use told::Told;
