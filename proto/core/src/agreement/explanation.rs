//! May one organisation send another this, why, and by which rule.
//!
//! Guarantees the answer of [`Agreement::permit`] and of no second opinion: each way is one that was permitted, and a no
//! is the obstacle that it met. Leaves to others whether the trail's state allows the step, and whether values fit.

use std::collections::BTreeSet;

use super::{Agreement, Code, Obstacle, Occasion, Permitted, Request, Rule, name_of};
use crate::{
    catalogue::{Cell, Label},
    event::{Opening, Terms},
    id::{Id, OrgId},
    legal_basis::Basis,
    rejection::Rejection,
    state::Kind,
    time::Seconds,
    wire::{Act, LegalBasis, ServiceType},
};

/// What is asked; what is not said may be anything. [AGR-42]
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Who would send.
    pub from: OrgId,
    /// To whom.
    pub to: OrgId,
    /// Which label.
    pub label: Label,
    /// In a trail of which act.
    pub act: Option<Act>,
    /// At which stage.
    pub stage: Option<u32>,
    /// Under which basis.
    pub basis: Option<LegalBasis>,
    /// When.
    pub time: Seconds,
}

/// One way in which it is lawful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// By which rule.
    pub rule: u32,
    /// On which occasion; a reply may be by either party of the trail.
    pub occasion: Occasion,
    /// Whether the sender is who opened the trail.
    pub opened: bool,
    /// At which stage.
    pub stage: u32,
    /// Under which basis.
    pub basis: LegalBasis,
    /// Articles that may be cited; 0 is none.
    pub articles: BTreeSet<u32>,
    /// Whether she must tick it.
    pub ticked: bool,
    /// Labels that must stand beside it.
    pub must: BTreeSet<Label>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// In these ways, and in no other.
    Yes(Vec<Way>),
    /// In no way.
    No {
        /// The rule that comes closest; none if the agreement has none between the two.
        rule: Option<u32>,
        /// The first thing that it says no to.
        obstacle: Obstacle,
        /// The same question in words.
        why: String,
        /// What would make it lawful.
        remedy: String,
    },
}

/// One request, made of a question.
struct Attempt<'a> {
    rule: &'a Rule,
    occasion: Occasion,
    opened: bool,
    stage: u32,
    basis: LegalBasis,
}

impl Agreement {
    /// Answers a question by asking [`Agreement::permit`] in every way that it leaves open. [AGR-42]
    #[must_use]
    pub fn explain(&self, question: &Question) -> Explanation {
        let (ways, nearest) = self.try_every(question);
        if !ways.is_empty() {
            return Explanation::Yes(ways);
        }
        if let Some(no) = self.out_of_time(question) {
            return no;
        }
        let Some((obstacle, rule)) = nearest else { return self.without_a_rule(question) };
        Explanation::No {
            rule: Some(rule.number),
            obstacle,
            why: obstacle.sentence(rule, question.label),
            remedy: self.remedy(question, obstacle, rule),
        }
    }

    /// Every way, and the obstacle that comes closest to one.
    fn try_every(&self, question: &Question) -> (Vec<Way>, Option<(Obstacle, &Rule)>) {
        let (mut ways, mut nearest) = (Vec::new(), None);
        for attempt in self.attempts(question) {
            match self.attempt(question, &attempt) {
                Ok(way) => ways.push(way),
                // Why an answer may not say it is of no interest to who would disclose.
                Err(_) if !attempt.occasion.discloses() => {}
                Err(obstacle) if nearest.is_none_or(|(other, _)| obstacle > other) => {
                    nearest = Some((obstacle, attempt.rule));
                }
                Err(_) => {}
            }
        }
        (ways, nearest)
    }

    /// If it is a matter of the time alone.
    fn out_of_time(&self, question: &Question) -> Option<Explanation> {
        let at_its_time = Question { time: self.valid_from(), ..*question };
        let (ways, _) = if self.is_in_force(question.time) { Default::default() } else { self.try_every(&at_its_time) };
        let way = ways.first()?;
        let (rule, obstacle) = (self.rule(way.rule)?, Obstacle::NotInForce);
        let remedy =
            format!("a version that is in force then; by this one, {}", self.way_in_words(way, question.label));
        Some(Explanation::No { rule: Some(way.rule), obstacle, why: obstacle.sentence(rule, question.label), remedy })
    }

    fn attempts(&self, question: &Question) -> Vec<Attempt<'_>> {
        let mut attempts = Vec::new();
        let occasions =
            [(Occasion::Opening, true), (Occasion::Later, true), (Occasion::Reply, true), (Occasion::Reply, false)];
        for rule in self.rules().filter(|rule| question.act.is_none_or(|act| act == rule.act)) {
            for (occasion, opened) in occasions {
                for stage in (0..=2).filter(|stage| question.stage.is_none_or(|asked| asked == *stage)) {
                    let bases = LegalBasis::every().filter(|basis| question.basis.is_none_or(|asked| asked == *basis));
                    attempts.extend(bases.map(|basis| Attempt { rule, occasion, opened, stage, basis }));
                }
            }
        }
        attempts
    }

    /// Asks whether it is permitted, with every article and with none.
    fn attempt(&self, question: &Question, attempt: &Attempt<'_>) -> Result<Way, Obstacle> {
        let Attempt { rule, occasion, opened, stage, basis } = *attempt;
        let (opener, peer) = if opened { (question.from, question.to) } else { (question.to, question.from) };
        let opening = unsigned(rule, peer);
        let kind = stating(occasion, stage);
        let ask = |article| {
            let terms = Terms { stage, rule: rule.number, basis, article };
            let request = Request { opener: &opener, opening: &opening, terms, occasion, kind, time: question.time };
            let permitted = self.examine(&request)?;
            permitted.says(question.label, &request, self).map(|()| permitted)
        };
        let numbers = std::iter::once(0).chain(self.articles().map(|article| article.number));
        let answers: Vec<(u32, Result<Permitted, Obstacle>)> = numbers.map(|number| (number, ask(number))).collect();
        let articles = answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(number, _)| *number).collect();
        let nearest = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).max().copied();
        let permitted = answers.into_iter().find_map(|(_, answer)| answer.ok());
        let permitted = permitted.ok_or(nearest.unwrap_or(Obstacle::NoSuchRule))?;
        let (ticked, must) = (permitted.ticked().contains(&question.label), permitted.must().clone());
        Ok(Way { rule: rule.number, occasion, opened, stage, basis, articles, ticked, must })
    }

    fn without_a_rule(&self, question: &Question) -> Explanation {
        let obstacle = Obstacle::NoSuchRule;
        let why = question.act.map_or_else(
            || "the agreement has no rule".to_owned(),
            |act| format!("the agreement has no rule for the act {}", name_of(act)),
        );
        let remedy = self.elsewhere(question).unwrap_or_else(|| self.new_rule(question));
        Explanation::No { rule: None, obstacle, why, remedy }
    }

    /// What would make it lawful: another act, stage or basis if there is one, else another agreement, else nothing.
    fn remedy(&self, question: &Question, obstacle: Obstacle, rule: &Rule) -> String {
        if let Some(elsewhere) = self.elsewhere(question) {
            return elsewhere;
        }
        match obstacle.rejection() {
            Rejection::NoRule => self.new_rule(question),
            Rejection::AgreementNotInForce => "a version that is in force then".into(),
            Rejection::BasisNotAllowed => {
                format!("an agreement in which rule {} lists a basis that carries it", rule.number)
            }
            _ => in_profile(question.label, rule),
        }
    }

    /// The same with nothing said but who, to whom and what.
    fn elsewhere(&self, question: &Question) -> Option<String> {
        let (ways, _) = self.try_every(&Question { act: None, stage: None, basis: None, ..*question });
        ways.first().map(|way| self.way_in_words(way, question.label))
    }

    fn new_rule(&self, question: &Question) -> String {
        let name = |party: &OrgId| self.party(party).map_or_else(|| party.to_string(), |party| party.name.clone());
        let services = self.party(&question.to).map(|party| &party.services);
        let may = |service: &&ServiceType| question.label.cell(**service) != Cell::Never;
        let lawful: Vec<String> = services.into_iter().flatten().filter(may).map(|service| name_of(*service)).collect();
        let (from, to) = (name(&question.from), name(&question.to));
        match (services.is_none_or(BTreeSet::is_empty), lawful.is_empty()) {
            (true, _) => format!("an agreement in which {to} gives a service and a rule lets {from} ask it"),
            (false, true) => {
                format!("nothing: {} goes to no service that {to} gives, by the catalogue", question.label)
            }
            (false, false) => {
                format!("an agreement with a rule that lets a role of {from} ask {} of {to}", lawful.join(" or "))
            }
        }
    }

    /// A way as one sentence. [AGR-42]
    #[must_use]
    pub fn way_in_words(&self, way: &Way, label: Label) -> String {
        let rule = self.rule(way.rule);
        let (act, profile) = rule.map(|rule| (name_of(rule.act), rule.profile.clone())).unwrap_or_default();
        let when = match way.occasion {
            Occasion::Opening => "in the first message",
            Occasion::Later => "in a later message, once the state of the trail allows it",
            Occasion::Reply if way.opened => "in a message that discloses nothing",
            Occasion::Reply => "in an answer",
        };
        let names: Vec<&str> = way.must.iter().map(|label| label.name()).collect();
        let carries = if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
        let tick = if way.ticked { ", if she ticks it" } else { "" };
        format!(
            "rule {}{}: {label} in a {act} under profile {profile}, at stage {} on the basis of {}{}, {when}{tick}{carries}",
            way.rule,
            rule.map(Rule::doubt).unwrap_or_default(),
            way.stage,
            name_of(way.basis),
            self.cited(way),
        )
    }

    /// Which articles must be cited.
    fn cited(&self, way: &Way) -> String {
        if way.articles.contains(&0) {
            return String::new();
        }
        let doubt = |number: &u32| self.article(*number).is_some_and(|article| article.unverified);
        let numbers = way.articles.iter();
        let words: Vec<String> =
            numbers.map(|number| format!("{number}{}", if doubt(number) { " (unverified)" } else { "" })).collect();
        format!(" citing article {}", words.join(" or "))
    }
}

impl Permitted {
    /// Whether what was permitted has a label; else why not.
    fn says(&self, label: Label, request: &Request<'_>, agreement: &Agreement) -> Result<(), Obstacle> {
        if self.labels().contains(&label) {
            return Ok(());
        }
        let terms = request.terms;
        let rule = agreement.rule(terms.rule).ok_or(Obstacle::NoSuchRule)?;
        let profile = agreement.profile(rule).ok_or(Obstacle::NoProfile)?;
        let basis = Basis::of(terms.basis).ok_or(Obstacle::NotListed)?;
        if request.occasion.discloses() {
            profile.discloses(label, rule.receiver, basis, terms.stage)?;
        } else {
            profile.answers(label, basis)?;
        }
        // Never reached: what these two let pass was permitted.
        Err(Obstacle::OutsideProfile)
    }
}

/// What an editor would do to a profile, if the catalogue lets them.
fn in_profile(label: Label, rule: &Rule) -> String {
    let (service, profile) = (name_of(rule.receiver), &rule.profile);
    let under = |lists: &str| format!("an agreement in which profile {profile} has {label} under {lists}");
    match label.cell(rule.receiver) {
        Cell::Never => format!("nothing: {label} never goes to {service}, by the catalogue"),
        Cell::Enquiry => under("enquiry, need or identity"),
        Cell::Need => under("need or identity"),
        Cell::Identity => under("identity"),
        Cell::Ticked => under("identity and ticked, and a rule that lists her consent"),
        Cell::Asked => under(
            "identity, and a rule that lists her consent, child_best_interests, legal_duty or public_task_decision",
        ),
        Cell::Law => under("identity, and a rule that lists legal_duty or public_task_decision"),
        Cell::Life => under("identity, and a rule that lists vital_interests"),
    }
}

/// The event with which a later stage begins.
const fn stating(occasion: Occasion, stage: u32) -> Option<Kind> {
    match (occasion, stage) {
        (Occasion::Later, 1) => Some(Kind::Need),
        (Occasion::Later, 2) => Some(Kind::Identity),
        _ => None,
    }
}

/// An opening that nobody signs: of it the agreement is asked for act, peer and service alone.
fn unsigned(rule: &Rule, peer: OrgId) -> Opening {
    Opening {
        peer,
        peer_key: Id::of(&[]).into(),
        agreement: Id::of(&[]).into(),
        act: rule.act,
        service_type: rule.receiver,
        nonce: [0; 32],
        event_version: 1,
        expiry: None,
        about: None,
    }
}
