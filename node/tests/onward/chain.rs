//! Five houses in a row, that pass on what the first one signed.

use std::{collections::BTreeMap, sync::Arc};

use tokio::task::JoinHandle;
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::{EventId, TrailId},
    wire::{self, LegalBasis, ServiceType},
};
use uput_node::{
    case::CaseId,
    node::{NewEvent, NewTrail, NewValues, Node, Refused},
};

use crate::town::{
    CONSENT, Carrier, House, agree_on, enquiry, event, fields, introduce, listen, request_id, say, take, until, worker,
};

pub(crate) const ROW: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
pub(crate) const AGREEMENT: &str = include_str!("../../../specs/agreements/hand-to-hand.toml");
pub(crate) const SERVICES: [ServiceType; 5] = [
    ServiceType::Hotline,
    ServiceType::SocialWork,
    ServiceType::Health,
    ServiceType::Psychosocial,
    ServiceType::Shelter,
];
pub(crate) const FACTS: [(&str, &str); 3] = [("age_band", "30_59"), ("language", "sq"), ("name", "Invented Name")];

pub(crate) struct Row {
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) houses: Vec<House>,
    /// From which to which.
    pub(crate) carriers: BTreeMap<(usize, usize), Carrier>,
    /// What each does by itself.
    tasks: Vec<Vec<JoinHandle<()>>>,
}

impl Drop for Row {
    /// Nothing writes any more when the folders go.
    fn drop(&mut self) {
        self.carriers.clear();
        self.tasks.iter().flatten().for_each(JoinHandle::abort);
        self.nodes.clear();
    }
}

fn by_itself(node: &Arc<Node>) -> Vec<JoinHandle<()>> {
    vec![tokio::spawn(node.clone().follow_onward()), tokio::spawn(node.clone().say_settled())]
}

/// What goes with who she is.
pub(crate) enum Word {
    /// The sender signs it for whoever comes after.
    Signed,
    /// What another one signed, from the record of the case.
    Passed,
    /// This copy.
    Copy(String),
}

impl Row {
    /// Everybody has met everybody, all have signed, and each does what it does by itself.
    pub(crate) async fn found() -> Self {
        Self::found_under(AGREEMENT).await
    }

    /// The same under another agreement.
    pub(crate) async fn found_under(agreement: &str) -> Self {
        let mut row = Self::met(agreement, |_, house| house.open()).await;
        row.tasks = row.nodes.iter().map(by_itself).collect();
        row
    }

    /// Nothing is done by itself yet, by nodes that are opened so.
    pub(crate) async fn met(agreement: &str, open: impl Fn(usize, &House) -> Arc<Node>) -> Self {
        listen();
        let mut houses = Vec::new();
        for seed in 1..=5 {
            houses.push(House::found(seed).await);
        }
        let nodes: Vec<Arc<Node>> = houses.iter().enumerate().map(|(at, house)| open(at, house)).collect();
        for (at, node) in nodes.iter().enumerate() {
            for (beside, other) in nodes.iter().enumerate().skip(at + 1) {
                introduce(node, ROW[at], other, ROW[beside]).await;
            }
        }
        let mut row = Self::of(nodes, houses);
        row.carry();
        let parties: Vec<_> =
            ROW.iter().zip(&row.houses).zip(&row.nodes).map(|((name, house), node)| (*name, house, node)).collect();
        agree_on(agreement, &parties).await;
        row.tasks.resize_with(5, Vec::new);
        row
    }

    /// Who have not met.
    pub(crate) fn of(nodes: Vec<Arc<Node>>, houses: Vec<House>) -> Self {
        Self { nodes, houses, carriers: BTreeMap::new(), tasks: Vec::new() }
    }

    /// What a start does about withdrawals.
    pub(crate) fn follow(&mut self, at: usize) {
        self.tasks[at].push(tokio::spawn(self.nodes[at].clone().follow_onward()));
    }

    /// From each to each.
    pub(crate) fn carry(&mut self) {
        let pairs = (0..5).flat_map(|from| (0..5).map(move |to| (from, to))).filter(|(from, to)| from != to);
        self.carriers =
            pairs.map(|(from, to)| ((from, to), Carrier::new(&self.nodes[from], &self.nodes[to]))).collect();
    }

    /// One of them stops, with all that it does and all that carries its letters.
    pub(crate) async fn stop(&mut self, at: usize) {
        self.carriers.retain(|(from, to), _| *from != at && *to != at);
        for task in std::mem::take(&mut self.tasks[at]) {
            task.abort();
            let _ = task.await;
        }
        // Another one stands in its place, and does nothing.
        self.nodes[at] = self.nodes[(at + 1) % 5].clone();
    }

    /// It runs again. Nothing is carried yet.
    pub(crate) fn start(&mut self, at: usize) {
        self.nodes[at] = self.houses[at].open();
        self.tasks[at] = by_itself(&self.nodes[at]);
    }

    /// The need is opened with the next one, in a case if there is one, and accepted.
    pub(crate) async fn accepted(&self, from: usize, to: usize, case: Option<CaseId>) -> TrailId {
        let mut new = NewTrail {
            case,
            service_type: SERVICES[to],
            stage: 1,
            basis: LegalBasis::ExplicitConsent,
            fields: fields(&CONSENT),
            ..enquiry(ROW[to])
        };
        match case {
            Some(_) => drop(self.nodes[from].open_from_case(&mut new, &[Label::AgeBand]).await.unwrap()),
            None => new.fields.extend(fields(&FACTS[..1])),
        }
        let trail = self.nodes[from].open_trail(new).await.unwrap().unwrap();
        self.stands(to, &trail, |shown| shown.stage == 1).await;
        say(&self.nodes[to], trail, Statement::Accepted).await.unwrap();
        self.stands(from, &trail, |shown| shown.headline == "accepted").await;
        trail
    }

    /// A need that she told them herself, typed and in no record, is opened in a case.
    pub(crate) async fn typed(&self, from: usize, to: usize, case: CaseId) -> TrailId {
        let new = NewTrail {
            case: Some(case),
            service_type: SERVICES[to],
            stage: 1,
            basis: LegalBasis::ExplicitConsent,
            fields: fields(&[&CONSENT[..], &[("age_band", "18_29")]].concat()),
            ..enquiry(ROW[to])
        };
        let trail = self.nodes[from].open_trail(new).await.unwrap().unwrap();
        self.stands(to, &trail, |shown| shown.stage == 1).await;
        trail
    }

    /// Who she is goes to the next one.
    pub(crate) async fn identity(&self, from: usize, trail: TrailId, word: Word) -> Result<EventId, Refused> {
        self.say_who(from, trail, Statement::Identity, word).await
    }

    pub(crate) async fn say_who(
        &self,
        from: usize,
        trail: TrailId,
        statement: Statement,
        word: Word,
    ) -> Result<EventId, Refused> {
        let ticked = [("consent_ticked", "name provenance")];
        let mut new = NewEvent {
            fields: fields(&[&CONSENT[..], &ticked[..]].concat()),
            basis: Some(LegalBasis::ExplicitConsent),
            attest: matches!(word, Word::Signed),
            ..event(trail, statement)
        };
        match word {
            Word::Signed => new.fields.extend(fields(&FACTS)),
            Word::Passed => {
                let labels = [Label::AgeBand, Label::Language, Label::Name, Label::Provenance];
                self.nodes[from].say_from_case(&mut new, &labels).await?;
            }
            Word::Copy(copy) => {
                new.fields.extend(fields(&FACTS));
                new.fields.extend(fields(&[("provenance", copy.as_str())]));
            }
        }
        Ok(self.nodes[from].record_event(new).await?.unwrap())
    }

    /// Takes what a trail said over into the record of its case, without typing it.
    pub(crate) async fn taken_over(&self, at: usize, trail: TrailId) -> CaseId {
        self.stands(at, &trail, |shown| shown.stage == 2).await;
        take(&self.nodes[at], &trail).await;
        let case = self.nodes[at].case_of(&trail).unwrap();
        let labels = vec![Label::AgeBand, Label::Language, Label::Name, Label::Provenance];
        let new = NewValues {
            knowingly: Vec::new(),
            by: worker(),
            request_id: request_id(),
            validate_only: false,
            case,
            fields: Vec::new(),
            taken: vec![(trail, labels)],
            removed: Vec::new(),
            marks: Vec::new(),
            words: None,
            label_words: Vec::new(),
        };
        self.nodes[at].update_case_record(new).await.unwrap();
        case
    }

    /// Waits until nobody has anything to send.
    pub(crate) async fn quiet(&self) {
        until(|| async { self.nodes.iter().all(|node| node.queued().items == 0) }).await;
    }

    /// Waits until a trail stands so at a node.
    pub(crate) async fn stands(&self, at: usize, trail: &TrailId, holds: impl Fn(&wire::Trail) -> bool) {
        until(|| async { self.nodes[at].show(&worker(), trail, false).await.is_ok_and(|shown| holds(&shown)) }).await;
    }

    /// Whose word an event's values are at a node, and the copy.
    pub(crate) async fn word(&self, at: usize, trail: &TrailId, event: &EventId) -> (wire::Attested, String) {
        let id = event.to_vec();
        self.stands(at, trail, |shown| shown.events.iter().any(|event| event.event == id)).await;
        let shown = self.nodes[at].show(&worker(), trail, true).await.unwrap();
        let event = shown.events.into_iter().find(|event| event.event == id).unwrap();
        let copy = event.fields.iter().find(|field| field.label == "provenance").map(|field| field.value.clone());
        (event.attested.unwrap_or_default(), copy.unwrap_or_default())
    }
}
