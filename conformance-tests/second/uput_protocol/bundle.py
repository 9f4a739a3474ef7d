"""The file: a bundle's form and the order of its lists (BUN-1 to BUN-3).

Guarantees: a `Bundle` that `read` returned is one canonical envelope within the bounds of BUN-1 and BUN-2; whether its
lists are in order stands in `in_order`, as more can be said of one whose lists are not.
Leaves to others: everything that its parts say.
"""

from . import envelope, event, protobuf
from .field import demand, id_of, time_of
from .rejection import Rejection
from .schema import known, word

_LIMITS = {
    "chains": 256,
    "heads": 256,
    "challenges": 256,
    "evidence": 256,
    "agreements": 16,
    "events": 65_536,
    "disclosures": 65_536,
    "proofs": 131_072,
    "checkpoints": 131_072,
    "erasures": 256,
}


class Part:
    """One envelope of a list."""

    def __init__(self, message):
        self.envelope = envelope.take(message)
        self.id, self.type = self.envelope.id, self.envelope.type
        self.rejection = None


class Bundle:
    def __init__(self, env, message):
        self.envelope = env
        self.message = message
        self.trail, self.exporter, self.key, self.time = message.trail, message.exporter, message.key, message.time
        self.purpose = word("Purpose", message.purpose)
        for name in ("agreements", "events", "heads", "challenges", "evidence"):
            setattr(self, name, [Part(one) for one in getattr(message, name)])
        self.chains = [[Part(one) for one in chain.records] for chain in message.chains]
        self.disclosures = message.disclosures
        self.erasures = message.erasures
        self.proofs, self.checkpoints = len(message.proofs), len(message.checkpoints)
        for part in self.events:
            _read_event(part)
        self.in_order = _in_order(self)


def read(data: bytes) -> Bundle:
    env = envelope.read(data)
    env.of_type(envelope.BUNDLE)
    message = protobuf.decode("Bundle", env.body)
    for name, limit in _LIMITS.items():  # [BUN-2]
        if len(getattr(message, name)) > limit:
            raise Rejection("TOO_LARGE", name)
    for name in ("trail", "exporter", "key"):
        id_of(getattr(message, name), name)
    demand(known("Purpose", message.purpose), "purpose")
    time_of(message.time, "time")
    demand(all(chain.records for chain in message.chains), "a chain without a record")
    for one in message.erasures:
        _check_erasure(one)
    return Bundle(env, message)


def _check_erasure(one):
    """RET-20."""
    time_of(one.time, "time of an erasure")
    demand(known("ErasureReason", one.reason), "reason")
    for name in one.events:
        id_of(name, "an event whose values were erased")
    demand(one.events and _ascends(one.events), "events of an erasure")


def _read_event(part):
    """Reads the body: `event` of this version, or `prefix` of a newer one; else `rejection` says why not."""
    part.event = part.prefix = None
    wrong_type = part.type != envelope.EVENT and not event.newer_version(part.type)
    try:
        part.prefix = event.read_prefix(part.envelope.body, part.id)
        if part.type == envelope.EVENT:
            part.event = event.read(part.envelope.body, part.id)
    except Rejection as rejection:
        part.rejection = rejection
    if wrong_type:
        part.rejection = Rejection("WRONG_TYPE", part.type)


def _in_order(bundle) -> bool:
    """BUN-3."""
    places = {part.id: at for at, part in enumerate(bundle.events)}
    lists = [[part.id for part in getattr(bundle, name)] for name in ("agreements", "heads", "challenges", "evidence")]
    lists.append([chain[0].id for chain in bundle.chains])
    lists.append([_event_place(part) for part in bundle.events])
    lists.append([places.get(one.event, -1) for one in bundle.disclosures])
    lists.append([(one.party, one.tick, one.checkpoint) for one in bundle.message.proofs])
    lists.append(list(bundle.message.checkpoints))
    lists.append([(one.time, one.reason) for one in bundle.erasures])
    return all(_ascends(one) for one in lists) and all(_chain_in_order(chain) for chain in bundle.chains)


def _event_place(part):
    one = part.prefix
    return (one.author, one.seq, part.id) if one is not None else (b"", 0, b"")


def _ascends(keys):
    return all(a < b for a, b in zip(keys, keys[1:]))


def _chain_in_order(chain):
    keys = []
    for part in chain:
        try:
            keys.append((protobuf.decode("KeyRecord", part.envelope.body).number, part.id))
        except Rejection:
            return len({part.id for part in chain}) == len(chain)
    # The first of a number is the successor, any other one of it a second successor.
    numbers = [number for number, _ in keys]
    firsts = [at for at, number in enumerate(numbers) if number not in numbers[:at]]
    seconds = [key for at, key in enumerate(keys) if at not in firsts]
    rightly = [keys[at] for at in sorted(firsts, key=lambda at: numbers[at])] + sorted(seconds)
    return keys == rightly and len({one for _, one in keys}) == len(keys)
