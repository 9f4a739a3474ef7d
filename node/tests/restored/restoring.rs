//! What is said after a restore: new trails, a second restore, and two nodes that were lost at once.

use uput_core::head::Head;
use uput_node::{
    clock,
    record::{self, HeadRecord},
    seal,
    storage::Commit,
};

use super::{
    town::{CONSENT, say_with},
    *,
};

impl Pair {
    /// Loses both, and restores each from its backup.
    async fn lose_both(&mut self) {
        for lost in [1, 0] {
            self.lost = lost;
            self.lose_and_restore().await;
        }
    }

    async fn back_both_up(&mut self) {
        for lost in [1, 0] {
            self.lost = lost;
            self.back_up();
        }
    }

    /// Waits until both may speak in a trail, and have the same of it.
    async fn both_go_on(&self, trail: TrailId, of_house: Statement) {
        self.resumed(trail).await;
        until(|| async { say(self.house(), trail, of_house.clone()).await.is_ok() }).await;
        self.settled().await;
        assert_eq!(self.shown(self.hotline(), trail).await, self.shown(self.house(), trail).await);
    }
}

/// [BAK-51] What is opened after the restore was nowhere before: it goes at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_is_opened_after_the_restore_arrives() {
    let mut pair = Pair::found().await;
    pair.back_up();
    pair.lose_and_restore().await;
    pair.connect().await;
    let trail = pair.opened().await;
    assert!(pair.events(pair.house(), trail).await > 0);
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    pair.proves(trail).await;
}

/// [BAK-50] One backup, restored twice: the second life does not know of the first, and is not taken for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_restored_twice_begins_two_incarnations() {
    let mut pair = Pair::found().await;
    let trail = pair.opened().await;
    pair.back_up();
    let mut lives = Vec::new();
    for _ in 0..2 {
        let next = lives.last().map_or(0, |last| u64::from(*last) + 1);
        until(|| async { clock::now().get() >= next }).await;
        pair.lose_and_restore().await;
        lives.push(pair.hotline().me().incarnation);
        pair.connect().await;
        pair.resumed(trail).await;
        pair.settled().await;
        let report = pair.proves(trail).await;
        assert!(report.breaches.is_empty(), "{report:?}");
    }
    assert!(lives[0] < lives[1], "{lives:?}");
}

/// [BAK-52] [BAK-54] [BAK-57] Each asks the other, each gives back what the other lost, and both go on.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_are_restored_at_once_give_each_other_what_they_have() {
    let mut pair = Pair::found().await;
    let old = pair.opened().await;
    pair.cut().await;
    // In both outboxes when the backups are made.
    pair.hotline_says(old).await;
    pair.house_says(old, Statement::Accepted).await;
    pair.back_both_up().await;
    pair.connect().await;
    pair.settled().await;
    // The house has more in its backup than the hotline: a trail, and an end of the older one.
    let new = pair.opened().await;
    pair.hotline_says(old).await;
    pair.settled().await;
    pair.lost = 1;
    pair.back_up();
    // Nobody has it any more.
    pair.hotline_says(old).await;
    pair.settled().await;
    pair.lose_both().await;
    assert_eq!(pair.events(pair.hotline(), new).await, 0);
    pair.connect().await;
    until(|| async { pair.events(pair.hotline(), new).await > 0 }).await;
    take(pair.hotline(), &new).await;
    for (trail, statement) in [(old, Statement::ContactMade), (new, Statement::Accepted)] {
        pair.both_go_on(trail, statement).await;
        pair.proves(trail).await;
    }
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
}

/// [BAK-52] Cut off between the head that answers and what is owed after it: the next start says it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_after_the_answer_is_said_at_the_next_start_too() {
    let mut pair = Pair::to_lose(1).await;
    let trail = pair.opened().await;
    pair.back_up();
    pair.cut().await;
    say_with(pair.hotline(), trail, Statement::Need, &[&CONSENT[..], &[("language", "mk")]].concat()).await;
    pair.lose_and_restore().await;
    let [hotline, house] = [0, 1].map(|place| pair.folders[place].id);
    let posts = [pair.hotline(), pair.house()].map(|node| Post(Arc::clone(node)));
    // For everything, and where the trail stands.
    for _ in 0..2 {
        let question = posts[1].next_letter(&hotline).await;
        assert_eq!(posts[0].receive(&house, question.letter).await, (ReceiptOutcome::Stored, 0));
        posts[1].settle(&hotline, question.ticket, ReceiptOutcome::Stored, 0).await;
    }
    let (mut told, mut heads) = (wire::LetterContent::default(), Vec::new());
    let closes = |head: &wire::Envelope| Head::parse(&head.body).unwrap().closes.is_some();
    while !heads.iter().any(closes) {
        let answer = posts[0].next_letter(&house).await;
        let content = letter::open(&answer.letter, house, &[pair.folders[1].sealing_secret()]).unwrap().content;
        posts[0].settle(&house, answer.ticket, ReceiptOutcome::Stored, 0).await;
        told.events.extend(content.events);
        told.disclosures.extend(content.disclosures);
        heads.extend(content.heads);
    }
    let sealed = letter::seal(pair.house().me().chain().newest(), &told, &mut SystemEntropy).unwrap();
    assert_eq!(posts[1].receive(&hotline, sealed).await, (ReceiptOutcome::Stored, 0));
    let before = pair.events(pair.house(), trail).await;
    drop(posts);
    pair.nodes[1] = None;
    drop(town::reopened(&pair.folders[1]).await);
    let storage = pair.folders[1].open_storage();
    let keys = storage.trail_keys(trail.as_bytes()).unwrap();
    let evidence = keys.evidence.as_ref().unwrap().expose();
    let kept = heads.into_iter().map(|head| {
        let bytes = Envelope::from_wire(head).unwrap().to_bytes();
        let envelope = seal::seal(evidence, &record::trail_aad(&trail, b"head"), &bytes).unwrap();
        record::draft(&HeadRecord { trail: trail.to_vec(), envelope, to: Vec::new(), stored: clock::now().get() })
    });
    storage.commit(Commit { keys: Vec::new(), records: kept.collect() }).await.unwrap();
    drop((keys, storage));
    pair.nodes[1] = Some(pair.folders[1].open());
    pair.house().ask_to_resume().await;
    assert_eq!(pair.events(pair.house(), trail).await, before + 1, "that it was delivered");
    pair.connect().await;
    pair.both_go_on(trail, Statement::Accepted).await;
    pair.proves(trail).await;
}

/// [BAK-55] What was disclosed after the purge that comes back was not purged.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_comes_back_destroys_nothing_that_was_disclosed_after_it() {
    let mut pair = Pair::to_lose(1).await;
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
    pair.back_up();
    say(pair.hotline(), trail, Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    pair.settled().await;
    pair.house_says(trail, Statement::Purged(wire::PurgeManner::Destroyed)).await;
    pair.settled().await;
    say(pair.hotline(), trail, Statement::Reopened).await.unwrap();
    let need = [&CONSENT[..], &[("language", "mk")]].concat();
    say_with(pair.hotline(), trail, Statement::Need, &need).await;
    pair.settled().await;
    assert_eq!(pair.values(trail).await, 1);
    let last = pair.events(pair.house(), trail).await;
    pair.lose_and_restore().await;
    pair.connect().await;
    until(|| async { pair.events(pair.house(), trail).await >= last }).await;
    assert_eq!(pair.values(trail).await, 1, "the older one is destroyed again, the newer one is not");
    pair.cut().await;
    pair.nodes[1] = None;
    pair.nodes[1] = Some(pair.folders[1].open());
    assert_eq!(pair.values(trail).await, 1);
}
