"""The verdict on one bundle by one trust file (specs/bundle.md).

Guarantees: it never fails on any bundle; what is not known is never *yes*. The report has the fields that BUN-81 to BUN-83
give words for.
Leaves to others: pages and pictures.
"""

from collections import Counter
from functools import lru_cache

from . import agreement as agreements
from . import attestation, disclosure, envelope
from .admission import Admission, Heads
from .bundle import read as read_bundle
from .challenge import Challenges
from .disowned import Disowned
from .doubt import Doubts
from .conformance import Conformance, Evidence, Opened
from .problem import REQUIREMENTS, Problems
from .proven import Proof
from .rejection import Rejection
from .signers import Signers, check_exporter
from .timer import Timers, deadlines
from .witnessed import HEAD, RECEIVED, RECORD, Logs, Rule
from .words import Words


class Verdict:
    """What a bundle comes to."""

    def __init__(self, data: bytes, trust):
        self.trust, self.problems = trust, Problems()
        self.bundle = self.admission = self.agreement = self.conformance = None
        self.deadlines, self.closed_numbers, self.words, self.copies, self.doubted = [], set(), [], [], []
        try:
            self.bundle = read_bundle(data)
        except Rejection as rejection:
            self.problems.add("BUN-1", 10, rejection.code)
            return
        if not self.bundle.in_order:
            self.problems.add("BUN-3", 10, "NOT_CANONICAL")
        self._verify()
        self.words = Words(self).sentences()

    @property
    def exit(self):
        return self.problems.exit()

    @property
    def readable(self):
        """Whether there is a trail: the opening is here, and accepted."""
        return self.admission is not None and self.admission.opening is not None

    def _verify(self):
        bundle, problems = self.bundle, self.problems
        self.signers = Signers(bundle, self.trust, problems)
        self.exporter_signed = check_exporter(bundle, self.signers, problems)
        self.disowned = Disowned(bundle, self.signers)
        self.admission = Admission(bundle, self.signers, problems, self._leave_out)
        problems.doubts = Doubts(self.admission, self.doubted)
        self.heads = Heads(bundle, self.admission, self.signers, problems, self.disowned)
        self.challenges = Challenges(self)
        self.evidence = Evidence(bundle, self.signers, problems, self.disowned)
        if self.readable:
            self._verify_trail()
        self.logs = Logs(self)
        self._check_witnesses()
        self.challenged = self.challenges.judge(self.rule)
        self._check_trusted()
        self._check_surplus()
        if self.readable and self.agreement is not None:
            self._check_deadlines()
            self._check_ends()
        for name in self.doubted:  # [BUN-106]
            problems.doubt("BUN-30", name)

    def _leave_out(self, admission):
        """IDs of what a stolen key signed and nothing shows (BUN-104); keeps in mind what is in doubt (BUN-106)."""
        if not self.disowned.any:
            return []
        heads = Heads(self.bundle, admission, self.signers, Problems(), self.disowned)
        counts = {}
        for one in heads.all:
            counts[one.author] = max(one.own_count, counts.get(one.author, 0))
        heads = [(one.author, one.own_last) for one in heads.all + heads.strange if one.own_last is not None]
        events = list(admission.signed.values())
        counted = self.disowned.resting(events, admission.record_of, heads)
        left = sorted((one for one in events if one.id not in counted), key=lambda one: one.id)
        if left and admission.opening is not None:
            self.doubted = [one.id for one in self._in_doubt(admission, events, left, counts)]
        doubted = set(self.doubted)
        return [one.id for one in left if one.id not in doubted]

    def _in_doubt(self, admission, events, left, counts):
        problems, self.problems, self.admission = self.problems, Problems(), admission
        self.agreement = self._find_agreement()
        logs, rule = Logs(self), self.rule
        self.problems, self.admission, self.agreement = problems, None, None
        used = Counter((one.author, one.seq) for one in events)  # [BUN-114]
        heard = lru_cache(maxsize=None)(lambda party, record: logs.views(party, RECORD, record, rule))
        for one in left:
            alone = used[one.author, one.seq] == 1
            if not alone or one.author not in admission.parties or counts.get(one.author, 0) > one.seq:
                continue
            other, stolen = admission.other(one.author), self.disowned.by(one.author, admission.record_of[one.id])
            before = heard(other, stolen.id)
            received = logs.views(other, RECEIVED, one.id, rule)
            had = {view[0] for view, spot in received.items() if view in before and spot[0] < before[view][0]}
            if len(had) >= max(1, rule.number):
                yield one

    def _verify_trail(self):
        bundle, problems, admission = self.bundle, self.problems, self.admission
        if bundle.exporter not in admission.parties:  # [BUN-5]
            problems.add("BUN-5", 10)
        self._check_peer_key()
        admission.check_named()
        self.closed_numbers = admission.check_twins(self.heads.all)
        self.heads.check(self.signers)
        for party in admission.parties:
            self._check_heads_of(party)
        self.agreement = self._find_agreement()
        self.opened = Opened(bundle, admission, problems)
        self._check_erasures()
        self.copies = list(self._read_copies())
        self.evidence.cite(admission)
        self.conformance = Conformance(admission, self.opened, self.evidence, self.agreement, problems)
        self.conformance.check_state()
        if self.agreement is not None:
            self.conformance.check_agreement()
        for event, _, stands in self.copies:
            if stands == "does_not_match":  # [BUN-92]
                problems.doubt("BUN-56", event.id)

    def _check_erasures(self):
        """What the exporter says that it erased (RET-21, RET-22, RET-30)."""
        here = {part.id for part in self.bundle.events}
        gaps = self.problems.fails("BUN-32")
        open_values = {one.event for one in self.bundle.disclosures if disclosure.opens_values(one)}
        for erasure in self.bundle.erasures:
            if erasure.time > self.bundle.time:
                self.problems.add("RET-21", 10, sentence="after the bundle")
            for name in erasure.events:
                event = self.admission.admitted.get(name)
                if event is None:
                    fits = name in here or gaps
                else:
                    fits = bool(event.slots)
                if not fits:
                    self.problems.add("RET-21", 10, None, name)
                if name in open_values:
                    self.problems.add("RET-22", 10, None, name)

    def _read_copies(self):
        """(event, copy, standing) of every copy that is open with its value (BUN-90, BUN-91)."""
        for event in self.admission.order:
            for slot in self.opened.slots(event):
                if slot.state != "field" or slot.label != "provenance" or slot.value is None:
                    continue
                try:
                    copy = attestation.read_copy(slot.value)
                except Rejection:
                    continue
                yield event, copy, self._standing(copy)

    def _standing(self, copy):
        records = self.signers.records.get(copy.author, ())
        named = copy.author in self.trust.organisations
        if named and all(one.id != self.trust.minimum[copy.author] for one in records):
            return "unknown_signer"
        if any(one.id == copy.key and self.disowned.by(copy.author, one) for one in records):  # [BUN-108]
            return "unknown_signer"
        return attestation.standing(copy, records, named)

    def _check_peer_key(self):
        opening = self.admission.opening  # [BUN-26]
        try:
            self.signers.record(opening.said.peer, opening.said.peer_key)
        except Rejection as rejection:
            self.problems.refuse("BUN-26", rejection, opening.id)

    def _check_heads_of(self, party):
        newest = self.newest_head(party)
        if newest is None:  # [BUN-40]
            self.problems.add("BUN-40", 11, None, party)
        if self.answers(newest) is False:  # [BUN-64]
            self.problems.add("BUN-64", 11, None, party)

    def newest_head(self, party):
        """The head with the highest count of its own; of these one that answers, of these the one that has seen most."""
        return max(
            self.heads.of(party),
            key=lambda one: (one.own_count, self.answers(one) is True, one.seen_count, one.time, one.id),
            default=None,
        )

    def answers(self, one):
        """Whether a head answers the trust file; None if that demands nothing."""
        nonce, earliest = self.trust.nonce_of(self.bundle.trail), self.trust.earliest
        if nonce is None and earliest is None:
            return None
        return one is not None and (nonce is None or one.nonce == nonce) and (earliest is None or one.time >= earliest)

    def _find_agreement(self):
        """The agreement that the opening names, if it is here, parses and is signed (BUN-45 to BUN-47)."""
        wanted = self.admission.opening.said.agreement
        part = next((one for one in self.bundle.agreements if one.id == wanted), None)
        if part is None:
            self.problems.add("BUN-45", 11, None, wanted)
            return None
        try:
            part.envelope.of_type(envelope.AGREEMENT)
            one = agreements.read(part.envelope.body, part.id)
            agreements.check_signed(one, part.envelope, self.signers.organisation_keys)
        except Rejection as rejection:
            if rejection.code == "AGREEMENT_NOT_SIGNED":
                self.problems.add("BUN-46", 11, None, part.id)
            else:
                self.problems.refuse("BUN-46", rejection, part.id)
            return None
        if one.id not in self.trust.agreements:
            self.problems.doubt("BUN-47", one.id)
        return one

    def _check_ends(self):
        unsure = self.problems.fails("BUN-4", "BUN-24", "BUN-30", "BUN-31", "BUN-32", "BUN-35")
        self.conformance.check_ends(None if unsure else Proof(self, self.rule, accused=0))

    def _check_deadlines(self):
        problems, admission = self.problems, self.admission
        act = self.conformance.request.act
        seconds = {kind: span for (of, kind), span in self.agreement.timers.items() if of == act}
        unsure = problems.fails("BUN-4", "BUN-24", "BUN-30", "BUN-31", "BUN-32", "BUN-35")
        timers = Timers(admission, self.conformance.state, self.conformance.stage)
        word = self._own_word(admission.parties[1], unsure)
        self.deadlines = deadlines(admission, timers, seconds, word, self._latest_claim(), unsure)
        self.deadlines = [  # [BUN-125]
            one._replace(verdict="not_checkable") if self._is_unsure_of(one) else one for one in self.deadlines
        ]
        if not unsure:
            proof, heads = Proof(self, self.rule), self._counting_heads(admission.parties[1])
            late = [
                None if problems.doubts.beneath_timer(one.timer) else proof.late(one.timer, seconds[one.timer.kind], heads)
                for one in self.deadlines
            ]
            self.deadlines = [
                one if span is None else one._replace(verdict="no", late=span) for one, span in zip(self.deadlines, late)
            ]
        for one in self.deadlines:
            if one.verdict == "no":
                problems.add("BUN-59", 14, None, one.timer.start.id)
            elif one.verdict == "not_checkable":
                problems.doubt("BUN-59", one.timer.start.id)

    def _is_unsure_of(self, deadline):
        """Whether what became of a timer, or would be held against somebody, rests on an event in doubt."""
        told = deadline.timer.done is not None or deadline.verdict
        return bool(told and self.problems.doubts.beneath_timer(deadline.timer))

    def _own_word(self, receiver, unsure):
        """The latest time of which the receiver itself says that nothing more had come from it (BUN-59)."""
        times = [one.time for one in self._counting_heads(receiver)]
        if receiver == self.bundle.exporter and not unsure:
            times.append(self.bundle.time)
        return max(times, default=None)

    def _latest_claim(self):
        """The latest time that the bundle, an event of the trail or a head claims (BUN-59)."""
        return max(one.time for one in [self.bundle, *self.admission.order, *self.heads.all])

    @property
    def rule(self):
        """The witness rule in force (BUN-63)."""
        if self.trust.witnesses:
            return Rule(self.trust.witnesses, self.trust.independent)
        return self._agreed_rule()

    def _agreed_rule(self):
        agreed = self.agreement.message.witnesses if self.agreement is not None else None
        return Rule(agreed.number, agreed.independent) if agreed is not None else Rule(0, False)

    def _check_witnesses(self):
        for one, _ in self.logs.contradictions(without=self.logs.stolen):  # [BUN-76] [BUN-107]
            self.problems.contradict("BUN-76", one.organisation, one.organisation)
        demanded, agreed = Rule(self.trust.witnesses, self.trust.independent), self._agreed_rule()
        if demanded.number and not self._has(demanded):  # [BUN-63]
            self.problems.add("BUN-63", 11)
        if agreed.number and not self._has(agreed):  # [BUN-71]
            self.problems.doubt("BUN-71")
        for one in self.admission.order:
            number = self.admission.record_of[one.id].number
            if self.logs.signed_by_replaced(one, number, self.rule):  # [BUN-75]
                self.problems.add("BUN-75", 13, "REVOKED_SIGNER", one.id)

    def _has(self, rule):
        events = self.admission.order
        return bool(events) and all(len(self.logs.witnesses(one, rule)) >= rule.number for one in events)

    def _counting_heads(self, receiver):
        """The receiver's heads that count all of its events that are here, and name the last (BUN-59)."""
        own = self.admission.by(receiver)
        count = max((one.seq + 1 for one in own), default=0)
        last = {one.id for one in own if one.seq + 1 == count} or {None}
        return [one for one in self.heads.of(receiver) if one.own_count == count and one.own_last in last]

    def signed_here(self):
        """Everybody who signed (BUN-21)."""
        found = {self.bundle.exporter} | self.challenges.challengers | {one.author for one in self.heads.all + self.heads.strange}
        found |= {one.author for one in self.admission.signed.values()}
        found |= self.evidence.authors | set(self.admission.parties)
        if self.agreement is not None:
            found |= set(self.agreement.binds)
        return found

    def _check_trusted(self):
        for one in sorted(self.signed_here()):
            if one not in self.trust.organisations:  # [BUN-21]
                self.problems.add("BUN-21", 13, None, one)
            elif one in self.signers.records:
                if all(record.id != self.trust.minimum[one] for record in self.signers.records[one]):  # [BUN-22]
                    self.problems.add("BUN-22", 13, None, one)

    def _check_surplus(self):
        if not self.readable or self.agreement is None:
            return
        if self.problems.fails("BUN-24", "BUN-30", "BUN-31", "BUN-32", "BUN-51"):
            return
        needed = self.signed_here()  # [BUN-6]
        for organisation in list(needed):
            for record in self.signers.records.get(organisation, ()):
                needed |= set(record.witnesses)
        needed |= {copy.author for _, copy, _ in self.copies} | self.challenges.witnesses  # [BUN-93]
        surplus = [chain for chain in self.signers.chains if chain not in needed]
        surplus += [one.id for one in self.heads.strange]
        surplus += [one.id for one in self.bundle.agreements if one.id != self.agreement.id]
        surplus += [one.id for one in self.bundle.evidence if one.id not in self.evidence.named]
        for one in surplus:
            self.problems.add("BUN-6", 10, None, one)

    # what a report says of all this

    @property
    def authentic(self):
        return not any(one.exit in (10, 13) for one in self.problems.all)

    @property
    def complete(self):
        missing = ("BUN-24", "BUN-26", "BUN-32", "BUN-35", "BUN-40", "BUN-45", "BUN-46", "BUN-51", "BUN-64", "BUN-111")
        return self.readable and not self.problems.fails(*missing)

    @property
    def conformant(self):
        broken = any(one.exit == 14 and one.outcome == "failed" for one in self.problems.all)
        if broken:
            return "no"
        doubt = any(one.exit == 14 for one in self.problems.all)
        known = self.readable and self.agreement is not None and self.authentic
        if doubt or not known or self.problems.fails("BUN-24", "BUN-32", "BUN-33", "BUN-35", "BUN-51"):
            return "not_checkable"
        return "yes"

    def settled(self):
        """Event to the earliest claimed and the earliest proven time at which the receiver said that it is over (BUN-94)."""
        found = {}
        for event in self.admission.order if self.conformance else ():
            if event.kind != "withdrawn" or event.id in self.conformance.state.void:
                continue
            receiver = self.admission.parties[1]
            said = [one for one in self.heads.of(receiver) if one.settled == event.id]
            proven = [self.logs.logged(receiver, HEAD, one.id, self.rule) for one in said]
            if said:
                times = [time for time in proven if time is not None]
                found[event.id] = min(one.time for one in said), min(times, default=None)
        return found

    def outcomes(self):
        """Requirement to `failed` or `not_checkable`, of those that something was found under."""
        found = {}
        for requirement in REQUIREMENTS:
            outcomes = {one.outcome for one in self.problems.all if one.requirement == requirement}
            if outcomes:
                found[requirement] = "failed" if "failed" in outcomes else "not_checkable"
        return found

    def timeline(self):
        """(event, kind, code) of every entry, in the order of BUN-82."""
        if self.admission is None:
            return []
        found = [(one.id, said_kind(one), one.code) for one in self.admission.order]
        loose = {**self.admission.on_gap, **self.admission.strangers}
        found += [(name, said_kind(one), one.code) for name, one in sorted(loose.items())]
        return found + [(one.id, "needs_upgrade", "") for one in self.admission.unread]


def said_kind(one):
    return "opened" if one.kind == "opening" else one.kind


def verify(data: bytes, trust) -> Verdict:
    return Verdict(data, trust)
