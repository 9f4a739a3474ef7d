"""What text is (DIS-8), and which characters are letters, digits and marks.

Guarantees: text is judged as it stands and never repaired. Python's own Unicode, 14.0 or later, is asked for categories
and composition; what it does not know is in alphabetic.txt.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path

_BANNED = {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200E, 0x200F, 0x3164, 0xFEFF, 0xFFA0}
_BANNED_RANGES = ((0x2028, 0x202E), (0x2060, 0x206F), (0xFDD0, 0xFDEF), (0xFFF0, 0xFFFF), (0xE000, 0xF8FF))
_WHITE = {0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x09, 0x0E), *range(0x2000, 0x200B)}


def is_text(value: str, longest: int) -> bool:
    """Text of 1 to `longest` characters."""
    if not 1 <= len(value) <= longest or not unicodedata.is_normalized("NFC", value):
        return False
    if value[0] == " " or value[-1] == " " or "  " in value:
        return False
    return all(_may_stand(ord(char)) for char in value)


def _may_stand(point):
    if point < 0x7F:
        return point >= 0x20
    if point in _BANNED or point in _WHITE or point & 0xFFFE == 0xFFFE or point >= 0xE0000:
        return False
    if any(first <= point <= last for first, last in _BANNED_RANGES):
        return False
    return unicodedata.category(chr(point)) != "Cc"


def is_letter_or_digit(char: str) -> bool:
    """Alphabetic, or a number."""
    return unicodedata.category(char)[0] in "LN" or _is_other_alphabetic(ord(char))


def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _is_other_alphabetic(point):
    return any(first <= point <= last for first, last in _other_alphabetic())


@lru_cache(maxsize=1)
def _other_alphabetic():
    lines = (Path(__file__).parent / "alphabetic.txt").read_text(encoding="ascii").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    return [tuple(int(end, 16) for end in word.split("-")) for word in words]
