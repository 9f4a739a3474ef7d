//! The vectors of what is sealed to staff, and of shares. Each follows from a seed and from bytes in place of randomness.

use uput_core::codec;
use uput_core::id::{EventId, Id, KeyId};
use uput_core::key::SealingSecret;
use uput_core::staff::{self, Place, Share, Sharing};
use uput_core::wire;

use super::file::Vector;
use crate::sample::{Predictable, seed};

fn reader() -> SealingSecret {
    SealingSecret::from_seed(&seed("reader"))
}

fn digest(name: &str) -> [u8; 32] {
    *Id::of(name.as_bytes()).as_bytes()
}

pub(super) fn all() -> Vec<Vector> {
    [places(), displaced(), misshapen(), shares()].into_iter().flatten().collect()
}

fn sealed(place: &Place, content: &[u8], name: &str) -> Vec<u8> {
    staff::seal(reader().public(), place, content, &mut entropy(name)).unwrap()
}

/// The 64 bytes that an encapsulation draws.
fn entropy(name: &str) -> Predictable {
    Predictable(Predictable::named(name).0[..64].to_vec())
}

fn case(expect: &str, name: &str, word: &str, belongs: &[u8], sealed: &[u8]) -> Vector {
    Vector::new(expect, name)
        .with("seed", reader().expose_seed())
        .with("place", word)
        .with("belongs", belongs)
        .with("sealed", sealed)
}

/// What is sealed for each purpose opens, and is sealed so.
fn places() -> Vec<Vector> {
    let id = digest("what it belongs to");
    let numbered = [&id[..], &[3]].concat();
    let key = KeyId::new(id);
    let one = |name: &str, word: &str, place: Place, belongs: &[u8], content: &[u8]| {
        let sealed = sealed(&place, content, name);
        case("ok", name, word, belongs, &sealed).with("content", content).with("entropy", entropy(name).0)
    };
    vec![
        one("values of an event", "values", Place::Values(EventId::new(id)), &id, b"an invented disclosure"),
        one("values of a case", "case", Place::Case(id), &id, b"an invented value"),
        one("the secret of a box", "box", Place::Box(key), &id, &seed("box")),
        one("the secret of a team key", "team", Place::Team(key), &id, &seed("team")),
        one("a share for a colleague", "share", Place::Share(key, 3), &numbered, &seed("share")),
        one("a share given back", "given", Place::Given(key, 3), &numbered, &seed("share")),
        one("what proves to hold a key", "proof", Place::Proof, &[], &seed("drawn")),
        one("content of no bytes takes 256", "case", Place::Case(id), &id, b""),
        one("content of 252 bytes takes 256", "case", Place::Case(id), &id, &[7; 252]),
        one("content of 253 bytes takes 512", "case", Place::Case(id), &id, &[7; 253]),
    ]
}

/// What was sealed for one place does not open at another.
fn displaced() -> Vec<Vector> {
    let (id, other) = (digest("what it belongs to"), digest("something else"));
    let sealed = sealed(&Place::Box(KeyId::new(id)), &seed("box"), "displaced");
    let shut = |name: &str, word: &str, belongs: &[u8]| case("NOT_SEALED_FOR_US", name, word, belongs, &sealed);
    let numbered = [&id[..], &[1]].concat();
    vec![
        shut("the secret of a box taken for that of a team key", "team", &id),
        shut("the secret of a box taken for values", "values", &id),
        shut("the secret of a box taken for a share", "share", &numbered),
        shut("the secret of a box taken for that of another box", "box", &other),
        Vector::new("WRONG_RECIPIENT", "the secret of a box opened by somebody else")
            .with("seed", seed("somebody else"))
            .with("place", "box")
            .with("belongs", id)
            .with("sealed", &sealed),
    ]
}

fn misshapen() -> Vec<Vector> {
    let id = digest("what it belongs to");
    let altered = |alter: fn(&mut wire::Sealed)| {
        let bytes = sealed(&Place::Case(id), b"an invented value", "misshapen");
        let mut message: wire::Sealed = codec::decode(&bytes).unwrap();
        alter(&mut message);
        codec::encode(&message)
    };
    let bad = |expect: &str, name: &str, bytes: &[u8]| case(expect, name, "case", &id, bytes);
    vec![
        bad("MALFORMED", "sealed bytes without a suite", &altered(|m| m.suite = 0)),
        bad("NEEDS_UPGRADE", "sealed bytes of a newer suite", &altered(|m| m.suite = 2)),
        bad("MALFORMED", "sealed bytes to no key", &altered(|m| m.key.clear())),
        bad("MALFORMED", "sealed bytes with a short encapsulated key", &altered(|m| m.encapsulated.truncate(1119))),
        bad("NOT_SEALED_FOR_US", "sealed bytes with another bit", &altered(|m| m.ciphertext[0] ^= 1)),
        bad("NOT_CANONICAL", "sealed bytes with a field more", &[altered(|_| ()), vec![0x28, 1]].concat()),
        bad("MALFORMED", "sealed bytes cut short", &altered(|_| ())[..40]),
    ]
}

fn split() -> (KeyId, Vec<Share>) {
    let key = reader();
    let drawn = (0..8).flat_map(|block| Predictable::named(&format!("shares {block}")).0).collect();
    let shares = staff::split(&key, Sharing::new(2, 3).unwrap(), &mut Predictable(drawn)).unwrap();
    (key.id(), shares)
}

fn shares() -> Vec<Vector> {
    let (of, made) = split();
    let bytes = |share: &Share| [&[share.number][..], share.expose()].concat();
    let known = |case: Vector, made: &[Share]| {
        made.iter()
            .fold(case, |case, share| case.with("digest", [vec![share.number], share.digest(&of).to_vec()].concat()))
    };
    let joined = |expect: &str, name: &str, of: &KeyId, which: &[usize]| {
        let case = Vector::new(expect, name).with("of", of.as_bytes()).with("needed", [2]).with("made", [3]);
        let case = known(case, &made);
        which.iter().fold(case, |case, at| case.with("share", bytes(&made[*at])))
    };
    let secret = *reader().expose_seed();
    let (second, mut wrong) = (bytes(&made[1]), bytes(&made[2]));
    wrong[9] ^= 1;
    let with_a_wrong_one = joined("a wrong share", "a share that is not the one that was made", &of, &[0])
        .with("share", second)
        .with("share", wrong)
        .with("wrong", [3]);
    let ok = |name: &str, which: &[usize]| joined("ok", name, &of, which).with("secret", secret);
    vec![
        ok("the first two shares of three", &[0, 1]),
        ok("the last two shares of three in another order", &[2, 1]),
        ok("all three shares where two are needed", &[0, 1, 2]),
        joined("1 of 2", "one share where two are needed", &of, &[1]),
        joined("1 of 2", "the same share twice", &of, &[1, 1]),
        with_a_wrong_one,
        another_secret(),
    ]
}

/// Shares that are what was said, of something else than the key.
fn another_secret() -> Vector {
    let of = SealingSecret::from_seed(&seed("another")).id();
    let case = Vector::new("another secret", "shares that were made of something else");
    let case = case.with("of", of.as_bytes()).with("needed", [2]).with("made", [3]);
    split().1.iter().take(2).fold(case, |case, share| {
        let digest = [vec![share.number], share.digest(&of).to_vec()].concat();
        case.with("digest", digest).with("share", [&[share.number][..], share.expose()].concat())
    })
}
