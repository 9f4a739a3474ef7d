//! What a letter costs, and that no bit of one can be changed.
//! `cargo run --release -p uput-core --example letter` measures the cryptography of one delivered referral, so that other
//! measurements know their limit; with `-- --flip` it flips each of the 65,536 bits of a letter, which takes half a minute,
//! and stops if one is opened.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a command that stops where it breaks")]
#![allow(clippy::indexing_slicing, clippy::print_stdout, dead_code, reason = "it prints what it measures")]

#[path = "../tests/signed_and_sealed/sample.rs"]
mod sample;

use std::hint::black_box;
use std::time::{Duration, Instant};

use uput_core::envelope::{Envelope, MediaType, verify_one};
use uput_core::key::KeyChain;
use uput_core::letter::{open, seal};
use uput_core::wire::LetterContent;

use sample::{Organisation, Predictable, signing_key};

fn main() {
    if std::env::args().any(|argument| argument == "--flip") { flip() } else { measure() }
}

fn flip() {
    let recipient = Organisation::invented("recipient");
    let event = Envelope::sign(MediaType::EVENT, vec![7; 800], &[&signing_key("author")]).unwrap();
    let content = LetterContent { events: vec![event.to_wire()], ..LetterContent::default() };
    let letter = seal(recipient.chain().newest(), &content, &mut Predictable::named("letter")).unwrap();
    let keys = std::slice::from_ref(&recipient.sealing);
    assert!(open(&letter, recipient.id(), keys).is_ok(), "the letter itself opens");
    for bit in 0..letter.len() * 8 {
        let mut flipped = letter.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&flipped, recipient.id(), keys).is_err(), "bit {bit} was flipped, and the letter opened");
    }
    println!("{} bits flipped, one at a time: none was opened", letter.len() * 8);
}

fn measure() {
    let key = signing_key("author");
    let event = Envelope::sign(MediaType::EVENT, vec![7; 800], &[&key]).unwrap();
    let bytes = event.to_bytes();
    let recipient = Organisation::invented("recipient");
    let chain = recipient.chain();
    let content = LetterContent { events: vec![event.to_wire()], ..LetterContent::default() };
    let letter = seal(chain.newest(), &content, &mut Predictable::named("letter")).unwrap();

    let sign =
        measured("sign an envelope of 800 bytes", || Envelope::sign(MediaType::EVENT, vec![7; 800], &[&key]).unwrap());
    let verify = measured("parse and verify it", || {
        verify_one(Envelope::parse(&bytes).unwrap(), MediaType::EVENT, key.public(), |_| Ok(())).unwrap()
    });
    let seal = measured("seal a letter of 8 KiB", || {
        seal(chain.newest(), &content, &mut Predictable::named("letter")).unwrap()
    });
    let open = measured("open it", || open(&letter, recipient.id(), std::slice::from_ref(&recipient.sealing)).unwrap());
    measured("verify a chain of one key record", || KeyChain::verify(std::slice::from_ref(&recipient.first)).unwrap());
    let referral = sign + seal + open + verify + sign + verify;
    println!(
        "delivered referral (sign, seal, open, verify, sign, verify): {referral:.0} us, {:.0} /s a core",
        1e6 / referral
    );
}

const TIME: Duration = Duration::from_millis(500);

fn measured<T>(what: &str, mut work: impl FnMut() -> T) -> f64 {
    black_box(work());
    let (start, mut count) = (Instant::now(), 0u32);
    while start.elapsed() < TIME {
        black_box(work());
        count += 1;
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    println!("{what:<44} {micros:>9.1} us {:>9.0} /s", 1e6 / micros);
    micros
}
