//! Articles, timers, decisions, escalation, retention and witnesses.

use std::collections::BTreeMap;

use super::bound::{LONGEST_TITLE, MOST, ascending, code, codes, is_line, origin, span};
use crate::{
    agreement::{Article, DecisionRule, EscalationStep, Flaw, Place, Retention, Timer, WitnessRule, flaw::demand},
    wire,
};

/// [AGR-14] Numbered, cited.
pub(super) fn read_articles(articles: &[wire::Article]) -> Result<BTreeMap<u32, Article>, Flaw> {
    demand(articles.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} articles"))?;
    ascending(articles, |article| article.number, || Place::Document, "AGR-14", "article number")?;
    let read = articles.iter().map(|article| {
        let (number, unverified) = (article.number, article.unverified);
        let fits = number > 0 && is_line(&article.citation, LONGEST_TITLE);
        demand(
            fits,
            || Place::Article(number),
            "AGR-14",
            || "an article has a number from 1 and a citation of one line; correct it".into(),
        )?;
        Ok((number, Article { number, citation: article.citation.clone(), unverified }))
    });
    read.collect()
}

/// [AGR-15] One span for a step of an act.
pub(super) fn read_timers(timers: &[wire::Timer]) -> Result<Vec<Timer>, Flaw> {
    ascending(timers, |timer| (timer.act, timer.kind), || Place::Document, "AGR-15", "timer")?;
    let read = timers.iter().enumerate().map(|(at, timer)| {
        let place = || Place::Timer(at);
        let (act, kind) = (code(timer.act(), place, "AGR-15")?, code(timer.kind(), place, "AGR-15")?);
        let origin = origin(&timer.source, timer.unverified, place)?;
        Ok(Timer { act, kind, span: span(timer.seconds, place, "AGR-15")?, origin })
    });
    read.collect()
}

/// [AGR-17] Somebody may make each decision.
pub(super) fn read_decisions(decisions: &[wire::DecisionRule]) -> Result<Vec<DecisionRule>, Flaw> {
    ascending(decisions, |decision| decision.r#type, || Place::Document, "AGR-17", "decision")?;
    let read = decisions.iter().enumerate().map(|(at, decision)| {
        let place = || Place::Decision(at);
        let issuers = codes(&decision.issuers, place, "AGR-17")?;
        demand(!issuers.is_empty(), place, "AGR-17", || "a decision needs at least one issuer; name one".into())?;
        let origin = origin(&decision.source, decision.unverified, place)?;
        Ok(DecisionRule { kind: code(decision.r#type(), place, "AGR-17")?, issuers, origin })
    });
    read.collect()
}

/// [AGR-51] In order, and of those that are steps for one thing each later than the one before.
pub(super) fn read_escalation(steps: &[wire::EscalationStep]) -> Result<Vec<EscalationStep>, Flaw> {
    demand(steps.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} steps of escalation"))?;
    let read = steps.iter().enumerate().map(|(at, step)| read_step(at, step)).collect::<Result<Vec<_>, _>>()?;
    for (at, (one, next)) in read.iter().zip(read.iter().skip(1)).enumerate() {
        demand(
            one.after <= next.after,
            || Place::Escalation(at + 1),
            "AGR-51",
            || "a step of the escalation comes before the one above it; put them in the order of their times".into(),
        )?;
    }
    for (at, step) in read.iter().enumerate() {
        let twice = read.iter().take(at).any(|before| before.after == step.after && before.meets(step));
        demand(
            !twice,
            || Place::Escalation(at),
            "AGR-51",
            || {
                "two steps of the escalation come at one time for the same; let one come later, or name other acts or timers"
                .into()
            },
        )?;
    }
    Ok(read)
}

/// [AGR-15] [AGR-50] To whom, when, and for what.
fn read_step(at: usize, step: &wire::EscalationStep) -> Result<EscalationStep, Flaw> {
    let place = || Place::Escalation(at);
    let service_type = code(step.service_type(), place, "AGR-15")?;
    let (acts, timers) = (codes(&step.acts, place, "AGR-50")?, codes(&step.timers, place, "AGR-50")?);
    let missed = timers.iter().all(|timer| EscalationStep::MISSED.contains(timer));
    demand(missed, place, "AGR-50", || {
        "a stay that ends and a purge that is late are nobody else's to answer; take that timer out of the step".into()
    })?;
    let origin = origin(&step.source, step.unverified, place)?;
    Ok(EscalationStep { service_type, after: span(step.after, place, "AGR-15")?, acts, timers, origin })
}

/// [AGR-18] Evidence outlives values.
pub(super) fn read_retention(retention: Option<wire::Retention>) -> Result<Retention, Flaw> {
    let place = || Place::Top("retention");
    let retention = retention.unwrap_or_default();
    let values = span(retention.values, place, "AGR-18")?;
    let evidence = span(retention.evidence, place, "AGR-18")?;
    demand(evidence >= values, place, "AGR-18", || {
        "evidence must be kept at least as long as values; without it an erasure cannot be shown".into()
    })?;
    Ok(Retention { values, evidence, origin: origin(&retention.source, retention.unverified, place)? })
}

/// [AGR-19] A number that can be reached.
pub(super) fn read_witnesses(rule: Option<wire::WitnessRule>) -> Result<WitnessRule, Flaw> {
    let rule = rule.unwrap_or_default();
    let place = || Place::Top("witnesses");
    demand(rule.number <= 16 && (rule.number > 0 || !rule.independent), place, "AGR-19", || {
        "at most 16 witnesses, and independent only if there is at least one; correct witnesses".into()
    })?;
    Ok(WitnessRule { number: rule.number, independent: rule.independent })
}
