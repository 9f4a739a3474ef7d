"""What a verdict finds: problems, each under its requirement (BUN-80, BUN-81).

Guarantees: one list, in the order in which they were found; the strongest exit code of BUN-80.
"""

from collections import namedtuple

from .doubt import Doubts

# outcome: `failed` or `not_checkable`; event: the ID of what it is about, or None
Problem = namedtuple("Problem", "requirement exit rejection event outcome sentence")

PRECEDENCE = (10, 13, 12, 11, 14)
REQUIREMENTS = tuple(
    f"BUN-{number}"
    for number in (1, 3, 4, 5, 6, 11, 14, 20, 21, 22, 23, 24, 25, 26, 30, 31, 32, 33, 34, 35, 36, 40)
    + (45, 46, 47, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 63, 64, 71, 75, 76, 109, 111)
) + ("RET-21", "RET-22")
# [BUN-80] what a rejection of a signer comes to; everything else that is refused is not authentic
_UNKNOWN = frozenset({"UNKNOWN_SIGNER", "REVOKED_SIGNER"})


class Problems:
    def __init__(self):
        self.all = []
        self.doubts = Doubts()
        self.contradicting = set()

    def contradict(self, requirement, author, event=None):
        """What an organisation signed cannot both be true (exit code 12)."""
        self.contradicting.add(author)
        self.add(requirement, 12, None, event)

    def add(self, requirement, exit_code, rejection=None, event=None, outcome="failed", sentence=""):
        self.all.append(Problem(requirement, exit_code, rejection, event, outcome, sentence))

    def refuse(self, requirement, rejection, event=None):
        """A rejection: 13 if it is about who signed and whether that key is known, else 10."""
        code = 13 if rejection.code in _UNKNOWN else 10
        self.add(requirement, code, rejection.code, event, sentence=rejection.detail)

    def broken(self, requirement, event=None, sentence=""):
        """Nothing in doubt breaks anything (BUN-125)."""
        outcome = "not_checkable" if self.doubts.itself(event) else "failed"
        self.add(requirement, 14, None, event, outcome, sentence)

    def broken_past(self, requirement, event, sentence=""):
        """The same of an event by what was before it."""
        outcome = "not_checkable" if self.doubts.beneath_state(event) else "failed"
        self.add(requirement, 14, None, event, outcome, sentence)

    def doubt(self, requirement, event=None, sentence=""):
        self.add(requirement, 14, None, event, "not_checkable", sentence)

    def fails(self, *requirements):
        return any(one.requirement in requirements and one.outcome == "failed" for one in self.all)

    def exit(self):
        found = {one.exit for one in self.all}
        return next((code for code in PRECEDENCE if code in found), 0)
