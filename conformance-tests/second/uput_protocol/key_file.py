"""Key files: secrets at rest, as text that a person recognises (KEY-19 to KEY-22).

Guarantees: a file that asks for more memory or time than KEY-22 allows is refused before anything is allocated; no error
repeats a digit of a secret.
Leaves to others: wiping memory. This reader is for vectors and for exchange, not for a node at work.
"""

import hashlib
import re
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from .rejection import Rejection
from .sealing import public_of_seed

_HEX = re.compile(r"([0-9a-f]{2}){1,32}\Z")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,9})\Z")


class BadFile(Rejection):
    """BAD_SOURCE with the number of the line, if one is at fault."""

    def __init__(self, line=None):
        super().__init__("BAD_SOURCE", f"line {line}" if line else "")
        self.line = line


class KeyFile:
    def __init__(self, public: bytes, secret: bytes):
        self.public = public
        self.secret = secret


def read(data: bytes, holds: str, passphrase=None) -> KeyFile:
    """The secret of a file that must hold `organisation`, `node` or `staff`."""
    lines, last = _lines(data)
    _expect(lines, last, 0, lambda words: words == ["uput-key-file", "1"])
    _expect(lines, last, 1, lambda words: words == ["holds", holds])
    public = _expect(lines, last, 2, lambda words: len(words) == 2 and words[0] == "public" and _is_hex(words[1], 32))
    lock = _expect(lines, last, 3, _is_lock)
    if len(lines) < 5:
        raise BadFile(last)
    for number, text in lines[4:]:
        if not _HEX.match(text):
            raise BadFile(number)
    body = bytes.fromhex("".join(text for _, text in lines[4:]))
    header = "".join(text + "\n" for _, text in lines[:4]).encode()
    secret = _plain(header, body) if lock == ["lock", "none"] else _locked(header, body, lock, passphrase)
    named = bytes.fromhex(public[1])
    _check_secret(secret, holds, named)
    return KeyFile(named, secret)


def _lines(data):
    if len(data) > 65_536:
        raise BadFile(1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(data[: error.start].count(b"\n") + 1) from None
    found = text.split("\n")
    if found[-1] == "":
        found.pop()
    numbered = [(number, line.removesuffix("\r")) for number, line in enumerate(found, 1)]
    return [(number, line) for number, line in numbered if line and not line.startswith("#")], max(1, len(found))


def _expect(lines, last, at, test):
    if at >= len(lines):
        raise BadFile(last)
    words = lines[at][1].split(" ")
    if not test(words):
        raise BadFile(lines[at][0])
    return words


def _is_hex(word, size):
    return len(word) == 2 * size and re.match(r"[0-9a-f]*\Z", word) is not None


def _is_lock(words):
    if words == ["lock", "none"]:
        return True
    if len(words) != 6 or words[:2] != ["lock", "argon2id"] or not all(_NUMBER.match(one) for one in words[2:5]):
        return False
    memory, passes, lanes = map(int, words[2:5])  # [KEY-22]
    within = 19_456 <= memory <= 1_048_576 and 2 <= passes <= 16 and 1 <= lanes <= 16
    return within and memory * passes <= 4_194_304 and _is_hex(words[5], 32)


def _plain(header, body):
    secret, digest = body[:-32], body[-32:]
    if hashlib.sha256(b"uput/v1/key-file" + header + secret).digest() != digest:  # [KEY-21]
        raise BadFile()
    return secret


def _locked(header, body, lock, passphrase):
    if passphrase is None:
        raise Rejection("KEY_LOCKED")
    if not passphrase:
        raise Rejection("WRONG_PASSPHRASE")
    memory, passes, lanes = map(int, lock[2:5])
    salt, word = bytes.fromhex(lock[5]), unicodedata.normalize("NFC", passphrase).encode()
    key = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(word)
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), body, header)
    except InvalidTag:
        raise Rejection("WRONG_PASSPHRASE") from None


def _check_secret(secret, holds, named):
    if holds == "node":  # [KEY-20]
        fits = len(secret) % 32 == 0 and 4 <= len(secret) // 32 <= 19
    else:
        fits = len(secret) == 32
    if not fits:
        raise BadFile()
    if holds == "staff":
        made = hashlib.sha256(b"uput/v1/key" + public_of_seed(secret)).digest()
    else:
        made = Ed25519PrivateKey.from_private_bytes(secret[:32]).public_key().public_bytes_raw()
    if made != named:
        raise BadFile()
