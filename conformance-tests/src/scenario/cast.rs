//! A few organisations that all know each other, and play one mechanism after the other.
//!
//! Guarantees that each is a node of its own, and that who plays what is decided by the scenario alone: the first
//! party of an agreement is the first organisation, and so on. One organisation is in many agreements, as in life;
//! agreements never combine, so one scenario cannot lean on another one's rules.

use std::path::PathBuf;

use serde_json::Value as Json;
use tempfile::TempDir;
use toml::{Table, Value};
use uput_wire::v1 as wire;
use wire::agreement_service_client::AgreementServiceClient;
use wire::node_service_client::NodeServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{meet, until};
use crate::programs::Programs;
use crate::scenario::script::Script;

/// As many as the largest mechanism has, with those who are outside of it.
const MEMBERS: usize = 7;

/// The organisations.
pub struct Cast {
    members: Vec<Member>,
    home: TempDir,
}

/// One of them.
pub struct Member {
    /// Its node.
    pub node: Organisation,
    /// Its OrgId, in hexadecimal.
    pub id: String,
    /// The file of its key records.
    keys: PathBuf,
}

/// An agreement that is in force.
pub struct Agreed {
    /// Its ID.
    pub id: Vec<u8>,
    /// What an auditor believes who was given everybody's keys and the agreement by hand.
    pub trust: PathBuf,
    /// The random number that heads must answer.
    pub nonce: Vec<u8>,
}

impl Cast {
    /// Founds them, and lets each meet each.
    ///
    /// # Errors
    /// What a program says.
    pub async fn assemble(programs: &Programs) -> Outcome<Self> {
        let home = tempfile::tempdir()?;
        let mut members = Vec::new();
        for at in 0..MEMBERS {
            let node = Organisation::found(programs, "warn", false).await?;
            node.start().await?;
            let keys = home.path().join(format!("{at}.keys"));
            node.uput_done(&["node", "keys", "--to", &keys.display().to_string()]).await?;
            let id = organisation(&node).await?;
            members.push(Member { node, id, keys });
        }
        let cast = Self { members, home };
        for (at, one) in cast.members.iter().enumerate() {
            for (beside, other) in cast.members.iter().enumerate().skip(at + 1) {
                meet((&one.node, &name(at)), (&other.node, &name(beside))).await?;
            }
        }
        Ok(cast)
    }

    /// Who plays a role: the place of its name among everybody's.
    ///
    /// # Errors
    /// If nobody does.
    pub fn who(&self, everybody: &[String], name: &str) -> Outcome<&Member> {
        let at = everybody.iter().position(|other| other == name);
        let member = at.and_then(|at| self.members.get(at));
        member.ok_or_else(|| Failed::because(format!("nobody plays {name}")))
    }

    /// All of them.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Writes the OrgIds of who plays them into the parties and auditors of an agreement.
    pub(super) fn write_in(&self, script: &Script, agreement: &mut Table) -> Outcome<()> {
        let everybody = script.everybody(agreement)?;
        for list in ["party", "auditor"] {
            let entries = agreement.get_mut(list).and_then(Value::as_table_mut).into_iter().flatten();
            for (name, entry) in entries {
                let id = self.who(&everybody, name)?.id.clone();
                entry.as_table_mut().map(|entry| entry.insert("organisation".to_owned(), Value::String(id)));
            }
        }
        Ok(())
    }

    /// Lets the first propose an agreement and the others sign it, each with its organisation key.
    pub(super) async fn agree(&self, source: &str, parties: &[String]) -> Outcome<Agreed> {
        let file = self.home.path().join("agreement.toml");
        std::fs::write(&file, source)?;
        let mut signers = self.members.iter().take(parties.len());
        let first = &signers.next().ok_or_else(|| Failed::because("an agreement has no parties"))?.node;
        let key = first.key().display().to_string();
        let words = ["agreement", "propose", &file.display().to_string(), "--organisation-key", &key];
        let said = first.uput_done(&words).await?;
        let hex = text(&said, "/agreement/agreement")?;
        let id = bytes(&hex)?;
        for member in signers.clone() {
            let node = &member.node;
            until("the proposal arrives", || async { Ok(status(node, &id).await?.is_some()) }).await?;
            let key = node.key().display().to_string();
            node.uput_done(&["agreement", "sign", &hex, "--organisation-key", &key]).await?;
        }
        for member in self.members.iter().take(parties.len()) {
            until("the agreement is in force", || async {
                Ok(status(&member.node, &id).await?.is_some_and(|held| held.in_force))
            })
            .await?;
        }
        let (trust, nonce) = self.trust(first, &hex, parties.len()).await?;
        Ok(Agreed { id, trust, nonce })
    }

    /// What an agreement says, a sentence for each of its clauses.
    pub(super) async fn sentences(&self, source: &str) -> Outcome<Vec<String>> {
        let file = self.home.path().join("summary.toml");
        std::fs::write(&file, source)?;
        let first = self.members.first().ok_or_else(|| Failed::because("nobody is there"))?;
        let said = first.node.uput_done(&["agreement", "show", &file.display().to_string()]).await?;
        let sentences = said.get("summary").and_then(Json::as_array).into_iter().flatten();
        Ok(sentences.filter_map(Json::as_str).map(str::to_owned).collect())
    }

    async fn trust(&self, holder: &Organisation, agreement: &str, parties: usize) -> Outcome<(PathBuf, Vec<u8>)> {
        let path = |ending: &str| self.home.path().join(format!("{agreement}.{ending}"));
        let (signed, trust) = (path("signed").display().to_string(), path("trust"));
        holder.uput_done(&["agreement", "export", agreement, "--to", &signed]).await?;
        let mut words: Vec<String> = ["trust", "create", "--made-by", "An invented auditor"].map(Into::into).into();
        for (at, member) in self.members.iter().take(parties).enumerate() {
            words.extend(["--organisation".to_owned(), format!("{}={}", name(at), member.keys.display())]);
        }
        words.extend(["--agreement-file".to_owned(), signed, "--fresh-nonce".to_owned()]);
        words.extend(["--to".to_owned(), trust.display().to_string()]);
        holder.uput_done(&words).await?;
        let made: Table = toml::from_str(&std::fs::read_to_string(&trust)?)?;
        let nonce = find(&made, "nonce").ok_or_else(|| Failed::because("the trust file has no nonce"))?;
        Ok((trust, bytes(nonce)?))
    }
}

fn name(at: usize) -> String {
    format!("organisation-{at}")
}

async fn organisation(node: &Organisation) -> Outcome<String> {
    let answer = node.ask(|access| async move {
        let mut client = NodeServiceClient::new(access.channel());
        Ok(client.get_node(access.as_administrator(wire::GetNodeRequest {})).await?.into_inner().organisation)
    });
    Ok(answer.await?.value.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How an agreement stands at a node; none if it is not there.
async fn status(node: &Organisation, id: &[u8]) -> Outcome<Option<wire::AgreementStatus>> {
    let answer = node.ask(|access| {
        let request = wire::GetAgreementRequest { agreement: id.to_vec() };
        async move {
            let mut held = AgreementServiceClient::new(access.channel());
            match held.get_agreement(access.as_administrator(request)).await {
                Ok(answer) => Ok(answer.into_inner().agreement),
                Err(status) if !status.details().is_empty() => Ok(None),
                Err(status) => Err(status),
            }
        }
    });
    Ok(answer.await?.value)
}

fn text(said: &Json, pointer: &str) -> Outcome<String> {
    let found = said.pointer(pointer).and_then(Json::as_str).map(str::to_owned);
    found.ok_or_else(|| Failed::because(format!("an answer lacks {pointer}: {said}")))
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    let here = table.get(key).and_then(Value::as_str);
    here.or_else(|| table.values().filter_map(Value::as_table).find_map(|inner| find(inner, key)))
}

fn bytes(hex: &str) -> Outcome<Vec<u8>> {
    let pairs =
        (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    pairs.collect::<Option<_>>().ok_or_else(|| Failed::because(format!("{hex} is not hexadecimal")))
}
