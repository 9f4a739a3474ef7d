//! Comparing two trust files.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use uput_core::trust::TrustFile;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::trust::read;

/// Which two.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trust compare ours.toml theirs.toml")]
pub(crate) struct CompareArgs {
    /// One trust file
    one: PathBuf,
    /// The other
    other: PathBuf,
}

impl CompareArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let (one, other) = (read(&self.one)?, read(&self.other)?);
        // [CLI-13] [CLI-63] The digests decide; the sentences explain.
        let equal = one.digest() == other.digest();
        let mut page = Page::default();
        page.line(if equal { "Both demand the same." } else { "They demand different things." });
        let mut differences = differences(&one, &other);
        differences.extend(names(&one, &other));
        differences.iter().for_each(|sentence| page.line(sentence));
        let exit = if equal { Exit::Done } else { Exit::Failed };
        let digests = [one.digest(), other.digest()];
        Answer::ending(exit, &json!({ "equal": equal, "digests": digests, "differences": differences }), page)
    }
}

fn differences(one: &TrustFile, other: &TrustFile) -> Vec<String> {
    let mut sentences = only("the first", one, other);
    sentences.extend(only("the second", other, one));
    for entry in &one.organisations {
        if other.organisation(&entry.organisation).is_some_and(|found| found.minimum != entry.minimum) {
            sentences.push(format!("They demand different key records of {} ({}).", entry.name, entry.organisation));
        }
    }
    if one.witnesses != other.witnesses {
        sentences.push("They demand different witnesses.".to_owned());
    }
    if one.heads != other.heads {
        sentences.push("They demand different nonces or earliest times of heads.".to_owned());
    }
    sentences
}

/// Reports speak in these names, and no digest covers them: who exchanges two of them blames one for what the other did.
fn names(one: &TrustFile, other: &TrustFile) -> Vec<String> {
    let organisations = one.organisations.iter().filter_map(|entry| {
        let found = other.organisation(&entry.organisation).filter(|found| found.name != entry.name)?;
        Some(format!("The first calls {} \"{}\", the second \"{}\".", entry.organisation, entry.name, found.name))
    });
    let agreements = one.agreements.iter().filter_map(|entry| {
        let found = other.agreement(&entry.agreement).filter(|found| found.title != entry.title)?;
        Some(format!("The first calls {} \"{}\", the second \"{}\".", entry.agreement, entry.title, found.title))
    });
    organisations.chain(agreements).collect()
}

fn only(which: &str, one: &TrustFile, other: &TrustFile) -> Vec<String> {
    let organisations = one.organisations.iter().filter(|entry| other.organisation(&entry.organisation).is_none());
    let agreements = one.agreements.iter().filter(|entry| other.agreement(&entry.agreement).is_none());
    let organisations =
        organisations.map(|entry| format!("Only {which} believes {} ({}).", entry.name, entry.organisation));
    organisations
        .chain(agreements.map(|entry| format!("Only {which} knows \"{}\" ({}).", entry.title, entry.agreement)))
        .collect()
}
