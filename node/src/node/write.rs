//! What this organisation says: opening trails and adding events to them.
//!
//! Guarantees that nothing is sealed that profile, stage and basis do not allow, that the same request ID gives the same
//! answer, and that an event is on disk before it is queued.

use std::sync::Arc;

use uput_core::{
    act,
    agreement::{Agreement, Occasion, Request},
    catalogue::{Field, Label},
    entropy::Entropy,
    envelope::Verified,
    event::{Decision, EVENT_VERSION, Event, Opening, Statement, Terms},
    id::{AgreementId, EventId, OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    slot::{Disclosed, Extent, SlotSecrets, commit},
    state::{Reading, Side, Stage},
    step::{self, Draft},
    time::Seconds,
    wire,
};

use super::{
    HeldAgreement, Node,
    actor::{Acting, takes_two},
    approvals::{Approved, Second},
    cases::draft_of,
    directory::Peer,
    exclusions::names_in,
    head::Rest,
    journal::beside,
    outbox::Waiting,
    refusal::Refused,
    trails::{Loaded, new_keys},
    written::Written,
};

use crate::{
    account::{By, Caller},
    case::{Case, CaseId, RecordStays, Sight},
    clock::{self, SystemEntropy},
    peer::PeerState,
    record::{self, EventRecord},
    storage::{Commit, KeyKind, NewTrailKeys, Position},
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
}

/// What lets somebody add an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// That they see the trail now.
    Sight,
    /// It was given, on disk, before.
    Given,
}

/// On whose word an event is written, for which request, and what its case becomes with it.
struct Asked {
    by: By,
    request: Vec<u8>,
    case: Option<Case>,
}

impl Node {
    /// Opens a trail. `None`: nothing was written, because it was a check, or its request ID belongs to an event.
    ///
    /// # Errors
    /// [`Refused`]: nothing was written.
    pub async fn open_trail(&self, mut new: NewTrail) -> Result<Option<TrailId>, Refused> {
        let _stays = new.stays.take();
        let digest = record::request_digest(&new.by.by(), &new.request_id);
        let _turn = self.trails.hold(&request_place(&digest)).await;
        if let Some(position) = self.indexed(record::REQUESTS, &digest) {
            let kept: EventRecord = self.at(position)?;
            // The ID of a request that added an event opened nothing.
            return Ok(Some(TrailId::parse(&kept.trail)?).filter(|_| kept.ordinal == 0));
        }
        let peer = self.confirmed(&new.peer)?;
        let now = clock::now();
        let agreement = self.agreement_for(&new, &peer.organisation, now)?;
        let (validate_only, by, case) = (new.validate_only, new.by.clone(), new.case);
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
        let mut case = self.case_to_open(&by, case.as_ref(), id)?;
        self.refuse_excluded(&case, &peer.organisation)?;
        self.refuse_closed(&case, basis, &said)?;
        written.knowingly = self.judge_words(&by, &case, &said, &knowingly)?;
        if validate_only {
            return Ok(None);
        }
        let (new, keys) = new_keys(&id, 0)?;
        let mut new_keys = vec![new];
        self.exclude_named(&mut case, &named, &mut new_keys)?;
        let loaded = Loaded::begin(written.event.clone(), agreement, keys)?;
        let asked = Asked { by: by.by(), request: digest, case: Some(case) };
        self.commit_event(&mut held, loaded, &mut written, asked, new_keys, false).await?;
        Ok(Some(id))
    }

    /// What an opening is about: as its act says, and between the same two organisations. [EVT-27]
    async fn check_about(&self, new: &NewTrail, peer: &OrgId) -> Result<(), Rejection> {
        let row = act::row(new.act).ok_or(Rejection::NoRule)?;
        // A stage above the highest would be no event at all. [STA-40]
        if !row.about.allows(new.about.is_some()) || new.stage > row.stage {
            return Err(Rejection::NotOfThisAct);
        }
        let Some(about) = &new.about else { return Ok(()) };
        self.demand(&new.by, about, Sight::Outline)?;
        let mut held = self.trails.hold(about).await;
        self.ensure_loaded(&mut held, about)?;
        let other = held.as_ref().map(|loaded| loaded.other(&self.me.organisation));
        if other == Some(*peer) { Ok(()) } else { Err(Rejection::WrongTrail) }
    }

    /// Adds an event to a trail. `None`: nothing was written, because it was a check, or its request ID belongs to
    /// another trail. The same ID in this trail gives the same answer, whatever is said this time. [NOD-33]
    ///
    /// # Errors
    /// [`Refused`]: nothing was written.
    pub async fn record_event(&self, new: NewEvent) -> Result<Option<EventId>, Refused> {
        self.demand(&new.by, &new.trail, Sight::Outline)?;
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
        let loaded = held.take().ok_or(Rejection::NoSuchTrail)?;
        let written = match self.acting(&new.by, &new.second, new.validate_only).await {
            Ok(acting) => self.write_judged(&new, acting, &loaded, cited, leave),
            Err(rejection) => Err(rejection.into()),
        };
        let mut written = match written {
            Ok(written) if !new.validate_only => written,
            other => {
                *held = Some(loaded);
                return other.map(|_| None);
            }
        };
        let mut loaded = loaded;
        if matches!(new.statement, Statement::Purged(_)) {
            // The statement says that the values are gone: they go first.
            self.erase_values(&mut loaded)?;
        }
        let renewed = if written.disclosed.is_some() { loaded.renew()? } else { None };
        let id = written.event.id;
        let rest = Rest::may_follow(&new.statement).then(|| loaded.rest());
        loaded.trail.admit(written.event.clone())?;
        let rests = rest.is_some_and(|before| loaded.rest() > before);
        let (case, mut keys) = self.case_with(&new)?;
        keys.extend(renewed);
        let asked = Asked { by: new.by.by(), request: digest, case };
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

    /// Commits an own event that the trail in hand has admitted, and queues it; if it brought the trail to rest, with a
    /// head. [BUN-40]
    async fn commit_event(
        &self,
        held: &mut super::trails::Held,
        mut loaded: Loaded,
        written: &mut Written,
        asked: Asked,
        keys: Vec<NewTrailKeys>,
        rests: bool,
    ) -> Result<(), Refused> {
        let to = loaded.other(&self.me.organisation);
        let boxed = self.box_for_written(&mut loaded, written, asked.case.as_ref())?;
        let dispatch = self.dispatch_key_for(&loaded, written, loaded.ordinal())?;
        let (mut kept, evidence) =
            written.record(&loaded, loaded.ordinal(), Some(&to), asked.request, dispatch.as_ref())?;
        // [ACC-20] Beside the event, never in it: a peer learns nothing of it.
        kept.account = asked.by.to_vec();
        kept.words = self.sealed_words(&loaded, written)?;
        let head = if rests { self.offered(&loaded).ok() } else { None };
        let boxed = boxed.map(|new| self.wrap_box(&mut loaded, new, asked.case.as_ref())).transpose()?;
        let outline = self.outline_record(&loaded, kept.stored)?;
        let mut approved = written.approved.take();
        if let Some(approved) = &mut approved {
            approved.happens_in(&loaded.trail.id());
        }
        // What is said comes first: the rest stays here, and waits for nobody.
        let mut records = vec![record::draft(&kept)];
        records.extend(head.iter().map(|(_, head)| record::draft(head)));
        let sent = records.len();
        records.extend(asked.case.iter().map(|case| draft_of(case, Some(asked.by))));
        records.extend(boxed.iter().map(record::draft));
        // [APR-5] It is used with what it lets happen, or not at all.
        records.extend(approved.iter().map(Approved::draft));
        records.push(record::draft(&outline));
        let commit = Commit { keys: keys.into_iter().chain(dispatch).collect(), records };
        let _settling = self.settling();
        // If this fails the trail in hand is dropped, and read anew from the journal.
        let mut positions = self.commit(commit).await?.into_inner();
        let outlined = positions.pop().ok_or(Rejection::DiskFull)?;
        if let Some(approved) = approved {
            approved.used();
        }
        let position = positions.first().copied().ok_or(Rejection::DiskFull)?;
        loaded.beside.insert(written.event.id, beside(position, kept.stored, evidence)?);
        let trail = Some(loaded.trail.id());
        loaded.heads.extend(head.map(|(envelope, _)| envelope));
        self.outlined(loaded.trail.id(), &outline, outlined);
        self.on_call.calls.touch(loaded.trail.id());
        self.note_words(&kept);
        **held = Some(loaded);
        if let Some(case) = asked.case {
            self.set_case(case);
        }
        let items =
            (0..).zip(positions).take(sent).map(|(n, at)| (at, Waiting { trail, event: n == 0, since: kept.stored }));
        self.outbox.queue(&to).push(items);
        Ok(())
    }

    /// A peer whose safety number was compared and whose keys do not fork.
    pub(super) fn confirmed(&self, name: &str) -> Result<Peer, Rejection> {
        let peer = self.directory.find(name)?;
        match self.directory.state_of(&peer.organisation) {
            Some(PeerState::Confirmed) => Ok(peer),
            Some(PeerState::Frozen) => Err(Rejection::ForkedChain),
            _ => Err(Rejection::PeerNotConfirmed),
        }
    }

    /// The agreement that was named, or the one that allows what is asked.
    pub(super) fn agreement_for(
        &self,
        new: &NewTrail,
        peer: &OrgId,
        now: Seconds,
    ) -> Result<Arc<Agreement>, Rejection> {
        let us = &self.me.organisation;
        let held = match &new.agreement {
            Some(id) => vec![self.agreements.get(id).ok_or(Rejection::UnknownAgreement)?],
            None => self.agreements.all(),
        };
        let allows = |agreement: &Agreement| agreement.rule_for(new.act, us, peer, new.service_type).is_some();
        let matching: Vec<_> = held.into_iter().filter(|held| allows(&held.agreement)).collect();
        if matching.is_empty() {
            return Err(Rejection::NoRule);
        }
        let signed: Vec<_> = matching.into_iter().filter(|held| held.signed.is_some()).collect();
        if signed.is_empty() {
            return Err(Rejection::AgreementNotSigned);
        }
        let standing = self.agreements.standing(now);
        let may_open = |held: &HeldAgreement| standing.may_open(&held.agreement.id(), [us, peer]);
        // [AGR-32] What was replaced, or begins nothing new, is not offered; named, it is refused with its reason.
        let (open, refused): (Vec<_>, Vec<_>) = signed.into_iter().partition(|held| may_open(held).is_ok());
        if open.is_empty() {
            return Err(refused.iter().find_map(|held| may_open(held).err()).unwrap_or(Rejection::AgreementNotInForce));
        }
        // The newest version of several that allow it.
        let in_force = open.into_iter().filter(|held| held.agreement.is_in_force(now));
        let chosen = in_force.max_by_key(|held| (held.agreement.version(), held.agreement.id()));
        chosen.map(|held| held.agreement).ok_or(Rejection::AgreementNotInForce)
    }

    fn write_opening(
        &self,
        new: NewTrail,
        acting: Acting,
        peer: &OrgId,
        agreement: &Agreement,
        time: Seconds,
    ) -> Result<Written, Refused> {
        let us = &self.me.organisation;
        let chain = self.directory.chain(peer).ok_or(Rejection::NoSuchPeer)?;
        let rule = agreement.rule_for(new.act, us, peer, new.service_type).ok_or(Rejection::NoRule)?;
        let opening = Opening {
            peer: *peer,
            peer_key: chain.newest_id(),
            agreement: agreement.id(),
            act: new.act,
            service_type: new.service_type,
            nonce: SystemEntropy.bytes(),
            event_version: EVENT_VERSION,
            expiry: new.expiry.map(|expiry| expiry.floor(agreement.grain())),
            about: new.about,
        };
        let terms = Terms { stage: new.stage, rule: rule.number, basis: new.basis, article: new.article };
        let request = Request { opener: us, opening: &opening, terms, occasion: Occasion::Opening, time };
        let needs = takes_two(new.basis);
        let fields = [new.fields, acting.fields(&opening.nonce, us, needs)?].concat();
        let (slots, disclosed) = self.fill(agreement, &request, fields)?;
        let approved = acting.second(needs)?;
        let occurred = new.occurred.map(|occurred| occurred.floor(agreement.grain()));
        let draft = Draft { statement: Statement::Acknowledged, terms: Some(terms), slots, time, occurred };
        let event = step::open(&self.me.author(), opening, draft)?;
        Ok(Written { disclosed, extent: Extent::VALUES, approved, ..Written::plain(event) })
    }

    fn write_event(
        &self,
        new: &NewEvent,
        acting: Acting,
        loaded: &Loaded,
        cited: Option<Verified<Event>>,
    ) -> Result<Written, Refused> {
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        let statement = citing(&new.statement, cited.as_deref())?;
        step::may(&loaded.trail, side, &statement)?;
        if let Statement::Decision(Decision { evidence: None, kind, .. }) = statement
            && !loaded.agreement.may_decide(&self.me.organisation, kind)
        {
            // [AGR-24]
            return Err(Rejection::NoRule.into());
        }
        let time = clock::now().floor(loaded.agreement.grain());
        let opening = loaded.trail.opening_event()?;
        let occasion = Occasion::of(&statement, side == Side::Opener);
        if occasion.discloses() {
            // No new disclosure to an organisation whose keys fork.
            let peer = self.confirmed(&loaded.other(&self.me.organisation).to_string())?.organisation;
            let case = self.cases.of(&loaded.trail.id()).ok_or(Rejection::NoSuchTrail)?;
            self.refuse_excluded(&case, &peer)?;
            // [BUN-55] A reopening may restate nothing; whatever else discloses says on which basis.
            if new.fields.is_empty() && statement != Statement::Reopened {
                return Err(Rejection::BasisNotAllowed.into());
            }
        }
        let wanted = terms_for(new, loaded, &statement, occasion)?;
        if occasion.discloses() {
            let case = self.cases.of(&loaded.trail.id()).ok_or(Rejection::NoSuchTrail)?;
            self.refuse_closed(&case, wanted.basis, &new.fields)?;
        }
        // [STA-23] [APR-2] Her word is set aside on no fresh basis: it discloses nothing, and takes a second person.
        let bare = statement == Statement::Reopened && wanted.basis == wire::LegalBasis::NoneNeededNonpersonal;
        let overrides = bare && stands_withdrawn(loaded)?;
        let needs = overrides || (occasion.discloses() && takes_two(wanted.basis));
        let (opener, opening) = (&opening.author, loaded.trail.opening()?);
        let request = Request { opener, opening, terms: wanted, occasion, time };
        if request.needs_force() {
            // [AGR-34] A suspension stops what the end of the agreement would stop.
            let peer = loaded.other(&self.me.organisation);
            self.versions().may_disclose(&opening.agreement, [&self.me.organisation, &peer])?;
        }
        let (mut slots, mut disclosed, mut terms) = (Vec::new(), None, None);
        // [EVT-26] Where nothing at all is permitted, an answer says nothing beside itself.
        if !new.fields.is_empty() || loaded.agreement.permit(&request).is_ok() {
            let fields = [new.fields.clone(), acting.fields(&opening.nonce, &self.me.organisation, needs)?].concat();
            (slots, disclosed) = self.fill(&loaded.agreement, &request, fields)?;
            terms = Some(wanted);
        }
        let approved = acting.second(needs)?;
        let occurred = new.occurred.map(|occurred| occurred.floor(loaded.agreement.grain()));
        let draft = Draft { statement, terms, slots, time, occurred };
        let event = step::append(&loaded.trail, &self.me.author(), draft)?;
        let cited = cited.map(Verified::into_envelope);
        Ok(Written { disclosed, extent: Extent::VALUES, cited, approved, ..Written::plain(event) })
    }

    /// Under which terms an event would be.
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`].
    pub(super) async fn terms_of(&self, new: &NewEvent) -> Result<Terms, Refused> {
        let mut held = self.trails.hold(&new.trail).await;
        self.ensure_loaded(&mut held, &new.trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        terms_for(new, loaded, &new.statement, Occasion::of(&new.statement, side == Side::Opener))
    }

    /// Fields become slots, if the agreement allows all of them.
    fn fill(
        &self,
        agreement: &Agreement,
        request: &Request<'_>,
        fields: Vec<Field>,
    ) -> Result<(Vec<u8>, Option<Disclosed>), Refused> {
        let by_rule = |refused| Refused::Agreement { rule: request.terms.rule, refused };
        let permitted = agreement.permit(request).map_err(|rejection| by_rule(rejection.into()))?;
        let minimised = permitted.minimise(fields).map_err(by_rule)?;
        if minimised.fields().is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut entropy = SystemEntropy;
        let mut secret = || {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            Sensitive::new(bytes)
        };
        let secrets = SlotSecrets { labels: secret(), values: secret() };
        let order = secret();
        let (slots, disclosed) = commit(minimised, &request.opening.nonce, &self.me.organisation, secrets, &order)?;
        Ok((slots, Some(disclosed)))
    }

    /// Reads a trail into its place if it is not there.
    pub(super) fn ensure_loaded(&self, held: &mut super::trails::Held, id: &TrailId) -> Result<(), Rejection> {
        if held.is_none() {
            **held = self.load(id)?;
        }
        if held.is_some() { Ok(()) } else { Err(Rejection::NoSuchTrail) }
    }

    /// The newest decision of a trail that its own issuer signed.
    async fn decision_of(&self, trail: &TrailId) -> Result<Verified<Event>, Rejection> {
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let issued = |event: &&Verified<Event>| {
            matches!(event.statement, Statement::Decision(Decision { evidence: None, kind, .. })
                if loaded.agreement.may_decide(&event.author, kind))
        };
        loaded.trail.events().filter(issued).last().cloned().ok_or(Rejection::BadEvidence)
    }

    /// Destroys the values of a trail. Blocks for a few syncs; nothing else works on the trail meanwhile.
    fn erase_values(&self, loaded: &mut Loaded) -> Result<(), Rejection> {
        for (generation, keys) in (0..).zip(&mut loaded.keys) {
            if keys.value.take().is_some() {
                let name = record::key_name(&loaded.trail.id(), generation);
                tokio::task::block_in_place(|| self.storage.erase(&name, KeyKind::Value)).map_err(|error| {
                    tracing::error!(%error, "values were not erased");
                    Rejection::DiskFull
                })?;
            }
        }
        self.forget_words(&loaded.trail.id());
        // [APR-9] Why a second person was asked may say as much as the values.
        let trail = loaded.trail.id().to_vec();
        self.forget_words_of_approvals(|kept| kept.trail == trail).map(drop)
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

/// A decision that cites its issuer's says the same as that.
fn citing(statement: &Statement, cited: Option<&Event>) -> Result<Statement, Rejection> {
    match (statement, cited) {
        (Statement::Decision(_), Some(event)) => match event.statement {
            Statement::Decision(issued) => Ok(Statement::Decision(Decision { evidence: Some(event.id), ..issued })),
            _ => Err(Rejection::BadEvidence),
        },
        (_, Some(_)) => Err(Rejection::BadEvidence),
        (statement, None) => Ok(statement.clone()),
    }
}

/// Whether a withdrawal of hers stops a trail. [STA-23]
fn stands_withdrawn(loaded: &Loaded) -> Result<bool, Rejection> {
    let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
    let stops = reading.stops.iter().filter_map(|id| loaded.trail.event(id));
    Ok(stops.into_iter().any(|event| event.statement == Statement::Withdrawn))
}

/// Under which terms the slots of an event are filled.
pub(super) fn terms_for(
    new: &NewEvent,
    loaded: &Loaded,
    statement: &Statement,
    occasion: Occasion,
) -> Result<Terms, Refused> {
    let opened = loaded.trail.opening_event()?.terms.ok_or(Rejection::Malformed)?;
    let restates = occasion.discloses() && (!new.fields.is_empty() || *statement != Statement::Reopened);
    if !restates && new.fields.iter().all(|field| field.label().is_nonpersonal()) {
        // An answer that says nothing about a person needs no basis. [AGR-22]
        let basis = wire::LegalBasis::NoneNeededNonpersonal;
        return Ok(Terms { stage: 0, rule: opened.rule, basis, article: 0 });
    }
    let stage = match statement {
        Statement::Need => 1,
        Statement::Identity => 2,
        _ => reached(&loaded.trail.reading().map_err(|_| Rejection::Malformed)?),
    };
    let (basis, article) = match new.basis {
        Some(basis) => (basis, new.article),
        None => newest_basis(loaded).unwrap_or((opened.basis, opened.article)),
    };
    Ok(Terms { stage, rule: opened.rule, basis, article })
}

/// The number of the stage that a trail has reached.
pub(super) const fn reached(reading: &Reading) -> u32 {
    match reading.stage {
        Stage::Enquiry => 0,
        Stage::Need => 1,
        Stage::Identity => 2,
    }
}

/// The basis of the opener's newest disclosure about her.
pub(super) fn newest_basis(loaded: &Loaded) -> Option<(wire::LegalBasis, u32)> {
    let terms = loaded.trail.events().filter_map(|event| event.terms).filter(|terms| terms.stage > 0);
    terms.last().map(|terms| (terms.basis, terms.article))
}
