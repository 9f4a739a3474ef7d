//! The index, opened with the storage key: specs/node.md, section 1.3.

use std::path::Path;

use super::seal::{FolderKey, NONCE, open, seal_apart};
use crate::failed::{Failed, Outcome};

const CONTROL: &[u8] = b"\x07control";

/// Keys, and values as the index key shows them. The index of a stopped node is copied first: to open it changes it.
pub(super) fn read(folder: &Path, keys: &FolderKey, control: &[u8]) -> Outcome<Vec<Vec<u8>>> {
    let copy = tempfile::tempdir()?;
    copy_all(folder, copy.path())?;
    let failed = |error: sled::Error| Failed::because(format!("the index: {error}"));
    let map = sled::Config::new().path(copy.path()).cache_capacity(1 << 22).open().map_err(failed)?;
    let salt = map.get(b"\0salt").map_err(failed)?.ok_or_else(|| Failed::because("the index has no salt"))?;
    let key = keys.derive("uput/node/index 3", &salt)?;
    let (nonce, mut sealed) = ([9; NONCE], [9; NONCE].to_vec());
    sealed.extend(seal_apart(&key, &nonce, CONTROL, control).unwrap_or_default());
    map.insert(CONTROL, sealed).map_err(failed)?;
    let mut parts = Vec::new();
    for entry in &*map {
        let (name, sealed) = entry.map_err(failed)?;
        parts.push(name.to_vec());
        if name.as_ref() != b"\0salt" {
            parts.push(open(&key, &name, &sealed).ok_or_else(|| Failed::because("an entry does not open"))?);
        }
    }
    Ok(parts)
}

fn copy_all(from: &Path, to: &Path) -> Outcome<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&to)?;
            copy_all(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
