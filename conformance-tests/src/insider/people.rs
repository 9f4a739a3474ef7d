//! The people and the machine of the receiving organisation, each with an access file of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tonic::metadata::{Ascii, MetadataValue};

use super::door::Door;
use super::oracle::Who;
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;

/// A person, or a machine.
pub(super) struct Person {
    pub(super) who: Who,
    /// Column of specs/roles.tsv.
    pub(super) role: &'static str,
    /// Account ID in hexadecimal; empty where no case is given to them by it.
    pub(super) account: String,
    /// The access file.
    pub(super) access: PathBuf,
    /// The way in.
    pub(super) door: Door,
}

/// Name, role and who that is.
const STAFF: [(Who, &str, &str); 8] = [
    (Who::Worker, "Radomirka Lipovac", "case-worker"),
    (Who::Colleague, "Tihoslava Brestovac", "case-worker"),
    (Who::Member, "Milorada Jablanovac", "case-worker"),
    (Who::Excluded, "Zvonibrat Kestenovac", "case-worker"),
    (Who::ExcludedSupervisor, "Budislav Orahovac", "supervisor"),
    (Who::Intake, "Stojanka Grabovac", "intake"),
    (Who::Auditor, "Desimirka Bukovac", "auditor"),
    (Who::Machine, "Brezovac Console", "integration"),
];
/// What the machine may: to read, and nothing else.
const SCOPES: [&str; 7] = ["status", "directory", "trails", "values", "export", "export-values", "record"];

/// What she would have written down about that person.
pub(super) fn name_of(who: Who) -> &'static str {
    STAFF.iter().find(|(known, _, _)| *known == who).map_or("", |(_, name, _)| name)
}

/// Makes their accounts. The supervisor is whoever works there anyway, the administrator whoever founded it.
pub(super) async fn employ(side: &Organisation) -> Outcome<BTreeMap<Who, Person>> {
    let mut people = BTreeMap::new();
    let channel = side.access().await?.channel();
    let door = |access: &Path| Ok::<_, Failed>(Door { channel: channel.clone(), token: token(access)? });
    for (who, name, role) in STAFF {
        let file = side.home().join("name.txt");
        std::fs::write(&file, name)?;
        let file_name = file.display().to_string();
        let made = side.uput_done(&["account", "create", "--role", role, "--name-file", &file_name]).await?;
        std::fs::remove_file(file)?;
        let account = made.pointer("/account/account").and_then(Value::as_str).unwrap_or_default().to_owned();
        let access = side.home().join(format!("{who:?}.toml"));
        let to = access.display().to_string();
        let mut line = vec!["account", "token", &account, "--to", &to];
        if who == Who::Machine {
            SCOPES.iter().for_each(|scope| line.extend(["--scope", scope]));
        }
        side.uput_done(&line).await?;
        let column = if role == "case-worker" { "case_worker" } else { role };
        let door = door(&access)?;
        people.insert(who, Person { who, role: column, account, access, door });
    }
    let access = side.worker();
    let door_of = door(&access)?;
    let who = Who::Supervisor;
    people.insert(who, Person { who, role: "supervisor", account: String::new(), access, door: door_of });
    let access = side.folder().join("api.toml");
    let door_of = door(&access)?;
    let who = Who::Administrator;
    people.insert(who, Person { who, role: "administrator", account: String::new(), access, door: door_of });
    Ok(people)
}

/// Everybody who reads values makes a staff key; it is compared. The supervisor's is the first.
pub(super) async fn make_keys(side: &Organisation, people: &BTreeMap<Who, Person>) -> Outcome<()> {
    let supervisor = side.worker();
    uput(side, &supervisor, &["staff", "create"]).await?;
    for who in [Who::Worker, Who::Colleague, Who::Member, Who::Excluded, Who::ExcludedSupervisor] {
        let Some(person) = people.get(&who) else { continue };
        let made = uput(side, &person.access, &["staff", "create"]).await?;
        let key = made.pointer("/key/key").and_then(Value::as_str).and_then(|key| key.get(..32)).unwrap_or_default();
        uput(side, &supervisor, &["staff", "confirm", key]).await?;
    }
    Ok(())
}

/// Demands that a command is done.
pub(super) async fn uput(side: &Organisation, access: &Path, arguments: &[&str]) -> Outcome<Value> {
    let (well, said) = side.uput_as(access, arguments).await?;
    if well { Ok(said) } else { Err(Failed::because(format!("uput {arguments:?}: {said}"))) }
}

fn token(access: &Path) -> Outcome<MetadataValue<Ascii>> {
    let file: toml::Table = toml::from_str(&std::fs::read_to_string(access)?)?;
    let token = file.get("token").and_then(toml::Value::as_str).unwrap_or_default();
    let mut value = MetadataValue::try_from(format!("Bearer {token}"));
    if let Ok(value) = &mut value {
        value.set_sensitive(true);
    }
    value.map_err(|_| Failed::because("the token cannot be sent"))
}
