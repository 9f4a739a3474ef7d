//! Houses that have met and agreed: the same for every seed, so made once for each number of them. [SIM-26]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::runtime::Builder;
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    invitation::Invitation,
    key::Endpoint,
};
use uput_node::{
    node::{Origin, Post},
    peer::Mailroom,
    simulated,
};

use crate::{
    Broken, Run,
    house::{BY, FOUNDED, Files, House, Running},
};

static DISKS: Mutex<BTreeMap<usize, Vec<Files>>> = Mutex::new(BTreeMap::new());

/// So many houses, none of which runs.
///
/// # Errors
/// [`Broken`] if they could not meet.
pub fn houses(run: &Run) -> Result<Vec<House>, Broken> {
    let mut disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    let files = match disks.get(&run.nodes) {
        Some(files) => files,
        None => disks.entry(run.nodes).or_insert(found(run.nodes)?),
    };
    let house = |(number, files): (u8, &Files)| House::with(number, run.forgets_syncs(), files.clone());
    (1..).zip(files).map(house).collect()
}

fn found(count: usize) -> Result<Vec<Files>, Broken> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Broken::new(format!("no runtime: {error}")))?;
    let files = runtime.block_on(async {
        simulated::begin((FOUNDED + 60) * 1000, 0, Duration::ZERO, None);
        let mut houses = Vec::new();
        for number in (1..).take(count) {
            houses.push(House::found(number).await?);
        }
        meet(&houses).await?;
        Ok(houses.iter().map(House::files).collect())
    });
    runtime.shutdown_timeout(Duration::ZERO);
    files
}

/// All pairs are introduced, and all sign the agreement.
async fn meet(houses: &[House]) -> Result<(), Broken> {
    let wrong = |rejection: uput_core::rejection::Rejection| Broken::new(format!("they could not meet: {rejection}"));
    let nodes: Vec<&Running> = houses.iter().filter_map(|house| house.running.as_ref()).collect();
    for (place, a) in nodes.iter().enumerate() {
        for (other, b) in nodes.iter().enumerate().skip(place + 1) {
            let (a_name, b_name) = (&houses[place].name, &houses[other].name);
            let endpoint = Endpoint::parse("node.example:7420").map_err(wrong)?;
            let line = a.node.invite(&BY, b_name, vec![endpoint], 0).await.map_err(wrong)?;
            let invitation = Invitation::parse(line.expose()).map_err(wrong)?;
            let (post, chain) = (Post(Arc::clone(&a.node)), Post(Arc::clone(&b.node)).own_chain());
            let shown = post.introduce(invitation.secret().expose(), houses[other].tls_key(), chain).await;
            b.node.accepted(&BY, &invitation, a_name, shown.map_err(wrong)?).await.map_err(wrong)?;
            let peer = a.node.view_peers().into_iter().find(|peer| peer.name == *b_name);
            let number = peer.map(|peer| peer.safety_number).unwrap_or_default();
            a.node.confirm(&BY, b_name, &number).await.map_err(wrong)?;
            b.node.confirm(&BY, a_name, &number).await.map_err(wrong)?;
        }
    }
    let peers = houses.iter().map(|house| (house.name.clone(), house.id)).collect();
    let compiled = compile(&agreement(houses), &peers).map_err(|error| Broken::new(format!("{error:?}")))?;
    let signers: Vec<_> = houses.iter().map(House::organisation_key).collect();
    let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &signers.iter().collect::<Vec<_>>())
        .map_err(wrong)?;
    for node in nodes {
        node.node.take_agreement(envelope.clone(), Origin::Account(&BY)).await.map_err(wrong)?;
    }
    Ok(())
}

/// Everybody may ask everybody for a bed.
fn agreement(houses: &[House]) -> String {
    let mut text =
        include_str!("agreement.toml").replace("threshold = 2", &format!("threshold = {}", houses.len() / 2 + 1));
    for house in houses {
        let party = house.name.replace('-', "_");
        text.push_str(&format!(
            "\n[party.{party}]\norganisation = \"peer:{name}\"\nname = \"{name} (invented)\"\nroles = [\"house\"]\n\
             services = [\"shelter\"]\n",
            name = house.name
        ));
    }
    text
}
