//! What waits for this organisation.

use clap::Args;
use serde_json::json;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::request::hex;
use crate::trail::view::TrailView;

/// Which trails.
#[derive(Args)]
#[command(after_help = "Examples:
  uput inbox
  uput inbox --all
  uput inbox --json | jq -r '.trails[] | select(.overdue) | .trail'")]
pub(crate) struct InboxArgs {
    /// Show every trail, not only those that wait for this organisation
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    limit: usize,
}

impl InboxArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (trails, more) = self.list(&Node::connect(options).await?).await?;
        let mut page = Page::default();
        if trails.is_empty() {
            page.line(if self.all { "There is no trail yet." } else { "Nothing waits for you." });
        } else {
            page.table(["TRAIL", "WITH", "ASKS", "STANDS AT", "NEXT DUE", "CHANGED"], trails.iter().map(row));
        }
        if more {
            page.line(format!("There are more; to see them give a larger number than --limit {}.", self.limit));
        }
        let trails: Vec<TrailView> = trails.into_iter().map(TrailView::of).collect();
        Ok(Answer::new(&json!({ "trails": trails, "more": more }), page)?.if_lost("nothing was changed: run it again"))
    }

    async fn list(&self, node: &Node) -> Result<(Vec<wire::Trail>, bool), Failure> {
        let mut trails = Vec::new();
        let mut page_token = String::new();
        loop {
            let request =
                wire::ListTrailsRequest { page_size: 0, page_token, waiting: !self.all, ..Default::default() };
            let answer = node.trails().list_trails(request).await.map_err(|status| refusal::of(&status))?.into_inner();
            trails.extend(answer.trails);
            page_token = answer.next_page_token;
            if page_token.is_empty() || trails.len() > self.limit {
                let more = !page_token.is_empty() || trails.len() > self.limit;
                trails.truncate(self.limit);
                return Ok((trails, more));
            }
        }
    }
}

fn row(trail: &wire::Trail) -> [String; 6] {
    let view = crate::trail::view::asks(trail);
    let due = trail.deadlines.iter().find(|deadline| deadline.met == 0);
    let next = due.map(|deadline| {
        let whose = if deadline.ours { "you" } else { "they" };
        let late = if deadline.overdue { " LATE" } else { "" };
        format!("{whose}: {} {}{late}", label::shown("timer_kind", &deadline.timer), moment::local(deadline.due))
    });
    [
        hex(trail.trail.get(..8).unwrap_or(&trail.trail)),
        trail.peer.clone(),
        view,
        label::shown("headline", &trail.headline),
        next.unwrap_or_default(),
        moment::local(trail.changed),
    ]
}
