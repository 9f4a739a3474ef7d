//! What a delay is worth, as long as there are no logs: a party's own word against itself, and nothing else. [BUN-59]

use super::{Conformance, Deadline, demand::Demand, findings::Findings, heads::Heads, names::Names};
use crate::{
    agreement::{Agreement, name_of},
    bundle::Bundle,
    event::Event,
    id::OrgId,
    state::{Reading, Side},
    time::{Seconds, Span},
    timer::{Step, Steps},
    trail::Trail,
    trust::moment,
};

/// Everything that a deadline is judged by.
pub(super) struct Clocks<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) trail: &'a Trail,
    pub(super) heads: &'a Heads,
    pub(super) names: &'a Names<'a>,
}

/// Up to when it is shown that nothing had come, and on whose word.
struct Silence {
    until: Seconds,
    word: OrgId,
    own_head: bool,
}

impl Clocks<'_> {
    /// Every timer that was started.
    pub(super) fn check(&self, reading: &Reading, agreement: &Agreement, findings: &mut Findings) -> Vec<Deadline> {
        let Ok(opening) = self.trail.opening() else { return Vec::new() };
        let steps = Steps::new(self.trail, reading);
        let timers = agreement.timers().iter().filter(|timer| timer.act == opening.act);
        let mut started: Vec<(Step<'_>, Span)> =
            timers.flat_map(|timer| steps.of(timer.kind).into_iter().map(|step| (step, timer.span))).collect();
        started.sort_by_key(|(step, _)| (step.from.time, step.kind));
        if !started.is_empty() {
            findings.reach(Demand::Timers);
        }
        started.iter().map(|(step, span)| self.judge(step, *span, findings)).collect()
    }

    fn judge(&self, step: &Step<'_>, span: Span, findings: &mut Findings) -> Deadline {
        let due = step.from.time.after(span);
        match step.to {
            Some(to) => self.judge_met(step, to, due, findings),
            None => self.judge_open(step, due, findings),
        }
    }

    fn judge_met(&self, step: &Step<'_>, to: &Event, due: Seconds, findings: &mut Findings) -> Deadline {
        let late = to.time.since(due).filter(|late| late.0 > 0);
        let word = self.word(&[step.from.author, to.author]);
        let (timer, owing) = (name_of(step.kind), self.names.of(&self.owing()));
        let done = if step.ended { "not met when the trail ended" } else { "met" };
        let sentence = match late {
            None => format!("{timer}: due {}, {done} in time, on the word of {word}", moment(due)),
            Some(late) => format!("{timer}: due {}, {done} {late} late, on the word of {word}", moment(due)),
        };
        if late.is_some() {
            let admitted = [step.from.author, to.author].iter().all(|author| *author == self.owing());
            let (verdict, why) = admission(admitted, &owing);
            findings.against(Demand::Timers, verdict, Some(to.id), format!("{sentence}: {why}"));
        }
        self.deadline(step, due, late, word, sentence)
    }

    fn judge_open(&self, step: &Step<'_>, due: Seconds, findings: &mut Findings) -> Deadline {
        let silence = self.silence();
        let (timer, owing) = (name_of(step.kind), self.names.of(&self.owing()));
        let late = silence.until.since(due).filter(|late| late.0 > 0);
        let word = self.word(&[step.from.author, silence.word]);
        let by = self.names.of(&silence.word);
        let sentence = match late {
            None => format!("{timer}: due {}, not met yet at {}, on {by}'s word", moment(due), moment(silence.until)),
            Some(_) if silence.own_head => {
                format!(
                    "{timer}: due {}, and {owing}'s own head of {} has no answer",
                    moment(due),
                    moment(silence.until)
                )
            }
            Some(_) => format!("{timer}: due {}, no answer, on {by}'s word", moment(due)),
        };
        if late.is_some() {
            let admitted = step.from.author == self.owing() && silence.word == self.owing();
            let (verdict, why) = admission(admitted, &owing);
            findings.against(Demand::Timers, verdict, Some(step.from.id), format!("{sentence}: {why}"));
        }
        self.deadline(step, due, late, word, sentence)
    }

    /// The owing party's own latest head if it covers all that is here of it, else the exporter's time.
    fn silence(&self) -> Silence {
        let owing = self.owing();
        let count = self.trail.count(Side::Peer);
        let own = self.heads.of(&owing).filter(|head| head.own_count >= count).map(|head| head.time).max();
        let exported = (self.bundle.exporter == owing).then_some(self.bundle.time);
        match own.max(exported) {
            Some(until) => Silence { until, word: owing, own_head: own == Some(until) },
            None => Silence { until: self.bundle.time, word: self.bundle.exporter, own_head: false },
        }
    }

    /// Every step with a timer is the receiver's.
    const fn owing(&self) -> OrgId {
        self.trail.party(Side::Peer)
    }

    fn word(&self, clocks: &[OrgId]) -> String {
        let mut names: Vec<String> = clocks.iter().map(|organisation| self.names.of(organisation)).collect();
        names.dedup();
        names.join(" and ")
    }

    fn deadline(&self, step: &Step<'_>, due: Seconds, late: Option<Span>, word: String, sentence: String) -> Deadline {
        Deadline {
            timer: name_of(step.kind),
            owed_by: self.names.show(&self.owing()),
            from: step.from.id.to_string(),
            due: due.get(),
            met: step.to.filter(|_| !step.ended).map(|to| to.id.to_string()),
            late: late.map(|late| late.0),
            word,
            sentence,
        }
    }
}

/// A delay that rests on the late party's own clock alone is its admission; any other is shown and not judged.
fn admission(admitted: bool, owing: &str) -> (Conformance, String) {
    if admitted {
        (Conformance::No, format!("{owing}'s own admission"))
    } else {
        (Conformance::NotCheckable, format!("not on {owing}'s clock alone, and no log proves it"))
    }
}
