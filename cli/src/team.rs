//! Teams: colleagues to whom a case is assigned together.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire;

use crate::access::Node;
use crate::account::name_of;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum TeamCommand {
    /// Make a team of nobody yet
    Create(CreateArgs),
    /// List teams and who is in them
    #[command(after_help = "Examples:
  uput team list --as worker.toml
  uput team list --json | jq '.teams[].members[]'")]
    List,
    /// Put a colleague into a team
    Add(AddArgs),
    /// Take a colleague out of a team
    Remove(RemoveArgs),
}

/// What it is called.
#[derive(Args)]
#[command(after_help = "Examples:
  uput team create --as supervisor.toml
  uput team create --as supervisor.toml --name-file name.txt")]
pub(crate) struct CreateArgs {
    /// File whose first line is the name; `-` reads standard input; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    name_file: Option<PathBuf>,
}

/// Who, and where.
#[derive(Args)]
#[command(after_help = "Examples:
  uput team add 7c7c7c7c 5c1f09aa --as supervisor.toml")]
pub(crate) struct AddArgs {
    /// ID of the team, or its first 8 digits
    team: Reference,
    /// ID of an account of the colleague, or its first 8 digits
    account: Reference,
}

/// Who, and whence.
#[derive(Args)]
#[command(after_help = "Examples:
  uput team remove 7c7c7c7c 5c1f09aa --as supervisor.toml")]
pub(crate) struct RemoveArgs {
    /// ID of the team, or its first 8 digits
    team: Reference,
    /// ID of an account of the colleague, or its first 8 digits
    account: Reference,
}

impl TeamCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = async || Node::connect(options).await;
        match self {
            Self::Create(args) => {
                let name = name_of(args.name_file.as_deref(), options)?;
                // Exposed to be sent to this organisation's own node, inside TLS.
                let request = wire::CreateTeamRequest { name: name.expose().clone() };
                let made = node().await?.teams().create_team(request).await.map_err(|status| refusal::of(&status))?;
                shown(made.into_inner().team)
            }
            Self::List => list(&node().await?).await,
            Self::Add(args) => {
                let request = wire::AddTeamMemberRequest { team: args.team.bytes(), account: args.account.bytes() };
                let changed = node().await?.teams().add_team_member(request).await;
                shown(changed.map_err(|status| refusal::of(&status))?.into_inner().team)
            }
            Self::Remove(args) => {
                let request = wire::RemoveTeamMemberRequest { team: args.team.bytes(), account: args.account.bytes() };
                let changed = node().await?.teams().remove_team_member(request).await;
                shown(changed.map_err(|status| refusal::of(&status))?.into_inner().team)
            }
        }
    }
}

async fn list(node: &Node) -> Result<Answer, Failure> {
    let (mut teams, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListTeamsRequest { page_size: 0, page_token };
        let answer = node.teams().list_teams(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        teams.extend(answer.teams.into_iter().map(Team::of));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut page = Page::default();
    page.table(["TEAM", "NAME", "PERSONS"], teams.iter().map(Team::row));
    Answer::new(&json!({ "teams": teams }), page)
}

fn shown(team: Option<wire::Team>) -> Result<Answer, Failure> {
    let team = Team::of(team.unwrap_or_default());
    let mut page = Page::default();
    page.pair("team", &team.team);
    page.pair("name", &team.name);
    page.pair("persons", team.members());
    Answer::new(&json!({ "team": team }), page)
}

#[derive(Serialize)]
struct Team {
    team: String,
    name: String,
    members: Vec<String>,
}

impl Team {
    fn of(team: wire::Team) -> Self {
        // Shown to people of the same organisation.
        Self {
            team: hex(&team.team),
            name: team.name,
            members: team.members.iter().map(|person| hex(person)).collect(),
        }
    }

    fn members(&self) -> String {
        let short = |id: &String| id.get(..8).unwrap_or_default().to_owned();
        self.members.iter().map(short).collect::<Vec<_>>().join(" ")
    }

    fn row(&self) -> [String; 3] {
        [self.team.get(..8).unwrap_or_default().to_owned(), self.name.clone(), self.members()]
    }
}
