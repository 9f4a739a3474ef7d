//! Planted values, and a search for them wherever they must not be.
//!
//! Searches what the nodes log at `trace`, what they and `uput` say when they refuse, the arguments and environment of
//! the running programs, the data folders (raw bytes and names of all files), the bytes between the nodes, and bundles
//! that must open no value. Each place is first given a control, which the same search must find there.
//!
//! What it cannot show: the data folders are sealed under the storage key in `node.key` beside them, and this search
//! does not lift that seal, so it says nothing about what the owner of `node.key` can read; and it sees the bytes
//! between nodes under TLS only. Both are searched where the keys are at hand, in the tests of the node.
//! Integers and short codes have no unique value: they are planted, and not searched for.

pub mod canary;
pub mod encoding;
mod places;
pub mod scan;
mod story;

use std::collections::BTreeSet;

use uput_wire::v1 as wire;
use wire::trail_service_client::TrailServiceClient;

use crate::failed::{Failed, Outcome};
use crate::organisation::Organisation;
use crate::pair::Pair;
use crate::programs::Programs;
use crate::random::Draw;
use crate::referral::shown;
use crate::tally::Tally;
use canary::Canaries;
use scan::Scan;
use story::Story;

/// What every place is given and must give back.
pub const CONTROL: &str = "Kontrolnica-Ljubodraga";

/// Runs it. `progress` hears how many places were searched.
///
/// # Errors
/// If the run could not be made; violations stand in the tally.
pub async fn run(programs: &Programs, seed: u64, progress: impl Fn(u64)) -> Outcome<Tally> {
    let pair = Pair::found(programs, "trace", true).await?;
    let mut story = Story {
        pair: &pair,
        canaries: Canaries::new(seed)?,
        draw: Draw::new(seed),
        trails: Vec::new(),
        ticked: Vec::new(),
        refusals: Vec::new(),
        refused: 0,
    };
    story.tell().await?;
    let mut tally = Tally::default();
    let (values, labels) = scans(&story.canaries, &mut tally);
    tally.add("requests refused", story.refused);
    check_arrived(&pair, &story, &mut tally).await?;
    let places = places::all(programs, &pair, &story).await?;
    for (number, place) in places.into_iter().enumerate() {
        place.search(&values, if place.labels { Some(&labels) } else { None }, &mut tally);
        progress(number as u64 + 1);
    }
    check_bundles(&pair, &story, &values, &mut tally).await?;
    Ok(tally)
}

/// What to look for: values, and labels where even they must not be.
fn scans(canaries: &Canaries, tally: &mut Tally) -> (Scan, Scan) {
    let (mut values, mut labels) = (Scan::except(canaries.catalogue()), Scan::default());
    values.plant("CONTROL", CONTROL);
    labels.plant("CONTROL", CONTROL);
    let mut planted = BTreeSet::new();
    let mut searched = BTreeSet::new();
    for canary in &canaries.made {
        if planted.insert(canary.label.clone()) {
            labels.plant(&format!("label {}", canary.label), &canary.label);
        }
        if values.plant(&canary.label, &canary.value) {
            searched.insert(canary.label.clone());
        }
    }
    tally.add("labels planted", planted.len() as u64);
    tally.add("of them with values that can be searched for", searched.len() as u64);
    tally.add("values planted", canaries.made.len() as u64);
    tally.add("byte strings searched for", values.shapes() + labels.shapes());
    (values, labels)
}

/// The search is worth nothing if the values did not travel.
async fn check_arrived(pair: &Pair, story: &Story<'_>, tally: &mut Tally) -> Outcome<()> {
    let mut seen = BTreeSet::new();
    for side in pair.both() {
        for trail in &story.trails {
            let view = shown(side, trail, true).await?.unwrap_or_default();
            let theirs = view.events.into_iter().filter(|event| !event.ours);
            seen.extend(theirs.flat_map(|event| event.fields).map(|field| (field.label, field.value)));
        }
    }
    let labels: BTreeSet<&String> = seen.iter().map(|(label, _)| label).collect();
    let absent: BTreeSet<&String> =
        story.canaries.made.iter().map(|canary| &canary.label).filter(|label| !labels.contains(label)).collect();
    tally.add("values seen by the other side", seen.len() as u64);
    if !absent.is_empty() {
        tally.violated(format!("labels that did not travel: {absent:?}"));
    }
    Ok(())
}

/// A bundle opens values only if it was asked to.
async fn check_bundles(pair: &Pair, story: &Story<'_>, values: &Scan, tally: &mut Tally) -> Outcome<()> {
    for trail in &story.trails {
        for side in pair.both() {
            for scope in [wire::DisclosureScope::Nothing, wire::DisclosureScope::Labels] {
                let opened = bundle(side, trail, scope).await?;
                let found = values.find(&opened);
                tally.add("bundles without values searched", 1);
                if !found.is_empty() {
                    tally.violated(format!("a bundle that must open no value holds {found:?}"));
                }
            }
        }
    }
    let first = story.trails.first().ok_or_else(|| Failed::because("no trail was opened"))?;
    if values.find(&bundle(&pair.shelter, first, wire::DisclosureScope::Values).await?).is_empty() {
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
            ..Default::default()
        };
        async move {
            let mut trails = TrailServiceClient::new(access.channel()).max_decoding_message_size(64 * 1024 * 1024);
            Ok(trails.export_trail(access.request(request)).await?.into_inner().bundle)
        }
    });
    Ok(answer.await?.value)
}
