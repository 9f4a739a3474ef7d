//! Cases in pages.
//!
//! Guarantees that a page costs what is on it, holds what the caller sees and nothing else, and that pages follow each other
//! without a gap and without a case twice while cases are added and given on. Leaves to `case_list` the order.

use std::sync::Arc;

use uput_core::{rejection::Rejection, sensitive::Sensitive, wire::Role};

use super::{
    Node,
    case_list::{CasePlace, Closed, Part},
    leaving::Here,
    listing::Pages,
    orders::Group,
};
use crate::{
    account::Caller,
    case::{Case, Sight, Viewer},
};

/// Places that are looked at together.
const TOGETHER: usize = 64;

/// Which cases.
pub struct CaseListing<'a> {
    /// Only those that are the caller's, or a team's of theirs.
    pub mine: bool,
    /// Only those that nobody has, or nobody who is here. [CAS-19]
    pub untaken: bool,
    /// Closed ones too.
    pub closed: bool,
    /// Only those with this file number; empty: all.
    pub number: &'a Sensitive<String>,
    /// At most so many.
    pub most: usize,
    /// From the page before; empty: from the beginning.
    pub token: &'a str,
}

/// A page of cases.
pub struct ListedCases {
    /// The newest first.
    pub cases: Vec<Arc<Case>>,
    /// Where the next page begins; empty: this is the last.
    pub next: String,
}

impl Node {
    /// The cases that the caller sees, as far as they are wanted, the newest first. [CAS-22]
    ///
    /// # Errors
    /// [`Rejection::BadCursor`] if the token is not one of this caller's.
    pub fn list_cases(&self, caller: &Caller, which: &CaseListing<'_>) -> Result<ListedCases, Rejection> {
        let viewer = self.viewer(caller);
        // Others see nothing that somebody else has.
        let here = (which.untaken && viewer.role == Role::Supervisor).then(|| self.here());
        let groups = which.groups(&viewer, here.as_ref());
        let part = which.part(&groups);
        let mut after = match self.page_from(caller, Pages::Cases, which.token)? {
            Some(place) => Some(CasePlace::parse(&place).ok_or(Rejection::BadCursor)?),
            None => None,
        };
        let (mut cases, mut last) = (Vec::new(), after);
        loop {
            let places = self.case_list.next(&part, after, TOGETHER);
            let ended = places.len() < TOGETHER;
            after = places.last().copied();
            for place in places {
                // [CAS-22] Before the page is counted: what is not theirs leaves none shorter and no token behind.
                let Some(case) = self.cases.get(place.case()).filter(|case| which.wants(case, &viewer, here.as_ref()))
                else {
                    continue;
                };
                if let (true, Some(last)) = (cases.len() >= which.most, last) {
                    let next = self.page_token(caller, Pages::Cases, &last.to_bytes())?;
                    return Ok(ListedCases { cases, next });
                }
                cases.push(case);
                last = Some(place);
            }
            if ended {
                return Ok(ListedCases { cases, next: String::new() });
            }
        }
    }
}

impl Node {
    /// Whether somebody sees a case that is with nobody but people who left. [CAS-19]
    pub(super) fn is_any_case_left(&self, viewer: &Viewer) -> bool {
        let here = self.here();
        let groups: Vec<Group> = here.gone().collect();
        let part = Part::Groups(&groups, Closed::Not);
        let is_left = |case: &Arc<Case>| case.sight(viewer) > Sight::None && here.is_left(case);
        let mut after = None;
        loop {
            let places = self.case_list.next(&part, after, TOGETHER);
            after = places.last().copied();
            if places.iter().filter_map(|place| self.cases.get(place.case())).any(|case| is_left(&case)) {
                return true;
            }
            if places.len() < TOGETHER {
                return false;
            }
        }
    }
}

impl<'a> CaseListing<'a> {
    /// Where all of them are, and others.
    fn groups(&self, viewer: &Viewer, here: Option<&Here>) -> Vec<Group> {
        match (self.mine, self.untaken) {
            (true, true) => Vec::new(),
            (true, false) => Group::had_by(viewer),
            (false, true) => here.map(Here::gone).into_iter().flatten().chain([Group::Nobody]).collect(),
            (false, false) => Group::seen_by(viewer),
        }
    }

    fn part(&self, groups: &'a [Group]) -> Part<'a> {
        match (self.number.expose().is_empty(), self.closed) {
            // Looked at to see whether there is one.
            (false, _) => Part::Numbered(self.number),
            (true, true) => Part::Groups(groups, Closed::Too),
            (true, false) => Part::Groups(groups, Closed::Not),
        }
    }

    fn wants(&self, case: &Case, viewer: &Viewer, here: Option<&Here>) -> bool {
        let sight = case.sight(viewer);
        sight > Sight::None
            && (self.closed || case.closed == 0)
            && (!self.mine || case.has(viewer))
            && (!self.untaken || case.is_nobodys() || here.is_some_and(|here| here.is_left(case)))
            && self.is_numbered(case, sight)
    }

    /// Whether a case has that file number, for somebody who sees it; an empty one has every case. [CAS-18]
    fn is_numbered(&self, case: &Case, sight: Sight) -> bool {
        // Compared with what the caller typed.
        let number = self.number.expose();
        number.is_empty()
            || sight == Sight::Values && case.external_ref.as_ref().is_some_and(|kept| kept.text.expose() == number)
    }
}
