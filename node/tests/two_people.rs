//! What one person may not do alone, through the calls themselves: breaking the glass, lifting an exclusion, and what
//! becomes of approvals.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{fmt::Debug, sync::Arc};

use tonic::{Response, Status};
use town::{BY, CONSENT, Carrier, Pair, danger, enquiry, event, fields, known, pair, reopened, until};
use uput_core::{
    event::Statement,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Span,
    wire::{
        self, ApprovalKind, ApprovalStatus, ChangeKind, ExclusionRuling, LegalBasis, Role,
        approval_service_server::ApprovalService, case_service_server::CaseService, request_approval_request::Act,
    },
};
use uput_node::{
    access,
    account::{AccountId, Caller, PersonId},
    case::{CaseId, Sight},
    clock,
    node::{Beginning, Export, NewEvent, NewTrail, Node, Second, Why},
    rpc::{Approvals, CaseCalls, guard::admitted, status},
};

type Said<T> = Result<T, Status>;

/// Somebody with an account of their own, or another account of somebody.
async fn hire(node: &Node, name: &str, role: Role, person: Option<&Caller>) -> Caller {
    let (name, person) = (Sensitive::new(format!("{name} (invented)")), person.map(|person| person.account.to_vec()));
    let (account, _) = node.create_account(&BY, name, role, person.as_deref()).await.unwrap();
    Caller { account: account.id, person: account.person, role, scopes: Arc::new([]), on_behalf_of: None }
}

fn call<T>(by: &Caller, method: &str, message: T) -> tonic::Request<T> {
    admitted(by.clone(), &format!("uput.v1.{method}"), message)
}

fn inner<T>(answer: Said<Response<T>>) -> Said<T> {
    answer.map(Response::into_inner)
}

async fn ask(node: &Arc<Node>, by: &Caller, act: Act) -> Said<wire::Approval> {
    let reason = wire::ApprovalReason::ColleagueAway.into();
    let message = wire::RequestApprovalRequest { act: Some(act), reason, words: "She stands at the door".to_owned() };
    let answer = Approvals(node.clone()).request_approval(call(by, "ApprovalService/RequestApproval", message)).await;
    Ok(inner(answer)?.approval.unwrap())
}

async fn approve(node: &Arc<Node>, by: &Caller, approval: &wire::Approval) -> Said<()> {
    let message = wire::ApproveRequest { approval: approval.approval.clone() };
    Approvals(node.clone()).approve(call(by, "ApprovalService/Approve", message)).await.map(drop)
}

fn glass(case: &CaseId, approval: &[u8]) -> wire::BreakGlassRequest {
    wire::BreakGlassRequest { case: case.to_vec(), approval: approval.to_vec() }
}

async fn break_glass(node: &Arc<Node>, by: &Caller, case: &CaseId, approval: &[u8]) -> Said<u64> {
    let request = call(by, "CaseService/BreakGlass", glass(case, approval));
    Ok(inner(CaseCalls(node.clone()).break_glass(request).await)?.until)
}

fn ruling(case: &CaseId, whom: &Caller, ruling: ExclusionRuling, approval: &[u8]) -> wire::DecideExclusionRequest {
    let (case, colleague, approval) = (case.to_vec(), whom.person.to_string(), approval.to_vec());
    wire::DecideExclusionRequest { case, colleague, ruling: ruling.into(), approval }
}

async fn lift(node: &Arc<Node>, by: &Caller, case: &CaseId, whom: &Caller, approval: &[u8]) -> Said<()> {
    let request = call(by, "CaseService/DecideExclusion", ruling(case, whom, ExclusionRuling::Lifted, approval));
    CaseCalls(node.clone()).decide_exclusion(request).await.map(drop)
}

/// All that an answer says.
fn all<T>(said: &Said<T>) -> impl PartialEq + Debug + use<T> {
    said.as_ref().err().map(|refused| (refused.code(), refused.message().to_owned(), refused.details().to_vec()))
}

fn rejected<T>(said: Said<T>) -> Option<Rejection> {
    said.err().as_ref().and_then(status::rejection)
}

async fn case_of(node: &Arc<Node>, by: &Caller) -> CaseId {
    let trail = node.open_trail(NewTrail { by: by.clone(), ..enquiry("shelter-jasen") }).await.unwrap().unwrap();
    node.case_of(&trail).unwrap()
}

fn used(node: &Node, kind: ApprovalKind) -> u64 {
    let auditor = town::caller_as(Role::Auditor);
    node.count_approvals(&auditor, 0, 0).iter().filter(|count| count.kind() == kind).map(|count| count.used).sum()
}

/// [CAS-9] [APR-1] [APR-3] [APR-4] [APR-5] [APR-8]
#[tokio::test(flavor = "multi_thread")]
async fn two_people_break_the_glass_for_a_day_and_one_alone_never() {
    let Pair { hotline, shelter, houses } = pair().await;
    drop(shelter);
    let node = hotline;
    let owner = hire(&node, "Mira", Role::CaseWorker, None).await;
    let helper = hire(&node, "Lana", Role::CaseWorker, None).await;
    let second = hire(&node, "Rada", Role::Supervisor, None).await;
    let puppet = hire(&node, "Lana Druga", Role::Supervisor, Some(&helper)).await;
    let (case, other, absent) = (case_of(&node, &owner).await, case_of(&node, &owner).await, CaseId::new([0xee; 16]));
    assert_eq!(node.sight(&helper, &case), Sight::None);

    // Alone: the same for every ID.
    let alone = break_glass(&node, &helper, &case, &[]).await;
    assert_eq!(all(&alone), all(&break_glass(&node, &helper, &absent, &[]).await));
    assert_eq!(rejected(alone), Some(Rejection::NeedsApproval));
    let invented = break_glass(&node, &helper, &case, &[7; 16]).await;
    assert_eq!(all(&invented), all(&break_glass(&node, &helper, &absent, &[7; 16]).await));
    assert_eq!(rejected(invented), Some(Rejection::BadApproval));

    let asked = ask(&node, &helper, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    assert_eq!(rejected(break_glass(&node, &helper, &case, &asked.approval).await), Some(Rejection::BadApproval));
    assert_eq!(node.list_approvals(&helper, false).len(), 1, "who asked sees it, although they see no case");
    assert_eq!(rejected(approve(&node, &puppet, &asked).await), Some(Rejection::BadApproval), "one person");
    let waiting = node.list_approvals(&second, true);
    assert_eq!(waiting[0].summary.as_ref().unwrap().case, case.to_vec());
    assert_eq!(waiting[0].words, "She stands at the door");
    approve(&node, &second, &asked).await.unwrap();
    assert_eq!(rejected(break_glass(&node, &helper, &other, &asked.approval).await), Some(Rejection::BadApproval));
    assert_eq!(rejected(break_glass(&node, &owner, &case, &asked.approval).await), Some(Rejection::BadApproval));
    break_glass(&node, &helper, &case, &asked.approval).await.unwrap();
    assert_eq!((node.sight(&helper, &case), node.sight(&helper, &other)), (Sight::Values, Sight::None));
    assert_eq!(rejected(break_glass(&node, &helper, &case, &asked.approval).await), Some(Rejection::BadApproval));
    // [ACL-1] It is in the chain of the case, with why the second person was asked, also if nobody looks in then.
    let log = node.list_accesses(&owner, &case, &access::Why::default()).await.unwrap();
    let broken: Vec<_> = log.iter().filter(|row| row.kind() == wire::AccessKind::GlassBroken).collect();
    assert_eq!(broken.len(), 1, "what was refused is not there");
    assert_eq!(
        (broken[0].account.clone(), broken[0].reason()),
        (helper.account.to_vec(), wire::AccessReason::Handover)
    );
    assert_eq!(broken[0].standing(), wire::AccessStanding::BrokeTheGlass);
    let watcher = hire(&node, "Zora", Role::Supervisor, None).await;
    let told = node.unusual_accesses(&watcher, 0).findings;
    assert!(told.iter().any(|found| found.rule() == wire::UnusualRule::BrokeTheGlass));
    let broken = node.case(&case).unwrap().glass[&helper.person];
    assert_eq!(broken.approved_by, Some(second.person), "who approved is kept");
    assert!(broken.until <= uput_node::clock::now().get() + 86_400);

    drop(node);
    let node = reopened(&houses[0]).await;
    assert_eq!((node.sight(&helper, &case), used(&node, ApprovalKind::BreakGlass)), (Sight::Values, 1));
    assert_eq!(rejected(break_glass(&node, &helper, &case, &asked.approval).await), Some(Rejection::BadApproval));
}

/// [CAS-6] [CAS-9] [CAS-20] Whoever asks learns neither that there is such a case nor that she excluded them.
#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_person_who_asks_for_the_glass_hears_what_everybody_hears_of_nothing() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let owner = hire(&node, "Mira", Role::CaseWorker, None).await;
    let excluded = hire(&node, "Lana", Role::CaseWorker, None).await;
    let second = hire(&node, "Rada", Role::Supervisor, None).await;
    let (case, absent) = (case_of(&node, &owner).await, CaseId::new([0xee; 16]));
    node.exclude_person(&owner, &case, excluded.person).await.unwrap();
    for id in [case, absent] {
        let asked = ask(&node, &excluded, Act::BreakGlass(glass(&id, &[]))).await.unwrap();
        assert_eq!(rejected(approve(&node, &second, &asked).await), Some(Rejection::BadApproval));
        let seen = node.list_approvals(&excluded, false);
        assert!(seen.iter().all(|seen| seen.status() == wire::ApprovalStatus::Asked && seen.decided_by.is_empty()));
        assert_eq!(rejected(break_glass(&node, &excluded, &id, &asked.approval).await), Some(Rejection::BadApproval));
    }
    // She excludes them after it was approved: then it is as if the case were not there.
    let late = hire(&node, "Ana", Role::CaseWorker, None).await;
    let asked = ask(&node, &late, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    approve(&node, &second, &asked).await.unwrap();
    node.exclude_person(&owner, &case, late.person).await.unwrap();
    assert_eq!(rejected(break_glass(&node, &late, &case, &asked.approval).await), Some(Rejection::NoSuchCase));
    // She excludes whoever approved.
    let third = hire(&node, "Jana", Role::CaseWorker, None).await;
    let asked = ask(&node, &third, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    approve(&node, &second, &asked).await.unwrap();
    node.exclude_person(&owner, &case, second.person).await.unwrap();
    assert_eq!(rejected(break_glass(&node, &third, &case, &asked.approval).await), Some(Rejection::BadApproval));
    assert_eq!([&excluded, &late, &third].map(|by| node.sight(by, &case)), [Sight::None; 3]);
    assert_eq!(used(&node, ApprovalKind::BreakGlass), 0);
}

/// [CAS-34] [APR-2] [APR-4] [APR-7]
#[tokio::test(flavor = "multi_thread")]
async fn what_she_demanded_two_others_lift_and_never_whom_she_excluded() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let owner = hire(&node, "Mira", Role::CaseWorker, None).await;
    let out = hire(&node, "Vesna", Role::Supervisor, None).await;
    let out_again = hire(&node, "Vesna Druga", Role::Supervisor, Some(&out)).await;
    let [one, two, three] = [
        hire(&node, "Rada", Role::Supervisor, None).await,
        hire(&node, "Zora", Role::Supervisor, None).await,
        hire(&node, "Jana", Role::Supervisor, None).await,
    ];
    let (case, absent) = (case_of(&node, &owner).await, CaseId::new([0xee; 16]));
    node.exclude_person(&owner, &case, out.person).await.unwrap();
    let asking = |case: &CaseId| Act::DecideExclusion(ruling(case, &out, ExclusionRuling::Lifted, &[]));

    assert_eq!(rejected(lift(&node, &one, &case, &out, &[]).await), Some(Rejection::NeedsApproval));
    assert!(node.case(&case).unwrap().excludes(&out.person));
    for by in [&out, &out_again] {
        let (here, nowhere) = (ask(&node, by, asking(&case)).await, ask(&node, by, asking(&absent)).await);
        assert_eq!(all(&here), all(&nowhere), "to them there is no such case");
        assert_eq!(rejected(here), Some(Rejection::NoSuchCase));
        assert_eq!(rejected(lift(&node, by, &case, &out, &[]).await), Some(Rejection::NoSuchCase));
    }
    let confirming = Act::DecideExclusion(ruling(&case, &out, ExclusionRuling::Confirmed, &[]));
    assert_eq!(rejected(ask(&node, &one, confirming).await), Some(Rejection::BadApproval), "that takes one person");

    let asked = ask(&node, &one, asking(&case)).await.unwrap();
    let summary = asked.summary.clone().unwrap();
    let names = summary.colleague_name.as_str();
    assert!(names.contains("Vesna (invented)") && names.contains("Vesna Druga (invented)"), "whom it lets in: {names}");
    assert_eq!((summary.colleague, summary.case), (out.person.to_vec(), case.to_vec()));
    for by in [&out, &out_again] {
        assert!(node.list_approvals(by, false).is_empty());
        assert_eq!(rejected(approve(&node, by, &asked).await), Some(Rejection::BadApproval));
    }
    assert_eq!(rejected(approve(&node, &one, &asked).await), Some(Rejection::BadApproval), "one person alone");
    approve(&node, &two, &asked).await.unwrap();
    assert_eq!(rejected(lift(&node, &one, &case, &two, &asked.approval).await), Some(Rejection::NoSuchAccount));
    // She excludes whoever approved: it lets nothing happen any more.
    node.exclude_person(&owner, &case, two.person).await.unwrap();
    assert_eq!(rejected(lift(&node, &one, &case, &out, &asked.approval).await), Some(Rejection::BadApproval));

    let asked = ask(&node, &one, asking(&case)).await.unwrap();
    approve(&node, &three, &asked).await.unwrap();
    assert_eq!(
        rejected(lift(&node, &one, &case, &two, &asked.approval).await),
        Some(Rejection::BadApproval),
        "another"
    );
    assert_eq!(rejected(lift(&node, &three, &case, &out, &asked.approval).await), Some(Rejection::BadApproval));
    lift(&node, &one, &case, &out, &asked.approval).await.unwrap();
    let decided = node.case(&case).unwrap();
    assert!(!decided.excludes(&out.person) && decided.excludes(&two.person));
    assert_eq!(used(&node, ApprovalKind::Exclusion), 1);
}

fn why() -> Why {
    Why::new(wire::ApprovalReason::Danger, "He has found the house".to_owned())
}

/// A need in danger to life.
fn emergency(by: &Caller, second: Second) -> NewTrail {
    let (stage, basis, fields) =
        (1, LegalBasis::VitalInterests, fields(&[&danger()[..], &[("language", "sq")]].concat()));
    NewTrail { by: by.clone(), second, stage, basis, fields, ..enquiry("shelter-jasen") }
}

/// An approval of such a need by somebody.
async fn approved_need(node: &Arc<Node>, by: &Caller, second: &Caller, n: u8) -> (wire::Approval, Second) {
    let asked = node.ask_opening(emergency(by, Second::Nobody), [n; 32], why()).await.unwrap();
    let approval = node.decide_approval(second, &asked.approval, true).await.unwrap();
    let used = Second::Approval { id: approval.approval.clone(), digest: [n; 32] };
    (approval, used)
}

/// [APR-4] Whoever approved and is gone approves nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_ended_has_approved_nothing() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let worker = hire(&node, "Mira", Role::CaseWorker, None).await;
    let second = hire(&node, "Rada", Role::Supervisor, None).await;
    let other = hire(&node, "Rada Druga", Role::Supervisor, Some(&second)).await;
    let (_, used) = approved_need(&node, &worker, &second, 1).await;
    node.disable_account(&BY, &second.account.to_vec()).await.unwrap();
    let refused = node.open_trail(emergency(&worker, used)).await.unwrap_err().rejection();
    assert_eq!(refused, Rejection::BadApproval, "another account of theirs does not stand for it");
    assert!(node.visible_trails(&worker).is_empty(), "nothing was written");
    let (_, used) = approved_need(&node, &worker, &other, 2).await;
    node.open_trail(emergency(&worker, used)).await.unwrap().unwrap();
    // Nor is anything done in the name of whoever asked, and has left.
    let (_, used) = approved_need(&node, &worker, &other, 3).await;
    node.disable_account(&BY, &worker.account.to_vec()).await.unwrap();
    let refused = node.open_trail(emergency(&worker, used)).await.unwrap_err().rejection();
    assert_eq!(refused, Rejection::BadApproval);
}

/// [APR-9] Words go by themselves when their time is over.
#[tokio::test(flavor = "multi_thread")]
async fn words_on_why_end_a_month_after_their_approval() {
    let Pair { hotline, shelter, houses } = pair().await;
    drop(shelter);
    let node = hotline;
    let worker = hire(&node, "Mira", Role::CaseWorker, None).await;
    let second = hire(&node, "Rada", Role::Supervisor, None).await;
    let words = |node: &Node, id: &[u8]| {
        let listed = node.list_approvals(&second, false);
        listed.into_iter().find(|one| one.approval == id).unwrap().words
    };
    let (opened, used) = approved_need(&node, &worker, &second, 1).await;
    let (unused, _) = approved_need(&node, &worker, &second, 2).await;
    let waiting = node.ask_opening(emergency(&worker, Second::Nobody), [3; 32], why()).await.unwrap();
    let trail = node.open_trail(emergency(&worker, used)).await.unwrap().unwrap();
    let listed = node.list_approvals(&worker, false);
    let of = listed.iter().find(|one| one.approval == opened.approval).unwrap();
    assert_eq!(of.status(), ApprovalStatus::Used);
    assert_eq!(of.summary.as_ref().unwrap().trail, Vec::<u8>::new(), "what was asked");
    assert_eq!(node.sight_of(&worker, &trail), Sight::Values);
    for approval in [&opened, &unused, &waiting] {
        assert_eq!(words(&node, &approval.approval), "He has found the house");
    }
    let in_days = |days: u64| clock::now().after(Span(days * 86_400));
    assert_eq!(node.forget_old_words(in_days(29)).unwrap(), 0);
    // The used one ended today, the approved one ends tomorrow, and so does what nobody decided.
    assert_eq!(node.forget_old_words(in_days(30)).unwrap(), 1);
    assert_eq!([&opened, &unused].map(|one| words(&node, &one.approval)), ["", "He has found the house"]);
    assert_eq!(node.forget_old_words(in_days(32)).unwrap(), 2);
    assert_eq!(node.forget_old_words(in_days(32)).unwrap(), 0, "no key is destroyed twice");
    drop(node);
    let node = reopened(&houses[0]).await;
    assert!([&opened, &unused, &waiting].iter().all(|one| words(&node, &one.approval).is_empty()));
    let counted = node.count_approvals(&second, 0, 0);
    assert_eq!((counted[0].asked, counted[0].used), (3, 1), "what is counted stays");
}

/// [APR-9] [NOD-9] Words go with the values of their trail.
#[tokio::test(flavor = "multi_thread")]
async fn words_on_why_end_with_the_values() {
    let Pair { hotline, shelter: node, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&hotline, &node);
    let taker = hire(&node, "Mira", Role::Supervisor, None).await;
    let mut trails = Vec::new();
    for _ in 0..4 {
        let (stage, basis) = (1, LegalBasis::ExplicitConsent);
        let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
        let new = NewTrail { stage, basis, fields: need, ..enquiry("shelter-jasen") };
        let trail = hotline.open_trail(new).await.unwrap().unwrap();
        until(|| async { node.case_of(&trail).is_some() }).await;
        node.take_case(&taker, &node.case_of(&trail).unwrap()).await.unwrap();
        trails.push(trail);
    }
    let export = |trail| {
        let (purpose, scope, second) = (wire::Purpose::Audit, wire::DisclosureScope::Values, Second::Nobody);
        Export {
            contact: false,
            by: taker.clone(),
            second,
            trail,
            purpose,
            scope,
            nonce: None,
            wait: std::time::Duration::ZERO,
        }
    };
    for trail in &trails[..3] {
        node.export(export(*trail)).await.unwrap();
    }
    let asked = node.ask_export(export(trails[3]), [3; 32], why()).await.unwrap();
    let words = || node.list_approvals(&taker, false)[0].words.clone();
    assert_eq!((asked.words.as_str(), words().as_str()), ("He has found the house", "He has found the house"));
    for statement in [Statement::Closed(wire::ClosureReason::Done), Statement::Purged(wire::PurgeManner::Destroyed)] {
        node.record_event(NewEvent { by: taker.clone(), ..event(trails[3], statement) }).await.unwrap();
    }
    assert_eq!(words(), "");
    assert_eq!(node.list_approvals(&taker, false)[0].reason(), wire::ApprovalReason::Danger, "the code stays");
}

/// [API-40] [APR-7] Of an approval hears who may see it, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn approvals_are_told_to_whoever_may_see_them() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let owner = hire(&node, "Mira", Role::CaseWorker, None).await;
    let helper = hire(&node, "Lana", Role::CaseWorker, None).await;
    let second = hire(&node, "Rada", Role::Supervisor, None).await;
    let out = hire(&node, "Vesna", Role::Supervisor, None).await;
    let auditor = hire(&node, "Zora", Role::Auditor, None).await;
    let case = case_of(&node, &owner).await;
    node.exclude_person(&owner, &case, out.person).await.unwrap();
    let asked = ask(&node, &helper, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    approve(&node, &second, &asked).await.unwrap();
    break_glass(&node, &helper, &case, &asked.approval).await.unwrap();
    let told = async |by: &Caller| {
        let mut cursor = node.cursor(by, Beginning::Everything).unwrap();
        let told = node.tell(by, &mut cursor, 1000, 1000).await.unwrap();
        let of_approvals = told.changes.into_iter().filter(|change| change.kind() == ChangeKind::Approval);
        of_approvals.map(|change| change.approval).collect::<Vec<_>>()
    };
    for by in [&helper, &second] {
        assert_eq!(told(by).await, [asked.approval.clone(), asked.approval.clone(), asked.approval.clone()]);
    }
    for by in [&owner, &out, &auditor] {
        assert!(told(by).await.is_empty());
    }
}

/// [APR-8] [APR-10] Of every kind, also by who sees no case; what a new account approved is counted apart.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_took_two_is_counted_without_names_and_new_accounts_apart() {
    let Pair { hotline: node, houses: _houses, .. } = pair().await;
    let owner = hire(&node, "Mira", Role::CaseWorker, None).await;
    let helper = hire(&node, "Lana", Role::CaseWorker, None).await;
    let out = hire(&node, "Vesna", Role::Supervisor, None).await;
    let [one, two] =
        [hire(&node, "Rada", Role::Supervisor, None).await, hire(&node, "Jana", Role::Supervisor, None).await];
    let auditor = hire(&node, "Zora", Role::Auditor, None).await;
    // Nobody made a way into this one.
    let old = Caller { account: AccountId::new([0x77; 16]), person: PersonId::new([0x77; 16]), ..two.clone() };
    known(&node, &old);

    let (approval, used) = approved_need(&node, &owner, &old, 1).await;
    assert!(!approval.decided_by_new_account);
    node.open_trail(emergency(&owner, used)).await.unwrap().unwrap();
    let (approval, _) = approved_need(&node, &owner, &two, 2).await;
    assert!(approval.decided_by_new_account, "an administrator made it today");
    let case = case_of(&node, &owner).await;
    let asked = ask(&node, &helper, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    approve(&node, &old, &asked).await.unwrap();
    break_glass(&node, &helper, &case, &asked.approval).await.unwrap();
    let asked = ask(&node, &helper, Act::BreakGlass(glass(&case, &[]))).await.unwrap();
    node.decide_approval(&one, &asked.approval, false).await.unwrap();
    node.exclude_person(&owner, &case, out.person).await.unwrap();
    let lifting = Act::DecideExclusion(ruling(&case, &out, ExclusionRuling::Lifted, &[]));
    let asked = ask(&node, &one, lifting).await.unwrap();
    approve(&node, &two, &asked).await.unwrap();
    lift(&node, &one, &case, &out, &asked.approval).await.unwrap();
    let mut trails = Vec::new();
    for _ in 0..4 {
        trails.push(node.open_trail(NewTrail { by: one.clone(), ..enquiry("shelter-jasen") }).await.unwrap().unwrap());
    }
    let export = |trail, second| {
        let (purpose, scope) = (wire::Purpose::Audit, wire::DisclosureScope::Values);
        Export {
            contact: false,
            by: one.clone(),
            second,
            trail,
            purpose,
            scope,
            nonce: None,
            wait: std::time::Duration::ZERO,
        }
    };
    for trail in &trails[..3] {
        node.export(export(*trail, Second::Nobody)).await.unwrap();
    }
    let asked = node.ask_export(export(trails[3], Second::Nobody), [3; 32], why()).await.unwrap();
    approve(&node, &old, &asked).await.unwrap();
    node.export(export(trails[3], Second::Approval { id: asked.approval, digest: [3; 32] })).await.unwrap();

    let message = wire::CountApprovalsRequest { from: 0, until: 0 };
    let request = call(&auditor, "ApprovalService/CountApprovals", message);
    let counts = inner(Approvals(node.clone()).count_approvals(request).await).unwrap().counts;
    let found = counts.iter().map(|count| {
        let wire::ApprovalCount { asked, approved, refused, used, approved_by_new_account: new, .. } = *count;
        (count.kind(), [asked, approved, refused, used, new])
    });
    let expected = [
        (ApprovalKind::Disclosure, [2, 2, 0, 1, 1]),
        (ApprovalKind::BreakGlass, [2, 1, 1, 1, 0]),
        (ApprovalKind::BulkExport, [1, 1, 0, 1, 0]),
        (ApprovalKind::Exclusion, [1, 1, 0, 1, 1]),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    // A count has no room for a name, and whoever counts sees no approval.
    let message = wire::ListApprovalsRequest { page_size: 0, page_token: String::new(), waiting: false };
    let listed = Approvals(node.clone()).list_approvals(call(&auditor, "ApprovalService/ListApprovals", message)).await;
    assert_eq!(rejected(listed), Some(Rejection::NotPermitted));
}
