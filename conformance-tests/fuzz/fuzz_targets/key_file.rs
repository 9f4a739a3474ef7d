//! No text makes the reader of key files panic, and without a passphrase none takes long.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::keyfile::KeyFile;

fuzz_target!(|text: &str| {
    match KeyFile::parse(text) {
        // With a passphrase every run would take a second of Argon2id.
        Ok(file) => {
            let _ = file.open_organisation_key(None);
            let _ = file.open_node_secrets(None);
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error without words"),
    }
});
