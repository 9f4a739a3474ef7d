//! A line that parses as an invitation is written as a line that parses to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::invitation::Invitation;

fuzz_target!(|line: &str| {
    if let Ok(invitation) = Invitation::parse(line) {
        let again = Invitation::parse(invitation.to_line().expose());
        assert!(again.is_ok_and(|again| again == invitation), "it does not read what it wrote");
    }
});
