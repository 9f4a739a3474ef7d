//! Random agreements with several parties, rules and profiles, made to fit the catalogue, and a die to make them with.

use std::collections::BTreeSet;

use uput_core::{
    act,
    agreement::{Agreement, Code, EscalationStep},
    catalogue::{Cell, Label, SERVICES},
    codec,
    id::Id,
    legal_basis::Basis,
    wire::{self, Act, DecisionType, LegalBasis, ServiceType, TimerKind},
};

use crate::scene::organisation;

/// A reproducible source of choices (SplitMix64).
pub(crate) struct Die(u64);

impl Die {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to one less than `sides`.
    pub(crate) fn throw(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.throw(sides) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.throw(list.len())]
    }

    fn some<T: Clone>(&mut self, list: &[T], one_in: usize) -> Vec<T> {
        list.iter().filter(|_| self.one_in(one_in)).cloned().collect()
    }
}

const ROLES: [&str; 3] = ["asking", "reporting", "sheltering"];

/// The body of a random agreement, read as it is.
pub(crate) fn read(document: &wire::Agreement) -> Option<Agreement> {
    let bytes = codec::encode(document);
    Agreement::parse(Id::of(&bytes), &bytes).ok()
}

/// The same document once more; a document cannot be copied, only read again.
pub(crate) fn again(document: &wire::Agreement) -> wire::Agreement {
    codec::decode(&codec::encode(document)).unwrap()
}

/// A random agreement that is well formed.
pub(crate) fn agreement(die: &mut Die) -> wire::Agreement {
    loop {
        let document = draft(die);
        if read(&document).is_some() {
            return document;
        }
    }
}

fn draft(die: &mut Die) -> wire::Agreement {
    let parties = parties(die);
    let services: Vec<i32> =
        parties.iter().flat_map(|party| party.services.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let roles: Vec<String> =
        parties.iter().flat_map(|party| party.roles.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let (rules, profiles) = rules(die, &roles, &services);
    let articles = (1..=3).filter(|_| !die.one_in(4));
    let articles: Vec<_> = articles
        .map(|number| wire::Article { number, citation: format!("Invented article {number}"), unverified: number != 2 })
        .collect();
    let threshold = u32::try_from(parties.len() / 2 + 1).unwrap();
    let later = die.one_in(2);
    let mut parties = parties;
    if later && parties.len() > 2 && die.one_in(2) {
        let number = die.throw(parties.len());
        parties[number].suspended = true;
    }
    wire::Agreement {
        title: "An invented agreement".into(),
        version: if later { 2 } else { 1 },
        previous: if later { vec![5; 32] } else { Vec::new() },
        gives_up: if later && die.one_in(2) { vec![vec![6; 32], vec![7; 32]] } else { Vec::new() },
        valid_from: 1_700_000_040,
        valid_until: 1_900_000_020,
        grain: 60,
        demonstration: die.one_in(2),
        parties,
        profiles,
        rules,
        articles,
        timers: timers(die),
        decisions: decisions(die),
        escalation: escalation(die),
        retention: Some(wire::Retention {
            values: 86_400,
            evidence: 864_000,
            source: source(die),
            unverified: die.one_in(2),
        }),
        witnesses: None,
        auditors: vec![wire::Auditor {
            organisation: organisation("auditor").to_vec(),
            name: "An invented auditor".into(),
            labels: die.one_in(2),
        }],
        amendment: Some(wire::Amendment { threshold }),
    }
}

fn parties(die: &mut Die) -> Vec<wire::Party> {
    let mut parties: Vec<wire::Party> = (0..2 + die.throw(3))
        .map(|number| wire::Party {
            organisation: organisation(&format!("party-{number}")).to_vec(),
            name: format!("Invented organisation {number}"),
            roles: die.some(&ROLES.map(String::from), 2),
            services: die
                .some(&SERVICES, 4)
                .into_iter()
                .map(Into::into)
                .collect::<BTreeSet<i32>>()
                .into_iter()
                .collect(),
            suspended: false,
        })
        .collect();
    parties.sort_by(|a, b| a.organisation.cmp(&b.organisation));
    parties
}

fn rules(die: &mut Die, roles: &[String], services: &[i32]) -> (Vec<wire::Rule>, Vec<wire::Profile>) {
    let (mut rules, mut profiles) = (Vec::new(), Vec::new());
    if roles.is_empty() || services.is_empty() {
        return (rules, profiles);
    }
    let acts: Vec<Act> = Act::every().collect();
    for number in 1..=u32::try_from(1 + die.throw(4)).unwrap() {
        let (act, receiver) = (*die.pick(&acts), *die.pick(services));
        let service = ServiceType::try_from(receiver).unwrap();
        let serving: Vec<LegalBasis> = Basis::all()
            .iter()
            .filter(|basis| !basis.nonpersonal && basis.serves(act))
            .map(|basis| basis.code)
            .collect();
        let bases = die.some(&serving, 2);
        let collapses = bases.iter().any(|basis| Basis::of(*basis).unwrap().collapses(service));
        let profile = format!("p{number}");
        profiles.push(saying(fitting_profile(die, profile.clone(), service), act, service));
        rules.push(wire::Rule {
            number,
            act: act.into(),
            sender: die.pick(roles).clone(),
            receiver,
            profile,
            bases: bases.into_iter().map(Into::into).collect(),
            collapsed: collapses && die.one_in(2),
            source: source(die),
            unverified: die.one_in(2),
        });
    }
    (rules, profiles)
}

/// A profile under the catalogue's ceiling for a service; now and then a label comes later than it might.
pub(crate) fn fitting_profile(die: &mut Die, name: String, service: ServiceType) -> wire::Profile {
    let mut profile = wire::Profile { name, staff_only: die.one_in(4), ..wire::Profile::default() };
    for label in Label::ALL {
        if die.one_in(12) && label.is_reply() {
            profile.reply.push(label.name().into());
        }
        if !die.one_in(3) {
            continue;
        }
        let later = die.throw(5);
        let ticked = die.one_in(6);
        let (list, tick) = match label.cell(service) {
            Cell::Never => continue,
            Cell::Enquiry if later > 1 => (&mut profile.enquiry, false),
            Cell::Enquiry | Cell::Need if later > 0 => (&mut profile.need, ticked),
            Cell::Law | Cell::Life => (&mut profile.identity, false),
            Cell::Ticked => (&mut profile.identity, true),
            _ => (&mut profile.identity, ticked),
        };
        list.push(label.name().into());
        if tick {
            profile.ticked.push(label.name().into());
        }
    }
    for list in
        [&mut profile.enquiry, &mut profile.need, &mut profile.identity, &mut profile.ticked, &mut profile.reply]
    {
        list.sort_unstable();
    }
    profile
}

/// The same profile with what the act has to say, as early as the catalogue lets it. [AGR-69]
pub(crate) fn saying(mut profile: wire::Profile, act: Act, service: ServiceType) -> wire::Profile {
    let staged = act::row(act).unwrap().must.iter().filter(|due| matches!(due.when, act::When::Stage(_)));
    for label in staged.map(|due| due.label) {
        let name = label.name().to_owned();
        let listed = [&profile.enquiry, &profile.need, &profile.identity].into_iter().any(|list| list.contains(&name));
        match label.cell(service) {
            _ if listed => {}
            Cell::Enquiry => profile.enquiry.push(name),
            Cell::Need => profile.need.push(name),
            Cell::Ticked => {
                profile.identity.push(name.clone());
                profile.ticked.push(name);
            }
            _ => {}
        }
    }
    for list in [&mut profile.enquiry, &mut profile.need, &mut profile.identity, &mut profile.ticked] {
        list.sort_unstable();
    }
    profile
}

/// Now and then a clause says where it comes from.
fn source(die: &mut Die) -> String {
    if die.one_in(3) { "An invented report".into() } else { String::new() }
}

fn timers(die: &mut Die) -> Vec<wire::Timer> {
    let every = Act::every().flat_map(|act| TimerKind::every().map(move |kind| (act, kind)));
    let kept: Vec<_> = every.filter(|_| die.one_in(4)).collect();
    kept.into_iter()
        .map(|(act, kind)| wire::Timer {
            act: act.into(),
            kind: kind.into(),
            seconds: 3600 * u64::try_from(1 + die.throw(90)).unwrap(),
            source: source(die),
            unverified: die.one_in(2),
        })
        .collect()
}

fn decisions(die: &mut Die) -> Vec<wire::DecisionRule> {
    let kinds: Vec<DecisionType> = DecisionType::every().collect();
    let kinds = die.some(&kinds, 2);
    kinds
        .into_iter()
        .map(|kind| {
            let issuer: i32 = (*die.pick(&SERVICES)).into();
            wire::DecisionRule {
                r#type: kind.into(),
                issuers: vec![issuer],
                source: source(die),
                unverified: die.one_in(2),
            }
        })
        .collect()
}

fn escalation(die: &mut Die) -> Vec<wire::EscalationStep> {
    let services = die.some(&SERVICES, 6);
    let steps = services.into_iter().zip(1_u64..);
    steps
        .map(|(service, number)| wire::EscalationStep {
            service_type: service.into(),
            after: 3600 * number,
            acts: Act::every().filter(|_| die.one_in(4)).map(Into::into).collect(),
            timers: EscalationStep::MISSED.into_iter().filter(|_| die.one_in(4)).map(Into::into).collect(),
            source: source(die),
            unverified: die.one_in(2),
        })
        .collect()
}
