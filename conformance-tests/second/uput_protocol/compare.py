"""Holds this verifier against another on random mutants: `python3 -m uput_protocol.compare --uput PATH --seed N --count N`.

Guarantees: each mutant is verified by both; whatever differs is printed with its number, and the exit code is 0 exactly if
nothing did. Compared are the exit code, each requirement that failed or cannot be checked, the words of BUN-83, whether it
is authentic, complete, conformant, who contradicted itself, what is settled, the timeline with its codes, void events and findings, what became of decisions, the standing, and every deadline.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from . import trust, verdict
from .mutant import Mutants
from .schema import word
from .trust import rfc3339

# how many mutants a process takes at a time
_CHUNK = 20


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="uput_protocol.compare")
    parser.add_argument("--uput", required=True, help="the program to be held against")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--keep", type=Path, help="a folder for whatever differs")
    asked = parser.parse_args(arguments)
    differing, exits = [], Counter()
    numbers = range(asked.first, asked.first + asked.count)
    with tempfile.TemporaryDirectory() as folder:
        begin = (asked.seed, asked.uput, Path(folder), asked.keep)
        with ProcessPoolExecutor(asked.jobs, initializer=_Comparison.begin, initargs=begin) as pool:
            for number, done, code, differences in pool.map(_Comparison.one, numbers, chunksize=_CHUNK):
                exits[code] += 1
                if differences:
                    differing.append(number)
                    print(f"seed {asked.seed} mutant {number} ({done}): {'; '.join(differences)}", flush=True)
    counts = ", ".join(f"{count} with exit code {code}" for code, count in sorted(exits.items()))
    print(f"{asked.count} mutants of seed {asked.seed} from {asked.first}: {counts}")
    print(f"{len(differing)} disagreements")
    return 1 if differing else 0


class _Comparison:
    """What one process of the pool holds against another verifier, set once when it begins."""

    asked = None

    @classmethod
    def begin(cls, seed, program, folder, keep):
        cls.asked = Mutants(seed), program, folder, keep

    @classmethod
    def one(cls, number):
        mutants, program, folder, keep = cls.asked
        return number, *compare_one(mutants, number, program, folder, keep)


def compare_one(mutants, number, program, folder, keep):
    done, data, trusted = mutants.make(number)
    code, theirs = ask(program, data, trusted, folder / f"{number}.toml")
    try:
        mine = summary(data, trusted)
    except Exception as error:  # a verifier that breaks is a disagreement too
        return done, code, [f"broke here: {error!r}"]
    differences = []
    if mine is None or theirs is None:
        if (mine is None) != (theirs is None):
            differences.append(f"the trust file is {'refused' if mine is None else 'taken'} here, exit code {code} there")
    else:
        differences = [f"{key}: {_short(mine[key], theirs[key])}" for key in mine if mine[key] != theirs[key]]
    if differences and keep:
        keep.mkdir(exist_ok=True)
        (keep / f"{mutants.seed}-{number}.uput").write_bytes(data)
        (keep / f"{mutants.seed}-{number}.toml").write_bytes(trusted)
    return done, code, differences


def _short(mine, theirs):
    if isinstance(mine, list) and isinstance(theirs, list):
        here, there = [one for one in mine if one not in theirs], [one for one in theirs if one not in mine]
        return f"here {here or 'the order'}, there {there or 'the order'}"[:900]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
        return ", ".join(f"{key} {mine.get(key)} here, {theirs.get(key)} there" for key in keys)
    return f"{mine} here, {theirs} there"


def ask(program, data, trusted, path):
    """(exit code, what the other verifier says), the latter None if it could not begin."""
    path.write_bytes(trusted)
    command = [program, "trail", "verify", "-", "--trust", str(path), "--json"]
    ran = subprocess.run(command, input=data, capture_output=True, env={"PATH": os.environ.get("PATH", "")}, timeout=120)
    path.unlink()
    if ran.returncode not in (0, 10, 11, 12, 13, 14):
        return ran.returncode, None
    said = json.loads(ran.stdout)
    return ran.returncode, {
        "exit": said["exit_code"],
        "authentic": said["authentic"] == "yes",
        "complete": said["completeness"]["complete"] == "yes",
        "conformant": said["conformant"]["verdict"],
        "checks": {c["requirement"]: c["outcome"] for c in said["checks"] if c["outcome"] in ("failed", "not_checkable")},
        "words": said["words"],
        "contradicting": sorted({b["by"]["id"] for b in said["breaches"] if b["requirement"] != "BUN-34"}),
        "settled": {e["event"]: (e["settled"], e.get("settled_proven")) for e in said["timeline"] if "settled" in e},
        "timeline": [(e["event"], e["kind"], e["code"]) for e in said["timeline"]],
        "void": {e["event"]: e["void"] for e in said["timeline"] if " " not in (e["void"] or " ")},
        "standing": _standing(said["standing"]),
        "deadlines": [
            (d["timer"], d["from"], d["due"], d["met"], d["ended"], d["late"], d["verdict"]) for d in said["deadlines"]
        ],
        "decided": {
            e["event"]: (e["decided"]["type"], e["decided"]["taken_away"])
            for e in said["timeline"]
            if "decided" in e and not e["void"]
        },
    }


def _standing(said):
    if said is None:
        return None
    owed = said["owed"]
    return {**{key: said[key] for key in ("headline", "live", "stage", "epoch", "ended_by")}, "owed": sorted(map(_id, owed)), "responsible": [one["id"] for one in said["responsible"]]}


def _id(one):
    return one if isinstance(one, str) else one.get("event") or one.get("id")


def summary(data, trusted):
    """The same of this verifier, None if the trust file is refused."""
    try:
        one = verdict.verify(data, trust.read(trusted.decode("utf-8")))
    except (trust.BadTrust, UnicodeDecodeError):
        return None
    state = one.conformance.state if one.conformance else None
    return {
        "exit": one.exit,
        "authentic": one.authentic,
        "complete": one.complete,
        "conformant": one.conformant,
        "checks": one.outcomes(),
        "words": one.words,
        "contradicting": sorted(name.hex() for name in one.problems.contradicting),
        "settled": {name.hex(): tuple(time and rfc3339(time) for time in times) for name, times in one.settled().items()},
        "timeline": [(name.hex(), kind, code) for name, kind, code in one.timeline()],
        "void": {name.hex(): reason for name, reason in state.void.items()} if state else {},
        "standing": _own_standing(one, state) if state else None,
        "deadlines": [
            (d.timer.kind, d.timer.start.id.hex(), rfc3339(d.due), *_done(d.timer), d.late, d.verdict) for d in one.deadlines
        ],
        "decided": _decided(one, state) if state else {},
    }


def _done(timer):
    """What met it, and what ended it before that (BUN-120)."""
    done = timer.done.id.hex() if timer.done else None
    return (done, None) if timer.met else (None, done)


def _decided(one, state):
    """Of each effective decision its type, and the first refusal that took away what it granted (BUN-122)."""
    effective = [event for event in one.admission.order if event.kind == "decision" and state.effective >> state.index[event.id] & 1]
    found = {event.id.hex(): (word("DecisionType", event.said.type), None) for event in effective}
    refusals = [state.index[event.id] for event in effective if state.carriers("no_grounds") >> state.index[event.id] & 1]
    for refusal in reversed(refusals):
        for at in state.bits(state.taken_away(refusal)):
            name = state.nodes[at].id.hex()
            found[name] = (found[name][0], state.nodes[refusal].id.hex())
    return found


def _own_standing(one, state):
    view = state.view
    sides = dict(zip("OP", one.admission.parties))
    return {
        "headline": view.headline,
        "live": view.live,
        "stage": view.stage,
        "epoch": view.epoch,
        "ended_by": sorted(state.nodes[at].id.hex() for at in state.bits(view.stops | view.of("end"))),
        "owed": sorted(state.nodes[at].id.hex() for at in view.owed),
        "responsible": [sides[side].hex() for side in view.responsible],
    }


if __name__ == "__main__":
    sys.exit(main())
