//! Agreements at and beyond the bounds of their lists and of the whole. [AGR-3]

use uput_core::{
    codec,
    wire::{self, Amendment, Article, Auditor, EscalationStep, Party, Profile, Rule, ServiceType},
};

use super::{
    Vector,
    agreement::{body, changed},
};
use crate::scene::two_party;

const LIMIT: usize = 65_536;

/// A list, and how it is filled with so many entries.
type List = (&'static str, fn(&mut wire::Agreement, u32));

pub(super) fn cases() -> Vec<Vector> {
    let lists: [List; 7] = [
        ("articles", articles),
        ("steps-of-the-escalation", escalation),
        ("parties", parties),
        ("auditors", auditors),
        ("profiles", profiles),
        ("roles-of-a-party", roles),
        ("rules", rules),
    ];
    let list = |(name, fill): List, count: u32| {
        let expect = if count > 256 { "MALFORMED" } else { "ok" };
        changed(&format!("a-list-of-{count}-{name}"), expect, |a| fill(a, count))
    };
    let mut cases: Vec<Vector> = lists.into_iter().flat_map(|case| [list(case, 256), list(case, 257)]).collect();
    cases.push(body("a-document-of-65536-bytes", "ok", |a| *a = of_size(LIMIT)));
    cases.push(body("a-document-of-65537-bytes", "TOO_LARGE", |a| *a = of_size(LIMIT + 1)));
    cases
}

fn articles(a: &mut wire::Agreement, count: u32) {
    let article = |number| Article { number, citation: "A".into(), unverified: false };
    a.articles = (1..=count).map(article).collect();
}

fn escalation(a: &mut wire::Agreement, count: u32) {
    let step = |after| EscalationStep { service_type: ServiceType::Police.into(), after, ..EscalationStep::default() };
    a.escalation = (1..=u64::from(count)).map(step).collect();
}

fn organisation(number: u32) -> Vec<u8> {
    [number.to_be_bytes().to_vec(), vec![7; 28]].concat()
}

fn parties(a: &mut wire::Agreement, count: u32) {
    let party = |number| Party { organisation: organisation(number), name: format!("p{number}"), ..Party::default() };
    a.parties.extend((1..=count - 2).map(party));
    a.parties.sort_by(|one, two| one.organisation.cmp(&two.organisation));
    a.amendment = Some(Amendment { threshold: count });
}

fn auditors(a: &mut wire::Agreement, count: u32) {
    let auditor = |number| Auditor { organisation: organisation(number), name: "A".into(), labels: false };
    a.auditors = (1..=count).map(auditor).collect();
}

fn profiles(a: &mut wire::Agreement, count: u32) {
    a.profiles.extend((1..=count - 2).map(|number| Profile { name: format!("p{number:03}"), ..Profile::default() }));
    a.profiles.sort_by(|one, two| one.name.cmp(&two.name));
}

fn roles(a: &mut wire::Agreement, count: u32) {
    let party = &mut a.parties[0];
    let more = (party.roles.len()..).map(|number| format!("r{number:03}"));
    let needed = usize::try_from(count).unwrap() - party.roles.len();
    party.roles.extend(more.take(needed));
    party.roles.sort();
}

/// One rule for each of so many roles.
fn rules(a: &mut wire::Agreement, count: u32) {
    let names: Vec<String> = (3..=count).map(|number| format!("r{number:03}")).collect();
    a.parties[0].roles.extend(names.iter().cloned());
    a.parties[0].roles.sort();
    let like = Rule { bases: Vec::new(), ..a.rules[0].clone() };
    let rule = |(number, sender): (u32, String)| Rule { number, sender, ..like.clone() };
    let more: Vec<Rule> = (3..).zip(names).map(rule).collect();
    a.rules.extend(more);
}

/// The template with articles of 150 characters, and a last one that fills it up.
fn of_size(size: usize) -> wire::Agreement {
    let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
    let longest = "č".repeat(150);
    let article = |number, citation: &str| Article { number, citation: citation.into(), unverified: false };
    while codec::encode(&document).len() + 340 < size {
        let number = u32::try_from(document.articles.len()).unwrap() + 1;
        document.articles.push(article(number, &longest));
    }
    let number = u32::try_from(document.articles.len()).unwrap() + 1;
    document.articles.push(article(number, "A"));
    document.articles.push(article(number + 1, "A"));
    let fits = |wide: usize, narrow: usize| {
        let mut filled = document.clone();
        filled
            .articles
            .iter_mut()
            .rev()
            .zip([narrow, wide])
            .for_each(|(last, length)| last.citation = "x".repeat(length));
        Some(filled).filter(|filled| codec::encode(filled).len() == size)
    };
    (1..=200).find_map(|wide| (1..=200).find_map(|narrow| fits(wide, narrow))).unwrap()
}
