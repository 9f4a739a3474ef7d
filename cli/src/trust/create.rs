//! Making a trust file.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use uput_core::key::KeyChain;
use uput_core::time::Seconds;
use uput_core::trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand};

use crate::access::Node;
use crate::agreement::Held;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::peer;
use crate::reading::{self, LARGEST_RECORDS};
use crate::reference::{Nonce, Reference};
use crate::request::random;
use crate::trust::evidence;
use crate::trust::view::TrustView;

/// From what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trust create --made-by \"The ombudsman; IDs read by telephone\" --organisation Hotline=hotline-keys.bin --organisation \"Shelter A=shelter-a-keys.bin\" --agreement-file agreement.bin --to trust.toml
  uput trust create --made-by \"Our archive\" --organisation Us=our-keys.bin --peer \"Shelter A\" --agreement 5c3e1f02 --fresh-nonce --to trust.toml")]
pub(crate) struct CreateArgs {
    /// Who makes it, and how the key records came there
    #[arg(long, value_name = "WORDS")]
    made_by: String,
    /// What to call an organisation, and the file with its key records; once for each
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    organisation: Vec<(String, PathBuf)>,
    /// An organisation that one's own node knows, with a compared safety number; once for each
    #[arg(long, value_name = "NAME")]
    peer: Vec<String>,
    /// File with an agreement and its signatures; once for each
    #[arg(long, value_name = "FILE")]
    agreement_file: Vec<PathBuf>,
    /// ID of an agreement that one's own node holds; once for each
    #[arg(long, value_name = "ID")]
    agreement: Vec<Reference>,
    /// How many witnesses must have cosigned
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    witnesses: u32,
    /// A party of the trail does not count as a witness
    #[arg(long)]
    independent: bool,
    /// Random number, 64 hexadecimal digits, that both heads must answer; give it to no receiver
    #[arg(long, value_name = "DIGITS", conflicts_with = "fresh_nonce")]
    nonce: Option<Nonce>,
    /// Draw that number now
    #[arg(long)]
    fresh_nonce: bool,
    /// Both heads must be of this time or later: 2026-11-22T20:00+01:00, or now
    #[arg(long, value_name = "TIME", value_parser = moment::parse_past)]
    earliest: Option<u64>,
    /// File to write; left out: standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl CreateArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node =
            if self.peer.is_empty() && self.agreement.is_empty() { None } else { Some(Node::connect(options).await?) };
        let (organisations, chains) = self.organisations(node.as_ref()).await?;
        let agreements = self.agreements(node.as_ref(), &chains).await?;
        let nonce = if self.fresh_nonce { Some(random()?) } else { self.nonce.as_ref().map(Nonce::bytes) };
        let file = TrustFile {
            made_by: self.made_by,
            witnesses: WitnessDemand { number: self.witnesses, independent: self.independent },
            heads: HeadDemand { nonce, earliest: self.earliest.and_then(Seconds::new) },
            organisations,
            agreements,
        };
        finish(&file, self.to.as_deref(), options)
    }

    async fn organisations(&self, node: Option<&Node>) -> Result<(Vec<TrustedOrganisation>, Vec<KeyChain>), Failure> {
        let mut chains = Vec::new();
        for (name, path) in &self.organisation {
            chains.push((name, evidence::chain(&path.display().to_string(), &reading::bytes(path, LARGEST_RECORDS)?)?));
        }
        for name in &self.peer {
            let Some(node) = node else { continue };
            let peer = peer::find_confirmed(node, name).await?;
            chains.push((name, evidence::chain(name, &peer.key_chain)?));
        }
        let trusted = chains.iter().map(|(name, chain)| TrustedOrganisation {
            name: (*name).clone(),
            organisation: chain.organisation(),
            minimum: chain.newest_id(),
        });
        let mut trusted: Vec<_> = trusted.collect();
        trusted.sort_by_key(|entry| entry.organisation);
        Ok((trusted, chains.into_iter().map(|(_, chain)| chain).collect()))
    }

    async fn agreements(&self, node: Option<&Node>, chains: &[KeyChain]) -> Result<Vec<TrustedAgreement>, Failure> {
        let mut agreements = Vec::new();
        for path in &self.agreement_file {
            agreements.push(evidence::agreement(
                &path.display().to_string(),
                &reading::bytes(path, LARGEST_RECORDS)?,
                chains,
            )?);
        }
        for reference in &self.agreement {
            let Some(node) = node else { continue };
            let held = Held::get(node, reference).await?;
            agreements.push(evidence::agreement("the node's agreement", &held.envelope, chains)?);
        }
        let trusted = agreements
            .iter()
            .map(|agreement| TrustedAgreement { title: agreement.title().to_owned(), agreement: agreement.id() });
        let mut trusted: Vec<_> = trusted.collect();
        trusted.sort_by_key(|entry| entry.agreement);
        Ok(trusted)
    }
}

fn finish(file: &TrustFile, to: Option<&Path>, options: &Options) -> Result<Answer, Failure> {
    let text = file.to_toml();
    // [CLI-62] Only what reads back is written: names that are too long or stand twice are found here.
    if let Err(error) = TrustFile::parse(&text) {
        return Err(Failure::new(Exit::Failed, "BAD_SOURCE", "these inputs make no trust file").because(error.rule));
    }
    let mut page = Page::default();
    let named = match to {
        Some(path) => {
            let target = Target::of(Some(path), options)?;
            target.write(text.as_bytes())?;
            page.pair("written to", target.name());
            page.pair("digest", file.digest());
            Some(target.name())
        }
        None => {
            page.own(&text);
            None
        }
    };
    Answer::new(&json!({ "trust": TrustView::of(file), "file": named, "text": text }), page)
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), PathBuf::from(file))),
        _ => Err("give NAME=FILE, for example \"Shelter A=keys.bin\"".to_owned()),
    }
}
