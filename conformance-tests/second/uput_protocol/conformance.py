"""What was allowed (BUN-50 to BUN-59): disclosures, evidence, terms, times.

Guarantees: each event is judged by the one agreement that its trail is pinned to, and on its own past.
Leaves to others: authenticity and completeness, which were settled before.
"""

from . import disclosure, envelope
from .basis import NONPERSONAL, lasts
from .disowned import OWN
from .event import check_evidence
from .event import read as read_event
from .permit import DISCLOSING, Request, judge, occasion_of, permit, tells
from .rejection import Rejection
from .schema import word
from .state import Node, State, word_of



class Opened:
    """What the disclosures of a bundle open: event ID to its slots."""

    def __init__(self, bundle, admission, problems):
        self.of = {}
        here = {part.id for part in bundle.events}
        gaps = problems.fails("BUN-32")
        for one in bundle.disclosures:
            try:
                event = admission.admitted.get(one.event)
                if event is not None:
                    nonce = admission.opening.said.nonce
                    self.of[event.id] = disclosure.open_slots(one, event.slots, nonce, event.author)
                elif one.event not in here and not gaps:
                    problems.add("BUN-50", 10, None, one.event, sentence="of an event that is not here")
            except Rejection as rejection:
                problems.refuse("BUN-50", rejection, one.event)

    def slots(self, event):
        return self.of.get(event.id, [])


class Evidence:
    """The decisions of other trails that are cited (BUN-51, BUN-52)."""

    def __init__(self, bundle, signers, problems, disowned):
        self.problems, self.disowned = problems, disowned
        self.signed = {}
        self.here, self.named = {}, set()
        for part in bundle.evidence:
            self._verify(part, signers)
        self.authors = {one.author for one in self.signed.values()}

    def _verify(self, part, signers):
        try:
            part.envelope.of_type(envelope.EVENT)
            cited = read_event(part.envelope.body, part.id)
            record = signers.record(cited.author, cited.key)
            part.envelope.verify_signature(record.signing_key)
        except Rejection as rejection:
            self.problems.refuse("BUN-51", rejection, part.id)
            return
        if not self.disowned.is_own(cited.author, record, OWN, part.id):  # [BUN-104]
            self.problems.add("BUN-51", 13, "REVOKED_SIGNER", part.id)
            return
        self.signed[part.id] = cited

    def cite(self, admission):
        """Holds each decision of the trail against what it cites."""
        for one in admission.order:
            if one.kind != "decision" or not one.said.evidence:
                continue
            self.named.add(one.said.evidence)
            cited = self.signed.get(one.said.evidence)
            if cited is None:
                self.problems.add("BUN-51", 11, None, one.id, sentence="its evidence is not here, or false")
                continue
            self.here[one.id] = cited
            try:
                check_evidence(one, cited)
            except Rejection:
                self.problems.broken("BUN-52", one.id)

    def issuer(self, decision):
        """Who made a decision, or None if its evidence is not here."""
        if not decision.said.evidence:
            return decision.author
        cited = self.here.get(decision.id)
        return cited.author if cited is not None else None


class Conformance:
    """Sections 7 and 8 of bundle.md over one trail."""

    def __init__(self, admission, opened, evidence, agreement, problems):
        self.admission, self.opened, self.evidence = admission, opened, evidence
        self.agreement, self.problems = agreement, problems
        opening = admission.opening
        self.request = Request(*admission.parties, opening.code, word("ServiceType", opening.said.service_type))
        self.stage = self._effective_stage()
        self.state = State([self._node(one) for one in admission.order], self.request.act)
        problems.doubts.settle(self.state)

    def _effective_stage(self):
        opening = self.admission.opening
        if self.agreement is None:
            return opening.terms.stage
        try:
            permit(self.agreement, self.request, "opening", opening.terms, opening.time)
        except Rejection:
            return 0  # [EVT-13]
        return opening.terms.stage

    def _node(self, one):
        side = "O" if one.author == self.admission.parties[0] else "P"
        kind = one.said.type if one.kind == "decision" else None  # [STA-70]
        return Node(one.id, side, word_of(one, self.stage), one.prev, one.seen, one.names, type=kind)

    def check_state(self):
        for name in self.state.void:
            self.problems.broken_past("BUN-53", name)
        for finding, name in self.state.findings:
            if finding == "stale_seen":
                self.problems.broken("BUN-34", name)
            else:
                self.problems.broken_past("BUN-54", name)
        for name in self.state.fresh:  # [STA-23]
            terms = self.admission.admitted[name].terms
            if terms is None or terms.basis == NONPERSONAL:
                self.problems.broken_past("BUN-54", name)

    def check_agreement(self):
        for one in self.admission.order:
            self._check_terms(one)
            self._check_grain(one)
            if one.kind == "held" and one.said.until < one.time:  # [PLC-14]
                self.problems.doubt("BUN-54", one.id)
            if one.kind == "decision":
                issuer = self.evidence.issuer(one)
                if issuer is not None and not self._may_decide(issuer, one):
                    self.problems.broken("BUN-52", one.id)
            if one.kind == "identity":
                self._check_ground(one)
            if one.kind == "task":
                self._check_task(one)
            if one.kind == "retained" and one.said.article not in self.agreement.articles:
                self.problems.broken("BUN-55", one.id)

    def _check_task(self, one):
        """EVT-35: only its owner says what became of a task, as far as the plan is open."""
        plan = self.admission.admitted.get(one.said.plan)
        if plan is None or plan.kind != "plan" or plan.id in self.state.void:
            return
        for slot in self.opened.slots(plan):
            if slot.state == "field" and slot.label == "plan_tasks" and slot.value is not None:
                tasks = dict(task.split(" ", 1) for task in slot.value.split("; "))
                text = tasks.get(str(one.said.number))
                if text is not None and one.author != self._owner(text.split(" ")[1]):
                    doubted = self.problems.doubts.beneath(one.id) or self.problems.doubts.itself(plan.id)
                    (self.problems.doubt if doubted else self.problems.broken)("BUN-54", one.id)

    def _owner(self, who):
        """EVT-34."""
        opener, peer = self.admission.parties
        gives = [who in self.agreement.parties[o].services if o in self.agreement.parties else False for o in (opener, peer)]
        return peer if who == self.request.service or gives == [False, True] else opener

    def _may_decide(self, issuer, decision):

        return self.agreement.may_decide(issuer, word("DecisionType", decision.said.type))

    def _check_grain(self, one):
        if one.time % self.agreement.grain or one.occurred % self.agreement.grain:  # [BUN-58]
            self.problems.broken("BUN-58", one.id)

    def _check_terms(self, one):
        if one.terms is None:
            if one.kind in ("need", "identity", "corrected", "minutes", "plan"):
                self.problems.broken("BUN-55", one.id)
            return
        occasion = occasion_of(one, self.admission.parties[0])
        self._check_dates(one, occasion)
        self._check_reach(one, occasion)
        try:
            permitted = permit(self.agreement, self.request, occasion, one.terms, one.time, one.kind)
        except Rejection as rejection:
            self.problems.broken("BUN-57" if rejection.code == "AGREEMENT_NOT_IN_FORCE" else "BUN-55", one.id)
            return
        told = self._told_before(one) if permitted.discloses else {}
        for verdict, requirement in judge(permitted, self.opened.slots(one), len(one.slots), one.time, told):
            (self.problems.broken if verdict == "no" else self.problems.doubt)(requirement, one.id)

    def _told_before(self, one):
        """What its author had told of her in its past, as far as it was outstanding and is open (BAS-22)."""
        told = {}
        view = self.state.view_of(one.id)
        for name in self.state.ids(view.outstanding):
            before = self.admission.admitted[name]
            if before.author != one.author or before.terms is None:
                continue
            occasion = occasion_of(before, self.admission.parties[0])
            try:
                permitted = permit(self.agreement, self.request, occasion, before.terms, before.time, before.kind)
            except Rejection:
                continue
            told.update(tells(permitted, self.opened.slots(before), len(before.slots), before.time))
        return told

    def _check_dates(self, one, occasion):
        """BUN-57: whether something that is before it, or after it, claims a time outside of the agreement."""
        timed = occasion == "opening" or occasion == "later" and one.terms.stage > 0
        if not timed or not self.agreement.valid_from <= one.time < self.agreement.valid_until:
            return
        past = self.admission.past
        before = any(self.admission.admitted[name].time >= self.agreement.valid_until for name in past[one.id])
        after = any(e.time < self.agreement.valid_from for e in self.admission.order if one.id in past[e.id])
        if before or after:
            self.problems.doubt("BUN-57", one.id)

    def _check_reach(self, one, occasion):
        if one.kind not in ("opening", "need", "identity"):  # [EVT-24]
            reached = self.state.view_of(one.id).stage
            if one.terms.stage > reached or one.kind == "reopened" and one.terms.stage == 2:
                self.problems.broken_past("BUN-55", one.id)
        if occasion == "reply" and one.terms.basis != NONPERSONAL:  # [EVT-30]
            ground = (one.terms.basis, one.terms.article)
            past = [self.admission.admitted[name] for name in self.admission.past[one.id]]
            if not any(self._discloses(e) and (e.terms.basis, e.terms.article) == ground for e in past):
                self.problems.broken_past("BUN-55", one.id)

    def _discloses(self, one):
        told = one.kind == "opening" or one.kind in DISCLOSING and one.author == self.admission.parties[0]
        return told and one.terms is not None

    def _check_ground(self, one):
        """BUN-52 of an identity that rests on decisions alone."""
        view = self.state.view_of(one.id)
        if self.stage == 2 or view.covers:
            return
        grounds = [self.admission.admitted[name] for name in self.state.ids(view.grounds)]
        if grounds and not any(self._carries(e, one.time) for e in grounds):
            self.problems.broken_past("BUN-52", one.id)

    # what ended, against more than its author's clock

    def check_ends(self, proof):
        """BAS-48, BUN-57 and BUN-52 of what a past or a log shows to be later than it claims; `proof`: None if unsure."""
        for one in self.admission.order:
            occasion = occasion_of(one, self.admission.parties[0])
            absent = proof.absent(one) if proof is not None else None
            if one.kind == "identity":
                self._hold_decision(one, absent)
            if one.terms is not None and occasion != "reply":
                self._hold_agreement(one, occasion, absent)
                self._hold_basis(one, absent)

    def _latest(self, one):
        return max([one.time, *(self.admission.admitted[name].time for name in self.admission.past[one.id])])

    def _hold_agreement(self, one, occasion, absent):
        timed = occasion == "opening" or one.terms.stage > 0
        if timed and absent is not None and self.agreement.valid_from <= one.time < self.agreement.valid_until <= absent:
            self.problems.broken("BUN-57", one.id)

    def _hold_basis(self, one, absent):
        values = {slot.label: slot.value for slot in self.opened.slots(one) if slot.state == "field"}
        found = lasts(one.terms.basis, values)
        if found is None or one.time > found[1]:
            return
        if absent is not None and absent > found[1]:
            self.problems.broken("BUN-55", one.id)
        elif max(self._latest(one), absent or 0) > found[0]:
            self.problems.doubt("BUN-55", one.id)

    def _hold_decision(self, one, absent):
        view = self.state.view_of(one.id)
        grounds = [self.admission.admitted[name] for name in self.state.ids(view.grounds)]
        if self.stage == 2 or view.covers or not grounds:
            return

        def holds(time):
            return any(self._carries(e, time) for e in grounds)

        if not holds(one.time):
            return
        if absent is not None and absent > one.time and not holds(absent):
            self.problems.broken_past("BUN-52", one.id)
        elif not holds(self._latest(one)):
            self.problems.doubt("BUN-52", one.id)

    def _carries(self, decision, time):
        """A ground whose issuer may make it, as far as that is known, and that had not ended (EVT-31)."""
        issuer = self.evidence.issuer(decision)
        made = issuer is None or self._may_decide(issuer, decision)
        return made and not (decision.said.expiry and decision.said.expiry < time)


