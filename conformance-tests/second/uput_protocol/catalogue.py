"""The labels that there are: the rows of specs/catalogue.tsv (DIS-1 to DIS-3).

Guarantees: the table as it stands, and nothing else.
"""

from functools import lru_cache

from .schema import CODES
from .vector import specs


class Row:
    """One label: class, type, the cell of each kind of service, what it is for besides."""

    def __init__(self, columns):
        self.label, self.harm, self.type = columns[:3]
        services = len(CODES["ServiceType"])
        self.cells = dict(zip(CODES["ServiceType"], columns[3 : 3 + services]))
        self.beside = frozenset(columns[3 + services].split()) - {"-"}


@lru_cache(maxsize=1)
def rows() -> dict:
    lines = (specs() / "catalogue.tsv").read_text(encoding="utf-8").splitlines()
    heading = next(line for line in lines if line.startswith("#label")).split("\t")
    if tuple(heading[3:-2]) != CODES["ServiceType"]:
        raise ValueError("the catalogue has other services than the schema")
    found = (Row(line.split("\t")) for line in lines if line and not line.startswith("#"))
    return {row.label: row for row in found}


def row(label: str):
    """The row of a label, or None."""
    return rows().get(label)


def beside(word: str) -> frozenset:
    """All labels with this word in the column `beside`."""
    return frozenset(label for label, one in rows().items() if word in one.beside)


@lru_cache(maxsize=1)
def values_of_contact() -> frozenset:
    """The labels of specs/safe-contact.tsv (SAF-1)."""
    lines = (specs() / "safe-contact.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))
