"""Timers: which run, what meets or stops them, and what a delay comes to (EVT-21, TIM-2, TIM-3, BUN-59).

Guarantees: every time is a claimed one; *late* and *silent* are never called proven.
Leaves to others: whose clock is right.
"""

from collections import namedtuple

from .acts import ACTS
from .schema import CODES

ANSWERS = frozenset({"held", "accepted", "partly_accepted", "waitlisted", "declined", "redirected", "misdirected"})
_CONTACT = frozenset({"contact_made", "could_not_reach", "visited", "started", "provided"})
_STOPS = frozenset({"closed", "withdrawn", "revoked", "misdirected", "chosen_elsewhere"})
_OWING = frozenset({"purge_asked", "withdrawn", "revoked", "misdirected", "chosen_elsewhere"})

# start: the event from which it runs; done: what met or stopped it, or None; met: whether it was met
Timer = namedtuple("Timer", "kind start done met")
# late: seconds, or None; verdict: None, `no` or `not_checkable`
Deadline = namedtuple("Deadline", "timer due late verdict word")


class Timers:
    """The timers of a trail, from its effective events in their one order."""

    def __init__(self, admission, state, opening_stage):
        self.state = state
        self.order = [one for one in admission.order if state.index[one.id] is not None and one.id not in state.void]
        self.past = admission.past
        self.opening = admission.opening
        self.peer = admission.parties[1]
        self.stage = opening_stage
        self.law = state.view.under_law
        self.duty = self.law or self.opening.terms.basis in ("legal_duty", "public_task_decision")  # [EVT-33]
        self.given = ACTS[self.opening.code].yes == 0  # [EVT-32]

    def all(self, kinds) -> list:
        """The timers of these kinds that ran."""
        found = []
        for kind in kinds:
            found += getattr(self, f"_{kind}")()
        return found

    def _deliver(self):
        done = self._first_delivered(self.opening)
        return [Timer("deliver", self.opening, done, done is not None)]

    def _acknowledge(self):
        return self._after_delivered("acknowledge", [self.opening], self._answers() | {"acknowledged"})

    def _answer(self):
        needs = [one for one in self.order if one.kind == "need"]
        return self._after_delivered("answer", [self.opening] + needs, self._answers())

    def _answers(self):
        return ANSWERS | {"provided"} if self.given else ANSWERS

    def _contact(self):
        at_once = self.stage == 2 or self.opening.code == "visit"
        told = [one for one in self.order if one.kind == "identity" or one is self.opening and at_once]
        return self._after_delivered("contact", told, _CONTACT, _STOPS | {"declined", "redirected"})

    def _decision(self):
        return self._after_delivered("decision", [self.opening], {"decision"})

    def _stay(self):
        start = next((one for one in self.order if one.kind == "started"), None)
        if start is None or not self._may_start(start):
            return []
        done, met = self._done(start, lambda one: one.kind in ("provided", "closed"), _STOPS)
        return [Timer("stay", start, done, met)]

    def _after_delivered(self, kind, told, meeting, stops=_STOPS):
        found = []
        for one in told:
            start = self._first_delivered(one)
            if start is None:
                continue
            bound = kind in ("acknowledge", "decision")
            if not (self._may_start(start) or self._ended_by_peer_alone(start, bound)):
                continue
            meets = lambda e: e.author == self.peer and e.kind in meeting and not self._no_way_out(e, bound)  # noqa: E731
            if self._met_before(start, one, meets):
                continue
            done, met = self._done(start, meets, stops, bound)
            found.append(Timer(kind, start, done, met))
        return found

    def _first_delivered(self, named):
        return next(
            (
                one
                for one in self.order
                if one.kind == "delivered" and one.author == self.peer and one.names == named.id
            ),
            None,
        )

    def _may_start(self, start):
        view = self.state.view_with(start.id)
        return view.live and not view.answer_is("declined", "redirected")

    def _no_way_out(self, one, bound):
        """The peer's own ending, where a law makes it answer (EVT-33)."""
        return bound and self.duty and one.author == self.peer and one.kind in ("closed", "misdirected")

    def _ended_by_peer_alone(self, start, bound):
        ended = [
            one
            for one in self.order
            if one.id in self.past[start.id]
            and (one.kind in _STOPS | {"declined", "redirected"})
            and not (one.kind == "withdrawn" and self.law)
        ]
        return all(self._no_way_out(one, bound) for one in ended)

    def _met_before(self, start, told, meets):
        return any(
            meets(one)
            and one.id in self.past[start.id]
            and told.id in self.past[one.id]
            for one in self.order
        )

    def _done(self, start, meets, stops, bound=False):
        for one in self.order:
            if one.id == start.id or one.id in self.past[start.id]:
                continue
            if meets(one):
                return one, True
            if one.kind in stops and not (one.kind == "withdrawn" and self.law) and not self._no_way_out(one, bound):
                return one, False
        return None, False

    def _purge(self):
        owed = {}
        for at in self.state.bits(self.state.carriers("values")):
            disclosure = self.state.nodes[at].id
            start = self._made_owed(disclosure)
            if start is not None:
                owed.setdefault(start.id, (start, []))[1].append(disclosure)
        return [one for start, disclosures in owed.values() for one in self._purge_timer(start, disclosures)]

    def _made_owed(self, disclosure):
        for one in self.order:
            if self._can_owe(one, disclosure) and self._owes(one, disclosure):
                return one
        return None

    def _can_owe(self, one, disclosure):
        if self._is_owing(one):
            return disclosure in self.past[one.id]
        if one.kind != "delivered" or one.author != self.peer or one.names != disclosure:
            return False
        return any(
            self._is_owing(other) and other.id in self.past[one.id] and disclosure not in self.past[other.id]
            for other in self.order
        )

    def _is_owing(self, one):
        return one.kind in _OWING and not (one.kind == "withdrawn" and self.law)

    def _owes(self, one, disclosure):
        at = self.state.index[disclosure]
        if at not in self.state.view_with(one.id).owed:
            return False
        for other in self.order:
            if other.kind == "reopened" and one.id in self.past[other.id]:
                view = self.state.view_with(other.id)
                if view.outstanding >> at & 1 and at not in view.owed:
                    return False
        return True

    def _purge_timer(self, start, disclosures):
        final = self.state.view
        met_by, open_ = [], False
        for one in disclosures:
            at = self.state.index[one]
            covers = [e for e in self.order if e.author == self.peer and e.kind in ("purged", "retained") and one in self.past[e.id]]
            after = [e for e in covers if self.order.index(e) > self.order.index(start)]
            if after:
                met_by.append(after[0])
            elif covers:
                continue
            elif at in final.owed:
                open_ = True
        if open_:
            return [Timer("purge", start, None, False)]
        if not met_by:
            return []
        return [Timer("purge", start, max(met_by, key=self.order.index), True)]


def deadlines(admission, timers, seconds, own_word, latest, unsure) -> list:
    """What each timer comes to.

    `own_word`: the time of the receiver's own word that nothing had come, or None. `latest`: the latest time that the
    bundle, an event or a head claims.
    """
    kinds = [kind for kind in CODES["TimerKind"] if kind in seconds]
    found = [_judge(admission, one, seconds[one.kind], own_word, latest, unsure) for one in timers.all(kinds)]
    return sorted(found, key=lambda one: (one.timer.start.time, CODES["TimerKind"].index(one.timer.kind)))


def _judge(admission, timer, seconds, own_word, latest, unsure):
    due = timer.start.time + seconds
    receiver = admission.parties[1]
    if timer.done is None:
        second = latest
        late, verdict = _not_met(timer, due, receiver, own_word, latest)
    else:
        second = timer.done.time
        late, verdict = _done_late(admission, timer, due, receiver)
    if verdict is None and second is not None and _stands(admission, timer.start) + seconds < second:
        verdict = "not_checkable"
    if verdict == "no" and unsure:
        verdict = "not_checkable"
    return Deadline(timer, due, late, verdict, None)


def _not_met(timer, due, receiver, own_word, latest):
    if own_word is not None and own_word > due:
        return own_word - due, "no" if timer.start.author == receiver else "not_checkable"
    if latest > due:
        return latest - due, "not_checkable"
    return None, None


def _done_late(admission, timer, due, receiver):
    start, done = timer.start, timer.done
    if done.time > due:
        own = start.author == receiver and done.author == receiver
        return done.time - due, "no" if own else "not_checkable"
    if any(admission.admitted[one].time > due for one in admission.past[done.id]):
        return None, "not_checkable"
    return None, None


def _stands(admission, start):
    """Its claimed time, but no later than the earliest event of the other party that has it in its past (TIM-3)."""
    later = [one.time for one in admission.by(admission.other(start.author)) if start.id in admission.past[one.id]]
    return min([start.time, *later])
