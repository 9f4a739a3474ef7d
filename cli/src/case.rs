//! Cases: what joins one person's trails here, who has it, and whom she excluded.
//!
//! Guarantees that a colleague is named by an ID or by a file, never by a name among the arguments, and that what cannot
//! be undone is asked first. Leaves to the node who sees what.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire;
use uput_core::wire::request_approval_request::Act as Asks;

use crate::access::Node;
use crate::args::Options;
use crate::case_record::RecordCommand;
use crate::code::word_of;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reading;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{ApprovalId, hex};
use crate::staff::readers::{self, GivenOn};
use crate::staff::ring::KeyArgs;

/// What to do.
#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "one is made in a run")]
pub(crate) enum CaseCommand {
    /// Make a case without a trail
    #[command(after_help = "Examples:
  uput case create
  uput case create --number-file number.txt")]
    Create(NumberArgs),
    /// List the cases that you see
    List(ListArgs),
    /// Show a case, and who has it
    Show(ShowArgs),
    /// Take a case that nobody has
    #[command(after_help = "Examples:
  uput case take 4c1d09aa")]
    Take(OneArgs),
    /// Give a case to a colleague or a team, or take it from them
    Assign(AssignArgs),
    /// Say that two cases are of the same person: one becomes a part of the other, for good
    Join(JoinArgs),
    /// Say that the work on a case is done
    #[command(after_help = "Examples:
  uput case close 4c1d09aa")]
    Close(OneArgs),
    /// Say that a case goes on
    #[command(after_help = "Examples:
  uput case reopen 4c1d09aa")]
    Reopen(OneArgs),
    /// Write your own file number on a case
    Number(SetNumberArgs),
    /// Exclude a colleague from a case, as she asked
    #[command(after_help = "Examples:
  uput case exclude 4c1d09aa --colleague 5c1f09aa
  uput case exclude 4c1d09aa --colleague-file name.txt")]
    Exclude(ExcludeArgs),
    /// List whom she excluded
    #[command(after_help = "Examples:
  uput case exclusions 4c1d09aa
  uput case exclusions 4c1d09aa --json | jq '.exclusions[] | .person'")]
    Exclusions(OneArgs),
    /// Say that an excluded colleague is the one whom she named
    #[command(after_help = "Examples:
  uput case confirm 4c1d09aa --colleague 5c1f09aa")]
    Confirm(ExcludeArgs),
    /// Say that an excluded colleague only has a like name
    Lift(LiftArgs),
    /// See the values of a case that is not yours for a day, if a second person approved
    BreakGlass(GlassArgs),
    /// What is held about her, and what is followed.
    #[command(flatten)]
    Record(RecordCommand),
}

/// Which.
#[derive(Args)]
pub(crate) struct OneArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
}

/// By which of both.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case show 4c1d09aa
  uput case show --trail 7d13e0aa")]
pub(crate) struct ShowArgs {
    /// ID of the case, or its first 8 digits
    #[arg(required_unless_present = "trail")]
    case: Option<Reference>,
    /// ID of a trail in it, or its first 8 digits
    #[arg(long, conflicts_with = "case")]
    trail: Option<Reference>,
}

/// The file number.
#[derive(Args)]
pub(crate) struct NumberArgs {
    /// File whose first line is your own file number; `-` reads standard input. Your number is no argument
    #[arg(long, value_name = "FILE")]
    number_file: Option<PathBuf>,
}

/// Which, and its number.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case number 4c1d09aa --number-file number.txt
  uput case number 4c1d09aa")]
pub(crate) struct SetNumberArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    /// The number; left out: the case has none any more
    #[command(flatten)]
    number: NumberArgs,
}

/// Which of them.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case list --mine
  uput case list --untaken
  uput case list --number-file number.txt
  uput case list --json | jq '.cases[] | .case'")]
pub(crate) struct ListArgs {
    /// Only those that are yours, or a team's of yours
    #[arg(long)]
    mine: bool,
    /// Only those that nobody has
    #[arg(long)]
    untaken: bool,
    /// Closed ones too
    #[arg(long)]
    closed: bool,
    /// Only those with exactly this number
    #[command(flatten)]
    number: NumberArgs,
}

/// A colleague.
#[derive(Args)]
pub(crate) struct ColleagueArgs {
    /// ID of the colleague or of an account of theirs, or its first 8 digits
    #[arg(long, value_name = "ID", required_unless_present_any = ["colleague_file", "team"])]
    colleague: Option<Reference>,
    /// File whose first line is the colleague's name; `-` reads standard input. A person's name is no argument
    #[arg(long, value_name = "FILE", conflicts_with = "colleague")]
    colleague_file: Option<PathBuf>,
}

/// To whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case assign 4c1d09aa --colleague 5c1f09aa
  uput case assign 4c1d09aa --team 77e01b42
  uput case assign 4c1d09aa --colleague-file name.txt --remove")]
pub(crate) struct AssignArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    #[command(flatten)]
    colleague: ColleagueArgs,
    /// ID of a team, or its first 8 digits
    #[arg(long, value_name = "ID", conflicts_with_all = ["colleague", "colleague_file"])]
    team: Option<Reference>,
    /// They do not have it any more
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Which two.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case join 4c1d09aa --into 9b20c7f1 --yes")]
pub(crate) struct JoinArgs {
    /// ID of the case that becomes a part, or its first 8 digits
    case: Reference,
    /// ID of the case that it becomes a part of, or its first 8 digits
    #[arg(long, value_name = "CASE")]
    into: Reference,
}

/// Whom.
#[derive(Args)]
pub(crate) struct ExcludeArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
    /// ID of the colleague or of an account of theirs, or its first 8 digits
    #[arg(long, value_name = "ID", required_unless_present = "colleague_file")]
    colleague: Option<Reference>,
    /// File whose first line is the colleague's name; `-` reads standard input. A person's name is no argument
    #[arg(long, value_name = "FILE", conflicts_with = "colleague")]
    colleague_file: Option<PathBuf>,
}

/// Whom, and who let it happen.
#[derive(Args)]
#[command(after_help = "Examples:
  uput case lift 4c1d09aa --colleague 5c1f09aa --yes
  uput approval request --reason mistake -- case lift 4c1d09aa --colleague 5c1f09aa --yes
  uput case lift 4c1d09aa --colleague 5c1f09aa --yes --approval 5c1f09aa5c1f09aa5c1f09aa5c1f09aa")]
pub(crate) struct LiftArgs {
    #[command(flatten)]
    whom: ExcludeArgs,
    /// ID of an approval, where the exclusion is not in doubt; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

/// Which, and who let it happen.
#[derive(Args)]
#[command(after_help = "Examples:
  uput approval request --reason colleague-away -- case break-glass 4c1d09aa4c1d09aa4c1d09aa4c1d09aa
  uput case break-glass 4c1d09aa4c1d09aa4c1d09aa4c1d09aa --approval 5c1f09aa5c1f09aa5c1f09aa5c1f09aa")]
pub(crate) struct GlassArgs {
    /// ID of the case, all 32 digits: you see no other
    case: Reference,
    /// ID of the approval; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

impl CaseCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Create(args) => create(&args, options).await,
            Self::List(args) => args.run(options).await,
            Self::Show(args) => args.run(options).await,
            Self::Take(args) => take(args.case, options).await,
            Self::Assign(args) => args.run(options).await,
            Self::Join(args) => args.run(options).await,
            Self::Close(args) => close(args.case, options).await,
            Self::Reopen(args) => reopen(args.case, options).await,
            Self::Number(args) => args.run(options).await,
            Self::Exclude(args) => args.exclude(options).await,
            Self::Exclusions(args) => exclusions(args.case, options).await,
            Self::Record(command) => command.run(options).await,
            Self::Confirm(args) => args.decide(wire::ExclusionRuling::Confirmed, Vec::new(), options).await,
            Self::Lift(LiftArgs { whom, approval }) => {
                prompt::confirm(options, "Let this colleague see the case of somebody who may have excluded them?")?;
                whom.decide(wire::ExclusionRuling::Lifted, ApprovalId::bytes(approval.as_ref()), options).await
            }
            Self::BreakGlass(args) => args.run(options).await,
        }
    }
}

async fn create(args: &NumberArgs, options: &Options) -> Result<Answer, Failure> {
    let external_ref = args.number()?;
    let node = Node::connect(options).await?;
    let request = wire::CreateCaseRequest { external_ref };
    let answer = node.cases().create_case(request).await.map_err(|status| refusal::of(&status))?;
    shown(answer.into_inner().case)
}

async fn take(case: Reference, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let request = wire::TakeCaseRequest { case: case.bytes() };
    let answer = node.cases().take_case(request).await.map_err(|status| refusal::of(&status))?;
    shown(answer.into_inner().case)
}

async fn close(case: Reference, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let request = wire::CloseCaseRequest { case: case.bytes() };
    let answer = node.cases().close_case(request).await.map_err(|status| refusal::of(&status))?;
    shown(answer.into_inner().case)
}

async fn reopen(case: Reference, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let request = wire::ReopenCaseRequest { case: case.bytes() };
    let answer = node.cases().reopen_case(request).await.map_err(|status| refusal::of(&status))?;
    shown(answer.into_inner().case)
}

async fn exclusions(case: Reference, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let request = wire::ListExclusionsRequest { case: case.bytes() };
    let answer = node.cases().list_exclusions(request).await.map_err(|status| refusal::of(&status))?;
    let exclusions: Vec<_> = answer.into_inner().exclusions.into_iter().map(Excluded::of).collect();
    let mut page = Page::default();
    page.table(["PERSON", "NAME", "WHY", "DECIDED"], exclusions.iter().map(Excluded::row));
    Answer::new(&json!({ "exclusions": exclusions }), page)
}

impl NumberArgs {
    /// The number; empty if none was given.
    fn number(&self) -> Result<String, Failure> {
        self.number_file.as_deref().map_or(Ok(String::new()), first_line)
    }
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let external_ref = self.number.number()?;
        let node = Node::connect(options).await?;
        let (mut cases, mut page_token) = (Vec::new(), String::new());
        loop {
            let (mine, untaken, closed) = (self.mine, self.untaken, self.closed);
            let external_ref = external_ref.clone();
            let request = wire::ListCasesRequest { page_size: 0, page_token, mine, untaken, closed, external_ref };
            let answer = node.cases().list_cases(request).await.map_err(|status| refusal::of(&status))?.into_inner();
            cases.extend(answer.cases.into_iter().map(Known::of));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut page = Page::default();
        page.table(["CASE", "NUMBER", "WHO HAS IT", "TRAILS", "STATE"], cases.iter().map(Known::row));
        Answer::new(&json!({ "cases": cases }), page)
    }
}

impl ShowArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let bytes = |reference: Option<Reference>| reference.map(|reference| reference.bytes()).unwrap_or_default();
        let request = wire::GetCaseRequest { case: bytes(self.case), trail: bytes(self.trail) };
        let answer = node.cases().get_case(request).await.map_err(|status| refusal::of(&status))?;
        shown(answer.into_inner().case)
    }
}

impl AssignArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let ColleagueArgs { colleague, colleague_file } = self.colleague;
        let colleague = colleague_of(colleague, colleague_file.as_deref())?;
        let team = self.team.map(|team| hex(&team.bytes())).unwrap_or_default();
        let node = Node::connect(options).await?;
        let request = wire::AssignCaseRequest { case: self.case.bytes(), colleague, team, remove: self.remove };
        let answer = node.cases().assign_case(request).await.map_err(|status| refusal::of(&status))?;
        let case = answer.into_inner().case;
        // [STF-13] Whoever gets it can read at once what was sealed to whoever had it.
        let given = match case.as_ref().filter(|_| !self.remove) {
            Some(case) => readers::give_on(&node, &self.keys, &case.case, options).await?,
            None => GivenOn::default(),
        };
        given_on(case, &given)
    }
}

impl JoinArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "Join these two cases for good?")?;
        let node = Node::connect(options).await?;
        let request = wire::JoinCasesRequest { from: self.case.bytes(), into: self.into.bytes() };
        let answer = node.cases().join_cases(request).await.map_err(|status| refusal::of(&status))?;
        shown(answer.into_inner().case)
    }
}

impl SetNumberArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let external_ref = self.number.number()?;
        let node = Node::connect(options).await?;
        let request = wire::SetFileNumberRequest { case: self.case.bytes(), external_ref };
        let answer = node.cases().set_file_number(request).await.map_err(|status| refusal::of(&status))?;
        shown(answer.into_inner().case)
    }
}

impl ExcludeArgs {
    async fn exclude(self, options: &Options) -> Result<Answer, Failure> {
        let colleague = colleague_of(self.colleague, self.colleague_file.as_deref())?;
        let node = Node::connect(options).await?;
        let request = wire::ExcludePersonRequest { case: self.case.bytes(), colleague };
        let answer = node.cases().exclude_person(request).await.map_err(|status| refusal::of(&status))?;
        excluded(answer.into_inner().exclusion)
    }

    async fn decide(
        self,
        ruling: wire::ExclusionRuling,
        approval: Vec<u8>,
        options: &Options,
    ) -> Result<Answer, Failure> {
        let colleague = colleague_of(self.colleague, self.colleague_file.as_deref())?;
        let node = Node::connect(options).await?;
        let (case, ruling) = (self.case.bytes(), ruling.into());
        let request = wire::DecideExclusionRequest { case, colleague, ruling, approval };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::DecideExclusion(request)).await;
        }
        let answer = node.cases().decide_exclusion(request).await.map_err(|status| refusal::of(&status))?;
        excluded(answer.into_inner().exclusion)
    }
}

impl GlassArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let approval = ApprovalId::bytes(self.approval.as_ref());
        let request = wire::BreakGlassRequest { case: self.case.bytes(), approval };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::BreakGlass(request)).await;
        }
        let answer = node.cases().break_glass(request).await.map_err(|status| refusal::of(&status))?;
        let until = answer.into_inner().until;
        let mut page = Page::default();
        page.line("You see the values of this case. Who looked, and who approved, is kept.");
        page.pair("until", moment::local(until));
        Answer::new(&json!({ "until": moment::utc(until) }), page)
    }
}

/// How a colleague is named to the node; empty: not at all.
fn colleague_of(id: Option<Reference>, file: Option<&Path>) -> Result<String, Failure> {
    match (id, file) {
        (Some(id), _) => Ok(hex(&id.bytes())),
        (None, Some(file)) => first_line(file),
        (None, None) => Ok(String::new()),
    }
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let text = reading::text(path)?;
    // Exposed to be sent to this organisation's own node, inside TLS.
    Ok(text.expose().lines().next().unwrap_or_default().trim().to_owned())
}

fn shown(case: Option<wire::Case>) -> Result<Answer, Failure> {
    let mut page = Page::default();
    let case = case.map(Known::of);
    match &case {
        Some(case) => case.describe(&mut page),
        None => page.line("You see nothing of this case any more."),
    }
    Answer::new(&json!({ "case": case }), page)
}

/// The case, and who can read what is sealed in it.
fn given_on(case: Option<wire::Case>, given: &GivenOn) -> Result<Answer, Failure> {
    let mut page = Page::default();
    let case = case.map(Known::of);
    match &case {
        Some(case) => case.describe(&mut page),
        None => page.line("You see nothing of this case any more."),
    }
    let GivenOn { added, missing } = *given;
    if added > 0 {
        page.pair("readers added", added.to_string());
    }
    match missing {
        Some(0) => {}
        Some(_) => {
            page.line("Somebody cannot read yet what is sealed to staff, and your staff key is not here to let them.");
            page.line("Run uput staff readers where it is.");
        }
        None => page.line("A colleague who can open what is sealed to staff runs uput staff readers."),
    }
    Answer::new(&json!({ "case": case, "readers_added": added, "readers_missing": missing }), page)
}

fn excluded(exclusion: Option<wire::CaseExclusion>) -> Result<Answer, Failure> {
    let exclusion = Excluded::of(exclusion.unwrap_or_default());
    let mut page = Page::default();
    page.pair("person", &exclusion.person);
    page.pair("name", &exclusion.name);
    page.pair("why", label::of::<wire::ExclusionGround>(&exclusion.ground));
    page.pair("decided", exclusion.decided());
    Answer::new(&json!({ "exclusion": exclusion }), page)
}

#[derive(Serialize)]
struct Known {
    case: String,
    external_ref: Option<String>,
    trails: Vec<String>,
    persons: Vec<Colleague>,
    teams: Vec<Team>,
    opened_by: Option<Colleague>,
    created: Option<String>,
    closed: Option<String>,
    sees: &'static str,
    mine: bool,
    in_doubt: u32,
}

#[derive(Serialize)]
struct Colleague {
    person: String,
    name: String,
}

#[derive(Serialize)]
struct Team {
    team: String,
    name: String,
}

#[derive(Serialize)]
struct Excluded {
    person: String,
    name: String,
    ground: String,
    ruling: Option<String>,
    by: Option<Colleague>,
    time: Option<String>,
}

impl Colleague {
    /// Shown to the colleague who asked for it.
    fn of(colleague: wire::CaseColleague) -> Self {
        Self { person: hex(&colleague.person), name: colleague.name }
    }

    fn words(&self) -> &str {
        if self.name.is_empty() { self.person.get(..8).unwrap_or_default() } else { &self.name }
    }
}

impl Known {
    fn of(case: wire::Case) -> Self {
        let teams = case.teams.into_iter().map(|team| Team { team: hex(&team.team), name: team.name });
        Self {
            case: hex(&case.case),
            external_ref: Some(case.external_ref).filter(|number| !number.is_empty()),
            trails: case.trails.iter().map(|trail| hex(trail)).collect(),
            persons: case.persons.into_iter().map(Colleague::of).collect(),
            teams: teams.collect(),
            opened_by: case.opened_by.map(Colleague::of),
            created: moment::utc(case.created),
            closed: moment::utc(case.closed),
            sees: if case.values { "values" } else { "outline" },
            mine: case.mine,
            in_doubt: case.in_doubt,
        }
    }

    fn who(&self) -> String {
        let persons = self.persons.iter().map(|person| person.words().to_owned());
        let who: Vec<String> = persons.chain(self.teams.iter().map(|team| format!("team {}", team.name))).collect();
        if who.is_empty() { "nobody".to_owned() } else { who.join(", ") }
    }

    fn state(&self) -> String {
        let state = if self.closed.is_some() { "closed" } else { "open" };
        match self.in_doubt {
            0 => state.to_owned(),
            many => format!("{state}; {many} like names to decide"),
        }
    }

    fn row(&self) -> [String; 5] {
        let short = self.case.get(..8).unwrap_or_default().to_owned();
        let number = self.external_ref.clone().unwrap_or_default();
        [short, number, self.who(), self.trails.len().to_string(), self.state()]
    }

    fn describe(&self, page: &mut Page) {
        page.pair("case", &self.case);
        if let Some(number) = &self.external_ref {
            page.pair("number", number);
        }
        page.pair("who has it", self.who());
        if let Some(opener) = &self.opened_by {
            page.pair("opened by", opener.words());
        }
        page.pair("state", self.state());
        page.pair("you see", self.sees);
        for trail in &self.trails {
            page.pair("trail", trail);
        }
    }
}

impl Excluded {
    fn of(exclusion: wire::CaseExclusion) -> Self {
        let colleague = Colleague::of(exclusion.colleague.unwrap_or_default());
        Self {
            person: colleague.person,
            name: colleague.name,
            ground: word_of::<wire::ExclusionGround>(exclusion.ground).unwrap_or_default(),
            ruling: word_of::<wire::ExclusionRuling>(exclusion.ruling),
            by: exclusion.by.map(Colleague::of),
            time: moment::utc(exclusion.time),
        }
    }

    fn decided(&self) -> String {
        let ruled = self.ruling.as_ref().map(|ruling| label::of::<wire::ExclusionRuling>(ruling));
        ruled.unwrap_or_else(|| "not yet".to_owned())
    }

    fn row(&self) -> [String; 4] {
        let short = self.person.get(..8).unwrap_or_default().to_owned();
        [short, self.name.clone(), label::of::<wire::ExclusionGround>(&self.ground), self.decided()]
    }
}
