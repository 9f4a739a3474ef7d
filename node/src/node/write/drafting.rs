//! Own events as they are drafted and signed, nothing of them on disk yet.
//!
//! Guarantees that nothing is sealed that profile, stage and basis do not allow, that her word is set aside by two only, and
//! that nothing new goes to an organisation that is excluded, suspended or whose keys fork.

use uput_core::{
    agreement::{Agreement, Occasion, Request, Told},
    catalogue::Field,
    entropy::Entropy,
    envelope::Verified,
    event::{Decision, EVENT_VERSION, Event, Opening, Statement, Terms},
    id::{EventId, Id, OrgId},
    legal_basis::Basis,
    rejection::Rejection,
    sensitive::Sensitive,
    slot::{Disclosed, Extent, SlotSecrets, commit},
    state::{Offer, Side},
    step::{self, Draft},
    time::Seconds,
    wire,
};

use super::{NewEvent, NewTrail, evidence::citing, terms::terms_for};
use crate::{
    clock::{self, SystemEntropy},
    node::{
        Node,
        actor::{Acting, takes_two},
        onward::copy_in,
        refusal::Refused,
        trails::Loaded,
        written::Written,
    },
};

/// Slots, what opens them, and the copy of what was signed of her that is among them.
#[derive(Default)]
struct Filled {
    slots: Vec<u8>,
    disclosed: Option<Disclosed>,
    copy: Option<Id>,
}

/// In seconds: times of what happened are whole minutes, and two clocks on one computer differ by less.
const MINUTE: u64 = 60;

impl Node {
    pub(super) fn write_opening(
        &self,
        new: NewTrail,
        acting: Acting,
        peer: &OrgId,
        agreement: &Agreement,
        time: Seconds,
    ) -> Result<Written, Refused> {
        not_ahead(new.occurred, time)?;
        if new.expiry.is_some_and(|expiry| expiry <= time) {
            return Err(Refused::Expired);
        }
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
        let request = Request { opener: us, opening: &opening, terms, occasion: Occasion::Opening, kind: None, time };
        let needs = takes_two(new.basis);
        let hours = hours_of(new.basis, time, &new.fields);
        let fields = [new.fields, hours, acting.fields(&opening.nonce, us, needs)?].concat();
        let Filled { slots, disclosed, copy } =
            self.fill(agreement, &request, (fields, Told::default()), peer, new.attest)?;
        let approved = acting.second(needs)?;
        let occurred = new.occurred.map(|occurred| occurred.floor(agreement.grain()));
        let draft = Draft { statement: Statement::Acknowledged, terms: Some(terms), slots, time, occurred };
        let event = step::open(&self.me.author(&self.me.keys()), opening, draft)?;
        let rests_on = new.rests_on;
        Ok(Written { disclosed, extent: Extent::VALUES, copy, rests_on, approved, ..Written::plain(event) })
    }

    pub(super) fn write_event(
        &self,
        new: &NewEvent,
        acting: Acting,
        loaded: &Loaded,
        cited: Option<Verified<Event>>,
    ) -> Result<Written, Refused> {
        let side = loaded.trail.side(&self.me.organisation).ok_or(Rejection::WrongTrail)?;
        let statement = citing(&new.statement, cited.as_deref())?;
        step::may(&loaded.trail, side, &statement)?;
        self.check_task(new, loaded)?;
        check_taken(&statement, loaded)?;
        if let Statement::Decision(Decision { evidence: None, kind, .. }) = statement
            && !loaded.agreement.may_decide(&self.me.organisation, kind)
        {
            // [AGR-24]
            return Err(Rejection::NoRule.into());
        }
        let time = clock::now().floor(loaded.agreement.grain());
        not_ahead(new.occurred, time)?;
        self.refuse_held_over(&statement, time)?;
        refuse_ended(&statement, loaded, time)?;
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
        let mut beside = wire::Beside::Unspecified;
        if occasion.discloses() {
            let case = self.cases.of(&loaded.trail.id()).ok_or(Rejection::NoSuchTrail)?;
            self.refuse_closed(&new.by, &case, wanted.basis, &new.fields)?;
            if matches!(statement, Statement::Identity | Statement::Reopened) && wanted.stage == 2 {
                let asked = loaded.trail.opening().map(|opening| (opening.act, opening.service_type))?;
                beside = self.named_beside(&case, &loaded.trail.id(), asked, new.beside)?;
            }
        }
        // [STA-23] [APR-2] Her word is set aside on no fresh basis: it discloses nothing, and takes a second person.
        let bare = statement == Statement::Reopened && wanted.basis == wire::LegalBasis::NoneNeededNonpersonal;
        let overrides = bare && stands_withdrawn(loaded)?;
        let needs = overrides || (occasion.discloses() && takes_two(wanted.basis));
        let (opener, opening) = (&opening.author, loaded.trail.opening()?);
        let kind = Occasion::content(&statement);
        let request = Request { opener, opening, terms: wanted, occasion, kind, time };
        if request.needs_force() {
            // [AGR-34] A suspension stops what the end of the agreement would stop.
            let peer = loaded.other(&self.me.organisation);
            self.versions().may_disclose(&opening.agreement, [&self.me.organisation, &peer])?;
        }
        let (mut filled, mut terms) = (Filled::default(), None);
        // [EVT-26] Where nothing at all is permitted, an answer says nothing beside itself.
        if !new.fields.is_empty() || loaded.agreement.permit(&request).is_ok() {
            let hours = if occasion.discloses() { hours_of(wanted.basis, time, &new.fields) } else { Vec::new() };
            let acted = acting.fields(&opening.nonce, &self.me.organisation, needs)?;
            let fields = [new.fields.clone(), hours, acted].concat();
            let to = loaded.other(&self.me.organisation);
            // [BAS-22] What a reply says rests on no basis of its own.
            let before = if occasion.discloses() { loaded.trail.told_by_now(opener)? } else { Vec::new() };
            let told = self.told_of_her(loaded, Some(wanted), before, &[])?;
            filled = self.fill(&loaded.agreement, &request, (fields, told), &to, new.attest)?;
            terms = Some(wanted);
        }
        let approved = acting.second(needs)?;
        let occurred = new.occurred.map(|occurred| occurred.floor(loaded.agreement.grain()));
        let Filled { slots, disclosed, copy } = filled;
        let draft = Draft { statement, terms, slots, time, occurred };
        let event = step::append(&loaded.trail, &self.me.author(&self.me.keys()), draft)?;
        let cited = cited.map(Verified::into_envelope);
        let (rests_on, extent) = (new.rests_on.clone(), Extent::VALUES);
        Ok(Written { disclosed, extent, cited, copy, rests_on, approved, beside, ..Written::plain(event) })
    }

    /// A place is not held until a time that is past, as far as the clock is believed. [PLC-13]
    fn refuse_held_over(&self, statement: &Statement, time: Seconds) -> Result<(), Refused> {
        let over = matches!(statement, Statement::Held { until } if *until < time);
        if over && self.is_clock_vouched_for() { Err(Refused::HeldOver) } else { Ok(()) }
    }

    /// Fields become slots, if the agreement allows all of them.
    fn fill(
        &self,
        agreement: &Agreement,
        request: &Request<'_>,
        (fields, told): (Vec<Field>, Told),
        to: &OrgId,
        attest: bool,
    ) -> Result<Filled, Refused> {
        let by_rule = |refused| Refused::Agreement { rule: request.terms.rule, refused };
        let permitted = agreement.permit(request).map_err(|rejection| by_rule(rejection.into()))?.after(told);
        let mut minimised = permitted.minimise(self.narrowed(self.by_her_clock(fields))?).map_err(by_rule)?;
        if attest {
            minimised = permitted.minimise(self.attested(&minimised, request.time)?).map_err(by_rule)?;
        }
        if minimised.fields().is_empty() {
            return Ok(Filled::default());
        }
        let copy = copy_in(minimised.fields())?;
        copy.map_or(Ok(()), |copy| self.refuse_given(&copy, to))?;
        let mut entropy = SystemEntropy;
        let mut secret = || {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            Sensitive::new(bytes)
        };
        let secrets = SlotSecrets { labels: secret(), values: secret() };
        let order = secret();
        let (slots, disclosed) = commit(minimised, &request.opening.nonce, &self.me.organisation, secrets, &order)?;
        Ok(Filled { slots, disclosed: Some(disclosed), copy })
    }
}

/// Who she is, is not told on a decision that has ended. [EVT-31]
fn refuse_ended(statement: &Statement, loaded: &Loaded, time: Seconds) -> Result<(), Refused> {
    let sides = [Side::Opener, Side::Peer];
    let known: Vec<EventId> = sides.into_iter().filter_map(|side| loaded.trail.last(side)).collect();
    let decided = *statement == Statement::Identity && loaded.trail.rests_on_decision(&known);
    if decided && loaded.trail.grounds(&known, time).is_empty() {
        return Err(Rejection::DecisionEnded.into());
    }
    Ok(())
}

/// What happened is past, in minutes. [NOD-60]
fn not_ahead(occurred: Option<Seconds>, time: Seconds) -> Result<(), Refused> {
    let ahead = occurred.is_some_and(|occurred| occurred.since(time).is_some_and(|ahead| ahead.0 >= MINUTE));
    if ahead { Err(Refused::NotYet) } else { Ok(()) }
}

/// A transfer is taken once. [NOD-60]
fn check_taken(statement: &Statement, loaded: &Loaded) -> Result<(), Refused> {
    if !matches!(statement, Statement::TransferTaken(_)) {
        return Ok(());
    }
    let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
    if matches!(reading.offer, Offer::Taken(_)) { Err(Refused::TakenAlready) } else { Ok(()) }
}

/// Whether a withdrawal of hers stops a trail. [STA-23]
fn stands_withdrawn(loaded: &Loaded) -> Result<bool, Rejection> {
    let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
    let stops = reading.stops.iter().filter_map(|id| loaded.trail.event(id));
    Ok(stops.into_iter().any(|event| event.statement == Statement::Withdrawn))
}

/// Until when a basis for hours lasts, and by when it is looked at again, where nobody said. [BAS-20]
fn hours_of(basis: wire::LegalBasis, time: Seconds, fields: &[Field]) -> Vec<Field> {
    Basis::of(basis).map(|basis| basis.hours(time, fields)).unwrap_or_default()
}
