//! Verifying a document of accesses offline, with a trust file that was named.
//!
//! Guarantees that nothing but the named files is read and nothing is asked of anybody. Leaves the verdict to the core.

use std::path::PathBuf;

use clap::Args;
use uput_core::access_log::{Access, Report, verify};
use uput_core::envelope::MAX_ACCESS_LOG;
use uput_core::verdict::{Outcome, YesNo};

use crate::failure::Failure;
use crate::moment;
use crate::offline;
use crate::output::{Answer, Page};
use crate::reading;
use crate::reference::Nonce;
use crate::trust;

/// The longest file read: the largest document and what carries it, bytes.
const LARGEST: usize = MAX_ACCESS_LOG + 4096;

/// What to verify, by whose word.
#[derive(Args)]
#[command(after_help = "Examples:
  uput access verify accesses.uput --trust trust.toml
  uput access verify accesses.uput --trust trust.toml --earlier accesses-of-spring.uput
  uput access verify accesses.uput --trust trust.toml --json | jq '.chains[0].accesses | length'

Exit codes: 0 authentic and whole, 10 not authentic, 11 an access is missing, 12 the earlier document is not its beginning:
the organisation has rewritten its log, 13 unknown or revoked signer, 14 times that cannot be, or another nonce. Where
several hold, the first of 10, 13, 12, 11, 14 wins. See `uput help exit-codes`.")]
pub(crate) struct VerifyArgs {
    /// The document; `-` reads standard input
    document: PathBuf,
    /// The trust file; see `uput trust create`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// A document about the same case that was handed out before
    #[arg(long, value_name = "FILE")]
    earlier: Option<PathBuf>,
    /// The nonce that was asked with, 64 hexadecimal digits
    #[arg(long, value_name = "DIGITS")]
    nonce: Option<Nonce>,
}

impl VerifyArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let trust = trust::read(&self.trust)?;
        let document = reading::at_most(&self.document, LARGEST)?;
        let earlier = self.earlier.as_deref().map(|path| reading::at_most(path, LARGEST)).transpose()?;
        let nonce = self.nonce.as_ref().map(Nonce::bytes);
        let report = verify(&document, &trust, earlier.as_deref(), nonce.as_ref());
        let mut page = Page::default();
        write(&report, &self.trust.display().to_string(), &mut page);
        offline::answer(&report, report.exit, page)
    }
}

/// The report as people read it: nothing is left out. [ACL-30]
fn write(report: &Report, trust: &str, page: &mut Page) {
    page.line(headline(report));
    page.line("");
    if let Some(organisation) = &report.organisation {
        page.pair("organisation", &organisation.name);
        page.pair("  ID", &organisation.id);
    }
    page.pair("made", report.time.map(moment::local).unwrap_or_default());
    page.pair("nonce", report.nonce.clone().unwrap_or_default());
    page.pair("trust file", format!("{trust}, made by {}", report.trust.made_by));
    page.pair("  digest", &report.trust.digest);
    for chain in &report.chains {
        page.line("");
        page.line(format!("case {}: {} accesses", chain.case_tag, chain.count));
        chain.accesses.iter().for_each(|access| describe(access, page));
    }
    page.line("");
    for check in report.checks.iter().filter(|check| check.outcome != Outcome::NotApplicable) {
        let holds = if check.outcome == Outcome::Passed { "yes" } else { "NO" };
        page.line(format!("{holds:<4} {} ({})", check.sentence, check.requirement));
        check.problems.iter().for_each(|problem| page.line(format!("       {}", problem.sentence)));
    }
    page.line("");
    report.words.iter().for_each(|words| page.line(words));
}

fn headline(report: &Report) -> String {
    let authentic = if report.authentic == YesNo::Yes { "AUTHENTIC" } else { "NOT AUTHENTIC" };
    let whole = if report.whole == YesNo::Yes { "WHOLE" } else { "NOT WHOLE" };
    let continues = match report.continues {
        Some(YesNo::Yes) => ", CONTINUES THE EARLIER DOCUMENT",
        Some(YesNo::No) => ", DOES NOT CONTINUE THE EARLIER DOCUMENT",
        None => "",
    };
    format!("{authentic}, {whole}{continues} (exit code {})", report.exit.code())
}

fn describe(access: &Access, page: &mut Page) {
    let spoken = |word: &str| word.replace('_', " ");
    let on_behalf_of = access.on_behalf_of.as_deref().map(|person| format!(" for {}", short(person)));
    page.line(format!(
        "{:>6}  {}  {} {}{}: {}, {} ({})",
        access.number,
        moment::local(access.time),
        spoken(&access.role),
        short(&access.person),
        on_behalf_of.unwrap_or_default(),
        spoken(&access.kind),
        spoken(&access.reason),
        spoken(&access.standing)
    ));
    if let Some(trail) = &access.trail {
        page.line(format!("        trail {}", short(trail)));
    }
    if let Some(words) = &access.words {
        // Opened by the organisation for whoever holds the document.
        page.line(format!("        \"{}\"", words.0.expose()));
    }
}

fn short(digits: &str) -> &str {
    digits.get(..16).unwrap_or(digits)
}
