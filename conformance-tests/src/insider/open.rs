//! What people's own programs open of what is sealed to staff, each with the person's staff key.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::known::Known;
use super::obtain::Obtained;
use super::oracle::{Item, Sight, Who};
use super::people::{People, READERS};
use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;

/// How many programs run at once.
const AT_ONCE: usize = 6;

/// Everybody who has a staff key tries it at every case whose values are sealed.
pub(super) async fn all(known: &Arc<Known>, side: &Organisation, people: &People) -> Outcome<BTreeMap<Who, Obtained>> {
    let mut all: BTreeMap<Who, Obtained> = BTreeMap::new();
    let sealed = || known.cases.iter().enumerate().filter(|(_, made)| made.rules.sealed);
    let mut attempts = READERS.into_iter().flat_map(|who| sealed().map(move |(number, made)| (who, number, made)));
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((who, number, made)) = attempts.next()
        {
            let Some(person) = people.get(&who) else { continue };
            let trail: String = made.planted.trail.iter().map(|byte| format!("{byte:02x}")).collect();
            let line = ["referral", "show", &trail, "--values", "--reach-outside", "--reason", "supervision"];
            let command = side.command_as(&person.access, &line);
            running.spawn(async move { Ok::<_, Failed>((who, number, command.await?)) });
        }
        let Some(ended) = running.join_next().await else { return Ok(all) };
        let (who, number, (well, said)) = ended.map_err(|error| Failed::because(error.to_string()))??;
        take(known, all.entry(who).or_default(), known.sees(who, number), number, well, &said);
    }
}

fn take(known: &Known, obtained: &mut Obtained, sees: Sight, number: usize, well: bool, said: &Json) {
    let bytes = said.to_string().into_bytes();
    obtained.calls += 1;
    obtained.bytes += bytes.len() as u64;
    // A refusal repeats what was asked for; it was known before.
    if well || sees != Sight::None {
        obtained.take(known.find(&bytes), "uput referral show --values, with the staff key");
    } else if said.pointer("/error/reason").and_then(Json::as_str) != Some("NO_SUCH_TRAIL") {
        obtained.take([(number, Item::Told)].into(), &format!("uput referral show --values: {said}"));
    }
}
