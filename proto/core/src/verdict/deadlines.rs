//! What a delay is worth: a party's own word against itself, or what its cosigned log shows, and nothing else. [BUN-59]

use super::{
    Conformance, Deadline, Proven, chronology::Chronology, demand::Demand, findings::Findings, heads::Heads, known,
    known::Known, logs::Logs, names::Names,
};
use crate::{
    agreement::{Agreement, name_of},
    bounds::Bounded,
    bundle::Bundle,
    envelope::Verified,
    event::Event,
    head::Head,
    id::OrgId,
    log::EntryKind,
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
    pub(super) logs: &'a Logs,
    pub(super) known: &'a Known,
    pub(super) chronology: &'a Chronology<'a>,
    pub(super) names: &'a Names<'a>,
    pub(super) bounded: &'a Bounded,
}

/// What must hold before a delay counts against anybody: else the answer, or what ended the wait, may be missing.
const WHOLE: [Demand; 5] = [Demand::Signed, Demand::Sequence, Demand::Gaps, Demand::Readable, Demand::Incarnations];

/// Up to when it is said that nothing had come, and by whom.
#[derive(Clone, Copy)]
struct Silence {
    until: Seconds,
    word: OrgId,
    /// The owing party says itself that nothing had come until then.
    admitted: bool,
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
        // [TIM-4] What has seen the start may say that it was earlier.
        let sooner = self.bounded.around(step.from.id).settle(step.from.time).after(span).min(due);
        if let Some(found) = self.prove(step, span, findings) {
            return found;
        }
        match step.to {
            Some(to) => self.judge_met(step, to, [sooner, due], findings),
            None => self.judge_open(step, [sooner, due], findings),
        }
    }

    fn judge_met(&self, step: &Step<'_>, to: &Event, [sooner, due]: [Seconds; 2], findings: &mut Findings) -> Deadline {
        let late = to.time.since(due).filter(|late| late.0 > 0);
        let clocks = [step.from.author, to.author];
        let word = self.word(&clocks);
        let timer = name_of(step.kind);
        let done = match (step.ended, late) {
            (false, None) => String::from("met in time"),
            (false, Some(late)) => format!("met {late} late"),
            (true, None) => String::from("not met: the trail ended before it was due"),
            (true, Some(late)) => format!("not met: the trail ended {late} after it was due"),
        };
        let mut sentence = format!("{timer}: due {}, {done}, on the word of {word}", moment(due));
        let verdict = match late {
            Some(_) => Some(self.weigh(step, clocks == [self.owing(); 2], to, &mut sentence, findings)),
            None => self
                .rests(step, to, &mut sentence, findings)
                .or_else(|| self.doubt(to, due, &mut sentence, findings))
                .or_else(|| self.doubt_start(step, to.time, sooner, &mut sentence, findings)),
        };
        self.deadline(step, due, (late, verdict), word, sentence)
    }

    /// Late, or silent, with both bounds: when the owing party had the start at the latest, and until when its own log
    /// shows that the step, or the head that says it was not made, was not there yet. [BUN-77]
    fn prove(&self, step: &Step<'_>, span: Span, findings: &mut Findings) -> Option<Deadline> {
        let began = self.began(step.from)?;
        let due = began.after(span);
        let until = match step.to {
            Some(to) => self.step_absent(to),
            None => self.head_absent(step.from),
        }?;
        let late = until.since(due).filter(|late| late.0 > 0)?;
        // [BUN-125]
        let doubted = findings.doubts.beneath_timer(step.from, step.to).is_some();
        if doubted || !is_whole(findings) || findings.failed(Demand::Exporter) {
            return None;
        }
        let (timer, name) = (name_of(step.kind), self.names.of(&self.owing()));
        let what = if step.to.is_some() { "the step" } else { "its head that has no answer" };
        let sentence = format!(
            "{timer}: due {} at the latest, and {name}'s cosigned log of {} does not have {what} yet: proven",
            moment(due),
            moment(until)
        );
        let event = step.to.map_or(step.from.id, |to| to.id);
        findings.against(Demand::Timers, Conformance::No, Some(event), sentence.clone());
        let word = format!("{name} and witnesses of its log");
        let proven = [began, until].map(|time| self.names.claim(time, &self.owing()));
        let deadline = self.deadline(step, due, (Some(late), Some(Conformance::No)), word, sentence);
        let [since, until] = proven;
        // [BUN-120]
        let open = step.to.is_none().then(|| until.clone());
        Some(Deadline { until: open, proven: Some(Proven { since, until }), ..deadline })
    }

    /// When the owing party wrote what started a timer, or had it, at the latest. That its author logged it hands it to
    /// nobody.
    fn began(&self, from: &Event) -> Option<Seconds> {
        if from.author != self.owing() {
            return self.known.had(from);
        }
        self.logs.event(from).time.into_iter().chain([from.time]).min()
    }

    /// Until when the owing party's log shows that a step was not made, unless something shows it earlier. [BUN-100]
    fn step_absent(&self, to: &Event) -> Option<Seconds> {
        let owing = self.owing();
        let until = self
            .logs
            .absent_until(&owing, to.incarnation, EntryKind::OwnEvent, to.id.into())
            .filter(|_| to.author == owing);
        until.filter(|until| self.known.there(&to.id).is_none_or(|there| there >= *until))
    }

    /// The same of its heads that had seen what started the timer and have no step.
    fn head_absent(&self, from: &Event) -> Option<Seconds> {
        let heads = self.own_heads().into_iter().filter(|head| known::has_seen(self.trail, head, from.id));
        let until = |head: &Verified<Head>| {
            let until = self.logs.absent_until(&self.owing(), head.incarnation, EntryKind::Head, head.id())?;
            let there = self.logs.first_sight_of_head(head.id());
            there.is_none_or(|there| there >= until).then_some(until)
        };
        heads.filter_map(until).max()
    }

    /// The owing party's heads that end with the last of its events here.
    fn own_heads(&self) -> Vec<&Verified<Head>> {
        let count = self.trail.count(Side::Peer);
        let last = count.checked_sub(1).map(|number| self.trail.numbered(Side::Peer, number)).unwrap_or_default();
        // A head that counts more has counted what is not here: perhaps the answer.
        let covers =
            |head: &&Verified<Head>| head.own_count == count && head.own_last.is_none_or(|named| last.contains(&named));
        self.heads.of(&self.owing()).filter(covers).collect()
    }

    /// In time by its own claimed time, and too late by that of an event that it has seen.
    fn doubt(&self, to: &Event, due: Seconds, sentence: &mut String, findings: &mut Findings) -> Option<Conformance> {
        let before = self.chronology.latest(to);
        if before.time <= due {
            return None;
        }
        let (by, time) = (self.names.of(&before.author), moment(before.time));
        *sentence = format!("{sentence}: an event of {by} that it has seen claims {time}, and one of the two is false");
        findings.against(Demand::Timers, Conformance::NotCheckable, Some(to.id), sentence.clone());
        Some(Conformance::NotCheckable)
    }

    /// Met or ended in time, or started, by what nobody can say who wrote. [BUN-125]
    fn rests(
        &self,
        step: &Step<'_>,
        to: &Event,
        sentence: &mut String,
        findings: &mut Findings,
    ) -> Option<Conformance> {
        let doubted = findings.doubts.beneath_timer(step.from, Some(to))?;
        *sentence = format!("{sentence}: not judged, as event {doubted} is in doubt");
        findings.against(Demand::Timers, Conformance::NotCheckable, Some(to.id), sentence.clone());
        Some(Conformance::NotCheckable)
    }

    /// In time by the claimed time of what started it, and too late by that of an event that has seen this. [TIM-4]
    fn doubt_start(
        &self,
        step: &Step<'_>,
        until: Seconds,
        sooner: Seconds,
        sentence: &mut String,
        findings: &mut Findings,
    ) -> Option<Conformance> {
        let saw = self.bounded.around(step.from.id).before.filter(|_| until > sooner)?;
        let (by, time) = (self.names.of(&saw.word), moment(saw.time));
        *sentence =
            format!("{sentence}: an event of {by} that has seen its start claims {time}, and one of the two is false");
        findings.against(Demand::Timers, Conformance::NotCheckable, Some(step.from.id), sentence.clone());
        Some(Conformance::NotCheckable)
    }

    fn judge_open(&self, step: &Step<'_>, [sooner, due]: [Seconds; 2], findings: &mut Findings) -> Deadline {
        let silence = self.silence(due, findings);
        let (timer, owing) = (name_of(step.kind), self.names.of(&self.owing()));
        let late = silence.until.since(due).filter(|late| late.0 > 0);
        let clocks = [step.from.author, silence.word];
        let by = self.names.of(&silence.word);
        let (due_at, until) = (moment(due), moment(silence.until));
        let mut sentence = match late {
            None => format!("{timer}: due {due_at}, not met yet at {until}, on {by}'s word"),
            Some(_) if silence.own_head => {
                format!("{timer}: due {due_at}, and {owing}'s own head of {until} has no answer")
            }
            Some(_) => format!("{timer}: due {due_at}, no answer, on {by}'s word of {until}"),
        };
        let verdict = match late {
            Some(_) => {
                let own = silence.admitted && step.from.author == self.owing();
                Some(self.weigh(step, own, step.from, &mut sentence, findings))
            }
            None => self.doubt_start(step, self.latest().until, sooner, &mut sentence, findings),
        };
        let until = Some(self.names.claim(silence.until, &silence.word));
        Deadline { until, ..self.deadline(step, due, (late, verdict), self.word(&clocks), sentence) }
    }

    /// A delay that rests on the late party's own clock alone, with nothing missing, is its admission; any other is
    /// shown and not judged.
    fn weigh(
        &self,
        step: &Step<'_>,
        own: bool,
        event: &Event,
        sentence: &mut String,
        findings: &mut Findings,
    ) -> Conformance {
        let owing = self.names.of(&self.owing());
        let whole = is_whole(findings) && !findings.failed(Demand::Exporter);
        let (verdict, why) = match (own, whole) {
            (true, true) => match findings.doubts.beneath_timer(step.from, step.to) {
                // [BUN-125]
                Some(doubted) => (Conformance::NotCheckable, format!("not judged, as event {doubted} is in doubt")),
                None => (Conformance::No, format!("{owing}'s own admission")),
            },
            (true, false) => {
                (Conformance::NotCheckable, String::from("not judged, as something is missing or not accepted"))
            }
            (false, _) => (Conformance::NotCheckable, format!("not on {owing}'s clock alone, and no log proves it")),
        };
        *sentence = format!("{sentence}: {why}");
        findings.against(Demand::Timers, verdict, Some(event.id), sentence.clone());
        verdict
    }

    /// The owing party's own word counts first where it says more than that the timer runs. Whoever once said that it
    /// still had time says nothing of the time after.
    fn silence(&self, due: Seconds, findings: &Findings) -> Silence {
        let (own, latest) = (self.own_word(findings), self.latest());
        own.filter(|own| own.until > due || latest.until <= due).unwrap_or(latest)
    }

    /// The owing party's latest head that ends with the last of its events here, or its export.
    fn own_word(&self, findings: &Findings) -> Option<Silence> {
        let word = self.owing();
        let head = self.own_heads().iter().map(|head| head.time).max();
        let signed = !findings.failed(Demand::Exporter) && is_whole(findings);
        let exported = (self.bundle.exporter == word && signed).then_some(self.bundle.time);
        head.max(exported).map(|until| Silence { until, word, admitted: true, own_head: head == Some(until) })
    }

    /// The latest time that the exporter claims for its bundle, or somebody for an event or a head in it: whoever put
    /// them together had them.
    fn latest(&self) -> Silence {
        let events = self.trail.settled().into_iter().map(|event| (event.time, event.author));
        let heads = self.heads.all().filter(|head| self.trail.side(&head.author).is_some());
        let heads = heads.map(|head| (head.time, head.author));
        let exported = (self.bundle.time, self.bundle.exporter);
        let (until, word) =
            events.chain(heads).fold(exported, |last, other| if other.0 > last.0 { other } else { last });
        Silence { until, word, admitted: false, own_head: false }
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

    fn deadline(
        &self,
        step: &Step<'_>,
        due: Seconds,
        (late, verdict): (Option<Span>, Option<Conformance>),
        word: String,
        sentence: String,
    ) -> Deadline {
        Deadline {
            timer: name_of(step.kind),
            owed_by: self.names.show(&self.owing()),
            from: step.from.id.to_string(),
            began: self.names.claim(step.from.time, &step.from.author),
            done: step.to.map(|to| self.names.claim(to.time, &to.author)),
            due: due.get(),
            met: step.to.filter(|_| !step.ended).map(|to| to.id.to_string()),
            ended: step.to.filter(|_| step.ended).map(|to| to.id.to_string()),
            until: None,
            proven: None,
            late: late.map(|late| late.0),
            verdict,
            word,
            sentence,
        }
    }
}

pub(super) fn is_whole(findings: &Findings) -> bool {
    !WHOLE.into_iter().any(|demand| findings.failed(demand))
}
