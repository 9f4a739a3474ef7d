//! Why an agreement does not let something pass: one list, from which codes and words are made.

use super::{Agreement, Profile, Rule, name_of};
use crate::{
    catalogue::{Cell, Label},
    id::OrgId,
    legal_basis::Basis,
    rejection::Rejection,
    wire::{Act, LegalBasis, ServiceType},
};

/// What stands in the way, in the order in which it is asked: of two, the later one is closer to a yes. [AGR-22]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The agreement is not in force at that time. [AGR-20]
    NotInForce,
    /// No rule has that number. [AGR-21]
    NoSuchRule,
    /// The rule is for another act. [AGR-21]
    OtherAct,
    /// The rule is for another kind of service. [AGR-21]
    OtherService,
    /// Nobody asks itself. [AGR-21]
    Itself,
    /// Who asks is no party, or does not have the rule's role. [AGR-21]
    NotInRole,
    /// Who is asked is no party, or does not give the service. [AGR-21]
    NotGiven,
    /// One of the two is suspended. [AGR-30]
    Suspended,
    /// The rule's profile is not there. [AGR-21]
    NoProfile,
    /// The act ends before that stage, or says nothing more about her once it is opened. [STA-40]
    BeyondTheAct,
    /// The basis is not for that stage. [BAS-2]
    OtherStage,
    /// The basis cannot carry the act. [BAS-3]
    ServesNotTheAct,
    /// The rule does not list the basis. [AGR-23]
    NotListed,
    /// Stage 2 waits for the answer. [BAS-4]
    WaitsForTheAnswer,
    /// The basis must cite an article. [AGR-23]
    NoArticle,
    /// The article is not in the agreement's list. [AGR-23]
    UnknownArticle,
    /// The profile does not have the label. [AGR-23]
    OutsideProfile,
    /// The profile has it from a later stage on. [AGR-23]
    LaterStage(u32),
    /// It is hers to tick, and nobody ticks under the basis. [BAS-5]
    NeedsHerTick,
    /// It may travel under the duty to report or a decision only. [DIS-3]
    NeedsTheLaw,
    /// It may travel in danger to life only. [DIS-3]
    NeedsDangerToLife,
    /// Answers may not say it. [AGR-23]
    NotInAnswers,
    /// Without a basis an answer says nothing about a person. [AGR-23]
    AboutAPerson,
}

impl Obstacle {
    /// Its code.
    #[must_use]
    pub const fn rejection(self) -> Rejection {
        match self {
            Self::NotInForce => Rejection::AgreementNotInForce,
            Self::NoSuchRule
            | Self::OtherAct
            | Self::OtherService
            | Self::Itself
            | Self::NotInRole
            | Self::NotGiven
            | Self::Suspended
            | Self::NoProfile => Rejection::NoRule,
            Self::BeyondTheAct => Rejection::NotOfThisAct,
            Self::OtherStage
            | Self::ServesNotTheAct
            | Self::NotListed
            | Self::WaitsForTheAnswer
            | Self::NoArticle
            | Self::UnknownArticle => Rejection::BasisNotAllowed,
            Self::OutsideProfile
            | Self::LaterStage(_)
            | Self::NeedsHerTick
            | Self::NeedsTheLaw
            | Self::NeedsDangerToLife
            | Self::NotInAnswers
            | Self::AboutAPerson => Rejection::OutsideProfile,
        }
    }

    /// In words, of a rule and a label.
    pub(super) fn sentence(self, rule: &Rule, label: Label) -> String {
        let (act, service, profile) = (name_of(rule.act), name_of(rule.receiver), &rule.profile);
        match self {
            Self::NotInForce => "the agreement is not in force at that time".into(),
            Self::NoSuchRule => "there is no such rule".into(),
            Self::OtherAct => format!("the rule is for a {act}"),
            Self::OtherService => format!("the rule is for {service}"),
            Self::Itself => "nobody asks itself".into(),
            Self::NotInRole => format!("whoever asks does not have the role {}", rule.sender),
            Self::NotGiven => format!("whoever is asked does not give {service}"),
            Self::Suspended => "one of the two is suspended".into(),
            Self::NoProfile => format!("there is no profile {profile}"),
            Self::BeyondTheAct => format!("a {act} does not go to that stage"),
            Self::OtherStage => "a stage above 0 needs a basis, and stage 0 has none".into(),
            Self::ServesNotTheAct => format!("the basis cannot carry a {act}"),
            Self::NotListed => "the rule does not list the basis".into(),
            Self::WaitsForTheAnswer => "who she is waits for the answer".into(),
            Self::NoArticle => "the basis must cite an article".into(),
            Self::UnknownArticle => "the article is not in the agreement's list".into(),
            Self::OutsideProfile => format!("{label} is not in profile {profile}"),
            Self::LaterStage(stage) => format!("profile {profile} has {label} from stage {stage} on"),
            Self::NeedsHerTick => format!("{label} is hers to tick, and nobody ticks under this basis"),
            Self::NeedsTheLaw => format!("{label} goes to {service} under a duty to report or a decision only"),
            Self::NeedsDangerToLife => format!("{label} goes to {service} in danger to life only"),
            Self::NotInAnswers => format!("answers under profile {profile} may not say {label}"),
            Self::AboutAPerson => {
                format!("{label} is about a person, and an answer to an enquiry says nothing about one")
            }
        }
    }
}

impl Agreement {
    /// Why a rule does not let one party ask another for that. [AGR-21]
    pub(super) fn unfit(
        &self,
        rule: &Rule,
        act: Act,
        sender: &OrgId,
        receiver: &OrgId,
        service_type: ServiceType,
    ) -> Option<Obstacle> {
        let asks = self.party(sender).is_some_and(|party| party.roles.contains(&rule.sender));
        let gives = self.party(receiver).is_some_and(|party| party.services.contains(&service_type));
        let suspended = |party: &OrgId| self.party(party).is_some_and(|party| party.suspended);
        let obstacles = [
            (rule.act == act, Obstacle::OtherAct),
            (rule.receiver == service_type, Obstacle::OtherService),
            (sender != receiver, Obstacle::Itself),
            (asks, Obstacle::NotInRole),
            (gives, Obstacle::NotGiven),
            (![sender, receiver].into_iter().any(suspended), Obstacle::Suspended),
        ];
        obstacles.into_iter().find(|(passes, _)| !passes).map(|(_, obstacle)| obstacle)
    }
}

impl Profile {
    /// From which stage on it has a label.
    #[must_use]
    pub fn stage_of(&self, label: Label) -> Option<u32> {
        let lists = [(0, &self.enquiry), (1, &self.need), (2, &self.identity)];
        lists.into_iter().find(|(_, labels)| labels.contains(&label)).map(|(stage, _)| stage)
    }

    /// Whether a disclosure may hold a label: the basis's own, or what stands here up to that stage. [AGR-23]
    pub(super) fn discloses(&self, label: Label, to: ServiceType, basis: &Basis, stage: u32) -> Result<(), Obstacle> {
        if basis.carries(label) {
            return Ok(());
        }
        let from = self.stage_of(label).ok_or(Obstacle::OutsideProfile)?;
        if from > stage {
            return Err(Obstacle::LaterStage(from));
        }
        // [BAS-5] A tick is hers: no other basis stands for it.
        if self.ticked.contains(&label) && !basis.ticks {
            return Err(Obstacle::NeedsHerTick);
        }
        match label.cell(to) {
            Cell::Never => Err(Obstacle::OutsideProfile),
            Cell::Asked if !basis.ticks && !basis.spares_the_tick() => Err(Obstacle::NeedsHerTick),
            Cell::Law if !basis.is_law() => Err(Obstacle::NeedsTheLaw),
            Cell::Life if basis.code != LegalBasis::VitalInterests => Err(Obstacle::NeedsDangerToLife),
            _ => Ok(()),
        }
    }

    /// Whether an answer may hold a label. [AGR-23]
    pub(super) fn answers(&self, label: Label, basis: &Basis) -> Result<(), Obstacle> {
        if !self.reply.contains(&label) {
            return Err(Obstacle::NotInAnswers);
        }
        if basis.nonpersonal && !label.is_nonpersonal() { Err(Obstacle::AboutAPerson) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{agreement::compile, id::Id};

    /// Of rule 2 of the demonstration: a notification of a hotline to social work, with profile *notice*.
    fn said(obstacle: Obstacle) -> String {
        let source = include_str!("../../../../specs/agreements/demonstration.toml");
        let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
        let peers: BTreeMap<String, OrgId> =
            names.iter().map(|name| ((*name).to_owned(), Id::of(name.as_bytes()).into())).collect();
        let agreement = compile(source, &peers).unwrap().agreement;
        obstacle.sentence(agreement.rule(2).unwrap(), Label::Ethnicity)
    }

    /// [AGR-22]
    #[test]
    fn each_obstacle_is_said_in_words_of_its_own() {
        let all = [
            (Obstacle::NotInForce, "the agreement is not in force at that time"),
            (Obstacle::NoSuchRule, "there is no such rule"),
            (Obstacle::OtherAct, "the rule is for a notification"),
            (Obstacle::OtherService, "the rule is for social_work"),
            (Obstacle::Itself, "nobody asks itself"),
            (Obstacle::NotInRole, "whoever asks does not have the role hotline"),
            (Obstacle::NotGiven, "whoever is asked does not give social_work"),
            (Obstacle::Suspended, "one of the two is suspended"),
            (Obstacle::NoProfile, "there is no profile notice"),
            (Obstacle::BeyondTheAct, "a notification does not go to that stage"),
            (Obstacle::OtherStage, "a stage above 0 needs a basis, and stage 0 has none"),
            (Obstacle::ServesNotTheAct, "the basis cannot carry a notification"),
            (Obstacle::NotListed, "the rule does not list the basis"),
            (Obstacle::WaitsForTheAnswer, "who she is waits for the answer"),
            (Obstacle::NoArticle, "the basis must cite an article"),
            (Obstacle::UnknownArticle, "the article is not in the agreement's list"),
            (Obstacle::OutsideProfile, "ethnicity is not in profile notice"),
            (Obstacle::LaterStage(2), "profile notice has ethnicity from stage 2 on"),
            (Obstacle::NeedsHerTick, "ethnicity is hers to tick, and nobody ticks under this basis"),
            (Obstacle::NeedsTheLaw, "ethnicity goes to social_work under a duty to report or a decision only"),
            (Obstacle::NeedsDangerToLife, "ethnicity goes to social_work in danger to life only"),
            (Obstacle::NotInAnswers, "answers under profile notice may not say ethnicity"),
            (Obstacle::AboutAPerson, "ethnicity is about a person, and an answer to an enquiry says nothing about one"),
        ];
        for (obstacle, sentence) in all {
            assert_eq!(said(obstacle), sentence);
        }
    }
}
