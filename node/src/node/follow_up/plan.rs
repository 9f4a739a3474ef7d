//! How each trail of a case stands towards a change, and what may go there.
//!
//! Guarantees that nothing is planned which the agreement does not allow now, and that what a basis must carry is taken from
//! what was said in the same trail. Leaves the answer to the table in `follow_up`.

use std::collections::BTreeSet;

use uput_core::{
    agreement::{Occasion, Request},
    catalogue::{Field, Label},
    event::{Event, Terms},
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    state::{self, Reading},
    wire,
};

use super::{SAFE_CONTACT, labels, saying::Given};
use crate::{
    case::Case,
    clock,
    follow_up::{Allowed, Answer, Change, Do, Side, Situation, answer},
    node::{
        Node,
        actor::unsaid_second,
        known::Known,
        refusal::Refused,
        trails::Loaded,
        write::{newest_basis, reached},
    },
    record::{EventRecord, FollowedStep},
};

/// What replaces what was told in a trail.
pub(super) struct Correction {
    /// All that is said.
    pub(super) fields: Vec<Field>,
    /// Of it, what is not said in this trail already: it comes from the record.
    pub(super) brought: Vec<Field>,
    /// On which basis.
    pub(super) basis: wire::LegalBasis,
}

impl FollowedStep {
    /// Of a trail that cannot be read nobody knows what to say there. [CAS-117]
    fn unread(trail: &TrailId) -> Self {
        Self {
            trail: trail.to_vec(),
            why: Rejection::ReadFailed.code().to_ascii_lowercase(),
            todo: Do::Telephone.word().to_owned(),
            ..Self::default()
        }
    }

    /// Whether it is one of these.
    pub(super) fn is_unread(&self) -> bool {
        self.say.is_empty() && self.why == Rejection::ReadFailed.code().to_ascii_lowercase()
    }
}

impl Node {
    /// What the change becomes in each trail of the case. [CAS-52]
    pub(super) async fn plan(
        &self,
        case: &Case,
        change: Change,
        known: &Known,
        given: &Given<'_>,
    ) -> Result<Vec<FollowedStep>, Rejection> {
        let mut steps = Vec::new();
        for trail in &case.trails {
            steps.push(self.plan_or_wait(trail, change, known, given).await?);
        }
        Ok(steps)
    }

    /// The same, where a trail that cannot be read keeps the others from nothing: it is looked at again when the change is gone
    /// on with. What she chose is said to all or to nobody. [CAS-116] [CAS-117]
    pub(super) async fn plan_or_wait(
        &self,
        trail: &TrailId,
        change: Change,
        known: &Known,
        given: &Given<'_>,
    ) -> Result<FollowedStep, Rejection> {
        match self.plan_in(trail, change, known, given).await {
            Err(_) if given.chosen.is_none() => Ok(FollowedStep::unread(trail)),
            planned => planned,
        }
    }

    pub(super) async fn plan_in(
        &self,
        trail: &TrailId,
        change: Change,
        known: &Known,
        given: &Given<'_>,
    ) -> Result<FollowedStep, Rejection> {
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let mut situation = self.situation(loaded, change, known, given.of_basis(trail))?;
        if let Some(chosen) = given.chosen {
            // [CAS-80] Whoever was asked the same hears that she chose; nobody else does.
            let rival = *trail != chosen && self.asks_the_same(loaded, &chosen)?;
            let live = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?.live;
            situation.allowed = match (rival, live) {
                (true, true) => Allowed::Yes,
                (true, false) => Allowed::Later,
                (false, _) => Allowed::No,
            };
        }
        let Answer { say, why, act } = answer(change, &situation);
        Ok(FollowedStep {
            trail: trail.to_vec(),
            say: say.iter().map(|say| say.word().to_owned()).collect(),
            why: why.word().to_owned(),
            todo: act.word().to_owned(),
            approval: Vec::new(),
        })
    }

    /// How a trail stands, as far as the change asks. [CAS-51]
    fn situation(
        &self,
        loaded: &Loaded,
        change: Change,
        known: &Known,
        of_basis: &[Field],
    ) -> Result<Situation, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let ours = loaded.trail.party(state::Side::Opener) == self.me.organisation;
        let side = if ours { Side::Opener } else { Side::Peer };
        let disclosures: Vec<&Event> = disclosures(loaded, &reading).collect();
        let mut told = BTreeSet::new();
        for event in &disclosures {
            if self.tells(loaded, event, change)? {
                told.insert(event.id);
            }
        }
        let bases = disclosures.iter().filter_map(|event| event.terms).filter(|terms| terms.stage > 0);
        let bases: Vec<wire::LegalBasis> = bases.map(|terms| terms.basis).collect();
        let allowed = self.allowed(loaded, &reading, change, known, of_basis)?;
        Ok(Situation::of(side, loaded.trail.history(), &reading, &told, bases, allowed))
    }

    /// Whether a disclosure told what the change is about. A safe contact by its labels; who she is, or what she needs, for
    /// everything else.
    fn tells(&self, loaded: &Loaded, event: &Event, change: Change) -> Result<bool, Rejection> {
        if !matches!(change, Change::SafeContact | Change::SafeContactLost) {
            return Ok(true);
        }
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::ReadFailed)?;
        let kept: EventRecord = self.at(beside.position)?;
        let disclosed = loaded.labels(event, &kept);
        Ok(disclosed.is_some_and(|disclosed| disclosed.labels().any(|label| SAFE_CONTACT.contains(&label))))
    }

    /// Whether the new values may go to the other side now. [CAS-51]
    fn allowed(
        &self,
        loaded: &Loaded,
        reading: &Reading,
        change: Change,
        known: &Known,
        of_basis: &[Field],
    ) -> Result<Allowed, Rejection> {
        let other = loaded.other(&self.me.organisation);
        if known.excluded.contains(&other) {
            return Ok(Allowed::Excluded);
        }
        let trusted = self.confirmed(&other.to_string()).is_ok();
        if trusted && self.correction(loaded, change, known, of_basis)?.is_some() {
            return Ok(Allowed::Yes);
        }
        let later = |stage| {
            let terms = Terms { stage, ..terms_of(loaded, reading)? };
            let permitted = self.permitted(loaded, terms)?;
            Some(labels(change).iter().any(|label| permitted.contains(label)))
        };
        let now = reached(reading);
        let comes = trusted && (now + 1..=2).any(|stage| later(stage).unwrap_or(false));
        Ok(if comes { Allowed::Later } else { Allowed::No })
    }

    fn permitted(&self, loaded: &Loaded, terms: Terms) -> Option<BTreeSet<Label>> {
        let (opened, opening) = (loaded.trail.opening_event().ok()?, loaded.trail.opening().ok()?);
        let time = clock::now().floor(loaded.agreement.grain());
        let request = Request { opener: &opened.author, opening, terms, occasion: Occasion::Later, kind: None, time };
        Some(loaded.agreement.permit(&request).ok()?.labels().clone())
    }

    /// The known values that may go there now, with what the basis must carry, which is taken from what was said in this trail
    /// before. None if nothing may go. [CAS-57]
    pub(super) fn correction(
        &self,
        loaded: &Loaded,
        change: Change,
        known: &Known,
        of_basis: &[Field],
    ) -> Result<Option<Correction>, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let Some(terms) = terms_of(loaded, &reading) else { return Ok(None) };
        let (opened, opening) = (loaded.trail.opening_event()?, loaded.trail.opening()?);
        let time = clock::now().floor(loaded.agreement.grain());
        let request = Request { opener: &opened.author, opening, terms, occasion: Occasion::Later, kind: None, time };
        let Ok(permitted) = loaded.agreement.permit(&request) else { return Ok(None) };
        let told = if change == Change::Risk { Some(self.told_labels(loaded, &reading)?) } else { None };
        // [CAS-57] How great the danger is goes where it was told: she agreed to each label, for each recipient.
        let wanted = |label: &&Label| told.as_ref().is_none_or(|told| told.contains(*label));
        let about = labels(change).iter().filter(|label| permitted.labels().contains(label)).filter(wanted);
        let mut fields: Vec<Field> = about.filter_map(|label| known.fields.get(label)?.open().cloned()).collect();
        if fields.is_empty() {
            return Ok(None);
        }
        let mut said = self.said_of_basis(loaded, &reading, terms.basis)?;
        if !loaded.boxes.is_empty() {
            said.extend(of_basis.iter().filter(|field| field.label().is_of_basis()).cloned());
        }
        // Who answers for it is said when somebody does.
        let must = permitted.must().iter().filter(|label| !label.is_staff());
        let mut brought = Vec::new();
        for label in must.chain([&Label::ConsentTicked]) {
            let before = said.iter().find(|field| field.label() == *label).cloned();
            // What she ticked, she ticked for one recipient.
            let held = || known.fields.get(label).filter(|_| *label != Label::ConsentTicked)?.open().cloned();
            let there = fields.iter().any(|field| field.label() == *label);
            let goes = !there && permitted.labels().contains(label);
            brought.extend(held().filter(|_| goes && before.is_none()));
            fields.extend(before.or_else(held).filter(|_| goes));
        }
        let about = fields.iter().filter(|field| labels(change).contains(&field.label()));
        brought.extend(about.cloned());
        let told = self.told_of_her(loaded, Some(terms), loaded.trail.told_by_now(&opened.author)?, &[])?;
        let whole = [fields.clone(), unsaid_second(terms.basis)?].concat();
        let goes = permitted.after(told).minimise(whole).is_ok();
        Ok(goes.then_some(Correction { fields, brought, basis: terms.basis }))
    }

    /// The labels that were told in a trail.
    fn told_labels(&self, loaded: &Loaded, reading: &Reading) -> Result<BTreeSet<Label>, Rejection> {
        let mut told = BTreeSet::new();
        for event in disclosures(loaded, reading) {
            let beside = loaded.beside.get(&event.id).ok_or(Rejection::ReadFailed)?;
            let kept: EventRecord = self.at(beside.position)?;
            told.extend(
                loaded.labels(event, &kept).iter().flat_map(|disclosed| disclosed.labels().collect::<Vec<_>>()),
            );
        }
        Ok(told)
    }

    /// What our newest disclosure under a basis said about the basis.
    fn said_of_basis(
        &self,
        loaded: &Loaded,
        reading: &Reading,
        basis: wire::LegalBasis,
    ) -> Result<Vec<Field>, Rejection> {
        let under = |event: &&Event| {
            event.author == self.me.organisation && event.terms.is_some_and(|terms| terms.basis == basis)
        };
        let newest = disclosures(loaded, reading).filter(under).last();
        let fields = newest.map(|event| self.readable(loaded, event)).transpose()?.unwrap_or_default();
        Ok(fields.into_iter().filter(|field| field.label().is_of_basis()).collect())
    }

    /// Who said that she withdraws, where the profile lets it be said.
    pub(super) async fn said_by(&self, trail: &TrailId, said_by: &str) -> Result<Vec<Field>, Refused> {
        if said_by.is_empty() {
            return Ok(Vec::new());
        }
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let value = Sensitive::new(said_by.to_owned());
        let field = Field::new(Label::WithdrawalSaidBy, value)?;
        let (opened, opening) = (loaded.trail.opening_event()?, loaded.trail.opening()?);
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let time = clock::now().floor(loaded.agreement.grain());
        let allowed = terms_of(loaded, &reading).and_then(|terms| {
            let request =
                Request { opener: &opened.author, opening, terms, occasion: Occasion::Reply, kind: None, time };
            loaded.agreement.permit(&request).ok()
        });
        let lets = allowed.is_some_and(|permitted| permitted.labels().contains(&Label::WithdrawalSaidBy));
        Ok(if lets { vec![field] } else { Vec::new() })
    }
}

/// The effective disclosures about her, oldest first.
fn disclosures<'a>(loaded: &'a Loaded, reading: &'a Reading) -> impl Iterator<Item = &'a Event> {
    let all = loaded.trail.history().disclosures().filter_map(|id| loaded.trail.event(&id));
    let effective = |event: &Event| {
        let judged = reading.events.get(&event.id);
        judged.is_some_and(|judged| judged.verdict == state::Verdict::Effective)
    };
    all.map(|event| -> &Event { event }).filter(move |event| effective(event))
}

/// The terms of a correction: the stage reached, under the basis of the newest disclosure.
fn terms_of(loaded: &Loaded, reading: &Reading) -> Option<Terms> {
    let opened = loaded.trail.opening_event().ok()?.terms?;
    let (basis, article) = newest_basis(loaded)?;
    Some(Terms { stage: reached(reading), rule: opened.rule, basis, article })
}
