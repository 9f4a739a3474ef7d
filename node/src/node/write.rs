//! What this organisation says: opening trails and adding events to them.
//!
//! Guarantees that nothing is sealed that profile, stage and basis do not allow, that the same request ID gives the same
//! answer, and that an event is on disk before it is queued.

mod about;
mod chosen;
mod commit;
mod drafting;
mod evidence;
mod itself;
mod terms;

use std::collections::BTreeSet;

use uput_core::{
    catalogue::{Field, Label},
    envelope::Verified,
    event::{Event, Statement},
    id::{AgreementId, EventId, TrailId},
    rejection::Rejection,
    time::Seconds,
    wire,
};

use self::commit::Asked;
pub(super) use self::terms::{newest_basis, reached, terms_for};
use super::{
    Node,
    actor::Acting,
    approvals::Second,
    exclusions::names_in,
    head::Rest,
    refusal::Refused,
    trails::{Held, Loaded, new_keys},
    written::Written,
};

use crate::{
    account::Caller,
    case::{Case, CaseId, RecordStays, Sight},
    clock,
    record::{self, EventRecord},
    storage::{NewTrailKeys, Position},
};

/// A trail to be opened.
pub struct NewTrail {
    /// Who opens it.
    pub by: Caller,
    /// In which case; none: a new one.
    pub case: Option<CaseId>,
    /// The second person, where it takes two.
    pub second: Second,
    /// The same ID gives the same answer.
    pub request_id: String,
    /// Check only.
    pub validate_only: bool,
    /// The record of its case stays as it was read for this; none: nothing was read of it. [CAS-43]
    pub stays: Option<RecordStays>,
    /// Local name or OrgId of the other organisation.
    pub peer: String,
    /// Under which agreement; none: the only one that allows it.
    pub agreement: Option<AgreementId>,
    /// What is asked.
    pub act: wire::Act,
    /// The kind of service.
    pub service_type: wire::ServiceType,
    /// 0, 1 or 2.
    pub stage: u32,
    /// Why it may be disclosed.
    pub basis: wire::LegalBasis,
    /// Number of the article; 0: none.
    pub article: u32,
    /// What is disclosed.
    pub fields: Vec<Field>,
    /// Labels whose words tell nobody who she is, although they look so. [NST-11]
    pub knowingly: Vec<Label>,
    /// End of the request.
    pub expiry: Option<Seconds>,
    /// When it happened.
    pub occurred: Option<Seconds>,
    /// An earlier trail with the same organisation that it is about.
    pub about: Option<TrailId>,
    /// This organisation signs what is said of her, for whoever comes after. [ONW-8]
    pub attest: bool,
    /// The trails in which what is said was received. [CAS-100]
    pub rests_on: BTreeSet<TrailId>,
    /// The ID of the case, if it is a new one; none: any.
    pub begins: Option<CaseId>,
    /// Why she is named although others were asked the same; unspecified: nobody was. [CAS-81]
    pub beside: wire::Beside,
    /// Whoever opens it knows that the clock is doubted. [TIM-87]
    pub despite_clock: bool,
}

/// An event to be added.
pub struct NewEvent {
    /// Who says it.
    pub by: Caller,
    /// The second person, where it takes two.
    pub second: Second,
    /// The same ID gives the same answer.
    pub request_id: String,
    /// Check only.
    pub validate_only: bool,
    /// To which trail.
    pub trail: TrailId,
    /// What is said.
    pub statement: Statement,
    /// What is disclosed with it.
    pub fields: Vec<Field>,
    /// Labels whose words tell nobody who she is, although they look so. [NST-11]
    pub knowingly: Vec<Label>,
    /// Why it may be; none: as in the opening.
    pub basis: Option<wire::LegalBasis>,
    /// Number of the article; 0: none.
    pub article: u32,
    /// When it happened.
    pub occurred: Option<Seconds>,
    /// The trail that holds the issuer's decision.
    pub evidence_trail: Option<TrailId>,
    /// The record of its case stays as it was read for this; none: nothing was read of it. [CAS-43]
    pub stays: Option<RecordStays>,
    /// Why more places are promised than there are; unspecified: they are not. [PLC-5]
    pub overbooking: wire::Overbooking,
    /// Why she is named although others were asked the same; unspecified: nobody was. [CAS-81]
    pub beside: wire::Beside,
    /// This organisation signs what is said of her, for whoever comes after. [ONW-8]
    pub attest: bool,
    /// The trails in which what is said was received. [CAS-100]
    pub rests_on: BTreeSet<TrailId>,
}

/// What lets somebody add an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// That they see the trail now.
    Sight,
    /// It was given, on disk, before.
    Given,
}

impl Node {
    /// Opens a trail. `None`: nothing was written, because it was a check, or its request ID belongs to an event.
    ///
    /// # Errors
    /// [`Refused`]: nothing was written.
    pub async fn open_trail(&self, mut new: NewTrail) -> Result<Option<TrailId>, Refused> {
        let _stays = new.stays.take();
        let _speaking = self.me.speak().await;
        let digest = record::request_digest(&new.by.by(), &new.request_id);
        new.case = self.case_of_opening(&new)?;
        let _turn = self.trails.hold(&request_place(&digest)).await;
        if let Some(position) = self.indexed(record::REQUESTS, &digest) {
            let kept: EventRecord = self.at(position)?;
            let opened = TrailId::parse(&kept.trail)?;
            // The ID of a request that added an event opened nothing.
            return Ok(Some(opened).filter(|opened| kept.ordinal == 0 && self.asks_that(opened, &new)));
        }
        let peer = self.confirmed(&new.peer)?;
        self.refuse_put_back(&peer.organisation)?;
        let now = clock::now();
        let agreement = self.agreement_for(&new, &peer.organisation, now).map_err(|rejection| {
            let would = |time| self.agreement_for(&new, &peer.organisation, time).is_ok();
            self.not_in_force(rejection, now, &would)
        })?;
        let despite_clock = self.opens_despite_clock(&new, now)?;
        let (validate_only, by, case, begins) = (new.validate_only, new.by.clone(), new.case, new.begins);
        let names = (new.stage == 2).then_some(((new.act, new.service_type), new.beside));
        let (named, basis) = (names_in(&new.fields), new.basis);
        let (said, knowingly) = (new.fields.clone(), new.knowingly.clone());
        let acting = self.acting(&new.by, &new.second, validate_only).await?;
        let time = now.floor(agreement.grain());
        self.check_about(&new, &peer.organisation).await?;
        let mut written = self.write_opening(new, acting, &peer.organisation, &agreement, time)?;
        let id = written.event.id.opened_trail();
        let mut held = self.trails.hold(&id).await;
        let _names = self.cases.names_stay().await;
        let _alone = self.cases.hold(case).await;
        let mut case = self.case_to_open(&by, case.as_ref(), begins, id)?;
        self.refuse_excluded(&case, &peer.organisation)?;
        if let Some((asked, why)) = names {
            written.beside = self.named_beside(&case, &id, asked, why)?;
        }
        self.refuse_closed(&by, &case, basis, &said)?;
        written.knowingly = self.judge_words(&by, &case, &said, &knowingly)?;
        written.despite_clock = despite_clock;
        if validate_only {
            return Ok(None);
        }
        let (new, keys) = new_keys(&id, 0)?;
        let mut new_keys = vec![new];
        self.exclude_named(&mut case, &named, &mut new_keys)?;
        let loaded = Loaded::begin(written.event.clone(), agreement, keys)?;
        let asked = Asked { by: Some(by.by()), request: digest, case: Some(case), place: None, erased: None };
        self.commit_event(&mut held, loaded, &mut written, asked, new_keys, false).await?;
        Ok(Some(id))
    }

    /// Adds an event to a trail. `None`: nothing was written, because it was a check, or its request ID belongs to
    /// another trail. The same ID in this trail gives the same answer, whatever is said this time. [NOD-33]
    ///
    /// # Errors
    /// [`Refused`]: nothing was written.
    pub async fn record_event(&self, new: NewEvent) -> Result<Option<EventId>, Refused> {
        self.demand(&new.by, &new.trail, Sight::Outline)?;
        let mut new = new;
        // [CAS-113] What is said from the record now is said before what a trail told is destroyed in it.
        let _alone = match (&new.statement, self.case_of(&new.trail)) {
            (Statement::Purged(_), Some(case)) if !new.validate_only => {
                new.stays = None;
                self.cases.record_changes(&case).await
            }
            _ => None,
        };
        let cited = match new.evidence_trail {
            // [EVT-15] A trail does not prove itself: whoever is in it has the decision already.
            Some(trail) if trail == new.trail => return Err(Rejection::BadEvidence.into()),
            Some(trail) => {
                self.demand(&new.by, &trail, Sight::Outline)?;
                Some(self.decision_of(&trail).await?)
            }
            None => None,
        };
        self.record(new, cited, Leave::Sight).await
    }

    /// Adds what a change in the case becomes in a trail. Whoever made the change might make it then; that they see the
    /// case no more, because of this very change or since, keeps it from nobody. [CAS-54]
    pub(super) async fn record_followed(&self, new: NewEvent) -> Result<Option<EventId>, Refused> {
        self.record(new, None, Leave::Given).await
    }

    async fn record(
        &self,
        new: NewEvent,
        cited: Option<Verified<Event>>,
        leave: Leave,
    ) -> Result<Option<EventId>, Refused> {
        let digest = record::request_digest(&new.by.by(), &new.request_id);
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(&new.trail).await;
        let _names = self.cases.names_stay().await;
        let _alone = self.hold_cases(&[new.trail]).await;
        // An exclusion that came while this waited counts.
        if leave == Leave::Sight {
            self.demand(&new.by, &new.trail, Sight::Outline)?;
        }
        self.ensure_loaded(&mut held, &new.trail)?;
        if let Some(position) = self.indexed(record::REQUESTS, &digest) {
            return Ok(held.as_ref().and_then(|loaded| event_at(loaded, position)));
        }
        // [BAK-52]
        held.as_ref().map_or(Ok(()), |loaded| self.demand_resumed(loaded))?;
        if let Some(loaded) = held.as_ref() {
            self.refuse_put_back(&loaded.other(&self.me.organisation))?;
        }
        // [RET-13] What is held is not destroyed, whoever asks for it.
        if matches!(new.statement, Statement::Purged(_)) && self.is_on_hold(&new.trail) {
            return Err(Rejection::OnHold.into());
        }
        let loaded = held.take().ok_or(Rejection::NoSuchTrail)?;
        let written = match self.acting(&new.by, &new.second, new.validate_only).await {
            Ok(acting) => self.write_judged(&new, acting, &loaded, cited, leave),
            Err(rejection) => Err(rejection.into()),
        };
        // [PLC-4] From here to the commit nobody else promises a place.
        let promised = match written {
            Ok(written) => self.promise(&new, &loaded).await.map(|promise| (written, promise)),
            Err(refused) => Err(refused),
        };
        let (mut written, promise) = match promised {
            Ok(promised) if !new.validate_only => promised,
            other => {
                *held = Some(loaded);
                return other.map(|_| None);
            }
        };
        let mut loaded = loaded;
        let mut erased = None;
        if matches!(new.statement, Statement::Purged(_)) {
            // The statement says that the values are gone: they go first.
            erased = Some(self.purged_by_person(&loaded, clock::now())?);
            self.erase_values(&mut loaded)?;
        }
        let renewed = if written.disclosed.is_some() { loaded.renew()? } else { None };
        let id = written.event.id;
        let rest = Rest::may_follow(&new.statement).then(|| loaded.rest());
        loaded.trail.admit(written.event.clone())?;
        let rests = rest.is_some_and(|before| loaded.rest() > before);
        let (case, mut keys) = self.case_with(&new)?;
        keys.extend(renewed);
        let place = self.place_change(&loaded, promise.as_ref(), &new.by.by().to_vec())?;
        let asked = Asked { by: Some(new.by.by()), request: digest, case, place, erased };
        self.commit_event(&mut held, loaded, &mut written, asked, keys, rests).await?;
        Ok(Some(id))
    }

    /// Writes an event whose words tell nobody who she is. What was judged when it was written into the record is not
    /// judged again. [NST-11]
    fn write_judged(
        &self,
        new: &NewEvent,
        acting: Acting,
        loaded: &Loaded,
        cited: Option<Verified<Event>>,
        leave: Leave,
    ) -> Result<Written, Refused> {
        let knowingly = if leave == Leave::Sight { self.judge_said(new, loaded)? } else { Vec::new() };
        Ok(Written { knowingly, ..self.write_event(new, acting, loaded, cited)? })
    }

    /// What the case of a trail becomes with an event, if that changes it: somebody has it from now on, or is excluded.
    fn case_with(&self, new: &NewEvent) -> Result<(Option<Case>, Vec<NewTrailKeys>), Rejection> {
        let taken = if answers(&new.statement) { self.case_to_answer(&new.by, &new.trail)? } else { None };
        let named = names_in(&new.fields);
        if named.is_empty() {
            return Ok((taken, Vec::new()));
        }
        let case = taken.or_else(|| self.cases.of(&new.trail).map(|case| Case::clone(&*case)));
        let mut case = case.ok_or(Rejection::NoSuchTrail)?;
        let mut keys = Vec::new();
        self.exclude_named(&mut case, &named, &mut keys)?;
        Ok((Some(case), keys))
    }

    /// Reads a trail into its place if it is not there.
    pub(super) fn ensure_loaded(&self, held: &mut Held, id: &TrailId) -> Result<(), Rejection> {
        if held.is_none() {
            **held = self.load(id)?;
        }
        if held.is_some() { Ok(()) } else { Err(Rejection::NoSuchTrail) }
    }
}

/// Whether who says it takes a case that nobody has. [CAS-11]
const fn answers(statement: &Statement) -> bool {
    !matches!(statement, Statement::Acknowledged | Statement::Warned(_))
}

/// The place in which a request is answered once.
fn request_place(digest: &[u8]) -> TrailId {
    uput_core::id::Id::of(digest).into()
}

fn event_at(loaded: &Loaded, position: Position) -> Option<EventId> {
    loaded.beside.iter().find(|(_, beside)| beside.position == position).map(|(id, _)| *id)
}
