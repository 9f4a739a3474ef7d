"""The reading of a state in the words of specs/vectors/state (state.md, section 7).

Guarantees: every noun of a reading, with names in ascending order of the events' IDs.
"""

from .state import Broken, Node, State


def read_vector(text: str):
    """(expect, lines of the reading) of a vector of the folder `state`."""
    head, _, _ = text.partition("\nreading")
    names, nodes, act = {}, [], None
    last = {}
    lines = [line.split() for line in head.split("\n")[1:] if line.strip() and not line.startswith("#")]
    for name, side, word, *pointers in lines:
        given = dict(one.split("=", 1) for one in pointers)
        act = given.get("act", act)
        names.setdefault(name, len(names))
        prev = given.get("prev", last.get(side))
        last[side] = name
        pointed = [None if one in (None, "none") else one for one in (prev, given.get("seen"), given.get("names"))]
        nodes.append((name, side, word, *pointed, given.get("version") == "newer", given.get("type")))
    for _, _, _, *pointers, _, _ in nodes:
        for one in pointers:
            names.setdefault(one, len(names))
    number = {name: at for name, at in names.items() if name is not None}
    made = [Node(number[n], s, w, *(number.get(p) for p in pointers), v, t) for n, s, w, *pointers, v, t in nodes]
    back = {at: name for name, at in number.items()}
    try:
        state = State(made, act)
    except Broken as broken:
        return f"broken, {broken}", []
    expect = "void" if state.void else "finding" if state.findings else "effective"
    return expect, sorted(lines_of(state, back))


def lines_of(state, name):
    view = state.view

    def named(mask):
        return " ".join(name[one] for one in sorted(state.ids(mask))) or "-"

    owed = sorted((state.nodes[at].id, letters) for at, letters in view.owed.items())
    yield f"headline {view.headline}"
    yield f"live {str(view.live).lower()}"
    yield f"stage {view.stage}"
    yield f"epoch {view.epoch}"
    yield f"answer {name[view.answer.id] if view.answer else '-'}"
    yield f"covering {str(view.covers).lower()}"
    yield f"acknowledged {named(view.of('notice'))}"
    yield f"outstanding {named(view.outstanding)}"
    yield "owed " + (" ".join(f"{name[one]}:{letters}" for one, letters in owed) or "-")
    yield f"responsible {' '.join(view.responsible)}"
    yield f"offer {_offer(state, view, name)}"
    yield f"stops {named(view.stops)}"
    yield f"closings {named(view.of('end'))}"
    yield f"world {named(view.of('world'))}"
    yield f"world_now {named(view.standing('world'))}"
    yield f"objections {named(view.of('withdrawal') if view.under_law else 0)}"
    for noun, fact in (("warnings", "warning"), ("decisions", None), ("plans", "tasks"), ("escalations", "escalation")):
        yield f"{noun} {named(view.of(fact) if fact else view.grounds)}"
    yield f"under_law {str(view.under_law).lower()}"
    for event, reason in state.void.items():
        yield f"void {name[event]} {reason}"
    for finding, event in state.findings:
        yield f"finding {finding} {name[event]}"
    for event, aside in state.fresh.items():
        yield f"fresh_basis {name[event]} {' '.join(name[one] for one in sorted(aside))}"
    for opener, peer, outcome in state.crossings():
        yield f"crossing {name[opener]} {name[peer]} {outcome}"


def _offer(state, view, name):
    for word, mask in (("completed", view.of("complete")), ("taken", view.taken_offers), ("open", view.open_offers)):
        if mask:
            return f"{word} {name[min(state.ids(mask))]}"
    return "none"
