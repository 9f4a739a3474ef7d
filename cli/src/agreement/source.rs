//! The source of an agreement: TOML that people read beside the paper.
//!
//! Guarantees that what is wrong is said with its line and rule. Leaves the rules to the core.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};
use uput_core::agreement::{Compiled, SourceError, Warning, compile};
use uput_core::id::{Id, OrgId};

use crate::access::Node;
use crate::agreement::subject::Document;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::node;
use crate::output::{Answer, Page};
use crate::peer;
use crate::reading;

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
    #[command(flatten)]
    names: NamesArgs,
}

/// Who the names in a source are.
#[derive(Args)]
pub(crate) struct NamesArgs {
    /// Who `peer:NAME` in a source is, without a node; may be repeated
    #[arg(long = "peer", value_name = "NAME=ID")]
    pub(super) peers: Vec<PeerName>,
}

/// A name in a source, and the OrgId that it stands for.
#[derive(Clone)]
pub(crate) struct PeerName {
    name: String,
    organisation: OrgId,
}

impl FromStr for PeerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, id) = text.rsplit_once('=').ok_or("write NAME=ID")?;
        let organisation = OrgId::from_hex(id).map_err(|_| "an organisation's ID has 64 hexadecimal digits")?;
        Ok(Self { name: name.strip_prefix(PEER).unwrap_or(name).to_owned(), organisation })
    }
}

impl CheckArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let document = read(&self.file, options, &self.names.peers).await?;
        let sentences = document.sentences();
        let id = document.unresolved.is_empty().then(|| document.agreement.id().to_string());
        let mut page = Page::default();
        page.line("The source is sound. It says:");
        describe(&sentences, &mut page);
        let warnings = document.warnings.iter().map(|warning| warn(&self.file, warning, &mut page)).collect::<Vec<_>>();
        id.iter().for_each(|id| page.pair("agreement", id));
        document.describe_unresolved(&mut page);
        label::explain(&mut page);
        let unresolved = &document.unresolved;
        let body = json!({ "agreement": id, "unresolved": unresolved, "summary": sentences, "warnings": warnings });
        Answer::new(&body, page)
    }
}

/// Numbered sentences. [AGR-41]
pub(super) fn describe(sentences: &[String], page: &mut Page) {
    sentences.iter().enumerate().for_each(|(at, sentence)| page.line(format!("{:>4}. {sentence}", at + 1)));
}

fn warn(file: &Path, warning: &Warning, page: &mut Page) -> Value {
    let Warning { line, column, sentence } = warning;
    let (why, next) = parted(sentence);
    page.line(format!("warning: {}, line {line}, column {column}: {why}", file.display()));
    page.line(format!("  next: {next}"));
    json!({ "line": line, "column": column, "what": why, "next": next })
}

/// Compiles a source with the names that the node knows.
pub(crate) async fn compiled(node: &Node, file: &Path) -> Result<Compiled, Failure> {
    compile(reading::text(file)?.expose(), &names(node).await?).map_err(|error| wrong(file, &error))
}

/// Reads a source. [CLI-40] Without a node, names that nobody explains stand for themselves: everything is checked but
/// who they are.
pub(super) async fn read(file: &Path, options: &Options, told: &[PeerName]) -> Result<Document, Failure> {
    let text = reading::text(file)?;
    let text = text.expose();
    let written = written(text);
    let mut peers = match &options.node {
        Some(_) => names(&Node::connect(options).await?).await?,
        None => stand_ins(&written),
    };
    let known = |name: &&String| options.node.is_some() || told.iter().any(|peer| peer.name == **name);
    let unresolved = written.values().filter(|name| !known(name)).cloned().collect();
    peers.extend(told.iter().map(|peer| (peer.name.clone(), peer.organisation)));
    let compiled = compile(text, &peers).map_err(|error| wrong(file, &error))?;
    let Compiled { agreement, warnings, .. } = compiled;
    let called = written.iter().flat_map(|(key, name)| [(key, name), (name, name)]);
    let keys = called.filter_map(|(called, name)| Some((called.clone(), *peers.get(name)?))).collect();
    Ok(Document { agreement, standing: None, warnings, unresolved, keys })
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

/// The keys of parties and auditors in a source, and the peers that they name.
fn written(text: &str) -> BTreeMap<String, String> {
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    let tables = [("party", ""), ("auditor", "auditor ")].into_iter();
    let tables = tables.filter_map(|(name, prefix)| Some((table.get(name)?.as_table()?, prefix)));
    let entries =
        tables.flat_map(|(table, prefix)| table.iter().map(move |(key, entry)| (format!("{prefix}{key}"), entry)));
    let named =
        entries.filter_map(|(key, entry)| Some((key, entry.get("organisation")?.as_str()?.strip_prefix(PEER)?)));
    named.map(|(key, name)| (key, name.to_owned())).collect()
}

/// An OrgId of nobody for each name.
fn stand_ins(written: &BTreeMap<String, String>) -> BTreeMap<String, OrgId> {
    let of = |name: &String| (name.clone(), Id::of(format!("{PEER}{name}").as_bytes()).into());
    written.values().map(of).collect()
}

fn wrong(file: &Path, error: &SourceError) -> Failure {
    let SourceError { line, column, requirement, sentence } = error;
    let what = format!("{}, line {line}, column {column}: the agreement breaks rule {requirement}", file.display());
    let (why, next) = parted(sentence);
    Failure::new(Exit::Failed, "BAD_SOURCE", what).because(why).next(next)
}

/// What is wrong, and what to do.
fn parted(sentence: &str) -> (&str, &str) {
    sentence.split_once("; ").unwrap_or((sentence, "correct the source"))
}
