//! Makes a folder as this version writes it, to be opened by all later ones. [UPG-10]

use std::{fs, path::Path, sync::Arc};

use uput_core::{
    agreement::compile,
    event::Statement,
    keyfile::{Lock, NodeSecrets},
    time::Seconds,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    wire::{ClosureReason, PurgeManner},
};
use uput_node::node::Node;

use crate::{
    folders, shown,
    town::{CONSENT, Carrier, Pair, enquiry, pair, reads, say, say_with, take, until, worker},
};

const NEED: [(&str, &str); 2] = [("age_band", "30_59"), ("language", "sq")];

/// The command of section 3 of specs/upgrade.md. Nothing is overwritten: what an earlier version wrote, no later one writes.
#[ignore = "a release runs it once: UPUT_FOLDER=NAME cargo test -p uput-node --test upgrade -- --ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_this_version_is_made() {
    let name = std::env::var("UPUT_FOLDER").unwrap();
    let to = folders().join(name);
    fs::create_dir(&to).unwrap();
    let pair = pair().await;
    lived(&pair).await;
    let said = shown(&pair.shelter).await;
    let trust = trusted(&pair).to_toml();
    let house = &pair.houses[1];
    let secrets = NodeSecrets {
        signing: house.signing_key(),
        tls: house.tls_key(),
        sealing: vec![house.sealing_secret()],
        storage: house.storage_secret(),
    };
    let (hotline, shelter) = (pair.hotline, pair.shelter);
    drop(hotline);
    ended(shelter).await;
    fs::write(to.join("SHOWN"), said).unwrap();
    fs::write(to.join("trust.toml"), trust).unwrap();
    let folder = to.join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("node.key"), secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
    // The index is disposable, RESERVE is space and LOCK is empty.
    for name in ["FORMAT", "head", "journal", "keybook"] {
        copy(&house.path().join(name), &folder.join(name));
    }
}

async fn ended(node: Arc<Node>) {
    until(|| async { Arc::strong_count(&node) == 1 }).await;
    drop(node);
}

/// One trail that runs with her values, and one that was purged.
async fn lived(pair: &Pair) {
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    for purged in [false, true] {
        let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        take(&pair.shelter, &trail).await;
        say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        reads(&pair.hotline, &trail, "held").await;
        say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
        until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
        say(&pair.shelter, trail, Statement::Accepted).await.unwrap();
        reads(&pair.hotline, &trail, "accepted").await;
        if purged {
            say(&pair.hotline, trail, Statement::Closed(ClosureReason::Done)).await.unwrap();
            reads(&pair.shelter, &trail, "closed").await;
            say(&pair.shelter, trail, Statement::Purged(PurgeManner::Destroyed)).await.unwrap();
        }
    }
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
}

fn trusted(pair: &Pair) -> TrustFile {
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let named = names.iter().zip(&pair.houses).map(|(name, house)| TrustedOrganisation {
        name: (*name).to_owned(),
        organisation: house.id,
        minimum: house.chain().newest_id(),
    });
    let mut organisations: Vec<_> = named.collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    let peers = names.iter().zip(&pair.houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let source = include_str!("../../../specs/agreements/demonstration.toml");
    let agreement = compile(source, &peers).unwrap().agreement.id();
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![TrustedAgreement { title: "invented".to_owned(), agreement }],
    }
}

/// A file without the zeros behind it that were only taken, or a folder of such.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        let bytes = fs::read(from).unwrap();
        let segment = from.extension().is_some_and(|ending| ending == "seg");
        let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        fs::write(to, if segment { &bytes[..length] } else { &bytes }).unwrap();
        return;
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}
