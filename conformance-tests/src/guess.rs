//! A colleague guesses: IDs and beginnings of IDs of trails and cases that are not theirs, and of none that are there.
//!
//! Checks that both kinds of guesses get the same bytes, and prints how long both take, with the distance of the two
//! distributions (Kolmogorov-Smirnov). It cannot show that no finer clock tells them apart; the work is the same on both
//! ways because the node is made so.

use std::collections::BTreeSet;
use std::time::Instant;

use tonic::Status;
use uput_wire::v1 as wire;
use uput_wire::v1::access_service_client::AccessServiceClient;
use uput_wire::v1::case_service_client::CaseServiceClient;
use uput_wire::v1::trail_service_client::TrailServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::{Access, Organisation};
use crate::pair::{Pair, Setting, agreement};
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::Request;
use crate::tally::Tally;

/// Trails of somebody else that are there to be guessed.
const THERE: u64 = 60;
/// Guesses before anything is measured.
const WARM_UP: u64 = 200;

/// One guess.
#[derive(Clone, Copy)]
enum Asked {
    Trail,
    Values,
    Event,
    Case,
    Take,
    CaseOfTrail,
    Log,
}

const ALL: [Asked; 7] =
    [Asked::Trail, Asked::Values, Asked::Event, Asked::Case, Asked::Take, Asked::CaseOfTrail, Asked::Log];

/// What came back: everything that a caller can read.
type Answer = (i32, String, Vec<u8>, Vec<String>);

/// Guesses so many times at what is there and not the caller's, and so many times at what is not there.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, seed: u64, count: u64, progress: impl Fn(u64)) -> Outcome<Tally> {
    let pair = Pair::found(programs, &Setting { log: "info", open_wire: false, agreement: agreement()? }).await?;
    let mut draw = Draw::new(seed);
    let mut targets = Vec::new();
    for _ in 0..THERE {
        let trail = Request::enquiry(draw.request_id()).ask(&pair.hotline).await?.value;
        let access = pair.hotline.access().await?;
        let request = access.request(wire::GetCaseRequest { case: Vec::new(), trail: trail.clone() });
        let case = CaseServiceClient::new(access.channel()).get_case(request).await?.into_inner().case;
        targets.push((trail, case.ok_or_else(|| Failed::because("no case was shown"))?.case));
    }
    let guesser = guesser(&pair.hotline).await?;
    let (mut seen, mut times) = ([BTreeSet::new(), BTreeSet::new()], [Vec::new(), Vec::new()]);
    for number in 0..count + WARM_UP {
        let asked = usize::try_from(draw.below(ALL.len() as u64)).ok().and_then(|at| ALL.get(at).copied());
        let Some(asked) = asked else { continue };
        let (real, nothing) = both(&mut draw, &targets, asked);
        // One of each kind by the same call, in random order: what drifts, or depends on the call, meets both alike.
        let there_first = draw.below(2) == 1;
        for there in [there_first, !there_first] {
            let id = if there { real.clone() } else { nothing.clone() };
            let message_id = draw.request_id();
            let begun = Instant::now();
            let answer = ask(&guesser, asked, id, message_id).await;
            let took = begun.elapsed();
            if number >= WARM_UP {
                let ([nothing, something], [without, with]) = (&mut seen, &mut times);
                let (answers, spans) = if there { (something, with) } else { (nothing, without) };
                answers.insert((asked as u8, answer));
                spans.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                progress((number - WARM_UP) * 2 + u64::from(there != there_first));
            }
        }
    }
    Ok(tally(&seen, times))
}

/// A case worker of the same organisation, who has none of it.
async fn guesser(side: &Organisation) -> Outcome<Access> {
    let (name, file) = (side.home().join("guesser-name.txt"), side.home().join("guesser.toml"));
    std::fs::write(&name, "Dunjavesna")?;
    let name_file = name.display().to_string();
    let made = side.uput_done(&["account", "create", "--role", "case-worker", "--name-file", &name_file]).await?;
    let account = made.pointer("/account/account").and_then(serde_json::Value::as_str);
    let account = account.ok_or_else(|| Failed::because("the answer names no account"))?.to_owned();
    side.uput_done(&["account", "token", &account, "--to", &file.display().to_string()]).await?;
    Access::open(&side.folder(), &file, &side.second())
}

/// An ID, whole or its beginning, of what is there, and one as long of nothing.
fn both(draw: &mut Draw, targets: &[(Vec<u8>, Vec<u8>)], asked: Asked) -> (Vec<u8>, Vec<u8>) {
    let index = usize::try_from(draw.below(targets.len() as u64)).unwrap_or_default();
    let (trail, case) = targets.get(index).cloned().unwrap_or_default();
    let real = if matches!(asked, Asked::Case | Asked::Take | Asked::Log) { case } else { trail };
    let length = match draw.below(2) {
        0 => real.len(),
        _ => 4 + usize::try_from(draw.below(real.len() as u64 - 4)).unwrap_or_default(),
    };
    let nothing: Vec<u8> = (0..real.len()).map(|_| u8::try_from(draw.below(256)).unwrap_or_default()).collect();
    let beginning = |id: &[u8]| id.get(..length).unwrap_or_default().to_vec();
    (beginning(&real), beginning(&nothing))
}

async fn ask(by: &Access, asked: Asked, id: Vec<u8>, request_id: String) -> Answer {
    let (mut trails, mut cases) = (TrailServiceClient::new(by.channel()), CaseServiceClient::new(by.channel()));
    let status = match asked {
        Asked::Trail | Asked::Values => {
            let values = matches!(asked, Asked::Values);
            refused(
                trails
                    .get_trail(by.request(wire::GetTrailRequest { trail: id, values, reason: None, contact: None }))
                    .await,
            )
        }
        Asked::Event => {
            let kind = Some(wire::statement::Kind::Accepted(wire::Accepted {}));
            let statement = Some(wire::Statement { kind });
            let request = wire::RecordEventRequest { request_id, trail: id, statement, ..Default::default() };
            refused(trails.record_event(by.request(request)).await)
        }
        Asked::Case => refused(cases.get_case(by.request(wire::GetCaseRequest { case: id, trail: Vec::new() })).await),
        Asked::CaseOfTrail => {
            refused(cases.get_case(by.request(wire::GetCaseRequest { case: Vec::new(), trail: id })).await)
        }
        Asked::Log => {
            let mut accesses = AccessServiceClient::new(by.channel());
            let reason = Some(wire::Reason { code: wire::AccessReason::Audit.into(), words: String::new() });
            let request = wire::ListAccessesRequest { case: id, reason, ..Default::default() };
            refused(accesses.list_accesses(by.request(request)).await)
        }
        Asked::Take => refused(cases.take_case(by.request(wire::TakeCaseRequest { case: id })).await),
    };
    let mut headers: Vec<String> = status.metadata().keys().map(|key| format!("{key:?}")).collect();
    headers.sort();
    (status.code() as i32, status.message().to_owned(), status.details().to_vec(), headers)
}

/// The no that must have come.
fn refused<T>(answer: Result<tonic::Response<T>, Status>) -> Status {
    answer.err().unwrap_or_else(|| Status::ok("it was shown"))
}

fn tally(seen: &[BTreeSet<(u8, Answer)>; 2], times: [Vec<u64>; 2]) -> Tally {
    // Of each pair, by the same call and with nothing between them.
    let longer = times[0].iter().zip(&times[1]).filter(|(without, with)| with > without).count();
    let [absent, there] = times.map(sorted);
    let mut tally = Tally::default();
    tally.add("pairs in which the second kind took longer, of 10,000", share_of(longer, there.len()));
    tally.add("guesses at what is not there", absent.len() as u64);
    tally.add("guesses at what is there and not theirs", there.len() as u64);
    tally.add("different answers to the first kind, over seven calls", seen[0].len() as u64);
    tally.add("different answers to the second kind, over seven calls", seen[1].len() as u64);
    for (names, times) in [
        (["mean, first kind, us", "median, first kind, us", "99 %, first kind, us"], &absent),
        (["mean, second kind, us", "median, second kind, us", "99 %, second kind, us"], &there),
    ] {
        let mean = times.iter().sum::<u64>().checked_div(times.len() as u64).unwrap_or_default();
        for (name, figure) in names.into_iter().zip([mean, at(times, 50), at(times, 99)]) {
            tally.add(name, figure / 1_000);
        }
    }
    let (one, two) = (absent.len() as f64, there.len() as f64);
    tally.add("Kolmogorov-Smirnov distance of the times, of 10,000", (distance(&absent, &there) * 10_000.0) as u64);
    // 1.63 sqrt((n+m)/nm): at equal distributions one run of a hundred is beyond it.
    let bound = 1.63 * ((one + two) / (one * two).max(1.0)).sqrt();
    tally.add("what equal distributions stay below in 99 of 100 runs", (bound * 10_000.0) as u64);
    let shown = seen.iter().flatten().any(|(_, (code, ..))| *code == 0);
    if seen[0] != seen[1] || shown {
        tally.violated("an answer tells what is there from what is not");
    }
    tally
}

/// So many of so many, as a share of 10,000.
fn share_of(some: usize, all: usize) -> u64 {
    (some as u64 * 10_000).checked_div(all as u64).unwrap_or_default()
}

fn sorted(mut times: Vec<u64>) -> Vec<u64> {
    times.sort_unstable();
    times
}

fn at(sorted: &[u64], percent: usize) -> u64 {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// The greatest distance of two distributions, from two sorted samples.
fn distance(one: &[u64], other: &[u64]) -> f64 {
    let share = |sample: &[u64], time: u64| {
        sample.partition_point(|taken| *taken <= time) as f64 / (sample.len() as f64).max(1.0)
    };
    one.iter().chain(other).map(|time| (share(one, *time) - share(other, *time)).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_have_no_distance_and_disjoint_ones_all_of_it() {
        assert!(distance(&[1, 2, 3], &[1, 2, 3]) < 1e-9);
        assert!((distance(&[1, 2, 3], &[4, 5, 6]) - 1.0).abs() < 1e-9);
        assert!((distance(&[1, 2], &[2, 3]) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_answer_that_tells_is_a_violation() {
        let answer = |text: &str| (0_u8, (5, text.to_owned(), Vec::new(), Vec::new()));
        let same = [BTreeSet::from([answer("no")]), BTreeSet::from([answer("no")])];
        assert!(tally(&same, [vec![1], vec![1]]).violations().is_empty());
        let other = [BTreeSet::from([answer("no")]), BTreeSet::from([answer("not yours")])];
        assert_eq!(tally(&other, [vec![1], vec![1]]).violations().len(), 1);
    }
}
