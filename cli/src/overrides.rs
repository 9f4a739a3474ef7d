//! What was done against the ordinary rule, and what somebody who had no part in it said later.
//!
//! Guarantees that a review is a code and a reason from a closed list, so that nothing has to be erased afterwards. Leaves
//! to the node what is an override, and who may review it.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, Beside, Overbooking, OverrideKind, ReviewOutcome, ReviewReason};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::period::PeriodArgs;
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum OverridesCommand {
    /// List them: by whom, when, and what a review found
    #[command(after_help = "Examples:
  uput overrides list
  uput overrides list --waiting --json | jq '.overrides[] | select(.overdue) | .override'")]
    List(ListArgs),
    /// Say what one was, looked at later, by somebody who had no part in it
    #[command(after_help = "Examples:
  uput overrides review 5c1f09aa --outcome upheld --reason danger-was-real
  uput overrides review 5c1f09aa --outcome upheld-with-lesson --reason she-was-not-told")]
    Review(ReviewArgs),
    /// Count them by month and kind, without names
    #[command(after_help = "Examples:
  uput overrides count
  uput overrides count --since 365d --json | jq '.counts'")]
    Count(PeriodArgs),
}

/// Which.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only what was not reviewed, what is due first before
    #[arg(long)]
    waiting: bool,
}

/// Which, and what was found.
#[derive(Args)]
pub(crate) struct ReviewArgs {
    /// ID of the override, or its first 8 digits
    override_id: Reference,
    /// What was found
    #[arg(long, value_parser = code::parser::<ReviewOutcome>())]
    outcome: ReviewOutcome,
    /// Why
    #[arg(long, value_parser = code::parser::<ReviewReason>())]
    reason: ReviewReason,
}

impl OverridesCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::List(args) => args.run(options).await,
            Self::Review(args) => args.run(options).await,
            Self::Count(period) => count(&period, options).await,
        }
    }
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let overrides = listed(&node, self.waiting).await.map_err(|status| refusal::of(&status))?;
        let mut page = Page::default();
        table(&mut page, &overrides);
        Answer::new(&json!({ "overrides": overrides }), page)
    }
}

impl ReviewArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let (outcome, reason) = (self.outcome.into(), self.reason.into());
        let request = wire::ReviewOverrideRequest { override_id: self.override_id.bytes(), outcome, reason };
        let answer = node.overrides().review_override(request).await.map_err(|status| refusal::of(&status))?;
        let reviewed = Overridden::of(answer.into_inner().reviewed.unwrap_or_default());
        let mut page = Page::default();
        page.pair("override", &reviewed.id);
        page.pair("what", reviewed.what());
        page.pair("found", reviewed.found());
        Answer::new(&json!({ "override": reviewed }), page)
    }
}

async fn count(period: &PeriodArgs, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let (from, until) = period.ends();
    let request = wire::CountOverridesRequest { from, until };
    let answer = node.overrides().count_overrides(request).await.map_err(|status| refusal::of(&status))?;
    let counts: Vec<Count> = answer.into_inner().counts.iter().map(Count::of).collect();
    let mut page = Page::default();
    page.table(
        ["MONTH", "WHAT", "HAPPENED", "BY TWO", "UPHELD", "WITH LESSON", "NOT UPHELD", "OVERDUE"],
        counts.iter().map(Count::row),
    );
    let body = json!({ "since": moment::utc(from), "until": moment::utc(until), "counts": counts });
    Answer::new(&body, page)
}

/// All that the caller may see.
pub(crate) async fn listed(node: &Node, waiting: bool) -> Result<Vec<Overridden>, tonic::Status> {
    let (mut overrides, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListOverridesRequest { page_size: 0, page_token, waiting };
        let answer = node.overrides().list_overrides(request).await?.into_inner();
        overrides.extend(answer.overrides.into_iter().map(Overridden::of));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(overrides);
        }
    }
}

/// For people.
pub(crate) fn table(page: &mut Page, overrides: &[Overridden]) {
    page.table(["OVERRIDE", "WHAT", "WHEN", "BY", "AND", "REVIEW"], overrides.iter().map(Overridden::row));
}

/// An override as programs read it.
#[derive(Serialize)]
pub(crate) struct Overridden {
    #[serde(rename = "override")]
    id: String,
    kind: String,
    time: Option<String>,
    case: Option<String>,
    trail: Option<String>,
    done_by_name: String,
    approved_by_name: Option<String>,
    due: Option<String>,
    review: Option<Found>,
    may_review: bool,
    pub(crate) overdue: bool,
    /// Why, where it was said by a code as it happened: places, others.
    why: Option<String>,
    /// The same as people read it.
    #[serde(skip)]
    said: String,
    #[serde(skip)]
    at: [u64; 2],
}

#[derive(Serialize)]
struct Found {
    outcome: String,
    reason: String,
    by_name: String,
    time: Option<String>,
}

impl Overridden {
    fn of(known: wire::Override) -> Self {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: hex(&known.override_id),
            kind: word_of::<OverrideKind>(known.kind).unwrap_or_default(),
            time: moment::utc(known.time),
            case: text(hex(&known.case)),
            trail: text(hex(&known.trail)),
            done_by_name: known.done_by_name,
            approved_by_name: text(known.approved_by_name),
            due: moment::utc(known.due),
            review: known.review.map(Found::of),
            may_review: known.may_review,
            overdue: known.overdue,
            said: [label::of_number::<Overbooking>(known.overbooking), label::of_number::<Beside>(known.beside)]
                .concat(),
            why: word_of::<Overbooking>(known.overbooking).or(word_of::<Beside>(known.beside)),
            at: [known.time, known.due],
        }
    }

    fn found(&self) -> String {
        match &self.review {
            Some(found) => {
                let outcome = label::of::<ReviewOutcome>(&found.outcome);
                format!("{outcome}: {}", label::of::<ReviewReason>(&found.reason))
            }
            None if self.overdue => format!("OVERDUE since {}", moment::local(self.at[1])),
            None => format!("due {}", moment::local(self.at[1])),
        }
    }

    /// What it was, and why, where that was said.
    fn what(&self) -> String {
        let kind = label::of::<OverrideKind>(&self.kind);
        if self.said.is_empty() { kind } else { format!("{kind}: {}", self.said) }
    }

    fn row(&self) -> [String; 6] {
        let short = self.id.get(..8).unwrap_or_default().to_owned();
        let second = self.approved_by_name.clone().unwrap_or_default();
        [short, self.what(), moment::local(self.at[0]), self.done_by_name.clone(), second, self.found()]
    }
}

impl Found {
    fn of(review: wire::Review) -> Self {
        Self {
            outcome: word_of::<ReviewOutcome>(review.outcome).unwrap_or_default(),
            reason: word_of::<ReviewReason>(review.reason).unwrap_or_default(),
            by_name: review.by_name,
            time: moment::utc(review.time),
        }
    }
}

#[derive(Serialize)]
struct Count {
    month: String,
    kind: String,
    happened: u64,
    by_two: u64,
    upheld: u64,
    upheld_with_lesson: u64,
    not_upheld: u64,
    overdue: u64,
}

impl Count {
    fn of(count: &wire::OverrideCount) -> Self {
        let wire::OverrideCount { happened, by_two, upheld, upheld_with_lesson, not_upheld, overdue, .. } = *count;
        let month = format!("{:04}-{:02}", count.month / 100, count.month % 100);
        let kind = word_of::<OverrideKind>(count.kind).unwrap_or_default();
        Self { month, kind, happened, by_two, upheld, upheld_with_lesson, not_upheld, overdue }
    }

    fn row(&self) -> [String; 8] {
        let known = [self.happened, self.by_two, self.upheld, self.upheld_with_lesson, self.not_upheld, self.overdue];
        let [happened, two, upheld, lesson, not, overdue] = known.map(|number| number.to_string());
        [self.month.clone(), label::of::<OverrideKind>(&self.kind), happened, two, upheld, lesson, not, overdue]
    }
}
