//! Folders of earlier versions: each is opened by this program, for ever.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod making;
mod opening;
#[path = "../town/mod.rs"]
mod town;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use town::worker;
use uput_node::node::Node;

/// Where they lie.
fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders")
}

/// All that a node shows of all its trails, values among it: what was written beside the folder when it was made.
async fn shown(node: &Arc<Node>) -> String {
    let mut said = String::new();
    let mut trails = node.trail_ids().unwrap();
    trails.sort_by_key(|id| *id.as_bytes());
    for id in trails {
        let trail = node.show(&worker(), &id, true).await.unwrap();
        writeln!(said, "trail {id} {} stage {}", trail.headline, trail.stage).unwrap();
        for event in trail.events {
            let mut fields: Vec<_> = event.fields.into_iter().map(|f| format!("{}={}", f.label, f.value)).collect();
            fields.sort();
            writeln!(said, "{} {}", event.kind, fields.join(" ")).unwrap();
        }
    }
    said
}
