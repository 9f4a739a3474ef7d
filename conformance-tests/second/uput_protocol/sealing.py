"""Sealing keys and what they open: X-Wing, the pair of ML-KEM-768 and X25519, and HPKE over it (KEY-4, LET-4).

Guarantees: the public key of a seed, the shared secret of an encapsulated key, and an encapsulation from given bytes.
Leaves to others: drawing those bytes. `encapsulate` is for vectors: ML-KEM is computed here in the open, slowly, because
no library takes its randomness from the caller.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_LABEL = bytes.fromhex("5c2e2f2f5e5c")
_SUITE = b"HPKE" + bytes.fromhex("647a00010003")
Q = 3329


def public_of_seed(seed: bytes) -> bytes:
    """1216 bytes: the encapsulation key of ML-KEM-768, then that of X25519."""
    kem, x = _expand(seed)
    return kem.public_key().public_bytes_raw() + x.public_key().public_bytes_raw()


def decapsulate(seed: bytes, encapsulated: bytes) -> bytes:
    kem, x = _expand(seed)
    c, e = encapsulated[:1088], encapsulated[1088:]
    return _combine(kem.decapsulate(c), _exchange(x, e), e, x.public_key().public_bytes_raw())


def encapsulate(public: bytes, entropy: bytes):
    """(encapsulated key, shared secret) from 64 random bytes."""
    key, x = public[:1184], public[1184:]
    c, s = _ml_kem_encapsulate(key, entropy[:32])
    ephemeral = X25519PrivateKey.from_private_bytes(entropy[32:])
    e = ephemeral.public_key().public_bytes_raw()
    return c + e, _combine(s, _exchange(ephemeral, x), e, x)


def cipher(shared: bytes, info: bytes):
    """The AEAD and the nonce of the one message (RFC 9180, section 5.1, mode 0)."""
    context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared, b"secret", b"")
    return ChaCha20Poly1305(_expand_label(secret, b"key", context, 32)), _expand_label(secret, b"base_nonce", context, 12)


def _extract(salt, label, data):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + _SUITE + label + data, "sha256")


def _expand_label(key, label, info, size):
    text = size.to_bytes(2, "big") + b"HPKE-v1" + _SUITE + label + info
    return hmac.digest(key, text + b"\x01", "sha256")[:size]


def _expand(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])


def _exchange(secret, public):
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # the library refuses a result of zeros; X-Wing does not
        return bytes(32)


def _combine(s, t, e, x):
    return hashlib.sha3_256(s + t + e + x + _LABEL).digest()


# ML-KEM-768 of FIPS 203, the half that encapsulates. Polynomials are lists of 256 numbers below Q.


def _bits(number, count):
    return int(f"{number:0{count}b}"[::-1], 2)


_ZETAS = [pow(17, _bits(i, 7), Q) for i in range(128)]
_GAMMAS = [pow(17, 2 * _bits(i, 7) + 1, Q) for i in range(128)]


def _ml_kem_encapsulate(key, m):
    digest = hashlib.sha3_512(m + hashlib.sha3_256(key).digest()).digest()
    return _encrypt(key, m, digest[32:]), digest[:32]


def _encrypt(key, m, r):
    t = [_unpack(key[384 * i : 384 * (i + 1)], 12) for i in range(3)]
    matrix = [[_sample_ntt(key[1152:] + bytes([j, i])) for j in range(3)] for i in range(3)]
    y, e1, e2 = [_noise(r, i) for i in range(3)], [_noise(r, 3 + i) for i in range(3)], _noise(r, 6)
    y = [_ntt(one) for one in y]
    u = [_sum(_inverse(_dot([matrix[j][i] for j in range(3)], y)), e1[i]) for i in range(3)]
    mu = [(Q + 1) // 2 * (m[i // 8] >> i % 8 & 1) for i in range(256)]
    v = _sum(_sum(_inverse(_dot(t, y)), e2), mu)
    return b"".join(_pack(_compress(one, 10), 10) for one in u) + _pack(_compress(v, 4), 4)


def _unpack(data, width):
    number = int.from_bytes(data, "little")
    return [number >> width * i & (1 << width) - 1 for i in range(256)]


def _pack(values, width):
    return sum(value << width * i for i, value in enumerate(values)).to_bytes(32 * width, "little")


def _compress(values, width):
    return [((value << width) * 2 + Q) // (2 * Q) % (1 << width) for value in values]


def _sample_ntt(seed):
    stream, found = hashlib.shake_128(seed).digest(1680), []
    for at in range(0, len(stream), 3):
        three = int.from_bytes(stream[at : at + 3], "little")
        found += [one for one in (three & 0xFFF, three >> 12) if one < Q]
    return found[:256]


def _noise(seed, number):
    stream = int.from_bytes(hashlib.shake_256(seed + bytes([number])).digest(128), "little")
    fours = [stream >> 4 * i & 15 for i in range(256)]
    return [((one & 1) + (one >> 1 & 1) - (one >> 2 & 1) - (one >> 3)) % Q for one in fours]


def _ntt(values):
    values, k, size = list(values), 1, 128
    while size >= 2:
        for start in range(0, 256, 2 * size):
            zeta, k = _ZETAS[k], k + 1
            for j in range(start, start + size):
                t = zeta * values[j + size] % Q
                values[j + size], values[j] = (values[j] - t) % Q, (values[j] + t) % Q
        size //= 2
    return values


def _inverse(values):
    values, k, size = list(values), 127, 2
    while size <= 128:
        for start in range(0, 256, 2 * size):
            zeta, k = _ZETAS[k], k - 1
            for j in range(start, start + size):
                t = values[j]
                values[j], values[j + size] = (t + values[j + size]) % Q, zeta * (values[j + size] - t) % Q
        size *= 2
    return [value * 3303 % Q for value in values]


def _dot(a, b):
    total = [0] * 256
    for p, q in zip(a, b):
        total = _sum(total, _product(p, q))
    return total


def _product(p, q):
    found = []
    for i in range(128):
        a, b, c, d = p[2 * i], p[2 * i + 1], q[2 * i], q[2 * i + 1]
        found += [(a * c + b * d % Q * _GAMMAS[i]) % Q, (a * d + b * c) % Q]
    return found


def _sum(p, q):
    return [(a + b) % Q for a, b in zip(p, q)]
