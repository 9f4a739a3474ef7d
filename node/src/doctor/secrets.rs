//! The key files: there, whole, and closed to others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use uput_core::keyfile::{Holds, KeyFile};
use zeroize::Zeroizing;

use super::{Area, Patient, Reason};
use crate::node_key::{HALF, NEXT, NODE_KEY, Sources};

/// Whether a key file is locked; none: it is not as it was written.
fn locked(text: &[u8]) -> Option<bool> {
    let file = KeyFile::parse(std::str::from_utf8(text).ok()?).ok()?;
    if file.holds() != Holds::Node {
        return None;
    }
    // Without a passphrase its bytes answer for themselves.
    (file.is_locked() || file.open_node_secrets(None).is_ok()).then(|| file.is_locked())
}

fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

impl Patient<'_> {
    pub(super) fn look_at_the_secrets(&mut self) {
        let given = !self.path(NODE_KEY).exists() && Sources::here(None).has_node_key();
        let text = if given { None } else { self.read_or(NODE_KEY, Reason::KeyMissing).map(Zeroizing::new) };
        let found = match text.as_ref().map(|text| locked(text)) {
            Some(Some(true)) => "node.key takes a passphrase",
            Some(Some(false)) => "node.key is in the clear: whoever copies this folder has everything in it",
            Some(None) => return self.wrong(Reason::KeyBroken, "node.key is not as it was written"),
            None => "the secrets come as a credential",
        };
        if self.path(HALF).exists() {
            self.wrong(Reason::KeyHalf, "node.key.half holds secrets that were never used");
        }
        if self.read(NEXT).map(Zeroizing::new).is_some_and(|text| locked(&text).is_none()) {
            self.wrong(Reason::NextBroken, "node.key.next is not as it was written");
        }
        for name in [NODE_KEY, NEXT].into_iter().filter(|name| is_open(&self.path(name))).collect::<Vec<_>>() {
            self.wrong(Reason::KeyOpen, format!("other users of this computer can read {name}"));
        }
        self.fine_unless_wrong(Area::KeyFile, found);
    }
}
