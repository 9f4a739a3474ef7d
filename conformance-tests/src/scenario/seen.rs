//! What a node shows of a trail, held against a step of the script.

use uput_wire::v1 as wire;

use crate::scenario::script::Step;

/// How what is shown stands to what was expected.
pub enum Sight {
    /// It is so.
    AsExpected,
    /// It is not so yet.
    NotYet(String),
    /// It never will be.
    Never(String),
}

/// Compares.
#[must_use]
pub fn compare(step: &Step, trail: &wire::Trail) -> Sight {
    if let Some(wrong) = never(step, trail) {
        return Sight::Never(wrong);
    }
    match not_yet(step, trail) {
        Some(wrong) => Sight::NotYet(wrong),
        None => Sight::AsExpected,
    }
}

fn never(step: &Step, trail: &wire::Trail) -> Option<String> {
    let fields = || trail.events.iter().flat_map(|event| &event.fields);
    if let Some(label) = step.lacks.iter().find(|label| fields().any(|field| field.label == **label)) {
        return Some(format!("{label} was disclosed"));
    }
    let timer = step.overdue.as_ref().filter(|_| runs_already(trail))?;
    let runs = trail.deadlines.iter().any(|deadline| deadline.timer == *timer);
    (!runs).then(|| format!("no timer {timer:?} runs"))
}

/// Timers of the other side run from when it has the opening.
fn runs_already(trail: &wire::Trail) -> bool {
    trail.events.first().is_some_and(|opening| !opening.ours || opening.delivered != 0)
}

fn not_yet(step: &Step, trail: &wire::Trail) -> Option<String> {
    if let Some(headline) = step.headline.as_ref().filter(|headline| **headline != trail.headline) {
        return Some(format!("the headline is {:?} and not {headline:?}", trail.headline));
    }
    if let Some(stage) = step.stage.filter(|stage| *stage != trail.stage) {
        return Some(format!("stage {} was disclosed and not {stage}", trail.stage));
    }
    if let Some(note) = step.notes.iter().find(|note| !trail.notes.iter().any(|shown| shown.contains(*note))) {
        return Some(format!("{note:?} does not stand beside the headline, but {:?}", trail.notes));
    }
    if let Some(kind) = step.kinds.iter().find(|kind| !trail.events.iter().any(|event| is(event, kind))) {
        return Some(format!("nobody said {kind:?} to effect"));
    }
    let late = |timer: &String| trail.deadlines.iter().any(|deadline| deadline.timer == *timer && deadline.overdue);
    if let Some(timer) = step.overdue.as_ref().filter(|timer| !late(timer)) {
        return Some(format!("{timer:?} is not overdue"));
    }
    let asks = trail.escalation.as_ref().filter(|next| next.now).map(|next| next.service_type().as_str_name());
    let named = |service: &&String| asks == Some(&*format!("SERVICE_TYPE_{}", service.to_uppercase()));
    if let Some(service) = step.ladder.as_ref().filter(|service| !named(service)) {
        return Some(format!("{service} is not to be asked now, but {asks:?}"));
    }
    let newest = |label: &str| {
        let fields = trail.events.iter().rev().flat_map(|event| &event.fields);
        fields.into_iter().find(|field| field.label == label).map(|field| field.value.as_str())
    };
    let other = step.shown.iter().find(|(label, value)| newest(label) != Some(value.as_str()));
    other.map(|(label, value)| format!("{label} is shown as {:?} and not as {value:?}", newest(label)))
}

/// `kind`, or `kind code`.
fn is(event: &wire::TrailEvent, word: &str) -> bool {
    let (kind, code) = word.split_once(' ').unwrap_or((word, ""));
    event.kind == kind && (code.is_empty() || event.code == code) && event.void_reason.is_empty()
}
