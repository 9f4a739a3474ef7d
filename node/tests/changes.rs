//! Whoever reads changes is told each of them once, in order, and nothing that they may not see.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::Code;
use town::{Carrier, Pair, call_as, caller_as, enquiry, event, pair, reopened, say, until};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Span,
    wire::{self, ChangeKind, Role, WarningCode, change_service_server::ChangeService},
};
use uput_node::{
    access::Why,
    account::{AccountId, Caller, PersonId},
    node::{Beginning, Listing, NewEvent, NewTrail, Node},
    rpc::{Changes, status},
    shutdown,
};

const WARNED: Statement = Statement::Warned(WarningCode::DoNotContact);

fn person(n: u8, role: Role) -> Caller {
    Caller { account: AccountId::new([n; 16]), person: PersonId::new([n; 16]), ..caller_as(role) }
}

async fn opened_by(node: &Arc<Node>, by: &Caller) -> TrailId {
    node.open_trail(NewTrail { by: by.clone(), ..enquiry("shelter-jasen") }).await.unwrap().unwrap()
}

/// All that follows a beginning, in pages of that size, and where it ends.
async fn told(node: &Arc<Node>, caller: &Caller, from: &[u8], most: usize) -> (Vec<wire::Change>, Vec<u8>) {
    let beginning = if from.is_empty() { Beginning::Everything } else { Beginning::After(from) };
    let mut cursor = node.cursor(caller, beginning).unwrap();
    let mut all = Vec::new();
    loop {
        let page = node.tell(caller, &mut cursor, most, 3).await.unwrap();
        assert!(page.changes.len() <= most);
        all.extend(page.changes);
        if !page.more {
            return (all, node.sealed_cursor(caller, cursor).unwrap());
        }
        // Out and in again: what a reader keeps between two calls is this.
        let sealed = node.sealed_cursor(caller, cursor).unwrap();
        cursor = node.cursor(caller, Beginning::After(&sealed)).unwrap();
    }
}

fn of_kind(changes: &[wire::Change], kind: ChangeKind) -> usize {
    changes.iter().filter(|change| change.kind() == kind).count()
}

/// [API-40] [API-41] [API-42]
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_are_cut_hear_what_one_hears_who_reads_all_at_once() {
    let Pair { mut hotline, mut shelter, houses } = pair().await;
    let (ana, bo, head) = (person(21, Role::CaseWorker), person(22, Role::CaseWorker), person(23, Role::Supervisor));
    let callers = [ana.clone(), bo.clone(), head.clone(), person(24, Role::Administrator), person(25, Role::Auditor)];
    let mut heard: Vec<(Vec<wire::Change>, Vec<u8>)> = callers.iter().map(|_| Default::default()).collect();
    let mut trails: BTreeMap<TrailId, u8> = BTreeMap::new();
    for round in 0..12_usize {
        let carriers = (round % 3 > 0).then(|| Carrier::both(&hotline, &shelter));
        for (n, by) in [(21, &ana), (22, &bo)] {
            trails.insert(opened_by(&hotline, by).await, n);
        }
        for trail in trails.keys().copied().collect::<Vec<_>>().into_iter().skip(round % 5).step_by(5) {
            let by = if trails[&trail] == 21 { ana.clone() } else { bo.clone() };
            hotline.record_event(NewEvent { by, ..event(trail, WARNED) }).await.unwrap().unwrap();
        }
        for (caller, (changes, cursor)) in callers.iter().zip(&mut heard) {
            if round % 2 == 0 {
                let (more, next) = told(&hotline, caller, cursor, 1 + round % 4).await;
                changes.extend(more);
                *cursor = next;
            }
        }
        drop(carriers);
        if round % 4 == 3 {
            drop((hotline, shelter));
            if round == 7 {
                drop(reopened(&houses[0]).await);
                fs::remove_dir_all(houses[0].path().join("index")).unwrap();
            }
            (hotline, shelter) = (reopened(&houses[0]).await, reopened(&houses[1]).await);
        }
    }
    let _carriers = Carrier::both(&hotline, &shelter);
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    // Receipts share a record, a little later.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for (caller, (mut changes, cursor)) in callers.iter().zip(heard) {
        let (more, _) = told(&hotline, caller, &cursor, 7).await;
        changes.extend(more);
        let (all, _) = told(&hotline, caller, b"", 1000).await;
        assert!(changes == all, "{:?}", caller.role);
        let listed = hotline.list(caller, &Listing { waiting: false, most: 500, token: "" }).unwrap().trails;
        for trail in &listed {
            let about: Vec<_> = all.iter().filter(|change| change.trail == trail.trail).cloned().collect();
            let why = Why { code: wire::AccessReason::Supervision, ..Why::default() };
            let id = TrailId::parse(&trail.trail).unwrap();
            let shown = hotline.show_because(caller, &id, false, &why).await.unwrap();
            let ours = shown.events.iter().filter(|event| event.ours).count();
            assert_eq!(of_kind(&about, ChangeKind::EventWritten), ours);
            assert_eq!(of_kind(&about, ChangeKind::EventArrived), shown.events.len() - ours);
            assert!(of_kind(&about, ChangeKind::Delivered) > 0);
        }
        let about_trails: Vec<_> = all.iter().filter(|change| !change.trail.is_empty()).collect();
        assert!(about_trails.iter().all(|change| listed.iter().any(|trail| trail.trail == change.trail)));
        let expected = match caller.role {
            Role::Administrator => 0,
            Role::CaseWorker => 12,
            _ => 24,
        };
        assert_eq!(listed.len(), expected, "{:?}", caller.role);
        assert!(of_kind(&all, ChangeKind::Peer) > 0 && of_kind(&all, ChangeKind::Agreement) > 0);
    }
}

/// [API-41]
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_tells_nothing_and_serves_one_account() {
    let pair = pair().await;
    let (ana, bo) = (person(21, Role::CaseWorker), person(22, Role::CaseWorker));
    let node = &pair.hotline;
    let first = node.cursor(&ana, Beginning::Everything).unwrap();
    let sealed = node.sealed_cursor(&ana, first).unwrap();
    opened_by(node, &bo).await;
    let later = node.sealed_cursor(&ana, node.cursor(&ana, Beginning::Now).unwrap()).unwrap();
    assert!(sealed.len() == later.len() && sealed != node.sealed_cursor(&ana, first).unwrap());
    let fails = |caller: &Caller, cursor: &[u8]| node.cursor(caller, Beginning::After(cursor)).err();
    assert_eq!(fails(&ana, &sealed), None);
    assert_eq!(fails(&bo, &sealed), Some(Rejection::BadCursor));
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert_eq!(fails(&ana, &altered), Some(Rejection::BadCursor));
        assert!(fails(&ana, &sealed[..place]).is_some());
    }
    let (nothing, _) = told(node, &ana, &later, 9).await;
    assert!(nothing.is_empty(), "what others do is not told");
}

/// [API-42] Who hears of an event finds it, also while much is written.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_can_be_read() {
    let pair = pair().await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let (node, auditor) = (pair.shelter.clone(), person(25, Role::Auditor));
    let mut cursor = node.cursor(&auditor, Beginning::Now).unwrap();
    let reader = tokio::spawn(async move {
        let mut written: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        while written.len() < 40 {
            let page = node.tell(&auditor, &mut cursor, 3, 50).await.unwrap();
            for change in page.changes {
                if matches!(change.kind(), ChangeKind::EventArrived | ChangeKind::EventWritten) {
                    let known = written.entry(change.trail.clone()).or_default();
                    *known += 1;
                    let id = TrailId::parse(&change.trail).unwrap();
                    assert!(node.show(&auditor, &id, false).await.unwrap().events.len() >= *known);
                }
            }
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..40 {
        opened_by(&pair.hotline, &person(21, Role::CaseWorker)).await;
    }
    timeout(Duration::from_secs(60), reader).await.unwrap().unwrap();
}

fn changes(node: &Arc<Node>, slow: u64) -> (Changes, shutdown::Stop) {
    let (stop, shutdown) = shutdown::channel();
    (Changes { node: Arc::clone(node), shutdown, slow: Duration::from_millis(slow) }, stop)
}

fn watch() -> tonic::Request<wire::WatchRequest> {
    let request = wire::WatchRequest { everything: true, heartbeat_seconds: 1, ..wire::WatchRequest::default() };
    call_as(Role::Supervisor, "ChangeService/Watch", request)
}

/// [API-45]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut_and_a_node_that_stops_says_so() {
    let pair = pair().await;
    for _ in 0..130 {
        say(&pair.hotline, opened_by(&pair.hotline, &caller_as(Role::Supervisor)).await, WARNED).await.unwrap();
    }
    let (service, stop) = changes(&pair.hotline, 200);
    let mut lazy = service.watch(watch()).await.unwrap().into_inner();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(lazy.next().await.unwrap().unwrap().changes.len(), 100, "no more than one message was kept for it");
    let cut = lazy.next().await.unwrap().err().unwrap();
    assert_eq!(status::rejection(&cut), Some(Rejection::TooSlow));
    assert!(lazy.next().await.is_none());

    let mut watches = Vec::new();
    for _ in 0..8 {
        watches.push(service.watch(watch()).await.unwrap().into_inner());
    }
    let refused = service.watch(watch()).await.err().unwrap();
    assert_eq!(status::rejection(&refused), Some(Rejection::TooMany));
    watches.pop();
    until(|| async { service.watch(watch()).await.is_ok() }).await;

    let mut last = watches.pop().unwrap();
    let mut count = 0;
    while count < 3 {
        count += usize::from(last.next().await.unwrap().unwrap().changes.is_empty());
    }
    stop.stop();
    let ended = loop {
        match last.next().await.unwrap() {
            Ok(_) => {}
            Err(ended) => break ended,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable);
}

/// [API-43]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_is_answered_when_something_visible_comes() {
    let pair = pair().await;
    let (service, _stop) = changes(&pair.hotline, 1000);
    let ask = |cursor: Vec<u8>, wait_seconds: u32| {
        let request = wire::ListChangesRequest { cursor, wait_seconds, ..wire::ListChangesRequest::default() };
        service.list_changes(call_as(Role::Supervisor, "ChangeService/ListChanges", request))
    };
    let begun = ask(Vec::new(), 30).await.unwrap().into_inner();
    assert!(begun.changes.is_empty() && !begun.cursor.is_empty(), "a cursor alone, at once");
    let waits = ask(begun.cursor.clone(), 30);
    let says = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        opened_by(&pair.hotline, &caller_as(Role::Supervisor)).await
    };
    let (answer, trail) = timeout(Duration::from_secs(20), async { tokio::join!(waits, says) }).await.unwrap();
    let answer = answer.unwrap().into_inner();
    assert!(answer.changes.iter().any(|change| change.trail == trail.to_vec()));
    let nothing = ask(answer.cursor, 1).await.unwrap().into_inner();
    assert!(nothing.changes.iter().all(|change| change.trail == trail.to_vec()) && !nothing.more);
    let wrong = ask(vec![1; 40], 0).await.err().unwrap();
    assert_eq!(status::rejection(&wrong), Some(Rejection::BadCursor));
}

/// [API-40] Accounts and teams are told to who may list them, and to whom they are about.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_told_to_who_lists_them_and_to_their_own() {
    let pair = pair().await;
    let administrator = AccountId::new([9; 16]);
    let name = || Sensitive::new("An Invented Colleague".to_owned());
    let node = &pair.hotline;
    let (account, _) = node.create_account(&administrator, name(), Role::CaseWorker, None).await.unwrap();
    node.create_token(&administrator, &account.id.to_vec(), Vec::new(), Span(60), None).await.unwrap();
    let team = node.create_team(&administrator, name()).await.unwrap();
    node.join_team(&administrator, &team.id.to_vec(), account.person).await.unwrap();
    let own = Caller { account: account.id, person: account.person, ..caller_as(Role::CaseWorker) };
    for (caller, accounts, teams) in
        [(person(24, Role::Administrator), 3, 2), (own, 3, 1), (person(21, Role::CaseWorker), 0, 0)]
    {
        let (all, _) = told(node, &caller, b"", 9).await;
        assert_eq!(of_kind(&all, ChangeKind::Account), accounts);
        assert_eq!(of_kind(&all, ChangeKind::Team), teams);
    }
}
