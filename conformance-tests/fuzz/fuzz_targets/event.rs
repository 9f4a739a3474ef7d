//! Bytes that parse as an event are the only bytes of that event.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::event::Event;
use uput_core::id::Id;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = Event::parse(Id::of(bytes), bytes) {
        assert!(event.encode() == bytes, "two encodings of one event");
    }
});
