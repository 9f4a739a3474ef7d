"""Trust files: whom a verifier believes (BUN-60 to BUN-66).

Guarantees: a `Trust` holds BUN-61; `digest` is the one that two people compare. A file that does not is refused as
BAD_SOURCE with the number of its line.
Leaves to others: whom to believe. That is what the file is for.
"""

import hashlib
import re
import tomllib
from datetime import datetime, timedelta

from .rejection import Rejection
from .text import is_text

FORMAT = "uput trust file 1"
_ID = re.compile(r"[0-9a-fA-F]{64}\Z")
_KEYS = {
    "": ("format", "made_by"),
    "witnesses": ("number", "independent"),
    "heads": ("nonce", "earliest"),
    "organisation": ("name", "id", "minimum_key_record"),
    "agreement": ("title", "id"),
}


class BadTrust(Rejection):
    def __init__(self, line, detail):
        super().__init__("BAD_SOURCE", f"line {line}: {detail}")
        self.line = line


class Trust:
    """Names, minimum records and agreements; what is demanded of witnesses and heads."""

    def __init__(self, table):
        self.made_by = table["made_by"]
        witnesses, heads = table.get("witnesses", {}), table.get("heads", {})
        self.witnesses = witnesses.get("number", 0)
        self.independent = witnesses.get("independent", False)
        self.nonce = bytes.fromhex(heads["nonce"]) if "nonce" in heads else None
        self.earliest = int(heads["earliest"].timestamp()) if "earliest" in heads else None
        self.organisations = {bytes.fromhex(one["id"]): one["name"] for one in table.get("organisation", [])}
        self.minimum = {
            bytes.fromhex(one["id"]): bytes.fromhex(one["minimum_key_record"]) for one in table.get("organisation", [])
        }
        self.agreements = {bytes.fromhex(one["id"]): one["title"] for one in table.get("agreement", [])}

    def nonce_of(self, trail: bytes):
        """What heads of this trail must carry (BUN-66), or None."""
        if self.nonce is None:
            return None
        return hashlib.sha256(b"uput/v1/head" + self.nonce + trail).digest()

    def digest(self) -> bytes:
        """What two people compare (BUN-65)."""
        lines = [f'format = "{FORMAT}"', 'made_by = "-"']
        lines += ["organisation = []"] * (not self.organisations) + ["agreement = []"] * (not self.agreements)
        lines += ["", "[witnesses]", f"number = {self.witnesses}", f"independent = {str(self.independent).lower()}"]
        if self.nonce is not None or self.earliest is not None:
            lines += ["", "[heads]"]
            lines += [f'nonce = "{self.nonce.hex()}"'] if self.nonce is not None else []
            lines += [f"earliest = {rfc3339(self.earliest)}"] if self.earliest is not None else []
        for one in sorted(self.minimum):
            lines += ["", "[[organisation]]", 'name = "-"', f'id = "{one.hex()}"']
            lines += [f'minimum_key_record = "{self.minimum[one].hex()}"']
        for one in sorted(self.agreements):
            lines += ["", "[[agreement]]", 'title = "-"', f'id = "{one.hex()}"']
        return hashlib.sha256("".join(line + "\n" for line in lines).encode()).digest()


def rfc3339(seconds: int) -> str:
    """A time in UTC with whole seconds, also past what a calendar library takes."""
    days, rest = divmod(seconds, 86_400)
    day = datetime(1970, 1, 1) + timedelta(days=days)
    return f"{day:%Y-%m-%d}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z".rjust(20, "0")


def read(text: str) -> Trust:
    """A trust file, or BAD_SOURCE with the line at fault."""
    if text.startswith("\ufeff"):
        raise BadTrust(1, "mark of byte order")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        match = re.search(r"at line ([0-9]+)", str(error))
        raise BadTrust(int(match[1]) if match else text.count("\n") + 1, "TOML") from None
    _check(table, _Places(text))
    return Trust(table)


class _Places:
    """Lines of tables and keys, found by reading the file as lines."""

    def __init__(self, text):
        self.lines = {}
        table, counts = ("", 0), {}
        for number, line in enumerate(text.split("\n"), 1):
            heading = re.match(r"\s*\[+\s*\"?'?([A-Za-z0-9_-]+)", line)
            key = re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line)
            if heading:
                name = heading[1]
                table = (name, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
                self.lines[table] = number
            elif key:
                self.lines.setdefault((*table, key[1]), number)

    def of(self, table, index, key=None):
        return self.lines.get((table, index, key)) or self.lines.get((table, index)) or 1


def _check(table, places):
    for name in table:
        if name not in _KEYS[""] and name not in _KEYS:
            raise BadTrust(places.lines.get(("", 0, name)) or places.of(name, 0), "unknown key")
    _check_table(table, "", 0, places, {"format": _is_format, "made_by": _is_name})
    _check_one(table, "witnesses", places, {"number": _is_count, "independent": _is_bool}, {})
    _check_one(table, "heads", places, {}, {"nonce": _is_nonce, "earliest": _is_time})
    _check_list(table, "organisation", "name", places)
    _check_list(table, "agreement", "title", places)


def _check_one(table, name, places, required, optional):
    if name in table:
        if not isinstance(table[name], dict):
            raise BadTrust(places.of("", 0, name), "a table")
        _check_table(table[name], name, 0, places, required, optional)


def _check_table(table, name, index, places, required, optional=None):
    optional = optional or {}
    for key, value in table.items():
        test = required.get(key) or optional.get(key)
        if test is None:
            if name == "":
                continue
            raise BadTrust(places.of(name, index, key), "unknown key")
        if not test(value):
            raise BadTrust(places.of(name, index, key), key)
    for key in required:
        if key not in table:
            raise BadTrust(places.of(name, index), f"{key} is missing")


def _check_list(table, name, title, places):
    if name not in table:
        raise BadTrust(1, f"{name} is missing")
    entries = table[name]
    if not isinstance(entries, list) or len(entries) > 4096 or not all(isinstance(one, dict) for one in entries):
        raise BadTrust(places.of(name, 0), "a list of tables")
    tests = {title: _is_name, "id": _is_id}
    if name == "organisation":
        tests["minimum_key_record"] = _is_id
    ids, names = set(), set()
    for index, one in enumerate(entries):
        _check_table(one, name, index, places, tests)
        if one["id"].lower() in ids:
            raise BadTrust(places.of(name, index, "id"), "twice")
        if name == "organisation" and one[title] in names:
            raise BadTrust(places.of(name, index, title), "twice")
        ids.add(one["id"].lower())
        names.add(one[title])


def _is_format(value):
    return value == FORMAT


def _is_name(value):
    return isinstance(value, str) and is_text(value, 200)


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFFFFFF


def _is_bool(value):
    return isinstance(value, bool)


def _is_id(value):
    return isinstance(value, str) and _ID.match(value) is not None and value != "0" * 64


def _is_nonce(value):
    return _is_id(value)


def _is_time(value):
    if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() != timedelta(0):
        return False
    return value.microsecond == 0 and value.year <= 9999 and value.timestamp() > 0
