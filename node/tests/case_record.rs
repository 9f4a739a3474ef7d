//! What is held about her once, and how it is found again.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use town::{BY, CONSENT, Carrier, Pair, caller_as, enquiry, event, fields, pair, reopened, request_id, until, worker};
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, LegalBasis},
};
use uput_node::{
    access::Why,
    account::{Caller, PersonId},
    case::CaseId,
    node::{NewEvent, NewTrail, NewValues, Node, Question},
};

fn values(by: &Caller, case: CaseId, list: &[(&str, &str)]) -> NewValues {
    NewValues {
        knowingly: Vec::new(),
        by: by.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: fields(list),
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
        label_words: Vec::new(),
    }
}

fn another() -> Caller {
    Caller { person: PersonId::new([9; 16]), ..worker() }
}

async fn find(node: &Arc<Node>, by: &Caller, text: &str) -> Vec<CaseId> {
    let question = Question { text: Sensitive::new(text.to_owned()), words: Vec::new() };
    node.search_cases(by, question).await.unwrap()
}

/// An enquiry in a case of its own.
async fn a_case(node: &Arc<Node>, by: &Caller) -> (CaseId, TrailId) {
    let trail = node.open_trail(NewTrail { by: by.clone(), ..enquiry("shelter-jasen") }).await.unwrap().unwrap();
    (node.case_of(&trail).unwrap(), trail)
}

/// [CAS-40] [CAS-41] [CAS-42] [CAS-43]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_once_is_not_typed_again() {
    let Pair { hotline, houses, .. } = pair().await;
    let by = worker();
    let (case, _) = a_case(&hotline, &by).await;
    let first = values(&by, case, &[("age_band", "30_59"), ("language", "sq"), ("name", "Invented Name")]);
    let (again, id) = (values(&by, case, &[("language", "sr")]), first.request_id.clone());
    let (record, replaced) = hotline.update_case_record(first).await.unwrap();
    assert!(record.fields.len() == 3 && replaced.is_empty());
    // The same request is answered once.
    let (record, _) = hotline.update_case_record(NewValues { request_id: id, ..again }).await.unwrap();
    assert_eq!(record.fields.len(), 3);
    let (_, replaced) = hotline.update_case_record(values(&by, case, &[("language", "sr")])).await.unwrap();
    assert_eq!(replaced, [Label::Language]);

    let consent = LegalBasis::ExplicitConsent;
    let open = |list: &[(&str, &str)]| NewTrail {
        case: Some(case),
        stage: 1,
        basis: consent,
        fields: fields(list),
        ..enquiry("shelter-jasen")
    };
    let mut trail = open(&CONSENT);
    assert_eq!(hotline.open_from_case(&mut trail, &[Label::AgeBand, Label::Language]).await.unwrap(), []);
    let opened = hotline.open_trail(trail).await.unwrap().unwrap();
    let shown = hotline.show(&by, &opened, true).await.unwrap();
    let told = |label: &str| shown.events[0].fields.iter().find(|field| field.label == label).unwrap().value.clone();
    assert_eq!((told("age_band"), told("language")), ("30_59".to_owned(), "sr".to_owned()));
    // What is typed otherwise is said, and what the record does not have is refused.
    let mut typed = open(&[&CONSENT[..], &[("language", "ro")]].concat());
    assert_eq!(hotline.open_from_case(&mut typed, &[Label::AgeBand]).await.unwrap(), [Label::Language]);
    let refused = hotline.open_from_case(&mut open(&CONSENT), &[Label::RiskLevel]).await.err().unwrap();
    assert_eq!(refused.to_string(), "there is no value to take of: risk_level");

    // A colleague to whom the case was not given learns nothing of it, as of one that is not there.
    let (nowhere, other) = (CaseId::new([7; 16]), another());
    for case in [&case, &nowhere] {
        let refused = hotline.show_case_record(&other, case, true).await.err();
        assert_eq!(refused, Some(Rejection::NoSuchCase));
        let refused = hotline.update_case_record(values(&other, *case, &[("name", "x")])).await.err().unwrap();
        assert_eq!(refused.rejection(), Rejection::NoSuchCase);
        assert_eq!(hotline.list_follow_ups(&other, case).await.err(), Some(Rejection::NoSuchCase));
    }
    let auditor = hotline.show_case_record(&caller_as(wire::Role::Auditor), &case, false).await.unwrap();
    assert!(auditor.fields.iter().all(|field| field.value.is_empty()) && auditor.fields.len() == 3);

    // It outlives the process, and nothing of it stands in the folder in the clear.
    drop(hotline);
    let node = reopened(&houses[0]).await;
    let record = node.show_case_record(&by, &case, true).await.unwrap();
    assert!(record.fields.iter().any(|field| field.value == "Invented Name" && field.label == "name"));
}

/// [CAS-119] [CAS-16] [CAS-46]
#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_is_taken_out_of_a_joined_record_does_not_come_back_from_the_other_case() {
    let Pair { hotline, houses, .. } = pair().await;
    let by = worker();
    let ((one, _), (other, _)) = (a_case(&hotline, &by).await, a_case(&hotline, &by).await);
    let old = [("safe_contact_telephone", "+38269000111"), ("language", "sq")];
    hotline.update_case_record(values(&by, other, &old)).await.unwrap();
    hotline.join_cases(&by, &other, &one).await.unwrap();
    assert_eq!(find(&hotline, &by, "069 000 111").await, [one]);
    let without = NewValues { removed: vec![Label::SafeContactTelephone], ..values(&by, one, &[]) };
    assert_eq!(hotline.update_case_record(without).await.unwrap().1, [Label::SafeContactTelephone]);
    let labels = |record: wire::CaseRecord| record.fields.into_iter().map(|field| field.label).collect::<Vec<_>>();
    assert_eq!(labels(hotline.show_case_record(&by, &one, true).await.unwrap()), ["language"]);
    assert!(find(&hotline, &by, "069 000 111").await.is_empty());
    drop(hotline);
    let node = reopened(&houses[0]).await;
    assert_eq!(labels(node.show_case_record(&by, &one, true).await.unwrap()), ["language"]);
    assert!(find(&node, &by, "069 000 111").await.is_empty());
}

/// [CAS-44] [CAS-30]
#[tokio::test(flavor = "multi_thread")]
async fn whom_she_excluded_goes_with_who_she_is() {
    let Pair { hotline, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    let by = worker();
    let new = NewTrail {
        stage: 1,
        basis: LegalBasis::ExplicitConsent,
        fields: fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat()),
        ..enquiry("shelter-jasen")
    };
    let trail = hotline.open_trail(new).await.unwrap().unwrap();
    let case = hotline.case_of(&trail).unwrap();
    let name = Sensitive::new("EXCLUDED, Invented".to_owned());
    let (colleague, _) = hotline.create_account(&BY, name, wire::Role::Supervisor, None).await.unwrap();
    hotline.update_case_record(values(&by, case, &[("excluded_persons", "Invented Excluded")])).await.unwrap();
    // [CAS-30] At once, not when it is told to somebody.
    assert!(hotline.case(&case).unwrap().excludes(&colleague.person));
    until(|| async { shelter.show(&by, &trail, false).await.is_ok_and(|trail| trail.stage == 1) }).await;
    shelter.record_event(event(trail, Statement::Accepted)).await.unwrap();
    until(|| async { hotline.show(&by, &trail, false).await.unwrap().headline == "accepted" }).await;
    let mut named = NewEvent {
        fields: fields(&[&CONSENT[..], &[("name", "Invented Name")]].concat()),
        basis: Some(LegalBasis::ExplicitConsent),
        ..event(trail, Statement::Identity)
    };
    hotline.say_from_case(&mut named, &[]).await.unwrap();
    assert!(named.fields.iter().any(|field| field.label() == Label::ExcludedPersons));
    hotline.record_event(named).await.unwrap();
}

/// [CAS-60] [CAS-64] [CAS-65] [CAS-67]
#[tokio::test(flavor = "multi_thread")]
async fn cases_are_found_by_words_and_only_by_who_sees_their_values() {
    let Pair { hotline, shelter, houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    let (by, other) = (worker(), another());
    let (mine, trail) = a_case(&hotline, &by).await;
    let (theirs, _) = a_case(&hotline, &other).await;
    let list = [("name", "Милица Измишљена"), ("safe_contact_telephone", "+38269123456")];
    hotline.update_case_record(values(&by, mine, &list)).await.unwrap();
    hotline.update_case_record(values(&other, theirs, &[("name", "Milica Druga")])).await.unwrap();
    for text in ["milica", "Milica izmišljena", "MIL", "izm", "069 123 456"] {
        assert_eq!(find(&hotline, &by, text).await, [mine], "{text}");
    }
    assert_eq!(find(&hotline, &other, "milica").await, [theirs]);
    let supervisor = Caller { person: PersonId::new([10; 16]), ..caller_as(wire::Role::Supervisor) };
    let mut both = [mine, theirs];
    both.sort_unstable();
    // [ACL-5] A supervisor says why before anything is looked up, whatever would be found.
    for text in ["mili", "nepoznata"] {
        let question = Question { text: Sensitive::new(text.to_owned()), words: Vec::new() };
        assert_eq!(hotline.search_cases(&supervisor, question).await.err(), Some(Rejection::NeedsReason), "{text}");
    }
    let found = |rows| {
        let question = Question { text: Sensitive::new("mili".to_owned()), words: Vec::new() };
        let why = Why { code: wire::AccessReason::Supervision, ..Why::default() };
        let (node, supervisor) = (hotline.clone(), supervisor.clone());
        async move { node.search_cases_because(&supervisor, question, &why, rows).await.unwrap() }
    };
    assert_eq!(found(0..9).await.cases, both);
    let first = found(0..1).await;
    assert!(first.more && first.cases == both[..1]);
    let last = found(1..2).await;
    assert!(!last.more && last.cases == both[1..]);
    for text in ["milica izmisljena druga", "nepoznata"] {
        assert!(find(&hotline, &by, text).await.is_empty(), "{text}");
    }
    let empty = Question { text: Sensitive::new(" .".to_owned()), words: Vec::new() };
    assert_eq!(hotline.search_cases(&by, empty).await.err(), Some(Rejection::BadValue));
    // What is replaced is found no more.
    hotline.update_case_record(values(&by, mine, &[("name", "Nova Nepoznata")])).await.unwrap();
    assert!(find(&hotline, &by, "milica").await.is_empty());
    assert_eq!(find(&hotline, &by, "nova").await, [mine]);
    // A program can find by digests of its own.
    let words = NewValues { words: Some(vec![[1; 8], [2; 8]]), ..values(&by, mine, &[]) };
    hotline.update_case_record(words).await.unwrap();
    let question = Question { text: Sensitive::new(String::new()), words: vec![[2; 8]] };
    assert_eq!(hotline.search_cases(&by, question).await.unwrap(), [mine]);

    // What came in a trail is found until it is purged, and after a restart.
    until(|| async { shelter.show(&by, &trail, false).await.is_ok() }).await;
    shelter
        .record_event(event(trail, Statement::Held { until: uput_core::time::Seconds::new(4_000_000_000).unwrap() }))
        .await
        .unwrap();
    until(|| async { hotline.show(&by, &trail, false).await.unwrap().headline == "held" }).await;
    let need = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    town::say_with(&hotline, trail, Statement::Need, &need).await;
    until(|| async { shelter.show(&by, &trail, false).await.unwrap().stage == 1 }).await;
    shelter.record_event(event(trail, Statement::Accepted)).await.unwrap();
    until(|| async { hotline.show(&by, &trail, false).await.unwrap().headline == "accepted" }).await;
    let identity = [&CONSENT[..], &[("name", "Treće Ime")]].concat();
    town::say_with(&hotline, trail, Statement::Identity, &identity).await;
    let there = shelter.case_of(&trail).unwrap();
    until(|| async { find(&shelter, &by, "trece").await == [there] }).await;
    assert_eq!(find(&hotline, &by, "trece ime").await, [mine], "what was said is found too");
    town::say(&hotline, trail, Statement::Withdrawn).await.unwrap();
    until(|| async { shelter.show(&by, &trail, false).await.unwrap().headline == "withdrawn" }).await;
    let purged = Statement::Purged(wire::PurgeManner::Destroyed);
    shelter.record_event(event(trail, purged)).await.unwrap();
    assert!(find(&shelter, &by, "trece").await.is_empty());
    drop((hotline, _carriers));
    let node = reopened(&houses[0]).await;
    assert_eq!(find(&node, &by, "nova nep").await, [mine]);
    assert_eq!(find(&node, &by, "trece").await, [mine]);
    let question = Question { text: Sensitive::new(String::new()), words: vec![[1; 8]] };
    assert_eq!(node.search_cases(&by, question).await.unwrap(), [mine]);
    assert!(node.search_bytes() > 0);
}

/// [CAS-66]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_takes_as_long_whether_others_have_the_word_or_not() {
    let Pair { hotline, houses: _houses, .. } = pair().await;
    let (by, other) = (worker(), another());
    let (case, _) = a_case(&hotline, &other).await;
    hotline.update_case_record(values(&other, case, &[("name", "Milica Izmisljena")])).await.unwrap();
    let mut longest = Duration::ZERO;
    for text in ["milica", "nepoznata"].into_iter().cycle().take(40) {
        let from = Instant::now();
        assert!(find(&hotline, &by, text).await.is_empty());
        let took = from.elapsed();
        assert!(took >= Duration::from_millis(5), "{text}: {took:?}");
        longest = longest.max(took);
    }
    assert!(longest < Duration::from_secs(20), "{longest:?}");
    let _ = BY;
}

/// [NST-7] [NST-8] [NST-11]
#[tokio::test(flavor = "multi_thread")]
async fn words_that_tell_who_she_is_are_said_only_knowingly() {
    let Pair { hotline, houses, .. } = pair().await;
    let by = worker();
    let (case, _) = a_case(&hotline, &by).await;
    hotline.update_case_record(values(&by, case, &[("name", "Milica Izmišljena")])).await.unwrap();
    let typed = || values(&by, case, &[("need_statement", "Soba za Miličinu kćerku, zvati 069 123 456.")]);
    for check in [true, false] {
        let refused = hotline.update_case_record(NewValues { validate_only: check, ..typed() }).await.err().unwrap();
        assert_eq!(refused.rejection(), Rejection::WordsTellWho);
        // What kind and where, and none of the words.
        assert!(refused.to_string().ends_with(": need_statement: name at 9 to 16, telephone at 32 to 42"), "{refused}");
    }
    let knowingly = vec![Label::NeedStatement];
    hotline.update_case_record(NewValues { knowingly, ..typed() }).await.unwrap();
    let kept = |record: wire::CaseRecord| {
        record.fields.into_iter().filter(|field| field.knowingly).map(|field| field.label).collect::<Vec<_>>()
    };
    assert_eq!(kept(hotline.show_case_record(&by, &case, true).await.unwrap()), ["need_statement"]);
    // Other words are judged anew, and whoever says nothing of them let nothing pass.
    hotline.update_case_record(values(&by, case, &[("need_statement", "Soba za dvoje")])).await.unwrap();
    assert!(kept(hotline.show_case_record(&by, &case, true).await.unwrap()).is_empty());

    let consent: Vec<_> = CONSENT.into_iter().filter(|(label, _)| *label != "consent_purpose").collect();
    let open = |by: &Caller, purpose, knowingly| NewTrail {
        by: by.clone(),
        case: Some(case),
        stage: 1,
        basis: LegalBasis::ExplicitConsent,
        fields: fields(&[&consent[..], &[("consent_purpose", purpose)]].concat()),
        knowingly,
        ..enquiry("shelter-jasen")
    };
    let refused = hotline.open_trail(open(&by, "Krevet za Milicu", Vec::new())).await.err().unwrap();
    assert!(refused.to_string().ends_with(": consent_purpose: name at 11 to 16"), "{refused}");
    // Whoever does not see the case learns nothing by guessing names.
    let refused = hotline.open_trail(open(&another(), "Krevet za Milicu", Vec::new())).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::NoSuchCase);
    let passed = vec![Label::ConsentPurpose, Label::NeedStatement];
    let trail = hotline.open_trail(open(&by, "Krevet za Milicu", passed)).await.unwrap().unwrap();
    let said = NewEvent {
        fields: fields(&[("reason_in_words", "Molim +382 69 123 456")]),
        by: by.clone(),
        ..event(trail, Statement::Withdrawn)
    };
    assert_eq!(hotline.record_event(said).await.err().unwrap().rejection(), Rejection::WordsTellWho);
    // It is kept what was let pass, and only that of which there was something to let pass.
    drop(hotline);
    let node = reopened(&houses[0]).await;
    let shown = node.show(&by, &trail, false).await.unwrap();
    assert_eq!(shown.events[0].knowingly, ["consent_purpose"]);
}
