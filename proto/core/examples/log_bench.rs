//! What a log costs beside the hashes and signatures in it: `cargo run --release -p uput-core --example log_bench`.
//!
//! A million entries: appended, each in a tick of its own, the dearest case; proven; checked. The limits are SHA-256 and
//! Ed25519 of the same library, measured in the same run; ratios are what counts. `-- days` prints what a day costs and
//! no more.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and fails by panicking"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use ring::digest;
use uput_core::{
    codec,
    head::Head,
    id::Id,
    key::SigningKey,
    log::{
        Batch, Checkpoint, Entry, EntryKind, Hash, LogProof, Origin, SignedCheckpoint, Tick, Tree, consistent, included,
    },
    time::Seconds,
    wire::{LetterContent, WitnessOutcome, WitnessQuery, WitnessReply},
};

const MOST: u64 = 1_000_000;
/// Ticks of a day.
const DAY: u64 = 144;
const SAMPLE: u64 = 10_000;
/// Entries of one tick, where a proof shows one of them.
const BUSY: u8 = 16;

fn main() {
    let hash = each(2_000_000, |n| {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&[1]);
        context.update(&[n as u8; 64]);
        black_box(context.finish());
    });
    let key = SigningKey::from_seed(&[7; 32]);
    if std::env::args().any(|argument| argument == "days") {
        return days(&key);
    }
    let message = [7; 200];
    let signature = key.sign(&message);
    let sign = each(5_000, |_| drop(black_box(key.sign(&message).to_vec())));
    let verify = each(5_000, |_| key.public().verify(&message, &signature).unwrap());
    println!("limits: SHA-256 of 65 bytes {hash:?}, Ed25519 sign {sign:?}, verify {verify:?}");
    let mut tree = Tree::default();
    let append = each(MOST, |n| tree.append(batch(n, 1).leaf_hash()));
    // An entry, a leaf and one node a tick: three hashes, four blocks more.
    println!(
        "append {MOST} entries, each in a tick: {append:?} each, {:.1} hashes; {:?} in all",
        ratio(append, hash),
        append * MOST as u32
    );
    for size in [10_000, MOST] {
        measure(&tree, size, [hash, sign, verify], &key);
    }
    // A year of ticks, and twenty.
    for size in [52_704, MOST] {
        witness(&tree, size, &key);
    }
    days(&key);
    let look = each(MOST, |n| {
        black_box(tree.leaf(n));
    });
    println!("one look at a leaf: {look:?}; the tree keeps {} bytes a leaf", 64);
}

/// What a node costs in a day, by a log of a year. Bytes do not depend on how this was built.
fn days(key: &SigningKey) {
    const YEAR: u64 = 52_704;
    let mut tree = Tree::default();
    (0..YEAR).for_each(|n| tree.append(Hash::leaf(&n.to_be_bytes())));
    for witnesses in [1, 20] {
        idle(&tree, YEAR, witnesses, key);
    }
    busy(YEAR, key);
    heads(key);
}

fn batch(tick: u64, count: u8) -> Batch {
    let entry = |n: u8| {
        let mut nonce = [n.wrapping_add(1); 32];
        nonce[..8].copy_from_slice(&tick.to_be_bytes());
        Entry { nonce, kind: EntryKind::OwnEvent, id: Id::of(&[n]) }
    };
    let entries: Vec<Entry> = (0..count).map(entry).collect();
    Batch::new(Tick(tick), &entries, [9; 32]).unwrap()
}

/// Proofs of a log of that size, made and checked.
fn measure(tree: &Tree, size: u64, [hash, sign, verify]: [Duration; 3], key: &SigningKey) {
    let root = tree.root_at(size).unwrap();
    let step = size / SAMPLE;
    let paths: Vec<(u64, Vec<Hash>)> =
        (0..SAMPLE).map(|n| (n * step, tree.inclusion(n * step, size).unwrap())).collect();
    let prove = each(SAMPLE, |n| drop(black_box(tree.inclusion(n * step, size))));
    let check = each(SAMPLE, |n| {
        let (index, path) = &paths[n as usize];
        assert!(included(&tree.leaf(*index).unwrap(), *index, size, path, &root));
    });
    let steps = paths.iter().map(|(_, path)| path.len()).sum::<usize>() as f64 / SAMPLE as f64;
    let before = |n: u64| size - 1 - (n * 7) % (size / 2);
    let roots: Vec<Hash> = (0..SAMPLE).map(|n| tree.root_at(before(n)).unwrap()).collect();
    let longer = each(SAMPLE, |n| drop(black_box(tree.consistency(before(n), size))));
    let links: Vec<Vec<Hash>> = (0..SAMPLE).map(|n| tree.consistency(before(n), size).unwrap()).collect();
    let agree = each(SAMPLE, |n| {
        let one = n as usize;
        assert!(consistent((before(n), &roots[one]), (size, &root), &links[one]));
    });
    println!(
        "size {size}: a path has {steps:.1} hashes, made in {prove:?}, checked in {check:?}, {:.1} hashes",
        ratio(check, hash)
    );
    println!(
        "  consistency made in {longer:?}, checked in {agree:?}; longest {} hashes",
        links.iter().map(Vec::len).max().unwrap()
    );
    whole(size, [sign, verify], key);
}

/// A proof as a bundle carries it, of one entry among some, under a checkpoint with two cosignatures.
fn whole(size: u64, [sign, verify]: [Duration; 2], key: &SigningKey) {
    let mut tree = Tree::default();
    let busy = batch(size / 2, BUSY);
    (0..size).for_each(|n| tree.append(if n == size / 2 { busy.leaf_hash() } else { Hash::leaf(&n.to_be_bytes()) }));
    let organisation = Id::of(b"an invented shelter").into();
    let origin = Origin { organisation, incarnation: 0 };
    let checkpoint = Checkpoint { origin, size, root: tree.root() };
    let make = each(1_000, |_| drop(black_box(checkpoint.sign(key))));
    let mut signed = checkpoint.sign(key);
    for name in [b"north", b"south"] {
        let witness = Id::of(name).into();
        signed.add(signed.cosign(&witness, key, Seconds::new(1_800_000_000).unwrap())).unwrap();
    }
    let entry = {
        let mut nonce = [1; 32];
        nonce[..8].copy_from_slice(&(size / 2).to_be_bytes());
        Entry { nonce, kind: EntryKind::OwnEvent, id: Id::of(&[0]) }
    };
    let proof = LogProof::new(&busy, &[(0, entry)], tree.inclusion(size / 2, size).unwrap(), &checkpoint).unwrap();
    let bytes = codec::encode(&proof.to_wire());
    let check = each(SAMPLE, |_| {
        proof.check(Tick(0), &checkpoint).unwrap();
    });
    let note = signed.to_bytes();
    let read = each(1_000, |_| {
        let signed = SignedCheckpoint::parse(&note).unwrap();
        signed.verify(key.public()).unwrap();
        for own in signed.cosignatures() {
            own.verify(key.public()).unwrap();
        }
    });
    println!(
        "  proof of one of {BUSY} entries {} bytes, checked in {check:?}; checkpoint with two cosignatures {} bytes, made in {make:?} \
         ({:.2} of a signature), read and verified in {read:?} ({:.2} of three verifications)",
        bytes.len(),
        note.len(),
        ratio(make, sign),
        ratio(read, verify) / 3.0
    );
}

/// What one peer that cosigns each tick costs in a day: the question and the answer of each, without frames and TLS.
fn witness(tree: &Tree, size: u64, key: &SigningKey) {
    let origin = Origin { organisation: Id::of(b"an invented shelter").into(), incarnation: 0 };
    let at = |size: u64| Checkpoint { origin, size, root: tree.root_at(size).unwrap() };
    let (mut bytes, mut most) = (0, 0);
    for size in size - DAY + 1..=size {
        let path = tree.consistency(size - 1, size).unwrap();
        assert!(consistent((size - 1, &at(size - 1).root), (size, &at(size).root), &path));
        let mut note = at(size).sign(key);
        let checkpoint = note.to_bytes();
        let query = WitnessQuery { checkpoint, known: size - 1, path: path.iter().map(Hash::to_vec).collect() };
        note.add(note.cosign(&Id::of(b"north").into(), key, Seconds::new(1_800_000_000).unwrap())).unwrap();
        let outcome = WitnessOutcome::Cosigned.into();
        let reply = WitnessReply { outcome, code: 0, checkpoint: note.to_bytes() };
        let one = codec::encode(&query).len() + codec::encode(&reply).len();
        (bytes, most) = (bytes + one, most.max(one));
    }
    println!(
        "a witness of a log of {size} ticks: {bytes} bytes a peer and day in {DAY} questions, {most} at most for one"
    );
}

/// What a node costs in a day in which nothing happens: its log alone, and whoever cosigns it.
fn idle(tree: &Tree, size: u64, witnesses: u64, key: &SigningKey) {
    let origin = Origin { organisation: Id::of(b"an invented shelter").into(), incarnation: 0 };
    let at = |size: u64| Checkpoint { origin, size, root: tree.root_at(size).unwrap() };
    let (mut sent, mut heard, start) = (0, 0, Instant::now());
    for size in size - DAY + 1..=size {
        for _ in 0..witnesses {
            let path = tree.consistency(size - 1, size).unwrap();
            let mut note = at(size).sign(key);
            let query = WitnessQuery {
                checkpoint: note.to_bytes(),
                known: size - 1,
                path: path.iter().map(Hash::to_vec).collect(),
            };
            let line = note.cosign(&Id::of(b"north").into(), key, Seconds::new(1_800_000_000).unwrap());
            note.add(line).unwrap();
            let outcome = WitnessOutcome::Cosigned.into();
            let reply = WitnessReply { outcome, code: 0, checkpoint: note.to_bytes() };
            sent += codec::encode(&query).len();
            heard += codec::encode(&reply).len();
        }
    }
    let took = start.elapsed();
    println!(
        "an idle node with {witnesses} witnesses: {DAY} ticks a day, {} bytes of journal for them, {sent} bytes sent and {heard} heard, \
         {took:?} of both sides' work",
        DAY * 83
    );
}

/// Entries of a day that go to one other party as proofs, each tick with one of them, under one witness.
const ENTRIES: u64 = 50;

fn busy(size: u64, key: &SigningKey) {
    let mut tree = Tree::default();
    let first = size - DAY;
    let is_busy = |n: u64| n >= first && (n - first).is_multiple_of(2) && (n - first) / 2 < ENTRIES;
    (0..size)
        .for_each(|n| tree.append(if is_busy(n) { batch(n, 1).leaf_hash() } else { Hash::leaf(&n.to_be_bytes()) }));
    let origin = Origin { organisation: Id::of(b"an invented shelter").into(), incarnation: 0 };
    let note = |size: u64| {
        let mut signed = Checkpoint { origin, size, root: tree.root_at(size).unwrap() }.sign(key);
        signed.add(signed.cosign(&Id::of(b"north").into(), key, Seconds::new(1_800_000_000).unwrap())).unwrap();
        signed
    };
    let (mut bytes, mut letters) = (0, 0);
    for n in (0..size).filter(|n| is_busy(*n)) {
        let mut nonce = [1; 32];
        nonce[..8].copy_from_slice(&n.to_be_bytes());
        let entry = Entry { nonce, kind: EntryKind::OwnEvent, id: Id::of(&[0]) };
        let (over, before) = (note(n + 1), note(n - 1));
        let path = tree.inclusion(n, n + 1).unwrap();
        let proof = LogProof::new(&batch(n, 1), &[(0, entry)], path, over.claimed()).unwrap();
        let checkpoints = vec![over.to_bytes(), before.to_bytes()];
        let content = LetterContent { proofs: vec![proof.to_wire()], checkpoints, ..LetterContent::default() };
        (bytes, letters) = (bytes + codec::encode(&content).len(), letters + 1);
    }
    println!(
        "a day with {ENTRIES} entries of one peer, each in a tick of its own: {bytes} bytes of proofs and checkpoints, {letters} letters if nothing \
         else goes, {} bytes as they are padded",
        letters * SMALL
    );
}

/// The smallest size of a letter. [LET-2]
const SMALL: usize = 8 * 1024;
/// Days on which an idle trail is stated in its first year. [NOD-90]
const STATED: [u32; 17] = [1, 2, 4, 8, 16, 32, 62, 92, 122, 152, 182, 212, 242, 272, 302, 332, 362];

/// What one open trail costs in which nothing happens: each head in a letter of its own, and its proof in another.
fn heads(key: &SigningKey) {
    let id = |name: &str| Id::of(name.as_bytes());
    let head = Head {
        trail: id("trail").into(),
        author: id("author").into(),
        key: id("key").into(),
        incarnation: 0,
        own_count: 3,
        own_last: Some(id("own").into()),
        seen_count: 4,
        seen_last: Some(id("seen").into()),
        peer_key: id("peer key").into(),
        closes: None,
        time: Seconds::new(1_800_000_000).unwrap(),
        nonce: None,
        settled: None,
    };
    let one = head.sign(key).unwrap().to_bytes().len();
    let letters = 2 * STATED.len();
    println!(
        "an idle trail: {} heads in its first year of {one} bytes each; {letters} letters with their proofs if nothing else goes, {} bytes a year, {} \
         a day",
        STATED.len(),
        letters * SMALL,
        letters * SMALL / 365
    );
}

fn each(count: u64, mut work: impl FnMut(u64)) -> Duration {
    let start = Instant::now();
    (0..count).for_each(&mut work);
    start.elapsed() / u32::try_from(count).unwrap()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
