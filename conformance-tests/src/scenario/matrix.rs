//! Every mechanism under its agreement, and without the part on which it rests.
//!
//! Guarantees that a deletion is really played: the organisations sign the agreement without that part and play the
//! scenario under it, which must fail at the step that rests on the part; then others are played while that agreement
//! is in force beside theirs, and must go well. Each row has an agreement of its own, and agreements never combine: that
//! others go well is what separate agreements promise. What the step rests on is shown by deleting every other rule of
//! the same agreement in turn: none of them makes that step fail.

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::failed::{Failed, Outcome};
use crate::programs::Programs;
use crate::scenario::Scenario;
use crate::scenario::cast::{Agreed, Cast};
use crate::scenario::deletion::Part;

/// Which deletions are played.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Numbers of rows to play; empty: all.
    pub rows: &'a [u32],
    /// Rows whose part is deleted.
    pub delete: &'a [u32],
    /// How many other scenarios are played beside each deletion.
    pub others: usize,
    /// Rows of whose agreement each rule is deleted in turn.
    pub each: &'a [u32],
}

/// What was found, a line a row.
#[derive(Default)]
pub struct Matrix {
    lines: Vec<Line>,
}

struct Line {
    number: u32,
    name: &'static str,
    part: String,
    played: Outcome<(usize, usize)>,
    deleted: Option<Deleted>,
    /// Each rule that was deleted in turn, and what came of it.
    each: Vec<(i64, Result<String, String>)>,
    not_done: usize,
}

struct Deleted {
    /// What the agreement says no more.
    lost: Vec<String>,
    /// At the step that rests on the part, with what was said; or why that is not so.
    failed: Result<String, String>,
    /// How many others went well.
    others: usize,
    /// Those that did not.
    disturbed: Vec<String>,
}

/// A scenario and its agreement in force.
struct Ready {
    scenario: Scenario,
    agreed: Agreed,
}

/// Plays all of a plan with one cast. `done` hears how many plays there were.
///
/// # Errors
/// What kept it from being played at all.
pub async fn run(programs: &Programs, plan: Plan<'_>, done: impl Fn(u64)) -> Outcome<Matrix> {
    let cast = Arc::new(Cast::assemble(programs).await?);
    let mut ready = Vec::new();
    for scenario in Scenario::all()? {
        if plan.rows.is_empty() || plan.rows.contains(&scenario.row.number) {
            let agreed = scenario.agree(&cast, None).await.map_err(|failed| failed.within(scenario.row.name))?;
            ready.push(Arc::new(Ready { scenario, agreed }));
        }
    }
    let mut played = 0;
    let mut matrix = Matrix::default();
    for ready in &ready {
        matrix.lines.push(line(&cast, ready).await);
        played += 1;
        done(played);
    }
    for number in plan.delete {
        let at = ready.iter().position(|ready| ready.scenario.row.number == *number);
        let at = at.ok_or_else(|| Failed::because(format!("row {number} is not played")))?;
        let deleted = delete(&cast, &ready, at, plan.others).await?;
        if let Some(line) = matrix.lines.get_mut(at) {
            line.deleted = Some(deleted);
        }
        played += 1;
        done(played);
    }
    for number in plan.each {
        let at = ready.iter().position(|ready| ready.scenario.row.number == *number);
        let own =
            at.and_then(|at| ready.get(at)).ok_or_else(|| Failed::because(format!("row {number} is not played")))?;
        let each = each_rule(&cast, &own.scenario).await?;
        if let Some(line) = at.and_then(|at| matrix.lines.get_mut(at)) {
            line.each = each;
        }
        played += 1;
        done(played);
    }
    Ok(matrix)
}

async fn line(cast: &Cast, ready: &Ready) -> Line {
    let Scenario { row, script, .. } = &ready.scenario;
    let played = ready.scenario.play(cast, &ready.agreed).await;
    Line {
        number: row.number,
        name: row.name,
        part: script.delete.to_string(),
        played: played.map(|played| (played.trails, played.bundles)),
        deleted: None,
        each: Vec::new(),
        not_done: script.not_done.len(),
    }
}

async fn delete(cast: &Arc<Cast>, ready: &[Arc<Ready>], at: usize, others: usize) -> Outcome<Deleted> {
    let own = ready.get(at).ok_or_else(|| Failed::because("there is no such row"))?;
    let part = &own.scenario.script.delete;
    let lost = own.scenario.lost(cast, part).await?;
    let agreed = own.scenario.agree(cast, Some(part)).await?;
    let failed = match own.scenario.play(cast, &agreed).await {
        Ok(_) => Err("it went well all the same".to_owned()),
        Err(failed) => rests(&own.scenario, failed),
    };
    let mut plays = JoinSet::new();
    // The next ones in the list, so that a slice for each row is another one.
    for other in ready.iter().cycle().skip(at + 1).take(others.min(ready.len() - 1)) {
        let (cast, other) = (Arc::clone(cast), Arc::clone(other));
        plays.spawn(async move { (other.scenario.row.name, other.scenario.play(&cast, &other.agreed).await) });
    }
    let (mut well, mut disturbed) = (0, Vec::new());
    while let Some(play) = plays.join_next().await {
        match play.map_err(|error| Failed::because(error.to_string()))? {
            (_, Ok(_)) => well += 1,
            (name, Err(failed)) => disturbed.push(format!("{name}: {failed}")),
        }
    }
    Ok(Deleted { lost, failed, others: well, disturbed })
}

/// Plays a scenario without each rule of its agreement in turn: what fails, if anything does, and whether that is wrong.
async fn each_rule(cast: &Cast, scenario: &Scenario) -> Outcome<Vec<(i64, Result<String, String>)>> {
    let mut each = Vec::new();
    for rule in scenario.rules() {
        let agreed = scenario.agree(cast, Some(&Part::Rule(rule))).await?;
        let found = match (scenario.play(cast, &agreed).await, scenario.rests_in(rule)) {
            (Ok(_), _) => Ok("passes".to_owned()),
            (Err(failed), own) => match rests(scenario, failed) {
                Ok(sentence) if !own => {
                    Err(format!("fails at the step that rests on {}: {sentence}", scenario.script.delete))
                }
                Ok(sentence) | Err(sentence) => Ok(format!("fails, {}", sentence.trim_start_matches(ELSEWHERE))),
            },
        };
        each.push((rule, found));
    }
    Ok(each)
}

const ELSEWHERE: &str = "it failed elsewhere: ";

/// A failure counts if it is of the step that rests on the part.
fn rests(scenario: &Scenario, failed: Failed) -> Result<String, String> {
    let at = scenario.script.steps.iter().position(|step| step.rests_on_it).unwrap_or_default();
    let Failed(sentence) = failed;
    let prefix = format!("step {} (", at + 1);
    if sentence.starts_with(&prefix) { Ok(sentence) } else { Err(format!("{ELSEWHERE}{sentence}")) }
}

impl Matrix {
    /// Whether everything went as it must.
    #[must_use]
    pub fn well(&self) -> bool {
        self.lines.iter().all(|line| {
            let deleted = line.deleted.as_ref();
            let each = line.each.iter().all(|(_, found)| found.is_ok());
            each && line.played.is_ok() && deleted.is_none_or(Deleted::well)
        })
    }
}

impl Deleted {
    /// It failed where it must, and nobody else did; and what was taken out is a sentence of the agreement, or one with its
    /// tick.
    fn well(&self) -> bool {
        self.failed.is_ok() && self.disturbed.is_empty() && (1..=2).contains(&self.lost.len())
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            write!(f, "{:>2} {:<31} {:<40} ", line.number, line.name, line.part)?;
            match &line.played {
                Ok((trails, bundles)) => write!(f, "passes ({trails} trails, {bundles} bundles verified)")?,
                Err(failed) => write!(f, "FAILS: {failed}")?,
            }
            if line.not_done > 0 {
                write!(f, "; {} not done", line.not_done)?;
            }
            writeln!(f)?;
            for (rule, found) in &line.each {
                let (Ok(found) | Err(found)) = found.as_ref().map_err(|wrong| format!("WRONG, {wrong}")).cloned();
                writeln!(f, "   without rule {rule}: {found}")?;
            }
            let Some(deleted) = &line.deleted else { continue };
            deleted.lost.iter().try_for_each(|sentence| writeln!(f, "   it says: {sentence}"))?;
            match &deleted.failed {
                Ok(sentence) => writeln!(f, "   without it: fails, {sentence}")?,
                Err(sentence) => writeln!(f, "   without it: WRONG, {sentence}")?,
            }
            writeln!(f, "   others beside it: {} pass, {} fail", deleted.others, deleted.disturbed.len())?;
            deleted.disturbed.iter().try_for_each(|other| writeln!(f, "   DISTURBED {other}"))?;
        }
        let passed = self.lines.iter().filter(|line| line.played.is_ok()).count();
        let deleted = self.lines.iter().filter_map(|line| line.deleted.as_ref());
        let fails = deleted.clone().filter(|deleted| deleted.failed.is_ok()).count();
        let others: usize = deleted.clone().map(|deleted| deleted.others).sum();
        let each = || self.lines.iter().flat_map(|line| &line.each);
        if each().next().is_some() {
            let wrong = each().filter(|(_, found)| found.is_err()).count();
            writeln!(f, "{} rules deleted in turn, {wrong} of them wrong", each().count())?;
        }
        writeln!(
            f,
            "{passed} of {} scenarios pass; {fails} of {} fail without their part; {others} others pass beside them",
            self.lines.len(),
            deleted.count()
        )
    }
}
