"""What the rules do to a text, by brute force: a second reading of semantics.md that shares nothing with the engine.

``fates`` says of each character of a finished text whether it is shown or removed: every span is tried, each
pattern with the standard library's ``re``. ``trace`` says what may have left after each character: it tries every
continuation up to some length and releases what all of them agree on (rule 6). A text that is cut is one of which some
continuation, out of those that are given, could have come.

It knows the characters of ``FOLDS`` and ASCII; that is enough to meet every rule and few enough to enumerate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product, takewhile

from uniseg.graphemecluster import grapheme_clusters
from uniseg.sentencebreak import SentenceBreak, sentence_break

MARKER = "⟦…⟧"
MARK_RUN = 30

#: What the characters beyond ASCII count as, written down from rule 25.
FOLDS = {
    "\u0301": "", "\u200b": "", "\u200d": "", "é": "e", "É": "E", "ß": "ss", "Ａ": "A", "а": "a", "\u00a0": " ",
    "١": "1", "\u0e33": "\u0e4d\u0e32",
}  # fmt: skip

#: Characters that join the one before them and still count as themselves: a spacing mark, a Thai vowel (a mark and a
#: letter without word boundaries), an emoji modifier (not part of words).
JOINERS = "\u0903\u0e33🏽"

#: What words with boundaries are made of, and what ``\\w`` matches.
WORD = "A-Za-z0-9_\u0903\u0e4d"
WORD_SYMBOL = f"[{WORD}\u0e32]"


@dataclass(frozen=True, slots=True)
class Rule:
    """Withholds its matches (or the sentences or paragraphs that they touch, cut every ``bound`` characters), masks
    them as ``mask``, or refuses. With ``within`` a match counts that has one of ``beside`` so near, and so does
    that."""

    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    sentence: bool = False
    bound: int = 1000
    refuses: bool = False
    paragraph: bool = False
    mask: str = ""
    beside: tuple[str, ...] = ()
    within: int = 0

    @property
    def sign(self) -> str:
        """What stands in the place of what it removes."""
        return f"[{self.mask}]" if self.mask else MARKER


@dataclass(frozen=True, slots=True)
class Fate:
    """A character that is shown, at ``at``; where ``at`` is None, the sign of a region. ``shielded``: shown although
    in a region."""

    char: str
    at: int | None = None
    shielded: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A text is cut: what ``endings`` could have completed, from ``least`` characters on, does not leave."""

    endings: Sequence[str]
    least: int


def reference(text: str, rules: Sequence[Rule], protected: Sequence[str] = (), cut: Cut | None = None) -> str:
    """The text that comes out of ``text``, whole, where no rule refuses."""
    return render(fates(text, rules, protected, cut))


def render(tokens: Iterable[Fate]) -> str:
    return "".join(token.char for token in tokens)


def fates(text: str, rules: Sequence[Rule], protected: Sequence[str] = (), cut: Cut | None = None) -> list[Fate]:
    """What becomes of each character of a text that has ended, in order; a run of removed ones is one sign. It ended by
    itself, or was ``cut``."""
    signs: dict[int, set[str]] = {}
    masked: set[int] = set()
    for rule in rules:
        regions = [_extent(text, *span, rule) for span in found_in(text, rule)]
        if rule.mask:  # the model may have written the placeholder itself
            regions += [_grown(text, *span) for span in matches(text, (rule.sign,), ())]
        for at in (at for region in regions for at in range(*region)):
            signs.setdefault(at, set()).add(rule.sign)
            masked |= {at} if rule.mask else set()
    matched = set(signs)
    for start, bare in cut_regions(text, rules, cut) if cut else ():
        for at in range(start, len(text)):
            if at not in matched:
                signs[at] = {MARKER}
            masked |= {at} if bare else set()
    if not signs:
        return [Fate(char, at) for at, char in enumerate(text)]
    shielded = {at for start, end in matches(text, (), protected) for at in range(start, end)} - masked
    found: list[Fate] = []
    run: set[str] = set()
    for at, char in enumerate(text):
        if at not in signs or at in shielded:
            found += _sign(run)
            run = set()
            found.append(Fate(char, at, shielded=at in signs))
        else:
            run |= signs[at]
    return found + _sign(run)


def _sign(run: set[str]) -> list[Fate]:
    """What stands for a run of characters that rules with these signs removed."""
    if not run:
        return []
    return [Fate(MARKER if MARKER in run else "".join(sorted(run)))]


def unsigned(shown: str, rules: Iterable[Rule]) -> str:
    """``shown`` without what stands in the place of removed text."""
    return re.sub("|".join(re.escape(sign) for sign in {MARKER, *(rule.sign for rule in rules)}), "", shown)


def removed(text: str, rules: Sequence[Rule], protected: Sequence[str] = ()) -> set[int]:
    """The positions that do not come out."""
    return set(range(len(text))) - {token.at for token in fates(text, rules, protected) if token.at is not None}


def cut_regions(text: str, rules: Sequence[Rule], cut: Cut) -> Iterator[tuple[int, bool]]:
    """Where the regions begin that stand because the text was cut, and whether nothing protected reaches into them."""
    letters = [at + 1 for at, char in enumerate(text) if re.search(f"(?!_){WORD_SYMBOL}", FOLDS.get(char, char))]
    last = max(letters, default=0)
    for rule in rules:
        unit = rule.sentence or rule.paragraph
        begun = live_starts_beside(text, rule, cut.endings) if rule.within else None
        begun = live_starts(text, rule.phrases, rule.patterns, cut.endings) if begun is None else begun
        looked_for = [(begun, unit, bool(rule.mask) or rule.refuses)]
        looked_for += [(live_starts(text, (rule.sign,), (), cut.endings), False, False)] if rule.mask else []
        for starts, exact, bare in looked_for:
            for start in starts:
                if last - start >= cut.least:
                    yield (start if exact else _grown(text, start, len(text))[0]), bare


def live_starts(text: str, phrases: Sequence[str], patterns: Sequence[str], endings: Sequence[str]) -> set[int]:
    """From where one of ``endings`` completes a match."""
    found = {span for ending in endings for span in matches(text + ending, phrases, patterns)}
    return {start for start, end in found if start < len(text) <= end}


def live_starts_beside(text: str, rule: Rule, endings: Sequence[str]) -> set[int]:
    """From where one of ``endings`` completes a match that has the other thing near it, in the text as it stands."""
    sides = ((rule.phrases, rule.patterns), (rule.beside, ()))
    found: set[int] = set()
    for (phrases, patterns), others in zip(sides, reversed(sides), strict=True):
        standing = matches(text, *others)
        for ending in endings:
            spans = matches(text + ending, phrases, patterns)
            begun = [span for span in spans if span[0] < len(text) <= span[1]]
            found |= {span[0] for span in begun if any(apart(span, other) <= rule.within for other in standing)}
    return found


# matches


def found_in(text: str, rule: Rule) -> set[tuple[int, int]]:
    """What ``rule`` finds: every match, or every one that has the other thing near it."""
    one = matches(text, rule.phrases, rule.patterns)
    if not rule.within:
        return one
    other = matches(text, rule.beside, ())
    pairs = [(each, its) for each in one for its in other if apart(each, its) <= rule.within]
    return {span for pair in pairs for span in pair}


def apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    """How many characters stand between two spans."""
    return max(0, one[0] - other[1], other[0] - one[1])


def matches(text: str, phrases: Sequence[str], patterns: Sequence[str]) -> set[tuple[int, int]]:
    """Every non-empty (start, end) in source characters that a phrase or a pattern accepts."""
    symbols, sources = folded(text)
    spans = {span for phrase in phrases for span in _phrase(symbols.lower(), folded(phrase)[0].lower())}
    spans |= {span for pattern in patterns for span in pattern_matches(pattern, symbols)}
    return {(sources[start], sources[end - 1] + 1) for start, end in spans}


@cache
def folded(text: str) -> tuple[str, tuple[int, ...]]:
    """The symbols of ``text`` and the position of the source character of each."""
    pairs = [(symbol, at) for at, char in enumerate(text) for symbol in FOLDS.get(char, char)]
    return "".join(symbol for symbol, _ in pairs), tuple(at for _, at in pairs)


def _phrase(symbols: str, phrase: str) -> Iterator[tuple[int, int]]:
    """Every span of ``symbols`` that shows ``phrase`` when it is laid out: what layout is stands in rule 5."""
    phrase = " ".join(phrase.split())
    body = _laid_out(phrase)
    several = set(phrase) & set("*_`~-")  # a sign may be the phrase's own or layout
    for found in re.finditer(f"(?=({body}))", symbols):
        start = found.start()
        if phrase[0].isalpha() and re.search(rf"[{WORD}]\Z", re.sub(rf"(?<![{WORD}])_+\Z", "", symbols[:start])):
            continue
        for end in range(start + 1, len(symbols) + 1) if several else (found.end(1),):
            if several and not re.compile(body).fullmatch(symbols, start, end):
                continue
            if not phrase[-1].isalpha() or re.match(f"_*(?![{WORD}])", symbols[end:]):
                yield start, end


#: One space: white space with at most one line break.
_SPACE = r"(?=\s)[ \t]*(?:\r\n|[\n\r\v\f\x85\u2028])?[ \t]*"
_LETTER = f"(?:(?!_)[{WORD}])"


@cache
def _laid_out(phrase: str) -> str:
    """An expression for ``phrase`` with everything that layout may put between its symbols."""
    parts = [re.escape(phrase[0])]
    for before, after in pairwise(phrase):
        word = bool(re.match(_LETTER, before))
        signs = "" if before in "*_`~" else "[*_`~]*"  # a run of signs is the phrase's or it is layout
        if after == " ":
            ways = [f"{signs}{_SPACE}"]
            if word:
                ways += [f"{signs}-[*_`~]*(?={_LETTER})", f"_+(?={_LETTER})"]
            parts.append(f"(?:{'|'.join(ways)})")
            continue
        if before == " ":
            parts.append(f"[*_`~]*{re.escape(after)}")
        elif word and re.match(_LETTER, after):
            parts.append("(?:|_*[*`~][*_`~]*)" + re.escape(after))  # an underscore between two letters is no emphasis
        else:
            parts.append(signs + re.escape(after))
    return "".join(parts)


def pattern_matches(pattern: str, symbols: str) -> Iterator[tuple[int, int]]:
    """Every non-empty span that ``pattern`` accepts in folded text."""
    for start in range(len(symbols)):
        if _expression(pattern, "").match(symbols, start):  # to some end
            for end in range(start + 1, len(symbols) + 1):
                if _expression(pattern, rf"(?=[\s\S]{{{len(symbols) - end}}}\Z)").match(symbols, start):
                    yield start, end


@cache
def _expression(pattern: str, end: str) -> re.Pattern[str]:
    """``pattern``, and then ``end``; words are what this page says, not what Python says."""
    boundary = f"(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
    inside = f"(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"
    for ours, theirs in (("\\b", boundary), ("\\B", inside), ("\\w", WORD_SYMBOL), ("\\d", "[0-9]")):
        pattern = pattern.replace(ours, theirs)
    return re.compile(f"(?:{pattern}){end}", re.MULTILINE)


# extents


def _extent(text: str, start: int, end: int, rule: Rule) -> tuple[int, int]:
    if rule.sentence:
        return _pieces_of(sentences(text), text, start, end, rule.bound)
    if rule.paragraph:
        return _pieces_of(paragraphs(text), text, start, end, rule.bound)
    return _grown(text, start, end)


def _grown(text: str, start: int, end: int) -> tuple[int, int]:
    """The span, grown to whole clusters, the invisible clusters next to it, and the signs that close its emphasis."""
    clusters = _clusters(text)
    first = next(number for number, (low, high) in enumerate(clusters) if low <= start < high)
    while first and _is_invisible(text, clusters[first - 1]):
        first -= 1
    tail = takewhile(lambda at: _follows(text, at), range(end - 1, -1, -1))
    followers = len(list(tail))  # how many marks already stand in the run at the end of the match
    open_signs = {sign for sign in "*_`~" if len(re.findall(f"[{sign}]+", text[start:end])) % 2}
    closing = ""
    for char in text[end:]:
        if char == closing or char in open_signs:  # it closes emphasis that opens inside
            closing, followers = char, 0
            open_signs -= {closing}
        elif _follows(text, end) and followers < MARK_RUN:
            followers += 1
        else:
            break
        end += 1
    return max(clusters[first][0], start - MARK_RUN), end


@cache
def _clusters(text: str) -> list[tuple[int, int]]:
    if text.isascii() and "\r" not in text:
        return [(at, at + 1) for at in range(len(text))]
    found, at = [], 0
    for cluster in grapheme_clusters(text):
        found.append((at, at + len(cluster)))
        at += len(cluster)
    return found


def _is_invisible(text: str, span: tuple[int, int]) -> bool:
    return all(not FOLDS.get(char, char) for char in text[slice(*span)])


@cache
def _follows(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the one before: it continues a cluster or is invisible."""
    low = next(low for low, high in _clusters(text) if low <= at < high)
    return low < at or _is_invisible(text, (low, at + 1))


def _pieces_of(units: Iterable[tuple[int, int]], text: str, start: int, end: int, bound: int) -> tuple[int, int]:
    """The pieces of sentences or paragraphs that the match touches, and the match itself."""
    low, high = start, end
    for first, last in units:
        content = last - len(re.search("(?:[spnr][EF]*)*$", _classes(text[first:last]))[0])  # type: ignore[index]  # it can be empty, so it is always found
        pieces = [(at, min(at + bound, content)) for at in range(first, content, bound)]
        for piece_low, piece_high in pieces:
            if start < piece_high and piece_low < end:
                low, high = min(low, piece_low), max(high, piece_high)
    return low, high


@cache
def paragraphs(text: str) -> list[tuple[int, int]]:
    """From the first character that is no space to the next line that has nothing but spaces."""
    line = r"(?:rn|r(?!n)|[pn])"
    blank = rf"{line}[sEF]*(?:[pnr]|$)"
    return [found.span() for found in re.finditer(rf"[^spnrEF](?:(?!{blank})(?:rn|[\s\S]))*", _classes(text))]


# sentences

SENTENCE_LETTERS = {
    SentenceBreak.OTHER: "O", SentenceBreak.CR: "r", SentenceBreak.LF: "n", SentenceBreak.EXTEND: "E",
    SentenceBreak.FORMAT: "F", SentenceBreak.SEP: "p", SentenceBreak.SP: "s", SentenceBreak.LOWER: "l",
    SentenceBreak.UPPER: "u", SentenceBreak.OLETTER: "o", SentenceBreak.NUMERIC: "d", SentenceBreak.ATERM: "A",
    SentenceBreak.SCONTINUE: "c", SentenceBreak.STERM: "T", SentenceBreak.CLOSE: "q",
}  # fmt: skip

#: UAX #29 from SB6 on: what stands before a place, what follows it, whether there is a break. The first that fits.
_RULES = [
    (re.compile(before), re.compile(after), breaks)
    for before, after, breaks in (
        ("A$", "d", False),  # SB6
        ("[ul]A$", "u", False),  # SB7
        ("Aq*s*$", "[^oulpnrAT]*l", False),  # SB8
        ("[AT]q*s*$", "[cAT]", False),  # SB8a
        ("[AT]q*$", "[qspnr]", False),  # SB9
        ("[AT]q*s*$", "[spnr]", False),  # SB10
        ("[AT]q*s*(?:p|n|r|rn)?$", "", True),  # SB11
    )
]


@cache
def _class(char: str) -> str:
    return SENTENCE_LETTERS[sentence_break(char)]


def _classes(text: str) -> str:
    return "".join(map(_class, text))


@cache
def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of UAX #29, untailored, place by place."""
    classes = _classes(text)
    breaks = [0, *(at for at in range(1, len(text)) if _is_break(classes, at)), len(text)]
    return list(pairwise(breaks)) if text else []


def _is_break(classes: str, at: int) -> bool:
    if classes[at - 1 : at + 1] == "rn":  # SB3
        return False
    if classes[at - 1] in "pnr":  # SB4
        return True
    if classes[at] in "EF":  # SB5
        return False
    before, after = re.sub("(?<=[^pnr])[EF]", "", classes[:at]), re.sub("[EF]", "", classes[at:])
    return next((breaks for left, right, breaks in _RULES if left.search(before) and right.match(after)), False)


# time


def continuations(alphabet: str, length: int) -> list[str]:
    """Every text over ``alphabet`` of up to ``length`` characters, the empty one included."""
    return ["".join(each) for size in range(length + 1) for each in product(alphabet, repeat=size)]


def certain(
    text: str, rules: Sequence[Rule], protected: Sequence[str], endings: Sequence[str], sent: int = 0
) -> list[Fate]:
    """What has left when ``text`` has come in: what every continuation shows alike. A marker at the end waits. Where no
    more than ``sent`` are alike, nothing is new, and no other continuation is tried."""
    agreed = fates(text, rules, protected)
    for ending in endings:
        if len(agreed) <= sent:
            break
        going_on = fates(text + ending, rules, protected)
        if going_on[: len(agreed)] != agreed:
            agreed = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(agreed, going_on, strict=False))]
    while agreed and agreed[-1].at is None:
        agreed.pop()
    return agreed


def refused(text: str, rules: Sequence[Rule], endings: Sequence[str] = ("",)) -> bool:
    """Whether a refusing rule has a match in ``text`` that every continuation leaves a match."""
    refusing = [rule for rule in rules if rule.refuses]
    sure = [set.intersection(*(found_in(text + ending, rule) for ending in endings)) for rule in refusing]
    return any(sure)


def trace(text: str, rules: Sequence[Rule], protected: Sequence[str], endings: Sequence[str]) -> list[str]:
    """What leaves after each character, and last what leaves at the close. Nothing leaves once a rule refuses."""
    pieces: list[str] = []
    sent = 0
    for at in range(1, len(text) + 1):
        if refused(text[:at], rules, endings):
            return pieces + [""] * (len(text) + 1 - len(pieces))
        tokens = certain(text[:at], rules, protected, endings, sent)
        pieces.append(render(tokens[sent:]))
        sent = max(sent, len(tokens))
    return [*pieces, "" if refused(text, rules) else render(fates(text, rules, protected)[sent:])]
