//! Fields that an agreement allows to be sent.

use std::collections::BTreeSet;

use super::{Permitted, Refused};
use crate::{
    attestation::beyond,
    catalogue::{Field, Label},
    rejection::Rejection,
};

/// Evidence that fields hold no more than the agreement allows, and all that the basis and the act demand. Only
/// [`Permitted::minimise`] makes it, and only it can be committed to.
///
/// ```compile_fail,E0423
/// let minimised = uput_core::agreement::Minimised(Vec::new());
/// ```
#[derive(Debug)]
pub struct Minimised(Vec<Field>);

impl Permitted {
    /// Lets fields pass for sending, or says which label is too much or missing. Nothing is left out silently.
    ///
    /// # Errors
    /// [`Rejection::OutsideProfile`] with the labels that are too much, not ticked or twice;
    /// [`Rejection::BasisNotAllowed`] with those that the basis lacks, or that show that it does not hold;
    /// [`Rejection::WithoutContent`] with those that the act has to say.
    pub fn minimise(&self, fields: Vec<Field>) -> Result<Minimised, Refused> {
        self.weigh(&fields)?;
        Ok(Minimised(fields))
    }

    /// The same question for fields that somebody else sent.
    pub(super) fn weigh(&self, fields: &[Field]) -> Result<(), Refused> {
        let present: BTreeSet<Label> = fields.iter().map(Field::label).collect();
        let outside: Vec<Label> = self.excess(fields).collect();
        refuse(Rejection::OutsideProfile, outside)?;
        refuse(Rejection::BasisNotAllowed, self.lacking(&present, fields))?;
        refuse(Rejection::BasisNotAllowed, self.faults(fields))?;
        refuse(Rejection::BasisNotAllowed, self.belied(&present, fields))?;
        refuse(Rejection::WithoutContent, self.unsaid(&present))
    }

    /// Labels that are not permitted, not ticked, or there twice. [DIS-12]
    fn excess<'a>(&'a self, fields: &'a [Field]) -> impl Iterator<Item = Label> + 'a {
        let (ticks, alone, beyond) = (ticks(fields), alone(fields), beyond(fields));
        let mut seen = BTreeSet::new();
        fields.iter().map(Field::label).filter(move |label| {
            let unticked = self.ticked().contains(label) && !ticks.contains(label);
            !self.labels().contains(label)
                || unticked
                || alone == Some(*label)
                || beyond == Some(*label)
                || !seen.insert(*label)
        })
    }
}

impl Minimised {
    /// The fields.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.0
    }

    /// Less of it.
    pub(crate) fn only(&self, keep: impl Fn(Label) -> bool) -> Self {
        Self(self.0.iter().filter(|field| keep(field.label())).cloned().collect())
    }

    pub(crate) fn into_fields(self) -> Vec<Field> {
        self.0
    }
}

/// Labels that she ticked, as the field of the consent says. [BAS-5]
pub(super) fn ticks(fields: &[Field]) -> BTreeSet<Label> {
    let field = fields.iter().find(|field| field.label() == Label::ConsentTicked);
    // Names of labels, to be compared with labels.
    let names = field.map(|field| field.value().expose().split(' '));
    names.into_iter().flatten().filter_map(|name| Label::parse(name).ok()).collect()
}

/// The label of a second person who is the first one. [DIS-15]
pub(super) fn alone(fields: &[Field]) -> Option<Label> {
    // Two pseudonyms are compared, and neither is shown.
    let of = |label| fields.iter().find(|field| field.label() == label).map(|field| field.value().expose());
    let actor = of(Label::Actor)?;
    (of(Label::Supervisor)? == actor).then_some(Label::Supervisor)
}

fn refuse(rejection: Rejection, labels: Vec<Label>) -> Result<(), Refused> {
    if labels.is_empty() { Ok(()) } else { Err(Refused { rejection, labels }) }
}
