"""The verdict never fails, says the same in every order, and can tell a mutant from its base."""

import random
import unittest

from uput_protocol import trust, verdict
from uput_protocol.compare import summary
from uput_protocol.maker import Maker
from uput_protocol.mutant import Mutants
from uput_protocol.state import Node, State
from uput_protocol.vector import Vector, specs

VALID = specs() / "vectors" / "bundle" / "an-enquiry-that-was-held-is-valid.txt"


class Verdicts(unittest.TestCase):
    def test_no_mutant_breaks_the_verifier(self):
        mutants = Mutants(99)
        for number in range(150):
            _, data, trusted = mutants.make(number)
            summary(data, trusted)

    def test_no_flipped_bit_of_a_valid_bundle_is_valid(self):
        vector = Vector(VALID)
        data, believed = vector.bytes_of("bundle"), trust.read(vector.bytes_of("trust").decode())
        self.assertEqual(verdict.verify(data, believed).exit, 0)
        rng = random.Random(3)
        for _ in range(200):
            other = bytearray(data)
            other[rng.randrange(len(other))] ^= 1 << rng.randrange(8)
            self.assertIn(verdict.verify(bytes(other), believed).exit, (10, 13))

    def test_the_same_number_gives_the_same_mutant(self):
        self.assertEqual(Mutants(5).make(17), Mutants(5).make(17))

    def test_what_is_made_is_not_all_wrong_in_one_way(self):
        exits = set()
        for number in range(150):
            data, text = Maker(random.Random(number)).bundle()
            exits.add(verdict.verify(data, trust.read(text)).exit)
        self.assertLessEqual({10, 11, 13, 14}, exits)

    def test_a_state_is_the_same_in_every_order(self):  # [STA-2]
        nodes = [
            Node(1, "O", "opened1"),
            Node(2, "P", "accepted", seen=1),
            Node(3, "O", "identity", prev=1, seen=2),
            Node(4, "P", "declined", prev=2),
            Node(5, "O", "withdrawn", prev=3),
        ]
        rng, readings = random.Random(1), set()
        for _ in range(20):
            rng.shuffle(nodes)
            view = State(list(nodes)).view
            owed = tuple(sorted(view.state.nodes[at].id for at in view.owed))
            readings.add((view.headline, view.live, view.stage, owed))
        self.assertEqual(readings, {("withdrawn", False, 2, (1, 3))})


if __name__ == "__main__":
    unittest.main()
