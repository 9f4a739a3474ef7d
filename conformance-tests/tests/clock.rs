//! Nodes whose wall clock is years off: nothing crashes, no emergency is turned away, and people are told.
//!
//! `uputd` has no clock that can be set. The C library's own is replaced in its process, which needs a C compiler: the
//! linker that Rust uses is one. Where it cannot be had, a line says what was not tested.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use uput_conformance::alone::skip;
use uput_conformance::failed::Outcome;
use uput_conformance::minute;
use uput_conformance::organisation::Organisation;
use uput_conformance::pair::{HOTLINE, Pair, SHELTER, Setting, agreement, until};
use uput_conformance::programs::Programs;
use uput_conformance::random::Draw;
use uput_conformance::referral::{CONSENT, Request, fields, main_path, shown, taken};
use uput_wire::v1 as wire;
use wire::statement::Kind;

/// About a year.
const YEAR: i64 = 31_557_600;
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clock/wrong.c");

/// What makes clocks wrong.
struct Wrong {
    library: PathBuf,
    _folder: TempDir,
}

impl Wrong {
    /// None, with a line that says so, if there is no C compiler.
    fn make(test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("wrong.so");
        let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(SOURCE).output();
        let reason = match made {
            Ok(output) if output.status.success() => return Some(Self { library, _folder: folder }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skip(test, &format!("no C compiler makes a wrong clock here: {reason}")).unwrap();
        None
    }

    /// Starts a node whose clock is wrong by so many seconds, and makes sure that it is.
    async fn start(&self, node: &Organisation, offset: i64) -> Outcome<()> {
        let preload = ("LD_PRELOAD", self.library.as_os_str());
        node.start_with(&[preload, ("UPUT_CLOCK_OFFSET", OsStr::new(&offset.to_string()))]).await?;
        if offset > 0 {
            // [ACC-9] By that clock the worker's token has ended; the administrator's first one does not end.
            node.employ_anew().await?;
        }
        let difference = node.uput_done(&["node", "status"]).await?["clock_difference_seconds"].as_u64().unwrap();
        assert!(difference.abs_diff(offset.unsigned_abs()) < 3600, "the clock is wrong by {difference} s only");
        Ok(())
    }
}

/// The shelter's node starts again with another clock.
async fn pair_with_wrong_shelter(wrong: &Wrong, offset: i64) -> Outcome<Pair> {
    let setting = Setting { log: "info", open_wire: false, agreement: agreement()? };
    let pair = Pair::found(&Programs::find()?, &setting).await?;
    pair.settled().await?;
    pair.shelter.stop().await?;
    wrong.start(&pair.shelter, offset).await?;
    Ok(pair)
}

async fn arrives(node: &Organisation, trail: &[u8], event: &[u8]) -> Outcome<()> {
    until("an event arrives", || async {
        let seen = shown(node, trail, false).await?;
        Ok(seen.is_some_and(|trail| trail.events.iter().any(|seen| seen.event == event)))
    })
    .await
}

/// Danger to life, told to whoever can help, in one message.
fn emergency(draw: &mut Draw) -> Request {
    let soon = minute::from_now(20 * 60 * 60);
    let said = [
        ("danger", "life"),
        ("basis_until", &soon),
        ("review_by", &soon),
        ("name", "Invented Name"),
        ("current_location", "An invented street 7"),
    ];
    Request::Open(wire::OpenTrailRequest {
        request_id: draw.request_id(),
        peer: SHELTER.to_owned(),
        act: wire::Act::Notification.into(),
        service_type: wire::ServiceType::SocialWork.into(),
        stage: 2,
        basis: wire::LegalBasis::VitalInterests.into(),
        fields: fields(&said),
        ..Default::default()
    })
}

/// A whole referral and an emergency to a node whose clock is wrong, and no event of either is refused or void.
async fn everything_goes_on(pair: &Pair) -> Outcome<()> {
    let mut draw = Draw::new(11);
    let opening = Request::enquiry(draw.request_id());
    let trail = opening.ask(&pair.hotline).await?.value;
    let (mut last, mut speaker) = (trail.clone(), &pair.hotline);
    for (side, kind, said) in main_path() {
        let node = side.of(pair);
        if !std::ptr::eq(node, speaker) {
            arrives(node, &trail, &last).await?;
        }
        last = Request::event(draw.request_id(), &trail, kind, said).ask(node).await?.value;
        speaker = node;
    }
    pair.settled().await?;
    for node in pair.both() {
        let seen = shown(node, &trail, false).await?.unwrap();
        assert_eq!(seen.headline, "closed");
        assert!(seen.events.iter().all(|event| event.void_reason.is_empty() && event.stripped.is_empty()));
    }
    let urgent = emergency(&mut draw).approved(&pair.hotline).await?.ask(&pair.hotline).await?.value;
    arrives(&pair.shelter, &urgent, &urgent).await?;
    taken(&pair.shelter, &urgent).await?;
    let seen = shown(&pair.shelter, &urgent, true).await?.unwrap();
    let name = seen.events[0].fields.iter().find(|field| field.label == "name").unwrap();
    assert_eq!((seen.events[0].void_reason.as_str(), name.value.as_str()), ("", "Invented Name"));
    let acknowledged = Request::event(draw.request_id(), &urgent, Kind::Acknowledged(wire::Acknowledged {}), &[]);
    acknowledged.ask(&pair.shelter).await?;
    pair.settled().await
}

/// Of the referral: how many events of each side a node says to be from the future, its own and the other's.
async fn from_the_future(node: &Organisation) -> Outcome<[usize; 2]> {
    let mut found = [0, 0];
    for outline in node.uput_done(&["inbox", "--all"]).await?["trails"].as_array().unwrap() {
        let shown = node.uput_done(&["trail", "show", outline["trail"].as_str().unwrap()]).await?;
        for event in shown["trail"]["events"].as_array().unwrap() {
            let flagged = event["findings"].as_array().unwrap().contains(&"from_the_future".into());
            found[usize::from(event["ours"] == false)] += usize::from(flagged);
        }
    }
    Ok(found)
}

/// What `uput node doctor` says of one thing, and its exit code.
async fn doctor(node: &Organisation, name: &str) -> Outcome<(String, i32)> {
    let ended = node.uput(&["node", "doctor"]).await?;
    let said: Value = serde_json::from_slice(&ended.stdout)?;
    let check = said["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap();
    Ok((check["level"].as_str().unwrap().to_owned(), ended.status.code().unwrap()))
}

/// How many seconds ahead a node says that the other one's clock is.
async fn measured(node: &Organisation) -> Outcome<i64> {
    let peers = node.uput_done(&["peer", "list"]).await?;
    let peer = &peers["peers"][0];
    assert_eq!(peer["clock_off"], true, "{peer}");
    Ok(peer["clock_ahead_milliseconds"].as_i64().unwrap() / 1000)
}

/// An opening by a node whose own clock is not asked.
async fn opens(node: &Organisation, service: &str) -> Outcome<()> {
    let file = node.home().join("consent.toml");
    std::fs::write(&file, consent())?;
    let words = ["referral", "send", HOTLINE, "--service", service, "--basis", "explicit-consent", "--fields"];
    let said = node.uput_done(&[&words[..], &[path(&file).as_str()]].concat()).await?;
    assert_eq!(said["trail"].as_str().map(str::len), Some(64), "{said}");
    Ok(())
}

fn consent() -> String {
    CONSENT.iter().map(|(label, value)| format!("{label} = \"{value}\"\n")).collect()
}

/// An opening by a node whose clock is outside the agreement: refused here, with its reason. [AGR-20]
async fn opens_nothing(node: &Organisation) -> Outcome<()> {
    let file = node.home().join("fields.toml");
    std::fs::write(&file, consent())?;
    let words = ["referral", "send", HOTLINE, "--service", "psychosocial", "--basis", "explicit-consent", "--fields"];
    let ended = node.uput(&[&words[..], &[path(&file).as_str()]].concat()).await?;
    let said: Value = serde_json::from_slice(&ended.stdout)?;
    assert_eq!((&said["exit_code"], &said["error"]["reason"]), (&1.into(), &"AGREEMENT_NOT_IN_FORCE".into()), "{said}");
    Ok(())
}

fn path(file: &Path) -> String {
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_whose_clock_is_years_behind_turns_nobody_away() {
    // [EVT-10] [EVT-25] [API-26]
    let Some(wrong) = Wrong::make("a_receiver_whose_clock_is_years_behind_turns_nobody_away") else { return };
    let pair = pair_with_wrong_shelter(&wrong, -20 * YEAR).await.unwrap();
    everything_goes_on(&pair).await.unwrap();
    // [TIM-42] The shelter does not ask a clock that is certainly wrong: nothing seems to come from the future.
    assert_eq!(from_the_future(&pair.shelter).await.unwrap(), [0, 0]);
    assert_eq!(from_the_future(&pair.hotline).await.unwrap(), [0, 0]);
    assert_eq!(doctor(&pair.shelter, "clock").await.unwrap(), ("error".to_owned(), 1));
    // [TIM-40] [TIM-41] Each sees how far the other is off; one clock alone proves nothing.
    assert_eq!(doctor(&pair.hotline, "clock").await.unwrap(), ("warning".to_owned(), 0));
    let apart = [measured(&pair.hotline).await.unwrap(), measured(&pair.shelter).await.unwrap()];
    for (ahead, sign) in apart.into_iter().zip([-1, 1]) {
        assert!((ahead - sign * 20 * YEAR).abs() < 60, "{apart:?}");
    }
    // [TIM-42] And it refuses no emergency of its own.
    opens(&pair.shelter, "psychosocial").await.unwrap();
    // The battery is replaced.
    pair.shelter.stop().await.unwrap();
    pair.shelter.start().await.unwrap();
    // What it opened waits for an answer; the clock is right.
    assert_eq!(doctor(&pair.shelter, "clock").await.unwrap().0, "ok");
    everything_goes_on(&pair).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_says_whose_clock_is_years_ahead_is_taken_and_flagged() {
    // [EVT-10] [EVT-25]
    let Some(wrong) = Wrong::make("what_a_node_says_whose_clock_is_years_ahead_is_taken_and_flagged") else { return };
    let pair = pair_with_wrong_shelter(&wrong, 80 * YEAR).await.unwrap();
    everything_goes_on(&pair).await.unwrap();
    let [own, others] = from_the_future(&pair.hotline).await.unwrap();
    assert!(own == 0 && others >= 6, "{own} {others}");
    assert_eq!(from_the_future(&pair.shelter).await.unwrap(), [0, 0]);
    // [TIM-41] That its clock is wrong it can only suspect, and says what it sees: its key record has ended.
    assert_eq!(doctor(&pair.shelter, "clock").await.unwrap().0, "warning");
    assert_eq!(doctor(&pair.shelter, "key-record").await.unwrap(), ("error".to_owned(), 1));
    opens_nothing(&pair.shelter).await.unwrap();
}

/// Whether one case of a node holds both trails.
async fn are_one_case(node: &Organisation, one: &str, other: &str) -> Outcome<bool> {
    let cases = node.uput_done(&["case", "list"]).await?;
    let holds = |case: &Value, id: &str| case["trails"].as_array().unwrap().iter().any(|trail| trail == id);
    Ok(cases["cases"].as_array().unwrap().iter().any(|case| holds(case, one) && holds(case, other)))
}

/// How the list says that the next body is to be asked in a trail.
async fn next_body(node: &Organisation, trail: &str) -> Outcome<Value> {
    let listed = node.uput_done(&["inbox", "--all"]).await?;
    let row = listed["trails"].as_array().unwrap().iter().find(|row| row["trail"] == trail).unwrap();
    Ok(row["escalation"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_does_not_come_is_asked_of_the_next_body() {
    // [TIM-20] [TIM-21] [TIM-22] [TIM-23] A night admission: the centre has seven days, and says nothing.
    let Some(wrong) = Wrong::make("a_decision_that_does_not_come_is_asked_of_the_next_body") else { return };
    let setting = Setting { log: "info", open_wire: false, agreement: agreement().unwrap() };
    let pair = Pair::found(&Programs::find().unwrap(), &setting).await.unwrap();
    let mut draw = Draw::new(12);
    let urgent = emergency(&mut draw).approved(&pair.hotline).await.unwrap().ask(&pair.hotline).await.unwrap().value;
    arrives(&pair.shelter, &urgent, &urgent).await.unwrap();
    taken(&pair.shelter, &urgent).await.unwrap();
    let acknowledged = Request::event(draw.request_id(), &urgent, Kind::Acknowledged(wire::Acknowledged {}), &[]);
    acknowledged.ask(&pair.shelter).await.unwrap();
    pair.settled().await.unwrap();
    let hotline = &pair.hotline;
    let urgent: String = urgent.iter().map(|byte| format!("{byte:02x}")).collect();
    // Ten days later.
    hotline.stop().await.unwrap();
    wrong.start(hotline, 10 * 86_400).await.unwrap();
    let next = next_body(hotline, &urgent).await.unwrap();
    assert_eq!(
        (&next["now"], &next["missed"], &next["service"]),
        (&true.into(), &"decision".into(), &"social_work".into())
    );
    let file = hotline.home().join("notice.toml");
    std::fs::write(&file, "client_told = \"told\"\nclient_told_on = \"2026-11-22\"\n").unwrap();
    // What the record of the case has goes along, as far as the profile of that rule has it.
    let record = hotline.home().join("record.toml");
    std::fs::write(&record, "name = \"Invented Name\"\nschooling = \"primary\"\n").unwrap();
    let cases = hotline.uput_done(&["case", "list"]).await.unwrap();
    let case = cases["cases"][0]["case"].as_str().unwrap();
    let written = ["case", "record", case, "--fields", &path(&record), "--reason", "supervision"];
    hotline.uput_done(&written).await.unwrap();
    let file = path(&file);
    let id = draw.request_id();
    let words = ["escalate", &urgent, "--basis", "legal-duty", "--article", "1", "--stage", "2", "--fields", &file];
    let words = [&words[..], &["--request-id", &id, "--reason", "supervision"]].concat();
    let dry = hotline.uput_done(&[&words[..], &["--dry-run"]].concat()).await.unwrap();
    assert_eq!((&dry["trail"], &dry["event"]), (&Value::Null, &Value::Null), "{dry}");
    let asked = hotline.uput_done(&words).await.unwrap();
    let again = hotline.uput_done(&words).await;
    let trail = asked["trail"].as_str().unwrap().to_owned();
    assert_eq!(asked["carried"], serde_json::json!(["name"]), "not what the profile lacks");
    assert_ne!(trail, urgent);
    assert!(are_one_case(hotline, &urgent, &trail).await.unwrap(), "{asked}");
    let said = hotline.uput_done(&["trail", "show", &urgent, "--reason", "supervision"]).await.unwrap();
    let last = said["trail"]["events"].as_array().unwrap().iter().find(|event| event["kind"] == "escalated").unwrap();
    assert_eq!(
        (&last["code"], &last["event"], &last["void_reason"]),
        (&"social_work".into(), &asked["event"], &Value::Null)
    );
    // The ladder has one step; whoever asks again is told so, and nothing is said twice.
    assert!(again.is_err());
    assert_eq!(next_body(hotline, &urgent).await.unwrap(), Value::Null);
    // The other side sees that somebody else was asked, and not under which trail.
    pair.settled().await.unwrap();
    let seen = pair.shelter.uput_done(&["trail", "show", &urgent]).await.unwrap();
    let shown = seen["trail"]["events"].as_array().unwrap().iter().find(|event| event["kind"] == "escalated").unwrap();
    assert!(!shown.to_string().contains(&trail), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_ends_by_the_clock_of_whoever_made_it() {
    // [TRA-31]
    let Some(wrong) = Wrong::make("an_invitation_ends_by_the_clock_of_whoever_made_it") else { return };
    let programs = Programs::find().unwrap();
    let [inviter, guest] = [
        Organisation::found(&programs, "info", false).await.unwrap(),
        Organisation::found(&programs, "info", false).await.unwrap(),
    ];
    guest.start().await.unwrap();
    inviter.start().await.unwrap();
    let line = inviter.uput_done(&["peer", "invite", "guest"]).await.unwrap();
    let file = guest.home().join("invitation");
    std::fs::write(&file, line["invitation"].as_str().unwrap()).unwrap();
    let file = path(&file);
    let accept = ["peer", "accept", "inviter", "--invitation", file.as_str()];
    // By the inviter's clock it ended twenty years ago.
    inviter.stop().await.unwrap();
    wrong.start(&inviter, 20 * YEAR).await.unwrap();
    let refused: Value = serde_json::from_slice(&guest.uput(&accept).await.unwrap().stdout).unwrap();
    assert_eq!(refused["error"]["reason"], "BAD_INVITATION", "{refused}");
    // The clock is set right, and the guest's is wrong: it does not count.
    inviter.stop().await.unwrap();
    inviter.start().await.unwrap();
    guest.stop().await.unwrap();
    wrong.start(&guest, 20 * YEAR).await.unwrap();
    let peer = guest.uput_done(&accept).await.unwrap();
    assert_eq!(peer["peer"]["state"], "introduced", "{peer}");
}
