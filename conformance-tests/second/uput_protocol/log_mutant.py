"""Mutants of logs and witnesses: other lines, times, checkpoints and proofs in bundles that carry logs, signed anew.

Guarantees: whatever is changed is signed by the keys that sign such things, so that no signature stands between a mutant and
the rules; the same dice make the same mutant.
"""

import base64
import hashlib
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import ed25519, envelope, protobuf
from .log import Checkpoint, note_key_id
from .maker import message_of, public, sign
from .rejection import Rejection

# the invented organisations of specs/vectors/witnessed, and how many signing keys each had
_SIGNING = {"hotline": 2, "shelter-jasen": 2, "north": 2, "south": 1}


def _key(name, number):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} signing {number}".encode()).digest())


_KEYS = {name: [_key(name, number) for number in range(count)] for name, count in _SIGNING.items()}


def mutate(rng, data, trust):
    """(bytes of the bundle, bytes of the trust file), both changed at random."""
    outer = protobuf.decode("Envelope", data)
    bundle = protobuf.decode("Bundle", outer.body)
    owners = {chain.records[0].body: _owner(chain) for chain in bundle.chains}
    names = {organisation: name for organisation, name in owners.values() if name is not None}
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        rng.choice((_line, _line, _line, _line, _checkpoint, _checkpoint, _drop, _proof))(rng, bundle, names)
    bundle.checkpoints = sorted(set(bundle.checkpoints))
    signed = sign(envelope.BUNDLE, protobuf.encode(bundle), [_KEYS["hotline"][1]])
    return protobuf.encode(message_of(signed)), _trust(rng, trust)


def _owner(chain):
    """(organisation, name) of a chain, by the signing key of its first record."""
    record = protobuf.decode("KeyRecord", chain.records[0].body)
    organisation = envelope.take(chain.records[0]).id
    name = next((name for name, keys in _KEYS.items() if public(keys[0]) == record.signing_key), None)
    return organisation, name


def _line(rng, bundle, names):
    """Cosigns a checkpoint by somebody at some time, or takes a line away."""
    if not bundle.checkpoints:
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
