//! Disks that are full, and a folder that cannot be written: nothing that was acknowledged is lost, and people hear why.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tonic::Status;
use uput_conformance::alone::alone;
use uput_conformance::disk::Disk;
use uput_conformance::failed::{Failed, Outcome};
use uput_conformance::kill::check_acknowledged;
use uput_conformance::organisation::{Organisation, PATIENCE};
use uput_conformance::pair::{Pair, SHELTER, agreement};
use uput_conformance::programs::Programs;
use uput_conformance::random::Draw;
use uput_conformance::referral::{Acknowledged, Request, Side, listed};
use uput_conformance::tally::Tally;

/// MiB: the reserve, a segment, and what must be free besides, with some room to work in.
const SMALL: u64 = 112;
const LARGE: u64 = 512;

/// A pair, of which one has a small disk.
struct Town {
    pair: Pair,
    disk: Arc<Disk>,
    side: Side,
    draw: Draw,
    acknowledged: Vec<Acknowledged>,
    /// Requests that were refused: they can be asked again.
    refused: Vec<Request>,
    // Its place is taken away last.
    _place: tempfile::TempDir,
}

impl Town {
    async fn found(side: Side) -> Outcome<Self> {
        let programs = Programs::find()?;
        let place = tempfile::tempdir()?;
        let disk = Disk::mount(place.path(), SMALL)?;
        let small = Organisation::found_on(&programs, &disk, "info").await?;
        let other = Organisation::found(&programs, "info", false).await?;
        let pair = match side {
            Side::Opener => Pair::of(small, other, &agreement()?).await?,
            Side::Asked => Pair::of(other, small, &agreement()?).await?,
        };
        let draw = Draw::new(7).part(side as u64);
        let (acknowledged, refused) = (Vec::new(), Vec::new());
        Ok(Self { pair, disk: Arc::new(disk), side, draw, acknowledged, refused, _place: place })
    }

    const fn small(&self) -> &Organisation {
        self.side.of(&self.pair)
    }

    /// An enquiry, asked once.
    async fn enquire(&mut self) -> Outcome<Result<(), Status>> {
        let request = Request::enquiry(self.draw.request_id());
        self.ask(request).await
    }

    async fn ask(&mut self, request: Request) -> Outcome<Result<(), Status>> {
        let access = self.pair.hotline.access().await?;
        match request.clone().once(access).await {
            Ok(event) => {
                self.acknowledged.push(Acknowledged { side: Side::Opener, request, event });
                Ok(Ok(()))
            }
            Err(status) => {
                self.refused.push(request);
                Ok(Err(status))
            }
        }
    }

    /// Enquiries while somebody else's file takes the disk, until the small node has nothing left.
    async fn fill(&mut self) -> Outcome<()> {
        let going = Arc::new(AtomicBool::new(true));
        let (disk, go_on) = (Arc::clone(&self.disk), Arc::clone(&going));
        let filling = tokio::task::spawn_blocking(move || disk.fill(|| go_on.load(Ordering::Relaxed)));
        let ended = self.enquire_until_full().await;
        going.store(false, Ordering::Relaxed);
        filling.await.map_err(|error| Failed::because(error.to_string()))??;
        ended
    }

    async fn enquire_until_full(&mut self) -> Outcome<()> {
        let begun = Instant::now();
        let mut after = 0;
        // Some more after the first that the full disk stopped: so that what the node gives back is taken too. Few for
        // the receiver, because each makes its sender wait longer.
        while after < if self.side == Side::Opener { 20 } else { 3 } {
            if begun.elapsed() > PATIENCE {
                return Err(Failed::because("the disk did not become full"));
            }
            match self.enquire().await? {
                Err(status) if self.side == Side::Opener => {
                    assert_eq!(reason(&status), "DISK_FULL", "{status:?}");
                    after += 1;
                }
                Err(status) => return Err(status.into()),
                Ok(()) if self.side == Side::Asked && says_full(self.small()) => after += 1,
                Ok(()) => {}
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Recording goes on by itself: everything refused is asked again and done, everything that waited arrives.
    async fn goes_on(&mut self) -> Outcome<()> {
        let begun = Instant::now();
        for request in std::mem::take(&mut self.refused) {
            while let Err(status) = self.ask(request.clone()).await? {
                self.refused.pop();
                assert_eq!(reason(&status), "DISK_FULL", "{status:?}");
                assert!(begun.elapsed() < PATIENCE, "there is space, and nothing is recorded");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        self.pair.settled().await?;
        let mut tally = Tally::default();
        check_acknowledged(&self.pair, &self.acknowledged, &mut tally).await?;
        assert!(tally.violations().is_empty(), "{tally}");
        Ok(())
    }

    /// What was acknowledged is listed. It is not shown: that somebody looked could not be recorded. [ACL-2]
    async fn reads(&self) -> Outcome<()> {
        let listed = listed(&self.pair.hotline).await?;
        for one in &self.acknowledged {
            assert!(listed.contains(&one.event), "an acknowledged trail is not there");
        }
        Ok(())
    }
}

fn reason(status: &Status) -> String {
    let known = ["DISK_FULL", "MALFORMED", "TOO_MANY"];
    let details = String::from_utf8_lossy(status.details()).into_owned();
    known.iter().find(|reason| details.contains(**reason)).map_or(details.clone(), |reason| (*reason).to_owned())
}

/// What `uput node doctor` says of the disk. [API-26]
async fn disk_check(node: &Organisation) -> Outcome<String> {
    let said: serde_json::Value = serde_json::from_slice(&node.uput(&["node", "doctor"]).await?.stdout)?;
    let checks = said["checks"].as_array().unwrap();
    let disk = checks.iter().find(|check| check["name"] == "disk").unwrap();
    Ok(disk["level"].as_str().unwrap().to_owned())
}

fn says_full(node: &Organisation) -> bool {
    std::fs::read_to_string(node.log()).unwrap_or_default().contains("the disk is full")
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_sender_whose_disk_fills_up_says_so_and_loses_nothing() {
    // [NOD-13] [NOD-1]
    let test = "a_sender_whose_disk_fills_up_says_so_and_loses_nothing";
    alone(test, || async {
        let mut town = Town::found(Side::Opener).await?;
        for _ in 0..5 {
            town.enquire().await??;
        }
        town.fill().await?;
        assert!(says_full(town.small()));
        town.reads().await?;
        let said = town.small().uput(&["enquiry", "send", SHELTER, "--service", "shelter"]).await?;
        let said: serde_json::Value = serde_json::from_slice(&said.stdout)?;
        assert_eq!((&said["exit_code"], &said["error"]["reason"]), (&1.into(), &"DISK_FULL".into()), "{said}");
        assert!(said["error"]["next"].as_str().unwrap().contains("space"), "{said}");
        town.disk.resize(LARGE)?;
        town.goes_on().await
    })
    .unwrap();
}

#[test]
fn a_receiver_whose_disk_fills_up_gets_everything_later_and_once() {
    // [NOD-13] [NOD-30]
    let test = "a_receiver_whose_disk_fills_up_gets_everything_later_and_once";
    alone(test, || async {
        let mut town = Town::found(Side::Asked).await?;
        town.fill().await?;
        // Its sender keeps them, and its people can see that they wait.
        let listed = town.pair.hotline.uput_done(&["peer", "list"]).await?;
        assert!(listed["peers"][0]["queued"].as_u64().unwrap() > 0, "{listed}");
        assert_eq!(disk_check(town.small()).await?, "error");
        town.disk.resize(LARGE)?;
        town.goes_on().await?;
        assert_eq!(disk_check(town.small()).await?, "ok");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_node_that_was_killed_on_a_full_disk_starts_on_it_and_goes_on_when_there_is_space() {
    // [NOD-13]
    let test = "a_node_that_was_killed_on_a_full_disk_starts_on_it_and_goes_on_when_there_is_space";
    alone(test, || async {
        let mut town = Town::found(Side::Opener).await?;
        town.enquire().await??;
        town.fill().await?;
        town.small().kill().await?;
        town.small().start().await?;
        town.reads().await?;
        assert!(town.enquire().await?.is_err(), "a full disk has room");
        town.disk.resize(LARGE)?;
        town.goes_on().await
    })
    .unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_starts_no_node_and_stays_as_it_is() {
    // [API-22]
    let test = "a_folder_that_cannot_be_written_starts_no_node_and_stays_as_it_is";
    alone(test, || async {
        let place = tempfile::tempdir()?;
        let disk = Disk::mount(place.path(), LARGE)?;
        let node = Organisation::found_on(&Programs::find()?, &disk, "info").await?;
        node.start().await?;
        node.stop().await?;
        let before = files(&node.folder());
        disk.read_only()?;
        let (code, said) = node.refused().await?;
        assert_eq!(code, 6, "{said}");
        assert!(said.to_lowercase().contains("read-only"), "{said}");
        assert!(said.contains(&node.folder().display().to_string()), "the folder is not named: {said}");
        assert!(files(&node.folder()) == before);
        Ok(())
    })
    .unwrap();
}
