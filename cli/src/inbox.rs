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
        let which = wire::ListTrailsRequest { waiting: !self.all, ..Default::default() };
        let Listed { trails, more, unreadable } = list(&Node::connect(options).await?, which, self.limit).await?;
        let mut page = Page::default();
        if trails.is_empty() && unreadable.is_empty() {
            page.line(if self.all { "There is no trail yet." } else { "Nothing waits for you." });
        }
        if !trails.is_empty() {
            page.table(["TRAIL", "WITH", "ASKS", "STANDS AT", "NEXT DUE", "CHANGED"], trails.iter().map(row));
        }
        if more {
            page.line(format!("There are more; to see them give a larger number than --limit {}.", self.limit));
        }
        describe_unreadable(&unreadable, &mut page);
        let trails: Vec<TrailView> = trails.into_iter().map(TrailView::of).collect();
        let body = json!({ "trails": trails, "more": more, "unreadable": unreadable });
        Ok(Answer::new(&body, page)?.if_lost("nothing was changed: run it again"))
    }
}

/// Trails, page by page.
pub(crate) struct Listed {
    pub(crate) trails: Vec<wire::Trail>,
    /// Whether there are more than were asked for.
    pub(crate) more: bool,
    /// IDs of those among them that the node cannot read now.
    pub(crate) unreadable: Vec<String>,
}

/// Lists at most so many trails that can be read, and all that cannot on the way. [NOD-94]
pub(crate) async fn list(node: &Node, which: wire::ListTrailsRequest, limit: usize) -> Result<Listed, Failure> {
    let (mut trails, mut unreadable, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let request = wire::ListTrailsRequest { page_token, ..which.clone() };
        let answer = node.trails().list_trails(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        trails.extend(answer.trails);
        unreadable.extend(answer.unreadable.iter().map(|trail| hex(trail)));
        page_token = answer.next_page_token;
        if page_token.is_empty() || trails.len() > limit {
            let more = !page_token.is_empty() || trails.len() > limit;
            trails.truncate(limit);
            return Ok(Listed { trails, more, unreadable });
        }
    }
}

/// Says how many cannot be read, and which.
pub(crate) fn describe_unreadable(unreadable: &[String], page: &mut Page) {
    if unreadable.is_empty() {
        return;
    }
    page.line(format!("{} cannot be read now, and may wait for you; see `uput node doctor`:", unreadable.len()));
    for trail in unreadable {
        page.line(format!("  {trail}"));
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
