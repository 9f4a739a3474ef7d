//! What was found so far.
//!
//! Guarantees that every problem reaches the report with its requirement, and that the exit code is the strongest of all.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Breach, Check, Conformance, Conformant, Exit, Outcome, Problem, Reason, Where, YesNo, demand::Demand, doubt,
    doubt::Doubts,
};
use crate::{bundle::Place, id::EventId, rejection::Rejection};

/// How many problems of a check, reasons of one kind under it, and breaches of a requirement a report lists; how many there
/// are, it says. [BUN-102]
const LISTED: u64 = 100;

/// Problems by demand, reasons against conformance, breaches, and words.
#[derive(Default)]
pub(super) struct Findings {
    reached: Vec<Demand>,
    problems: Vec<(Demand, Problem)>,
    /// Of each demand: how many problems there are, and the strongest.
    found: BTreeMap<Demand, (u64, Exit)>,
    told: BTreeMap<(&'static str, u8), u64>,
    /// Whose breach of which requirement is listed.
    named: BTreeSet<(&'static str, String)>,
    /// Of each demand that something speaks against: whether anything breaks it.
    broken: BTreeMap<Demand, bool>,
    reasons: Vec<Reason>,
    pub(super) doubts: Doubts,
    pub(super) breaches: Vec<Breach>,
    pub(super) words: Vec<String>,
}

impl Findings {
    /// There was something to check.
    pub(super) fn reach(&mut self, demand: Demand) {
        if !self.reached.contains(&demand) {
            self.reached.push(demand);
        }
    }

    /// It does not hold.
    pub(super) fn fail(&mut self, demand: Demand, exit: Exit, place: Where, sentence: impl Into<String>) {
        self.problem(demand, exit, None, place, sentence.into());
    }

    /// It does not hold, and the table of rejections says why.
    pub(super) fn reject(&mut self, demand: Demand, exit: Exit, place: Where, rejection: Rejection) {
        self.problem(demand, exit, Some(rejection.code()), place, rejection.to_string());
    }

    /// Something speaks against conformance, and nothing in doubt breaks it. [BUN-125]
    pub(super) fn against(
        &mut self,
        demand: Demand,
        verdict: Conformance,
        event: Option<EventId>,
        sentence: impl Into<String>,
    ) {
        let on = event.and_then(|event| self.doubts.itself(&event));
        self.against_unless(on, demand, verdict, event, sentence);
    }

    /// The same of an event by what was before it. [BUN-129]
    pub(super) fn against_past(
        &mut self,
        demand: Demand,
        verdict: Conformance,
        event: EventId,
        sentence: impl Into<String>,
    ) {
        self.against_unless(self.doubts.beneath_state(&event), demand, verdict, Some(event), sentence);
    }

    /// The same, if it rests on nothing that is in doubt.
    pub(super) fn against_unless(
        &mut self,
        on: Option<EventId>,
        demand: Demand,
        verdict: Conformance,
        event: Option<EventId>,
        sentence: impl Into<String>,
    ) {
        let (verdict, sentence) = match on.filter(|_| verdict == Conformance::No) {
            Some(on) => (Conformance::NotCheckable, doubt::resting(&sentence.into(), &on)),
            None => (verdict, sentence.into()),
        };
        let requirement = demand.requirement();
        let event = event.map(|id| id.to_string());
        let place = Where { id: event.clone(), ..Where::default() };
        if self.lists(requirement, verdict as u8) {
            self.reasons.push(Reason { verdict, requirement, event, sentence: sentence.clone() });
        }
        *self.broken.entry(demand).or_default() |= verdict == Conformance::No;
        self.problem(demand, Exit::NotConformant, None, place, sentence);
    }

    /// What a party did that its own signatures prove. Of many some are listed, and of each party one. [BUN-102]
    pub(super) fn breach(&mut self, breach: Breach) {
        let first = self.named.insert((breach.requirement, breach.by.id.clone()));
        if self.lists(breach.requirement, u8::MAX) || first {
            self.breaches.push(breach);
        }
    }

    /// Conformance cannot be judged, for a reason that is a problem of its own.
    pub(super) fn unjudged(&mut self, demand: Demand, sentence: &str) {
        self.reasons.push(Reason {
            verdict: Conformance::NotCheckable,
            requirement: demand.requirement(),
            event: None,
            sentence: sentence.to_owned(),
        });
    }

    /// What it all comes to.
    pub(super) fn exit(&self) -> Exit {
        Exit::of(self.found.values().map(|(_, exit)| *exit))
    }

    /// Whether nothing is forged, altered or by an unknown signer.
    pub(super) fn authentic(&self) -> YesNo {
        if self.exit() >= Exit::UnknownSigner { YesNo::No } else { YesNo::Yes }
    }

    /// Whether a demand failed.
    pub(super) fn failed(&self, demand: Demand) -> bool {
        self.found.contains_key(&demand)
    }

    /// Conformance with its reasons, what breaks before what cannot be checked.
    pub(super) fn conformant(&mut self) -> Conformant {
        let mut reasons = std::mem::take(&mut self.reasons);
        reasons.sort_by_key(|reason| reason.verdict != Conformance::No);
        let verdict = reasons.first().map_or(Conformance::Yes, |reason| reason.verdict);
        Conformant { verdict, reasons }
    }

    /// Every demand with what came of it.
    pub(super) fn checks(&mut self) -> Vec<Check> {
        let mut problems = std::mem::take(&mut self.problems);
        let check = |demand: &Demand| {
            let own: Vec<Problem> = problems.extract_if(.., |(of, _)| of == demand).map(|(_, own)| own).collect();
            let (count, strongest) = self.found.get(demand).copied().unwrap_or((0, Exit::Valid));
            let documents = strongest <= Exit::NotConformant;
            let broken = self.broken.get(demand).is_none_or(|broken| *broken);
            let outcome = match (own.is_empty(), self.reached.contains(demand)) {
                (false, _) if documents && !broken => Outcome::NotCheckable,
                (false, _) => Outcome::Failed,
                (true, true) => Outcome::Passed,
                (true, false) => Outcome::NotApplicable,
            };
            Check { requirement: demand.requirement(), sentence: demand.sentence(), outcome, count, problems: own }
        };
        Demand::ALL.iter().map(check).collect()
    }

    fn problem(&mut self, demand: Demand, exit: Exit, rejection: Option<&'static str>, place: Where, sentence: String) {
        self.reach(demand);
        let (count, strongest) = self.found.entry(demand).or_insert((0, exit));
        (*count, *strongest) = (*count + 1, exit.max(*strongest));
        if *count <= LISTED {
            self.problems.push((demand, Problem { exit, rejection, place, sentence }));
        }
    }

    /// Whether one more of these is listed.
    fn lists(&mut self, requirement: &'static str, kind: u8) -> bool {
        let told = self.told.entry((requirement, kind)).or_default();
        *told += 1;
        *told <= LISTED
    }
}

impl Where {
    /// A part of the file.
    pub(super) fn part(place: Place) -> Self {
        let part = format!("{}[{}]", place.list.name(), place.index);
        Self { part: Some(part), offset: Some(place.offset), ..Self::default() }
    }

    /// An event or head by its ID.
    pub(crate) fn id(id: impl ToString) -> Self {
        Self { id: Some(id.to_string()), ..Self::default() }
    }

    /// Adds the ID.
    pub(super) fn of(self, id: impl ToString) -> Self {
        Self { id: Some(id.to_string()), ..self }
    }

    /// Adds the field.
    pub(crate) fn field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
}
