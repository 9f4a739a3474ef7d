"""What a stolen key signed (specs/proven.md, section 6).

Guarantees: nothing counts by a disowned key but what stands under the root that the organisation itself names, and what its own
later word rests on; nobody vouches for another one's event.
Leaves to others: what is in doubt by the other party's log (verdict.py).
"""

import base64
import hashlib
from collections import namedtuple

from . import ed25519
from .log import Proof
from .rejection import Rejection

OWN, HEAD = 1, 6
Line = namedtuple("Line", "id organisation size root record base origin")


class Disowned:
    """The lines that the records of a bundle draw, and what proofs show under them (BUN-105)."""

    def __init__(self, bundle, signers):
        self.signers, self.shown, self.proofs, self.drawn = signers, set(), set(), set()
        self.stolen = dict(self._stolen())
        lines = list(self._lines())
        for message in bundle.message.proofs if lines else ():
            self._take(message, lines)

    def _lines(self):
        for organisation, records in self.signers.records.items():
            base = self.signers.chains[organisation].main[0].message.log_base_tick
            for record in records:
                said = record.disowned
                if said is None or said.size == 0:
                    continue
                root = base64.b64encode(said.root).decode()
                origin = f"uput/v1/{organisation.hex()}/{said.incarnation}"
                text = f"{origin}\n{said.size}\n{root}\n"
                name = hashlib.sha256(text.encode()).digest()
                yield Line(name, organisation, said.size, said.root, record, base, origin)

    def _take(self, message, lines):
        try:
            proof = Proof(message)
        except Rejection:
            return
        for line in lines:
            if proof.leads_to(line, line.base):
                self.proofs.add(id(message))
                self.shown |= {(line.record.id, one.kind, one.id) for one in proof.shown}
                self.drawn |= {(line.origin, proof.tick - line.base, one.kind, one.id) for one in proof.shown}

    def by(self, organisation, record):
        """The record that disowns the key that a record names, or None."""
        return self.stolen.get((organisation, record.id)) if record is not None else None

    def _stolen(self):
        """Every record whose signing key is disowned, with the first record that says so (BUN-114)."""
        for organisation, records in self.signers.records.items():
            said = sorted((one for one in records if one.disowned is not None), key=lambda one: (one.number, one.id), reverse=True)
            by_key = {one.disowned.key: one for one in said}
            for one in records if by_key else ():
                by = by_key.get(ed25519.key_id(one.signing_key))
                if by is not None:
                    yield (organisation, one.id), by

    def is_own(self, organisation, record, kind, name):
        stolen = self.by(organisation, record)
        return stolen is None or (stolen.id, kind, name) in self.shown

    def resting(self, events, record_of, heads):
        """IDs of the events that are shown, or that their author's own later word rests on (BUN-105)."""
        here = {one.id: one for one in events}
        left = [(one.author, one.id) for one in events if self.is_own(one.author, record_of[one.id], OWN, one.id)]
        left += [(author, last) for author, last in heads]
        counted = set()
        while left:
            author, name = left.pop()
            one = here.get(name)
            if one is None or one.author != author or name in counted:
                continue
            counted.add(name)
            if one.prev is not None:
                left.append((author, one.prev))
        return counted

    @property
    def any(self):
        return any(one.disowned is not None for records in self.signers.records.values() for one in records)

    def counts(self, checkpoint, record):
        """(whether a checkpoint that this record's key signed counts, whether that key is disowned) (BUN-107)."""
        stolen = self.by(checkpoint.organisation, record)
        if stolen is None:
            return True, False
        said, incarnation = stolen.disowned, int(checkpoint.origin.rsplit("/", 1)[1])
        here, line = (incarnation, checkpoint.size), (said.incarnation, said.size)
        return here < line or here == line and checkpoint.root == said.root, True
