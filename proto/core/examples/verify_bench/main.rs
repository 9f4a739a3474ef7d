//! What verifying bundles costs beside their Ed25519 verifications: `cargo run --release -p uput-core --example verify_bench`.
//! With `--growth [MOST]` how that grows with the events of a bundle, up to the most that it holds; with `--folder EVENTS [BUNDLE]`
//! what a folder of many bundles costs, of which none is in memory longer than it is verified.
//!
//! The share is the processor time of the signatures alone in that of the whole verification. Alone: every signature of
//! the bundle once, over the same bytes and by the same library, and nothing else. Both are done on all cores at once,
//! in short turns, so that other work on the machine meets both.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and fails by panicking"
)]

#[allow(dead_code, reason = "a scene has more in it than one play needs")]
#[path = "../../tests/verdict/sample.rs"]
mod sample;

mod folder;
mod growth;

use std::time::{Duration, Instant};

use sample::{Story, World, needed};
use uput_core::{
    bundle::Bundle,
    codec,
    envelope::{Envelope, pae},
    event::Statement,
    key::{SIGNATURE_LENGTH, SigningKey},
    slot::Extent,
    trust::TrustFile,
    verdict::{Exit, verify},
    wire::{self, ClosureReason, LegalBasis, WarningCode},
};

/// Events of the big bundle.
const MANY: usize = 1000;
const ROUNDS: usize = 9;
/// Turns of each in a round.
const TURNS: usize = 8;
const TURN: Duration = Duration::from_millis(20);

fn main() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => shares(cores),
        ["--growth"] => growth::measure(usize::MAX),
        ["--growth", most] => growth::measure(most.parse().unwrap()),
        ["--folder", events] => folder::measure(cores, events.parse().unwrap(), 250),
        ["--folder", events, bundle] => folder::measure(cores, events.parse().unwrap(), bundle.parse().unwrap()),
        _ => panic!("nothing, --growth [MOST], or --folder EVENTS [EVENTS OF A BUNDLE]"),
    }
}

fn shares(cores: usize) {
    println!("verification of bundles: processor time of its Ed25519 verifications alone, as a share of the whole");
    let (pair, four) = (World::pair(), World::invented());
    let mut long = pair.asked();
    long.delivered_and(Statement::Held { until: pair.at(3600) });
    long.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    grow(&mut long, MANY);
    let mut reopened = pair.enquiry();
    for said in [Statement::Closed(ClosureReason::Done), Statement::Reopened].iter().cycle().take(MANY) {
        reopened.force(&pair.hotline, said.clone(), |_| {});
    }
    let bundles = [
        ("small, an enquiry between two", pair.enquiry(), pair.trust()),
        ("a night among four, as in the demo", four.night(), four.trust()),
        ("big, between two", long, pair.trust()),
        ("big, reopened again and again by its exporter", reopened, pair.trust()),
    ];
    for (name, story, trust) in bundles {
        let events = story.trail.len();
        let sample = Sample::new(story.bundle(&story.world.hotline, &Extent::VALUES), trust);
        let (bytes, signatures) = (sample.bytes.len(), sample.signed.len());
        println!("  {name}: {events} events, {bytes} bytes, {signatures} signatures");
        sample.measure(cores);
    }
}

/// Until there are many: one in ten is a correction with slots, and each is delivered.
fn grow(story: &mut Story<'_>, many: usize) {
    let world = story.world;
    while story.trail.len() < many {
        story.disclose(Statement::Corrected, 1, LegalBasis::ExplicitConsent, 0, needed());
        story.delivered_and(Statement::Acknowledged);
        for _ in 0..7 {
            story.say(&world.hotline, Statement::Warned(WarningCode::MayBeSought));
        }
    }
}

struct Sample {
    bytes: Vec<u8>,
    trust: TrustFile,
    key: SigningKey,
    signed: Vec<(Vec<u8>, [u8; SIGNATURE_LENGTH])>,
}

/// Processor time of one, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    alone: f64,
    whole: f64,
}

impl Cost {
    fn share(self) -> f64 {
        100.0 * self.alone / self.whole
    }
}

impl Sample {
    fn new(bytes: Vec<u8>, trust: TrustFile) -> Self {
        let key = SigningKey::from_seed(&[7; 32]);
        let signed = bodies(&bytes).into_iter().map(|body| (body.clone(), key.sign(&body))).collect();
        assert_eq!(verify(&bytes, &trust).exit, Exit::Valid);
        Self { bytes, trust, key, signed }
    }

    fn measure(&self, cores: usize) {
        let mut rounds: Vec<Cost> = (0..ROUNDS).map(|_| self.round(cores)).collect();
        rounds.sort_by(|a, b| a.share().total_cmp(&b.share()));
        let (least, middle, most) = (rounds[0], rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
        let [alone, whole] = [middle.alone, middle.whole].map(|cost| 1e3 * cost);
        println!("    alone {alone:.2} ms, whole {whole:.2} ms: {:.0}/s on {cores} cores", 1e3 / whole * cores as f64);
        let (share, least, most) = (middle.share(), least.share(), most.share());
        println!("    {share:.1} % (half of {ROUNDS} rounds; {least:.1} to {most:.1})");
    }

    /// All cores at once, each in its own turns.
    fn round(&self, cores: usize) -> Cost {
        let costs: Vec<Cost> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(|| self.turns())).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let mean = |of: fn(&Cost) -> f64| costs.iter().map(of).sum::<f64>() / cores as f64;
        Cost { alone: mean(|cost| cost.alone), whole: mean(|cost| cost.whole) }
    }

    fn turns(&self) -> Cost {
        let (mut alone, mut whole) = (Turns::default(), Turns::default());
        for _ in 0..TURNS {
            alone.take(|| {
                let verify = |(body, signature): &(Vec<u8>, _)| self.key.public().verify(body, signature).unwrap();
                self.signed.iter().for_each(verify);
            });
            whole.take(|| assert_eq!(verify(&self.bytes, &self.trust).exit, Exit::Valid));
        }
        Cost { alone: alone.cost(), whole: whole.cost() }
    }
}

#[derive(Default)]
struct Turns {
    done: u32,
    used: Duration,
}

impl Turns {
    fn take(&mut self, action: impl Fn()) {
        let (begin, before) = (Instant::now(), used());
        while begin.elapsed() < TURN {
            action();
            self.done += 1;
        }
        self.used += used() - before;
    }

    fn cost(&self) -> f64 {
        self.used.as_secs_f64() / f64::from(self.done)
    }
}

/// Processor time of this thread, as Linux counts it: up to the moment at which a thread lets others go first.
fn used() -> Duration {
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("processor time is asked of Linux");
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// What each signature of the bundle signs, once for each signature.
fn bodies(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bundle = Bundle::parse(bytes).unwrap();
    let wire: wire::Bundle = codec::decode(bundle.envelope().body()).unwrap();
    let chains = wire.chains.into_iter().flat_map(|chain| chain.records);
    let lists = [wire.agreements, wire.events, wire.heads, wire.challenges, wire.evidence];
    let inner = chains.chain(lists.into_iter().flatten()).map(|part| Envelope::from_wire(part).unwrap());
    let all = inner.chain([bundle.envelope().clone()]);
    all.flat_map(|part| vec![pae(part.media_type(), part.body()); part.signers().count()]).collect()
}
