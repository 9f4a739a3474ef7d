//! What is unusual, and who hears of it.

use uput_core::{
    access_log::{AccessEntry, pseudonym},
    time::Seconds,
    wire::{AccessKind, AccessReason, AccessStanding, Role, UnusualRule},
};
use uput_node::{
    account::Caller,
    case::CaseId,
    record::{self, AccessRecord, DutyRecord},
    storage::Commit,
};

use crate::{ADMINISTRATOR, because, hotline, opened, person, town::reopened};

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
