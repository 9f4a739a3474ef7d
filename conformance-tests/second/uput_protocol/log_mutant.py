"""Mutants of what keys of vectors and corpus sign: other lines, times, checkpoints, proofs, events and heads, signed anew.

Guarantees: whatever is changed is signed by the keys that sign such things, so that no signature stands between a mutant and
the rules; the same dice make the same mutant.
"""

import base64
import hashlib
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import envelope, event, protobuf
from .log import Checkpoint, note_key_id
from .maker import message_of, public, sign
from .rejection import Rejection

# the invented organisations of the vectors and of the corpus, and how many signing keys each had at most
_NAMES = ("hotline", "shelter-jasen", "shelter-lipa", "centre", "north", "south")
_MOST = 3


def _key(name, number):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} signing {number}".encode()).digest())


_KEYS = {name: [_key(name, number) for number in range(_MOST)] for name in _NAMES}
_SECRETS = {public(key): key for keys in _KEYS.values() for key in keys}


# how often the dice are thrown for a mutant in which something changed: in bytes that are no bundle nothing ever does
_THROWS = 100


def mutate(rng, data, trust):
    """(bytes of the bundle, bytes of the trust file), the first another than before if anything of it can change."""
    for _ in range(_THROWS):
        changed = _mutate(rng, data, trust)
        if changed[0] != data:
            break
    return changed


def _mutate(rng, data, trust):
    """Both changed at random; a bundle that does not decode as it is, and a way that finds nothing to change leaves it so."""
    try:
        outer = protobuf.decode("Envelope", data)
        bundle = protobuf.decode("Bundle", outer.body)
        records = _records(bundle)
    except Rejection:
        return data, _trust(rng, trust)
    names = {organisation: name for organisation, name in map(_owner, bundle.chains) if name is not None}
    ways = (_line,) * 4 + (_checkpoint,) * 2 + (_drop, _proof, _event, _head)
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        way = rng.choice(ways)
        way(rng, bundle, records if way in (_event, _head) else names)
    bundle.checkpoints = sorted(set(bundle.checkpoints))
    key = records.get(bundle.key)
    if key is not None:
        outer = message_of(sign(envelope.BUNDLE, protobuf.encode(bundle), [key]))
    else:
        outer.body = protobuf.encode(bundle)
    return protobuf.encode(outer), _trust(rng, trust)


def _records(bundle):
    """The secret signing key of each key record, where it is known."""
    found = {}
    for record in (record for chain in bundle.chains for record in chain.records):
        key = _SECRETS.get(protobuf.decode("KeyRecord", record.body).signing_key)
        if key is not None:
            found[envelope.take(record).id] = key
    return found


def _owner(chain):
    """(organisation, name) of a chain, by the signing key of its first record."""
    if not chain.records:
        return None, None
    record = protobuf.decode("KeyRecord", chain.records[0].body)
    organisation = envelope.take(chain.records[0]).id
    name = next((name for name, keys in _KEYS.items() if public(keys[0]) == record.signing_key), None)
    return organisation, name


def _event(rng, bundle, records):
    """Says an event otherwise: at another time, by another key, with another number, having seen something else."""
    at = rng.randrange(len(bundle.events)) if bundle.events else None
    if at is None or bundle.events[at].type != envelope.EVENT:
        return
    try:
        body = protobuf.decode("EventBody", bundle.events[at].body)
    except Rejection:
        return
    what = rng.randrange(5)
    if what == 0:
        body.time = max(1, body.time + rng.choice((60, -60, 3600, -3600, 90_000, -90_000)))
    elif what == 1 and records:
        body.key = rng.choice(sorted(records))
    elif what == 2:
        body.seq = max(0, body.seq + rng.choice((1, -1)))
    elif what == 3:
        other = bundle.events[rng.randrange(len(bundle.events))]
        body.seen = rng.choice((b"", hashlib.sha256(envelope.pae(other.type, other.body)).digest()))
    else:
        body.incarnation += 1
    _sign_anew(rng, bundle, "events", at, body, envelope.EVENT, records, _place)


def _head(rng, bundle, records):
    """Says a head otherwise: other counts, another time, by another key."""
    at = rng.randrange(len(bundle.heads)) if bundle.heads else None
    if at is None or bundle.heads[at].type != envelope.HEAD:
        return
    try:
        body = protobuf.decode("Head", bundle.heads[at].body)
    except Rejection:
        return
    what = rng.randrange(4)
    if what == 0:
        body.time = max(1, body.time + rng.choice((60, -60, 3600, -3600, 90_000, -90_000)))
    elif what == 1 and records:
        body.key = rng.choice(sorted(records))
    elif what == 2:
        body.own_count = max(1, body.own_count + rng.choice((1, -1)))
    else:
        body.seen_count = max(1, body.seen_count + rng.choice((1, -1)))
    _sign_anew(rng, bundle, "heads", at, body, envelope.HEAD, records, _name)


def _sign_anew(rng, bundle, part, at, body, kind, records, order):
    """In place of what it was made from, or beside it."""
    key = records.get(body.key)
    if key is None:
        return
    said, parts = message_of(sign(kind, protobuf.encode(body), [key])), getattr(bundle, part)
    if rng.random() < 0.5:
        parts[at] = said
    else:
        parts.append(said)
    parts.sort(key=order)


def _name(message):
    return hashlib.sha256(envelope.pae(message.type, message.body)).digest()


def _place(message):
    try:
        prefix = event.read_prefix(message.body, b"")
    except Rejection:
        return b"", 0, b""
    return prefix.author, prefix.seq, _name(message)


def _line(rng, bundle, names):
    """Cosigns a checkpoint by somebody at some time, or takes a line away."""
    if not bundle.checkpoints or not names:
        return
    at = rng.randrange(len(bundle.checkpoints))
    one = _read(bundle.checkpoints[at])
    if one is None:
        return
    lines = [(line.name, line.key_id, line.signature) for line in one.cosignatures]
    if lines and rng.random() < 0.3:
        lines.pop(rng.randrange(len(lines)))
    else:
        time = rng.choice([int.from_bytes(line[2][:8], "big") for line in lines] or [1_795_305_600])
        lines.append(_cosign(rng, one.text, names, time + rng.choice((0, 1, -1, 600, -600, 3600, 3601, 90_000, -90_000))))
    bundle.checkpoints[at] = _write(one.text, (one.own.name, one.own.key_id, one.own.signature), lines)


def _cosign(rng, text, names, time):
    organisation, name = rng.choice(sorted(names.items()))
    key = rng.choice(_KEYS[name])
    title = f"uput/v1/{organisation.hex()}"
    signature = key.sign(b"cosignature/v1\ntime %d\n" % time + text)
    return title, note_key_id(title, 4, public(key)), time.to_bytes(8, "big") + signature


def _checkpoint(rng, bundle, names):
    """Another checkpoint of a log that is there: of another size, root or incarnation, cosigned."""
    one = _read(rng.choice(bundle.checkpoints)) if bundle.checkpoints else None
    if one is None or one.organisation not in names:
        return
    size = max(1, one.size + rng.choice((0, 0, 1, -1, -2, -30, 30)))
    root = one.root if rng.random() < 0.3 else rng.randbytes(32)
    incarnation = re.search(r"/(\d+)\Z", one.origin)[1] if rng.random() < 0.8 else "1"
    origin = f"uput/v1/{one.organisation.hex()}/{incarnation}"
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    key = rng.choice(_KEYS[names[one.organisation]])
    times = [int.from_bytes(line.signature[:8], "big") for line in one.cosignatures] or [1_795_305_600]
    lines = [_cosign(rng, text, names, rng.choice(times) + rng.choice((0, 600, -600, 90_000))) for _ in range(rng.randrange(3))]
    bundle.checkpoints.append(_write(text, (origin, note_key_id(origin, 1, public(key)), key.sign(text)), lines))


def _drop(rng, bundle, names):
    parts = rng.choice((bundle.checkpoints, bundle.proofs, bundle.heads))
    if parts:
        parts.pop(rng.randrange(len(parts)))


def _proof(rng, bundle, names):
    """Takes entries out of a proof, or puts it under another checkpoint."""
    if not bundle.proofs:
        return
    proof = rng.choice(bundle.proofs)
    if rng.random() < 0.7 and len(proof.shown) > 1:
        proof.shown.pop(rng.randrange(len(proof.shown)))
    elif bundle.checkpoints:
        one = _read(rng.choice(bundle.checkpoints))
        proof.checkpoint = one.id if one is not None else proof.checkpoint


def _read(data):
    try:
        return Checkpoint(data)
    except Rejection:
        return None


def _write(text, own, lines):
    by_key = {(name, key): (name, key, signature) for name, key, signature in lines}
    ordered = [own] + [by_key[key] for key in sorted(by_key)]
    said = [f"\u2014 {name} {base64.b64encode(key + signature).decode()}\n" for name, key, signature in ordered]
    return text + b"\n" + "".join(said).encode()


def _trust(rng, trust):
    if rng.random() < 0.5:
        trust = re.sub(rb"number = \d+", b"number = %d" % rng.randrange(4), trust)
    if rng.random() < 0.3:
        trust = re.sub(rb"independent = \w+", b"independent = " + rng.choice((b"true", b"false")), trust)
    return trust
