//! All staff keys, their shares, and what is sealed.
//!
//! Guarantees that of several keys of one owner that count, the newest is the current one, and that nobody proves to hold a
//! key but who opened what was drawn for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use uput_core::{
    id::KeyId,
    rejection::Rejection,
    staff::{self, Drawn, PROOF_LENGTH, Place, Sharing},
};
use zeroize::Zeroizing;

use super::{HeldShare, Owner, StaffKey, State};
use crate::{
    account::{PersonId, TeamId},
    clock::SystemEntropy,
    seal::sha256,
};

/// What the organisation seals to its staff.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Sealing {
    /// Every value; otherwise what agreements ask for.
    pub staff_only: bool,
    /// Into how many shares keys are split; none: nobody said.
    pub sharing: Option<Sharing>,
}

/// All staff keys.
pub struct StaffRegister {
    inner: RwLock<Inner>,
    /// From which is drawn for each key; another at each start. [STF-25]
    secret: Zeroizing<[u8; PROOF_LENGTH]>,
}

#[derive(Default)]
struct Inner {
    keys: BTreeMap<u32, StaffKey>,
    shares: BTreeMap<(KeyId, u8), HeldShare>,
    sealing: Sealing,
}

impl Default for StaffRegister {
    fn default() -> Self {
        Self { inner: RwLock::default(), secret: Zeroizing::new(SystemEntropy.bytes()) }
    }
}

impl StaffRegister {
    /// What is drawn for a key, sealed to it. [STF-25]
    ///
    /// # Errors
    /// If it cannot be sealed.
    pub fn drawn(&self, key: &StaffKey) -> Result<Vec<u8>, Rejection> {
        // Exposed to be sealed to the only one who may know it.
        staff::seal(&key.public, &Place::Proof, self.draw(&key.id())?.expose(), &mut SystemEntropy)
    }

    /// Demands that whoever says this holds a key, for another that is to count. [STF-25]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`].
    pub fn demand(&self, held: Option<&StaffKey>, of: &KeyId, proof: &[u8]) -> Result<(), Rejection> {
        let held = held.ok_or(Rejection::NoStaffKey)?;
        let expected = self.draw(&held.id())?.proof(of);
        let difference = expected.iter().zip(proof).fold(0, |all, (expected, shown)| all | (expected ^ shown));
        let right = std::hint::black_box(difference) == 0 && proof.len() == expected.len();
        if right { Ok(()) } else { Err(Rejection::NoStaffKey) }
    }

    fn draw(&self, key: &KeyId) -> Result<Drawn, Rejection> {
        Drawn::parse(&sha256(&[b"uput/node/staff/drawn", self.secret.as_slice(), key.as_bytes()]))
    }

    /// Takes in a key, or what it is now.
    pub fn set_key(&self, key: StaffKey) {
        self.write().keys.insert(key.number, key);
    }

    /// Takes in a share, or what it is now.
    pub fn set_share(&self, share: HeldShare) {
        self.write().shares.insert((share.key, share.number), share);
    }

    /// Takes in what is sealed.
    pub fn set_sealing(&self, sealing: Sealing) {
        self.write().sealing = sealing;
    }

    /// What is sealed.
    #[must_use]
    pub fn sealing(&self) -> Sealing {
        self.read().sealing
    }

    /// The number of the next key.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.read().keys.last_key_value().map_or(1, |(number, _)| number.saturating_add(1))
    }

    /// All keys in the order in which they were made.
    #[must_use]
    pub fn keys(&self) -> Vec<StaffKey> {
        self.read().keys.values().cloned().collect()
    }

    /// The key of that ID.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<StaffKey> {
        self.read().keys.values().find(|key| key.id() == *id).cloned()
    }

    /// The key whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if there is none, or more than one.
    pub fn beginning(&self, beginning: &[u8]) -> Result<StaffKey, Rejection> {
        let state = self.read();
        let mut named = state.keys.values().filter(|key| key.id().as_bytes().starts_with(beginning));
        match (named.next(), named.next()) {
            (Some(one), None) if beginning.len() >= 4 => Ok(one.clone()),
            _ => Err(Rejection::NoStaffKey),
        }
    }

    /// The key to which anything new for a person is sealed. [STF-6]
    #[must_use]
    pub fn current(&self, person: &PersonId) -> Option<StaffKey> {
        self.read().current(&Owner::Person(*person)).cloned()
    }

    /// The same of a team, if it is wrapped to the members that it has now, each with a key that is current. [STF-8]
    #[must_use]
    pub fn current_of_team(&self, team: &TeamId, members: &BTreeSet<PersonId>) -> Option<StaffKey> {
        let state = self.read();
        let key = state.current(&Owner::Team(*team))?;
        (state.members_of(key).as_ref() == Some(members)).then(|| key.clone())
    }

    /// How far a key counts; of a team key, with the members that the team has now.
    #[must_use]
    pub fn state(&self, key: &StaffKey, members: Option<&BTreeSet<PersonId>>) -> State {
        let state = self.read();
        match state.current(&key.owner).map(|current| current.number) {
            _ if key.confirmed.is_none() => State::New,
            Some(current) if current != key.number => State::Replaced,
            _ if members.is_some() && state.members_of(key).as_ref() != members => State::Stale,
            _ => State::Current,
        }
    }

    /// Whether anybody has a key that counts.
    #[must_use]
    pub fn is_anybody(&self) -> bool {
        self.read().keys.values().any(|key| key.person().is_some() && key.confirmed.is_some())
    }

    /// Every key of a person, and of the teams named: what may open something for them.
    #[must_use]
    pub fn ring(&self, person: &PersonId, teams: &BTreeSet<TeamId>) -> BTreeSet<KeyId> {
        let state = self.read();
        let theirs = |key: &&StaffKey| match key.owner {
            Owner::Person(of) => of == *person,
            Owner::Team(of) => teams.contains(&of),
        };
        state.keys.values().filter(theirs).map(StaffKey::id).collect()
    }

    /// Shares of a key, by number.
    #[must_use]
    pub fn shares_of(&self, key: &KeyId) -> Vec<HeldShare> {
        self.read().shares.values().filter(|share| share.key == *key).cloned().collect()
    }

    /// Shares that somebody holds with one of these keys.
    #[must_use]
    pub fn held(&self, ring: &BTreeSet<KeyId>) -> Vec<HeldShare> {
        self.read().shares.values().filter(|share| ring.contains(&share.holder)).cloned().collect()
    }

    /// How many shares of one key were given to another.
    #[must_use]
    pub fn given(&self, of: &KeyId, to: &KeyId) -> usize {
        self.shares_of(of).iter().filter(|share| share.given_to().as_ref() == Some(to)).count()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn current(&self, owner: &Owner) -> Option<&StaffKey> {
        self.keys.values().rev().find(|key| key.owner == *owner && key.confirmed.is_some())
    }

    /// The persons to whose current keys a team key is wrapped; none if one of these keys is not current any more.
    fn members_of(&self, team: &StaffKey) -> Option<BTreeSet<PersonId>> {
        let person = |id: &KeyId| {
            let person = self.keys.values().find(|key| key.id() == *id)?.person()?;
            (self.current(&Owner::Person(person))?.id() == *id).then_some(person)
        };
        team.wraps.keys().map(person).collect()
    }
}
