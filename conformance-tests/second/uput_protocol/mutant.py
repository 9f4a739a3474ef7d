"""Random mutants of bundles and trust files, one a number.

Guarantees: the same seed and number give the same mutant, whatever came before.
"""

import random
import re

from . import envelope, log_mutant, protobuf
from .maker import Maker
from .protobuf import Message
from .rejection import Rejection
from .schema import SCHEMAS
from .vector import Vector, specs


# what a corpus entry is called that tells of a stolen key
_OF_THEFT = re.compile("thie|theft|stolen|disown")


class Mutants:
    def __init__(self, seed):
        self.seed = seed
        files = sorted((specs() / "vectors" / "bundle").glob("*.txt"))
        vectors = [Vector(path) for path in files]
        self.bases = [(one.name, one.bytes_of("bundle") or b"", one.bytes_of("trust")) for one in vectors]
        self.bases = [one for one in self.bases if len(one[1]) < 200_000]
        files = sorted((specs() / "vectors" / "witnessed").glob("*.txt"))
        self.logged = [(one.name, one.bytes_of("bundle"), one.bytes_of("trust")) for one in map(Vector, files)]
        folders = sorted(one for one in (specs().parent / "conformance-tests" / "corpus").iterdir() if one.is_dir())
        self.corpus = [one for one in folders if (one / "bundle.uput").stat().st_size < 200_000]
        self.thefts = [one for one in self.corpus if _OF_THEFT.search(one.name)]

    def make(self, number):
        """(what was done, bytes of the bundle, bytes of the trust file)."""
        rng = random.Random(f"{self.seed}/{number}")
        if rng.random() < 0.2:
            name, data, trust = rng.choice(self.logged)
            return f"{name}, logs", *log_mutant.mutate(rng, data, trust)
        if rng.random() < 0.25:
            folder = rng.choice(rng.choice((self.thefts, self.corpus)))
            data, trust = (folder / "bundle.uput").read_bytes(), (folder / "trust.toml").read_bytes()
            return f"{folder.name}, signed anew", *log_mutant.mutate(rng, data, trust)
        if rng.random() < 0.5:
            data, trust = Maker(rng).bundle()
            name, trust = "made", trust.encode()
        else:
            name, data, trust = rng.choice(self.bases)
        does = rng.choice(_WAYS if name != "made" else _WAYS + (_nothing,) * 20)
        data, trust = does(self, rng, data, trust)
        return f"{name}, {does.__name__.strip('_')}", data, trust


def _nothing(mutants, rng, data, trust):
    return data, trust


def _flip(mutants, rng, data, trust):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data), trust


def _truncate(mutants, rng, data, trust):
    return data[: rng.randrange(len(data) + 1)], trust


def _extend(mutants, rng, data, trust):
    return data + rng.randbytes(rng.randrange(1, 4)), trust


def _trust_flip(mutants, rng, data, trust):
    trust = bytearray(trust)
    for _ in range(rng.choice((1, 1, 2))):
        trust[rng.randrange(len(trust))] ^= 1 << rng.randrange(7)
    return data, bytes(trust)


def _trust_lines(mutants, rng, data, trust):
    lines = trust.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.randrange(4)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(at, lines[other])
    elif what == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = lines[at] + rng.choice((b" ", b" # words", b"\r", b"\t", b"=", b'"', b"\x00", "ć".encode()))
    return data, b"\n".join(lines)


def _other_trust(mutants, rng, data, trust):
    return data, rng.choice(mutants.bases)[2]


def _message(mutants, rng, data, trust):
    """Changes fields of the messages of the file, and encodes them again."""
    try:
        outer = protobuf.decode("Envelope", data)
        bundle = protobuf.decode("Bundle", outer.body)
    except Rejection:
        return _flip(mutants, rng, data, trust)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(mutants, rng, bundle)
    outer.body = protobuf.encode(bundle)
    return protobuf.encode(outer), trust


def _splice(mutants, rng, data, trust):
    """Exchanges a list, or adds a part, of another bundle."""
    _, other, other_trust = rng.choice(mutants.bases)
    try:
        outer, here = _opened(data)
        _, there = _opened(other)
    except Rejection:
        return _flip(mutants, rng, data, trust)
    name = rng.choice([name for _, name, kind in SCHEMAS["Bundle"] if kind.startswith("*")])
    mine, theirs = getattr(here, name), getattr(there, name)
    if rng.random() < 0.5 and theirs:
        mine.insert(rng.randrange(len(mine) + 1), rng.choice(theirs))
    else:
        setattr(here, name, theirs)
    outer.body = protobuf.encode(here)
    return protobuf.encode(outer), trust if rng.random() < 0.7 else other_trust


def _opened(data):
    outer = protobuf.decode("Envelope", data)
    return outer, protobuf.decode("Bundle", outer.body)


_WAYS = (_flip, _flip, _truncate, _extend, _trust_flip, _trust_lines, _trust_lines, _other_trust) + (_message,) * 8 + (_splice,) * 4

_BODIES = {
    envelope.EVENT: "EventBody",
    envelope.KEY_RECORD: "KeyRecord",
    envelope.AGREEMENT: "Agreement",
    envelope.HEAD: "Head",
    envelope.CHALLENGE: "Challenge",
    envelope.COUNTERSIGNATURE: "Countersignature",
}


def _change(mutants, rng, message):
    """Walks down at random, and changes one field."""
    if message._schema == "Envelope" and message.type in _BODIES and rng.random() < 0.6:
        try:
            inner = protobuf.decode(_BODIES[message.type], message.body)
        except Rejection:
            return
        _change(mutants, rng, inner)
        message.body = protobuf.encode(inner)
        return
    fields = [(name, kind) for _, name, kind in SCHEMAS[message._schema] if _is_there(message, name, kind)]
    if not fields:
        return
    name, kind = rng.choice(fields)
    value = getattr(message, name)
    if kind.startswith("*"):
        _change_list(mutants, rng, message, name, value)
    elif isinstance(value, Message):
        if rng.random() < 0.1 and not kind.startswith("?"):
            setattr(message, name, None)
        else:
            _change(mutants, rng, value)
    elif isinstance(value, bool):
        setattr(message, name, not value)
    elif isinstance(value, int):
        limit = 0xFFFFFFFF if kind in ("u32", "enum") else (1 << 64) - 1
        value = rng.choice((0, 1, 2, value + 1, value - 1, value + 60, value + 1000, limit, rng.getrandbits(31)))
        setattr(message, name, max(0, min(value, limit if kind != "enum" else 0x7FFFFFFF)))
    elif isinstance(value, bytes):
        setattr(message, name, _other_bytes(rng, value))
    else:
        setattr(message, name, rng.choice(("", value + "x", value[:-1], "name", "adults", value.upper())))


def _is_there(message, name, kind):
    if kind.startswith("?"):
        return getattr(message, kind[1:].split(":")[0]) == name
    value = getattr(message, name)
    return value is not None


def _other_bytes(rng, value):
    what = rng.randrange(5)
    if what == 0 or not value:
        return b"" if value else rng.randbytes(32)
    if what == 1:
        return bytes(len(value))
    if what == 2:
        return value[:-1]
    if what == 3:
        return rng.randbytes(len(value))
    at = rng.randrange(len(value))
    return value[:at] + bytes([value[at] ^ 1 << rng.randrange(8)]) + value[at + 1 :]


def _change_list(mutants, rng, message, name, values):
    what = rng.randrange(5)
    if not values:
        return
    at = rng.randrange(len(values))
    if what == 0:
        del values[at]
    elif what == 1:
        values.insert(rng.randrange(len(values) + 1), values[at])
    elif what == 2 and len(values) > 1:
        other = rng.randrange(len(values))
        values[at], values[other] = values[other], values[at]
    elif isinstance(values[at], Message):
        _change(mutants, rng, values[at])
    elif isinstance(values[at], bytes):
        values[at] = _other_bytes(rng, values[at])
    elif isinstance(values[at], int):
        values[at] = rng.choice((0, 1, values[at] + 1, 99))
    else:
        values[at] = values[at] + "x"
