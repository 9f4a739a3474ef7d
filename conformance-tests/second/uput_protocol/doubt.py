"""What is in doubt, and what rests on it (specs/proven.md, BUN-106, BUN-125).

Guarantees: nothing is broken by an event that nobody can say who wrote.
Leaves to others: which events those are (verdict.py).
"""


class Doubts:
    def __init__(self, admission=None, doubted=()):
        self.past = admission.past if admission is not None else {}
        self.doubted = frozenset(name for name in doubted if name in self.past)
        self.moving = self.doubted

    def settle(self, state):
        """Only what is effective and adds a fact changes the state (BUN-129)."""
        self.moving = frozenset(name for name in self.doubted if state.facts[state.index[name]])

    def itself(self, name) -> bool:
        return name in self.doubted

    def beneath(self, name) -> bool:
        """Whether the event, or one in its past, is in doubt."""
        return self.itself(name) or bool(self.doubted and self.doubted & self.past.get(name, frozenset()))

    def beneath_state(self, name) -> bool:
        """Whether the event, or one in its past that changes the state, is in doubt."""
        return self.itself(name) or bool(self.moving and self.moving & self.past.get(name, frozenset()))

    def beneath_timer(self, timer) -> bool:
        return self.beneath(timer.start.id) or timer.done is not None and self.itself(timer.done.id)
