"""What may stand in the slots of an event (AGR-20 to AGR-24), and what a sender and an auditor make of it (DIS-12, DIS-14).

Guarantees: the order of AGR-22 decides which code is given.
Leaves to others: the state of the trail; what a receiver strips.
"""

from collections import namedtuple

from . import attestation, catalogue
from .acts import ACTS
from .basis import CONSENTS, HEARD, LABELS, NONPERSONAL, can_collapse, contradicted, has_ended, has_surely_ended, missing, serves_stage, told_contradicts
from .rejection import Rejection

STAGES = ("enquiry", "need", "identity")
DISCLOSING = frozenset({"need", "identity", "corrected", "reopened", "minutes", "plan"})

# who asks whom for what: the trail's opening, as far as an agreement asks
Request = namedtuple("Request", "opener peer act service")
Permitted = namedtuple("Permitted", "labels ticked required content rule basis discloses")


def occasion_of(event, opener: bytes) -> str:
    """`opening`, `later` or `reply` (AGR-22)."""
    if event.kind == "opening":
        return "opening"
    return "later" if event.kind in DISCLOSING and event.author == opener else "reply"


def permit(agreement, request: Request, occasion: str, terms, time: int, kind: str = "") -> Permitted:
    """The labels that are permitted, or the first obstacle in the order of AGR-22; `kind` is that of the event."""
    timed = occasion == "opening" or occasion == "later" and terms.stage > 0
    if timed and not agreement.valid_from <= time < agreement.valid_until:  # [AGR-20]
        raise Rejection("AGREEMENT_NOT_IN_FORCE")
    rule = _rule(agreement, request, terms)
    if terms.stage > ACTS[rule.act].stage:  # [AGR-60]
        raise Rejection("NOT_OF_THIS_ACT")
    if not _basis_holds(agreement, rule, occasion, terms):
        raise Rejection("BASIS_NOT_ALLOWED")
    profile = agreement.profiles[rule.profile]
    permitted = _labels(profile, rule, occasion, terms)
    return permitted._replace(content=_content(permitted, profile, occasion, terms, kind))


def _content(permitted, profile, occasion, terms, kind):
    """What the act has to say in that event (AGR-70)."""
    free = permitted.labels - permitted.ticked
    due = set()
    for when, label in ACTS[permitted.rule.act].must:
        if isinstance(when, str):
            said = when == kind and (permitted.discloses or label in free)
        else:
            stage = max([when] + [n for n, name in enumerate(STAGES) if label in getattr(profile, name)])
            said = label in free and (
                occasion == "opening" and stage <= terms.stage
                or occasion == "later" and (kind, stage) in (("need", 1), ("identity", 2))
            )
        if said:
            due.add(label)
    return frozenset(due)


def _rule(agreement, request, terms):
    rule = agreement.rules.get(terms.rule)  # [AGR-21]
    opener, peer = agreement.parties.get(request.opener), agreement.parties.get(request.peer)
    fits = (
        rule is not None
        and opener is not None
        and peer is not None
        and request.opener != request.peer
        and (rule.act, rule.receiver) == (request.act, request.service)
        and rule.sender in opener.roles
        and rule.receiver in peer.services
        and not opener.suspended
        and not peer.suspended
    )
    if not fits:
        raise Rejection("NO_RULE")
    return rule


def _basis_holds(agreement, rule, occasion, terms):
    basis = terms.basis  # [AGR-23]
    if not serves_stage(basis, terms.stage):
        return False
    if basis not in ACTS[rule.act].bases and not (basis == NONPERSONAL and occasion != "opening"):  # [BAS-3]
        return False
    if basis != NONPERSONAL and basis not in rule.bases:
        return False
    if terms.article and terms.article not in agreement.articles or basis == "legal_duty" and not terms.article:
        return False
    if occasion == "opening" and terms.stage == 2:
        return rule.collapsed and can_collapse(basis, rule.receiver)
    return True


def _labels(profile, rule, occasion, terms):
    staff = catalogue.beside("staff")
    if occasion == "reply":
        labels = profile.reply
        if terms.basis == NONPERSONAL:
            labels = frozenset(one for one in labels if catalogue.row(one).harm in ("P0", "P1"))
        return Permitted(labels | staff, frozenset(), frozenset(), frozenset(), rule, terms.basis, False)
    labels = profile.enquiry | (profile.need if terms.stage >= 1 else set()) | (profile.identity if terms.stage == 2 else set())
    labels = frozenset(one for one in labels if _cell_allows(catalogue.row(one).cells[rule.receiver], terms.basis))
    ticked = labels & profile.ticked
    if terms.basis not in CONSENTS:  # [BAS-5]
        labels, ticked = labels - ticked, frozenset()
    else:  # [DIS-17]
        ticked |= {one for one in labels if catalogue.row(one).cells[rule.receiver] == "asked"}
    must, may = LABELS[terms.basis]
    return Permitted(labels | must | may | staff, ticked - must, must, frozenset(), rule, terms.basis, True)


def _cell_allows(cell, basis):
    if cell == "law":
        return basis in ("legal_duty", "public_task_decision")
    if cell == "asked":
        return basis in CONSENTS or basis in ("child_best_interests", "legal_duty", "public_task_decision")
    return cell != "life" or basis == "vital_interests"


def check_fields(permitted: Permitted, fields: list, time: int, told=None) -> None:
    """What a sender must not commit to (DIS-12): OUTSIDE_PROFILE, BASIS_NOT_ALLOWED, then WITHOUT_CONTENT.

    Fields: (label, value).
    """
    values = dict(fields)
    labels = set(values)
    if len(labels) != len(fields) or not labels <= permitted.labels:
        raise Rejection("OUTSIDE_PROFILE")
    if not permitted.ticked & labels <= _ticks(values):
        raise Rejection("OUTSIDE_PROFILE", "tick")
    if "supervisor" in values and values["supervisor"] == values.get("actor"):  # [DIS-15]
        raise Rejection("OUTSIDE_PROFILE", "supervisor")
    if "provenance" in values and _provenance(values, True) == "no":  # [ONW-3]
        raise Rejection("OUTSIDE_PROFILE", "provenance")
    if _basis_fails(permitted, labels, values, time, True) or belied(permitted, values, told):
        raise Rejection("BASIS_NOT_ALLOWED")
    if not permitted.content <= labels:  # [AGR-70]
        raise Rejection("WITHOUT_CONTENT")


def _ticks(values):
    return set((values.get("consent_ticked") or "").split())


def belied(permitted, values, told):
    """Whether what was told before, and is not said anew, does not stand with the basis (BAS-22)."""
    if not permitted.discloses:
        return False
    before = {label: value for label, value in (told or {}).items() if label not in values}
    return bool(before) and told_contradicts(permitted.basis, values, before)


def _basis_fails(permitted, labels, values, time, all_open, ended=has_ended):
    if not permitted.discloses:
        return False
    if all_open and missing(permitted.basis, labels, values):
        return True
    return ended(permitted.basis, values, time) or contradicted(permitted.basis, values, time, permitted.rule.receiver)


def _provenance(values, all_open):
    copy = attestation.read_copy(values["provenance"])
    doubt = False
    for label, fact in copy.facts.items():
        if label not in values:
            if all_open:
                return "no"
            doubt = True
        elif values[label] is None:
            doubt = True
        elif values[label] != fact:
            return "no"
    return "not_checkable" if doubt else "yes"


def tells(permitted: Permitted, opened: list, slots: int, time: int) -> dict:
    """What a disclosure tells that a later basis is held against: label to value (BAS-22)."""
    values = {one.label: one.value for one in opened if one.state == "field"}
    all_open = len(opened) == slots
    if _basis_fails(permitted, set(values), values, time, all_open) or all_open and not permitted.content <= set(values):
        return {}
    heard = {one for one in HEARD if values.get(one) is not None} & permitted.labels
    return {one: values[one] for one in heard if one not in permitted.ticked or one in _ticks(values)}


def judge(permitted: Permitted, opened: list, slots: int, time: int, told=None):
    """What an auditor says of the slots of an event (DIS-14): a list of (verdict, requirement), empty for *yes*.

    `told` is what was told before in its trail (BAS-22).

    Whether a basis may have ended is said apart (BAS-46, BAS-48).

    Requirements are those of BUN-55 and BUN-56, in the order of AGR-22; the first `no` stands alone.
    """
    fields = [one for one in opened if one.state == "field"]
    values = {one.label: one.value for one in fields}
    labels, all_open = set(values), len(opened) == slots
    outside = (
        any(one.state == "foreign" for one in opened)
        or not labels <= permitted.labels
        or "supervisor" in values
        and values["supervisor"] is not None
        and values["supervisor"] == values.get("actor")
    )
    doubt = not all_open
    needed = permitted.ticked & labels
    if needed:
        if values.get("consent_ticked") is not None:
            outside = outside or not needed <= _ticks(values)
        elif "consent_ticked" in values or not all_open:
            doubt = True
        else:
            outside = True
    if "provenance" in values:
        said = "not_checkable" if values["provenance"] is None else _provenance(values, all_open)
        outside, doubt = outside or said == "no", doubt or said == "not_checkable"
    if outside:
        return [("no", "BUN-56")]
    fails = _basis_fails(permitted, labels, values, time, all_open, has_surely_ended)
    if fails or all_open and belied(permitted, values, told):
        return [("no", "BUN-55")]
    if all_open and not permitted.content <= labels:  # [AGR-70]
        return [("no", "BUN-55")]
    return [("not_checkable", "BUN-56")] if doubt else []
