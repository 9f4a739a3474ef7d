//! What verifying a bundle costs beside its Ed25519 verifications: `cargo run --release -p uput-core --example verify_bench`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and fails by panicking"
)]

#[allow(dead_code, reason = "a scene has more in it than one play needs")]
#[path = "../tests/verdict/sample.rs"]
mod sample;

use std::time::{Duration, Instant};

use sample::World;
use uput_core::{
    bundle::Bundle,
    codec,
    envelope::{Envelope, pae},
    key::SigningKey,
    slot::Extent,
    verdict::{Exit, verify},
    wire,
};

const ROUNDS: usize = 15;

fn main() {
    let world = World::invented();
    let bytes = world.night().bundle(&world.hotline, &Extent::VALUES);
    let trust = world.trust();
    let report = verify(&bytes, &trust);
    assert_eq!(report.exit, Exit::Valid);
    let bodies = signed(&bytes);
    let key = SigningKey::from_seed(&[7; 32]);
    let signatures: Vec<_> = bodies.iter().map(|body| key.sign(body)).collect();
    // Each round measures both, so that another load on the machine meets both; the best round of each counts.
    let (mut raw, mut whole) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        raw = raw.min(repeat(20, || {
            let pairs = bodies.iter().zip(&signatures);
            pairs.for_each(|(body, signature)| key.public().verify(body, signature).unwrap());
        }));
        whole = whole.min(repeat(20, || assert_eq!(verify(&bytes, &trust).exit, Exit::Valid)));
    }
    println!("a bundle of {} events, {} bytes, {} signatures", report.timeline.len(), bytes.len(), bodies.len());
    println!("its Ed25519 verifications alone: {raw:?}, {:.0}/s", 1.0 / raw.as_secs_f64());
    println!("its whole verification:          {whole:?}, {:.0}/s", 1.0 / whole.as_secs_f64());
    println!("ratio: {:.2}; {:.0} % of raw verification", whole.as_secs_f64() / raw.as_secs_f64(), {
        100.0 * raw.as_secs_f64() / whole.as_secs_f64()
    });
}

fn repeat(times: u32, action: impl Fn()) -> Duration {
    let started = Instant::now();
    (0..times).for_each(|_| action());
    started.elapsed() / times
}

/// What each signature of the bundle signs, once for each signature.
fn signed(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bundle = Bundle::parse(bytes).unwrap();
    let wire: wire::Bundle = codec::decode(bundle.envelope().body()).unwrap();
    let chains = wire.chains.into_iter().flat_map(|chain| chain.records);
    let lists = [wire.agreements, wire.events, wire.heads, wire.challenges, wire.evidence];
    let inner = chains.chain(lists.into_iter().flatten()).map(|part| Envelope::from_wire(part).unwrap());
    let all = inner.chain([bundle.envelope().clone()]);
    all.flat_map(|part| vec![pae(part.media_type(), part.body()); part.signers().count()]).collect()
}
