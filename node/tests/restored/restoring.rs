//! What is said after a restore: new trails, a second restore, and two nodes that were lost at once.

use super::*;
use uput_node::clock;

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
    async fn both_go_on(&self, trail: TrailId) {
        self.resumed(trail).await;
        let statement = || Statement::Warned(wire::WarningCode::DoNotContact);
        until(|| async { say(self.house(), trail, statement()).await.is_ok() }).await;
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
    for trail in [old, new] {
        pair.both_go_on(trail).await;
        pair.proves(trail).await;
    }
    let trail = pair.opened().await;
    pair.house_says(trail, Statement::Accepted).await;
    pair.settled().await;
}
