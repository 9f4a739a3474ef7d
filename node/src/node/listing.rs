//! Trails in pages.
//!
//! Guarantees that a page costs what is on it, that the place where the next one begins tells nothing and serves the
//! caller alone, and that it does not move while trails change. Leaves to `outlines` the order and to `outline` the rows.

use std::{collections::BTreeSet, sync::Arc};

use uput_core::{id::TrailId, rejection::Rejection, wire};

use super::{Node, orders::Group, outlines::Place};
use crate::{
    account::Caller,
    case::{Case, Sight},
    clock,
};

/// Places that are looked at together.
const TOGETHER: usize = 64;

/// Which trails.
pub struct Listing<'a> {
    /// Only those in which we owe the next step.
    pub waiting: bool,
    /// At most so many.
    pub most: usize,
    /// From the page before; empty: from the beginning.
    pub token: &'a str,
}

/// A page of trails.
#[derive(Default)]
pub struct Listed {
    /// Without events.
    pub trails: Vec<wire::Trail>,
    /// Those of the page that cannot be read now, in its order.
    pub unreadable: Vec<TrailId>,
    /// Where the next page begins; empty: this is the last.
    pub next: String,
}

/// What pages are of: the token of one serves for no other.
#[derive(Clone, Copy)]
pub(super) enum Pages {
    Trails,
    Cases,
    Endings,
}

impl Node {
    /// Trails that the caller sees, without their events: what waits for us first, then what changed last. One that cannot be
    /// read has its place all the same. [NOD-37] [NOD-94]
    ///
    /// # Errors
    /// [`Rejection::BadCursor`] if the token is not one of this caller's.
    pub fn list(&self, caller: &Caller, which: &Listing<'_>) -> Result<Listed, Rejection> {
        let now = clock::now();
        let viewer = self.viewer(caller);
        let groups = Group::seen_by(&viewer);
        let mut after = match self.page_from(caller, Pages::Trails, which.token)? {
            Some(place) => Some(Place::parse(&place).ok_or(Rejection::BadCursor)?),
            None => None,
        };
        let (mut page, mut last, reviewed) = (Listed::default(), None::<Place>, self.reviewed_trails());
        loop {
            let places = self.outlines.next(&groups, after, TOGETHER);
            let ended = places.len() < TOGETHER;
            for place in places {
                // [CAS-22] Before everything else: what is not theirs leaves no page shorter and no token behind.
                let sight = self.cases.sight_of_trail(&viewer, place.trail());
                if sight == Sight::None {
                    after = Some(place);
                    continue;
                }
                if which.waiting && !place.waits() {
                    return Ok(page);
                }
                if page.is_full(which.most) {
                    let next = last.map(|last| self.page_token(caller, Pages::Trails, &last.to_bytes())).transpose()?;
                    return Ok(Listed { next: next.unwrap_or_default(), ..page });
                }
                after = Some(place);
                let dress = |row: &mut wire::Trail| {
                    self.add_endings(row, place.trail(), &reviewed, (sight, now));
                    self.name_about(row, &viewer);
                };
                if page.take(*place.trail(), self.row(place.trail(), now), dress) {
                    last = Some(place);
                }
            }
            if ended {
                return Ok(page);
            }
        }
    }

    /// The line of one trail. To find it by the beginning of its ID is no look at a record. [ACL-1]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] if the caller does not see it; why it cannot be read.
    pub fn line_of(&self, caller: &Caller, trail: &TrailId) -> Result<wire::Trail, Rejection> {
        self.demand(caller, trail, Sight::Outline)?;
        let mut row = self.row(trail, clock::now())?.ok_or(Rejection::NoSuchTrail)?;
        self.name_about(&mut row, &self.viewer(caller));
        Ok(row)
    }

    /// How many trails the caller sees: counted in groups, without looking at each. [CAS-24]
    #[must_use]
    pub fn count_trails(&self, caller: &Caller) -> usize {
        let viewer = self.viewer(caller);
        let shut = self.cases.shut_to(&viewer);
        let among = |wanted: fn(&Case) -> bool| {
            shut.iter().filter(|case| wanted(case)).map(|case| case.trails.len()).sum::<usize>()
        };
        let mut groups = Group::seen_by(&viewer);
        if groups.contains(&Group::All) {
            return self.outlines.count().saturating_sub(among(|_| true));
        }
        if !groups.contains(&Group::Nobody) {
            return 0;
        }
        let nobodys = self.outlines.count_in(&Group::Nobody).saturating_sub(among(Case::is_nobodys));
        groups.retain(|group| *group != Group::Nobody);
        let own = self.outlines.next(&groups, None, usize::MAX);
        let own = own.iter().filter_map(|place| self.cases.of(place.trail()));
        let own: BTreeSet<TrailId> = own
            .filter(|case| !case.is_nobodys() && case.sight(&viewer) > Sight::None)
            .flat_map(|case| case.trails.clone())
            .collect();
        nobodys.saturating_add(own.len())
    }

    /// Takes in a case, or what it is now, and lists it and its trails by whoever has it.
    pub(super) fn set_case(&self, case: Case) {
        self.outlines.assign(&case);
        // Who reads a list finds what is in it.
        let case = Arc::new(case);
        self.cases.set(Arc::clone(&case));
        self.case_list.set(&case);
    }

    /// [API-9] What a token says nobody reads or makes but this node.
    pub(super) fn page_token(&self, caller: &Caller, pages: Pages, last: &[u8]) -> Result<String, Rejection> {
        let sealed = self.storage.seal_token(&page_aad(caller, pages), last).map_err(|_| Rejection::ReadFailed)?;
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// What a token says; none: from the beginning.
    pub(super) fn page_from(&self, caller: &Caller, pages: Pages, token: &str) -> Result<Option<Vec<u8>>, Rejection> {
        if token.is_empty() {
            return Ok(None);
        }
        let sealed = from_hex(token).ok_or(Rejection::BadCursor)?;
        let plain = self.storage.open_token(&page_aad(caller, pages), &sealed).map_err(|_| Rejection::BadCursor)?;
        Ok(Some(plain.to_vec()))
    }
}

impl Listed {
    /// Takes the row of a trail, dressed, or the trail's ID if that cannot be read; whether there was either. [NOD-94]
    pub(super) fn take(
        &mut self,
        trail: TrailId,
        row: Result<Option<wire::Trail>, Rejection>,
        dress: impl FnOnce(&mut wire::Trail),
    ) -> bool {
        match row {
            Ok(None) => return false,
            Ok(Some(mut row)) => {
                dress(&mut row);
                self.trails.push(row);
            }
            Err(rejection) => {
                tracing::error!(%rejection, "a trail cannot be read, and is listed by its ID alone");
                self.unreadable.push(trail);
            }
        }
        true
    }

    fn is_full(&self, most: usize) -> bool {
        self.trails.len().saturating_add(self.unreadable.len()) >= most
    }
}

fn page_aad(caller: &Caller, pages: Pages) -> Vec<u8> {
    let of = match pages {
        Pages::Trails => b"uput/node/page/".as_slice(),
        Pages::Endings => b"uput/node/ending page/".as_slice(),
        Pages::Cases => b"uput/node/case page/".as_slice(),
    };
    [of, &caller.by().to_vec()].concat()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
