//! The state of a trail as a pure function of its events. Source: specs/state.md.
//!
//! Guarantees that a set of events has one state, whatever order they came in; that whether an event is void depends on
//! its causal past alone and never changes; that no clock, no value and no arrival enters. [STA-27]
//! Leaves to others: whether an event is authentic (`trail`, `verdict`), timers and expiry (`status`), which labels and
//! which basis are allowed (`agreement`, `legal_basis`).

mod counterpart;
mod crossing;
mod evaluate;
mod fact;
mod finding;
mod history;
mod kind;
mod node;
mod predicate;
mod reading;
mod set;
mod table;
mod view;

pub use counterpart::{Counterpart, Line, Transition};
pub use crossing::{Crossed, Crossing, crossed};
pub use evaluate::{evaluate, may};
pub use fact::Fact;
pub use finding::Finding;
pub use history::{History, Values};
pub use kind::{Kind, Side};
pub use node::{Broken, Node, Verdict, VoidReason};
pub use predicate::Predicate;
pub use reading::{Answer, Duty, Headline, Judged, Offer, Reading, Responsible, Stage};
pub(crate) use set::Set;
pub use table::{Class, Row, TABLE, row};
