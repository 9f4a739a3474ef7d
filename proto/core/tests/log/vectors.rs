//! The vectors of specs/vectors/log: every file is read and run, and is what its generator writes.
//!
//! `UPUT_BLESS=1 cargo test -p uput-core --test log` writes them anew.

use std::{collections::BTreeMap, fs, path::PathBuf};

use uput_core::{
    codec,
    key::PublicKey,
    log::{Contradiction, ContradictionKind, Hash, LogProof, SignedCheckpoint, Tick, consistent},
    rejection::Rejection,
    wire,
};

use crate::made::{BASE, Log, SIZE, at, chain, key, witness};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(pair).collect()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A sentence, what is expected, and the fields.
type Case = (&'static str, &'static str, String);

/// A checkpoint, read and verified by the keys of its log and of one witness. [LOG-10] [LOG-11] [LOG-12] [LOG-13] [LOG-20]
/// [LOG-21] [LOG-22] [LOG-23] [LOG-24]
fn notes() -> Vec<Case> {
    let log = Log::new("shelter");
    let (bare, full) = (log.checkpoint(SIZE), log.cosigned(SIZE));
    let good = String::from_utf8(full.to_bytes()).unwrap();
    let by = |name: &'static str, expect, note: String, signer: &str| {
        let [own, other] = [key(signer), key("north")].map(|key| hex(key.public().as_bytes()));
        (name, expect, format!("note: {}\nkey: {own}\nwitness: {other}\n", hex(note.as_bytes())))
    };
    let case = |name, expect, note: String| by(name, expect, note, "shelter");
    let lines: Vec<&str> = good.lines().collect();
    let written = |order: &[usize]| order.iter().map(|at| format!("{}\n", lines[*at])).collect::<String>();
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replacen(from, to, 1)
    };
    let mut changed = full.clone();
    changed.add(full.cosign(&witness("another"), &key("another"), at(3))).unwrap();
    let text = bare.claimed().text();
    let signed = |text: &str| {
        let origin = text.lines().next().unwrap();
        let line = uput_core::log::NoteLine::sign(origin, &key("shelter"), text);
        let note = uput_core::log::Note { text: text.to_owned(), lines: vec![line] };
        String::from_utf8(note.to_bytes()).unwrap()
    };
    vec![
        case("a checkpoint", "ok", String::from_utf8(bare.to_bytes()).unwrap()),
        case("a checkpoint with two cosignatures", "ok", good.clone()),
        case("a checkpoint with three cosignatures", "ok", String::from_utf8(changed.to_bytes()).unwrap()),
        by("a checkpoint that another key signed", "UNKNOWN_SIGNER", good.clone(), "another"),
        case("a checkpoint with another root than was signed", "BAD_SIGNATURE", {
            good.replacen(&text, &log.checkpoint(SIZE - 1).claimed().text().replace("\n20\n", "\n21\n"), 1)
        }),
        case("a size of 0", "MALFORMED", signed(&text.replace("\n21\n", "\n0\n"))),
        case("a size with a zero before it", "NOT_CANONICAL", signed(&text.replace("\n21\n", "\n021\n"))),
        case("a fourth line of text", "MALFORMED", signed(&format!("{text}more\n"))),
        case("an incarnation with a zero before it", "NOT_CANONICAL", signed(&text.replace("/2\n", "/02\n"))),
        case("an origin of another protocol", "MALFORMED", signed(&text.replace("uput/v1", "uput/v2"))),
        case("a root without padding", "MALFORMED", signed(&text.replace("=\n", "\n"))),
        case("cosignatures in another order", "NOT_CANONICAL", written(&[0, 1, 2, 3, 4, 6, 5])),
        case("a cosignature twice", "NOT_CANONICAL", written(&[0, 1, 2, 3, 4, 5, 5])),
        case("a cosignature before the line of the log", "WRONG_SIGNERS", written(&[0, 1, 2, 3, 5, 4, 6])),
        case("no line of the log", "WRONG_SIGNERS", written(&[0, 1, 2, 3, 5, 6])),
        case("no signature at all", "MALFORMED", text.clone()),
        case("a byte after the end", "MALFORMED", format!("{good}\n")),
        case("lines that end with CR and LF", "MALFORMED", good.replace('\n', "\r\n")),
        case("a hyphen for the dash", "MALFORMED", replaced("\u{2014}", "-")),
        case("no last line feed", "MALFORMED", good.trim_end().to_owned()),
    ]
}

fn run_note(text: &str, note: &str) -> Result<String, Rejection> {
    let signed = SignedCheckpoint::parse(&bytes(note))?;
    let parse = |name| PublicKey::parse(&bytes(field(text, name).unwrap())).unwrap();
    let own = signed.verify(&parse("key"))?;
    let other = parse("witness");
    let mut said = format!("origin: {}\nsize: {}\nroot: {}\n", own.origin.text(), own.size, hex(own.root.as_bytes()));
    for line in signed.cosignatures() {
        let time = line.verify(&other).map_or_else(|why| why.code().to_owned(), |time| time.get().to_string());
        said.push_str(&format!("cosigned: {} {time}\n", line.witness));
    }
    Ok(said)
}

/// [LOG-2] [LOG-5] [LOG-30] [LOG-31]
fn proofs() -> Vec<Case> {
    let log = Log::new("shelter");
    let case = |name: &'static str, expect, change: &dyn Fn(&mut wire::LogProof), base: u64, size: u64| {
        let mut proof = log.proof(11, &[3, 7], SIZE).to_wire();
        change(&mut proof);
        let note = hex(&log.checkpoint(size).to_bytes());
        (name, expect, format!("proof: {}\nbase: {base}\nnote: {note}\n", hex(&codec::encode(&proof))))
    };
    vec![
        case("a proof of two entries of a tick", "ok", &|_| {}, BASE, SIZE),
        case("a proof in a log that began a tick later", "BAD_PROOF", &|_| {}, BASE + 1, SIZE),
        case("a proof under another checkpoint", "BAD_PROOF", &|_| {}, BASE, SIZE - 1),
        case("a proof of an entry at another index", "BAD_PROOF", &|proof| proof.shown[0].index = 2, BASE, SIZE),
        case("a proof of an entry of another kind", "BAD_PROOF", &|proof| proof.shown[0].kind = 2, BASE, SIZE),
        case("a proof with another number of entries", "BAD_PROOF", &|proof| proof.entries = 12, BASE, SIZE),
        case("a path that is too short", "BAD_PROOF", &|proof| drop(proof.shown[0].path.pop()), BASE, SIZE),
        case("a path that is too long", "BAD_PROOF", &|proof| proof.leaf_path.push(vec![7; 32]), BASE, SIZE),
        case("a proof that shows nothing", "MALFORMED", &|proof| proof.shown.clear(), BASE, SIZE),
        case("an index that is no entry's", "MALFORMED", &|proof| proof.shown[1].index = 11, BASE, SIZE),
        case("a kind that nobody knows", "MALFORMED", &|proof| proof.shown[0].kind = 9, BASE, SIZE),
        case("entries in another order", "NOT_CANONICAL", &|proof| proof.shown.reverse(), BASE, SIZE),
        case("a path of 66 hashes", "TOO_LARGE", &|proof| proof.leaf_path = vec![vec![7; 32]; 66], BASE, SIZE),
    ]
}

fn run_proof(text: &str, proof: &str) -> Result<String, Rejection> {
    let proof = LogProof::parse(&codec::decode(&bytes(proof))?)?;
    let under = SignedCheckpoint::parse(&bytes(field(text, "note").unwrap()))?;
    let index = proof.check(Tick(field(text, "base").unwrap().parse().unwrap()), under.claimed())?;
    let mut said = format!("leaf: {index}\n");
    for one in proof.shown() {
        said.push_str(&format!("entry: {} {}\n", one.entry.kind.number(), hex(one.entry.id.as_bytes())));
    }
    Ok(said)
}

/// [LOG-8]
fn paths() -> Vec<Case> {
    let log = Log::new("shelter");
    let case = |name: &'static str, expect, smaller: u64, path: Vec<Hash>| {
        let root = |size| hex(log.root(size).as_bytes());
        let path: String = path.iter().map(|hash| hex(hash.as_bytes())).collect();
        let sizes = format!("smaller: {smaller} {}\nlarger: {SIZE} {}\n", root(smaller), root(SIZE));
        (name, expect, format!("path: {path}\n{sizes}"))
    };
    let path = |smaller| log.tree.consistency(smaller, SIZE).unwrap();
    let other = Log::new("another").tree.consistency(13, SIZE).unwrap();
    vec![
        case("a log that grew", "ok", 13, path(13)),
        case("a log that grew from a power of two", "ok", 16, path(16)),
        case("a log that grew from a power of two, by the path of others", "BAD_PROOF", 16, path(16)[1..].to_vec()),
        case("a log that did not grow", "ok", SIZE, vec![]),
        case("the path of another log", "BAD_PROOF", 13, other),
        case("a path from another size", "BAD_PROOF", 13, path(12)),
        case("no path where one is due", "BAD_PROOF", 13, vec![]),
    ]
}

fn run_path(text: &str, path: &str) -> Result<String, Rejection> {
    let hash = |hex: &str| Hash::from_slice(&bytes(hex)).unwrap();
    let tree = |name| {
        let (size, root) = field(text, name).unwrap().split_once(' ').unwrap();
        (size.parse::<u64>().unwrap(), hash(root))
    };
    let path: Vec<Hash> = bytes(path.trim()).chunks(32).map(|part| Hash::from_slice(part).unwrap()).collect();
    let (smaller, larger) = (tree("smaller"), tree("larger"));
    let holds = consistent((smaller.0, &smaller.1), (larger.0, &larger.1), &path);
    if holds { Ok(String::new()) } else { Err(Rejection::BadProof) }
}

/// [LOG-50] [LOG-51]
fn contradictions() -> Vec<Case> {
    let (log, other) = (Log::new("shelter"), Log::new("another"));
    let made = |size, path: &[Hash]| {
        Contradiction::between(&other.checkpoint(size), &log.cosigned(SIZE), path).unwrap().to_bytes(&chain())
    };
    let case = |name: &'static str, expect, bytes: Vec<u8>| (name, expect, format!("contradiction: {}\n", hex(&bytes)));
    let path = log.tree.consistency(13, SIZE).unwrap();
    let changed = |change: &dyn Fn(&mut wire::LogContradiction)| {
        let mut file: wire::LogContradiction = codec::decode(&made(13, &path)).unwrap();
        change(&mut file);
        codec::encode(&file)
    };
    vec![
        case("two trees of one size", "ok", made(SIZE, &[])),
        case("a tree that does not begin with an earlier one", "ok", made(13, &path)),
        case("two checkpoints that can both be", "BAD_PROOF", {
            changed(&|file| file.first = log.checkpoint(13).to_bytes())
        }),
        case("a path that leads nowhere", "BAD_PROOF", changed(&|file| drop(file.path.pop()))),
        case(
            "the larger one first",
            "NOT_CANONICAL",
            changed(&|file| std::mem::swap(&mut file.first, &mut file.second)),
        ),
        case("evidence without key records", "MALFORMED", changed(&|file| file.keys = None)),
        case("evidence that another key signed", "UNKNOWN_SIGNER", {
            changed(&|file| file.first = other.checkpoint(13).claimed().sign(&key("another")).to_bytes())
        }),
    ]
}

fn run_contradiction(file: &str) -> Result<String, Rejection> {
    let (found, _) = Contradiction::verify(&bytes(file))?;
    let kind = if found.kind() == ContradictionKind::SplitView { "split view" } else { "rollback" };
    Ok(format!("kind: {kind}\nof: {}\n", found.first().origin.text()))
}

fn run(text: &str) -> Result<String, Rejection> {
    if let Some(proof) = field(text, "proof") {
        return run_proof(text, proof);
    }
    if let Some(note) = field(text, "note") {
        return run_note(text, note);
    }
    match field(text, "contradiction") {
        Some(file) => run_contradiction(file),
        None => run_path(text, field(text, "path").unwrap()),
    }
}

#[test]
fn every_log_vector_holds() {
    let cases = [notes(), proofs(), paths(), contradictions()].concat();
    let mut generated = BTreeMap::new();
    for (name, expect, fields) in &cases {
        let said = run(fields);
        assert_eq!(said.as_ref().map_or_else(|why| why.code(), |_| "ok"), *expect, "{name}");
        let file = format!("{}.txt", name.replace(' ', "-").replace(['\'', ','], ""));
        generated.insert(file, format!("expect: {expect}\n{}{fields}", said.unwrap_or_default()));
    }
    assert_eq!(generated.len(), cases.len(), "two vectors have one name");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors/log");
    if std::env::var_os("UPUT_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        generated.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let read: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(read == generated, "files differ from what the generator writes; UPUT_BLESS=1 writes them anew");
}
