//! Two bundles of one trail, held against each other: what did one of the exporters leave out?
//!
//! Guarantees that nothing but the three files is read and nothing is asked of anybody. Leaves the comparison to the core.

use std::path::{Path, PathBuf};

use clap::Args;
use uput_core::verdict::{self, Compared, Comparison, Uncomparable, Why, YesNo};

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::offline;
use crate::output::{Answer, Page};
use crate::progress;
use crate::reading;
use crate::trust;

/// Which two, by whose word.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail compare ours.uput theirs.uput --trust trust.toml
  uput trail compare ours.uput theirs.uput --trust trust.toml --json | jq '.bundles[].lacks[] | select(.why == \"withheld\")'

Exit codes are those of `uput trail verify`, the strongest of either bundle and of both together; 11 also where an
exporter left out what it had, by what it signed or by its own dates.")]
pub(crate) struct CompareArgs {
    /// One bundle
    one: PathBuf,
    /// Another one of the same trail, best by the other party
    two: PathBuf,
    /// The trust file; see `uput trust create`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

impl CompareArgs {
    pub(crate) fn run(&self, options: &Options) -> Result<Answer, Failure> {
        let trust = trust::read(&self.trust)?;
        let read = |path: &Path| reading::bundle(path);
        let (one, two) = (read(&self.one)?, read(&self.two)?);
        let spinner = progress::spinner(options, "comparing");
        let comparison = verdict::compare(&one, &two, &trust);
        spinner.finish_and_clear();
        let comparison = comparison.map_err(|reason| self.failure(reason))?;
        let mut page = Page::default();
        write(&comparison, &mut page);
        Ok(offline::answer(&comparison, comparison.exit, page)?.if_lost("nothing was changed: compare them again"))
    }

    fn failure(&self, reason: Uncomparable) -> Failure {
        match reason {
            Uncomparable::Unreadable(which, rejection) => {
                let file = if which == 1 { &self.one } else { &self.two };
                Failure::new(Exit::Failed, rejection.code(), format!("{} is no bundle", file.display()))
                    .because(rejection.to_string())
                    .next("verify each by itself first: uput trail verify")
            }
            Uncomparable::OtherTrail => {
                Failure::new(Exit::Failed, "OTHER_TRAIL", "the two bundles are of two trails".to_owned())
                    .because("what one has says nothing about the other")
                    .next("ask the other party for its bundle of the same trail")
            }
        }
    }
}

fn write(comparison: &Comparison, page: &mut Page) {
    page.pair("trail", &comparison.trail);
    page.pair("trust file", format!("made by {}", comparison.trust.made_by));
    comparison.bundles.iter().for_each(|one| side(one, page));
    let together = &comparison.together;
    page.line("");
    page.line("Both together");
    let exit = Exit::from(together.exit);
    page.line(format!("  {} events; exit code {}: {}", together.events, exit.code(), exit.meaning()));
    stands(together.headline.as_ref(), page);
    for breach in &together.breaches {
        page.line(format!("  BREACH by {} ({}): {}", breach.by.name, breach.requirement, breach.sentence));
    }
    page.line("");
    comparison.words.iter().for_each(|sentence| page.line(sentence));
    let exit = Exit::from(comparison.exit);
    page.line(format!("exit code {}: {}", exit.code(), exit.meaning()));
}

fn side(one: &Compared, page: &mut Page) {
    page.line("");
    page.line(one.exported.as_ref().map_or_else(
        || "By an exporter who cannot be read".to_owned(),
        |exported| format!("Exported by {}, {} by its clock", exported.by.name, moment::local(exported.time)),
    ));
    let whole = if one.complete == YesNo::Yes { "complete alone" } else { "INCOMPLETE alone" };
    let exit = Exit::from(one.exit);
    page.line(format!("  {} events, {whole}; exit code {}: {}", one.events, exit.code(), exit.meaning()));
    stands(one.headline.as_ref(), page);
    for lacking in &one.lacks {
        let mark = match lacking.why {
            Why::Withheld => "LEFT OUT",
            Why::Dated => "ASK WHY ",
            Why::Unknown => "not here",
        };
        let said = label::shown("kind", &lacking.kind);
        let (author, time) = (&lacking.author.name, moment::local(lacking.time));
        page.line(format!("  {mark}  {time}  {author} #{}: {said} ({})", lacking.number, lacking.event));
    }
}

fn stands(headline: Option<&String>, page: &mut Page) {
    headline.iter().for_each(|headline| page.line(format!("  stands at {}", label::shown("headline", headline))));
}
