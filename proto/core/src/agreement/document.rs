//! One version of an agreement.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Article, Auditor, DecisionRule, EscalationStep, Flaw, Party, Profile, Retention, Rule, Timer, WitnessRule, reading,
};
use crate::{
    codec,
    envelope::MAX_BODY,
    id::{AgreementId, Id, OrgId},
    rejection::Rejection,
    time::{Grain, Seconds, Span},
    wire::{self, Act, DecisionType, ServiceType, TimerKind},
};

/// One version of an agreement, well formed as a whole; signed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub(super) id: AgreementId,
    pub(super) title: String,
    pub(super) version: u32,
    pub(super) previous: Option<AgreementId>,
    pub(super) gives_up: BTreeSet<AgreementId>,
    pub(super) valid_from: Seconds,
    pub(super) valid_until: Seconds,
    pub(super) grain: Grain,
    pub(super) demonstration: bool,
    pub(super) parties: BTreeMap<OrgId, Party>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) rules: BTreeMap<u32, Rule>,
    pub(super) articles: BTreeMap<u32, Article>,
    pub(super) timers: Vec<Timer>,
    pub(super) decisions: Vec<DecisionRule>,
    pub(super) escalation: Vec<EscalationStep>,
    pub(super) retention: Retention,
    pub(super) witnesses: WitnessRule,
    pub(super) auditors: BTreeMap<OrgId, Auditor>,
    pub(super) threshold: u32,
}

impl Agreement {
    /// Reads the body of an envelope of an agreement; `id` is the envelope's.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::Malformed`] or [`Rejection::NotCanonical`]; [`Agreement::flaw`] says more.
    pub fn parse(id: Id, bytes: &[u8]) -> Result<Self, Rejection> {
        // [AGR-3] The same bound as that of the envelope around it.
        if bytes.len() > MAX_BODY {
            return Err(Rejection::TooLarge);
        }
        let document: wire::Agreement = codec::decode(bytes)?;
        reading::read(id.into(), document).map_err(|_| Rejection::Malformed)
    }

    /// What is wrong with a decoded document, in words; `None` if nothing is.
    #[must_use]
    pub fn flaw(document: wire::Agreement) -> Option<Flaw> {
        reading::read(Id::of(&[]).into(), document).err()
    }

    /// ID of this version.
    #[must_use]
    pub const fn id(&self) -> AgreementId {
        self.id
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// From 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The version before.
    #[must_use]
    pub const fn previous(&self) -> Option<AgreementId> {
        self.previous
    }

    /// Versions after the same one that this one gives up. [AGR-75]
    #[must_use]
    pub const fn gives_up(&self) -> &BTreeSet<AgreementId> {
        &self.gives_up
    }

    /// From when it allows openings.
    #[must_use]
    pub const fn valid_from(&self) -> Seconds {
        self.valid_from
    }

    /// Until when, exclusive, it allows openings and disclosures.
    #[must_use]
    pub const fn valid_until(&self) -> Seconds {
        self.valid_until
    }

    /// Whether it allows openings and disclosures at that time. [AGR-20]
    #[must_use]
    pub fn is_in_force(&self, time: Seconds) -> bool {
        self.valid_from <= time && time < self.valid_until
    }

    /// What claimed times are multiples of.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        self.grain
    }

    /// Whether it is for invented data only.
    #[must_use]
    pub const fn is_demonstration(&self) -> bool {
        self.demonstration
    }

    /// The parties, by OrgId.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.parties.values()
    }

    /// The parties that sign and are bound: those that are not suspended. [AGR-25] [AGR-30]
    pub fn signing(&self) -> impl Iterator<Item = &Party> {
        self.parties().filter(|party| !party.suspended)
    }

    /// That party.
    #[must_use]
    pub fn party(&self, organisation: &OrgId) -> Option<&Party> {
        self.parties.get(organisation)
    }

    /// The rules, by number.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule of that number.
    #[must_use]
    pub fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get(&number)
    }

    /// The first rule by which one party may ask another for that.
    #[must_use]
    pub fn rule_for(&self, act: Act, sender: &OrgId, receiver: &OrgId, service_type: ServiceType) -> Option<&Rule> {
        self.rules().find(|rule| self.lets(rule, act, sender, receiver, service_type))
    }

    /// Whether that rule lets one party ask another for that. [AGR-21]
    #[must_use]
    pub fn lets(&self, rule: &Rule, act: Act, sender: &OrgId, receiver: &OrgId, service_type: ServiceType) -> bool {
        self.unfit(rule, act, sender, receiver, service_type).is_none()
    }

    /// The profiles, by name.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// The profile of a rule.
    #[must_use]
    pub fn profile(&self, rule: &Rule) -> Option<&Profile> {
        self.profiles.get(&rule.profile)
    }

    /// Whether anything that is disclosed under it is sealed to staff. [STF-1]
    #[must_use]
    pub fn asks_for_staff(&self) -> bool {
        self.rules().any(|rule| self.is_staff_only(rule.number))
    }

    /// Whether what is disclosed under that rule is sealed to staff. [STF-1]
    #[must_use]
    pub fn is_staff_only(&self, rule: u32) -> bool {
        self.rule(rule).and_then(|rule| self.profile(rule)).is_some_and(|profile| profile.staff_only)
    }

    /// The articles, by number.
    pub fn articles(&self) -> impl Iterator<Item = &Article> {
        self.articles.values()
    }

    /// The article of that number.
    #[must_use]
    pub fn article(&self, number: u32) -> Option<&Article> {
        self.articles.get(&number)
    }

    /// The timers, by act and step.
    #[must_use]
    pub fn timers(&self) -> &[Timer] {
        &self.timers
    }

    /// How long that step may take.
    #[must_use]
    pub fn timer(&self, act: Act, kind: TimerKind) -> Option<Span> {
        self.timers.iter().find(|timer| timer.act == act && timer.kind == kind).map(|timer| timer.span)
    }

    /// Who may decide what, by type.
    #[must_use]
    pub fn decisions(&self) -> &[DecisionRule] {
        &self.decisions
    }

    /// Services of bodies that may make that decision.
    #[must_use]
    pub fn issuers(&self, kind: DecisionType) -> Option<&BTreeSet<ServiceType>> {
        self.decisions.iter().find(|decision| decision.kind == kind).map(|decision| &decision.issuers)
    }

    /// Whether that party may make that decision. [AGR-24]
    #[must_use]
    pub fn may_decide(&self, organisation: &OrgId, kind: DecisionType) -> bool {
        let (Some(party), Some(issuers)) = (self.party(organisation), self.issuers(kind)) else { return false };
        !party.suspended && !party.services.is_disjoint(issuers)
    }

    /// To whom an unanswered request goes, in order.
    #[must_use]
    pub fn escalation(&self) -> &[EscalationStep] {
        &self.escalation
    }

    /// How long things are kept.
    #[must_use]
    pub const fn retention(&self) -> &Retention {
        &self.retention
    }

    /// What witnessing it demands.
    #[must_use]
    pub const fn witnesses(&self) -> WitnessRule {
        self.witnesses
    }

    /// Who may audit, by OrgId.
    pub fn auditors(&self) -> impl Iterator<Item = &Auditor> {
        self.auditors.values()
    }

    /// How many parties must sign a successor.
    #[must_use]
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }
}
