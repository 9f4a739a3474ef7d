//! A trust file that parses is written and read again as the same; one that does not is an error in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::trust::TrustFile;

fuzz_target!(|text: &str| {
    match TrustFile::parse(text) {
        Ok(trust) => {
            let Ok(again) = TrustFile::parse(&trust.to_toml()) else { panic!("it does not read what it wrote") };
            assert!(again.digest() == trust.digest(), "it says something else when it is read again");
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error without words"),
    }
});
