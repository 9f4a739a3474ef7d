"""What logs and witnesses show in a verdict (specs/proven.md).

Guarantees: proofs only add; what does not count shows nothing, and is counted as such; places are compared within one view.
Leaves to others: whether so many witnesses are enough (verdict.py), and which timer they prove late (proven.py).
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
        self.checkpoints, self.places, self.proofs, self._cosigned, self.leaves = {}, {}, 0, {}, {}
        self.disowned, self.stolen = verdict.disowned, set()
        for data in self.bundle.message.checkpoints:
            self._take_checkpoint(data)
        for message in self.bundle.message.proofs:
            self._take_proof(message)
        self.contradicted = {one.organisation for one, _ in self.contradictions()} | set(self._forked())

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
        if one.organisation not in self.parties:
            return
        by = next((record for record in records if one.is_signed_by(record.signing_key)), None)
        counts, stolen = self.disowned.counts(one, by) if by is not None else (False, False)
        if not counts:  # [BUN-107]
            return
        self.stolen = self.stolen | {one.id} if stolen and one.id not in self.checkpoints else self.stolen
        self.stolen = self.stolen if stolen else self.stolen - {one.id}
        self.checkpoints.setdefault(one.id, []).append(one)

    def _take_proof(self, message):
        try:
            proof = Proof(message)
        except Rejection:
            return
        if proof.party not in self.signers.chains:
            return
        drawn = bool(self.parties) and id(message) in self.disowned.proofs  # [BUN-105] without a trail nothing shows anything
        base = self.base(proof.party)
        held = [one for one in self.checkpoints.get(proof.checkpoint, ()) if proof.leads_to(one, base)]
        self.proofs += bool(held) or drawn
        for one in held:
            self.leaves.setdefault((one.origin, proof.tick - base), []).append((proof.leaf(), one))
            for shown in proof.shown:
                place = Place(one, proof.tick - base, shown.index)
                self.places.setdefault((proof.party, shown.kind, shown.id), []).append(place)

    def contradictions(self, without=()):
        """BUN-76: pairs of checkpoints with one origin and size and two roots, or with two leaves at one index."""
        roots, leaves = {}, {}
        for same in self.checkpoints.values():
            if same[0].id not in without:
                roots.setdefault((same[0].origin, same[0].size), []).append(same[0])
        for at, shown in self.leaves.items():
            for leaf, one in shown:
                if one.id not in without:
                    leaves.setdefault(at, {}).setdefault(leaf, one)
        found = [(several[0], other) for several in roots.values() for other in several[1:]]
        return found + [tuple(under.values())[:2] for under in leaves.values() if len(under) > 1]

    def _forked(self):
        """Parties of whose key records two with one number count."""
        for party in self.parties:
            numbers = [one.number for one in self.signers.records.get(party, ())]
            if len(set(numbers)) < len(numbers):
                yield party

    def cosigned(self, checkpoint, rule) -> dict:
        """Whose cosignature counts, each with all its times (BUN-72)."""
        key = (id(checkpoint), rule)
        if key not in self._cosigned:
            found = self._cosigned[key] = {}
            for organisation, time, line in checkpoint.witnesses():
                if self._counts(checkpoint, organisation, time, line, rule):
                    found.setdefault(organisation, []).append(time)
        return self._cosigned[key]

    def _counts(self, checkpoint, organisation, time, line, rule):
        records = self.signers.records.get(organisation, ())
        trust, own = self.verdict.trust, checkpoint.organisation
        if organisation in (own, self.bundle.exporter):
            return False
        if organisation in self.parties and (rule.number == 0 or rule.independent):
            return False
        if not any(organisation in record.witnesses for record in self.signers.records[own]):
            return False
        least = [record.number for record in records if record.id == trust.minimum.get(organisation)]
        if not least or checkpoint.size > time // 600 - self.base(own) + 1:  # [LOG-32]
            return False
        records = [record for record in records if self.disowned.by(organisation, record) is None]  # [BUN-107]
        keys = [record.signing_key for record in records if record.number >= least[0]]
        return any(checkpoint.is_cosigned_by(key, line) for key in keys)

    def of_event(self, event):
        """Every place of an event, as its author's own or as received by the other party (BUN-70)."""
        other = self.verdict.admission.other(event.author)
        return self.places.get((event.author, OWN, event.id), []) + self.places.get((other, RECEIVED, event.id), [])

    def of_head(self, name):
        return [place for party in self.parties for place in self.places.get((party, HEAD, name), [])]

    def witnesses(self, event, rule) -> dict:
        """Who witnessed an event, each with its first time."""
        return self._first_times(self.of_event(event), rule)

    def _first_times(self, places, rule):
        found = {}
        for place in places:
            if place.checkpoint.organisation in self.contradicted:  # [BUN-99]
                continue
            for organisation, times in self.cosigned(place.checkpoint, rule).items():
                found[organisation] = min([found.get(organisation, times[0]), *times])
        return found

    def proven(self, places, rule):
        """By when something that stands in these places was there, or None (BUN-73)."""
        times = sorted(self._first_times(places, rule).values())
        needed = max(1, rule.number)
        return times[needed - 1] if len(times) >= needed else None

    def logged(self, party, kind, name, rule):
        """The same by one party's log."""
        return self.proven(self.places.get((party, kind, name), []), rule)

    def sight(self, places, rule):
        """The first cosignature that covers any of these places, whatever else that log has shown (BUN-100)."""
        times = [time for place in places for times in self.cosigned(place.checkpoint, rule).values() for time in times]
        return min(times, default=None)

    def views(self, party, kind, name, rule) -> dict:
        """(witness, origin) to (first place there, first time at which it was cosigned) (BUN-98)."""
        found = {}
        if party in self.contradicted:
            return found
        for place in self.places.get((party, kind, name), []):
            drawn = (place.checkpoint.origin, place.leaf, kind, name) in self.disowned.drawn
            if place.checkpoint.id in self.stolen and not drawn:  # [BUN-107]
                continue
            for witness, times in self.cosigned(place.checkpoint, rule).items():
                view, here = (witness, place.checkpoint.origin), ((place.leaf, place.index), min(times))
                found[view] = min(found.get(view, here), here)
        return found

    def absent(self, party, incarnation, kind, name, rule):
        """Until when something was not in the log of the incarnation that said it, or None (BUN-74)."""
        views = self.views(party, kind, name, rule).items()
        own = [view for view in views if int(view[0][1].rsplit("/", 1)[1]) == incarnation]
        reached = [self._reach(witness, origin, place[0], party, rule) for (witness, origin), (place, _) in own]
        times = sorted(one for one in reached if one is not None)
        needed = max(1, rule.number)
        return times[-needed] if len(times) >= needed else None

    def _reach(self, witness, origin, leaf, party, rule):
        times = []
        for one in (one for same in self.checkpoints.values() for one in same):
            if one.origin == origin and one.size < leaf and witness in self.cosigned(one, rule):
                times.append(min(max(self.cosigned(one, rule)[witness]), 600 * (self.base(party) + one.size)))
        return max(times, default=None)

    def signed_by_replaced(self, event, number, rule) -> bool:
        """Whether the author's log has a newer record before the event (BUN-75), and nobody had it before (BUN-100)."""
        own, before, replaced = self.views(event.author, OWN, event.id, rule), set(), []
        for record in self.signers.records.get(event.author, ()):
            if record.number > number:
                places = self.views(event.author, RECORD, record.id, rule)
                before |= {view[0] for view in own if view in places and places[view][0] < own[view][0]}
                replaced.append(self.logged(event.author, RECORD, record.id, rule))
        if len(before) < max(1, rule.number):
            return False
        sight, replaced = self.sight(self.of_event(event), rule), [one for one in replaced if one is not None]
        return not (sight is not None and replaced and sight < min(replaced))

    def shows_keys(self, party, events, number_of, rule) -> bool:
        """Whether a party's log shows which of its keys counted (BUN-101)."""
        if not events:
            return False
        least = min(number_of[one.id].number for one in events)
        later = [one for one in self.signers.records.get(party, ()) if one.number > least]
        every = [self.views(party, OWN, one.id, rule) for one in events]
        every += [self.views(party, RECORD, one.id, rule) for one in later]
        prompt = [
            {view for view, (place, first) in each.items() if first <= 600 * (self.base(party) + place[0] + 1) + 3600}
            for each in every
        ]
        return len({witness for witness, _ in set.intersection(*prompt)}) >= max(1, rule.number)
