"""Whose keys count in a bundle (BUN-20 to BUN-26).

Guarantees: a key is found only in a chain that verifies, and, where the keys fork and the trust file demands a record of
one branch, only on that branch.
Leaves to others: what is signed with it.
"""

from . import ed25519, key
from .rejection import Rejection


class Signers:
    """The chains of a bundle that verify, by OrgId."""

    def __init__(self, bundle, trust, problems):
        self.chains = {}
        self.records = {}
        for parts in bundle.chains:
            self._take(parts, trust, problems)

    def _take(self, parts, trust, problems):
        chain = key.Chain()
        try:
            for part in parts:
                chain.attach(key.read_record(part.envelope))
        except Rejection as rejection:
            problems.add("BUN-20", 10, rejection.code, parts[0].id)  # [BUN-20]
            return
        for record in chain.rivals:
            problems.contradict("BUN-25", chain.organisation, record.id)  # [BUN-25]
        if chain.organisation in self.chains:
            return
        self.chains[chain.organisation] = chain
        self.records[chain.organisation] = _usable(chain, trust.minimum.get(chain.organisation))

    def record(self, organisation, name):
        """The record that somebody names, if it counts; else UNKNOWN_SIGNER."""
        for one in self.records.get(organisation, ()):
            if one.id == name:
                return one
        raise Rejection("UNKNOWN_SIGNER")

    def newest(self, organisation):
        return self.records[organisation][-1]

    def organisation_keys(self, organisation):
        records = self.records.get(organisation)
        return None if records is None else {one.organisation_key for one in records}

    def by_signing_key(self, key_id):
        """(organisation, record) whose signing key this is, or None."""
        for organisation, records in self.records.items():
            for one in records:
                if ed25519.key_id(one.signing_key) == key_id:
                    return organisation, one
        return None


def _usable(chain, demanded):
    """The records that count (BUN-25): main ones last but for a branch that is demanded."""
    if not chain.forked:
        return list(chain.main)
    for record in chain.branches:
        if record.id == demanded:
            before = next(one.number for one in chain.main if one.id == record.previous)
            return [one for one in chain.main if one.number <= before] + [record]
    place = next((one.number for one in chain.main if one.id == demanded), None)
    if place is None:
        return chain.rivals + list(chain.main)
    # A record that stands on the main branch excludes every branch that left it before.
    kept = [one for one in chain.rivals if one.number > place]
    return kept + list(chain.main)


def verify_by(record, part) -> None:
    """The one signature of a part, under the signing key of a record."""
    part.envelope.verify_signature(record.signing_key)


def check_exporter(bundle, signers, problems) -> bool:
    """BUN-4. True if the exporter's signature verified."""
    try:
        record = signers.record(bundle.exporter, bundle.key)
        bundle.envelope.verify_signature(record.signing_key)
    except Rejection as rejection:
        problems.refuse("BUN-4", rejection)
        return False
    if record.number < max(one.number for one in signers.records[bundle.exporter]):
        problems.add("BUN-4", 13, "REVOKED_SIGNER")
    return True


