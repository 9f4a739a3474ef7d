"""Late and silent by a log (BUN-77, BUN-100).

Guarantees: a party had something only by its own log or by what it signed itself; whoever is accused has every sign on its
side.
Leaves to others: what a timer is, and what claimed times come to (timer.py).
"""

from .witnessed import HEAD, OWN, RECEIVED


class Proof:
    """What the logs of one bundle prove of the steps of the receiver."""

    def __init__(self, verdict, rule, accused=1):
        self.logs, self.rule, self.heads = verdict.logs, rule, verdict.heads
        self.admission, self.doubted = verdict.admission, frozenset(verdict.doubted)
        self.owing, self.other = self.admission.parties[accused], self.admission.parties[1 - accused]

    def absent(self, event):
        """Until when its author's own log does not have an event, and nothing shows it before (BUN-74, BUN-100)."""
        return self._step_absent(event)

    def late(self, timer, seconds, counting):
        """How long a timer of so many seconds was missed, or None; `counting`: the heads that say that nothing came."""
        began = self._began(timer.start)
        if began is None:
            return None
        if timer.done is None:
            times = [self._head_absent(one) for one in counting if self._has_seen(one, timer.start)]
        else:
            times = [self._step_absent(timer.done)]
        late = [one - began - seconds for one in times if one is not None and one > began + seconds]
        return max(late, default=None)

    def _began(self, start):
        if start.author == self.owing:
            return min(self._known([start.time, self.logs.proven(self.logs.of_event(start), self.rule)]))
        had = min(self._had(start), default=None)
        return None if had is None else max(had, start.time)

    def _had(self, start):
        after = [one for one in self.admission.order if one.id == start.id or start.id in self.admission.past[one.id]]
        for one in after:
            yield from self._known([self.logs.logged(self.owing, RECEIVED, one.id, self.rule)])
            if one.author == self.owing and one.id not in self.doubted:  # [BUN-126]
                yield from self._known([one.time, self.logs.proven(self.logs.of_event(one), self.rule)])
        for head in self.heads.of(self.owing):
            if self._has_seen(head, start):
                yield from self._known([head.time, self.logs.logged(self.owing, HEAD, head.id, self.rule)])

    def _step_absent(self, done):
        if done.author != self.owing:
            return None
        until = self.logs.absent(self.owing, done.incarnation, OWN, done.id, self.rule)
        return None if until is None or any(one < until for one in self._shown(done)) else until

    def _shown(self, done):
        """Every time at which something shows a step."""
        for one in self.admission.order:
            if one.id == done.id or done.id in self.admission.past[one.id]:
                yield from self._known([self.logs.sight(self.logs.of_event(one), self.rule)])
                if one.author == self.other:
                    yield one.time
        for head in self.heads.all:
            if self._has_seen(head, done):
                yield from self._known([self.logs.sight(self.logs.of_head(head.id), self.rule)])
                if head.author == self.other:
                    yield head.time

    def _head_absent(self, head):
        until = self.logs.absent(self.owing, head.incarnation, HEAD, head.id, self.rule)
        sight = self.logs.sight(self.logs.of_head(head.id), self.rule)
        return None if until is None or sight is not None and sight < until else until

    def _has_seen(self, head, event):
        named = [one for one in (head.own_last, head.seen_last) if one in self.admission.admitted]
        return any(one == event.id or event.id in self.admission.past[one] for one in named)

    @staticmethod
    def _known(times):
        return [one for one in times if one is not None]
