"""Which events of a bundle are its trail (BUN-23, BUN-24, BUN-30 to BUN-36).

Guarantees: an event that is in `admitted` is well formed, signed, and follows what it points to, down to the opening.
Leaves to others: what the events amount to.
"""

from . import head as heads
from . import envelope
from .disowned import HEAD
from .event import check_prev, check_seen
from .rejection import Rejection


class Admission:
    """The events of a bundle, told apart."""

    def __init__(self, bundle, signers, problems, leave_out):
        self.bundle, self.signers, self.problems = bundle, signers, problems
        self.signed = {}  # ID to event or prefix, of this trail, with a signature that holds
        self.unread = []  # of a newer version
        self.record_of = {}
        for part in bundle.events:
            self._verify(part)
        self._find_opening()
        for name in leave_out(self):  # [BUN-104]
            del self.signed[name]
            problems.add("BUN-30", 13, "REVOKED_SIGNER", name)
        self._find_opening()
        self.strangers = {}  # by no party; shown, and nothing else
        self._keep_unread()
        self.admitted, self.on_gap = {}, {}
        self._admit()
        self.past = {}
        self.order = in_causal_order(self.admitted.values())
        for one in self.order:
            self.past[one.id] = self._past_of(one)

    def _find_opening(self):
        opening = self.signed.get(self.bundle.trail)
        self.opening = opening if opening is not None and getattr(opening, "kind", None) == "opening" else None
        self.parties = (self.opening.author, self.opening.said.peer) if self.opening else ()

    def other(self, party):
        return self.parties[1] if party == self.parties[0] else self.parties[0]

    def by(self, party):
        return [one for one in self.order if one.author == party]

    def _past_of(self, one):
        past = set()
        for name in (one.prev, one.seen):
            if name is not None:
                past |= self.past[name] | {name}
        return past

    def _verify(self, part):
        if part.prefix is None or part.rejection is not None and part.rejection.code == "WRONG_TYPE":
            self.problems.refuse("BUN-30", part.rejection, part.id)
            return
        one = part.prefix
        try:
            record = self.signers.record(one.author, one.key)  # [EVT-18]
            part.envelope.verify_signature(record.signing_key)
            if part.rejection is not None:
                raise part.rejection
        except Rejection as rejection:
            self.problems.refuse("BUN-30", rejection, part.id)
            return
        one = part.event or one
        if one.trail != self.bundle.trail:  # [BUN-31]
            self.problems.add("BUN-31", 10, "WRONG_TRAIL", part.id)
            return
        self.record_of[one.id] = record
        self.signed[one.id] = one
        if part.event is None:
            self.unread.append(one)

    def _keep_unread(self):
        """Of a newer version, and neither a stranger's nor signed by a stolen key (BUN-128)."""
        self.unread = [one for one in self.unread if one.id in self.signed]
        if self.opening is not None:
            self.unread = [one for one in self.unread if not self._is_strange(one)]
        for one in self.unread:
            self.problems.add("BUN-24", 11, "NEEDS_UPGRADE", one.id)

    def _admit(self):
        unread = {one.id for one in self.unread}
        waiting = [one for one in self.signed.values() if one.id not in unread]
        if self.opening is not None:
            self.admitted[self.opening.id] = self.opening
            waiting.remove(self.opening)
            waiting = [one for one in waiting if not self._is_strange(one)]
        moved = True
        while moved and self.opening is not None:
            moved, later = False, []
            for one in waiting:
                if all(name is None or name in self.admitted for name in (one.prev, one.seen)):
                    moved = True
                    self._admit_one(one)
                else:
                    later.append(one)
            waiting = later
        for one in waiting:
            self._on_gap(one)
        if self.opening is None and not waiting and not self.unread:
            self.problems.add("BUN-32", 11, None, self.bundle.trail, sentence="the opening is not here")

    def _is_strange(self, one):
        if one.author in self.parties and not one.is_opening:
            return False
        self.problems.add("BUN-31", 10, "WRONG_TRAIL", one.id)
        del self.signed[one.id]
        if one not in self.unread:
            self.strangers[one.id] = one
        return True

    def _admit_one(self, one):
        prev = self.admitted.get(one.prev)
        before = self.admitted.get(prev.seen) if prev is not None else None
        try:
            check_prev(one, prev)
            check_seen(one, self.admitted.get(one.seen), before)
        except Rejection as rejection:
            self.problems.add("BUN-31", 10, rejection.code, one.id)
            self.on_gap[one.id] = one
            return
        self.admitted[one.id] = one
        if prev is not None and self.record_of[one.id].number < self.record_of[prev.id].number:  # [BUN-23]
            self.problems.add("BUN-23", 13, "REVOKED_SIGNER", one.id)

    def _on_gap(self, one):
        self.on_gap[one.id] = one
        # What is read may itself rest on a gap, or be refused; then that one says what is wrong.
        resting = {name for name, other in self.signed.items() if other not in self.unread}
        missing = [name for name in (one.prev, one.seen) if name is not None and name not in resting]
        if missing or self.opening is None:
            self.problems.add("BUN-32", 11, None, one.id, sentence="it names what is not here")

    def check_named(self):
        """BUN-32 of what is delivered and of the offer that is taken."""
        for one in self.order:
            if one.kind not in ("delivered", "transfer_taken"):
                continue
            if one.names not in self.admitted:
                self.problems.add("BUN-32", 11, None, one.id, sentence=f"it names {one.names.hex()}")

    def check_twins(self, heads_here):
        """BUN-33 and BUN-35. Returns the numbers that were closed: (party, number)."""
        closed, by_number = set(), {}
        for one in self.signed.values():
            by_number.setdefault((one.author, one.seq), []).append(one)
        for (author, seq), twins in by_number.items():
            incarnations = sorted({one.incarnation for one in twins})
            for incarnation in incarnations:
                if sum(one.incarnation == incarnation for one in twins) > 1:
                    self.problems.contradict("BUN-33", author, twins[0].id)
            for older in incarnations[:-1]:
                if self.is_closed(author, older, seq, heads_here):
                    closed.add((author, seq))
                else:
                    self.problems.add("BUN-35", 11, None, twins[0].id)
        return closed

    def is_closed(self, author, older, seq, heads_here):
        return any(
            one.author != author
            and one.author in self.parties
            and one.closes is not None
            and one.closes.incarnation >= older
            and one.closes.count <= seq
            for one in heads_here
        )


def in_causal_order(events):
    """What an event points to first; among those that are free to come next by time, author, number, ID (EVT-21)."""
    waiting = {one.id: one for one in events}
    ordered = []
    while waiting:
        free = [one for one in waiting.values() if one.prev not in waiting and one.seen not in waiting]
        first = min(free, key=lambda one: (one.time, one.author, one.seq, one.id))
        ordered.append(first)
        del waiting[first.id]
    return ordered


class Heads:
    """The heads of a bundle that count (BUN-11)."""

    def __init__(self, bundle, admission, signers, problems, disowned):
        self.admission, self.problems, self.disowned = admission, problems, disowned
        self.all, self.strange = [], []
        for part in bundle.heads:
            one = self._read(bundle, part, signers)
            if one is not None:
                party = not admission.parties or one.author in admission.parties
                (self.all if party else self.strange).append(one)

    def _read(self, bundle, part, signers):
        try:
            part.envelope.of_type(envelope.HEAD)
            one = heads.read_head(part.envelope.body, part.id)
            record = signers.record(one.author, one.key)
            part.envelope.verify_signature(record.signing_key)
        except Rejection as rejection:
            self.problems.refuse("BUN-11", rejection, part.id)
            return None
        if one.trail != bundle.trail:
            self.problems.add("BUN-11", 10, "WRONG_TRAIL", part.id)
            return None
        if not self.disowned.is_own(one.author, record, HEAD, one.id):  # [BUN-104]
            self.problems.add("BUN-11", 13, "REVOKED_SIGNER", one.id)
            return None
        one.record = record
        return one

    def of(self, party):
        return [one for one in self.all if one.author == party]

    def check(self, signers):
        """What heads show: BUN-23, 26, 32, 34, 36."""
        admitted = self.admission.admitted
        accepted = {(event.author, event.seq + 1) for event in admitted.values()}
        for one in self.all:
            own = admitted.get(one.own_last)
            if own is not None and one.record.number < self.admission.record_of[own.id].number:
                self.problems.add("BUN-23", 13, "REVOKED_SIGNER", one.id)
            other = self.admission.other(one.author)
            if not _holds(signers, other, one.peer_key):  # [BUN-26]
                self.problems.add("BUN-26", 13, "UNKNOWN_SIGNER", one.id)
            if one.own_last is not None and (one.author, one.own_count) not in accepted:  # [BUN-130]
                self.problems.add("BUN-32", 11, None, one.id, sentence="own_last")
            if not self._contradicts(one) and self._was_used_before(one):
                if not self.admission.is_closed(one.author, one.incarnation, one.own_count - 1, self.all):
                    self.problems.add("BUN-35", 11, None, one.id, sentence="own_last")
            seen = admitted.get(one.seen_last)
            if one.seen_last and (seen is None or seen.author != other or seen.seq + 1 != one.seen_count):
                self.problems.add("BUN-32", 11, None, one.id, sentence="seen_last")
        self._check_pairs()

    def _contradicts(self, one):
        """BUN-36: with an event of its author."""
        if one.own_last is None:
            return False
        own = self.admission.signed.get(one.own_last)
        if own is not None:
            wrong = own.author != one.author or own.seq + 1 != one.own_count
        else:
            wrong = any(
                (e.author, e.incarnation, e.seq + 1) == (one.author, one.incarnation, one.own_count)
                for e in self.admission.signed.values()
            )
        if wrong:
            self.problems.contradict("BUN-36", one.author, one.id)
        return wrong

    def _was_used_before(self, one):
        """BUN-36: another incarnation used the number, and the event that the head names is not here."""
        return one.own_last not in self.admission.signed and any(
            (e.author, e.seq + 1) == (one.author, one.own_count) and e.incarnation != one.incarnation
            for e in self.admission.signed.values()
        )

    def _check_pairs(self):
        admitted = self.admission.admitted
        for one in self.all:
            for event in admitted.values():
                if (event.author, event.incarnation) == (one.author, one.incarnation) and event.seq >= one.own_count:
                    if _seen_count(event, admitted) < one.seen_count:  # [BUN-34]
                        self.problems.broken("BUN-34", event.id)
            for later in self.of(one.author):
                again = later.incarnation == one.incarnation
                if again and later.own_count > one.own_count and later.seen_count < one.seen_count:  # [BUN-131]
                    self.problems.broken("BUN-34", later.id)
                same = (later.incarnation, later.own_count) == (one.incarnation, one.own_count)
                if same and later.own_last != one.own_last:  # [BUN-36]
                    self.problems.contradict("BUN-36", one.author, later.id)


def _holds(signers, organisation, name):
    try:
        signers.record(organisation, name)
    except Rejection:
        return False
    return True


def _seen_count(event, admitted):
    return admitted[event.seen].seq + 1 if event.seen is not None else 0
