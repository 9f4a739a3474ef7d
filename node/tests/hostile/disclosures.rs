//! Disclosures that do not match, are too much, come twice, or come again; and labels that nobody may send.

use std::{collections::BTreeSet, time::Duration};

use uput_core::{
    bundle::Bundle,
    event::{Event, Statement},
    id::EventId,
    time::Seconds,
    wire::{self, LegalBasis, LetterContent, disclosure::Form},
};

use uput_node::node::{Export, Second};

use crate::{
    said::{Said, content, labels, unsaid},
    town::{CONSENT, say, worker},
    yard::{STORED, Yard, yard},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_label_outside_the_profile_is_stripped_and_she_is_not_turned_away() {
    let yard = yard().await;
    let opening = yard.opening(&[("places", "2"), ("name", "Invented Name")], |_, _, _| {});
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let shown = yard.shown(&opening).await;
    assert_eq!((shown.headline.as_str(), labels(&shown.events[0])), ("asked", vec!["places"]));
    assert_eq!(shown.events[0].stripped, ["name"]);
}

/// A label that the catalogue does not have has no name that could be shown: it is counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_nobody_has_is_dropped_and_said_and_she_is_not_turned_away() {
    let yard = yard().await;
    let fields = [("places", "2"), ("home_town_in_words", "Invented 7"), ("adults", "not a number")];
    let opening = yard.opening(&fields, |_, _, _| {});
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let shown = yard.shown(&opening).await;
    assert_eq!((shown.headline.as_str(), labels(&shown.events[0])), ("asked", vec!["places"]));
    assert_eq!(shown.events[0].stripped, ["(not in the catalogue)", "(not in the catalogue)"]);
}

/// [DIS-13]
#[tokio::test(flavor = "multi_thread")]
async fn a_need_that_says_too_much_keeps_what_it_may_say() {
    let yard = yard().await;
    let (opening, held) = held(&yard).await;
    let fields = [&CONSENT[..], &[("age_band", "30_59"), ("name", "Invented Name")]].concat();
    let need = yard.disclosing(&opening, Statement::Need, &fields, |event| event.seen = Some(held));
    assert_eq!(yard.say(&[&need]).await, STORED);
    let seen = yard.seen(&opening, &need).await;
    assert!(labels(&seen).contains(&"age_band") && !labels(&seen).contains(&"name"));
    assert_eq!(seen.stripped, ["name"]);
    assert_eq!(yard.shown(&opening).await.stage, 1);
}

/// [NOD-24]
#[tokio::test(flavor = "multi_thread")]
async fn labels_are_the_same_before_and_after_an_erasure_and_need_no_values() {
    let yard = yard().await;
    let (opening, held) = held(&yard).await;
    let fields = [&CONSENT[..], &[("age_band", "30_59"), ("name", "Invented Name")]].concat();
    let need = yard.disclosing(&opening, Statement::Need, &fields, |event| event.seen = Some(held));
    assert_eq!(yard.say(&[&need]).await, STORED);
    let (before, judged) = (shown_labels(&yard, &opening, &need).await, bundled_labels(&yard, &opening).await);
    assert!(before.contains("age_band") && !before.contains("name"));
    assert!(judged.contains("age_band") && judged.contains("name"), "whoever judges the sender sees what it sent");

    let mut end = unsaid(&yard.hotline, Statement::Withdrawn);
    (end.trail, end.seq, end.prev, end.seen) = (opening.trail(), 2, Some(need.id), Some(held));
    assert_eq!(yard.say(&[&Said::sign(&yard.hotline, &end, None)]).await, STORED);
    say(&yard.shelter, opening.trail(), Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    assert!(labels(&yard.seen(&opening, &need).await).is_empty(), "the values are gone");
    assert_eq!(shown_labels(&yard, &opening, &need).await, before);
    assert_eq!(bundled_labels(&yard, &opening).await, judged);
}

/// What a look without values shows of an event.
async fn shown_labels(yard: &Yard, opening: &Said, said: &Said) -> BTreeSet<String> {
    let events = yard.shelter.show(&worker(), &opening.trail(), false).await.unwrap().events;
    let event = events.into_iter().find(|event| event.event == said.id.to_vec()).unwrap();
    assert!(labels(&event).is_empty(), "no values");
    event.fields.into_iter().map(|field| field.label).collect()
}

/// What a bundle of labels opens.
async fn bundled_labels(yard: &Yard, opening: &Said) -> BTreeSet<String> {
    let (purpose, scope) = (wire::Purpose::Audit, wire::DisclosureScope::Labels);
    let export = Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail: opening.trail(),
        purpose,
        scope,
        nonce: None,
        wait: Duration::ZERO,
    };
    let (bytes, _) = yard.shelter.export(export).await.unwrap();
    let bundle = Bundle::parse(&bytes).unwrap();
    let slots = bundle.disclosures.iter().flat_map(|disclosure| match &disclosure.form {
        Some(Form::Some(some)) => some.slots.clone(),
        _ => panic!("a bundle of labels opens values"),
    });
    slots.map(|slot| slot.label).collect()
}

/// [DIS-13]
#[tokio::test(flavor = "multi_thread")]
async fn a_need_without_its_consent_keeps_nothing_about_her_and_says_why() {
    let yard = yard().await;
    let (opening, held) = held(&yard).await;
    let fields = [("places", "1"), ("age_band", "30_59")];
    let need = yard.disclosing(&opening, Statement::Need, &fields, |event| event.seen = Some(held));
    assert_eq!(yard.say(&[&need]).await, STORED);
    let seen = yard.seen(&opening, &need).await;
    assert_eq!(labels(&seen), ["places"]);
    assert_eq!(seen.stripped, ["age_band"]);
    assert_eq!(seen.findings, ["basis_not_allowed"]);
}

/// [DIS-10]
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_that_does_not_match_is_dropped_and_its_event_stays() {
    let yard = yard().await;
    let other = yard.enquiry().whole();
    let spoil: [fn(&mut wire::WholeDisclosure); 7] = [
        |whole| whole.fields[0].value = "3".to_owned(),
        |whole| whole.fields[0].label = "children".to_owned(),
        |whole| whole.label_secret[0] ^= 1,
        |whole| whole.value_secret[0] ^= 1,
        |whole| whole.value_secret.truncate(31),
        |whole| drop(whole.fields.pop()),
        |whole| whole.fields.push(wire::DisclosedField::default()),
    ];
    let mut cases: Vec<Said> = spoil
        .map(|spoil| {
            let good = yard.enquiry();
            let mut whole = good.whole();
            spoil(&mut whole);
            good.opened_by(Form::Whole(whole))
        })
        .into();
    cases.push(yard.opening(&[("adults", "1"), ("places", "2")], |_, _, _| {}).opened_by(Form::Whole(other)));
    cases.push(yard.opening(&[("places", "2"), ("places", "3")], |_, _, _| {}));
    cases.push(yard.enquiry().opened_by(Form::Some(wire::SlotDisclosures { slots: Vec::new() })));
    for (n, said) in cases.iter().enumerate() {
        assert_eq!(yard.say(&[said]).await, STORED, "case {n}");
        let shown = yard.shown(said).await;
        assert_eq!((shown.headline.as_str(), shown.events.len()), ("asked", 2), "case {n}");
        assert!(shown.events[0].fields.is_empty(), "case {n}");
    }
}

/// [DIS-10]
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_of_nothing_that_came_is_surplus() {
    let yard = yard().await;
    let (opening, elsewhere) = (yard.enquiry(), yard.enquiry());
    let withdrawn = yard.next(&opening, &opening, 1, Statement::Withdrawn);
    let none = wire::WholeDisclosure { fields: Vec::new(), ..opening.whole() };
    let of_no_slots = withdrawn.opened_by(Form::Whole(none)).disclosure.unwrap();
    let letter = LetterContent {
        events: vec![opening.envelope.clone(), withdrawn.envelope.clone()],
        disclosures: vec![
            elsewhere.disclosure.clone().unwrap(),
            of_no_slots,
            wire::Disclosure { event: vec![1; 31], form: None },
            opening.disclosure.clone().unwrap(),
        ],
        ..LetterContent::default()
    };
    assert_eq!(yard.send(&letter).await, STORED);
    let shown = yard.shown(&opening).await;
    assert_eq!((shown.headline.as_str(), shown.events.len()), ("withdrawn", 3));
    // It was withdrawn in the same letter, and stage 0 is never owed.
    assert_eq!(labels(&shown.events[0]).len(), 2);
    assert!(!yard.knows(&elsewhere).await);
}

/// [EVT-14]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_disclosures_of_one_event_the_first_counts() {
    let yard = yard().await;
    for bad_first in [false, true] {
        let good = yard.enquiry();
        let mut whole = good.whole();
        whole.value_secret[0] ^= 1;
        let mut letter = content(&[&good, &good.opened_by(Form::Whole(whole))]);
        letter.events.pop();
        if bad_first {
            letter.disclosures.reverse();
        }
        assert_eq!(yard.send(&letter).await, STORED);
        assert_eq!(labels(&yard.shown(&good).await.events[0]).is_empty(), bad_first);
    }
}

/// [EVT-14]
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_comes_with_its_event_or_never() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&Said { disclosure: None, ..opening.clone() }]).await, STORED);
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let alone = LetterContent { disclosures: content(&[&opening]).disclosures, ..LetterContent::default() };
    assert_eq!(yard.send(&alone).await, STORED);
    assert!(yard.shown(&opening).await.events[0].fields.is_empty());
}

/// [EVT-14]
#[tokio::test(flavor = "multi_thread")]
async fn an_old_letter_undoes_no_erasure() {
    let yard = yard().await;
    let (opening, held) = held(&yard).await;
    let fields = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    let need = yard.disclosing(&opening, Statement::Need, &fields, |event| event.seen = Some(held));
    let old = yard.seal(&content(&[&opening, &need]));
    assert_eq!(yard.bytes(old.clone()).await, STORED);
    assert!(labels(&yard.seen(&opening, &need).await).contains(&"age_band"), "the control: it was here");
    let withdrawn = Event {
        trail: opening.trail(),
        seq: 2,
        prev: Some(need.id),
        seen: Some(held),
        ..unsaid(&yard.hotline, Statement::Withdrawn)
    };
    assert_eq!(yard.say(&[&Said::sign(&yard.hotline, &withdrawn, None)]).await, STORED);
    say(&yard.shelter, opening.trail(), Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    let events = yard.shown(&opening).await.events.len();
    let yard = replay(yard, &opening, &need, &old).await;
    let yard = replay(yard.restarted().await, &opening, &need, &old).await;
    assert_eq!(yard.shown(&opening).await.events.len(), events);
}

/// The old letter, and what it held in new ones: no value is back.
async fn replay(yard: Yard, opening: &Said, need: &Said, old: &[u8]) -> Yard {
    let alone = LetterContent { disclosures: content(&[opening, need]).disclosures, ..LetterContent::default() };
    assert_eq!(yard.bytes(old.to_vec()).await, STORED);
    assert_eq!(yard.say(&[need, opening]).await, STORED);
    assert_eq!(yard.send(&alone).await, STORED);
    assert!(yard.shown(opening).await.events.iter().all(|event| labels(event).is_empty()));
    yard
}

/// An enquiry that the shelter holds a place for; its answer.
async fn held(yard: &Yard) -> (Said, EventId) {
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let until = Seconds::new(4_000_000_000).unwrap();
    let held = say(&yard.shelter, opening.trail(), Statement::Held { until }).await.unwrap();
    (opening, held)
}

/// [BAS-1]
#[tokio::test(flavor = "multi_thread")]
async fn a_basis_that_the_rule_does_not_accept_opens_nothing_about_her() {
    let yard = yard().await;
    let (opening, held) = held(&yard).await;
    let need = yard.disclosing(&opening, Statement::Need, &[("age_band", "30_59")], |event| {
        event.seen = Some(held);
        event.terms.as_mut().unwrap().basis = LegalBasis::LegalDuty;
    });
    assert_eq!(yard.say(&[&need]).await, STORED);
    let seen = yard.seen(&opening, &need).await;
    assert!(labels(&seen).is_empty());
    assert_eq!((seen.stripped, seen.findings), (vec!["age_band".to_owned()], vec!["basis_not_allowed".to_owned()]));
}

/// What arrives with it counts like what arrived before. [BAS-22]
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_who_was_suspected_before_consents_to_nothing_in_whatever_letters_it_comes() {
    let forms = [&[("guardian_authority", "INV-1"), ("child_assent", "assents")], &CONSENT[1..]].concat();
    let of = |more: &[(&'static str, &'static str)]| [more, &forms[..]].concat();
    let guardian = |event: &mut Event| event.terms.as_mut().unwrap().basis = LegalBasis::GuardianConsent;
    for together in [false, true] {
        let yard = yard().await;
        let (opening, held) = held(&yard).await;
        let told = of(&[("guardian_class", "other_parent"), ("perpetrator_relationship", "parent")]);
        let first = yard.disclosing(&opening, Statement::Need, &told, |event| {
            event.seen = Some(held);
            guardian(event);
        });
        let second = yard.disclosing(&opening, Statement::Need, &of(&[("guardian_class", "parent")]), |event| {
            (event.seen, event.seq, event.prev) = (Some(held), 2, Some(first.id));
            guardian(event);
        });
        if together {
            assert_eq!(yard.say(&[&first, &second]).await, STORED);
        } else {
            assert_eq!(yard.say(&[&first]).await, STORED);
            assert_eq!(yard.say(&[&second]).await, STORED);
        }
        assert!(labels(&yard.seen(&opening, &first).await).contains(&"perpetrator_relationship"));
        let seen = yard.seen(&opening, &second).await;
        assert!(labels(&seen).is_empty(), "{together}");
        assert_eq!(seen.findings, ["basis_not_allowed"], "{together}");
        assert!(seen.stripped.contains(&"guardian_class".to_owned()));
    }
}
