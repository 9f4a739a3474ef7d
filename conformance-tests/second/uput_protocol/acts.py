"""The tables of specs/state: who may say what when, and what each act leaves out (STA-1, STA-40).

Guarantees: the tables as they stand.
"""

from collections import namedtuple

from .vector import specs

Act = namedtuple("Act", "about stage bases without_opener without_peer yes")
Row = namedtuple("Row", "kind author class_ precondition facts")


def _lines(name):
    for line in (specs() / "state" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _words(cell):
    return frozenset(cell.split()) - {"-"}


ACTS = {
    act: Act(about, int(stage), _words(bases), _words(opener), _words(peer), int(yes))
    for act, about, stage, bases, opener, peer, yes, _ in _lines("acts.tsv")
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
