//! What may be disclosed, a second time: written from specs/agreement.md (section 4), legal-basis.md, disclosure.md
//! (sections 1 and 5) and the tables beside them alone. It works with words and asks the evaluator nothing.

use std::collections::BTreeSet;

use uput_core::{
    agreement::name_of,
    rejection::Rejection,
    wire::{self, Act, ServiceType},
};

const CATALOGUE: &str = include_str!("../../../../specs/catalogue.tsv");
const ACTS: &str = include_str!("../../../../specs/state/acts.tsv");
const SERVICES: [&str; 14] = [
    "shelter",
    "police",
    "social_work",
    "legal_aid",
    "health",
    "psychosocial",
    "child_protection",
    "school",
    "employment",
    "migrant_reception",
    "day_centre",
    "hotline",
    "justice",
    "oversight",
];
const MANDATE: [&str; 4] = ["delegate_class", "mandate_reference", "mandate_scope", "mandate_until"];
const STAFF: [&str; 3] = ["actor", "actor_role", "supervisor"];

pub(crate) type Labels = BTreeSet<String>;
pub(crate) type Values = [(String, String)];

/// When something is said. [AGR-22]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Opening,
    Later,
    Reply,
}

/// What is asked of an agreement.
#[derive(Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) document: &'a wire::Agreement,
    pub(crate) opener: &'a [u8],
    pub(crate) peer: &'a [u8],
    pub(crate) act: Act,
    pub(crate) service: ServiceType,
    pub(crate) stage: u32,
    pub(crate) rule: u32,
    pub(crate) basis: &'a str,
    pub(crate) article: u32,
    pub(crate) when: When,
    /// The word of the kind, of what is later than the opening.
    pub(crate) kind: &'a str,
    pub(crate) time: u64,
}

/// What is permitted.
#[derive(Clone, Debug)]
pub(crate) struct Ruling {
    pub(crate) labels: Labels,
    pub(crate) ticked: Labels,
    must: Labels,
    /// What the act has to say. [AGR-70]
    content: Labels,
    basis: Option<String>,
    receiver: String,
    time: u64,
}

/// What an auditor says. [DIS-14]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
    NotCheckable,
}

/// What a basis must carry, and what may stand there besides. [BAS-1]
pub(crate) fn carried(basis: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let besides = || [&["consent_ticked"], &MANDATE[..]].concat();
    match basis {
        "explicit_consent" => (
            vec!["consent_given_by", "consent_form", "consent_language", "consent_purpose", "consent_until"],
            besides(),
        ),
        "guardian_consent" => (
            vec![
                "guardian_class",
                "guardian_authority",
                "child_assent",
                "consent_form",
                "consent_language",
                "consent_purpose",
                "consent_until",
            ],
            besides(),
        ),
        "child_best_interests" => (vec!["best_interests_reason", "supervisor", "authority_informed"], vec![]),
        "legal_duty" => (vec!["client_told", "client_told_on"], vec![]),
        "vital_interests" => {
            (vec!["danger", "basis_until", "review_by", "supervisor"], vec!["client_told", "client_told_on"])
        }
        "public_task_decision" => (
            vec!["decision_reference", "decision_issuer", "decision_date", "decision_until"],
            vec!["client_told", "client_told_on"],
        ),
        _ => (vec![], vec![]),
    }
}

/// The columns of a label.
pub(crate) fn row(label: &str) -> Vec<&'static str> {
    let rows = CATALOGUE.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.into_iter().find(|row| row[0] == label).unwrap()
}

/// The columns of an act. [STA-40]
fn act_row(act: Act) -> Vec<&'static str> {
    ACTS.lines().map(|line| line.split('\t').collect::<Vec<_>>()).find(|row| row[0] == name_of(act)).unwrap()
}

fn serves(basis: &str, act: Act) -> bool {
    act_row(act)[3].split(' ').any(|word| word == basis)
}

fn word(service: i32) -> String {
    name_of(ServiceType::try_from(service).unwrap())
}

impl Asked<'_> {
    /// Whether slots may be filled, and with what. [AGR-20] [AGR-21] [AGR-23]
    pub(crate) fn permit(&self) -> Result<Ruling, Rejection> {
        let disclosing = self.when != When::Reply;
        let bound = self.when == When::Opening || (self.when == When::Later && self.stage > 0);
        if bound && !(self.document.valid_from..self.document.valid_until).contains(&self.time) {
            return Err(Rejection::AgreementNotInForce);
        }
        let rule = self.rule_that_fits().ok_or(Rejection::NoRule)?;
        // [AGR-60]
        if self.stage > act_row(self.act)[2].parse().unwrap() {
            return Err(Rejection::NotOfThisAct);
        }
        let receiver = word(rule.receiver);
        if !self.basis_fits(rule, &receiver) {
            return Err(Rejection::BasisNotAllowed);
        }
        let profile = self.document.profiles.iter().find(|profile| profile.name == rule.profile).unwrap();
        let (must, may) = carried(self.basis);
        let mut labels = if disclosing { self.of_stage(profile, &receiver) } else { self.of_reply(profile) };
        if disclosing {
            labels.extend(must.iter().chain(&may).map(|label| (*label).to_owned()));
        }
        labels.extend(STAFF.map(str::to_owned));
        let must: Labels = must.into_iter().filter(|_| disclosing).map(str::to_owned).collect();
        // What the basis itself carries is no matter of a tick.
        let column = 3 + SERVICES.iter().position(|service| *service == receiver).unwrap();
        let hers = disclosing && ["explicit_consent", "guardian_consent"].contains(&self.basis);
        let asked = |label: &String| hers && row(label)[column] == "asked";
        let ticked = labels.iter().filter(|label| profile.ticked.contains(label) || asked(label));
        let ticked = ticked.filter(|label| !must.contains(*label)).cloned();
        let ticked: Labels = ticked.collect();
        let content = self.content(profile, &labels, &ticked);
        let basis = disclosing.then(|| self.basis.to_owned());
        Ok(Ruling { labels, ticked, must, content, basis, receiver, time: self.time })
    }

    // [STA-73] [AGR-70]
    fn content(&self, profile: &wire::Profile, labels: &Labels, ticked: &Labels) -> Labels {
        let lists = [&profile.enquiry, &profile.need, &profile.identity];
        let said = act_row(self.act)[7].split(' ').filter_map(|word| word.split_once(':'));
        let due = said.filter(|(when, label)| {
            let free = labels.contains(*label) && !ticked.contains(*label);
            let Ok(stage) = when.parse::<usize>() else {
                return *when == self.kind && (self.when == When::Later || free);
            };
            let listed = lists.iter().position(|list| list.iter().any(|of| of == label)).unwrap_or(0);
            let stage = stage.max(listed);
            let opens = match (self.when, self.kind) {
                (When::Opening, _) => stage <= usize::try_from(self.stage).unwrap(),
                (When::Later, "need") => stage == 1,
                (When::Later, "identity") => stage == 2,
                _ => false,
            };
            opens && free
        });
        due.map(|(_, label)| label.to_owned()).collect()
    }

    /// What stage 0 of the same rule permits. [DIS-13]
    fn lowered(&self) -> Option<Ruling> {
        Self { stage: 0, basis: "none_needed_nonpersonal", article: 0, ..self.clone() }.permit().ok()
    }

    // [AGR-21]
    fn rule_that_fits(&self) -> Option<&wire::Rule> {
        let party = |of: &[u8]| self.document.parties.iter().find(|party| party.organisation == of);
        let rule = self.document.rules.iter().find(|rule| rule.number == self.rule)?;
        let (opener, peer) = (party(self.opener)?, party(self.peer)?);
        let fits = rule.act == i32::from(self.act)
            && rule.receiver == i32::from(self.service)
            && opener.roles.contains(&rule.sender)
            && peer.services.contains(&rule.receiver)
            && self.opener != self.peer
            && !opener.suspended
            && !peer.suspended;
        fits.then_some(rule)
    }

    // [BAS-2] [BAS-3] [BAS-4] [AGR-23]
    fn basis_fits(&self, rule: &wire::Rule, receiver: &str) -> bool {
        let none = self.basis == "none_needed_nonpersonal";
        let listed = rule.bases.iter().any(|basis| name_of(wire::LegalBasis::try_from(*basis).unwrap()) == self.basis);
        let authority = ["police", "social_work", "child_protection"].contains(&receiver);
        let collapses = match self.basis {
            "legal_duty" | "public_task_decision" => authority,
            "vital_interests" => authority || receiver == "health",
            _ => false,
        };
        let cited = self.document.articles.iter().any(|article| article.number == self.article);
        none == (self.stage == 0)
            && (serves(self.basis, self.act) || (none && self.when != When::Opening))
            && (none || listed)
            && (self.when != When::Opening || self.stage < 2 || (rule.collapsed && collapses))
            && (self.article != 0 || self.basis != "legal_duty")
            && (self.article == 0 || cited)
    }

    fn of_stage(&self, profile: &wire::Profile, receiver: &str) -> Labels {
        let lists = [&profile.enquiry, &profile.need, &profile.identity];
        let reached = lists.into_iter().take(usize::try_from(self.stage).unwrap() + 1).flatten();
        let ticks = ["explicit_consent", "guardian_consent"].contains(&self.basis);
        let column = 3 + SERVICES.iter().position(|service| *service == receiver).unwrap();
        let permitted = |label: &&String| {
            let cell = match row(label)[column] {
                "asked" => self.basis != "vital_interests" && self.basis != "none_needed_nonpersonal",
                "law" => ["legal_duty", "public_task_decision"].contains(&self.basis),
                "life" => self.basis == "vital_interests",
                cell => cell != "-",
            };
            cell && (ticks || !profile.ticked.contains(label))
        };
        reached.filter(permitted).cloned().collect()
    }

    fn of_reply(&self, profile: &wire::Profile) -> Labels {
        let none = self.basis == "none_needed_nonpersonal";
        let permitted = |label: &&String| !none || ["P0", "P1"].contains(&row(label)[1]);
        profile.reply.iter().filter(permitted).cloned().collect()
    }

    /// What a sender is told. [DIS-12]
    pub(crate) fn send(&self, values: &Values) -> Result<(), Rejection> {
        let ruling = self.permit()?;
        let once = values.iter().map(|(label, _)| label).collect::<BTreeSet<_>>().len() == values.len();
        if !once || values.iter().any(|(label, _)| !ruling.passes(label, values)) {
            return Err(Rejection::OutsideProfile);
        }
        match (ruling.holds(values), ruling.says_it(values)) {
            (true, true) => Ok(()),
            (true, false) => Err(Rejection::WithoutContent),
            (false, _) => Err(Rejection::BasisNotAllowed),
        }
    }

    /// What a receiver keeps. [DIS-13]
    pub(crate) fn keep(&self, values: &Values) -> Labels {
        let before: Vec<_> =
            values.iter().filter(|(label, _)| label != "supervisor" || !alone(values)).cloned().collect();
        let ruling = self.permit().ok().filter(|ruling| ruling.stands(&before)).or_else(|| self.lowered());
        let Some(ruling) = ruling else { return Labels::new() };
        values.iter().map(|(label, _)| label).filter(|label| ruling.passes(label, values)).cloned().collect()
    }

    /// What an auditor says to whom every label is open, and each value or none. [DIS-14]
    pub(crate) fn audit(&self, values: &Values, open: bool) -> Said {
        let Ok(ruling) = self.permit() else { return Said::No };
        let labels: Labels = values.iter().map(|(label, _)| label.clone()).collect();
        let hers = ruling.ticked.intersection(&labels).next().is_some();
        if open {
            let right = labels.iter().all(|label| ruling.passes(label, values)) && ruling.stands_at_most(values);
            return match (right, ruling.has_ended(values, first_end)) {
                (false, _) => Said::No,
                (true, true) => Said::NotCheckable,
                (true, false) => Said::Yes,
            };
        }
        let closed: Vec<(String, String)> = labels.iter().map(|label| (label.clone(), String::new())).collect();
        let right = labels.is_subset(&ruling.labels) && ruling.lacks(&closed).is_empty() && ruling.says_it(&closed);
        match (right, hers, labels.contains("consent_ticked")) {
            (false, ..) | (true, true, false) => Said::No,
            (true, true, true) => Said::NotCheckable,
            (true, false, _) => Said::Yes,
        }
    }
}

impl Ruling {
    fn passes(&self, label: &str, values: &Values) -> bool {
        let ticks = value(values, "consent_ticked").unwrap_or_default();
        let ticked = !self.ticked.contains(label) || ticks.split(' ').any(|tick| tick == label);
        self.labels.contains(label) && ticked && (label != "supervisor" || !alone(values))
    }

    fn stands(&self, values: &Values) -> bool {
        self.holds(values) && self.says_it(values)
    }

    /// Whether all is there that the act has to say. [AGR-70]
    fn says_it(&self, values: &Values) -> bool {
        self.content.iter().all(|label| value(values, label).is_some())
    }

    /// The same, where nobody can tell by which clock it ended. [BAS-46]
    fn stands_at_most(&self, values: &Values) -> bool {
        self.lacks(values).is_empty()
            && !self.has_ended(values, last_end)
            && !self.is_contradicted(values)
            && self.says_it(values)
    }

    /// Whether all is there that the basis must carry, and nothing shows that it ended or does not hold.
    fn holds(&self, values: &Values) -> bool {
        self.lacks(values).is_empty() && !self.has_ended(values, first_end) && !self.is_contradicted(values)
    }

    // [BAS-1] [BAS-9]
    fn lacks(&self, values: &Values) -> Labels {
        let mut must = self.must.clone();
        let one = MANDATE.iter().any(|label| value(values, label).is_some());
        if self.rests_on_consent() && (one || value(values, "consent_given_by") == Some("delegate")) {
            must.extend(MANDATE.map(str::to_owned));
        }
        must.into_iter().filter(|label| value(values, label).is_none()).collect()
    }

    fn rests_on_consent(&self) -> bool {
        self.is("explicit_consent") || self.is("guardian_consent")
    }

    fn is(&self, basis: &str) -> bool {
        self.basis.as_deref() == Some(basis)
    }

    // [BAS-6]
    fn has_ended(&self, values: &Values, end: fn(&str) -> u64) -> bool {
        let ends = match self.basis.as_deref() {
            Some("explicit_consent" | "guardian_consent") => vec!["consent_until", "mandate_until"],
            Some("vital_interests") => vec!["basis_until"],
            Some("public_task_decision") => vec!["decision_until"],
            _ => vec![],
        };
        ends.into_iter().filter_map(|label| value(values, label)).any(|until| end(until) < self.time)
    }

    // [BAS-8] to [BAS-11]
    fn is_contradicted(&self, values: &Values) -> bool {
        let is = |label: &str, words: &[&str]| value(values, label).is_some_and(|value| words.contains(&value));
        let older = ["12_14", "15_17", "18_29", "30_59", "60_plus"];
        let of_a_day = |label: &str| {
            let Some(until) = value(values, label).map(last_second) else { return false };
            // The minute that is named begins at most a day later, and is not over.
            until - 59 > self.time + 86_400 || until < self.time
        };
        let turned = || {
            let days = value(values, "decision_date").zip(value(values, "decision_until"));
            days.is_some_and(|(made, until)| last_second(&until[..10]) < last_second(made))
        };
        let suspected = || {
            (is("perpetrator_relationship", &["parent"]) && is("guardian_class", &["parent"]))
                || (is("perpetrator_relationship", &["sibling", "other_family"]) && is("guardian_class", &["relative"]))
        };
        // [BAS-44]
        let sent_by_suspect = || {
            let relatives = ["partner", "former_partner", "parent", "child", "sibling", "other_family"];
            is("perpetrator_relationship", &relatives) && is("delegate_class", &["relative"])
        };
        let elsewhere = || {
            value(values, "mandate_scope")
                .is_some_and(|scope| !scope.split(' ').any(|service| service == self.receiver))
        };
        (self.is("explicit_consent") && is("age_band", &["0_5", "6_11"]))
            // [BAS-40]
            || (self.is("child_best_interests") && is("age_band", &["18_29", "30_59", "60_plus"]))
            || (self.is("guardian_consent")
                && (suspected() || (is("child_assent", &["too_young"]) && is("age_band", &older))))
            || (self.rests_on_consent() && (elsewhere() || sent_by_suspect()))
            || (self.is("vital_interests") && (of_a_day("basis_until") || of_a_day("review_by")))
            || (self.is("public_task_decision") && turned())
    }
}

/// Whether whoever approved is whoever acted. [DIS-15]
fn alone(values: &Values) -> bool {
    value(values, "supervisor").is_some() && value(values, "supervisor") == value(values, "actor")
}

fn value<'a>(values: &'a Values, label: &str) -> Option<&'a str> {
    values.iter().find(|(of, _)| of == label).map(|(_, value)| value.as_str())
}

/// By the first clock of the earth, where none is named. [BAS-46]
fn first_end(time: &str) -> u64 {
    ends(time, 14 * 3_600)
}

/// By the last one.
fn last_end(time: &str) -> u64 {
    ends(time, -12 * 3_600)
}

fn ends(time: &str, unnamed: i64) -> u64 {
    let ahead = match &time[10..] {
        "" => unnamed,
        minute if minute.starts_with('T') => return last_second(time),
        offset => {
            let seconds = offset[1..3].parse::<i64>().unwrap() * 3_600 + offset[4..6].parse::<i64>().unwrap() * 60;
            if offset.starts_with('-') { -seconds } else { seconds }
        }
    };
    last_second(&time[..10]).checked_add_signed(-ahead).unwrap()
}

/// Of a day in UTC, or of a minute. [BAS-6]
fn last_second(time: &str) -> u64 {
    let number = |from: usize, to: usize| time[from..to].parse::<u64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months: u64 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    let midnight = (years + months + day - 1) * 86_400;
    if time.len() == 10 { midnight + 86_399 } else { midnight + number(11, 13) * 3_600 + number(14, 16) * 60 + 59 }
}
