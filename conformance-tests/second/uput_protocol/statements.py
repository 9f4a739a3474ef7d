"""Invented statements and file numbers, one a line, with what is planted in them marked: `[[kind:what must be found]]`.

Guarantees that a row agrees exactly if everything planted in it is found, and if nothing is found in a row without anything
planted, but for names that are words of everyday language too: of those the page says how many there are (need-statement.md, section 6).
"""

from . import need_statement
from .need_statement import Finding

# How many rows without anything planted alarm all the same, as the page says.
ALARMS = {"need-statement": 4, "second": 6, "file-number": 1}


def rows(path):
    """Record, label, text and what is planted, of each row of a file."""
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            record, *label, marked = line.split("\t")
            text, planted = _unmark(marked)
            fields = [tuple(field.split("=", 1)) for field in record.split(" | ")]
            yield fields, label[0] if label else "need_statement", text, planted


def _unmark(marked):
    text, planted = "", []
    for at, part in enumerate(marked.split("[[")):
        if at and "]]" in part:
            mark, rest = part.split("]]", 1)
            kind, inside = mark.split(":", 1)
            planted.append(Finding(len(text), len(text) + len(inside), kind))
            part = inside + rest
        text += part
    return text, planted


def check(folder):
    """How many rows agree, of how many, and what is said of the others."""
    agreed, wrong, alarms = 0, [], {}
    for path in sorted(folder.rglob("*.tsv")):
        for number, (record, label, text, planted) in enumerate(rows(path), 1):
            # [NST-8] What is being said is known too.
            found = need_statement.Judge(label, text, [*record, (label, text)]).findings()
            name = f"{path.relative_to(folder)}, row {number}"
            missed = [one for one in planted if not any(_meets(one, other) for other in found)]
            others = [one for one in found if one.kind != "name"]
            if missed or not planted and others:
                wrong.append(f"{name}: missed {missed}, found {found}")
                continue
            agreed += 1
            if found and not planted:
                alarms[path.parent.name] = alarms.get(path.parent.name, 0) + 1
    for name, count in alarms.items():
        if count > ALARMS[name]:
            wrong.append(f"{name}: {count} false alarms, the page says {ALARMS[name]}")
    return agreed, agreed + len(wrong), wrong


def _meets(one, other):
    return one.kind == other.kind and one.start < other.end and other.start < one.end
