//! The folders on the disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::entry::Entry;

/// Writes the folders if asked to, and compares them with what is generated, each file and byte.
pub(crate) fn compare(entries: &[Entry]) {
    let generated: BTreeMap<PathBuf, Vec<u8>> = entries.iter().flat_map(files).collect();
    assert_eq!(generated.len(), 3 * entries.len(), "two entries have one name");
    if std::env::var_os("UPUT_BLESS").is_some() {
        write(&generated);
    }
    let kept = read();
    let differing = generated.iter().filter(|(path, bytes)| kept.get(*path) != Some(bytes)).map(|(path, _)| path);
    let surplus = kept.keys().filter(|path| !generated.contains_key(*path));
    let all: Vec<_> = differing.chain(surplus).collect();
    assert!(all.is_empty(), "these are not what the generator writes; UPUT_BLESS=1 writes them anew: {all:#?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/corpus")
}

fn files(entry: &Entry) -> [(PathBuf, Vec<u8>); 3] {
    let folder = PathBuf::from(entry.name.replace(' ', "-").replace(['\'', ',', ':'], ""));
    [
        (folder.join("bundle.uput"), entry.bundle.clone()),
        (folder.join("expected.json"), entry.expected().into_bytes()),
        (folder.join("trust.toml"), entry.trust().into_bytes()),
    ]
}

/// The folders beside the README and the lists, and what is in them.
fn read() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in inside(&root()).into_iter().filter(|path| path.is_dir()) {
        for file in inside(&folder) {
            let name = file.strip_prefix(root()).unwrap().to_owned();
            files.insert(name, fs::read(file).unwrap());
        }
    }
    files
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn write(generated: &BTreeMap<PathBuf, Vec<u8>>) {
    fs::create_dir_all(root()).unwrap();
    for folder in inside(&root()).into_iter().filter(|path| path.is_dir()) {
        fs::remove_dir_all(folder).unwrap();
    }
    for (path, bytes) in generated {
        let path = root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
