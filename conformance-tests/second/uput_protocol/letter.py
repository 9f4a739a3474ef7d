"""Letters: the sealed container in which statements travel (specs/letter.md).

Guarantees: `open_letter` gives out content that is canonical, of a letter of one of three sizes, for this recipient;
`seal` gives the one letter that follows from content, key and random bytes.
Leaves to others: what the content says, and which key is the recipient's newest.
"""

from cryptography.exceptions import InvalidTag

from . import ed25519, protobuf
from .field import demand, id_of
from .protobuf import Message
from .rejection import Rejection, malformed
from .sealing import cipher, decapsulate, encapsulate, public_of_seed

# The mark of a relayed letter takes two bytes of its ciphertext. [RLY-17]
MARK = 2
# [LET-2] the letter's bytes: those of its ciphertext
SIZES = {8_192: 6_994, 32_768: 31_569, 131_072: 129_873}


def open_letter(data: bytes, recipient: bytes, seed: bytes) -> bytes:
    """The content of a letter, for the organisation that holds this one sealing key."""
    if len(data) not in SIZES:
        raise Rejection("TOO_LARGE") if len(data) > max(SIZES) else malformed("length")
    message = protobuf.decode("Letter", data)
    _check_header(message)
    if message.header.recipient != recipient:  # [LET-7]
        raise Rejection("WRONG_RECIPIENT")
    if message.header.sealing_key != ed25519.key_id(public_of_seed(seed)):
        raise Rejection("STALE_KEY")
    aead, nonce = cipher(decapsulate(seed, message.encapsulated), _info(message.header))
    try:
        padded = aead.decrypt(nonce, message.ciphertext, b"")
    except InvalidTag:
        raise Rejection("NOT_SEALED_FOR_US") from None
    return _content(padded)


def _check_header(message):
    demand(message.header is not None, "header")
    if message.header.suite != 1:  # [LET-3]
        raise malformed("suite") if message.header.suite == 0 else Rejection("NEEDS_UPGRADE")
    id_of(message.header.recipient, "recipient")
    id_of(message.header.sealing_key, "sealing key")
    demand(len(message.encapsulated) == 1120, "encapsulated key")


def _info(header):
    return b"uput/v1/letter" + protobuf.encode(header)


def _content(padded):
    demand(len(padded) >= 4, "length")
    size = int.from_bytes(padded[:4], "big")
    demand(size <= len(padded) - 4, "length")  # [LET-6]
    content = padded[4 : 4 + size]
    if any(padded[4 + size :]):
        raise Rejection("NOT_CANONICAL", "padding")
    protobuf.decode("LetterContent", content)
    return content


def is_relayed(letter: bytes) -> bool:
    """Whether the letter may go over the node of a third organisation (RLY-17)."""
    return protobuf.decode("Letter", letter).header.relayed


def seal(content: bytes, recipient: bytes, sealing_key: bytes, entropy: bytes, relayed: bool = False) -> bytes:
    """The letter in the smallest size that holds the content (LET-4, LET-5)."""
    rooms = (size - MARK if relayed else size for size in SIZES.values())
    room = next((room for room in rooms if len(content) + 20 <= room), None)
    if room is None:
        raise Rejection("TOO_LARGE")
    key = ed25519.key_id(sealing_key)
    header = Message("LetterHeader", suite=1, recipient=recipient, sealing_key=key, relayed=relayed)
    encapsulated, shared = encapsulate(sealing_key, entropy)
    aead, nonce = cipher(shared, _info(header))
    padded = len(content).to_bytes(4, "big") + content + bytes(room - 20 - len(content))
    letter = Message("Letter", header=header, encapsulated=encapsulated, ciphertext=aead.encrypt(nonce, padded, b""))
    return protobuf.encode(letter)
