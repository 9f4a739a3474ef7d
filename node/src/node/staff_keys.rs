//! Keys of the organisation's own people: adding them and saying that they count, in the journal first.
//!
//! Guarantees that a key counts only when somebody else has compared it, so that whoever can reset an account gains nothing
//! that is sealed to its owner.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{id::KeyId, key::SealingPublic, rejection::Rejection, wire::Role};

use super::{
    Node,
    approvals::{Approved, Second},
    journal::{OpenError, all},
};
use crate::{
    account::{By, Caller, PersonId, TeamId},
    clock,
    record::{self, BoxRecord, SealingRecord, ShareRecord, StaffKeyRecord},
    staff::{HeldShare, Owner, Sealing, StaffKey, StaffRegister, State, by_recipient, sharing_of},
    storage::Commit,
};

/// The first bytes of a key's ID that people compare: enough that nobody finds another key with the same.
const COMPARED: usize = 16;

impl Node {
    /// Reads keys, shares and what is sealed back.
    pub(super) fn read_staff(&self) -> Result<(), OpenError> {
        for kept in all::<StaffKeyRecord>(&self.storage, record::STAFF_KEYS)? {
            self.staff.set_key(StaffKey::of(&kept).map_err(OpenError::Unreadable)?);
        }
        for kept in all::<ShareRecord>(&self.storage, record::SHARES)? {
            self.staff.set_share(HeldShare::of(&kept).map_err(OpenError::Unreadable)?);
        }
        for kept in all::<SealingRecord>(&self.storage, record::SEALING)? {
            let sharing = sharing_of(kept.needed, kept.made).map_err(OpenError::Unreadable)?;
            self.staff.set_sealing(Sealing { staff_only: kept.staff_only, sharing });
        }
        Ok(())
    }

    /// Staff keys, their shares, and what is sealed.
    #[must_use]
    pub const fn staff(&self) -> &StaffRegister {
        &self.staff
    }

    /// Adds the public half of a key of the caller. It counts once it was compared; the first key of a supervisor, while
    /// no other counts, counts by itself. [STF-5] [STF-6]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a key that is here already.
    pub async fn add_staff_key(&self, caller: &Caller, public: SealingPublic) -> Result<StaffKey, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        if self.staff.key(&public.id()).is_some() {
            return Err(Rejection::BadValue);
        }
        let now = clock::now().get();
        let first = caller.role == Role::Supervisor && !self.staff.is_anybody();
        let key = StaffKey {
            public,
            owner: Owner::Person(caller.person),
            number: self.staff.next_number(),
            created: now,
            by: Some(caller.by()),
            confirmed: first.then_some(now),
            confirmed_by: None,
            wraps: BTreeMap::new(),
            sharing: None,
        };
        self.keep_key(key).await
    }

    /// Says that a key was compared with whose it is. Only a supervisor who holds a key that counts, and never for their own.
    /// [STF-6]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] if there is no such key, or the caller does not prove to hold one that counts; [`Rejection::BadValue`] for
    /// too few bytes; [`Rejection::NotPermitted`] for one's own.
    pub async fn confirm_staff_key(
        &self,
        caller: &Caller,
        compared: &[u8],
        proof: &[u8],
    ) -> Result<StaffKey, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        if compared.len() < COMPARED {
            return Err(Rejection::BadValue);
        }
        let key = self.staff.beginning(compared)?;
        let person = key.person().ok_or(Rejection::NoStaffKey)?;
        if caller.persons().any(|caller| caller == person) {
            return Err(Rejection::NotPermitted);
        }
        // [STF-25] Whoever can reset an account has not its key.
        self.staff.demand(self.staff.current(&caller.person).as_ref(), &key.id(), proof)?;
        if key.confirmed.is_some() {
            return Ok(key);
        }
        let by = Some(caller.by());
        self.keep_key(StaffKey { confirmed: Some(clock::now().get()), confirmed_by: by, ..key }).await
    }

    /// Adds a key of a team that the caller is in, wrapped to the current key of every member. [STF-8]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] without the team, [`Rejection::NotPermitted`] for somebody who is not in it,
    /// [`Rejection::NoStaffKey`] if the wraps are not those of all its members, or the caller does not prove to hold a key.
    pub async fn add_team_key(
        &self,
        caller: &Caller,
        team: &[u8],
        public: SealingPublic,
        wraps: &[Vec<u8>],
        proof: &[u8],
    ) -> Result<StaffKey, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let team = self.accounts.team(team)?;
        if !team.members.contains(&caller.person) {
            return Err(Rejection::NotPermitted);
        }
        // [STF-25] What a team key opens, whoever made it opens.
        self.staff.demand(self.staff.current(&caller.person).as_ref(), &public.id(), proof)?;
        let wraps = by_recipient(wraps)?;
        let current = |person: &PersonId| self.staff.current(person).map(|key| key.id());
        let members: Option<BTreeSet<KeyId>> = team.members.iter().map(current).collect();
        if members.is_none_or(|members| members != wraps.keys().copied().collect()) {
            return Err(Rejection::NoStaffKey);
        }
        if self.staff.key(&public.id()).is_some() {
            return Err(Rejection::BadValue);
        }
        let now = clock::now().get();
        // Its members' keys were compared, and one of them made it: nothing more is to be compared.
        let key = StaffKey {
            public,
            owner: Owner::Team(team.id),
            number: self.staff.next_number(),
            created: now,
            by: Some(caller.by()),
            confirmed: Some(now),
            confirmed_by: None,
            wraps,
            sharing: None,
        };
        self.keep_key(key).await
    }

    /// How far a key counts.
    #[must_use]
    pub fn staff_key_state(&self, key: &StaffKey) -> State {
        match key.owner {
            Owner::Person(_) => self.staff.state(key, None),
            Owner::Team(team) => {
                let members = self.accounts.team(&team.to_vec()).map(|team| team.members).unwrap_or_default();
                self.staff.state(key, Some(&members))
            }
        }
    }

    /// Every key that may open something for a caller: their own, new and old, and those of their teams.
    pub(super) fn key_ring(&self, caller: &Caller) -> BTreeSet<KeyId> {
        let teams = self.teams_of(&caller.person);
        self.staff.ring(&caller.person, &teams)
    }

    /// The teams that a person is in.
    fn teams_of(&self, person: &PersonId) -> BTreeSet<TeamId> {
        let teams = self.accounts.teams().into_iter();
        teams.filter(|team| team.members.contains(person)).map(|team| team.id).collect()
    }

    pub(super) async fn keep_key(&self, key: StaffKey) -> Result<StaffKey, Rejection> {
        self.keep(&key.record()).await?;
        self.staff.set_key(key.clone());
        Ok(key)
    }

    /// Changes what the organisation seals. [STF-16]
    ///
    /// # Errors
    /// [`Rejection::NoStaffKey`] while fewer than two people have a key that counts and is shared so, and to end it without
    /// one of one's own;
    /// [`Rejection::NeedsApproval`] and [`Rejection::BadApproval`] to end it.
    pub async fn set_sealing(&self, caller: &Caller, sealing: Sealing, second: &Second) -> Result<Sealing, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let before = self.staff.sealing();
        let approved = match second {
            Second::Approval { id, digest } => Some(self.approved(caller, id, digest)?),
            Second::Nobody | Second::Asked if self.ends_sealing(sealing) => return Err(Rejection::NeedsApproval),
            Second::Nobody | Second::Asked => None,
        };
        if self.ends_sealing(sealing) {
            // Whoever can make accounts has no key that counts: two of theirs end nothing.
            self.staff.current(&caller.person).ok_or(Rejection::NoStaffKey)?;
            let approver = approved.as_ref().and_then(|approved| self.staff.current(&approved.approver()));
            approver.ok_or(Rejection::BadApproval)?;
            // Nor has who makes codes and enters the accounts of two who have one.
            if self.is_new(&caller.account) || approved.as_ref().is_none_or(Approved::is_by_new_account) {
                return Err(Rejection::BadApproval);
            }
        }
        if sealing.staff_only && !before.staff_only && self.recoverable() < 2 {
            return Err(Rejection::NoStaffKey);
        }
        let record = SealingRecord {
            staff_only: sealing.staff_only,
            needed: sealing.sharing.map_or(0, |sharing| sharing.needed().into()),
            made: sealing.sharing.map_or(0, |sharing| sharing.made().into()),
            time: clock::now().get(),
            account: caller.by().to_vec(),
        };
        let mut records = vec![record::draft(&record)];
        records.extend(approved.as_ref().map(Approved::draft));
        self.commit(Commit { keys: Vec::new(), records }).await?;
        if let Some(approved) = approved {
            approved.used();
        }
        self.staff.set_sealing(sealing);
        Ok(sealing)
    }

    /// Whether everything is sealed, and would not be any more. [STF-16]
    pub(super) fn ends_sealing(&self, sealing: Sealing) -> bool {
        self.staff.sealing().staff_only && !sealing.staff_only
    }

    /// How many people could open what is sealed, and have a key that colleagues can bring back.
    #[must_use]
    pub fn recoverable(&self) -> usize {
        let shared = |person: &PersonId| self.staff.current(person).is_some_and(|key| key.sharing.is_some());
        self.caseworkers().iter().filter(|person| shared(person)).count()
    }

    /// Everybody whose role reads values.
    pub(super) fn caseworkers(&self) -> BTreeSet<PersonId> {
        let reads = |role| matches!(role, Role::CaseWorker | Role::Supervisor);
        let accounts = self.accounts.accounts().into_iter();
        accounts.filter(|account| !account.disabled && reads(account.role)).map(|account| account.person).collect()
    }

    /// The supervisors.
    pub(super) fn supervisors(&self) -> BTreeSet<PersonId> {
        let accounts = self.accounts.accounts().into_iter();
        let supervisors = accounts.filter(|account| !account.disabled && account.role == Role::Supervisor);
        supervisors.map(|account| account.person).collect()
    }

    /// What a person is called here.
    #[must_use]
    pub fn person_name(&self, person: &PersonId) -> String {
        let accounts = self.accounts.accounts();
        let named = accounts.iter().find(|account| account.person == *person && !account.name.expose().is_empty());
        // To colleagues of the same organisation, who must know whose key they compare.
        named.map(|account| account.name.expose().clone()).unwrap_or_default()
    }

    /// The newest record of each box of a trail or a case, by number.
    pub(super) fn boxes_of(&self, subject: &[u8]) -> Result<Vec<BoxRecord>, Rejection> {
        self.positions(record::BOXES, subject)?.into_iter().map(|position| self.at(position)).collect()
    }

    /// Who did it, for the record.
    pub(super) fn by(caller: &Caller) -> Vec<u8> {
        By::to_vec(caller.by())
    }
}
