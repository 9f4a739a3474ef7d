"""The tables of specs/state: who may say what when, what each act leaves out and has to say (STA-1, STA-40, STA-73).

Guarantees: the tables as they stand.
"""

from collections import namedtuple

from .vector import specs

Act = namedtuple("Act", "about stage bases without_opener without_peer yes must")
Row = namedtuple("Row", "kind author class_ precondition facts")


def _lines(name):
    for line in (specs() / "state" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _words(cell):
    return frozenset(cell.split()) - {"-"}


def _musts(cell):
    """What has to be said: (stage, label) and (kind, label) pairs (STA-73)."""
    pairs = [word.split(":") for word in sorted(_words(cell))]
    return tuple((int(when) if when.isdigit() else when, label) for when, label in pairs)


ACTS = {
    act: Act(about, int(stage), _words(bases), _words(opener), _words(peer), int(yes), _musts(must))
    for act, about, stage, bases, opener, peer, yes, must, _ in _lines("acts.tsv")
}
# (kind, author) to row; a precondition is a list of alternatives, each a list of words, empty for `any`
TABLE = {
    (kind, author): Row(
        kind,
        author,
        class_,
        [] if precondition == "any" else [one.split() for one in precondition.split(";")],
        _words(facts),
    )
    for kind, author, class_, precondition, facts in _lines("table.tsv")
}
CROSSINGS = {(opener, peer): outcome for opener, peer, outcome, *_ in _lines("crossings.tsv")}
