"""What logs and witnesses add to a verdict (BUN-70 to BUN-77).

Guarantees: proofs only add; what does not count shows nothing, and is counted as such.
Leaves to others: whether so many witnesses are enough (verdict.py).
"""

from collections import namedtuple

from .log import Checkpoint, Proof
from .rejection import Rejection

OWN, RECEIVED, RECORD, HEAD = 1, 2, 3, 6

# where something stands in a log: the checkpoint, the index of the leaf, the index in the batch
Place = namedtuple("Place", "checkpoint leaf index")
Rule = namedtuple("Rule", "number independent")


class Logs:
    """The checkpoints and proofs of a bundle that count (BUN-72)."""

    def __init__(self, verdict):
        self.verdict, self.bundle, self.signers = verdict, verdict.bundle, verdict.signers
        self.parties = verdict.admission.parties
        self.checkpoints, self.places, self.proofs = {}, {}, 0
        for data in self.bundle.message.checkpoints:
            self._take_checkpoint(data)
        for message in self.bundle.message.proofs:
            self._take_proof(message)

    @property
    def idle(self):
        """(proofs, checkpoints) that show nothing."""
        counted = sum(len(one) for one in self.checkpoints.values())
        return self.bundle.proofs - self.proofs, self.bundle.checkpoints - counted

    def base(self, organisation):
        return self.signers.chains[organisation].main[0].message.log_base_tick

    def _take_checkpoint(self, data):
        try:
            one = Checkpoint(data)
        except Rejection:
            return
        records = self.signers.records.get(one.organisation, ())
        if one.organisation in self.parties and any(one.is_signed_by(record.signing_key) for record in records):
            self.checkpoints.setdefault(one.id, []).append(one)

    def _take_proof(self, message):
        try:
            proof = Proof(message)
        except Rejection:
            return
        if proof.party not in self.signers.chains:
            return
        base = self.base(proof.party)
        held = [one for one in self.checkpoints.get(proof.checkpoint, ()) if proof.leads_to(one, base)]
        self.proofs += bool(held)
        for one in held:
            for shown in proof.shown:
                place = Place(one, proof.tick - base, shown.index)
                self.places.setdefault((proof.party, shown.kind, shown.id), []).append(place)

    def contradictions(self):
        """BUN-76: pairs of checkpoints with one origin and size and two roots."""
        every = [one for same in self.checkpoints.values() for one in same]
        return [(a, b) for a in every for b in every if (a.origin, a.size) == (b.origin, b.size) and a.root < b.root]

    def cosigned(self, checkpoint, rule) -> dict:
        """Whose cosignature counts, each with all its times (BUN-72)."""
        found = {}
        for organisation, time, line in checkpoint.witnesses():
            if self._counts(checkpoint, organisation, time, line, rule):
                found.setdefault(organisation, []).append(time)
        return found

    def _counts(self, checkpoint, organisation, time, line, rule):
        records = self.signers.records.get(organisation, ())
        trust, own = self.verdict.trust, checkpoint.organisation
        if organisation in (own, self.bundle.exporter):
            return False
        if organisation in self.parties and (rule.number == 0 or rule.independent):
            return False
        if not any(organisation in record.witnesses for record in self.signers.records[own]):
            return False
        if trust.minimum.get(organisation) not in {record.id for record in records}:
            return False
        if checkpoint.size > time // 600 - self.base(own) + 1:  # [LOG-32]
            return False
        return any(checkpoint.is_cosigned_by(record.signing_key, line) for record in records)

    def covering(self, event):
        """Every place of an event, as its author's own or as received by the other party (BUN-70)."""
        other = self.verdict.admission.other(event.author)
        return self.places.get((event.author, OWN, event.id), []) + self.places.get((other, RECEIVED, event.id), [])

    def witnesses(self, event, rule) -> dict:
        """Who witnessed an event, each with its first time."""
        found = {}
        for place in self.covering(event):
            for organisation, times in self.cosigned(place.checkpoint, rule).items():
                found[organisation] = min([found.get(organisation, times[0]), *times])
        return found

    def proven(self, event, rule):
        """By when an event was there, or None (BUN-73)."""
        times = sorted(self.witnesses(event, rule).values())
        needed = max(1, rule.number)
        return times[needed - 1] if len(times) >= needed else None

    def absent(self, party, kind, name, rule):
        """The latest time at which something was not in a party's log yet, or None (BUN-74)."""
        needed, found = max(1, rule.number), []
        for place in self._firsts(party, kind, name):
            for one in self._of_origin(place.checkpoint.origin):
                last = sorted(max(times) for times in self.cosigned(one, rule).values())
                if one.size <= place.leaf and len(last) >= needed:
                    found.append(min(last[-needed], 600 * (self.base(party) + one.size)))
        return max(found, default=None)

    def _firsts(self, party, kind, name):
        """The first place of something in each log of a party."""
        first = {}
        for place in self.places.get((party, kind, name), []):
            origin = place.checkpoint.origin
            if origin not in first or (place.leaf, place.index) < (first[origin].leaf, first[origin].index):
                first[origin] = place
        return list(first.values())

    def _of_origin(self, origin):
        return [one for same in self.checkpoints.values() for one in same if one.origin == origin]

    def _witnessed_places(self, party, kind, name, rule):
        """Origin to the first place under a checkpoint that is witnessed as BUN-73 demands."""
        enough = [
            place
            for place in self.places.get((party, kind, name), [])
            if len(self.cosigned(place.checkpoint, rule)) >= max(1, rule.number)
        ]
        first = {}
        for place in sorted(enough, key=lambda one: (one.leaf, one.index)):
            first.setdefault(place.checkpoint.origin, place)
        return first

    def signed_by_replaced(self, event, number, rule) -> bool:
        """Whether the author's log has a newer record before the event (BUN-75)."""
        own = self._witnessed_places(event.author, OWN, event.id, rule)
        for record in self.signers.records.get(event.author, ()):
            if record.number <= number:
                continue
            for origin, place in self._witnessed_places(event.author, RECORD, record.id, rule).items():
                if origin in own and (own[origin].leaf, own[origin].index) >= (place.leaf, place.index):
                    return True
        return False

    def shows_keys(self, party, events, rule) -> bool:
        """Whether a party's log shows each of its events and each record above the first (BUN-75)."""
        later = [one for one in self.signers.records.get(party, ()) if one.number > 0]
        shown = [self._witnessed_places(party, RECORD, one.id, rule) for one in later]
        shown += [self._witnessed_places(party, OWN, one.id, rule) for one in events]
        return bool(later) and all(shown)
