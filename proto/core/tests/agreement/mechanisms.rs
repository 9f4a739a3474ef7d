//! The mechanisms of the field, as agreements that are shipped: each compiles, says where it comes from, and is no copy
//! of another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use uput_core::act::{self, About};
use uput_core::agreement::{
    Agreement, Code, Compiled, Explanation, Occasion, Origin, Question, Request, compile, summary,
};
use uput_core::catalogue::Label;
use uput_core::event::{Opening, Statement, Terms};
use uput_core::id::{Id, OrgId};
use uput_core::key::SigningKey;
use uput_core::step::{self, Author, Draft};
use uput_core::wire::LegalBasis;

use crate::scene::{now, opening, organisation};

/// Name and text of every mechanism, in order.
pub(crate) fn mechanisms() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/agreements");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(String, String)> = files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| name.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    found.sort();
    found
}

/// Invented OrgIds for the names in a source; `town` makes them others.
fn people_of(text: &str, town: &str) -> BTreeMap<String, OrgId> {
    let names = text.split("\"peer:").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(|name| (name.to_owned(), organisation(&format!("{town}{name}")))).collect()
}

pub(crate) fn compiled_of(text: &str, town: &str) -> Compiled {
    compile(text, &people_of(text, town)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn agreement(text: &str, town: &str) -> Agreement {
    compiled_of(text, town).agreement
}

/// [AGR-1]
#[test]
fn every_mechanism_compiles_to_what_it_says() {
    let all = mechanisms();
    for (_, text) in &all {
        let compiled = compiled_of(text, "");
        assert_eq!(Agreement::parse(compiled.agreement.id().into(), &compiled.body).unwrap(), compiled.agreement);
    }
    println!("{} mechanisms compile: {:?}", all.len(), all.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

/// [AGR-14] [AGR-62] [AGR-63] Nobody has compared a citation, a rule or a figure with its source.
#[test]
fn every_mechanism_names_its_row_and_marks_what_nobody_checked() {
    for (name, text) in mechanisms() {
        let number: u32 = name.split('-').next().unwrap().parse().unwrap();
        let head: String = text.lines().take_while(|line| line.starts_with('#')).map(|line| &line[1..]).collect();
        assert!(head.starts_with(&format!(" Row {number}")), "{name}: {head}");
        for words in ["All organisations are invented.", "Source:", "What is its own:", "Rests on:"] {
            assert!(head.contains(words), "{name} does not say {words:?}: {head}");
        }
        let held = agreement(&text, "");
        assert!(held.articles().all(|article| article.unverified), "{name}");
        assert!(held.parties().all(|party| party.name.ends_with("(invented)")), "{name}");
        let origins = origins(&held);
        assert!(origins.iter().all(|origin| origin.unverified && !origin.source.is_empty()), "{name}");
        let sentences = summary(&held);
        let shown = sentences.iter().filter(|sentence| sentence.contains("(unverified; source: "));
        assert_eq!(shown.count(), origins.len(), "{name}");
    }
}

/// Where each of its rules and figures was taken from.
fn origins(held: &Agreement) -> Vec<&Origin> {
    let rules = held.rules().map(|rule| &rule.origin).chain(held.timers().iter().map(|timer| &timer.origin));
    let bodies = held.decisions().iter().map(|decision| &decision.origin);
    let steps = held.escalation().iter().map(|step| &step.origin);
    rules.chain(bodies).chain(steps).chain([&held.retention().origin]).collect()
}

#[test]
fn no_mechanism_is_a_copy_of_another_one() {
    let all: Vec<(String, Agreement)> =
        mechanisms().iter().map(|(name, text)| (name.clone(), agreement(text, ""))).collect();
    for (at, (name, one)) in all.iter().enumerate() {
        for (other_name, other) in &all[at + 1..] {
            assert!(!one.rules().eq(other.rules()), "{name} and {other_name}: rules");
            assert!(!one.profiles().eq(other.profiles()), "{name} and {other_name}: profiles");
            assert!(one.timers() != other.timers(), "{name} and {other_name}: timers");
        }
    }
}

/// Other towns took the mechanism over: other parties, and nothing else.
#[test]
fn a_town_takes_a_mechanism_over_by_putting_in_its_own_parties() {
    for (name, text) in mechanisms() {
        let (one, other) = (agreement(&text, "one "), agreement(&text, "other "));
        assert!(one.rules().eq(other.rules()) && one.profiles().eq(other.profiles()), "{name}");
        assert!(one.timers() == other.timers() && one.id() != other.id(), "{name}");
        assert!(one.parties().all(|party| other.party(&party.organisation).is_none()), "{name}");
    }
}

/// Of so many labels one is asked for each pair, each time another one: together all of them.
const STEP: usize = 23;

/// A rule, a stage, a basis.
type Way = (u32, u32, i32);

/// What one party can open with another, by trying all of it: what a label may stand in.
fn opened(held: &Agreement, from: OrgId, to: OrgId) -> Vec<(Way, BTreeSet<Label>)> {
    let key = SigningKey::from_seed(&[7; 32]);
    let author = Author { organisation: from, key_record: Id::of(b"key record").into(), signing: &key, incarnation: 0 };
    let mut opened = Vec::new();
    for rule in held.rules() {
        let about = act::row(rule.act).unwrap().about;
        let asked = || Opening {
            peer: to,
            about: (about == About::Must).then(|| Id::of(b"an earlier trail").into()),
            ..opening("anybody", rule.act, rule.receiver)
        };
        let articles = || std::iter::once(0).chain(held.articles().map(|article| article.number));
        for (stage, basis) in (0..=2).flat_map(|stage| LegalBasis::every().map(move |basis| (stage, basis))) {
            for article in articles() {
                let (asked, terms) = (asked(), Terms { stage, rule: rule.number, basis, article });
                let request = Request {
                    opener: &from,
                    opening: &asked,
                    terms,
                    occasion: Occasion::Opening,
                    kind: None,
                    time: now(),
                };
                let Ok(permitted) = held.permit(&request) else { continue };
                let labels = permitted.labels().clone();
                let (slots, statement) = (Vec::new(), Statement::Acknowledged);
                let draft = Draft { statement, terms: Some(terms), slots, time: now(), occurred: None };
                // What is permitted can be signed, and reads back: a stage that the act does not have cannot.
                let event = step::open(&author, asked, draft).unwrap_or_else(|refused| panic!("{terms:?}: {refused}"));
                assert_eq!(held.effective_stage(&event), stage, "a reader lowers what its author was permitted");
                opened.push(((rule.number, stage, basis.into()), labels));
            }
        }
    }
    opened
}

/// [AGR-42] [AGR-60] [AGR-61]
#[test]
fn what_is_explained_about_an_opening_is_what_opening_does() {
    let (mut yes, mut no, mut labels) = (0, 0, BTreeSet::new());
    for (at, (name, text)) in mechanisms().iter().enumerate() {
        let held = agreement(text, "");
        let parties: Vec<OrgId> = held.parties().map(|party| party.organisation).collect();
        let pairs = parties.iter().flat_map(|from| parties.iter().map(move |to| (*from, *to)));
        for (pair, (from, to)) in pairs.enumerate() {
            let opened = opened(&held, from, to);
            for label in Label::ALL.iter().copied().skip((at + pair) % STEP).step_by(STEP) {
                let question = Question { from, to, label, act: None, stage: None, basis: None, time: now() };
                let explained: BTreeSet<Way> = match held.explain(&question) {
                    Explanation::Yes(ways) => {
                        let opening = ways.iter().filter(|way| way.occasion == Occasion::Opening);
                        opening.map(|way| (way.rule, way.stage, way.basis.into())).collect()
                    }
                    Explanation::No { .. } => BTreeSet::new(),
                };
                let done = opened.iter().filter(|(_, labels)| labels.contains(&label)).map(|(way, _)| *way);
                assert_eq!(explained, done.collect(), "{name}: {label} from {from} to {to}");
                *(if explained.is_empty() { &mut no } else { &mut yes }) += 1;
                labels.insert(label);
            }
        }
    }
    println!("{yes} yes, {no} no, {} labels", labels.len());
    assert!(yes > 80 && no > 300 && labels.len() == Label::ALL.len(), "{yes} yes, {no} no");
}

/// [AGR-60] An act goes no further for whoever asks than for whoever opens.
#[test]
fn no_stage_above_the_highest_of_its_act_is_permitted_on_any_occasion() {
    let mut beyond = 0;
    for (name, text) in mechanisms() {
        let held = agreement(&text, "");
        for rule in held.rules() {
            let highest = act::row(rule.act).unwrap().stage;
            let with = |fits: &dyn Fn(&uput_core::agreement::Party) -> bool| {
                held.parties().find(|party| fits(party)).map(|party| party.organisation)
            };
            let Some(from) = with(&|party| party.roles.contains(&rule.sender)) else { continue };
            let Some(to) = with(&|party| party.services.contains(&rule.receiver) && party.organisation != from) else {
                continue;
            };
            let asked = Opening { peer: to, ..opening("anybody", rule.act, rule.receiver) };
            for (stage, basis) in
                (highest + 1..=2).flat_map(|stage| LegalBasis::every().map(move |basis| (stage, basis)))
            {
                for occasion in [Occasion::Opening, Occasion::Later, Occasion::Reply] {
                    let terms = Terms { stage, rule: rule.number, basis, article: 0 };
                    let request = Request { opener: &from, opening: &asked, terms, occasion, kind: None, time: now() };
                    let refused = held.permit(&request).err();
                    assert_eq!(refused, Some(uput_core::rejection::Rejection::NotOfThisAct), "{name}: {terms:?}");
                    beyond += 1;
                }
            }
        }
    }
    assert!(beyond > 0, "no mechanism has an act that ends before stage 2");
}
