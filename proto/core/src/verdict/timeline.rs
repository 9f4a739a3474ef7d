//! The timeline: one entry an event, for people to read.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Deadline, Decided, Entry, conduct, copies::Copies, events::Events, events::answered, heads::Heads, logs::Logs,
    names::Names, opened::Opened,
};
use crate::{
    agreement::{Agreement, name_of},
    bounds::Bounded,
    envelope::Verified,
    event::{Event, EventPrefix, Statement},
    head::Head,
    id::{EventId, OrgId},
    log::EntryKind,
    state::{Kind, Reading, Verdict},
    time::{Seconds, Span},
    trail::Trail,
};

/// What an entry is made from.
pub(super) struct Timeline<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) agreement: Option<&'a Agreement>,
    pub(super) opened: Option<&'a Opened>,
    pub(super) copies: &'a Copies,
    pub(super) heads: &'a Heads,
    pub(super) receiver: Option<OrgId>,
    pub(super) reading: Option<&'a Reading>,
    pub(super) deadlines: &'a [Deadline],
    pub(super) seen: &'a BTreeSet<EventId>,
    pub(super) bounded: Option<&'a Bounded>,
    pub(super) logs: Option<&'a Logs>,
    /// Decisions that were taken away, each with the first event that did it.
    pub(super) taken: BTreeMap<EventId, EventId>,
}

/// What granted something, and an effective refusal of its type that has it in its past. [STA-70]
pub(super) fn taken_away(trail: &Trail, reading: &Reading) -> BTreeMap<EventId, EventId> {
    let decisions = trail.events().filter_map(|event| match &event.statement {
        Statement::Decision(decision) => Some((event.id, decision.kind, reading.events.get(&event.id)?)),
        _ => None,
    });
    let effective: Vec<_> = decisions.filter(|(_, _, judged)| judged.verdict == Verdict::Effective).collect();
    let of_kind = |kind| effective.iter().filter(move |(_, _, judged)| judged.kind == kind);
    let took =
        |id, of| of_kind(Kind::DecisionNo).find(|(no, type_, _)| *type_ == of && trail.history().has_seen(*no, id));
    let taken = of_kind(Kind::Decision).filter(|(id, ..)| !reading.decisions.contains(id));
    taken.filter_map(|(id, of, _)| Some((*id, took(*id, *of)?.0))).collect()
}

impl Timeline<'_> {
    /// The events of the trail in causal order, then what could not be connected or read.
    pub(super) fn entries(
        &self,
        trail: Option<&Trail>,
        loose: &[impl std::ops::Deref<Target = Event>],
        events: &Events,
    ) -> Vec<Entry> {
        let said = Said::of(self.reading, self.deadlines);
        let connected = trail.into_iter().flat_map(Trail::events).map(|event| self.entry(event, &said));
        let loose = loose.iter().map(|event| Entry {
            void: Some(String::from("it rests on what is not here or not accepted")),
            settled: None,
            settled_proven: None,
            ..self.entry(event, &said)
        });
        let parked = events.parked.iter().map(|prefix| self.unread(prefix));
        connected.chain(loose).chain(parked).collect()
    }

    fn entry(&self, event: &Event, said: &Said) -> Entry {
        let slots = event.slots.len() / 32;
        let terms = event.terms;
        // [TIM-2]
        let bounds = self.bounded.map(|bounded| bounded.around(event.id)).unwrap_or_default();
        let id = event.id.to_string();
        let late = said.late.get(&id).cloned().unwrap_or_default();
        Entry {
            event: id,
            author: self.names.show(&event.author),
            number: event.seq,
            incarnation: event.incarnation,
            kind: event.statement.name().to_owned(),
            code: event.statement.code(),
            task: event.statement.task(),
            time: event.time.get(),
            occurred: event.occurred.map(Seconds::get),
            // [BUN-73]
            proven: self.logs.and_then(|logs| logs.event(event).time).map(Seconds::get),
            not_before: bounds.after.map(|bound| self.names.claim(bound.time, &bound.word)),
            not_after: bounds.before.map(|bound| self.names.claim(bound.time, &bound.word)),
            names: self.names_event(&event.statement).map(|id| id.to_string()),
            stage: terms.map(|terms| terms.stage),
            basis: terms.map(|terms| name_of(terms.basis)),
            article: terms.and_then(|terms| self.citation(terms.article)).or_else(|| self.retained(&event.statement)),
            slots: slots as u64,
            closed: self.opened.map_or(slots, |opened| opened.closed(&event.id, slots)) as u64,
            fields: self.opened.map(|opened| opened.fields(&event.id)).unwrap_or_default(),
            attested: self.copies.show(&event.id, self.names),
            settled: self.settling(event).map(|head| head.time).min().map(Seconds::get),
            settled_proven: self.settled_proven(event).map(Seconds::get),
            decided: self.decided(event),
            void: self.void(&event.id),
            findings: said.findings.get(&event.id).cloned().unwrap_or_default(),
            late,
            seen_by_other: self.seen.contains(&event.id),
        }
    }

    fn unread(&self, prefix: &EventPrefix) -> Entry {
        Entry {
            event: prefix.id.to_string(),
            author: self.names.show(&prefix.author),
            number: prefix.seq,
            incarnation: prefix.incarnation,
            kind: String::from("needs_upgrade"),
            code: String::new(),
            task: None,
            time: prefix.time.get(),
            occurred: None,
            proven: None,
            not_before: None,
            not_after: None,
            names: None,
            stage: None,
            basis: None,
            article: None,
            slots: 0,
            closed: 0,
            fields: Vec::new(),
            attested: None,
            settled: None,
            settled_proven: None,
            decided: None,
            void: Some(String::from("it is newer than this program and was not read")),
            findings: Vec::new(),
            late: Vec::new(),
            seen_by_other: self.seen.contains(&prefix.id),
        }
    }

    /// Of a withdrawal that has effect, the heads by which its receiver says that its time is over. [BUN-94]
    fn settling(&self, event: &Event) -> impl Iterator<Item = &Verified<Head>> {
        let withdraws = event.statement == Statement::Withdrawn && self.void(&event.id).is_none();
        let receiver = self.receiver.filter(|_| withdraws);
        receiver.into_iter().flat_map(|receiver| self.heads.settling(&event.id, receiver))
    }

    /// By when the first of them was there, by its author's log.
    fn settled_proven(&self, event: &Event) -> Option<Seconds> {
        let logs = self.logs?;
        self.settling(event).filter_map(|head| logs.logged(&head.author, EntryKind::Head, head.id())).min()
    }

    /// [BUN-122]
    fn decided(&self, event: &Event) -> Option<Decided> {
        let Statement::Decision(decision) = &event.statement else { return None };
        Some(Decided {
            kind: name_of(decision.kind),
            expiry: decision.expiry.map(Seconds::get),
            taken_away: self.taken.get(&event.id).map(EventId::to_string),
        })
    }

    fn names_event(&self, statement: &Statement) -> Option<EventId> {
        match statement {
            Statement::Decision(decision) => decision.evidence,
            Statement::Task { plan, .. } => Some(*plan),
            Statement::Opening(opening) => opening.about.map(|trail| trail.opening()),
            other => answered(other),
        }
    }

    /// The citation as the agreement writes it, marked if nobody has checked it.
    fn citation(&self, number: u32) -> Option<String> {
        if number == 0 {
            return None;
        }
        let article = self.agreement.and_then(|agreement| agreement.article(number));
        Some(article.map_or_else(
            || format!("article {number}, which is not in the agreement's list"),
            |article| format!("{}{}", article.citation, if article.unverified { " (unverified)" } else { "" }),
        ))
    }

    fn retained(&self, statement: &Statement) -> Option<String> {
        match statement {
            Statement::Retained { article } => self.citation(*article),
            _ => None,
        }
    }

    fn void(&self, id: &EventId) -> Option<String> {
        match self.reading?.events.get(id)?.verdict {
            Verdict::Void(reason) => Some(reason.to_string()),
            Verdict::Effective => None,
        }
    }
}

/// What is said of events elsewhere, put beside each.
struct Said {
    findings: BTreeMap<EventId, Vec<String>>,
    /// By the ID as it is shown.
    late: BTreeMap<String, Vec<String>>,
}

impl Said {
    fn of(reading: Option<&Reading>, deadlines: &[Deadline]) -> Self {
        let mut said = Self { findings: BTreeMap::new(), late: BTreeMap::new() };
        for finding in reading.into_iter().flat_map(|reading| &reading.findings) {
            let (_, id, sentence) = conduct::say(*finding);
            said.findings.entry(id).or_default().push(sentence.to_owned());
        }
        for deadline in deadlines {
            let (Some(met), Some(late)) = (&deadline.met, deadline.late) else { continue };
            let sentence = format!("{} {}, on the word of {}", deadline.timer, Span(late), deadline.word);
            said.late.entry(met.clone()).or_default().push(sentence);
        }
        said
    }
}
