//! The vectors of key files. Keys and passphrase are published here, and worth nothing. [KEY-19] [KEY-20] [KEY-21] [KEY-22]

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use uput_core::id::Id;
use uput_core::key::{SealingSecret, SigningKey};
use uput_core::keyfile::{Cost, Lock, NodeSecrets, write_organisation_key, write_recovery_key};

use super::file::{Vector, hex};
use crate::sample::{Predictable, seed, signing_key};

/// With a letter that can be typed in two ways.
const PASSPHRASE: &str = "ku\u{107}a na kraju ulice";
const ORGANISATION: &str = "organisation";
const NODE: &str = "node";
const RECOVERY: &str = "recovery";
const BAD: &str = "BAD_SOURCE";
const WRONG: &str = "WRONG_PASSPHRASE";

pub(super) fn all() -> Vec<Vector> {
    [opened(), nodes(), recovering(), closed(), damaged(), misshapen(), costs(), sizes()]
        .into_iter()
        .flatten()
        .collect()
}

fn key() -> SigningKey {
    signing_key("organisation")
}

fn locked() -> Lock<'static> {
    Lock::Passphrase { passphrase: PASSPHRASE, salt: seed("salt"), cost: Cost::LEAST }
}

fn text(lock: &Lock<'_>) -> String {
    write_organisation_key(&key(), lock).unwrap().to_string()
}

/// A file, asked for what it holds, without a passphrase.
fn asked(expect: &str, name: &str, holds: &str, file: &str) -> Vector {
    Vector::new(expect, name).with("holds", holds).with("file", file)
}

fn case(expect: &str, name: &str, file: &str) -> Vector {
    asked(expect, name, ORGANISATION, file)
}

fn under(expect: &str, name: &str, file: &str, passphrase: &str) -> Vector {
    case(expect, name, file).with("passphrase", passphrase)
}

fn holding(vector: Vector, public: &[u8], secret: &[u8]) -> Vector {
    vector.with("public", public).with("secret", secret)
}

fn ours(vector: Vector) -> Vector {
    holding(vector, key().public().as_bytes(), key().expose_seed())
}

fn opened() -> Vec<Vector> {
    let (clear, sealed) = (text(&Lock::Clear), text(&locked()));
    let foreign = clear.replace('\n', "\r\n\r\n# in the blue safe\r\n");
    vec![
        ours(case("ok", "an organisation key without a lock", &clear)),
        ours(under("ok", "a passphrase for a file without a lock is not asked for", &clear, "any")),
        ours(under("ok", "an organisation key under a passphrase", &sealed, PASSPHRASE)),
        ours(under(
            "ok",
            "a passphrase whose letter is typed with a mark of its own",
            &sealed,
            "kuc\u{301}a na kraju ulice",
        )),
        ours(case("ok", "a key file with comments and empty lines and CR LF", &foreign)),
        ours(case("ok", "a key file without its last line end", clear.trim_end())),
    ]
}

fn node_secrets(sealing: usize) -> (NodeSecrets, Vec<u8>) {
    let mut secrets = NodeSecrets::generate(&mut Predictable::named("node"));
    secrets.sealing =
        (0..sealing).map(|number| SealingSecret::from_seed(&seed(&format!("sealing {number}")))).collect();
    let before = [secrets.signing.expose_seed(), secrets.tls.expose_seed(), &*secrets.storage].map(|part| *part);
    let after = secrets.sealing.iter().map(|key| *key.expose_seed());
    let all = before.into_iter().chain(after).collect::<Vec<_>>().concat();
    (secrets, all)
}

fn nodes() -> Vec<Vector> {
    let node = |name: &str, sealing: usize, lock: &Lock<'_>| {
        let (secrets, all) = node_secrets(sealing);
        holding(asked("ok", name, NODE, &secrets.write(lock).unwrap()), secrets.signing.public().as_bytes(), &all)
    };
    let by_hand = |name: &str, secret: &[u8]| {
        asked(BAD, name, NODE, &clear_file(NODE, node_secrets(1).0.signing.public().as_bytes(), secret))
    };
    let with_a_byte_more = [&node_secrets(1).1[..], &[1]].concat();
    let named_node = clear_file(NODE, key().public().as_bytes(), key().expose_seed());
    let named_organisation =
        clear_file(ORGANISATION, node_secrets(1).0.signing.public().as_bytes(), &node_secrets(1).1);
    vec![
        node("the secrets of a node without a lock", 1, &Lock::Clear),
        node("the secrets of a node with sixteen sealing keys", 16, &Lock::Clear),
        node("the secrets of a node under a passphrase", 2, &locked()).with("passphrase", PASSPHRASE),
        by_hand("the secrets of a node without a sealing key", &node_secrets(0).1),
        by_hand("the secrets of a node with seventeen sealing keys", &node_secrets(17).1),
        by_hand("the secrets of a node and a byte more", &with_a_byte_more),
        asked(BAD, "the secrets of a node in a file that holds an organisation", NODE, &named_organisation),
        case(BAD, "the key of an organisation in a file that holds a node", &named_node),
    ]
}

/// One key of a recovery set. [KEY-20]
fn recovering() -> Vec<Vector> {
    let file = |lock: &Lock<'_>| write_recovery_key(&key(), lock).unwrap().to_string();
    let named_organisation = clear_file(ORGANISATION, key().public().as_bytes(), key().expose_seed());
    vec![
        ours(asked("ok", "a recovery key without a lock", RECOVERY, &file(&Lock::Clear))),
        ours(
            asked("ok", "a recovery key under a passphrase", RECOVERY, &file(&locked())).with("passphrase", PASSPHRASE),
        ),
        case(BAD, "a recovery key where an organisation key is asked for", &file(&Lock::Clear)),
        asked(BAD, "an organisation key where a recovery key is asked for", RECOVERY, &named_organisation),
    ]
}

/// A file whose digest is right, whatever else is not.
fn clear_file(holds: &str, public: &[u8], secret: &[u8]) -> String {
    let header = format!("uput-key-file 1\nholds {holds}\npublic {}\nlock none\n", hex(public));
    let digest = Id::of(&[b"uput/v1/key-file", header.as_bytes(), secret].concat());
    let digits = hex(&[secret, digest.as_bytes()].concat());
    let lines = digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    lines.fold(header, |text, line| text + line + "\n")
}

fn closed() -> Vec<Vector> {
    let sealed = text(&locked());
    vec![
        case("KEY_LOCKED", "a locked key without a passphrase", &sealed),
        under(WRONG, "a locked key with another passphrase", &sealed, "ku\u{107}a na kraju grada"),
        under(WRONG, "a locked key with a letter without its mark", &sealed, "kuca na kraju ulice"),
        under(WRONG, "a locked key with an empty passphrase", &sealed, ""),
        under(WRONG, "a key that was locked with an empty passphrase", &locked_with_nothing(), ""),
        under(WRONG, "a locked key with a space after the passphrase", &sealed, &format!("{PASSPHRASE} ")),
    ]
}

/// What no program writes: the key derived from no passphrase at all.
fn locked_with_nothing() -> String {
    let params = Params::new(19_456, 2, 1, None).unwrap();
    let mut derived = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"", &seed("salt"), &mut derived)
        .unwrap();
    let public = hex(key().public().as_bytes());
    let lock = format!("lock argon2id 19456 2 1 {}", hex(&seed("salt")));
    let header = format!("uput-key-file 1\nholds organisation\npublic {public}\n{lock}\n");
    let sealing = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &derived).unwrap());
    let mut secret = key().expose_seed().to_vec();
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    sealing.seal_in_place_append_tag(nonce, Aad::from(&header), &mut secret).unwrap();
    format!("{header}{}\n{}\n", hex(&secret[..32]), hex(&secret[32..]))
}

/// The text with a digit of the line that begins so, counted from its end, replaced by another.
fn flipped(text: &str, line: usize, from_end: usize) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines[line].len() - 1 - from_end;
    let other = if lines[line].as_bytes()[at] == b'0' { "1" } else { "0" };
    lines[line].replace_range(at..=at, other);
    lines.join("\n") + "\n"
}

/// Lines of a file as it is written: two comments, format, holds, public, lock, secret, digest or tag.
fn damaged() -> Vec<Vector> {
    let (clear, sealed) = (text(&Lock::Clear), text(&locked()));
    let other =
        text(&locked()).replace(&hex(key().public().as_bytes()), &hex(signing_key("other").public().as_bytes()));
    let locked = |name: &str, file: &str| under(WRONG, name, file, PASSPHRASE);
    let held = clear_file(ORGANISATION, signing_key("other").public().as_bytes(), key().expose_seed());
    vec![
        case(BAD, "a flipped digit in a secret without a lock", &flipped(&clear, 6, 9)),
        case(BAD, "a flipped digit in the digest of a key file", &flipped(&clear, 7, 9)),
        locked("a flipped digit in a locked secret", &flipped(&sealed, 6, 9)),
        locked("a flipped digit in the tag of a locked secret", &flipped(&sealed, 7, 0)),
        locked("a flipped digit in the salt", &flipped(&sealed, 5, 0)),
        locked("a locked key under the name of another", &other),
        locked("a locked key with other lanes", &sealed.replace("19456 2 1 ", "19456 2 2 ")),
        case(BAD, "a key file that names another key with a right digest", &held),
        case(BAD, "an organisation key of 33 bytes with a right digest", &{
            let secret = [&key().expose_seed()[..], &[1]].concat();
            clear_file(ORGANISATION, key().public().as_bytes(), &secret)
        }),
        case(
            BAD,
            "a key file without its digest",
            &clear.lines().take(7).map(|line| format!("{line}\n")).collect::<String>(),
        ),
    ]
}

fn misshapen() -> Vec<Vector> {
    let clear = text(&Lock::Clear);
    let at = |line: &str, name: &str, from: &str, to: &str| {
        let changed = clear.replacen(from, to, 1);
        assert_ne!(changed, clear, "{name}");
        case(BAD, name, &changed).with("line", line)
    };
    let public = format!("public {}", hex(key().public().as_bytes()));
    let secret = hex(key().expose_seed());
    vec![
        case(BAD, "a key file of nothing", "").with("line", "1"),
        at("3", "a key file of the next version", "uput-key-file 1", "uput-key-file 2"),
        at("4", "a key file that holds something else", "holds organisation", "holds everything"),
        at("4", "two spaces in a key file", "holds organisation", "holds  organisation"),
        at(
            "4",
            "a key file with lines out of order",
            &format!("holds organisation\n{public}"),
            &format!("{public}\nholds organisation"),
        ),
        at("5", "a public key of 31 bytes in a key file", &public, &public[..public.len() - 2]),
        at("6", "a lock that nobody knows", "lock none", "lock rot13"),
        at("7", "capital digits in a key file", &secret, &secret.to_ascii_uppercase()),
        at("7", "a line of 66 digits in a key file", &secret, &format!("{secret}00")),
        at("7", "an odd number of digits in a key file", &secret, &secret[1..]),
        at("3", "a space before the first word of a key file", "uput-key-file 1", " uput-key-file 1"),
    ]
}

/// [KEY-22] Refused before anything is allocated: the passphrase is the right one.
fn costs() -> Vec<Vector> {
    let sealed = text(&locked());
    let asks = |name: &str, cost: &str| {
        let file = sealed.replacen("19456 2 1 ", &format!("{cost} "), 1);
        under(BAD, name, &file, PASSPHRASE).with("line", "6")
    };
    vec![
        asks("a lock with too little memory", "19455 2 1"),
        asks("a lock with too much memory", "1048577 2 1"),
        asks("a lock with one pass", "19456 1 1"),
        asks("a lock with seventeen passes", "19456 17 1"),
        asks("a lock without lanes", "19456 2 0"),
        asks("a lock with seventeen lanes", "19456 2 17"),
        asks("a lock with more than its share of work", "1048576 5 1"),
        asks("a lock with a number that begins with zero", "019456 2 1"),
        asks("a lock with a sign before a number", "+19456 2 1"),
    ]
}

/// [KEY-19] A comment fills the file up.
fn sizes() -> Vec<Vector> {
    let clear = text(&Lock::Clear);
    let filled = |expect: &str, name: &str, size: usize| {
        let text = format!("{} 23*{} 0a", hex(clear.as_bytes()), size - clear.len() - 1);
        Vector::new(expect, name).with("holds", ORGANISATION).with_text("file", text)
    };
    vec![
        ours(filled("ok", "a key file of 65536 bytes", 65_536)),
        filled(BAD, "a key file of 65537 bytes", 65_537).with("line", "1"),
    ]
}
