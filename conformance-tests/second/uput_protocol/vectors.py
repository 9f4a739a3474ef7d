"""Goes over every folder of specs/vectors: `python3 -m uput_protocol.vectors [FOLDER...]`.

Guarantees: for each folder how many vectors this package agrees with, of how many; folders that it does not read yet are
named as such and not counted. The exit code is 0 exactly if there is no disagreement.
"""

import sys
from collections import namedtuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import access_log, agreement, attestation, disclosure, ed25519, envelope, event, head, invitation, key, key_file, letter, life, log, permit, protobuf
from . import reading, sealing, source, staff, statements, trust, value, verdict
from .rejection import Rejection, malformed
from .vector import Vector, specs, unhex, unquote

Outcome = namedtuple("Outcome", "code values", defaults=((),))


def main(arguments) -> int:
    folders = sorted(path for path in (specs() / "vectors").iterdir() if path.is_dir())
    agreed = asked = 0
    skipped = []
    for folder in folders:
        if arguments and folder.name not in arguments:
            continue
        if folder.name in TABLES:
            right, of, wrong = statements.check(folder)
            agreed, asked = agreed + right, asked + of
            print(f"{folder.name}: {right}/{of} rows")
            for said in wrong:
                print(f"  {said}")
            continue
        reader = READERS.get(folder.name)
        files = sorted(folder.glob("*"))
        if reader is None:
            skipped.append((folder.name, len(files)))
            continue
        wrong = [said for said in (check(reader, path) for path in files) if said]
        agreed += len(files) - len(wrong)
        asked += len(files)
        print(f"{folder.name}: {len(files) - len(wrong)}/{len(files)}")
        for said in wrong:
            print(f"  {said}")
    for name, count in skipped:
        print(f"{name}: not covered ({count} files)")
    print(f"{agreed} of {asked} vectors agree; {sum(count for _, count in skipped)} are not covered")
    print(f"{agreed} passed, {asked - agreed} failed")
    return 0 if asked and agreed == asked else 1


def check(reader, path):
    """None if the vector agrees, else what differs."""
    vector = Vector(path)
    try:
        outcome = reader(vector)
    except Rejection as rejection:
        outcome = Outcome(rejection.code)
    if outcome.code != vector.expect:
        return f"{vector.name}: expected {vector.expect}, read {outcome.code}"
    for name, value in dict(outcome.values).items():
        expected = vector.each(name)
        if expected != (value if isinstance(value, list) else [value]) and (expected or isinstance(value, list)):
            return f"{vector.name}: {name} is {value}, expected {expected}"
    return None


def read_envelope(vector):
    env = envelope.read(vector.bytes_of("envelope"))
    if vector.has("type"):
        env.verify(vector.text_of("type"), vector.bytes_of("key"))
    return Outcome("ok", {"id": env.id.hex(), "signed": env.signed.hex()})


def read_key(vector):
    if vector.has("record"):
        return _read_chain(vector)
    if vector.has("sealing-key"):
        key.admit_sealing_key(vector.bytes_of("sealing-key"))
        if vector.has("seed") and sealing.public_of_seed(vector.bytes_of("seed")) != vector.bytes_of("sealing-key"):
            return Outcome("another key")
        return Outcome("ok", {"id": ed25519.key_id(vector.bytes_of("sealing-key")).hex()})
    if vector.has("organisation"):
        return Outcome("ok", {"digits": key.half_digits(vector.bytes_of("organisation"))})
    if vector.has("a"):
        return Outcome("ok", {"digits": key.safety_number(vector.bytes_of("a"), vector.bytes_of("b"))})
    one = vector.bytes_of("key")
    ed25519.admit(one)
    if vector.has("signature"):
        if len(vector.bytes_of("signature")) != 64:
            raise malformed("signature")
        holds = ed25519.holds(one, vector.bytes_of("signature"), vector.bytes_of("message") or b"")
        if holds != ed25519.holds_by_arithmetic(one, vector.bytes_of("signature"), vector.bytes_of("message") or b""):
            return Outcome("library and arithmetic differ")
        if not holds:
            raise Rejection("BAD_SIGNATURE")
    return Outcome("ok", {"id": ed25519.key_id(one).hex(), "tls-pin": key.tls_pin(one).hex()})


def _read_chain(vector):
    chain = key.Chain()
    for line in vector.each("record"):
        chain.attach(key.read_record(envelope.read(bytes.fromhex(line))))
    if chain.forked:
        return Outcome("FORKED_CHAIN")
    return Outcome("ok", {"organisation": chain.organisation.hex(), "newest": chain.newest.id.hex()})


def read_value(vector):
    value.check(unquote(vector.text_of("label")), unquote(vector.text_of("value")))
    return Outcome("ok")


def read_slot(vector):
    nonce, author = vector.bytes_of("nonce"), vector.bytes_of("author")
    index, label, text = int(vector.text_of("index")), unquote(vector.text_of("label")), unquote(vector.text_of("value"))
    s = disclosure.slot_key(vector.bytes_of("label_secret"), index)
    t = disclosure.slot_key(vector.bytes_of("value_secret"), index)
    v = disclosure.value_commitment(t, nonce, author, index, label, text)
    c = disclosure.slot_commitment(s, nonce, author, index, label, v)
    if (s, t, v, c) != tuple(vector.bytes_of(name) for name in "stvc"):
        raise Rejection("BAD_DISCLOSURE")
    return Outcome("ok")


def read_disclosure(vector):
    message = protobuf.decode("Disclosure", vector.bytes_of("disclosure"))
    slots = disclosure.split(vector.bytes_of("slots") or b"")
    opened = disclosure.open_slots(message, slots, vector.bytes_of("nonce"), vector.bytes_of("author"))
    return Outcome("ok", {"opened": [_opened(one) for one in opened]})


def read_attestation(vector):
    text = vector.text_of("text") if vector.has("text") else vector.bytes_of("copy").hex()
    value.check("provenance", text)
    copy, chain = attestation.read_copy(text), key.Chain()
    for line in vector.each("record"):
        chain.attach(key.read_record(envelope.read(bytes.fromhex(line))))
    records = chain.main if vector.has("record") and chain.organisation == copy.author else []
    facts = sorted(f"{label} = {fact}" for label, fact in copy.facts.items())
    values = {"author": copy.author.hex(), "day": str(copy.day), "standing": attestation.standing(copy, records, True)}
    return Outcome("ok", values | {"opened": facts})


def _opened(one):
    shown = one.label if one.state == "field" else one.state
    return f"{one.index} {shown}" + (f" = {one.value}" if one.value is not None else "")


def read_event(vector):
    if vector.has("admission"):
        return _admit_all(vector)
    if vector.has("prefix"):
        body = vector.bytes_of("prefix")
        return Outcome("ok", {"id": event.read_prefix(body, _event_id(body)).id.hex()})
    bodies = [vector.bytes_of(name) for name in ("body", "cited") if vector.has(name)]
    read = [event.read(body, _event_id(body)) for body in bodies]
    if vector.has("cited"):
        event.check_evidence(*read)
    return Outcome("ok", {"id": read[0].id.hex()})


def _event_id(body):
    return envelope.Envelope(envelope.EVENT, body, []).id


def _admit_all(vector):
    first, answers, trail = None, [], None
    lines = [(name, text) for name, text in vector.lines if name in ("body", "admission")]
    parts = []
    for name, text in lines:
        if name == "body":
            parts.append(text)
            continue
        body, parts = unhex(" ".join(parts)), []
        try:
            one = event.read(body, _event_id(body))
            if trail is None:
                if not one.is_opening:
                    raise Rejection("WRONG_TRAIL")
                trail, answer = event.Trail(one), "new"
            else:
                answer = trail.admit(one)
        except Rejection as rejection:
            answer = rejection.code
        answers.append(answer)
        if first is None and answer not in ("new", "known"):
            first = answer
    return Outcome(first or "ok", {"admission": answers})


def read_head(vector):
    if vector.has("challenge"):
        head.read_challenge(vector.bytes_of("challenge"))
    elif vector.has("countersignature"):
        head.read_countersignature(vector.bytes_of("countersignature"))
    else:
        head.read_head(vector.bytes_of("body"), b"")
    return Outcome("ok")


def read_agreement(vector):
    if vector.has("body"):
        body = vector.bytes_of("body")
        one = agreement.read(body, envelope.Envelope(envelope.AGREEMENT, body, []).id)
        return Outcome("ok", {"id": one.id.hex()})
    one = _agreement_asked(vector)
    ask = vector.text_of
    opener, peer = source.invented(ask("opener")), source.invented(ask("peer"))
    request = permit.Request(opener, peer, ask("act"), ask("service"))
    terms = event.Terms(int(ask("stage")), int(ask("rule")), ask("basis"), int(ask("article")))
    permitted = permit.permit(one, request, ask("occasion"), terms, int(ask("time")), (vector.each("kind") or [""])[0])
    fields = [tuple(field.split(" = ", 1)) for field in vector.each("field")]
    told = dict(field.split(" = ", 1) for field in vector.each("told"))
    permit.check_fields(permitted, fields, int(ask("time")), told)
    return Outcome("ok", {"id": one.id.hex()})


def _agreement_asked(vector):
    if vector.has("document"):
        body = vector.bytes_of("document")
    else:
        body = _shipped(vector.text_of("agreement"))
    return agreement.read(body, envelope.Envelope(envelope.AGREEMENT, body, []).id)


def _shipped(name):
    text = (specs() / "agreements" / f"{name}.toml").read_text(encoding="utf-8")
    return protobuf.encode(source.compile_source(text))


def read_agreement_life(vector):
    versions = {}
    for line in vector.each("version"):
        _make_version(line, versions)
    what, name, *who = vector.text_of("ask").split(" ")
    asked = versions[name]
    if what == "sign":
        return _signed_by(asked, who)
    a, b = (source.invented(one) for one in who)
    time = 1_780_000_000  # in 2026
    occasion, stage, basis = {
        "open": ("opening", 0, "none_needed_nonpersonal"),
        "disclose": ("later", 1, "explicit_consent"),
        "answer": ("reply", 0, "none_needed_nonpersonal"),
    }[what]
    request = permit.Request(a, b, "referral", "shelter")
    permit.permit(asked, request, occasion, event.Terms(stage, 1, basis, 0), time)
    if what != "answer":
        life.Versions(versions.values()).check_new(asked, a, b, time, what == "open")
    return Outcome("ok")


def _make_version(line, versions):
    name, _, rest = line.partition(" ")
    message = source.compile_source((specs() / "agreements" / "demonstration.toml").read_text(encoding="utf-8"))
    for part in filter(None, (part.strip() for part in rest.split(","))):
        _change_version(message, *part.split(" "), versions=versions)
    body = protobuf.encode(message)
    versions[name] = agreement.read(body, envelope.Envelope(envelope.AGREEMENT, body, []).id)


def _change_version(message, verb, operand, versions):
    if verb == "after":
        message.version, message.previous = versions[operand].version + 1, versions[operand].id
    elif verb == "gives_up":
        message.gives_up = [versions[operand].id]
    elif verb in ("from", "until"):
        setattr(message, f"valid_{verb}", value.day_start(operand))
    elif verb == "threshold":
        message.amendment.threshold = int(operand)
    else:
        organisation = source.invented(operand.replace("_", "-"))
        if verb == "suspends":
            next(one for one in message.parties if one.organisation == organisation).suspended = True
        else:
            message.parties = [one for one in message.parties if one.organisation != organisation]


def _signed_by(asked, who):
    secrets = {source.invented(one): source.invented("key of " + one) for one in who}
    given = {one: key_of(secret) for one, secret in secrets.items()}
    everybody = {one: given.get(one) or key_of(one) for one in asked.parties}
    body = protobuf.encode(asked.message)
    signed = envelope.pae(envelope.AGREEMENT, body)
    signatures = sorted((ed25519.key_id(public(one)), one.sign(signed)) for one in given.values())
    env = envelope.Envelope(envelope.AGREEMENT, body, signatures)
    agreement.check_signed(asked, env, lambda party: [public(everybody[party])])
    return Outcome("ok")


def key_of(seed):
    return Ed25519PrivateKey.from_private_bytes(seed)


def public(secret):
    return secret.public_key().public_bytes_raw()


def read_trust(vector):
    try:
        trust.read(vector.text.split("\n", 1)[1])
    except trust.BadTrust as bad:
        return Outcome(f"line {bad.line}")
    return Outcome("ok")


def read_state(vector):
    expect, lines = reading.read_vector(vector.text)
    given = vector.text.partition("\nreading\n")[2]
    expected = sorted(" ".join(line.split()) for line in given.split("\n") if line.strip())
    if lines != expected:
        return Outcome(f"{expect} with another reading: {sorted(set(lines) ^ set(expected))}")
    return Outcome(expect)


def read_bundle(vector):
    one = verdict.verify(vector.bytes_of("bundle") or b"", trust.read(vector.bytes_of("trust").decode("utf-8")))
    failing = {problem.requirement for problem in one.problems.all if problem.exit == one.exit}
    named = vector.text_of("requirement")
    said = {
        "requirement": named if named in failing or named == "none" and not failing else str(sorted(failing)),
        "event": [f"{kind} {code}".strip() for _, kind, code in one.timeline()],
        "words": one.words,
    }
    return Outcome(str(one.exit) if one.exit else "ok", said)


def read_key_file(vector):
    passphrase = vector.bytes_of("passphrase")
    passphrase = passphrase.decode("utf-8") if passphrase is not None else None
    try:
        one = key_file.read(vector.bytes_of("file") or b"", vector.text_of("holds"), passphrase)
    except key_file.BadFile as bad:
        return Outcome(bad.code, {"line": str(bad.line) if bad.line else []})
    return Outcome("ok", {"public": one.public.hex(), "secret": one.secret.hex()})


def read_invitation(vector):
    one = invitation.read(vector.text_of("invitation"))
    said = {"organisation": one.organisation.hex(), "tls_key": one.tls_key.hex(), "secret": one.secret.hex()}
    return Outcome("ok", {**said, "expiry": str(one.expiry), "endpoint": one.endpoints})


def read_access_log(vector):
    believed = trust.read(vector.bytes_of("trust").decode("utf-8"))
    document = vector.bytes_of("document") or b""
    one = access_log.AccessVerdict(document, believed, vector.bytes_of("nonce"), vector.bytes_of("earlier"))
    failing = {problem.requirement for problem in one.problems.all if problem.exit == one.exit}
    named = vector.text_of("requirement")
    said = {
        "requirement": named if named in failing or named == "none" and not failing else str(sorted(failing)),
        "access": [access.codes for access in one.document.accesses] if one.document else [],
        "words": one.words,
    }
    return Outcome(str(one.exit) if one.exit else "ok", said)


def read_letter(vector):
    given, recipient = vector.bytes_of("letter") or b"", vector.bytes_of("recipient")
    content = letter.open_letter(given, recipient, vector.bytes_of("seed"))
    if content != (vector.bytes_of("content") or b""):
        return Outcome("another content")
    if vector.has("entropy"):
        record = key.read_record(envelope.read(vector.bytes_of("record")))
        sealing_key, entropy = record.message.sealing_keys[0], vector.bytes_of("entropy")
        made = letter.seal(content, recipient, sealing_key, entropy, letter.is_relayed(given))
        if made != given:
            return Outcome("another letter")
    return Outcome("ok")


def read_staff(vector):
    if vector.has("share"):
        return _joined(vector)
    seed, place, belongs = vector.bytes_of("seed"), vector.text_of("place"), vector.bytes_of("belongs")
    content = staff.open_sealed(vector.bytes_of("sealed"), place, belongs, seed)
    if content != (vector.bytes_of("content") or b""):
        return Outcome("another content")
    if vector.has("entropy"):
        made = staff.seal(content, place, belongs, sealing.public_of_seed(seed), vector.bytes_of("entropy"))
        if made != vector.bytes_of("sealed"):
            return Outcome("other sealed bytes")
    return Outcome("ok")


def _joined(vector):
    shares, digests = ({one[0]: one[1:] for one in map(unhex, vector.each(name))} for name in ("share", "digest"))
    try:
        secret = staff.join(vector.bytes_of("of"), shares, digests, vector.bytes_of("needed")[0])
    except staff.WrongShares as wrong:
        return Outcome("a wrong share", {"wrong": [f"{number:02x}" for number in wrong.numbers]})
    except Rejection as few:
        return Outcome(few.detail)
    return Outcome("another secret") if secret is None else Outcome("ok", {"secret": secret.hex()})


def read_log(vector):
    if vector.has("path") or vector.has("smaller"):
        (m, first), (n, second) = (vector.text_of(name).split() for name in ("smaller", "larger"))
        path = disclosure.split(vector.bytes_of("path") or b"")
        log.check_consistency(int(m), bytes.fromhex(first), int(n), bytes.fromhex(second), path)
        return Outcome("ok")
    if vector.has("contradiction"):
        return _read_contradiction(vector)
    checkpoint = log.Checkpoint(vector.bytes_of("note") or b"")
    if vector.has("proof"):
        proof = log.Proof(protobuf.decode("LogProof", vector.bytes_of("proof")))
        base = int(vector.text_of("base"))
        if not proof.leads_to(checkpoint, base):
            raise Rejection("BAD_PROOF")
        shown = [f"{one.kind} {one.id.hex()}" for one in proof.shown]
        return Outcome("ok", {"leaf": str(proof.tick - base), "entry": shown})
    log.check_signed(checkpoint, vector.bytes_of("key"))
    cosigned = [f"{who.hex()} {_cosigned(checkpoint, line, time, vector)}" for who, time, line in checkpoint.witnesses()]
    said = {"origin": checkpoint.origin, "size": str(checkpoint.size), "root": checkpoint.root.hex()}
    return Outcome("ok", {**said, "cosigned": cosigned})


def _cosigned(checkpoint, line, time, vector):
    witness = vector.bytes_of("witness")
    if line.key_id != log.note_key_id(line.name, 4, witness):
        return "UNKNOWN_SIGNER"
    return time if checkpoint.is_cosigned_by(witness, line) else "BAD_SIGNATURE"


def _read_contradiction(vector):
    kind, of = log.read_contradiction(vector.bytes_of("contradiction"))
    return Outcome("ok", {"kind": kind, "of": of})


# One file holds many rows.
TABLES = ("file-number", "need-statement")

READERS = {
    "log": read_log,
    "witnessed": read_bundle,
    "staff": read_staff,
    "letter": read_letter,
    "access-log": read_access_log,
    "invitation": read_invitation,
    "key-file": read_key_file,
    "bundle": read_bundle,
    "state": read_state,
    "agreement": read_agreement,
    "agreement-life": read_agreement_life,
    "trust": read_trust,
    "envelope": read_envelope,
    "key": read_key,
    "value": read_value,
    "slot": read_slot,
    "attestation": read_attestation,
    "disclosure": read_disclosure,
    "event": read_event,
    "head": read_head,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
