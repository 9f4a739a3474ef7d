//! What ends soon, and what has ended.

use clap::Args;
use serde_json::json;
use tonic::Code;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::inbox::{self, Listed};
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::overrides::{self, Overridden};
use crate::refusal;
use crate::request::hex;
use crate::trail::view::{TrailView, asks};

/// What is near its end.
#[derive(Args)]
#[command(after_help = "Examples:
  uput expiring
  uput expiring --json | jq -r '.trails[].trail'")]
pub(crate) struct ExpiringArgs {
    /// At most so many trails
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    limit: usize,
}

impl ExpiringArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let which = wire::ListTrailsRequest { ending: true, ..Default::default() };
        // [TIM-13]
        let Listed { trails, more, unreadable } = inbox::list(&node, which, self.limit).await?;
        let reviews = reviews(&node).await?;
        let mut page = Page::default();
        if trails.is_empty() && reviews.is_empty() && unreadable.is_empty() {
            page.line("Nothing ends soon.");
        }
        if !trails.is_empty() {
            page.table(["TRAIL", "WITH", "ASKS", "WHAT ENDS", "WHEN", "WHOSE TURN"], trails.iter().flat_map(rows));
            page.line("That something has ended changes nothing by itself: say what holds now, or ask anew.");
        }
        if more {
            page.line(format!("There are more than {}; give --limit to see them.", self.limit));
        }
        inbox::describe_unreadable(&unreadable, &mut page);
        let trails: Vec<TrailView> = trails.into_iter().map(TrailView::of).collect();
        if !reviews.is_empty() {
            page.line("To be reviewed by somebody who had no part in it:");
            overrides::table(&mut page, &reviews);
        }
        let body = json!({ "trails": trails, "more": more, "reviews": reviews, "unreadable": unreadable });
        Answer::new(&body, page)
    }
}

/// What is to be reviewed, for who may see it; to others there is no such list. [APR-22]
async fn reviews(node: &Node) -> Result<Vec<Overridden>, Failure> {
    match overrides::listed(node, true).await {
        Ok(reviews) => Ok(reviews),
        Err(status) if status.code() == Code::PermissionDenied => Ok(Vec::new()),
        Err(status) => Err(refusal::of(&status)),
    }
}

fn rows(trail: &wire::Trail) -> Vec<[String; 6]> {
    let row = |ending: &wire::Ending| {
        [
            hex(trail.trail.get(..8).unwrap_or(&trail.trail)),
            trail.peer.clone(),
            asks(trail),
            what(ending),
            when(ending),
            if ending.ours { "you" } else { "they" }.to_owned(),
        ]
    };
    trail.endings.iter().map(row).collect()
}

/// What ends, and whose choice it is.
pub(crate) fn what(ending: &wire::Ending) -> String {
    let what = label::shown("ending", &ending.what);
    // [TIM-75] Who holds it says until when; whoever must choose has until then.
    if ending.ours && ending.what == "hold" { format!("{what}: your decision is due") } else { what }
}

/// A time that stands in a value is shown with the values. [TIM-13]
pub(crate) fn when(ending: &wire::Ending) -> String {
    let time = moment::local(ending.until);
    match (ending.stands.as_str(), time.is_empty()) {
        ("over", true) => "OVER".to_owned(),
        ("over", false) => format!("OVER since {time}"),
        ("sealed", _) => "sealed to staff: look at the values".to_owned(),
        (_, true) => "soon".to_owned(),
        (_, false) => time,
    }
}
