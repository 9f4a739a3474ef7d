//! An agreement as a list of clauses, each of which is one sentence.
//!
//! Guarantees that everything an agreement says stands in exactly one clause: a field that is new has no place until it
//! is given one here. Leaves the words to `summary`, the comparison of two versions to `diff`.

use std::collections::BTreeSet;

use super::{
    Agreement, Article, Auditor, DecisionRule, EscalationStep, Party, Profile, Retention, Rule, Timer, WitnessRule,
};
use crate::{
    catalogue::Label,
    id::{AgreementId, OrgId},
    time::{Grain, Seconds},
    wire::{Act, DecisionType, ServiceType, TimerKind},
};

/// One thing that an agreement says. [AGR-41]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause<'a> {
    /// What it is called, and which version it is of what.
    Title {
        /// What people call it.
        title: &'a str,
        /// From 1.
        version: u32,
        /// The version before.
        previous: Option<AgreementId>,
    },
    /// Another version after the same one, which is given up.
    GivesUp(&'a AgreementId),
    /// When it allows openings and disclosures.
    Validity {
        /// From then on.
        from: Seconds,
        /// Until then, exclusive.
        until: Seconds,
    },
    /// What claimed times are multiples of, and whether the data are invented.
    Grain {
        /// The unit.
        grain: Grain,
        /// For demonstration only.
        demonstration: bool,
    },
    /// An organisation.
    Party(&'a Party),
    /// One list of labels of a profile.
    Labels {
        /// Name of the profile.
        profile: &'a str,
        /// Which of its lists.
        list: LabelList,
        /// What stands in it, never nothing.
        labels: &'a BTreeSet<Label>,
    },
    /// A profile whose disclosures are sealed to staff.
    StaffOnly {
        /// Name of the profile.
        profile: &'a str,
    },
    /// A profile in which nothing else stands.
    EmptyProfile {
        /// Name of the profile.
        profile: &'a str,
    },
    /// Who may ask whom for what.
    Rule(&'a Rule),
    /// How long a step may take.
    Timer(&'a Timer),
    /// Who may decide what.
    Decision(&'a DecisionRule),
    /// To whom an unanswered request goes.
    Escalation(&'a EscalationStep),
    /// An article of law.
    Article(&'a Article),
    /// How long things are kept.
    Retention(&'a Retention),
    /// What witnessing is demanded.
    Witnesses(WitnessRule),
    /// Who may audit.
    Auditor(&'a Auditor),
    /// How many must sign a later version.
    Amendment {
        /// So many parties.
        threshold: u32,
    },
}

/// One list of labels of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelList {
    /// From stage 0 on.
    Enquiry,
    /// From stage 1 on.
    Need,
    /// At stage 2.
    Identity,
    /// Only if she ticks it.
    Ticked,
    /// In answers.
    Reply,
}

/// What tells a clause from every other clause of the same agreement, and finds it again in another version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClauseKey {
    Title,
    GivesUp(AgreementId),
    Validity,
    Grain,
    Party(OrgId),
    Labels(String, LabelList),
    StaffOnly(String),
    EmptyProfile(String),
    Rule(u32),
    Timer(Act, TimerKind),
    Decision(DecisionType),
    /// A step that goes to another body is another step.
    Escalation(ServiceType),
    Article(u32),
    Retention,
    Witnesses,
    Auditor(OrgId),
    Amendment,
}

impl Agreement {
    /// Everything that it says, in the order in which people ask. [AGR-41]
    #[must_use]
    pub fn clauses(&self) -> Vec<Clause<'_>> {
        // Without `..`: what is new in an agreement does not compile until it is said to those who sign.
        let Self {
            id: _,
            title,
            version,
            previous,
            gives_up,
            valid_from,
            valid_until,
            grain,
            demonstration,
            parties,
            profiles,
            rules,
            articles,
            timers,
            decisions,
            escalation,
            retention,
            witnesses,
            auditors,
            threshold,
        } = self;
        let mut clauses = vec![
            Clause::Title { title, version: *version, previous: *previous },
            Clause::Validity { from: *valid_from, until: *valid_until },
            Clause::Grain { grain: *grain, demonstration: *demonstration },
        ];
        clauses.extend(gives_up.iter().map(Clause::GivesUp));
        clauses.extend(parties.values().map(Clause::Party));
        clauses.extend(rules.values().map(Clause::Rule));
        clauses.extend(profiles.values().flat_map(of_profile));
        clauses.extend(timers.iter().map(Clause::Timer));
        clauses.extend(decisions.iter().map(Clause::Decision));
        clauses.extend(escalation.iter().map(Clause::Escalation));
        clauses.extend(articles.values().map(Clause::Article));
        clauses.push(Clause::Retention(retention));
        clauses.push(Clause::Witnesses(*witnesses));
        clauses.extend(auditors.values().map(Clause::Auditor));
        clauses.push(Clause::Amendment { threshold: *threshold });
        clauses
    }
}

/// One clause for each of its lists that is not empty; at least one.
fn of_profile(profile: &Profile) -> Vec<Clause<'_>> {
    let Profile { name, enquiry, need, identity, ticked, reply, staff_only } = profile;
    let lists = [
        (LabelList::Enquiry, enquiry),
        (LabelList::Need, need),
        (LabelList::Identity, identity),
        (LabelList::Ticked, ticked),
        (LabelList::Reply, reply),
    ];
    let lists = lists.into_iter().filter(|(_, labels)| !labels.is_empty());
    let mut clauses: Vec<Clause<'_>> =
        lists.map(|(list, labels)| Clause::Labels { profile: name, list, labels }).collect();
    if *staff_only {
        clauses.push(Clause::StaffOnly { profile: name });
    }
    if clauses.is_empty() {
        clauses.push(Clause::EmptyProfile { profile: name });
    }
    clauses
}

impl Clause<'_> {
    pub(super) fn key(&self) -> ClauseKey {
        match self {
            Self::Title { .. } => ClauseKey::Title,
            Self::GivesUp(id) => ClauseKey::GivesUp(**id),
            Self::Validity { .. } => ClauseKey::Validity,
            Self::Grain { .. } => ClauseKey::Grain,
            Self::Party(party) => ClauseKey::Party(party.organisation),
            Self::Labels { profile, list, .. } => ClauseKey::Labels((*profile).to_owned(), *list),
            Self::StaffOnly { profile } => ClauseKey::StaffOnly((*profile).to_owned()),
            Self::EmptyProfile { profile } => ClauseKey::EmptyProfile((*profile).to_owned()),
            Self::Rule(rule) => ClauseKey::Rule(rule.number),
            Self::Timer(timer) => ClauseKey::Timer(timer.act, timer.kind),
            Self::Decision(decision) => ClauseKey::Decision(decision.kind),
            Self::Escalation(step) => ClauseKey::Escalation(step.service_type),
            Self::Article(article) => ClauseKey::Article(article.number),
            Self::Retention(_) => ClauseKey::Retention,
            Self::Witnesses(_) => ClauseKey::Witnesses,
            Self::Auditor(auditor) => ClauseKey::Auditor(auditor.organisation),
            Self::Amendment { .. } => ClauseKey::Amendment,
        }
    }
}
