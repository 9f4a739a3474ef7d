//! May one party send another this, why, and by which rule.
//!
//! Guarantees the answer of the code that a node asks before it sends. Leaves to the node whether a trail's state allows
//! the step, and whom she excluded.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use uput_core::agreement::{Agreement, Explanation, Occasion, Question, Way, name_of};
use uput_core::catalogue::Label;
use uput_core::time::Seconds;
use uput_core::wire::{Act, LegalBasis};

use crate::agreement::source::NamesArgs;
use crate::agreement::subject::Subject;
use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};

/// Who, to whom, what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement explain agreement.toml --from us --to them --label name
  uput agreement explain 5c3e1f02 --from \"Hotline\" --to \"Shelter A\" --label name --basis vital-interests
  uput agreement explain agreement.toml --from us --to them --label name --stage 1 --json | jq .why")]
pub(crate) struct ExplainArgs {
    /// The agreement's ID, or at least its first 8 digits; or a file: a source, or an agreement that was exported
    #[arg(value_name = "FILE|ID")]
    agreement: Subject,
    /// Who would send: a party's name, its key in the source, or at least 8 digits of its ID
    #[arg(long, value_name = "PARTY")]
    from: String,
    /// To whom
    #[arg(long, value_name = "PARTY")]
    to: String,
    /// What: a label of the catalogue; see `uput help labels`
    #[arg(long, value_parser = label)]
    label: Label,
    /// In which act; left out: in any
    #[arg(long, value_parser = code::parser::<Act>())]
    act: Option<Act>,
    /// At which stage; left out: at any
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2))]
    stage: Option<u32>,
    /// On which basis; left out: on any
    #[arg(long, value_parser = code::parser::<LegalBasis>())]
    basis: Option<LegalBasis>,
    /// When; left out: now
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    at: Option<u64>,
    #[command(flatten)]
    names: NamesArgs,
}

fn label(text: &str) -> Result<Label, String> {
    Label::parse(text).map_err(|_| format!("{text:?} is not in the catalogue; see `uput help labels`"))
}

impl ExplainArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let document = self.agreement.read(options, &self.names.peers).await?;
        let time = Seconds::new(self.at.unwrap_or_else(moment::now)).unwrap_or(Seconds::EPOCH);
        let question = Question {
            from: document.party(&self.from)?,
            to: document.party(&self.to)?,
            label: self.label,
            act: self.act,
            stage: self.stage,
            basis: self.basis,
            time,
        };
        let mut page = Page::default();
        match document.agreement.explain(&question) {
            Explanation::Yes(ways) => {
                page.line("yes");
                for sentence in earliest(&document.agreement, &ways, self.label) {
                    page.line(sentence);
                }
                let ways: Vec<Value> = ways.iter().map(|way| shown(&document.agreement, way, self.label)).collect();
                let none = Value::Null;
                let body =
                    json!({ "may": true, "ways": ways, "rule": none, "rejection": none, "why": none, "remedy": none });
                label::explain(&mut page);
                Answer::new(&body, page)
            }
            Explanation::No { rule, obstacle, why, remedy } => {
                let rejection = obstacle.rejection().code();
                let by = rule.and_then(|number| document.agreement.rule(number));
                // [AGR-64]
                let by = by.map_or_else(String::new, |rule| format!("rule {}{}: ", rule.number, rule.doubt()));
                page.line("no");
                page.line(format!("{by}{why} [{rejection}]"));
                page.line(format!("lawful would be {remedy}"));
                let ways: [Value; 0] = [];
                let body = json!({ "may": false, "ways": ways, "rule": rule, "rejection": rejection, "why": why, "remedy": remedy });
                label::explain(&mut page);
                Answer::new(&body, page)
            }
        }
    }
}

/// One sentence for each rule, basis and occasion: the earliest stage.
fn earliest(agreement: &Agreement, ways: &[Way], label: Label) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let first = ways.iter().filter(|way| seen.insert((way.rule, name_of(way.basis), occasion(way))));
    first.map(|way| agreement.way_in_words(way, label)).collect()
}

const fn occasion(way: &Way) -> &'static str {
    match way.occasion {
        Occasion::Opening => "opening",
        Occasion::Later => "later",
        Occasion::Reply if way.opened => "reply_of_opener",
        Occasion::Reply => "reply_of_peer",
    }
}

fn shown(agreement: &Agreement, way: &Way, label: Label) -> Value {
    let rule = agreement.rule(way.rule);
    let (act, profile) = rule.map(|rule| (name_of(rule.act), rule.profile.as_str())).unwrap_or_default();
    let carried: Vec<&str> = way.must.iter().map(|label| label.name()).collect();
    json!({
        "rule": way.rule,
        "unverified": rule.is_some_and(|rule| rule.origin.unverified),
        "source": rule.map(|rule| rule.origin.source.as_str()).unwrap_or_default(),
        "act": act,
        "profile": profile,
        "stage": way.stage,
        "basis": name_of(way.basis),
        "occasion": occasion(way),
        "articles": way.articles,
        "ticked": way.ticked,
        "carried": carried,
        "in_words": agreement.way_in_words(way, label),
    })
}
