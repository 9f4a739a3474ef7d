"""What is sealed to staff, and the shares of a staff key (specs/staff-keys.md, sections 1 and 6).

Guarantees: what is sealed for one purpose opens for no other; shares are joined only if each is the one that was made.
Leaves to others: whose key it is, and who may read.
"""

import hashlib

from cryptography.exceptions import InvalidTag

from . import ed25519, protobuf
from .field import demand, id_of
from .protobuf import Message
from .rejection import Rejection, malformed
from .sealing import cipher, decapsulate, encapsulate, public_of_seed

LONGEST = 131_072


def open_sealed(data: bytes, place: str, belongs: bytes, seed: bytes) -> bytes:
    """The content of sealed bytes at a place of STF-3."""
    message = protobuf.decode("Sealed", data)
    if message.suite != 1:  # [STF-2]
        raise malformed("suite") if message.suite == 0 else Rejection("NEEDS_UPGRADE")
    id_of(message.key, "key")
    demand(len(message.encapsulated) == 1120, "encapsulated key")
    if message.key != ed25519.key_id(public_of_seed(seed)):
        raise Rejection("WRONG_RECIPIENT")
    aead, nonce = cipher(decapsulate(seed, message.encapsulated), _info(place, message.key, belongs))
    try:
        padded = aead.decrypt(nonce, message.ciphertext, b"")
    except InvalidTag:
        raise Rejection("NOT_SEALED_FOR_US") from None
    return _content(padded)


def _info(place, key, belongs):
    return b"uput/v1/staff/" + place.encode() + b"/" + key + belongs  # [STF-3]


def _content(padded):
    size = int.from_bytes(padded[:4], "big")  # [STF-4]
    demand(len(padded) >= 4 and size <= len(padded) - 4, "length")
    if size > LONGEST:
        raise Rejection("TOO_LARGE")
    content = padded[4 : 4 + size]
    if _padded(content) != padded:
        raise Rejection("NOT_CANONICAL", "padding")
    return content


def _padded(content):
    text = len(content).to_bytes(4, "big") + content
    return text + bytes(-len(text) % 256)


def seal(content: bytes, place: str, belongs: bytes, public: bytes, entropy: bytes) -> bytes:
    if len(content) > LONGEST:
        raise Rejection("TOO_LARGE")
    key = ed25519.key_id(public)
    encapsulated, shared = encapsulate(public, entropy)
    aead, nonce = cipher(shared, _info(place, key, belongs))
    ciphertext = aead.encrypt(nonce, _padded(content), b"")
    return protobuf.encode(Message("Sealed", suite=1, key=key, encapsulated=encapsulated, ciphertext=ciphertext))


class WrongShares(Exception):
    """The numbers of the shares that are not those that were made (STF-22)."""

    def __init__(self, numbers):
        super().__init__(str(numbers))
        self.numbers = numbers


def digest(of: bytes, number: int, share: bytes) -> bytes:
    """STF-21."""
    return hashlib.sha256(b"uput/v1/staff/share digest" + of + bytes([number]) + share).digest()


def join(of: bytes, shares: dict, digests: dict, needed: int):
    """The secret; None if it is not that of the key. `WrongShares` if one is wrong, `Rejection` if they are too few."""
    wrong = [number for number, share in shares.items() if digest(of, number, share) != digests.get(number)]
    if wrong:
        raise WrongShares(wrong)
    if len(shares) < needed:
        raise Rejection("TOO_FEW", f"{len(shares)} of {needed}")
    chosen = dict(list(shares.items())[:needed])
    secret = bytes(_at_zero({number: share[at] for number, share in chosen.items()}) for at in range(32))
    return secret if ed25519.key_id(public_of_seed(secret)) == of else None


def _at_zero(points):
    """The value at 0 of the polynomial through these points, over GF(256) (STF-20)."""
    total = 0
    for x, y in points.items():
        for other in points:
            if other != x:
                y = _times(y, _times(other, _inverse(other ^ x)))
        total ^= y
    return total


def _times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _inverse(a):
    found = 1
    for _ in range(254):
        found = _times(found, a)
    return found
