//! Who sees how much of a case: the one rule. [CAS-5]

use uput_core::{time::Seconds, wire::Role};

use super::Case;
use crate::account::{Caller, PersonId, TeamId};

/// How much somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Nothing, not even that it is there.
    None,
    /// What a trail shows without values.
    Outline,
    /// All of it.
    Values,
}

/// Somebody who looks, at one moment.
pub struct Viewer {
    /// Whose rights count: the caller, or the person on whose behalf a machine calls.
    pub person: PersonId,
    /// The role of that person's account.
    pub role: Role,
    /// The teams that person is in.
    pub teams: Vec<TeamId>,
    /// The machine that calls for that person, and learns what is answered.
    pub machine: Option<PersonId>,
    /// When.
    pub now: Seconds,
}

impl Viewer {
    /// Whoever calls. A machine on behalf of a person sees what that person sees; its scopes are the table's matter.
    /// [CAS-8]
    #[must_use]
    pub fn new(caller: &Caller, teams_of: impl FnOnce(&PersonId) -> Vec<TeamId>, now: Seconds) -> Self {
        let (person, role, machine) = match &caller.on_behalf_of {
            Some(person) => (person.person, person.role, Some(caller.person)),
            None => (caller.person, caller.role, None),
        };
        Self { person, role, teams: teams_of(&person), machine, now }
    }
}

impl Case {
    /// What somebody sees of it.
    #[must_use]
    pub fn sight(&self, viewer: &Viewer) -> Sight {
        // [CAS-6] Before every other rule.
        if self.into.is_some() || self.excludes(&viewer.person) || viewer.machine.is_some_and(|it| self.excludes(&it)) {
            return Sight::None;
        }
        match viewer.role {
            Role::Administrator | Role::Unspecified => Sight::None,
            Role::Auditor => Sight::Outline,
            Role::Intake if self.is_nobodys() || self.opened_by == Some(viewer.person) => Sight::Outline,
            Role::Intake => Sight::None,
            // [CAS-7] Values of a case that nobody has are shown to nobody.
            _ if self.is_nobodys() => Sight::Outline,
            Role::Supervisor => Sight::Values,
            Role::CaseWorker | Role::Integration if self.has(viewer) || self.is_glass_open(viewer) => Sight::Values,
            Role::CaseWorker | Role::Integration => Sight::None,
        }
    }

    /// Whether it is theirs, or a team's of theirs.
    #[must_use]
    pub fn has(&self, viewer: &Viewer) -> bool {
        self.persons.contains(&viewer.person) || viewer.teams.iter().any(|team| self.teams.contains(team))
    }

    /// Whether they broke the glass, a day ago at most. [CAS-9]
    fn is_glass_open(&self, viewer: &Viewer) -> bool {
        self.glass.get(&viewer.person).is_some_and(|glass| viewer.now.get() < glass.until)
    }
}
