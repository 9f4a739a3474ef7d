//! Changes that a stop, a second call or their own effect meets on the way. [CAS-54]

use super::town::{BY, CONSENT, House, broken_off, event, fields, reopened, request_id, until, worker};
use std::{sync::Arc, time::Duration};
use uput_core::{
    catalogue::Label,
    event::Statement,
    sensitive::Sensitive,
    wire::{self, LegalBasis},
};
use uput_node::{
    account::{By, Caller},
    case::Sight,
    node::{NewChange, NewEvent, NewFollowUp, Node},
    record::{self, FollowUpRecord},
    storage::Commit,
};

use super::{NEW, OLD, Town, a_town, contact, new, newest, step};

/// A case with many trails, the node broken off in the middle, and what a restart makes of it. [CAS-53] [CAS-54]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_broken_off_goes_on_and_nothing_is_said_twice() {
    const TRAILS: usize = 12;
    let town = a_town().await;
    let name = Sensitive::new("An Invented Worker".to_owned());
    let (account, _) = town.hotline.create_account(&BY, name, wire::Role::CaseWorker, None).await.unwrap();
    let by = Caller { account: account.id, person: account.person, ..worker() };
    let first = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&first).unwrap();
    let mut trails = vec![first];
    for _ in 1..TRAILS {
        trails.push(town.named(&by, 0, Some(case), LegalBasis::ExplicitConsent, &CONSENT).await);
    }
    let corrections = async |node: &Arc<Node>| {
        let mut counts = Vec::new();
        for trail in &trails {
            let shown = node.show(&by, trail, false).await.unwrap();
            counts.push(shown.events.iter().filter(|event| event.kind == "corrected").count());
        }
        counts
    };
    until(|| async { town.hotline.queued().items == 0 }).await;
    let Town { hotline, others, houses, carriers } = town;
    drop(carriers);
    let asked = new(&by, case, contact(&NEW, false));
    let request_id = asked.request_id.clone();
    broken_off(&hotline, asked).await;
    drop((hotline, others));
    let hotline = reopened(&houses[0]).await;
    // Counted only now: what was being written when the call was broken off is still written before the node closes.
    let before = corrections(&hotline).await;
    assert!(before.contains(&1) && before.contains(&0), "broken off in the middle: {before:?}");
    let list = hotline.list_follow_ups(&by, &case).await.unwrap();
    assert!(list.len() == 1 && !list[0].complete && list[0].unconfirmed > 0);
    hotline.continue_follow_ups().await.unwrap();
    assert_eq!(corrections(&hotline).await, vec![1; TRAILS]);
    let list = hotline.list_follow_ups(&by, &case).await.unwrap();
    assert!(list.len() == 1 && list[0].complete);
    // Once more, by the clock of a program that heard no answer.
    let again = NewFollowUp { request_id, ..new(&by, case, contact(&NEW, false)) };
    let again = hotline.follow_up(again).await.unwrap();
    assert_eq!(again.follow_up, list[0].follow_up);
    hotline.continue_follow_ups().await.unwrap();
    assert_eq!(corrections(&hotline).await, vec![1; TRAILS]);
}

/// Whoever writes down what she said may bear the name that she gave. [CAS-54] [CAS-30]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_excludes_whoever_made_it_is_followed_all_the_same() {
    let town = a_town().await;
    let name = Sensitive::new("Vesna Izmišljenović".to_owned());
    let (account, _) = town.hotline.create_account(&BY, name, wire::Role::CaseWorker, None).await.unwrap();
    let by = Caller { account: account.id, person: account.person, ..worker() };
    let trail = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    let names = fields(&[("excluded_persons", "Petar Izmišljenović")]).remove(0);
    let change = town.follow(&by, case, NewChange::ExcludedPersons(names)).await;
    assert_eq!(town.hotline.sight(&by, &case), Sight::None, "in doubt");
    assert!(change.complete);
    assert_eq!(step(&change, &trail).say, ["corrected"]);
    let told = || newest(&town.others[0], &trail, "excluded_persons");
    until(|| async { told().await.as_deref() == Some("Petar Izmišljenović") }).await;
}

/// A program that hears no answer asks again, also while the first request is at work. [CAS-54]
#[tokio::test(flavor = "multi_thread")]
async fn one_request_made_twice_at_once_is_one_change() {
    let (town, by) = (a_town().await, worker());
    let trail = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    let id = request_id();
    let ask = || NewFollowUp { request_id: id.clone(), ..new(&by, case, contact(&NEW, false)) };
    let (one, other) = tokio::join!(town.hotline.follow_up(ask()), town.hotline.follow_up(ask()));
    assert_eq!(one.unwrap().follow_up, other.unwrap().follow_up);
    assert_eq!(town.list(&by, &case).await.len(), 1);
    let shown = town.hotline.show(&by, &trail, false).await.unwrap();
    assert_eq!(shown.events.iter().filter(|event| event.kind == "corrected").count(), 1);
}

/// Who she is, read from the record before she changed her number and said after. [CAS-43] [CAS-54]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_change_does_not_outlive_it() {
    let (town, by) = (a_town().await, worker());
    let trail = town.asked(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&trail).unwrap();
    town.follow(&by, case, contact(&OLD, false)).await;
    let mut identity = NewEvent {
        fields: fields(&[&CONSENT[..], &[("name", "Invented Name")]].concat()),
        basis: Some(LegalBasis::ExplicitConsent),
        ..event(trail, Statement::Identity)
    };
    let labels = [Label::SafeContactChannel, Label::SafeContactTelephone];
    town.hotline.say_from_case(&mut identity, &labels).await.unwrap();
    let (node, change) = (town.hotline.clone(), new(&by, case, contact(&NEW, false)));
    let mut following =
        tokio::spawn(async move { node.follow_up(change).await.map_err(|refused| refused.rejection()) });
    // Either it waits for what was read, or it is done before that is said.
    let early = tokio::time::timeout(Duration::from_millis(300), &mut following).await;
    town.hotline.record_event(identity).await.unwrap();
    let change = match early {
        Ok(done) => done,
        Err(_) => following.await,
    };
    assert_eq!(step(&change.unwrap().unwrap(), &trail).say, ["corrected"]);
    town.quiet().await;
    assert_eq!(newest(&town.others[0], &trail, "safe_contact_telephone").await.as_deref(), Some("+38269000222"));
}

/// A change that can never be followed, and a node that starts all the same. [CAS-54]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_followed_keeps_no_node_from_starting() {
    let house = House::found(1).await;
    let node = house.open();
    let by = worker();
    let name = Sensitive::new("An Invented Worker".to_owned());
    let (account, _) = node.create_account(&BY, name, wire::Role::CaseWorker, None).await.unwrap();
    let case = node.create_case(&by, Sensitive::new(String::new())).await.unwrap().id;
    drop(node);
    let storage = house.open_storage();
    let kept = FollowUpRecord {
        follow_up: vec![1; 16],
        case: case.to_vec(),
        sealed: vec![1; 64],
        time: 1,
        account: By::from(account.id).to_vec(),
        request: vec![2; 32],
        complete: false,
    };
    storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&kept)] }).await.unwrap();
    drop(storage);
    reopened(&house).await.continue_follow_ups().await.unwrap();
}
