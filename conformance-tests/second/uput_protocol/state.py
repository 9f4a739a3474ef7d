"""The state of a trail: what a set of events amounts to (specs/state.md).

Guarantees: every event is judged on its past alone; `read` says the same whatever order the events came in.
Leaves to others: time (timer.py), signatures, what the agreement allows.

Sets of events are numbers, one bit an event, in an order in which each comes after what it points to.
"""

from .acts import ACTS, CROSSINGS, TABLE

_EPOCH_ONLY = frozenset({"stage0", "stage1", "stage2", "answer", "refusal", "phone", "notice", "end"})
_STANDING = frozenset({"stop", "withdrawal", "world", "service"})
_YES = ("accepted", "partly_accepted")
_CAUTION = ("redirected", "declined", "waitlisted", "held", "partly_accepted", "accepted")
_CONTACT = frozenset({"contact_made", "could_not_reach", "started", "provided", "visited", "visited_no"})
_ENDINGS = ("withdrawn", "revoked", "misdirected", "chosen_elsewhere")


class Broken(Exception):
    """What is no trail (STA-2); says why."""


class Node:
    """One event, as far as the state asks (STA-1)."""

    def __init__(self, name, side, word, prev=None, seen=None, names=None, newer=False, type=None):
        self.id = name
        self.side = side
        self.word = word
        self.prev = prev
        self.seen = seen
        self.names = names
        self.newer = newer
        self.type = type

    @property
    def parents(self):
        return [one for one in (self.prev, self.seen) if one is not None]

    @property
    def opens(self):
        return self.word.startswith("opened")


class State:
    """All that sections 2, 3 and 5 read of a trail."""

    def __init__(self, nodes, act=None):
        self.nodes = _in_order(nodes)
        self.index = {one.id: at for at, one in enumerate(self.nodes)}
        self.act = ACTS[act] if act else None
        self.together = act == "joint_action"
        self.past, self.epoch, self.facts = [], [], []
        self.void, self.findings, self.fresh = {}, [], {}
        self._carriers = {}
        self.effective = 0
        for at, node in enumerate(self.nodes):
            self._judge(at, node)
        self._find_stale()
        self.view = View(self, self.effective)

    def bits(self, mask):
        """The indices of a set, ascending."""
        while mask:
            low = mask & -mask
            yield low.bit_length() - 1
            mask ^= low

    def ids(self, mask):
        return [self.nodes[at].id for at in self.bits(mask)]

    def carriers(self, fact):
        """The effective events that carry a fact."""
        return self._carriers.get(fact, 0)

    def has_in_past(self, later, earlier):
        return self.past[self.index[later]] >> self.index[earlier] & 1 == 1

    def view_of(self, name):
        """What the event had in its past."""
        return View(self, self.past[self.index[name]] & self.effective)

    def view_with(self, name):
        """The event and its past."""
        at = self.index[name]
        return View(self, (self.past[at] | 1 << at) & self.effective)

    def _judge(self, at, node):
        past = 0
        for parent in node.parents:
            past |= self.past[self.index[parent]] | 1 << self.index[parent]
        self.past.append(past)
        before = View(self, past & self.effective)
        reason = self._void_reason(node, before)
        self.epoch.append(before.epoch + (1 if node.word == "reopened" and reason is None else 0))
        self.facts.append(frozenset())
        if reason is not None:
            self.void[node.id] = reason
            if _is_disclosure(node):
                self.findings.append(("overdisclosed", node.id))  # [STA-8]
            return
        facts = self._facts_of(node, before)
        self.facts[at] = facts
        self.effective |= 1 << at
        for fact in facts:
            self._carriers[fact] = self._carriers.get(fact, 0) | 1 << at
        self._find(node, before)

    def _void_reason(self, node, before):
        if node.newer and not node.opens and node.word != "delivered":  # [STA-6]
            return "version"
        if node.word == "delivered":  # [STA-5]
            return None
        row = TABLE.get((node.word, node.side))
        if row is None:
            return "wrong_side"
        if self.act and node.word in (self.act.without_opener if node.side == "O" else self.act.without_peer):
            return "not_in_act"  # [STA-40]
        if self.act and _stage_of(node.word) > self.act.stage:
            return "not_in_act"
        return before.first_failure(row.precondition, node)

    def _facts_of(self, node, before):
        if node.word == "delivered":
            return frozenset()
        facts = set(TABLE[node.word, node.side].facts)
        if "restate" in facts:  # [STA-22]
            past = before.events & self.carriers("values")
            facts |= {"stage1", "values", "question"} if past else {"stage0"}
        if "resume" in facts:
            facts |= {"stage1"} if before.outstanding else {"stage0"}
        return frozenset(facts)

    def _find(self, node, before):
        if node.word in _CONTACT and before.standing("withdrawal") & before.stops:  # [STA-9]
            self.findings.append(("after_withdrawal", node.id))
        if self.together and self.facts[-1] & {"world", "tasks"} and not before.covers:  # [STA-72]
            self.findings.append(("not_agreed", node.id))
        if node.word in ("handed_over1", "handed_over2") and not before.may_hand_over(int(node.word[-1]), node):
            self.findings.append(("handed_over_without_right", node.id))
        if node.word == "task":
            at = self.index.get(node.names)
            if at is None or not before.of("tasks") >> at & 1:
                self.findings.append(("no_plan", node.id))
        if node.word == "reopened":
            aside = before.standing("withdrawal") & before.stops  # [STA-23]
            if aside and before.events & self.carriers("values"):
                self.fresh[node.id] = self.ids(aside)

    def _find_stale(self):
        """A `delivered` that names what its author claims not to have seen (STA-9)."""
        for at, node in enumerate(self.nodes):
            named = self.index.get(node.names) if node.word == "delivered" else None
            if named is None or self.past[at] >> named & 1:
                continue
            one = self.nodes[named]
            while one.prev is not None and one.prev != node.seen:
                one = self.nodes[self.index[one.prev]]
            if one.prev == node.seen:
                self.findings.append(("stale_seen", node.id))

    def taken_away(self, refusal):
        """The grounds of its type that a decision which refuses had seen (STA-70)."""
        known = self.past[refusal] & self.carriers("grounds")
        same = [at for at in self.bits(known) if self.nodes[at].type == self.nodes[refusal].type]
        return sum(1 << at for at in same)

    def crossings(self):
        """Pairs of an event of O and one of P that crossed, with what came of them (STA-21)."""
        found = []
        for o in self.bits(self.effective):
            for p in self.bits(self.effective):
                if self.nodes[o].side == "O" and self.nodes[p].side == "P" and not self._related(o, p):
                    outcome = self._outcome(o, p)
                    if outcome != "both":
                        found.append((self.nodes[o].id, self.nodes[p].id, outcome))
        return found

    def _related(self, a, b):
        return self.past[a] >> b & 1 or self.past[b] >> a & 1

    def _outcome(self, o, p):
        words = self.nodes[o].word, self.nodes[p].word
        if "withdrawn" in words and self.view.under_law:
            return "both"
        if words == ("reopened", "reopened") and self.epoch[o] != self.epoch[p]:
            return "both"
        if words == ("identity", "decision_no"):
            before = self.view_of(self.nodes[o].id)
            entitled = before.stage >= 1 and (before.under_law or before.covers)  # [STA-71]
            if entitled or not before.grounds & self.taken_away(p):
                return "both"
        for one, other in ((o, p), (p, o)):
            if not self._counts_in_epoch_only(one):
                continue
            if self.nodes[other].word == "reopened":
                if self.epoch[other] <= self.epoch[one]:
                    missed = other == o and words[1] in _YES
                    return "ask_again" if missed else "both"
            elif self.epoch[one] < self.epoch[other]:
                return "both"
        return CROSSINGS.get(words, "both")

    def _counts_in_epoch_only(self, at):
        return bool(self.facts[at]) and self.facts[at] <= _EPOCH_ONLY

    def phoned(self, order):
        """What became of each `phoned` with a yes or a no (STA-28): name to (what, by which event)."""
        found = {}
        for name, answer in order:
            if answer is not None:
                found[name] = self._became(name, answer, [one for one, _ in order], dict(order))
        return found

    def _became(self, name, answer, order, answers):
        epoch = self.epoch[self.index[name]]
        for one in order:
            at = self.index[one]
            node = self.nodes[at]
            if not self.has_in_past(one, name) or self.epoch[at] != epoch or not self.effective >> at & 1:
                continue
            if answers.get(one) is not None:
                return "replaced", one
            if node.side == "P" and node.word in _CAUTION + ("misdirected",):
                yes = node.word in ("held", "accepted", "partly_accepted")
                return ("confirmed" if yes == (answer == "yes") else "contradicted"), one
        return "unconfirmed", None


def _is_disclosure(node):
    row = TABLE.get((node.word, node.side)) or TABLE.get((node.word, "P" if node.side == "O" else "O"))
    return row is not None and row.class_ == "disclosure"


def _stage_of(word):
    return {"need": 1, "identity": 2}.get(word, 0)


class View:
    """What a set of effective events says (section 3)."""

    def __init__(self, state, events):
        self.state = state
        self.events = events
        reopened = events & state.carriers("epoch")
        self.epoch = max((state.epoch[at] for at in state.bits(reopened)), default=0)
        self._seen_by_reopened = 0
        for at in state.bits(reopened):
            self._seen_by_reopened |= state.past[at]
        self._of = {}

    def of(self, fact):
        """The events of the view that carry a fact and count (STA-11)."""
        if fact not in self._of:
            mask = self.events & self.state.carriers(fact)
            if fact in _EPOCH_ONLY and mask:
                mask = sum(1 << at for at in self.state.bits(mask) if self.state.epoch[at] == self.epoch)
            self._of[fact] = mask
        return self._of[fact]

    def standing(self, fact):
        """STA-12."""
        return self.of(fact) & ~self._seen_by_reopened

    @property
    def under_law(self):
        return bool(self.of("law"))

    @property
    def stops(self):
        stops = self.standing("stop")  # [STA-13]
        return stops if self.under_law else stops | self.standing("withdrawal")

    @property
    def is_open(self):
        return bool(self.of("open"))

    @property
    def live(self):
        return self.is_open and not self.stops and not self.of("end")

    @property
    def ended(self):
        return self.is_open and not self.live

    @property
    def stage(self):
        return max((n for n in (0, 1, 2) if self.of(f"stage{n}")), default=0)

    @property
    def newest_answers(self):
        answers = self.of("answer")
        older = 0
        for at in self.state.bits(answers):
            older |= self.state.past[at]
        return [at for at in self.state.bits(answers) if not older >> at & 1]

    @property
    def answer(self):
        """The node of the answer, or None (STA-14)."""
        nodes = [self.state.nodes[at] for at in self.newest_answers]
        return min(nodes, key=lambda one: (_CAUTION.index(one.word), one.id), default=None)

    def answer_is(self, *words):
        answer = self.answer
        return answer is not None and answer.word in words

    @property
    def covers(self):
        newest, question = self.newest_answers, self.of("question")  # [STA-15]
        return bool(newest) and all(
            self.state.nodes[at].word in _YES and question & ~self.state.past[at] == 0 for at in newest
        )

    @property
    def grounds(self):
        """What grants and was not taken away since (STA-70)."""
        left = self.of("grounds")
        for at in self.state.bits(self.of("no_grounds")):
            left &= ~self.state.taken_away(at)
        return left

    @property
    def outstanding(self):
        covered = 0  # [STA-16]
        for at in self.state.bits(self.of("cover")):
            covered |= self.state.past[at]
        return self.of("values") & ~covered

    @property
    def owed(self):
        """Index to the letters of STA-17 that hold."""
        found, outstanding = {}, self.outstanding
        asked = self._asked()
        stopped = bool(self.stops) or self.answer_is("declined", "redirected")
        closings = [at for at in self.state.bits(self.of("end")) if self.state.nodes[at].side == "P"]
        corrections = self.of("correction")
        for at in self.state.bits(outstanding):
            correction = corrections >> at & 1
            letters = "a" if asked >> at & 1 else ""
            letters += "b" if stopped else ""
            if not correction and any(not self.state.past[one] >> at & 1 for one in closings):
                letters += "c"
            letters += "d" if correction and not outstanding & ~corrections else ""
            if letters:
                found[at] = letters
        return found

    def _asked(self):
        asked = 0
        for at in self.state.bits(self.of("ask")):
            asked |= self.state.past[at]
        return asked

    @property
    def open_offers(self):
        recalled = 0  # [STA-18]
        for at in self.state.bits(self.of("recall")):
            recalled |= self.state.past[at]
        return 0 if self.of("complete") else self.of("offer") & ~recalled

    @property
    def taken_offers(self):
        taken = 0
        for at in self.state.bits(self.of("take")):
            named = self.state.index.get(self.state.nodes[at].names)
            if named is not None:
                taken |= 1 << named
        return taken & self.open_offers

    @property
    def responsible(self):
        completed = bool(self.of("complete"))
        return (["O"] if not completed else []) + (["P"] if completed or self.taken_offers else [])

    @property
    def headline(self):
        stops = {self.state.nodes[at].word for at in self.state.bits(self.stops)}  # [STA-19]
        for word in _ENDINGS:
            if word in stops:
                return word
        if self.of("end"):
            return "closed"
        world = {self.state.nodes[at].word for at in self.state.bits(self.standing("service"))}
        for word in ("provided", "started"):
            if word in world:
                return word
        return self.answer.word if self.answer else "asked"

    def may_hand_over(self, stage, node):
        if not self.live:
            return False
        if self.stage >= stage:
            return True
        row = TABLE["need" if stage == 1 else "identity", "O"]
        return self.first_failure(row.precondition, node) is None

    def first_failure(self, alternatives, node):
        """None if one of the alternatives holds, else the word that fails in the one that came furthest (STA-5)."""
        furthest, reason = -1, None
        for words in alternatives:
            failed = next((at for at, word in enumerate(words) if not _WORDS[word](self, node)), None)
            if failed is None:
                return None
            if failed > furthest:
                furthest, reason = failed, words[failed]
        return reason


_WORDS = {
    "first": lambda view, node: view.events == 0,
    "live": lambda view, node: view.live,
    "ended": lambda view, node: view.ended,
    "no_stop": lambda view, node: not view.stops,
    "not_misdirected": lambda view, node: not view.of("final"),
    "at_stage0": lambda view, node: view.stage == 0,
    "from_stage1": lambda view, node: view.stage >= 1,
    "yes_at_stage0": lambda view, node: view.state.act is not None and view.state.act.yes == 0,
    "answered_later": lambda view, node: view.answer_is("held", "waitlisted"),
    "not_refused": lambda view, node: not view.answer_is("declined", "redirected"),
    "covered": lambda view, node: view.covers,
    "phoned_yes": lambda view, node: bool(view.of("phone")),
    "decided": lambda view, node: bool(view.grounds),
    "under_law": lambda view, node: view.under_law,
    "not_started": lambda view, node: not view.standing("service"),
    "never_met": lambda view, node: not view.of("met"),
    "not_taken": lambda view, node: not view.taken_offers and not view.of("complete"),
    "outstanding": lambda view, node: bool(view.outstanding),
    "owed": lambda view, node: bool(view.owed),
    "nothing_owed": lambda view, node: not view.owed,
    "unasked": lambda view, node: bool(view.outstanding & ~view._asked()),
    "no_offer": lambda view, node: not view.open_offers and not view.of("complete"),
    "offer_open": lambda view, node: bool(view.open_offers),
    "offer_named": lambda view, node: node.names in view.state.index
    and view.open_offers >> view.state.index[node.names] & 1 == 1,
    "offer_taken": lambda view, node: bool(view.taken_offers),
}


def _in_order(nodes):
    """Every event after what it points to; or says why this is no trail (STA-2)."""
    by_id = {}
    for one in nodes:
        before = by_id.setdefault(one.id, one)
        if vars(before) != vars(one):
            raise Broken("two different events have one ID")
    if sum(one.opens for one in by_id.values()) != 1:
        raise Broken("a trail has exactly one opening")
    for one in by_id.values():
        if any(parent not in by_id for parent in one.parents):
            raise Broken("an event of the trail is missing")
        if not one.parents and not one.opens:
            raise Broken("an event is not connected to the opening")
    return _sorted(by_id)


def _sorted(by_id):
    waiting = {name: len(one.parents) for name, one in by_id.items()}
    children = {}
    for name, one in by_id.items():
        for parent in one.parents:
            children.setdefault(parent, []).append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    ordered = []
    while ready:
        name = ready.pop(0)
        ordered.append(by_id[name])
        for child in children.get(name, ()):
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    if len(ordered) != len(by_id):
        raise Broken("events point to each other in a circle")
    return ordered


def word_of(event, stage=None) -> str:
    """The kind of the table (STA-1); `stage` is the effective stage of an opening (EVT-13)."""
    if event.kind == "opening":
        return f"opened{event.terms.stage if stage is None else stage}"
    if event.kind == "handed_over":
        return f"handed_over{event.said.stage}"
    if event.kind == "phoned":
        return "phoned" if event.code == "yes" else "phoned_no"
    if event.kind == "decision":
        return "decision" if event.code in ("granted", "granted_in_part") else "decision_no"
    if event.kind == "visited":
        return "visited" if event.code == "met" else "visited_no"
    return event.kind
