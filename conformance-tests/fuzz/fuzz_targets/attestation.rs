//! What parses as a copy of an attestation is written as the same copy, and a narrower one opens no more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::attestation::Attestation;
use uput_core::catalogue::Label;

fuzz_target!(|bytes: &[u8]| {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let Ok(copy) = Attestation::parse(&digits) else { return };
    let labels: Vec<Label> = copy.labels().collect();
    let again = copy.narrowed(|_| true);
    assert!(again.is_ok_and(|again| *again.value().expose() == digits), "it does not write what it read");
    for label in labels {
        let narrow = copy.narrowed(|other| other == label).ok();
        let narrow = narrow.and_then(|narrow| Attestation::parse(narrow.value().expose()).ok());
        assert!(narrow.is_some_and(|narrow| narrow.labels().eq([label])), "a narrower copy opens something else");
    }
});
