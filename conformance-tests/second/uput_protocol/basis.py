"""Legal bases: which labels they carry, and what contradicts them (specs/legal-basis.md).

Guarantees: the tables of BAS-1, BAS-4 and BAS-8 to BAS-11 as they stand. A value that is not there, or that is closed,
contradicts nothing.
Leaves to others: which basis a rule lists (permit.py).
"""

from .value import day_start, ends, minute_start

NONPERSONAL = "none_needed_nonpersonal"
CONSENTS = frozenset({"explicit_consent", "guardian_consent"})
MANDATE = frozenset({"delegate_class", "mandate_reference", "mandate_scope", "mandate_until"})
# [BAS-44] suspects who are relatives
_RELATIVES = frozenset({"child", "former_partner", "other_family", "parent", "partner", "sibling"})
_TOLD = frozenset({"client_told", "client_told_on"})


def _words(text):
    return frozenset(text.split())


# [BAS-1] basis to the labels that must be there, and those that may
LABELS = {
    "explicit_consent": (
        _words("consent_given_by consent_form consent_language consent_purpose consent_until"),
        MANDATE | {"consent_ticked"},
    ),
    "guardian_consent": (
        _words(
            "guardian_class guardian_authority child_assent consent_form consent_language consent_purpose consent_until"
        ),
        MANDATE | {"consent_ticked"},
    ),
    "child_best_interests": (_words("best_interests_reason supervisor authority_informed"), frozenset()),
    "legal_duty": (_TOLD, frozenset()),
    "vital_interests": (_words("danger basis_until review_by supervisor"), _TOLD),
    "public_task_decision": (_words("decision_reference decision_issuer decision_date decision_until"), _TOLD),
    NONPERSONAL: (frozenset(), frozenset()),
}


def can_collapse(basis: str, receiver: str) -> bool:
    """Whether an opening may hold stage 2 under this basis, to this kind of service (BAS-4)."""
    if receiver in ("police", "social_work", "child_protection"):
        return basis in ("legal_duty", "vital_interests", "public_task_decision")
    return receiver == "health" and basis == "vital_interests"


def serves_stage(basis: str, stage: int) -> bool:
    """BAS-2."""
    return (basis == NONPERSONAL) == (stage == 0)


# [BAS-6] what says until when a basis lasts
_UNTIL = {
    "explicit_consent": ("consent_until", "mandate_until"),
    "guardian_consent": ("consent_until", "mandate_until"),
    "vital_interests": ("basis_until",),
    "public_task_decision": ("decision_until",),
}


def lasts(basis: str, values: dict):
    """(at least, at most): the seconds until which the basis lasts by what is seen, or None (BAS-6, BAS-46)."""
    found = [ends(values[label]) for label in _UNTIL.get(basis, ()) if values.get(label) is not None]
    return (min(one for one, _ in found), min(one for _, one in found)) if found else None


def has_ended(basis: str, values: dict, time: int) -> bool:
    """Whether the basis is taken to have ended before this time: of two ends the first counts (BAS-6, BAS-46)."""
    found = lasts(basis, values)
    return found is not None and found[0] < time


def has_surely_ended(basis: str, values: dict, time: int) -> bool:
    """Whether it certainly had (BAS-46)."""
    found = lasts(basis, values)
    return found is not None and found[1] < time


def missing(basis: str, labels, values: dict) -> bool:
    """Whether a label is certainly missing, all labels of the event being known (BAS-1, BAS-9)."""
    if not LABELS[basis][0] <= set(labels):
        return True
    if basis not in CONSENTS:
        return False
    some = MANDATE & set(labels) or values.get("consent_given_by") == "delegate"
    return bool(some) and not MANDATE <= set(labels)


# [BAS-22] what an earlier disclosure of the trail may say against a basis
HEARD = ("age_band", "perpetrator_relationship")


def told_contradicts(basis: str, values: dict, before: dict) -> bool:
    """Whether what was told before does not stand with the basis that these values carry (BAS-22)."""
    own = {label: value for label, value in values.items() if label not in HEARD}
    get = {**own, **before}.get
    if basis in CONSENTS and _sent_by_suspect(get):
        return True
    if basis == "explicit_consent":
        return get("age_band") in ("0_5", "6_11")
    if basis == "child_best_interests":  # [BAS-40]
        return get("age_band") in ("18_29", "30_59", "60_plus")
    return basis == "guardian_consent" and _guardian_contradicted(get)


def contradicted(basis: str, values: dict, time: int, receiver: str) -> bool:
    """Whether what is seen does not stand with the basis (BAS-8 to BAS-11)."""
    get = values.get
    if basis == "explicit_consent" and get("age_band") in ("0_5", "6_11"):
        return True
    if basis == "guardian_consent" and _guardian_contradicted(get):
        return True
    if basis in CONSENTS and _sent_by_suspect(get):
        return True
    if basis == "child_best_interests" and get("age_band") in ("18_29", "30_59", "60_plus"):  # [BAS-40]
        return True
    scope = get("mandate_scope")
    if basis in CONSENTS and scope is not None and receiver not in scope.split(" "):
        return True
    if basis == "vital_interests" and _danger_contradicted(get, time):
        return True
    until, made = get("decision_until"), get("decision_date")
    return until is not None and made is not None and day_start(until[:10]) < day_start(made)


def _sent_by_suspect(get):
    """Whether the mandate may be that of whoever is suspected (BAS-44)."""
    return get("delegate_class") == "relative" and get("perpetrator_relationship") in _RELATIVES


def _guardian_contradicted(get):
    suspect, guardian = get("perpetrator_relationship"), get("guardian_class")
    if suspect == "parent" and guardian == "parent":
        return True
    if suspect in ("sibling", "other_family") and guardian == "relative":
        return True
    band = get("age_band")
    return get("child_assent") == "too_young" and band is not None and band not in ("0_5", "6_11")


def _danger_contradicted(get, time):
    for label in ("basis_until", "review_by"):
        if get(label) is not None and minute_start(get(label)) > time + 86_400:
            return True
    review = get("review_by")
    return review is not None and ends(review)[1] < time
