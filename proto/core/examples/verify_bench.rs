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
    event::Statement,
    key::SigningKey,
    slot::Extent,
    verdict::{Exit, verify},
    wire::{self, WarningCode},
};

/// Events of the bundle.
const EVENTS: usize = 20;
const ROUNDS: usize = 9;
const SPAN: Duration = Duration::from_millis(150);

fn main() {
    let world = World::invented();
    let mut night = world.night();
    while night.trail.len() < EVENTS {
        night.say(&world.hotline, Statement::Warned(WarningCode::MayBeSought));
    }
    let bytes = night.bundle(&world.hotline, &Extent::VALUES);
    let trust = world.trust();
    let bodies = signed(&bytes);
    let key = SigningKey::from_seed(&[7; 32]);
    let signatures: Vec<_> = bodies.iter().map(|body| key.sign(body)).collect();
    // Each round measures both, so that another load on the machine meets both; the middle of all rounds counts.
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let raw = per_second(|| {
                let pairs = bodies.iter().zip(&signatures);
                pairs.for_each(|(body, signature)| key.public().verify(body, signature).unwrap());
            });
            (per_second(|| assert_eq!(verify(&bytes, &trust).exit, Exit::Valid)), raw)
        })
        .collect();
    rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (whole, raw) = rounds[ROUNDS / 2];
    println!("a bundle of {EVENTS} events, {} bytes, {} signatures, on {} cores", bytes.len(), bodies.len(), cores());
    println!("  its Ed25519 verifications alone: {raw:.0} bundles/s");
    println!("  its whole verification: {whole:.0} bundles/s, {:.1} % of that", 100.0 * whole / raw);
}

fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

/// How often something is done, on all cores at once.
fn per_second(action: impl Fn() + Sync) -> f64 {
    let started = Instant::now();
    let count = || {
        let mut done = 0_u32;
        while started.elapsed() < SPAN {
            action();
            done += 1;
        }
        done
    };
    let done: u32 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores()).map(|_| scope.spawn(count)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    f64::from(done) / started.elapsed().as_secs_f64()
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
