"""Reads the files of specs/vectors as specs/vectors/README.md says.

Guarantees: names, values and their order as they stand in the file; hexadecimal with `WORD*COUNT` written out.
"""

import os
import re
from pathlib import Path


def specs() -> Path:
    """The folder specs/ of the repository, or the one that UPUT_SPECS names."""
    named = os.environ.get("UPUT_SPECS")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "specs"


class Vector:
    """One file: its lines in order, and its values by name."""

    def __init__(self, path: Path):
        self.name = path.stem
        self.text = path.read_text(encoding="utf-8")
        self.lines = [tuple(part.strip() for part in line.split(":", 1)) for line in self.text.split("\n") if ":" in line]
        self.expect = self.lines[0][1]

    def has(self, name: str) -> bool:
        return any(one == name for one, _ in self.lines)

    def each(self, name: str) -> list:
        return [value for one, value in self.lines if one == name]

    def text_of(self, name: str):
        values = self.each(name)
        return values[0] if values else None

    def runs(self, name: str) -> list:
        """Values whose parts stand on several lines in a row, as bytes: one entry a run."""
        found, before = [], None
        for one, value in self.lines:
            if one == name:
                if before != name:
                    found.append([])
                found[-1].append(value)
            before = one
        return [unhex(" ".join(run)) for run in found]

    def bytes_of(self, name: str):
        """All lines of one name, joined."""
        return unhex(" ".join(self.each(name))) if self.has(name) else None


def unhex(text: str) -> bytes:
    out = []
    for word in text.split():
        part, _, count = word.partition("*")
        out.append(bytes.fromhex(part) * (int(count) if count else 1))
    return b"".join(out)


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unquote(text: str) -> str:
    """A label or value in quotation marks."""
    def one(match):
        return chr(int(match[1], 16)) if match[1] else _ESCAPES[match[2]]

    return re.sub(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", one, text[1:-1])
