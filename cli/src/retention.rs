//! What ends by the time of what is kept here, and what a hold keeps.
//!
//! Guarantees that the list says of each end what it is, when, and how long the warning lasts. Leaves to the node what is
//! erased, and to people what must be kept.

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, ErasureReason, HoldReason, HoldState, RetentionPart, RetentionState};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// What to do with retentions. [CLI-113]
#[derive(Subcommand)]
pub(crate) enum RetentionCommand {
    /// List what ends when, what is held, and what was erased
    #[command(after_help = "Examples:
  uput retention list
  uput retention list --json | jq '.retentions[] | select(.state == \"noted\") | .trail'")]
    List,
}

/// What to do with holds. [CLI-114]
#[derive(Subcommand)]
pub(crate) enum HoldCommand {
    /// Keep a trail, or all trails of a case, from being erased; another supervisor confirms it
    #[command(after_help = "Examples:
  uput hold set --trail 3f9ac104 --reason court-order --until 365d
  uput hold set --case 4c1d22e0 --reason criminal-proceedings --until 2027-06-01T00:00+02:00")]
    Set(SetArgs),
    /// Confirm a hold that somebody else set, within 14 days
    #[command(after_help = "Examples:
  uput hold confirm 5d5d0c1e")]
    Confirm(HoldArgs),
    /// Say that a hold shall end; it ends when a second supervisor says so too
    #[command(after_help = "Examples:
  uput hold end 5d5d0c1e")]
    End(HoldArgs),
    /// List holds: those that stand, and those that ended within a year
    #[command(after_help = "Examples:
  uput hold list
  uput hold list --json | jq '.holds[] | select(.state == \"set\") | .hold'")]
    List,
}

/// What is held, why, and until when.
#[derive(Args)]
#[command(group = ArgGroup::new("on").required(true).args(["trail", "case"]))]
pub(crate) struct SetArgs {
    /// The trail, or its first 8 digits
    #[arg(long, value_name = "TRAIL")]
    trail: Option<Reference>,
    /// The case: every trail in it, also one that comes later
    #[arg(long, value_name = "CASE")]
    case: Option<Reference>,
    /// Why
    #[arg(long, value_parser = code::parser::<HoldReason>())]
    reason: HoldReason,
    /// Until when, at most five years: 2027-12-01T00:00+01:00, or 365d (from now)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    until: u64,
}

/// Which hold.
#[derive(Args)]
pub(crate) struct HoldArgs {
    /// ID of the hold, or its first 8 digits
    hold: Reference,
}

impl RetentionCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self::List = self;
        let node = Node::connect(options).await?;
        let (rows, left_open) = retentions(&node).await.map_err(|status| refusal::of(&status))?;
        let mut page = Page::default();
        page.table(["TRAIL", "WITH", "WHAT", "STATE", "ENDS", "DAYS LEFT", "ERASED"], rows.iter().map(Ending::row));
        if left_open > 0 {
            page.line(format!("{left_open} trails are left open: their values end only after somebody closes them."));
        }
        if rows.iter().any(|row| row.at[1] > 0) {
            page.line("A copy of the key book ends at most 30 days after it was made: until then it may give back what was erased.");
        }
        Answer::new(&json!({ "retentions": rows, "left_open": left_open }), page)
    }
}

impl HoldCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let hold = match self {
            Self::List => return list(&node).await,
            Self::Set(args) => args.set(&node).await,
            Self::Confirm(args) => {
                let request = wire::ConfirmHoldRequest { hold: args.id(&node).await? };
                node.retentions().confirm_hold(request).await.map(|answer| answer.into_inner().hold)
            }
            Self::End(args) => {
                let request = wire::EndHoldRequest { hold: args.id(&node).await? };
                node.retentions().end_hold(request).await.map(|answer| answer.into_inner().hold)
            }
        };
        let hold = Held::of(hold.map_err(|status| refusal::of(&status))?.unwrap_or_default());
        let mut page = Page::default();
        page.pair("hold", &hold.id);
        page.pair("state", label::of::<HoldState>(&hold.state));
        page.pair("until", moment::local(hold.at));
        Answer::new(&json!({ "hold": hold }), page)
    }
}

async fn list(node: &Node) -> Result<Answer, Failure> {
    let holds = holds(node).await.map_err(|status| refusal::of(&status))?;
    let holds: Vec<Held> = holds.into_iter().map(Held::of).collect();
    let mut page = Page::default();
    page.table(["HOLD", "ON", "WHY", "STATE", "UNTIL"], holds.iter().map(Held::row));
    Answer::new(&json!({ "holds": holds }), page)
}

impl SetArgs {
    async fn set(self, node: &Node) -> Result<Option<wire::Hold>, tonic::Status> {
        let bytes = |reference: Option<Reference>| reference.map(|named| named.bytes()).unwrap_or_default();
        let (trail, case) = (bytes(self.trail), bytes(self.case));
        let request = wire::SetHoldRequest { trail, case, reason: self.reason.into(), until: self.until };
        Ok(node.retentions().set_hold(request).await?.into_inner().hold)
    }
}

impl HoldArgs {
    /// The whole ID, of one that the caller sees.
    async fn id(&self, node: &Node) -> Result<Vec<u8>, Failure> {
        let known = holds(node).await.map_err(|status| refusal::of(&status))?;
        let mut named = known.into_iter().filter(|hold| self.hold.names(&hold.hold));
        // What is not there the node refuses.
        Ok(named.next().map_or_else(|| self.hold.bytes(), |hold| hold.hold))
    }
}

async fn retentions(node: &Node) -> Result<(Vec<Ending>, u32), tonic::Status> {
    let (mut rows, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListRetentionsRequest { page_size: 0, page_token };
        let answer = node.retentions().list_retentions(request).await?.into_inner();
        rows.extend(answer.retentions.into_iter().map(Ending::of));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok((rows, answer.left_open));
        }
    }
}

async fn holds(node: &Node) -> Result<Vec<wire::Hold>, tonic::Status> {
    let (mut holds, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListHoldsRequest { page_size: 0, page_token };
        let answer = node.retentions().list_holds(request).await?.into_inner();
        holds.extend(answer.holds);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(holds);
        }
    }
}

/// What ends, as programs read it.
#[derive(Serialize)]
struct Ending {
    trail: String,
    with: String,
    part: String,
    state: String,
    due: Option<String>,
    noted: Option<String>,
    days_left: u32,
    erased: Option<String>,
    reason: Option<String>,
    /// When it ends, and when it was erased.
    #[serde(skip)]
    at: [u64; 2],
}

impl Ending {
    fn of(row: wire::RetentionEntry) -> Self {
        Self {
            trail: hex(&row.trail),
            part: word_of::<RetentionPart>(row.part).unwrap_or_default(),
            state: word_of::<RetentionState>(row.state).unwrap_or_default(),
            due: moment::utc(row.due),
            noted: moment::utc(row.noted),
            days_left: row.days_left,
            erased: moment::utc(row.erased),
            reason: word_of::<ErasureReason>(row.reason),
            at: [row.due, row.erased],
            with: row.peer,
        }
    }

    fn row(&self) -> [String; 7] {
        let time = |seconds: u64| if seconds == 0 { String::new() } else { moment::local(seconds) };
        let erased = match &self.reason {
            Some(reason) => format!("{}: {}", time(self.at[1]), label::of::<ErasureReason>(reason)),
            None => String::new(),
        };
        let days = if self.state == "noted" { self.days_left.to_string() } else { String::new() };
        [
            self.trail.get(..8).unwrap_or_default().to_owned(),
            self.with.clone(),
            label::of::<RetentionPart>(&self.part),
            label::of::<RetentionState>(&self.state),
            time(self.at[0]),
            days,
            erased,
        ]
    }
}

/// A hold as programs read it.
#[derive(Serialize)]
struct Held {
    #[serde(rename = "hold")]
    id: String,
    trail: Option<String>,
    case: Option<String>,
    reason: String,
    state: String,
    set: Option<String>,
    until: Option<String>,
    set_by: String,
    confirmed_by: Option<String>,
    ending_by: Option<String>,
    ended_by: Option<String>,
    ended: Option<String>,
    #[serde(skip)]
    at: u64,
}

impl Held {
    fn of(hold: wire::Hold) -> Self {
        let some = |bytes: &[u8]| Some(hex(bytes)).filter(|text| !text.is_empty());
        Self {
            id: hex(&hold.hold),
            trail: some(&hold.trail),
            case: some(&hold.case),
            reason: word_of::<HoldReason>(hold.reason).unwrap_or_default(),
            state: word_of::<HoldState>(hold.state).unwrap_or_default(),
            set: moment::utc(hold.set),
            until: moment::utc(hold.until),
            set_by: hex(&hold.set_by),
            confirmed_by: some(&hold.confirmed_by),
            ending_by: some(&hold.ending_by),
            ended_by: some(&hold.ended_by),
            ended: moment::utc(hold.ended),
            at: hold.until,
        }
    }

    fn row(&self) -> [String; 5] {
        let short = |id: &str| id.get(..8).unwrap_or_default().to_owned();
        let on = match (&self.trail, &self.case) {
            (Some(trail), _) => format!("trail {}", short(trail)),
            (None, Some(case)) => format!("case {}", short(case)),
            (None, None) => String::new(),
        };
        let (reason, state) = (label::of::<HoldReason>(&self.reason), label::of::<HoldState>(&self.state));
        [short(&self.id), on, reason, state, moment::local(self.at)]
    }
}
