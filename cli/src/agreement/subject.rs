//! Which agreement a command is about: one that the node holds, or a file beside the paper.
//!
//! Guarantees that a file is read and checked as a node would, also without one. Leaves to the core what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use uput_core::agreement::{Agreement, Warning, summary};
use uput_core::envelope::{Envelope, MediaType};
use uput_core::id::OrgId;

use crate::access::Node;
use crate::agreement::source::{self, PeerName};
use crate::agreement::status::Standing;
use crate::agreement::{Held, unreadable};
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Page;
use crate::reading;
use crate::reference::Reference;

/// An agreement as it is named: what looks like an ID is one; `./` before it makes it a file. [CLI-44]
#[derive(Clone)]
pub(crate) enum Subject {
    /// By ID.
    Held(Reference),
    /// A source, or an agreement that was exported.
    File(PathBuf),
}

/// An agreement that was read.
pub(crate) struct Document {
    pub(crate) agreement: Agreement,
    /// As the node holds it.
    pub(crate) standing: Option<Standing>,
    /// Of a source.
    pub(crate) warnings: Vec<Warning>,
    /// Names that stand for themselves, as nobody said who they are.
    pub(crate) unresolved: BTreeSet<String>,
    /// What a source calls its parties, beside their names.
    pub(super) keys: BTreeMap<String, OrgId>,
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Held))
    }
}

impl Subject {
    /// Reads it. `peers` says who the names in a source are.
    pub(crate) async fn read(&self, options: &Options, peers: &[PeerName]) -> Result<Document, Failure> {
        match self {
            Self::Held(reference) => {
                let held = Held::get(&Node::connect(options).await?, reference).await?;
                let standing = Some(Standing::of(held.status));
                Ok(Document { standing, ..Document::of(held.agreement) })
            }
            Self::File(file) => from_file(file, options, peers).await,
        }
    }
}

async fn from_file(file: &Path, options: &Options, peers: &[PeerName]) -> Result<Document, Failure> {
    let bytes = reading::bytes(file, reading::LARGEST_RECORDS)?;
    if let Ok(envelope) = Envelope::parse(&bytes) {
        let agreement = Agreement::parse(envelope.id(), envelope.body()).ok();
        let agreement = agreement.filter(|_| envelope.is(MediaType::AGREEMENT));
        return agreement.map(Document::of).ok_or_else(|| unreadable("the file"));
    }
    source::read(file, options, peers).await
}

impl Document {
    fn of(agreement: Agreement) -> Self {
        let (warnings, unresolved, keys) = Default::default();
        Self { agreement, standing: None, warnings, unresolved, keys }
    }

    /// The party of that name, key, or ID of at least 8 digits.
    pub(crate) fn party(&self, named: &str) -> Result<OrgId, Failure> {
        let lower = named.to_ascii_lowercase();
        let is_named = |organisation: &OrgId, name: &str| {
            name == named
                || self.keys.get(named) == Some(organisation)
                || (lower.len() >= 8 && organisation.to_string().starts_with(&lower))
        };
        let parties = self.agreement.parties();
        let found: Vec<OrgId> = parties
            .filter(|party| is_named(&party.organisation, &party.name))
            .map(|party| party.organisation)
            .collect();
        match found.as_slice() {
            [organisation] => Ok(*organisation),
            [] => Err(Failure::new(Exit::Failed, "NO_SUCH_PARTY", format!("no party is called {named:?}"))
                .next(format!("name one of {}", self.names()))),
            _ => Err(Failure::new(Exit::Failed, "NO_SUCH_PARTY", format!("several parties are called {named:?}"))
                .next("give more digits of the ID")),
        }
    }

    /// What it says, with the name that the source gives where nobody said whose ID it is: no ID is invented. [AGR-68]
    pub(crate) fn sentences(&self) -> Vec<String> {
        let invented = self.unresolved.iter().filter_map(|name| Some((self.keys.get(name)?.to_string(), name)));
        let invented: Vec<(String, &String)> = invented.collect();
        let named = |sentence: String| {
            invented.iter().fold(sentence, |sentence, (id, name)| sentence.replace(id, &format!("peer:{name}")))
        };
        summary(&self.agreement).into_iter().map(named).collect()
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.agreement.parties().map(|party| party.name.as_str()).collect();
        names.join(", ")
    }

    /// Says on a page what is not known about whom names mean.
    pub(crate) fn describe_unresolved(&self, page: &mut Page) {
        if !self.unresolved.is_empty() {
            page.line("Whom peer: names mean is not checked; give --node, or --peer NAME=ID, to check that too.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::agreement::compile;
    use uput_core::id::Id;

    /// [AGR-68]
    #[test]
    fn where_nobody_said_whose_a_name_is_no_id_is_invented() {
        let source = include_str!("../../../specs/agreements/demonstration.toml");
        let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
        let of = |name: &str| -> OrgId { Id::of(name.as_bytes()).into() };
        let peers: BTreeMap<String, OrgId> = names.iter().map(|name| ((*name).to_owned(), of(name))).collect();
        let agreement = compile(source, &peers).unwrap().agreement;
        let told = Document { keys: peers, ..Document::of(agreement) };
        let ids = |sentences: &[String]| names.map(|name| sentences.concat().contains(&of(name).to_string()));
        assert_eq!(ids(&told.sentences()), [true; 4], "whom everybody knows stands there with its ID");
        let unresolved = ["hotline", "centre"].map(str::to_owned).into();
        let untold = Document { unresolved, ..told };
        let sentences = untold.sentences();
        assert_eq!(ids(&sentences), [false, true, true, false]);
        for (name, stands) in names.into_iter().zip([true, false, false, true]) {
            assert_eq!(sentences.iter().any(|sentence| sentence.contains(&format!("peer:{name}"))), stands, "{name}");
        }
    }
}
