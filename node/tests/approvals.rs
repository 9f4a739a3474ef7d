//! Who acted, and the rule of two, on nodes that run.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{sync::Arc, time::Duration};

use tonic::Code;
use town::{
    BY, CONSENT, Carrier, Pair, call_as, danger, enquiry, event, fields, known, pair, reads, reopened, request_id, say,
    somebody, until, worker,
};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, ApprovalStatus, LegalBasis, Role, trail_service_server::TrailService},
};
use uput_node::{
    access,
    account::{AccountId, Caller, OnBehalfOf, PersonId},
    node::{Export, NewEvent, NewTrail, Node, Refused, Second, Why},
    record::{self, CaseRecord, ExclusionEntry, Kept},
    rpc::Trails,
    storage::{Commit, Position},
};

const DIGEST: [u8; 32] = [5; 32];
fn why() -> Why {
    Why::new(wire::ApprovalReason::Danger, "He has found the house".to_owned())
}

fn supervisor() -> Caller {
    somebody(AccountId::new([9; 16]), 9, Role::Supervisor)
}

/// A need in danger to life.
fn emergency(second: Second) -> NewTrail {
    NewTrail {
        second,
        stage: 1,
        basis: LegalBasis::VitalInterests,
        fields: fields(&[&danger()[..], &[("language", "sq")]].concat()),
        ..enquiry("shelter-jasen")
    }
}

async fn asked(node: &Arc<Node>, digest: [u8; 32]) -> wire::Approval {
    node.ask_opening(emergency(Second::Nobody), digest, why()).await.unwrap()
}

fn used(approval: &wire::Approval, digest: [u8; 32]) -> Second {
    Second::Approval { id: approval.approval.clone(), digest }
}

fn code<T>(said: Result<T, Refused>) -> Rejection {
    said.map(drop).unwrap_err().rejection()
}

/// The value of a label in each event of that kind.
fn values(trail: &wire::Trail, kind: &str, label: &str) -> Vec<String> {
    let events = trail.events.iter().filter(|event| event.kind == kind).flat_map(|event| &event.fields);
    events.filter(|field| field.label == label).map(|field| field.value.clone()).collect()
}

/// [EVT-26] [DIS-16]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_one_pseudonym_in_a_trail_and_another_in_the_next() {
    let Pair { hotline, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    let first = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let second = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    // The same person with another account, and a machine on their behalf.
    let other = Caller { account: AccountId::new([3; 16]), role: Role::Supervisor, ..worker() };
    let machine = Caller {
        on_behalf_of: Some(OnBehalfOf { account: BY, person: worker().person, role: Role::CaseWorker }),
        ..somebody(AccountId::new([4; 16]), 4, Role::Integration)
    };
    let warned = || event(first, Statement::Warned(wire::WarningCode::DoNotContact));
    hotline.record_event(NewEvent { by: other, ..warned() }).await.unwrap();
    hotline.record_event(NewEvent { by: machine, ..warned() }).await.unwrap();
    reads(&shelter, &second, "asked").await;
    until(|| async { shelter.show(&worker(), &first, false).await.is_ok_and(|it| it.events.len() > 5) }).await;
    for trail in [first, second] {
        take(&shelter, trail).await;
        say(&shelter, trail, Statement::Acknowledged).await.unwrap();
    }
    for side in [&hotline, &shelter] {
        reads(side, &first, "asked").await;
        until(|| async { !values(&shown(side, first).await, "acknowledged", "actor").is_empty() }).await;
        let (first, second) = (shown(side, first).await, shown(side, second).await);
        let (opened, again) = (values(&first, "opened", "actor"), values(&second, "opened", "actor"));
        assert_eq!(opened[0].len(), 32);
        assert_ne!(opened, again, "nothing joins two trails");
        assert_eq!(values(&first, "warned", "actor"), [opened[0].as_str(); 2], "one person, whatever the account");
        assert_eq!(values(&first, "warned", "actor_role"), ["supervisor", "case_worker"]);
        assert_ne!(values(&first, "acknowledged", "actor"), opened, "another organisation's person");
        assert!(values(&first, "delivered", "actor").is_empty() && values(&first, "opened", "supervisor").is_empty());
    }
}

/// Whoever takes it sees what came with it.
async fn take(node: &Arc<Node>, trail: TrailId) {
    node.take_case(&worker(), &node.case_of(&trail).unwrap()).await.unwrap();
}

async fn shown(node: &Arc<Node>, trail: TrailId) -> wire::Trail {
    node.show(&worker(), &trail, true).await.unwrap_or_default()
}

/// [EVT-12] [EVT-26] Confirmations are not confirmed: a trail comes to rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_trail_comes_to_rest() {
    let Pair { hotline, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    reads(&hotline, &trail, "closed").await;
    for side in [&hotline, &shelter] {
        until(|| async { shown(side, trail).await.events.len() == 4 }).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for side in [&hotline, &shelter] {
        let kinds: Vec<String> = shown(side, trail).await.events.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["opened", "delivered", "closed", "delivered"]);
        until(|| async { side.queued().items == 0 }).await;
    }
}

/// [EVT-26] Only the node says who acted.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_says_who_acted_is_refused() {
    let pair = pair().await;
    let trails = Trails(pair.hotline.clone());
    for label in ["actor", "actor_role", "supervisor"] {
        let value = if label == "actor_role" { "supervisor" } else { "somebody-else" };
        let message = wire::OpenTrailRequest {
            request_id: request_id(),
            peer: "shelter-jasen".to_owned(),
            act: wire::Act::Referral.into(),
            service_type: wire::ServiceType::Shelter.into(),
            basis: LegalBasis::NoneNeededNonpersonal.into(),
            fields: vec![wire::Field { label: label.to_owned(), value: value.to_owned() }],
            ..Default::default()
        };
        let refused = trails.open_trail(call_as(Role::CaseWorker, "TrailService/OpenTrail", message)).await;
        let refused = refused.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("the node says who acted"), "{}", refused.message());
    }
}

/// [APR-1] [APR-3] [APR-4] [APR-5]
#[tokio::test(flavor = "multi_thread")]
async fn two_people_disclose_once_and_exactly_what_was_approved() {
    let Pair { hotline, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    known(&hotline, &supervisor());
    assert_eq!(code(hotline.open_trail(emergency(Second::Nobody)).await), Rejection::NeedsApproval);
    assert!(hotline.visible_trails(&worker()).is_empty(), "nothing was written");
    let approval = asked(&hotline, DIGEST).await;
    assert_eq!(approval.status(), ApprovalStatus::Asked);
    let summary = approval.summary.clone().unwrap();
    assert_eq!((summary.peer.as_str(), summary.basis()), ("shelter-jasen", LegalBasis::VitalInterests));
    assert!(summary.labels.contains(&"danger".to_owned()));
    let try_it = |digest| hotline.open_trail(emergency(used(&approval, digest)));
    assert_eq!(code(try_it(DIGEST).await), Rejection::BadApproval, "nobody has decided");
    let decide = |who: Caller, yes| {
        let (node, id) = (hotline.clone(), approval.approval.clone());
        async move { node.decide_approval(&who, &id, yes).await }
    };
    // The asker with a supervisor's account of theirs, and a colleague who is no supervisor.
    let twice = Caller { account: AccountId::new([3; 16]), role: Role::Supervisor, ..worker() };
    let colleague = somebody(AccountId::new([4; 16]), 4, Role::CaseWorker);
    for wrong in [worker(), twice.clone(), colleague] {
        assert_eq!(decide(wrong, true).await.err(), Some(Rejection::BadApproval));
    }
    let waiting = hotline.list_approvals(&supervisor(), true);
    assert!(waiting.len() == 1 && waiting[0].may_decide && waiting[0].words == "He has found the house");
    assert!(hotline.list_approvals(&twice, true).is_empty(), "one's own is not for oneself to decide");
    assert_eq!(decide(supervisor(), true).await.unwrap().status(), ApprovalStatus::Approved);
    assert_eq!(decide(supervisor(), false).await.err(), Some(Rejection::BadApproval), "it is decided");
    assert_eq!(code(try_it([6; 32]).await), Rejection::BadApproval, "another request");
    let other =
        NewTrail { by: somebody(AccountId::new([4; 16]), 4, Role::CaseWorker), ..emergency(used(&approval, DIGEST)) };
    assert_eq!(code(hotline.open_trail(other).await), Rejection::BadApproval, "another person");
    // A check uses nothing, and of many at once one succeeds.
    let check = NewTrail { validate_only: true, ..emergency(used(&approval, DIGEST)) };
    assert!(hotline.open_trail(check).await.unwrap().is_none());
    let race = futures_of(8, || {
        let (node, new) = (hotline.clone(), emergency(used(&approval, DIGEST)));
        async move { node.open_trail(new).await }
    });
    let (yes, no): (Vec<_>, Vec<_>) = race.await.into_iter().partition(Result::is_ok);
    assert_eq!((yes.len(), no.len()), (1, 7));
    assert!(no.into_iter().all(|refused| code(refused) == Rejection::BadApproval));
    let trail = yes.into_iter().next().unwrap().unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    let listed = hotline.list_approvals(&worker(), false);
    assert_eq!(listed[0].status(), ApprovalStatus::Used);
    // What the other organisation sees of it: two pseudonyms, and nothing else.
    take(&shelter, trail).await;
    let theirs = shown(&shelter, trail).await;
    let (actor, second) = (values(&theirs, "opened", "actor"), values(&theirs, "opened", "supervisor"));
    assert!(actor.len() == 1 && second.len() == 1 && actor != second);
    let counted = hotline.count_approvals(&supervisor(), 0, 0);
    let count = wire::ApprovalCount {
        kind: 1,
        asked: 1,
        approved: 1,
        refused: 0,
        expired: 0,
        used: 1,
        approved_by_new_account: 0,
    };
    assert!(counted == [count]);
}

async fn futures_of<T: Send + 'static, F>(number: usize, make: impl Fn() -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..number).map(|_| tokio::spawn(make())).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// [APR-5] [NOD-33] What was approved before a crash is used after it, once; the same request ID uses nothing again.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_outlives_a_restart_and_its_use_too() {
    let Pair { hotline, shelter, houses } = pair().await;
    drop(shelter);
    let approval = asked(&hotline, DIGEST).await;
    hotline.decide_approval(&supervisor(), &approval.approval, true).await.unwrap();
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    known(&hotline, &supervisor());
    let new = emergency(used(&approval, DIGEST));
    let id = new.request_id.clone();
    let again = || NewTrail { request_id: id.clone(), ..emergency(used(&approval, DIGEST)) };
    let trail = hotline.open_trail(new).await.unwrap().unwrap();
    assert_eq!(hotline.open_trail(again()).await.unwrap(), Some(trail));
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    assert_eq!(hotline.open_trail(again()).await.unwrap(), Some(trail));
    assert_eq!(code(hotline.open_trail(emergency(used(&approval, DIGEST))).await), Rejection::BadApproval);
    let listed = hotline.list_approvals(&supervisor(), false);
    assert_eq!(
        (listed.len(), listed[0].status(), listed[0].words.as_str()),
        (1, ApprovalStatus::Used, "He has found the house")
    );
}

/// [APR-4] [APR-7] Whom she excluded neither sees what is asked about her nor decides on it, also if it was before.
#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_supervisor_is_not_asked() {
    let Pair { hotline, shelter, houses } = pair().await;
    let carriers = Carrier::both(&hotline, &shelter);
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Held { until: uput_core::time::Seconds::new(4_000_000_000).unwrap() })
        .await
        .unwrap();
    reads(&hotline, &trail, "held").await;
    let need = |second| NewEvent {
        second,
        fields: fields(&[&danger()[..], &[("language", "sq")]].concat()),
        basis: Some(LegalBasis::VitalInterests),
        ..event(trail, Statement::Need)
    };
    let before = hotline.ask_event(need(Second::Nobody), DIGEST, why()).await.unwrap();
    // [ACL-1] What a second person is shown, to say yes or no, is an access, once; what one asked oneself is none.
    let case = hotline.case_of(&trail).unwrap();
    let shown = || async {
        let log = hotline.list_accesses(&worker(), &case, &access::Why::default()).await.unwrap();
        log.into_iter().filter(|row| row.kind() == wire::AccessKind::ApprovalShown).collect::<Vec<_>>()
    };
    for who in [worker(), supervisor(), supervisor()] {
        let listed = hotline.list_approvals(&who, false);
        assert_eq!(hotline.show_approvals(&who, listed).await.unwrap().len(), 1);
    }
    hotline.decide_approval(&supervisor(), &before.approval, true).await.unwrap();
    let rows = shown().await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].account.clone(), rows[0].trail.clone()), (supervisor().account.to_vec(), trail.to_vec()));
    assert_eq!(rows[0].reason(), wire::AccessReason::Supervision, "they were asked");
    drop((carriers, shelter, hotline));
    drop(reopened(&houses[0]).await);
    exclude(&houses[0], &supervisor().person).await;
    let hotline = reopened(&houses[0]).await;
    known(&hotline, &supervisor());
    assert_eq!(code(hotline.record_event(need(used(&before, DIGEST))).await), Rejection::BadApproval);
    let approval = hotline.ask_event(need(Second::Nobody), DIGEST, why()).await.unwrap();
    assert!(hotline.list_approvals(&supervisor(), false).is_empty());
    let unknown = hotline.decide_approval(&supervisor(), &[1; 16], true).await.err();
    assert_eq!(hotline.decide_approval(&supervisor(), &approval.approval, true).await.err(), unknown);
    let other = somebody(AccountId::new([2; 16]), 2, Role::Supervisor);
    known(&hotline, &other);
    hotline.decide_approval(&other, &approval.approval, true).await.unwrap();
    let case = hotline.case_of(&trail).unwrap();
    let log = hotline.list_accesses(&worker(), &case, &access::Why::default()).await.unwrap();
    let looked = |who: &Caller| {
        let shown = |row: &&wire::Access| row.kind() == wire::AccessKind::ApprovalShown;
        log.iter().filter(shown).filter(|row| row.account == who.account.to_vec()).count()
    };
    assert_eq!((looked(&other), looked(&supervisor())), (1, 1), "deciding shows it too, and not to whom she excluded");
    hotline.record_event(need(used(&approval, DIGEST))).await.unwrap().unwrap();
}

/// [APR-11] [APR-8] Whom she names with the very words that are asked to be said.
#[tokio::test(flavor = "multi_thread")]
async fn whom_she_excludes_with_what_is_asked_is_not_asked_about_it() {
    let Pair { hotline, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &shelter);
    known(&hotline, &supervisor());
    let name = Sensitive::new("Vesna Izmišljenović".to_owned());
    let (account, _) = hotline.create_account(&BY, name, Role::Supervisor, None).await.unwrap();
    let vesna = Caller { person: account.person, ..somebody(account.id, 1, Role::Supervisor) };
    let need = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    let consent = LegalBasis::ExplicitConsent;
    let opening = NewTrail { stage: 1, basis: consent, fields: fields(&need), ..enquiry("shelter-jasen") };
    let trail = hotline.open_trail(opening).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Accepted).await.unwrap();
    reads(&hotline, &trail, "accepted").await;
    let her = [&danger()[..], &[("name", "Invented Name"), ("excluded_persons", "Измишљеновић Весна")]].concat();
    let identity = |second| NewEvent {
        second,
        fields: fields(&her),
        basis: Some(LegalBasis::VitalInterests),
        ..event(trail, Statement::Identity)
    };
    let approval = hotline.ask_event(identity(Second::Nobody), DIGEST, why()).await.unwrap();
    assert!(hotline.list_approvals(&vesna, false).is_empty(), "she does not see the case in a moment");
    assert!(hotline.count_approvals(&vesna, 0, 0).is_empty());
    let unknown = hotline.decide_approval(&vesna, &[1; 16], true).await.err();
    assert_eq!(hotline.decide_approval(&vesna, &approval.approval, true).await.err(), unknown);
    assert_eq!(hotline.count_approvals(&supervisor(), 0, 0)[0].asked, 1);
    hotline.decide_approval(&supervisor(), &approval.approval, true).await.unwrap();
    hotline.record_event(identity(used(&approval, DIGEST))).await.unwrap().unwrap();
    assert!(hotline.count_approvals(&vesna, 0, 0).is_empty(), "nor afterwards");
}

/// Writes into the journal that she excluded a person from every case.
async fn exclude(house: &town::House, person: &PersonId) {
    let storage = house.open_storage();
    let cases: Vec<CaseRecord> =
        storage.records(Position::new(0)).filter_map(|kept| record::read(&kept.unwrap())).collect();
    let entry = ExclusionEntry { person: person.to_vec(), ground: 3, ruling: 0, by: Vec::new(), time: 1 };
    let excluding = |case: CaseRecord| record::draft(&CaseRecord { exclusions: vec![entry.clone()], ..case });
    let records = cases.into_iter().map(excluding).collect();
    assert_eq!(CaseRecord::KIND, 12);
    storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
}

/// [APR-2] [APR-6]
#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_few_bundles_with_values_take_two() {
    let Pair { hotline, houses: _houses, .. } = pair().await;
    known(&hotline, &supervisor());
    let name = Sensitive::new("An Invented Supervisor".to_owned());
    let (account, _) = hotline.create_account(&BY, name, Role::Supervisor, None).await.unwrap();
    let taker = || Caller { account: account.id, person: account.person, ..supervisor() };
    let export = |trail, scope, second| Export {
        contact: false,
        by: taker(),
        second,
        trail,
        purpose: wire::Purpose::Audit,
        scope,
        nonce: None,
        wait: Duration::ZERO,
    };
    let (values, labels) = (wire::DisclosureScope::Values, wire::DisclosureScope::Labels);
    let mut trails = Vec::new();
    for _ in 0..4 {
        trails.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    let needless = hotline.ask_export(export(trails[0], values, Second::Nobody), DIGEST, why()).await;
    assert_eq!(needless.err(), Some(Rejection::BadApproval), "it needs nobody yet");
    for trail in [trails[0], trails[0], trails[1], trails[2]] {
        hotline.export(export(trail, values, Second::Nobody)).await.unwrap();
    }
    let fourth = |second| export(trails[3], values, second);
    assert_eq!(hotline.export(fourth(Second::Nobody)).await.err(), Some(Rejection::NeedsApproval));
    hotline.export(export(trails[3], labels, Second::Nobody)).await.unwrap();
    hotline.export(export(trails[1], values, Second::Nobody)).await.unwrap();
    let colleague = Export { by: supervisor(), ..fourth(Second::Nobody) };
    hotline.export(colleague).await.unwrap();
    let asked = hotline.ask_export(fourth(Second::Nobody), DIGEST, why()).await.unwrap();
    hotline.decide_approval(&supervisor(), &asked.approval, true).await.unwrap();
    hotline.export(fourth(used(&asked, DIGEST))).await.unwrap();
    let again = hotline.export(fourth(used(&asked, DIGEST))).await;
    assert_eq!(again.err(), Some(Rejection::BadApproval));
    assert_eq!(hotline.list_approvals(&taker(), false)[0].status(), ApprovalStatus::Used);
}

/// [APR-6] What would be refused anyway is not put to anybody, nor what needs nobody.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_would_be_done_is_asked() {
    let Pair { hotline, houses: _houses, .. } = pair().await;
    let asking = |new| hotline.ask_opening(new, DIGEST, why());
    assert_eq!(code(asking(enquiry("shelter-jasen")).await), Rejection::BadApproval);
    let missing = NewTrail { fields: fields(&danger()[1..]), ..emergency(Second::Nobody) };
    assert_eq!(code(asking(missing).await), Rejection::BasisNotAllowed);
    let consent = NewTrail {
        basis: LegalBasis::ExplicitConsent,
        fields: fields(&[&CONSENT[..], &[("language", "sq")]].concat()),
        ..emergency(Second::Nobody)
    };
    assert_eq!(code(asking(consent).await), Rejection::BadApproval);
    for _ in 0..32 {
        asked(&hotline, DIGEST).await;
    }
    assert_eq!(code(asking(emergency(Second::Nobody)).await), Rejection::TooMany);
}
