//! Looks again whenever something was taken in or a time has come.

use std::{sync::Arc, time::Duration};

use super::channel::Channels;
use crate::{clock, node::Node, shutdown::Shutdown};

/// Longest time between two looks: the clock may have been set meanwhile.
const LONGEST: Duration = Duration::from_secs(60);
/// What comes together is told together.
const TOGETHER: Duration = Duration::from_secs(1);

/// Wakes whoever is on duty, until `shutdown`.
pub async fn watch(node: Arc<Node>, channels: Channels, shutdown: Shutdown) {
    node.look_at_everything();
    loop {
        // What is broken off here comes again after the next start. [ONC-43]
        let again = tokio::select! {
            () = shutdown.requested() => return,
            again = node.nudge(&channels, clock::now()) => again,
        };
        let pause = again.and_then(|again| again.since(clock::now()));
        let pause = pause.map_or(LONGEST, |pause| Duration::from_secs(pause.0)).clamp(TOGETHER, LONGEST);
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(pause) => {}
            () = node.something_new() => tokio::time::sleep(TOGETHER).await,
        }
    }
}
