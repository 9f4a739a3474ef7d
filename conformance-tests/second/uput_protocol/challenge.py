"""Challenges, and what witnesses say of them (BUN-14, BUN-109 to BUN-112).

Guarantees: nobody is silent on the word of whoever exported the bundle.
Leaves to others: the form (head.py), and the sentences (words.py).
"""

from collections import namedtuple

from . import envelope, head
from .rejection import Rejection

DAY = 86_400

# what became of a challenge: `answered` (when), `silent` (since, until, witnesses) or neither
Standing = namedtuple("Standing", "to by time answered silent")


class Challenges:
    def __init__(self, verdict):
        self.verdict, self.asked, self.said, self.stolen = verdict, {}, [], set()
        parts = verdict.bundle.challenges if verdict.readable else ()
        for part in parts:
            if part.type != envelope.COUNTERSIGNATURE:
                self._take("BUN-14", part, self._challenge)
        for part in parts:
            if part.type == envelope.COUNTERSIGNATURE:
                self._take("BUN-109", part, self._countersignature)
        self.challengers = {by for _, by in self.asked.values()}
        self.witnesses = {one.witness for one in self.said}

    def _take(self, requirement, part, read):
        try:
            read(part)
        except Rejection as rejection:
            self.verdict.problems.refuse(requirement, rejection, part.id)

    def _challenge(self, part):
        part.envelope.of_type(envelope.CHALLENGE)
        one = head.read_challenge(part.envelope.body)
        signer = self.verdict.signers.by_signing_key(part.envelope.sole_key())
        if signer is None:
            raise Rejection("UNKNOWN_SIGNER")
        part.envelope.verify_signature(signer[1].signing_key)
        if one.trail != self.verdict.bundle.trail or one.to not in self.verdict.admission.parties:
            raise Rejection("WRONG_TRAIL")
        self.asked[part.id] = one, signer[0]
        if self.verdict.disowned.by(signer[0], signer[1]) is not None:
            self.stolen.add(part.id)

    def _countersignature(self, part):
        one = head.read_countersignature(part.envelope.body)
        record = self.verdict.signers.record(one.witness, one.key)
        part.envelope.verify_signature(record.signing_key)
        if one.challenge not in self.asked or self.asked[one.challenge][0].to != one.to:
            raise Rejection("WRONG_TRAIL")
        self.said.append(one)

    def judge(self, rule):
        """What became of each, by ID (BUN-111)."""
        found = []
        for name, (one, by) in sorted(self.asked.items()):
            if name in self.stolen:  # [BUN-124]
                continue
            answers = [own.time for own in self.verdict.heads.of(one.to) if own.nonce == one.nonce]
            answered = min(answers, default=None)
            silent = None if answers else self._silence(name, by, rule)
            if answered is None and silent is None:
                self.verdict.problems.add("BUN-111", 11, None, name)
            found.append(Standing(one.to, by, one.time, answered, silent))
        return found

    def _silence(self, name, by, rule):
        counted = [one for one in self.said if one.challenge == name and self._counts(one, by)]
        if any(one.head for one in counted):
            return None
        needed = max(1, rule.number)
        asked = self.asked[name][0].time
        heard = [(one.witness, max(asked, one.put), one.until) for one in counted]
        common = [span for _, since, _ in heard if (span := self._common(since, heard, needed)) is not None]
        return min(common, key=lambda span: (span[0] - span[1], span[0]), default=None)

    @staticmethod
    def _common(since, heard, needed):
        """What so many witnesses heard from a time on, each by one word of its own: (since, until, who), or None."""
        until = {}
        for witness, began, last in heard:
            if began <= since:
                until[witness] = max(last, until.get(witness, last))
        times = sorted(until.values(), reverse=True)
        if len(times) < needed or since + DAY > times[needed - 1]:
            return None
        last = times[needed - 1]
        return since, last, sorted(witness for witness, time in until.items() if time >= last)

    def _counts(self, one, by):
        """BUN-110."""
        verdict, records = self.verdict, self.verdict.signers.records
        if one.witness in (*verdict.admission.parties, by, verdict.bundle.exporter):
            return False
        if not any(one.witness in record.witnesses for record in records.get(one.to, ())):
            return False
        own = records[one.witness]
        least = [record.number for record in own if record.id == verdict.trust.minimum.get(one.witness)]
        named = [record for record in own if record.id == one.key]
        if any(verdict.disowned.by(one.witness, record) is not None for record in named):  # [BUN-124]
            return False
        return bool(least) and any(record.number >= least[0] for record in named)
