//! Whatever an earlier version wrote is read by this one, and means what it meant. [UPG-11]

use std::{fs, path::Path, sync::Arc, time::Duration};

use uput_core::{
    trust::TrustFile,
    verdict::{self, YesNo},
    wire::{DisclosureScope, Purpose},
};
use uput_node::{
    node::{Export, Node, Second, Secrets},
    node_key::KeyPlace,
    record,
    storage::{Options, Storage, StorageKey},
};

use crate::{folders, shown, town::worker};

/// The newest `FORMAT` of this program.
const FORMAT: &str = "format 2";

fn open(folder: &Path) -> Arc<Node> {
    let secrets = KeyPlace::from(folder).read().unwrap();
    let options = Options { reserve: 4096, segment: 16 << 10, knows: record::is_known, ..Options::default() };
    let storage = Storage::open(folder, &StorageKey::new(secrets.storage.clone()), options, record::project).unwrap();
    Arc::new(Node::open(storage, Secrets { signing: secrets.signing, sealing: secrets.sealing }).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)
        } else {
            fs::write(to, fs::read(entry.path()).unwrap()).unwrap()
        }
    }
}

/// What the folder shows is what it showed, its bundles verify, and it is now one of this version.
async fn is_read(made: &Path) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    copy(&made.join("folder"), &folder);
    let expected = fs::read_to_string(made.join("SHOWN")).unwrap();
    let trust = TrustFile::parse(&fs::read_to_string(made.join("trust.toml")).unwrap()).unwrap();
    assert!(expected.contains("language=sq") && expected.contains("purged"), "{expected}");
    for _ in 0..2 {
        let node = open(&folder);
        assert_eq!(shown(&node).await, expected);
        for trail in node.trail_ids().unwrap() {
            let (by, second, purpose) = (worker(), Second::Nobody, Purpose::Client);
            let (scope, wait) = (DisclosureScope::Labels, Duration::ZERO);
            let export = Export { contact: true, by, second, trail, purpose, scope, nonce: None, wait };
            let report = verdict::verify(&node.export(export).await.unwrap().0, &trust);
            assert_eq!(report.authentic, YesNo::Yes, "{report:?}");
        }
        drop(node);
        assert!(fs::read_to_string(folder.join("FORMAT")).unwrap().contains(FORMAT));
    }
}

/// [UPG-11]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_every_version_is_opened_and_shows_what_it_showed() {
    let mut versions: Vec<_> = fs::read_dir(folders()).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.retain(|path| path.is_dir());
    versions.sort();
    // None is ever taken away: whoever adds one adds it here. [UPG-10]
    let names: Vec<_> = versions.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
    assert_eq!(names, ["format-1", "format-2"]);
    for made in versions {
        is_read(&made).await;
    }
}
