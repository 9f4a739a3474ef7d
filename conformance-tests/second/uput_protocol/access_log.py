"""Her part of the access log, and how it is verified (specs/access-log.md, sections 2 and 3).

Guarantees: the checks of ACL-21 to ACL-29, each under its requirement; what cannot be read is ACL-20.
Leaves to others: what a node never recorded. No document can show that.
"""

import hashlib

from . import envelope, key, protobuf
from .field import demand, id_of, id_or_none, time_of
from .problem import Problems
from .rejection import Rejection
from .schema import known, word
from .text import is_text
from .trust import rfc3339

_ELSEWHERE = frozenset({"supervisor", "auditor", "broke_the_glass"})


class Access:
    """One entry, and its ID (ACL-10, ACL-11)."""

    def __init__(self, data):
        self.id = hashlib.sha256(b"uput/v1/access" + data).digest()
        message = protobuf.decode("AccessEntry", data)
        for name in ("previous", "trail", "previous_of_trail", "on_behalf_of", "words"):
            setattr(self, name, id_or_none(getattr(message, name), name))
        self.person, self.number, self.time = id_of(message.person, "person"), message.number, message.time
        time_of(message.time, "time")
        for name, enumeration in (("role", "Role"), ("kind", "AccessKind"), ("reason", "AccessReason"), ("standing", "AccessStanding")):
            demand(known(enumeration, getattr(message, name)), name)
            setattr(self, name, word(enumeration, getattr(message, name)))
        demand((self.previous is None) == (self.number == 0), "previous")
        demand(self.trail is not None or self.previous_of_trail is None, "trail")
        demand(self.reason != "other" or self.words is not None, "words")

    @property
    def codes(self):
        return f"{self.number} {self.kind} {self.reason} {self.standing} {self.role}"


class Document:
    def __init__(self, data):
        self.envelope = envelope.read(data)
        self.envelope.of_type(envelope.ACCESS_LOG)
        message = protobuf.decode("AccessLog", self.envelope.body)
        self.organisation = id_of(message.organisation, "organisation")
        self.key = id_of(message.key, "key")
        self.time = time_of(message.time, "time")
        self.nonce = id_or_none(message.nonce, "nonce")
        demand(message.chain is not None and message.chain.records, "records")
        self.records = [envelope.take(one) for one in message.chain.records]
        if len(message.chains) > 64 or sum(len(one.entries) for one in message.chains) > 65_536:
            raise Rejection("TOO_LARGE")
        demand(message.chains and all(one.entries for one in message.chains), "chains")
        self.chains = {id_of(one.case_tag, "tag"): [Access(entry) for entry in one.entries] for one in message.chains}
        self.case = message.chains[0].case_tag
        self.words = message.words
        _check_order([one.case_tag for one in message.chains], self.words, self.accesses)

    @property
    def accesses(self):
        return [one for chain in self.chains.values() for one in chain]


def _check_order(tags, words, accesses):
    places = {one.id: at for at, one in enumerate(accesses)}
    for one in words:
        id_of(one.access, "access")
        demand(len(one.salt) == 32 and is_text(one.words, 200), "words")
    named = [places.get(one.access, -1) for one in words]
    joined = tags[1:]
    in_order = len(set(tags)) == len(tags) and joined == sorted(joined) and all(a < b for a, b in zip(named, named[1:]))
    if not in_order:
        raise Rejection("NOT_CANONICAL", "order")


class AccessVerdict:
    """What a document comes to, by a trust file, perhaps a nonce and an earlier document."""

    def __init__(self, data, trust, nonce=None, earlier=None):
        self.problems, self.trust, self.document, self.words = Problems(), trust, None, []
        try:
            self.document = Document(data)
        except Rejection as rejection:
            self.problems.add("ACL-20", 10, rejection.code)
            return
        self._check_signed(self.document)
        for chain in self.document.chains.values():
            self._check_chain(chain)
        self._check_words()
        if nonce is not None and self.document.nonce != nonce:  # [ACL-28]
            self.problems.add("ACL-28", 14)
        if earlier is not None:
            self._check_earlier(earlier)
        self.words = list(self._sentences(earlier is not None))

    @property
    def exit(self):
        return self.problems.exit()

    def _check_signed(self, document):
        chain = key.Chain()
        try:
            for one in document.records:
                chain.attach(key.read_record(one))
        except Rejection as rejection:
            self.problems.add("ACL-21", 10, rejection.code)
            return
        if chain.forked:
            self.problems.add("ACL-21", 12)
        if chain.organisation != document.organisation or document.key != chain.newest.id:
            self.problems.add("ACL-21", 13)
        else:
            self._check_signature(document, chain)
        minimum = self.trust.minimum.get(document.organisation)
        if minimum is None or minimum not in chain.by_id:  # [ACL-22]
            self.problems.add("ACL-22", 13)

    def _check_signature(self, document, chain):
        try:
            document.envelope.verify_signature(chain.newest.signing_key)
        except Rejection as rejection:
            self.problems.add("ACL-21", 10, rejection.code)

    def _check_chain(self, chain):
        numbered = [one.number for one in chain] == list(range(len(chain)))
        if not numbered:
            self.problems.add("ACL-23", 11)
        before = [None] + [one.id for one in chain[:-1]]
        linked = all(one.previous == name for one, name in zip(chain, before)) if numbered else True
        if not linked:
            self.problems.add("ACL-24", 10)
        if numbered and linked:
            self._check_trails(chain)
        times = [one.time for one in chain]
        if times != sorted(times) or times[-1] > self.document.time:  # [ACL-26]
            self.problems.add("ACL-26", 14)

    def _check_trails(self, chain):
        newest, elsewhere = {}, {one.id: one for one in self.document.accesses}
        for one in chain:
            if one.trail is None:
                continue
            wanted, named = newest.get(one.trail), one.previous_of_trail
            newest[one.trail] = one.id
            if wanted is None and named is not None and named in elsewhere and elsewhere[named] not in chain:
                if elsewhere[named].trail == one.trail:
                    continue
            if named != wanted:  # [ACL-25]
                self.problems.add("ACL-25", 11 if named is not None and named not in elsewhere else 10)

    def _check_words(self):
        by_id = {one.id: one for one in self.document.accesses}
        for one in self.document.words:
            committed = hashlib.sha256(b"uput/v1/access-words" + one.salt + one.words.encode()).digest()
            if one.access not in by_id or by_id[one.access].words != committed:  # [ACL-27]
                self.problems.add("ACL-27", 10)

    def _check_earlier(self, data):
        try:
            earlier = Document(data)
        except Rejection as rejection:
            self.problems.add("ACL-29", 10, rejection.code)
            return
        self._check_signed(earlier)
        here = self.document.chains
        if earlier.case not in here:
            self.problems.add("ACL-29", 10)
        elif earlier.time > self.document.time:
            self.problems.add("ACL-29", 14)
        elif any([a.id for a in here.get(tag, [])][: len(chain)] != [a.id for a in chain] for tag, chain in earlier.chains.items()):
            self.problems.add("ACL-29", 12)

    def _sentences(self, continued):
        """ACL-31."""
        one = self.document
        n = self.trust.organisations.get(one.organisation, one.organisation.hex()[:8])
        people = {name for access in one.accesses for name in (access.person, access.on_behalf_of) if name}
        elsewhere = sum(access.standing in _ELSEWHERE for access in one.accesses)
        yield (
            f"{len(one.accesses)} accesses by {len(people)} people until {rfc3339(one.time)}; "
            f"{elsewhere} of them by people who did not have the case."
        )
        yield (
            f"That these are all accesses is {n}'s word: what its node never recorded is not here, nor what happened after "
            "that time."
        )
        if continued:
            yield f"What {n} rewrote before it signed the earlier document cannot be seen."
        else:
            yield (
                f"What {n} rewrote before it signed this document cannot be seen; keep it: any later one must begin with it."
            )
        yield f"Times are those of {n}'s clock. Who stands behind a pseudonym only {n} can say; a court can ask for it."
        yield "It covers one case. Other cases about the same person, and what another organisation shows, are not in it."
