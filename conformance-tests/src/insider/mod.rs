//! What insiders of the receiving organisation can obtain, held against what the rules allow: both sets must be equal.
//!
//! Random cases are made through the real programs. Then each person, with real credentials, tries every method of the
//! service definition at every case there is, also at those that they were never told of, and the operator opens the
//! folder with every key in it. Whatever comes back is searched for what each case alone has: its IDs, its file number and
//! its values. An oracle of its own says from the specification's text who may have what. More than that is a leak;
//! less is a right that somebody does not have. Last, the same is judged by rules with one line that is wrong: each must be
//! found out.
//!
//! What it cannot show: what somebody learns from how long an answer takes (`guess` has that statistic), from the memory of
//! the running node, or from a program that was exchanged. Somebody who may not call a method at all tries it at one case.

mod door;
mod form;
mod known;
mod lie;
mod obtain;
mod open;
mod operator;
mod oracle;
mod people;
mod plan;
mod report;
mod schema;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::failed::{Failed, Outcome};
use crate::pair::{Pair, Setting, agreement};
use crate::programs::Programs;
use crate::random::Draw;
use door::Door;
use known::Known;
use obtain::{Obtained, obtain, obtain_at_last};
use oracle::Who;
use people::People;
use plan::Plan;
pub use report::Report;
use schema::{Schema, Value};
use world::{Made, Makers};

/// How many cases are made at once.
const AT_ONCE: usize = 12;
/// Keys of the way are gathered before they are destroyed. [STF-12]
const GATHERED: std::time::Duration = std::time::Duration::from_secs(3);

/// What a run does.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Decides every choice.
    pub seed: u64,
    /// How many cases.
    pub cases: u64,
    /// At how many of the cases that are not theirs each person tries each act; looks are tried at all.
    pub acts: usize,
}

/// Runs it. `progress` hears how many of [`steps`] were made.
///
/// # Errors
/// If the run could not be made; differences stand in the report.
pub async fn run(programs: &Programs, extent: Extent, progress: impl Fn(u64)) -> Outcome<Report> {
    let setting = Setting { log: "info", open_wire: false, agreement: source()? };
    let pair = Pair::found(programs, &setting).await?;
    let schema = Arc::new(Schema::read()?);
    let mut people = people::employ(&schema, &pair.shelter).await?;
    let hotline = pair.hotline.worker();
    let (ours, theirs) = tokio::join!(
        people::make_keys(&pair.shelter, &mut people),
        people::uput(&pair.hotline, &hotline, &["staff", "create"])
    );
    ours?;
    theirs?;
    let people = Arc::new(people);
    let makers = makers(&pair, &schema, &people).await?;
    let mut cases = make(&makers, extent, &progress).await?;
    makers.join(&mut cases).await?;
    pair.settled().await?;
    tokio::time::sleep(GATHERED).await;
    let known = Arc::new(Known::new(schema, cases));
    let mut all = open::all(&known, &pair.shelter, &people).await?;
    everybody(&known, &people, extent, &mut all, &progress).await?;
    let administrator = all.get(&Who::Administrator).cloned().unwrap_or_default();
    all.insert(Who::Operator, operator::obtain(&known, &pair.shelter, administrator).await?);
    pair.hotline.stop().await?;
    Ok(Report::judge(&known.cases, known.shapes(), &all))
}

/// How many steps a run has: cases that are made, and people who try.
#[must_use]
pub const fn steps(cases: u64) -> u64 {
    cases + 10
}

/// The demonstration's agreement, with one rule more, whose profile asks for sealing to staff.
fn source() -> Outcome<String> {
    let mut source: toml::Table = toml::from_str(&agreement()?)?;
    let more: toml::Table = toml::from_str(
        "[profile.quiet]\nstaff_only = true\nenquiry = ['adults']\nneed = ['age_band', 'language']\n\
         identity = ['name', 'excluded_persons', 'safe_contact_channel', 'safe_contact_code_word']\n\
         reply = ['reason_in_words']\n[[rule]]\nnumber = 6\nact = 'referral'\nsender = 'hotline'\n\
         receiver = 'child_protection'\nprofile = 'quiet'\nbases = ['explicit_consent', 'guardian_consent']\n",
    )?;
    let of = |name: &str| more.get(name).cloned();
    if let (Some(toml::Value::Table(profiles)), Some(toml::Value::Table(quiet))) =
        (source.get_mut("profile"), of("profile"))
    {
        profiles.extend(quiet);
    }
    if let (Some(toml::Value::Array(rules)), Some(toml::Value::Array(rule))) = (source.get_mut("rule"), of("rule")) {
        rules.extend(rule);
    }
    toml::to_string(&source).map_err(|error| Failed::because(error.to_string()))
}

/// Who makes the cases: a team is founded first.
async fn makers(pair: &Pair, schema: &Arc<Schema>, people: &Arc<People>) -> Outcome<Makers> {
    let nobody = || Failed::because("nobody works here");
    let supervisor = people.get(&Who::Supervisor).ok_or_else(nobody)?;
    let member = people.get(&Who::Member).ok_or_else(nobody)?;
    let name = [("name", Value::Text("Invented Night Team".to_owned()))];
    let made = supervisor.door.done(schema, "TeamService/CreateTeam", &name).await?;
    let team = schema.get("CreateTeamResponse", &made, "team.team")?.concat();
    let content = [("team", Value::Bytes(team.clone())), ("account", Value::Bytes(member.account.clone()))];
    supervisor.door.done(schema, "TeamService/AddTeamMember", &content).await?;
    let access = pair.shelter.access().await?;
    let token = access.as_second(()).metadata().get("authorization").cloned().ok_or_else(nobody)?;
    let second = Door { channel: access.channel(), token };
    let access = pair.hotline.access().await?;
    let token = access.request(()).metadata().get("authorization").cloned().ok_or_else(nobody)?;
    Ok(Makers {
        schema: Arc::clone(schema),
        sender: Door { channel: access.channel(), token },
        people: Arc::clone(people),
        second,
        team: team.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

async fn make(makers: &Makers, extent: Extent, progress: &impl Fn(u64)) -> Outcome<Vec<Made>> {
    let (mut running, mut made, mut next) = (JoinSet::new(), BTreeMap::new(), 0);
    while (made.len() as u64) < extent.cases {
        while running.len() < AT_ONCE && next < extent.cases {
            let (makers, mut draw, number) = (makers.clone(), Draw::new(extent.seed).part(next + 100), next);
            let plan = Plan::draw(&mut draw, number);
            let told = format!("case {number}, {plan:?}");
            running.spawn(async move {
                let made = makers.make(plan, draw).await;
                made.map(|made| (number, made)).map_err(|failed| Failed::because(format!("{told}: {failed}")))
            });
            next += 1;
        }
        let Some(ended) = running.join_next().await else { break };
        let (number, case) = ended.map_err(|error| Failed::because(error.to_string()))??;
        made.insert(number, case);
        progress(made.len() as u64);
    }
    Ok(made.into_values().collect())
}

/// Everybody tries everything, all at once; what may change something comes when all have looked.
async fn everybody(
    known: &Arc<Known>,
    people: &Arc<People>,
    extent: Extent,
    all: &mut BTreeMap<Who, Obtained>,
    progress: &impl Fn(u64),
) -> Outcome<()> {
    let mut done = extent.cases;
    for last in [false, true] {
        let mut running = JoinSet::new();
        for who in people.keys().copied() {
            let (known, people) = (Arc::clone(known), Arc::clone(people));
            running.spawn(async move {
                let person = people.get(&who).ok_or_else(|| Failed::because(format!("nobody is {who:?}")))?;
                let obtained =
                    if last { obtain_at_last(&known, person).await } else { obtain(&known, person, extent.acts).await };
                obtained.map(|obtained| (who, obtained))
            });
        }
        while let Some(ended) = running.join_next().await {
            let (who, obtained) = ended.map_err(|error| Failed::because(error.to_string()))??;
            all.entry(who).or_default().join(obtained);
            done += u64::from(!last);
            progress(done);
        }
    }
    Ok(())
}
