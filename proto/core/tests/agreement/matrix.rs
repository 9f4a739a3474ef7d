//! The matrix of specs/catalogue.tsv, cell by cell: what the three guards and the reader of agreements do is what the file
//! says. The expectation is read from the file and not from the core. [DIS-3]

use std::collections::BTreeMap;

use uput_core::{
    agreement::{Agreement, Judgement, Occasion, Request},
    catalogue::{Field, Label, SERVICES, ValueType},
    codec,
    id::Id,
    legal_basis::Basis,
    wire::{self, Act, LegalBasis, ServiceType},
};

use crate::{
    evaluation::disclosed,
    onward::copy_of,
    scene::{consent, field, now, opening, organisation, terms, two_party},
};

const TABLE: &str = include_str!("../../../../specs/catalogue.tsv");

/// One moment at which a label could be sent: stage, basis, act, and whether she ticked it.
struct Moment {
    name: &'static str,
    stage: u32,
    basis: LegalBasis,
    act: Act,
    tick: bool,
    /// The cells that allow it.
    cells: &'static [&'static str],
}

const MOMENTS: [Moment; 8] = [
    moment("stage 0", 0, LegalBasis::NoneNeededNonpersonal, false, &["0"]),
    moment("stage 1", 1, LegalBasis::ExplicitConsent, false, &["0", "1"]),
    moment("stage 2", 2, LegalBasis::ExplicitConsent, false, &["0", "1", "2"]),
    moment("ticked", 2, LegalBasis::ExplicitConsent, true, &["0", "1", "2", "tick", "asked"]),
    // [DIS-17]
    moment("child", 2, LegalBasis::ChildBestInterests, false, &["0", "1", "2", "asked"]),
    moment("duty", 2, LegalBasis::LegalDuty, false, &["0", "1", "2", "asked", "law"]),
    moment("decision", 2, LegalBasis::PublicTaskDecision, false, &["0", "1", "2", "asked", "law"]),
    moment("life", 2, LegalBasis::VitalInterests, false, &["0", "1", "2", "life"]),
];

const fn moment(
    name: &'static str,
    stage: u32,
    basis: LegalBasis,
    tick: bool,
    cells: &'static [&'static str],
) -> Moment {
    let act = if matches!(basis, LegalBasis::LegalDuty) { Act::Notification } else { Act::Referral };
    Moment { name, stage, basis, act, tick, cells }
}

/// The cells of the file: of each label, by the name of the service.
fn cells() -> BTreeMap<Label, [&'static str; 14]> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let cells = rows.map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        (Label::parse(columns[0]).unwrap(), columns[3..17].try_into().unwrap())
    });
    cells.collect()
}

/// A value of that type.
fn sample(label: Label) -> Field {
    let every;
    let value = match label.value_type() {
        ValueType::Code(codes) => codes[codes.len() - 1],
        ValueType::Codes(codes) => {
            every = codes.join(" ");
            &every
        }
        ValueType::Integer { .. } => "1",
        ValueType::Date => "2026-12-31",
        ValueType::LastDay => "2026-12-31+01:00",
        ValueType::DateTime => "2026-11-22T22:15Z",
        ValueType::Window => "2026-12-31T22:15Z/2027-01-01T06:00Z",
        ValueType::Hours => "09:00/12:30",
        ValueType::Name | ValueType::Names | ValueType::Text { .. } => "Invented",
        ValueType::Reference => "17/26",
        ValueType::Telephone => "+38200000000",
        ValueType::Language => "sr-Latn-ME",
        ValueType::Municipality | ValueType::Municipalities => "ME-16",
        ValueType::Region => "ME",
        // [DIS-15] A second person is not the first one.
        ValueType::Pseudonym if label == Label::Supervisor => "b2",
        ValueType::Pseudonym => "a1",
        ValueType::Digest => "0000000000000000000000000000000000000000000000000000000000000000",
        ValueType::Labels => "name",
        ValueType::Tasks => "1 safety_plan social_work 2026-12-31",
        // [ONW-3] It says what stands beside it.
        ValueType::Attestation => return copy_of(&fact()),
    };
    field(label, value)
}

/// What every service may have at every stage.
fn fact() -> Field {
    field(Label::Adults, "1")
}

fn names(labels: impl Iterator<Item = Label>) -> Vec<String> {
    let mut names: Vec<String> = labels.map(|label| label.name().to_owned()).collect();
    names.sort_unstable();
    names
}

fn agreement(service: ServiceType, profile: wire::Profile) -> Option<Agreement> {
    let mut document: wire::Agreement = codec::decode(&two_party()).unwrap();
    for party in &mut document.parties {
        party.roles = vec!["asking".into()];
        party.services = vec![service.into()];
    }
    document.articles = vec![wire::Article { number: 1, citation: "An article".into(), unverified: true }];
    let rule = |number, act: Act, bases: &[LegalBasis]| wire::Rule {
        number,
        act: act.into(),
        sender: "asking".into(),
        receiver: service.into(),
        profile: profile.name.clone(),
        bases: bases.iter().map(|basis| (*basis).into()).collect(),
        ..wire::Rule::default()
    };
    let of_referral = [
        LegalBasis::ExplicitConsent,
        LegalBasis::ChildBestInterests,
        LegalBasis::VitalInterests,
        LegalBasis::PublicTaskDecision,
    ];
    document.rules = vec![rule(1, Act::Referral, &of_referral), rule(2, Act::Notification, &[LegalBasis::LegalDuty])];
    document.profiles = vec![profile];
    Agreement::parse(Id::of(b"matrix"), &codec::encode(&document)).ok()
}

/// As much as the file allows to that service.
fn widest(cells: &BTreeMap<Label, [&str; 14]>, column: usize) -> wire::Profile {
    let at = |wanted: &[&str]| names(cells.iter().filter(|(_, row)| wanted.contains(&row[column])).map(|(l, _)| *l));
    wire::Profile {
        name: "p".into(),
        enquiry: at(&["0"]),
        need: at(&["1"]),
        identity: at(&["2", "tick", "asked", "law", "life"]),
        ticked: at(&["tick"]),
        ..wire::Profile::default()
    }
}

/// What the basis must carry.
fn carried(basis: LegalBasis) -> Vec<Field> {
    match basis {
        LegalBasis::ExplicitConsent => consent(),
        other => Basis::of(other).unwrap().must.iter().map(|label| sample(*label)).collect(),
    }
}

/// Whether sender, receiver and auditor let a label pass.
fn guards(agreement: &Agreement, service: ServiceType, moment: &Moment, label: Label) -> [bool; 3] {
    let (opener, opening) = (organisation("self"), opening("partner", moment.act, service));
    let (rule, article) = if moment.act == Act::Notification { (2, 1) } else { (1, 0) };
    let terms = terms(moment.stage, rule, moment.basis, article);
    let request =
        Request { opener: &opener, opening: &opening, terms, occasion: Occasion::Later, kind: None, time: now() };
    let mut fields = carried(moment.basis);
    if moment.tick {
        fields.push(field(Label::ConsentTicked, label.name()));
    }
    if !fields.iter().any(|field| field.label() == label) {
        // [BAS-40] A grown woman is no child.
        let child = label == Label::AgeBand && moment.basis == LegalBasis::ChildBestInterests;
        fields.push(if child { field(label, "12_14") } else { sample(label) });
    }
    if label == Label::Provenance {
        fields.push(fact());
    }
    // [BAS-9] A mandate is whole, where one may stand.
    let mandate = [Label::DelegateClass, Label::MandateReference, Label::MandateScope, Label::MandateUntil];
    if mandate.contains(&label) && Basis::of(moment.basis).unwrap().carries(label) {
        fields.extend(mandate.iter().filter(|other| **other != label).map(|other| sample(*other)));
    }
    let permitted = agreement.permit(&request).unwrap();
    let sent = match permitted.minimise(fields.clone()) {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused.labels, [label], "the sender is told which label");
            false
        }
    };
    let stripped = agreement.strip(&request, &disclosed(&fields));
    let kept = stripped.kept.iter().any(|field| field.label() == label);
    assert_ne!(kept, stripped.stripped.contains(&label), "the receiver says what it dropped");
    let found = match agreement.judge_labels(&request, Some(&disclosed(&fields)), 16) {
        Judgement::Yes => true,
        Judgement::No(refused) => {
            assert_eq!(refused.labels, [label], "the auditor says which label");
            false
        }
        Judgement::NotCheckable | Judgement::EndUnknown => panic!("everything is open, and nothing ended"),
    };
    [sent, kept, found]
}

/// [DIS-3] [DIS-12] [DIS-13] [DIS-14]
#[test]
fn sender_receiver_and_auditor_do_what_each_cell_says_at_each_moment() {
    let (cells, mut counted) = (cells(), BTreeMap::<&str, [u32; 2]>::new());
    assert_eq!(cells.len(), Label::ALL.len());
    for (column, service) in SERVICES.into_iter().enumerate() {
        let agreement = agreement(service, widest(&cells, column)).unwrap();
        for (label, row) in &cells {
            for moment in &MOMENTS {
                // [DIS-15] Who acted may always be said, and a basis carries what it must.
                let beside = label.is_staff() || Basis::of(moment.basis).unwrap().carries(*label);
                let expected = beside || moment.cells.contains(&row[column]);
                let place = format!("{label} to {service:?} at {}: cell {}", moment.name, row[column]);
                assert_eq!(guards(&agreement, service, moment, *label), [expected; 3], "{place}");
                if !beside {
                    counted.entry(row[column]).or_default()[usize::from(expected)] += 1;
                }
            }
        }
    }
    println!("{} labels, {} services, 8 moments, three guards each:", cells.len(), SERVICES.len());
    for (cell, [refused, passed]) in &counted {
        println!("  cell {cell:>4}: {passed:>4} times let pass, {refused:>4} times refused, stripped and found");
        assert!(*refused > 0 || *cell == "0");
        assert!(*passed > 0 || *cell == "-");
    }
    assert_eq!(counted.len(), 8, "every cell that there is stands somewhere in the matrix");
}

/// [AGR-13]
#[test]
fn no_agreement_puts_a_label_earlier_than_its_cell() {
    let (mut taken, mut refused) = (0, 0);
    for (label, row) in cells() {
        for (column, service) in SERVICES.into_iter().enumerate() {
            let of = || names([label].into_iter());
            let profile = || wire::Profile { name: "p".into(), ..wire::Profile::default() };
            for (profile, cells) in [
                (wire::Profile { enquiry: of(), ..profile() }, &["0"][..]),
                (wire::Profile { need: of(), ..profile() }, &["0", "1"]),
                (wire::Profile { identity: of(), ..profile() }, &["0", "1", "2", "asked", "law", "life"]),
                (wire::Profile { identity: of(), ticked: of(), ..profile() }, &["0", "1", "2", "tick", "asked"]),
            ] {
                let is_taken = agreement(service, profile).is_some();
                assert_eq!(is_taken, cells.contains(&row[column]), "{label} to {service:?}: cell {}", row[column]);
                *(if is_taken { &mut taken } else { &mut refused }) += 1;
            }
        }
    }
    println!("profiles of one label: {taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0);
}
