//! The clock of retentions: what is noted, what is held, what is due.
//!
//! Guarantees that nothing is erased by a clock that is doubted, nor before its warning was there on as many days as it
//! has, and that what a stop left half done is finished. [RET-3] [RET-7] [RET-18]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use uput_core::{
    id::TrailId,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::RetentionPart,
};

use super::{DayRecord, Node, NotedRecord, Resting};
use crate::clock;

const DAY: u64 = 86_400;
/// How long after a day that was counted the next one is, in one run. [RET-6]
const APART: Duration = Duration::from_secs(20 * 3_600);
/// How often it is looked for what ends. [RET-15]
const EVERY: Duration = Duration::from_secs(3_600);
/// The same where an agreement is for demonstration.
const SOON: Duration = Duration::from_secs(1);

/// What one look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// People are told from now on.
    pub noted: usize,
    /// It was due, and is held.
    pub held: usize,
    /// Values were erased.
    pub values: usize,
    /// Evidence was erased.
    pub evidence: usize,
}

impl Node {
    /// Looks for what ends, until it is dropped. [RET-15]
    pub async fn keep_retentions(self: Arc<Self>) {
        let began = Instant::now();
        loop {
            let passed = self.end_retentions(clock::now(), began.elapsed()).await;
            if passed.values + passed.evidence > 0 {
                tracing::info!(values = passed.values, evidence = passed.evidence, "retentions were over");
            }
            let demonstrated = self.agreements.any_demonstration();
            tokio::time::sleep(if demonstrated { SOON } else { EVERY }).await;
        }
    }

    /// Looks once for what ends; `running` is how long this run of the node lasts. What fails is logged, and tried
    /// again.
    pub async fn end_retentions(&self, now: Seconds, running: Duration) -> Passed {
        let mut passed = Passed::default();
        // [RET-3]
        if !self.may_end_by_time() || self.count_day(now, running).await.is_err() {
            return passed;
        }
        self.end_holds(now).await;
        for trail in self.outlines.trails() {
            // Nobody waits for it.
            tokio::task::yield_now().await;
            if let Err(rejection) = self.end_retention(&trail, now, &mut passed).await {
                // The rejection names a cause, and nothing of the trail.
                tracing::error!(%rejection, "the retention of a trail was not looked at");
            }
        }
        passed
    }

    /// [RET-6]
    async fn count_day(&self, now: Seconds, running: Duration) -> Result<(), Rejection> {
        let day = now.get() / DAY;
        let (before, counted) = {
            let state = self.retentions.lock();
            (state.day, state.counted)
        };
        let apart = counted.is_none_or(|counted| running.saturating_sub(counted) >= APART);
        if day == before.day || !apart {
            return Ok(());
        }
        let kept = DayRecord { day, seen: before.seen.saturating_add(1) };
        self.keep(&kept).await?;
        let mut state = self.retentions.lock();
        (state.day, state.counted) = (kept, Some(running));
        Ok(())
    }

    async fn end_retention(&self, trail: &TrailId, now: Seconds, passed: &mut Passed) -> Result<(), Rejection> {
        let resting = self.resting_of(trail).await?;
        for part in [RetentionPart::Values, RetentionPart::Evidence] {
            if self.is_over(trail, part, now, &resting, passed).await? {
                match part {
                    RetentionPart::Evidence => {
                        passed.evidence += usize::from(self.erase_evidence(trail, now).await?);
                    }
                    _ => passed.values += usize::from(self.erase_values_by_time(trail, now).await?),
                }
            }
        }
        Ok(())
    }

    /// Whether a part of a trail is to be erased now. People are told before.
    async fn is_over(
        &self,
        trail: &TrailId,
        part: RetentionPart,
        now: Seconds,
        resting: &Resting,
        passed: &mut Passed,
    ) -> Result<bool, Rejection> {
        let Some(due) = resting.due(part).filter(|due| now >= self.told_from(*due, resting)) else { return Ok(false) };
        if !self.is_left(trail, part) {
            return Ok(false);
        }
        if self.is_on_hold(trail) {
            passed.held += usize::from(now >= due);
            return Ok(false);
        }
        let Some(noted) = self.noted(trail, part, due) else {
            self.note(trail, part, due, now).await?;
            passed.noted += 1;
            return Ok(false);
        };
        // [RET-19] Evidence does not end before the values.
        let after_values = part == RetentionPart::Values || !self.is_left(trail, RetentionPart::Values);
        Ok(now >= due && self.days_left(&noted, resting, now) == 0 && after_values)
    }

    /// How the retention of a trail runs; read again when something was said in it.
    async fn resting_of(&self, trail: &TrailId) -> Result<Resting, Rejection> {
        let mark = self.outlines.mark(trail);
        let known = self.retentions.lock().resting.get(trail).copied();
        if let Some((_, resting)) = known.filter(|(of, _)| Some(*of) == mark) {
            return Ok(resting);
        }
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let resting = self.resting(held.as_ref().ok_or(Rejection::NoSuchTrail)?)?;
        drop(held);
        if let Some(mark) = mark {
            self.retentions.lock().resting.insert(*trail, (mark, resting));
        }
        Ok(resting)
    }

    /// What was noted of it, if that still holds. [RET-8]
    pub(super) fn noted(&self, trail: &TrailId, part: RetentionPart, due: Seconds) -> Option<NotedRecord> {
        let noted = self.retentions.lock().noted.get(&(*trail, part.into())).cloned()?;
        let since = self.last_held(trail);
        Some(noted).filter(|noted| noted.due == due.get() && noted.noted >= since)
    }

    async fn note(&self, trail: &TrailId, part: RetentionPart, due: Seconds, now: Seconds) -> Result<(), Rejection> {
        let seen = self.retentions.lock().day.seen;
        let noted = NotedRecord { trail: trail.to_vec(), part: part.into(), due: due.get(), noted: now.get(), seen };
        self.keep(&noted).await?;
        self.retentions.lock().noted.insert((*trail, part.into()), noted);
        Ok(())
    }

    /// From when on people are told.
    pub(super) fn told_from(&self, due: Seconds, resting: &Resting) -> Seconds {
        let warning = self.warning_days();
        let ahead = if resting.demonstration { warning } else { warning.saturating_mul(DAY) };
        Seconds::new(due.get().saturating_sub(ahead)).unwrap_or(due)
    }

    /// How many days of the warning are left; seconds, where it is for demonstration. [RET-7] [RET-9]
    pub(super) fn days_left(&self, noted: &NotedRecord, resting: &Resting, now: Seconds) -> u64 {
        let had = match resting.demonstration {
            true => now.get().saturating_sub(noted.noted),
            false => self.retentions.lock().day.seen.saturating_sub(noted.seen),
        };
        self.warning_days().saturating_sub(had)
    }

    fn warning_days(&self) -> u64 {
        let Span(ahead) = self.endings.ahead();
        ahead.div_ceil(DAY)
    }
}
