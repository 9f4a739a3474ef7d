//! The source of an agreement: TOML that people read beside the paper.
//!
//! Guarantees that what is wrong is said with its line and rule. Leaves the rules to the core.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use uput_core::agreement::{Compiled, SourceError, compile, summary};
use uput_core::id::{Id, OrgId};

use crate::access::Node;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::node;
use crate::output::{Answer, Page};
use crate::peer;

/// What stands before the name of a peer in a source.
const PEER: &str = "peer:";
/// The name that stands for one's own organisation.
const OURSELVES: &str = "self";

/// Which source.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement check agreement.toml
  uput agreement check agreement.toml --node ./our-node")]
pub(crate) struct CheckArgs {
    /// The source
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl CheckArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let text = read(&self.file)?;
        // [CLI-40] Without a node, names stand for themselves: everything is checked but who they are.
        let (peers, unresolved) = match &options.node {
            Some(_) => (names(&Node::connect(options).await?).await?, BTreeSet::new()),
            None => stand_ins(&text),
        };
        let compiled = compile(&text, &peers).map_err(|error| wrong(&error))?;
        let sentences = summary(&compiled.agreement);
        let id = unresolved.is_empty().then(|| compiled.agreement.id().to_string());
        let mut page = Page::default();
        page.line("The source is sound. It says:");
        sentences.iter().for_each(|sentence| page.line(sentence));
        if let Some(id) = &id {
            page.pair("agreement", id);
        } else {
            page.line("Whom peer: names mean is not checked; give --node to check that too.");
        }
        Answer::new(&json!({ "agreement": id, "unresolved": unresolved, "summary": sentences }), page)
    }
}

/// Compiles a source with the names that the node knows.
pub(crate) async fn compiled(node: &Node, file: &Path) -> Result<Compiled, Failure> {
    compile(&read(file)?, &names(node).await?).map_err(|error| wrong(&error))
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))
}

/// The OrgIds of `peer:NAME`, and of `peer:self`.
async fn names(node: &Node) -> Result<BTreeMap<String, OrgId>, Failure> {
    let mut names = BTreeMap::new();
    for peer in peer::all(node).await? {
        if let Ok(organisation) = OrgId::parse(&peer.organisation) {
            names.insert(peer.name, organisation);
        }
    }
    if let Ok(organisation) = OrgId::parse(&node::ask(node).await?.organisation) {
        names.insert(OURSELVES.to_owned(), organisation);
    }
    Ok(names)
}

/// An OrgId of nobody for each name in the text.
fn stand_ins(text: &str) -> (BTreeMap<String, OrgId>, BTreeSet<String>) {
    let mut found = BTreeSet::new();
    if let Ok(table) = toml::from_str::<toml::Table>(text) {
        collect(&toml::Value::Table(table), &mut found);
    }
    let peers = found.iter().map(|name| (name.clone(), Id::of(format!("{PEER}{name}").as_bytes()).into()));
    (peers.collect(), found)
}

fn collect(value: &toml::Value, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) => found.extend(text.strip_prefix(PEER).map(str::to_owned)),
        toml::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        toml::Value::Table(table) => table.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn wrong(error: &SourceError) -> Failure {
    let what = format!("line {}, column {}: the agreement breaks rule {}", error.line, error.column, error.requirement);
    let (why, next) = error.sentence.split_once("; ").unwrap_or((&error.sentence, "correct the source"));
    Failure::new(Exit::Failed, "BAD_SOURCE", what).because(why).next(next)
}
