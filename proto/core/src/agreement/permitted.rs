//! What may stand in the slots of one event.

use std::{collections::BTreeSet, fmt};

use super::{Agreement, Obstacle, Occasion, Profile, Rule, Told};
use crate::{
    act::{self, Due, When},
    catalogue::{Cell, Field, Label},
    event::{Event, Opening, Terms},
    id::OrgId,
    legal_basis::Basis,
    rejection::Rejection,
    state::Kind,
    time::Seconds,
    wire::{LegalBasis, ServiceType},
};

/// What is asked of an agreement: may slots be filled in this trail, under these terms, now?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who opened the trail.
    pub opener: &'a OrgId,
    /// What the opening says.
    pub opening: &'a Opening,
    /// Rule and basis of the slots.
    pub terms: Terms,
    /// On which occasion.
    pub occasion: Occasion,
    /// Which kind of event, of those that have to say something ([`Occasion::content`]). [AGR-70]
    pub kind: Option<Kind>,
    /// When, as claimed.
    pub time: Seconds,
}

/// Evidence that an agreement allows slots on one occasion, and with which labels. Only [`Agreement::permit`] makes it.
///
/// ```compile_fail,E0451
/// use uput_core::{agreement::Permitted, time::Seconds};
/// fn forge(time: Seconds) -> Permitted {
///     let (labels, ticked, must, content, told) = Default::default();
///     Permitted { labels, ticked, must, content, rests: None, time, told }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    labels: BTreeSet<Label>,
    ticked: BTreeSet<Label>,
    must: BTreeSet<Label>,
    content: BTreeSet<Label>,
    rests: Option<(LegalBasis, ServiceType)>,
    time: Seconds,
    pub(super) told: Told,
}

/// Why something is not allowed, and which labels are the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which rule says no.
    pub rejection: Rejection,
    /// The labels that break it, or that are missing; empty if it is not about labels.
    pub labels: Vec<Label>,
}

impl<'a> Request<'a> {
    /// The request that an event with terms stands for; `None` without terms, or if `opening` opens nothing.
    #[must_use]
    pub fn of(opening: &'a Event, event: &Event) -> Option<Self> {
        let occasion = Occasion::of(&event.statement, event.author == opening.author);
        let (terms, time, kind) = (event.terms?, event.time, Occasion::content(&event.statement));
        Some(Self { opener: &opening.author, opening: opening.opening()?, terms, occasion, kind, time })
    }

    /// Whether the agreement must be in force: what says nothing about her goes on, as answers do. [AGR-20]
    #[must_use]
    pub const fn needs_force(&self) -> bool {
        match self.occasion {
            Occasion::Opening => true,
            Occasion::Later => self.terms.stage > 0,
            Occasion::Reply => false,
        }
    }

    /// Whether what belongs to a stage is said with this event for the first time. [AGR-70]
    fn opens(&self, stage: u32) -> bool {
        match (self.occasion, self.kind) {
            (Occasion::Opening, _) => stage <= self.terms.stage,
            (Occasion::Later, Some(Kind::Need)) => stage == 1,
            (Occasion::Later, Some(Kind::Identity)) => stage == 2,
            _ => false,
        }
    }

    /// The same at stage 0, which needs no basis.
    pub(super) const fn lowered(self) -> Self {
        let terms = Terms { stage: 0, rule: self.terms.rule, basis: LegalBasis::NoneNeededNonpersonal, article: 0 };
        Self { terms, ..self }
    }
}

impl Agreement {
    /// The stage at which a trail opens: what is not permitted opens at stage 0, for every reader alike. [EVT-13] [STA-25]
    #[must_use]
    pub fn effective_stage(&self, opening: &Event) -> u32 {
        let permitted = Request::of(opening, opening).is_some_and(|request| self.permit(&request).is_ok());
        opening.terms.filter(|_| permitted).map_or(0, |terms| terms.stage)
    }

    /// Whether slots are allowed, and with which labels. [AGR-21] [AGR-23]
    ///
    /// # Errors
    /// [`Rejection::AgreementNotInForce`], [`Rejection::NoRule`], [`Rejection::NotOfThisAct`] or
    /// [`Rejection::BasisNotAllowed`].
    pub fn permit(&self, request: &Request<'_>) -> Result<Permitted, Rejection> {
        self.examine(request).map_err(Obstacle::rejection)
    }

    /// The same, and what stands in the way.
    ///
    /// # Errors
    /// The first obstacle.
    pub fn examine(&self, request: &Request<'_>) -> Result<Permitted, Obstacle> {
        // [AGR-20] Answers, withdrawals and purges outlive the agreement.
        if request.needs_force() && !self.is_in_force(request.time) {
            return Err(Obstacle::NotInForce);
        }
        let (opening, terms) = (request.opening, request.terms);
        let rule = self.rule(terms.rule).ok_or(Obstacle::NoSuchRule)?;
        let unfit = self.unfit(rule, opening.act, request.opener, &opening.peer, opening.service_type);
        unfit.map_or(Ok(()), Err)?;
        let profile = self.profile(rule).ok_or(Obstacle::NoProfile)?;
        let basis = Basis::of(terms.basis).ok_or(Obstacle::NotListed)?;
        self.declines(rule, basis, request).map_or(Ok(()), Err)?;
        Ok(Permitted::new(profile, rule.receiver, basis, request))
    }

    /// Why a rule does not accept a basis on that occasion. [AGR-23]
    fn declines(&self, rule: &Rule, basis: &Basis, request: &Request<'_>) -> Option<Obstacle> {
        let Terms { stage, article, .. } = request.terms;
        // [STA-40] What an act never reaches is permitted on no basis.
        let reaches = act::row(rule.act).is_some_and(|row| stage <= row.stage);
        let listed = basis.nonpersonal || rule.bases.contains(&basis.code);
        // [BAS-3] Only an opening discloses something at every stage.
        let serves = basis.serves(rule.act) || (basis.nonpersonal && request.occasion != Occasion::Opening);
        // [BAS-4] Stage 2 in an opening needs a rule and a basis that say so.
        let collapses = request.occasion == Occasion::Opening && stage == 2;
        let may_collapse = !collapses || (rule.collapsed && basis.collapses(rule.receiver));
        let obstacles = [
            (reaches, Obstacle::BeyondTheAct),
            (basis.is_for(stage), Obstacle::OtherStage),
            (serves, Obstacle::ServesNotTheAct),
            (listed, Obstacle::NotListed),
            (may_collapse, Obstacle::WaitsForTheAnswer),
            (article != 0 || !basis.article, Obstacle::NoArticle),
            (article == 0 || self.article(article).is_some(), Obstacle::UnknownArticle),
        ];
        obstacles.into_iter().find(|(passes, _)| !passes).map(|(_, obstacle)| obstacle)
    }
}

impl Permitted {
    fn new(profile: &Profile, receiver: ServiceType, basis: &Basis, request: &Request<'_>) -> Self {
        let discloses = request.occasion.discloses();
        let mut labels = if discloses {
            disclosing(profile, receiver, basis, request.terms.stage)
        } else {
            replying(profile, basis)
        };
        // [DIS-15] Who acted says nothing about her.
        labels.extend(Label::ALL.iter().filter(|label| label.is_staff()));
        let hers = |label: &Label| {
            profile.ticked.contains(label) || (discloses && basis.ticks && label.cell(receiver) == Cell::Asked)
        };
        let mut must: BTreeSet<Label> = if discloses { basis.must.iter().copied().collect() } else { BTreeSet::new() };
        // What the basis must carry needs no tick.
        let ticked: BTreeSet<Label> =
            labels.iter().copied().filter(hers).filter(|label| !must.contains(label)).collect();
        let content = content(profile, request, &labels, &ticked);
        must.extend(&content);
        // A reply rests on the opener's basis. [AGR-23]
        let rests = discloses.then_some((basis.code, receiver));
        Self { labels, ticked, must, content, rests, time: request.time, told: Told::default() }
    }

    /// The labels that may be there.
    #[must_use]
    pub const fn labels(&self) -> &BTreeSet<Label> {
        &self.labels
    }

    /// Of these, the ones that need her tick.
    #[must_use]
    pub const fn ticked(&self) -> &BTreeSet<Label> {
        &self.ticked
    }

    /// The labels that must be there.
    #[must_use]
    pub const fn must(&self) -> &BTreeSet<Label> {
        &self.must
    }

    /// Of what the act has to say, what is not said. [AGR-70]
    pub(super) fn unsaid(&self, present: &BTreeSet<Label>) -> Vec<Label> {
        self.content.difference(present).copied().collect()
    }

    /// Of the labels that the basis must carry, those that lack. [BAS-1] [BAS-9]
    pub(super) fn lacking(&self, present: &BTreeSet<Label>, fields: &[Field]) -> Vec<Label> {
        let completed = self.basis().map(|(basis, _)| basis.completed(present, fields)).unwrap_or_default();
        completed.difference(present).copied().collect()
    }

    /// Labels whose values show that the basis does not hold. [BAS-6]
    pub(super) fn faults(&self, fields: &[Field]) -> Vec<Label> {
        self.basis().map(|(basis, receiver)| basis.faults(receiver, self.time, fields)).unwrap_or_default()
    }

    /// The same as far as it is certain. [BAS-46]
    pub(super) fn certain_faults(&self, fields: &[Field]) -> Vec<Label> {
        self.basis().map(|(basis, receiver)| basis.certain_faults(receiver, self.time, fields)).unwrap_or_default()
    }

    /// Whether nobody can tell if the basis had ended: it ends with a day by a clock that is not named. [BAS-46]
    pub(super) fn may_have_ended(&self, fields: &[Field]) -> bool {
        let lasts = self.basis().and_then(|(basis, _)| basis.lasts(fields));
        lasts.is_some_and(|lasts| lasts.at_least < self.time)
    }

    pub(super) fn basis(&self) -> Option<(&'static Basis, ServiceType)> {
        let (code, receiver) = self.rests?;
        Some((Basis::of(code)?, receiver))
    }
}

/// What the act has to say in that event. What is not permitted there, or needs her tick, need not be said, but in what is
/// nothing without it. [AGR-70]
fn content(
    profile: &Profile,
    request: &Request<'_>,
    labels: &BTreeSet<Label>,
    ticked: &BTreeSet<Label>,
) -> BTreeSet<Label> {
    let free = |label: &Label| labels.contains(label) && !ticked.contains(label);
    let is_due = |due: &&Due| match due.when {
        When::Each(kind) => request.kind == Some(kind) && (request.occasion.discloses() || free(&due.label)),
        When::Stage(stage) => {
            let listed = profile.stage_of(due.label).unwrap_or_default();
            request.opens(stage.max(listed)) && free(&due.label)
        }
    };
    let must = act::row(request.opening.act).map_or(&[][..], |row| row.must);
    must.iter().filter(is_due).map(|due| due.label).collect()
}

/// Labels of the profile up to that stage that the basis allows, and the basis's own.
pub(super) fn disclosing(profile: &Profile, receiver: ServiceType, basis: &Basis, stage: u32) -> BTreeSet<Label> {
    let passes = |label: &Label| profile.discloses(*label, receiver, basis, stage).is_ok();
    Label::ALL.iter().copied().filter(passes).collect()
}

/// Labels of replies; without a basis, those that say nothing about a person.
fn replying(profile: &Profile, basis: &Basis) -> BTreeSet<Label> {
    Label::ALL.iter().copied().filter(|label| profile.answers(*label, basis).is_ok()).collect()
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, labels: Vec::new() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rejection)?;
        let names: Vec<&str> = self.labels.iter().map(|label| label.name()).collect();
        if names.is_empty() { Ok(()) } else { write!(f, ": {}", names.join(", ")) }
    }
}

impl std::error::Error for Refused {}
