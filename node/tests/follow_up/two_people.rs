//! What takes two people waits for the second. [CAS-79]

use super::town::{CONSENT, danger, event, fields, known, somebody, until, worker};
use uput_core::{
    event::Statement,
    id::TrailId,
    wire::{self, FollowState, LegalBasis, approval_service_server::ApprovalService},
};
use uput_node::{
    account::{AccountId, Caller},
    case::CaseId,
    node::{NewEvent, NewFollowUp, Second, Why},
    rpc::{Approvals, guard::admitted},
};

use super::{GUARDIAN, NEW, NEWER, OLD, Town, a_town, contact, new, newest, step};

fn supervisor() -> Caller {
    somebody(AccountId::new([0x99; 16]), 0x99, wire::Role::Supervisor)
}

/// Says who she is, in danger to life and with a second person.
async fn named_in_danger(town: &Town, by: &Caller, other: usize, case: CaseId) -> TrailId {
    let trail = town.asked(by, other, Some(case), LegalBasis::ExplicitConsent, &CONSENT).await;
    let identity = |second| NewEvent {
        by: by.clone(),
        second,
        fields: fields(&[&danger()[..], &OLD[..], &[("name", "Invented Name")]].concat()),
        basis: Some(LegalBasis::VitalInterests),
        ..event(trail, Statement::Identity)
    };
    let why = Why::new(wire::ApprovalReason::Danger, String::new());
    let asked = town.hotline.ask_event(identity(Second::Nobody), [1; 32], why).await.unwrap();
    town.hotline.decide_approval(&supervisor(), &asked.approval, true).await.unwrap();
    let second = Second::Approval { id: asked.approval, digest: [1; 32] };
    town.hotline.record_event(identity(second)).await.unwrap();
    town.reaches(other, trail, 2).await;
    trail
}

/// Decides by the call, as people do.
async fn decide(town: &Town, approval: &[u8], approves: bool) {
    let (calls, approval) = (Approvals(town.hotline.clone()), approval.to_vec());
    let by = supervisor();
    if approves {
        let message = wire::ApproveRequest { approval };
        calls.approve(admitted(by, "uput.v1.ApprovalService/Approve", message)).await.unwrap();
    } else {
        let message = wire::RefuseRequest { approval };
        calls.refuse(admitted(by, "uput.v1.ApprovalService/Refuse", message)).await.unwrap();
    }
}

/// [CAS-79] [APR-2]
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_two_waits_in_the_list_and_is_said_when_it_is_approved() {
    let (town, by) = (a_town().await, worker());
    known(&town.hotline, &supervisor());
    known(&town.hotline, &by);
    let first = town.named(&by, 1, None, LegalBasis::GuardianConsent, &GUARDIAN).await;
    let case = town.hotline.case_of(&first).unwrap();
    let danger = named_in_danger(&town, &by, 0, case).await;
    let in_danger = async || newest(&town.others[0], &danger, "safe_contact_telephone").await;

    let request = new(&by, case, contact(&NEW, false));
    let (id, again) = (request.request_id.clone(), || new(&by, case, contact(&NEW, false)));
    let made = town.hotline.follow_up(request).await.unwrap();
    assert!(!made.complete);
    let waits = step(&made, &danger);
    assert_eq!(
        (waits.state(), waits.why.as_str(), waits.todo.as_str()),
        (FollowState::NeedsApproval, "needs_approval", "approve")
    );
    assert_eq!((waits.say.as_slice(), waits.approval.len()), (&["corrected".to_owned()][..], 16));
    until(|| async { town.list(&by, &case).await[0].unconfirmed == 1 }).await;
    let same = town.hotline.follow_up(NewFollowUp { request_id: id, ..again() }).await.unwrap();
    assert_eq!(step(&same, &danger).approval, waits.approval, "nobody is asked twice");
    let asked = town.hotline.list_approvals(&supervisor(), true);
    let summary = asked[0].summary.clone().unwrap();
    assert_eq!(
        (asked.len(), summary.trail.as_slice(), summary.basis()),
        (1, &danger.to_vec()[..], LegalBasis::VitalInterests)
    );
    assert!(summary.labels.contains(&"safe_contact_telephone".to_owned()));
    assert_eq!(in_danger().await.as_deref(), Some("+38269000111"), "not before");

    decide(&town, &waits.approval, true).await;
    until(|| async { town.list(&by, &case).await[0].unconfirmed == 0 }).await;
    let change = &town.list(&by, &case).await[0];
    let said = step(change, &danger);
    assert!(change.complete && said.why.is_empty() && said.todo.is_empty() && said.approval.is_empty());
    assert_eq!(in_danger().await.as_deref(), Some("+38269000222"));
    let shown = town.others[0].show(&worker(), &danger, false).await.unwrap();
    let corrected = shown.events.iter().find(|event| event.kind == "corrected").unwrap();
    assert!(corrected.fields.iter().any(|field| field.label == "supervisor"), "two people answer for it");

    // What is refused is a person's to telephone; what a later change replaced is not said any more.
    let old = town.follow(&by, case, contact(&OLD, false)).await;
    let newer = town.follow(&by, case, contact(&NEWER, false)).await;
    decide(&town, &step(&old, &danger).approval, true).await;
    let listed = town.list(&by, &case).await;
    let replaced = step(listed.iter().find(|change| change.follow_up == old.follow_up).unwrap(), &danger);
    assert_eq!((replaced.why.as_str(), replaced.todo.as_str(), replaced.say.len()), ("not_approved", "telephone", 0));
    assert_eq!(in_danger().await.as_deref(), Some("+38269000222"));
    decide(&town, &step(&newer, &danger).approval, false).await;
    let listed = town.list(&by, &case).await;
    assert!(listed.iter().all(|change| change.complete));
    let refused = step(listed.iter().find(|change| change.follow_up == newer.follow_up).unwrap(), &danger);
    assert_eq!((refused.why.as_str(), refused.todo.as_str()), ("not_approved", "telephone"));
    let elsewhere = async || newest(&town.others[1], &first, "safe_contact_telephone").await;
    until(|| async { elsewhere().await.as_deref() == Some("+38269000333") }).await;
}
