//! One change in a case, followed to every trail of it: over three organisations, through a crash, and what each learns.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod closed;
#[path = "../town/mod.rs"]
mod town;
mod unlinked;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use town::{
    BY, CONSENT, Carrier, House, agree, broken_off, danger, enquiry, event, fields, introduce, known, reads, reopened,
    request_id, somebody, until, worker,
};
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    safe_contact::Intent,
    sensitive::Sensitive,
    wire::{self, FollowState, LegalBasis, approval_service_server::ApprovalService},
};
use uput_node::{
    access,
    account::{AccountId, By, Caller},
    case::{CaseId, Sight},
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, NewValues, Node, Second, Why},
    record::{self, FollowUpRecord},
    rpc::{Approvals, guard::admitted},
    storage::Commit,
};

const GUARDIAN: [(&str, &str); 7] = [
    ("guardian_class", "appointed_guardian"),
    ("guardian_authority", "UP-1/2026 (invented)"),
    ("child_assent", "assents"),
    ("consent_form", "written"),
    ("consent_language", "sq"),
    ("consent_purpose", "A bed for tonight"),
    ("consent_until", "2099-12-31"),
];
const LAW: [(&str, &str); 2] = [("client_told", "told"), ("client_told_on", "2026-11-22")];
const OLD: [(&str, &str); 2] = [("safe_contact_channel", "call"), ("safe_contact_telephone", "+38269000111")];
const NEW: [(&str, &str); 2] = [("safe_contact_channel", "call"), ("safe_contact_telephone", "+38269000222")];

/// A hotline and three others, and who carries between them.
struct Town {
    hotline: Arc<Node>,
    others: [Arc<Node>; 3],
    houses: [House; 4],
    carriers: Vec<Option<[Carrier; 2]>>,
}

const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];

async fn a_town() -> Town {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let mut carriers = Vec::new();
    for (name, node) in NAMES.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.push(Some(Carrier::both(&nodes[0], node)));
    }
    let parties: Vec<_> =
        NAMES.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree(&parties).await;
    let [hotline, others @ ..] = <[Arc<Node>; 4]>::try_from(nodes).ok().unwrap();
    Town { hotline, others, houses, carriers }
}

impl Town {
    fn cut(&mut self, other: usize) {
        self.carriers[other] = None;
    }

    /// Waits until nothing is on its way: what a carrier that is cut off has in hand is lost.
    async fn quiet(&self) {
        until(|| async { self.others.iter().chain([&self.hotline]).all(|node| node.queued().items == 0) }).await;
    }

    fn connect(&mut self, other: usize) {
        self.carriers[other] = Some(Carrier::both(&self.hotline, &self.others[other]));
    }

    /// A referral to a shelter up to who she is and how she is reached.
    async fn named(
        &self,
        by: &Caller,
        other: usize,
        case: Option<CaseId>,
        basis: LegalBasis,
        of: &[(&str, &str)],
    ) -> TrailId {
        let trail = self.asked(by, other, case, basis, of).await;
        let identity = [of, &OLD[..], &[("name", "Invented Name")]].concat();
        self.disclose(by, trail, basis, &identity).await.unwrap();
        self.reaches(other, trail, 2).await;
        trail
    }

    /// The same up to the need, and accepted.
    async fn asked(
        &self,
        by: &Caller,
        other: usize,
        case: Option<CaseId>,
        basis: LegalBasis,
        of: &[(&str, &str)],
    ) -> TrailId {
        let need = fields(&[of, &[("age_band", "30_59")]].concat());
        let new = NewTrail { by: by.clone(), case, stage: 1, basis, fields: need, ..enquiry(NAMES[other + 1]) };
        let trail = self.hotline.open_trail(new).await.unwrap().unwrap();
        self.reaches(other, trail, 1).await;
        self.others[other].record_event(event(trail, Statement::Accepted)).await.unwrap();
        until(|| async { self.hotline.show(by, &trail, false).await.unwrap().headline == "accepted" }).await;
        trail
    }

    async fn disclose(
        &self,
        by: &Caller,
        trail: TrailId,
        basis: LegalBasis,
        list: &[(&str, &str)],
    ) -> Result<(), Rejection> {
        let new = event(trail, Statement::Identity);
        let new = NewEvent { by: by.clone(), fields: fields(list), basis: Some(basis), ..new };
        self.hotline.record_event(new).await.map(drop).map_err(|refused| refused.rejection())
    }

    /// What the law demands, in one message.
    async fn notified(&self, by: &Caller, case: CaseId) -> TrailId {
        let list = [&LAW[..], &OLD[..], &[("name", "Invented Name"), ("risk_level", "high")]].concat();
        let new = NewTrail {
            by: by.clone(),
            case: Some(case),
            act: wire::Act::Notification,
            service_type: wire::ServiceType::SocialWork,
            stage: 2,
            basis: LegalBasis::LegalDuty,
            article: 1,
            fields: fields(&list),
            ..enquiry("centre")
        };
        let trail = self.hotline.open_trail(new).await.unwrap().unwrap();
        self.reaches(2, trail, 2).await;
        // Somebody there takes it.
        self.others[2].record_event(event(trail, Statement::ContactMade)).await.unwrap();
        until(|| async { self.hotline.show(by, &trail, false).await.unwrap().events.len() > 2 }).await;
        trail
    }

    async fn reaches(&self, other: usize, trail: TrailId, stage: u32) {
        let node = &self.others[other];
        until(|| async { node.show(&worker(), &trail, false).await.is_ok_and(|trail| trail.stage == stage) }).await;
    }

    async fn follow(&self, by: &Caller, case: CaseId, change: NewChange) -> wire::FollowedChange {
        self.hotline.follow_up(new(by, case, change)).await.unwrap()
    }

    async fn list(&self, by: &Caller, case: &CaseId) -> Vec<wire::FollowedChange> {
        self.hotline.list_follow_ups(by, case).await.unwrap()
    }
}

fn new(by: &Caller, case: CaseId, change: NewChange) -> NewFollowUp {
    NewFollowUp {
        by: by.clone(),
        request_id: request_id(),
        validate_only: false,
        case,
        change,
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    }
}

fn contact(list: &[(&str, &str)], lost: bool) -> NewChange {
    NewChange::SafeContact { fields: fields(list), lost }
}

fn step<'a>(change: &'a wire::FollowedChange, trail: &TrailId) -> &'a wire::FollowedTrail {
    change.trails.iter().find(|step| step.trail == trail.to_vec()).unwrap()
}

/// The newest value of a label in a trail as a node shows it.
async fn newest(node: &Arc<Node>, trail: &TrailId, label: &str) -> Option<String> {
    until(|| async { node.show(&worker(), trail, false).await.is_ok() }).await;
    let (intent, why) = to_reach_her();
    let shown = node.show_to_reach(&worker(), trail, true, intent, &why).await.unwrap();
    let all = shown.events.iter().flat_map(|event| &event.fields).filter(|field| field.label == label);
    all.map(|field| field.value.clone()).next_back()
}

/// How a test sees a number whatever she said of it: it is recorded, as everybody's look is. [SAF-7]
fn to_reach_her() -> (Intent, access::Why) {
    let why = access::Why { code: wire::AccessReason::Supervision, ..access::Why::default() };
    (Intent { channel: wire::ContactChannel::Call, outside: true }, why)
}

/// [CAS-50] [CAS-51] [CAS-55] [CAS-57]
#[tokio::test(flavor = "multi_thread")]
async fn a_safe_contact_changes_once_and_whoever_has_not_confirmed_is_shown() {
    let (mut town, by) = (a_town().await, worker());
    let jasen = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&jasen).unwrap();
    let lipa = town.named(&by, 1, Some(case), LegalBasis::GuardianConsent, &GUARDIAN).await;
    let centre = town.notified(&by, case).await;
    let asked = town.asked(&by, 0, Some(case), LegalBasis::ExplicitConsent, &CONSENT).await;
    town.quiet().await;
    // She is in a shelter that is off.
    town.cut(1);
    let check = NewFollowUp { validate_only: true, ..new(&by, case, contact(&NEW, false)) };
    let plan = town.hotline.follow_up(check).await.unwrap();
    assert!(
        plan.trails.iter().filter(|step| step.state() == FollowState::ToBeSaid).count() == 3,
        "nothing is said yet"
    );
    assert!(town.list(&by, &case).await.is_empty());

    let made = town.follow(&by, case, contact(&NEW, false)).await;
    assert!(made.complete && made.trails.len() == 4);
    until(|| async { town.list(&by, &case).await[0].unconfirmed == 1 }).await;
    let [change] = <[wire::FollowedChange; 1]>::try_from(town.list(&by, &case).await).ok().unwrap();
    for (trail, state) in
        [(&jasen, FollowState::Delivered), (&centre, FollowState::Delivered), (&lipa, FollowState::OnItsWay)]
    {
        let step = step(&change, trail);
        assert_eq!((step.state(), step.say.as_slice()), (state, &["corrected".to_owned()][..]));
        assert!(step.said > 0 && step.events.len() == 1 && step.why.is_empty() && step.todo.is_empty());
        assert_eq!(step.delivered > 0, state == FollowState::Delivered);
    }
    let silent = step(&change, &asked);
    assert_eq!((silent.state(), silent.why.as_str()), (FollowState::NothingSaid, "not_told"));
    // Five seconds are the agreement's time. [CAS-56]
    until(|| async { step(&town.list(&by, &case).await[0], &lipa).overdue }).await;

    town.connect(1);
    until(|| async { town.list(&by, &case).await[0].unconfirmed == 0 }).await;
    for (node, trail) in [(&town.others[0], &jasen), (&town.others[1], &lipa), (&town.others[2], &centre)] {
        assert_eq!(newest(node, trail, "safe_contact_telephone").await.as_deref(), Some("+38269000222"));
        let shown = node.show(&worker(), trail, false).await.unwrap();
        assert!(shown.events.iter().all(|event| event.void_reason.is_empty() && event.stripped.is_empty()));
    }
    assert_eq!(newest(&town.others[0], &asked, "safe_contact_telephone").await, None);
    // A person there has written since.
    town.others[2].record_event(event(centre, Statement::Acknowledged)).await.unwrap();
    until(|| async { step(&town.list(&by, &case).await[0], &centre).state() == FollowState::Seen }).await;
    // What rises later gets the current value, without typing it. [CAS-43]
    let mut later = NewEvent {
        fields: fields(&[&CONSENT[..], &[("name", "Invented Name")]].concat()),
        basis: Some(LegalBasis::ExplicitConsent),
        ..event(asked, Statement::Identity)
    };
    let labels = [Label::SafeContactChannel, Label::SafeContactTelephone];
    assert_eq!(town.hotline.say_from_case(&mut later, &labels).await.unwrap(), []);
    town.hotline.record_event(later).await.unwrap();
    town.reaches(0, asked, 2).await;
    assert_eq!(newest(&town.others[0], &asked, "safe_contact_telephone").await.as_deref(), Some("+38269000222"));
}

const NEWER: [(&str, &str); 2] = [("safe_contact_channel", "call"), ("safe_contact_telephone", "+38269000333")];

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

/// [CAS-51] [CAS-52] [CAS-58]
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_goes_where_the_consent_went_and_a_lost_telephone_is_said_first() {
    let (town, by) = (a_town().await, worker());
    let jasen = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&jasen).unwrap();
    let centre = town.notified(&by, case).await;
    let lost = town.follow(&by, case, contact(&[], true)).await;
    for trail in [&jasen, &centre] {
        let step = step(&lost, trail);
        assert_eq!(step.say, ["warned:do_not_contact"], "there is no new one");
        assert_eq!((step.why.as_str(), step.todo.as_str()), ("not_allowed", "telephone"));
    }
    let found = town.follow(&by, case, contact(&NEW, true)).await;
    assert_eq!(step(&found, &jasen).say, ["warned:do_not_contact", "corrected"]);
    assert_eq!(step(&found, &jasen).events.len(), 2);

    let risk = town.follow(&by, case, NewChange::Risk(fields(&[("risk_level", "extreme")]))).await;
    for trail in [&jasen, &centre] {
        assert_eq!(step(&risk, trail).say, ["warned:risk_changed", "corrected"]);
    }
    reads(&town.others[0], &jasen, "accepted").await;
    until(|| async { newest(&town.others[2], &centre, "risk_level").await.as_deref() == Some("extreme") }).await;

    let excluded = NewChange::ExcludedPersons(fields(&[("excluded_persons", "Invented Excluded")]).remove(0));
    let excluded = town.follow(&by, case, excluded).await;
    assert_eq!(step(&excluded, &jasen).say, ["corrected"]);
    until(|| async {
        newest(&town.others[0], &jasen, "excluded_persons").await.as_deref() == Some("Invented Excluded")
    })
    .await;

    let said_by = fields(&[("withdrawal_said_by", "herself")]).remove(0);
    let withdrawn = town.follow(&by, case, NewChange::ConsentWithdrawn(Some(said_by))).await;
    assert_eq!(step(&withdrawn, &jasen).say, ["withdrawn"]);
    assert_eq!((step(&withdrawn, &centre).say.len(), step(&withdrawn, &centre).why.as_str()), (0, "not_of_consent"));
    reads(&town.others[0], &jasen, "withdrawn").await;
    let theirs = town.others[0].show(&worker(), &jasen, false).await.unwrap();
    assert!(theirs.owed > 0, "the purge is owed without being asked for");
    assert!(town.others[2].show(&worker(), &centre, false).await.unwrap().headline == "asked");
    // The newest change stands first; each label is what it was made last.
    let list = town.list(&by, &case).await;
    assert_eq!(list.len(), 5);
    assert!(list.iter().any(|change| change.change == "consent_withdrawn"));
}

/// The other side of the same: what came to us is not ours to correct. [CAS-52]
#[tokio::test(flavor = "multi_thread")]
async fn who_received_is_told_to_telephone() {
    let (town, by) = (a_town().await, worker());
    let trail = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let jasen = &town.others[0];
    let case = jasen.case_of(&trail).unwrap();
    let taken = NewValues {
        knowingly: Vec::new(),
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: Vec::new(),
        taken: vec![(trail, vec![Label::Name, Label::SafeContactTelephone])],
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
        label_words: Vec::new(),
    };
    // [CAS-41] Nothing is typed.
    let (record, replaced) = jasen.update_case_record(taken).await.unwrap();
    assert!(record.fields.len() == 2 && replaced.is_empty());
    assert!(record.fields.iter().all(|field| field.value.is_empty() && field.taken_from == trail.to_vec()));
    let (intent, why) = to_reach_her();
    let shown = jasen.show_case_record_to_reach(&worker(), &case, true, intent, &why).await.unwrap();
    assert!(shown.fields.iter().any(|field| field.value == "+38269000111"));
    let change = jasen.follow_up(new(&worker(), case, contact(&NEW, false))).await.unwrap();
    let step = step(&change, &trail);
    assert_eq!((step.say.len(), step.why.as_str(), step.todo.as_str()), (0, "we_received", "telephone"));
}

/// [CAS-45]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_goes_to_an_organisation_that_she_excluded() {
    let (town, by) = (a_town().await, worker());
    let jasen = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&jasen).unwrap();
    let lipa = town.asked(&by, 1, Some(case), LegalBasis::ExplicitConsent, &CONSENT).await;
    let excluded = NewChange::ExcludedOrganisations(vec!["shelter-lipa".to_owned()]);
    let change = town.follow(&by, case, excluded).await;
    assert_eq!(step(&change, &jasen).why, "another");
    assert_eq!((step(&change, &lipa).why.as_str(), step(&change, &lipa).todo.as_str()), ("open_there", "decide"));
    let identity = [&CONSENT[..], &[("name", "Invented Name")]].concat();
    let refused = town.disclose(&by, lipa, LegalBasis::ExplicitConsent, &identity).await;
    assert_eq!(refused, Err(Rejection::ExcludedOrganisation));
    let again = NewTrail { case: Some(case), ..enquiry("shelter-lipa") };
    let refused = town.hotline.open_trail(again).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ExcludedOrganisation);
    assert!(town.hotline.open_trail(NewTrail { case: Some(case), ..enquiry("shelter-jasen") }).await.is_ok());
    assert!(town.hotline.open_trail(enquiry("shelter-lipa")).await.is_ok(), "it is hers alone");
    // A new contact goes to the others only, and she decides what becomes of the trail there.
    let change = town.follow(&by, case, NewChange::Risk(fields(&[("risk_level", "high")]))).await;
    let there = step(&change, &lipa);
    assert_eq!((there.say.as_slice(), there.todo.as_str()), (&["warned:risk_changed".to_owned()][..], "decide"));
}

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
