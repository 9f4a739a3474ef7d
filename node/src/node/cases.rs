//! Cases: who sees what, and the case of each trail.
//!
//! Guarantees that every trail is in exactly one case from its first commit on, and that what somebody may see is decided
//! in memory, before anything is read. Leaves the rule itself to `case`.

use std::sync::Arc;

use tokio::sync::MutexGuard;
use uput_core::{
    id::{Id, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    wire::Role,
};

use super::{
    Node,
    journal::{OpenError, all},
};
use crate::{
    account::{By, Caller},
    case::{Case, CaseId, Sight, Viewer},
    clock::{self, SystemEntropy},
    record::{self, CaseRecord, EventRecord},
    seal,
    storage::{Commit, Draft},
};

impl Node {
    /// Who looks, for many questions at one moment.
    #[must_use]
    pub fn viewer(&self, caller: &Caller) -> Viewer {
        Viewer::new(caller, |person| self.accounts.teams_of(person), clock::now())
    }

    /// How much of a case a caller sees. Ask before anything of it is read. [CAS-5]
    #[must_use]
    pub fn sight(&self, caller: &Caller, case: &CaseId) -> Sight {
        self.cases.sight(&self.viewer(caller), case)
    }

    /// How much of a trail a caller sees.
    #[must_use]
    pub fn sight_of(&self, caller: &Caller, trail: &TrailId) -> Sight {
        self.cases.sight_of_trail(&self.viewer(caller), trail)
    }

    /// The case that a trail is in. For the node itself: it asks nobody who may know.
    #[must_use]
    pub fn case_of(&self, trail: &TrailId) -> Option<CaseId> {
        self.cases.of(trail).map(|case| case.id)
    }

    /// A case as it is now. For the node itself: it asks nobody who may know.
    #[must_use]
    pub fn case(&self, id: &CaseId) -> Option<Arc<Case>> {
        self.cases.get(id)
    }

    /// The trail whose ID begins so, among those that the caller sees. [CAS-21]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] if there is none; [`Rejection::BadValue`] if there is more than one.
    pub fn find_trail(&self, caller: &Caller, beginning: &[u8]) -> Result<TrailId, Rejection> {
        self.cases.find_trail(&self.viewer(caller), beginning)
    }

    /// The case whose ID begins so, among those that the caller sees. [CAS-21]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`] if there is none; [`Rejection::BadValue`] if there is more than one.
    pub fn find_case(&self, caller: &Caller, beginning: &[u8]) -> Result<CaseId, Rejection> {
        self.cases.find_case(&self.viewer(caller), beginning)
    }

    /// Every trail that a caller sees. [CAS-22]
    #[must_use]
    pub fn visible_trails(&self, caller: &Caller) -> Vec<TrailId> {
        self.cases.trails(&self.viewer(caller))
    }

    /// Lets a caller go on who sees so much of a trail. [CAS-20]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] as for one that is not there; [`Rejection::CaseNotTaken`] to who sees the outline and
    /// asks for more.
    pub fn demand(&self, caller: &Caller, trail: &TrailId, wanted: Sight) -> Result<(), Rejection> {
        match self.sight_of(caller, trail) {
            Sight::None => Err(Rejection::NoSuchTrail),
            Sight::Outline if wanted == Sight::Values => Err(Rejection::CaseNotTaken),
            _ => Ok(()),
        }
    }

    /// Lets a caller go on who sees so much of a case. [CAS-20]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`] as for one that is not there; [`Rejection::CaseNotTaken`] to who sees the outline and
    /// asks for more.
    pub fn demand_case(&self, caller: &Caller, case: &CaseId, wanted: Sight) -> Result<Arc<Case>, Rejection> {
        let case = self.case(case);
        match case.as_ref().map_or(Sight::None, |case| self.sight(caller, &case.id)) {
            Sight::None => Err(Rejection::NoSuchCase),
            Sight::Outline if wanted == Sight::Values => Err(Rejection::CaseNotTaken),
            _ => case.ok_or(Rejection::NoSuchCase),
        }
    }

    /// Gives a case that nobody has to the caller. [CAS-14]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::StepNotAllowed`] where somebody else has it.
    pub async fn take_case(&self, caller: &Caller, id: &CaseId) -> Result<Arc<Case>, Rejection> {
        let _alone = self.cases.hold([*id]).await;
        let case = self.demand_case(caller, id, Sight::Outline)?;
        let viewer = self.viewer(caller);
        if case.has(&viewer) {
            return Ok(case);
        }
        if !case.is_nobodys() {
            return Err(Rejection::StepNotAllowed);
        }
        self.keep_case(taken_by(Case::clone(&*case), &viewer), caller).await
    }

    /// Commits what a case is now. Hold it.
    pub(super) async fn keep_case(&self, case: Case, caller: &Caller) -> Result<Arc<Case>, Rejection> {
        let records = vec![draft_of(&case, Some(caller.by()))];
        let _settling = self.settling();
        self.commit(Commit { keys: Vec::new(), records }).await?;
        let id = case.id;
        self.set_case(case);
        self.case(&id).ok_or(Rejection::NoSuchCase)
    }

    /// The case of a trail that is opened here, as it will be: the named one with it, or a new one. Hold the named one.
    /// [CAS-10]
    pub(super) fn case_to_open(
        &self,
        caller: &Caller,
        named: Option<&CaseId>,
        begins: Option<CaseId>,
        trail: TrailId,
    ) -> Result<Case, Rejection> {
        let viewer = self.viewer(caller);
        let mut case = match named {
            Some(id) => Case::clone(&*self.demand_case(caller, id, Sight::Outline)?),
            None => {
                let id = begins.unwrap_or_else(|| CaseId::new(SystemEntropy.bytes()));
                Case::new(id, clock::now().get())
            }
        };
        if case.closed != 0 {
            return Err(Rejection::StepNotAllowed);
        }
        case.trails.insert(trail);
        if named.is_none() {
            case.opened_by = Some(viewer.person);
        }
        Ok(taken_by(case, &viewer))
    }

    /// The case of a trail that a caller answers, if it becomes theirs. Hold it. [CAS-11]
    pub(super) fn case_to_answer(&self, caller: &Caller, trail: &TrailId) -> Result<Option<Case>, Rejection> {
        let case = self.cases.of(trail).ok_or(Rejection::NoSuchTrail)?;
        Ok(case.is_nobodys().then(|| taken_by(Case::clone(&*case), &self.viewer(caller))))
    }

    /// The case of a trail that arrived: of nobody. [CAS-12]
    pub(super) fn case_to_arrive(trail: TrailId) -> Case {
        let mut case = Case::new(CaseId::new(SystemEntropy.bytes()), clock::now().get());
        case.trails.insert(trail);
        case
    }

    /// Waits until nobody else changes the cases of these trails. Ask for the trails' places before, never after.
    pub(super) async fn hold_cases(&self, trails: &[TrailId]) -> Vec<MutexGuard<'_, ()>> {
        let cases = || trails.iter().filter_map(|trail| self.case_of(trail)).collect::<Vec<_>>();
        loop {
            let wanted = cases();
            let held = self.cases.hold(wanted.clone()).await;
            // Two cases may have been joined while this waited.
            if cases() == wanted {
                return held;
            }
        }
    }

    /// Reads cases back; what an earlier version left without one gets one. Accounts are there already.
    pub(super) fn read_cases(&self) -> Result<(), OpenError> {
        for kept in all::<CaseRecord>(&self.storage, record::CASES)? {
            let open = |id: &CaseId, sealed: &[u8]| self.opened_ref(id, sealed);
            self.set_case(Case::parse(kept, open).map_err(OpenError::Unreadable)?);
        }
        for trail in self.trail_ids().map_err(OpenError::Unreadable)? {
            if self.cases.of(&trail).is_none() {
                self.set_case(self.case_from_before(trail).map_err(OpenError::Unreadable)?);
            }
        }
        Ok(())
    }

    /// The case of a trail from before there were cases: always the same one, kept when it is changed. [CAS-13]
    fn case_from_before(&self, trail: TrailId) -> Result<Case, Rejection> {
        let id = Id::of(&[b"uput/node/case of".as_slice(), trail.as_bytes()].concat());
        let id = id.as_bytes().first_chunk().copied().unwrap_or_default();
        let position = self.indexed(record::EVENTS, &record::event_key(trail.as_bytes(), 0));
        let opening: EventRecord = self.at(position.ok_or(Rejection::ReadFailed)?)?;
        let mut case = Case::new(CaseId::new(id), opening.stored);
        case.trails.insert(trail);
        let opener = By::parse(&opening.account).map(|by| by.on_behalf_of.unwrap_or(by.account));
        if let Some(account) = opener.and_then(|account| self.accounts.account(&account.to_vec()).ok()) {
            case.opened_by = Some(account.person);
            if account.role != Role::Intake {
                case.persons.insert(account.person);
            }
        }
        Ok(case)
    }

    fn opened_ref(&self, case: &CaseId, sealed: &[u8]) -> Option<Sensitive<String>> {
        let key = self.storage.trail_keys(&record::case_key_name(case))?.value?;
        // The key opens the file number; where it was destroyed there is none any more.
        let bytes = seal::open(key.expose(), &record::case_aad(case, b"ref"), sealed).ok()?;
        String::from_utf8(bytes.to_vec()).ok().map(Sensitive::new)
    }
}

/// What is committed for a case that was changed.
pub(super) fn draft_of(case: &Case, by: Option<By>) -> Draft {
    record::draft(&case.record(by.map(By::to_vec).unwrap_or_default(), clock::now()))
}

/// [CAS-11] What nobody has becomes theirs; who takes calls opens and hands on.
pub(super) fn taken_by(mut case: Case, viewer: &Viewer) -> Case {
    if case.is_nobodys() && viewer.role != Role::Intake {
        case.persons.insert(viewer.person);
    }
    case
}
