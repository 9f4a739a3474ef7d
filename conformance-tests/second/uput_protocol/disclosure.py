"""Slots, and what opens them (specs/disclosure.md, sections 3 and 4).

Guarantees: what `open_slots` returns matches the commitments of the event, slot by slot.
Leaves to others: whether what was opened may stand there (permit.py).
"""

import hashlib
import hmac
from collections import namedtuple

from . import value as values
from .field import demand, id_of
from .rejection import Rejection

# state: `empty`, `foreign` or `field`; value: None where it stays closed
Opened = namedtuple("Opened", "index state label value")


def h(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def slot_key(secret: bytes, index: int) -> bytes:
    """s_i or t_i (DIS-4)."""
    return h(secret, _u16(index))


def value_commitment(key, nonce, author, index, label, value) -> bytes:
    """v (DIS-5)."""
    return h(key, b"uput/v1/value" + nonce + author + _u16(index) + _sized(label) + _sized(value))


def slot_commitment(key, nonce, author, index, label, committed) -> bytes:
    """c, which stands in the event (DIS-5)."""
    return h(key, b"uput/v1/slot" + nonce + author + _u16(index) + _sized(label) + committed)


def _u16(index):
    if index > 0xFFFF:
        raise Rejection("BAD_DISCLOSURE", "index")
    return index.to_bytes(2, "big")


def _sized(text):
    data = text.encode("utf-8")
    return len(data).to_bytes(4, "big") + data


def check_form(message) -> None:
    """What is MALFORMED in a disclosure, whatever its event says (DIS-10)."""
    id_of(message.event, "event")
    if message.form == "whole":
        demand(len(message.whole.label_secret) == 32 and len(message.whole.value_secret) == 32, "secret")
        demand(message.whole.fields, "no entry")
    elif message.form == "some":
        _check_some(message.some.slots)
    else:
        demand(False, "no form")


def _check_some(slots):
    demand(slots, "no entry")
    demand(all(a.index < b.index for a, b in zip(slots, slots[1:])), "order")
    for one in slots:
        demand(len(one.label_key) == 32, "label key")
        demand(one.content is not None, "no content")
        if one.content == "opened":
            demand(len(one.opened.value_key) == 32, "value key")
        else:
            demand(len(one.value_commitment) == 32, "commitment")


def opens_values(message) -> bool:
    """Whether it opens anything but labels and padding, whatever that is (RET-30)."""
    if message.form == "whole":
        return any(one.label or one.value for one in message.whole.fields)
    if message.form == "some":
        return any(one.content == "opened" and (one.label or one.opened.value) for one in message.some.slots)
    return False


def open_slots(message, slots: list, nonce: bytes, author: bytes) -> list:
    """What a disclosure opens of these commitments, ascending by slot (DIS-10)."""
    check_form(message)
    if len(slots) not in (0, 8, 16, 32, 64):
        raise Rejection("BAD_DISCLOSURE", "number of slots")
    opened = _open_whole(message.whole, slots, nonce, author) if message.form == "whole" else [
        open_one(one, slots, nonce, author) for one in message.some.slots
    ]
    labels = [one.label for one in opened if one.state == "field"]
    if len(labels) != len(set(labels)):
        raise Rejection("BAD_DISCLOSURE", "one label twice")
    return opened


def _open_whole(whole, slots, nonce, author):
    if len(whole.fields) != len(slots):
        raise Rejection("BAD_DISCLOSURE", "entries")
    opened = []
    for index, field in enumerate(whole.fields):
        key = slot_key(whole.value_secret, index)
        committed = value_commitment(key, nonce, author, index, field.label, field.value)
        c = slot_commitment(slot_key(whole.label_secret, index), nonce, author, index, field.label, committed)
        if c != slots[index]:
            raise Rejection("BAD_DISCLOSURE", "commitment")
        opened.append(_judge(index, field.label, field.value))
    return opened


def open_one(one, slots, nonce, author) -> Opened:
    """One opened slot, with its value or without."""
    if one.index >= len(slots):
        raise Rejection("BAD_DISCLOSURE", "index")
    value = one.opened.value if one.content == "opened" else None
    committed = one.value_commitment
    if value is not None:
        committed = value_commitment(one.opened.value_key, nonce, author, one.index, one.label, value)
    if slot_commitment(one.label_key, nonce, author, one.index, one.label, committed) != slots[one.index]:
        raise Rejection("BAD_DISCLOSURE", "commitment")
    return _judge(one.index, one.label, value)


def _judge(index, label, value):
    if label == "":
        return Opened(index, "foreign" if value else "empty", "", None)
    try:
        values.check(label, value if value is not None else "")
    except Rejection as rejection:
        if rejection.code == "UNKNOWN_LABEL" or value is not None:
            return Opened(index, "foreign", label, None)
    return Opened(index, "field", label, value)


def split(slots: bytes) -> list:
    """The commitments of an event, one by one."""
    return [slots[at : at + 32] for at in range(0, len(slots), 32)]
