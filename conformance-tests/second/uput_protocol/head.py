"""Heads, challenges and countersignatures: one party's word on where a trail stands for it, the question for it, and a
witness's word on that (BUN-10, BUN-13, BUN-109).

Guarantees: the form. Leaves to others: who signed, and what a head shows (verdict.py).
"""

from . import protobuf
from .field import demand, id_of, id_or_none, time_of


class Head:
    """A head whose form holds."""

    def __init__(self, message, env_id):
        self.id = env_id
        for name in ("trail", "author", "key", "incarnation", "own_count", "seen_count", "peer_key", "time", "closes"):
            setattr(self, name, getattr(message, name))
        self.own_last = message.own_last or None
        self.seen_last = message.seen_last or None
        self.nonce = message.nonce or None
        self.settled = message.settled or None


def read_head(body: bytes, env_id: bytes) -> Head:
    message = protobuf.decode("Head", body)
    for name in ("trail", "author", "key", "peer_key"):
        id_of(getattr(message, name), name)
    for count, last in (("own_count", "own_last"), ("seen_count", "seen_last")):
        id_or_none(getattr(message, last), last)
        demand((getattr(message, count) == 0) == (not getattr(message, last)), count)
    time_of(message.time, "time")
    id_or_none(message.nonce, "nonce")
    id_or_none(message.settled, "settled")
    return Head(message, env_id)


def read_challenge(body: bytes):
    message = protobuf.decode("Challenge", body)
    for name in ("trail", "to", "nonce"):
        id_of(getattr(message, name), name)
    time_of(message.time, "time")
    return message


def read_countersignature(body: bytes):
    message = protobuf.decode("Countersignature", body)
    for name in ("challenge", "to", "witness", "key"):
        id_of(getattr(message, name), name)
    for name in ("put", "until"):
        time_of(getattr(message, name), name)
    id_or_none(message.head, "head")
    demand(message.put <= message.until, "until")
    return message
