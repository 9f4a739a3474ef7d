"""Envelopes: bytes, what they are, and who signed them (specs/envelope.md).

Guarantees: an `Envelope` that `read` or `take` returned holds ENV-1 to ENV-6; `verify` gives out the body of a statement
that the one expected key has signed.
Leaves to others: what a body says, and which key is the expected one.
"""

import hashlib

from . import ed25519, protobuf
from .rejection import Rejection, malformed

_PREFIX = "application/vnd.uput."
_SUFFIX = ".v1+protobuf"


def media_type(noun: str, version: int = 1) -> str:
    return f"{_PREFIX}{noun}.v{version}+protobuf"


EVENT = media_type("event")
KEY_RECORD = media_type("key-record")
AGREEMENT = media_type("agreement")
HEAD = media_type("head")
CHALLENGE = media_type("challenge")
COUNTERSIGNATURE = media_type("countersignature")
BUNDLE = media_type("bundle")
ACCESS_LOG = media_type("access-log")
ATTESTATION = media_type("attestation")

# [ENV-3]
_LONGEST = {BUNDLE: 67_108_864, ACCESS_LOG: 16_777_216}


class Envelope:
    """One signed statement: the bytes that were signed, and who signed them."""

    def __init__(self, kind: str, body: bytes, signatures: list):
        self.type = kind
        self.body = body
        self.signatures = signatures
        self.signed = pae(kind, body)
        self.id = hashlib.sha256(self.signed).digest()

    def sole_key(self) -> bytes:
        """The ID of the one key that signed; WRONG_SIGNERS if there are more (ENV-10)."""
        if len(self.signatures) != 1:
            raise Rejection("WRONG_SIGNERS", "not one signature")
        return self.signatures[0][0]

    def verify(self, expected_type: str, key: bytes) -> bytes:
        """Gives out the body, if it is of the type and signed by this key alone (ENV-9, ENV-10)."""
        self.of_type(expected_type)
        self.verify_signature(key)
        return self.body

    def of_type(self, expected: str) -> None:
        if self.type != expected:  # [ENV-9]
            raise Rejection("WRONG_TYPE", self.type)

    def verify_signature(self, key: bytes) -> None:
        if self.sole_key() != ed25519.key_id(key):  # [ENV-10]
            raise Rejection("WRONG_SIGNERS", "another key")
        if not ed25519.holds(key, self.signatures[0][1], self.signed):
            raise Rejection("BAD_SIGNATURE")


def pae(kind: str, body: bytes) -> bytes:
    """The bytes that are signed (ENV-7)."""
    name = kind.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(body), body)


def read(data: bytes) -> Envelope:
    """An envelope from its bytes."""
    return take(protobuf.decode("Envelope", data))


def take(message) -> Envelope:
    """An envelope from a message that was decoded as part of another."""
    name = message.type.encode("utf-8")
    if len(message.signatures) > 256:  # [ENV-4] whatever else is wrong
        raise Rejection("TOO_LARGE", "signatures")
    if not 1 <= len(name) <= 100 or any(not 0x21 <= byte <= 0x7E for byte in name):  # [ENV-2]
        raise malformed("type")
    if not message.body:  # [ENV-3]
        raise malformed("no body")
    if len(message.body) > _LONGEST.get(message.type, 65_536):
        raise Rejection("TOO_LARGE", "body")
    return Envelope(message.type, message.body, _signatures(message.signatures))


def _signatures(messages):
    for one in messages:  # [ENV-4]
        if len(one.key_id) != 32 or not any(one.key_id) or len(one.signature) != 64:
            raise malformed("signature")
    keys = [one.key_id for one in messages]
    if not keys or any(a >= b for a, b in zip(keys, keys[1:])):
        raise Rejection("WRONG_SIGNERS", "order")
    return [(one.key_id, one.signature) for one in messages]
