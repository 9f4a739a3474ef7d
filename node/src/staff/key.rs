//! One staff key or team key, as the node knows it.

use std::collections::BTreeMap;

use uput_core::{
    id::KeyId,
    key::SealingPublic,
    rejection::Rejection,
    staff::{self, Sharing},
};

use crate::{
    account::{By, PersonId, TeamId},
    record::StaffKeyRecord,
};

/// Whose a key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A person's.
    Person(PersonId),
    /// A team's.
    Team(TeamId),
}

/// How far a key counts. [STF-6]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nobody has compared it.
    New,
    /// What is new is sealed to it.
    Current,
    /// A newer one has taken its place.
    Replaced,
    /// Of a team whose members are others now.
    Stale,
}

/// The key of a person or a team.
#[derive(Clone)]
pub struct StaffKey {
    /// Public half.
    pub public: SealingPublic,
    /// Whose.
    pub owner: Owner,
    /// The order in which keys were made.
    pub number: u32,
    /// Seconds since 1970.
    pub created: u64,
    /// Who made it.
    pub by: Option<By>,
    /// Since when it counts; none: it does not.
    pub confirmed: Option<u64>,
    /// Who compared it; none: nobody had to.
    pub confirmed_by: Option<By>,
    /// Of a team key: its secret, by the key to which it is sealed.
    pub wraps: BTreeMap<KeyId, Vec<u8>>,
    /// In how many shares it was split.
    pub sharing: Option<Sharing>,
}

impl StaffKey {
    /// Its ID.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    /// The person whose it is; none: a team's.
    #[must_use]
    pub const fn person(&self) -> Option<PersonId> {
        match self.owner {
            Owner::Person(person) => Some(person),
            Owner::Team(_) => None,
        }
    }

    /// From its record.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] or [`Rejection::WeakKey`].
    pub fn of(kept: &StaffKeyRecord) -> Result<Self, Rejection> {
        let owner = match (PersonId::parse(&kept.person), TeamId::parse(&kept.team)) {
            (Some(person), None) => Owner::Person(person),
            (None, Some(team)) => Owner::Team(team),
            _ => return Err(Rejection::Malformed),
        };
        Ok(Self {
            public: SealingPublic::parse(&kept.public)?,
            owner,
            number: kept.number,
            created: kept.created,
            by: By::parse(&kept.account),
            confirmed: Some(kept.confirmed).filter(|since| *since != 0),
            confirmed_by: By::parse(&kept.confirmed_by),
            wraps: by_recipient(&kept.wraps)?,
            sharing: sharing_of(kept.needed, kept.made)?,
        })
    }

    /// Its record.
    #[must_use]
    pub fn record(&self) -> StaffKeyRecord {
        let (person, team) = match self.owner {
            Owner::Person(person) => (person.to_vec(), Vec::new()),
            Owner::Team(team) => (Vec::new(), team.to_vec()),
        };
        StaffKeyRecord {
            key: self.id().to_vec(),
            public: self.public.to_vec(),
            person,
            team,
            wraps: self.wraps.values().cloned().collect(),
            number: self.number,
            created: self.created,
            account: self.by.map(By::to_vec).unwrap_or_default(),
            confirmed: self.confirmed.unwrap_or(0),
            confirmed_by: self.confirmed_by.map(By::to_vec).unwrap_or_default(),
            needed: self.sharing.map_or(0, |sharing| sharing.needed().into()),
            made: self.sharing.map_or(0, |sharing| sharing.made().into()),
        }
    }
}

/// How many shares of how many; none if none are needed.
///
/// # Errors
/// [`Rejection::BadValue`] for numbers that are out of bounds.
pub fn sharing_of(needed: u32, made: u32) -> Result<Option<Sharing>, Rejection> {
    let number = |number: u32| u8::try_from(number).map_err(|_| Rejection::BadValue);
    if needed == 0 { Ok(None) } else { Sharing::new(number(needed)?, number(made)?).map(Some) }
}

/// Sealed secrets by the key to which each is sealed; each key once.
///
/// # Errors
/// [`Rejection::Malformed`] if one does not parse, or a key stands twice.
pub fn by_recipient(wraps: &[Vec<u8>]) -> Result<BTreeMap<KeyId, Vec<u8>>, Rejection> {
    let mut sorted = BTreeMap::new();
    for wrap in wraps {
        if sorted.insert(staff::recipient(wrap)?, wrap.clone()).is_some() {
            return Err(Rejection::Malformed);
        }
    }
    Ok(sorted)
}
