//! An agreement in sentences, for those who sign it.

use std::collections::BTreeSet;

use super::{
    Agreement, Article, Auditor, Clause, Code, DecisionRule, EscalationStep, LabelList, Origin, Party, Retention, Rule,
    Timer, WitnessRule, name_of,
};
use crate::{
    catalogue::{Label, written},
    id::AgreementId,
    time::Grain,
};

/// What an agreement says: one sentence for each clause, in the order of the clauses. [AGR-41]
#[must_use]
pub fn summary(agreement: &Agreement) -> Vec<String> {
    agreement.clauses().iter().map(Clause::sentence).collect()
}

impl Clause<'_> {
    /// The clause as one sentence. Another clause is another sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Title { title, version, previous } => of_title(title, *version, *previous),
            Self::GivesUp(id) => {
                format!(
                    "The version {id}, after the same one, is given up: nothing new begins under it, whoever signs it."
                )
            }
            Self::Validity { from, until } => {
                format!("It allows openings and disclosures from {} until {}.", written(*from), written(*until))
            }
            Self::Grain { grain, demonstration } => of_grain(*grain, *demonstration),
            Self::Party(party) => of_party(party),
            Self::Labels { profile, list, labels } => of_labels(profile, *list, labels),
            Self::StaffOnly { profile } => format!(
                "Under profile {profile}, either side seals what is disclosed to its own staff, so that whoever runs a \
                 machine there does not read it from the disk."
            ),
            Self::EmptyProfile { profile } => format!("Under profile {profile}, nothing is sent at all."),
            Self::Rule(rule) => of_rule(rule),
            Self::Timer(timer) => of_timer(timer),
            Self::Decision(DecisionRule { kind, issuers, origin }) => {
                format!("A decision on {} is made by {}{}.", name_of(*kind), one_of(issuers), of_origin(origin))
            }
            Self::Escalation(step) => of_escalation(step),
            Self::Article(Article { number, citation, unverified }) => {
                let doubt = if *unverified { " (unverified)" } else { "" };
                format!("Article {number}: {citation}{doubt}.")
            }
            Self::Retention(Retention { values, evidence, origin }) => {
                let origin = of_origin(origin);
                format!("After a trail ends, values are kept {values} and events and labels {evidence}{origin}.")
            }
            Self::Witnesses(witnesses) => of_witnesses(*witnesses),
            Self::Auditor(Auditor { organisation, name, labels }) => {
                let sees = if *labels { "labels but no value" } else { "neither label nor value" };
                format!("{name} ({organisation}) may audit and sees {sees}.")
            }
            Self::Amendment { threshold } => {
                format!(
                    "A later version replaces this one for those who sign it, if at least {threshold} of its parties do."
                )
            }
        }
    }
}

fn of_title(title: &str, version: u32, previous: Option<AgreementId>) -> String {
    let follows = previous.map(|id| format!(", which follows the version {id}")).unwrap_or_default();
    format!("This is \"{title}\", version {version}{follows}.")
}

fn of_grain(grain: Grain, demonstration: bool) -> String {
    let unit = match grain {
        Grain::Second => "second",
        Grain::Minute => "minute",
    };
    let only = if demonstration { ", and it is for demonstration with invented data only" } else { "" };
    format!("Times are said to the {unit}{only}.")
}

fn of_party(party: &Party) -> String {
    let Party { organisation, name, roles, services, suspended } = party;
    let asks = if roles.is_empty() {
        "asks for nothing".to_owned()
    } else {
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        format!("asks as {}", roles.join(" or "))
    };
    let gives = if services.is_empty() { "gives no service".to_owned() } else { format!("gives {}", one_of(services)) };
    let is =
        if *suspended { "is suspended, with nothing new opened with it or disclosed to it; it" } else { "is a party," };
    format!("{name} ({organisation}) {is} {asks} and {gives}.")
}

fn of_labels(profile: &str, list: LabelList, labels: &BTreeSet<Label>) -> String {
    let names: Vec<&str> = labels.iter().map(|label| label.name()).collect();
    let names = names.join(", ");
    let what = match list {
        LabelList::Enquiry => "asking without a name may say",
        LabelList::Need => "the need may say",
        LabelList::Identity => "who says who she is may say",
        LabelList::Ticked => "it takes her tick to say",
        LabelList::Reply => "answers may say",
    };
    format!("Under profile {profile}, {what} {names}.")
}

fn of_rule(rule: &Rule) -> String {
    let Rule { number, act, sender, receiver, profile, bases, collapsed, origin } = rule;
    let bases = if bases.is_empty() {
        "with no personal data at all".to_owned()
    } else {
        format!("on the basis of {}", one_of(bases))
    };
    let first = if *collapsed { "; the first message may say who she is, where the basis allows it" } else { "" };
    let (act, receiver, origin) = (with_article(&name_of(*act)), name_of(*receiver), of_origin(origin));
    format!(
        "Rule {number}: as {sender}, a party may send {act} to {receiver}, under profile {profile}, {bases}{first}{origin}."
    )
}

fn of_timer(timer: &Timer) -> String {
    let Timer { act, kind, span, origin } = timer;
    format!("In {}, {} is due within {span}{}.", with_article(&name_of(*act)), name_of(*kind), of_origin(origin))
}

fn of_escalation(step: &EscalationStep) -> String {
    let EscalationStep { service_type, after, acts, timers, origin } = step;
    let without = if timers.is_empty() { "unanswered".to_owned() } else { format!("without {}", one_of(timers)) };
    let acts: Vec<String> = acts.iter().map(|act| with_article(&name_of(*act))).collect();
    let within = if acts.is_empty() { String::new() } else { format!(" in {}", acts.join(" or ")) };
    format!("What stays {without}{within} goes to {} after {after}{}.", name_of(*service_type), of_origin(origin))
}

/// Behind what a clause says: where it was taken from, and that nobody compared it. [AGR-63]
fn of_origin(origin: &Origin) -> String {
    let Origin { source, unverified } = origin;
    match (unverified, source.is_empty()) {
        (false, true) => String::new(),
        (true, true) => " (unverified)".to_owned(),
        (false, false) => format!(" (source: {source})"),
        (true, false) => format!(" (unverified; source: {source})"),
    }
}

fn of_witnesses(witnesses: WitnessRule) -> String {
    match (witnesses.number, witnesses.independent) {
        (0, _) => "No witness is demanded.".to_owned(),
        (number, false) => format!("Each checkpoint needs {number} cosignatures."),
        (number, true) => {
            format!("Each checkpoint needs {number} cosignatures by witnesses who are no party of the trail.")
        }
    }
}

fn one_of<'a, C: Code + 'a>(codes: impl IntoIterator<Item = &'a C>) -> String {
    let words: Vec<String> = codes.into_iter().map(|code| name_of(*code)).collect();
    words.join(" or ")
}

/// `referral` is "a referral", `information_request` is "an information_request".
pub(super) fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}
