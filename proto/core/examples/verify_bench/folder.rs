//! A folder of many bundles, verified on all cores as `uput trail verify DIR` does it: one bundle a core in memory at a time.
//!
//! The bundles are a few shapes between organisations with keys of their own, written once and linked under other names:
//! each is read and verified anew. The limit is as many bare Ed25519 verifications on the same cores in the same run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use uput_core::{
    event::Statement,
    key::{SIGNATURE_LENGTH, SigningKey},
    slot::Extent,
    trust::TrustFile,
    verdict::{Exit, verify},
    wire::LegalBasis,
};

use crate::sample::{Organisation, TWO_PARTY, World, needed};
use crate::{bodies, grow};

/// Pairs of organisations, each with a bundle of its own.
const PAIRS: usize = 16;
/// Bare verifications between two looks at the clock.
const SOME: usize = 200;

/// What is in the folder.
struct Folder {
    path: PathBuf,
    trust: TrustFile,
    events: usize,
    bundles: usize,
    bytes: u64,
    signed: Vec<(Vec<u8>, [u8; SIGNATURE_LENGTH])>,
}

/// Prints how many events a second are verified, and how much memory that takes after a tenth and after all.
pub(crate) fn measure(cores: usize, events: usize, of_one: usize) {
    let folder = written(events, of_one);
    let each = folder.bytes / folder.events as u64;
    println!("{} events in {} bundles, {each} bytes an event, on {cores} cores", folder.events, folder.bundles);
    let files = files(&folder.path);
    let tenth = &files[..files.len() / 10];
    verify_all(cores, tenth, &folder.trust);
    let memory = peak();
    let whole = verify_all(cores, &files, &folder.trust);
    println!("  highest memory after a tenth: {} KiB; after all: {} KiB", memory, peak());
    let limit = bare(cores, &folder.signed);
    let speed = folder.events as f64 / whole.as_secs_f64();
    println!("  {:.1} s: {speed:.0} events a second", whole.as_secs_f64());
    let signatures = folder.signed.len() as f64 / PAIRS as f64 * folder.bundles as f64 / whole.as_secs_f64();
    println!(
        "  {signatures:.0} signatures a second; bare verifications {limit:.0} a second: {:.1} %",
        100.0 * signatures / limit
    );
    std::fs::remove_dir_all(&folder.path).unwrap();
}

fn written(events: usize, of_one: usize) -> Folder {
    let path = std::env::temp_dir().join(format!("uput-verify-bench-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    let mut trust: Option<TrustFile> = None;
    let (mut sizes, mut signed) = (Vec::new(), Vec::new());
    let key = SigningKey::from_seed(&[7; 32]);
    for pair in 0..PAIRS {
        let [one, other] = ["hotline", "shelter"]
            .map(|role| Organisation::invented(Box::leak(format!("{role} {pair}").into_boxed_str())));
        let world = World::between(one, other, TWO_PARTY, Vec::new(), 60);
        let mut story = world.asked();
        story.delivered_and(Statement::Held { until: world.at(3600) });
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
        grow(&mut story, of_one);
        let bytes = story.bundle(&world.hotline, &Extent::VALUES);
        assert_eq!(verify(&bytes, &world.trust()).exit, Exit::Valid);
        signed.extend(bodies(&bytes).into_iter().map(|body| (body.clone(), key.sign(&body))));
        std::fs::write(path.join(format!("{pair}.uput")), &bytes).unwrap();
        sizes.push((story.trail.len(), bytes.len() as u64));
        let own = world.trust();
        match &mut trust {
            Some(all) => {
                all.organisations.extend(own.organisations);
                all.agreements.extend(own.agreements);
            }
            None => trust = Some(own),
        }
    }
    let mut folder = Folder { path, trust: trust.unwrap(), events: 0, bundles: 0, bytes: 0, signed };
    while folder.events < events {
        let (events, bytes) = sizes[folder.bundles % PAIRS];
        if folder.bundles >= PAIRS {
            let from = folder.path.join(format!("{}.uput", folder.bundles % PAIRS));
            std::fs::hard_link(from, folder.path.join(format!("{}.uput", folder.bundles))).unwrap();
        }
        folder.events += events;
        folder.bytes += bytes;
        folder.bundles += 1;
    }
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn verify_all(cores: usize, files: &[PathBuf], trust: &TrustFile) -> Duration {
    let (begin, next) = (Instant::now(), AtomicUsize::new(0));
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Relaxed)) {
            assert_eq!(verify(&std::fs::read(file).unwrap(), trust).exit, Exit::Valid);
        }
    };
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    begin.elapsed()
}

/// Bare verifications a second, on all cores for three seconds.
fn bare(cores: usize, signed: &[(Vec<u8>, [u8; SIGNATURE_LENGTH])]) -> f64 {
    let (begin, done) = (Instant::now(), AtomicUsize::new(0));
    let public = *SigningKey::from_seed(&[7; 32]).public();
    let work = || {
        while begin.elapsed() < Duration::from_secs(3) {
            let from = done.fetch_add(SOME, Relaxed);
            let some = signed.iter().cycle().skip(from % signed.len()).take(SOME);
            some.for_each(|(body, signature)| public.verify(body, signature).unwrap());
        }
    };
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    done.into_inner() as f64 / begin.elapsed().as_secs_f64()
}

/// The highest memory of this program so far, in KiB, as Linux counts it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
