"""JSON on its way out: the arguments of a tool call, or an answer in a structure (semantics, rule 9).

Two views are searched: each string by itself, with its escapes decoded, and the whole with its escapes decoded. A
region is replaced only where it lies in one string value that may be any string; every other one ends the text. What
leaves is the source as it was written, escapes included.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.match.passages import Recent
from ordinance.runtime.match.segments import Finding
from ordinance.runtime.redact.activation import REFUSING, REMOVING, Activation, NearbyRule, removing
from ordinance.runtime.redact.continuation import Beginning, begin
from ordinance.runtime.redact.ends import End, long_before
from ordinance.runtime.redact.json_reader import JsonReader, Path, Role, Unit
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Structure:
    """The form that an answer must keep. ``free`` says of a string's place whether any string may stand there; it is
    None where the form is not JSON, so that nothing can be replaced. ``closed`` is the end of such a string when it is
    closed."""

    free: Callable[[Path], bool] | None
    closed: End = End.OWN


#: JSON in which no string may be replaced.
FREE_NOWHERE = Structure(lambda _: False)


class JsonText:
    """One JSON text: feed it in any cutting, close it once. Positions and ``cuts`` are of the source.

    After ``refused`` or ``severed`` is set nothing more leaves: the first says that a refusing rule was met, the
    second that a region lies where nothing may be replaced. A string ends by the model's own choice where any string
    may stand; elsewhere what limits it may have ended it, so it counts as cut.
    """

    def __init__(
        self,
        activation: Activation,
        beginning: Beginning,
        structure: Structure,
        placeholders: Mapping[int, str] | None = None,
    ) -> None:
        self.refused: frozenset[int] = frozenset()
        self.severed: frozenset[int] = frozenset()
        self.fault = ""
        self.omitted: set[int] = set()
        self.observed: set[int] = set()
        self.tried: set[int] = set()
        self.failed: set[int] = set()
        self.cuts: list[Cut] = []
        self._noticed: set[int] = set()  # what a judge has found that removes nothing
        self.ledger = Ledger()
        self._activation = activation
        self._placeholders = placeholders
        self._anew = begin(activation)
        self._free = structure.free or FREE_NOWHERE.free
        self._closed = structure.closed
        self._reader = JsonReader()
        self._matcher = Matcher(activation.answer)
        self._matcher.resume(beginning.matcher, 0)
        self._string: Redactor | None = None
        self._string_end = End.OWN  # how the last string ends if it is closed
        self._span = (0, 0)  # where the last string lies, without its quotes
        self._at = 0  # characters as they read
        self._ends: list[int] = []  # where each of them ends in the source, from _done on
        self._read: list[str] = []  # they themselves
        before = activation.before
        self._recent = Recent(beginning.readings, before)
        self._looks_back = before > 0
        nearby = zip(activation.nearby, beginning.nearby_on(activation, self._between, joined=True), strict=True)
        self._nearby = [(rule, scan) for rule, scan in nearby if rule.family >= REFUSING]
        self._lost = beginning.lost
        self._done = 0
        self._source = ""  # from position settled on
        self.settled = 0
        self._pending: list[Cut] = []  # of characters as they read
        self._over = False

    def feed(self, source: str) -> str:
        """Take ``source`` and return what may leave now."""
        self.ledger.received += len(source)
        if self._over:
            self.ledger.deleted += len(source)
            return ""
        self._source += source
        free = self._free_to()
        for unit in self._reader.feed(source):
            self._take(unit)
            if self._has_ended():
                return self._end(free)
            free = self._free_to()
        return self._release(free)

    def close(self, end: End = End.OWN) -> str:
        """End the text in this way, and return what is certain and leaves now."""
        if self._over:
            return ""
        free = self._free_to()
        for unit in self._reader.close():
            self._take(unit)
        self._found(self._matcher.close())
        self._near([(rule, scan.close()) for rule, scan in self._nearby])
        whole = self._at if self._string is None else self._span[0]
        begun = [*self._matcher.starts(REMOVING), *(start for _, scan in self._nearby for start in scan.begun)]
        if self._is_cut(end, sorted(start for start in begun if start < whole)):
            self.severed |= {self._activation.cut}
        self._close_string(end)
        if self._has_ended():
            return self._end(free)
        self.observed |= self._noticed
        return self._release(self._at)

    def _is_cut(self, end: End, starts: list[int]) -> bool:
        """Return whether more of the whole could have come from one of these live ``starts`` (semantics, rule 6)."""
        if end is End.CUT and starts and starts[0] < long_before(self._read, self._done):
            return True
        return self._activation.checks.breaking_off(starts, self._at, self._between) is not None

    def abandon(self) -> None:
        """Let nothing more leave; delete what is held."""
        if not self._over:
            self._end(self._done)

    def judged(self, pieces: Sequence[str], found: Sequence[Match]) -> str:
        """Take ``pieces``; a judge has found that in the text up to here. That lies in no one string, so where a rule
        would remove it the text ends (semantics, rules 9 and 30)."""
        for match in found:
            self._meet(match)
        out = self._end(self._done) if found and self._has_ended() and not self._over else ""
        return out + "".join([self.feed(piece) for piece in pieces])

    def _meet(self, match: Match) -> None:
        """Take what a judge has found, or failed at, as what it does (semantics, rule 13)."""
        tag = match.tag
        if match.failed:
            self.failed.add(tag)
        if match.family == REFUSING and match.failed:
            self.fault = "detector"
        elif match.family == REFUSING:
            self.refused |= {tag}
        elif match.family > REFUSING:
            self.severed |= {self._activation.unchecked if match.failed else tag}
        elif not match.failed:
            (self.tried if self._activation.rules[tag].trial else self._noticed).add(tag)

    @property
    def received(self) -> int:
        """Return how much source has come in."""
        return self.ledger.received

    @property
    def within(self) -> bool:
        """Return whether a string, a list or an object has begun and not ended, or something stood in none of them:
        nothing says that somebody ended a JSON text there by choice."""
        return self._reader.within

    def _has_ended(self) -> bool:
        return bool(self.refused or self.severed or self.fault)

    # what comes in

    def _take(self, unit: Unit) -> None:
        char, at = unit.char, self._at
        self._at += 1
        self._read.append(char)
        self._ends.append((self._ends[-1] if self._ends else self.settled) + unit.length)
        found = self._matcher.feed(char, at)
        if unit.role is Role.INSIDE:
            self._span = (self._span[0], at + 1)
        if found:
            self._found(found)
        if self._nearby:
            self._near([(rule, scan.feed(char)) for rule, scan in self._nearby])
        if unit.role is Role.OPENS:
            path = self._reader.path
            free = path is not None and self._free is not None and self._free(path)
            before = self._recent.before(at + 1, self._done, self._read) if self._looks_back else ()
            self._string = Redactor(self._activation, self._anew, self._placeholders, rigid=not free, contexts=before)
            self._string_end = self._closed if free else End.LIMITED
            self._span = (at + 1, at + 1)
        elif self._string is not None:
            if unit.role is Role.INSIDE:
                string = self._string
                string.feed(char)
                if string.cuts or string.refused or string.severed or string.fault:
                    self._heed(string)
            else:
                self._close_string(self._string_end)

    def _close_string(self, end: End) -> None:
        string, self._string = self._string, None
        if string is not None:
            string.close(end)
            self._heed(string)

    def _heed(self, string: Redactor) -> None:
        self.refused |= string.refused
        self.severed |= string.severed
        self.fault = self.fault or string.fault
        self.omitted |= string.omitted
        self.observed |= string.observed
        self.tried |= string.tried
        self.failed |= string.failed
        if string.cuts:
            start = self._span[0]
            self._pending += [Cut(start + cut.start, start + cut.end, cut.instead) for cut in string.cuts]
            string.cuts = []

    def _near(self, found: Sequence[tuple[NearbyRule, Sequence[Finding]]]) -> None:
        """Add what is found in the whole text by two things near each other, in one string or in two."""
        self._add(
            [Match(each.start, each.end, rule.tag, rule.family, each.failed) for rule, of in found for each in of]
        )

    def _found(self, matches: list[Match]) -> None:
        """Add matches in the whole text."""
        candidates = self._of_whole(removing(matches))
        self._add(self._activation.checks.certain(candidates, self._between, self._lost))

    def _of_whole(self, matches: Sequence[Match]) -> list[Match]:
        """Return ``matches`` without those inside one string, which are that string's own."""
        start, end = self._span
        return [match for match in matches if not (start <= match.start and match.end <= end)]

    def _add(self, matches: Sequence[Match]) -> None:
        for match in self._of_whole(matches):
            if match.failed:
                self.failed.add(match.tag)
            if match.failed and match.family == REFUSING:
                self.fault = "detector"
            elif match.failed:
                self.severed |= {self._activation.unchecked}
            elif match.family == REFUSING:
                self.refused |= {match.tag}
            else:
                self.severed |= {match.tag}

    def _between(self, start: int, end: int) -> list[tuple[str, str]]:
        return self._recent.between(start, end, self._done, self._read)

    def _free_to(self) -> int:
        """Return the position before which everything may leave."""
        free = self._at
        oldest = self._matcher.oldest(REMOVING)
        if oldest is not None and oldest < free:
            free = oldest
        free = min([free, *(start for _, scan in self._nearby if (start := scan.oldest) is not None)])
        if self._string is not None:
            free = min(free, self._span[0] + self._string.settled)
        return max(free, self._done)

    # what goes out

    def _release(self, free: int) -> str:
        out: list[str] = []
        while self._pending and self._pending[0].end <= free:
            cut = self._pending.pop(0)
            self._pass(cut.start, out)
            self._replace(cut, out)
        self._pass(min(free, self._pending[0].start) if self._pending else free, out)
        text = "".join(out)
        self.ledger.written += len(text)
        return text

    def _pass(self, to: int, out: list[str]) -> None:
        piece = self._taken(to)
        self.ledger.released += len(piece)
        out.append(piece)

    def _replace(self, cut: Cut, out: list[str]) -> None:
        instead = json.dumps(cut.instead, ensure_ascii=False)[1:-1]
        start = self.settled
        self.ledger.deleted += len(self._taken(cut.end))
        self.cuts.append(Cut(start, self.settled, instead))
        self.ledger.added += len(instead)
        out.append(instead)

    def _taken(self, to: int) -> str:
        """Return the source of the characters before ``to`` that has not left yet."""
        count = to - self._done
        if count <= 0:
            return ""
        end = self._ends[count - 1]
        piece, self._source = self._source[: end - self.settled], self._source[end - self.settled :]
        if self._looks_back:
            self._recent.keep(self._read[:count], to, None)
        del self._ends[:count], self._read[:count]
        self._done, self.settled = to, end
        return piece

    def _end(self, free: int) -> str:
        """End the text; nothing leaves except what was free before."""
        if self._string is not None:
            self._heed(self._string)
        out = self._release(free)
        self._over = True
        self.ledger.deleted += len(self._source)
        self._source = ""
        return out
