"""The library's verification is held against KEY-3 word by word, where libraries are known to differ."""

import unittest

from uput_protocol import ed25519

NEUTRAL = (1).to_bytes(32, "little")


def points_of_small_order():
    """The eight of them: multiples of a point of order eight."""
    for y in range(2, 1000):
        point = ed25519._decompress(y.to_bytes(32, "little"))
        if point is None:
            continue
        generator = ed25519._multiply(ed25519.L, point)
        fourth = ed25519._multiply(4, generator)
        if not ed25519._is_neutral(fourth):
            return [ed25519._multiply(times, generator) for times in range(8)]
    return []


class Keys(unittest.TestCase):
    def test_no_point_of_small_order_is_admitted(self):  # [KEY-2]
        points = points_of_small_order()
        self.assertEqual(len({ed25519._compress(point) for point in points}), 8)
        for point in points:
            self.assertFalse(ed25519.admitted(ed25519._compress(point)))

    def test_a_key_with_a_part_of_small_order_is_admitted(self):  # [KEY-2]
        torsion = points_of_small_order()[1]
        self.assertTrue(ed25519.admitted(ed25519._compress(ed25519._add(ed25519.BASE, torsion))))

    def test_library_and_arithmetic_agree_on_keys_with_a_part_of_small_order(self):  # [KEY-3]
        agreed = set()
        for times, torsion in enumerate(points_of_small_order()):
            key = ed25519._compress(ed25519._add(ed25519._multiply(7, ed25519.BASE), torsion))
            for number in range(24):
                message = bytes([times, number])
                signature = signed_with_seven(key, message)
                library = ed25519.holds(key, signature, message)
                self.assertEqual(library, ed25519.holds_by_arithmetic(key, signature, message))
                agreed.add(library)
        self.assertEqual(agreed, {True, False})

    def test_s_beyond_the_order_does_not_hold(self):  # [KEY-3]
        key = ed25519._compress(ed25519._multiply(7, ed25519.BASE))
        signature = signed_with_seven(key, b"m")
        s = int.from_bytes(signature[32:], "little")
        self.assertTrue(ed25519.holds(key, signature, b"m"))
        self.assertFalse(ed25519.holds(key, signature[:32] + (s + ed25519.L).to_bytes(32, "little"), b"m"))


def signed_with_seven(key, message):
    """A signature with the scalar 7 that forgets the part of small order: it holds without the cofactor only by chance."""
    r = ed25519._compress(ed25519._multiply(11, ed25519.BASE))
    k = int.from_bytes(ed25519.hashlib.sha512(r + key + message).digest(), "little") % ed25519.L
    return r + ((11 + k * 7) % ed25519.L).to_bytes(32, "little")


if __name__ == "__main__":
    unittest.main()
