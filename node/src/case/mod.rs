//! Cases: what joins one person's trails at this organisation. Local; no peer ever sees one.
//!
//! Guarantees that every trail is in exactly one case, and one rule for who sees how much of it. Leaves the journal to
//! the node.

mod exclusion;
mod marks;
pub mod name;
mod register;
mod sight;

pub use exclusion::{Exclusion, Ground, Ruling};
pub use marks::{Closed, Marks, mark};
pub use register::{Cases, RecordStays};
pub use sight::{Sight, Viewer};

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use uput_core::{id::TrailId, rejection::Rejection, sensitive::Sensitive, time::Seconds};

use crate::{
    account::{PersonId, TeamId, ids},
    record::{CaseRecord, ExclusionEntry, GlassEntry},
};

ids! {
    /// A case: 16 random bytes, which say nothing about whose it is, and never leave this node. [CAS-1]
    CaseId;
}

/// What joins one person's trails.
#[derive(Clone)]
pub struct Case {
    /// Which one.
    pub id: CaseId,
    /// Its trails.
    pub trails: BTreeSet<TrailId>,
    /// Who has it.
    pub persons: BTreeSet<PersonId>,
    /// Teams that have it.
    pub teams: BTreeSet<TeamId>,
    /// Whom she excluded.
    pub exclusions: BTreeMap<PersonId, Exclusion>,
    /// Who opened it; none: it arrived.
    pub opened_by: Option<PersonId>,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970 at which it was closed; 0: it is open.
    pub closed: u64,
    /// The organisation's own file number.
    pub external_ref: Option<FileNumber>,
    /// Cases that were joined into it.
    pub joined: BTreeSet<CaseId>,
    /// The case into which it was joined: this one is no more than a name of that.
    pub into: Option<CaseId>,
    /// Who broke the glass.
    pub glass: BTreeMap<PersonId, Glass>,
    /// Digests of the names that she excluded, sealed; empty if none.
    pub names: Vec<u8>,
    /// Seconds since 1970 at which what is held about her was erased; 0: it was not.
    pub erased: u64,
}

/// The organisation's own file number, as people write it and as it is kept.
#[derive(Clone)]
pub struct FileNumber {
    /// As people write it.
    pub text: Sensitive<String>,
    /// Under the case's value key.
    pub sealed: Vec<u8>,
}

/// Values for a day, in an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glass {
    /// Seconds since 1970.
    pub until: u64,
    /// Who approved.
    pub approved_by: Option<PersonId>,
}

impl Case {
    /// A case of nobody, with nothing in it.
    #[must_use]
    pub fn new(id: CaseId, created: u64) -> Self {
        Self {
            id,
            trails: BTreeSet::new(),
            persons: BTreeSet::new(),
            teams: BTreeSet::new(),
            exclusions: BTreeMap::new(),
            opened_by: None,
            created,
            closed: 0,
            external_ref: None,
            joined: BTreeSet::new(),
            into: None,
            glass: BTreeMap::new(),
            names: Vec::new(),
            erased: 0,
        }
    }

    /// Whether nobody has it.
    #[must_use]
    pub fn is_nobodys(&self) -> bool {
        self.persons.is_empty() && self.teams.is_empty()
    }

    /// Whether she excluded that person, as far as nobody lifted it.
    #[must_use]
    pub fn excludes(&self, person: &PersonId) -> bool {
        self.exclusions.get(person).is_some_and(Exclusion::stands)
    }

    /// Excludes a person, who does not have it any more. [CAS-34]
    pub fn exclude(&mut self, person: PersonId, exclusion: Exclusion) {
        let before = self.exclusions.get(&person).copied();
        let now = before.map_or(exclusion, |before| before.named_again(exclusion));
        self.exclusions.insert(person, now);
        if now.stands() {
            self.persons.remove(&person);
        }
    }

    /// Its record.
    #[must_use]
    pub fn record(&self, account: Vec<u8>, now: Seconds) -> CaseRecord {
        let exclusions = self.exclusions.iter().map(|(person, exclusion)| ExclusionEntry {
            person: person.to_vec(),
            ground: exclusion.ground as u32,
            ruling: exclusion.ruling as u32,
            by: exclusion.by.map(PersonId::to_vec).unwrap_or_default(),
            time: exclusion.time,
        });
        let glass = self.glass.iter().map(|(person, glass)| GlassEntry {
            person: person.to_vec(),
            until: glass.until,
            approved_by: glass.approved_by.map(PersonId::to_vec).unwrap_or_default(),
        });
        CaseRecord {
            case: self.id.to_vec(),
            trails: self.trails.iter().map(|trail| trail.to_vec()).collect(),
            persons: self.persons.iter().map(|person| person.to_vec()).collect(),
            teams: self.teams.iter().map(|team| team.to_vec()).collect(),
            exclusions: exclusions.collect(),
            opened_by: self.opened_by.map(PersonId::to_vec).unwrap_or_default(),
            created: self.created,
            closed: self.closed,
            external_ref: self.external_ref.as_ref().map(|number| number.sealed.clone()).unwrap_or_default(),
            joined: self.joined.iter().map(|case| case.to_vec()).collect(),
            into: self.into.map(CaseId::to_vec).unwrap_or_default(),
            glass: glass.collect(),
            account,
            time: now.get(),
            names: self.names.clone(),
            erased: self.erased,
        }
    }

    /// A case from its record; `open` opens the file number.
    ///
    /// # Errors
    /// [`Rejection::Malformed`].
    pub fn parse(
        kept: CaseRecord,
        open: impl FnOnce(&CaseId, &[u8]) -> Option<Sensitive<String>>,
    ) -> Result<Self, Rejection> {
        let id = CaseId::parse(&kept.case).ok_or(Rejection::Malformed)?;
        let external_ref = if kept.external_ref.is_empty() { None } else { open(&id, &kept.external_ref) };
        Ok(Self {
            id,
            trails: kept.trails.iter().map(|trail| TrailId::parse(trail)).collect::<Result<_, _>>()?,
            persons: all(&kept.persons, PersonId::parse)?,
            teams: all(&kept.teams, TeamId::parse)?,
            exclusions: kept.exclusions.iter().map(exclusion).collect::<Option<_>>().ok_or(Rejection::Malformed)?,
            opened_by: PersonId::parse(&kept.opened_by),
            created: kept.created,
            closed: kept.closed,
            external_ref: external_ref.map(|text| FileNumber { text, sealed: kept.external_ref }),
            joined: all(&kept.joined, CaseId::parse)?,
            into: CaseId::parse(&kept.into),
            glass: kept.glass.iter().map(glass).collect::<Option<_>>().ok_or(Rejection::Malformed)?,
            names: kept.names,
            erased: kept.erased,
        })
    }
}

fn all<T: Ord>(kept: &[Vec<u8>], parse: impl Fn(&[u8]) -> Option<T>) -> Result<BTreeSet<T>, Rejection> {
    kept.iter().map(|bytes| parse(bytes)).collect::<Option<_>>().ok_or(Rejection::Malformed)
}

fn exclusion(kept: &ExclusionEntry) -> Option<(PersonId, Exclusion)> {
    let (ground, ruling) = (Ground::from_number(kept.ground)?, Ruling::from_number(kept.ruling)?);
    let exclusion = Exclusion { ground, ruling, by: PersonId::parse(&kept.by), time: kept.time };
    Some((PersonId::parse(&kept.person)?, exclusion))
}

fn glass(kept: &GlassEntry) -> Option<(PersonId, Glass)> {
    let glass = Glass { until: kept.until, approved_by: PersonId::parse(&kept.approved_by) };
    Some((PersonId::parse(&kept.person)?, glass))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CAS-2]
    #[test]
    fn a_case_survives_the_way_to_its_record_and_back() {
        let now = Seconds::new(1_795_298_400).unwrap();
        let mut case = Case::new(CaseId::new([1; 16]), 7);
        case.trails.insert(TrailId::new([2; 32]));
        case.persons.insert(PersonId::new([3; 16]));
        case.teams.insert(TeamId::new([4; 16]));
        let by = Some(PersonId::new([5; 16]));
        let exclusion = Exclusion { ground: Ground::Doubtful, ruling: Ruling::Lifted, by, time: 9 };
        case.exclusions.insert(PersonId::new([6; 16]), exclusion);
        case.glass.insert(PersonId::new([7; 16]), Glass { until: 11, approved_by: by });
        let text = Sensitive::new("77/2026".to_owned());
        case.external_ref = Some(FileNumber { text, sealed: vec![1] });
        case.joined.insert(CaseId::new([8; 16]));
        case.closed = 12;
        case.erased = 13;
        let record = case.record(vec![9; 16], now);
        let open = |_: &CaseId, _: &[u8]| Some(Sensitive::new("77/2026".to_owned()));
        let back = Case::parse(record.clone(), open).unwrap();
        assert!(back.record(vec![9; 16], now) == record);
        assert!(back.exclusions == case.exclusions && !back.excludes(&PersonId::new([6; 16])));
        let unknown = CaseRecord { persons: vec![vec![1]], ..record };
        assert!(Case::parse(unknown, open).is_err());
    }
}
