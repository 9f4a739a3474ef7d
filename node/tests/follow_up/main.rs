//! One change in a case, followed to every trail of it: over three organisations, through a crash, and what each learns.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod broken_off;
mod closed;
#[path = "../town/mod.rs"]
mod town;
mod two_people;
mod unlinked;

use std::{collections::BTreeMap, sync::Arc};

use town::{CONSENT, Carrier, House, agree, enquiry, event, fields, introduce, reads, request_id, until, worker};
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    safe_contact::Intent,
    wire::{self, FollowState, LegalBasis},
};
use uput_node::{
    access,
    account::Caller,
    case::CaseId,
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, NewValues, Node},
};

const GUARDIAN: [(&str, &str); 7] = [
    ("guardian_class", "appointed_guardian"),
    ("guardian_authority", "UP-1/2026"),
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
    assert_eq!(step(&risk, &centre).say, ["warned:risk_changed", "corrected"]);
    // [CAS-57] The shelter was never told of it, though its profile would let it be told.
    assert_eq!(step(&risk, &jasen).say, ["warned:risk_changed"]);
    assert_eq!((step(&risk, &jasen).why.as_str(), step(&risk, &jasen).todo.as_str()), ("not_allowed", "telephone"));
    let theirs = town.others[0].show(&worker(), &jasen, true).await.unwrap();
    assert!(theirs.events.iter().flat_map(|event| &event.fields).all(|field| !field.label.starts_with("risk_")));
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

/// She ticks for one recipient: what stands in the record as ticked was ticked for another one. [CAS-57]
#[tokio::test(flavor = "multi_thread")]
async fn what_she_ticked_is_never_taken_from_the_record() {
    let (town, by) = (a_town().await, worker());
    let without = town.named(&by, 0, None, LegalBasis::ExplicitConsent, &CONSENT).await;
    let case = town.hotline.case_of(&without).unwrap();
    let ticked = [&CONSENT[..], &[("consent_ticked", "substance_use")]].concat();
    let with = town.named(&by, 1, Some(case), LegalBasis::ExplicitConsent, &ticked).await;
    let record = NewValues {
        knowingly: Vec::new(),
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: fields(&[("consent_ticked", "need_statement")]),
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
        label_words: Vec::new(),
    };
    town.hotline.update_case_record(record).await.unwrap();
    let made = town.follow(&by, case, contact(&NEW, false)).await;
    assert!([&without, &with].iter().all(|trail| step(&made, trail).say == ["corrected"]));
    for (node, trail, tick) in [(&town.others[0], &without, None), (&town.others[1], &with, Some("substance_use"))] {
        until(|| async { newest(node, trail, "safe_contact_telephone").await.as_deref() == Some("+38269000222") })
            .await;
        assert_eq!(newest(node, trail, "consent_ticked").await.as_deref(), tick);
    }
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
