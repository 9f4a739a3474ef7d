//! New keys of a node whose secrets take a passphrase.

use std::path::Path;

use uput_core::{keyfile::KeyFile, time::Span};
use uput_node::node_key::{self, KeyPlace, Sources};
use zeroize::Zeroizing;

use crate::{
    house::{ALL, begin, newest, open_by, rotate},
    town::House,
};

const WORDS: &str = "an invented passphrase";

/// Whether a file takes the passphrase, and opens with it.
fn is_locked(folder: &Path, name: &str) -> bool {
    let file = KeyFile::parse(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    file.is_locked() && file.open_node_secrets(Some(WORDS)).is_ok()
}

/// [RST-3]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_locked_node_prepares_installs_and_keeps_is_locked() {
    crate::town::listen();
    let house = House::found(1).await;
    drop(begin(&house));
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("words");
    std::fs::write(&file, WORDS).unwrap();
    let sources = Sources { file: Some(file), ..Sources::default() };
    node_key::relock(house.path(), &sources, || Ok(Some(Zeroizing::new(WORDS.to_owned())))).unwrap();
    let place = || KeyPlace::find(house.path(), &sources).unwrap();
    let node = open_by(&house, place());
    node.prepare_keys(ALL()).await.unwrap();
    assert!(is_locked(house.path(), node_key::NEXT));
    // Without grace the old sealing key is taken out at once: the file is written once more.
    let installed = rotate(&house, &node, ALL(), Span(0)).await.unwrap();
    assert_eq!(newest(&installed.chain), 1);
    assert!(is_locked(house.path(), node_key::NODE_KEY));
    drop(node);
    let again = open_by(&house, place());
    assert!(again.me().chain().newest_id() == installed.chain.newest_id());
    assert_eq!(place().read().unwrap().sealing.len(), 1);
}
