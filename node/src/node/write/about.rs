//! What an opening is about.
//!
//! Guarantees that a trail is opened with the stage and the earlier trail that its act allows. Leaves to the reader what
//! becomes of one that names a trail which is not here.

use uput_core::{act, id::OrgId, rejection::Rejection};

use super::NewTrail;
use crate::{case::Sight, node::Node};

impl Node {
    /// What an opening is about: as its act says, and between the same two organisations. [EVT-27]
    pub(super) async fn check_about(&self, new: &NewTrail, peer: &OrgId) -> Result<(), Rejection> {
        let row = act::row(new.act).ok_or(Rejection::NoRule)?;
        // A stage above the highest would be no event at all. [STA-40]
        if !row.about.allows(new.about.is_some()) || new.stage > row.stage {
            return Err(Rejection::NotOfThisAct);
        }
        let Some(about) = &new.about else { return Ok(()) };
        self.demand(&new.by, about, Sight::Outline)?;
        let mut held = self.trails.hold(about).await;
        self.ensure_loaded(&mut held, about)?;
        let other = held.as_ref().map(|loaded| loaded.other(&self.me.organisation));
        if other == Some(*peer) { Ok(()) } else { Err(Rejection::WrongTrail) }
    }
}
