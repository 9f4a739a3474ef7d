"""Logs: notes, checkpoints, cosignatures and proofs (specs/log.md).

Guarantees: a `Checkpoint` holds LOG-13, LOG-20 and LOG-21 by its form; `Proof.leads_to` is LOG-31.
Leaves to others: whose keys count, and what is shown by it (witnessed.py); growing a log, and witnessing.
"""

import base64
import hashlib
import re
from collections import namedtuple

from . import ed25519, envelope, protobuf
from . import key as keys
from .field import LAST_SECOND, demand, id_of
from .rejection import Rejection, malformed

_ORIGIN = re.compile(r"uput/v1/([0-9a-f]{64})/([0-9]{1,10})\Z")
_WITNESS = re.compile(r"uput/v1/([0-9a-f]{64})\Z")
_NUMBER = re.compile(r"[0-9]{1,20}\Z")

Line = namedtuple("Line", "name key_id signature")


def h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def note_key_id(name: str, kind: int, key: bytes) -> bytes:
    """LOG-22."""
    return h(name.encode() + b"\n" + bytes([kind]) + key)[:4]


def read_note(data: bytes):
    """(text, lines) of a signed note (LOG-20)."""
    if len(data) > 16_384:
        raise Rejection("TOO_LARGE", "note")
    text, found, rest = data.partition(b"\n\n")
    demand(bool(found), "empty line")
    text += b"\n"
    demand(all(0x20 <= byte <= 0x7E or byte == 0x0A for byte in text), "text")
    demand(rest.endswith(b"\n"), "last line")
    try:
        lines = rest[:-1].decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise malformed("not UTF-8") from None
    if len(lines) > 64:
        raise Rejection("TOO_LARGE", "lines")
    return text, [_line(line) for line in lines]


def _line(line):
    words = line.split(" ")
    demand(len(words) == 3 and words[0] == "\u2014" and words[1], "line")
    raw = _base64(words[2])
    demand(len(raw) > 4, "signature")
    return Line(words[1], raw[:4], raw[4:])


def _base64(text):
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise malformed("base64") from None
    demand(base64.b64encode(raw).decode() == text, "base64")
    return raw


class Checkpoint:
    """A log's signed word on its size and root (LOG-10 to LOG-13)."""

    def __init__(self, data: bytes):
        self.text, lines = read_note(data)
        parts = self.text.decode("ascii").split("\n")
        demand(len(parts) == 4 and parts[3] == "", "three lines")
        match = _ORIGIN.match(parts[0])
        demand(match is not None and int(match[2]) <= 0xFFFFFFFF, "origin")
        demand(_NUMBER.match(parts[1]) is not None and 0 < int(parts[1]) < 1 << 64, "size")
        if str(int(match[2])) != match[2] or str(int(parts[1])) != parts[1]:
            raise Rejection("NOT_CANONICAL", "a zero before a number")
        self.origin, self.organisation = parts[0], bytes.fromhex(match[1])
        self.size, self.root = int(parts[1]), _base64(parts[2])
        demand(len(self.root) == 32, "root")
        self.id = h(self.text)  # [LOG-12]
        self.own, self.cosignatures = lines[0], lines[1:]
        self._check_lines()

    def _check_lines(self):
        if self.own.name != self.origin or len(self.own.signature) != 64:
            raise Rejection("WRONG_SIGNERS", "the log's line")
        for one in self.cosignatures:
            if _WITNESS.match(one.name) is None or len(one.signature) != 72:
                raise Rejection("WRONG_SIGNERS", "a witness's line")
        keys = [(one.name, one.key_id) for one in self.cosignatures]
        if any(a >= b for a, b in zip(keys, keys[1:])):
            raise Rejection("NOT_CANONICAL", "order")

    def is_signed_by(self, key: bytes) -> bool:
        named = self.own.key_id == note_key_id(self.origin, 1, key)
        return named and ed25519.holds(key, self.own.signature, self.text)

    def witnesses(self):
        """(organisation, time, line) of each cosignature."""
        for one in self.cosignatures:
            yield bytes.fromhex(_WITNESS.match(one.name)[1]), int.from_bytes(one.signature[:8], "big"), one

    def is_cosigned_by(self, key: bytes, line: Line) -> bool:
        time = int.from_bytes(line.signature[:8], "big")
        if not 0 < time <= LAST_SECOND or line.key_id != note_key_id(line.name, 4, key):
            return False
        message = b"cosignature/v1\ntime %d\n" % time + self.text  # [LOG-24]
        return ed25519.holds(key, line.signature[8:], message)


class Proof:
    """What shows entries of one tick (LOG-30)."""

    def __init__(self, message):
        self.party = id_of(message.party, "party")
        self.checkpoint = id_of(message.checkpoint, "checkpoint")
        self.tick, self.entries, self.leaf_path = message.tick, message.entries, message.leaf_path
        self.shown = message.shown
        if len(self.shown) > 4096 or any(len(path) > 65 for path in [self.leaf_path, *(one.path for one in self.shown)]):
            raise Rejection("TOO_LARGE", "proof")
        demand(self.shown, "nothing is shown")
        for one in self.shown:
            demand(1 <= one.kind <= 8, "kind")
            id_of(one.id, "id")
            id_of(one.nonce, "nonce")
            demand(one.index < self.entries, "index")
            demand(all(len(step) == 32 for step in one.path), "path")
        demand(all(len(step) == 32 for step in self.leaf_path), "path")
        if any(a.index >= b.index for a, b in zip(self.shown, self.shown[1:])):
            raise Rejection("NOT_CANONICAL", "order")

    def leads_to(self, checkpoint: Checkpoint, base: int) -> bool:
        """LOG-31."""
        if checkpoint.id != self.checkpoint or checkpoint.organisation != self.party or self.tick < base:
            return False
        return all(self._entry_leads(one, checkpoint, base) for one in self.shown)

    def leaf(self):
        """The hash of its tick's leaf, as its first entry leads there."""
        return self._leaf_by(self.shown[0])

    def _leaf_by(self, one):
        entry = one.nonce + bytes([one.kind]) + one.id
        root = follow(h(b"\x00" + entry), one.index, self.entries, one.path)
        if root is None:
            return None
        return h(b"\x00uput/v1/tick" + self.tick.to_bytes(8, "big") + self.entries.to_bytes(4, "big") + root)

    def _entry_leads(self, one, checkpoint, base):
        leaf = self._leaf_by(one)
        if leaf is None:
            return False
        return follow(leaf, self.tick - base, checkpoint.size, self.leaf_path) == checkpoint.root


def follow(leaf: bytes, index: int, size: int, path: list):
    """The root to which an inclusion path leads; None if it is too long, too short or outside (LOG-7)."""
    if index >= size:
        return None
    last = size - 1
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            leaf = h(b"\x01" + step + leaf)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = h(b"\x01" + leaf + step)
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else None


def check_consistency(smaller: int, first: bytes, larger: int, second: bytes, path: list) -> None:
    """LOG-8: BAD_PROOF unless the path shows that the larger tree begins with the smaller one."""
    made = consistent_roots(smaller, larger, path)
    if smaller == larger:
        made = (first, first) if not path else None
    if made is None or made != (first, second):
        raise Rejection("BAD_PROOF", "consistency")


def consistent_roots(smaller: int, larger: int, path: list):
    """(root of the first leaves, root of all) by a path, or None (RFC 9162, section 2.1.4.2, with the first hash given)."""
    if not 0 < smaller < larger or not path:
        return None
    f, s = smaller - 1, larger - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    old = new = path[0]
    for step in path[1:]:
        if s == 0:
            return None
        if f & 1 or f == s:
            old, new = h(b"\x01" + step + old), h(b"\x01" + step + new)
            while f and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            new = h(b"\x01" + new + step)
        f, s = f >> 1, s >> 1
    return (old, new) if s == 0 else None


def check_signed(checkpoint: Checkpoint, key: bytes) -> None:
    """LOG-23 of the log's own line."""
    if checkpoint.own.key_id != note_key_id(checkpoint.origin, 1, key):
        raise Rejection("UNKNOWN_SIGNER")
    if not checkpoint.is_signed_by(key):
        raise Rejection("BAD_SIGNATURE")


def read_contradiction(data: bytes):
    """(`split view` or `rollback`, origin) of evidence that two checkpoints cannot both be (LOG-50, LOG-51)."""
    message = protobuf.decode("LogContradiction", data)
    demand(message.keys is not None and message.keys.records, "key records")
    demand(all(len(step) == 32 for step in message.path), "path")
    chain = keys.Chain()
    for one in message.keys.records:
        chain.attach(keys.read_record(envelope.take(one)))
    first, second = Checkpoint(message.first), Checkpoint(message.second)
    _check_pair(first, second, message)
    for one in (first, second):
        if one.organisation != chain.organisation:
            raise Rejection("UNKNOWN_SIGNER", "another organisation")
        _check_by_chain(one, chain)
    if first.origin != second.origin:
        raise Rejection("BAD_PROOF", "two logs")
    if first.size == second.size:
        if first.root == second.root:
            raise Rejection("BAD_PROOF", "both can be")
        return "split view", first.origin
    made = consistent_roots(first.size, second.size, message.path)
    if made is None or made[1] != second.root or made[0] == first.root:
        raise Rejection("BAD_PROOF", "both can be")
    return "rollback", first.origin


def _check_pair(first, second, message):
    if first.size > second.size or first.size == second.size and (message.first >= message.second or message.path):
        raise Rejection("NOT_CANONICAL", "order, or a path that is not needed")


def _check_by_chain(checkpoint, chain):
    for record in chain.by_id.values():
        if checkpoint.own.key_id == note_key_id(checkpoint.origin, 1, record.signing_key):
            check_signed(checkpoint, record.signing_key)
            return
    raise Rejection("UNKNOWN_SIGNER")
