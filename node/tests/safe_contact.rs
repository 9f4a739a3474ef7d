//! How to reach her is shown by her way and in her hours, or with a reason that a supervisor hears of.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use tonic::{Response, Status};
use town::{
    CONSENT, Carrier, Pair, call_as, caller_as, enquiry, event, fields, known, pair, reads, request_id, say, somebody,
    take, until, worker,
};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    wire::{
        self, AccessKind, AccessReason, ContactChannel, ContactFit, DisclosureScope, LegalBasis, Purpose, Role,
        UnusualRule, follow_up_service_server::FollowUpService, node_service_server::NodeService,
        trail_service_server::TrailService,
    },
};
use uput_node::{
    access::Why,
    account::AccountId,
    case::CaseId,
    node::{NewEvent, NewTrail, NewValues, Node, Post},
    on_call::OnCallConfig,
    peer::{Contact, Difficulty, Mailroom, Skew},
    rpc::{FollowUps, NodeCalls, Trails},
};

const NAME: &str = "Invented Name";
const NUMBER: &str = "+38269000111";
const CODE_WORD: &str = "the canary dentist";

/// A shelter that was told who she is and how she is reached, in those hours.
struct Told {
    pair: Pair,
    _carriers: [Carrier; 2],
    trail: TrailId,
    case: CaseId,
}

/// Hours by the clock of Belgrade, from now on so many.
fn hours(from: i64, to: i64) -> String {
    let zone = TimeZone::get("Europe/Belgrade").unwrap();
    let at = |hours: i64| (Timestamp::now() + hours.hours()).to_zoned(zone.clone()).strftime("%H:%M").to_string();
    format!("{}/{}", at(from), at(to))
}

async fn told(hours: &str) -> Told {
    let pair = pair().await;
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let config: OnCallConfig = toml::from_str("zone = \"Europe/Belgrade\"").unwrap();
    pair.shelter.set_on_call(config.settings().unwrap());
    let basis = LegalBasis::ExplicitConsent;
    let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let new = NewTrail { stage: 1, basis, fields: need, ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
    reads(&pair.shelter, &trail, "asked").await;
    say(&pair.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&pair.hotline, &trail, "accepted").await;
    let contact = [
        ("name", NAME),
        ("safe_contact_channel", "call"),
        ("safe_contact_telephone", NUMBER),
        ("safe_contact_code_word", CODE_WORD),
        ("safe_contact_hours", hours),
    ];
    disclose(&pair.hotline, trail, Statement::Identity, &contact).await;
    until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 2 }).await;
    let case = pair.shelter.case_of(&trail).unwrap();
    Told { pair, _carriers: carriers, trail, case }
}

async fn disclose(node: &Arc<Node>, trail: TrailId, statement: Statement, list: &[(&str, &str)]) {
    let list = fields(&[&CONSENT[..], list].concat());
    let basis = Some(LegalBasis::ExplicitConsent);
    node.record_event(NewEvent { fields: list, basis, ..event(trail, statement) }).await.unwrap();
}

fn because(code: AccessReason) -> Option<wire::Reason> {
    Some(wire::Reason { code: code.into(), words: String::new() })
}

fn intent(channel: ContactChannel, outside: bool) -> Option<wire::ContactIntent> {
    Some(wire::ContactIntent { channel: channel.into(), outside })
}

/// A trail over the interface, as somebody asks for it.
async fn asked(
    node: &Arc<Node>,
    trail: &TrailId,
    contact: Option<wire::ContactIntent>,
    reason: Option<wire::Reason>,
) -> Result<wire::Trail, Status> {
    let request = wire::GetTrailRequest { trail: trail.to_vec(), values: true, reason, contact };
    let call = call_as(Role::CaseWorker, "TrailService/GetTrail", request);
    Ok(Trails(node.clone()).get_trail(call).await?.into_inner().trail.unwrap())
}

fn values(trail: &wire::Trail) -> BTreeSet<&str> {
    trail.events.iter().flat_map(|event| &event.fields).map(|field| field.value.as_str()).collect()
}

/// Whether somebody is shown her number and the word, and never her name without it being so.
fn shows(trail: &wire::Trail) -> bool {
    let all = values(trail);
    assert!(all.contains(NAME), "the rest is shown as ever");
    assert_eq!(all.contains(NUMBER), all.contains(CODE_WORD));
    all.contains(NUMBER)
}

async fn log(node: &Arc<Node>, case: &CaseId) -> Vec<(AccessKind, AccessReason)> {
    let rows = node.list_accesses(&worker(), case, &Why::default()).await.unwrap();
    rows.iter().map(|row| (row.kind(), row.reason())).filter(|(kind, _)| *kind != AccessKind::LogShown).collect()
}

/// [SAF-2] [SAF-3] [SAF-4] [SAF-7] [SAF-8]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_a_number_outside_her_way_and_hours_without_saying_why() {
    for (window, inside) in [(hours(-1, 2), true), (hours(2, 4), false)] {
        let told = told(&window).await;
        let (shelter, trail) = (&told.pair.shelter, &told.trail);
        let fit = async |contact, reason| {
            let shown = asked(shelter, trail, contact, reason).await.map_err(|status| status.message().to_owned())?;
            Ok::<_, String>((shows(&shown), shown.contact()))
        };
        let called = if inside { (true, ContactFit::Fits) } else { (false, ContactFit::OutsideHours) };
        assert_eq!(fit(None, None).await, Ok((false, ContactFit::NoChannel)));
        assert_eq!(fit(intent(ContactChannel::TextMessage, false), None).await, Ok((false, ContactFit::OtherChannel)));
        assert_eq!(
            fit(intent(ContactChannel::ThroughSender, false), None).await,
            Ok((false, ContactFit::OtherChannel))
        );
        assert_eq!(fit(intent(ContactChannel::Call, false), None).await, Ok(called));
        // A reason alone opens nothing: whoever wants it outside says that they do.
        let emergency = || because(AccessReason::Emergency);
        assert_eq!(fit(intent(ContactChannel::Call, false), emergency()).await, Ok(called));
        let before = log(shelter, &told.case).await;
        for unsaid in [None, because(AccessReason::OwnWork)] {
            let refused = fit(intent(ContactChannel::TextMessage, true), unsaid).await.unwrap_err();
            assert!(refused.contains("say why"), "{refused}");
        }
        assert_eq!(log(shelter, &told.case).await, before, "what was refused was not shown, and is no access");
        let outside = fit(intent(ContactChannel::TextMessage, true), emergency()).await;
        assert_eq!(outside, Ok((true, ContactFit::Outside)));
        assert_eq!(
            log(shelter, &told.case).await.last(),
            Some(&(AccessKind::ContactShownOutside, AccessReason::Emergency))
        );
        let by_her_word =
            log(shelter, &told.case).await.iter().filter(|(kind, _)| *kind == AccessKind::ContactShown).count();
        assert_eq!(by_her_word, if inside { 2 } else { 0 });
        // A supervisor hears of it, and whoever looked is not asked first.
        let supervisor = somebody(AccountId::new([9; 16]), 9, Role::Supervisor);
        known(shelter, &supervisor);
        let heard = shelter.unusual_accesses(&supervisor, 0).findings;
        let found = heard.iter().filter(|finding| finding.rule() == UnusualRule::ContactOutside).collect::<Vec<_>>();
        assert_eq!((found.len(), found[0].reason()), (1, AccessReason::Emergency));
    }
}

/// [SAF-5] [SAF-6]
#[tokio::test(flavor = "multi_thread")]
async fn her_newest_word_rules_and_after_a_warning_or_a_stop_none() {
    let told = told(&hours(-1, 2)).await;
    let (hotline, shelter, trail) = (&told.pair.hotline, &told.pair.shelter, &told.trail);
    let called = async || asked(shelter, trail, intent(ContactChannel::Call, false), None).await.unwrap();
    assert!(shows(&called().await));
    // The old hours were these; now they are others, and the number too.
    let newer = [
        ("safe_contact_channel", "text_message"),
        ("safe_contact_telephone", "+38269000222"),
        ("safe_contact_hours", &hours(-1, 2)),
    ];
    disclose(hotline, *trail, Statement::Corrected, &newer).await;
    until(|| async { called().await.contact() == ContactFit::OtherChannel }).await;
    let texted = asked(shelter, trail, intent(ContactChannel::TextMessage, false), None).await.unwrap();
    assert_eq!(texted.contact(), ContactFit::Fits);
    assert!(
        values(&texted).contains("+38269000222") && !values(&texted).contains(NUMBER),
        "the old number is out of use"
    );
    assert_eq!(texted.events.iter().filter(|event| !event.withheld.is_empty()).count(), 1);
    say(hotline, *trail, Statement::Warned(wire::WarningCode::DoNotContact)).await.unwrap();
    let text =
        async || asked(shelter, trail, intent(ContactChannel::TextMessage, false), None).await.unwrap().contact();
    until(|| async { text().await == ContactFit::Ended }).await;
    disclose(hotline, *trail, Statement::Corrected, &newer).await;
    until(|| async { text().await == ContactFit::Fits }).await;
    say(hotline, *trail, Statement::Withdrawn).await.unwrap();
    until(|| async { text().await == ContactFit::Ended }).await;
    let outside = asked(shelter, trail, intent(ContactChannel::Call, true), because(AccessReason::ClientRequest)).await;
    let outside = outside.unwrap();
    assert!(values(&outside).contains(NUMBER) && outside.contact() == ContactFit::Outside);
}

/// [SAF-8] Where nobody said in which zone the house stands, hours fit nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_know_her_clock_lets_no_hour_fit() {
    let told = told(&hours(-1, 2)).await;
    let ours = asked(&told.pair.hotline, &told.trail, intent(ContactChannel::Call, false), None).await.unwrap();
    assert_eq!((ours.contact(), ours.her_minute), (ContactFit::NoClock, 0));
    assert!(!shows(&ours));
    let theirs = asked(&told.pair.shelter, &told.trail, intent(ContactChannel::Call, false), None).await.unwrap();
    assert!(shows(&theirs) && theirs.her_minute > 0);
}

/// [SAF-8] An hour by a clock that another one speaks against is nobody's hour.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_doubted_lets_no_hour_fit() {
    let told = told(&hours(-1, 2)).await;
    let (shelter, hotline) = (&told.pair.shelter, Post(told.pair.hotline.clone()).organisation());
    let fit = async || {
        let shown = asked(shelter, &told.trail, intent(ContactChannel::Call, false), None).await.unwrap();
        assert_eq!(shows(&shown), shown.contact() == ContactFit::Fits);
        (shown.contact(), shown.her_minute > 0)
    };
    let measured = |ahead| Post(shelter.clone()).contact(&hotline, Contact::Clock(Skew { ahead, bound: 10 }));
    measured(60_000);
    assert_eq!(fit().await, (ContactFit::Fits, true), "a minute is no reason");
    measured(3_600_000);
    assert_eq!(fit().await, (ContactFit::NoClock, false));
    Post(shelter.clone()).contact(&hotline, Contact::Failed(Difficulty::Unreachable));
    assert_eq!(fit().await, (ContactFit::NoClock, false), "that the line is down makes no clock right");
    Post(shelter.clone()).contact(&hotline, Contact::Connected);
    measured(0);
    assert_eq!(fit().await, (ContactFit::Fits, true));
}

/// Every call that carries a value, asked as widely as it can be without naming a way: what it showed.
async fn every_door(told: &Told, contact: Option<wire::ContactIntent>, whole: bool) -> Vec<(&'static str, Vec<u8>)> {
    let node = &told.pair.shelter;
    let (trail, case) = (told.trail.to_vec(), told.case.to_vec());
    let reason = || because(AccessReason::ClientRequest);
    let role = Role::Supervisor;
    let (trails, records) = (Trails(node.clone()), FollowUps(node.clone()));
    let get = wire::GetTrailRequest { trail: trail.clone(), values: true, reason: reason(), contact };
    let got = trails.get_trail(call_as(role, "TrailService/GetTrail", get)).await.unwrap().into_inner();
    let read = wire::GetCaseRecordRequest { case, values: true, reason: reason(), contact };
    let read =
        records.get_case_record(call_as(role, "FollowUpService/GetCaseRecord", read)).await.unwrap().into_inner();
    let export = wire::ExportTrailRequest {
        trail,
        purpose: Purpose::Client.into(),
        scope: DisclosureScope::Values.into(),
        wait_seconds: 1,
        reason: reason(),
        contact: whole,
        ..Default::default()
    };
    let exported = trails.export_trail(call_as(role, "TrailService/ExportTrail", export)).await;
    let exported: Response<wire::ExportTrailResponse> = exported.unwrap();
    vec![
        ("uput.v1.TrailService/GetTrail", prost::Message::encode_to_vec(&got)),
        ("uput.v1.FollowUpService/GetCaseRecord", prost::Message::encode_to_vec(&read)),
        ("uput.v1.TrailService/ExportTrail", exported.into_inner().bundle),
    ]
}

fn holds(bytes: &[u8], value: &str) -> bool {
    bytes.windows(value.len()).any(|window| window == value.as_bytes())
}

/// [SAF-2] [SAF-10] The doors are those that the schema has: a new one fails `doors_that_carry_values_are_known`.
#[tokio::test(flavor = "multi_thread")]
async fn every_door_that_carries_a_value_withholds_how_to_reach_her() {
    let told = told(&hours(-1, 2)).await;
    let taken = NewValues {
        knowingly: Vec::new(),
        label_words: Vec::new(),
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case: told.case,
        fields: fields(&[("home_address", "An invented street 7")]),
        taken: vec![(
            told.trail,
            ["name", "safe_contact_channel", "safe_contact_telephone", "safe_contact_code_word"]
                .map(|label| uput_core::catalogue::Label::parse(label).unwrap())
                .to_vec(),
        )],
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
    };
    told.pair.shelter.update_case_record(taken).await.unwrap();
    let doors: Vec<&str> = include_str!("../../specs/safe-contact-doors.txt").lines().collect();
    let asked = every_door(&told, None, false).await;
    assert_eq!(asked.iter().map(|(door, _)| *door).collect::<BTreeSet<_>>(), doors.into_iter().collect());
    for (door, bytes) in asked {
        assert!(holds(&bytes, NAME), "{door} shows the rest");
        for value in [NUMBER, CODE_WORD, "An invented street 7"] {
            assert!(!holds(&bytes, value), "{door} shows {value}");
        }
    }
    // The control: asked for so, each of them shows it, and each is on record.
    for (door, bytes) in every_door(&told, intent(ContactChannel::Unspecified, true), true).await {
        assert!(holds(&bytes, NUMBER) && holds(&bytes, CODE_WORD), "{door}");
    }
    let log = log(&told.pair.shelter, &told.case).await;
    let of = |kind| log.iter().filter(|(known, _)| *known == kind).count();
    assert_eq!((of(AccessKind::ContactShownOutside), of(AccessKind::ContactExported)), (2, 1));
    assert_eq!(of(AccessKind::ValuesExported), 1);
}

/// Puts what a trail told of how she is reached into the record of its case.
async fn take_over(told: &Told) {
    let labels = ["name", "safe_contact_channel", "safe_contact_telephone", "safe_contact_code_word"];
    let taken = NewValues {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case: told.case,
        fields: Vec::new(),
        knowingly: Vec::new(),
        taken: vec![(told.trail, labels.map(|label| uput_core::catalogue::Label::parse(label).unwrap()).to_vec())],
        removed: Vec::new(),
        words: None,
        label_words: Vec::new(),
        marks: Vec::new(),
    };
    told.pair.shelter.update_case_record(taken).await.unwrap();
}

/// [SAF-20] The record of a case is no way around what the trail says.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_into_the_record_is_withheld_when_its_trail_is_over_or_says_otherwise() {
    let told = told(&hours(-1, 2)).await;
    let (hotline, shelter, trail) = (&told.pair.hotline, &told.pair.shelter, &told.trail);
    take_over(&told).await;
    let read = async |outside: bool| {
        let reason = outside.then(|| because(AccessReason::Emergency)).flatten();
        let contact = intent(ContactChannel::Call, outside);
        let get = wire::GetCaseRecordRequest { case: told.case.to_vec(), values: true, reason, contact };
        let call = call_as(Role::CaseWorker, "FollowUpService/GetCaseRecord", get);
        let record = FollowUps(shelter.clone()).get_case_record(call).await.unwrap().into_inner().record.unwrap();
        let has = |value: &str| record.fields.iter().any(|field| field.value == value);
        assert!(has(NAME), "the rest is shown as ever");
        (record.contact(), has(NUMBER), has(CODE_WORD))
    };
    assert_eq!(read(false).await, (ContactFit::Fits, true, true));
    disclose(hotline, *trail, Statement::Corrected, &[("safe_contact_telephone", "+38269000222")]).await;
    until(|| async { !read(false).await.1 }).await;
    assert_eq!(read(false).await, (ContactFit::Fits, false, true), "the trail has a newer number");
    say(hotline, *trail, Statement::Withdrawn).await.unwrap();
    reads(shelter, trail, "withdrawn").await;
    assert_eq!(read(false).await, (ContactFit::Ended, false, false));
    // Asked for outside that, it is shown, and a supervisor hears of it.
    assert_eq!(read(true).await, (ContactFit::Outside, true, true));
    assert!(log(shelter, &told.case).await.contains(&(AccessKind::ContactShownOutside, AccessReason::Emergency)));
}

/// [SAF-10] The archive is no reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_her_number_needs_a_reason_of_its_own() {
    let told = told(&hours(-1, 2)).await;
    let export = |contact| uput_node::node::Export {
        contact,
        by: caller_as(Role::Supervisor),
        second: uput_node::node::Second::Nobody,
        trail: told.trail,
        purpose: Purpose::Archive,
        scope: DisclosureScope::Values,
        nonce: None,
        wait: Duration::ZERO,
    };
    assert_eq!(told.pair.shelter.export(export(true)).await.err(), Some(Rejection::NeedsReason));
    let (bundle, _) = told.pair.shelter.export(export(false)).await.unwrap();
    assert!(holds(&bundle, NAME) && !holds(&bundle, NUMBER));
}

/// [BAS-47] The hotline's people live by the clock of Belgrade; nobody said by which those of the shelter do.
#[tokio::test(flavor = "multi_thread")]
async fn a_last_day_that_is_sent_names_the_clock_by_which_it_ends() {
    let sent = async |pair: &Pair| {
        let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
        let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
        let new = NewTrail { stage: 1, basis: LegalBasis::ExplicitConsent, fields: need, ..enquiry("shelter-jasen") };
        let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        take(&pair.shelter, &trail).await;
        let shown = asked(&pair.shelter, &trail, None, None).await.unwrap();
        let fields: Vec<wire::Field> = shown.events.into_iter().flat_map(|event| event.fields).collect();
        fields.into_iter().find(|field| field.label == "consent_until").unwrap().value
    };
    assert_eq!(sent(&pair().await).await, "2099-12-31", "nobody said by which clock");
    let pair = pair().await;
    let config: OnCallConfig = toml::from_str("zone = \"Europe/Belgrade\"").unwrap();
    pair.hotline.set_on_call(config.settings().unwrap());
    assert_eq!(sent(&pair).await, "2099-12-31+01:00");
}

/// [TIM-94]
#[tokio::test(flavor = "multi_thread")]
async fn the_zone_of_people_is_named_where_somebody_said_it() {
    let pair = pair().await;
    let named = async |node: &Arc<Node>| {
        let calls = NodeCalls { node: node.clone(), peer_address: String::new() };
        let call = call_as(Role::CaseWorker, "NodeService/GetNode", wire::GetNodeRequest {});
        calls.get_node(call).await.unwrap().into_inner().zone
    };
    let config: OnCallConfig = toml::from_str("zone = \"Europe/Belgrade\"").unwrap();
    pair.hotline.set_on_call(config.settings().unwrap());
    assert_eq!(named(&pair.hotline).await, "Europe/Belgrade");
    assert_eq!(named(&pair.shelter).await, "", "nobody said it there");
}
