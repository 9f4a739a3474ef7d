//! Teams: colleagues to whom a case is assigned together.

use std::collections::BTreeSet;

use uput_core::sensitive::Sensitive;

use super::{PersonId, TeamId};

/// Colleagues to whom a case is assigned together. [ACC-60]
#[derive(Clone)]
pub struct Team {
    /// Which one.
    pub id: TeamId,
    /// What people here call it; empty where it was erased.
    pub name: Sensitive<String>,
    /// Who is in it.
    pub members: BTreeSet<PersonId>,
}
