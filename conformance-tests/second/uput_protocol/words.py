"""The sentences that a reader must see beside the codes (BUN-41, BUN-42, BUN-83).

Guarantees: the words of BUN-83, letter by letter, in their order.
"""

from . import catalogue
from .schema import word
from .trust import rfc3339


class Words:
    def __init__(self, verdict):
        self.verdict = verdict
        self.bundle, self.admission = verdict.bundle, verdict.admission

    def sentences(self):
        found = list(self._exported())
        if self.verdict.readable:
            found += self._restored()
            found += [self.of_party(party) for party in self.admission.parties]
            found += self._decisions()
            found += self._phoned()
            found += self._copies()
            found += self._closed()
            found += self._challenges()
        found += self._records()
        found.append(self.assurance())
        found += self._doubted()
        return found

    def name(self, organisation):
        """What a report calls an organisation."""
        trust, agreement = self.verdict.trust, self.verdict.agreement
        if organisation in trust.organisations:
            return trust.organisations[organisation]
        if agreement is not None and agreement.id in trust.agreements and organisation in agreement.parties:
            name = agreement.parties[organisation].name
            if name not in trust.organisations.values():
                return name
        return organisation.hex()[:8]

    def _exported(self):
        n = self.name(self.bundle.exporter)
        time = rfc3339(self.bundle.time)
        yield f'Exported by {n} for "{self.bundle.purpose}" at {time}: purpose and time are {n}\'s word.'
        for one in self.bundle.erasures:
            yield f"{n} says that it erased the values of {len(one.events)} events at {rfc3339(one.time)}: " + {
                "retention": "the retention that the agreement sets was over.",
                "asked": "the other party asked for it.",
                "withdrawn": "she withdrew.",
                "ended": "an ending left them owed.",
            }[word("ErasureReason", one.reason)]

    def _restored(self):
        for party in self.admission.parties:
            other = self.name(self.admission.other(party))
            for _, number in sorted(one for one in self.verdict.closed_numbers if one[0] == party):
                yield f"{self.name(party)} was restored: its older number {number} was closed by {other}."

    def of_party(self, party):
        """`sentence` of one party (BUN-41, BUN-42)."""
        n, other = self.name(party), self.name(self.admission.other(party))
        exporter = self.name(self.bundle.exporter)
        newest = self.verdict.newest_head(party)
        if newest is None:
            text = f"No head of {n} is here: that nothing of {n} is missing is {exporter}'s word."
        else:
            head = f"to {n}'s head (number {newest.own_count}, {rfc3339(newest.time)})"
            last = self.admission.admitted.get(newest.own_last)
            here = newest.own_last is None or last is not None and (last.author, last.seq + 1) == (party, newest.own_count)
            text = f"Complete up {head}." if here else f"Not complete up {head}: not all that it counts is here."
            later = len({one.seq for one in self.admission.by(party) if one.seq >= newest.own_count})  # of twins one counts
            if later:
                text += f" {later} later events of {n} are here; that no more followed is {exporter}'s word."
        unseen = len(self.unseen(party))
        if unseen:
            text += f" {unseen} events of {n} rest on {exporter}'s word: nothing that {other} signed here has seen them."
        return text

    def unseen(self, party):
        seen = set()
        for one in self.admission.by(self.admission.other(party)):
            seen |= self.admission.past[one.id]
        for head in self.verdict.heads.of(self.admission.other(party)):
            if head.seen_last in self.admission.admitted:
                seen |= self.admission.past[head.seen_last] | {head.seen_last}
        return [one for one in self.admission.by(party) if one.id not in seen]

    def _decisions(self):
        for one in self.admission.order:
            cited = self.verdict.evidence.here.get(one.id)
            if cited is not None:
                author = self.name(one.author)
                yield f"That decision {cited.id.hex()} of {self.name(cited.author)} is about this case is the word of {author}."

    def _phoned(self):
        state = self.verdict.conformance.state
        o, p = (self.name(one) for one in self.admission.parties)
        order = []
        for one in self.admission.order:
            said = one.code if one.kind == "phoned" and one.id not in state.void else None
            order.append((one.id, said if said in ("yes", "no") else None))
        answers = dict(order)
        for name, (what, by) in state.phoned(order).items():
            text = f"That {p} said {answers[name]} by telephone (event {name.hex()}) is the word of {o}"
            yield text + {
                "unconfirmed": f": nothing that {p} signed here confirms it.",
                "confirmed": f", and {p} confirmed it with event {by.hex() if by else ''}.",
                "contradicted": f", and {p} contradicted it with event {by.hex() if by else ''}.",
                "replaced": f", who recorded a later call with event {by.hex() if by else ''}.",
            }[what]

    def _copies(self):
        """Whose word it is (BUN-91)."""
        rows = catalogue.rows()
        for event, copy, stands in self.verdict.copies:
            by, whose = self.name(event.author), copy.author.hex()
            labels, day = ", ".join(one for one in rows if one in copy.facts), rfc3339(copy.day)[:10]
            yield f"Event {event.id.hex()}: " + {
                "verified": f"{labels} as {self.name(copy.author)} signed it on {day}; that it is of this person is the word of {by}.",
                "uncompared": f"{labels} as organisation {whose} signed it on {day}, which the trust file does not name: anybody can have made its key.",
                "unknown_signer": f"{by} passes on what organisation {whose} is said to have signed; no key records of it count here, and nothing was verified.",
                "does_not_match": f"what {by} passes on as signed by organisation {whose} was not signed so by it; it is the word of {by} alone.",
            }[stands]

    def _closed(self):
        closed = events = values = 0
        for one in self.admission.order:
            opened = self.verdict.opened.slots(one)
            shut = len(one.slots) - len(opened)
            closed += shut
            events += shut > 0
            values += sum(slot.state == "field" and slot.value is None for slot in opened)
        if closed:
            yield f"{closed} slots of {events} events are closed: what they hold is not shown."
        if values:
            yield f"The values of {values} slots are closed: only their labels are shown, and not whether a basis held or had ended."

    def _challenges(self):
        """BUN-112."""
        for one in self.verdict.challenged:
            n, by, time = self.name(one.to), self.name(one.by), rfc3339(one.time)
            if one.answered is not None:
                yield f"{n} answered the challenge of {by} of {time} with its head of {rfc3339(one.answered)}."
            elif one.silent is not None:
                since, until, witnesses = one.silent
                names = ", ".join(self.name(witness) for witness in witnesses)
                yield (
                    f"{n} was silent: {names} put the challenge of {by} of {time} to it at {rfc3339(since)}, "
                    f"and no answer had come by {rfc3339(until)}."
                )
            else:
                exporter = self.name(self.bundle.exporter)
                yield f"{n} was challenged by {by} at {time}, and no answer is here: that there is none is {exporter}'s word."

    def _records(self):
        logs, rule = self.verdict.logs, self.verdict.rule
        for organisation, records in sorted(self.verdict.signers.records.items()):
            n, number = self.name(organisation), records[-1].number
            shown = organisation in self.admission.parties
            shown = shown and number > 0 and logs.shows_keys(organisation, self.admission.by(organisation), self.admission.record_of, rule)
            whose = "shown by its log" if shown else f"{n}'s own word"
            yield f"Key records of {n} are here up to number {number}; which of them counted when is {whose}."

    def _doubted(self):
        """[BUN-106]"""
        for name in self.verdict.doubted:
            event = self.admission.admitted.get(name)
            if event is None:
                continue
            n, m = self.name(event.author), self.name(self.admission.other(event.author))
            yield (
                f"Event {name.hex()} is signed by a key that {n} disowns: {m} had it before it heard of that, "
                f"and nothing shows that {n} wrote it."
            )

    def assurance(self):
        events, logs = self.admission.order, self.verdict.logs
        witnesses = [logs.witnesses(one, self.verdict.rule) for one in events]
        names = ", ".join(self.name(one) for one in sorted({name for one in witnesses for name in one}))
        some = sum(bool(one) for one in witnesses)
        if not some:
            text = "Not witnessed: every time is its author's word."
        elif some < len(events):
            text = f"Witnessed in part: {some} of {len(events)} events, by {names}. The times of the others are their authors' word."
        else:
            fewest = min(len(one) for one in witnesses)
            text = f"Witnessed by {fewest}: of {names}, so many at least cosigned that each event was there."
        proofs, checkpoints = logs.idle
        if proofs or checkpoints:
            text += f" {proofs} log proofs and {checkpoints} checkpoints are carried and show nothing."
        return text
