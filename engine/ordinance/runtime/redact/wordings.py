"""The notices that a policy can write, so that one which the model writes itself is known (semantics, rule 17).

Types, laws, places and contacts fill a notice, several of each joined; that makes far too many texts to write down. So
templates are followed letter by letter, and what may fill them in a tree for each variable. Letters and digits count,
folded and without case; signs, spaces and emphasis do not, for nobody would see the difference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from threading import Lock
from unicodedata import category
from weakref import WeakKeyDictionary

from ordinance.policy.plan import NoticeTemplate, Plan, PlannedRule
from ordinance.runtime.redact.disclose import Discloser
from ordinance.runtime.text.folding import fold, key, symbol_kind

#: A notice of fewer words is not guarded: ordinary text would meet it.
LEAST_WORDS = 6

#: Past so many states all are forgotten and worked out anew: bounded memory, about 10 MB, and the same answers.
STATE_CAP = 10_000

_VARIABLE = re.compile(r"\{(\w+)\}")

#: Stands where a value ends; it is no letter.
_END = " "

#: A template, the number of one of its parts, how far into it (a place in the tree of a variable), and how many words
#: have begun behind the first, as far as that matters.
_Thread = tuple[int, int, int, int]


class _Letters(dict[int, str]):
    """What counts of each character, for ``str.translate``; fills as characters are met."""

    def __missing__(self, number: int) -> str:
        found = self[number] = "".join([key(symbol) for symbol in fold(chr(number)) if _counts(symbol)])
        return found


class _Begun(dict[int, str]):
    """A sign for each word that a character begins behind another, for ``str.translate``."""

    def __missing__(self, number: int) -> str:
        begins = sum(symbol.isalpha() and symbol_kind(symbol) == "o" for symbol in fold(chr(number)))
        found = self[number] = " " * (begins + (chr(number) == " "))
        return found


_LETTERS = _Letters()
_BEGUN = _Begun()
#: Characters of a text that are looked at in one go: most texts are no notice after a few.
_PIECE = 24


def letters(text: str) -> str:
    """Return what counts of ``text``."""
    return text.translate(_LETTERS)


def words(text: str) -> int:
    """How many words ``text`` has; each letter is one in scripts that set no spaces between words."""
    return 1 + _gaps(text)


def _gaps(text: str) -> int:
    """How many words ``text`` begins behind another; adds up over the pieces of a text."""
    return len(text.translate(_BEGUN))


def _counts(symbol: str) -> bool:
    return category(symbol)[0] in "LMN"


def _shared(one: str, two: str) -> int:
    """Return how many letters two texts begin with alike."""
    least, most = 0, min(len(one), len(two))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == two[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


class Tree:
    """What may fill a variable. Place 0 is where each value begins; ``ends`` are the gaps between its words, by the
    place at which it ends. With all of them there are ``most`` gaps, and they are ``size`` characters, two more each.

    Values part early and then go on alone, so their letters are one text: from each place its letter leads to the next
    place, and elsewhere only where values part. In their order each parts from the one before it, or goes on behind it.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self.ends: dict[int, int] = {}
        self.size = 0
        self._parting: dict[int, dict[str, int]] = {}
        gaps: dict[str, int] = {}
        for value in values:
            said = letters(value)
            gaps[said] = max(_gaps(value), gaps.get(said, 0))
            self.size += len(value) + 2
        line, length = [_END], 1
        before, ways = "", [(0, 0)]  # how many letters of the value before lead to which place, where the text parts
        for said in sorted(gaps):
            shared = _shared(before, said)
            while ways[-1][0] > shared:
                ways.pop()
            read, place = ways[-1]
            at = place + shared - read
            if shared < len(said):
                self._parting.setdefault(at, {})[said[shared]] = length
                ways.append((shared + 1, length))
                line.append(said[shared + 1 :] + _END)
                length += len(said) - shared
                at = length - 1
            self.ends[at] = gaps[said]
            before = said
        self._line = "".join(line)
        self.most = sum(self.ends.values()) + len(self.ends) - 1

    def following(self, at: int) -> Iterator[tuple[str, int]]:
        """Yield each letter that may follow a place, with where it leads."""
        if self._line[at] != _END:
            yield self._line[at], at + 1
        yield from self._parting.get(at, {}).items()


class State:
    """Where a paragraph stands that may become a notice; ``complete`` says that it is one if it ends here.

    ``following`` fills as letters are met; None where no notice goes on. ``moves`` are the threads that each letter
    leads to, once a letter was asked for: there may be a thousand notices, and few of them go on.
    """

    __slots__ = ("complete", "following", "moves", "threads")

    def __init__(self, threads: frozenset[_Thread], complete: bool) -> None:
        self.threads = threads
        self.complete = complete
        self.following: dict[str, State | None] = {}
        self.moves: dict[str, set[_Thread]] | None = None


class Wordings:
    """The notices with these ``templates``, whose variables may have the values of these ``trees``, and of ``least``
    words; shared by all streams."""

    def __init__(self, templates: Collection[str], trees: Mapping[str, Tree], least: int = LEAST_WORDS) -> None:
        self._least = least
        self._lock = Lock()
        self.trees = trees
        self._templates: list[tuple[str | Tree, ...]] = []
        self._states: dict[frozenset[_Thread], State] = {}
        begun: set[_Thread] = set()
        nothing = Tree([""])
        for template in dict.fromkeys(templates):
            parts = _VARIABLE.split(" ".join(template.split()))
            gaps = sum(map(_gaps, parts[::2]))
            fills = [trees.get(name, nothing) for name in parts[1::2]]
            if gaps + sum(tree.most for tree in fills) + 1 < least:
                continue  # however it is filled
            begun.add((len(self._templates), 0, 0, min(gaps, least)))
            fixed = [letters(part) for part in parts[::2]]
            made: list[str | Tree] = [fixed[0]]
            for tree, text in zip(fills, fixed[1:], strict=True):
                made += [tree, text]
            self._templates.append(tuple(made))
        #: No notice is longer, though it be laid out wider than the engine does; what is longer waits no more.
        self.reach = 2 * (
            max((len(template) for template in templates), default=0) + sum(tree.size for tree in trees.values())
        )
        #: Where every paragraph begins; None if there is no notice to be met.
        self.start: State | None = self._state(begun) if begun else None

    def symbols(self, char: str) -> str:
        """Return what counts of a source character."""
        return _LETTERS[ord(char)]

    def step(self, state: State, letter: str) -> State | None:
        """Where ``state`` leads with a letter; None if no notice goes on so."""
        if letter in state.following:
            return state.following[letter]
        moves = state.moves
        if moves is None:
            moves = state.moves = self._moves(state.threads)
        moved = moves.get(letter)
        found = state.following[letter] = self._state(moved) if moved else None
        return found

    def reached(self, text: str) -> State | None:
        """Where a paragraph stands that begins with ``text``; None if no notice does."""
        state = self.start
        for at in range(0, len(text), _PIECE):
            for letter in text[at : at + _PIECE].translate(_LETTERS):
                if state is None:
                    return None
                following = state.following
                state = following[letter] if letter in following else self.step(state, letter)
            if state is None:
                return None
        return state

    def begins(self, text: str) -> bool:
        """Say whether a notice may begin as ``text`` does: it goes on, or one is complete before ``text`` ends."""
        state = self.start
        for letter in text.translate(_LETTERS):
            if state is None:
                return False
            if state.complete:
                return True
            following = state.following
            state = following[letter] if letter in following else self.step(state, letter)
        return state is not None

    def join(self, states: Iterable[State | None]) -> State | None:
        """Where a paragraph stands that may stand at any of ``states``."""
        found = list(dict.fromkeys(state for state in states if state is not None))
        if len(found) < 2:  # most often: where every paragraph begins
            return found[0] if found else None
        return self._at(frozenset[_Thread]().union(*(state.threads for state in found)))

    def _state(self, threads: Iterable[_Thread]) -> State:
        return self._at(self._closure(threads))

    def _at(self, reached: frozenset[_Thread]) -> State:
        found = self._states.get(reached)
        if found is None:
            with self._lock:
                if len(self._states) >= STATE_CAP:
                    for state in self._states.values():
                        state.following = {}
                    self._states = {}
            complete = any(
                part == len(self._templates[number]) and said + 1 >= self._least for number, part, _, said in reached
            )
            found = self._states.setdefault(reached, State(reached, complete))
        return found

    def _closure(self, threads: Iterable[_Thread]) -> frozenset[_Thread]:
        """``threads`` and where they are without another letter: at the next part, or at the next of several values."""
        seen = set(threads)
        pending = list(seen)
        while pending:
            number, part, at, said = pending.pop()
            parts = self._templates[number]
            if part == len(parts):
                continue
            now = parts[part]
            if isinstance(now, str):
                following = [(number, part + 1, 0, said)] if at == len(now) else []
            elif (count := now.ends.get(at)) is None:
                following = []
            else:
                said = min(said + count, self._least)
                following = [(number, part + 1, 0, said), (number, part, 0, min(said + 1, self._least))]
            for thread in following:
                if thread not in seen:
                    seen.add(thread)
                    pending.append(thread)
        return frozenset(seen)

    def _moves(self, threads: Iterable[_Thread]) -> dict[str, set[_Thread]]:
        """Where each letter leads from ``threads``."""
        found: dict[str, set[_Thread]] = {}
        for number, part, at, said in threads:
            parts = self._templates[number]
            if part == len(parts):
                continue
            now = parts[part]
            if not isinstance(now, str):
                for letter, to in now.following(at):
                    found.setdefault(letter, set()).add((number, part, to, said))
            elif at < len(now):
                found.setdefault(now[at], set()).add((number, part, at + 1, said))
        return found


#: Where nothing is guarded.
NO_WORDINGS = Wordings((), {})

_known: WeakKeyDictionary[Plan, Wordings] = WeakKeyDictionary()


def wordings_of(plan: Plan) -> Wordings:
    """Every notice that a ``Discloser`` can write under ``plan``, in every language that its texts have."""
    found = _known.get(plan)
    if found is None:
        found = _known[plan] = _collect(plan)
    return found


def guard_alike(whole: Plan, part: Plan) -> None:
    """Let ``part``, which is ``whole`` with fewer rules, guard every notice of ``whole``."""
    _known[part] = wordings_of(whole)


def _collect(plan: Plan) -> Wordings:
    return Wordings(templates_of(plan), {name: Tree(found or {""}) for name, found in _values_of(plan).items()})


def templates_of(plan: Plan) -> list[str]:
    """Return the templates of every notice that a ``Discloser`` can write under ``plan``."""
    return [text for each in _notices(plan, _rules_of(plan)) for text in texts_of(each)]


def _values_of(plan: Plan) -> dict[str, set[str]]:
    """Return what may fill each variable."""
    rules = _rules_of(plan)
    laws = [law for rule in rules for law in rule.laws]
    saying = disclosers(plan)
    return {
        "type": {text for rule in rules for text in (rule.type, *rule.label.values())},
        "law": {say.cited(law) for say in saying for law in laws},
        "jurisdiction": {say.place(law) for say in saying for law in laws},
        "authority": {say.authority(law) for say in saying for law in laws},
        "terms": {law.terms for law in laws},
        "appeal": {say.appeal(law) for say in saying for law in laws},
        "contacts": {form for say in saying for each in plan.contacts for form in say.contact_values(each)},
    }


def _rules_of(plan: Plan) -> list[PlannedRule]:
    return [each for rule in plan.rules for each in (rule, rule.after_trial) if each is not None]


def disclosers(plan: Plan) -> list[Discloser]:
    """Return what writes notices under ``plan``, one for each language that they can be in."""
    return [Discloser(plan, tag) for tag in dict.fromkeys((*plan.languages, "en"))]


def texts_of(notice: NoticeTemplate) -> list[str]:
    """Return the texts of a notice in every language and every form."""
    return [text for _, texts in notice.forms for text in texts.values()]


def _notices(plan: Plan, rules: Iterable[PlannedRule]) -> Iterable[NoticeTemplate]:
    yield from (rule.notice for rule in rules)
    yield from plan.engine_notices.values()
    yield from (each.notice for each in plan.without)
    yield from (each.notice for each in plan.rewrites if each.notice is not None)
