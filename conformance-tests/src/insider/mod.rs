//! What insiders of the receiving organisation can obtain, held against what the rules allow: both sets must be equal.
//!
//! Random cases are made through the real programs. Then each person, with real credentials, tries every method of the
//! service definition at every case there is, also at those that they were never told of, and the operator opens the
//! folder with every key in it. Whatever comes back is searched for what each case alone has: its IDs, its file number and
//! its values. An oracle of its own says from the specification's text who may have what. More than that is a leak;
//! less is a right that somebody does not have.
//!
//! What it cannot show: what somebody learns from how long an answer takes (node/tests has that statistic), from
//! the memory of the running node, or from a program that was exchanged. Somebody who may not call a method at all tries it
//! at three cases only.

mod door;
mod form;
mod obtain;
mod operator;
mod oracle;
mod people;
mod report;
mod schema;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{Pair, Setting, agreement};
use crate::programs::Programs;
use crate::random::Draw;
use door::Door;
use obtain::{Known, Obtained, obtain};
use oracle::{Sight, Who, sight, whole};
use people::Person;
pub use report::Report;
use schema::{Schema, Value};
use world::{Made, Makers};

/// How many cases are made at once.
const AT_ONCE: usize = 12;

/// Runs it: once with values that the node can read, once with values sealed to staff. `progress` hears how many of `cases`
/// were made, and then how many people have tried everything.
///
/// # Errors
/// If the run could not be made; differences stand in the report.
pub async fn run(programs: &Programs, seed: u64, cases: u64, progress: impl Fn(u64)) -> Outcome<Report> {
    let mut report = Report::default();
    let sealed = (cases / 10).max(2);
    for (round, (number, is_sealed)) in [(cases - sealed, false), (sealed, true)].into_iter().enumerate() {
        let before = if round == 0 { 0 } else { cases - sealed };
        let draw = Draw::new(seed).part(round as u64);
        one(programs, &draw, number, is_sealed, &mut report, |made| progress(before + made)).await?;
    }
    Ok(report)
}

async fn one(
    programs: &Programs,
    draw: &Draw,
    number: u64,
    sealed: bool,
    report: &mut Report,
    progress: impl Fn(u64),
) -> Outcome<()> {
    // A node at trace writes more than anybody reads of so many cases.
    let log = if sealed { "trace" } else { "info" };
    let setting = Setting { log, open_wire: false, agreement: source(sealed)? };
    let pair = Pair::found(programs, &setting).await?;
    let side = &pair.shelter;
    let people = Arc::new(people::employ(side).await?);
    people::make_keys(side, &people).await?;
    people::uput(&pair.hotline, &pair.hotline.worker(), &["staff", "create"]).await?;
    let schema = Arc::new(Schema::read()?);
    let makers = makers(&pair, &schema, &people, sealed).await?;
    let mut cases = make(&makers, draw, number, progress).await?;
    makers.join(&mut cases).await?;
    pair.settled().await?;
    // Keys of the way are gathered before they are destroyed.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let known = Arc::new(Known::new(schema, cases));
    report.looked_for(known.shapes());
    let mut all: BTreeMap<Who, Obtained> = BTreeMap::new();
    if sealed {
        for who in [Who::Worker, Who::Colleague, Who::Member, Who::Excluded, Who::ExcludedSupervisor, Who::Supervisor] {
            let Some(person) = people.get(&who) else { continue };
            all.insert(who, opened(&known, side, person).await?);
        }
    }
    for (who, person) in people.iter() {
        let obtained = obtain(&known, person).await?;
        let mine = all.entry(*who).or_default();
        mine.calls += obtained.calls;
        mine.bytes += obtained.bytes;
        for (item, by) in obtained.by {
            mine.take([item].into(), &by);
        }
    }
    let administrator = all.get(&Who::Administrator).map(|all| all.by.clone()).unwrap_or_default();
    all.insert(Who::Operator, operator::obtain(&known, side, administrator).await?);
    report.judge(&known.cases, sealed, &all);
    pair.hotline.stop().await
}

/// The demonstration's agreement; its profiles may ask for sealing.
fn source(sealed: bool) -> Outcome<String> {
    let mut source: toml::Table = toml::from_str(&agreement()?)?;
    if let Some(profiles) = source.get_mut("profile").and_then(toml::Value::as_table_mut) {
        for profile in profiles.iter_mut().filter_map(|(_, profile)| profile.as_table_mut()) {
            profile.insert("staff_only".to_owned(), sealed.into());
        }
    }
    toml::to_string(&source).map_err(|error| Failed::because(error.to_string()))
}

/// Who makes the cases: a team is founded first.
async fn makers(
    pair: &Pair,
    schema: &Arc<Schema>,
    people: &Arc<BTreeMap<Who, Person>>,
    sealed: bool,
) -> Outcome<Makers> {
    let nobody = || Failed::because("nobody works here");
    let supervisor = people.get(&Who::Supervisor).ok_or_else(nobody)?;
    let member = people.get(&Who::Member).ok_or_else(nobody)?;
    let name = [("name", Value::Text("Invented Night Team".to_owned()))];
    let made = supervisor.door.done(schema, "TeamService/CreateTeam", &name).await?;
    let team = schema.get("CreateTeamResponse", &made, "team.team")?.pop().ok_or_else(nobody)?;
    let account = from_hex(&member.account).ok_or_else(nobody)?;
    let content = [("team", Value::Bytes(team.clone())), ("account", Value::Bytes(account))];
    supervisor.door.done(schema, "TeamService/AddTeamMember", &content).await?;
    let access = pair.hotline.access().await?;
    let token = access.request(()).metadata().get("authorization").cloned().ok_or_else(nobody)?;
    Ok(Makers {
        schema: Arc::clone(schema),
        sender: Door { channel: access.channel(), token },
        people: Arc::clone(people),
        team: team.iter().map(|byte| format!("{byte:02x}")).collect(),
        sealed,
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    crate::key_file::from_hex(text)
}

async fn make(makers: &Makers, draw: &Draw, number: u64, progress: impl Fn(u64)) -> Outcome<Vec<Made>> {
    let makers = Arc::new(makers.clone());
    let (mut running, mut made, mut next) = (JoinSet::new(), BTreeMap::new(), 0);
    while (made.len() as u64) < number {
        while running.len() < AT_ONCE && next < number {
            let (makers, draw) = (Arc::clone(&makers), draw.part(next + 100));
            let own = next;
            running.spawn(async move { Ok::<_, Failed>((own, makers.make(draw).await?)) });
            next += 1;
        }
        let Some(ended) = running.join_next().await else { break };
        let (own, case) = ended.map_err(|error| Failed::because(error.to_string()))??;
        made.insert(own, case);
        progress(made.len() as u64);
    }
    Ok(made.into_values().collect())
}

/// What a person's own program opens with the person's staff key.
async fn opened(known: &Known, side: &Organisation, person: &Person) -> Outcome<Obtained> {
    let mut obtained = Obtained::default();
    let rules: Vec<_> = known.cases.iter().map(|made| made.rules.clone()).collect();
    for (number, made) in known.cases.iter().enumerate() {
        let trail: String = made.planted.trail.iter().map(|byte| format!("{byte:02x}")).collect();
        let line = ["referral", "show", &trail, "--values"];
        let (mut well, mut said) = side.uput_as(&person.access, &line).await?;
        if !well && said.pointer("/error/reason").and_then(Json::as_str) == Some("NEEDS_REASON") {
            let line = [&line[..], &["--reason", "supervision"]].concat();
            (well, said) = side.uput_as(&person.access, &line).await?;
        }
        let sees = whole(&rules, number).map_or(Sight::None, |case| sight(person.who, &case));
        let bytes = said.to_string().into_bytes();
        obtained.calls += 1;
        obtained.bytes += bytes.len() as u64;
        // A refusal repeats what was asked for; it was known before.
        if well || sees != Sight::None {
            obtained.take(known.find(&bytes), "uput referral show --values, with the staff key");
        } else if said.pointer("/error/reason").and_then(Json::as_str) != Some("NO_SUCH_TRAIL") {
            obtained.take([(number, oracle::Item::Told)].into(), &format!("uput referral show --values: {said}"));
        }
    }
    Ok(obtained)
}
