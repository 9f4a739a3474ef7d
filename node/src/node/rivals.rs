//! Several who were asked the same: she is named to one, when the others have heard that she chose.
//!
//! Guarantees that our own node names her in none of them while another one that still may say yes has not been told, or
//! somebody says why; and that one of which nothing can be read counts as such. Leaves telling them to `follow_up`.

use uput_core::{
    id::TrailId,
    rejection::Rejection,
    wire::{self, Act, Beside, ServiceType},
};

use super::{Node, trails::Loaded};
use crate::{case::Case, clock};

/// Headlines of a trail whose other side may be waiting for her. [CAS-81]
const OPEN: [&str; 6] = ["asked", "held", "waitlisted", "partly_accepted", "accepted", "started"];

impl Node {
    /// Whether a trail that we opened asks the same as another one of its case. [CAS-80]
    pub(super) fn asks_the_same(&self, loaded: &Loaded, other: &TrailId) -> Result<bool, Rejection> {
        let opening = loaded.trail.opening()?;
        let row = self.row(other, clock::now())?.ok_or(Rejection::ReadFailed)?;
        let ours = loaded.trail.opening_event()?.author == self.me.organisation;
        Ok(ours && same(&row, opening.act, opening.service_type))
    }

    /// Why she is named while others who were asked the same do not know that she chose; unspecified: nobody was. What they
    /// have heard is on disk here, and leaves before whatever is said after it. [CAS-81]
    ///
    /// # Errors
    /// [`Rejection::ChooseFirst`], where there are others and nobody says why.
    pub(super) fn named_beside(
        &self,
        case: &Case,
        named: &TrailId,
        (act, service): (Act, ServiceType),
        why: Beside,
    ) -> Result<Beside, Rejection> {
        if act != Act::Referral {
            return Ok(Beside::Unspecified);
        }
        // [CAS-116] Nobody knows whether one that cannot be read waits for her.
        let others = case.trails.iter().filter(|trail| *trail != named);
        let mut rows = others.map(|trail| self.row(trail, clock::now()).ok().flatten());
        match (rows.any(|row| row.is_none_or(|row| waits_for_her(&row, act, service))), why) {
            (false, _) => Ok(Beside::Unspecified),
            (true, Beside::Unspecified) => Err(Rejection::ChooseFirst),
            (true, why) => Ok(why),
        }
    }
}

fn waits_for_her(row: &wire::Trail, act: Act, service: ServiceType) -> bool {
    same(row, act, service) && OPEN.contains(&row.headline.as_str())
}

fn same(row: &wire::Trail, act: Act, service: ServiceType) -> bool {
    row.ours && row.act() == act && row.service_type() == service
}
