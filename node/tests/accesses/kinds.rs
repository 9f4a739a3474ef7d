//! What leaves an entry, and why somebody must say that they look.

use std::collections::BTreeMap;

use uput_core::{
    catalogue::Label,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{AccessKind, AccessReason, AccessStanding, Role, UnusualRule},
};
use uput_node::{
    account::Caller,
    case::CaseId,
    node::{NewChange, NewFollowUp, NewValues, Question},
};

use crate::{
    because, document, entries, hotline, kinds, opened, person,
    town::{fields, request_id},
    verified,
};

fn values(by: &Caller, case: CaseId, list: &[(&str, &str)]) -> NewValues {
    NewValues {
        knowingly: Vec::new(),
        label_words: Vec::new(),
        by: by.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: fields(list),
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
    }
}

/// [ACL-1] [CAS-42] The record of a case: each look at it and each change of it, also a check that tells what differs.
#[tokio::test(flavor = "multi_thread")]
async fn each_look_at_the_record_of_a_case_and_each_change_of_it_leaves_an_entry() {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (_, case) = opened(&node, &by).await;
    let her = [("name", "Invented Name"), ("risk_level", "high")];
    node.update_case_record(values(&by, case, &her)).await.unwrap();
    let guess = NewValues { validate_only: true, ..values(&by, case, &[("name", "Another Name")]) };
    assert_eq!(node.update_case_record(guess).await.unwrap().1, [Label::Name], "the answer tells that it differs");
    node.show_case_record(&by, &case, false).await.unwrap();
    node.show_case_record(&by, &case, true).await.unwrap();
    let change = NewFollowUp {
        label_words: Vec::new(),
        of_basis: std::collections::BTreeMap::new(),
        by: by.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::Risk(fields(&[("risk_level", "extreme")])),
    };
    node.follow_up(change).await.unwrap();
    let log = document(&node, &by, &case).await;
    let expected = [
        AccessKind::CaseChanged,
        AccessKind::CaseShown,
        AccessKind::LabelsShown,
        AccessKind::CaseShown,
        AccessKind::CaseChanged,
        AccessKind::LogExported,
    ];
    assert_eq!(kinds(&log), expected);
    verified(&log, &houses[0], None);
}

/// [ACL-5] [CAS-42] Whoever does not have the case says why, at its record too; nothing is guessed for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_says_why_at_the_record_of_a_case_too() {
    let (node, _houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let (_, case) = opened(&node, &by).await;
    let name = [("name", "Invented Name")];
    for with_values in [true, false] {
        let refused = node.show_case_record(&supervisor, &case, with_values).await.err();
        assert_eq!(refused, Some(Rejection::NeedsReason));
    }
    let refused = node.update_case_record(values(&supervisor, case, &name)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::NeedsReason);
    let why = because(AccessReason::Emergency);
    let shown = node.show_case_record_because(&supervisor, &case, true, &why).await.unwrap();
    assert!(shown.fields.is_empty(), "nothing was written by what was refused");
    node.update_case_record_because(values(&supervisor, case, &name), &why).await.unwrap();
    let log = entries(&document(&node, &by, &case).await);
    let said: Vec<_> = log.iter().map(|entry| (entry.kind, entry.reason, entry.standing)).collect();
    assert_eq!(
        said[..2],
        [AccessKind::CaseShown, AccessKind::CaseChanged].map(|kind| (
            kind,
            AccessReason::Emergency,
            AccessStanding::Supervisor
        ))
    );
    assert_eq!(said.len(), 3, "a refusal is no access");
}

/// [ACL-1] [CAS-65] Each case that a search shows is an access to it; one that it does not show is none.
#[tokio::test(flavor = "multi_thread")]
async fn each_case_that_is_found_leaves_an_entry_and_the_others_none() {
    let (node, houses) = hotline().await;
    let (by, other) = (person(&node, Role::CaseWorker).await, person(&node, Role::CaseWorker).await);
    let supervisor = person(&node, Role::Supervisor).await;
    let (mut cases, mut owners) = (Vec::new(), BTreeMap::new());
    for owner in [&by, &by, &other] {
        let (_, case) = opened(&node, owner).await;
        node.update_case_record(values(owner, case, &[("name", "Milica Izmisljena")])).await.unwrap();
        owners.insert(case, owner.clone());
        cases.push(case);
    }
    let find = |by: &Caller, text: &str, why: AccessReason, rows| {
        let (node, by, why) = (node.clone(), by.clone(), because(why));
        let question = Question { text: Sensitive::new(text.to_owned()), words: Vec::new() };
        async move { node.search_cases_because(&by, question, &why, rows).await.map(|found| found.cases) }
    };
    assert_eq!(find(&by, "milica", AccessReason::Unspecified, 0..20).await.unwrap().len(), 2);
    assert!(find(&by, "nepoznata", AccessReason::Unspecified, 0..20).await.unwrap().is_empty());
    assert_eq!(find(&supervisor, "milica", AccessReason::Unspecified, 0..20).await.err(), Some(Rejection::NeedsReason));
    let page = find(&supervisor, "milica", AccessReason::Supervision, 1..2).await.unwrap();
    cases.sort_unstable();
    assert_eq!(page, cases[1..2], "one page, of the second");
    for case in &cases {
        let owner = &owners[case];
        let log = document(&node, owner, case).await;
        let own = usize::from(owner.person == by.person);
        let theirs = usize::from(page.contains(case));
        let found: Vec<_> = entries(&log).into_iter().filter(|entry| entry.kind == AccessKind::Found).collect();
        assert_eq!(found.len(), own + theirs);
        let supervised = found.iter().filter(|entry| entry.standing == AccessStanding::Supervisor);
        assert_eq!(supervised.count(), theirs);
        verified(&log, &houses[0], None);
    }
    // Trawling is found like opening: a supervisor's colleague hears of it.
    let watcher = person(&node, Role::Supervisor).await;
    let told = node.unusual_accesses(&watcher, 0).findings;
    assert_eq!(told.iter().filter(|found| found.rule() == UnusualRule::NotAssigned).count(), 1);
}

/// [ACL-3] Searches that show many cases at once, and looks at these cases: no chain forks, and nobody waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn searches_at_once_make_one_chain_in_each_case() {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        let (trail, case) = opened(&node, &by).await;
        node.update_case_record(values(&by, case, &[("name", "Milica Izmisljena")])).await.unwrap();
        cases.push((trail, case));
    }
    let searches = (0..12).map(|_| {
        let (node, by) = (node.clone(), by.clone());
        tokio::spawn(async move {
            let question = Question { text: Sensitive::new("milica".to_owned()), words: Vec::new() };
            assert_eq!(node.search_cases(&by, question).await.unwrap().len(), 4);
        })
    });
    let looks = (0..24).map(|number| {
        let (node, by, (trail, _)) = (node.clone(), by.clone(), cases[number % 4]);
        tokio::spawn(async move { drop(node.show(&by, &trail, true).await.unwrap()) })
    });
    let all: Vec<_> = searches.chain(looks).collect();
    for one in all {
        one.await.unwrap();
    }
    for (_, case) in cases {
        let log = document(&node, &by, &case).await;
        assert_eq!(entries(&log).len(), 1 + 12 + 6 + 1);
        verified(&log, &houses[0], None);
    }
}
