//! Every mechanism is played, and a slice of them without the part on which it rests: `conformance scenarios --delete`
//! is the whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::programs::Programs;
use uput_conformance::scenario::Scenario;
use uput_conformance::scenario::matrix::{Plan, run};
use uput_conformance::scenario::script::Step;

#[tokio::test(flavor = "multi_thread")]
async fn every_mechanism_is_played_and_rests_on_a_part_of_its_agreement() {
    let programs = Programs::find().unwrap();
    let matrix = run(&programs, Plan { rows: &[], delete: &DELETED, others: 2, each: &[] }, |_| ()).await.unwrap();
    assert!(matrix.well(), "{matrix}");
}

/// One for each kind of part: a rule, a timer, a label, a basis.
const DELETED: [u32; 4] = [4, 22, 14, 9];

/// The page is what the scenarios are: `row`, agreement, story, part, what it shows, what is not done.
#[test]
fn the_page_of_mechanisms_lists_each_scenario_as_it_is() {
    let page = include_str!("../../specs/mechanisms.md");
    let listed: Vec<&str> =
        page.lines().filter(|line| line.contains("](agreements/") && line.starts_with("| ")).collect();
    let expected: Vec<String> = Scenario::all().unwrap().iter().map(line).collect();
    assert_eq!(listed, expected);
}

fn line(scenario: &Scenario) -> String {
    let (row, script) = (&scenario.row, &scenario.script);
    let waiting = script.not_done.iter().map(|missing| format!("{}: waits for {}", missing.what, missing.waits_for));
    let waiting = waiting.collect::<Vec<_>>().join("; ");
    let story = script.story.map_or_else(|| "-".to_owned(), |story| story.to_string());
    format!(
        "| {} | [{name}](agreements/{name}.toml) | {story} | {} | {} | {} |",
        row.number,
        script.delete,
        script.shows,
        if waiting.is_empty() { "-" } else { &waiting },
        name = row.name,
    )
}

#[test]
fn every_agreement_says_on_which_part_it_rests() {
    for scenario in Scenario::all().unwrap() {
        let rests = format!("# Rests on: {}.\n", scenario.script.delete);
        assert!(scenario.row.agreement.contains(&rests), "{}: {rests}", scenario.row.name);
    }
}

/// Every act, and every basis, is played in a scenario at least; printed, so that a reader sees where.
#[test]
fn every_act_and_every_basis_is_played_somewhere() {
    let acts: Vec<&str> = rows_of(include_str!("../../specs/state/acts.tsv"));
    let scenarios = Scenario::all().unwrap();
    let (mut silent, mut played) = (Vec::new(), 0);
    for act in acts {
        silent.extend(said(&scenarios, act, |step| step.act.as_deref() == Some(act)));
        played += 1;
    }
    assert_eq!(played, 13, "acts");
    for basis in BASES {
        let nonpersonal = basis == "none_needed_nonpersonal";
        silent.extend(said(&scenarios, basis, |step| {
            step.basis.as_deref() == Some(basis) || nonpersonal && step.open.is_some() && step.basis.is_none()
        }));
    }
    assert!(silent.is_empty(), "played nowhere: {silent:?}");
}

const BASES: [&str; 7] = [
    "explicit_consent",
    "guardian_consent",
    "child_best_interests",
    "legal_duty",
    "vital_interests",
    "public_task_decision",
    "none_needed_nonpersonal",
];

fn rows_of(table: &str) -> Vec<&str> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next()).collect()
}

/// Prints in which rows something is played and not refused; gives its name if in none.
#[allow(clippy::print_stdout, reason = "the table is for whoever reads the run")]
fn said<'a>(scenarios: &[Scenario], name: &'a str, is: impl Fn(&Step) -> bool) -> Option<&'a str> {
    let plays = |scenario: &&Scenario| scenario.script.steps.iter().any(|step| step.refused.is_none() && is(step));
    let rows: Vec<String> = scenarios.iter().filter(plays).map(|scenario| scenario.row.number.to_string()).collect();
    println!("{name:<24} {}", rows.join(" "));
    rows.is_empty().then_some(name)
}
