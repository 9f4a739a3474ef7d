//! Two invented organisations that may say everything to each other, connected as nodes are.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test harness; each test uses its part"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use uput_core::{
    agreement::compile,
    catalogue::Field,
    envelope::{Envelope, MediaType},
    event::{Decision, Statement},
    id::{AgreementId, EventId, TrailId},
    key::Endpoint,
    time::Seconds,
    wire::{self, Act, LegalBasis, ServiceType},
};
use uput_node::{
    node::{NewTrail, Node, Origin, Post, Second},
    peer::{Limits, Peers},
    shutdown::{self, Stop},
};

use crate::town::{self, BY, CONSENT, House, danger, fields, introduce, say, until, worker};

pub const AGREEMENT: &str = r#"
title = "Everything that two invented organisations can say"
version = 1
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
grain = 1
demonstration = true
article = [{ number = 1, citation = "An invented duty", unverified = true }]
decision = [{ type = "placement", issuers = ["social_work"] }, { type = "guardianship", issuers = ["psychosocial"] }]

[party.hotline]
organisation = "peer:hotline"
name = "Hotline Breza (invented)"
roles = ["hotline"]
services = ["psychosocial"]

[party.house]
organisation = "peer:house"
name = "House Jasen (invented)"
services = ["shelter", "social_work"]

[profile.all]
enquiry = ["agenda", "meeting_when"]
need = ["attended", "decisions_taken", "language", "plan_tasks"]
identity = ["name"]
reply = ["reason_in_words"]

[[rule]]
number = 1
act = "referral"
sender = "hotline"
receiver = "shelter"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "vital_interests", "public_task_decision"]

[[rule]]
number = 2
act = "notification"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[[rule]]
number = 3
act = "transfer"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[[rule]]
number = 4
act = "conference"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[[rule]]
number = 5
act = "transfer"
sender = "hotline"
receiver = "shelter"
profile = "all"
bases = ["explicit_consent"]

[retention]
values = "30 d"
evidence = "3650 d"

[amendment]
threshold = 2
"#;

/// A plan of two tasks: the house's, and her own.
pub const PLAN: (&str, &str) = ("plan_tasks", "1 safety_plan social_work 2099-01-31; 2 monitor herself 2099-02-28");

/// What a conference says in its opening, and minutes of it.
pub const INVITED: [(&str, &str); 2] =
    [("agenda", "care_plan"), ("meeting_when", "2099-01-10T09:00Z/2099-01-10T11:00Z")];
pub const MINUTES: [(&str, &str); 2] = [("attended", "social_work"), ("decisions_taken", "plan_agreed")];

/// Two nodes that speak with each other over TLS.
pub struct Houses {
    pub hotline: Arc<Node>,
    pub house: Arc<Node>,
    pub folders: [House; 2],
    pub agreement: AgreementId,
    line: Line,
}

/// The connections between nodes, until they are closed.
pub struct Line {
    stops: Vec<Stop>,
    peers: Vec<Arc<Peers<Post>>>,
}

impl Line {
    /// Each listens, and dials whom it knows.
    pub fn lay<'a>(sides: impl IntoIterator<Item = (&'a House, &'a Arc<Node>, TcpListener)>) -> Self {
        let mut line = Self { stops: Vec::new(), peers: Vec::new() };
        for (folder, node, listener) in sides {
            let (stop, shutdown) = shutdown::channel();
            let soon = Duration::from_millis(20);
            let limits = Limits { backoff_min: soon, backoff_max: 5 * soon, ..Limits::default() };
            let peers = Peers::new(Arc::new(Post(Arc::clone(node))), &folder.tls_key(), limits, shutdown).unwrap();
            peers.listen(listener);
            peers.refresh();
            line.stops.push(stop);
            line.peers.push(peers);
        }
        line
    }

    pub async fn close(&self) {
        self.stops.iter().for_each(Stop::stop);
        for peers in &self.peers {
            peers.closed().await;
        }
    }
}

pub async fn listener() -> (TcpListener, Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    (listener, endpoint)
}

pub async fn houses() -> Houses {
    let [(near, here), (far, there)] = [listener().await, listener().await];
    let folders = [House::found_at(1, Vec::new(), here).await, House::found_at(2, Vec::new(), there).await];
    let (hotline, house) = (folders[0].open(), folders[1].open());
    introduce(&hotline, "hotline", &house, "house").await;
    let line = Line::lay([(&folders[0], &hotline, near), (&folders[1], &house, far)]);
    let peers = BTreeMap::from([("hotline".to_owned(), folders[0].id), ("house".to_owned(), folders[1].id)]);
    let compiled = compile(AGREEMENT, &peers).unwrap();
    for (folder, node) in folders.iter().zip([&hotline, &house]) {
        let key = folder.organisation_key();
        let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&key]).unwrap();
        node.take_agreement(envelope, Origin::Account(&BY)).await.unwrap();
    }
    let agreement = compiled.agreement.id();
    for node in [&hotline, &house] {
        until(|| async { node.held_agreement(&agreement).is_some_and(|held| held.signed.is_some()) }).await;
    }
    Houses { hotline, house, folders, agreement, line }
}

impl Houses {
    pub async fn settled(&self) {
        let still = || self.hotline.queued().items + self.house.queued().items == 0;
        for _ in 0..3 {
            until(|| async { still() }).await;
        }
    }

    pub async fn say(&self, opener: bool, trail: TrailId, statement: Statement) -> EventId {
        let node = if opener { &self.hotline } else { &self.house };
        let said = say(node, trail, statement).await.unwrap();
        self.settled().await;
        said
    }

    /// The first event of that kind in a trail.
    pub async fn first(&self, trail: TrailId, kind: &str) -> EventId {
        let shown = self.hotline.show(&worker(), &trail, false).await.unwrap();
        let first = shown.events.iter().find(|event| event.kind == kind).unwrap();
        EventId::parse(&first.event).unwrap()
    }

    /// The line between them is cut, for good.
    pub async fn cut(&self) {
        self.line.close().await;
    }

    /// Both nodes stop. What is left is in their folders.
    pub async fn end(self) -> [House; 2] {
        let Self { hotline, house, folders, line, .. } = self;
        line.close().await;
        drop((hotline, house));
        folders
    }
}

pub fn basis_fields(basis: LegalBasis) -> Vec<Field> {
    fields(match basis {
        LegalBasis::ExplicitConsent => &CONSENT,
        LegalBasis::GuardianConsent => &[
            ("guardian_class", "relative"),
            ("guardian_authority", "INV-1"),
            ("child_assent", "assents"),
            ("consent_form", "written"),
            ("consent_language", "sq"),
            ("consent_purpose", "A bed for tonight"),
            ("consent_until", "2099-12-31"),
        ],
        LegalBasis::ChildBestInterests => {
            &[("best_interests_reason", "no_caregiver"), ("authority_informed", "before")]
        }
        LegalBasis::LegalDuty => &[("client_told", "told"), ("client_told_on", "2026-01-01")],
        LegalBasis::VitalInterests => return fields(&danger()),
        LegalBasis::PublicTaskDecision => &[
            ("decision_reference", "1/2026"),
            ("decision_issuer", "An Invented Centre"),
            ("decision_date", "2026-01-01"),
            ("decision_until", "2099-12-31"),
        ],
        _ => &[],
    })
}

pub fn opening(stage: u32, basis: LegalBasis, act: Act) -> NewTrail {
    let label: &[(&str, &str)] = if stage > 0 { &[("language", "sq")] } else { &[] };
    let said: &[(&str, &str)] = if act == Act::Conference { &INVITED } else { &[] };
    NewTrail {
        stays: None,
        knowingly: Vec::new(),
        by: worker(),
        case: None,
        second: Second::Nobody,
        request_id: town::request_id(),
        validate_only: true,
        peer: "house".to_owned(),
        agreement: None,
        act,
        service_type: if act == Act::Referral { ServiceType::Shelter } else { ServiceType::SocialWork },
        stage,
        basis,
        article: u32::from(basis == LegalBasis::LegalDuty),
        fields: [basis_fields(basis), fields(label), fields(said)].concat(),
        expiry: None,
        occurred: None,
        about: None,
        attest: false,
        rests_on: std::collections::BTreeSet::new(),
        begins: None,
        despite_clock: false,
        beside: wire::Beside::Unspecified,
    }
}

pub async fn statement(houses: &Houses, kind: &str, opener: bool, trail: TrailId) -> Statement {
    let decision = |outcome| {
        let kind = if opener { wire::DecisionType::Guardianship } else { wire::DecisionType::Placement };
        Statement::Decision(Decision { kind, outcome, expiry: None, evidence: None })
    };
    let handed_over = |stage| Statement::HandedOver { stage, channel: wire::Channel::Telephone };
    match kind {
        "need" => Statement::Need,
        "identity" => Statement::Identity,
        "corrected" => Statement::Corrected,
        "warned" => Statement::Warned(wire::WarningCode::DoNotContact),
        "handed_over0" => handed_over(0),
        "handed_over1" => handed_over(1),
        "handed_over2" => handed_over(2),
        "phoned" => Statement::Phoned(wire::PhoneAnswer::Yes),
        "phoned_no" => Statement::Phoned(wire::PhoneAnswer::No),
        "chosen_elsewhere" => Statement::ChosenElsewhere,
        "withdrawn" => Statement::Withdrawn,
        "revoked" => Statement::Revoked(wire::RevocationReason::WrongRecipient),
        "closed" => Statement::Closed(wire::ClosureReason::Done),
        "reopened" | "reopened_after_withdrawal" => Statement::Reopened,
        "purge_asked" => Statement::PurgeAsked,
        "transfer_offered" => Statement::TransferOffered,
        "transfer_recalled" => Statement::TransferRecalled,
        "transfer_completed" => Statement::TransferCompleted,
        "decision" => decision(wire::DecisionOutcome::Granted),
        "decision_no" => decision(wire::DecisionOutcome::Refused),
        "acknowledged" => Statement::Acknowledged,
        "held" => Statement::Held { until: Seconds::new(4_000_000_000).unwrap() },
        "accepted" => Statement::Accepted,
        "partly_accepted" => Statement::PartlyAccepted(wire::PartialForm::try_from(1).unwrap()),
        "waitlisted" => Statement::Waitlisted,
        "declined" => Statement::Declined(wire::DeclineReason::try_from(1).unwrap()),
        "redirected" => Statement::Redirected(ServiceType::Police),
        "misdirected" => Statement::Misdirected,
        "contact_made" => Statement::ContactMade,
        "could_not_reach" => Statement::CouldNotReach(wire::NotReachedReason::try_from(1).unwrap()),
        "started" => Statement::Started,
        "provided" => Statement::Provided(wire::Outcome::NeedMet),
        "purged" => Statement::Purged(wire::PurgeManner::Destroyed),
        "retained" => Statement::Retained { article: 1 },
        "transfer_taken" => Statement::TransferTaken(houses.first(trail, "transfer_offered").await),
        "minutes" => Statement::Minutes,
        "plan" => Statement::Plan,
        "task" => {
            let plan = houses.first(trail, "plan").await;
            Statement::Task { plan, number: if opener { 2 } else { 1 }, status: wire::TaskStatus::Done }
        }
        "visited" => Statement::Visited(wire::VisitOutcome::Met),
        "visited_no" => Statement::Visited(wire::VisitOutcome::NobodyThere),
        "escalated" => Statement::Escalated(ServiceType::Oversight),
        other => panic!("no statement for {other}"),
    }
}
