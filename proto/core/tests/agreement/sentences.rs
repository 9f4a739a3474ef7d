//! The summary that people sign by: a sentence for each clause, and a clause for everything that can be changed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uput_core::{
    agreement::{Agreement, Clause, Code, summary},
    catalogue::Label,
    codec, wire,
};

use crate::{
    mechanisms::{compiled_of, mechanisms},
    random::{self, Die, again, read},
    scene::{DEMONSTRATION, TWO_PARTY, compiled, organisation},
};

pub(crate) type Edit = Box<dyn Fn(&mut wire::Agreement)>;

fn edit(change: impl Fn(&mut wire::Agreement) + 'static) -> Edit {
    Box::new(change)
}

/// What an agreement can say on the wire, without `..`: a field that is new does not compile until somebody has looked here,
/// at the edits below and at the clauses. [AGR-41]
fn nothing_else_can_be_said(document: wire::Agreement) {
    let wire::Agreement {
        title: _,
        version: _,
        previous: _,
        gives_up: _,
        valid_from: _,
        valid_until: _,
        grain: _,
        demonstration: _,
        parties,
        profiles,
        rules,
        articles,
        timers,
        decisions,
        escalation,
        retention,
        witnesses,
        auditors,
        amendment,
    } = document;
    for wire::Party { organisation: _, name: _, roles: _, services: _, suspended: _ } in parties {}
    for wire::Profile { name: _, enquiry: _, need: _, identity: _, ticked: _, reply: _, staff_only: _ } in profiles {}
    for wire::Rule {
        number: _,
        act: _,
        sender: _,
        receiver: _,
        profile: _,
        bases: _,
        collapsed: _,
        source: _,
        unverified: _,
    } in rules
    {}
    for wire::Article { number: _, citation: _, unverified: _ } in articles {}
    for wire::Timer { act: _, kind: _, seconds: _, source: _, unverified: _ } in timers {}
    for wire::DecisionRule { r#type: _, issuers: _, source: _, unverified: _ } in decisions {}
    for wire::EscalationStep { service_type: _, after: _, acts: _, timers: _, source: _, unverified: _ } in escalation {
    }
    for wire::Retention { values: _, evidence: _, source: _, unverified: _ } in Vec::from_iter(retention) {}
    for wire::WitnessRule { number: _, independent: _ } in Vec::from_iter(witnesses) {}
    for wire::Auditor { organisation: _, name: _, labels: _ } in auditors {}
    for wire::Amendment { threshold: _ } in Vec::from_iter(amendment) {}
}

/// Changes of one clause each: nothing of an agreement is out of their reach.
pub(crate) fn edits(document: &wire::Agreement) -> Vec<Edit> {
    let mut edits = edits_but_labels(document);
    edits.extend((0..document.profiles.len()).flat_map(of_profile));
    edits
}

/// All of them but those of the lists of labels, which are the most by far.
fn edits_but_labels(document: &wire::Agreement) -> Vec<Edit> {
    let mut edits = vec![
        edit(|d| d.title.push_str(", changed")),
        edit(|d| (d.version, d.previous) = (d.version + 1, vec![7; 32])),
        edit(|d| d.gives_up.push(vec![8; 32])),
        edit(|d| d.valid_from += 60),
        edit(|d| d.valid_until += 60),
        edit(|d| d.demonstration = !d.demonstration),
        edit(|d| (d.grain, d.demonstration) = (61 - d.grain, true)),
        edit(|d| d.retention.as_mut().unwrap().values -= 1),
        edit(|d| d.retention.as_mut().unwrap().evidence += 1),
        edit(|d| d.retention.as_mut().unwrap().source.push_str("Changed")),
        edit(|d| d.retention.as_mut().unwrap().unverified ^= true),
        edit(|d| d.witnesses = Some(wire::WitnessRule { number: 2, independent: false })),
        edit(|d| d.witnesses = Some(wire::WitnessRule { number: 2, independent: true })),
        edit(|d| d.amendment.as_mut().unwrap().threshold += 1),
        edit(|d| {
            let (organisation, name) = (organisation("newcomer").to_vec(), "A newcomer (invented)".to_owned());
            d.parties.push(wire::Party { organisation, name, ..wire::Party::default() });
            d.parties.sort_by(|a, b| a.organisation.cmp(&b.organisation));
        }),
        edit(|d| d.auditors.clear()),
        edit(|d| d.articles.push(wire::Article { number: 99, citation: "One more".into(), unverified: false })),
    ];
    edits.extend((0..document.parties.len()).flat_map(of_party));
    edits.extend((0..document.rules.len()).flat_map(of_rule));
    edits.extend((0..document.timers.len()).flat_map(|at| {
        [
            edit(move |d| d.timers[at].seconds += 1),
            edit(move |d| d.timers[at].source.push_str("Changed")),
            edit(move |d| d.timers[at].unverified ^= true),
            edit(move |d| {
                d.timers.remove(at);
            }),
        ]
    }));
    edits.extend((0..document.decisions.len()).flat_map(|at| {
        [
            edit(move |d| toggle(&mut d.decisions[at].issuers, 8)),
            edit(move |d| d.decisions[at].source.push_str("Changed")),
            edit(move |d| d.decisions[at].unverified ^= true),
            edit(move |d| {
                d.decisions.remove(at);
            }),
        ]
    }));
    edits.extend((0..document.escalation.len()).flat_map(of_step));
    edits.extend((0..document.articles.len()).flat_map(|at| {
        [
            edit(move |d| d.articles[at].unverified = !d.articles[at].unverified),
            edit(move |d| d.articles[at].citation.push_str(", changed")),
            edit(move |d| {
                d.articles.remove(at);
            }),
        ]
    }));
    edits.extend((0..document.auditors.len()).flat_map(|at| {
        [
            edit(move |d| d.auditors[at].labels = !d.auditors[at].labels),
            edit(move |d| d.auditors[at].name.push_str(", changed")),
        ]
    }));
    edits
}

fn of_party(at: usize) -> Vec<Edit> {
    let mut edits = vec![
        edit(move |d| d.parties[at].name.push_str(", changed")),
        edit(move |d| toggle(&mut d.parties[at].roles, "zealous".into())),
        edit(move |d| d.parties[at].suspended = !d.parties[at].suspended),
        edit(move |d| {
            d.parties.remove(at);
        }),
    ];
    edits.extend((1..=12).map(|service| edit(move |d| toggle(&mut d.parties[at].services, service))));
    edits
}

fn of_step(at: usize) -> Vec<Edit> {
    let mut edits = vec![
        edit(move |d| d.escalation[at].after += 1),
        edit(move |d| d.escalation[at].source.push_str("Changed")),
        edit(move |d| d.escalation[at].unverified ^= true),
        edit(move |d| {
            d.escalation.remove(at);
        }),
    ];
    edits.extend(wire::Act::every().map(|act| edit(move |d| toggle(&mut d.escalation[at].acts, act.into()))));
    edits.extend(wire::TimerKind::every().map(|kind| edit(move |d| toggle(&mut d.escalation[at].timers, kind.into()))));
    edits
}

fn of_rule(at: usize) -> Vec<Edit> {
    let mut edits = vec![
        edit(move |d| (d.rules[at].number, _) = (d.rules[at].number + 1000, d.rules[at..].rotate_left(1))),
        edit(move |d| d.rules[at].collapsed = !d.rules[at].collapsed),
        edit(move |d| d.rules[at].source.push_str("Changed")),
        edit(move |d| d.rules[at].unverified ^= true),
        edit(move |d| {
            d.rules.remove(at);
        }),
        edit(move |d| {
            let other = d.profiles[(at + 1) % d.profiles.len()].name.clone();
            d.rules[at].profile = other;
        }),
    ];
    edits.extend((1..=6).map(|basis| edit(move |d| toggle(&mut d.rules[at].bases, basis))));
    edits.extend(wire::Act::every().map(|act| edit(move |d| d.rules[at].act = act.into())));
    edits.extend((1..=12).map(|service| edit(move |d| d.rules[at].receiver = service)));
    edits.extend(["asking", "reporting", "sheltering"].map(|role| edit(move |d| d.rules[at].sender = role.into())));
    edits
}

fn of_profile(at: usize) -> Vec<Edit> {
    let mut edits = vec![edit(move |d| d.profiles[at].staff_only = !d.profiles[at].staff_only)];
    for label in Label::ALL {
        let name = label.name();
        edits.push(edit(move |d| toggle(&mut d.profiles[at].enquiry, name.into())));
        edits.push(edit(move |d| toggle(&mut d.profiles[at].need, name.into())));
        edits.push(edit(move |d| toggle(&mut d.profiles[at].identity, name.into())));
        edits.push(edit(move |d| toggle(&mut d.profiles[at].ticked, name.into())));
        edits.push(edit(move |d| toggle(&mut d.profiles[at].reply, name.into())));
    }
    edits
}

/// Takes it out, or puts it in, in order.
fn toggle<T: Ord>(list: &mut Vec<T>, item: T) {
    match list.binary_search(&item) {
        Ok(at) => {
            list.remove(at);
        }
        Err(at) => list.insert(at, item),
    }
}

/// How many sentences of one are not in the other, counted as often as they stand.
fn lacking(of: &[String], other: &[String]) -> usize {
    let mut count: BTreeMap<&String, i64> = BTreeMap::new();
    of.iter().for_each(|sentence| *count.entry(sentence).or_default() += 1);
    other.iter().for_each(|sentence| *count.entry(sentence).or_default() -= 1);
    count.values().filter(|left| **left > 0).map(|left| usize::try_from(*left).unwrap()).sum()
}

/// Tries every edit that leaves the agreement well formed; gives how many there were.
fn every_edit_is_one_sentence(document: &wire::Agreement) -> Result<usize, TestCaseError> {
    each_is_one_sentence(document, &edits(document))
}

fn each_is_one_sentence(document: &wire::Agreement, edits: &[Edit]) -> Result<usize, TestCaseError> {
    let before = read(document).unwrap();
    nothing_else_can_be_said(again(document));
    let (sentences, mut tried) = (summary(&before), 0);
    prop_assert_eq!(sentences.len(), before.clauses().len());
    prop_assert!(sentences.iter().all(|sentence| sentence.ends_with('.') && !sentence.contains('\n')));
    for (number, edit) in edits.iter().enumerate() {
        let mut changed = again(document);
        edit(&mut changed);
        let Some(after) = read(&changed).filter(|_| codec::encode(&changed) != codec::encode(document)) else {
            continue;
        };
        let new = summary(&after);
        let (gone, come) = (lacking(&sentences, &new), lacking(&new, &sentences));
        prop_assert_eq!(new.len() + gone, sentences.len() + come);
        prop_assert!(gone <= 1 && come <= 1 && gone + come >= 1, "edit {}: {} gone, {} come", number, gone, come);
        tried += 1;
    }
    Ok(tried)
}

fn document(agreement: &uput_core::agreement::Compiled) -> wire::Agreement {
    codec::decode(&agreement.body).unwrap()
}

/// Every kind of clause is changed by some edit, alone, and says so in its sentence. [AGR-41]
#[test]
fn every_kind_of_clause_is_changed_by_an_edit_of_its_own() {
    let mut kinds = BTreeMap::<String, usize>::new();
    let mut richer = document(&compiled(DEMONSTRATION));
    let (auditor, name) = (organisation("auditor").to_vec(), "An auditor (invented)".to_owned());
    richer.auditors.push(wire::Auditor { organisation: auditor, name, labels: false });
    (richer.version, richer.previous) = (2, vec![6; 32]);
    let answers = vec![Label::ReasonInWords.name().to_owned()];
    richer.profiles.push(wire::Profile { name: "zeal".into(), reply: answers, ..wire::Profile::default() });
    every_edit_is_one_sentence(&richer).unwrap();
    for document in [document(&compiled(DEMONSTRATION)), richer] {
        let before = read(&document).unwrap();
        for edit in edits(&document) {
            let mut changed = again(&document);
            edit(&mut changed);
            let Some(after) = read(&changed) else { continue };
            let (old, new) = (before.clauses(), after.clauses());
            let alone: Vec<_> = new.iter().filter(|clause| !old.contains(clause)).collect();
            if let [clause] = alone.as_slice() {
                *kinds.entry(kind(clause).to_owned()).or_default() += 1;
            }
        }
    }
    println!("{kinds:?}");
    assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), KINDS);
}

const KINDS: [&str; 17] = [
    "amendment",
    "article",
    "auditor",
    "decision",
    "empty profile",
    "escalation",
    "gives up",
    "grain",
    "labels",
    "party",
    "retention",
    "rule",
    "staff only",
    "timer",
    "title",
    "validity",
    "witnesses",
];

/// Without `_`: a kind that is new does not compile until it stands here.
const fn kind(clause: &Clause<'_>) -> &'static str {
    match clause {
        Clause::Title { .. } => "title",
        Clause::GivesUp(_) => "gives up",
        Clause::Validity { .. } => "validity",
        Clause::Grain { .. } => "grain",
        Clause::Party(_) => "party",
        Clause::Labels { .. } => "labels",
        Clause::StaffOnly { .. } => "staff only",
        Clause::EmptyProfile { .. } => "empty profile",
        Clause::Rule(_) => "rule",
        Clause::Timer(_) => "timer",
        Clause::Decision(_) => "decision",
        Clause::Escalation(_) => "escalation",
        Clause::Article(_) => "article",
        Clause::Retention(_) => "retention",
        Clause::Witnesses(_) => "witnesses",
        Clause::Auditor(_) => "auditor",
        Clause::Amendment { .. } => "amendment",
    }
}

/// [AGR-41]
#[test]
fn a_change_of_one_clause_of_a_shipped_agreement_changes_one_sentence() {
    for source in [DEMONSTRATION, TWO_PARTY] {
        let tried = every_edit_is_one_sentence(&document(&compiled(source))).unwrap();
        println!("{tried} edits, each of them one sentence");
        assert!(tried > 100, "{tried}");
    }
}

/// [AGR-41] [AGR-63] Of each mechanism: rules, parties, deadlines, decisions, ladder, articles, sources and marks.
#[test]
fn a_change_of_one_rule_of_any_mechanism_changes_one_sentence() {
    let mut least = usize::MAX;
    for (name, text) in mechanisms() {
        let document = document(&compiled_of(&text, ""));
        let edits = edits_but_labels(&document);
        let tried = each_is_one_sentence(&document, &edits).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        least = least.min(tried);
    }
    println!("at least {least} edits of each mechanism, each of them one sentence");
    assert!(least > 50, "{least}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// [AGR-41]
    #[test]
    fn a_change_of_one_clause_of_any_agreement_changes_one_sentence(seed in any::<u64>()) {
        let document = random::agreement(&mut Die::new(seed));
        let tried = every_edit_is_one_sentence(&document)?;
        prop_assert!(tried > 20, "{} edits", tried);
    }
}

/// [AGR-14] Who signs sees what nobody has checked.
#[test]
fn what_is_unverified_says_so_in_its_sentence() {
    let agreement: Agreement = compiled(DEMONSTRATION).agreement;
    let sentences = summary(&agreement);
    let marked =
        sentences.iter().filter(|sentence| sentence.starts_with("Article ") && sentence.contains("(unverified)"));
    assert_eq!(marked.count(), agreement.articles().filter(|article| article.unverified).count());
}
