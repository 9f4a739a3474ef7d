"""Makes bundles of invented organisations, with everything signed, so that no signature stands between a mutant and the rules.

Guarantees: one seed, one bundle. All keys are derived from public words and are worth nothing.
Leaves to others: whether what it makes is right. Most of it is wrong in one or several ways; that is what it is for.
"""

import hashlib
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import agreement as agreements
from . import disclosure, ed25519, envelope, event, protobuf, source
from .acts import ACTS
from .permit import Request, permit
from .protobuf import Message
from .rejection import Rejection
from .schema import CODES, SCHEMAS
from .vector import specs

BEGIN = 1_790_000_040
NAMES = ("hotline", "shelter-jasen", "shelter-lipa", "centre")
_FREE = {
    "O": (
        "delivered need identity corrected warned handed_over phoned decision chosen_elsewhere withdrawn revoked closed "
        "reopened purge_asked transfer_offered transfer_recalled transfer_completed minutes plan task visited escalated"
    ).split(),
    "P": (
        "delivered delivered delivered acknowledged held accepted accepted partly_accepted waitlisted declined redirected "
        "misdirected contact_made could_not_reach started provided withdrawn closed reopened purged retained "
        "transfer_taken decision task visited"
    ).split(),
}
_SAMPLES = {
    "adults": ("1", "2"),
    "children": ("0", "1"),
    "places": ("1", "4"),
    "age_band": ("18_29", "6_11", "0_5"),
    "name": ("Mila Invented", "Ana"),
    "language": ("sq", "sr-Latn-ME"),
    "consent_given_by": ("herself", "delegate"),
    "consent_form": ("written",),
    "consent_language": ("sq",),
    "consent_purpose": ("A place",),
    "consent_until": ("2199-12-31", "2020-01-01"),
    "consent_ticked": ("need_statement", "substance_use"),
    "need_statement": ("A room",),
    "substance_use": ("present",),
    "client_told": ("told",),
    "client_told_on": ("2026-09-21",),
    "danger": ("life",),
    "decision_reference": ("7/26",),
    "decision_issuer": ("Centre",),
    "decision_date": ("2026-09-21",),
    "decision_until": ("2199-01-01", "2026-01-01"),
    "perpetrator_relationship": ("parent", "partner"),
    "guardian_class": ("parent", "other_parent"),
    "guardian_authority": ("12/26",),
    "child_assent": ("assents", "too_young"),
    "best_interests_reason": ("no_caregiver",),
    "authority_informed": ("before",),
    "actor": ("0a", "0b"),
    "supervisor": ("0a", "0c"),
    "actor_role": ("intake",),
    "reason_in_words": ("No place",),
    "delegate_class": ("relative",),
    "mandate_reference": ("m 1",),
    "mandate_scope": ("shelter", "police"),
    "mandate_until": ("2199-01-01T00:00Z",),
    "immediate_danger": ("yes",),
    "current_location": ("Here",),
    "self_harm_risk": ("present",),
}


class Organisation:
    """An invented organisation with its key records and secrets."""

    def __init__(self, name, rng, records, fork, witnesses=()):
        self.name, self.witnesses = name, list(witnesses)
        self.secrets, self.records = [], []
        for number in range(records):
            self._add(number, f"{name}/{number}", self.records[-1] if self.records else None, rng)
        if fork and records > 1:
            before = rng.choice(self.records[:-1])
            self._add(self.records.index(before) + 1, f"{name}/fork", before, rng)

    @property
    def id(self):
        return self.records[0].id

    def _add(self, number, word, before, rng):
        names = {role: f"{self.name}/0/{role}" if role == "organisation" else f"{word}/{role}" for role in ("organisation", "signing", "tls")}
        keys = {role: secret(name) for role, name in names.items()}
        message = Message("KeyRecord", number=number, suite=1)
        message.organisation, message.previous = (self.id, before.id) if number else (b"", b"")
        for role in keys:
            setattr(message, f"{role}_key", public(keys[role]))
        message.sealing_keys = [bytes(1184) + hashlib.sha256(word.encode()).digest()]
        message.witnesses = self.witnesses if number else []
        message.time, message.end = BEGIN // 60 * 60 - 600, BEGIN // 60 * 60 + 60 * 10**6
        self.secrets.append(keys)
        self.records.append(sign(envelope.KEY_RECORD, protobuf.encode(message), keys.values()))


@lru_cache(maxsize=1024)
def secret(name: str):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"invented/" + name.encode()).digest())


@lru_cache(maxsize=1024)
def public(key) -> bytes:
    return key.public_key().public_bytes_raw()


@lru_cache(maxsize=64)
def _read_agreement(body):
    return agreements.read(body, b"")


def sign(kind, body, keys):
    """An envelope, signed by these keys."""
    signed = envelope.pae(kind, body)
    signatures = sorted((ed25519.key_id(public(one)), one.sign(signed)) for one in keys)
    return envelope.Envelope(kind, body, signatures)


def message_of(env) -> Message:
    signatures = [Message("Signature", key_id=one, signature=by) for one, by in env.signatures]
    return Message("Envelope", type=env.type, body=env.body, signatures=signatures)


class Maker:
    """One random trail between two of the four organisations, and the bundle of it."""

    def __init__(self, rng):
        self.rng = rng
        self.organisations = {}
        self.witness = Organisation("witness", rng, 1, False)
        for name in NAMES:
            witnesses = [self.witness.id] if rng.random() < 0.1 else []
            self.organisations[name] = Organisation(name, rng, rng.choice((1, 1, 1, 2, 3)), rng.random() < 0.03, witnesses)
        self.agreement = self._agreement()
        self._choose_rule()
        self.chains = {"O": [], "P": []}
        self.all, self.disclosures, self.evidence = [], [], []
        self.past = {}

    def chance(self, share):
        return self.rng.random() < share

    def _agreement(self):
        text = (specs() / "agreements" / "demonstration.toml").read_text(encoding="utf-8")
        message = source.compile_source(text)
        replaced = {source.invented(name): self.organisations[name].id for name in NAMES}
        for party in message.parties:
            party.organisation = replaced[party.organisation]
        message.parties.sort(key=lambda one: one.organisation)
        for profile in message.profiles:
            if profile.name == "notice":  # without a tick, where nobody could ask her
                profile.identity = sorted([*profile.identity, "provenance"])
            else:
                profile.identity, profile.ticked = sorted([*profile.identity, "provenance"]), sorted([*profile.ticked, "provenance"])
        if self.chance(0.1):
            message.valid_until = BEGIN + self.rng.choice((5, 20, 60))
        if self.chance(0.1):
            message.valid_from = BEGIN + self.rng.choice((-5, 3, 20))
        if self.chance(0.3):
            message.grain = 60
        if self.chance(0.04):
            message.witnesses = Message("WitnessRule", number=2)
        body = protobuf.encode(message)
        self.document = message
        signers = [one.secrets[-1]["organisation"] for one in self.organisations.values()]
        if self.chance(0.02):
            signers = signers[1:]
        return sign(envelope.AGREEMENT, body, signers)

    def _choose_rule(self):
        rules = [
            (rule, o, p)
            for rule in self.document.rules
            for o in self.document.parties
            for p in self.document.parties
            if rule.sender in o.roles and rule.receiver in p.services and o is not p
        ]
        self.rule, o, p = self.rng.choice(rules)
        by_id = {one.id: one for one in self.organisations.values()}
        self.side = {"O": by_id[o.organisation], "P": by_id[p.organisation]}
        self.record = {"O": 0, "P": 0}
        self.incarnation = {"O": 0, "P": 0}
        self.watched = False

    def bundle(self):
        """(bytes of the bundle, text of the trust file)."""
        self.time = BEGIN
        self._opening()
        for _ in range(self.rng.randrange(0, 14)):
            self._next()
        heads = self._heads()
        exporter = self.side[self.rng.choice("OP")]
        message = Message("Bundle", trail=self.trail, exporter=exporter.id, key=exporter.records[-1].id)
        message.purpose, message.time = self.rng.randrange(1, 5), self.time + self.rng.choice((1, 5, 30, 300))
        self._fill(message, heads)
        for _ in range(self.rng.choice((0, 0, 0, 0, 1, 2))):
            self._spoil(message)
        self._order(message)
        env = sign(envelope.BUNDLE, protobuf.encode(message), [exporter.secrets[len(exporter.records) - 1]["signing"]])
        return protobuf.encode(message_of(env)), self._trust()

    def _fill(self, message, heads):
        used = list(self.organisations.values()) + [self.witness] * self.chance(0.15)
        message.chains = [Message("KeyChain", records=[message_of(one) for one in o.records]) for o in used]
        message.agreements = [message_of(self.agreement)]
        message.events = [message_of(env) for env, _ in self.all]
        message.heads = [message_of(one) for one in heads]
        message.disclosures = list(self.disclosures)
        message.evidence = [message_of(one) for one in self.evidence]
        if self.chance(0.1):
            asked, self.watched = self._challenge(), True
            if len(used) == len(self.organisations):
                message.chains.append(Message("KeyChain", records=[message_of(one) for one in self.witness.records]))
            message.challenges = [asked] + [self._countersignature(asked) for _ in range(self.rng.choice((0, 1, 1, 2)))]

    def _countersignature(self, asked):
        by = self.rng.choice([self.witness, self.witness, *self.organisations.values()])
        put = self.time + self.rng.choice((0, 3600))
        body = Message(
            "Countersignature",
            challenge=hashlib.sha256(envelope.pae(asked.type, asked.body)).digest(),
            to=self.side[self.rng.choice("PPPO")].id,
            witness=by.id,
            key=by.records[-1].id,
            put=put,
            until=put + self.rng.choice((60, 86_399, 86_400, 200_000)),
            head=self.rng.choice((b"", b"", b"", b"\x08" * 32)),
        )
        return message_of(sign(envelope.COUNTERSIGNATURE, protobuf.encode(body), [by.secrets[-1]["signing"]]))

    def _challenge(self):
        body = Message("Challenge", trail=self.trail, to=self.side["P"].id, nonce=b"\x07" * 32, time=self.time)
        who = self.rng.choice(list(self.organisations.values()))
        return message_of(sign(envelope.CHALLENGE, protobuf.encode(body), [who.secrets[-1]["signing"]]))

    def _spoil(self, message):
        """Leaves something out, or doubles it."""
        name = self.rng.choice(("chains", "agreements", "events", "events", "heads", "disclosures", "evidence", "challenges"))
        parts = getattr(message, name)
        if parts:
            at = self.rng.randrange(len(parts))
            if self.chance(0.85):
                del parts[at]
            else:
                parts.append(parts[at])

    def _order(self, message):
        if self.chance(0.02):
            return

        def id_of(one):
            return hashlib.sha256(envelope.pae(one.type, one.body)).digest()

        def place(one):
            try:
                prefix = event.read_prefix(one.body, b"")
            except Rejection:
                return b"", 0, b""
            return prefix.author, prefix.seq, id_of(one)

        for name in ("agreements", "heads", "challenges", "evidence"):
            getattr(message, name).sort(key=id_of)
        message.events.sort(key=place)
        places = {id_of(one): at for at, one in enumerate(message.events)}
        message.disclosures.sort(key=lambda one: places.get(one.event, -1))
        message.chains.sort(key=lambda one: id_of(one.records[0]))

    def _trust(self):
        lines = ['format = "uput trust file 1"', 'made_by = "an invented auditor"', ""]
        if self.chance(0.04):
            lines += ["[witnesses]", "number = 1", "independent = false", ""]
        if self.chance(0.2):
            lines += ["[heads]"]
            lines += [f'nonce = "{"07" * 32}"'] * self.chance(0.7)
            lines += ["earliest = 2026-09-21T14:14:10Z"] * self.chance(0.5) + [""]
        for one in list(self.organisations.values()) + [self.witness] * self.watched:
            if self.chance(0.98):
                demanded = self.rng.choice(one.records).id
                lines += ["[[organisation]]", f'name = "{one.name}"', f'id = "{one.id.hex()}"']
                lines += [f'minimum_key_record = "{demanded.hex()}"', ""]
        if self.chance(0.03):
            lines.insert(2, "agreement = []")
        else:
            lines += ["[[agreement]]", 'title = "Night admission"', f'id = "{self.agreement.id.hex()}"']
        return "\n".join(lines) + "\n"

    # events

    def _opening(self):
        stage = self.rng.choice((0, 0, 1, 1, 2))
        said = Message("Opening", peer=self.side["P"].id, peer_key=self.rng.choice(self.side["P"].records).id)
        said.agreement, said.act, said.service_type = self.agreement.id, self.rule.act, self.rule.receiver
        if self.chance(0.05):
            said.act = self.rng.randrange(1, 14)
        stage = min(stage, ACTS[CODES["Act"][said.act - 1]].stage)
        said.nonce, said.event_version = hashlib.sha256(self.rng.randbytes(8)).digest(), 1
        if ACTS[CODES["Act"][said.act - 1]].about == "must":
            said.about = b"\x05" * 32
        self.nonce = said.nonce
        body = Message("EventBody", kind="opening", opening=said)
        self._say("O", body, self._terms(stage))

    def _terms(self, stage):
        bases = [7] if stage == 0 else [one for one in self.rule.bases] or [1]
        basis = self.rng.choice(bases) if self.chance(0.93) else self.rng.randrange(1, 8)
        article = self.rng.choice((0, 1, 9)) if basis == 4 and self.chance(0.3) else (1 if basis == 4 else 0)
        rule = self.rule.number if self.chance(0.96) else self.rng.randrange(1, 8)
        return Message("Terms", stage=stage, rule=rule, basis=basis, article=article)

    def _next(self):
        side = self.rng.choice("OP")
        kind = self.rng.choice(_FREE[side] if self.chance(0.96) else _FREE["P" if side == "O" else "O"])
        body = Message("EventBody", kind=kind)
        said = Message(next(k.split(":")[1] for _, n, k in SCHEMAS["EventBody"] if n == kind))
        self._complete(kind, side, said)
        setattr(body, kind, said)
        stage = {"need": 1, "identity": 2}.get(kind)
        if stage is None:
            stage = self.rng.choice((0, 1, 2)) if kind in ("corrected", "reopened", "minutes", "plan") else self.rng.choice((0, 0, 0, 1))
        terms = kind in ("need", "identity", "corrected", "minutes", "plan") or kind != "delivered" and self.chance(0.2)
        terms = terms and kind != "delivered" and not self.chance(0.05)
        self._say(side, body, self._terms(stage) if terms else None)

    def _complete(self, kind, side, said):
        for _, name, form in SCHEMAS[said._schema]:
            if form == "enum":
                enumeration = dict(event._FORMS[kind])[name]
                setattr(said, name, self.rng.randrange(1, len(CODES[enumeration]) + 1))
            elif name in ("event", "offer", "plan"):
                others = [one for _, one in self.all if name != "event" or one.author != self.side[side].id]
                fitting = [one for one in others if one.kind == {"offer": "transfer_offered", "plan": "plan"}.get(name, one.kind)]
                pick = [one for one in fitting if one.kind == "opening" or one.slots] or fitting or others
                setattr(said, name, self.rng.choice(pick or [self.all[0][1]]).id)
            elif name == "stage":
                said.stage = self.rng.randrange(3)
            elif name in ("until", "article", "number"):
                setattr(said, name, {"until": BEGIN + 60, "article": self.rng.choice((1, 1, 9)), "number": 1}[name])
        if kind == "decision" and self.chance(0.4):
            self._cite(said)

    def _cite(self, said):
        who = self.rng.choice(list(self.organisations.values()))
        cited = Message("Decision", type=said.type, outcome=said.outcome, expiry=said.expiry)
        if self.chance(0.1):
            cited.outcome = self.rng.randrange(1, 5)
        body = Message("EventBody", trail=b"\x09" * 32, author=who.id, key=who.records[-1].id, seen=b"\x08" * 32)
        body.time, body.kind, body.decision = BEGIN, "decision", cited
        env = sign(envelope.EVENT, protobuf.encode(body), [who.secrets[len(who.records) - 1]["signing"]])
        said.evidence = env.id
        self.evidence.append(env)

    def _say(self, side, body, terms):
        rng, who, chain, self.opened_by = self.rng, self.side[side], self.chains[side], None
        other = self.chains["P" if side == "O" else "O"]
        self.time = max(1, self.time + rng.choice((0, 1, 1, 2, 3, 5, 9, -2, 30)))
        if rng.random() < 0.3:
            self.time = -(-self.time // 60) * 60
        prev = chain[-1] if chain else None
        if prev is not None and len(chain) > 1 and self.chance(0.03):
            prev = chain[-2]
            if self.chance(0.6):
                self.incarnation[side] += 1
        self.record[side] = min(len(who.records) - 1, self.record[side] + (rng.random() < 0.2))
        record = self.record[side] if self.chance(0.98) else rng.randrange(len(who.records))
        body.author, body.key, body.incarnation = who.id, who.records[record].id, self.incarnation[side]
        body.time = self.time if self.chance(0.95) else self.time + rng.choice((-100, 100, 31_536_000))
        if self.chance(0.05):
            body.occurred = self.time - 7
        if body.kind != "opening":
            self._point(body, prev, other, side)
        body.seq = prev.seq + 1 + self.chance(0.01) if prev is not None and body.kind != "opening" else 0
        fields = None
        if terms is not None and body.kind != "delivered":
            body.terms = terms
            fields = self._fields(body, side)
            if body.kind != "opening" or self.chance(0.9):
                self._commit(body, fields, who)
        kind = envelope.EVENT if body.kind == "opening" or self.chance(0.99) else envelope.media_type("event", 2)
        env = sign(kind, protobuf.encode(body), [who.secrets[record]["signing"]])
        one = event.read(env.body, env.id)
        if body.kind == "opening":
            self.trail = env.id
        self.all.append((env, one))
        self.chains[side].append(one)
        if self.opened_by is not None:
            self.opened_by.event = env.id
            self.disclosures.append(self.opened_by)

    def _point(self, body, prev, other, side):
        body.trail = self.trail
        body.prev = prev.id if prev is not None else b""
        before = next((one for one in other if prev is not None and one.id == prev.seen), None)
        least = other.index(before) if before is not None else -1
        if other and (least + 1 < len(other)) and self.chance(0.7):
            body.seen = other[-1].id if self.chance(0.75) else self.rng.choice(other[least + 1 :]).id
        elif before is not None:
            body.seen = before.id
        if not body.seen and (not body.prev or side == "P") and other:
            body.seen = other[0].id
        if self.chance(0.02) and other:
            body.seen = self.rng.choice(other).id
        if body.kind == "delivered" and other and self.chance(0.95):
            body.seen = other[-1].id

    def _fields(self, body, side):
        occasion = "reply"
        if body.kind == "opening":
            occasion = "opening"
        elif side == "O" and body.kind in ("need", "identity", "corrected", "reopened", "minutes", "plan"):
            occasion = "later"
        labels = {"actor", "actor_role"}
        try:
            terms = event.Terms(body.terms.stage, body.terms.rule, CODES["LegalBasis"][body.terms.basis - 1], body.terms.article)
            one = _read_agreement(self.agreement.body)
            request = Request(self.side["O"].id, self.side["P"].id, CODES["Act"][self.rule.act - 1], CODES["ServiceType"][self.rule.receiver - 1])
            permitted = permit(one, request, occasion, terms, one.valid_from, body.kind)
            labels |= permitted.required | permitted.content | set(self.rng.sample(sorted(permitted.labels), min(4, len(permitted.labels))))
        except Rejection:
            labels |= {"adults"}
        if self.chance(0.06):
            labels.add(self.rng.choice(sorted(_SAMPLES)))
        if self.chance(0.06):
            labels.discard(self.rng.choice(sorted(labels)))
        if labels & {"need_statement", "substance_use"} and body.terms.basis in (1, 2) and self.chance(0.9):
            labels.add("consent_ticked")
        fields = []
        for label in sorted(labels):
            if label in ("basis_until", "review_by"):
                minute = body.time // 60 * 60 + self.rng.choice((3600, 7200, 90_000))
                fields.append((label, _minute(minute)))
            elif label == "consent_ticked" and self.chance(0.7):
                fields.append((label, "need_statement provenance substance_use"))
            elif label in _SAMPLES:
                fields.append((label, self.rng.choice(_SAMPLES[label]) if self.chance(0.99) else "\u200b"))
        if "provenance" in labels:
            fields.append(("provenance", self._copy(fields)))
        return fields

    def _copy(self, fields):
        """What another organisation signed of some of these facts, or of something else (ONW-1)."""
        rng, who = self.rng, self.rng.choice(list(self.organisations.values()))
        facts = [one for one in fields if rng.random() < 0.3] or [("age_band", "18_29")]
        if rng.random() < 0.2:
            facts[0] = (facts[0][0], rng.choice(_SAMPLES.get(facts[0][0], ("x",))))
        count = next(size for size in (8, 16, 32, 64) if size >= len(facts))
        body = Message("AttestationBody", author=who.id, key=who.records[-1].id, nonce=rng.randbytes(32), day=86_400 * 20_000)
        commitments, opened = [], []
        for at in range(count):
            label, value = facts[at] if at < len(facts) else ("", "")
            key, value_key = rng.randbytes(32), rng.randbytes(32)
            v = disclosure.value_commitment(value_key, body.nonce, who.id, at, label, value)
            commitments.append(disclosure.slot_commitment(key, body.nonce, who.id, at, label, v))
            if label or rng.random() < 0.02:
                content = Message("OpenedValue", value_key=value_key, value=value)
                opened.append(Message("SlotDisclosure", index=at, label_key=key, label=label, content="opened", opened=content))
        body.slots = b"".join(commitments)
        env = sign(envelope.ATTESTATION, protobuf.encode(body), [who.secrets[-1]["signing"]])
        return protobuf.encode(Message("Attestation", envelope=message_of(env), slots=opened)).hex()

    opened_by = None

    def _commit(self, body, fields, who):
        rng = self.rng
        count = next(size for size in (8, 16, 32, 64) if size >= len(fields))
        slots = fields + [("", "")] * (count - len(fields))
        rng.shuffle(slots)
        s, t = rng.randbytes(32), rng.randbytes(32)
        nonce = self.nonce
        commitments, entries = [], []
        for at, (label, value) in enumerate(slots):
            key, value_key = disclosure.slot_key(s, at), disclosure.slot_key(t, at)
            v = disclosure.value_commitment(value_key, nonce, who.id, at, label, value)
            commitments.append(disclosure.slot_commitment(key, nonce, who.id, at, label, v))
            shut = Message("SlotDisclosure", index=at, label_key=key, label=label, content="value_commitment", value_commitment=v)
            opened = Message("OpenedValue", value_key=value_key, value=value)
            entries.append((shut, Message("SlotDisclosure", index=at, label_key=key, label=label, content="opened", opened=opened)))
        body.slots = b"".join(commitments)
        form = rng.random()
        made = Message("Disclosure")
        if form < 0.6:
            whole = [Message("DisclosedField", label=label, value=value) for label, value in slots]
            made.form, made.whole = "whole", Message("WholeDisclosure", label_secret=s, value_secret=t, fields=whole)
        elif form < 0.95:
            share = rng.choice((1.0, 1.0, 0.5))
            some = [pair[rng.random() < share] for pair in entries if form < 0.9 or rng.random() < 0.7]
            if not some:
                return
            made.form, made.some = "some", Message("SlotDisclosures", slots=some)
        else:
            return
        self.opened_by = made

    # heads

    def _heads(self):
        found = []
        for side in "OP":
            for _ in range(self.rng.choice((0, 1, 1, 1, 1, 1, 1, 2))):
                found.append(self._head(side))
        return found

    def _head(self, side):
        rng, who, own = self.rng, self.side[side], self.chains[side]
        other_side = "P" if side == "O" else "O"
        other = self.chains[other_side]
        count = len(own) if self.chance(0.85) else rng.randrange(len(own) + 1)
        seen = len(other) if self.chance(0.85) else rng.randrange(len(other) + 1)
        body = Message("Head", trail=self.trail, author=who.id, key=who.records[-1].id, incarnation=self.incarnation[side])
        if count:
            body.own_last, body.own_count = own[count - 1].id, own[count - 1].seq + 1
        if seen:
            body.seen_last, body.seen_count = other[seen - 1].id, other[seen - 1].seq + 1
        if self.chance(0.02):
            body.own_count += bool(body.own_count)
        if self.chance(0.02):
            body.seen_count += bool(body.seen_count)
        body.peer_key = rng.choice(self.side[other_side].records).id
        body.time = self.time + rng.choice((0, 1, 20, 300))
        if self.incarnation[other_side] and self.chance(0.7):
            body.closes = Message("ClosedIncarnation", incarnation=rng.choice((0, 0, 1)), count=rng.randrange(0, len(other) + 1))
        if self.chance(0.2):
            nonce = b"\x07" * 32
            body.nonce = nonce if self.chance(0.3) else hashlib.sha256(b"uput/v1/head" + nonce + self.trail).digest()
        return sign(envelope.HEAD, protobuf.encode(body), [who.secrets[len(who.records) - 1]["signing"]])


def _minute(seconds):
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
