//! Planted values, and a search for them wherever they must not be.
//!
//! Every label of the catalogue is said to everybody who may have it. Then it is searched: what passes between two
//! nodes, outside TLS and, with the TLS keys of both, inside it; what they log at `trace`, with all libraries; what
//! they and `uput` say, also when they refuse; arguments and environment of the running programs; bundles that must
//! open no value; the data folders as anybody finds them, and with the storage key but no key of a trail. Each place
//! has a control, which the same search must find there; where values are meant to be, it must find all of them.
//!
//! What it cannot show: values of few signs (numbers, common words) are looked for beside their label only, labels of
//! fewer than eight letters beside their value; memory and swap are not read; libraries that log by other means than
//! `tracing` have no ear in `uputd`, and so no voice.

mod agreement;
mod canary;
mod commands;
pub mod encoding;
mod folder;
mod http2;
mod huffman;
pub mod left_behind;
mod letters;
mod place;
mod places;
mod process;
pub mod received;
pub mod retained;
pub mod scan;
mod stopped;
mod story;
mod verified;

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use uput_wire::v1 as wire;
use wire::peering_service_client::PeeringServiceClient;
use wire::trail_service_client::TrailServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::{Pair, Setting};
use crate::programs::Programs;
use crate::referral::{shown, taken};
use crate::staff;
use crate::tally::Tally;
use canary::Catalogue;
use place::Scans;
use scan::Scan;
use story::Story;

/// What every place is given and must give back.
pub const CONTROL: &str = "Kontrolnica-Ljubodraga";

/// Runs it. `progress` hears how many places were searched.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, seed: u64, progress: impl Fn(u64)) -> Outcome<Tally> {
    let agreement = agreement::source(&Catalogue::read()?)?;
    let pair = Pair::found(programs, &Setting { log: "trace", open_wire: true, agreement }).await?;
    let mut story = Story::new(&pair, seed)?;
    for side in pair.both() {
        invite(side).await?;
    }
    story.tell().await?;
    story.hear_who_acted().await?;
    let mut tally = Tally::default();
    let scans = scans(&story, &mut tally)?;
    check_arrived(&story, &mut tally).await?;
    check_bundles(&story, &scans.values, &mut tally).await?;
    let heard = commands::run(programs, &story).await?;
    check_commands(&heard, &scans.values, &mut tally);
    let wire = places::wire(&pair, &mut tally).await?;
    check_letters(&pair, &wire.letters, &scans.values, &mut tally)?;
    let mut places = places::heard(&story, heard);
    places.extend(wire.places());
    for side in pair.both() {
        side.stop().await?;
        places.push(places::log(programs, side).await?);
        places.extend(stopped::files(side)?);
        places.extend(stopped::opened(side, &scans, &mut tally)?);
    }
    for (number, place) in places.iter().enumerate() {
        place.search(&scans, &mut tally);
        progress(number as u64 + 1);
    }
    stopped::leaking(&story, &pair.hotline, &scans, &mut tally)?;
    Ok(tally)
}

/// An invitation that nobody uses. Its name stands in the journal under no key but the storage key.
async fn invite(side: &Organisation) -> Outcome<()> {
    let made = side.ask(|access| async move {
        let request = wire::CreateInvitationRequest { name: CONTROL.to_owned(), valid_seconds: 0 };
        PeeringServiceClient::new(access.channel())
            .create_invitation(access.as_administrator(request))
            .await
            .map(|_| ())
    });
    made.await.map(|_| ())
}

/// What to look for.
fn scans(story: &Story<'_>, tally: &mut Tally) -> Outcome<Scans> {
    let canaries = &story.canaries;
    let public = [canaries.catalogue.labels(), canaries.catalogue.services()].concat();
    let mut scans = Scans { values: Scan::except(public), labels: Scan::default(), secrets: Scan::default() };
    scans.values.plant("CONTROL", CONTROL);
    // It goes nowhere, like a secret.
    scans.secrets.plant("name of an account", staff::NAME);
    let (mut planted, mut beside) = (BTreeSet::new(), BTreeSet::new());
    for canary in &canaries.made {
        if planted.insert(canary.label.as_str()) {
            scans.labels.plant(&canary.label, &canary.label);
        }
        if !canary.unique || !scans.values.plant(&canary.label, &canary.value) {
            beside.insert(canary.label.as_str());
            scans.values.plant_beside(&canary.label, &canary.label, &canary.value);
        }
    }
    for side in story.pair.both() {
        for token in side.tokens()? {
            scans.secrets.plant("token", &token);
        }
        for (name, secret) in side.secrets()?.named() {
            scans.secrets.plant_bytes(name, secret);
        }
    }
    let unsaid: Vec<String> = canaries.catalogue.labels();
    // One of few words, which the node says of itself; and an attestation, which holds what other labels say (ONW-3).
    let own = |label: &str| matches!(label, "actor_role" | "provenance");
    let unsaid: Vec<&String> = unsaid.iter().filter(|label| !planted.contains(label.as_str()) && !own(label)).collect();
    if !unsaid.is_empty() {
        tally.violated(format!("labels that were not planted: {unsaid:?}"));
    }
    tally.add("labels planted", planted.len() as u64);
    tally.add("of them looked for beside their label only", beside.len() as u64);
    let shapes = [&scans.values, &scans.labels, &scans.secrets].map(Scan::shapes);
    tally.add("byte strings searched for", shapes.iter().sum());
    tally.add("trails", story.trails.len() as u64);
    tally.add("requests refused", story.refused);
    tally.add("labels misused", story.misused.len() as u64);
    Ok(scans)
}

/// The search is worth nothing if the values did not travel.
async fn check_arrived(story: &Story<'_>, tally: &mut Tally) -> Outcome<()> {
    let mut seen = BTreeSet::new();
    for side in story.pair.both() {
        for trail in &story.trails {
            taken(side, trail).await?;
            let view = shown(side, trail, true).await?.unwrap_or_default();
            let theirs = view.events.into_iter().filter(|event| !event.ours);
            seen.extend(theirs.flat_map(|event| event.fields).map(|field| (field.label, field.value)));
        }
    }
    let made = story.canaries.made.iter().map(|canary| (canary.label.clone(), canary.value.clone()));
    let absent: Vec<String> = made.filter(|field| !seen.contains(field)).map(|(label, _)| label).collect();
    tally.add("values seen by the other side", seen.len() as u64);
    if !absent.is_empty() {
        tally.violated(format!("labels that did not travel: {absent:?}"));
    }
    Ok(())
}

/// The nonce of an invented trust file.
const NONCE: [u8; 32] = *b"drawn by an auditor of 2 houses.";

/// A bundle opens values only if it was asked to, and answers a trust file without its nonce. [BUN-66]
async fn check_bundles(story: &Story<'_>, values: &Scan, tally: &mut Tally) -> Outcome<()> {
    for trail in &story.trails {
        for side in story.pair.both() {
            for scope in [wire::DisclosureScope::Nothing, wire::DisclosureScope::Labels] {
                let opened = bundle(side, trail, scope).await?;
                let found = values.find(&opened);
                let holds = |bytes: &[u8]| opened.windows(bytes.len()).any(|window| window == bytes);
                let made = digest(&SHA256, &[&b"uput/v1/head"[..], &NONCE, trail].concat());
                if holds(&NONCE) || !holds(made.as_ref()) {
                    tally.violated("heads are not asked with what this trail makes of a trust file's nonce");
                }
                tally.add("bundles without values searched", 1);
                if !found.is_empty() {
                    tally.violated(format!("a bundle that must open no value holds {found:?}"));
                }
            }
        }
    }
    let first = story.trails.first().ok_or_else(|| Failed::because("no trail was opened"))?;
    if values.find(&bundle(&story.pair.shelter, first, wire::DisclosureScope::Values).await?).is_empty() {
        tally.violated("the search finds no value in a bundle that opens them");
    }
    Ok(())
}

async fn bundle(side: &Organisation, trail: &[u8], scope: wire::DisclosureScope) -> Outcome<Vec<u8>> {
    let answer = side.ask(|access| {
        let request = wire::ExportTrailRequest {
            trail: trail.to_vec(),
            purpose: wire::Purpose::Audit.into(),
            scope: scope.into(),
            nonce: NONCE.to_vec(),
            ..Default::default()
        };
        async move {
            let mut trails = TrailServiceClient::new(access.channel()).max_decoding_message_size(64 * 1024 * 1024);
            Ok(trails.export_trail(access.request(request)).await?.into_inner().bundle)
        }
    });
    Ok(answer.await?.value)
}

/// What was asked for values shows them, and no process may leave its memory on the disk. [API-23] [CLI-16]
fn check_commands(heard: &commands::Heard, values: &Scan, tally: &mut Tally) {
    tally.add("commands of uput run", heard.commands);
    tally.add("looks at a running program", heard.seen.looks);
    tally.add("programs without core dumps", heard.cores.0 - heard.cores.1);
    if values.find(&heard.asked_for).is_empty() {
        tally.violated("the search finds no value in what uput shows when it is asked for values");
    }
    if heard.cores.1 > 0 {
        tally.violated("a program may write a core dump");
    }
}

/// Sealed, the letters hold nothing; with the recipients' keys, they hold everything.
fn check_letters(pair: &Pair, sealed: &[Vec<u8>], values: &Scan, tally: &mut Tally) -> Outcome<()> {
    let nodes = [pair.hotline.secrets()?, pair.shelter.secrets()?];
    let mut found = BTreeSet::new();
    for letter in sealed {
        let opened = letters::open(letter, &nodes).ok_or_else(|| Failed::because("a letter does not open"))?;
        found.extend(values.find(&opened).into_iter().map(str::to_owned));
    }
    let absent: Vec<&str> = values.names().filter(|name| *name != "CONTROL" && !found.contains(*name)).collect();
    tally.add("values found in the letters once they are opened", found.len() as u64);
    if !absent.is_empty() {
        tally.violated(format!("letters do not hold {absent:?}"));
    }
    Ok(())
}
