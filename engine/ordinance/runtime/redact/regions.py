"""From matches to regions, and from regions to what must wait (semantics, rules 5 and 6).

A group of rules with the same scope shares a matcher. There are two ways in which its matches remove text, one
class each, with the same methods (``RuleRemoval``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ordinance.policy.plan import Scope
from ordinance.runtime.match.disguise import ESCAPE_CHARACTER, FIRST_TAG
from ordinance.runtime.match.matcher import Match, Watch
from ordinance.runtime.match.spacing import EMPHASIS
from ordinance.runtime.text.clusters import START, Cluster, cluster_class, join
from ordinance.runtime.text.folding import fold_char
from ordinance.runtime.text.paragraphs import Paragraphs
from ordinance.runtime.text.sentences import Sentence, Sentences

#: Marks and invisible characters past this many in a run no longer belong to what stands before or after them.
MARK_RUN = 30


@dataclass(slots=True)
class Region:
    """Source characters ``start`` to ``end`` that are removed, with the numbers of the rules that remove them.

    ``bare``: what is protected does not reach into it. ``unclosed`` are emphasis signs that open in it and do not close
    there; ``closing`` is the one that closes now.
    """

    start: int
    end: int
    tags: set[int]
    bare: bool = False
    unclosed: set[str] = field(default_factory=set)
    closing: str = ""


#: The open cluster and its length, whether all of it is ignorable, how far back the ignorable clusters before it begin
#: (0: there are none), and how many characters in a row have joined; see ``Edges``.
EdgePlace = tuple[Cluster, int, bool, int, int]


def is_hidden(char: str) -> bool:
    """Return whether ``char``, if folding leaves nothing of it, has nothing to do with what people see before it."""
    return char > FIRST_TAG or char == ESCAPE_CHARACTER


class Edges:
    """Where what is removed may begin and end: whole grapheme clusters and runs of ignorable characters.

    ``base`` is the position of the first character it still knows; ``joined`` says whether the last character
    belongs to what stands before it.
    """

    __slots__ = (
        "_cluster_start", "_ignorable", "_joined", "_lefts", "_run", "_run_start", "_signs", "_unplain",
        "at", "base", "cluster", "joined",
    )  # fmt: skip

    def __init__(self, at: int = 0) -> None:
        self.at = self.base = at
        self.joined = False
        self._lefts: list[int] = []
        self._joined: list[bool] = []
        self._signs: list[str] = []  # the emphasis sign that each character is, or nothing
        self.cluster = START
        self._cluster_start = at
        self._ignorable = False  # the cluster so far is nothing but ignorable characters
        self._run_start: int | None = None  # where the ignorable clusters before this cluster begin
        self._run = 0
        self._unplain = at - 1  # the last character that was not simply one cluster of its own

    def feed(self, char: str) -> None:
        """Take the next character."""
        folded = fold_char(char)
        self.take(cluster_class(char), not folded, folded if folded in EMPHASIS else "", is_hidden(char))

    def take(self, found: str, ignorable: bool, sign: str = "", hidden: bool = False) -> None:
        """Take the next character, by its class for clusters, whether folding leaves nothing of it, the ``sign`` of
        emphasis that it is, and whether a match may begin at it though it is ``hidden``."""
        at = self.at
        joins, self.cluster = join(self.cluster, found)
        if not joins:
            self._run_start = self._tail()
            self._cluster_start = at
            self._ignorable = ignorable
        else:
            self._ignorable = self._ignorable and ignorable
        joined = joins or self._ignorable
        if joined or ignorable or self._run_start is not None:
            self._unplain = at
        self._run = self._run + 1 if joined else 0
        self.joined = joined and self._run <= MARK_RUN
        self._joined.append(self.joined)
        self._signs.append(sign)
        start = self._cluster_start if self._run_start is None else self._run_start
        # A match that begins at what is hidden has nothing to do with what people see.
        self._lefts.append(at if ignorable and hidden else max(start, at - MARK_RUN))
        self.at = at + 1

    def _tail(self) -> int | None:
        """Return where the ignorable clusters at the end begin, or None."""
        if not self._ignorable:
            return None
        return self._cluster_start if self._run_start is None else self._run_start

    def left(self, start: int) -> int:
        """Return where a region begins whose match begins at ``start``."""
        return self._lefts[start - self.base] if start >= self.base else start

    def unclosed(self, start: int, end: int) -> set[str]:
        """Return the emphasis signs with an odd number of runs between ``start`` and ``end``."""
        found: set[str] = set()
        last = ""
        for sign in self._signs[max(start - self.base, 0) : end - self.base]:
            if sign and sign != last:
                found ^= {sign}
            last = sign
        return found

    def grow(self, region: Region) -> bool:
        """Let a region take the marks and invisible characters behind it, and the emphasis signs that close what opens
        in it, as far as is known. Gives whether it may grow still."""
        while region.end < self.at:
            at = region.end - self.base
            sign = self._signs[at]
            if sign and (sign in region.unclosed or sign == region.closing):
                region.unclosed.discard(sign)
                region.closing = sign
            elif not self._joined[at]:
                return False
            region.end += 1
        return True

    def next_left(self, matcher: Watch) -> int:
        """Return where a region would begin whose match begins at the next character, or at one that joins the last."""
        found = self.at
        if matcher.can_join(self.cluster):
            found = self._cluster_start if self._run_start is None else self._run_start
        elif matcher.can_start:
            tail = self._tail()
            found = self.at if tail is None else tail
        return max(found, self.at - MARK_RUN)

    @property
    def plain(self) -> bool:
        """Every character that it still knows, and the last in any case, is one cluster of its own that counts."""
        return self._unplain < min(self.base, self.at - 1)

    def place(self) -> EdgePlace:
        """Return the state without positions. Distances are cut where they no longer matter."""
        far = MARK_RUN + 1
        run_start = self.at if self._run_start is None else self._run_start
        return (
            self.cluster,
            min(self.at - self._cluster_start, far),
            self._ignorable,
            min(self.at - run_start, far),
            min(self._run, far),
        )

    def resume(self, place: EdgePlace, known: str, at: int) -> None:
        """Be as ``place`` says, at ``at`` behind ``known``, every character of which is one cluster of its own."""
        self.cluster, length, self._ignorable, ignored, self._run = place
        base = at - len(known)
        self.base, self.at = base, at
        self._signs = [char if char in EMPHASIS else "" for char in map(fold_char, known)]
        self._lefts, self._joined = list(range(base, at)), [False] * (at - base)
        self._cluster_start = at - length
        self._run_start = at - ignored if ignored else None
        self.joined = 0 < self._run <= MARK_RUN
        self._unplain = at - 1 if self._ignorable or ignored or length > 1 else base - 2

    def forget(self, before: int) -> None:
        """Forget everything before ``before``, which will not be needed again."""
        if before > self.base:
            del self._lefts[: before - self.base]
            del self._joined[: before - self.base]
            del self._signs[: before - self.base]
            self.base = before


class Removal(Protocol):
    """One way in which text is removed."""

    def feed(self) -> None:
        """Follow the shared ``Edges``, ``Sentences`` and ``Paragraphs``, which took a character or were closed."""

    @property
    def busy(self) -> bool:
        """Return whether it has regions, or sentences or paragraphs that it still needs."""

    def hold(self) -> int:
        """Return the first character that some continuation could put into a region, or take out of one."""

    def regions(self) -> list[Region]:
        """Return the regions so far; those before ``hold`` will not change."""

    def forget(self, before: int) -> None:
        """Forget everything before ``before``, which will not be needed again."""


class RuleRemoval(Removal, Protocol):
    """How the matches of one group of rules remove text."""

    matcher: Watch

    def add(self, match: Match) -> None:
        """Add a match that is certain."""

    def cut(self, before: int) -> int | None:
        """Return where a cut region begins if the text is cut here: at the oldest live start, if it lies before
        ``before``."""


class SpanRemoval:
    """A match removes itself, grown to whole clusters."""

    __slots__ = ("_edges", "_growing", "_regions", "matcher")

    def __init__(self, matcher: Watch, edges: Edges) -> None:
        self.matcher = matcher
        self._edges = edges
        self._regions: list[Region] = []
        self._growing: list[Region] = []

    def feed(self) -> None:
        if self._growing:
            self._growing = [region for region in self._growing if self._edges.grow(region)]

    def add(self, match: Match) -> None:
        edges = self._edges
        region = Region(
            edges.left(match.start), match.end, {match.tag}, unclosed=edges.unclosed(match.start, match.end)
        )
        self._regions.append(region)
        if edges.grow(region):
            self._growing.append(region)

    @property
    def busy(self) -> bool:
        return bool(self._regions or self._growing)

    def hold(self) -> int:
        following = self._edges.next_left(self.matcher)
        left = self._left(self._edges.at)
        return following if left is None else min(following, left)

    def regions(self) -> list[Region]:
        return self._regions

    def cut(self, before: int) -> int | None:
        return min((self._edges.left(start) for start in self.matcher.begun if start < before), default=None)

    def _left(self, before: int) -> int | None:
        """Return where the first region would begin whose match begins before ``before``. Hidden text reaches back less
        far than visible text, so that need not be the oldest."""
        oldest = self.matcher.oldest
        if oldest is None or oldest >= before:
            return None
        if self._edges.plain:
            return self._edges.left(oldest)
        return min(self._edges.left(start) for start in self.matcher.starts if start < before)

    def forget(self, before: int) -> None:
        if self._regions:
            self._regions = [region for region in self._regions if region.end >= before]


class UnitRemoval:
    """A match removes each sentence (or paragraph) that it touches, cut every ``bound`` characters from its start.

    While it is open whether a sentence has ended, a match has one region if it has and another if it has not;
    text waits from where the two differ.
    """

    __slots__ = ("_bound", "_matches", "_settled", "_units", "matcher")

    def __init__(self, matcher: Watch, units: Sentences | Paragraphs, bound: int) -> None:
        self.matcher = matcher
        self._units = units
        self._bound = bound
        self._matches: list[Match] = []
        self._settled: list[Sentence] = []

    def feed(self) -> None:
        self._settled.extend(self._units.settled)

    def add(self, match: Match) -> None:
        """Add a match. Matches that will always touch the same pieces are kept as one, or a sentence full of them would
        cost its length at every character."""
        if self._matches:
            last = self._matches[-1]
            touches = self._touches(match)
            if touches is not None and touches == self._touches(last):
                self._matches[-1] = Match(min(last.start, match.start), max(last.end, match.end), match.tag)
                return
        self._matches.append(match)

    def _touches(self, match: Match) -> tuple[int | bool, ...] | None:
        """Return what decides which pieces of the open sentence ``match`` touches, however it goes on; None if it lies
        outside."""
        now = self._units
        if match.start < now.start:
            return None
        whole = (match.tag, self._piece(match.start, now.start), self._piece(match.end - 1, now.start))
        if now.split is None:
            return whole if match.start < now.content else None
        behind = match.start >= now.split
        if behind:
            pieces = (self._piece(match.start, now.split), self._piece(match.end - 1, now.split))
            return (*whole, *pieces) if match.start < now.content else None
        return whole if match.end <= now.split_content else None

    @property
    def busy(self) -> bool:
        return bool(self._matches or self._settled)

    def hold(self) -> int:
        now = self._units
        held = at = now.at
        for start in (now.start,) if now.split is None else (now.start, now.split):
            room = self._bound - (at - start) % self._bound
            if room > 1 or self.matcher.can_start:
                held = min(held, self._piece(at, start))
        oldest = self.matcher.oldest
        if oldest is None and not self._matches:
            return held
        goes_on, ended = self._goes_on(), self._ended()
        if oldest is not None:
            live = Match(oldest, oldest + 1, 0)
            held = min(held, self._extent(live, goes_on)[0], self._extent(live, ended)[0])
        for match in self._matches:
            one, other = self._extent(match, goes_on), self._extent(match, ended)
            if one[0] != other[0]:
                held = min(held, one[0], other[0])
            elif one[1] != other[1]:
                held = min(held, one[1], other[1])
        return held

    def regions(self) -> list[Region]:
        if not self._matches:
            return []
        sentences = self._goes_on()
        return [Region(*self._extent(match, sentences), {match.tag}) for match in self._matches]

    def cut(self, before: int) -> int | None:
        return min((start for start in self.matcher.begun if start < before), default=None)

    def forget(self, before: int) -> None:
        self._settled = [sentence for sentence in self._settled if sentence.end > before]
        if self._matches:
            goes_on, ended = self._goes_on(), self._ended()
            self._matches = [
                match
                for match in self._matches
                if self._extent(match, goes_on)[1] > before or self._extent(match, ended)[1] > before
            ]

    def _goes_on(self) -> list[Sentence]:
        """Return the sentences, if the open one goes on."""
        now = self._units
        far = now.at + self._bound
        return [*self._settled, Sentence(now.start, far, far)] if now.at > now.start else self._settled

    def _ended(self) -> list[Sentence]:
        """Return the sentences, if the open one has ended."""
        now = self._units
        if now.split is None:
            return [*self._settled, Sentence(now.start, now.at, now.content)]
        return [
            *self._settled,
            Sentence(now.start, now.split, now.split_content),
            Sentence(now.split, now.at, max(now.content, now.split)),
        ]

    def _piece(self, at: int, start: int) -> int:
        return at - (at - start) % self._bound

    def _extent(self, match: Match, sentences: list[Sentence]) -> tuple[int, int]:
        """Return the extent from the first to the last piece that ``match`` touches, the match included."""
        start, end = match.start, match.end
        for sentence in sentences:
            if match.start < sentence.content and sentence.start < match.end:
                if sentence.start <= match.start:
                    start = self._piece(match.start, sentence.start)
                last = min(match.end, sentence.content) - 1
                end = max(end, min(self._piece(last, sentence.start) + self._bound, sentence.content))
        return start, end


def removal_of(scope: Scope, matcher: Watch, edges: Edges, units: Sentences | Paragraphs) -> RuleRemoval:
    """Return how matches of rules with this scope remove text; ``units`` are what the scope is about, unless it is
    spans."""
    return SpanRemoval(matcher, edges) if scope.unit == "span" else UnitRemoval(matcher, units, scope.bound)
