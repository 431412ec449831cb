"""What to say of a word that does not fit: is it from later, from another kind of pack, misspelled, or misplaced?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ordinance.language.cleaning import QUOTES
from ordinance.language.diagnostics import did_you_mean

#: Constructs of the language that have no run-time part yet: what to do instead (semantics, rule 24).
LATER = {
    "house": "Wait for house packs; an operator's wishes have no pack yet.",
    "bylaw": "Wait for house packs; a limit without a law cannot be set yet.",
    "adopted": "Wait for house packs; an operator's wishes have no pack yet.",
    "mask": "Use `withhold` with `scope span`.",
    "mark": "Leave it out; machine-readable marks are not made yet.",
    "provide": "Leave it out; a guarantee of the charter provides contacts.",
    "judged": "Use a `lexicon`, a `pattern` or a `detector`.",
    "judge": "Use a `lexicon`, a `pattern` or a `detector`.",
    "identifier": "Use a `pattern`; check digits are not computed yet.",
    "content": "Write `answer`; it covers content, reasoning and tool calls.",
    "reasoning": "Write `answer`; it covers content, reasoning and tool calls.",
    "tool_call": "Write `answer`; it covers content, reasoning and tool calls.",
    "paragraph": "Use `scope sentence at most N`.",
    "even": "Leave `even disguised` out; red lines always have it once it exists.",
    "disguised": "Leave `even disguised` out; red lines always have it once it exists.",
    "on": "Leave the rule out until it is to act; rules on trial are not recorded yet.",
    "day": "Use `at first answer of conversation`.",
    "amended": "Cite the law as it stands now; give the old text a law of its own with `until`.",
    "uncertain": "Leave the law out until it is certain; an uncertain law may not enforce.",
    "alike": "Write the examples one by one.",
    "unless": "Leave it out; slots do not have conditions yet.",
    "otherwise": "Leave it out; slots do not have conditions yet.",
    "register": "Use `language` and `address`.",
    "honorific": "Use `language` and `address`.",
    "script": "Use `language` and `address` in `speak`, a `pattern` in a condition.",
    "spelling": "Use `language` and `address`.",
    "numbers": "Use `language` and `address`.",
    "dates": "Use `language` and `address`.",
    "units": "Use `language` and `address`.",
    "pedagogy": "Use `language` and `address`.",
    "reading": "Use `language` and `address`.",
    "appeal": "Leave it out; notices have {type}, {law}, {jurisdiction} and {contacts}.",
    "authority": "Leave it out; notices have {type}, {law}, {jurisdiction} and {contacts}.",
}

#: Who may say a thing, for words that some kind of pack does not have.
BELONGS = {
    "red": ("charter", "Only the charter draws red lines; a pack below it can only add to them."),
    "guarantee": ("charter", "Only the charter gives guarantees; a pack below it cannot touch them."),
    "refuse": ("charter", "Only a red line refuses; write `withhold` with its law."),
    "protects": ("charter", "Only a guarantee of the charter protects."),
    "law": ("jurisdiction", "Only a jurisdiction's pack cites law."),
    "withhold": ("jurisdiction", "Only a jurisdiction's pack withholds, under a law."),
    "say": ("jurisdiction", "Only a jurisdiction's pack adds a disclosure, under a law."),
    "quote": ("jurisdiction", "Only a jurisdiction's pack quotes law."),
    "contact": ("jurisdiction", "Contacts are facts of a place: only a jurisdiction's pack holds them."),
    "within": ("jurisdiction", "Only jurisdictions lie within one another."),
    "zone": ("jurisdiction", "Only a jurisdiction has a time zone."),
    "members": ("jurisdiction", "Only a jurisdiction has members."),
    "except": ("jurisdiction", "A red line has no exceptions; a `withhold` may have one, under a law of its own."),
    "dimension": ("charter or jurisdiction", "Language packs set style and read no situation."),
    "lexicon": ("charter or jurisdiction", "Language packs set style and look at no text."),
    "pattern": ("charter or jurisdiction", "Language packs set style and look at no text."),
    "topic": ("charter or jurisdiction", "Language packs set style and look at no text."),
    "section": ("charter or jurisdiction", "Language packs have no rules."),
    "speak": ("language", "Style follows language, law follows place: write it in a language pack."),
}

#: What other texts call a thing, and what it is called here.
_CALLED = {"chapter": "section", "part": "section"}

_HEADERS = frozenset({"red", "guarantee", "withhold", "say", "quote", "section", "law", "label", "notice", "contact"})

_ORDER = {
    "WITHHOLD": "withhold N.N name { means? when except* scope under telling … about example+ }",
    "SAY": "say N.N name { means? when? at under telling example+ }",
    "RED": "red line N.N name { means when refuse telling red_line example+ }",
    "GUARANTEE": "guarantee N.N name { means protects provide? example+ }",
    "LAW": "law name { title article reaches in force from … source … seen … }",
    "SECTION": 'section N "heading" { rules }',
    "CONTACT": "contact group name { title number|link hours in spoken? seen }",
    "PATTERN": 'pattern name "…" [any case] { example matches "…" example skips "…" }',
    "SPEAK": "speak { language TAG address formal|informal }",
    "CHARTER": "charter NAME N.N.N title",
    "JURISDICTION": "jurisdiction CODE N.N.N under charter NAME N title within members zone",
    "DIMENSION": "dimension name attested|claimed one of a, b, c",
    "LABEL": 'label name { de "…" en "…" }',
    "NOTICE": 'notice name { de "…" } or { de formal "…" de informal "…" }',
}

_SHOWN = {
    "WORD": "a name",
    "STRING": 'a "text"',
    "NUMBER": "a number",
    "DATE": "a date",
    "DOTTED": "vendor.name",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "NUMBER_IS": "`number`",
    "UNKNOWN_EXCLUDED": "`, not unknown`",
    "UNKNOWN_INCLUDED": "`, or unknown`",
    "$END": "the end of the pack",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """A code of the catalogue, what to say, and what to write instead."""

    code: str
    message: str
    help: str = ""


def advise(
    text: str,
    type: str,
    expected: Collection[str],
    kind: str,
    inside: Collection[str],
    following: str,
    known: Collection[str],
) -> Advice:
    """Explain a token that does not fit.

    ``expected`` are the terminals that would, ``kind`` is the pack's kind, ``inside`` the keywords that were read
    and are not yet closed, innermost first, ``following`` is the next word on the line, and ``known`` are
    the keywords of the language.
    """
    if type == "STRAY":
        if text in QUOTES:
            return Advice("typographic-quote", f"the typographic quote {text} stands where a plain one is needed")
        return Advice("syntax", f"the character `{text}` has no meaning here", _expecting(expected))
    if type == "UNFINISHED":
        return Advice("unfinished-text", "the text that begins here has no closing quote")
    if type == "$END":
        help = f"Is a `}}` missing? {_expecting(expected)}"
        return Advice("syntax", "the pack ends in the middle of something", help)
    if (text == "or" and "AND" in expected) or (text == "and" and "OR" in expected):
        return Advice("mixed-and-or", "`and` and `or` stand side by side: which binds first?")
    if text == "has" and "WHEN" in inside:
        return Advice(
            "not-yet",
            "a second test of the text cannot run yet",
            "Use `has any of …` where either is enough; two that must meet in one sentence are for later.",
        )
    if found := _from_later(text, expected, following):
        return found
    if (owner := BELONGS.get(text)) and kind not in owner[0]:
        return Advice("wrong-kind", f"a {kind} pack has no `{text}`", owner[1])
    if type == "WORD" and text in _HEADERS and "RBRACE" in expected:
        return Advice("syntax", f"a `}}` is missing before `{text}`", "Close what stands above with `}`.")
    listing = not {"DIMENSION", "LABEL", "RED", "WITHHOLD"}.isdisjoint(expected)
    order = "" if listing else next((_ORDER[word] for word in inside if word in _ORDER), "")
    shape = f"The shape is: {order}" if order else _expecting(expected)
    shape = _form("" if text in known else type, set(expected), list(inside)) or shape
    keywords = {name.lower() for name in expected if name.isalpha()}
    if type == "WORD" and text not in known and not keywords.isdisjoint(_words(expected)):
        near = did_you_mean(_CALLED.get(text, text), keywords)
        if near or "WORD" not in expected:
            return Advice("unknown-word", f"the word `{text}` is not known here", near or shape)
    return Advice("syntax", f"found {_shown(text, type)} where {_list(expected)} is expected", shape)


def _form(type: str, expected: set[str], inside: list[str]) -> str:
    """How to write what is expected, where people write it otherwise; empty where there is no more to say.

    ``type`` is that of a word which is no keyword, empty for a keyword: there something was left out.
    """
    if expected == {"DATE"}:
        return "Write the date in digits and hyphens: year, month, day, as in 2024-01-01."
    if expected == {"STRING"} and type in ("WORD", "NUMBER", "DATE", "DOTTED"):
        return 'Put the text in quotes, as in "…".'
    if expected == {"NUMBER"} and inside in (["WORD", "CHARTER"], ["WORD", "JURISDICTION"], ["WORD", "LANGUAGE"]):
        return "A version such as 2026.11.0 is expected here."
    return ""


def _from_later(text: str, expected: Collection[str], following: str) -> Advice | None:
    if text in ("language", "script") and following == "is":
        return Advice("not-yet", f"`{text} is` cannot run yet", "Use a `lexicon` or a `pattern`.")
    if text == "every" and following.isdecimal():
        return Advice("not-yet", "`every N hours` cannot run yet", "Use `at every answer`.")
    if text == "in" and following == "the":
        return Advice("not-yet", "`in the same sentence` cannot run yet", "Use `has any of …`.")
    if text in LATER:
        return Advice("not-yet", f"`{text}` cannot run yet", LATER[text])
    return None


def _words(expected: Collection[str]) -> set[str]:
    return {name.lower() for name in expected if name not in _SHOWN}


def _shown(text: str, type: str) -> str:
    return text if type == "STRING" else f"`{text}`"


def _list(expected: Collection[str]) -> str:
    names = sorted({_SHOWN.get(name) or f"`{name.lower()}`" for name in expected})
    if len(names) > 6:
        names = [*names[:6], "…"]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0] if names else "nothing"


def _expecting(expected: Collection[str]) -> str:
    return f"Expected {_list(expected)}."
