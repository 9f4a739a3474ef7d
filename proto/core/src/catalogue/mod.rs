//! What may be said about a person at all: labels, the types of their values, and who may receive them when.
//!
//! Guarantees that a [`Field`] has a label of the catalogue and a value of that label's type, and that what must never
//! travel has no label. Leaves to the agreement which labels two organisations really use. `specs/catalogue.tsv` is
//! this table as data.

mod calendar;
mod field;
mod label;
mod registry;
mod table;
mod text;
mod value;

pub use field::{Field, Lasts, PlanTask};
pub use label::{Beside, Cell, Class, Label, SERVICES};
pub use value::ValueType;

pub(crate) use calendar::{day_of, minute_of, seconds_since_1970, written};
pub(crate) use text::is_text as is_line;
