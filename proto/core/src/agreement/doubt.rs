//! What is lawful in an agreement and surely a mistake.
//!
//! Guarantees that nothing here refuses anything: a doubt is said to whoever writes the source, and no node acts on it.

use std::collections::BTreeSet;

use super::{Agreement, Place, Profile, Rule, name_of, permitted::disclosing, summary::with_article};
use crate::{
    catalogue::Label,
    legal_basis::Basis,
    look_alike::look_alike,
    wire::{Act, TimerKind},
};

/// Something to look at again. [AGR-40]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Where.
    pub place: Place,
    /// What is strange, and what to do.
    pub sentence: String,
}

impl Agreement {
    /// Everything in it that can have no effect, or leaves open what people rely on. [AGR-40]
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        doubts.extend(self.parties().filter_map(|party| self.doubt_party(party)));
        doubts.extend(self.names_that_look_alike());
        doubts.extend(self.roles_in_vain());
        doubts.extend(self.rules().filter_map(|rule| self.doubt_rule(rule)));
        doubts.extend(self.silent_acts());
        doubts.extend(self.profiles().flat_map(|profile| self.doubt_profile(profile)));
        doubts.extend(self.timers_in_vain());
        doubts.extend(self.bodies_that_are_nobody());
        doubts.extend(self.steps_in_vain());
        doubts.extend(self.articles().filter(|article| article.unverified).map(|article| {
            let (number, citation) = (article.number, &article.citation);
            let sentence = format!(
                "article {number} is unverified: {citation}; compare it with its source, then take `unverified` out"
            );
            Doubt { place: Place::Article(number), sentence }
        }));
        doubts
    }

    fn doubt_party(&self, party: &super::Party) -> Option<Doubt> {
        let idle = party.roles.is_empty() && party.services.is_empty();
        let sentence = || format!("{} neither asks nor gives anything; give it a role or a service", party.name);
        idle.then(|| Doubt { place: Place::Party(party.organisation), sentence: sentence() })
    }

    /// Two parties, or a party and an auditor, that people would take for one another. [AGR-54]
    fn names_that_look_alike(&self) -> Vec<Doubt> {
        let parties = self.parties().map(|party| (Place::Party(party.organisation), &party.name));
        let auditors = self.auditors.values().map(|auditor| (Place::Auditor(auditor.organisation), &auditor.name));
        let named: Vec<(Place, &String)> = parties.chain(auditors).collect();
        let mut doubts = Vec::new();
        for (at, (place, name)) in named.iter().enumerate() {
            let like = named.iter().take(at).find(|(_, other)| look_alike(name, other));
            doubts.extend(like.map(|(_, other)| {
                let sentence = format!("{name} looks like {other} and is not the same; give one of them another name");
                Doubt { place: place.clone(), sentence }
            }));
        }
        doubts
    }

    /// Roles that no rule speaks of.
    fn roles_in_vain(&self) -> impl Iterator<Item = Doubt> {
        let spoken: BTreeSet<&String> = self.rules().map(|rule| &rule.sender).collect();
        self.parties().flat_map(move |party| {
            let spoken = spoken.clone();
            party.roles.iter().filter(move |role| !spoken.contains(role)).map(|role| {
                let sentence = format!("no rule lets anybody ask as {role}; add a rule, or take the role out");
                Doubt { place: Place::Party(party.organisation), sentence }
            })
        })
    }

    /// A rule that fits no two parties.
    fn doubt_rule(&self, rule: &Rule) -> Option<Doubt> {
        let used = self.parties().any(|from| {
            let to = |to: &super::Party| self.lets(rule, rule.act, &from.organisation, &to.organisation, rule.receiver);
            self.parties().any(to)
        });
        let sentence = || {
            let service = name_of(rule.receiver);
            format!(
                "no two parties can use rule {}: who asks as {} alone gives {service}; add a party, or take the rule out",
                rule.number, rule.sender
            )
        };
        (!used).then(|| Doubt { place: Place::Rule(rule.number), sentence: sentence() })
    }

    /// Acts of rules for which no timer says by when somebody answers: their silence is never late.
    fn silent_acts(&self) -> impl Iterator<Item = Doubt> {
        let mut seen = BTreeSet::new();
        let first = self.rules().filter(move |rule| seen.insert(rule.act));
        first.filter(|rule| !self.is_answered(rule.act)).map(|rule| {
            let act = name_of(rule.act);
            let sentence = format!(
                "no timer says by when {} is answered, so silence is never late; add [[timer]] with act = \"{act}\" and \
                 step = \"answer\"",
                with_article(&act)
            );
            Doubt { place: Place::Rule(rule.number), sentence }
        })
    }

    /// Whether a timer waits for a person who answers that act. What is only told is answered by looking at it.
    fn is_answered(&self, act: Act) -> bool {
        let waits = |kind| self.timer(act, kind).is_some();
        let looked_at = act != Act::Referral && waits(TimerKind::Acknowledge);
        waits(TimerKind::Answer) || waits(TimerKind::Decision) || looked_at
    }

    fn doubt_profile(&self, profile: &Profile) -> Vec<Doubt> {
        let rules: Vec<&Rule> = self.rules().filter(|rule| rule.profile == profile.name).collect();
        if rules.is_empty() {
            let sentence = format!("no rule names profile {}; name it in a rule, or take it out", profile.name);
            return vec![Doubt { place: Place::Profile(profile.name.clone()), sentence }];
        }
        let sent: BTreeSet<Label> = rules.iter().flat_map(|rule| sendable(rule, profile)).collect();
        let listed = profile.enquiry.iter().chain(&profile.need).chain(&profile.identity);
        let doubts = listed.filter(|label| !sent.contains(label)).map(|label| {
            let sentence = format!(
                "{label} can never be sent: no rule with profile {} has a basis for it; add the basis, or take it out",
                profile.name
            );
            Doubt { place: Place::Label(profile.name.clone(), label.name().into()), sentence }
        });
        doubts.collect()
    }

    /// Timers for acts that no rule has.
    fn timers_in_vain(&self) -> impl Iterator<Item = Doubt> {
        let acts: BTreeSet<Act> = self.rules().map(|rule| rule.act).collect();
        let vain = self.timers().iter().enumerate().filter(move |(_, timer)| !acts.contains(&timer.act));
        vain.map(|(at, timer)| {
            let act = name_of(timer.act);
            let sentence =
                format!("no rule lets anybody send {}; add a rule, or take the timer out", with_article(&act));
            Doubt { place: Place::Timer(at), sentence }
        })
    }

    /// Decisions that no party can make, and steps of the escalation that lead to nobody.
    fn bodies_that_are_nobody(&self) -> Vec<Doubt> {
        let given: BTreeSet<_> = self.parties().flat_map(|party| party.services.iter().copied()).collect();
        let undecided =
            self.decisions().iter().enumerate().filter(|(_, decision)| decision.issuers.is_disjoint(&given));
        let mut doubts: Vec<Doubt> = undecided
            .map(|(at, decision)| {
                let kind = name_of(decision.kind);
                let sentence = format!("no party can make a decision on {kind}; add a party, or take it out");
                Doubt { place: Place::Decision(at), sentence }
            })
            .collect();
        let asked = |step: &super::EscalationStep| self.rules().any(|rule| rule.receiver == step.service_type);
        let lost = self.escalation().iter().enumerate().filter(|(_, step)| !asked(step));
        doubts.extend(lost.map(|(at, step)| {
            let service = name_of(step.service_type);
            let sentence = format!("no rule lets anybody ask {service}, so nothing can go on to it; add a rule");
            Doubt { place: Place::Escalation(at), sentence }
        }));
        doubts
    }

    /// Steps of the escalation that never come up, as no timer runs for what they name. [AGR-52]
    fn steps_in_vain(&self) -> impl Iterator<Item = Doubt> {
        let missed = |step: &super::EscalationStep| {
            self.timers()
                .iter()
                .any(|timer| super::EscalationStep::MISSED.contains(&timer.kind) && step.covers(timer.act, timer.kind))
        };
        let vain = self.escalation().iter().enumerate().filter(move |(_, step)| !missed(step));
        vain.map(|(at, step)| {
            let service = name_of(step.service_type);
            let sentence = format!(
                "nothing ever goes on to {service} by this step: no timer runs for what it names; add a timer, or name others"
            );
            Doubt { place: Place::Escalation(at), sentence }
        })
    }
}

/// Labels of a profile that a rule lets pass at some stage under some basis.
fn sendable(rule: &Rule, profile: &Profile) -> BTreeSet<Label> {
    let bases = Basis::all().iter().filter(|basis| basis.nonpersonal && basis.serves(rule.act));
    let bases = bases.chain(rule.bases.iter().filter_map(|code| Basis::of(*code)));
    let highest = |basis: &Basis| if basis.nonpersonal { 0 } else { 2 };
    bases.flat_map(|basis| disclosing(profile, rule.receiver, basis, highest(basis))).collect()
}
