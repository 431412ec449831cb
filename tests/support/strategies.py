"""Random rules, texts and cuttings for hypothesis, over characters that meet every rule of matching."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st

from ordinance.errors import PatternError
from ordinance.runtime.match.patterns import parse_pattern, width
from support.oracle import JOINERS, MARKER, Rule, continuations

#: For properties that are quick to try: more than what the profile says.
SEVERAL = settings(max_examples=4 * settings().max_examples)
MANY = settings(max_examples=10 * settings().max_examples)

#: Letters of both cases, a digit, spaces, what ends sentences and what does not, emphasis, marks, and look-alikes.
CHARACTERS = "aabbAx1 .!(\n,*_-\u0301\u200bé"

#: The rule that stands in every plan: a marker that the model writes itself is a region (rule 17).
FORGED = Rule(phrases=(MARKER,))

PROTECTED = (r"\b1\b", "a1", "bb", "1", r"b[ 1]?a")

phrases = st.text("ab1 .(A *", min_size=1, max_size=3).map(str.strip).filter(bool)

_ATOMS = st.sampled_from(["a", "b", "1", "[ab]", "[^a]", ".", r"\w", " ", "A", r"\."])
_ASSERTIONS = st.sampled_from([r"\b", r"\B", "^", "$"])


def _larger(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, parts).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(parts, st.sampled_from(["?", "{1,2}", "{2}", "{0,2}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


def patterns(widest: int = 3, *, assertions: bool = True) -> st.SearchStrategy[str]:
    """Patterns of the dialect that match at most ``widest`` symbols."""

    def fits(source: str) -> bool:
        try:
            return width(parse_pattern(source))[1] <= widest
        except PatternError:
            return False

    atoms = st.one_of(_ATOMS, _ATOMS, _ASSERTIONS) if assertions else _ATOMS
    return st.recursive(atoms, _larger, max_leaves=5).filter(fits)


def rules(
    *,
    sentence: bool | None = None,
    bounds: st.SearchStrategy[int] | None = None,
    refusing: bool = True,
    near: bool = False,
) -> st.SearchStrategy[Rule]:
    """One rule; ``sentence`` None is any scope. A refusing rule has scope span, and a rule of scope span may mask. With
    ``near`` it wants a second thing near the first."""

    @st.composite
    def draw_rule(draw: st.DrawFn) -> Rule:
        by_sentence = draw(st.booleans()) if sentence is None else sentence
        by_paragraph = sentence is None and not by_sentence and draw(st.integers(0, 2)) == 0
        refuses = refusing and not by_sentence and not by_paragraph and draw(st.integers(0, 4)) == 0
        by_phrase = draw(st.booleans())
        return Rule(
            tuple(draw(st.lists(phrases, min_size=1, max_size=2))) if by_phrase else (),
            () if by_phrase else (draw(patterns(assertions=not by_sentence and not by_paragraph)),),
            sentence=by_sentence,
            bound=draw(bounds) if bounds is not None and (by_sentence or by_paragraph) else 1000,
            refuses=refuses,
            paragraph=by_paragraph,
            mask="" if refuses else draw(st.sampled_from(["", "", "a", "b1"])),
            beside=tuple(draw(st.lists(phrases, min_size=1, max_size=2))) if near else (),
            within=draw(st.sampled_from([1, 1, 2, 3])) if near else 0,
        )

    return draw_rule()


def texts(of: Sequence[Rule], longest: int) -> st.SearchStrategy[str]:
    """Texts in which what the rules look for is likely to stand, whole or in part."""
    found = [phrase for rule in of for phrase in (*rule.phrases, *rule.beside, *([rule.sign] if rule.mask else []))]
    blank = ["\n\n", "\n \n", "\n\u200b\n "] if any(rule.paragraph for rule in of) else []
    piece = st.sampled_from([*CHARACTERS, *found, *blank])
    return st.lists(piece, max_size=longest).map(lambda pieces: "".join(pieces)[:longest])


def cuttings(text: str) -> st.SearchStrategy[list[str]]:
    """Ways to cut ``text`` into pieces."""

    def cut(places: list[int]) -> list[str]:
        bounds = [0, *sorted(places), len(text)]
        return [text[low:high] for low, high in pairwise(bounds)]

    return st.lists(st.integers(0, len(text)), max_size=6).map(cut)


def endings(rules: Sequence[Rule], protected: Sequence[str], length: int) -> list[str]:
    """Continuations that can complete what the rules look for: every one of up to ``length`` of the characters that
    they tell apart, the rest of every phrase, and the same behind what makes a sentence go on."""
    said = [phrase for rule in rules for phrase in (*rule.phrases, *rule.beside)]
    written = [rule.sign for rule in rules if rule.mask]
    sources = "".join([*(source for rule in rules for source in rule.patterns), *protected])
    chars = {*" x", *"".join(said), *(set(sources) & set("abA1 ."))}
    if set(sources) & set("^$"):
        chars.add("\n")
    if any(each in sources.replace(r"\.", "") for each in (".", "[^", r"\w")):
        chars.update(JOINERS)
    by_sentence = any(rule.sentence for rule in rules)
    if by_sentence:
        chars.update("aA")
    if any(rule.paragraph for rule in rules):
        chars.add("\n")
    ends = [phrase[at:] for phrase in [*said, *written] for at in range(len(phrase))]
    base = [*continuations("".join(sorted(chars)), length), *ends]
    for rule in rules:
        if rule.within:
            gaps = continuations(" ,x", min(rule.within, 2))
            rests = ["", *(phrase[at:] for phrase in (*rule.phrases, *rule.beside) for at in range(len(phrase)))]
            base += [rest + gap + other for rest in rests for gap in gaps for other in (*rule.phrases, *rule.beside)]
    joined = [before + each for before in (",", "a ") for each in base] if by_sentence else []
    signed = [f"*{each}" for each in ends]  # an underscore that is open closes emphasis, and the phrase goes on
    return sorted({*base, *signed, *joined, MARKER}, key=len)
