//! Keys of teams: made by a member, for all members.

use clap::Args;
use serde_json::json;
use uput_core::key::SealingSecret;
use uput_core::staff::{self, Place};
use uput_core::wire::{self, StaffKeyState};

use crate::access::Node;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::{hex, random};
use crate::staff::readers::System;
use crate::staff::ring::{self, KeyArgs};

/// Which team.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff team 6d21aa07")]
pub(crate) struct TeamArgs {
    /// The team's ID, or at least its first 8 digits
    team: Reference,
    #[command(flatten)]
    keys: KeyArgs,
}

impl TeamArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let member = |key: &wire::StaffKey| key.teams.iter().any(|team| self.team.names(team));
        let current = |key: &wire::StaffKey| key.state() == StaffKeyState::Current;
        let keys = ring::all(&node).await?;
        let members: Vec<wire::StaffKey> = keys.iter().filter(|key| member(key) && current(key)).cloned().collect();
        if !members.iter().any(|key| key.own) {
            return Err(Failure::new(
                Exit::Failed,
                "NO_STAFF_KEY",
                "you are not in this team, or have no key that counts",
            )
            .next("see `uput staff list`"));
        }
        // Its only copies are those that are sealed here to the members.
        let secret = SealingSecret::from_seed(&random()?);
        let proof = self.keys.own(options)?.proof(&keys, &secret.id())?;
        let wrap = |member: &wire::StaffKey| {
            let (to, place) = (ring::public_of(member)?, Place::Team(secret.id()));
            // Exposed to be sealed to a member.
            staff::seal(&to, &place, secret.expose_seed(), &mut System).map_err(|_| super::unsealed())
        };
        let wraps = members.iter().map(wrap).collect::<Result<_, _>>()?;
        let (team, public) = (self.team.bytes(), secret.public().to_vec());
        let request = wire::AddTeamKeyRequest { team, public, wraps, proof };
        let answer = node.staff().add_team_key(request).await.map_err(|status| refusal::of(&status))?;
        let key = answer.into_inner().key.unwrap_or_default();
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let mut page = Page::default();
        page.pair("key", hex(&key.key));
        page.pair("team", &key.name);
        names.iter().for_each(|name| page.pair("opened by", name));
        Answer::new(&json!({ "key": hex(&key.key), "team": key.name, "opened_by": names }), page)
    }
}
