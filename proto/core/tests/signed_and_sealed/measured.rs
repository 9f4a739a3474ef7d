//! What the cryptography of one delivered referral costs, so that other measurements know their limit:
//! `cargo test --release -p uput-core --test signed_and_sealed measured -- --ignored --nocapture`

use std::hint::black_box;
use std::time::{Duration, Instant};

use uput_core::envelope::{Envelope, MediaType, verify_one};
use uput_core::key::KeyChain;
use uput_core::letter::{open, seal};
use uput_core::wire::LetterContent;

use crate::sample::{Organisation, Predictable, signing_key};

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

#[test]
#[ignore = "measures, and proves nothing"]
fn measured_cost_of_sign_verify_seal_open() {
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
