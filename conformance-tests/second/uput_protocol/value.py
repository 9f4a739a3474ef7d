"""Whether a value fits the type of its label (DIS-7, DIS-9).

Guarantees: every type of the catalogue is judged as specs/disclosure.md, section 2, says, over the text as received.
Leaves to others: whether the label may stand where it stands.
"""

import re
import unicodedata
from datetime import date, datetime, timezone
from functools import lru_cache

from . import catalogue
from .rejection import Rejection
from .schema import CODES
from .text import is_letter_or_digit, is_mark, is_text
from .vector import specs

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_MINUTE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9])Z\Z")
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_SIGNS = " -/.:()"
_HOURS = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])/((?:[01][0-9]|2[0-3]):[0-5][0-9])\Z")
_TASK = re.compile(r"(0|[1-9][0-9]*) ([a-z_]+) ([a-z_]+) ([0-9-]+)\Z")
_MUNICIPALITY = re.compile(r"([A-Z]{2})-[0-9A-Z]{1,8}\Z")
_WHAT = frozenset(
    "accompany assess_risk benefits contact_safely counselling court_motion documents health_care housing legal_aid "
    "monitor placement police_measure report_back safety_plan school".split()
)


def check(label: str, value: str) -> None:
    """UNKNOWN_LABEL or BAD_VALUE, if the label is not there or the value does not fit it."""
    row = catalogue.row(label)
    if row is None:
        raise Rejection("UNKNOWN_LABEL", label)
    kind, _, rest = row.type.partition(" ")
    if not _TYPES[kind](value, rest):
        raise Rejection("BAD_VALUE", label)


def ends(value: str) -> tuple:
    """The last second of a minute, or of a last day: (at least, at most), which differ where no clock is named (BAS-46)."""
    if "T" in value:
        return (minute_start(value) + 59,) * 2
    midnight, offset = day_start(value[:10]) + 86_400, value[10:]
    if not offset:
        return midnight - 14 * 3600 - 1, midnight + 12 * 3600 - 1
    return (midnight - _offset(offset) - 1,) * 2


def _offset(text):
    match = _OFFSET.match(text)
    if not match:
        return None
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    if match[1] == "-":
        return -seconds if 0 < seconds <= 12 * 3600 else None
    return seconds if seconds <= 14 * 3600 else None


def _is_last_day(value, _=""):
    offset = value[10:]
    return _is_date(value[:10]) and (not offset or _offset(offset) is not None)


def day_start(value: str) -> int:
    day = date.fromisoformat(value)
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


def minute_start(value: str) -> int:
    return int(datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc).timestamp())


def _is_code(value, codes):
    return value in codes.split("|")


def _are_codes(value, codes):
    return _ascend(value) and all(word in codes.split("|") for word in value.split(" "))


def _ascend(value):
    words = [word.encode("utf-8") for word in value.split(" ")]
    return all(a < b for a, b in zip(words, words[1:]))


def _is_integer(value, bounds):
    low, high = bounds.split("..")
    return re.match(r"(0|[1-9][0-9]{0,9})\Z", value) is not None and int(low) <= int(value) <= int(high)


def _is_date(value, _=""):
    match = _DATE.match(value)
    if not match or not 1900 <= int(match[1]) <= 2199:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _is_minute(value, _=""):
    match = _MINUTE.match(value)
    return match is not None and _is_date(match[1])


def _is_window(value, _):
    parts = value.split("/")
    return len(parts) == 2 and all(_is_minute(part) for part in parts) and parts[0] < parts[1]


def _are_hours(value, _):
    match = _HOURS.match(value)
    return match is not None and match[1] != match[2]


def _is_of(value, longest, others):
    if not is_text(value, longest):
        return False
    if not all(is_letter_or_digit(char) or is_mark(char) or char in others for char in value):
        return False
    return any(is_letter_or_digit(char) for char in value)


def _is_name(value, _=""):
    return _is_of(value, 100, " -'’.")


def _are_names(value, _):
    names = value.split("; ")
    return len(names) <= 10 and all(_is_name(name) for name in names)


def _is_text_of(value, longest):
    return is_text(value, int(longest))


def _is_telephone(value, _):
    return re.match(r"\+[1-9][0-9]{6,14}\Z", value) is not None


@lru_cache(maxsize=8)
def _list(name):
    lines = (specs() / "code-lists" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _is_language(value, _):
    parts = value.split("-")
    if parts.pop(0) not in _list("languages"):
        return False
    if parts and parts[0] in _list("scripts"):
        parts.pop(0)
    if parts and parts[0] in _list("regions"):
        parts.pop(0)
    return not parts


def _is_region(value, _):
    return value in _list("regions")


def _is_municipality(value, _=""):
    match = _MUNICIPALITY.match(value)
    return match is not None and match[1] in _list("regions")


def _are_municipalities(value, _):
    parts = value.split(" ")
    return len(parts) <= 10 and all(_is_municipality(part) for part in parts) and _ascend(value)


def _is_reference(value, _):
    if not _is_of(value, 64, _SIGNS) or not any(_is_number(char) for char in value):
        return False
    letters = "".join(" " if _is_number(char) or char in _SIGNS else char for char in value if not is_mark(char))
    words = [len(word) for word in letters.split(" ")]
    return max(words) <= 12 and sum(words) <= 24  # [NST-14]


def _is_number(char):
    return unicodedata.category(char)[0] == "N"


def _is_pseudonym(value, _):
    return re.match(r"[a-z0-9-]{1,32}\Z", value) is not None


def _is_digest(value, _):
    return re.match(r"[0-9a-f]{64}\Z", value) is not None


def _are_labels(value, _):
    return _ascend(value) and all(catalogue.row(word) is not None for word in value.split(" "))


def _are_tasks(value, _):
    tasks = value.split("; ")
    if len(tasks) > 16:
        return False
    for number, task in enumerate(tasks, 1):
        match = _TASK.match(task)
        if not match or match[1] != str(number) or match[2] not in _WHAT or not _is_date(match[4]):
            return False
        if match[3] != "herself" and match[3] not in CODES["ServiceType"]:
            return False
    return True


def _is_attestation(value, _):
    from .attestation import read_copy  # it needs the types of its own facts

    try:
        read_copy(value)
    except Rejection:
        return False
    return True


_TYPES = {
    "code": _is_code,
    "codes": _are_codes,
    "integer": _is_integer,
    "date": _is_date,
    "last_day": _is_last_day,
    "date_time": _is_minute,
    "window": _is_window,
    "hours": _are_hours,
    "name": _is_name,
    "names": _are_names,
    "text": _is_text_of,
    "telephone": _is_telephone,
    "language": _is_language,
    "municipality": _is_municipality,
    "municipalities": _are_municipalities,
    "region": _is_region,
    "reference": _is_reference,
    "pseudonym": _is_pseudonym,
    "digest": _is_digest,
    "attestation": _is_attestation,
    "labels": _are_labels,
    "tasks": _are_tasks,
}
