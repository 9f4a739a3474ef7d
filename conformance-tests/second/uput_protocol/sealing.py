"""Sealing keys (KEY-4): X-Wing, the pair of ML-KEM-768 and X25519, from its seed.

Guarantees: the public key that a seed expands to.
Leaves to others: sealing and opening of letters, which this package does not do.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def public_of_seed(seed: bytes) -> bytes:
    """1216 bytes: the encapsulation key of ML-KEM-768, then that of X25519."""
    expanded = hashlib.shake_256(seed).digest(96)
    encapsulation = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return encapsulation + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()
