//! What compiles as an agreement's source is an agreement, and what does not is an error in words.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use uput_core::agreement::{Agreement, compile};
use uput_core::id::Id;

fuzz_target!(|text: &str| {
    let peers = BTreeMap::from([("partner".to_owned(), Id::of(b"partner").into())]);
    match compile(text, &peers) {
        Ok(compiled) => {
            assert!(
                Agreement::parse(Id::of(&compiled.body), &compiled.body).is_ok(),
                "compiled to what does not parse"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error without words"),
    }
});
