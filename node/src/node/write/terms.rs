//! Stage, rule, basis and article of what is said in a trail.

use uput_core::{
    agreement::Occasion,
    event::{Statement, Terms},
    rejection::Rejection,
    state::{Reading, Side, Stage},
    wire,
};

use super::NewEvent;
use crate::node::{Node, refusal::Refused, trails::Loaded};

impl Node {
    /// Under which terms an event would be.
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`].
    pub(in crate::node) async fn terms_of(&self, new: &NewEvent) -> Result<Terms, Refused> {
        let mut held = self.trails.hold(&new.trail).await;
        self.ensure_loaded(&mut held, &new.trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        terms_for(new, loaded, &new.statement, Occasion::of(&new.statement, side == Side::Opener))
    }
}

/// Under which terms the slots of an event are filled.
pub(in crate::node) fn terms_for(
    new: &NewEvent,
    loaded: &Loaded,
    statement: &Statement,
    occasion: Occasion,
) -> Result<Terms, Refused> {
    let opened = loaded.trail.opening_event()?.terms.ok_or(Rejection::Malformed)?;
    let restates = occasion.discloses() && (!new.fields.is_empty() || *statement != Statement::Reopened);
    if !restates && new.fields.iter().all(|field| field.label().is_nonpersonal()) {
        // An answer that says nothing about a person needs no basis. [AGR-22]
        let basis = wire::LegalBasis::NoneNeededNonpersonal;
        return Ok(Terms { stage: 0, rule: opened.rule, basis, article: 0 });
    }
    let stage = match statement {
        Statement::Need => 1,
        Statement::Identity => 2,
        _ => reached(&loaded.trail.reading().map_err(|_| Rejection::Malformed)?),
    };
    let (basis, article) = match new.basis {
        // [EVT-30] A reply rests on what the opener disclosed on.
        Some(basis) if !occasion.discloses() && !bases(loaded).any(|known| known == (basis, new.article)) => {
            return Err(Rejection::BasisNotAllowed.into());
        }
        Some(basis) => (basis, new.article),
        None => newest_basis(loaded).unwrap_or((opened.basis, opened.article)),
    };
    Ok(Terms { stage, rule: opened.rule, basis, article })
}

/// The number of the stage that a trail has reached.
pub(in crate::node) const fn reached(reading: &Reading) -> u32 {
    match reading.stage {
        Stage::Enquiry => 0,
        Stage::Need => 1,
        Stage::Identity => 2,
    }
}

/// The basis of the opener's newest disclosure about her.
pub(in crate::node) fn newest_basis(loaded: &Loaded) -> Option<(wire::LegalBasis, u32)> {
    bases(loaded).last()
}

/// The bases on which the opener disclosed, as the events came.
fn bases(loaded: &Loaded) -> impl Iterator<Item = (wire::LegalBasis, u32)> {
    let opener = loaded.trail.party(Side::Opener);
    let disclosed = loaded
        .trail
        .events()
        .filter(move |event| event.author == opener && Occasion::of(&event.statement, true).discloses());
    let terms = disclosed.filter_map(|event| event.terms).filter(|terms| terms.stage > 0);
    terms.map(|terms| (terms.basis, terms.article))
}
