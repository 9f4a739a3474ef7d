//! Whether words that are to be said or kept tell who she is.
//!
//! Guarantees that free words are judged before anything is committed to, by the names that the asking person may see and
//! no others: a refusal is no way to find out what stands in a record. Leaves to `identifying` what is found.

use uput_core::{
    catalogue::{Field, Label},
    identifying::{self, Known, is_judged},
    rejection::Rejection,
};

use super::{Node, known::KnownField, refusal::Refused, trails::Loaded, write::NewEvent};
use crate::{
    account::Caller,
    case::{Case, Sight},
};

impl Node {
    /// Refuses words of an opening, or for a record, that tell who she is. Tells the labels that were let pass knowingly. [NST-11]
    ///
    /// # Errors
    /// [`Refused::Telling`].
    pub(super) fn judge_words(
        &self,
        by: &Caller,
        case: &Case,
        fields: &[Field],
        knowingly: &[Label],
    ) -> Result<Vec<Label>, Refused> {
        self.judge(by, case, fields, &[], knowingly)
    }

    /// The same for an event: what its trail disclosed is known too. [NST-11]
    ///
    /// # Errors
    /// [`Refused::Telling`].
    pub(super) fn judge_said(&self, new: &NewEvent, loaded: &Loaded) -> Result<Vec<Label>, Refused> {
        if !new.fields.iter().any(|field| is_judged(field.label())) {
            return Ok(Vec::new());
        }
        let case = self.cases.of(&new.trail).ok_or(Rejection::NoSuchTrail)?;
        let mut disclosed = Vec::new();
        if self.sight(&new.by, &case.id) == Sight::Values {
            for event in loaded.trail.events() {
                disclosed.extend(self.readable(loaded, event)?);
            }
        }
        self.judge(&new.by, &case, &new.fields, &disclosed, &new.knowingly)
    }

    fn judge(
        &self,
        by: &Caller,
        case: &Case,
        fields: &[Field],
        disclosed: &[Field],
        knowingly: &[Label],
    ) -> Result<Vec<Label>, Refused> {
        if !fields.iter().any(|field| is_judged(field.label())) {
            return Ok(Vec::new());
        }
        // [NST-8] What the asking person may not see is compared with nothing.
        let record = if self.sight(by, &case.id) == Sight::Values { Some(self.known(case)?) } else { None };
        let recorded = record.iter().flat_map(|record| record.fields.values()).filter_map(KnownField::open);
        let known = Known::new(recorded.chain(disclosed).chain(fields));
        let suspects = identifying::suspects(fields, &known);
        let (passed, refused): (Vec<_>, Vec<_>) =
            suspects.into_iter().partition(|suspect| knowingly.contains(&suspect.label));
        if refused.is_empty() {
            Ok(passed.iter().map(|suspect| suspect.label).collect())
        } else {
            Err(Refused::Telling(refused))
        }
    }
}
