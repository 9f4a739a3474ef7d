//! Who is woken: nodes that wake somebody by a program, a mail server and a gateway on this computer.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod channels;
mod failing;
#[path = "../town/mod.rs"]
mod town;

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use town::{BY, Pair, enquiry, pair, reads, reopened, say};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{self, DutyChannel, PhoneAnswer, Role, WarningCode},
};
use uput_node::{
    account::{Account, Caller},
    case::{Case, Exclusion, Ground},
    clock,
    node::Node,
    on_call::{Channels, OnCallConfig, TEXT},
    record,
    storage::{Commit, Position},
};

/// A second after everything that has happened so far.
fn soon() -> Seconds {
    clock::now().after(Span(1))
}

fn minutes(n: u64) -> Seconds {
    soon().after(Span(n * 60))
}

async fn colleague(node: &Node, role: Role) -> Account {
    node.create_account(&BY, Sensitive::new("An Invented Colleague".to_owned()), role, None).await.unwrap().0
}

fn caller(account: &Account) -> Caller {
    let scopes = Arc::new([]);
    Caller { account: account.id, person: account.person, role: account.role, scopes, on_behalf_of: None }
}

fn always(account: &Account, order: u32, channel: DutyChannel, address: &str) -> wire::Duty {
    let weekly = wire::WeeklyDuty { days: (1..=7).collect(), from: 0, until: 1440 };
    wire::Duty {
        account: account.id.to_vec(),
        order,
        when: Some(wire::duty::When::Weekly(weekly)),
        channel: channel.into(),
        address: address.to_owned(),
        ..wire::Duty::default()
    }
}

/// A program that keeps what it is told, and what else it can see, in a folder.
struct Bell {
    folder: TempDir,
    program: PathBuf,
}

impl Bell {
    fn new(then: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("bell");
        let path = folder.path().display();
        let script = format!(
            "#!/bin/sh\nn=0; while [ -e {path}/said$n ]; do n=$((n+1)); done\n{{ cat; echo \"$# $*\"; env | sort; pwd; }} > \
             {path}/tmp$n\nmv {path}/tmp$n {path}/said$n\n{then}\n"
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, program }
    }

    fn channels(&self) -> Channels {
        let text = format!("[command]\nargv = [{:?}, \"-q\"]", self.program.display().to_string());
        configured(&text)
    }

    fn said(&self) -> Vec<String> {
        let file = |n: usize| std::fs::read_to_string(self.folder.path().join(format!("said{n}"))).ok();
        (0..).map_while(file).collect()
    }

    /// The addresses, in order.
    fn rung(&self) -> Vec<String> {
        self.said().iter().map(|said| said.lines().next().unwrap().to_owned()).collect()
    }
}

fn configured(text: &str) -> Channels {
    let config: OnCallConfig = toml::from_str(text).unwrap();
    config.check().unwrap();
    Channels::new(&config).unwrap()
}

/// A shelter with two people on duty.
struct Night {
    pair: Pair,
    first: Account,
    second: Account,
    bell: Bell,
    channels: Channels,
    /// They go on all the time: a letter that is dropped on its way is not sent again.
    carriers: [town::Carrier; 2],
}

async fn night() -> Night {
    failing::keep_log();
    let pair = pair().await;
    let first = colleague(&pair.shelter, Role::CaseWorker).await;
    let second = colleague(&pair.shelter, Role::Supervisor).await;
    let by = caller(&second);
    for (account, order, address) in [(&first, 1, "first floor"), (&second, 2, "second floor")] {
        pair.shelter.set_duty(&by, always(account, order, DutyChannel::Command, address), &[]).await.unwrap();
    }
    let config: OnCallConfig = toml::from_str("[command]\nargv = [\"/bin/true\"]").unwrap();
    pair.shelter.set_on_call(config.settings().unwrap());
    let bell = Bell::new("");
    let channels = bell.channels();
    let carriers = town::Carrier::both(&pair.hotline, &pair.shelter);
    Night { pair, first, second, bell, channels, carriers }
}

impl Night {
    /// An enquiry that arrives.
    async fn asked(&self) -> TrailId {
        let trail = self.pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&self.pair.shelter, &trail, "asked").await;
        trail
    }

    /// Something that the hotline says more.
    async fn says(&self, trail: TrailId, statement: Statement) {
        let event = say(&self.pair.hotline, trail, statement).await.unwrap();
        let has = async || {
            let shown = self.pair.shelter.show(&town::worker(), &trail, false).await.unwrap();
            shown.events.iter().any(|shown| shown.event == event.to_vec())
        };
        town::until(has).await;
    }

    async fn nudge(&self, now: Seconds) -> Option<Seconds> {
        self.pair.shelter.nudge(&self.channels, now).await
    }

    fn check(&self, name: &str, now: Seconds) -> (wire::CheckLevel, String) {
        let check = self.pair.shelter.checks(now).into_iter().find(|check| check.name == name).unwrap();
        (check.level(), check.finding)
    }
}

/// [ONC-40] [ONC-20] [ONC-21] [ONC-43]
#[tokio::test(flavor = "multi_thread")]
async fn an_enquiry_wakes_the_first_then_the_second_until_somebody_answers() {
    let night = night().await;
    assert_eq!(night.nudge(soon()).await, None, "nothing calls");
    let trail = night.asked().await;
    let again = night.nudge(minutes(0)).await.unwrap();
    assert_eq!(night.bell.rung(), ["first floor"]);
    assert!(again <= minutes(10), "the agreement gives less than ten minutes");
    night.nudge(soon()).await;
    assert_eq!(night.bell.rung().len(), 1, "not before the time has come");
    night.nudge(minutes(10)).await;
    night.nudge(minutes(20)).await;
    assert_eq!(night.bell.rung(), ["first floor", "second floor", "first floor"]);
    say(&night.pair.shelter, trail, Statement::Acknowledged).await.unwrap();
    night.nudge(minutes(30)).await;
    night.nudge(minutes(90)).await;
    assert_eq!(night.bell.rung().len(), 3, "somebody has acknowledged it");
}

/// [ONC-10] [ONC-11]
#[tokio::test(flavor = "multi_thread")]
async fn a_nudge_is_the_same_whatever_happened_and_says_nothing_else() {
    let night = night().await;
    let trail = night.asked().await;
    night.nudge(minutes(0)).await;
    say(&night.pair.shelter, trail, Statement::Acknowledged).await.unwrap();
    night.says(trail, Statement::Warned(WarningCode::MayBeSought)).await;
    night.nudge(minutes(5)).await;
    let hold = Statement::Held { until: minutes(600) };
    say(&night.pair.shelter, trail, hold).await.unwrap();
    night.says(trail, Statement::Withdrawn).await;
    night.nudge(minutes(10)).await;
    let said = night.bell.said();
    assert_eq!(said.len(), 3);
    let without_address = |said: &String| said.split_once('\n').unwrap().1.to_owned();
    assert!(said.iter().all(|other| without_address(other) == without_address(&said[0])), "{said:?}");
    // Address, text, arguments, environment (a shell adds its own PWD), folder.
    let mut lines: Vec<&str> = said[0].lines().collect();
    lines.retain(|line| !line.starts_with("PWD=") && !line.starts_with("_=") && !line.starts_with("SHLVL="));
    assert_eq!(lines, ["first floor", TEXT, "1 -q", "PATH=/usr/local/bin:/usr/bin:/bin", "/"]);
}

/// [ONC-21]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_call_stops_it_until_something_else_comes() {
    let night = night().await;
    let trail = night.asked().await;
    night.nudge(minutes(0)).await;
    night.pair.shelter.take_call(&caller(&night.first), &trail).await.unwrap();
    night.nudge(minutes(15)).await;
    // The agreement's time has passed meanwhile, and nobody has acknowledged: that is a new call.
    assert_eq!(night.bell.rung(), ["first floor", "first floor"]);
    let (level, finding) = night.check("telephone", minutes(15));
    assert_eq!((level, finding.as_str()), (wire::CheckLevel::Error, "a trail says: telephone now"));
    night.says(trail, Statement::Warned(WarningCode::MayBeSought)).await;
    say(&night.pair.shelter, trail, Statement::Acknowledged).await.unwrap();
    night.says(trail, Statement::Withdrawn).await;
    night.pair.shelter.take_call(&caller(&night.first), &trail).await.unwrap();
    night.nudge(minutes(40)).await;
    assert_eq!(night.bell.rung().len(), 2, "it was taken, and no time runs any more");
}

/// [ONC-43]
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_it_was() {
    let night = night().await;
    night.asked().await;
    night.nudge(minutes(0)).await;
    let Night { pair, bell, channels, carriers, .. } = night;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    let shelter = reopened(&houses[1]).await;
    shelter.look_at_everything();
    let now = soon();
    assert!(shelter.nudge(&channels, now).await.is_some());
    assert_eq!(bell.rung(), ["first floor"], "the second has to wait for their turn");
    shelter.nudge(&channels, now.after(Span(1200))).await;
    assert_eq!(bell.rung(), ["first floor", "second floor"]);
}

/// [ONC-43] An attempt that only began is made again: twice, and never not at all.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_broken_off_is_made_again() {
    let night = night().await;
    night.asked().await;
    let slow = Bell::new("exec sleep 30");
    let channels = slow.channels();
    {
        let nudging = night.pair.shelter.nudge(&channels, minutes(0));
        tokio::pin!(nudging);
        let told = town::until(|| async { slow.rung().len() == 1 });
        tokio::select! { _ = &mut nudging => panic!("it takes half a minute"), () = told => {} }
    }
    let Night { pair, bell, channels, carriers, .. } = night;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    drop(reopened(&houses[1]).await);
    let storage = houses[1].open_storage();
    let begun = storage.records(Position::new(0)).filter_map(Result::ok);
    let begun: Vec<_> = begun.filter_map(|kept| record::read::<record::NudgeRecord>(&kept)).collect();
    assert_eq!(begun.iter().map(|kept| kept.outcome).collect::<Vec<_>>(), [0], "it is on disk before it is sent");
    drop(storage);
    let shelter = reopened(&houses[1]).await;
    shelter.look_at_everything();
    shelter.nudge(&channels, minutes(0)).await;
    assert_eq!(bell.rung(), ["first floor"]);
}

/// [ONC-60] [ONC-40]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_handed_over_is_tried_with_the_next_and_said() {
    let night = night().await;
    assert_eq!(night.check("on-call", soon()).0, wire::CheckLevel::Ok);
    night.asked().await;
    let broken = Bell::new("exit 1");
    night.pair.shelter.nudge(&broken.channels(), minutes(0)).await;
    night.pair.shelter.nudge(&broken.channels(), minutes(0)).await;
    assert_eq!(broken.rung(), ["first floor", "second floor"], "the next at once");
    let nobody = "something needs a person, and nobody was reached";
    assert_eq!(night.check("on-call", minutes(5)), (wire::CheckLevel::Error, nobody.to_owned()));
    night.nudge(minutes(5)).await;
    assert_eq!(night.bell.rung(), ["first floor"]);
    assert_eq!(night.check("on-call", minutes(5)).0, wire::CheckLevel::Ok);
    for duty in night.pair.shelter.duties() {
        night.pair.shelter.remove_duty(&caller(&night.second), &duty.id.to_vec()).await.unwrap();
    }
    // That nobody is there reads as that nobody answers.
    assert_eq!(night.check("on-call", minutes(5)), (wire::CheckLevel::Error, nobody.to_owned()));
}

/// [ONC-22] [ONC-60]
#[tokio::test(flavor = "multi_thread")]
async fn whom_she_excluded_is_not_woken_for_her_and_the_check_does_not_say_why() {
    let night = night().await;
    let trail = night.asked().await;
    let case = night.pair.shelter.case(&night.pair.shelter.case_of(&trail).unwrap()).unwrap();
    let mut case = Case::clone(&case);
    case.exclusions.insert(night.first.person, Exclusion::new(Ground::ByHand, None, 1));
    let Night { pair, carriers, bell, channels, first, second } = night;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    drop(reopened(&houses[1]).await);
    let storage = houses[1].open_storage();
    let records = vec![record::draft(&case.record(Vec::new(), clock::now()))];
    storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
    drop(storage);
    let shelter = reopened(&houses[1]).await;
    shelter.look_at_everything();
    shelter.nudge(&channels, minutes(0)).await;
    shelter.nudge(&channels, minutes(10)).await;
    assert_eq!(bell.rung(), ["second floor", "second floor"]);
    let duties = shelter.duties().into_iter().filter(|duty| duty.person.as_ref().is_some_and(|by| by.order == 2));
    for duty in duties {
        shelter.remove_duty(&caller(&second), &duty.id.to_vec()).await.unwrap();
    }
    shelter.nudge(&channels, minutes(20)).await;
    assert_eq!(bell.rung().len(), 2, "rather nobody");
    let finding = |checks: Vec<wire::Check>, name: &str| checks.into_iter().find(|check| check.name == name).unwrap();
    let check = finding(shelter.checks(minutes(20)), "on-call");
    assert_eq!(check.finding, "something needs a person, and nobody was reached");
    // The only one on duty knows that the own telephone works, and that it did not ring.
    let theirs = |name: &str| finding(shelter.checks_for(&caller(&first), minutes(20)), name);
    assert_ne!(theirs("on-call").level(), wire::CheckLevel::Error);
    assert_eq!(theirs("telephone").level(), wire::CheckLevel::Ok);
    let hers = |name: &str| finding(shelter.checks_for(&caller(&second), minutes(20)), name);
    assert_eq!(hers("on-call").finding, check.finding);
    assert_eq!(hers("telephone").level(), wire::CheckLevel::Error);
}

/// [ONC-44]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_ahead_when_she_asked_delays_nobody() {
    let night = night().await;
    night.asked().await;
    let earlier = |minute: u64| Seconds::new(clock::now().get() - 7200 + 60 * minute).unwrap();
    night.nudge(earlier(0)).await;
    night.nudge(earlier(1)).await;
    night.nudge(earlier(15)).await;
    assert_eq!(night.bell.rung(), ["first floor", "second floor"]);
}

/// [ONC-42]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_enquiries_rings_seldom() {
    let night = night().await;
    for _ in 0..12 {
        night.asked().await;
    }
    let start = minutes(0);
    for minute in 0..240 {
        night.nudge(start.after(Span(minute * 60))).await;
    }
    let before = night.bell.rung().len();
    assert!((6..=6 + 4).contains(&before), "{before} nudges in four hours");
    let Night { pair, carriers, .. } = night;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    let shelter = reopened(&houses[1]).await;
    shelter.look_at_everything();
    for minute in 240..480 {
        shelter.nudge(&night.channels, start.after(Span(minute * 60))).await;
    }
    let after = night.bell.rung().len();
    assert!((before + 3..=before + 4).contains(&after), "{after} nudges in eight hours: a restart forgets none");
}

/// [ONC-4] [ONC-5]
#[tokio::test(flavor = "multi_thread")]
async fn a_duty_is_of_somebody_who_can_act_and_its_address_goes_with_it() {
    let night = night().await;
    let (shelter, by) = (&night.pair.shelter, caller(&night.second));
    for role in [Role::Administrator, Role::Auditor, Role::Integration] {
        let account = colleague(shelter, role).await;
        let asked = always(&account, 3, DutyChannel::Command, "");
        assert_eq!(shelter.set_duty(&by, asked, &[]).await.err(), Some(Rejection::BadValue));
    }
    let before = shelter.duties();
    let replaced = before[0].id;
    let asked = always(&night.first, 1, DutyChannel::Sms, "+38164000000");
    let made = shelter.set_duty(&by, asked, &replaced.to_vec()).await.unwrap();
    assert_eq!(shelter.duties().len(), 2);
    assert_eq!(shelter.remove_duty(&by, &replaced.to_vec()).await.err(), Some(Rejection::NoSuchDuty));
    let secret = shelter.duties().into_iter().find(|duty| duty.id == made.id).unwrap();
    assert_eq!(secret.person.unwrap().address.expose(), "+38164000000");
    shelter.disable_account(&BY, &night.first.id.to_vec()).await.unwrap();
    assert_eq!(shelter.on_duty(soon()).len(), 1, "who was ended is not called");
    let Night { pair, carriers, .. } = night;
    drop(carriers);
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    let shelter = reopened(&houses[1]).await;
    let kept: Vec<String> =
        shelter.duties().into_iter().filter_map(|duty| duty.person).map(|by| by.address.expose().clone()).collect();
    assert_eq!(kept, ["second floor"], "the other went with the account");
    drop(shelter);
    // No address stands anywhere in the clear, and the keys of the removed ones are gone.
    for file in files(houses[1].path()) {
        let bytes = std::fs::read(&file).unwrap();
        for address in ["first floor", "second floor", "+38164000000"] {
            assert!(!bytes.windows(address.len()).any(|part| part == address.as_bytes()), "{}", file.display());
        }
    }
    let storage = houses[1].open_storage();
    for removed in [replaced, made.id] {
        let gone = storage.trail_keys(&record::duty_key_name(&removed));
        assert!(gone.is_none_or(|keys| keys.value.is_none()));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// [ONC-30] [ONC-31] [STA-28]
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_say_telephone_now_and_what_was_said_by_telephone_is_confirmed() {
    let night = night().await;
    let trail = night.asked().await;
    // The demonstration gives five seconds; both sides look at one clock.
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    let notes = async |node: &Arc<Node>| node.show(&town::worker(), &trail, false).await.unwrap().notes.join("; ");
    assert!(notes(&night.pair.hotline).await.contains("telephone now: they have not acknowledged it"));
    assert!(notes(&night.pair.shelter).await.contains("telephone now: nobody here has acknowledged it"));
    night.pair.hotline.look_at_everything();
    night.pair.hotline.nudge(&Channels::default(), soon()).await;
    let call = town::call_as(
        Role::CaseWorker,
        "TrailService/ListTrails",
        wire::ListTrailsRequest { waiting: true, ..Default::default() },
    );
    use uput_core::wire::trail_service_server::TrailService;
    let waiting = uput_node::rpc::Trails(night.pair.hotline.clone()).list_trails(call).await.unwrap().into_inner();
    assert_eq!(waiting.trails.len(), 1, "it waits for the sender: to telephone");

    night.says(trail, Statement::Phoned(PhoneAnswer::Yes)).await;
    let shown = night.pair.shelter.show(&town::worker(), &trail, false).await.unwrap();
    assert_eq!((shown.telephone_due, shown.unconfirmed), (0, 1), "they have spoken");
    assert!(shown.notes.iter().any(|note| note.starts_with("they recorded an answer by telephone: confirm it")));
    let by = say(&night.pair.shelter, trail, Statement::Held { until: minutes(600) }).await.unwrap();
    reads(&night.pair.hotline, &trail, "held").await;
    for node in [&night.pair.hotline, &night.pair.shelter] {
        let shown = node.show(&town::worker(), &trail, false).await.unwrap();
        let phoned = shown.events.iter().find(|event| event.kind == "phoned").unwrap();
        assert_eq!((phoned.telephone.as_str(), phoned.telephone_by.clone()), ("confirmed", by.to_vec()));
        assert_eq!(shown.unconfirmed, 0);
    }
}
