//! One bundle of many, as one line.

use serde::Serialize;
use uput_core::verdict::{Conformance, Report, YesNo};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::output::Page;
use crate::reading;
use crate::trail::sheet::digest;

/// What one bundle comes to.
#[derive(Serialize)]
pub(super) struct Row {
    file: String,
    /// SHA-256 of the file; absent if it was not read, or not to its end. [CLI-132]
    sha256: Option<String>,
    #[serde(rename = "exit_code", serialize_with = "code")]
    exit: Exit,
    trail: Option<String>,
    exported_by: Option<String>,
    authentic: Option<YesNo>,
    complete: Option<YesNo>,
    /// Up to whose head, and when, the opener first. [BUN-41]
    reach: Vec<String>,
    conformant: Option<Conformance>,
    standing: Option<String>,
    late: u64,
    /// Requirements that failed.
    failed: Vec<&'static str>,
    /// Why it could not be read.
    unread: Option<String>,
}

impl Row {
    /// What is kept of a report.
    pub(super) fn of(file: String, report: &Report, bytes: &[u8]) -> Self {
        let failed = report.checks.iter().filter(|check| !check.problems.is_empty()).map(|check| check.requirement);
        let late = report.deadlines.iter().filter(|deadline| deadline.verdict == Some(Conformance::No));
        Self {
            file,
            sha256: reading::is_whole(bytes).then(|| digest(bytes)),
            exit: report.exit.into(),
            trail: report.trail.clone(),
            exported_by: report.exported.as_ref().map(|exported| exported.by.name.clone()),
            authentic: Some(report.authentic),
            complete: Some(report.completeness.complete),
            reach: report.completeness.parties.iter().map(|party| party.sentence.clone()).collect(),
            conformant: Some(report.conformant.verdict),
            standing: report.standing.as_ref().map(|standing| standing.headline.clone()),
            late: late.count() as u64,
            failed: failed.collect(),
            unread: None,
        }
    }

    /// A file that the system does not give.
    pub(super) fn unread(file: String, failure: &Failure) -> Self {
        Self {
            file,
            sha256: None,
            exit: Exit::Failed,
            trail: None,
            exported_by: None,
            authentic: None,
            complete: None,
            reach: Vec::new(),
            conformant: None,
            standing: None,
            late: 0,
            failed: Vec::new(),
            unread: Some(failure.why.clone()),
        }
    }

    /// What the exit code of all follows from.
    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Its trail and digest, if it can be held against another one.
    pub(super) fn comparable(&self) -> Option<(&str, &str)> {
        Some((self.trail.as_deref()?, self.sha256.as_deref()?))
    }

    /// The file with its digest, for a page.
    pub(super) fn digest(&self) -> String {
        let without = if self.unread.is_some() { "not read" } else { reading::NOT_WHOLE };
        format!("{}: {}", self.file, self.sha256.as_deref().unwrap_or(without))
    }

    pub(super) fn cells(&self) -> [String; 8] {
        let short = |id: &String| id.chars().take(8).collect();
        [
            self.file.clone(),
            self.exit.code().to_string(),
            self.verdict(),
            self.trail.as_ref().map_or_else(String::new, short),
            self.exported_by.clone().unwrap_or_default(),
            self.standing.as_ref().map_or_else(String::new, |standing| label::shown("headline", standing)),
            self.failed.join(" "),
            self.reach.join(" "),
        ]
    }

    fn verdict(&self) -> String {
        if let Some(why) = &self.unread {
            return format!("NOT READ: {why}");
        }
        let authentic = if self.authentic == Some(YesNo::Yes) { "authentic" } else { "NOT AUTHENTIC" };
        let complete = if self.complete == Some(YesNo::Yes) { "complete" } else { "INCOMPLETE" };
        let conformant = match self.conformant {
            Some(Conformance::Yes) => "conformant",
            Some(Conformance::No) => "NOT CONFORMANT",
            _ => "conformance not checkable",
        };
        format!("{authentic}, {complete}, {conformant}")
    }
}

/// The exit code of all: the strongest verdict; what could not be read comes before a bundle that is only not conformant.
pub(super) fn strongest(exits: impl IntoIterator<Item = Exit>) -> Exit {
    const ORDER: [Exit; 6] = [
        Exit::NotAuthentic,
        Exit::UnknownSigner,
        Exit::Equivocation,
        Exit::Incomplete,
        Exit::Failed,
        Exit::NotConformant,
    ];
    let exits: Vec<Exit> = exits.into_iter().collect();
    let present = |exit: &Exit| exits.contains(exit);
    ORDER.into_iter().find(present).unwrap_or(Exit::Done)
}

/// What the table of all shows.
pub(super) const HEADING: [&str; 8] =
    ["BUNDLE", "EXIT", "VERDICT", "TRAIL", "EXPORTED BY", "STANDS AT", "FAILED", "UP TO WHERE"];

/// The table of all.
pub(super) fn write(rows: &[Row], page: &mut Page) {
    page.table(HEADING, rows.iter().map(Row::cells));
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(super) fn code<S: serde::Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}
