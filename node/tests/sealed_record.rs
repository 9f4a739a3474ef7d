//! The record of a case in an organisation that seals to staff: who reads it, what the folder holds, and one change that
//! reaches all trails all the same.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::sync::Arc;

use sealed::{
    NAME, ON, at_rest, found, fresh,
    record::{MESSAGE, NEW, OLD, change, ended, find, named, readable, secret, shown, values},
    staff_of,
};
use town::{Carrier, Pair, broken_off, enquiry, fields, pair, reopened, until, worker};
use uput_core::{
    catalogue::Label,
    id::TrailId,
    rejection::Rejection,
    safe_contact::Intent,
    staff::{self, Place, WordKey},
    wire::{self, AccessKind, ContactChannel, FollowState},
};
use uput_node::{
    access::Why,
    clock::SystemEntropy,
    node::{Assignee, NewChange, NewFollowUp, NewTrail, Node, Second},
};

/// A trail as whoever is about to call her is shown it.
async fn seen_to_call(node: &Arc<Node>, trail: &TrailId) -> wire::Trail {
    let intent = Intent { channel: ContactChannel::Call, outside: false };
    node.show_to_reach(&worker(), trail, true, intent, &Why::default()).await.unwrap()
}

/// [CAS-47] [CAS-68]
#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_read_by_who_has_the_case_and_by_nobody_with_the_folder() {
    for sealed in [false, true] {
        let pair = pair().await;
        let ours = staff_of(&pair.hotline).await;
        let [sanja, berta, clara] = &ours;
        if sealed {
            pair.hotline.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
        }
        let carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let (case, trail) = named(&pair, berta, None).await;
        let held = pair.hotline.word_box(&berta.caller).await.unwrap().unwrap();
        let key = WordKey::of(&secret(&held, &berta.key).unwrap());
        let by_program = sealed.then_some(&key);
        let list = [("name", NAME), ("safe_contact_telephone", OLD), ("safe_contact_code_word", MESSAGE)];
        pair.hotline.update_case_record(values(berta, case, &list, by_program)).await.unwrap();
        // Whoever has the case, and a supervisor; nobody else.
        for reader in [berta, sanja] {
            let all = shown(&pair.hotline, reader, &case).await;
            assert_eq!(list.map(|(label, _)| all[label].as_str()), list.map(|(_, value)| value), "{sealed}");
        }
        let refused = pair.hotline.show_case_record(&clara.caller, &case, true).await.err();
        assert_eq!(refused, Some(Rejection::NoSuchCase));
        assert_eq!(pair.hotline.record_boxes(&clara.caller, &case).err(), Some(Rejection::NoSuchCase));
        let outline = pair.hotline.show_case_record(&berta.caller, &case, false).await.unwrap();
        assert!(outline.fields.iter().all(|field| field.sealed.is_empty() && field.value.is_empty()));
        // [ACL-1] The access log tells what was sealed from what the node could read.
        let log = pair.hotline.list_accesses(&berta.caller, &case, &Why::default()).await.unwrap();
        let of_sealed = log.iter().filter(|row| row.kind() == AccessKind::SealedValuesGiven).count();
        let of_read = log.iter().filter(|row| row.kind() == AccessKind::ContactShown).count();
        assert_eq!((of_sealed >= 2, of_read >= 2), (sealed, !sealed));
        // It is found by the words of its readers' programs only.
        assert_eq!(find(&pair.hotline, berta, "canary ninety", by_program).await, [case]);
        assert_eq!(find(&pair.hotline, sanja, "ninety", None).await.is_empty(), sealed);
        assert!(find(&pair.hotline, clara, "canary", by_program).await.is_empty());
        // What the node cannot read it does not take from the record; it says so.
        let mut new = NewTrail { by: berta.caller.clone(), case: Some(case), ..enquiry("shelter-jasen") };
        let taken = pair.hotline.open_from_case(&mut new, &[Label::Name]).await.map_err(|refused| refused.rejection());
        assert_eq!(taken.err(), sealed.then_some(Rejection::SealedToStaff));
        // Nothing is changed while somebody says something from the record.
        drop(new);
        // One change reaches the trail, with what the program opened there.
        let made = pair.hotline.follow_up(change(berta, case, trail, sealed, by_program)).await.unwrap();
        assert_eq!(made.trails[0].say, ["corrected"], "{sealed} {}", made.trails[0].why);
        until(|| async {
            let view = seen_to_call(&pair.shelter, &trail).await;
            view.events.iter().flat_map(|event| &event.fields).any(|field| field.value == NEW)
        })
        .await;
        let all = shown(&pair.hotline, berta, &case).await;
        assert_eq!(all["safe_contact_telephone"], NEW);
        assert!(!all.contains_key("safe_contact_code_word"), "the record has no other label of a safe contact");
        assert_eq!(find(&pair.hotline, berta, "069 000 222", by_program).await, [case]);
        assert!(!find(&pair.hotline, berta, "069 000 111", by_program).await.contains(&case) || !sealed);
        until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
        drop(carriers);
        let Pair { hotline, houses, .. } = pair;
        at_rest(hotline).await;
        let again = reopened(&houses[0]).await;
        assert_eq!(shown(&again, berta, &case).await["name"], NAME, "after a restart too");
        assert_eq!(find(&again, berta, "canary", by_program).await, [case]);
        ended(again, &houses[0]).await;
        let all = readable(&houses[0], &case, &trail, &[]);
        // [CAS-61] No digest of a word is kept.
        assert_eq!(found(&all, "a digest of canary"), 0);
        let hits = [NAME, MESSAGE, OLD, NEW].map(|value| found(&all, value));
        assert_eq!(hits.iter().all(|hits| *hits > 0), !sealed, "{hits:?}");
        assert_eq!(hits.iter().sum::<usize>() == 0, sealed, "{hits:?}");
    }
}

/// [STF-18] [STF-13] [CAS-6]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_excluded_opens_nothing_that_is_written_into_the_record_after_it() {
    let pair = pair().await;
    let [sanja, berta, clara] = staff_of(&pair.hotline).await;
    pair.hotline.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let trail = NewTrail { by: berta.caller.clone(), ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(trail).await.unwrap().unwrap();
    let case = pair.hotline.case_of(&trail).unwrap();
    pair.hotline.update_case_record(values(&berta, case, &[("name", NAME)], None)).await.unwrap();
    // Clara gets the case: what was sealed before she reads when somebody who can has let her, what comes then by itself.
    let to = Assignee::Person(clara.caller.person);
    pair.hotline.assign_case(&berta.caller, &case, to, false).await.unwrap();
    assert!(shown(&pair.hotline, &clara, &case).await.is_empty());
    let telephone = [("safe_contact_telephone", OLD)];
    pair.hotline.update_case_record(values(&berta, case, &telephone, None)).await.unwrap();
    assert_eq!(shown(&pair.hotline, &clara, &case).await.into_values().collect::<Vec<_>>(), [OLD]);
    let lacking = pair.hotline.lacking(&berta.caller, &case.to_vec()).unwrap();
    assert!(pair.hotline.lacking(&clara.caller, &case.to_vec()).unwrap().is_empty());
    for (held, missing) in &lacking {
        let secret = secret(held, &berta.key).unwrap();
        let wrap = |key| staff::seal(key, &Place::Box(secret.id()), secret.expose_seed(), &mut SystemEntropy).unwrap();
        let wraps: Vec<Vec<u8>> = missing.iter().map(|key| wrap(&key.public)).collect();
        let subject = TrailId::parse(&held.subject).unwrap();
        let stranger = pair.hotline.add_readers(&sanja.caller, &subject, held.number, vec![wrap(fresh().public())]);
        assert_eq!(stranger.await.err(), Some(Rejection::NoStaffKey));
        pair.hotline.add_readers(&berta.caller, &subject, held.number, wraps).await.unwrap();
    }
    assert_eq!(shown(&pair.hotline, &clara, &case).await.len(), 2);
    assert!(pair.hotline.lacking(&berta.caller, &case.to_vec()).unwrap().is_empty());
    // She names Clara: in the same commit Clara is out, and opens neither the list nor anything after it.
    let new = change(&berta, case, trail, false, None);
    let names = fields(&[("excluded_persons", "Clara")]).remove(0);
    pair.hotline.follow_up(NewFollowUp { change: NewChange::ExcludedPersons(names), ..new }).await.unwrap();
    let message = [("safe_contact_code_word", MESSAGE)];
    pair.hotline.update_case_record(values(&berta, case, &message, None)).await.unwrap();
    assert_eq!(shown(&pair.hotline, &berta, &case).await.len(), 4);
    assert_eq!(pair.hotline.show_case_record(&clara.caller, &case, true).await.err(), Some(Rejection::NoSuchCase));
    assert_eq!(pair.hotline.record_boxes(&clara.caller, &case).err(), Some(Rejection::NoSuchCase));
    let Pair { hotline, houses, .. } = pair;
    ended(hotline, &houses[0]).await;
    let [by_clara, by_berta] = [&clara, &berta].map(|who| readable(&houses[0], &case, &trail, &[&who.key]));
    assert_eq!([NAME, MESSAGE].map(|value| found(&by_clara, value) > 0), [true, false]);
    assert_eq!([NAME, MESSAGE].map(|value| found(&by_berta, value) > 0), [true, true]);
    assert!(found(&by_berta, "Clara") > found(&by_clara, "Clara"), "not even whom she named");
}

/// [CAS-54] [CAS-50]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_broken_off_waits_for_who_has_its_values_and_is_then_said_once_everywhere() {
    const TRAILS: usize = 6;
    let pair = pair().await;
    let [sanja, berta, _] = staff_of(&pair.hotline).await;
    pair.hotline.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let (case, first) = named(&pair, &berta, None).await;
    let mut trails = vec![first];
    for _ in 1..TRAILS {
        trails.push(named(&pair, &berta, Some(case)).await.1);
    }
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    drop(carriers);
    let asked = || {
        let mut new = change(&berta, case, first, true, None);
        new.of_basis = trails.iter().map(|trail| (*trail, fields(&town::CONSENT))).collect();
        new
    };
    let corrections = async |node: &Arc<Node>| {
        let mut counts = Vec::new();
        for trail in &trails {
            let shown = node.show(&berta.caller, trail, false).await.unwrap();
            counts.push(shown.events.iter().filter(|event| event.kind == "corrected").count());
        }
        counts
    };
    let new = asked();
    let request_id = new.request_id.clone();
    let Pair { hotline, shelter, houses } = pair;
    broken_off(&hotline, new).await;
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    // Counted only now: what was being written when the call was broken off is still written before the node closes.
    let before = corrections(&hotline).await;
    assert!(before.contains(&1) && before.contains(&0), "broken off in the middle: {before:?}");
    // The node cannot read what is to be said: it says so, and waits.
    for _ in 0..2 {
        hotline.continue_follow_ups().await.unwrap();
        assert_eq!(corrections(&hotline).await, before);
        let list = hotline.list_follow_ups(&berta.caller, &case).await.unwrap();
        assert!(list.len() == 1 && !list[0].complete && list[0].unconfirmed > 0);
        for (step, said) in trails.iter().zip(&before) {
            let step = list[0].trails.iter().find(|there| there.trail == step.to_vec()).unwrap();
            let (state, todo) =
                if *said > 0 { (FollowState::OnItsWay, "") } else { (FollowState::ToBeSaid, "telephone") };
            assert_eq!((step.state(), step.todo.as_str()), (state, todo));
        }
    }
    // The program asks again with the values, and hears who has confirmed.
    let again = hotline.follow_up(NewFollowUp { request_id, ..asked() }).await.unwrap();
    assert!(again.complete && again.trails.iter().all(|step| step.say == ["corrected"] && step.why.is_empty()));
    assert_eq!(corrections(&hotline).await, vec![1; TRAILS]);
    let carriers = Carrier::both(&hotline, &shelter);
    until(|| async {
        let list = hotline.list_follow_ups(&berta.caller, &case).await.unwrap();
        list[0].unconfirmed == 0 && list[0].trails.iter().all(|step| step.state() == FollowState::Delivered)
    })
    .await;
    for trail in &trails {
        let view = seen_to_call(&shelter, trail).await;
        assert!(view.events.iter().flat_map(|event| &event.fields).any(|field| field.value == NEW));
    }
    drop(carriers);
}
