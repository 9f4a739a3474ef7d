//! What people do with a case: make it, give it on, join, close, exclude, break the glass.
//!
//! Guarantees that each act starts from what the one before left, is in the journal before it is answered, and is refused
//! to whoever does not see the case as if it were not there. Who may make which call, the table of roles says.

use std::{collections::BTreeSet, sync::Arc};

use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::Span,
    wire::{AccessKind, Role},
};

use super::{
    Node,
    approvals::{Approved, Second},
    cases::{draft_of, taken_by},
    exclusions::seal_part,
};
use crate::{
    access::Why,
    account::{Account, Caller, PersonId, Team, TeamId},
    case::{Case, CaseId, Exclusion, FileNumber, Glass, Ground, Ruling, Sight, name::NameList},
    clock::{self, SystemEntropy},
    storage::{Commit, NewTrailKeys},
};

/// Longest file number.
const MAX_REF: usize = 64;
/// How long a broken glass stays open: a day. [CAS-9]
const DAY: Span = Span(86_400);

/// To whom a case is given.
pub enum Assignee {
    /// A colleague.
    Person(PersonId),
    /// A team.
    Team(TeamId),
}

impl Node {
    /// Makes a case without a trail. [CAS-10]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a file number that is long or not printable.
    pub async fn create_case(&self, caller: &Caller, number: Sensitive<String>) -> Result<Arc<Case>, Rejection> {
        let viewer = self.viewer(caller);
        let mut case = Case::new(CaseId::new(SystemEntropy.bytes()), clock::now().get());
        case.opened_by = Some(viewer.person);
        let (mut case, mut keys) = (taken_by(case, &viewer), Vec::new());
        self.write_number(&mut case, number, &mut keys)?;
        self.keep_cases(keys, vec![case.clone()], caller).await?;
        self.case(&case.id).ok_or(Rejection::NoSuchCase)
    }

    /// Gives a case to somebody, or takes it from them. [CAS-15]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::StepNotAllowed`] for somebody whom she excluded.
    pub async fn assign_case(
        &self,
        caller: &Caller,
        id: &CaseId,
        to: Assignee,
        remove: bool,
    ) -> Result<Arc<Case>, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        // A supervisor may hand on what nobody has.
        let wanted = if caller.role == Role::Supervisor { Sight::Outline } else { Sight::Values };
        let mut case = Case::clone(&*self.demand_case(caller, id, wanted)?);
        match (to, remove) {
            (Assignee::Person(person), _) if case.excludes(&person) => return Err(Rejection::StepNotAllowed),
            (Assignee::Person(person), false) => drop(case.persons.insert(person)),
            (Assignee::Person(person), true) => drop(case.persons.remove(&person)),
            (Assignee::Team(team), false) => drop(case.teams.insert(team)),
            (Assignee::Team(team), true) => drop(case.teams.remove(&team)),
        }
        self.keep_case(case, caller).await
    }

    /// Makes one case a part of another: they are of the same person. Who is excluded from either is excluded from both.
    /// [CAS-16]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::BadValue`] for one and the same.
    pub async fn join_cases(&self, caller: &Caller, from: &CaseId, into: &CaseId) -> Result<Arc<Case>, Rejection> {
        if from == into {
            return Err(Rejection::BadValue);
        }
        let _said = self.cases.records_join([from, into]).await;
        let _alone = self.cases.hold([*from, *into]).await;
        let from = self.demand_case(caller, from, Sight::Values)?;
        let mut joined = Case::clone(&*self.demand_case(caller, into, Sight::Values)?);
        // [CAS-48] One key would be destroyed with the other, and whom she excluded is not known any more.
        if from.erased != 0 || joined.erased != 0 {
            return Err(Rejection::StepNotAllowed);
        }
        joined.trails.extend(&from.trails);
        joined.persons.extend(&from.persons);
        joined.teams.extend(&from.teams);
        joined.joined.extend(from.joined.iter().chain([&from.id]));
        for (person, exclusion) in &from.exclusions {
            let before = joined.exclusions.get(person).copied();
            let strict = before.map_or(*exclusion, |before| before.stricter(*exclusion));
            joined.exclusions.insert(*person, strict);
        }
        // [CAS-34] Whoever is excluded from either has neither, nor gets it back.
        let Case { persons, exclusions, .. } = &mut joined;
        persons.retain(|person| !exclusions.get(person).is_some_and(Exclusion::stands));
        let mut keys = Vec::new();
        if !from.names.is_empty() {
            let NameList { mut lists } = self.names_of(&joined, &keys);
            lists.extend(self.names_of(&from, &keys).lists);
            self.remember_names(&mut joined, &NameList { lists }, &mut keys)?;
        }
        if let (None, Some(number)) = (&joined.external_ref, &from.external_ref) {
            self.write_number(&mut joined, number.text.clone(), &mut keys)?;
        }
        let gone = Case { into: Some(joined.id), ..Case::new(from.id, from.created) };
        let id = joined.id;
        // Trails find their new case before the old one is gone.
        self.keep_cases(keys, vec![joined, gone], caller).await?;
        self.case(&id).ok_or(Rejection::NoSuchCase)
    }

    /// Closes a case, or says that it goes on. [CAS-17]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`].
    pub async fn close_case(&self, caller: &Caller, id: &CaseId, closed: bool) -> Result<Arc<Case>, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        let case = self.demand_case(caller, id, Sight::Values)?;
        if (case.closed != 0) == closed {
            return Ok(case);
        }
        let closed = if closed { clock::now().get() } else { 0 };
        self.keep_case(Case { closed, ..Case::clone(&*case) }, caller).await
    }

    /// Writes the organisation's own file number on a case; an empty one takes it away. [CAS-18]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`]; [`Rejection::BadValue`].
    pub async fn set_file_number(
        &self,
        caller: &Caller,
        id: &CaseId,
        number: Sensitive<String>,
    ) -> Result<Arc<Case>, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        let mut case = Case::clone(&*self.demand_case(caller, id, Sight::Values)?);
        let mut keys = Vec::new();
        self.write_number(&mut case, number, &mut keys)?;
        self.keep_cases(keys, vec![case], caller).await?;
        self.case(id).ok_or(Rejection::NoSuchCase)
    }

    /// Excludes a colleague by hand, as she asked. [CAS-35]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`].
    pub async fn exclude_person(&self, caller: &Caller, id: &CaseId, person: PersonId) -> Result<Exclusion, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        let mut case = Case::clone(&*self.demand_case(caller, id, Sight::Values)?);
        let by = Some(self.viewer(caller).person);
        let exclusion = Exclusion::new(Ground::ByHand, by, clock::now().get());
        case.exclusions.insert(person, exclusion);
        case.persons.remove(&person);
        self.keep_case(case, caller).await?;
        Ok(exclusion)
    }

    /// Whom she excluded, for somebody who is not among them. [CAS-36]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::CaseNotTaken`].
    pub fn exclusions(&self, caller: &Caller, id: &CaseId) -> Result<Vec<(PersonId, Exclusion)>, Rejection> {
        // A supervisor decides before anybody has it.
        let wanted = if caller.role == Role::Supervisor { Sight::Outline } else { Sight::Values };
        let case = self.demand_case(caller, id, wanted)?;
        Ok(case.exclusions.iter().map(|(person, exclusion)| (*person, *exclusion)).collect())
    }

    /// Decides whether an excluded colleague is the one whom she named. What is not in doubt two people lift. [CAS-34]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::NoSuchAccount`] for somebody who is not excluded;
    /// [`Rejection::NeedsApproval`]; [`Rejection::BadApproval`].
    pub async fn decide_exclusion(
        &self,
        caller: &Caller,
        id: &CaseId,
        person: PersonId,
        ruling: Ruling,
        second: &Second,
    ) -> Result<Exclusion, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        let mut case = Case::clone(&*self.demand_case(caller, id, Sight::Outline)?);
        let by = Some(self.viewer(caller).person);
        let exclusion = case.exclusions.get_mut(&person).ok_or(Rejection::NoSuchAccount)?;
        let takes_two = ruling == Ruling::Lifted && exclusion.takes_two_to_lift();
        let approved = match second {
            Second::Approval { id, digest } => Some(self.approved(caller, id, digest)?),
            Second::Nobody | Second::Asked if takes_two => return Err(Rejection::NeedsApproval),
            Second::Nobody | Second::Asked => None,
        };
        *exclusion = Exclusion { ruling, by, time: clock::now().get(), ..*exclusion };
        let decided = *exclusion;
        if decided.stands() {
            case.persons.remove(&person);
        }
        self.keep_approved(case, caller, approved).await?;
        Ok(decided)
    }

    /// Shows the values of a case to the caller for a day, on the word of a second person. Tells until when. [CAS-9]
    ///
    /// # Errors
    /// [`Rejection::NeedsApproval`] and [`Rejection::BadApproval`], whatever the ID; then [`Rejection::NoSuchCase`], also to
    /// somebody whom she excluded.
    pub async fn break_glass(&self, caller: &Caller, id: &CaseId, second: &Second) -> Result<u64, Rejection> {
        let Second::Approval { id: approval, digest } = second else { return Err(Rejection::NeedsApproval) };
        let _alone = self.cases.hold([*id]).await;
        let approved = self.approved(caller, approval, digest)?;
        let viewer = self.viewer(caller);
        let excluded = |case: &Case| caller.persons().any(|person| case.excludes(&person));
        let case = self.case(id).filter(|case| case.into.is_none() && !excluded(case));
        let mut case = Case::clone(&*case.ok_or(Rejection::NoSuchCase)?);
        let until = viewer.now.after(DAY).get();
        case.glass.insert(viewer.person, Glass { until, approved_by: Some(approved.approver()) });
        let commit = Commit { keys: Vec::new(), records: vec![draft_of(&case, Some(caller.by())), approved.draft()] };
        let why = Why::of_approval(approved.reason());
        let _settling = self.settling();
        // [ACL-1] It stands in her part of the access log, also if nobody looks in then.
        self.keep_access_as(caller, &case, AccessKind::GlassBroken, &why, commit).await?;
        approved.used();
        self.set_case(case);
        Ok(until)
    }

    /// Commits what a case is now, with the use of what let it happen. Hold it. [APR-5]
    async fn keep_approved(&self, case: Case, caller: &Caller, approved: Option<Approved>) -> Result<(), Rejection> {
        let mut records = vec![draft_of(&case, Some(caller.by()))];
        records.extend(approved.as_ref().map(Approved::draft));
        let _settling = self.settling();
        self.commit(Commit { keys: Vec::new(), records }).await?;
        if let Some(approved) = approved {
            approved.used();
        }
        self.set_case(case);
        Ok(())
    }

    /// The colleague of that name, or whose account's or person's ID begins so. [CAS-15]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one person.
    pub fn colleague(&self, said: &Sensitive<String>) -> Result<PersonId, Rejection> {
        let beginning = beginning(said);
        let is_meant = |account: &Account| {
            // Compared to find whom the caller named.
            let named = account.name.expose() == said.expose();
            let id = beginning.as_deref().is_some_and(|id| account.id.begins(id) || account.person.begins(id));
            !account.disabled && (named || id)
        };
        // Somebody with several accounts is one person.
        let found: BTreeSet<PersonId> =
            self.accounts.accounts().iter().filter(|account| is_meant(account)).map(|account| account.person).collect();
        match found.first() {
            Some(person) if found.len() == 1 => Ok(*person),
            _ => Err(Rejection::NoSuchAccount),
        }
    }

    /// The team of that name, or whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn team_named(&self, said: &Sensitive<String>) -> Result<TeamId, Rejection> {
        let beginning = beginning(said);
        // Compared to find which the caller named.
        let is_meant = |team: &Team| {
            team.name.expose() == said.expose() || beginning.as_deref().is_some_and(|id| team.id.begins(id))
        };
        let found: Vec<TeamId> =
            self.accounts.teams().iter().filter(|team| is_meant(team)).map(|team| team.id).collect();
        <[TeamId; 1]>::try_from(found).map(|[team]| team).map_err(|_| Rejection::NoSuchAccount)
    }

    fn write_number(
        &self,
        case: &mut Case,
        number: Sensitive<String>,
        keys: &mut Vec<NewTrailKeys>,
    ) -> Result<(), Rejection> {
        // Looked at to bound it; it goes on as it came.
        let text = number.expose();
        if text.is_empty() {
            case.external_ref = None;
            return Ok(());
        }
        if text.trim().is_empty() || text.chars().count() > MAX_REF || text.chars().any(char::is_control) {
            return Err(Rejection::BadValue);
        }
        let key = self.case_key(&case.id, keys)?;
        let sealed = seal_part(&key, &case.id, b"ref", text.as_bytes())?;
        case.external_ref = Some(FileNumber { text: number, sealed });
        Ok(())
    }

    async fn keep_cases(&self, keys: Vec<NewTrailKeys>, cases: Vec<Case>, caller: &Caller) -> Result<(), Rejection> {
        let records = cases.iter().map(|case| draft_of(case, Some(caller.by()))).collect();
        let _settling = self.settling();
        self.commit(Commit { keys, records }).await?;
        for case in cases {
            self.index_number(&case);
            self.set_case(case);
        }
        Ok(())
    }
}

/// The bytes that at least eight hexadecimal digits stand for.
fn beginning(said: &Sensitive<String>) -> Option<Vec<u8>> {
    // Read as the beginning of an ID.
    let text = said.expose();
    if text.len() < 8 || text.len() > 32 || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(digit).collect()
}
