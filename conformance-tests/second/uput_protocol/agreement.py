"""Agreements: what the document must hold (specs/agreement.md, sections 2 and 3).

Guarantees: an `Agreement` holds AGR-3 to AGR-19 and AGR-30 by its form.
Leaves to others: who signed (`check_signed` takes the chains), and what it permits (permit.py).
"""

import re

from . import catalogue, ed25519, protobuf
from .acts import ACTS
from .basis import can_collapse
from .field import demand, id_of, time_of
from .rejection import Rejection
from .schema import known, word
from .text import is_text

LONGEST_SPAN = 6_324_480_000
_MISSED = frozenset({"deliver", "acknowledge", "answer", "contact", "decision"})
_WORD = re.compile(r"[a-z0-9_]{1,40}\Z")


class Party:
    def __init__(self, message):
        self.organisation = message.organisation
        self.name = message.name
        self.roles = frozenset(message.roles)
        self.services = frozenset(word("ServiceType", one) for one in message.services)
        self.suspended = message.suspended


class Rule:
    def __init__(self, message):
        self.number = message.number
        self.act = word("Act", message.act)
        self.sender = message.sender
        self.receiver = word("ServiceType", message.receiver)
        self.profile = message.profile
        self.bases = frozenset(word("LegalBasis", one) for one in message.bases)
        self.collapsed = message.collapsed


class Profile:
    def __init__(self, message):
        for name in ("enquiry", "need", "identity", "ticked", "reply"):
            setattr(self, name, frozenset(getattr(message, name)))


class Agreement:
    """A document that holds together, by its nouns."""

    def __init__(self, message, env_id):
        self.message = message
        self.id = env_id
        for name in ("title", "version", "valid_from", "valid_until", "grain", "demonstration"):
            setattr(self, name, getattr(message, name))
        self.previous = message.previous or None
        self.gives_up = frozenset(message.gives_up)
        self.parties = {one.organisation: Party(one) for one in message.parties}
        self.profiles = {one.name: Profile(one) for one in message.profiles}
        self.rules = {one.number: Rule(one) for one in message.rules}
        self.articles = {one.number: one for one in message.articles}
        self.timers = {(word("Act", t.act), word("TimerKind", t.kind)): t.seconds for t in message.timers}
        self.issuers = {
            word("DecisionType", one.type): frozenset(word("ServiceType", s) for s in one.issuers)
            for one in message.decisions
        }
        self.witnesses = message.witnesses.number if message.witnesses is not None else 0
        self.threshold = message.amendment.threshold

    @property
    def binds(self) -> list:
        """The parties that sign, and are bound (AGR-25)."""
        return [one.organisation for one in self.parties.values() if not one.suspended]

    def may_decide(self, organisation: bytes, decision: str) -> bool:
        """Whether a party may make a decision of this type (AGR-24)."""
        party = self.parties.get(organisation)
        if party is None or party.suspended:  # [AGR-30]
            return False
        return bool(party.services & self.issuers.get(decision, frozenset()))

    def amends(self, before: "Agreement") -> bool:
        """AGR-16."""
        stay = [one for one in self.binds if one in before.binds]
        return self.version == before.version + 1 and self.previous == before.id and len(stay) >= before.threshold


def read(body: bytes, env_id: bytes) -> Agreement:
    if len(body) > 65_536:  # [AGR-3]
        raise Rejection("TOO_LARGE", "agreement")
    message = protobuf.decode("Agreement", body)
    _check_head(message)
    _check_parties(message)
    for profile in message.profiles:
        _check_profile(profile)
    _ascending([one.name.encode() for one in message.profiles])
    _check_articles(message)
    _check_rules(message)
    _check_spans(message)
    _check_decisions(message.decisions)
    _check_rest(message)
    return Agreement(message, env_id)


def _ascending(names):
    demand(len(names) <= 256, "too many")
    demand(all(a < b for a, b in zip(names, names[1:])), "order")


def _codes(enumeration, numbers):
    demand(all(known(enumeration, one) for one in numbers), enumeration)
    _ascending(list(numbers))


def _check_head(message):
    demand(is_text(message.title, 200), "title")  # [AGR-4]
    demand(message.version >= 1, "version")
    if message.version == 1:
        demand(not message.previous, "previous")
    else:
        id_of(message.previous, "previous")
    demand(len(message.gives_up) <= 16 and (message.version > 1 or not message.gives_up), "gives_up")  # [AGR-75]
    for one in message.gives_up:
        id_of(one, "gives_up")
        demand(one != message.previous, "gives up the one before")
    _ascending(list(message.gives_up))
    time_of(message.valid_from, "valid_from")
    time_of(message.valid_until, "valid_until")
    demand(message.valid_from < message.valid_until, "validity")
    demand(message.grain == 60 or message.grain == 1 and message.demonstration, "grain")  # [AGR-5]


def _check_parties(message):
    parties = message.parties
    demand(2 <= len(parties) <= 256, "parties")  # [AGR-6]
    for one in parties:
        id_of(one.organisation, "party")
        demand(is_text(one.name, 200), "name")
        demand(all(_WORD.match(role) for role in one.roles), "role")
        _ascending([role.encode() for role in one.roles])
        _codes("ServiceType", one.services)
    _ascending([one.organisation for one in parties])
    demand(len({one.name for one in parties}) == len(parties), "one name twice")
    suspended = sum(one.suspended for one in parties)
    demand(not suspended or message.version > 1, "suspended in the first version")  # [AGR-30]
    demand(len(parties) - suspended >= 2, "two that are not suspended")


def _check_profile(profile):
    demand(_WORD.match(profile.name) is not None, "profile")  # [AGR-7]
    stages = []
    for name in ("enquiry", "need", "identity", "ticked", "reply"):
        labels = getattr(profile, name)
        demand(all(catalogue.row(one) for one in labels), "label")
        _ascending([one.encode() for one in labels])
        if name in ("enquiry", "need", "identity"):
            stages += labels
    demand(len(stages) == len(set(stages)), "one label at two stages")
    demand(set(profile.ticked) <= set(profile.need) | set(profile.identity), "ticked")  # [AGR-8]
    demand(set(profile.reply) <= catalogue.beside("reply"), "reply")  # [AGR-9]


def _check_articles(message):
    for one in message.articles:  # [AGR-14]
        demand(one.number != 0 and is_text(one.citation, 200), "article")
    _ascending([one.number for one in message.articles])


def _check_rules(message):
    demand(len(message.rules) >= 1, "rule")  # [AGR-10]
    _ascending([one.number for one in message.rules])
    profiles = {one.name: one for one in message.profiles}
    for one in message.rules:
        demand(one.number != 0, "rule 0")
        _source(one)
        demand(known("Act", one.act) and known("ServiceType", one.receiver), "code")
        _codes("LegalBasis", one.bases)
        demand(any(one.sender in party.roles for party in message.parties), "sender")  # [AGR-11]
        demand(any(one.receiver in party.services for party in message.parties), "receiver")
        demand(one.profile in profiles, "profile")
        _check_rule(Rule(one), Profile(profiles[one.profile]), message.articles)
    keys = [(one.act, one.sender, one.receiver) for one in message.rules]
    demand(len(set(keys)) == len(keys), "one rule twice")


def _check_rule(rule, profile, articles):
    serves = ACTS[rule.act].bases - {"none_needed_nonpersonal"}  # [AGR-12]
    demand(rule.bases <= serves, "basis")
    demand("legal_duty" not in rule.bases or articles, "legal duty without an article")  # [AGR-14]
    demand(not rule.collapsed or any(can_collapse(one, rule.receiver) for one in rule.bases), "collapsed")  # [AGR-13]
    for label in profile.enquiry | profile.need | profile.identity:
        demand(_cell_holds(catalogue.row(label).cells[rule.receiver], label, profile), "cell")
    for when, label in ACTS[rule.act].must:  # [AGR-69]
        demand(isinstance(when, str) or label in profile.enquiry | profile.need | profile.identity, "content")


def _cell_holds(cell, label, profile):
    if cell == "1":
        return label not in profile.enquiry
    if cell in ("2", "asked"):
        return label in profile.identity
    if cell == "tick":
        return label in profile.identity and label in profile.ticked
    if cell in ("law", "life"):
        return label in profile.identity and label not in profile.ticked
    return cell == "0"


def _check_spans(message):
    for one in message.timers:  # [AGR-15]
        _source(one)
        demand(known("Act", one.act) and known("TimerKind", one.kind), "timer")
        _span(one.seconds)
    _ascending([(one.act, one.kind) for one in message.timers])
    _check_escalation(message.escalation)
    demand(message.retention is not None, "retention")
    _source(message.retention)
    _span(message.retention.values)
    _span(message.retention.evidence)
    demand(message.retention.evidence >= message.retention.values, "evidence")  # [AGR-18]


def _check_escalation(steps):
    demand(len(steps) <= 256, "too many")
    for one in steps:  # [AGR-50]
        demand(known("ServiceType", one.service_type), "escalation")
        _source(one)
        _span(one.after)
        _codes("Act", one.acts)
        _codes("TimerKind", one.timers)
        demand(all(word("TimerKind", kind) in _MISSED for kind in one.timers), "timer")
    for at, one in enumerate(steps):  # [AGR-51]
        for later in steps[at + 1 :]:
            demand(one.after <= later.after, "order")
            if one.after == later.after:
                demand(not (_meet(one.acts, later.acts) and _meet(one.timers, later.timers)), "two at one time")


def _meet(a, b):
    return not a or not b or bool(set(a) & set(b))


def _source(clause):
    demand(clause.source == "" or is_text(clause.source, 200), "source")  # [AGR-62]


def _span(seconds):
    demand(1 <= seconds <= LONGEST_SPAN, "span")


def _check_decisions(decisions):
    for one in decisions:
        demand(known("DecisionType", one.type) and one.issuers, "decision")  # [AGR-17]
        _source(one)
        _codes("ServiceType", one.issuers)
    _ascending([one.type for one in decisions])


def _check_rest(message):
    witnesses = message.witnesses
    if witnesses is not None:  # [AGR-19]
        demand(witnesses.number <= 16 and (witnesses.number or not witnesses.independent), "witnesses")
    parties = {one.organisation for one in message.parties}
    for one in message.auditors:
        id_of(one.organisation, "auditor")
        demand(one.organisation not in parties and is_text(one.name, 200), "auditor")
    _ascending([one.organisation for one in message.auditors])
    demand(message.amendment is not None, "amendment")  # [AGR-16]
    bound = sum(not one.suspended for one in message.parties)
    threshold = message.amendment.threshold
    demand(2 * threshold > len(message.parties) and threshold <= bound, "threshold")


def check_signed(agreement: Agreement, env, keys_of) -> None:
    """AGR-25, in its order. `keys_of` gives the organisation keys of a party's chain, or None if it is not known."""
    keys = {}
    for party in agreement.binds:
        known_keys = keys_of(party)
        if known_keys is None:
            raise Rejection("UNKNOWN_SIGNER", "a party is not known")
        keys[party] = {ed25519.key_id(one): one for one in known_keys}
    given = dict(env.signatures)
    for party in agreement.binds:
        if not any(one in given for one in keys[party]):
            raise Rejection("AGREEMENT_NOT_SIGNED")
    if len(given) != len(keys) or any(all(one not in of for of in keys.values()) for one in given):
        raise Rejection("UNKNOWN_SIGNER", "somebody else")
    for one, signature in given.items():
        key = next(of[one] for of in keys.values() if one in of)
        if not ed25519.holds(key, signature, env.signed):
            raise Rejection("BAD_SIGNATURE", "agreement")
