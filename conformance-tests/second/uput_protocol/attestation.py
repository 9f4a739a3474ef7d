"""Copies of what an organisation signed of a person (ONW-1, ONW-2), as values of the label `provenance`.

Guarantees: a `Copy` holds ONW-1 and ONW-2: its form, its commitments, and that it opens facts and nothing else.
Leaves to others: whether its signature is good, which needs key records (ONW-5).
"""

import re

from . import catalogue, disclosure, envelope, protobuf
from .field import LAST_SECOND, demand, id_of
from .rejection import Rejection, malformed


class Copy:
    """Who signed, when about, and the facts that are opened: label to value."""

    def __init__(self, env, body, facts):
        self.envelope = env
        self.author = body.author
        self.key = body.key
        self.day = body.day
        self.facts = facts


def read_copy(text: str) -> Copy:
    """A copy from its hexadecimal digits (ONW-2)."""
    if len(text) > 16_384 or len(text) % 2 or re.match(r"[0-9a-f]+\Z", text) is None:
        raise Rejection("BAD_VALUE", "digits")
    message = protobuf.decode("Attestation", bytes.fromhex(text))
    if message.envelope is None:
        raise malformed("no envelope")
    env = envelope.take(message.envelope)
    env.of_type(envelope.ATTESTATION)
    env.sole_key()
    body = protobuf.decode("AttestationBody", env.body)
    _check_body(body)
    disclosure._check_some(message.slots)
    slots = disclosure.split(body.slots)
    opened = [disclosure.open_one(one, slots, body.nonce, body.author) for one in message.slots]
    return Copy(env, body, _facts(opened))


def standing(copy: Copy, records, named: bool) -> str:
    """Whose word a copy is by the records of its author that count; `named`: the trust file names it (BUN-91)."""
    record = next((one for one in records if one.id == copy.key), None)
    if record is None:
        return "unknown_signer"
    try:
        copy.envelope.verify_signature(record.signing_key)
    except Rejection:
        return "does_not_match"
    if any(one.previous == record.id and one.message.time < copy.day for one in records):  # [ONW-7]
        return "does_not_match"
    return "verified" if named else "uncompared"


def _check_body(body):
    for one, name in ((body.author, "author"), (body.key, "key"), (body.nonce, "nonce")):
        id_of(one, name)
    demand(0 < body.day <= LAST_SECOND and body.day % 86_400 == 0, "day")
    demand(len(body.slots) in (8 * 32, 16 * 32, 32 * 32, 64 * 32), "slots")


def _facts(opened):
    facts = {}
    for one in opened:
        if one.state != "field" or one.value is None or not _is_fact(one.label) or one.label in facts:
            raise Rejection("BAD_VALUE", "no fact")
        facts[one.label] = one.value
    return facts


def _is_fact(label):
    row = catalogue.row(label)
    barred = {"basis", "staff"} & row.beside
    return not barred and label not in catalogue.values_of_contact() and label != "provenance"
