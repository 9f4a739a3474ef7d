"""Ed25519 keys and signatures: which are admitted, and which hold (KEY-1 to KEY-3).

Guarantees: `admit` admits exactly the keys of KEY-2; `holds` is the equation of KEY-3 without the cofactor, over the
bytes of A and R as they were received.
Leaves to others: secrets. Nothing here runs in constant time, as nothing here is secret.
"""

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .rejection import Rejection, malformed

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def key_id(key: bytes) -> bytes:
    """The ID of a public key of any kind (KEY-1)."""
    return hashlib.sha256(b"uput/v1/key" + key).digest()


@lru_cache(maxsize=65536)
def admitted(key: bytes) -> bool:
    """Whether 32 bytes are a key that KEY-2 admits."""
    point = _decompress(key)
    return point is not None and not _is_neutral(_times_eight(point))


def admit(key: bytes) -> None:
    """Refuses what is no admitted key: MALFORMED by its length, WEAK_KEY by all else (KEY-2)."""
    if len(key) != 32:
        raise malformed("an Ed25519 key has 32 bytes")
    if not admitted(bytes(key)):
        raise Rejection("WEAK_KEY")


@lru_cache(maxsize=262144)
def holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature by an admitted key holds over the message (KEY-3)."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def holds_by_arithmetic(key: bytes, signature: bytes, message: bytes) -> bool:
    """KEY-3 word by word. The library's answer is held against it by the tests; slow."""
    s = int.from_bytes(signature[32:], "little")
    a = _decompress(key)
    if len(signature) != 64 or s >= L or a is None:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], a[2], (P - a[3]) % P)
    return _compress(_add(_multiply(s, BASE), _multiply(k, minus_a))) == signature[:32]


# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.


def _decompress(key):
    number = int.from_bytes(key, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == P - u and u:
        x = x * SQRT_M1 % P
    if v * x * x % P != u:
        return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times_eight(point):
    for _ in range(3):
        point = _add(point, point)
    return point


def _is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def _multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


BASE = _decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
