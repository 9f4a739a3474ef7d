//! Who looked at what: one entry for every look, in one chain for each case, before anything is shown.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use town::{House, Pair, caller_as, enquiry, fields, pair, reopened};
use uput_core::{
    access_log::{AccessEntry, AccessLog, Report, pseudonym, verify},
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Seconds,
    trust::{HeadDemand, TrustFile, TrustedOrganisation, WitnessDemand},
    verdict::Exit,
    wire::{AccessKind, AccessReason, AccessStanding, DisclosureScope, Purpose, Role, UnusualRule},
};
use uput_node::{
    access::Why,
    account::{Account, AccountId, Caller},
    case::CaseId,
    disk::{PowerLoss, SimulatedDisk},
    node::{Export, NewTrail, Node, Second},
    record::{self, AccessRecord, DutyRecord},
    storage::{Commit, IndexHome, Options, Storage},
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
        node.export(Export { by: by.clone(), second, trail, purpose, scope, nonce: None, wait: Duration::ZERO })
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
    assert_eq!(verify(&first, &trust(&houses[0]), Some(&second), None).exit, Exit::Equivocation);
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

fn files(folder: &Path, within: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match folder.join(&path).is_dir() {
            _ if path == "index" || path == "LOCK" => {}
            true => files(folder, &path, found),
            false => drop(found.insert(path.clone(), std::fs::read(folder.join(&path)).unwrap())),
        }
    }
}

fn on(disk: &SimulatedDisk, house: &House) -> Arc<Node> {
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64 };
    let key = house.storage_key();
    let disk = Arc::new(disk.clone());
    house.open_with(Storage::open_on(disk, IndexHome::Memory, &key, options, record::project).unwrap())
}

async fn on_a_simulated_disk() -> (SimulatedDisk, [House; 4], Caller, TrailId, CaseId) {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (trail, case) = opened(&node, &by).await;
    drop(node);
    drop(reopened(&houses[0]).await);
    let mut found = BTreeMap::new();
    files(houses[0].path(), "", &mut found);
    (SimulatedDisk::from_snapshot(found), houses, by, trail, case)
}

/// [ACL-2] [NOD-13]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_shown() {
    let (disk, houses, by, trail, case) = on_a_simulated_disk().await;
    let node = on(&disk, &houses[0]);
    node.show(&by, &trail, true).await.unwrap();
    disk.limit(Some(disk.used()));
    let mut shown = 1;
    let full = loop {
        match node.show(&by, &trail, shown % 2 == 0).await {
            Ok(_) => shown += 1,
            Err(rejection) => break rejection,
        }
        assert!(shown < 2_000, "the disk never got full");
    };
    assert_eq!(full, Rejection::DiskFull);
    for values in [true, false] {
        assert_eq!(node.show(&by, &trail, values).await.err(), Some(Rejection::DiskFull));
    }
    assert_eq!(node.list_accesses(&by, &case, &Why::default()).await.err(), Some(Rejection::DiskFull));
    assert_eq!(node.visible_trails(&by), [trail], "lists go on");
    disk.limit(None);
    let log = document(&node, &by, &case).await;
    assert_eq!(entries(&log).len(), shown + 1, "exactly what was shown");
    verified(&log, &houses[0], None);
}

/// [ACL-2] [ACL-3] After a loss of power at any moment the chain has no gap, and what was shown is in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_loss_of_power_leaves_a_whole_chain_with_all_that_was_shown() {
    let (disk, houses, by, trail, case) = on_a_simulated_disk().await;
    let node = on(&disk, &houses[0]);
    let mut shown = Vec::new();
    for _ in 0..6 {
        node.show(&by, &trail, true).await.unwrap();
        shown.push(disk.operations());
    }
    drop(node);
    let begin = shown[0];
    for (seed, operations) in (begin..=disk.operations()).enumerate() {
        let after = disk.after(operations, PowerLoss::ALL[seed % PowerLoss::ALL.len()], seed as u64);
        let node = on(&after, &houses[0]);
        let log = document(&node, &by, &case).await;
        verified(&log, &houses[0], None);
        let least = shown.iter().filter(|done| **done <= operations).count();
        assert!(entries(&log).len() > least, "seed {seed}: {operations} operations");
    }
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

/// [ACL-43] [ACL-44]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_reaches_a_supervisor_who_may_know_and_the_administrator_hears_of_the_rest() {
    let (node, _houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (one, two) = (person(&node, Role::Supervisor).await, person(&node, Role::Supervisor).await);
    let administrator = person(&node, Role::Administrator).await;
    let (trail, case) = opened(&node, &by).await;
    assert!(node.unusual_accesses(&one, 0).findings.is_empty());
    node.show_because(&one, &trail, true, &because(AccessReason::Supervision)).await.unwrap();
    let found = node.unusual_accesses(&two, 0).findings;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule(), found[0].reason()), (UnusualRule::NotAssigned, AccessReason::Supervision));
    assert_eq!((found[0].case.clone(), found[0].name.as_str()), (case.to_vec(), "An Invented Supervisor"));
    assert!(node.unusual_accesses(&one, 0).findings.is_empty(), "nobody hears of themselves");
    let told = node.unusual_accesses(&administrator, 0);
    assert!(told.findings.is_empty() && !told.unseen, "the other supervisor sees it");
    let later = Seconds::new(found[0].time + 1).unwrap().get();
    assert!(node.unusual_accesses(&two, later).findings.is_empty());
    node.disable_account(&ADMINISTRATOR, &two.account.to_vec()).await.unwrap();
    let told = node.unusual_accesses(&administrator, 0);
    assert!(told.findings.is_empty() && told.unseen, "there is something, and not what");
    assert!(!node.unusual_accesses(&one, 0).unseen, "who is watched does not hear of it");
}

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// Accesses of a case as the node would have recorded them then; the times ascend.
fn planted(case: &CaseId, looks: &[(&Caller, u64, AccessKind)]) -> Vec<AccessRecord> {
    let mut previous: Option<AccessEntry> = None;
    let mut record = |(by, time, kind): &(&Caller, u64, AccessKind)| {
        let entry = AccessEntry {
            previous: previous.as_ref().map(AccessEntry::id),
            number: previous.as_ref().map_or(0, |entry| entry.number + 1),
            time: Seconds::new(*time).unwrap(),
            trail: None,
            previous_of_trail: None,
            person: pseudonym(case.bytes(), by.person.bytes()),
            on_behalf_of: None,
            role: by.role,
            kind: *kind,
            reason: AccessReason::OwnWork,
            standing: AccessStanding::Assigned,
            words: None,
        };
        previous = Some(entry.clone());
        AccessRecord {
            time: *time,
            account: by.account.to_vec(),
            case: case.to_vec(),
            entry: entry.encode(),
            person: by.person.to_vec(),
            ..AccessRecord::default()
        }
    };
    looks.iter().map(&mut record).collect()
}

/// [ACL-42]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_on_duty_by_the_rota_of_that_night_did_not_look_at_an_unusual_hour() {
    let (node, houses) = hotline().await;
    let (by, colleague) = (person(&node, Role::CaseWorker).await, person(&node, Role::CaseWorker).await);
    let supervisor = person(&node, Role::Supervisor).await;
    let (_, case) = opened(&node, &by).await;
    drop(node);
    drop(reopened(&houses[0]).await);
    let today = uput_node::clock::now().get() / DAY * DAY;
    // Four weeks of noons, by others, and one night that nobody else worked in.
    let night = today - DAY + 2 * HOUR;
    let mut looks: Vec<_> = (2..30).rev().map(|day| (&colleague, today - day * DAY + 12 * HOUR)).collect();
    looks.push((&by, night));
    let looks: Vec<_> = looks.into_iter().map(|(by, time)| (by, time, AccessKind::CaseShown)).collect();
    let duty = |id: u8, created, removed| DutyRecord {
        duty: vec![id; 16],
        account: by.account.to_vec(),
        order: 1,
        from: night - HOUR,
        until: night + HOUR,
        channel: 1,
        created,
        removed,
        ..DutyRecord::default()
    };
    let storage = houses[0].open_storage();
    let records = planted(&case, &looks).iter().map(record::draft).collect();
    storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
    drop(storage);
    // Not on duty; on duty by a rota that was written the morning after, and by one that was gone before; by that of the night.
    let cases = [
        (None, 1),
        (Some(duty(1, night + 6 * HOUR, 0)), 1),
        (Some(duty(2, night - DAY, night - HOUR)), 1),
        (Some(duty(3, night - DAY, night + 6 * HOUR)), 0),
    ];
    for (number, (duty, expected)) in cases.into_iter().enumerate() {
        let storage = houses[0].open_storage();
        let records = duty.iter().map(record::draft).collect();
        storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
        drop(storage);
        let node = reopened(&houses[0]).await;
        let found = node.unusual_accesses(&supervisor, 0).findings;
        let at_night = found.iter().filter(|found| found.rule() == UnusualRule::AtAnUnusualHour && found.time == night);
        assert_eq!(at_night.count(), expected, "rota {number}");
        drop(node);
        drop(reopened(&houses[0]).await);
    }
}
