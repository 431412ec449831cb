"""What to say of a word that does not fit: is it from later, from another kind of pack, misspelled, or misplaced?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ordinance.language.cleaning import QUOTES
from ordinance.language.diagnostics import did_you_mean
from ordinance.language.recovery import RULES

#: Words of other texts that no pack may say at all: what to write instead.
NEVER = {
    "permit": "No rule permits anything. If a rule should not act, limit the reach of its law or write an `except`.",
    "allow": "No rule permits anything. If a rule should not act, limit the reach of its law or write an `except`.",
    "priority": "Rules have no order; the stricter verdict wins.",
    "judge": "Write `judged at least 0.8`.",
}

_NO_DETECTORS = 'A language pack brings words for what the charter declares: `words for NAME from "…" { … }`.'

#: Who may say a thing, for words that some kind of pack does not have.
BELONGS = {
    "red": ("charter", "Only the charter has red lines; write `withhold` under a law."),
    "guarantee": ("charter", "Only the charter gives guarantees; other packs cannot change them."),
    "refuse": ("charter", "Only a red line refuses; write `withhold` under a law."),
    "protects": ("charter", "Only a guarantee of the charter protects text."),
    "law": ("jurisdiction", "Only a jurisdiction's pack cites law."),
    "withhold": ("jurisdiction", "Only a jurisdiction's pack withholds, under a law; a house writes `limit`."),
    "mask": ("jurisdiction", "Only a jurisdiction's pack masks, under a law; a house writes `limit`."),
    "mark": ("jurisdiction", "Only a jurisdiction's pack marks answers, under a law."),
    "provide": ("charter or jurisdiction", "Only a guarantee, or a jurisdiction under a law, provides contacts."),
    "limit": ("house", "Only a house limits a topic, under its bylaw; law is for `withhold`."),
    "bylaw": ("house", "Only a house has bylaws; a jurisdiction cites law."),
    "say": ("jurisdiction or house", "Only a jurisdiction (under a law) or a house (under a bylaw) adds notices."),
    "quote": ("jurisdiction", "Only a jurisdiction's pack quotes law."),
    "contact": (
        "jurisdiction or house",
        "Contacts belong to a place: only a jurisdiction's pack has them; a house has its own office.",
    ),
    "decline": ("house", "Only a house declines a question, under its bylaw; `without adapter decline` is in `speak`."),
    "within": ("jurisdiction", "Only jurisdictions can be within one another."),
    "zone": ("jurisdiction or house", "Only a jurisdiction and a house have a time zone."),
    "members": ("jurisdiction", "Only a jurisdiction has members."),
    "records": ("jurisdiction", "Only a jurisdiction records what it holds of law."),
    "dimension": (
        "charter, jurisdiction or house",
        "Language packs set style only; they declare no dimensions or conditions.",
    ),
    "condition": (
        "charter, jurisdiction or house",
        "Language packs set style only; they declare no dimensions or conditions.",
    ),
    "lexicon": ("charter, jurisdiction or house", _NO_DETECTORS),
    "pattern": ("charter, jurisdiction or house", _NO_DETECTORS),
    "topic": ("charter, jurisdiction or house", _NO_DETECTORS),
    "section": ("charter, jurisdiction or house", "Language packs have no rules."),
    "words": ("language", "Only a language pack brings words for what the charter declares; write a `lexicon`."),
    "speak": ("language, jurisdiction or house", "A charter sets no style; languages, houses and laws do."),
}

#: What other texts call a thing, and what it is called here.
_CALLED = {
    "chapter": "section", "part": "section", "if": "when", "contains": "has", "includes": "has", "word": "span",
    "match": "span", "because": "reason",
}  # fmt: skip

_HEADERS = frozenset({
    "red", "guarantee", "withhold", "mask", "limit", "say", "quote", "section", "law", "bylaw", "label", "notice",
    "contact", "decline",
})  # fmt: skip

_ORDER = {
    "WITHHOLD": "withhold N.N name { means? not? when except* scope under telling … about trial? example+ }",
    "MASK": "mask N.N name { means? not? when except* as label under telling … about trial? example+ } or `told once`",
    "SAY": "say N.N name { means? not? when? as? at under telling trial? example+ }",
    "MARK": "mark N.N name { means? not? when? as machine_readable under trial? example+ }",
    "DECLINE": "decline N.N name { means? not? when prompt … except* reason under telling … about trial? example+ }",
    "LIMIT": "limit N.N name { means? not? when except* scope reason under telling … about trial? example+ }",
    "RED": "red line N.N name { means not? when except* refuse telling red_line example+ }",
    "GUARANTEE": "guarantee N.N name { means not? protects provide? example+ }",
    "LAW": "law name { title article short? reaches in force from … amended* authority? uncertain? source … seen … }, "
    'or law name { title article short? records "why" source … seen …|not read }',
    "BYLAW": 'bylaw name { title short? adopted by "…" on DATE until? appeal? terms? }',
    "SECTION": 'section N "heading" { heading? rules }',
    "CONTACT": "contact group name { title number|link hours in spoken? replaces? formerly? seen }",
    "PATTERN": 'pattern name "…" [any case] { example matches "…" example skips "…" }',
    "ENDINGS": 'endings name ",a,b,c"',
    "WORDS": 'words for NAME from "lexicons/…" { example matches "…" example skips "…" }',
    "SPEAK": "speak { language TAG [when … otherwise TAG] address formal … }, each line `under LAW` in a jurisdiction; "
    "`rewrite numbers, dates [telling …]`; elsewhere also `without adapter answer|decline telling …` and "
    "`on miss ask once more`",
    "CHARTER": "charter NAME N.N.N title",
    "JURISDICTION": "jurisdiction CODE N.N.N under charter NAME N title within members zone records",
    "HOUSE": "house NAME N.N.N under charter NAME N title zone",
    "DIMENSION": "dimension name attested|claimed one of a, b, c, or: date",
    "CONDITION": "condition name when …",
    "LABEL": 'label name { de "…" en "…" }',
    "NOTICE": 'notice name { de "…" } or { de formal "…" de informal "…" de formal again "…" }; '
    "ja and ko also have plain, polite and others",
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
    "DAY_KIND": "`date`",
    "UNKNOWN_EXCLUDED": "`, not unknown`",
    "UNKNOWN_INCLUDED": "`, or unknown`",
    "$END": "the end of the pack",
}


#: Rules that need not look at a text.
_SILENT = ("SAY", "MARK")

#: What stands nowhere but in a section.
_IN_SECTIONS = frozenset[str]().union(*RULES.values())


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
    inside: Sequence[str],
    known: Collection[str],
) -> Advice:
    """Explain a token that does not fit.

    ``expected`` are the terminals that would, ``kind`` is the pack's kind, ``inside`` the keywords that were read
    and are not yet closed, innermost first, and ``known`` are the keywords of the language.
    """
    if type == "STRAY":
        if text in QUOTES:
            return Advice("typographic-quote", f"the curly quote {text} is used where a plain one is needed")
        comment = "Begin a comment with `#`." if text == "/" else ""
        return Advice("syntax", f"the character `{text}` has no meaning here", comment or _expecting(expected))
    if type == "UNFINISHED":
        return Advice("unfinished-text", "the text that begins here has no closing quote")
    if type == "$END":
        help = f"Is a `}}` missing? {_expecting(expected)}"
        return Advice("syntax", "the pack ends too early", help)
    if (text == "or" and "AND" in expected) or (text == "and" and "OR" in expected):
        return Advice("mixed-and-or", "`and` and `or` are mixed: which tests belong together?")
    if text == "has" and "WHEN" in inside and (rule := next((each for each in inside if each in _SILENT), "")):
        if rule == "SAY":
            return Advice("syntax", "`say` looks at answers, and at nothing else", "Write `when answer has …`.")
        advice = "Write `withhold` or `say`, or ask for the situation, as in `when age below 18`."
        return Advice("syntax", "`mark` cannot depend on what a text contains", advice)
    if text == "scope" and "NAMED" in inside:
        return Advice("syntax", "a rule that names tools has no `scope`", "Leave it out: a call is taken out whole.")
    if text == "named" and "WHEN" in inside:
        return Advice("syntax", "only calls of tools are named", 'Write `when tool_call named "…"`.')
    if text == "unless" and "EXCEPT" in expected:
        return Advice("unknown-word", "a rule has no `unless`", "Write `except NAME under LAW when …`.")
    if set(expected) == {"OF"} and inside[:2] == ["ANSWER", "FIRST"]:
        message = f"found {_shown(text, type)} where `of conversation` or `of day` is expected"
        return Advice("syntax", message, "Write `at first answer of conversation` or `at first answer of day`.")
    if text == "has" and "WHEN" in inside:
        advice = "Write `has any of …` if either is enough, `has both … and … in the same sentence` if not."
        return Advice("syntax", "there is a second test of the text here", advice)
    if type == "WORD" and text in NEVER:
        return Advice("unknown-word", f"the word `{text}` is unknown at this place", NEVER[text])
    if (owner := BELONGS.get(text)) and kind not in owner[0]:
        return Advice("wrong-kind", f"a {kind} pack has no `{text}`", owner[1])
    if type == "WORD" and text in _HEADERS and "RBRACE" in expected:
        return Advice("syntax", f"a `}}` is missing before `{text}`", "Close the part above with `}`.")
    if text in _IN_SECTIONS and "SECTION" in expected:
        return Advice("syntax", f"`{text}` is outside a section", 'Write `section 1 "…" {` above it, `}` below.')
    listing = not {"DIMENSION", "LABEL", "RED", "WITHHOLD", "LIMIT"}.isdisjoint(expected)
    clause = inside[inside.index("HAS") :] if "HAS" in inside else inside  # what is looked for is no declaration
    order = "" if listing else next((_ORDER[word] for word in clause if word in _ORDER), "")
    shape = f"The shape is: {order}" if order else _expecting(expected)
    shape = _form("" if text in known else type, set(expected), list(inside)) or shape
    keywords = {name for name in _words(expected) if name.isalpha()}
    if type == "WORD" and text not in known and keywords:
        near = did_you_mean(_CALLED.get(text, text), keywords)
        if near or "WORD" not in expected:
            return Advice("unknown-word", f"the word `{text}` is unknown at this place", near or shape)
    return Advice("syntax", f"found {_shown(text, type)} where {_list(expected)} is expected", shape)


def quote_in_text(text: str) -> Advice:
    """Explain a word that follows a quote at once: a text was closed where it goes on."""
    message = f"the plain quote before `{text}` ends the text"
    return Advice("syntax", message, "Inside a text write ‘…’ or “…”; after a text, write a space.")


def _form(type: str, expected: set[str], inside: list[str]) -> str:
    """How to write what is expected, where people write it otherwise; empty where there is no more to say.

    ``type`` is that of a word which is no keyword, empty for a keyword: there something was left out.
    """
    if expected == {"DATE"}:
        return "Write the date in digits and hyphens: year, month, day, as in 2024-01-01."
    if expected in ({"STRING"}, {"STRING", "LBRACE"}) and type in ("WORD", "NUMBER", "DATE", "DOTTED"):
        return 'Put the text in quotes, as in "…".'
    if expected == {"NUMBER"} and inside in (["WORD", "CHARTER"], ["WORD", "JURISDICTION"], ["WORD", "LANGUAGE"]):
        return "A version such as 2026.11.0 is expected here."
    return ""


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
