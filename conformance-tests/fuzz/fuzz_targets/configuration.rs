//! A configuration that is accepted is written and read again as the same, and its interface is of this computer only;
//! one that is not is an error with a line that the text has.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The file itself, not the node: with the node's runtime, store and transport a target would be built for minutes.
#[allow(dead_code)]
#[path = "../../../node/src/config.rs"]
mod config;

#[allow(dead_code)]
#[path = "../../../node/src/on_call/settings.rs"]
mod settings;

mod on_call {
    pub use crate::settings::OnCallConfig;
}

/// What an address is, the rota says; here every one is taken, so that what comes after it is reached.
mod duty {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Channel {
        Command,
        Email,
        Sms,
    }

    impl Channel {
        pub fn takes(self, _address: &str) -> bool {
            true
        }
    }
}

use config::Config;

fuzz_target!(|text: &str| {
    match Config::parse(text) {
        Ok(config) => {
            assert!(config.api.ip().is_loopback(), "the local interface is open to others");
            let Ok(again) = Config::parse(&config.to_toml()) else { panic!("it does not read what it wrote") };
            assert!(again == config, "it says something else when it is read again");
        }
        Err((line, rule)) => {
            assert!(!rule.is_empty() && !rule.contains('\n'), "an error is one line of words");
            assert!((1..=1 + text.matches('\n').count()).contains(&line), "a line that is not there");
        }
    }
});
