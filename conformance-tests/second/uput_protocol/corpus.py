"""Goes over the corpus of bundles that are each wrong in one way: `python3 -m uput_protocol.corpus [FOLDER]`.

Guarantees: an entry agrees if exit code, the checks with a problem, and outcome and rejection of the one that is named are
those of its expected.json, as conformance-tests/corpus/README.md asks. The exit code is 0 exactly if all agree.
"""

import json
import sys
from pathlib import Path

from . import trust, verdict
from .vector import specs


def main(arguments) -> int:
    root = Path(arguments[0]) if arguments else specs().parent / "conformance-tests" / "corpus"
    entries = sorted(path.parent for path in root.glob("*/expected.json"))
    wrong = [f"{entry.name}: {said}" for entry in entries if (said := check(entry))]
    for said in wrong:
        print(said)
    print(f"corpus: {len(entries) - len(wrong)}/{len(entries)} entries agree")
    print(f"{len(entries) - len(wrong)} passed, {len(wrong)} failed")
    return 0 if entries and not wrong else 1


def check(entry):
    """None if the entry agrees, else what differs."""
    expected = json.loads((entry / "expected.json").read_text(encoding="utf-8"))
    wanted = {expected["requirement"]} | {one["requirement"] for one in expected["also"]}
    try:
        believed = trust.read((entry / "trust.toml").read_bytes().decode("utf-8"))
    except (trust.BadTrust, UnicodeDecodeError) as bad:
        return None if expected["exit_code"] == 1 else f"the trust file is refused: {bad}"
    if expected["exit_code"] == 1:
        return "the trust file is taken"
    one = verdict.verify((entry / "bundle.uput").read_bytes(), believed)
    outcomes = one.outcomes()
    if one.exit != expected["exit_code"]:
        return f"exit code {one.exit}, expected {expected['exit_code']}; {outcomes}"
    if set(outcomes) != wanted - {None}:
        return f"{outcomes}, expected {sorted(wanted - {None})}"
    name = expected["requirement"]
    if name is not None and outcomes[name] != expected["outcome"]:
        return f"{name} {outcomes[name]}, expected {expected['outcome']}"
    first = next((problem.rejection for problem in one.problems.all if problem.requirement == name), None)
    if first != expected["rejection"]:
        return f"rejection {first}, expected {expected['rejection']}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
