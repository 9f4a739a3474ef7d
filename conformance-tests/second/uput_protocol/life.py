"""The life of an agreement (specs/agreement.md, section 5): what a later version takes from an earlier one.

Guarantees: the obstacle, if any, to opening or disclosing under one of several versions that all count.
Leaves to others: what the version itself permits (permit.py).
"""

from .rejection import Rejection


class Versions:
    """Versions of agreements that count here, by ID."""

    def __init__(self, agreements):
        self.by_id = {one.id: one for one in agreements}
        self.given_up = {name for one in self.by_id.values() for name in self._given_up_by(one)}

    def _given_up_by(self, agreement):
        """What a version gives up: those known here that follow the same version, which it amends (AGR-76)."""
        before = self.by_id.get(agreement.previous)
        if before is None or not agreement.amends(before):
            return
        for name in agreement.gives_up:
            if name in self.by_id and self.by_id[name].previous == before.id:
                yield name

    def is_given_up(self, agreement) -> bool:
        """Whether it was given up, or one that it follows (AGR-76)."""
        while agreement is not None:
            if agreement.id in self.given_up:
                return True
            before = self.by_id.get(agreement.previous)
            agreement = before if before is not None and agreement.amends(before) else None
        return False

    def amended_by(self, agreement) -> list:
        """Every version that amends this one, directly or through others (AGR-32)."""
        found, asked = [], [agreement]
        while asked:
            one = asked.pop()
            standing = [new for new in self.by_id.values() if new.id not in self.given_up]
            later = [new for new in standing if new.amends(one) and new not in found]
            found += later
            asked += later
        return found

    def check_new(self, agreement, a: bytes, b: bytes, time: int, opening: bool) -> None:
        """Whether something new may be opened, or disclosed, between two parties (AGR-32, AGR-34)."""
        if self._suspended(agreement, a, b, time):
            raise Rejection("PARTY_SUSPENDED")
        if opening and self.is_given_up(agreement):  # [AGR-77]
            raise Rejection("VERSION_GIVEN_UP")
        replaced = (one for one in self.amended_by(agreement) if one.valid_from <= time and {a, b} <= set(one.binds))
        if opening and any(replaced):
            raise Rejection("AGREEMENT_REPLACED")

    def _suspended(self, agreement, a, b, time):
        """AGR-34: a version of the agreement has begun that suspends one of them and binds the other."""
        for one in self._family(agreement):
            if one.valid_from > time:
                continue
            for party, other in ((a, b), (b, a)):
                at = one.parties.get(party)
                if at is not None and at.suspended and other in one.binds and not self._lifted(one, party, time):
                    return True
        return False

    def _lifted(self, agreement, party, time):
        return any(one.valid_from <= time and party in one.binds for one in self.amended_by(agreement))

    def _family(self, agreement):
        """The version, those that it amends, and all that amend one of these."""
        roots = [agreement]
        while roots[-1].previous in self.by_id and roots[-1].amends(self.by_id[roots[-1].previous]):
            roots.append(self.by_id[roots[-1].previous])
        found = [one for one in roots if not self.is_given_up(one)]
        for one in self.amended_by(roots[-1]):
            if one not in found:
                found.append(one)
        return found
