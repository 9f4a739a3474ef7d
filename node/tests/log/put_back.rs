//! A folder that was put back to an earlier state is noticed at the first word of whoever knows more, and says nothing more.

use std::{fs, path::Path, sync::Arc};

use uput_core::{event::Statement, rejection::Rejection, time::Seconds, wire::CheckLevel};
use uput_node::{
    clock,
    node::Node,
    record::{self, PutBackRecord},
    storage::Position,
};

use crate::town::{CONSENT, Carrier, House, Pair, enquiry, pair, reads, reopened, say, say_with, until, worker};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
        let target = to.join(entry.file_name().unwrap());
        match kind.is_dir() {
            true => copy(&entry, &target),
            false => drop(fs::copy(&entry, target).unwrap()),
        }
    }
}

/// Puts the folder of a house back to what was copied of it.
fn put_back(house: &House, earlier: &Path) {
    for entry in fs::read_dir(house.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    copy(earlier, house.path());
}

/// Closes a node, so that its folder can be copied or exchanged.
async fn closed(node: Arc<Node>, house: &House) {
    drop(node);
    // Its folder is let go of when the last task that holds it has ended.
    drop(reopened(house).await);
    until(|| async { fs::File::open(house.path().join("LOCK")).unwrap().try_lock().is_ok() }).await;
}

fn finding(node: &Node) -> Option<String> {
    let found = node.checks(clock::now()).into_iter().find(|check| check.name == "rollback")?;
    assert_eq!(found.level(), CheckLevel::Error);
    assert!(found.remedy.contains("restore it from the newest backup"), "{}", found.remedy);
    Some(found.finding)
}

fn proven(node: &Node) -> bool {
    finding(node).is_some_and(|finding| finding.contains("to anybody"))
}

/// [STO-40] [STO-41] [STO-42] [STO-43]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_put_back_is_noticed_at_the_first_word_of_a_peer_and_says_nothing_more() {
    let Pair { hotline, shelter, houses } = pair().await;
    let carriers = Carrier::both(&hotline, &shelter);
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&hotline, &trail, "held").await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop(carriers);
    closed(hotline, &houses[0]).await;
    let earlier = tempfile::tempdir().unwrap();
    copy(houses[0].path(), earlier.path());

    // The hotline says what she needs, and the shelter has it.
    let hotline = houses[0].open();
    let carriers = Carrier::both(&hotline, &shelter);
    let need = [&CONSENT[..], &[("age_band", "30_59"), ("language", "sq")]].concat();
    say_with(&hotline, trail, Statement::Need, &need).await;
    until(|| async { shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    assert_eq!(finding(&hotline), None, "nothing was put back");
    drop(carriers);
    closed(hotline, &houses[0]).await;

    // The folder of before comes back, and the shelter answers what it was told.
    put_back(&houses[0], earlier.path());
    let hotline = houses[0].open();
    assert_eq!(finding(&hotline), None, "it is consistent in itself");
    let carriers = Carrier::both(&hotline, &shelter);
    say(&shelter, trail, Statement::Accepted).await.unwrap();
    // Its word is asked about, and what it gives back bears our own signature.
    until(|| async { proven(&hotline) }).await;
    assert!(finding(&hotline).unwrap().contains("shelter-jasen"));
    drop(carriers);

    // Also after a restart it says nothing to anybody.
    closed(hotline, &houses[0]).await;
    let storage = houses[0].open_storage();
    let kept = storage.records(Position::START).map(Result::unwrap);
    let kept: Vec<PutBackRecord> = kept.filter_map(|one| record::read(&one)).collect();
    assert!(kept.iter().all(|kept| kept.by == houses[1].id.as_bytes()));
    assert_eq!(kept.iter().map(|kept| (kept.trail.len(), kept.key.len())).collect::<Vec<_>>(), [(32, 0), (0, 32)]);
    drop(storage);
    let hotline = houses[0].open();
    assert!(proven(&hotline));
    let refused = say(&hotline, trail, Statement::Withdrawn).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::ReadFailed);
    assert!(hotline.open_trail(enquiry("shelter-jasen")).await.is_err());
    assert!(hotline.open_trail(enquiry("shelter-lipa")).await.is_err());
}

/// [STO-40] What the folder has nothing of at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_from_before_a_trail_is_noticed_when_its_peer_says_something_in_it() {
    let Pair { hotline, shelter, houses } = pair().await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    closed(hotline, &houses[0]).await;
    let earlier = tempfile::tempdir().unwrap();
    copy(houses[0].path(), earlier.path());
    let hotline = houses[0].open();
    let carriers = Carrier::both(&hotline, &shelter);
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&shelter, &trail, "asked").await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop(carriers);
    closed(hotline, &houses[0]).await;
    put_back(&houses[0], earlier.path());
    let hotline = houses[0].open();
    assert!(hotline.trail_ids().unwrap().is_empty());
    let _carriers = Carrier::both(&hotline, &shelter);
    say(&shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    until(|| async { proven(&hotline) }).await;
    assert!(hotline.open_trail(enquiry("shelter-lipa")).await.is_err());
}
