"""Bounds that several messages share: IDs, claimed times, 32 random bytes (EVT-2).

Guarantees: what passes is within the bound; what does not is MALFORMED.
"""

from .rejection import malformed

LAST_SECOND = 253_402_300_799


def id_of(value: bytes, name: str) -> bytes:
    """32 bytes that are not all zero."""
    if len(value) != 32 or not any(value):
        raise malformed(name)
    return value


def id_or_none(value: bytes, name: str):
    """An ID, or no bytes for none."""
    return id_of(value, name) if value else None


def time_of(value: int, name: str) -> int:
    """A claimed time that is there."""
    if not 0 < value <= LAST_SECOND:
        raise malformed(name)
    return value


def time_or_none(value: int, name: str) -> int:
    """A claimed time, or 0 for none."""
    return time_of(value, name) if value else 0


def demand(condition: bool, name: str) -> None:
    if not condition:
        raise malformed(name)
