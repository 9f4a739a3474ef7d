"""Compiles the TOML source of an agreement to its document (AGR-1, AGR-2).

Guarantees: the same source with the same OrgIds gives the same message. What the document must hold, agreement.py asks.
Leaves to others: places of errors; whoever writes a source uses a program that names line and column.
"""

import hashlib
import re
import tomllib
from functools import lru_cache

from .protobuf import Message
from .rejection import Rejection
from .schema import CODES

_UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def invented(name: str) -> bytes:
    """The OrgId of an organisation in the vectors: SHA-256 of its name."""
    return hashlib.sha256(name.encode()).digest()


@lru_cache(maxsize=64)
def _table(text):
    return tomllib.loads(text)


def compile_source(text: str) -> Message:
    table = _table(text)
    message = Message("Agreement", title=table["title"], version=table["version"], grain=table["grain"])
    message.previous = bytes.fromhex(table.get("previous", ""))
    message.gives_up = sorted(bytes.fromhex(one) for one in table.get("gives_up", []))
    message.valid_from, message.valid_until = (int(table[one].timestamp()) for one in ("valid_from", "valid_until"))
    message.demonstration = table.get("demonstration", False)
    message.parties = _sorted(map(_party, table["party"].values()), "organisation")
    message.profiles = _sorted((_profile(name, one) for name, one in table["profile"].items()), "name")
    message.rules = _sorted(map(_rule, table["rule"]), "number")
    message.articles = _sorted((Message("Article", **one) for one in table.get("article", [])), "number")
    message.timers = sorted(map(_timer, table.get("timer", [])), key=lambda one: (one.act, one.kind))
    message.decisions = _sorted(map(_decision, table.get("decision", [])), "type")
    message.escalation = _sorted(map(_step, table.get("escalation", [])), "after")
    retention = table["retention"]
    spans = {key: span(retention[key]) for key in ("values", "evidence")}
    message.retention = Message("Retention", **spans, **_origin(retention))
    if "witnesses" in table:
        message.witnesses = Message("WitnessRule", **table["witnesses"])
    message.auditors = _sorted(map(_auditor, table.get("auditor", {}).values()), "organisation")
    message.amendment = Message("Amendment", **table["amendment"])
    return message


def span(text: str) -> int:
    if not re.match(r"(0|[1-9][0-9]*) (d|h|min|s)( ([1-9][0-9]*) (d|h|min|s))*\Z", text):
        raise Rejection("BAD_SOURCE", "span")
    words = text.split(" ")
    return sum(int(number) * _UNITS[unit] for number, unit in zip(words[::2], words[1::2]))


def _sorted(messages, name):
    return sorted(messages, key=lambda one: getattr(one, name))


def _number(enumeration, one):
    return CODES[enumeration].index(one) + 1


def _numbers(enumeration, words):
    return sorted(_number(enumeration, one) for one in words)


def _organisation(text):
    return invented(text[5:]) if text.startswith("peer:") else bytes.fromhex(text)


def _party(one):
    return Message(
        "Party",
        organisation=_organisation(one["organisation"]),
        name=one["name"],
        roles=sorted(one.get("roles", [])),
        services=_numbers("ServiceType", one.get("services", [])),
        suspended=one.get("suspended", False),
    )


def _profile(name, one):
    lists = {key: sorted(one.get(key, [])) for key in ("enquiry", "need", "identity", "ticked", "reply")}
    return Message("Profile", name=name, staff_only=one.get("staff_only", False), **lists)


def _rule(one):
    return Message(
        "Rule",
        number=one["number"],
        act=_number("Act", one["act"]),
        sender=one["sender"],
        receiver=_number("ServiceType", one["receiver"]),
        profile=one["profile"],
        bases=_numbers("LegalBasis", one.get("bases", [])),
        collapsed=one.get("collapsed", False),
        **_origin(one),
    )


def _origin(one):
    """Where a clause was taken from (AGR-62)."""
    return {"source": one.get("source", ""), "unverified": one.get("unverified", False)}


def _timer(one):
    act, kind = _number("Act", one["act"]), _number("TimerKind", one["step"])
    return Message("Timer", act=act, kind=kind, seconds=span(one["within"]), **_origin(one))


def _decision(one):
    issuers = _numbers("ServiceType", one["issuers"])
    return Message("DecisionRule", type=_number("DecisionType", one["type"]), issuers=issuers, **_origin(one))


def _step(one):
    service = _number("ServiceType", one["service"])
    step = Message("EscalationStep", service_type=service, after=span(one["after"]), **_origin(one))
    step.acts, step.timers = _numbers("Act", one.get("acts", [])), _numbers("TimerKind", one.get("timers", []))
    return step


def _auditor(one):
    organisation = _organisation(one["organisation"])
    return Message("Auditor", organisation=organisation, name=one["name"], labels=one.get("labels", False))
