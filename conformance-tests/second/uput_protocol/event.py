"""Events, and the trail that admits them (specs/events.md).

Guarantees: an `Event` holds EVT-1 to EVT-10 by its form; `Trail.admit` answers as EVT-11 orders.
Leaves to others: signatures (the caller looks up the key), and what an event means (state.py).
"""

from collections import namedtuple

from . import protobuf
from .acts import ACTS
from .disclosure import split
from .field import demand, id_of, id_or_none, time_of, time_or_none
from .rejection import Rejection
from .schema import known, word

# What a kind carries (EVT-9): (field, form); a form in capitals is an enumeration.
_FORMS = {
    "delivered": (("event", "id"),),
    "warned": (("code", "WarningCode"),),
    "handed_over": (("stage", "stage"), ("channel", "Channel")),
    "phoned": (("answer", "PhoneAnswer"),),
    "decision": (("type", "DecisionType"), ("outcome", "DecisionOutcome"), ("expiry", "time?"), ("evidence", "id?")),
    "revoked": (("reason", "RevocationReason"),),
    "closed": (("reason", "ClosureReason"),),
    "held": (("until", "time"),),
    "partly_accepted": (("form", "PartialForm"),),
    "declined": (("reason", "DeclineReason"),),
    "redirected": (("service_type", "ServiceType"),),
    "could_not_reach": (("reason", "NotReachedReason"),),
    "provided": (("outcome", "Outcome"),),
    "purged": (("manner", "PurgeManner"),),
    "retained": (("article", "number"),),
    "transfer_taken": (("offer", "id"),),
    "task": (("plan", "id"), ("number", "task"), ("status", "TaskStatus")),
    "visited": (("outcome", "VisitOutcome"),),
    "escalated": (("service_type", "ServiceType"),),
}
# [BUN-82] which code a kind is reported with, where it has more than one field or none that is a code
_CODE = {"opening": ("act", "Act"), "decision": ("outcome", "DecisionOutcome"), "handed_over": ("channel", "Channel")}
_NAMES = {"delivered": "event", "transfer_taken": "offer", "task": "plan", "decision": "evidence"}

Terms = namedtuple("Terms", "stage rule basis article")


class Prefix:
    """Fields 1 to 10, which every version of an event begins with (EVT-20)."""

    def __init__(self, message, env_id):
        self.id = env_id
        self.trail = message.trail or env_id
        self.is_opening = not message.trail
        self.author = message.author
        self.key = message.key
        self.incarnation = message.incarnation
        self.seq = message.seq
        self.prev = message.prev or None
        self.seen = message.seen or None
        self.time = message.time
        self.occurred = message.occurred
        self.slots = split(message.slots)


class Event(Prefix):
    """One statement whose form holds."""

    def __init__(self, message, env_id):
        super().__init__(message, env_id)
        self.kind = message.kind
        self.said = getattr(message, message.kind)
        self.terms = None
        if message.terms is not None:
            t = message.terms
            self.terms = Terms(t.stage, t.rule, word("LegalBasis", t.basis), t.article)

    @property
    def code(self) -> str:
        """The code beside the kind (BUN-82)."""
        if self.kind in _CODE:
            field, enumeration = _CODE[self.kind]
            return word(enumeration, getattr(self.said, field))
        for field, form in _FORMS.get(self.kind, ()):
            if form[0].isupper():
                return word(form, getattr(self.said, field))
        return ""

    @property
    def names(self):
        """What it names besides `prev` and `seen`, or None (BUN-82)."""
        field = _NAMES.get(self.kind)
        return (getattr(self.said, field) or None) if field else None


def read(body: bytes, env_id: bytes) -> Event:
    """An event of this version, from the body of its envelope."""
    message = protobuf.decode("EventBody", body)
    _check_prefix(message)
    demand(len(message.slots) in (0, 256, 512, 1024, 2048), "slots")  # [EVT-7]
    demand(message.kind is not None, "kind")
    demand((message.kind == "opening") == (not message.trail), "opening")  # [EVT-3]
    demand(message.kind != "delivered" or not message.slots, "slots of a delivered")
    _check_terms(message)
    if message.kind == "opening":
        _check_opening(message)
    else:
        _check_kind(message.kind, getattr(message, message.kind))
    return Event(message, env_id)


def read_prefix(body: bytes, env_id: bytes) -> Prefix:
    """What can be read of an event of a newer version (EVT-20)."""
    message = protobuf.Message("EventPrefix")
    protobuf.merge(message, body)
    # Its first bytes equal the canonical encoding of these fields alone, so none of them comes again later.
    if not body.startswith(protobuf.encode(message)):
        raise Rejection("NOT_CANONICAL", "prefix")
    _check_prefix(message)
    return Prefix(message, env_id)


def _check_prefix(message):
    id_or_none(message.trail, "trail")
    id_of(message.author, "author")
    id_of(message.key, "key")
    id_or_none(message.prev, "prev")
    id_or_none(message.seen, "seen")
    time_of(message.time, "time")
    time_or_none(message.occurred, "occurred")
    if not message.trail:  # [EVT-3]
        demand(message.seq == 0 and not message.prev and not message.seen, "opening")
    else:
        demand((message.seq == 0) == (not message.prev), "prev")  # [EVT-5]
        demand(message.prev or message.seen, "neither prev nor seen")  # [EVT-6]


def _check_terms(message):
    terms = message.terms
    demand((terms is not None) == (message.kind == "opening" or bool(message.slots)), "terms")  # [EVT-8]
    if terms is None:
        return
    demand(terms.stage <= 2 and terms.rule != 0 and known("LegalBasis", terms.basis), "terms")
    if message.kind in ("need", "identity"):
        demand(terms.stage == (1 if message.kind == "need" else 2), "stage")


def _check_opening(message):
    said = message.opening
    for name in ("peer", "peer_key", "agreement"):
        id_of(getattr(said, name), name)
    demand(said.peer != message.author, "peer")
    demand(known("Act", said.act) and known("ServiceType", said.service_type), "act")
    id_of(said.nonce, "nonce")
    demand(said.event_version >= 1, "event version")
    time_or_none(said.expiry, "expiry")
    about = id_or_none(said.about, "about")
    act = ACTS[word("Act", said.act)]
    demand(act.about != "must" or about is not None, "about")  # [EVT-27]
    demand(act.about != "never" or about is None, "about")
    demand(message.terms.stage <= act.stage, "stage of the act")  # [STA-40]


def _check_kind(kind, said):
    for field, form in _FORMS.get(kind, ()):
        value = getattr(said, field)
        if form in ("id", "id?"):
            (id_of if form == "id" else id_or_none)(value, field)
        elif form in ("time", "time?"):
            (time_of if form == "time" else time_or_none)(value, field)
        elif form == "stage":
            demand(value <= 2, field)
        elif form == "number":
            demand(value != 0, field)
        elif form == "task":
            demand(1 <= value <= 16, field)
        else:
            demand(known(form, value), field)


def check_evidence(citing: Event, cited) -> None:
    """Whether the cited event is the decision that is described (EVT-15)."""
    fits = (
        isinstance(cited, Event)
        and cited.kind == "decision"
        and cited.id == citing.said.evidence
        and cited.trail != citing.trail
        and not cited.said.evidence
        and all(getattr(cited.said, name) == getattr(citing.said, name) for name in ("type", "outcome", "expiry"))
    )
    if not fits:
        raise Rejection("BAD_EVIDENCE")


class Trail:
    """What has been admitted of one trail, in the order of EVT-11."""

    def __init__(self, opening: Event):
        self.opening = opening
        self.parties = (opening.author, opening.said.peer)
        self.events = {opening.id: opening}

    def admit(self, event) -> str:
        """`new`, `twin` or `known`; else a rejection."""
        if event.author not in self.parties or event.trail != self.opening.id:
            raise Rejection("WRONG_TRAIL")
        if event.id in self.events:
            return "known"
        if event.is_opening:
            raise Rejection("WRONG_TRAIL", "another opening")
        prev = self._here(event.prev)
        check_prev(event, prev)
        check_seen(event, self._here(event.seen), self._seen_before(prev))
        twins = [one for one in self.events.values() if one.author == event.author and one.seq == event.seq]
        self.events[event.id] = event
        return "twin" if twins else "new"

    def _here(self, name):
        if name is None:
            return None
        if name not in self.events:
            raise Rejection("MISSING_PREDECESSOR")
        return self.events[name]

    def _seen_before(self, prev):
        return self.events[prev.seen] if prev is not None and prev.seen else None


def check_prev(event, prev) -> None:
    """EVT-5: the author's event with the number before, in no later incarnation."""
    if prev is None:
        return
    if prev.author != event.author or prev.seq + 1 != event.seq or prev.incarnation > event.incarnation:
        raise Rejection("BROKEN_SEQUENCE", "prev")


def check_seen(event, seen, seen_before) -> None:
    """EVT-6: an event of the other party, and none older than before."""
    if seen is not None and seen.author == event.author:
        raise Rejection("BROKEN_SEQUENCE", "seen")
    if seen_before is not None and (seen is None or seen.seq < seen_before.seq):
        raise Rejection("BROKEN_SEQUENCE", "seen goes back")


def read_enveloped(env) -> Event:
    """The event of an envelope whose type was checked."""
    return read(env.body, env.id)


def newer_version(kind: str) -> bool:
    """Whether a type is that of an event of a newer version (BUN-24)."""
    head, tail = "application/vnd.uput.event.v", "+protobuf"
    if not (kind.startswith(head) and kind.endswith(tail)):
        return False
    digits = kind[len(head) : len(kind) - len(tail)]
    return digits.isascii() and digits.isdigit() and digits[0] != "0" and digits != "1"


