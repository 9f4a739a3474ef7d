//! The people and the machine of the receiving organisation, each with credentials of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tokio::task::JoinSet;
use tonic::metadata::{Ascii, MetadataValue};
use uput_wire::v1 as wire;

use super::door::Door;
use super::oracle::Who;
use super::schema::{Schema, Value};
use crate::failed::{Failed, Outcome};
use crate::key_file::from_hex;
use crate::organisation::Organisation;

/// A person, or a machine.
pub(super) struct Person {
    pub(super) who: Who,
    /// Column of specs/roles.tsv.
    pub(super) role: &'static str,
    /// Account ID; empty where no case is given to them by it.
    pub(super) account: Vec<u8>,
    /// The access file.
    pub(super) access: PathBuf,
    /// The way in.
    pub(super) door: Door,
    /// ID of their staff key; empty: none.
    pub(super) key: Vec<u8>,
}

/// Everybody but the operator, who is the administrator with more than an access file.
pub(super) type People = BTreeMap<Who, Person>;

/// Who that is, their name, role and column.
const STAFF: [(Who, &str, wire::Role, &str); 8] = [
    (Who::Worker, "Radomirka Lipovac", wire::Role::CaseWorker, "case_worker"),
    (Who::Colleague, "Tihoslava Brestovac", wire::Role::CaseWorker, "case_worker"),
    (Who::Member, "Milorada Jablanovac", wire::Role::CaseWorker, "case_worker"),
    (Who::Excluded, "Zvonibrat Kestenovac", wire::Role::CaseWorker, "case_worker"),
    (Who::ExcludedSupervisor, "Budislav Orahovac", wire::Role::Supervisor, "supervisor"),
    (Who::Intake, "Stojanka Grabovac", wire::Role::Intake, "intake"),
    (Who::Auditor, "Desimirka Bukovac", wire::Role::Auditor, "auditor"),
    (Who::Machine, "Brezovac Console", wire::Role::Integration, "integration"),
];
/// What the machine may: all that reads.
const SCOPES: [wire::Scope; 7] = [
    wire::Scope::Status,
    wire::Scope::Directory,
    wire::Scope::Trails,
    wire::Scope::Values,
    wire::Scope::Export,
    wire::Scope::ExportValues,
    wire::Scope::Record,
];
/// Who reads values, and so has a staff key. The first one counts by itself. [STF-6]
pub(super) const READERS: [Who; 6] =
    [Who::Supervisor, Who::Worker, Who::Colleague, Who::Member, Who::Excluded, Who::ExcludedSupervisor];

/// What she would have written down about that person.
pub(super) fn name_of(who: Who) -> &'static str {
    STAFF.iter().find(|(known, ..)| *known == who).map_or("", |(_, name, ..)| name)
}

/// Makes their accounts. The supervisor is whoever works there anyway, the administrator whoever founded it.
pub(super) async fn employ(schema: &Schema, side: &Organisation) -> Outcome<People> {
    let channel = side.access().await?.channel();
    let door = |token: &str| Ok::<_, Failed>(Door { channel: channel.clone(), token: bearer(token)? });
    let mut people = BTreeMap::new();
    let founder = side.folder().join("api.toml");
    for (who, role, access) in
        [(Who::Supervisor, "supervisor", side.worker()), (Who::Administrator, "administrator", founder.clone())]
    {
        let door = door(&token(&access)?)?;
        people.insert(who, Person { who, role, account: Vec::new(), access, door, key: Vec::new() });
    }
    let administrator = door(&token(&founder)?)?;
    for (who, name, role, column) in STAFF {
        let content = [("name", Value::Text(name.to_owned())), ("role", Value::Number(role as u64))];
        let made = administrator.done(schema, "AccountService/CreateAccount", &content).await?;
        let account = schema.get("CreateAccountResponse", &made, "account.account")?.concat();
        let mut content = vec![("account", Value::Bytes(account.clone()))];
        if who == Who::Machine {
            content.push(("scopes", Value::Many(SCOPES.map(|scope| Value::Number(scope as u64)).into())));
        }
        let made = administrator.done(schema, "AccountService/CreateToken", &content).await?;
        let secret =
            String::from_utf8_lossy(&schema.get("CreateTokenResponse", &made, "secret")?.concat()).into_owned();
        let access = side.home().join(format!("{who:?}.toml"));
        write_access(&founder, &access, &secret)?;
        people.insert(who, Person { who, role: column, account, access, door: door(&secret)?, key: Vec::new() });
    }
    Ok(people)
}

/// Everybody who reads values makes a staff key; a supervisor whose key counts has compared it. [STF-5] [STF-6]
pub(super) async fn make_keys(side: &Organisation, people: &mut People) -> Outcome<()> {
    let [first, others @ ..] = READERS;
    let mut making = JoinSet::new();
    let files: BTreeMap<Who, PathBuf> = people.iter().map(|(who, person)| (*who, person.access.clone())).collect();
    let access = |who| files.get(&who).cloned().unwrap_or_default();
    let mut keys = vec![(first, key_of(&uput(side, &access(first), &["staff", "create"]).await?))];
    for who in others {
        let command = side.command_as(&access(who), &["staff", "create"]);
        making.spawn(async move { Ok::<_, Failed>((who, command.await?)) });
    }
    while let Some(made) = making.join_next().await {
        let (who, (well, said)) = made.map_err(|error| Failed::because(error.to_string()))??;
        if !well {
            return Err(Failed::because(format!("uput staff create: {said}")));
        }
        keys.push((who, key_of(&said)));
    }
    for (who, key) in keys {
        if who != first {
            // The program proves that the supervisor holds a key. [STF-6]
            let digits: String = key.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            uput(side, &access(first), &["staff", "confirm", &digits]).await?;
        }
        if let Some(person) = people.get_mut(&who) {
            person.key = key;
        }
    }
    Ok(())
}

fn key_of(said: &Json) -> Vec<u8> {
    said.pointer("/key/key").and_then(Json::as_str).and_then(from_hex).unwrap_or_default()
}

/// Demands that a command is done.
pub(super) async fn uput(side: &Organisation, access: &Path, arguments: &[&str]) -> Outcome<Json> {
    let (well, said) = side.uput_as(access, arguments).await?;
    if well { Ok(said) } else { Err(Failed::because(format!("uput {arguments:?}: {said}"))) }
}

/// The founder's access file with another token.
fn write_access(founder: &Path, to: &Path, secret: &str) -> Outcome<()> {
    let mut file: toml::Table = toml::from_str(&std::fs::read_to_string(founder)?)?;
    file.insert("token".to_owned(), secret.into());
    if let Some(certificate) = file.get("certificate").and_then(toml::Value::as_str) {
        let whole = founder.with_file_name(certificate).display().to_string();
        file.insert("certificate".to_owned(), whole.into());
    }
    let text = toml::to_string(&file).map_err(|error| Failed::because(error.to_string()))?;
    // It is made as the founder's is: readable by its owner alone.
    std::fs::copy(founder, to)?;
    Ok(std::fs::write(to, text)?)
}

fn token(access: &Path) -> Outcome<String> {
    let file: toml::Table = toml::from_str(&std::fs::read_to_string(access)?)?;
    Ok(file.get("token").and_then(toml::Value::as_str).unwrap_or_default().to_owned())
}

fn bearer(token: &str) -> Outcome<MetadataValue<Ascii>> {
    let mut value = MetadataValue::try_from(format!("Bearer {token}"));
    if let Ok(value) = &mut value {
        value.set_sensitive(true);
    }
    value.map_err(|_| Failed::because("the token cannot be sent"))
}
