"""Invitations: one line of text by which two organisations meet (TRA-30).

Guarantees: the parts of a line that was not mistyped, cut or made by another version.
Leaves to others: who is behind it; only the safety number says that.
"""

import base64
import hashlib
import re
from collections import namedtuple

from . import ed25519
from .field import demand, id_of, time_of
from .key import check_endpoint
from .rejection import Rejection, malformed

Invitation = namedtuple("Invitation", "organisation tls_key secret expiry endpoints")


def read(line: str) -> Invitation:
    text = re.sub(r"\s+", "", line).lower()
    if re.match(r"uput[089]", text):
        raise Rejection("NEEDS_UPGRADE")
    demand(re.match(r"uput1[a-z2-7]*\Z", text) is not None, "line")
    data = _base32(text[5:])
    body, checksum = data[:-4], data[-4:]
    demand(hashlib.sha256(b"uput/v1/invitation" + body).digest()[:4] == checksum, "checksum")
    demand(len(body) > 88, "length")
    organisation = id_of(body[:32], "organisation")
    ed25519.admit(body[32:64])
    expiry = time_of(int.from_bytes(body[80:88], "big"), "expiry")
    return Invitation(organisation, body[32:64], body[64:80], expiry, _endpoints(body[88:]))


def _base32(digits):
    upper = digits.upper()
    try:
        data = base64.b32decode(upper + "=" * (-len(upper) % 8))
    except ValueError:
        raise malformed("base32") from None
    # Bits left over are zero exactly if the same bytes make the same digits.
    demand(base64.b32encode(data).decode().rstrip("=") == upper, "bits left over")
    return data


def _endpoints(rest):
    found = []
    while rest:
        size = rest[0]
        demand(len(rest) > size, "endpoint")
        try:
            text = rest[1 : 1 + size].decode("ascii")
        except UnicodeDecodeError:
            raise malformed("endpoint") from None
        check_endpoint(text)
        found.append(text)
        rest = rest[1 + size :]
    demand(1 <= len(found) <= 4, "endpoints")
    return found
