"""One message, one byte string: what decodes otherwise is told apart from what does not decode (ENV-5, ENV-6)."""

import random
import unittest

from uput_protocol import protobuf
from uput_protocol.protobuf import Message
from uput_protocol.rejection import Rejection

HEAD = Message("Head", trail=b"\x01" * 32, own_count=300, closes=Message("ClosedIncarnation"), time=5)


def code(data, schema="Head"):
    try:
        protobuf.decode(schema, data)
    except Rejection as rejection:
        return rejection.code
    return "ok"


class Codec(unittest.TestCase):
    def test_what_is_encoded_decodes_to_the_same(self):  # [ENV-5]
        data = protobuf.encode(HEAD)
        self.assertEqual(protobuf.encode(protobuf.decode("Head", data)), data)
        self.assertIn(bytes([10 << 3 | 2, 0]), data)  # a message that is present is written even if it is empty

    def test_other_encodings_of_the_same_are_not_canonical(self):  # [ENV-6]
        data = protobuf.encode(HEAD)
        unknown, long_varint = data + bytes([15 << 3, 1]), data[:-1] + b"\x85\x00"
        zero, twice = bytes([4 << 3, 0]) + data, data + bytes([11 << 3, 5])
        group = data + bytes([15 << 3 | 3, 8, 1, 15 << 3 | 4])
        for other in (unknown, long_varint, zero, twice, group):
            self.assertEqual(code(other), "NOT_CANONICAL")

    def test_what_does_not_decode_is_malformed(self):  # [ENV-6]
        data = protobuf.encode(HEAD)
        for other in (data[:-1], bytes([1 << 3, 1]), b"\x00\x01", bytes([15 << 3 | 3]), bytes([15 << 3 | 4])):
            self.assertEqual(code(other), "MALFORMED")
        self.assertEqual(code(bytes([1 << 3 | 2, 1, 0xFF]), "DisclosedField"), "MALFORMED")

    def test_a_number_beyond_32_bits_is_not_canonical(self):  # [ENV-5]
        self.assertEqual(code(bytes([4 << 3]) + protobuf.varint(1 << 32 | 7)), "NOT_CANONICAL")

    def test_random_bytes_break_nothing(self):
        rng = random.Random(7)
        data = protobuf.encode(HEAD)
        for _ in range(3000):
            other = bytearray(data)
            other[rng.randrange(len(other))] = rng.randrange(256)
            self.assertIn(code(bytes(other)), ("ok", "MALFORMED", "NOT_CANONICAL"))


if __name__ == "__main__":
    unittest.main()
