//! What was taken from a trail into the record of a case, after the trail's values are destroyed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sealed::{
    NAME, ON, Person, found,
    record::{MESSAGE, NEW, OLD, ended, find, named, readable, shown, values},
    staff_of,
};
use tokio::task::JoinHandle;
use town::{Carrier, Pair, caller_as, enquiry, event, fields, holds, known, pair, reopened, somebody, until, worker};
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, AccessReason, DeclineReason, LegalBasis, PurgeManner, Role},
};
use uput_node::{
    access::Why,
    account::{AccountId, Caller},
    case::CaseId,
    node::{Assignee, NewEvent, NewTrail, NewValues, Node, Question, Second},
    search::Digest,
};

const PURGED: Statement = Statement::Purged(PurgeManner::Destroyed);

/// The trail as the shelter has it: in the case of one of its own people.
async fn taken_on(node: &Arc<Node>, who: &Person, trail: &TrailId) -> CaseId {
    let case = node.case_of(trail).unwrap();
    node.assign_case(&worker(), &case, Assignee::Person(who.caller.person), false).await.unwrap();
    case
}

/// Labels that a trail told, into the record.
fn taking(who: &Person, case: CaseId, trail: TrailId, labels: &[Label]) -> NewValues {
    NewValues { taken: vec![(trail, labels.to_vec())], ..values(who, case, &[], None) }
}

async fn said(node: &Arc<Node>, who: &Person, trail: TrailId, statement: Statement) {
    let new = NewEvent { by: who.caller.clone(), ..event(trail, statement) };
    node.record_event(new).await.unwrap().unwrap();
}

/// She withdraws, and the values that the shelter has are destroyed.
async fn purged(pair: &Pair, trail: TrailId, [berta, dora]: [&Person; 2]) {
    said(&pair.hotline, berta, trail, Statement::Withdrawn).await;
    stands(&pair.shelter, dora, &trail, "withdrawn").await;
    said(&pair.shelter, dora, trail, PURGED).await;
}

async fn stands(node: &Arc<Node>, who: &Person, trail: &TrailId, kind: &str) {
    let has = |view: wire::Trail| view.events.iter().any(|event| event.kind == kind);
    until(|| async { node.show(&who.caller, trail, false).await.is_ok_and(has) }).await;
}

/// [CAS-113] [CAS-114] [NOD-23]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_from_a_trail_is_destroyed_with_its_values_in_every_state_of_the_record() {
    let pair = pair().await;
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [_, dora, _] = staff_of(&pair.shelter).await;
    let (_, trail) = named(&pair, &berta, None).await;
    let case = taken_on(&pair.shelter, &dora, &trail).await;
    let all = [Label::Name, Label::SafeContactTelephone, Label::SafeContactCodeWord];
    pair.shelter.update_case_record(taking(&dora, case, trail, &all)).await.unwrap();
    // Another state of the record; what she said here herself, once before and once after a trail told it.
    let own = [("language", "sq"), ("safe_contact_code_word", MESSAGE)];
    pair.shelter.update_case_record(values(&dora, case, &own, None)).await.unwrap();
    pair.shelter.update_case_record(taking(&dora, case, trail, &[Label::SafeContactCodeWord])).await.unwrap();
    assert_eq!(shown(&pair.shelter, &dora, &case).await.len(), 4);
    assert_eq!(find(&pair.shelter, &dora, "069 000 111", None).await, [case]);
    purged(&pair, trail, [&berta, &dora]).await;
    let left = shown(&pair.shelter, &dora, &case).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), ["language", "safe_contact_code_word"]);
    // Nothing of it goes onward, and by nothing of it is she found.
    let mut onward = NewTrail { by: dora.caller.clone(), case: Some(case), ..enquiry("hotline") };
    let refused = pair.shelter.open_from_case(&mut onward, &[Label::Name]).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::BadValue);
    drop(onward);
    for text in ["canary ninety", "069 000 111"] {
        assert!(find(&pair.shelter, &dora, text, None).await.is_empty(), "{text}");
    }
    assert_eq!(find(&pair.shelter, &dora, "dentist", None).await, [case]);
    // Nor is it taken again, or read by anybody who has the folder and every key.
    let refused = pair.shelter.update_case_record(taking(&dora, case, trail, &all[..1])).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::BadValue);
    pair.shelter.update_case_record(values(&dora, case, &[("language", "sr")], None)).await.unwrap();
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop(hotline);
    ended(shelter, &houses[1]).await;
    let all = readable(&houses[1], &case, &trail, &[&dora.key]);
    assert_eq!([NAME, OLD].map(|value| found(&all, value)), [0, 0]);
    assert!(found(&all, MESSAGE) > 0);
    let again = reopened(&houses[1]).await;
    assert_eq!(shown(&again, &dora, &case).await.len(), 2);
    assert!(find(&again, &dora, "canary ninety", None).await.is_empty());
}

/// [CAS-113] A purge that follows a no, and one that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_retained_value_stays_in_the_record_and_a_purge_after_a_no_destroys_it() {
    for (after_no, manner) in [(true, PURGED), (false, Statement::Retained { article: 1 })] {
        let pair = pair().await;
        let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let [_, berta, _] = staff_of(&pair.hotline).await;
        let [_, dora, _] = staff_of(&pair.shelter).await;
        let (_, trail) = named(&pair, &berta, None).await;
        let case = taken_on(&pair.shelter, &dora, &trail).await;
        pair.shelter.update_case_record(taking(&dora, case, trail, &[Label::Name])).await.unwrap();
        if after_no {
            said(&pair.shelter, &dora, trail, Statement::Declined(DeclineReason::NoPlace)).await;
        } else {
            said(&pair.hotline, &berta, trail, Statement::PurgeAsked).await;
            stands(&pair.shelter, &dora, &trail, "purge_asked").await;
        }
        said(&pair.shelter, &dora, trail, manner).await;
        assert_eq!(shown(&pair.shelter, &dora, &case).await.is_empty(), after_no);
    }
}

/// [CAS-113] [CAS-47]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_to_staff_goes_with_the_trail_that_told_it_too() {
    let pair = pair().await;
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [sanja, dora, _] = staff_of(&pair.shelter).await;
    pair.shelter.set_sealing(&sanja.caller, ON, &Second::Nobody).await.unwrap();
    let (_, trail) = named(&pair, &berta, None).await;
    let case = taken_on(&pair.shelter, &dora, &trail).await;
    // The node cannot read it: the program says what it opened, and the node which trail told it.
    let refused = pair.shelter.update_case_record(taking(&dora, case, trail, &[Label::Name])).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::SealedToStaff);
    let opened = values(&dora, case, &[("name", NAME), ("language", "sq")], None);
    let taken = vec![(trail, vec![Label::Name])];
    pair.shelter.update_case_record(NewValues { taken, ..opened }).await.unwrap();
    assert_eq!(shown(&pair.shelter, &dora, &case).await["name"], NAME);
    purged(&pair, trail, [&berta, &dora]).await;
    assert_eq!(shown(&pair.shelter, &dora, &case).await.into_keys().collect::<Vec<_>>(), ["language"]);
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop(hotline);
    ended(shelter, &houses[1]).await;
    let all = readable(&houses[1], &case, &trail, &[&dora.key, &sanja.key]);
    assert_eq!((found(&all, NAME), found(&all, "sq") > 0), (0, true));
}

/// Digests that a program made of all words together, into the record.
fn with_words(new: NewValues, digest: Digest) -> NewValues {
    NewValues { words: Some(vec![digest]), ..new }
}

/// [CAS-120] [CAS-68]
#[tokio::test(flavor = "multi_thread")]
async fn digests_of_a_whole_record_go_with_the_first_trail_that_told_a_value_of_it() {
    let pair = pair().await;
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [_, dora, _] = staff_of(&pair.shelter).await;
    let (_, trail) = named(&pair, &berta, None).await;
    let case = taken_on(&pair.shelter, &dora, &trail).await;
    let digest = *b"canary:8";
    let found = |node: Arc<Node>| {
        let question = Question { text: Sensitive::new(String::new()), words: vec![digest] };
        let (by, why) = (dora.caller.clone(), Why { code: AccessReason::Supervision, ..Why::default() });
        async move { node.search_cases_because(&by, question, &why, 0..usize::MAX).await.unwrap().cases }
    };
    let taking = taking(&dora, case, trail, &[Label::Name]);
    pair.shelter.update_case_record(with_words(taking, digest)).await.unwrap();
    // Another state of the record keeps them, and finds by them.
    pair.shelter.update_case_record(values(&dora, case, &[("language", "sq")], None)).await.unwrap();
    assert_eq!(found(pair.shelter.clone()).await, [case]);
    purged(&pair, trail, [&berta, &dora]).await;
    assert!(found(pair.shelter.clone()).await.is_empty());
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop(hotline);
    ended(shelter, &houses[1]).await;
    assert!(!holds(&readable(&houses[1], &case, &trail, &[&dora.key]), &digest), "no state of the record has them");
}

/// [CAS-119] [CAS-16]
#[tokio::test(flavor = "multi_thread")]
async fn no_older_number_comes_back_when_the_one_that_a_trail_told_is_purged() {
    let pair = pair().await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [_, dora, _] = staff_of(&pair.shelter).await;
    let (_, trail) = named(&pair, &berta, None).await;
    let case = taken_on(&pair.shelter, &dora, &trail).await;
    let older = pair.shelter.create_case(&dora.caller, Sensitive::new(String::new())).await.unwrap().id;
    let number = [("safe_contact_telephone", NEW), ("language", "sq")];
    pair.shelter.update_case_record(values(&dora, older, &number, None)).await.unwrap();
    let telephone = [Label::SafeContactTelephone];
    pair.shelter.update_case_record(taking(&dora, case, trail, &telephone)).await.unwrap();
    pair.shelter.join_cases(&dora.caller, &older, &case).await.unwrap();
    assert_eq!(shown(&pair.shelter, &dora, &case).await["safe_contact_telephone"], OLD);
    purged(&pair, trail, [&berta, &dora]).await;
    // Neither before the whole case is written anew, nor after it.
    for language in ["sr", "ro"] {
        assert_eq!(shown(&pair.shelter, &dora, &case).await.into_keys().collect::<Vec<_>>(), ["language"]);
        pair.shelter.update_case_record(values(&dora, case, &[("language", language)], None)).await.unwrap();
    }
}

/// [CAS-118] [CAS-113]
#[tokio::test(flavor = "multi_thread")]
async fn cases_are_joined_and_a_trail_is_purged_when_what_was_read_of_a_record_is_said() {
    let pair = pair().await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [_, dora, _] = staff_of(&pair.shelter).await;
    let (_, trail) = named(&pair, &berta, None).await;
    let told = taken_on(&pair.shelter, &dora, &trail).await;
    pair.shelter.update_case_record(taking(&dora, told, trail, &[Label::Name])).await.unwrap();
    said(&pair.hotline, &berta, trail, Statement::Withdrawn).await;
    stands(&pair.shelter, &dora, &trail, "withdrawn").await;
    let (shelter, by) = (&pair.shelter, &dora.caller);
    let read = |case| async move {
        let mut new = NewTrail { by: by.clone(), case: Some(case), ..enquiry("hotline") };
        shelter.open_from_case(&mut new, &[Label::Name]).await.map(|_| new)
    };
    let other = pair.shelter.create_case(&dora.caller, Sensitive::new(String::new())).await.unwrap().id;
    let waits = |task: JoinHandle<()>, new: NewTrail| async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert!(!task.is_finished(), "what was read is not said yet");
        drop(new);
        task.await.unwrap();
    };
    let (node, by) = (pair.shelter.clone(), dora.caller.clone());
    let new = read(told).await.unwrap();
    waits(tokio::spawn(async move { drop(node.join_cases(&by, &told, &other).await.unwrap()) }), new).await;
    let (node, purge) = (pair.shelter.clone(), NewEvent { by: dora.caller.clone(), ..event(trail, PURGED) });
    let new = read(other).await.unwrap();
    let purging = tokio::spawn(async move {
        node.record_event(purge).await.unwrap();
    });
    waits(purging, new).await;
    assert_eq!(read(other).await.err().unwrap().rejection(), Rejection::BadValue);
}

/// [CAS-122] [CAS-100] [CAS-115]
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_types_who_does_not_see_the_record_is_compared_with_nothing_in_it() {
    let pair = pair().await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let [_, berta, _] = staff_of(&pair.hotline).await;
    let [_, dora, _] = staff_of(&pair.shelter).await;
    let intake = somebody(AccountId::new([0x31; 16]), 0x31, Role::Intake);
    known(&pair.shelter, &intake);
    let (_, trail) = named(&pair, &berta, None).await;
    let told = taken_on(&pair.shelter, &dora, &trail).await;
    pair.shelter.update_case_record(taking(&dora, told, trail, &[Label::Name])).await.unwrap();
    let whole = pair.shelter.create_case(&intake, Sensitive::new(String::new())).await.unwrap().id;
    pair.shelter.assign_case(&supervisor(), &whole, Assignee::Person(dora.caller.person), false).await.unwrap();
    pair.shelter.join_cases(&dora.caller, &told, &whole).await.unwrap();
    let typed = |by: &Caller| NewTrail {
        by: by.clone(),
        case: Some(whole),
        stage: 1,
        basis: LegalBasis::ExplicitConsent,
        fields: fields(&[("name", NAME)]),
        ..enquiry("hotline")
    };
    for withdrawn in [false, true] {
        let mut by_intake = typed(&intake);
        assert_eq!(pair.shelter.open_from_case(&mut by_intake, &[]).await.unwrap(), []);
        assert!(by_intake.rests_on.is_empty(), "it is not compared");
        let mut by_dora = typed(&dora.caller);
        let compared = pair.shelter.open_from_case(&mut by_dora, &[]).await;
        match compared {
            Ok(_) => assert!(!withdrawn && by_dora.rests_on == BTreeSet::from([trail])),
            Err(refused) => assert_eq!((withdrawn, refused.rejection()), (true, Rejection::BasisNotAllowed)),
        }
        drop((by_intake, by_dora));
        if !withdrawn {
            said(&pair.hotline, &berta, trail, Statement::Withdrawn).await;
            stands(&pair.shelter, &dora, &trail, "withdrawn").await;
        }
    }
}

fn supervisor() -> Caller {
    caller_as(Role::Supervisor)
}
