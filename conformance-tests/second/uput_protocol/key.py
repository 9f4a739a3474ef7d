"""Key records, the chains that they form, and safety numbers (specs/identity.md).

Guarantees: a `KeyRecord` holds KEY-5 to KEY-11; a `Chain` holds only records whose signatures and place were checked
(KEY-12 to KEY-14, KEY-16). Proof of possession is part of that: nobody's key stands in a chain without its signature.
Leaves to others: which chain is believed (trust.py), and when a record counted.
"""

import hashlib
import ipaddress
import re
from functools import lru_cache

from . import ed25519, envelope, protobuf
from .field import LAST_SECOND, demand, id_of
from .rejection import Rejection, malformed

LONGEST_CHAIN = 4096
LAST_TICK = 422_337_167
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")


class KeyRecord:
    """What an organisation says its keys are now."""

    def __init__(self, message, env):
        self.message = message
        self.envelope = env
        self.id = env.id
        self.number = message.number
        self.organisation = message.organisation or env.id
        self.previous = message.previous
        self.organisation_key = message.organisation_key
        self.signing_key = message.signing_key
        self.tls_key = message.tls_key
        self.witnesses = message.witnesses
        self.recovery = message.recovery
        self.recovered = False
        self.disowned = message.disowned


def read_record(env) -> KeyRecord:
    """A key record whose form holds; its signatures are not looked at yet."""
    env.of_type(envelope.KEY_RECORD)
    message = protobuf.decode("KeyRecord", env.body)
    if message.suite != 1:  # [KEY-5]
        raise malformed("suite") if message.suite == 0 else Rejection("NEEDS_UPGRADE", "suite")
    if message.number == 0:  # [KEY-6]
        demand(not message.organisation and not message.previous, "first record")
    else:
        id_of(message.organisation, "organisation")
        id_of(message.previous, "previous")
    _check_keys(message)
    _check_organisations(message)
    _check_times(message)
    _check_endpoints(message.endpoints)
    return KeyRecord(message, env)


def _check_keys(message):
    keys = (message.organisation_key, message.signing_key, message.tls_key)
    for key in keys:
        ed25519.admit(key)
    demand(len(set(keys)) == 3, "three different keys")  # [KEY-7]
    if message.door_key:  # [KEY-40] It signs nothing here.
        ed25519.admit(message.door_key)
        demand(message.door_key not in keys, "one key, one use")
    sealing = message.sealing_keys
    demand(1 <= len(sealing) <= 4 and len(set(sealing)) == len(sealing), "sealing keys")  # [KEY-8]
    for key in sealing:
        admit_sealing_key(key)


@lru_cache(maxsize=4096)
def _coefficients_hold(key):
    for at in range(0, 1152, 3):
        three = int.from_bytes(key[at : at + 3], "little")
        if three & 0xFFF >= 3329 or three >> 12 >= 3329:
            return False
    return True


def admit_sealing_key(key: bytes) -> None:
    """An X-Wing public key (KEY-4)."""
    demand(len(key) == 1216, "sealing key")
    if not _coefficients_hold(bytes(key)):
        raise Rejection("WEAK_KEY", "sealing key")


def _check_organisations(message):
    if message.number == 0:  # [KEY-9] a first record has none
        demand(not message.witnesses, "first record")
    if message.disowned is not None:
        demand(message.number > 0, "first record")  # [KEY-31]
        id_of(message.disowned.key, "disowned")
        demand(len(message.disowned.root) == (32 if message.disowned.size else 0), "root")
    _check_set(message.witnesses, message.organisation)
    if message.recovery is not None:
        _check_recovery(message)


def _check_recovery(message):
    keys = message.recovery.keys  # [KEY-26]
    for key in keys:
        ed25519.admit(key)
    demand(len(keys) <= 16 and all(a < b for a, b in zip(keys, keys[1:])), "recovery keys")
    demand(1 <= message.recovery.threshold <= len(keys), "threshold")
    own = {message.organisation_key, message.signing_key, message.tls_key, message.door_key}
    demand(not own & set(keys), "one key, one use")


def _check_set(organisations, own):
    demand(len(organisations) <= 16, "too many")
    for one in organisations:
        id_of(one, "organisation")
    demand(all(a < b for a, b in zip(organisations, organisations[1:])), "order")
    demand(own not in organisations, "itself")


def _check_times(message):
    for time in (message.time, message.end):  # [KEY-10]
        demand(0 < time <= LAST_SECOND and time % 60 == 0, "time")
    demand(message.end > message.time, "end")
    demand(message.log_base_tick <= LAST_TICK, "tick")


def _check_endpoints(endpoints):
    demand(len(endpoints) <= 4 and len(set(endpoints)) == len(endpoints), "endpoints")  # [KEY-11]
    for one in endpoints:
        check_endpoint(one)


def check_endpoint(text: str) -> None:
    demand(len(text.encode("utf-8")) <= 255 and ":" in text, "endpoint")
    host, port = text.rsplit(":", 1)
    demand(_PORT.match(port) is not None and int(port) <= 65535, "port")
    if host.startswith("[") and host.endswith("]"):
        demand(_is_shortest_v6(host[1:-1]), "IPv6 address")
    else:
        demand(all(_LABEL.match(label) for label in host.split(".")), "host")


def _is_shortest_v6(text):
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text and text in _shortest_v6(address)


def _shortest_v6(address):
    shortest = {str(address)}
    mapped = address.ipv4_mapped
    if mapped is not None:  # RFC 5952, section 5: known prefixes are written with the dotted form
        shortest = {f"::ffff:{mapped}"}
    return shortest


class Chain:
    """The records of one organisation: the first, what follows it, and second successors (forks)."""

    def __init__(self):
        self.main = []
        self.branches = []
        self.by_id = {}
        self.branch_of = {}

    @property
    def organisation(self):
        return self.main[0].id

    @property
    def newest(self):
        return self.main[-1]

    @property
    def forked(self):
        return bool(self.rivals)

    @property
    def rivals(self):
        """Second successors that may count as well: no recovery set has decided (KEY-28)."""
        return [one for one in self.branches if one.recovered or not self.main[one.number].recovered]

    def attach(self, record: KeyRecord) -> str:
        """Takes one record in: `new`, `known` or `fork`; else a rejection (KEY-13)."""
        if record.id in self.by_id:
            return "known"
        if not self.main:
            return self._begin(record)
        before = self.by_id.get(record.previous)
        if record.number == 0 or record.organisation != self.organisation:
            raise Rejection("BROKEN_CHAIN", "another organisation's")
        if before is None:
            beyond = record.number > self.newest.number + 1
            raise Rejection("MISSING_PREDECESSOR" if beyond else "BROKEN_CHAIN", "previous")
        if record.number != before.number + 1:
            raise Rejection("BROKEN_CHAIN", "number")
        return self._follow(before, record)

    def _begin(self, record):
        if record.number != 0:
            raise Rejection("BROKEN_CHAIN", "no first record")
        check_signatures(record, None)
        self.main.append(record)
        self.by_id[record.id] = record
        return "new"

    def _follow(self, before, record):
        if before is not self.newest and before not in self.main:
            raise Rejection("BROKEN_CHAIN", "a successor of the other branch")  # [KEY-16]
        if len(self.by_id) >= LONGEST_CHAIN:  # [KEY-14]
            raise Rejection("TOO_LARGE", "chain")
        self._check_disowned(before, record)
        record.recovered = check_signatures(record, before)
        self.by_id[record.id] = record
        if before is self.newest:
            self.main.append(record)
            return "new"
        if record.recovered and not self.main[record.number].recovered:
            self._take_over(record)  # [KEY-28]
            return "new"
        self.branches.append(record)
        return "fork"


    def _check_disowned(self, before, record):
        """KEY-32: of an earlier record, never named again, and with whatever lay beside it."""
        earlier = self.main[: record.number]
        stolen = {one.disowned.key for one in [*earlier, record] if one.disowned is not None}
        named = [record.organisation_key, record.signing_key, record.tls_key]
        named += record.recovery.keys if record.recovery is not None else []
        named += [record.message.door_key] if record.message.door_key else []
        if stolen & {ed25519.key_id(key) for key in named}:
            raise Rejection("WRONG_SIGNERS", "a key that is disowned")
        if record.disowned is None:
            return
        if all(ed25519.key_id(one.signing_key) != record.disowned.key for one in earlier):
            raise Rejection("WRONG_SIGNERS", "no key of an earlier record")
        if ed25519.key_id(before.signing_key) == record.disowned.key:
            kept = set(before.message.sealing_keys) & set(record.message.sealing_keys)
            if before.tls_key == record.tls_key or kept:
                raise Rejection("WRONG_SIGNERS", "a key that lay beside it stays")

    def disowning(self, key):
        """The first record that disowns a signing key, or None (KEY-31)."""
        name = ed25519.key_id(key)
        found = [one for one in self.main + self.rivals if one.disowned is not None and one.disowned.key == name]
        return min(found, key=lambda one: (one.number, one.id), default=None)

    def _take_over(self, record):
        other, *gone = self.main[record.number :]
        gone += [one for one in self.branches if one.number > record.number]
        for one in gone:
            del self.by_id[one.id]
        self.branches = [one for one in self.branches if one.number <= record.number] + [other]
        self.main[record.number :] = [record]


def check_signatures(record: KeyRecord, before) -> bool:
    """A valid signature by each key that must sign, and no other (KEY-12). True: by the recovery set (KEY-27)."""
    keys = [record.organisation_key, record.signing_key, record.tls_key]
    given = dict(record.envelope.signatures)
    helpers = None
    if before is not None and before.organisation_key != record.organisation_key:
        helpers = _helpers(keys, before, given)
        keys += [before.organisation_key] if helpers is None else helpers
    wanted = {ed25519.key_id(key): key for key in keys}
    if set(wanted) != set(given) or len(wanted) != len(keys):
        raise Rejection("WRONG_SIGNERS", "key record")
    for one, key in wanted.items():
        if not ed25519.holds(key, given[one], record.envelope.signed):
            raise Rejection("BAD_SIGNATURE", "key record")
    return helpers is not None


def _helpers(own, before, given):
    """The recovery keys of the record before that signed, if they are enough and stand in for the organisation key."""
    if before.recovery is None or ed25519.key_id(before.organisation_key) in given:
        return None
    helpers = [key for key in before.recovery.keys if key not in own and ed25519.key_id(key) in given]
    return helpers if len(helpers) >= before.recovery.threshold else None


_PIN_PREFIX = bytes.fromhex("302a300506032b6570032100")


def tls_pin(key: bytes) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo of a TLS key (KEY-15)."""
    return hashlib.sha256(_PIN_PREFIX + key).digest()


@lru_cache(maxsize=1024)
def half_digits(organisation: bytes) -> str:
    """The thirty digits of one organisation (KEY-18)."""
    digest = hashlib.sha512(b"uput/v1/safety-number" + organisation).digest()
    for _ in range(16383):
        digest = hashlib.sha512(digest + organisation).digest()
    groups = (int.from_bytes(digest[at : at + 5], "big") % 100_000 for at in range(0, 30, 5))
    return "".join(f"{group:05}" for group in groups)


def safety_number(a: bytes, b: bytes) -> str:
    """Sixty digits in twelve groups of five (KEY-17)."""
    digits = "".join(sorted((half_digits(a), half_digits(b))))
    return " ".join(digits[at : at + 5] for at in range(0, 60, 5))
