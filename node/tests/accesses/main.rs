//! Who looked at what: one entry for every look, in one chain for each case, before anything is shown.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod kinds;
mod lost;
mod rewritten;
#[path = "../town/mod.rs"]
mod town;
mod unusual;

use std::{sync::Arc, time::Duration};

use town::{House, Pair, caller_as, enquiry, fields, pair, reopened};
use uput_core::{
    access_log::{AccessEntry, AccessLog, Report, pseudonym, verify},
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    trust::{HeadDemand, TrustFile, TrustedOrganisation, WitnessDemand},
    verdict::Exit,
    wire::{AccessKind, AccessReason, AccessStanding, DisclosureScope, Purpose, Role},
};
use uput_node::{
    access::Why,
    account::{Account, AccountId, Caller},
    case::CaseId,
    node::{Assignee, Export, NewTrail, Node, Second},
    record::{self, AccessRecord},
    seal,
    storage::{Commit, Position},
};

const ADMINISTRATOR: AccountId = AccountId::new([9; 16]);

async fn hotline() -> (Arc<Node>, [House; 4]) {
    let Pair { hotline, shelter, houses } = pair().await;
    drop(shelter);
    (hotline, houses)
}

async fn opened(node: &Arc<Node>, by: &Caller) -> (TrailId, CaseId) {
    let new = NewTrail { by: by.clone(), fields: fields(&[("adults", "1")]), ..enquiry("shelter-jasen") };
    let trail = node.open_trail(new).await.unwrap().unwrap();
    (trail, node.case_of(&trail).unwrap())
}

async fn person(node: &Arc<Node>, role: Role) -> Caller {
    let name = Sensitive::new(format!("An Invented {role:?}"));
    let (Account { id, person, .. }, _) = node.create_account(&ADMINISTRATOR, name, role, None).await.unwrap();
    Caller { account: id, person, ..caller_as(role) }
}

fn because(code: AccessReason) -> Why {
    Why { code, ..Why::default() }
}

fn trust(house: &House) -> TrustFile {
    let chain = house.chain();
    let minimum = chain.newest_id();
    TrustFile {
        made_by: "an invented advocate".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations: vec![TrustedOrganisation { name: "hotline".to_owned(), organisation: house.id, minimum }],
        agreements: Vec::new(),
    }
}

async fn document(node: &Arc<Node>, by: &Caller, case: &CaseId) -> Vec<u8> {
    node.export_accesses(by, case, None, false, &because(AccessReason::ClientRequest)).await.unwrap().bytes
}

fn entries(document: &[u8]) -> Vec<AccessEntry> {
    AccessLog::read(document).unwrap().0.entries().map(|(_, entry)| entry.clone()).collect()
}

fn verified(document: &[u8], house: &House, earlier: Option<&[u8]>) -> Report {
    let report = verify(document, &trust(house), earlier, None);
    assert_eq!(report.exit, Exit::Valid, "{:?}", report.checks);
    report
}

fn kinds(document: &[u8]) -> Vec<AccessKind> {
    entries(document).iter().map(|entry| entry.kind).collect()
}

/// [ACL-1] [ACL-3] [ACL-7] [ACL-8]
#[tokio::test(flavor = "multi_thread")]
async fn every_look_leaves_one_entry_that_names_the_one_before() {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (trail, case) = opened(&node, &by).await;
    assert_eq!(node.visible_trails(&by), [trail], "a line of a list is no look");
    node.show(&by, &trail, false).await.unwrap();
    node.show(&by, &trail, true).await.unwrap();
    for scope in [DisclosureScope::Labels, DisclosureScope::Values] {
        let purpose = Purpose::Client;
        let second = Second::Nobody;
        node.export(Export {
            contact: false,
            by: by.clone(),
            second,
            trail,
            purpose,
            scope,
            nonce: None,
            wait: Duration::ZERO,
        })
        .await
        .unwrap();
    }
    let rows = node.list_accesses(&by, &case, &Why::default()).await.unwrap();
    let first = document(&node, &by, &case).await;
    let expected = [
        AccessKind::LabelsShown,
        AccessKind::ValuesShown,
        AccessKind::Exported,
        AccessKind::ValuesExported,
        AccessKind::LogShown,
        AccessKind::LogExported,
    ];
    assert_eq!(kinds(&first), expected);
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.name == "An Invented CaseWorker"));
    let reasons: Vec<AccessReason> = entries(&first).iter().map(|entry| entry.reason).collect();
    assert_eq!(reasons[1..4], [AccessReason::OwnWork, AccessReason::ClientRequest, AccessReason::ClientRequest]);
    assert!(entries(&first).iter().all(|entry| entry.standing == AccessStanding::Assigned));
    verified(&first, &houses[0], None);
    let second = document(&node, &by, &case).await;
    verified(&second, &houses[0], Some(&first));
    // [ACL-29] The two exchanged: as if the log had been rewritten, unless their times tell.
    let [made, then] = [&first, &second].map(|document| AccessLog::read(document).unwrap().0.time);
    let exchanged = if made == then { Exit::Equivocation } else { Exit::NotConformant };
    assert_eq!(verify(&first, &trust(&houses[0]), Some(&second), None).exit, exchanged);
    let all = [&first, &second].map(|document| String::from_utf8_lossy(document).into_owned()).join("");
    assert!(!all.contains("Invented"), "no name is in a document");
}

/// [ACL-4] [ACL-5] [ACL-6] [ACL-8]
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_have_the_case_says_why_or_sees_nothing() {
    let (node, houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let auditor = person(&node, Role::Auditor).await;
    let (trail, case) = opened(&node, &by).await;
    let refused = node.show(&supervisor, &trail, true).await.err();
    assert_eq!(refused, Some(Rejection::NeedsReason));
    let words = Sensitive::new("an invented colleague is ill".to_owned());
    let why = Why { code: AccessReason::Handover, words };
    node.show_because(&supervisor, &trail, true, &why).await.unwrap();
    node.show(&auditor, &trail, false).await.unwrap();
    let log = document(&node, &by, &case).await;
    let places: Vec<_> = entries(&log).iter().map(|entry| (entry.standing, entry.reason)).collect();
    let expected = [
        (AccessStanding::Supervisor, AccessReason::Handover),
        (AccessStanding::Auditor, AccessReason::Audit),
        (AccessStanding::Assigned, AccessReason::ClientRequest),
    ];
    assert_eq!(places, expected, "what was refused is not recorded");
    assert!(!String::from_utf8_lossy(&log).contains("colleague"), "words are opened only on demand");
    let opened = node.export_accesses(&by, &case, Some([5; 32]), true, &Why::default()).await.unwrap();
    let report = verify(&opened.bytes, &trust(&houses[0]), Some(&log), Some(&[5; 32]));
    assert_eq!((report.exit, opened.count), (Exit::Valid, 4));
    let said = report.chains[0].accesses[0].words.clone().unwrap();
    assert_eq!(said.0.expose(), "an invented colleague is ill");
    let rows = node.list_accesses(&auditor, &case, &Why::default()).await.unwrap();
    assert!(rows.iter().all(|row| row.words.is_empty()), "who sees no values sees no words");
    let denied = node.export_accesses(&auditor, &case, None, false, &Why::default()).await.err();
    assert_eq!(denied, Some(Rejection::CaseNotTaken));
    let stranger = person(&node, Role::CaseWorker).await;
    let denied = node.export_accesses(&stranger, &case, None, false, &Why::default()).await.err();
    assert_eq!(denied, Some(Rejection::NoSuchCase));
}

/// [ACL-6] [ACL-27] [CAS-48] Words of reasons go with what is held about her: no key that is left opens them, the chain stays whole,
/// and words that come afterwards are not kept.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_reasons_are_erased_with_the_record_and_the_chain_holds() {
    let (node, houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let (trail, case) = opened(&node, &by).await;
    let (_, other) = opened(&node, &by).await;
    let said = |words: &str| Why { code: AccessReason::Other, words: Sensitive::new(words.to_owned()) };
    node.show_because(&supervisor, &trail, true, &said("her brother Ivan rang")).await.unwrap();
    node.list_accesses(&supervisor, &other, &said("a colleague is ill")).await.unwrap();
    let words = |log: &[u8]| AccessLog::read(log).unwrap().0.words.len();
    let before = node.export_accesses(&by, &case, None, true, &Why::default()).await.unwrap().bytes;
    assert_eq!(words(&before), 1);
    node.erase_case_record(&by, &case).await.unwrap();
    node.show_because(&supervisor, &trail, true, &said("her sister Mara rang")).await.unwrap();
    let after = node.export_accesses(&by, &case, None, true, &Why::default()).await.unwrap().bytes;
    assert_eq!(words(&after), 0, "nothing opens them any more");
    assert_eq!(entries(&after).iter().filter(|entry| entry.words.is_some()).count(), 2, "that they were said, stays");
    verified(&after, &houses[0], Some(&before));
    let rows = node.list_accesses(&by, &case, &Why::default()).await.unwrap();
    assert!(rows.iter().all(|row| row.words.is_empty()));
    drop(node);
    drop(reopened(&houses[0]).await);
    // Somebody with the folder, its storage key, and so every key that is left.
    let storage = houses[0].open_storage();
    let all: Vec<AccessRecord> =
        storage.records(Position::new(0)).filter_map(|kept| record::read(&kept.unwrap())).collect();
    let cases = [case, other].map(|case| record::access_key_name(&case));
    let keys: Vec<_> = cases.iter().filter_map(|name| storage.trail_keys(name)?.value).collect();
    assert_eq!(keys.len(), 1, "the other case keeps its own");
    let opens = |kept: &&AccessRecord| {
        let case = CaseId::parse(&kept.case).unwrap();
        let aad = record::access_aad(&case, kept.entry().unwrap().number);
        keys.iter().any(|key| seal::open(key.expose(), &aad, &kept.words).is_ok())
    };
    let said: Vec<_> = all.iter().filter(|kept| !kept.words.is_empty()).collect();
    assert_eq!(said.iter().filter(|kept| kept.case == other.to_vec() && opens(kept)).count(), 1);
    assert_eq!(said.iter().filter(|kept| kept.case == case.to_vec()).count(), 1, "what came later is not even sealed");
    assert!(said.iter().all(|kept| kept.case == other.to_vec() || !opens(kept)));
}

/// [ACL-9] [ACL-12]
#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_is_resolved_for_a_reason_and_the_asking_is_recorded() {
    let (node, _houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let (trail, case) = opened(&node, &by).await;
    let (_, other) = opened(&node, &by).await;
    node.show(&by, &trail, true).await.unwrap();
    let shown = entries(&document(&node, &by, &case).await)[0].person;
    assert_eq!(shown, pseudonym(case.bytes(), by.person.bytes()));
    assert_ne!(shown, entries(&document(&node, &by, &other).await)[0].person, "another one in another case");
    let unsaid = node.resolve_pseudonym(&supervisor, &case, &shown, &Why::default()).await.err();
    assert_eq!(unsaid, Some(Rejection::NeedsReason));
    let why = because(AccessReason::Proceedings);
    let found = node.resolve_pseudonym(&supervisor, &case, &shown, &why).await.unwrap();
    assert_eq!((found.len(), found[0].account.clone()), (1, by.account.to_vec()));
    assert_eq!(found[0].name, "An Invented CaseWorker");
    let nobody = uput_core::id::PersonTag::new([1; 32]);
    assert_eq!(node.resolve_pseudonym(&supervisor, &case, &nobody, &why).await.err(), Some(Rejection::NoSuchAccount));
    let log = kinds(&document(&node, &by, &case).await);
    assert_eq!(log[2..4], [AccessKind::PseudonymResolved; 2]);
}

/// [ACL-3] Looks at once, of several people, at two trails of one case: one chain without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn looks_at_once_make_one_chain() {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let auditor = person(&node, Role::Auditor).await;
    let (first, case) = opened(&node, &by).await;
    let again = NewTrail { by: by.clone(), case: Some(case), ..enquiry("shelter-jasen") };
    let second = node.open_trail(again).await.unwrap().unwrap();
    assert_eq!(node.case_of(&second), Some(case));
    let look = |number: usize| {
        let (node, by, auditor) = (node.clone(), by.clone(), auditor.clone());
        async move {
            let trail = if number.is_multiple_of(2) { first } else { second };
            match number % 3 {
                0 => drop(node.show(&auditor, &trail, false).await.unwrap()),
                1 => drop(node.show(&by, &trail, true).await.unwrap()),
                _ => drop(node.list_accesses(&by, &case, &Why::default()).await.unwrap()),
            }
        }
    };
    let looks: Vec<_> = (0..60).map(|number| tokio::spawn(look(number))).collect();
    for look in looks {
        look.await.unwrap();
    }
    let log = document(&node, &by, &case).await;
    assert_eq!(entries(&log).len(), 61);
    verified(&log, &houses[0], None);
}

/// [ACL-4] [ACL-7] [ACL-12] Whoever looked and was excluded afterwards stands in her part, and sees nothing of it; whoever may
/// not see a case is answered about its log as about that of no case.
#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_colleague_stands_in_her_part_and_nobody_else_reads_it() {
    let (node, houses) = hotline().await;
    let (by, colleague) = (person(&node, Role::CaseWorker).await, person(&node, Role::CaseWorker).await);
    let (trail, case) = opened(&node, &by).await;
    node.assign_case(&by, &case, Assignee::Person(colleague.person), false).await.unwrap();
    node.show(&colleague, &trail, true).await.unwrap();
    node.exclude_person(&by, &case, colleague.person).await.unwrap();
    let log = document(&node, &by, &case).await;
    let tag = pseudonym(case.bytes(), colleague.person.bytes());
    assert_eq!(entries(&log).iter().filter(|entry| entry.person == tag).count(), 1);
    verified(&log, &houses[0], None);
    let rows = node.list_accesses(&by, &case, &Why::default()).await.unwrap();
    assert!(rows.iter().any(|row| row.account == colleague.account.to_vec() && row.name == "An Invented CaseWorker"));
    let before = entries(&document(&node, &by, &case).await).len();
    let stranger = person(&node, Role::CaseWorker).await;
    let (nowhere, why) = (CaseId::new([7; 16]), because(AccessReason::ClientRequest));
    for who in [&colleague, &stranger, &person(&node, Role::Administrator).await] {
        for case in [&case, &nowhere] {
            let none = Some(Rejection::NoSuchCase);
            assert_eq!(node.list_accesses(who, case, &why).await.err(), none);
            assert_eq!(node.export_accesses(who, case, None, true, &why).await.err(), none);
            assert_eq!(node.resolve_pseudonym(who, case, &tag, &why).await.err(), none);
        }
    }
    assert_eq!(entries(&document(&node, &by, &case).await).len(), before + 1, "none of them left a trace in it");
}

/// [ACL-1] Records of an earlier version are listed, and the chain begins after them.
#[tokio::test(flavor = "multi_thread")]
async fn accesses_of_an_earlier_version_are_still_listed() {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (trail, case) = opened(&node, &by).await;
    drop(node);
    drop(reopened(&houses[0]).await);
    let storage = houses[0].open_storage();
    let mut previous = 0;
    for what in 0..3 {
        let old = AccessRecord {
            trail: trail.to_vec(),
            previous,
            time: 1_700_000_000 + u64::from(what),
            account: by.account.to_vec(),
            what,
            ..AccessRecord::default()
        };
        let kept = storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&old)] }).await.unwrap();
        previous = kept.get()[0].number() + 1;
    }
    drop(storage);
    let node = reopened(&houses[0]).await;
    let rows = node.list_accesses(&by, &case, &Why::default()).await.unwrap();
    assert_eq!(rows.len(), 4);
    node.show(&by, &trail, true).await.unwrap();
    let rows = node.list_accesses(&by, &case, &Why::default()).await.unwrap();
    let listed: Vec<_> = rows.iter().map(|row| row.kind()).collect();
    let expected = [
        AccessKind::ValuesShown,
        AccessKind::Exported,
        AccessKind::ValuesExported,
        AccessKind::LogShown,
        AccessKind::ValuesShown,
        AccessKind::LogShown,
    ];
    assert_eq!(listed, expected);
    let log = document(&node, &by, &case).await;
    verified(&log, &houses[0], None);
    assert_eq!(entries(&log).len(), 4);
}

/// [ACL-3] The chain is in the journal: without an index it is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_outlives_the_index_and_a_restart() {
    let (node, houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let (trail, case) = opened(&node, &by).await;
    let why = because(AccessReason::Supervision);
    node.show_because(&supervisor, &trail, true, &why).await.unwrap();
    let first = document(&node, &by, &case).await;
    let other = person(&node, Role::Supervisor).await;
    let before = node.unusual_accesses(&other, 0).findings;
    assert_eq!(before.len(), 1);
    drop(node);
    drop(reopened(&houses[0]).await);
    std::fs::remove_dir_all(houses[0].path().join("index")).unwrap();
    let node = reopened(&houses[0]).await;
    let second = document(&node, &by, &case).await;
    verified(&second, &houses[0], Some(&first));
    assert!(node.unusual_accesses(&other, 0).findings == before);
}
